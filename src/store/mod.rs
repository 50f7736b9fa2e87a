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
mod copy;
mod counted;
mod days;
mod deliveries;
mod entries;
mod error;
mod extras;
mod feeds;
mod figures;
mod file;
mod fingerprints;
mod fleet;
mod grow;
mod health;
mod history;
mod index_check;
mod indexed;
mod lock;
mod mentions;
mod observed;
mod outcomes;
mod pace;
mod pages;
mod past;
mod postgres;
mod prunable;
mod prune;
mod query;
mod record;
mod registering;
mod rematch;
mod schema;
mod search;
mod series;
mod series_check;
mod silences;
mod sink_states;
mod sinks;
mod spikes;
mod sql;
mod standing;
mod stored;
mod stories;
mod subscriptions;
mod tally;
#[cfg(test)]
mod tests;
mod texts;
mod told;
mod turns;
mod vacuum;
mod watch;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use activity::{TopicActivity, TopicPulse};
pub use alert_list::{AlertPlace, AlertQuery, DeliveryRow, ListedAlert};
pub use backup::{BackedUp, BackupProgress};
pub use broken_down::{FeedGroup, ValueCounts};
pub use copy::{Copied, CopiedTable, CopyError, CopyProgress, CopyStep};
pub use counted::CountedMention;
pub use days::{DayCount, DayPlace};
pub use deliveries::{AlertFilter, AlertRow, Due, Outbox, OutboxCounts};
pub use entries::{EntryName, RecordedMention, StoredEntry};
pub use error::StoreError;
pub use extras::Extras;
pub use feeds::{FeedRow, FeedState, Registered};
pub use figures::{Figures, Sizes, Standing};
use file::File;
pub use fleet::{Beat, Call, Heard, NewWorker, WorkerRow};
pub use health::Orphans;
pub use history::{Alike, MentionFilter, MentionPlace, MentionRow};
pub use index_check::IndexCheck;
pub use observed::{DueMentions, MentionChange, StoredMention, Telling};
pub use outcomes::Outcome;
pub use pace::{DigestDetail, Paced};
pub use pages::{PageId, PageJob, PageOutcome, PageRecord, WaitingPage};
pub use past::{HistoryEntry, HistoryPlace, KnownMention, TextVersion};
use postgres::Server;
pub use prunable::Prunable;
pub use prune::{Keep, Pruned};
pub use record::{
    AlertRecord, Committed, DocumentRecord, EntryRecord, MentionEvent, MentionRecord, PollRecord,
    PollStatus, PushRecord, Renewal,
};
pub use rematch::{Change, RematchCommitted, RematchRecord};
pub use search::{MOST_FOUND, MOST_WEIGHED, SearchOrder, SearchPage, SearchResult, SearchRow};
pub use series::{Days, Dimension, Share};
pub use series_check::{SeriesCheck, WrongCount};
pub use silences::{EndedSilence, NewSilence, SilenceRow, StoryName};
pub use sink_states::SinkState;
pub use sinks::PauseRecord;
pub use spikes::TopicStory;
use sql::Connection;
pub use stored::{MOST_TOLD, StoredAlert, StoredDetail, StoredDigest, TopicCount, TopicName};
pub use stories::{StoryDetail, StoryEntry};
pub use subscriptions::SubscriptionRow;
pub use texts::EntryTexts;
pub use told::Told;
pub use vacuum::Vacuumed;

use crate::model::{Database, Timestamp};

/// The database of one mentiond, or of several.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// Whether what may be a moment old will do, so that a replica can say it.
    is_for_people: bool,
}

#[derive(Debug)]
struct Inner {
    backend: Backend,
    tally: figures::Tally,
}

/// Who keeps it.
#[derive(Debug)]
enum Backend {
    File(File),
    Server(Box<Server>),
}

impl Store {
    /// Opens the database for a daemon: takes the instance lock of a file, makes or migrates the tables.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another mentiond has the file, [`StoreError::Open`] when folder or
    /// file can't be made, [`StoreError::Newer`] and [`StoreError::NotOurs`] as they say; of a server,
    /// [`StoreError::Unreachable`] and [`StoreError::Refused`].
    pub fn open(database: impl Into<Database>) -> Result<Self, StoreError> {
        match database.into() {
            Database::File(path) => Self::of_file(File::open(&path)?),
            Database::Server(options) => Self::of_server(Server::open(&options)?),
        }
    }

    /// Opens an existing database beside a running daemon, to change a delivery or two.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none, else as for [`Store::open`].
    pub fn open_beside(database: impl Into<Database>) -> Result<Self, StoreError> {
        match database.into() {
            Database::File(path) => Self::of_file(File::open_beside(&path)?),
            Database::Server(options) => Self::of_server(Server::open_existing(&options)?),
        }
    }

