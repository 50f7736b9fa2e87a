//! What can go wrong with the database, in words for the person who must act.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::ErrorCode;

use super::sql;
use crate::fleet::Lost;
use crate::model::ServerOptions;

/// An error of the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database was written by a later mentiond.
    #[error(
        "the database {} has schema version {found}, this mentiond knows {known}: it was written by a \
         newer mentiond; run that one, or {}",
        path.display(),
        elsewhere(path)
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
    #[error(
        "there {} at {} yet: `mentiond run` or `mentiond poll` makes {}",
        if is_server(.0) { "are no tables of mentiond" } else { "is no database" },
        .0.display(),
        if is_server(.0) { "them" } else { "it" }
    )]
    Missing(PathBuf),
    /// A copy into the database has begun and not ended: what is missing nobody knows but the copy.
    #[error(
        "the database {} is only partly there: a copy of {from} into it was broken off, or is under way; run the \
         same `mentiond store copy` again and it goes on where it was, with --restart it begins anew, and to give \
         up, remove this database", path.display()
    )]
    BeingCopied {
        /// The database.
        path: PathBuf,
        /// What is copied into it.
        from: String,
    },
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
    /// The database server, or the way to it, is not there for now.
    #[error(
        "the database server can't be reached ({0}): check that it runs and that `database` names it"
    )]
    Unreachable(String),
    /// The server is there and does not let us in, or not do what we must.
    #[error(
        "the database server refuses this ({0}): check `database`, the password and the rights of its user"
    )]
    Refused(String),
    /// The server was reached, and is not to be used as things are configured.
    #[error("the database server was reached, but {0}")]
    Unusable(String),
    /// Others wrote the same at the same time, again and again.
    #[error("others write the same at the same time ({0})")]
    Conflict(String),
    /// Anything else that a server says.
    #[error("database: {0}")]
    Server(String),
    /// Something that is of a database in a file only.
    #[error("this works with a database in a file only; a server has means of its own for it")]
    FileOnly,
    /// Something that only a database on a server has.
    #[error("this works with a database on a server only: a file has one worker")]
    ServerOnly,
    /// Another worker holds now what this one did something for; nothing of it was recorded.
    #[error("another worker has taken over {0}: nothing was recorded, and it does that work now")]
    LeaseLost(String),
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

impl From<Lost> for StoreError {
    fn from(lost: Lost) -> Self {
        Self::LeaseLost(lost.0)
    }
}

impl From<sql::Error> for StoreError {
    fn from(error: sql::Error) -> Self {
        match error {
            sql::Error::Sqlite(error) => error.into(),
            sql::Error::TimedOut => Self::Unreachable(error.to_string()),
            sql::Error::FileOnly => Self::FileOnly,
            sql::Error::Postgres(error) => error.into(),
        }
    }
}

/// By the class of the server's code (PostgreSQL's appendix A), which its relatives keep to.
impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            let mut words = error.to_string();
            if let Some(cause) = error.source() {
                words = format!("{words}: {cause}");
            }
            if let Some(why) = unusable(&error) {
                return Self::Unusable(why);
            }
            // What the library can't make of values is a fault of ours, the rest is the network's.
            let is_ours =
                words.starts_with("error serializing") || words.starts_with("error deserializing");
            return if is_ours {
                Self::Server(words)
            } else {
                Self::Unreachable(words)
            };
        };
        let words = told.message().to_owned();
        match told.code().code() {
            // Serialization failures and deadlocks, who did not get a lock in time, and who finds what was not
            // there when it was looked for, or no more.
            "40001" | "40P01" | "40003" | "55P03" | "23505" | "23503" => Self::Conflict(words),
            "53100" => Self::Full,
            // A failover leaves a follower where the leader was.
            "25006" | "57P01" | "57P02" | "57P03" | "53300" | "25P03" | "57P05" => {
                Self::Unreachable(words)
            }
            "57014" => Self::TooSlow(Duration::from_secs(18)),
            "28000" | "28P01" | "3D000" | "42501" | "3F000" => Self::Refused(words),
            code if code.starts_with("08") => Self::Unreachable(words),
            code if code.starts_with("58") => Self::Io(words),
            code if code.starts_with("XX") => Self::Corrupt(words),
            code => Self::Server(format!("{words} ({code})")),
        }
    }
}

/// Whether it is the name of a server's database.
fn is_server(path: &Path) -> bool {
    path.to_str().is_some_and(ServerOptions::is_url)
}

/// What to do where the database at hand is not to be used.
fn elsewhere(path: &Path) -> &'static str {
    if is_server(path) {
        "name another database of a server in `database`"
    } else {
        "point `database` at another file"
    }
}

/// Why a server that answered does not become one of ours, and what to do: what trying again does not change. A
/// connection that is lost on the way is none of these.
fn unusable(error: &tokio_postgres::Error) -> Option<String> {
    let cause = error.source()?;
    if let Some(why) = distrusted(cause) {
        return Some(why);
    }
    // The library's own words; its errors have no kinds to ask for.
    let (what, cause) = (error.to_string(), cause.to_string());
    Some(match (what.as_str(), cause.as_str()) {
        ("invalid configuration", "password missing") => {
            "it asks for a password: set `password` in [postgres]".to_owned()
        }
        ("error performing TLS handshake", "server does not support TLS") => {
            "it has no TLS, on which `sslmode=require` insists: set it up there, or write ?sslmode=disable into the URL \
             on a network that you trust"
                .to_owned()
        }
        ("invalid configuration" | "authentication error", _) => {
            format!("it can't be used so ({cause}): check the URL in `database` and the password")
        }
        _ => return None,
    })
}

/// What is wrong with the server's certificate.
fn distrusted(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    let error = cause.downcast_ref::<std::io::Error>()?.get_ref()?;
    let rustls::Error::InvalidCertificate(what) = error.downcast_ref::<rustls::Error>()? else {
        return None;
    };
    let advice = match what {
        rustls::CertificateError::UnknownIssuer => {
            "its certificate is not trusted: name its issuer in `extra_roots` of [postgres]"
        }
        _ => "its certificate is not valid: have it replaced there",
    };
    Some(format!(
        "{advice}, or write ?sslmode=disable into the URL on a network that you trust ({error})"
    ))
}

#[cfg(test)]
mod tests;
