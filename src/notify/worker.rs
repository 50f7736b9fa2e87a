//! The workers that drain the outbox, one per sink.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tracing::{error, info, warn};

use super::webhook::{Answer, Target};
use super::{Printer, log, retry, sign};
use crate::config::{LogFormat, SinkConfig, SinkKind};
use crate::model::{SinkId, Timestamp};
use crate::store::{Due, Outcome, Store, StoreError};

/// Deliveries read from the store at a time.
const BATCH: usize = 64;
/// How long a worker sleeps at most before it looks at the store again: another process may have
/// made dead letters wait again.
const LOOK: Duration = Duration::from_secs(15);
/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// How often a single round tries to record how a delivery ended.
const SETTLE_TRIES: u32 = 5;

/// How many deliveries ended how since the start.
#[derive(Debug, Default)]
pub struct Settled {
    /// Received.
    pub delivered: AtomicU64,
    /// Attempts that failed.
    pub failed: AtomicU64,
    /// Given up.
    pub dead: AtomicU64,
}

/// The running workers.
#[derive(Debug)]
pub struct Notifier {
    workers: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Notifier {
    /// Makes the sinks known to the store and starts a worker for each. `wake` changes whenever
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
    ) -> Result<Self, NotifyError> {
        let mut notifier = Self {
            workers: JoinSet::new(),
            stop: watch::channel(false).0,
        };
        for worker in prepare(store, sinks, printer, settled).await? {
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
    ) -> Result<(), NotifyError> {
        let stop = watch::channel(false).0;
        let mut workers = JoinSet::new();
        for worker in prepare(store, sinks, printer, settled).await? {
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

#[derive(Debug, Clone)]
enum Channel {
    Log { format: LogFormat, printer: Printer },
    Webhook(Target),
}

#[derive(Debug)]
struct Worker {
    store: Store,
    sink: SinkId,
    channel: Channel,
    concurrency: usize,
    policy: retry::Policy,
    settled: Arc<Settled>,
}

async fn prepare(
    store: &Store,
    sinks: &[SinkConfig],
    printer: &Printer,
    settled: &Arc<Settled>,
) -> Result<Vec<Worker>, NotifyError> {
    let workers = sinks
        .iter()
        .map(|sink| worker(store, sink, printer, settled))
        .collect::<Result<_, _>>()?;
    let targets = sinks
        .iter()
        .map(|sink| (sink.id.clone(), target_hash(&sink.kind)))
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

fn worker(
    store: &Store,
    sink: &SinkConfig,
    printer: &Printer,
    settled: &Arc<Settled>,
) -> Result<Worker, NotifyError> {
    let fault = |detail: String| NotifyError::Sink {
        sink: sink.id.clone(),
        detail,
    };
    let (channel, concurrency, policy) = match &sink.kind {
        SinkKind::Log { format } => {
            let policy = retry::Policy {
                initial: Duration::from_secs(5),
                max: Duration::from_mins(5),
                attempts: u32::MAX,
            };
            (
                Channel::Log {
                    format: *format,
                    printer: printer.clone(),
                },
                1,
                policy,
            )
        }
        SinkKind::Webhook {
            url,
            secret,
            timeout,
            concurrency,
            retry_initial,
            retry_max,
            max_attempts,
        } => {
            let policy = retry::Policy {
                initial: *retry_initial,
                max: *retry_max,
                attempts: *max_attempts,
            };
            let key = match secret {
                Some(secret) => {
                    Some(sign::Key::parse(secret.expose()).map_err(|e| fault(e.to_string()))?)
                }
                None => None,
            };
            let url = url
                .expose()
                .parse()
                .map_err(|_| fault("its URL is not valid".into()))?;
            let target = Target::new(url, key, *timeout).map_err(|e| fault(e.to_string()))?;
            (Channel::Webhook(target), *concurrency, policy)
        }
    };
    Ok(Worker {
        store: store.clone(),
        sink: sink.id.clone(),
        channel,
        concurrency,
        policy,
        settled: settled.clone(),
    })
}

/// What makes a sink another sink: its stop is lifted when this changes. A hash, because a
/// webhook's URL may be a secret.
fn target_hash(kind: &SinkKind) -> [u8; 16] {
    let text = match kind {
        SinkKind::Log { .. } => "log",
        SinkKind::Webhook { url, .. } => url.expose(),
    };
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(text.as_bytes())[..16]);
    hash
}

/// What an attempt came to.
enum Attempt {
    Settled,
    /// The receiver said 410.
    Gone,
}

impl Worker {
    /// Drains the sink until told to stop; without `wake`, until everything that was due at the
    /// start was attempted once.
    async fn run(self, mut wake: Option<watch::Receiver<u64>>, mut stop: watch::Receiver<bool>) {
        let worker = Arc::new(self);
        let once = wake.is_none().then(Timestamp::now);
        let mut waiting: VecDeque<Due> = VecDeque::new();
        let mut attempts = JoinSet::new();
        let mut under_way: HashMap<tokio::task::Id, (i64, u32)> = HashMap::new();
        let mut clock = None;
        loop {
            if *stop.borrow() {
                break;
            }
            worker.mind_the_clock(&mut clock).await;
            if waiting.is_empty() && attempts.len() < worker.concurrency {
                if let Some(wake) = &mut wake {
                    wake.mark_unchanged();
                }
                match worker
                    .store
                    .due(
                        worker.sink.clone(),
                        once.unwrap_or_else(Timestamp::now),
                        BATCH,
                    )
                    .await
                {
                    Ok(due) => {
                        let busy: HashSet<i64> = under_way.values().map(|(id, _)| *id).collect();
                        waiting.extend(due.into_iter().filter(|d| !busy.contains(&d.id)));
                    }
                    Err(error) => {
                        error!(sink = worker.sink.as_str(), "reading the outbox: {error}");
                        tokio::time::sleep(STORE_PAUSE).await;
                    }
                }
            }
            while attempts.len() < worker.concurrency
                && let Some(due) = waiting.pop_front()
            {
                let (worker, stop) = (worker.clone(), stop.clone());
                let this = (due.id, due.attempts);
                let give_up = once.is_some();
                let handle =
                    attempts.spawn(async move { worker.attempt(due, stop, give_up).await });
                under_way.insert(handle.id(), this);
            }
            if attempts.is_empty() && wake.is_none() {
                return;
            }
            tokio::select! {
                Some(ended) = attempts.join_next_with_id() => match ended {
                    Ok((id, Attempt::Settled)) => {
                        under_way.remove(&id);
                    }
                    Ok((id, Attempt::Gone)) => {
                        under_way.remove(&id);
                        waiting.clear();
                        worker.stop_sink().await;
                        if once.is_some() {
                            break;
                        }
                    }
                    Err(panic) => {
                        let this = under_way.remove(&panic.id());
                        error!(sink = worker.sink.as_str(), "an attempt broke off: {panic}");
                        if let Some((id, attempts)) = this {
                            worker.settle_broken(id, attempts, &panic).await;
                        }
                    }
                },
                () = worker.rest(wake.as_mut()), if attempts.len() < worker.concurrency => {}
                _ = stop.changed() => {}
            }
        }
        while attempts.join_next().await.is_some() {}
    }

    /// Makes deliveries wait from now on that wait for a time which the clock, having been wrong,
    /// had set too far off. Looks at the start and when the clock has gone back.
    async fn mind_the_clock(&self, last: &mut Option<Timestamp>) {
        let now = Timestamp::now();
        if last.is_some_and(|last| now >= last) {
            *last = Some(now);
            return;
        }
        let longest = self.policy.max.max(retry::MAX_RETRY_AFTER);
        match self
            .store
            .hasten(self.sink.clone(), now + longest, now)
            .await
        {
            Ok(hastened) => {
                *last = Some(now);
                if hastened > 0 {
                    warn!(
                        sink = self.sink.as_str(),
                        "the clock was set back: {hastened} deliveries that waited for a far time are due now"
                    );
                }
            }
            Err(error) => {
                error!(sink = self.sink.as_str(), "reading the outbox: {error}");
                tokio::time::sleep(STORE_PAUSE).await;
            }
        }
    }

    /// Settles a delivery whose attempt panicked: without a wait it would be tried again at once.
    async fn settle_broken(&self, id: i64, attempts: u32, panic: &JoinError) {
        let (now, error) = (Timestamp::now(), format!("the attempt broke off: {panic}"));
        let failed = attempts.saturating_add(1);
        let outcome = match retry::next(&self.policy, failed, None, now, fastrand::f64()) {
            retry::Next::At(at) => Outcome::Retry { at, error },
            retry::Next::Dead => Outcome::Dead { error },
        };
        if let Err(error) = self.store.settle(id, outcome, now).await {
            error!(
                sink = self.sink.as_str(),
                "can't record a delivery: {error}"
            );
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }

    /// Sleeps until something may be due.
    async fn rest(&self, wake: Option<&mut watch::Receiver<u64>>) {
        let Some(wake) = wake else {
            return std::future::pending().await;
        };
        let next = self.store.next_due(self.sink.clone()).await.ok().flatten();
        let now = Timestamp::now();
        // A delivery that is due now but under way would make this spin.
        let wait = next
            .map_or(LOOK, |at| at.since(now))
            .clamp(Duration::from_millis(50), LOOK);
        tokio::select! {
            _ = wake.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }

    /// Sends once and settles; does not give up settling while the daemon runs, because an alert
    /// that was received must not be sent again. With `give_up`, a few tries must do.
    async fn attempt(&self, due: Due, mut stop: watch::Receiver<bool>, give_up: bool) -> Attempt {
        let outcome = match self.send(&due).await {
            Answer::Received => Outcome::Delivered,
            Answer::Gone => return Attempt::Gone,
            Answer::Failed { error, retry_after } => self.after_failure(&due, error, retry_after),
        };
        match &outcome {
            Outcome::Delivered => self.settled.delivered.fetch_add(1, Ordering::Relaxed),
            Outcome::Retry { .. } => self.settled.failed.fetch_add(1, Ordering::Relaxed),
            Outcome::Dead { .. } => self.settled.dead.fetch_add(1, Ordering::Relaxed),
        };
        let mut tries = 0_u32;
        while let Err(error) = self
            .store
            .settle(due.id, outcome.clone(), Timestamp::now())
            .await
        {
            if tries == 0 {
                error!(
                    sink = self.sink.as_str(),
                    alert = due.alert.id,
                    "can't record a delivery, will keep trying: {error}"
                );
            }
            tries = tries.saturating_add(1);
            if give_up && tries >= SETTLE_TRIES {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(STORE_PAUSE) => {}
                _ = stop.changed() => break,
            }
        }
        Attempt::Settled
    }

    fn after_failure(&self, due: &Due, error: String, retry_after: Option<Duration>) -> Outcome {
        let (now, failed) = (Timestamp::now(), due.attempts.saturating_add(1));
        match retry::next(&self.policy, failed, retry_after, now, fastrand::f64()) {
            retry::Next::At(at) => {
                warn!(
                    sink = self.sink.as_str(),
                    alert = due.alert.id,
                    attempt = failed,
                    "delivery failed, next attempt at {at}: {error}"
                );
                Outcome::Retry { at, error }
            }
            retry::Next::Dead => {
                error!(
                    sink = self.sink.as_str(),
                    alert = due.alert.id,
                    attempts = failed,
                    "delivery given up, kept as a dead letter (`mentiond alerts retry`): {error}"
                );
                Outcome::Dead { error }
            }
        }
    }

    async fn send(&self, due: &Due) -> Answer {
        match &self.channel {
            Channel::Webhook(target) => target.send(&due.alert, Timestamp::now()).await,
            Channel::Log { format, printer } => {
                let text = match format {
                    LogFormat::Human => log::human(&due.alert),
                    LogFormat::Json => log::json_line(&due.alert),
                };
                let printer = printer.clone();
                match spawn_blocking(move || printer.print(&text)).await {
                    Ok(Ok(())) => Answer::Received,
                    Ok(Err(error)) => Answer::Failed {
                        error: format!("can't write: {error}"),
                        retry_after: None,
                    },
                    Err(panic) => Answer::Failed {
                        error: panic.to_string(),
                        retry_after: None,
                    },
                }
            }
        }
    }

    async fn stop_sink(&self) {
        let reason = "the receiver answered 410 Gone".to_owned();
        error!(
            sink = self.sink.as_str(),
            "sink stopped: {reason}; its deliveries wait until `mentiond alerts resume {}` or a new URL",
            self.sink
        );
        if let Err(error) = self
            .store
            .stop_sink(self.sink.clone(), reason, Timestamp::now())
            .await
        {
            error!(
                sink = self.sink.as_str(),
                "can't record that the sink is stopped: {error}"
            );
            tokio::time::sleep(STORE_PAUSE).await;
        }
        info!(
            sink = self.sink.as_str(),
            "what waits for this sink is kept"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;

    use super::*;
    use crate::config::Secret;
    use crate::model::{AlertKind, Feed, FeedId, FeedTrouble};
    use crate::store::{AlertRecord, PollRecord, PollStatus, Renewal};

    /// A store in which `alerts` alerts wait for the sink `hook`.
    async fn store(folder: &std::path::Path, alerts: usize) -> Store {
        let store = Store::open(&folder.join("db")).unwrap();
        let feed = Feed {
            id: FeedId::new("feed").unwrap(),
            url: "https://feed.example/".parse().unwrap(),
            name: "Feed".into(),
            language: None,
            country: None,
            tags: vec![],
            interval: Duration::from_mins(30),
            allow_private_addresses: false,
        };
        let row = store.register_feeds(&[feed]).await.unwrap()[0].row;
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
                status: PollStatus::NotModified,
                validators: Renewal::Keep,
                moved_to: None,
                document: None,
                trouble: Some(AlertRecord {
                    id: format!("al_{n}"),
                    kind: AlertKind::FeedFailing.as_str(),
                    detail: serde_json::to_string(&detail).unwrap(),
                    sinks: vec![SinkId::new("hook").unwrap()],
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
        let sink = SinkConfig {
            id: SinkId::new("hook").unwrap(),
            kind: SinkKind::Webhook {
                url: Secret::new(url),
                secret: None,
                timeout: Duration::from_secs(10),
                concurrency: 2,
                retry_initial: Duration::from_millis(1),
                retry_max: Duration::from_millis(1),
                max_attempts: 16,
            },
            topics: None,
            tags: None,
            feed_alerts: true,
        };
        (vec![sink], asked)
    }

    #[tokio::test]
    async fn a_round_attempts_each_delivery_once_however_soon_it_may_be_retried() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), 5).await;
        let (sinks, asked) = receiver(StatusCode::INTERNAL_SERVER_ERROR).await;
        let settled = Arc::default();
        Notifier::drain_once(&store, &sinks, &Printer::stdout(), &settled)
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
        Notifier::drain_once(&store, &sinks, &Printer::stdout(), &Arc::default())
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
        let refused = prepare(&store, &sinks, &Printer::stdout(), &Arc::default()).await;
        let error = refused.unwrap_err().to_string();
        assert!(
            error.contains("hook") && !error.contains("secret"),
            "{error}"
        );
    }
}
