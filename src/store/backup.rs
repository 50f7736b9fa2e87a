//! A copy of the database as it is at one instant, made while others write to it.
//!
//! The copy is made with SQLite's online backup API and not with `VACUUM INTO`: it reads and writes each page
//! once, as it is, where the other builds every table and index anew, which takes several times as long and
//! tells nobody how far it is. The API by itself begins anew whenever another process has written, which a
//! daemon does every few seconds. So all steps are made inside one read transaction: in WAL mode it goes on
//! seeing the database as it was, writers go on beside it, and only the log can't be taken into the file
//! until the copy is made.
//!
//! The copy is a database without a log of its own, one file in rollback mode, that has been checked. It is
//! never written over an existing file: where it stands is up to the caller, who renames it.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::file::open_reader;
use super::{Store, StoreError, schema};

/// Pages that are copied between two looks at whether to go on: 4 MiB.
const STEP: i32 = 1024;

/// How far a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupProgress {
    /// Bytes that are copied.
    pub done: u64,
    /// Bytes that there are.
    pub total: u64,
    /// Whether all is copied and the copy is being checked.
    pub is_checking: bool,
}

/// A copy that was made and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// Bytes of the copy.
    pub bytes: u64,
    /// Its schema's version.
    pub version: usize,
}

impl Store {
    /// Copies the database into the file `to`, which is empty or not there yet, and checks the copy. Also
    /// a database of an earlier schema. `go_on` is told how far it is and says whether to go on; where it
    /// says no, the result is `None` and the file worth nothing. Blocks until the end.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no database, [`StoreError::Corrupt`] when the copy does not
    /// hold together, else what the system says. The file is worth nothing then.
    pub fn back_up(
        database: &Path,
        to: &Path,
        mut go_on: impl FnMut(BackupProgress) -> bool,
    ) -> Result<Option<BackedUp>, StoreError> {
        if !database.exists() {
            return Err(StoreError::Missing(database.to_owned()));
        }
        let source = open_reader(database)?;
        // From here on it is read as it is now.
        source.execute_batch("BEGIN")?;
        let version = schema::check(&source)?;
        if version == 0 {
            return Err(StoreError::Missing(database.to_owned()));
        }
        let page_size: u64 = source.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let mut copy = Connection::open(to)?;
        // Nobody else knows the file, and a copy that was broken off is thrown away.
        copy.execute_batch(
            "PRAGMA locking_mode = exclusive; PRAGMA journal_mode = off; PRAGMA synchronous = off",
        )?;
        let mut progress = BackupProgress {
            done: 0,
            total: 0,
            is_checking: false,
        };
        {
            let backup = Backup::new(&source, &mut copy)?;
            loop {
                let step = backup.step(STEP)?;
                let now = backup.progress();
                let bytes = |pages: i32| u64::from(pages.unsigned_abs()) * page_size;
                progress.total = bytes(now.pagecount);
                progress.done = bytes(now.pagecount - now.remaining);
                progress.is_checking = step == StepResult::Done;
                if !go_on(progress) {
                    return Ok(None);
                }
                match step {
                    StepResult::Done => break,
                    StepResult::More => {}
                    // The transaction holds the source, and nobody else has the copy.
                    _ => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        }
        drop(source);
        copy.execute_batch("PRAGMA journal_mode = delete")?;
        check(&copy, version)?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(Some(BackedUp {
            bytes: progress.total,
            version,
        }))
    }
}

/// Whether the copy is a database of ours that holds together.
fn check(copy: &Connection, version: usize) -> Result<(), StoreError> {
    let damaged = |what: String| StoreError::Corrupt(format!("the copy: {what}"));
    let found = schema::check(copy)?;
    if found != version {
        return Err(damaged(format!("schema version {found} and not {version}")));
    }
    let told: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if told != "ok" {
        return Err(damaged(told));
    }
    Ok(())
}
