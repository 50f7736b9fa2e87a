//! The service's main loop.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tracing::{debug, error, info, warn};

use super::door::{self, Door};
use super::fleet::{Changes, Fleet, PRUNING, Told};
use super::push::Push;
use super::{Engine, Live, LiveError, PushStartError, Scheduler, Then, spikes};
use crate::config::{Config, LogConfig};
use crate::model::{Database, Timestamp};
use crate::notify::{Notifier, NotifyError, Printer, Settled};
use crate::store::{Call, Keep, StoreError};
use crate::web::ListenError;

/// What a running service can be told.
#[derive(Debug)]
pub enum Command {
    /// Put another configuration in force; other workers are asked to do so too, unless one of them has asked.
    Reload(Box<Config>, Asked),
    /// Stop.
    Stop,
}

/// Who asks for a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The owner, of this worker.
    Here,
    /// Another worker, whose owner has.
    Elsewhere,
}

/// What a running service tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Feeds are taken over and polls begin.
    Ready,
    /// A reload has ended, well or not.
    Reloaded,
    /// Another worker asks for a reload.
    ReloadAsked,
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
    /// The listener can't be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A round was asked for, and workers are at work.
    #[error(
        "other workers ({0}) poll for this database, or died within the length of a lease: `mentiond workers` lists \
         them; stop them first, or leave the polling to them"
    )]
    OthersAtWork(usize),
    /// Push can't be had.
    #[error(transparent)]
    Push(#[from] PushStartError),
}

/// Leaves alone, for the floor, the feeds that may have been asked just before a crash.
pub(super) async fn rest_after_crash(engine: &Engine, live: &Live) -> Result<(), StoreError> {
    rest(engine, live).await?;
    engine.store.crash_is_minded();
    Ok(())
}

async fn rest(engine: &Engine, live: &Live) -> Result<(), StoreError> {
    let now = Timestamp::now();
    let Some(alive) = engine.store.crashed() else {
        return Ok(());
    };
    // Ahead of now where the clock was wrong or set back: what was due by then may have been asked until now.
    let due = alive + HEARTBEAT * 2;
    let crashed = due.min(now);
    let floor = live.policy.min_interval;
    if now.since(crashed) >= floor {
        return Ok(());
    }
    let rest = engine.store.rest_after_crash(due, crashed, floor).await?;
    if rest > 0 {
        info!(
            "the last run may have asked feeds and not recorded it: {rest} of them rest for {floor:?}"
        );
    }
    Ok(())
}

