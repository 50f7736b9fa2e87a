//! Starts that fail, and rounds, beside workers that are dead or alive.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::can_run;
use crate::postgres::Database;

/// A folder with a configuration that watches nothing, over a database of its own.
struct Desk {
    folder: tempfile::TempDir,
    database: Database,
}

impl Desk {
    fn new(name: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mentiond.toml"), more).unwrap();
        Self {
            folder,
            database: Database::on_the_tests_server(name),
        }
    }

    fn command(&self, command: &str) -> Output {
        let program = std::env::var_os("FLEET_BINARY").map_or_else(
            || PathBuf::from(env!("CARGO_BIN_EXE_mentiond")),
            PathBuf::from,
        );
        Command::new(program)
            .arg("--config")
            .arg(self.folder.path().join("mentiond.toml"))
            .arg(command)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("MENTIOND_DATABASE", self.database.url(self.database.port))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// A worker that was heard of and then no more; its lease ends so many seconds from now.
    fn silent_worker(&self, seconds: i64) {
        let now = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
        self.database.rows(&format!(
            "INSERT INTO worker (name, process, program, configuration, started_ms, seen_ms, until_ms)
             VALUES ('ghost', 1, '0', 'c', {now} - 90000, {now} - 60000, {now} + {seconds} * 1000)"
        ));
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_round_is_refused_beside_workers_and_not_once_they_are_dead() {
    if !can_run("a_round_is_refused_beside_workers_and_not_once_they_are_dead") {
        return;
    }
    let desk = Desk::new("rounds", "");
    assert!(desk.command("poll").status.success(), "the first of all");
    desk.silent_worker(300);
    let refused = desk.command("poll");
    assert!(!refused.status.success());
    assert!(
        said(&refused).contains("other workers (1) poll for this database"),
        "{}",
        said(&refused)
    );
    desk.database
        .rows("UPDATE worker SET until_ms = started_ms WHERE left_ms IS NULL");
    let done = desk.command("poll");
    assert!(done.status.success(), "{}", said(&done));
    let listed = String::from_utf8(desk.command("workers").stdout).unwrap();
    let ghost = listed.lines().find(|line| line.contains("ghost")).unwrap();
    assert!(ghost.contains("lost"), "{listed}");
}

#[test]
fn a_start_that_fails_leaves_no_worker_behind() {
    if !can_run("a_start_that_fails_leaves_no_worker_behind") {
        return;
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let web = format!(
        "[web]\nenabled = true\nlisten = \"{}\"\n",
        taken.local_addr().unwrap()
    );
    let desk = Desk::new("ghosts", &web);
    let failed = desk.command("run");
    assert!(
        said(&failed).contains("can't listen on"),
        "{}",
        said(&failed)
    );
    let there = "SELECT count(*) FROM worker WHERE left_ms IS NULL";
    assert_eq!(desk.database.rows(there), ["0"]);
}
