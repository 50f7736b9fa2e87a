//! One worker: a process of the real binary that can be killed, stopped and started again.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// See the head of this file.
pub struct Worker {
    /// 1 for `w1`.
    pub number: u8,
    config: PathBuf,
    database: String,
    log: PathBuf,
    child: Option<Child>,
    /// How long the log was when it was last started.
    log_before: u64,
}

impl Worker {
    /// One that does not run yet. `folder` holds the configuration, and gets the log.
    pub fn new(number: u8, folder: &Path, database: String) -> Self {
        Self {
            number,
            config: folder.join("mentiond.toml"),
            database,
            log: folder.join(format!("w{number}.log")),
            child: None,
            log_before: 0,
        }
    }

    pub fn start(&mut self) {
        assert!(self.child.is_none(), "w{} runs already", self.number);
        let mut log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        writeln!(log, "{:.3} --- started", jiff::Timestamp::now()).unwrap();
        self.log_before = log.metadata().unwrap().len();
        let binary = std::env::var_os("FLEET_BINARY").map_or_else(
            || PathBuf::from(env!("CARGO_BIN_EXE_mentiond")),
            PathBuf::from,
        );
        let child = Command::new(binary)
            .arg("--config")
            .arg(&self.config)
            .arg("run")
            .env_clear()
            .env("HOME", self.config.parent().unwrap())
            .env("MENTIOND_DATABASE", &self.database)
            .env("MENTIOND_POSTGRES_WORKER", format!("w{}", self.number))
            // The User-Agent says by this who asks.
            .env("MENTIOND_FETCH_CONTACT", contact(self.number))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// Whether it is meant to run.
    pub fn is_started(&self) -> bool {
        self.child.is_some()
    }

    /// How it has ended by itself, if it has; then it counts as not started.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.as_mut()?.try_wait().unwrap()?;
        self.child = None;
        Some(status)
    }

    /// Whether its log says this since the last start.
    pub fn said(&self, words: &str) -> bool {
        self.line(words).is_some()
    }

    /// The first whole line of its log since the last start that says this.
    pub fn line(&self, words: &str) -> Option<String> {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let new = log.get(usize::try_from(self.log_before).unwrap()..)?;
        let new = String::from_utf8_lossy(new);
        let (whole, _) = new.rsplit_once('\n')?;
        let line = whole.lines().find(|line| line.contains(words))?;
        Some(line.to_owned())
    }

    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("a worker that runs");
        kill_process(Pid::from_child(child), signal).unwrap();
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn contact(number: u8) -> String {
    format!("https://fleet.test/w{number}")
}

/// Which worker has this User-Agent.
pub fn by_user_agent(agent: &str) -> Option<u8> {
    let (_, rest) = agent.split_once("https://fleet.test/w")?;
    rest.trim_end_matches(')').parse().ok()
}
