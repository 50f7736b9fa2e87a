//! The due queue at work: which polls are under way, and what to do when one ends.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tracing::error;

use super::poll::{Polled, poll};
use super::{Engine, Live};
use crate::model::{Feed, FeedId, Timestamp};
use crate::schedule::{Queue, policy};
use crate::store::{FeedRow, PollStatus, Registered, StoreError};

/// How long a feed rests when its poll could not be recorded, at least; `min_interval`, which guards
/// the publisher, is usually longer.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// Feeds, their times, and the polls under way.
#[derive(Debug)]
pub struct Scheduler {
    engine: Arc<Engine>,
    queue: Queue<FeedId>,
    feeds: HashMap<FeedId, (Arc<Feed>, FeedRow)>,
    polls: JoinSet<Result<Polled, StoreError>>,
    under_way: HashMap<Id, FeedId>,
    failing: HashSet<FeedId>,
    store_is_down: bool,
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
        let limits = engine.live().config.fetch.clone();
        Self {
            queue: Queue::new(limits.concurrency, limits.per_host),
            engine,
            feeds: HashMap::new(),
            polls: JoinSet::new(),
            under_way: HashMap::new(),
            failing: HashSet::new(),
            store_is_down: false,
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
        let first = |feed: &Feed| policy::first_poll(now, new, feed.interval, fastrand::f64());
        self.adopt(live, registered, |feed, known| {
            (!known.gone).then(|| known.next_poll.unwrap_or_else(|| first(feed)))
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
        let waiting = |known: &Registered| known.wait_until.filter(|until| *until > now);
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
        let limits = &live.config.fetch;
        self.queue.set_limits(limits.concurrency, limits.per_host);
        let configured: HashMap<_, _> = live.config.feeds.iter().map(|f| (&f.id, f)).collect();
        let mut feeds = HashMap::with_capacity(registered.len());
        for known in registered {
            let Some(&feed) = configured.get(&known.id) else {
                continue;
            };
            if let Some(at) = due(feed, &known) {
                self.queue.schedule(known.id.clone(), host(feed), at);
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
        let live = self.engine.live();
        while let Some(id) = self.queue.take(now) {
            let Some((feed, row)) = self.feeds.get(&id).cloned() else {
                self.queue.finish(&id, None);
                continue;
            };
            let (engine, live) = (self.engine.clone(), live.clone());
            let handle = self
                .polls
                .spawn(async move { poll(&engine, &live, &feed, row).await });
            self.under_way.insert(handle.id(), id);
        }
        self.engine.status.due.store(self.queue.due(now), Relaxed);
    }

    /// When the next feed is due; `None` when none waits.
    pub fn next_due(&mut self) -> Option<Timestamp> {
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
            Ok((task, result)) => (task, result.map_err(|error| error.to_string())),
            Err(panic) => (panic.id(), Err(format!("the poll broke off: {panic}"))),
        };
        let feed = self.under_way.remove(&task)?;
        let next = match &result {
            Ok(polled) => {
                if self.store_is_down {
                    self.store_is_down = false;
                    tracing::info!("the database can be written again");
                }
                self.note_health(&feed, polled);
                polled.next_poll
            }
            Err(message) => {
                // Nothing was recorded, so the feed is still due; but not at once.
                if !self.store_is_down {
                    error!(
                        feed = feed.as_str(),
                        "a poll could not be recorded: {message}"
                    );
                }
                self.store_is_down = true;
                let pause = self.engine.live().policy.min_interval.max(STORE_PAUSE);
                Some(Timestamp::now() + pause.mul_f64(1.0 + fastrand::f64()))
            }
        };
        self.queue.finish(&feed, None);
        if again && let (Some(at), Some((current, _))) = (next, self.feeds.get(&feed)) {
            // The host may have changed with a reload during the poll.
            self.queue.schedule(feed.clone(), host(current), at);
        }
        self.engine.status.feeds.store(self.queue.len(), Relaxed);
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

/// What counts as one host for politeness: name and port.
fn host(feed: &Feed) -> &str {
    &feed.url[url::Position::BeforeHost..url::Position::AfterPort]
}
