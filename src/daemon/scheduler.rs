//! The due queue at work: which polls are under way, and what to do when one ends.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinSet};
use tracing::error;

use super::poll::{PollError, Polled, poll, wished};
use super::{Engine, Live};
use crate::config::FetchConfig;
use crate::model::{Feed, FeedId, Timestamp};
use crate::schedule::{Limits, Place, Queue, policy};
use crate::store::{FeedRow, PollStatus, Registered, StoreError};

/// How often the feeds that are due are counted for people.
const COUNT_EVERY: Duration = Duration::from_millis(500);
/// How long a feed rests when its poll could not be recorded, at least; `min_interval`, which guards
/// the publisher, is usually longer.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// The clock counts as set back from here on; less is the ordinary work of time synchronisation.
const CLOCK_STEP: Duration = Duration::from_mins(1);

/// Feeds, their times, and the polls under way.
#[derive(Debug)]
pub struct Scheduler {
    engine: Arc<Engine>,
    queue: Queue<FeedId>,
    feeds: HashMap<FeedId, (Arc<Feed>, FeedRow)>,
    polls: JoinSet<Result<Polled, PollError>>,
    under_way: HashMap<Id, Arc<Feed>>,
    failing: HashSet<FeedId>,
    store_is_down: bool,
    /// When the feeds that are due were last counted.
    counted: Instant,
    /// Both clocks at the last launch, to notice when the system's is set back.
    clocks: (Instant, Timestamp),
}

/// A poll that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The feed.
    pub feed: FeedId,
    /// How it ended; an error in words when it could not be recorded.
    pub result: Result<Polled, String>,
}

