//! News that comes by itself: the subscriptions, the routes for hubs, and what is pushed.
//!
//! Runs beside the main loop as tasks of its own, so that no hub can hold up a poll. Without a
//! `public_url` there is none of it, and feeds are polled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::warn;

use super::Engine;
use super::pushed::pushed;
use crate::model::{Feed, Timestamp};
use crate::push::callback::{self, Limits, Pushed};
use crate::push::keys::{KeyError, Keys};
use crate::push::{Followed, PushError, Subscriber};
use crate::store::FeedRow;

/// Contents that wait to be read: so many small ones, or as many large ones as [`LARGEST_HELD`] says.
const QUEUE: usize = 1024;
/// As many bodies of the largest size may be received or wait at a time.
const LARGEST_HELD: usize = 32;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests of hubs that are served at a time.
const CONCURRENT: usize = 64;
/// Clocks get set, so what is due is looked for at least this often.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Hubs are asked so many at a time.
const AT_A_TIME: usize = 8;
/// Contents that are read at a time. Mostly they wait for their commit, which they share.
const READ_AT_A_TIME: usize = 64;
/// How long pushed content that is being read may take to end at a stop.
const LAST: Duration = Duration::from_secs(5);

/// Why push can't be had.
#[derive(Debug, thiserror::Error)]
pub enum PushStartError {
    /// There is no key for callbacks and secrets.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The subscriptions can't be taken up.
    #[error(transparent)]
    Push(#[from] PushError),
}

/// Push at work. Ends when dropped.
#[derive(Debug)]
pub struct Push {
    subscriber: Subscriber,
    feeds: Arc<Mutex<HashMap<FeedRow, Arc<Feed>>>>,
    /// Whoever asks hubs.
    tasks: JoinSet<()>,
    reader: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Push {
    /// Takes up the subscriptions, if there is a public address, and gives the routes for hubs. The `feeds`
    /// are known before the first hub is heard, so that nothing pushed at once is lost. Hubs are asked at
    /// once, so the listener must be bound by then.
    ///
    /// # Errors
    /// [`PushStartError`]: the owner asked for push, and it can't be had.
    pub async fn start(
        engine: &Arc<Engine>,
        feeds: HashMap<FeedRow, Arc<Feed>>,
    ) -> Result<Option<(Self, Router)>, PushStartError> {
        let live = engine.live();
        let Some(public_url) = &live.config.web.public_url else {
            return Ok(None);
        };
        let keys = Keys::of(&live.config.database)?;
        let subscriber = Subscriber::open(engine.store.clone(), keys, public_url).await?;
        engine.follow_push(subscriber.clone());

        let max_body = usize::try_from(live.config.fetch.max_body).unwrap_or(usize::MAX);
        let limits = Limits {
            max_body,
            body_timeout: BODY_TIMEOUT,
            concurrent: CONCURRENT,
            held: max_body.saturating_mul(LARGEST_HELD),
        };
        let (queue, pushed) = mpsc::channel(QUEUE);
        let (router, _) = callback::router(subscriber.clone(), queue, limits);
        let feeds = Arc::new(Mutex::new(feeds));
        let (stop, stopped) = oneshot::channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(ask_hubs(engine.clone(), subscriber.clone()));
        let reading = read_pushed(engine.clone(), Arc::clone(&feeds), pushed, stopped);
        let push = Self {
            subscriber,
            feeds,
            tasks,
            reader: tokio::spawn(reading),
            stop,
        };
        Ok(Some((push, router)))
    }

    /// Takes over the feeds of the configuration in force.
    pub async fn follow(&self, feeds: HashMap<FeedRow, Arc<Feed>>) {
        let followed = feeds.iter().filter(|(_, feed)| feed.push);
        let followed: Vec<_> = followed
            .map(|(row, feed)| Followed {
                feed: *row,
                url: feed.url.clone(),
                allow_private_addresses: feed.allow_private_addresses,
            })
            .collect();
        *self.feeds.lock().unwrap_or_else(PoisonError::into_inner) = feeds;
        if let Err(error) = self.subscriber.follow(followed, Timestamp::now()).await {
            warn!("subscriptions could not be taken over: {error}; they are at the next reload");
        }
    }

    /// Ends: nothing more is taken, and what is being read may end.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        // The reader may have ended already.
        let _ = self.stop.send(());
        if timeout(LAST, &mut self.reader).await.is_err() {
            self.reader.abort();
        }
    }
}

/// Asks hubs for what is due, for ever.
async fn ask_hubs(engine: Arc<Engine>, subscriber: Subscriber) {
    loop {
        let now = Timestamp::now();
        let mut asking = JoinSet::new();
        for action in subscriber.due(now) {
            while asking.len() >= AT_A_TIME {
                asking.join_next().await;
            }
            let (subscriber, live) = (subscriber.clone(), engine.live());
            asking.spawn(async move {
                let result = subscriber.perform(&live.fetcher, action, now).await;
                if let Err(error) = result {
                    warn!("push: {error}");
                }
            });
        }
        while asking.join_next().await.is_some() {}
        let now = Timestamp::now();
        let next = subscriber.next_due();
        let wait = next.map_or(LOOK_EVERY, |at| at.since(now).min(LOOK_EVERY));
        tokio::select! {
            // What is overdue and was not done just now waits a second, so that nothing spins.
            () = sleep(wait.max(Duration::from_secs(1))) => {}
            () = engine.push_woken() => {}
        }
    }
}

/// Reads what hubs push, some at a time, until told to stop.
async fn read_pushed(
    engine: Arc<Engine>,
    feeds: Arc<Mutex<HashMap<FeedRow, Arc<Feed>>>>,
    mut queue: mpsc::Receiver<Pushed>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut reading = JoinSet::new();
    loop {
        let room = reading.len() < READ_AT_A_TIME;
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            Some(_) = reading.join_next() => {}
            pushed = queue.recv(), if room => {
                let Some(pushed) = pushed else { break };
                let feed = {
                    let feeds = feeds.lock().unwrap_or_else(PoisonError::into_inner);
                    feeds.get(&pushed.feed).cloned()
                };
                let engine = engine.clone();
                match feed {
                    Some(feed) => {
                        reading.spawn(read(engine, feed, pushed));
                    }
                    // Hubs speak to whichever worker they reach.
                    None if engine.store.is_shared() => {
                        reading.spawn(async move {
                            if let Some(feed) = configured(&engine, pushed.feed).await {
                                read(engine, feed, pushed).await;
                            }
                        });
                    }
                    None => {}
                }
            }
        }
    }
    while reading.join_next().await.is_some() {}
}

/// A feed of the configuration that another worker polls.
async fn configured(engine: &Engine, row: FeedRow) -> Option<Arc<Feed>> {
    let state = match engine.store.feed_state(row).await {
        Ok(state) => state,
        Err(error) => {
            warn!("pushed content was not used: {error}");
            return None;
        }
    };
    let live = engine.live();
    let mut feeds = live.config.feeds.iter();
    let feed = feeds.find(|feed| feed.id.as_str() == state.name)?;
    Some(Arc::new(feed.clone()))
}

async fn read(engine: Arc<Engine>, feed: Arc<Feed>, content: Pushed) {
    let live = engine.live();
    if let Err(error) = pushed(&engine, &live, &feed, content).await {
        // The feed is polled as ever, so nothing is lost.
        warn!(
            feed = feed.id.as_str(),
            "pushed content was not used: {error}"
        );
    }
}
