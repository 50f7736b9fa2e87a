//! Where the database is: a file of our own, or a PostgreSQL server's.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::Secret;

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// An SQLite file.
    File(PathBuf),
    /// A server's.
    Server(Box<ServerOptions>),
}

/// How to reach a PostgreSQL server. Its password is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// `postgres://user@host:port/database?options`, perhaps with the password in it.
    pub url: String,
    /// The password, where the URL has none.
    pub password: Option<Secret>,
    /// From which the addresses and secrets of subscriptions are made, the same for all workers.
    pub key: Option<Secret>,
    /// Certificates in PEM form that are trusted besides the system's.
    pub extra_roots: Option<Vec<u8>>,
    /// Connections at most.
    pub connections: usize,
    /// A server that follows the first and is read from for pages, lists and charts.
    pub replica: Option<String>,
    /// What this worker is called; its machine's name where nobody says.
    pub worker: Option<String>,
    /// For how long a worker that says nothing keeps what it holds.
    pub lease: Duration,
}

impl ServerOptions {
    /// Connections where nobody says how many: as many commits share the server's fsync.
    pub const CONNECTIONS: usize = 16;
    /// The lease where nobody says otherwise.
    pub const LEASE: Duration = Duration::from_secs(30);

    /// A server by its URL alone.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            password: None,
            key: None,
            extra_roots: None,
            connections: Self::CONNECTIONS,
            replica: None,
            worker: None,
            lease: Self::LEASE,
        }
    }

    /// Whether a configured text means a server.
    #[must_use]
    pub fn is_url(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }
}

impl Database {
    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::File(PathBuf::new())
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(server) => server.fmt(f),
        }
    }
}

/// The URL without its password and options.
impl fmt::Display for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(mut url) = Url::parse(&self.url) else {
            return f.write_str("postgres://");
        };
        // An address without a host has no password either.
        let _ = url.set_password(None);
        url.set_query(None);
        url.fmt(f)
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerOptions({self})")
    }
}

impl From<&Path> for Database {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for Database {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&Self> for Database {
    fn from(database: &Self) -> Self {
        database.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_shown_nowhere() {
        let server = ServerOptions {
            password: Some(Secret::new("hush".into())),
            ..ServerOptions::new("postgres://me:hush@db.example:5433/news?options=hush")
        };
        let shown = format!(
            "{server} {server:?} {:?}",
            Database::Server(Box::new(server.clone()))
        );
        assert!(!shown.contains("hush"), "{shown}");
        assert_eq!(server.to_string(), "postgres://me@db.example:5433/news");
    }
}
