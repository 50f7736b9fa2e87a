//! One round: every chosen feed polled once, now, and what waits delivered once.

use std::sync::Arc;

use tracing::warn;

use super::scheduler::{Ended, Scheduler};
use super::{DaemonError, Engine};
use crate::model::{FeedId, Timestamp};
use crate::notify::{Notifier, Printer, Settled};

/// What a round came to.
#[derive(Debug, Default)]
pub struct RoundSummary {
    /// Feeds that were left alone because their server asked for patience, and until when.
    pub left_alone: Vec<(FeedId, Timestamp)>,
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
    let mut registered = engine.store.register_feeds(&live.config.feeds).await?;
    if !only.is_empty() {
        registered.retain(|known| only.contains(&known.id));
    }
    let mut scheduler = Scheduler::new(engine.clone());
    let left_alone = scheduler.all_now(&live, registered, !only.is_empty());
    for (feed, until) in &left_alone {
        warn!(
            feed = feed.as_str(),
            "left alone: its server asked for patience until {until}"
        );
    }
    scheduler.launch();
    while let Some(ended) = scheduler.ended(false).await {
        progress(&ended);
        scheduler.launch();
    }
    let settled = Arc::new(Settled::default());
    Notifier::drain_once(&engine.store, &live.config.sinks, printer, &settled).await?;
    Ok(RoundSummary {
        left_alone,
        settled,
    })
}
