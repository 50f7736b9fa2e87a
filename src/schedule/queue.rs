//! The due queue: which feed is polled now, with bounds in all, per host and per domain.
//!
//! Feeds wait in order of their time. One that is due stands in its host's own line and is let go
//! when the bounds and the host's pause allow it; hosts and domains take turns, so that ten
//! thousand feeds of one slow host or domain never stand in front of another's. The caller takes
//! ([`Queue::take`]) until there is nothing to take, sleeps until [`Queue::next_due`] or until a
//! poll ends, and tells the end ([`Queue::finish`]). A poll that bothers its host no more but is not
//! over may give its place to another before ([`Queue::fetched`]).

mod lines;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use self::lines::Lines;
use super::Place;
use crate::model::Timestamp;

/// How much may go on at once. A bound of 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Polls that are fetching at most, in all.
    pub total: usize,
    /// Polls that are fetching at most on one host (name and port).
    pub per_host: usize,
    /// Polls that are fetching at most on all hosts of one registered domain.
    pub per_domain: usize,
    /// Polls that have fetched and are not over at most, in all; when there are so many, none begins.
    pub fetched: usize,
    /// The time between the starts of two polls on one host, at least.
    pub host_pause: Duration,
}

impl Limits {
    fn at_least_one(self) -> Self {
        Self {
            total: self.total.max(1),
            per_host: self.per_host.max(1),
            per_domain: self.per_domain.max(1),
            fetched: self.fetched.max(1),
            host_pause: self.host_pause,
        }
    }
}

/// Feeds in order of their next poll. `K` names a feed.
#[derive(Debug)]
pub struct Queue<K> {
    limits: Limits,
    /// Polls under way, and how many of them are fetching.
    running: usize,
    fetching: usize,
    feeds: HashMap<K, Slot>,
    /// Feeds that wait for their time; the number keeps those of one time apart and in order.
    waiting: BTreeMap<(Timestamp, u64), K>,
    lines: Lines<K>,
    next_number: u64,
}

#[derive(Debug)]
struct Slot {
    host: Arc<str>,
    state: State,
    /// Whether a poll under way has a place on its host.
    fetching: bool,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum State {
    Waiting {
        due: Timestamp,
        number: u64,
    },
    /// Due, and in its host's line.
    Held {
        due: Timestamp,
        turn: u64,
    },
    Running,
    /// Removed while running: forgotten when the poll ends.
    Leaving,
}

impl<K: Clone + Eq + Hash> Queue<K> {
    /// An empty queue with these bounds.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let limits = limits.at_least_one();
        Self {
            limits,
            running: 0,
            fetching: 0,
            feeds: HashMap::new(),
            waiting: BTreeMap::new(),
            lines: Lines::new(limits),
            next_number: 0,
        }
    }

    /// Sets new bounds; polls under way are not touched.
    pub fn set_limits(&mut self, limits: Limits) {
        let limits = limits.at_least_one();
        self.limits = limits;
        self.lines.set_limits(limits);
    }

    /// Adds a feed, or moves it to another time or place. A feed that is being polled right now is
    /// left alone, but stays when it was about to leave. One that stands in its host's line keeps
    /// its turn, unless it is to be polled later or elsewhere.
    pub fn schedule(&mut self, feed: K, place: &Place<'_>, due: Timestamp) {
        if let Some(slot) = self.feeds.get_mut(&feed) {
            match slot.state {
                State::Running | State::Leaving => {
                    slot.state = State::Running;
                    return;
                }
                State::Held { due: since, .. } if due <= since && *slot.host == *place.host() => {
                    return;
                }
                State::Held { .. } | State::Waiting { .. } => self.forget(&feed),
            }
        }
        let host = self.lines.enter(place);
        let state = self.wait(feed.clone(), due);
        let slot = Slot {
            host,
            state,
            fetching: false,
        };
        self.feeds.insert(feed, slot);
    }

    /// Moves a feed that waits to this time, unless it is due later.
    pub fn not_before(&mut self, feed: &K, place: &Place<'_>, at: Timestamp) {
        let due = self.feeds.get(feed).and_then(|slot| match slot.state {
            State::Waiting { due, .. } | State::Held { due, .. } => Some(due),
            State::Running | State::Leaving => None,
        });
        if due.is_some_and(|due| due < at) {
            self.schedule(feed.clone(), place, at);
        }
    }