    /// Opens an existing database as [`Store::open`] does, for a command that has to have it alone: what the
    /// lock file says of the last daemon stays.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none, else as for [`Store::open`].
    pub fn open_alone(database: impl Into<Database>) -> Result<Self, StoreError> {
        match database.into() {
            Database::File(path) => Self::of_file(File::open_alone(&path)?),
            Database::Server(options) => Self::of_server(Server::open_existing(&options)?),
        }
    }

    /// Opens an existing database for reading only.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none, else as for [`Store::open`].
    pub fn open_read_only(database: impl Into<Database>) -> Result<Self, StoreError> {
        match database.into() {
            Database::File(path) => Self::of_file(File::open_read_only(&path)?),
            Database::Server(options) => Self::of_server(Server::open_read_only(&options)?),
        }
    }

    fn of_file(file: File) -> Result<Self, StoreError> {
        let tally = file.with_reader(|conn| Ok(figures::Tally::new(conn)))?;
        Ok(Self::assemble(Backend::File(file), tally))
    }

    fn of_server(server: Server) -> Result<Self, StoreError> {
        let tally = server.read_now(|conn| Ok(figures::Tally::new(conn)))?;
        Ok(Self::assemble(Backend::Server(Box::new(server)), tally))
    }

    fn assemble(backend: Backend, tally: figures::Tally) -> Self {
        Self {
            inner: Arc::new(Inner { backend, tally }),
            is_for_people: false,
        }
    }

    /// The same for pages, lists and charts, which may be read from a replica that is a moment behind.
    #[must_use]
    pub fn for_people(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            is_for_people: true,
        }
    }

    /// The version of the schema that this program reads and writes in a database of this one's kind.
    #[must_use]
    pub fn version(&self) -> usize {
        match &self.inner.backend {
            Backend::File(_) => schema::VERSION,
            Backend::Server(_) => postgres::schema::VERSION,
        }
    }

    /// The database file, if it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.inner.backend {
            Backend::File(file) => Some(file.path()),
            Backend::Server(_) => None,
        }
    }

    /// When the mentiond that had the database before was last alive, if it ended without closing
    /// it.
    #[must_use]
    pub fn crashed(&self) -> Option<Timestamp> {
        self.lock()?.crashed()
    }

    /// What follows from [`Store::crashed`] is recorded; until then the next one is told of it too.
    pub fn crash_is_minded(&self) {
        if let Some(lock) = self.lock() {
            lock.minded();
        }
    }

    /// A feed's server was asked, and that could not be recorded: the next run is told of a crash.
    pub fn owes_a_poll(&self) {
        match &self.inner.backend {
            Backend::File(file) => {
                if let Some(lock) = file.lock() {
                    lock.owes();
                }
            }
            Backend::Server(server) => server.owe(),
        }
    }

    /// Leaves a sign of life for [`Store::crashed`].
    pub fn alive(&self) {
        if let Some(lock) = self.lock() {
            lock.alive();
        }
    }

    fn lock(&self) -> Option<&lock::Lock> {
        match &self.inner.backend {
            Backend::File(file) => file.lock(),
            Backend::Server(_) => None,
        }
    }

    /// Writes in one transaction. The job may be run again, on a server, where nothing of it was recorded.
    async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreError> + Send + Sync + 'static,
    {
        match &self.inner.backend {
            Backend::File(file) => file.write(job).await,
            Backend::Server(server) => server.write(job).await,
        }
    }

    /// The same for what is of no use later: tried again for so long where a server can't be reached.
    async fn write_within<T, F>(&self, patience: Duration, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreError> + Send + Sync + 'static,
    {
        match &self.inner.backend {
            Backend::File(file) => file.write(job).await,
            Backend::Server(server) => server.write_within(patience, job).await,
        }
    }

    /// As [`Store::read`], for what every poll asks and is answered in a moment.
    async fn read_briefly<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        match &self.inner.backend {
            Backend::File(file) => file.read_briefly(job).await,
            Backend::Server(server) => server.read(self.is_for_people, job).await,
        }
    }

    async fn read<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        match &self.inner.backend {
            Backend::File(file) => file.read(job).await,
            Backend::Server(server) => server.read(self.is_for_people, job).await,
        }
    }

    /// Reads what may take long: a server that ends what takes long lets this be.
    async fn read_at_leisure<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        match &self.inner.backend {
            Backend::File(file) => file.read(job).await,
            Backend::Server(server) => server.read_at_leisure(job).await,
        }
    }

    /// Lets what is being written end and closes the database. Does nothing while other handles live.
    pub fn close(self) {
        if let Some(inner) = Arc::into_inner(self.inner) {
            match inner.backend {
                Backend::File(file) => file.close(),
                Backend::Server(server) => server.close(),
            }
        }
    }
}
