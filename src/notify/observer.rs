//! The worker for a sink that wants every mention: it takes what is due, publishes it, settles it.
//!
//! It stands beside the sink's worker for alerts and shares its connection, and nothing else: it has an outbox
//! and a circuit of its own, so that no flood of mentions delays an alert. It works in rounds: a batch is read
//! in the order in which it was recorded, its messages are published beside each other, and what came of them
//! is recorded at once. A crash in between repeats a batch by its ids, which the stream drops.
//!
//! Mentions that fail are logged a line a batch, not each.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::circuit::{Change, Circuit, Gate, Health, Pause};
use super::nats::Target;
use super::webhook::{Answer, Failure};
use super::worker::{LOOK, STORE_PAUSE};
use super::{circuit, retry};
use crate::fleet::{Fence, Pulse};
use crate::model::{SinkId, Timestamp};
use crate::store::{Outcome, Store, StoreError, StoredMention};

/// Mentions that are published and settled together.
const BATCH: usize = 512;
/// How often a single round tries to record how a batch ended.
const SETTLE_TRIES: u32 = 5;

#[derive(Debug)]
pub(super) struct Observer {
    pub(super) store: Store,
    pub(super) sink: SinkId,
    pub(super) target: Target,
    /// Whether more mentions may come for it. If not, it ends when none waits.
    pub(super) lasts: bool,
    pub(super) concurrency: usize,
    pub(super) ordered: bool,
    pub(super) policy: retry::Policy,
    pub(super) circuit: circuit::Policy,
    /// By what the sink is this worker's, where there are several.
    pub(super) fence: Option<Fence>,
    pub(super) pulse: Pulse,
}

/// What follows a round.
enum Next {
    /// Another one.
    Round,
    /// A pause, which news end if they may.
    Rest(Duration, bool),
    /// There is nothing more to do.
    End,
}

/// How a batch ended.
#[derive(Default)]
struct Ended {
    delivered: Vec<(i64, String)>,
    failed: Vec<(i64, Outcome)>,
    dead: usize,
    /// What went wrong first.
    error: Option<String>,
    paused: bool,
}

