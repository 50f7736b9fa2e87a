//! Counts over a span of time, read from the store: of a topic, of its mentions by what they have in common,
//! and of all entries read.
//!
//! Points are whole units. Breakdowns are kept by UTC day, so their units are days, weeks or months of UTC.
//! What is held at a time is the points and, of a topic, its counts by quarter-hour; a breakdown has at most
//! [`MOST_CELLS`] counts.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio::try_join;
use utoipa::ToSchema;

use super::topic::TopicError;
use super::trends::{By, TrendPoint, points};
use crate::config::Config;
use crate::model::{Feed, Timestamp};
use crate::store::{Dimension, FeedGroup, Store};
use crate::trends::series::{Point, SeriesError, series};

/// The most counts of a breakdown, which are its values times its points.
pub const MOST_CELLS: usize = 20_000;

/// Which points are wanted.
#[derive(Debug, Clone)]
pub struct Span {
    /// What a point spans.
    pub unit: By,
    /// The time zone of the units.
    pub zone: TimeZone,
    /// The first point holds this instant.
    pub since: Timestamp,
    /// The last one begins before this instant.
    pub until: Timestamp,
}

impl Span {
    fn points(&self) -> Result<Vec<Point>, SeriesError> {
        series(&[], self.unit.unit(), &self.zone, self.since, self.until)
    }

    /// From when until when there are counts in these points.
    fn edges(&self) -> Result<(Timestamp, Timestamp), SeriesError> {
        let points = self.points()?;
        Ok(match (points.first(), points.last()) {
            (Some(first), Some(last)) => (first.start, last.end),
            _ => (self.since, self.since),
        })
    }
}

/// By what a topic's mentions are broken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Breakdown {
    /// The feed's id.
    Feed,
    /// The entry's language; empty where it is not known.
    Language,
    /// The country of the feed's source; empty where the configuration names none.
    Country,
    /// The feed's tags, under each of which its mentions count; empty where it has none.
    Tag,
    /// The field of the best hit.
    Field,
}

/// What was read in an hour, day, week or month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntryPoint {
    /// When it begins.
    pub start: Timestamp,
    /// When the next one begins.
    pub end: Timestamp,
    /// Entries that were read, of all feeds, whatever they mention.
    pub entries: u64,
    /// Stories that these were the first to tell.
    pub stories: u64,
}

/// A value's mentions over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ValueSeries {
    /// The value.
    pub value: String,
    /// The feed's name, where the value is a feed of the configuration.
    pub name: Option<String>,
    /// Mentions in all points.
    pub mentions: u64,
    /// Its points.
    pub points: Vec<ValuePoint>,
}

/// A value's mentions in a day, week or month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ValuePoint {
    /// When it begins.
    pub start: Timestamp,
    /// When the next one begins.
    pub end: Timestamp,
    /// Mentions.
    pub mentions: u64,
}

/// Why a topic can't be broken down.
#[derive(Debug, thiserror::Error)]
pub enum BreakdownError {
    /// By the hour, or in another zone than UTC.
    #[error("breakdowns are kept by UTC day: ask for day, week or month, and for no other zone")]
    NotDays,
    /// More than [`MOST_CELLS`].
    #[error(
        "{values} values of {points} points are more than {MOST_CELLS} counts: ask for fewer values, a shorter \
         time or a longer unit"
    )]
    TooMany {
        /// Values that were asked for.
        values: usize,
        /// Points that each would have.
        points: usize,
    },
    /// What the counts themselves say.
    #[error(transparent)]
    Topic(#[from] TopicError),
}

impl From<SeriesError> for BreakdownError {
    fn from(error: SeriesError) -> Self {
        Self::Topic(error.into())
    }
}

/// A topic's points.
///
/// # Errors
/// [`TopicError`].
pub async fn of_topic(
    store: &Store,
    topic: &str,
    span: &Span,
) -> Result<Vec<TrendPoint>, TopicError> {
    let (from, to) = span.edges()?;
    let (own, all) = try_join!(
        store.series(Some(topic.to_owned()), from, to),
        store.series(None, from, to),
    )?;
    let (unit, zone) = (span.unit.unit(), &span.zone);
    Ok(points(&own, &all, unit, zone, span.since, span.until)?)
}

/// The points of all entries read.
///
/// # Errors
/// [`TopicError`].
pub async fn of_all(store: &Store, span: &Span) -> Result<Vec<EntryPoint>, TopicError> {
    let (from, to) = span.edges()?;
    let all = store.series(None, from, to).await?;
    let points = series(&all, span.unit.unit(), &span.zone, span.since, span.until)?;
    let points = points.into_iter().map(|point| EntryPoint {
        start: point.start,
        end: point.end,
        entries: point.mentions,
        stories: point.stories,
    });
    Ok(points.collect())
}

/// The points of the values that are most frequent among a topic's mentions, the most frequent first.
///
/// # Errors
/// [`BreakdownError`].
pub async fn by_value(
    store: &Store,
    config: &Config,
    topic: &str,
    span: &Span,
    by: Breakdown,
    most: usize,
) -> Result<Vec<ValueSeries>, BreakdownError> {
    if span.unit == By::Hour || span.zone != TimeZone::UTC {
        return Err(BreakdownError::NotDays);
    }
    let points = span.points()?;
    if points.len() * most > MOST_CELLS {
        let (values, points) = (most, points.len());
        return Err(BreakdownError::TooMany { values, points });
    }
    let starts = points.iter().map(|point| point.start);
    let edges = starts.chain(points.last().map(|last| last.end)).collect();
    let (dimension, groups) = grouped(by, &config.feeds);
    let found = store.broken_down(topic.to_owned(), dimension, groups, edges, most);
    let found = found.await.map_err(TopicError::from)?;
    let names: HashMap<_, _> = config
        .feeds
        .iter()
        .map(|f| (f.id.as_str(), &f.name))
        .collect();
    let name_of = |value: &str| (by == Breakdown::Feed).then(|| names.get(value).copied());
    let values = found.into_iter().map(|value| ValueSeries {
        name: name_of(&value.value).flatten().cloned(),
        mentions: value.counts.iter().sum(),
        points: points
            .iter()
            .zip(&value.counts)
            .map(|(point, mentions)| ValuePoint {
                start: point.start,
                end: point.end,
                mentions: *mentions,
            })
            .collect(),
        value: value.value,
    });
    Ok(values.collect())
}

/// What the store counts by, and into which groups its feeds are put.
fn grouped(by: Breakdown, feeds: &[Feed]) -> (Dimension, Option<Vec<FeedGroup>>) {
    let group = |feed: &Feed, value: &str| FeedGroup {
        feed: feed.id.to_string(),
        value: value.to_owned(),
    };
    match by {
        Breakdown::Feed => (Dimension::Feed, None),
        Breakdown::Language => (Dimension::Language, None),
        Breakdown::Field => (Dimension::Field, None),
        Breakdown::Country => {
            let groups = feeds.iter().filter_map(|feed| {
                let country = feed.country.as_deref()?;
                Some(group(feed, country))
            });
            (Dimension::Feed, Some(groups.collect()))
        }
        Breakdown::Tag => {
            let groups = feeds
                .iter()
                .flat_map(|feed| feed.tags.iter().map(|tag| group(feed, tag)));
            (Dimension::Feed, Some(groups.collect()))
        }
    }
}
