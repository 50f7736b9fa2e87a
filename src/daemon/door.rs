//! The daemon's own listener, if anything is to be served on it: which routes there are, and what they
//! see of the daemon.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::Router;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::{Engine, Live};
use crate::config::{Config, WebConfig};
use crate::model::Timestamp;
use crate::notify::Settled;
use crate::web::access::Access;
use crate::web::app::{App, Daemon, Vitals};
use crate::web::{ListenError, Listener, api, one_of};

/// The listener, bound or at work. Ends when dropped.
#[derive(Debug)]
pub(super) struct Door {
    listener: Option<Listener>,
    address: SocketAddr,
    web: WebConfig,
    task: JoinSet<()>,
}

impl Door {
    /// Binds the listener where the configuration opens a door: the API's, or that for hubs.
    ///
    /// # Errors
    /// [`ListenError`]: the owner asked for it, and it can't be had.
    pub(super) async fn bind(config: &Config) -> Result<Option<Self>, ListenError> {
        let web = config.web.clone();
        if !web.enabled && web.public_url.is_none() {
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

    /// Serves the API, where it is wanted, and these routes.
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
        if let Some(url) = self.web.public_url.as_ref().filter(|_| hubs.is_some()) {
            info!("listening on {address} for hubs, which find it at {url}");
        }
        let api = self.web.enabled.then(|| {
            let access = Access::new(&self.web);
            let who = if access.is_open() {
                "without a credential"
            } else {
                "with a credential"
            };
            info!("serving the API on http://{address}/api/v1, {who}");
            let seen = Arc::new(Seen {
                engine: engine.clone(),
                settled: settled.clone(),
            });
            api::router(&App::new(engine.store.clone(), seen, access))
        });
        let routers = [hubs, api];
        self.task
            .spawn(listener.serve(one_of(routers.into_iter().flatten())));
    }

    /// Closes it; requests under way are cut.
    pub(super) async fn close(mut self) {
        self.task.shutdown().await;
    }
}

/// Says that a new `[web]` is not in force.
pub(super) fn check_reload(old: &Live, new: &Live) {
    if new.config.web != old.config.web {
        warn!("[web] has changed; it takes effect when the daemon is started again");
    }
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
            attempts: vec![
                ("delivered", settled.delivered.load(Relaxed)),
                ("failed", settled.failed.load(Relaxed)),
                ("dead", settled.dead.load(Relaxed)),
            ],
            attempt_time: settled.took.spread(),
        }
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.engine.news()
    }

    fn deliver(&self) {
        self.engine.wake_notifier();
    }
}
