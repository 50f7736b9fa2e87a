//! What a worker tells the store and the log: outcomes, pauses, the stop of its sink.

use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use super::circuit::{Change, Pause};
use super::worker::{STORE_PAUSE, Worker};
use crate::model::Timestamp;
use crate::store::{Outcome, PauseRecord, StoreError};

/// How often a single round tries to record how deliveries ended.
const SETTLE_TRIES: u32 = 5;

/// A delivery whose attempt is over.
pub(super) struct Ended {
    pub(super) delivery: i64,
    pub(super) alert: String,
    pub(super) outcome: Outcome,
}

/// Records how attempts ended. Does not give up while the daemon runs, because an alert that was
/// received must not be sent again; with `give_up`, a few tries must do.
pub(super) async fn settle(
    worker: &Worker,
    ended: Vec<Ended>,
    mut stop: watch::Receiver<bool>,
    give_up: bool,
) {
    let first = ended.first().map(|ended| ended.alert.clone());
    let outcomes: Vec<(i64, Outcome)> =
        ended.into_iter().map(|e| (e.delivery, e.outcome)).collect();
    let mut tries = 0_u32;
    while let Err(error) = worker
        .store
        .settle_held(outcomes.clone(), Timestamp::now(), worker.fence.clone())
        .await
    {
        if matches!(error, StoreError::LeaseLost(_)) {
            warn!(
                sink = worker.sink.as_str(),
                "another worker serves this sink now: it repeats {} deliveries by their ids",
                outcomes.len()
            );
            break;
        }
        if tries == 0 {
            error!(
                sink = worker.sink.as_str(),
                alert = first.as_deref().unwrap_or_default(),
                "can't record how deliveries ended ({} of them), will keep trying: {error}",
                outcomes.len()
            );
        }
        tries = tries.saturating_add(1);
        if *stop.borrow() || (give_up && tries >= SETTLE_TRIES) {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(STORE_PAUSE) => {}
            _ = stop.changed() => {}
        }
    }
}

/// The pause that the store knows of; none if it can't be read, for a probe does no harm.
pub(super) async fn pause(worker: &Worker) -> Option<Pause> {
    match worker.store.pause(worker.sink.clone()).await {
        Ok(pause) => pause.map(|PauseRecord { until, times, .. }| Pause { until, times }),
        Err(error) => {
            error!(sink = worker.sink.as_str(), "reading the outbox: {error}");
            None
        }
    }
}

/// Tells and records that a sink's pause has begun, goes on or is over. One line is logged for a
/// spell; returns whether the present one has been told.
pub(super) async fn change(worker: &Worker, change: Change, told: bool, why: String) -> bool {
    let sink = worker.sink.as_str();
    let record = match change {
        Change::Paused(Pause { until, times }) => {
            if told {
                debug!(sink, "paused until {until}: {why}");
            } else {
                warn!(
                    sink,
                    "sink paused until {until}: its receiver is in trouble ({why}); its deliveries \
                     wait, their attempts are not counted"
                );
            }
            Some(PauseRecord {
                until,
                times,
                reason: why,
            })
        }
        Change::Resumed => {
            info!(sink, "sink goes on: its receiver answers again");
            None
        }
    };
    let paused = record.is_some();
    if let Err(error) = worker.store.pause_sink(worker.sink.clone(), record).await {
        error!(sink, "can't record a pause: {error}");
    }
    paused
}

impl Worker {
    /// Stops the sink for good: its receiver wants nothing more. That is logged once, however many requests
    /// were under way.
    pub(super) async fn stop_sink(&self) {
        let reason = "the receiver answered 410 Gone";
        let sink = self.sink.as_str();
        let stopped = self
            .store
            .stop_sink(self.sink.clone(), reason.to_owned(), Timestamp::now())
            .await;
        if let Ok(false) = stopped {
            debug!(sink, "{reason}; the sink is stopped already");
            return;
        }
        error!(
            sink,
            "sink stopped: {reason}; its deliveries wait until `mentiond alerts resume {}` or a new URL",
            self.sink
        );
        if let Err(error) = stopped {
            error!(sink, "can't record that the sink is stopped: {error}");
            tokio::time::sleep(STORE_PAUSE).await;
        }
        info!(sink, "what waits for this sink is kept");
    }
}
