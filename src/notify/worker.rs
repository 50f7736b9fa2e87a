//! One sink's worker: takes what is due, attempts it, settles it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::{error, info, warn};

use super::sink::Channel;
use super::webhook::Answer;
use super::{Settled, retry};
use crate::model::{SinkId, Timestamp};
use crate::store::{Due, Outcome, Store};

/// Deliveries read from the store at a time.
const BATCH: usize = 64;
/// How long a worker sleeps at most before it looks at the store again: another process may have
/// made dead letters wait again.
const LOOK: Duration = Duration::from_secs(15);
/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// How often a single round tries to record how a delivery ended.
const SETTLE_TRIES: u32 = 5;

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) store: Store,
    pub(super) sink: SinkId,
    pub(super) channel: Channel,
    pub(super) concurrency: usize,
    pub(super) policy: retry::Policy,
    pub(super) settled: Arc<Settled>,
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
    pub(super) async fn run(
        self,
        mut wake: Option<watch::Receiver<u64>>,
        mut stop: watch::Receiver<bool>,
    ) {
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
        let outcome = match self.channel.send(&due.alert).await {
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
                    "delivery given up, kept as a dead letter (`mentiond alerts retry {}`): {error}",
                    due.alert.id
                );
                Outcome::Dead { error }
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
