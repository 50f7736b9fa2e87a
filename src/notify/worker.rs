//! The workers that drain the outbox, one per sink.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
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
    sinks
        .iter()
        .map(|sink| worker(store, sink, printer, settled))
        .collect()
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
    /// Drains the sink until told to stop; without `wake`, until nothing is due.
    async fn run(self, mut wake: Option<watch::Receiver<u64>>, mut stop: watch::Receiver<bool>) {
        let worker = Arc::new(self);
        let mut waiting: VecDeque<Due> = VecDeque::new();
        let mut attempts = JoinSet::new();
        let mut under_way: HashMap<tokio::task::Id, i64> = HashMap::new();
        loop {
            if *stop.borrow() {
                break;
            }
            if waiting.is_empty() && attempts.len() < worker.concurrency {
                if let Some(wake) = &mut wake {
                    wake.mark_unchanged();
                }
                match worker
                    .store
                    .due(worker.sink.clone(), Timestamp::now(), BATCH)
                    .await
                {
                    Ok(due) => {
                        let busy: HashSet<i64> = under_way.values().copied().collect();
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
                let (worker, stop, id) = (worker.clone(), stop.clone(), due.id);
                let handle = attempts.spawn(async move { worker.attempt(due, stop).await });
                under_way.insert(handle.id(), id);
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
                    }
                    Err(panic) => {
                        under_way.remove(&panic.id());
                        error!(sink = worker.sink.as_str(), "an attempt broke off: {panic}");
                    }
                },
                () = worker.rest(wake.as_mut()), if attempts.len() < worker.concurrency => {}
                _ = stop.changed() => {}
            }
        }
        while attempts.join_next().await.is_some() {}
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
    /// that was received must not be sent again.
    async fn attempt(&self, due: Due, mut stop: watch::Receiver<bool>) -> Attempt {
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
        let mut told = false;
        while let Err(error) = self
            .store
            .settle(due.id, outcome.clone(), Timestamp::now())
            .await
        {
            if !told {
                error!(
                    sink = self.sink.as_str(),
                    alert = due.alert.id,
                    "can't record a delivery, will keep trying: {error}"
                );
                told = true;
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
