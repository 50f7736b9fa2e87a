//! A topic's counts as a series of points, for the command line and whoever else shows it.

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::model::Timestamp;
use crate::trends::Count;
use crate::trends::series::{SeriesError, Unit, series, share};

/// What was counted in an hour, day, week or month.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
