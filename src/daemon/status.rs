//! Counters for people: the status line, summaries.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::poll::Polled;
use crate::measure::Histogram;
use crate::model::Timestamp;
use crate::store::{Committed, PollStatus};

/// What happened since the start. Cheap to update from every poll.
#[derive(Debug, Default)]
pub struct Status {
    /// Feeds that are configured and not gone.
    pub feeds: AtomicUsize,
    /// Feeds that are due and not yet being polled.
    pub due: AtomicUsize,
    /// Feeds whose last poll failed.
    pub failing: AtomicUsize,
    /// When the feed that is due first is or was due, in milliseconds since the epoch; 0 when none is.
    next_due: AtomicI64,
    /// When it was last looked for spikes, in milliseconds since the epoch; 0 before.
    looked_for_spikes: AtomicI64,
    /// When the main loop last said that it is alive.
    alive: Mutex<Option<Instant>>,
    /// How long polls took.
    pub(super) took: Histogram,
    polled: AtomicU64,
    changed: AtomicU64,
    not_modified: AtomicU64,
    throttled: AtomicU64,
    gone: AtomicU64,
    failed: AtomicU64,
    entries: AtomicU64,
    mentions: AtomicU64,
    alerts: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Feeds that are configured and not gone.
    pub feeds: usize,
    /// Feeds that are due.
    pub due: usize,
    /// Feeds whose last poll failed.
    pub failing: usize,
    /// Polls made.
    pub polled: u64,
    /// Polls that read a new document.
    pub changed: u64,
    /// Polls that found nothing new.
    pub not_modified: u64,
    /// Polls that were asked for patience.
    pub throttled: u64,
    /// Polls that were told that the feed is gone.
    pub gone: u64,
    /// Polls that failed.
    pub failed: u64,
    /// New entries.
    pub entries: u64,
    /// Mentions.
    pub mentions: u64,
    /// Alerts.
    pub alerts: u64,
}

impl Status {
    pub(super) fn count(&self, polled: &Polled) {
        self.polled.fetch_add(1, Relaxed);
        self.took.observe(polled.took);
        let outcome = match polled.status {
            PollStatus::Ok => &self.changed,
            PollStatus::NotModified => &self.not_modified,
            PollStatus::Throttled { .. } => &self.throttled,
            PollStatus::Gone => &self.gone,
            PollStatus::Failed { .. } => &self.failed,
        };
        outcome.fetch_add(1, Relaxed);
        self.entries
            .fetch_add(polled.committed.new_entries as u64, Relaxed);
        self.mentions
            .fetch_add(polled.committed.mentions as u64, Relaxed);
        self.alerts
            .fetch_add(polled.committed.alerts as u64, Relaxed);
    }

    pub(super) fn count_push(&self, committed: &Committed) {
        self.entries
            .fetch_add(committed.new_entries as u64, Relaxed);
        self.count_page(committed);
    }

    pub(super) fn count_page(&self, committed: &Committed) {
        self.mentions.fetch_add(committed.mentions as u64, Relaxed);
        self.alerts.fetch_add(committed.alerts as u64, Relaxed);
    }

    /// It was looked for spikes at this time, and so many were told.
    pub(super) fn count_spikes(&self, told: usize, at: Timestamp) {
        self.alerts.fetch_add(told as u64, Relaxed);
        self.looked_for_spikes.store(at.as_millis(), Relaxed);
    }

    /// When it was last looked for spikes.
    pub(super) fn looked_for_spikes(&self) -> Option<Timestamp> {
        let at = Timestamp::from_millis(self.looked_for_spikes.load(Relaxed));
        (at != Timestamp::default()).then_some(at)
    }

    /// The main loop is alive.
    pub(super) fn beat(&self) {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        *alive = Some(Instant::now());
    }

    /// How long ago the main loop last said that it is alive; no time before it has begun.
    pub(super) fn silent_for(&self) -> Duration {
        let alive = *self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive.map(|at| at.elapsed()).unwrap_or_default()
    }

    /// Notes when the feed that is due first is due.
    pub(super) fn set_next_due(&self, at: Option<Timestamp>) {
        let at = at.map(Timestamp::as_millis).unwrap_or_default();
        self.next_due.store(at, Relaxed);
    }

    /// By how much that feed is overdue.
    pub(super) fn overdue(&self, now: Timestamp) -> Duration {
        match self.next_due.load(Relaxed) {
            0 => Duration::ZERO,
            at => now.since(Timestamp::from_millis(at)),
        }
    }

    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            feeds: self.feeds.load(Relaxed),
            due: self.due.load(Relaxed),
            failing: self.failing.load(Relaxed),
            polled: self.polled.load(Relaxed),
            changed: self.changed.load(Relaxed),
            not_modified: self.not_modified.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
            gone: self.gone.load(Relaxed),
            failed: self.failed.load(Relaxed),
            entries: self.entries.load(Relaxed),
            mentions: self.mentions.load(Relaxed),
            alerts: self.alerts.load(Relaxed),
        }
    }
}
