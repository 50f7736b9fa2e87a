//! The demo: mentiond at work, on one machine, without a network, within seconds.
//!
//! [`run`] starts a [`publisher`] (a local server with a dozen bundled feeds in ten languages,
//! written for this project), a [`receiver`] (a webhook receiver that verifies signatures) and the
//! real daemon with the shipped topic pack between them, tells of each alert as it arrives, and
//! ends with a [`Summary`]. Nothing is simulated: the same code polls, matches, stores and
//! delivers as in the service.

mod publisher;
mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::config::{self, ConfigError, Environment};
use crate::daemon::{self, Command, DaemonError, Engine, Event, Live, LiveError};
use crate::notify::{Printer, Settled};
use crate::store::{FeedState, Store, StoreError};
use publisher::{FEEDS, Publisher};
pub use receiver::Received;
use receiver::Receiver;

/// The topic pack, as shipped, with the names in the languages of the demo's feeds.
const TOPICS: &str = concat!(
    include_str!("../../config/topics/sco.toml"),
    include_str!("../../config/topics/names/ar.toml"),
    include_str!("../../config/topics/names/en.toml"),
    include_str!("../../config/topics/names/fa.toml"),
    include_str!("../../config/topics/names/fr.toml"),
    include_str!("../../config/topics/names/hi.toml"),
    include_str!("../../config/topics/names/id.toml"),
    include_str!("../../config/topics/names/kk.toml"),
    include_str!("../../config/topics/names/ru.toml"),
    include_str!("../../config/topics/names/tr.toml"),
    include_str!("../../config/topics/names/zh-Hans.toml"),
);
/// A secret for the demo's own receiver; it protects nothing.
const SECRET: &str = "whsec_bWVudGlvbmQgZGVtbyBzZWNyZXQga2V5ISEh";
/// The demo ends after this time, whatever is still missing.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the demo tells while it runs.
#[derive(Debug)]
pub enum Told<'a> {
    /// Servers and daemon are up.
    Started {
        /// How many feeds are served.
        feeds: usize,
        /// The feed server's address.
        feed_server: String,
        /// The receiver's address.
        receiver: String,
    },
    /// The receiver got a request.
    Request(&'a Received),
    /// The live feed has published another entry.
    Published(usize),
}

/// What the demo came to.
#[derive(Debug)]
pub struct Summary {
    /// Everything the receiver got, in order.
    pub received: Vec<Received>,
    /// Where each feed stands at the end.
    pub feeds: Vec<FeedState>,
    /// Answers of the feed server by feed: full documents and 304s.
    pub answers: BTreeMap<String, (usize, usize)>,
    /// How long it took until the last alert was in.
    pub took: Duration,
    /// Alerts recorded in the database.
    pub alerts: u64,
    /// Deliveries that still wait.
    pub waiting: u64,
    /// Stories that stand in more than one feed.
    pub shared_stories: u64,
}

impl Summary {
    /// The alerts that were accepted, each once.
    #[must_use]
    pub fn accepted(&self) -> Vec<&Received> {
        let mut ids = BTreeSet::new();
        self.received
            .iter()
            .filter(|r| r.accepted() && ids.insert(&r.id))
            .collect()
    }

    /// What is not as it should be, in words; empty when all is well.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let accepted = self.accepted();
        let distinct = |of: fn(&Received) -> &str| {
            accepted
                .iter()
                .map(|r| of(r))
                .filter(|v| !v.is_empty())
                .collect::<BTreeSet<_>>()
                .len()
        };
        let mut faults = Vec::new();
        let mut expect = |good: bool, fault: String| {
            if !good {
                faults.push(fault);
            }
        };
        let (topics, languages) = (distinct(|r| &r.topic), distinct(|r| &r.language));
        expect(topics >= 10, format!("only {topics} topics were told"));
        expect(
            languages >= 8,
            format!("only {languages} languages were told"),
        );
        expect(
            self.waiting == 0,
            format!("{} deliveries still wait", self.waiting),
        );
        expect(
            accepted.len() as u64 == self.alerts,
            format!(
                "{} alerts were recorded, {} arrived",
                self.alerts,
                accepted.len()
            ),
        );
        let forged = self.received.iter().filter(|r| r.verified.is_err()).count();
        expect(forged == 0, format!("{forged} requests did not verify"));
        faults
    }
}