impl Scheduler {
    /// A scheduler without feeds.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        let limits = limits(&engine.live().config.fetch);
        Self {
            queue: Queue::new(limits),
            engine,
            feeds: HashMap::new(),
            polls: JoinSet::new(),
            under_way: HashMap::new(),
            failing: HashSet::new(),
            store_is_down: false,
            counted: Instant::now(),
            clocks: (Instant::now(), Timestamp::now()),
        }
    }

    /// Takes over the feeds of the configuration in force: new ones get their first poll, known
    /// ones keep their times, those that are no longer configured are forgotten.
    ///
    /// # Errors
    /// What the database says; then nothing has changed.
    pub async fn take_over(&mut self, live: &Live) -> Result<(), StoreError> {
        let registered = self.engine.store.register_feeds(&live.config.feeds).await?;
        let now = Timestamp::now();
        let new = registered.iter().filter(|r| r.next_poll.is_none()).count();
        let first =
            |feed: &Feed| policy::first_poll(now, new, wished(feed.interval), fastrand::f64());
        self.adopt(live, registered, |feed, known| {
            // Times that a wrong clock made may lie years ahead.
            let believed = known.last_poll.is_none_or(|last| last <= now + CLOCK_STEP);
            let next = known.next_poll.filter(|_| believed);
            (!known.gone).then(|| next.unwrap_or_else(|| first(feed)))
        });
        Ok(())
    }

    /// Makes the chosen feeds due now, those whose server asked for patience excepted. Returns
    /// those with the time until which they are left alone.
    pub fn all_now(
        &mut self,
        live: &Live,
        registered: Vec<Registered>,
        gone_too: bool,
    ) -> Vec<(FeedId, Timestamp)> {
        let now = Timestamp::now();
        // No wish is believed for longer, so a later time comes from a wrong clock.
        let latest = now + policy::MAX_RETRY_AFTER;
        let waiting = |known: &Registered| known.wait_until.filter(|at| *at > now && *at <= latest);
        let left_alone: Vec<_> = registered
            .iter()
            .filter_map(|known| Some((known.id.clone(), waiting(known)?)))
            .collect();
        self.adopt(live, registered, |_, known| {
            (waiting(known).is_none() && (gone_too || !known.gone)).then_some(now)
        });
        left_alone
    }

    fn adopt(
        &mut self,
        live: &Live,
        registered: Vec<Registered>,
        due: impl Fn(&Feed, &Registered) -> Option<Timestamp>,
    ) {
        self.queue.set_limits(limits(&live.config.fetch));
        let configured: HashMap<_, _> = live.config.feeds.iter().map(|f| (&f.id, f)).collect();
        let mut feeds = HashMap::with_capacity(registered.len());
        for known in registered {
            let Some(&feed) = configured.get(&known.id) else {
                continue;
            };
            if let Some(at) = due(feed, &known) {
                self.queue
                    .schedule(known.id.clone(), &Place::of(&feed.url), at);
            }
            feeds.insert(known.id, (Arc::new(feed.clone()), known.row));
        }
        for id in self.feeds.keys().filter(|id| !feeds.contains_key(id)) {
            self.queue.remove(id);
            self.failing.remove(id);
        }
        self.feeds = feeds;
        self.engine.status.feeds.store(self.queue.len(), Relaxed);
    }

    /// Starts every poll that is due and allowed.
    pub fn launch(&mut self) {
        let now = Timestamp::now();
        self.mind_the_clock(now);
        let live = self.engine.live();
        while let Some(id) = self.queue.take(now) {
            let Some((feed, row)) = self.feeds.get(&id).cloned() else {
                self.queue.finish(&id, None);
                continue;
            };
            let (engine, live) = (self.engine.clone(), live.clone());
            let polled = feed.clone();
            let handle = self
                .polls
                .spawn(async move { poll(&engine, &live, &polled, row).await });
            self.under_way.insert(handle.id(), feed);
        }
        // Counting walks over all feeds, and people look once in a while only.
        if self.counted.elapsed() >= COUNT_EVERY {
            self.counted = Instant::now();
            self.engine.status.due.store(self.queue.due(now), Relaxed);
        }
    }

    /// Moves all times back with the clock, so that feeds keep their intervals when it was wrong.
    fn mind_the_clock(&mut self, now: Timestamp) {
        let (instant, then) = std::mem::replace(&mut self.clocks, (Instant::now(), now));
        let set_back = (then + instant.elapsed()).since(now);
        if set_back > CLOCK_STEP {
            tracing::warn!("the clock was set back by {set_back:.0?}; polls keep their intervals");
            self.queue.set_back(set_back);
        }
    }

    /// When the next feed is due; `None` when none waits.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.queue.next_due()
    }

    /// Whether polls are under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Waits for a poll to end and reschedules its feed, unless this is to be the last poll
    /// (`again` is false). `None` when no poll is under way. Cancel safe.
    pub async fn ended(&mut self, again: bool) -> Option<Ended> {
        let (task, result) = match self.polls.join_next_with_id().await? {
            Ok((task, result)) => (task, result),
            Err(panic) => (panic.id(), Err(PollError::Broken(panic.to_string()))),
        };
        let polled_feed = self.under_way.remove(&task)?;
        let feed = polled_feed.id.clone();
        let next = match &result {
            Ok(polled) => {
                if self.store_is_down {
                    self.store_is_down = false;
                    tracing::info!("the database can be written again");
                }
                self.note_health(&feed, polled);
                polled.next_poll
            }
            // Nothing was recorded, so the feed is still due; but not at once.
            Err(problem) => {
                if !self.store_is_down {
                    error!(
                        feed = feed.as_str(),
                        "a poll could not be recorded: {problem}"
                    );
                }
                self.store_is_down |= matches!(problem, PollError::Store(_));
                let pause = self.engine.live().policy.min_interval.max(STORE_PAUSE);
                Some(Timestamp::now() + pause.mul_f64(1.0 + fastrand::f64()))
            }
        };
        self.queue.finish(&feed, None);
        if again && let Some((current, _)) = self.feeds.get(&feed) {
            // The URL may have changed with a reload during the poll, which then was not recorded.
            let replaced = current.url != polled_feed.url;
            if let Some(at) = if replaced {
                Some(Timestamp::now())
            } else {
                next
            } {
                self.queue
                    .schedule(feed.clone(), &Place::of(&current.url), at);
            }
        }
        self.engine.status.feeds.store(self.queue.len(), Relaxed);
        let result = result.map_err(|error| error.to_string());
        Some(Ended { feed, result })
    }

    fn note_health(&mut self, feed: &FeedId, polled: &Polled) {
        match polled.status {
            PollStatus::Failed { .. } | PollStatus::Throttled { .. } => {
                self.failing.insert(feed.clone());
            }
            _ => {
                self.failing.remove(feed);
            }
        }
        self.engine
            .status
            .failing
            .store(self.failing.len(), Relaxed);
    }

    /// Cuts off the polls that are still under way.
    pub async fn abort(&mut self) {
        self.polls.shutdown().await;
        self.under_way.clear();
    }
}

/// The owner's bounds on polls under way.
fn limits(fetch: &FetchConfig) -> Limits {
    Limits {
        total: fetch.concurrency,
        per_host: fetch.per_host,
        per_domain: fetch.concurrency,
        host_pause: Duration::ZERO,
    }
}
