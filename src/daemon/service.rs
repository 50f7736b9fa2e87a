//! The service's main loop.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tracing::{info, warn};

use super::{Engine, Live, LiveError, Scheduler};
use crate::config::{Config, SinkConfig};
use crate::model::Timestamp;
use crate::notify::{Notifier, NotifyError, Prepared, Printer, Settled};
use crate::store::{Keep, StoreError};

/// What a running service can be told.
#[derive(Debug)]
pub enum Command {
    /// Put another configuration in force.
    Reload(Box<Config>),
    /// Stop.
    Stop,
}

/// What a running service tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Feeds are taken over and polls begin.
    Ready,
    /// A reload has ended, well or not.
    Reloaded,
    /// It stops.
    Stopping,
    /// The main loop is alive; comes every few seconds.
    Alive,
}

/// Why the service ended, or a round failed.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sinks can't be set up.
    #[error(transparent)]
    Notify(#[from] NotifyError),
    /// The configuration can't be put to work.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// How often the loop says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// When old rows are removed for the first time after the start, and then how often.
const FIRST_PRUNE: Duration = Duration::from_mins(2);
const PRUNE_EVERY: Duration = Duration::from_hours(6);

/// Runs until told to stop.
///
/// # Errors
/// Only while starting: what the database says, or what is wrong with a sink. Once it runs,
/// failures are logged and worked around.
pub async fn run(
    engine: &Arc<Engine>,
    printer: Printer,
    settled: Arc<Settled>,
    mut commands: mpsc::Receiver<Command>,
    mut tell: impl FnMut(Event),
) -> Result<(), DaemonError> {
    let live = engine.live();
    let mut scheduler = Scheduler::new(engine.clone());
    scheduler.take_over(&live).await?;
    warn_about_orphans(engine, &live).await?;
    let prepare = async |sinks: &[SinkConfig]| {
        Notifier::prepare(&engine.store, sinks, &printer, &settled).await
    };
    let mut notifier = prepare(&live.config.sinks).await?.start(&engine.wakes());
    drop(live);
    let pruning = tokio::spawn(prune(engine.clone()));
    let mut heartbeat = interval_at(Instant::now(), HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tell(Event::Ready);

    loop {
        scheduler.launch();
        let next = scheduler.next_due();
        let busy = !scheduler.is_idle();
        tokio::select! {
            _ = scheduler.ended(true), if busy => {}
            () = until(next) => {}
            _ = heartbeat.tick() => tell(Event::Alive),
            command = commands.recv() => match command {
                Some(Command::Reload(config)) => {
                    match reload(engine, &mut scheduler, *config, &prepare).await {
                        Ok(Some(prepared)) => {
                            let limit = engine.live().config.shutdown_timeout;
                            // What is under way may take as long as the watchdog is patient.
                            let mut stop = pin!(notifier.stop(limit));
                            loop {
                                tokio::select! {
                                    () = &mut stop => break,
                                    _ = heartbeat.tick() => tell(Event::Alive),
                                }
                            }
                            notifier = prepared.start(&engine.wakes());
                        }
                        Ok(None) => {}
                        Err(error) => warn!("reload refused, the old configuration stays in force: {error}"),
                    }
                    tell(Event::Reloaded);
                }
                Some(Command::Stop) | None => break,
            },
        }
    }

    tell(Event::Stopping);
    let limit = engine.live().config.shutdown_timeout;
    let began = Instant::now();
    pruning.abort();
    let rest = async { while scheduler.ended(false).await.is_some() {} };
    if timeout(limit, rest).await.is_err() {
        warn!("polls under way did not end in time; they will be made again");
        scheduler.abort().await;
    }
    notifier
        .stop(
            limit
                .saturating_sub(began.elapsed())
                .max(Duration::from_millis(100)),
        )
        .await;
    Ok(())
}

/// Sleeps until `at`; for ever without one. Wakes at least once a minute, so that a clock that was
/// set is noticed.
async fn until(at: Option<Timestamp>) {
    match at {
        Some(at) => sleep(at.since(Timestamp::now()).min(Duration::from_mins(1))).await,
        None => pending().await,
    }
}

/// Puts the configuration in force. Returns workers for its sinks if they have changed.
async fn reload(
    engine: &Arc<Engine>,
    scheduler: &mut Scheduler,
    config: Config,
    prepare: &impl AsyncFn(&[SinkConfig]) -> Result<Prepared, NotifyError>,
) -> Result<Option<Prepared>, DaemonError> {
    let old = engine.live();
    if config.database != old.config.database {
        warn!("`database` has changed; that takes a restart, the old database stays in use");
    }
    let live = Live::new(config)?;
    // All that can fail comes before anything is changed.
    let prepared = if live.config.sinks == old.config.sinks {
        None
    } else {
        Some(prepare(&live.config.sinks).await?)
    };
    scheduler.take_over(&live).await?;
    info!(
        feeds = live.config.feeds.len(),
        topics = live.config.topics.len(),
        sinks = live.config.sinks.len(),
        "configuration reloaded"
    );
    engine.replace(live);
    Ok(prepared)
}

/// Deliveries to sinks that are no longer configured wait for ever; say so.
async fn warn_about_orphans(engine: &Engine, live: &Live) -> Result<(), DaemonError> {
    for (sink, waiting) in engine.store.waiting_by_sink().await? {
        if !live.config.sinks.iter().any(|s| s.id.as_str() == sink) {
            warn!(
                sink,
                "{waiting} deliveries wait for a sink that is not configured"
            );
        }
    }
    Ok(())
}

async fn prune(engine: Arc<Engine>) {
    sleep(FIRST_PRUNE).await;
    loop {
        let keep = {
            let live = engine.live();
            let retention = &live.config.retention;
            Keep {
                entries: retention.entries,
                seen: retention.seen,
                deliveries: retention.deliveries,
            }
        };
        match engine.store.prune(keep, Timestamp::now()).await {
            Ok(pruned) if pruned == crate::store::Pruned::default() => {}
            Ok(pruned) => info!(
                entries = pruned.entries,
                seen = pruned.seen,
                deliveries = pruned.deliveries,
                "removed what is older than it is to be kept"
            ),
            Err(error) => warn!("removing old rows: {error}"),
        }
        sleep(PRUNE_EVERY).await;
    }
}
