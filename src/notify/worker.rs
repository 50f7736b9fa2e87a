//! One sink's worker: takes what is due, attempts it, settles it.
//!
//! Requests under way and outcomes on their way into the store are counted apart: a slow commit
//! does not hold up the next request, and many outcomes share one commit. In a sink that keeps the
//! order the next request begins only when the outcome of the one before is recorded.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, error, info_span, warn};

use super::circuit::{Circuit, Gate, Health};
use super::observer::Observer;
use super::recorder::{self, Ended};
use super::sink::Channel;
use super::webhook::{Answer, Failure};
use super::{End, Settled, circuit, retry};
use crate::fleet::{Fence, Pulse};
use crate::model::{SinkId, Timestamp};
use crate::pace::Pace;
use crate::store::{Due, Outbox, Outcome, Store, StoreError};

/// Deliveries read from the store at a time.
const BATCH: usize = 64;
/// Deliveries under way and outcomes not yet recorded, at most (twice the concurrency if that is
/// more): so many a crash repeats.
const MOST_BUSY: usize = 32;
/// How long a worker sleeps at most before it looks at the store again: another process may have
/// made dead letters wait again, or resumed the sink.
pub(super) const LOOK: Duration = Duration::from_secs(15);
/// The pause after the store failed.
pub(super) const STORE_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) store: Store,
    pub(super) sink: SinkId,
    pub(super) channel: Channel,
    pub(super) concurrency: usize,
    pub(super) ordered: bool,
    pub(super) pace: Pace,
    pub(super) policy: retry::Policy,
    pub(super) circuit: circuit::Policy,
    pub(super) settled: Arc<Settled>,
    /// By what the sink is this worker's, where there are several.
    pub(super) fence: Option<Fence>,
    pub(super) pulse: Pulse,
    /// The worker for mentions that are not told, which runs beside this one.
    pub(super) observer: Option<Observer>,
}

/// An attempt under way.
struct Begun {
    delivery: i64,
    alert: String,
    attempts: u32,
    probe: bool,
    at: Instant,
}

/// A worker at work.
struct Run {
    worker: Arc<Worker>,
    circuit: Circuit,
    /// In a single round: what was due then is attempted, and no more.
    once: Option<Timestamp>,
    stop: watch::Receiver<bool>,
    waiting: VecDeque<Due>,
    attempts: JoinSet<Answer>,
    under_way: HashMap<task::Id, Begun>,
    /// Outcomes that nobody records yet.
    ended: Vec<Ended>,
    recording: JoinSet<()>,
    /// The deliveries whose outcomes are being recorded, and when the first of them is due again.
    recorded: (HashSet<i64>, Option<Timestamp>),
    /// When the outbox is looked at next.
    look: Instant,
    /// Whether this pause has been told.
    told: bool,
}

impl Worker {
    /// Drains the sink until told to stop; without `wake`, until everything that was due at the
    /// start was attempted once or the sink is paused.
    pub(super) async fn run(
        mut self,
        wake: Option<watch::Receiver<u64>>,
        stop: watch::Receiver<bool>,
    ) {
        let mut beside = JoinSet::new();
        if let Some(observer) = self.observer.take() {
            beside.spawn(observer.run(wake.clone(), stop.clone()));
        }
        self.drain(wake, stop).await;
        while beside.join_next().await.is_some() {}
    }

    async fn drain(self, mut wake: Option<watch::Receiver<u64>>, stop: watch::Receiver<bool>) {
        let mut clock = None;
        // What this makes due is due at the start.
        self.mind_the_clock(&mut clock).await;
        let mut run = Run {
            circuit: Circuit::new(self.circuit, recorder::pause(&self).await),
            worker: Arc::new(self),
            once: wake.is_none().then(Timestamp::now),
            stop,
            waiting: VecDeque::new(),
            attempts: JoinSet::new(),
            under_way: HashMap::new(),
            ended: Vec::new(),
            recording: JoinSet::new(),
            recorded: (HashSet::new(), None),
            look: Instant::now(),
            told: false,
        };
        while !*run.stop.borrow() {
            run.worker.mind_the_clock(&mut clock).await;
            run.look(wake.as_mut()).await;
            run.begin();
            run.record();
            if run.once.is_some() && run.busy() == 0 {
                return;
            }
            let may_look = run.may_look() && run.once.is_none();
            tokio::select! {
                Some(ended) = run.attempts.join_next_with_id() => run.end(ended).await,
                Some(_) = run.recording.join_next() => run.end_recording(),
                () = tokio::time::sleep_until(run.look), if may_look => {}
                true = woken(wake.as_mut()), if may_look && !run.is_paused() => run.look = Instant::now(),
                _ = run.stop.changed() => {}
            }
        }
        run.finish().await;
    }