/// Why the demo could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A server could not be started, or a file not written.
    #[error("the demo needs a loopback address and a folder for its files: {0}")]
    Io(#[from] std::io::Error),
    /// The demo's configuration is wrong.
    #[error("the demo's configuration: {0}")]
    Config(#[from] ConfigError),
    /// The daemon could not be started.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The daemon failed.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Shows the demo with its files in `folder`.
///
/// # Errors
/// [`DemoError`] when servers or daemon can't be started.
pub async fn run(folder: &Path, mut tell: impl FnMut(Told<'_>)) -> Result<Summary, DemoError> {
    let began = Instant::now();
    let server = Publisher::start().await?;
    let (hook, mut arrivals) = Receiver::start(SECRET).await?;
    write_configuration(folder, &server, &hook)?;
    let config = config::load(&folder.join("mentiond.toml"), &Environment::default())?;
    let store = Store::open(&config.database)?;
    let engine = Engine::new(store, Live::new(config)?);
    let (commands, received_commands) = mpsc::channel(1);
    let service = {
        let engine = engine.clone();
        tokio::spawn(async move {
            let settled = Arc::new(Settled::default());
            daemon::run(
                &engine,
                Printer::stdout(),
                settled,
                received_commands,
                |_: Event| {},
            )
            .await
        })
    };
    tell(Told::Started {
        feeds: FEEDS.len(),
        feed_server: server.address(),
        receiver: hook.address(),
    });

    let mut received: Vec<Received> = Vec::new();
    let mut took = Duration::ZERO;
    let mut shown = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            Some(arrival) = arrivals.recv() => {
                tell(Told::Request(&arrival));
                took = began.elapsed();
                received.push(arrival);
            }
            _ = tick.tick() => {
                let published = server.advance();
                if published != shown {
                    shown = published;
                    tell(Told::Published(shown));
                }
                let all_read = server.is_read_out() && engine.status.snapshot().due == 0;
                let told_all = all_read && engine.store.waiting().await? == 0;
                let arrived = received.iter().filter(|r| r.accepted()).count() as u64;
                if told_all && arrived >= engine.store.outbox_counts().await?.delivered {
                    break;
                }
                if began.elapsed() > PATIENCE {
                    break;
                }
            }
        }
    }
    let counts = engine.store.outbox_counts().await?;
    let _ = commands.send(Command::Stop).await;
    if let Ok(result) = service.await {
        result?;
    }
    let feeds = engine.store.feed_states().await?;
    let shared_stories = engine.store.shared_stories().await?;
    let alerts = engine.status.snapshot().alerts;
    if let Some(engine) = Arc::into_inner(engine) {
        engine.store.close();
    }
    Ok(Summary {
        received,
        feeds,
        answers: server.answers(),
        took,
        alerts,
        waiting: counts.waiting,
        shared_stories,
    })
}

fn write_configuration(
    folder: &Path,
    publisher: &Publisher,
    receiver: &Receiver,
) -> std::io::Result<()> {
    use std::fmt::Write as _;
    let mut text = format!(
        r#"# Written by `mentiond demo`.
include = ["topics.toml"]
database = "mentiond.db"

[schedule]
interval = "1s"
min_interval = "1s"

[fetch]
per_host = 4
per_domain = 64
host_pause = "0s"

[[sink]]
id = "receiver"
type = "webhook"
url = "{}/hook"
secret = {{ file = "secret" }}
retry_initial = "1s"
"#,
        receiver.address()
    );
    for feed in FEEDS {
        let (id, source, file) = (feed.id(), feed.source, feed.file);
        let language = id.split('-').next().unwrap_or_default();
        // Writing to a String can't fail.
        let _ = write!(
            text,
            r#"
[[feed]]
id = "{id}"
name = "{source}"
url = "{}/{file}"
language = "{language}"
allow_private_addresses = true
"#,
            publisher.address()
        );
    }
    std::fs::write(folder.join("mentiond.toml"), text)?;
    std::fs::write(folder.join("topics.toml"), TOPICS)?;
    std::fs::write(folder.join("secret"), SECRET)
}
