//! What the daemon's own listener serves: the callbacks of hubs, and feeds of alerts.

use std::sync::Arc;

use axum::Router;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::{Engine, Live};
use crate::config::{Config, SinkConfig, SinkKind, WebConfig};
use crate::model::Timestamp;
use crate::notify::feed::Document;
use crate::web::feeds::{self, Alerts, Served};
use crate::web::{ListenError, Listener};

/// The listener at work. Ends when dropped.
#[derive(Debug)]
pub(super) struct Door {
    tasks: JoinSet<()>,
}

/// A listener that is bound, if the configuration wants one.
pub(super) struct Bound {
    listener: Option<Listener>,
    web: WebConfig,
}

impl Bound {
    /// Binds the address, so that whoever is told of it finds it.
    ///
    /// # Errors
    /// [`ListenError`] when the address is taken or not ours.
    pub(super) async fn bind(config: &Config) -> Result<Self, ListenError> {
        let web = config.web.clone();
        let listener = if is_wanted(config) {
            Some(Listener::bind(web.listen).await?)
        } else {
            None
        };
        Ok(Self { listener, web })
    }

    /// Serves the feeds of alerts and these further routes.
    pub(super) fn serve(self, engine: &Arc<Engine>, callbacks: Option<Router>) -> Option<Door> {
        let listener = self.listener?;
        let address = listener.address().unwrap_or(self.web.listen);
        match &self.web.public_url {
            Some(url) => info!("listening on {address} for hubs, which find it at {url}"),
            None => info!("listening on {address}"),
        }
        let base = match &self.web.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{address}"),
        };
        let engine = engine.clone();
        let router = feeds::router(Stored { engine, base });
        let router = router.merge(callbacks.unwrap_or_default());
        let mut tasks = JoinSet::new();
        tasks.spawn(listener.serve(router));
        Some(Door { tasks })
    }
}

impl Door {
    /// Takes no more requests and cuts off those under way.
    pub(super) async fn shut(mut self) {
        self.tasks.shutdown().await;
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

fn is_wanted(config: &Config) -> bool {
    let mut kinds = config.sinks.iter().map(|sink| &sink.kind);
    config.web.public_url.is_some() || kinds.any(|kind| matches!(kind, SinkKind::Feed(_)))
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
        let store = &self.engine.store;
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
