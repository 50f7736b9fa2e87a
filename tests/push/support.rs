//! A subscriber with a database of its own, and its door on a free port.

use std::sync::Arc;
use std::time::Duration;

use mentiond::fetch::{Fetcher, Settings, user_agent};
use mentiond::model::{Feed, FeedId, Timestamp};
use mentiond::push::callback::{Counts, Limits, Pushed, router};
use mentiond::push::keys::Keys;
use mentiond::push::{Followed, Subscriber, Target};
use mentiond::store::{FeedRow, Store};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::Url;

/// Bounds that no honest hub comes near.
pub const LIMITS: Limits = Limits {
    max_body: 10_000,
    body_timeout: Duration::from_secs(20),
    concurrent: 16,
    held: 1 << 20,
};

/// Long enough for a loaded machine; nothing waits for it unless it fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Reader {
    pub subscriber: Subscriber,
    pub store: Store,
    pub fetcher: Fetcher,
    pub feed: FeedRow,
    pub queue: mpsc::Receiver<Pushed>,
    pub counts: Arc<Counts>,
    pub public_url: Url,
    pub folder: TempDir,
    pub followed: Followed,
}

pub fn fetcher() -> Fetcher {
    Fetcher::new(Settings {
        user_agent: user_agent(None),
        connect_timeout: Duration::from_secs(20),
        header_timeout: Duration::from_secs(20),
        idle_timeout: Duration::from_secs(20),
        total_timeout: Duration::from_mins(1),
        max_body: 1 << 20,
        max_redirects: 5,
        idle_per_host: 2,
        proxy: None,
        ports: Vec::new(),
    })
    .unwrap()
}

impl Reader {
    /// A subscriber that follows one feed, on the loopback interface by its owner's leave.
    pub async fn start(limits: Limits, queue: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("db");
        let store = Store::open(&database).unwrap();
        let url: Url = "http://127.0.0.1/feed".parse().unwrap();
        let feed = Feed::new(FeedId::new("one").unwrap(), url.clone());
        let feed = store
            .register_feeds(&[feed], Timestamp::now())
            .await
            .unwrap()[0]
            .row;
        let keys = Keys::beside(&database).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let public_url: Url = format!("http://{}/below/", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let subscriber = Subscriber::open(store.clone(), keys, &public_url)
            .await
            .unwrap();
        let (sender, queue) = mpsc::channel(queue);
        let (door, counts) = router(subscriber.clone(), sender, limits);
        // A proxy may put the door below a path of its own.
        let app = axum::Router::new().nest("/below", door);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let followed = Followed {
            feed,
            url,
            allow_private_addresses: true,
        };
        let now = Timestamp::now();
        subscriber
            .follow(vec![followed.clone()], now)
            .await
            .unwrap();
        Self {
            subscriber,
            store,
            fetcher: fetcher(),
            feed,
            queue,
            counts,
            public_url,
            folder,
            followed,
        }
    }

    /// Hears of a hub, and does what is due.
    pub async fn subscribe(&self, hub: &str) {
        self.hear(&[hub]).await;
        self.work(Timestamp::now()).await;
    }

    /// Hears of hubs for the one topic.
    pub async fn hear(&self, hubs: &[&str]) {
        let targets: Vec<Target> = hubs
            .iter()
            .map(|hub| Target {
                hub: hub.parse().unwrap(),
                topic: "http://127.0.0.1/feed?own=1".parse().unwrap(),
            })
            .collect();
        let now = Timestamp::now();
        self.subscriber
            .heard(self.feed, &targets, now)
            .await
            .unwrap();
    }

    /// Does what is due, and returns what hubs refused.
    pub async fn work(&self, now: Timestamp) -> Vec<String> {
        let mut refused = Vec::new();
        for action in self.subscriber.due(now) {
            let done = self.subscriber.perform(&self.fetcher, action, now).await;
            refused.extend(done.err().map(|error| error.to_string()));
        }
        refused
    }

    /// Each subscription's hub and state, as the store has them.
    pub async fn states(&self) -> Vec<(String, String)> {
        let rows = self.store.subscriptions().await.unwrap();
        rows.into_iter().map(|row| (row.hub, row.state)).collect()
    }

    /// The state of the only one.
    pub async fn state(&self) -> String {
        let states = self.states().await;
        assert_eq!(states.len(), 1, "{states:?}");
        states[0].1.clone()
    }
}
