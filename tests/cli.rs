//! The command line as people and scripts meet it: what is printed where, and the exit codes.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code, reason = "shared with the tests of `fetch` and the daemon")]
#[path = "fetch/server.rs"]
mod server;
#[allow(dead_code, reason = "shared with the tests of the daemon")]
#[path = "daemon/support.rs"]
mod support;

#[path = "cli/alerts.rs"]
mod alerts;
#[path = "cli/backup.rs"]
mod backup;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/export.rs"]
mod export;
#[path = "cli/feeds.rs"]
mod feeds;
#[path = "cli/feeds_check.rs"]
mod feeds_check;
#[path = "cli/feeds_lists.rs"]
mod feeds_lists;
#[path = "cli/inspect.rs"]
mod inspect;
#[path = "cli/match_text.rs"]
mod match_text;
#[path = "cli/prune.rs"]
mod prune;
#[path = "cli/shell.rs"]
mod shell;
#[path = "cli/topics.rs"]
mod topics;
#[path = "cli/topics_show.rs"]
mod topics_show;
#[path = "cli/usage.rs"]
mod usage;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The binary in the repository's folder, whose configuration is the shipped one, without the
/// environment of this process and with a home that does not exist.
fn mentiond(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mentiond"));
    command
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("HOME", "/nowhere")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a command printed and how it ended.
struct Ended {
    code: Option<i32>,
    out: String,
    error: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It ended with this code and without a panic.
    fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.error);
        assert!(!self.error.contains("panicked"), "{}", self.error);
        self
    }

    /// Each line of the output as JSON.
    fn json(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }
}

fn run(args: &[&str]) -> Ended {
    Ended::of(mentiond(args).output().unwrap())
}

/// Runs the command with these bytes on its standard input.
fn fed(args: &[&str], input: &[u8]) -> Ended {
    let mut command = mentiond(args);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A command that does not read to the end closes the pipe.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    Ended::of(output)
}
