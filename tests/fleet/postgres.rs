//! Databases for the tests: on the server that all tests share, or on a server of a test's own, which may crash.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A database in which there is nothing yet.
pub struct Database {
    /// The URL without its port.
    before_port: String,
    after_port: String,
    pub port: u16,
    /// Holds the server, if it is the test's own: it ends with this process' standard input.
    keeper: Option<Keeper>,
}

struct Keeper {
    process: Child,
    /// What `pg_ctl` is called by.
    ctl: Vec<String>,
}

impl Database {
    /// One on the server that all tests share.
    pub fn on_the_tests_server(name: &str) -> Self {
        let url = std::env::var("TEST_POSTGRES").unwrap();
        let bin = std::env::var("TEST_POSTGRES_BIN").unwrap();
        let name = format!("fleet_{name}_{}", std::process::id());
        let status = Command::new(Path::new(&bin).join("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c"])
            .arg(format!("CREATE DATABASE {name} TEMPLATE template0"))
            .arg(&url)
            .stdin(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        let (server, _) = url.rsplit_once('/').unwrap();
        Self::at(&format!("{server}/{name}"), None)
    }

    /// One on a server of the test's own.
    pub fn on_its_own_server() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/servers.sh");
        // What the server has written outlives it, whether or not the disk has it; a crash of the machine is not
        // what these tests are about.
        let tell = "\"$TEST_POSTGRES_BIN/psql\" -X -q -c 'ALTER SYSTEM SET fsync = off' \
                    -c 'SELECT pg_reload_conf()' \"postgres://postgres@${TEST_POSTGRES#*@}\" > /dev/null && \
                    echo \"$TEST_POSTGRES\" && echo \"$TEST_POSTGRES_CTL\" && exec cat > /dev/null";
        let mut process = Command::new(script)
            .args(["--postgres", "sh", "-c", tell])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut line = || lines.next().expect("a server").unwrap();
        let (url, ctl) = (line(), line());
        let ctl = ctl.split(' ').map(str::to_owned).collect();
        Self::at(&url, Some(Keeper { process, ctl }))
    }

    fn at(url: &str, keeper: Option<Keeper>) -> Self {
        let (before, rest) = url.rsplit_once(':').unwrap();
        let (port, after) = rest.split_once('/').unwrap();
        Self {
            before_port: before.to_owned(),
            after_port: after.to_owned(),
            port: port.parse().unwrap(),
            keeper,
        }
    }

    /// Its URL, by way of another port.
    pub fn url(&self, port: u16) -> String {
        format!("{}:{port}/{}", self.before_port, self.after_port)
    }

    /// The rows of a statement, each as its columns with `|` between them.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let bin = std::env::var("TEST_POSTGRES_BIN").unwrap();
        let output = Command::new(Path::new(&bin).join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .arg(self.url(self.port))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Stops the server as a crash does: it writes nothing down.
    pub fn crash(&self) {
        self.control(&["stop", "-m", "immediate"]);
    }

    /// Starts it after a crash.
    pub fn come_back(&self) {
        self.control(&["start"]);
    }

    fn control(&self, action: &[&str]) {
        let keeper = self.keeper.as_ref().expect("a server of its own");
        let output = Command::new(&keeper.ctl[0])
            .args(&keeper.ctl[1..])
            .args(action)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(output.success(), "{action:?}");
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
