//! The daemon's own listener, if anything is to be served on it: which routes there are, and what they
//! see of the daemon.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::{Engine, Live};
use crate::config::{Config, SinkConfig, SinkKind, WebConfig};
use crate::model::Timestamp;
use crate::notify::Settled;
use crate::notify::feed::Document;
use crate::web::access::Access;
use crate::web::access::guard::under_our_names;
use crate::web::app::{App, Daemon, Vitals, WorkShare};
use crate::web::feeds::{self, Alerts, Served};
use crate::web::{ListenError, Listener, api, one_of, page};
use crate::world;

/// The listener, bound or at work. Ends when dropped.
#[derive(Debug)]
pub(super) struct Door {
    listener: Option<Listener>,
    address: SocketAddr,
    web: WebConfig,
    task: JoinSet<()>,
}

impl Door {
    /// Binds the listener where the configuration opens a door: the API's, that for hubs, or feeds of alerts.
    ///
    /// # Errors
    /// [`ListenError`]: the owner asked for it, and it can't be had.
    pub(super) async fn bind(config: &Config) -> Result<Option<Self>, ListenError> {
        let web = config.web.clone();
        if !is_wanted(config) {
            return Ok(None);
        }
        let listener = Listener::bind(web.listen).await?;
        Ok(Some(Self {
            address: listener.address().unwrap_or(web.listen),
            listener: Some(listener),
            web,
            task: JoinSet::new(),
        }))
    }

    /// Serves the API and the pages, where they are wanted, the feeds of alerts and these routes.
    pub(super) fn open(
        &mut self,
        engine: &Arc<Engine>,
        settled: &Arc<Settled>,
        hubs: Option<Router>,
    ) {
        let Some(listener) = self.listener.take() else {
            return;
        };
        let address = self.address;
        match self.web.public_url.as_ref().filter(|_| hubs.is_some()) {
            Some(url) => info!("listening on {address} for hubs, which find it at {url}"),
            None => info!("listening on {address}"),
        }
        let api = self.web.enabled.then(|| {
            let access = Access::new(&self.web);
            let who = if access.is_open() {
                "without a credential"
            } else {
                "with a credential"
            };
            info!("serving pages on http://{address}/ and the API below /api/v1, {who}");
            let seen = Arc::new(Seen {
                engine: engine.clone(),
                settled: settled.clone(),
            });
            let app = App::new(engine.store.for_people(), seen, access);
            api::router(&app).merge(page::router(&app))
        });
        let base = match &self.web.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{address}"),
        };
        let engine = engine.clone();
        // Or a web page could point a name of its own at this machine and read what has no token.
        let names = Arc::new(Access::new(&self.web));
        let feeds = under_our_names(feeds::router(Stored { engine, base }), &names);
        let routers = [hubs, api, Some(feeds)];
        if let Some(routes) = world::open(one_of(routers.into_iter().flatten())) {
            self.task.spawn(listener.serve(routes));
        }
    }

    /// Closes it; requests under way are cut.
    pub(super) async fn close(mut self) {
        self.task.shutdown().await;
    }
}

/// Says what a reload could not bring about, where `web` was in force at the start.
pub(super) fn warn_of_changes(web: &WebConfig, live: &Live, door: Option<&Door>) {
    if live.config.web != *web {
        warn!("[web] has changed; it takes effect when the daemon is started again");
    } else if door.is_none() && is_wanted(&live.config) {
        warn!("there are feeds of alerts now; they are served when the daemon is started again");
    }
}

/// Whether anything is to be served.
fn is_wanted(config: &Config) -> bool {
    let mut kinds = config.sinks.iter().map(|sink| &sink.kind);
    let has_feed = kinds.any(|kind| matches!(kind, SinkKind::Feed(_)));
    config.web.enabled || config.web.public_url.is_some() || has_feed
}

/// The daemon, as the API sees it.
struct Seen {
    engine: Arc<Engine>,
    settled: Arc<Settled>,
}

impl Daemon for Seen {
    fn config(&self) -> Arc<Config> {
        self.engine.live().config.clone()
    }

    fn vitals(&self) -> Vitals {
        let status = &self.engine.status;
        let now = status.snapshot();
        let settled = &self.settled;
        Vitals {
            silent_for: status.silent_for(),
            share: self.engine.hold.counts().map(|(shards, sinks)| WorkShare {
                shards,
                sinks,
                is_leased: self.engine.hold.pulse().is_alive(),
            }),
            overdue: status.overdue(Timestamp::now()),
            feeds: now.feeds as u64,
            due: now.due as u64,
            failing: now.failing as u64,
            polls: vec![
                ("ok", now.changed),
                ("not_modified", now.not_modified),
                ("throttled", now.throttled),
                ("gone", now.gone),
                ("failed", now.failed),
            ],
            poll_time: status.took.spread(),
            entries: now.entries,
            alerts: now.alerts,
            attempts: settled.attempts(),
            attempt_time: settled.took.spread(),
            looked_for_spikes: status.looked_for_spikes(),
        }
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.engine.news()
    }

    fn deliver(&self) {
        self.engine.wake_notifier();
    }
}

/// The feeds of the configuration in force, read from the database.
#[derive(Clone)]
struct Stored {
    engine: Arc<Engine>,
    /// Where readers find the listener.
    base: String,
}

impl Alerts for Stored {
    fn feed(&self, name: &str) -> Option<Served> {
        let live = self.engine.live();
        live.config.sinks.iter().find_map(|sink| match &sink.kind {
            SinkKind::Feed(feed) if sink.id.as_str() == name => Some(Served {
                sink: sink.id.clone(),
                token: feed.token.clone(),
                entries: feed.entries,
            }),
            _ => None,
        })
    }

    async fn document(&self, feed: Served) -> Option<(Document, Option<Timestamp>)> {
        let store = self.engine.store.for_people();
        let told = match store.told(feed.sink.clone(), feed.entries).await {
            Ok(told) => told,
            Err(error) => {
                warn!(
                    sink = feed.sink.as_str(),
                    "the feed of alerts can't be made: {error}"
                );
                return None;
            }
        };
        let changed = told.first().map(|told| told.at);
        let base = &self.base;
        let address = match &feed.token {
            Some(token) => format!("{base}/feeds/{}/{}", feed.sink, token.expose()),
            None => format!("{base}/feeds/{}", feed.sink),
        };
        let alerts: Vec<_> = told.into_iter().map(|told| told.alert).collect();
        let live = self.engine.live();
        let sink = live.config.sinks.iter().find(|sink| sink.id == feed.sink);
        let voice = sink.map(SinkConfig::voice).unwrap_or_default();
        let document = Document::of(&feed.sink, address, &alerts, &voice);
        Some((document, changed))
    }
}
