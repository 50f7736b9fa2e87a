//! What all handlers share: the store, the daemon that they are part of, and who may do what.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, watch};
use tokio::time::Instant;

use super::access::Access;
use super::turns::Turns;
use crate::config::Config;
use crate::measure::Spread;
use crate::model::{SinkId, Timestamp};
use crate::notify::End;
use crate::store::Store;

/// Streams of events at a time.
const STREAMS: usize = 32;

/// What handlers see of the daemon that they are part of.
pub trait Daemon: Send + Sync + 'static {
    /// The configuration in force.
    fn config(&self) -> Arc<Config>;

    /// How it is doing.
    fn vitals(&self) -> Vitals;

    /// Changes when there may be new mentions.
    fn news(&self) -> watch::Receiver<u64>;

    /// There are deliveries that are due now.
    fn deliver(&self);
}

/// How the daemon is doing, since its start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vitals {
    /// How long ago the main loop last said that it is alive.
    pub silent_for: Duration,
    /// What is this worker's of the work, where there are several.
    pub share: Option<WorkShare>,
    /// How long the feed that is due first is overdue.
    pub overdue: Duration,
    /// Feeds that are polled.
    pub feeds: u64,
    /// Feeds that are due.
    pub due: u64,
    /// Feeds whose last poll failed.
    pub failing: u64,
    /// Polls, by how they ended.
    pub polls: Vec<(&'static str, u64)>,
    /// How long polls took.
    pub poll_time: Spread,
    /// New entries.
    pub entries: u64,
    /// Alerts that were made.
    pub alerts: u64,
    /// Attempts to deliver, by sink and by how they ended.
    pub attempts: Vec<(SinkId, End, u64)>,
    /// How long attempts took.
    pub attempt_time: Spread,
    /// When it was last looked whether a topic is mentioned far more than usual.
    pub looked_for_spikes: Option<Timestamp>,
}

/// What is one worker's of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkShare {
    /// Shards of hosts that it holds.
    pub shards: usize,
    /// Sinks that it serves.
    pub sinks: usize,
    /// Whether its lease runs.
    pub is_leased: bool,
}

/// What all handlers share.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The daemon.
    pub daemon: Arc<dyn Daemon>,
    /// Who may do what.
    pub access: Arc<Access>,
    /// Places for streams.
    pub streams: Arc<Semaphore>,
    /// For answers that take long or much memory.
    pub turns: Turns,
    /// When the database was last seen to be writable.
    pub written: Arc<Mutex<Option<Instant>>>,
    /// When the daemon began to answer.
    pub started: Timestamp,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(store: Store, daemon: Arc<dyn Daemon>, access: Access) -> Self {
        Self {
            store,
            daemon,
            access: Arc::new(access),
            streams: Arc::new(Semaphore::new(STREAMS)),
            turns: Turns::default(),
            written: Arc::default(),
            started: Timestamp::now(),
        }
    }

    /// Streams that are open.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        STREAMS.saturating_sub(self.streams.available_permits())
    }
}
