//! What is known of one topic over a span of time: its counts, what they are made of, its spikes.
//!
//! [`load`] reads it from the store, for pages and the API alike. It reads the rows of the span and those
//! of at most [`HISTORY`] before it, never single entries but for the stories of the newest spikes, so it
//! takes some ten milliseconds with years of history. It changes nothing.
//!
//! Points are whole units of the time zone, sums are those of the points. Breakdowns are kept by UTC day
//! and count every day that the points touch.

mod roll_up;

use std::collections::HashMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::try_join;
use utoipa::ToSchema;

use self::roll_up::{named, roll_up};
use super::trends::{By, TrendPoint, points};
use crate::config::Config;
use crate::model::Timestamp;
use crate::store::{Days, Dimension, Store, StoreError, TopicStory};
use crate::trends::baseline::{HISTORY, Watch};
use crate::trends::past::{BEHIND, Lately, lately, spikes};
use crate::trends::series::SeriesError;
use crate::trends::spike::Spike;
use crate::trends::{Count, QUARTER_MS, quarter_of};
use crate::world;

/// Feeds that are rolled up into countries and tags.
const MOST_FEEDS: usize = 20_000;
/// Of so many spikes, the newest, the stories are named …
const TOLD_SPIKES: usize = 10;
/// … those in the most entries.
const SPIKE_STORIES: usize = 3;
/// How much is read to say what the last day was like, where the span lies further back.
const RECENTLY: Duration = Duration::from_hours(100 * 24);

/// What somebody wants to know.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The topic's id.
    pub topic: String,
    /// From when on; `None` from the topic's first mention on.
    pub since: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// What a point spans; `None` for what fits the span.
    pub by: Option<By>,
    /// The time zone of hours, days, weeks and months.
    pub zone: TimeZone,
    /// Values of a breakdown at most.
    pub most: usize,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// What the database says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The span has too many points, or none can be made.
    #[error(transparent)]
    Series(#[from] SeriesError),
}

/// A topic over a span of time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = TopicTrend)]
pub struct TopicView {
    /// The topic's id.
    pub topic: String,
    /// Its name; the id of one that the configuration has no more.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// From when on.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What a point spans.
    pub by: By,
    /// The time zone of the points, by its IANA name.
    pub time_zone: String,
    /// All points that the span touches, whole and in order.
    pub points: Vec<TrendPoint>,
    /// Mentions in these points.
    pub mentions: u64,
    /// Stories among them that had not mentioned the topic before.
    pub stories: u64,
    /// Entries read of all feeds in these points.
    pub entries: u64,
    /// Mentions per 1,000 entries read; null where nothing was read.
    pub per_thousand: Option<f64>,
    /// The last 24 hours against what is usual, whatever the span is.
    pub lately: LatelyView,
    /// Mentions by feed, with the source's name.
    pub feeds: Vec<Portion>,
    /// Mentions by the country of the feed's source; empty where that is not known, or the feed is not in the
    /// configuration.
    pub countries: Vec<Portion>,
    /// Mentions by tag of the feed, under each of its tags; empty where it has none.
    pub feed_tags: Vec<Portion>,
    /// Mentions by language; empty where it is not known.
    pub languages: Vec<Portion>,
    /// Mentions by field of the best hit.
    pub fields: Vec<Portion>,
    /// Entries about the topic by other topics that they mention.
    pub together: Vec<Portion>,
    /// Spikes that went on at some time in the span, in order.
    pub spikes: Vec<SpikeView>,
}

/// How often a value occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Portion {
    /// The value: an id of a feed or topic, a code, a word.
    pub value: String,
    /// The name that it has in the configuration.
    pub name: Option<String>,
    /// How often.
    pub mentions: u64,
}

/// The last 24 hours of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(as = Lately)]
pub struct LatelyView {
    /// When they begin, to the quarter-hour.
    pub since: Timestamp,
    /// Mentions until now.
    pub mentions: u64,
    /// Mentions that were to be expected until the last whole quarter-hour, from the entries that were read; null
    /// while too little is known of the topic.
    pub expected: Option<f64>,
}

/// A time in which the topic was mentioned far more than usual.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Spike)]
pub struct SpikeView {
    /// When its first mentions came.
    pub start: Timestamp,
    /// When it could first be told.
    pub noticed: Timestamp,
    /// When the hour with the most mentions began.
    pub peak: Timestamp,
    /// When the last hour ended that was above the usual; null as long as it goes on.
    pub end: Option<Timestamp>,
    /// Mentions in the hour of the peak.
    pub count: u64,
    /// Mentions that were to be expected in that hour.
    pub expected: f64,
    /// The least chance of so many mentions or more that any of its hours had.
    pub p_value: f64,
    /// The stories behind it, those in the most entries first; of the newest ten spikes, and as far as kept.
    pub stories: Vec<TopicStory>,
}

