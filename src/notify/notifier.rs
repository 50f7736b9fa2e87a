//! All sinks' workers: starting them, one round of them, stopping them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, warn};

use super::worker::Worker;
use super::{Printer, Settled, sink};
use crate::config::SinkConfig;
use crate::fleet::{Hold, Kind};
use crate::model::SinkId;
use crate::store::{Store, StoreError};

/// The running workers.
#[derive(Debug)]
pub struct Notifier {
    workers: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Notifier {
    /// Makes the sinks that are held known to the store and starts a worker for each. `wake` changes whenever
    /// new deliveries were committed.
    ///
    /// # Errors
    /// What the database says, or in words what is wrong with a sink.
    pub async fn start(
        store: &Store,
        sinks: &[SinkConfig],
        printer: &Printer,
        wake: &watch::Receiver<u64>,
        settled: &Arc<Settled>,
        hold: &Hold,
    ) -> Result<Self, NotifyError> {
        let mut notifier = Self {
            workers: JoinSet::new(),
            stop: watch::channel(false).0,
        };
        for worker in prepare(store, sinks, printer, settled, hold).await? {
            let (wake, stop) = (wake.clone(), notifier.stop.subscribe());
            notifier.workers.spawn(worker.run(Some(wake), stop));
        }
        Ok(notifier)
    }

    /// Attempts every due delivery once and returns when all attempts have ended.
    ///
    /// # Errors
    /// As for [`Notifier::start`].
    pub async fn drain_once(
        store: &Store,
        sinks: &[SinkConfig],
        printer: &Printer,
        settled: &Arc<Settled>,
        hold: &Hold,
    ) -> Result<(), NotifyError> {
        let stop = watch::channel(false).0;
        let mut workers = JoinSet::new();
        for worker in prepare(store, sinks, printer, settled, hold).await? {
            workers.spawn(worker.run(None, stop.subscribe()));
        }
        while workers.join_next().await.is_some() {}
        Ok(())
    }

    /// Begins no more attempts, waits for those under way for at most `limit`, then leaves the
    /// rest for the next start.
    pub async fn stop(mut self, limit: Duration) {
        self.stop.send_replace(true);
        let all = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            warn!("deliveries under way did not end in time; they will be repeated by their ids");
            self.workers.shutdown().await;
        }
    }
}

/// Why the notifier can't start.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sink can't be set up.
    #[error("sink `{sink}`: {detail}")]
    Sink {
        /// The sink.
        sink: SinkId,
        /// What is wrong.
        detail: String,
    },
}

