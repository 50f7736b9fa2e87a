//! What every poll needs, and the part of it that a reload replaces.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use tokio::sync::{Notify, Semaphore, watch};

use super::connectivity::Connectivity;
use super::finder::Routes;
use super::pauses::Pauses;
use super::status::Status;
use crate::config::{Config, FetchConfig};
use crate::fetch::{self, FetchError, Fetcher, Robots};
use crate::fleet::Hold;
use crate::matching::{CompileError, Matcher};
use crate::push::Subscriber;
use crate::schedule;
use crate::store::{Call, Committed, Store};

/// A configuration made ready for work. Never changes; a reload makes another one.
#[derive(Debug)]
pub struct Live {
    /// The configuration it was made from.
    pub config: Arc<Config>,
    /// All topics, compiled.
    pub matcher: Matcher,
    /// The HTTP client with the configured limits.
    pub fetcher: Fetcher,
    /// The bounds on waiting between polls.
    pub policy: schedule::Policy,
    /// Where alerts go.
    pub routes: Routes,
}

/// Why a configuration can't be put to work.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The topics can't be compiled.
    #[error("the topics can't be compiled: {0}")]
    Topics(#[from] CompileError),
    /// There is no HTTP client to be had.
    #[error("the HTTP client can't be set up: {0}")]
    Client(#[from] FetchError),
}

impl Live {
    /// Compiles the topics and builds the HTTP client.
    ///
    /// # Errors
    /// [`LiveError`] when one of them can't be made.
    pub fn new(config: Config) -> Result<Self, LiveError> {
        let matcher = Matcher::share(Arc::clone(&config.topics))?;
        let fetcher = Fetcher::new((&config.fetch).into())?;
        let policy = schedule::Policy {
            min_interval: config.schedule.min_interval,
            max_interval: config.schedule.max_interval,
            jitter: config.schedule.jitter,
        };
        let routes = Routes::new(&config.topics, &config);
        Ok(Self {
            config: Arc::new(config),
            matcher,
            fetcher,
            policy,
            routes,
        })
    }
}

/// What all polls share.
#[derive(Debug)]
pub struct Engine {
    /// The database.
    pub store: Store,
    /// Counters for people.
    pub status: Arc<Status>,
    /// What of the work is this worker's.
    pub hold: Hold,
    live: RwLock<Arc<Live>>,
    /// When hosts may be asked, where that is not soon after a poll has begun.
    pub(super) pauses: Pauses,
    /// What sites say about robots.
    pub(super) robots: Robots,
    /// Bounds the documents that are parsed and matched at the same time.
    pub(super) parsing: Semaphore,
    pub(super) connectivity: Mutex<Connectivity>,
    wake: watch::Sender<u64>,
    news: watch::Sender<u64>,
    /// The subscriptions, where feeds may be pushed.
    push: OnceLock<Subscriber>,
    push_wake: Notify,
    page_wake: Notify,
}

impl Engine {
    /// Puts the parts together.
    #[must_use]
    pub fn new(store: Store, live: Live) -> Arc<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let connectivity = Connectivity::new(&live.config.feeds);
        let hold = if store.is_shared() {
            Hold::shared()
        } else {
            Hold::default()
        };
        Arc::new(Self {
            store,
            hold,
            status: Arc::default(),
            pauses: Pauses::default(),
            robots: Robots::new(),
            live: RwLock::new(Arc::new(live)),
            parsing: Semaphore::new(cores),
            connectivity: Mutex::new(connectivity),
            wake: watch::channel(0).0,
            news: watch::channel(0).0,
            push: OnceLock::new(),
            push_wake: Notify::new(),
            page_wake: Notify::new(),
        })
    }

    /// Closes the database, of which the subscriptions hold a handle too.
    pub fn close(self) {
        let Self { store, push, .. } = self;
        drop(push);
        store.close();
    }

    /// The configuration in force.
    #[must_use]
    pub fn live(&self) -> Arc<Live> {
        self.live
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts another configuration in force; polls under way end with the one they began with.
    pub(super) fn replace(&self, live: Live) {
        let connectivity = Connectivity::new(&live.config.feeds);
        *self
            .connectivity
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = connectivity;
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
    }

    /// Tells those who wait for it what was committed.
    pub(super) fn tell(&self, committed: &Committed) {
        if committed.delivers() {
            self.wake_notifier();
            self.store.call(Call::Deliveries);
        }
        if committed.pages > 0 {
            self.store.call(Call::Pages);
        }
        if committed.mentions > 0 {
            self.news
                .send_modify(|generation| *generation = generation.wrapping_add(1));
        }
    }

    /// Changes whenever there are new mentions.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Tells the notifier that there are new deliveries.
    pub(super) fn wake_notifier(&self) {
        self.wake
            .send_modify(|generation| *generation = generation.wrapping_add(1));
    }

    /// From now on polls tell the subscriptions what they find.
    pub(super) fn follow_push(&self, subscriber: Subscriber) {
        // Set once, at the start.
        let _ = self.push.set(subscriber);
    }

    /// The subscriptions, where feeds may be pushed.
    pub(super) fn push(&self) -> Option<&Subscriber> {
        self.push.get()
    }

    /// Tells whoever asks hubs to look at what is due.
    pub(super) fn wake_push(&self) {
        self.push_wake.notify_one();
    }

    /// Waits for [`Engine::wake_push`].
    pub(super) async fn push_woken(&self) {
        self.push_wake.notified().await;
    }

    /// Tells the scheduler that there are pages to read that it does not know of.
    pub(super) fn want_pages(&self) {
        self.page_wake.notify_one();
    }

    /// Waits for [`Engine::want_pages`].
    pub(super) async fn pages_wanted(&self) {
        self.page_wake.notified().await;
    }

    /// Changes whenever there are new deliveries.
    pub(super) fn wakes(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }
}

impl From<&FetchConfig> for fetch::Settings {
    fn from(limits: &FetchConfig) -> Self {
        Self {
            user_agent: fetch::user_agent(limits.contact.as_deref()),
            connect_timeout: limits.connect_timeout,
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            total_timeout: limits.total_timeout,
            max_body: limits.max_body,
            max_redirects: limits.max_redirects,
            idle_per_host: limits.per_host,
            proxy: limits.proxy.clone(),
            ports: limits.ports.clone(),
        }
    }
}
