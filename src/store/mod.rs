//! What the daemon knows: one SQLite file, and the few operations that the daemon needs of it.
//!
//! [`Store`] is cut by use case, not by table: commit a poll, read the due deliveries, settle one.
//! All writing goes through one thread with group commit ([`writer`]); readers have connections of
//! their own and never wait for it (WAL). One poll is one transaction: feed state, entries,
//! mentions, counts, alerts and outbox rows are committed together or not at all, so a crash at
//! any instant loses nothing that is still in the feed's document.
//!
//! `synchronous` is EXTRA: what was committed survives a power cut, and an alert marked as
//! delivered is not delivered again. (With a write-ahead log that is FULL; the transactions without
//! one, by which a database is made, are safe from a journal whose deletion the disk has forgotten.)
//!
//! No other module knows SQL.

mod activity;
mod alert_list;
mod alike;
mod backup;
mod broken_down;
mod commit;
mod counted;
mod days;
mod deliveries;
mod entries;
mod error;
mod extras;
mod feeds;
mod figures;
mod grow;
mod health;
mod history;
mod index_check;
mod indexed;
mod lock;
mod mentions;
mod outcomes;
mod pace;
mod pages;
mod past;
mod prunable;
mod prune;
mod query;
mod record;
mod rematch;
mod schema;
mod search;
mod series;
mod series_check;
mod silences;
mod sink_states;
mod sinks;
mod spikes;
mod stored;
mod stories;
mod subscriptions;
#[cfg(test)]
mod tests;
mod texts;
mod told;
mod vacuum;
mod watch;
mod writer;

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

pub use activity::{TopicActivity, TopicPulse};
pub use alert_list::{AlertPlace, AlertQuery, DeliveryRow, ListedAlert};
pub use backup::{BackedUp, BackupProgress};
pub use broken_down::{FeedGroup, ValueCounts};
pub use counted::CountedMention;
pub use days::{DayCount, DayPlace};
pub use deliveries::{AlertFilter, AlertRow, Due, Outbox, OutboxCounts};
pub use entries::{EntryName, RecordedMention, StoredEntry};
pub use error::StoreError;
pub use extras::Extras;
pub use feeds::{FeedRow, FeedState, Registered};
pub use figures::{Figures, Sizes, Standing};
pub use health::Orphans;
pub use history::{Alike, MentionFilter, MentionPlace, MentionRow};
pub use index_check::IndexCheck;
use lock::Lock;
pub use outcomes::Outcome;
pub use pace::{DigestDetail, Paced};
pub use pages::{PageId, PageJob, PageOutcome, PageRecord, WaitingPage};
pub use past::{HistoryEntry, HistoryPlace, KnownMention, TextVersion};
pub use prunable::Prunable;
pub use prune::{Keep, Pruned};
pub use record::{
    AlertRecord, Committed, DocumentRecord, EntryRecord, MentionRecord, PollRecord, PollStatus,
    PushRecord, Renewal,
};
pub use rematch::{Change, RematchCommitted, RematchRecord};
pub use search::{MOST_FOUND, MOST_WEIGHED, SearchOrder, SearchPage, SearchResult, SearchRow};
pub use series::{Days, Dimension, Share};
pub use series_check::{SeriesCheck, WrongCount};
pub use silences::{EndedSilence, NewSilence, SilenceRow, StoryName};
pub use sink_states::SinkState;
pub use sinks::PauseRecord;
pub use spikes::TopicStory;
pub use stored::{MOST_TOLD, StoredAlert, StoredDetail, StoredDigest, TopicCount, TopicName};
pub use stories::{StoryDetail, StoryEntry};
pub use subscriptions::SubscriptionRow;
pub use texts::EntryTexts;
pub use told::Told;
pub use vacuum::Vacuumed;
use writer::Writer;

use crate::model::Timestamp;
use crate::world;

/// The database of one mentiond.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    writer: Option<Writer>,
    readers: Mutex<Vec<Connection>>,
    /// Places of [`Store::read_briefly`].
    brief: Semaphore,
    /// Held for as long as the store lives: one instance per database.
    lock: Option<Lock>,
    tally: figures::Tally,
}

/// Idle reading connections that are kept for the next reader.
const IDLE_READERS: usize = 8;
/// Reads of a few rows that go on at a time; those of all polls under way would else each open a connection,
/// which takes ten times as long as the read.
const BRIEF_READS: usize = IDLE_READERS / 2;

