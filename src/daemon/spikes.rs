//! Looks after every quarter-hour whether a topic is mentioned far more than usual, and tells it once.
//!
//! What is usual is [`trends`](crate::trends)' to say, from the counts of each topic and of all entries
//! read. A spike is told when it is noticed; one that was noticed while the daemon was down, at its next
//! start if it still goes on.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::fleet::SPIKES;
use super::{Engine, Live};
use crate::dedup;
use crate::model::{AlertFacts, AlertKind, SpikeAlert, Timestamp, Topic};
use crate::store::{AlertRecord, Call, Store, StoreError};
use crate::trends::baseline::{HISTORY, Watch};
use crate::trends::spike::{Spike, judge};
use crate::trends::{Count, quarter_of, start_of};
use crate::world;

/// How long after a quarter-hour its counts are looked at: polls under way may still end.
const DELAY: Duration = Duration::from_mins(1);
/// Stories that a spike's alert names.
const STORIES: usize = 10;

/// Looks at the start, and then after every quarter-hour, for as long as it is let.
pub(super) async fn watch(engine: Arc<Engine>) {
    loop {
        let now = Timestamp::now();
        let looked = if engine.hold.has_task(SPIKES) {
            look(&engine, now).await
        } else {
            Ok(0)
        };
        match looked {
            Ok(told) => {
                engine.status.count_spikes(told, now);
                if told > 0 {
                    info!("{told} topics are mentioned far more than usual");
                    engine.wake_notifier();
                    engine.store.call(Call::Deliveries);
                }
            }
            Err(error) => warn!("can't look for spikes, trying again later: {error}"),
        }
        let ended = start_of(quarter_of(now) + 1);
        sleep((ended + DELAY).since(Timestamp::now())).await;
    }
}

/// Tells the spikes that nobody was told of; says how many.
async fn look(engine: &Engine, now: Timestamp) -> Result<usize, StoreError> {
    let (live, store) = (engine.live(), &engine.store);
    let from = now - HISTORY;
    let all: Arc<[Count]> = store.series(None, from, now).await?.into();
    let mut told = 0;
    for topic in live.config.topics.iter() {
        let own = store.series(Some(topic.id.to_string()), from, now).await?;
        let all = all.clone();
        let judged = world::offload(move || {
            let watch = Watch::of(&own, &all)?;
            judge(&watch, &TimeZone::UTC, now).spike
        });
        match judged.await {
            Ok(Some(spike)) => {
                told += usize::from(tell(store, &live, topic, &spike, now).await?);
            }
            Ok(None) => {}
            Err(panic) => warn!(topic = topic.id.as_str(), "can't judge a topic: {panic}"),
        }
    }
    debug!("looked for spikes");
    Ok(told)
}

/// Makes the alert of a spike, unless it was made before.
async fn tell(
    store: &Store,
    live: &Live,
    topic: &Topic,
    spike: &Spike,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let stories = store
        .stories_since(topic.id.clone(), spike.start, STORIES)
        .await?;
    let detail = SpikeAlert {
        title: format!(
            "{}: {} mentions in an hour, {:.1} expected",
            topic.name, spike.count, spike.expected
        ),
        topic_name: topic.name.clone(),
        topic_tags: topic.tags.clone(),
        start_ms: spike.start.as_millis(),
        count: spike.count,
        expected: spike.expected,
        p_value: spike.p_value,
        stories,
    };
    let facts = AlertFacts {
        topic: Some(topic.id.as_str()),
        tags: &topic.tags,
        is_spike: true,
        ..AlertFacts::default()
    };
    let routes = live.routes.sinks(&facts);
    let id = dedup::spike_alert_id(&topic.id, spike.start);
    let alert = AlertRecord::new(id, AlertKind::Spike, &detail, routes);
    store
        .tell_spike(topic.id.clone(), spike.start, alert, now)
        .await
}
