//! One round: every chosen feed polled once, now, and what waits delivered once.

use std::sync::Arc;

use tokio::time::sleep;
use tracing::info;

use super::fleet::Fleet;
use super::left_alone::LeftAlone;
use super::scheduler::{Ended, Scheduler, Then};
use super::service::rest_after_crash;
use super::{DaemonError, Engine};
use crate::model::{FeedId, Timestamp};
use crate::notify::{Notifier, Printer, Settled};

/// What a round came to.
#[derive(Debug, Default)]
pub struct RoundSummary {
    /// Feeds that were left alone, why and until when.
    pub left_alone: Vec<LeftAlone>,
    /// How the deliveries ended.
    pub settled: Arc<Settled>,
}

/// Polls the feeds named in `only` (all when empty) and then attempts every due delivery once.
/// `progress` hears of each poll that ends.
///
/// # Errors
/// What the database says, or what is wrong with a sink.
pub async fn round(
    engine: &Arc<Engine>,
    only: &[FeedId],
    printer: &Printer,
    mut progress: impl FnMut(&Ended),
) -> Result<RoundSummary, DaemonError> {
    let live = engine.live();
    rest_after_crash(engine, &live).await?;
    if engine.store.is_shared() {
        engine.store.bury_the_dead().await?;
    }
    let mut fleet = Fleet::join(engine, &live).await?;
    if let Some(joined) = &mut fleet {
        let others = joined.all_or_nothing().await;
        if others > 0 {
            if let Some(joined) = fleet.take() {
                joined.leave().await;
            }
            return Err(DaemonError::OthersAtWork(others));
        }
    }
    let mut registered = engine
        .store
        .register_feeds(&live.config.feeds, Timestamp::now())
        .await?;
    if !only.is_empty() {
        registered.retain(|known| only.contains(&known.id));
    }
    let mut scheduler = Scheduler::new(engine.clone());
    let left_alone = scheduler.all_now(&live, registered, !only.is_empty());
    for left in &left_alone {
        info!(feed = left.feed.as_str(), "left alone: {left}");
    }
    loop {
        scheduler.take_pages(Some(Timestamp::now())).await?;
        scheduler.launch();
        if let Some(ended) = scheduler.ended(Then::Finish).await {
            progress(&ended);
            continue;
        }
        // A host may be resting between two requests.
        match scheduler.next_due() {
            Some(at) => sleep(at.since(Timestamp::now())).await,
            None => break,
        }
    }
    let settled = Arc::new(Settled::default());
    Notifier::drain_once(
        &engine.store,
        &live.config.sinks,
        printer,
        &settled,
        &engine.hold,
    )
    .await?;
    if let Some(fleet) = fleet {
        fleet.leave().await;
    }
    Ok(RoundSummary {
        left_alone,
        settled,
    })
}
