//! What can be said without the database: the configuration, the clock, the disk and the files.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use rustix::io::Errno;

use super::Finding;
use crate::cli::Context;
use crate::cli::output::{bytes, count};
use crate::cli::target::{beside, database_size, folder_of};
use crate::config::{self, Config};
use crate::model::Timestamp;

/// 2024-01-01T00:00:00Z: no clock that is right shows an earlier time.
const NOT_BEFORE: Timestamp = Timestamp::from_millis(1_704_067_200_000);
/// A log that is longer was not taken into the file for long: some reader is in the way.
const LONG_LOG: u64 = 256 << 20;
/// Free space below which the next weeks are in doubt, whatever the size of the database.
const LITTLE: u64 = 256 << 20;

/// Reads the configuration, secrets included; else one finding a problem.
pub(super) fn configuration(context: &Context) -> Result<(Config, Finding), Vec<Finding>> {
    let wrong =
        |text: String| Finding::error("configuration", text, "`mentiond check` says the same");
    let path = config::find(context.config.as_deref(), &context.environment);
    let path = path.map_err(|error| vec![wrong(error.to_string())])?;
    let config = config::load(&path, &context.environment).map_err(|error| {
        let problems = error.problems.iter();
        problems
            .map(|problem| wrong(problem.to_string()))
            .collect::<Vec<_>>()
    })?;
    let text = format!(
        "{}: {}, {}, {}",
        config.path.display(),
        count(config.feeds.len(), "feed"),
        count(config.topics.len(), "topic"),
        count(config.sinks.len(), "sink")
    );
    let finding = match config.warnings.len() {
        0 => Finding::ok("configuration", text),
        n => Finding::warning(
            "configuration",
            format!("{text}; {}", count(n, "warning")),
            "`mentiond check` prints them",
        ),
    };
    Ok((config, finding))
}

/// Whether the clock can be right.
pub(super) fn clock(now: Timestamp) -> Finding {
    if now < NOT_BEFORE {
        Finding::error(
            "clock",
            format!("the system's clock shows {now}"),
            "set it: alerts, retention and certificates go by it",
        )
    } else {
        Finding::ok("clock", now.to_string())
    }
}

/// The disk under the database, its log, and who may read what.
pub(super) fn files(database: &Path) -> Vec<Finding> {
    let mut findings = vec![disk(database)];
    findings.extend(log(database));
    findings.extend(modes(database));
    findings.extend(closed(database, may_write));
    findings
}

fn disk(database: &Path) -> Finding {
    let (size, told) = database_size(database);
    let folder = folder_of(database);
    let free = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            return Finding::warning(
                "disk",
                format!("nobody knows what is free at {}: {error}", folder.display()),
                "look with `df`",
            );
        }
    };
    room(size, &told, free)
}

/// Whether the free space will do for a database of this size.
fn room(size: u64, told: &str, free: u64) -> Finding {
    let text = format!("{} free, the database has {told}", bytes(free));
    if free < LITTLE / 8 {
        let advice =
            "free some space, or shorten [retention] and run `mentiond prune --vacuum` elsewhere";
        Finding::error("disk", text, advice)
    } else if free < LITTLE.max(size / 4) {
        let advice = "free some space soon; a backup or `prune --vacuum` needs as much as the database and more";
        Finding::warning("disk", text, advice)
    } else {
        Finding::ok("disk", text)
    }
}

fn log(database: &Path) -> Option<Finding> {
    let size = std::fs::metadata(beside(database, "-wal")).ok()?.len();
    let text = format!("the write-ahead log has {}", bytes(size));
    Some(if size > LONG_LOG {
        let advice = "some program has the database open for reading all the time: end it, and the log gets shorter";
        Finding::warning("log", text, advice)
    } else {
        Finding::ok("log", text)
    })
}

fn modes(database: &Path) -> Vec<Finding> {
    let mode = |path: &Path| {
        let known = std::fs::metadata(path).ok()?;
        Some(known.permissions().mode() & 0o777)
    };
    let mut findings = Vec::new();
    let mut fine = Vec::new();
    if let Some(mode) = mode(database) {
        let text = format!("{} has mode {mode:04o}", database.display());
        if !is_closed(mode, 0o022) {
            let advice = "others can change what was found and told: chmod 600 it";
            findings.push(Finding::error("files", text, advice));
        } else if is_closed(mode, 0o004) {
            fine.push(text);
        } else {
            let advice = "everybody on this machine can read it, with the credentials in feeds' addresses: chmod 600 it";
            findings.push(Finding::warning("files", text, advice));
        }
    }
    let key = beside(database, ".key");
    if let Some(mode) = mode(&key) {
        let text = format!("{} has mode {mode:04o}", key.display());
        if is_closed(mode, 0o077) {
            fine.push(text);
        } else {
            let advice = "others can read the key of the WebSub callbacks, and the daemon refuses it: chmod 600 it, \
                          or remove it if others may have read it";
            findings.push(Finding::error("files", text, advice));
        }
    }
    if !fine.is_empty() {
        findings.push(Finding::ok("files", fine.join("; ")));
    }
    findings
}

/// Where this user can't write and a daemon must: the folder, the database and what stands beside it.
fn closed(database: &Path, may_write: impl Fn(&Path) -> bool) -> Option<Finding> {
    let beside = ["", "-wal", "-shm", ".lock"].map(|end| beside(database, end));
    let paths = std::iter::once(folder_of(database)).chain(beside.iter().map(PathBuf::as_path));
    let closed: Vec<String> = paths
        .filter(|path| !may_write(path))
        .map(|path| path.display().to_string())
        .collect();
    if closed.is_empty() {
        return None;
    }
    let text = format!("this user can't write to {}", closed.join(", "));
    let advice =
        "the daemon must run as a user who can: run `doctor` as that one, or mend owner and mode";
    Some(Finding::warning("files", text, advice))
}

/// Whether this process may write there; what is not there yet is nothing to complain of.
fn may_write(path: &Path) -> bool {
    !matches!(
        rustix::fs::access(path, Access::WRITE_OK),
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS)
    )
}

/// Whether a mode has none of these bits.
fn is_closed(mode: u32, bits: u32) -> bool {
    mode & bits == 0
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn free_space_is_held_against_the_size_and_against_nothing() {
        let state = |size, free| room(size, "", free).state;
        assert_eq!(state(0, 1 << 30), State::Ok);
        assert_eq!(state(8 << 30, 1 << 30), State::Warning);
        assert_eq!(state(0, 100 << 20), State::Warning);
        assert_eq!(state(0, 1 << 20), State::Error);
    }

    #[test]
    fn where_the_user_can_not_write_is_one_warning() {
        let database = Path::new("/var/lib/mentiond/mentiond.db");
        assert_eq!(closed(database, |_| true), None);
        let found = closed(database, |path| path.ends_with("mentiond.db-wal")).unwrap();
        assert_eq!(found.state, State::Warning);
        assert_eq!(
            found.text,
            "this user can't write to /var/lib/mentiond, /var/lib/mentiond/mentiond.db, \
             /var/lib/mentiond/mentiond.db-shm, /var/lib/mentiond/mentiond.db.lock"
        );
        let found = closed(Path::new("m.db"), |path| path != Path::new(".")).unwrap();
        assert_eq!(found.text, "this user can't write to .");
        assert!(may_write(Path::new("/nowhere/m.db")), "it is not there yet");
    }

    #[test]
    fn a_clock_before_2024_is_wrong() {
        assert_eq!(clock(Timestamp::from_millis(0)).state, State::Error);
        assert_eq!(clock(NOT_BEFORE).state, State::Ok);
    }
}
