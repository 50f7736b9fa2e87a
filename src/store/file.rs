//! The database in one SQLite file: one writer with group commit, readers beside it.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection as Sqlite, OpenFlags};
use tokio::sync::Semaphore;

use super::lock::Lock;
use super::sql::Connection;
use super::writer::{self, Writer};
use super::{StoreError, copy, indexed, schema};
use crate::world;

/// A file that is open.
#[derive(Debug)]
pub(super) struct File {
    readers: Arc<Readers>,
    writer: Option<Writer>,
    /// Places of [`File::read_briefly`].
    brief: Semaphore,
    /// Held for as long as it is open: one instance per database.
    lock: Option<Lock>,
}

/// The connections that read.
#[derive(Debug)]
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

/// Idle reading connections that are kept for the next reader.
const IDLE_READERS: usize = 8;
/// Reads of a few rows that go on at a time; those of all polls under way would else each open a connection,
/// which takes ten times as long as the read.
const BRIEF_READS: usize = IDLE_READERS / 2;

/// The pages that the writer keeps at hand, in KiB. With SQLite's own 2 MiB the bands of a few thousand texts don't fit,
/// and it takes a quarter longer to record a first document; with more than this no less.
const WRITER_CACHE_KIB: i64 = 8 << 10;

impl File {
    /// Opens it for a daemon; see [`super::Store::open`].
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        make_folder(path)?;
        let lock = Lock::take(path)?;
        make_file(path);
        Self::open_writing(path, Some(lock))
    }

    /// Opens an existing one beside a running daemon; see [`super::Store::open_beside`].
    pub(super) fn open_beside(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        // The tables must not change under a running daemon of an older version.
        let current = schema::check(&open_reader(path)?)? == schema::VERSION;
        let _while_migrating = if current {
            None
        } else {
            Some(Lock::borrow(path)?)
        };
        Self::open_writing(path, None)
    }

    /// Opens an existing one alone; see [`super::Store::open_alone`].
    pub(super) fn open_alone(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let lock = Lock::borrow(path)?;
        Self::open_writing(path, Some(lock))
    }

    /// Opens an existing one for reading only; see [`super::Store::open_read_only`].
    pub(super) fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let conn = open_reader(path)?;
        // An empty file: a mentiond is about to make the tables, or never came to it.
        let found = schema::check(&conn)?;
        if found == 0 {
            return Err(StoreError::Missing(path.to_owned()));
        }
        if found < schema::VERSION {
            let known = schema::VERSION;
            let path = path.to_owned();
            return Err(StoreError::Older { path, found, known });
        }
        let conn = Connection::Sqlite(conn);
        copy::refuse(&conn, &path.display().to_string())?;
        Ok(Self::assemble(path, None, conn, None))
    }

    fn open_writing(path: &Path, lock: Option<Lock>) -> Result<Self, StoreError> {
        let mut conn = open_writer(path)?;
        let reader = Connection::Sqlite(open_reader(path)?);
        copy::refuse(&reader, &path.display().to_string())?;
        schema::migrate(&mut conn)?;
        indexed::prepare(&conn)?;
        // A help only: a full disk must not keep us from starting.
        let _ = writer::forget_small_tables(&conn);
        let writer = Writer::start(Connection::Sqlite(conn), indexed::flush).map_err(|error| {
            StoreError::Open {
                path: path.to_owned(),
                detail: error.to_string(),
            }
        })?;
        Ok(Self::assemble(path, Some(writer), reader, lock))
    }

    fn assemble(
        path: &Path,
        writer: Option<Writer>,
        reader: Connection,
        lock: Option<Lock>,
    ) -> Self {
        Self {
            readers: Arc::new(Readers {
                path: path.to_owned(),
                idle: Mutex::new(vec![reader]),
            }),
            writer,
            brief: Semaphore::new(BRIEF_READS),
            lock,
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.readers.path
    }

    /// The instance lock, if it is held.
    pub(super) const fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// Writes in a transaction that others share.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        match &self.writer {
            Some(writer) => writer.write(job).await,
            None => Err(StoreError::ReadOnly),
        }
    }

    /// As [`File::read`], for what every poll asks and is answered in a moment.
    pub(super) async fn read_briefly<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        // Never closed.
        let _place = self.brief.acquire().await;
        self.read(job).await
    }

    /// Reads on a thread where that holds nobody up.
    pub(super) async fn read<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let readers = self.readers.clone();
        let task = world::offload(move || readers.read(job));
        task.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Reads on this thread.
    pub(super) fn with_reader<T>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.read(job)
    }

    /// Lets what is being written end and closes the file.
    pub(super) fn close(mut self) {
        self.readers.lock().clear();
        if let Some(writer) = self.writer.take() {
            writer.close();
        }
        if let Some(lock) = self.lock.take() {
            lock.leave();
        }
    }
}

impl Readers {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.lock().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => Connection::Sqlite(open_reader(&self.path)?),
        };
        let result = job(&conn);
        let mut idle = self.lock();
        if idle.len() < IDLE_READERS {
            idle.push(conn);
        }
        result
    }
}

/// Makes the folder of a database.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) else {
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|error| StoreError::Open {
        path: path.to_owned(),
        detail: format!("can't make its folder: {error}; check `database`"),
    })
}

/// Makes the file of a database, if there is none. It is its owner's alone: addresses of feeds may hold
/// credentials. What it can't be made for, SQLite says; its log gets the same mode.
pub(super) fn make_file(path: &Path) {
    let _ = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
}

/// A connection that writes; the tables are not made or migrated yet.
pub(super) fn open_writer(path: &Path) -> Result<Sqlite, StoreError> {
    let open_error = |detail: String| StoreError::Open {
        path: path.to_owned(),
        detail,
    };
    let conn = Sqlite::open(path)
        .map_err(|error| open_error(format!("{error}; check the owner and mode of the file")))?;
    conn.busy_timeout(Duration::from_secs(10))?;
    schema::check(&conn)?;
    // Before the first transaction: it makes the file, with a journal that must not come back.
    conn.pragma_update(None, "synchronous", "extra")?;
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(open_error(format!(
            "it can't use a write-ahead log there (journal mode is {mode}); use a local disk"
        )));
    }
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    conn.set_prepared_statement_cache_capacity(128);
    keep_plans(&conn)?;
    Ok(conn)
}

pub(super) fn open_reader(path: &Path) -> Result<Sqlite, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Sqlite::open_with_flags(path, flags).map_err(|error| StoreError::Open {
        path: path.to_owned(),
        detail: format!("{error}; check the owner and mode of the file and its folder"),
    })?;
    conn.busy_timeout(Duration::from_secs(10))?;
    conn.set_prepared_statement_cache_capacity(32);
    keep_plans(&conn)?;
    Ok(conn)
}

/// Keeps SQLite from planning a statement anew for each value that is bound to it, a sixth of the time
/// of a poll; a plan that hangs on a value must have it in its text.
fn keep_plans(conn: &Sqlite) -> Result<(), StoreError> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}