impl Store {
    /// Opens the database for a daemon: takes the instance lock, makes or migrates the file.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another mentiond has it, [`StoreError::Open`] when folder or
    /// file can't be made, [`StoreError::Newer`] and [`StoreError::NotOurs`] as they say.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let open_error = |detail: String| StoreError::Open {
            path: path.to_owned(),
            detail,
        };
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                open_error(format!("can't make its folder: {error}; check `database`"))
            })?;
        }
        let lock = Lock::take(path)?;
        // A new file is its owner's alone: addresses of feeds may hold credentials. What it can't be made
        // for, SQLite says; its log gets the same mode.
        let _ = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let store = Self::open_writing(path, Some(lock))?;
        Ok(store)
    }

    /// Opens an existing database beside a running daemon, to change a delivery or two.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none, else as for [`Store::open`].
    pub fn open_beside(path: &Path) -> Result<Self, StoreError> {
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

    /// Opens an existing database as [`Store::open`] does, for a command that has to have it alone: what the
    /// lock file says of the last daemon stays.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none, else as for [`Store::open`].
    pub fn open_alone(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let lock = Lock::borrow(path)?;
        Self::open_writing(path, Some(lock))
    }

    /// Opens an existing database for reading only.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none, else as for [`Store::open`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
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
        Ok(Self::assemble(path, None, conn, None))
    }

    fn open_writing(path: &Path, lock: Option<Lock>) -> Result<Self, StoreError> {
        let open_error = |detail: String| StoreError::Open {
            path: path.to_owned(),
            detail,
        };
        let mut conn = Connection::open(path).map_err(|error| {
            open_error(format!("{error}; check the owner and mode of the file"))
        })?;
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
        schema::migrate(&mut conn)?;
        indexed::prepare(&conn)?;
        // A help only: a full disk must not keep us from starting.
        let _ = writer::forget_small_tables(&conn);
        let reader = open_reader(path)?;
        let writer =
            Writer::start(conn, indexed::flush).map_err(|error| open_error(error.to_string()))?;
        Ok(Self::assemble(path, Some(writer), reader, lock))
    }

    fn assemble(
        path: &Path,
        writer: Option<Writer>,
        reader: Connection,
        lock: Option<Lock>,
    ) -> Self {
        let tally = figures::Tally::new(&reader);
        let readers = Mutex::new(vec![reader]);
        Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer,
                readers,
                brief: Semaphore::new(BRIEF_READS),
                lock,
                tally,
            }),
        }
    }

    /// The version of the schema that this program reads and writes.
    #[must_use]
    pub const fn schema_version() -> usize {
        schema::VERSION
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// When the mentiond that had the database before was last alive, if it ended without closing
    /// it.
    #[must_use]
    pub fn crashed(&self) -> Option<Timestamp> {
        self.inner.lock.as_ref()?.crashed()
    }

    /// What follows from [`Store::crashed`] is recorded; until then the next one is told of it too.
    pub fn crash_is_minded(&self) {
        if let Some(lock) = &self.inner.lock {
            lock.minded();
        }
    }

    /// A feed's server was asked, and that could not be recorded: the next run is told of a crash.
    pub fn owes_a_poll(&self) {
        if let Some(lock) = &self.inner.lock {
            lock.owes();
        }
    }

    /// Leaves a sign of life for [`Store::crashed`].
    pub fn alive(&self) {
        if let Some(lock) = &self.inner.lock {
            lock.alive();
        }
    }

    async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        match &self.inner.writer {
            Some(writer) => writer.write(job).await,
            None => Err(StoreError::ReadOnly),
        }
    }

    /// As [`Store::read`], for what every poll asks and is answered in a moment.
    async fn read_briefly<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        // Never closed.
        let _place = self.inner.brief.acquire().await;
        self.read(job).await
    }

    async fn read<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = self.inner.clone();
        let task = world::offload(move || {
            let idle = inner
                .readers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let conn = idle.map_or_else(|| open_reader(&inner.path), Ok)?;
            let result = job(&conn);
            let mut readers = inner.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < IDLE_READERS {
                readers.push(conn);
            }
            result
        });
        task.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Lets what is being written end and closes the file. Does nothing while other handles live.
    pub fn close(self) {
        if let Some(mut inner) = Arc::into_inner(self.inner) {
            inner
                .readers
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
            if let Some(writer) = inner.writer.take() {
                writer.close();
            }
            if let Some(lock) = inner.lock.take() {
                lock.leave();
            }
        }
    }
}

fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(|error| StoreError::Open {
        path: path.to_owned(),
        detail: format!("{error}; check the owner and mode of the file and its folder"),
    })?;
    conn.busy_timeout(Duration::from_secs(10))?;
    conn.set_prepared_statement_cache_capacity(32);
    keep_plans(&conn)?;
    Ok(conn)
}

/// The pages that the writer keeps at hand, in KiB. With SQLite's own 2 MiB the bands of a few thousand texts don't fit,
/// and it takes a quarter longer to record a first document; with more than this no less.
const WRITER_CACHE_KIB: i64 = 8 << 10;

/// Keeps SQLite from planning a statement anew for each value that is bound to it, a sixth of the time
/// of a poll; a plan that hangs on a value must have it in its text.
fn keep_plans(conn: &Connection) -> Result<(), StoreError> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}
