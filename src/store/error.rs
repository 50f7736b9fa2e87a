//! What can go wrong with the database, in words for the person who must act.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::ErrorCode;

/// An error of the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database was written by a later mentiond.
    #[error(
        "the database {} has schema version {found}, this mentiond knows {known}: it was written by a \
         newer mentiond; run that one, or point `database` at another file",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The version in the file.
        found: usize,
        /// The latest version this program knows.
        known: usize,
    },
    /// The database was written by an earlier version of this program and is only to be read.
    #[error(
        "the database {} has schema version {found}, this mentiond knows {known}: start `mentiond run` or \
         `mentiond poll` once, which brings it up to date",
        path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// The version in the file.
        found: usize,
        /// The version this program reads.
        known: usize,
    },
    /// The file is a database of another program, or none at all.
    #[error("{} is not a mentiond database; point `database` at another file", .0.display())]
    NotOurs(PathBuf),
    /// Another mentiond works on the database.
    #[error(
        "another mentiond{} is using the database {}; stop it first, or point `database` at another file",
        holder.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default(),
        path.display()
    )]
    Locked {
        /// The database.
        path: PathBuf,
        /// The process that holds the lock, if it says.
        holder: Option<String>,
    },
    /// Another program reads or writes the database, which has to be had alone.
    #[error("the database {} is open in another program: close that first", .0.display())]
    InUse(PathBuf),
    /// The folder, the lock file or the database can't be opened or made.
    #[error("can't open the database {}: {detail}", path.display())]
    Open {
        /// The database.
        path: PathBuf,
        /// The system's words, with advice.
        detail: String,
    },
    /// There is no database yet.
    #[error("there is no database at {} yet: `mentiond run` or `mentiond poll` makes it", .0.display())]
    Missing(PathBuf),
    /// The disk is full.
    #[error("the disk that holds the database is full: free some space; nothing was recorded")]
    Full,
    /// The database can't be written to.
    #[error(
        "this user can't write the database or beside it, which also reading takes: run this as the daemon's \
         user, or check the owner and mode of the file and its folder"
    )]
    ReadOnly,
    /// The system refuses to read or write the file: a broken disk, a quota, a limit.
    #[error(
        "the database can't be read or written ({0}): check its disk, and quotas and limits on the \
         size of files; nothing was recorded"
    )]
    Io(String),
    /// The file is damaged.
    #[error("the database is damaged ({0}): restore a backup, or move the file away to start anew")]
    Corrupt(String),
    /// Anything else that SQLite says.
    #[error("database: {0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// A search or a list took too long and was broken off.
    #[error("this took longer than {0:?}: ask for rarer words, or a shorter time with `since`")]
    TooSlow(Duration),
    /// The writer has ended; only seen while shutting down.
    #[error("the database is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::SystemIoFailure) => Self::Io(error.to_string()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}