/// How often the loop says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// When old rows are removed for the first time after the start, and then how often.
const FIRST_PRUNE: Duration = Duration::from_mins(2);
/// The pause before sinks that could not be started are tried again.
const RESTART_PAUSE: Duration = Duration::from_secs(5);
const PRUNE_EVERY: Duration = Duration::from_hours(6);
/// How many entries of an older database are indexed at a time, and the pause behind them, in which
/// the writer is everybody's.
const INDEX_STEP: usize = 200;
const INDEX_PAUSE: Duration = Duration::from_millis(50);
/// The pause when that failed.
const INDEX_AGAIN: Duration = Duration::from_mins(1);

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
    rest_after_crash(engine, &live).await?;
    let mut scheduler = Scheduler::new(engine.clone());
    scheduler.take_over(&live).await?;
    let mut door = Door::bind(&live.config).await?;
    let mut fleet = Fleet::join(engine, &live).await?;
    let web = live.config.web.clone();
    let start_notifier = async |live: &Live| {
        Notifier::start(
            &engine.store,
            &live.config.sinks,
            &printer,
            &engine.wakes(),
            &settled,
            &engine.hold,
        )
        .await
    };
    let opened = async {
        warn_about_orphans(engine, &live).await?;
        let (push, hubs) = Push::start(engine, scheduler.feeds()).await?.unzip();
        if let Some(push) = &push {
            push.follow(scheduler.feeds()).await;
        }
        if let Some(door) = &mut door {
            door.open(engine, &settled, hubs);
        }
        Ok::<_, DaemonError>((push, start_notifier(&live).await?))
    };
    let (push, notifier) = match opened.await {
        Ok(opened) => opened,
        Err(error) => {
            // Or the others would leave it a share of the work until its lease has ended.
            if let Some(fleet) = fleet {
                fleet.leave().await;
            }
            return Err(error);
        }
    };
    let mut notifier = Some(notifier);
    // The old sinks' last deliveries, before the new ones begin.
    let mut draining: JoinSet<()> = JoinSet::new();
    let started = Started {
        database: live.config.database.clone(),
        log: live.config.log.clone(),
    };
    drop(live);
    let pruning = tokio::spawn(prune(engine.clone()));
    let watching = tokio::spawn(spikes::watch(engine.clone()));
    let indexing = tokio::spawn(index_history(engine.clone()));
    let mut heartbeat = interval_at(Instant::now(), HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tell(Event::Ready);

    loop {
        if engine.hold.pulse().is_alive() {
            if let Err(error) = scheduler.take_pages(None).await {
                debug!("pages that wait to be read can't be listed now: {error}");
            }
            scheduler.launch();
        }
        if let Some(fleet) = &mut fleet
            && let Err(error) = fleet
                .give_back(&scheduler, notifier.is_none() && draining.is_empty())
                .await
        {
            debug!("what another worker should have can't be given back now: {error}");
        }
        let next = scheduler.next_due();
        let busy = !scheduler.is_idle();
        tokio::select! {
            _ = scheduler.ended(Then::GoOn), if busy => {}
            () = until(next) => {}
            () = engine.pages_wanted() => scheduler.more_pages(),
            told = news(&mut fleet) => {
                let Some(fleet) = &mut fleet else { continue };
                let changes = match told {
                    Some(told) => fleet.heed(told, &mut scheduler).await,
                    None => {
                        fleet.let_go(&mut scheduler).await;
                        Changes { sinks: true, feeds: true, reload: false }
                    }
                };
                if changes.reload {
                    tell(Event::ReloadAsked);
                }
                if changes.sinks && let Some(old) = notifier.take() {
                    draining.spawn(old.stop(engine.live().config.shutdown_timeout));
                }
                if changes.feeds && let Some(push) = &push {
                    push.follow(scheduler.feeds()).await;
                    // What another worker has left undone may be overdue.
                    engine.wake_push();
                }
            }
            _ = heartbeat.tick() => {
                engine.store.alive();
                engine.status.beat();
                tell(Event::Alive);
            }
            Some(_) = draining.join_next() => {
                // Sinks that another is to serve are at rest now.
                if let Some(fleet) = &mut fleet
                    && let Err(error) = fleet.give_back(&scheduler, true).await
                {
                    debug!("sinks can't be given back now: {error}");
                }
                match start_notifier(&engine.live()).await {
                    Ok(new) => notifier = Some(new),
                    Err(error) => {
                        error!("the sinks can't be started, trying again soon: {error}");
                        draining.spawn(sleep(RESTART_PAUSE));
                    }
                }
            }
            command = commands.recv() => match command {
                Some(Command::Reload(config, asked)) => {
                    match reload(engine, &mut scheduler, &started, *config).await {
                        Ok(true) => {
                            tell_others(engine, &mut fleet, asked).await;
                            if let Err(error) = warn_about_orphans(engine, &engine.live()).await {
                                debug!("waiting deliveries can't be counted now: {error}");
                            }
                            let limit = engine.live().config.shutdown_timeout;
                            if let Some(old) = notifier.take() {
                                draining.spawn(old.stop(limit));
                            }
                        }
                        Ok(false) => tell_others(engine, &mut fleet, asked).await,
                        Err(error) => warn!("reload refused, the old configuration stays in force: {error}"),
                    }
                    if let Some(fleet) = &fleet {
                        fleet.rest(&mut scheduler);
                    }
                    if let Some(push) = &push {
                        push.follow(scheduler.feeds()).await;
                    }
                    door::warn_of_changes(&web, &engine.live(), door.as_ref());
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
    watching.abort();
    indexing.abort();
    if let Some(door) = door {
        door.close().await;
    }
    if let Some(push) = push {
        push.stop().await;
    }
    let rest = async { while scheduler.ended(Then::Stop).await.is_some() {} };
    // A part of the limit is left for deliveries.
    if timeout(limit.mul_f64(0.7), rest).await.is_err() {
        warn!("polls under way did not end in time; they will be made again");
        scheduler.abort().await;
    }
    let rest = limit
        .saturating_sub(began.elapsed())
        .max(Duration::from_millis(100));
    match notifier {
        Some(notifier) => notifier.stop(rest).await,
        // The old sinks keep the limit that they were given.
        None => while draining.join_next().await.is_some() {},
    }
    if let Some(fleet) = fleet {
        fleet.leave().await;
    }
    Ok(())
}

/// What a worker among several has to heed; for ever nothing, where it is alone.
async fn news(fleet: &mut Option<Fleet>) -> Option<Told> {
    match fleet {
        Some(fleet) => fleet.news().await,
        None => pending().await,
    }
}

/// A reload that the owner has asked for here is every worker's.
async fn tell_others(engine: &Engine, fleet: &mut Option<Fleet>, asked: Asked) {
    let Some(fleet) = fleet else {
        return;
    };
    if asked == Asked::Elsewhere {
        return;
    }
    match engine.store.ask_for_reload().await {
        Ok(reloads) => {
            fleet.reloaded(reloads);
            engine.store.call(Call::Reload);
        }
        Err(error) => warn!("other workers could not be asked to reload: {error}"),
    }
}

/// Sleeps until `at`; for ever without one. Wakes at least once a minute, so that a clock that was
/// set is noticed.
async fn until(at: Option<Timestamp>) {
    match at {
        Some(at) => sleep(at.since(Timestamp::now()).min(Duration::from_mins(1))).await,
        None => pending().await,
    }
}

/// What stays as it was at the start.
#[derive(Debug)]
struct Started {
    database: Database,
    log: LogConfig,
}

/// Puts the configuration in force. Says whether the sinks have changed.
async fn reload(
    engine: &Arc<Engine>,
    scheduler: &mut Scheduler,
    started: &Started,
    config: Config,
) -> Result<bool, DaemonError> {
    let old = engine.live();
    if config.database != started.database {
        warn!(
            "`database` has changed; that takes a restart, {} stays in use",
            started.database
        );
    }
    if config.log != started.log {
        warn!("`[log]` has changed; that takes a restart");
    }
    let live = Live::new(config)?;
    scheduler.take_over(&live).await?;
    let sinks_changed = live.config.sinks != old.config.sinks;
    info!(
        feeds = live.config.feeds.len(),
        topics = live.config.topics.len(),
        sinks = live.config.sinks.len(),
        "configuration reloaded"
    );
    engine.replace(live);
    Ok(sinks_changed)
}

/// Deliveries to sinks that are no longer configured wait for ever; say so.
async fn warn_about_orphans(engine: &Engine, live: &Live) -> Result<(), StoreError> {
    for (sink, waiting) in engine.store.waiting_by_sink().await? {
        if !live.config.sinks.iter().any(|s| s.id.as_str() == sink) {
            warn!(
                sink,
                "{waiting} deliveries wait for a sink that is not configured: configure it again, or give \
                 them up with `mentiond alerts drop --sink {sink}`"
            );
        }
    }
    Ok(())
}

/// Indexes what was recorded before the database had an index; ends when all of it is.
async fn index_history(engine: Arc<Engine>) {
    let mut total = 0;
    loop {
        match engine.store.index_missing(INDEX_STEP).await {
            Ok(0) => break,
            Ok(indexed) => {
                total += indexed;
                sleep(INDEX_PAUSE).await;
            }
            Err(error) => {
                warn!("indexing older entries: {error}");
                sleep(INDEX_AGAIN).await;
            }
        }
    }
    if total > 0 {
        info!(entries = total, "older entries can be searched now");
    }
}

async fn prune(engine: Arc<Engine>) {
    sleep(FIRST_PRUNE).await;
    loop {
        if !engine.hold.has_task(PRUNING) {
            sleep(FIRST_PRUNE).await;
            continue;
        }
        let keep = {
            let live = engine.live();
            let retention = &live.config.retention;
            Keep {
                entries: retention.entries,
                seen: retention.seen,
                deliveries: retention.deliveries,
                fingerprints: live.config.dedup.window,
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
