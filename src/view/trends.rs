//! A topic's counts as a series of points, for the command line and whoever else shows it.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::Timestamp;
use crate::trends::Count;
use crate::trends::series::{SeriesError, Unit, series, share};

/// What a point spans, by the clock of the time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week from Monday on.
    Week,
    /// A month.
    Month,
}

impl By {
    /// The unit of a series.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Hour => Unit::Hour,
            Self::Day => Unit::Day,
            Self::Week => Unit::Week,
            Self::Month => Unit::Month,
        }
    }

    /// The name that it has in queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// What shows a span in some dozens of points.
    #[must_use]
    pub fn fitting(span: Duration) -> Self {
        const DAY: u64 = 24 * 3600;
        match span.as_secs() {
            secs if secs <= 3 * DAY => Self::Hour,
            secs if secs <= 130 * DAY => Self::Day,
            secs if secs <= 800 * DAY => Self::Week,
            _ => Self::Month,
        }
    }

    /// What is shown of one of its points when somebody looks closer.
    #[must_use]
    pub const fn finer(self) -> Self {
        match self {
            Self::Month => Self::Week,
            Self::Week => Self::Day,
            Self::Day | Self::Hour => Self::Hour,
        }
    }
}

/// What was counted in an hour, day, week or month.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrendPoint {
    /// When it begins.
    pub start: Timestamp,
    /// When the next one begins.
    pub end: Timestamp,
    /// Entries that mention the topic.
    pub mentions: u64,
    /// Stories among them that had not mentioned it before.
    pub stories: u64,
    /// Mentions per 1,000 entries read; null where nothing was read.
    pub per_thousand: Option<f64>,
}

/// The points of a topic, beside those of all entries read.
///
/// # Errors
/// [`SeriesError`]: there would be too many.
pub fn points(
    topic: &[Count],
    all: &[Count],
    unit: Unit,
    zone: &TimeZone,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<TrendPoint>, SeriesError> {
    let points = series(topic, unit, zone, from, until)?;
    let shares = share(&points, &series(all, unit, zone, from, until)?);
    let both = points.iter().zip(shares);
    Ok(both
        .map(|(point, per_thousand)| TrendPoint {
            start: point.start,
            end: point.end,
            mentions: point.mentions,
            stories: point.stories,
            per_thousand,
        })
        .collect())
}