impl Observer {
    /// Publishes what waits until told to stop; without `wake`, until everything that was due at the start
    /// was attempted once or the circuit is open.
    pub(super) async fn run(
        self,
        mut wake: Option<watch::Receiver<u64>>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut circuit = Circuit::new(self.circuit, None);
        let once = wake.is_none().then(Timestamp::now);
        while !*stop.borrow() {
            if let Some(wake) = &mut wake {
                wake.mark_unchanged();
            }
            let (wait, wakes) = match self.round(&mut circuit, once, &stop).await {
                Next::Round => continue,
                Next::End => return,
                Next::Rest(..) if once.is_some() => return,
                Next::Rest(wait, wakes) => (wait.min(LOOK), wakes),
            };
            let news = async {
                let woken = match wake.as_mut().filter(|_| wakes) {
                    Some(wake) => wake.changed().await.is_ok(),
                    None => false,
                };
                // None will come any more.
                if !woken {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = news => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Reads a batch, publishes it, settles it.
    async fn round(
        &self,
        circuit: &mut Circuit,
        once: Option<Timestamp>,
        stop: &watch::Receiver<bool>,
    ) -> Next {
        let now = Timestamp::now();
        if !self.pulse.is_alive() {
            return Next::Rest(STORE_PAUSE, true);
        }
        let limit = match circuit.gate(now) {
            Gate::Free => BATCH,
            Gate::Probe | Gate::Probing => 1,
            Gate::Until(until) => return Next::Rest(until.since(now), false),
        };
        let longest = self.policy.max.max(retry::MAX_RETRY_AFTER);
        let found = self
            .store
            .due_mentions(
                self.sink.clone(),
                once.unwrap_or(now),
                now + longest,
                limit,
                self.ordered,
            )
            .await;
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                let sink = self.sink.as_str();
                error!(sink, "reading the mentions that wait: {error}");
                return Next::Rest(STORE_PAUSE, false);
            }
        };
        if found.due.is_empty() && found.unreadable.is_empty() {
            return match found.next {
                None if !self.lasts => Next::End,
                None => Next::Rest(LOOK, true),
                Some(next) => Next::Rest(next.since(now), true),
            };
        }
        let mut ended = self.publish(found.due, circuit, stop).await;
        for (seq, error) in found.unreadable {
            let error = format!("the stored mention can't be read: {error}");
            ended.error.get_or_insert_with(|| error.clone());
            ended.dead += 1;
            let response = None;
            ended.failed.push((seq, Outcome::Dead { error, response }));
        }
        let paused = ended.paused;
        self.tell(&ended);
        self.settle(ended, stop.clone(), once.is_some()).await;
        if paused && once.is_some() {
            return Next::End;
        }
        Next::Round
    }

    /// Publishes mentions, so many beside each other, until all are or the circuit opens.
    async fn publish(
        &self,
        due: Vec<(i64, u32, StoredMention)>,
        circuit: &mut Circuit,
        stop: &watch::Receiver<bool>,
    ) -> Ended {
        let probe = circuit.gate(Timestamp::now()) == Gate::Probe;
        if probe {
            circuit.probe(Timestamp::now());
        }
        let most = if self.ordered { 1 } else { self.concurrency };
        let mut ended = Ended::default();
        let mut due = due.into_iter();
        let mut attempts = JoinSet::new();
        loop {
            while attempts.len() < most && !(ended.paused || *stop.borrow()) {
                let Some((seq, tried, mention)) = due.next() else {
                    break;
                };
                let target = self.target.clone();
                attempts.spawn(async move {
                    let answer = target.send_mention(&mention).await;
                    (seq, tried, mention.id, answer)
                });
            }
            let Some(attempt) = attempts.join_next().await else {
                return ended;
            };
            let now = Timestamp::now();
            let health = match attempt {
                // Nothing of it is recorded, so it is made again.
                Err(panic) => {
                    let error = format!("the attempt broke off: {panic}");
                    ended.error.get_or_insert(error);
                    Health::Down
                }
                Ok((seq, _, id, Answer::Received | Answer::Gone)) => {
                    ended.delivered.push((seq, id));
                    Health::Up
                }
                Ok((seq, tried, _, Answer::Failed(failure))) => {
                    let health = failure.health;
                    ended.error.get_or_insert_with(|| failure.error.clone());
                    let outcome = self.after(tried, failure, now);
                    ended.dead += usize::from(matches!(outcome, Outcome::Dead { .. }));
                    ended.failed.push((seq, outcome));
                    // In an ordered sink none goes before one that failed.
                    ended.paused |= self.ordered;
                    health
                }
            };
            match circuit.record(health, probe, now, fastrand::f64()) {
                Some(Change::Paused(Pause { until, times })) => {
                    ended.paused = true;
                    if times == 1 {
                        let why = ended.error.as_deref().unwrap_or_default();
                        let sink = self.sink.as_str();
                        warn!(sink, "mentions wait until {until}: {why}");
                    }
                }
                Some(Change::Resumed) => {
                    info!(sink = self.sink.as_str(), "mentions are published again");
                }
                None => {}
            }
        }
    }

    fn after(&self, tried: u32, failure: Failure, now: Timestamp) -> Outcome {
        let Failure {
            error,
            retry_after,
            response,
            ..
        } = failure;
        let failed = tried.saturating_add(1);
        match retry::next(&self.policy, failed, retry_after, now, fastrand::f64()) {
            retry::Next::At(at) => Outcome::Retry {
                at,
                error,
                response,
            },
            retry::Next::Dead => Outcome::Dead { error, response },
        }
    }

    fn tell(&self, ended: &Ended) {
        let (sink, error) = (
            self.sink.as_str(),
            ended.error.as_deref().unwrap_or_default(),
        );
        let failed = ended.failed.len() - ended.dead;
        if failed > 0 {
            warn!(sink, "{failed} mentions will be tried again: {error}");
        }
        if ended.dead > 0 {
            error!(
                sink,
                "{} mentions given up, kept as dead letters (`mentiond alerts retry --sink {sink}`): {error}",
                ended.dead
            );
        }
    }

    /// Records how a batch ended, as often as it takes: what is stored must not be published again.
    async fn settle(&self, ended: Ended, mut stop: watch::Receiver<bool>, give_up: bool) {
        if ended.delivered.is_empty() && ended.failed.is_empty() {
            return;
        }
        let mut tries = 0_u32;
        loop {
            let (delivered, failed) = (ended.delivered.clone(), ended.failed.clone());
            let settled =
                self.store
                    .settle_mentions(delivered, failed, Timestamp::now(), self.fence.clone());
            let Err(error) = settled.await else {
                return;
            };
            if matches!(error, StoreError::LeaseLost(_)) {
                return;
            }
            if tries == 0 {
                let sink = self.sink.as_str();
                error!(
                    sink,
                    "can't record how mentions ended, will keep trying: {error}"
                );
            }
            tries = tries.saturating_add(1);
            if *stop.borrow() || (give_up && tries >= SETTLE_TRIES) {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(STORE_PAUSE) => {}
                _ = stop.changed() => {}
            }
        }
    }
}
