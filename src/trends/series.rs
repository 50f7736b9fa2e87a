//! Counts per quarter-hour put into the hours, days, weeks or months of a time zone.
//!
//! [`series`] gives every unit that touches the range, whole, zeros included: a day's point counts the
//! whole day even where the range begins at noon. A quarter-hour belongs to the unit in which it begins.
//! Units follow each other without gap or overlap, over every change of the clock. It never makes more
//! than [`MOST_POINTS`].

use jiff::tz::TimeZone;

use super::{Count, calendar};
use crate::model::Timestamp;

/// The most points that a series has.
pub const MOST_POINTS: usize = 5_000;

/// What a point of a series spans, by the clock of the time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// An hour. The one that comes twice when the clock is put back is two.
    Hour,
    /// A day, of 23 or 25 hours where the clock is changed.
    Day,
    /// A week from Monday on, as ISO 8601 has it.
    Week,
    /// A month.
    Month,
}

/// What was counted in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When it begins.
    pub start: Timestamp,
    /// When the next one begins.
    pub end: Timestamp,
    /// Mentions in it.
    pub mentions: u64,
    /// Stories that these tell, added up over its quarter-hours.
    pub stories: u64,
}

/// Why there is no series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// The range holds more units than a series may have.
    #[error("the range holds more than {most} points: ask for a shorter one or a longer unit")]
    TooMany {
        /// How many it may have.
        most: usize,
    },
    /// The range is not within the years that a calendar is known for.
    #[error("the range reaches beyond the years -9999 to 9999")]
    Outside,
}

/// The units from the one that holds `from` to the one that holds the last instant before `until`, with
/// what was counted in each. An empty range has none.
///
/// # Errors
///
/// When there would be more than [`MOST_POINTS`], or the calendar does not reach that far.
pub fn series(
    counts: &[Count],
    unit: Unit,
    zone: &TimeZone,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Point>, SeriesError> {
    if from >= until {
        return Ok(Vec::new());
    }
    let edges = calendar::edges(unit, zone, from, until, MOST_POINTS)?;
    let mut points: Vec<Point> = edges
        .iter()
        .zip(edges.iter().skip(1))
        .map(|(start, end)| Point {
            start: *start,
            end: *end,
            mentions: 0,
            stories: 0,
        })
        .collect();
    for count in counts {
        let at = count.start();
        let after = points.partition_point(|point| point.start <= at);
        if let Some(point) = after.checked_sub(1).and_then(|n| points.get_mut(n))
            && at < point.end
        {
            point.mentions = point.mentions.saturating_add(count.mentions.into());
            point.stories = point.stories.saturating_add(count.stories.into());
        }
    }
    Ok(points)
}

/// Mentions per 1,000 entries read, for each point; `None` where nothing was read, or where `all` has no
/// point that begins at the same time.
#[must_use]
pub fn share(points: &[Point], all: &[Point]) -> Vec<Option<f64>> {
    let entries = |start: Timestamp| {
        let at = all.binary_search_by_key(&start, |point| point.start);
        at.ok().map(|n| all[n].mentions).filter(|n| *n > 0)
    };
    points
        .iter()
        .map(|point| entries(point.start).map(|n| point.mentions as f64 * 1000.0 / n as f64))
        .collect()
}