    /// Removes a feed. One that is being polled is forgotten when its poll ends.
    pub fn remove(&mut self, feed: &K) {
        let Some(slot) = self.feeds.get_mut(feed) else {
            return;
        };
        match slot.state {
            State::Running | State::Leaving => slot.state = State::Leaving,
            State::Waiting { .. } | State::Held { .. } => self.forget(feed),
        }
    }

    /// Takes the next feed to poll, if one is due and the bounds allow it. The caller must
    /// [`finish`](Self::finish) it.
    pub fn take(&mut self, now: Timestamp) -> Option<K> {
        if self.is_full() {
            return None;
        }
        self.lines.wake(now);
        while let Some((key, _)) = self.waiting.first_key_value()
            && key.0 <= now
            && let Some(((due, _), feed)) = self.waiting.pop_first()
        {
            if let Some(slot) = self.feeds.get_mut(&feed) {
                let turn = self.lines.hold(&slot.host, feed, now);
                slot.state = State::Held { due, turn };
            }
        }
        let feed = self.lines.start(now)?;
        self.running += 1;
        self.fetching += 1;
        if let Some(slot) = self.feeds.get_mut(&feed) {
            slot.state = State::Running;
            slot.fetching = true;
        }
        Some(feed)
    }

    /// The poll bothers its host no more: another may take its place there. It still is under way.
    pub fn fetched(&mut self, feed: &K) {
        if let Some(slot) = self.feeds.get_mut(feed)
            && std::mem::take(&mut slot.fetching)
        {
            self.fetching -= 1;
            self.lines.end(&slot.host);
        }
    }

    fn is_full(&self) -> bool {
        self.fetching >= self.limits.total || self.running - self.fetching >= self.limits.fetched
    }

    /// Ends the poll of a feed and sets its next time; `None` when it is not to be polled again
    /// (it is gone).
    pub fn finish(&mut self, feed: &K, next: Option<Timestamp>) {
        let Some(slot) = self.feeds.get(feed) else {
            return;
        };
        let next = match slot.state {
            State::Running => next,
            State::Leaving => None,
            State::Waiting { .. } | State::Held { .. } => return,
        };
        self.fetched(feed);
        self.running -= 1;
        match next {
            Some(due) => {
                let state = self.wait(feed.clone(), due);
                if let Some(slot) = self.feeds.get_mut(feed) {
                    slot.state = state;
                }
            }
            None => self.forget(feed),
        }
    }

    /// When [`take`](Self::take) may have something that it has not now: the next feed is due, or
    /// a host's pause is over. `None` when only the end of a poll can help, or nothing waits.
    ///
    /// Once `take` has returned `None` at a time, this is later than that time, so a caller that
    /// sleeps until then never spins.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.is_full() {
            return None;
        }
        let due = self.waiting.first_key_value().map(|((due, _), _)| *due);
        due.into_iter().chain(self.lines.next()).min()
    }

    /// Moves the times of all waiting feeds, and of the hosts' pauses, back by as much as the
    /// clock was.
    pub fn set_back(&mut self, by: Duration) {
        let waiting = std::mem::take(&mut self.waiting);
        let moved = waiting
            .into_iter()
            .map(|((due, number), feed)| ((due - by, number), feed));
        self.waiting = moved.collect();
        for slot in self.feeds.values_mut() {
            if let State::Waiting { due, .. } | State::Held { due, .. } = &mut slot.state {
                *due = *due - by;
            }
        }
        self.lines.set_back(by);
    }

    /// How many feeds are due at `now` and not yet being polled. Walks over those that became due
    /// since the last [`take`](Self::take).
    #[must_use]
    pub fn due(&self, now: Timestamp) -> usize {
        self.lines.held() + self.waiting.range(..=(now, u64::MAX)).count()
    }

    /// How many polls are under way, those that have fetched too.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running
    }

    /// How many feeds the queue knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.feeds.len()
    }

    /// Whether the queue knows no feed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.feeds.is_empty()
    }

    fn wait(&mut self, feed: K, due: Timestamp) -> State {
        let number = self.next_number;
        self.next_number += 1;
        self.waiting.insert((due, number), feed);
        State::Waiting { due, number }
    }

    /// Forgets a feed, wherever it waits.
    fn forget(&mut self, feed: &K) {
        let Some(slot) = self.feeds.remove(feed) else {
            return;
        };
        match slot.state {
            State::Waiting { due, number } => {
                self.waiting.remove(&(due, number));
            }
            State::Held { turn, .. } => self.lines.release(&slot.host, turn),
            State::Running | State::Leaving => {}
        }
        self.lines.leave(&slot.host);
    }
}
