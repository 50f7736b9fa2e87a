//! Counters for people: the status line, summaries.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::poll::Polled;
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
    polled: AtomicU64,
    changed: AtomicU64,
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
        match polled.status {
            PollStatus::Ok => self.changed.fetch_add(1, Relaxed),
            PollStatus::NotModified => 0,
            _ => self.failed.fetch_add(1, Relaxed),
        };
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

    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            feeds: self.feeds.load(Relaxed),
            due: self.due.load(Relaxed),
            failing: self.failing.load(Relaxed),
            polled: self.polled.load(Relaxed),
            changed: self.changed.load(Relaxed),
            failed: self.failed.load(Relaxed),
            entries: self.entries.load(Relaxed),
            mentions: self.mentions.load(Relaxed),
            alerts: self.alerts.load(Relaxed),
        }
    }
}