async fn prepare(
    store: &Store,
    sinks: &[SinkConfig],
    printer: &Printer,
    settled: &Arc<Settled>,
    hold: &Hold,
) -> Result<Vec<Worker>, NotifyError> {
    let mut workers = Vec::new();
    let mut ours = Vec::new();
    for config in sinks {
        // Those of other workers are theirs.
        let Ok(fence) = hold.of(Kind::Sink, config.id.as_str()) else {
            continue;
        };
        let mut worker = sink::worker(store, config, printer, settled)?;
        if let Some(observer) = &mut worker.observer {
            (observer.fence, observer.pulse) = (fence.clone(), hold.pulse().clone());
        }
        (worker.fence, worker.pulse) = (fence, hold.pulse().clone());
        workers.push(worker);
        ours.push(config);
    }
    let targets = ours
        .iter()
        .map(|config| (config.id.clone(), sink::target_hash(&config.kind)))
        .collect();
    for (sink, reason) in store.register_sinks(targets).await? {
        error!(
            sink = sink.as_str(),
            "sink is stopped ({reason}); its deliveries wait until `mentiond alerts resume {sink}` \
             or a new URL"
        );
    }
    Ok(workers)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;

    use super::super::format::Format;
    use super::*;
    use crate::config::{DeliveryConfig, Private, Secret, SinkKind};
    use crate::model::{AlertKind, Feed, FeedId, FeedTrouble, Route, Timestamp};
    use crate::store::{AlertRecord, PollRecord, PollStatus, Renewal};

    /// A store in which `alerts` alerts wait for the sink `hook`.
    async fn store(folder: &std::path::Path, alerts: usize) -> Store {
        let store = Store::open(&folder.join("db")).unwrap();
        let feed = Feed::new(
            FeedId::new("feed").unwrap(),
            "https://feed.example/".parse().unwrap(),
        );
        let row = store
            .register_feeds(&[feed], Timestamp::now())
            .await
            .unwrap()[0]
            .row;
        for n in 0..alerts {
            let detail = FeedTrouble {
                source: "Feed".into(),
                url: "https://feed.example/".into(),
                error: "it broke".into(),
                since_ms: 0,
                failures: 1,
            };
            let record = PollRecord {
                feed: row,
                url: "https://feed.example/".into(),
                at: Timestamp::now(),
                next_poll: None,
                wait_until: None,
                fresh_until: None,
                status: PollStatus::NotModified,
                validators: Renewal::Keep,
                moved_to: None,
                document: None,
                trouble: Some(AlertRecord {
                    id: format!("al_{n}"),
                    kind: AlertKind::FeedFailing.as_str(),
                    score: None,
                    detail: serde_json::to_string(&detail).unwrap(),
                    routes: vec![Route {
                        sink: SinkId::new("hook").unwrap(),
                        min_score: 1,
                        held: false,
                        updates_at: Vec::new(),
                    }],
                }),
            };
            store.commit_poll(record).await.unwrap();
        }
        store
    }

    /// A receiver that always answers `status`, and how often it was asked.
    async fn receiver(status: StatusCode) -> (Vec<SinkConfig>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let router = Router::new().route(
            "/",
            post(move || {
                let count = count.clone();
                async move {
                    // Slower than the wait between two attempts.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    count.fetch_add(1, Ordering::Relaxed);
                    status
                }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let kind = SinkKind::Webhook {
            url: Secret::new(url),
            format: Format::Standard,
            secret: None,
            previous_secret: None,
            allow_private: Private::Refused,
        };
        let mut sink = SinkConfig::new(SinkId::new("hook").unwrap(), kind);
        sink.delivery = DeliveryConfig {
            concurrency: 2,
            retry_initial: Duration::from_millis(1),
            retry_max: Duration::from_millis(1),
            max_attempts: 16,
            ..DeliveryConfig::default()
        };
        (vec![sink], asked)
    }

    #[tokio::test]
    async fn a_round_attempts_each_delivery_once_however_soon_it_may_be_retried() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 5).await;
        let (sinks, asked) = receiver(StatusCode::INTERNAL_SERVER_ERROR).await;
        let settled = Arc::default();
        Notifier::drain_once(
            &store,
            &sinks,
            &Printer::stdout(),
            &settled,
            &Hold::default(),
        )
        .await
        .unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 5);
        assert_eq!(settled.failed.load(Ordering::Relaxed), 5);
        assert_eq!(store.waiting().await.unwrap(), 5);
    }

    #[tokio::test]
    async fn a_round_stops_a_sink_that_is_gone_and_keeps_its_deliveries() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 9).await;
        let (sinks, asked) = receiver(StatusCode::GONE).await;
        Notifier::drain_once(
            &store,
            &sinks,
            &Printer::stdout(),
            &Arc::default(),
            &Hold::default(),
        )
        .await
        .unwrap();
        assert!(
            asked.load(Ordering::Relaxed) <= 3,
            "no more than were under way"
        );
        assert_eq!(store.waiting().await.unwrap(), 9);
        assert_eq!(store.stopped_sinks().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_sink_that_cannot_be_set_up_is_told_before_anything_changes() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 0).await;
        let (mut sinks, _) = receiver(StatusCode::OK).await;
        if let SinkKind::Webhook { url, .. } = &mut sinks[0].kind {
            *url = Secret::new("not a URL, but a secret".into());
        }
        let refused = prepare(
            &store,
            &sinks,
            &Printer::stdout(),
            &Arc::default(),
            &Hold::default(),
        )
        .await;
        let error = refused.unwrap_err().to_string();
        assert!(
            error.contains("hook") && !error.contains("secret"),
            "{error}"
        );
    }
}