    /// Makes deliveries wait from now on that wait for a time which the clock, having been wrong,
    /// had set too far off, and those that are held back be planned anew. Looks at the start and when
    /// the clock has gone back.
    async fn mind_the_clock(&self, last: &mut Option<Timestamp>) {
        let now = Timestamp::now();
        if last.is_some_and(|last| now >= last) {
            *last = Some(now);
            return;
        }
        let longest = self.policy.max.max(retry::MAX_RETRY_AFTER);
        let is_immediate = self.pace.is_immediate();
        let hastened = async {
            let sink = || self.sink.clone();
            self.store.begin_pace(sink(), is_immediate, now).await?;
            self.store.hasten(sink(), now + longest, now).await
        };
        match hastened.await {
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
}

impl Run {
    /// Deliveries that have begun and are not recorded.
    fn busy(&self) -> usize {
        self.under_way.len() + self.ended.len() + self.recorded.0.len()
    }

    fn has_room(&self) -> bool {
        let Worker {
            ordered,
            concurrency,
            ..
        } = *self.worker;
        let most = if ordered {
            1
        } else {
            MOST_BUSY.max(2 * concurrency)
        };
        self.attempts.len() < concurrency && self.busy() < most && self.worker.pulse.is_alive()
    }

    /// Whether more is wanted from the outbox than is at hand.
    fn may_look(&self) -> bool {
        self.waiting.is_empty()
            && self.has_room()
            && self.circuit.gate(Timestamp::now()) != Gate::Probing
    }

    fn is_paused(&self) -> bool {
        matches!(self.circuit.gate(Timestamp::now()), Gate::Until(_))
    }

    /// Reads what is due, when it is time to and there is room for it.
    async fn look(&mut self, wake: Option<&mut watch::Receiver<u64>>) {
        if !self.may_look() || Instant::now() < self.look {
            return;
        }
        let worker = &self.worker;
        if let Gate::Until(until) = self.circuit.gate(Timestamp::now()) {
            match worker.store.pause(worker.sink.clone()).await {
                Ok(None) => self.circuit.hasten(Timestamp::now()),
                _ => {
                    self.look = Instant::now() + until.since(Timestamp::now()).min(LOOK);
                    return;
                }
            }
        }
        if let Some(wake) = wake {
            wake.mark_unchanged();
        }
        let limit = BATCH + self.busy();
        let now = self.once.unwrap_or_else(Timestamp::now);
        match worker.outbox(now, limit).await {
            Ok(outbox) => {
                let all = outbox.due.len() < limit;
                let busy: HashSet<i64> = self.busy_ids().collect();
                let fresh = outbox.due.into_iter().filter(|due| !busy.contains(&due.id));
                self.waiting.extend(fresh);
                if all {
                    let wait = outbox.next.map_or(LOOK, |at| at.since(Timestamp::now()));
                    self.look = Instant::now() + wait.min(LOOK);
                }
            }
            Err(error) => {
                error!(sink = worker.sink.as_str(), "reading the outbox: {error}");
                tokio::time::sleep(STORE_PAUSE).await;
            }
        }
    }

    fn busy_ids(&self) -> impl Iterator<Item = i64> {
        let under_way = self.under_way.values().map(|begun| begun.delivery);
        let ended = self.ended.iter().map(|ended| ended.delivery);
        under_way
            .chain(ended)
            .chain(self.recorded.0.iter().copied())
    }

    /// Begins as many attempts as there is leave and room for.
    fn begin(&mut self) {
        while self.has_room() && !self.waiting.is_empty() {
            let now = Timestamp::now();
            let probe = match self.circuit.gate(now) {
                Gate::Free => false,
                Gate::Probe => true,
                Gate::Until(_) | Gate::Probing => return,
            };
            let Some(due) = self.waiting.pop_front() else {
                return;
            };
            if probe {
                self.circuit.probe(now);
            }
            let begun = Begun {
                delivery: due.id,
                alert: due.alert.id.clone(),
                attempts: due.attempts,
                probe,
                at: Instant::now(),
            };
            let worker = self.worker.clone();
            let handle = self
                .attempts
                .spawn(async move { attempt(&worker, &due).await });
            self.under_way.insert(handle.id(), begun);
        }
    }

    /// Hands all outcomes at hand to the store, unless it has some already.
    fn record(&mut self) {
        if self.ended.is_empty() || !self.recording.is_empty() {
            return;
        }
        let ended = std::mem::take(&mut self.ended);
        let again = ended.iter().filter_map(|ended| match ended.outcome {
            Outcome::Retry { at, .. } => Some(at),
            _ => None,
        });
        self.recorded = (ended.iter().map(|e| e.delivery).collect(), again.min());
        let (worker, stop, once) = (self.worker.clone(), self.stop.clone(), self.once.is_some());
        self.recording
            .spawn(async move { recorder::settle(&worker, ended, stop, once).await });
    }

    fn end_recording(&mut self) {
        let (_, again) = std::mem::take(&mut self.recorded);
        if let Some(again) = again {
            let wait = again.since(Timestamp::now());
            self.look = self.look.min(Instant::now() + wait);
        }
    }

    /// Takes in how an attempt ended.
    async fn end(&mut self, ended: Result<(task::Id, Answer), JoinError>) {
        let (id, answer) = match ended {
            Ok((id, answer)) => (id, answer),
            Err(panic) => {
                error!(
                    sink = self.worker.sink.as_str(),
                    "an attempt broke off: {panic}"
                );
                let failure = Failure {
                    health: Health::Unknown,
                    ..Failure::unanswered(format!("the attempt broke off: {panic}"))
                };
                (panic.id(), Answer::Failed(failure))
            }
        };
        let Some(begun) = self.under_way.remove(&id) else {
            return;
        };
        let (now, settled) = (Timestamp::now(), &self.worker.settled);
        settled.took.observe(begun.at.elapsed());
        let (outcome, health, why) = match answer {
            Answer::Received => {
                settled.count(&self.worker.sink, End::Delivered);
                (Some(Outcome::Delivered), Health::Up, String::new())
            }
            Answer::Gone => {
                settled.count(&self.worker.sink, End::Gone);
                self.waiting.clear();
                self.worker.stop_sink().await;
                (None, Health::Up, String::new())
            }
            Answer::Failed(failure) => {
                let (health, why) = (failure.health, failure.error.clone());
                let outcome = self.worker.after_failure(&begun, failure, now);
                if self.worker.ordered && matches!(outcome, Outcome::Retry { .. }) {
                    self.waiting.clear();
                }
                (Some(outcome), health, why)
            }
        };
        self.ended.extend(outcome.map(|outcome| Ended {
            delivery: begun.delivery,
            alert: begun.alert,
            outcome,
        }));
        let change = self
            .circuit
            .record(health, begun.probe, now, fastrand::f64());
        if let Some(change) = change {
            // What waits is read anew later: somebody may have dropped some of it by then.
            self.waiting.clear();
            self.look = Instant::now();
            self.told = recorder::change(&self.worker, change, self.told, why).await;
        }
    }

    /// Waits for what is under way and records it.
    async fn finish(mut self) {
        self.waiting.clear();
        loop {
            self.record();
            if self.busy() == 0 {
                return;
            }
            tokio::select! {
                Some(ended) = self.attempts.join_next_with_id() => self.end(ended).await,
                Some(_) = self.recording.join_next() => self.end_recording(),
                else => return,
            }
        }
    }
}

impl Worker {
    /// What is due now, when the alerts that are held back have been looked through.
    async fn outbox(&self, now: Timestamp, limit: usize) -> Result<Outbox, StoreError> {
        let sink = || self.sink.clone();
        let mut held_until = None;
        while !self.pace.is_immediate() {
            let paced = self.store.pace(sink(), self.pace.clone(), now).await?;
            if !paced.more {
                held_until = paced.next;
                break;
            }
        }
        let mut outbox = self.store.due(sink(), now, limit, self.ordered).await?;
        outbox.next = [outbox.next, held_until].into_iter().flatten().min();
        Ok(outbox)
    }

    fn after_failure(&self, begun: &Begun, failure: Failure, now: Timestamp) -> Outcome {
        let Failure {
            error,
            retry_after,
            response,
            ..
        } = failure;
        let (failed, sink) = (begun.attempts.saturating_add(1), self.sink.as_str());
        match retry::next(&self.policy, failed, retry_after, now, fastrand::f64()) {
            retry::Next::At(at) => {
                self.settled.count(&self.sink, End::Failed);
                warn!(
                    sink,
                    alert = begun.alert,
                    attempt = failed,
                    "delivery failed, next attempt at {at}: {error}"
                );
                Outcome::Retry {
                    at,
                    error,
                    response,
                }
            }
            retry::Next::Dead => {
                self.settled.count(&self.sink, End::Dead);
                error!(
                    sink,
                    alert = begun.alert,
                    attempts = failed,
                    "delivery given up, kept as a dead letter (`mentiond alerts retry {}`): {error}",
                    begun.alert
                );
                Outcome::Dead { error, response }
            }
        }
    }
}

/// Makes one attempt, in a span of its own.
async fn attempt(worker: &Worker, due: &Due) -> Answer {
    let span = info_span!(
        parent: None,
        "delivery",
        otel.kind = "client",
        sink = worker.sink.as_str(),
        alert = due.alert.id,
        attempt = due.attempts.saturating_add(1),
        outcome = Empty,
        otel.status_code = Empty
    );
    let sent = worker.channel.send(&due.alert);
    let answer = sent.instrument(span.clone()).await;
    let outcome = match &answer {
        Answer::Received => "delivered",
        Answer::Gone => "gone",
        Answer::Failed(_) => "failed",
    };
    span.record("outcome", outcome);
    if !matches!(answer, Answer::Received) {
        span.record("otel.status_code", "ERROR");
    }
    answer
}

/// Waits for the news that there are new deliveries; false when none will come.
async fn woken(wake: Option<&mut watch::Receiver<u64>>) -> bool {
    match wake {
        Some(wake) => wake.changed().await.is_ok(),
        None => std::future::pending().await,
    }
}