/// Reads what is known of a topic; `None` of one that is neither configured nor was ever counted.
///
/// # Errors
/// [`TopicError`].
pub async fn load(
    store: &Store,
    config: &Config,
    asked: Asked,
    now: Timestamp,
) -> Result<Option<TopicView>, TopicError> {
    let topic = asked.topic;
    let known = config.topics.iter().find(|t| t.id.as_str() == topic);
    let first = store.first_counted(Some(topic.clone())).await?;
    if known.is_none() && first.is_none() {
        return Ok(None);
    }
    let until = asked.until.min(now + Duration::from_hours(24 * 31));
    let since = asked.since.or(first).unwrap_or(until).min(until);
    let by = asked.by.unwrap_or_else(|| By::fitting(until.since(since)));
    let whole = points(&[], &[], by.unit(), &asked.zone, since, until)?;
    let span = match (whole.first(), whole.last()) {
        (Some(first), Some(last)) => (first.start, last.end),
        _ => (since, until),
    };
    let read = (span.0 - HISTORY, (span.1 + BEHIND).min(now).max(span.0));
    let counts = |topic: Option<String>, (from, to)| store.series(topic, from, to);
    let own = Some(topic.clone());
    let days = Days {
        from: span.0,
        to: span.1 - Duration::from_millis(1),
    };
    let breakdown = |by, most| store.breakdown(topic.clone(), by, days, most);
    let zone = asked.zone;
    let name_of_zone = zone.iana_name().unwrap_or("UTC").to_owned();
    // What follows from the counts is worked out while the breakdowns are still read.
    let told = async {
        let (own, all) = try_join!(counts(own, read), counts(None, read))?;
        let recent = if read.1 < now {
            let recently = (now - RECENTLY, now);
            let own = Some(topic.clone());
            Some(try_join!(counts(own, recently), counts(None, recently))?)
        } else {
            None
        };
        let told = world::offload(move || {
            let points = points(&own, &all, by.unit(), &zone, since, until)?;
            let entries = sum(&all, span);
            let watch = Watch::of(&own, &all);
            let found = watch.map(|watch| spikes(&watch, &TimeZone::UTC, span, now));
            let recent = recent
                .as_ref()
                .map_or((&own, &all), |(own, all)| (own, all));
            let last = day(recent.0, recent.1, now);
            Ok::<_, SeriesError>((points, entries, found.unwrap_or_default(), last))
        });
        Ok::<_, TopicError>(told.await.map_err(|_| StoreError::Closed)??)
    };
    let breakdowns = async {
        Ok(try_join!(
            breakdown(Dimension::Feed, MOST_FEEDS),
            breakdown(Dimension::Language, asked.most),
            breakdown(Dimension::Field, asked.most),
            store.together(topic.clone(), days, asked.most),
        )?)
    };
    let ((points, entries, found, last), (feeds, languages, fields, together)) =
        try_join!(told, breakdowns)?;
    let mentions = points.iter().map(|point| point.mentions).sum();
    let mut countries = roll_up(&feeds, &config.feeds, |feed| {
        feed.country.iter().map(String::as_str).collect()
    });
    let mut feed_tags = roll_up(&feeds, &config.feeds, |feed| {
        feed.tags.iter().map(String::as_str).collect()
    });
    countries.truncate(asked.most);
    feed_tags.truncate(asked.most);
    let feed_names: HashMap<_, _> = config
        .feeds
        .iter()
        .map(|f| (f.id.as_str(), &f.name))
        .collect();
    let topic_names: HashMap<_, _> = config
        .topics
        .iter()
        .map(|t| (t.id.as_str(), &t.name))
        .collect();
    Ok(Some(TopicView {
        name: known.map_or(&topic, |topic| &topic.name).clone(),
        tags: known.map(|topic| topic.tags.clone()).unwrap_or_default(),
        since,
        until,
        by,
        time_zone: name_of_zone,
        stories: points.iter().map(|point| point.stories).sum(),
        per_thousand: (entries > 0).then(|| mentions as f64 * 1000.0 / entries as f64),
        points,
        mentions,
        entries,
        lately: last,
        feeds: named(feeds, asked.most, |id| feed_names.get(id).copied()),
        countries,
        feed_tags,
        languages: named(languages, asked.most, |_| None),
        fields: named(fields, asked.most, |_| None),
        together: named(together, asked.most, |id| topic_names.get(id).copied()),
        spikes: with_stories(store, &topic, found, now).await?,
        topic,
    }))
}

/// Entries or mentions from the one time until the other.
fn sum(counts: &[Count], (from, until): (Timestamp, Timestamp)) -> u64 {
    let within = |count: &&Count| from <= count.start() && count.start() < until;
    let counts = counts.iter().filter(within);
    counts.map(|count| u64::from(count.mentions)).sum()
}

/// The last day of a topic, of which there may be no counts yet.
fn day(own: &[Count], all: &[Count], now: Timestamp) -> LatelyView {
    let told = match Watch::of(own, all) {
        Some(watch) => lately(&watch, &TimeZone::UTC, now),
        None => Lately {
            since: Timestamp::from_millis((quarter_of(now) - 96) * QUARTER_MS),
            mentions: 0,
            expected: None,
        },
    };
    // What is expected is known of whole quarter-hours only; what is there counts at once.
    let running = own.iter().filter(|count| count.quarter == quarter_of(now));
    let running: u64 = running.map(|count| u64::from(count.mentions)).sum();
    LatelyView {
        since: told.since,
        mentions: told.mentions + running,
        expected: told.expected,
    }
}

/// The spikes, the newest of them with their stories.
async fn with_stories(
    store: &Store,
    topic: &str,
    found: Vec<Spike>,
    now: Timestamp,
) -> Result<Vec<SpikeView>, StoreError> {
    let untold = found.len().saturating_sub(TOLD_SPIKES);
    let mut views = Vec::with_capacity(found.len());
    for (n, spike) in found.into_iter().enumerate() {
        let span = (spike.start, spike.end.unwrap_or(now));
        let stories = if n < untold {
            Vec::new()
        } else {
            let topic = topic.to_owned();
            store.topic_stories(topic, span, SPIKE_STORIES).await?
        };
        views.push(SpikeView {
            start: spike.start,
            noticed: spike.noticed,
            peak: spike.peak,
            end: spike.end,
            count: spike.count,
            expected: spike.expected,
            p_value: spike.p_value,
            stories,
        });
    }
    Ok(views)
}
