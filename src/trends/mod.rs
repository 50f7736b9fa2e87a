//! What the counts of mentions say: series for charts, and spikes.
//!
//! Counts come per topic and quarter-hour of UTC, sparse, and so does the number of all entries read
//! ([`Count`]). [`series`] puts them into hours, days, weeks or months of a time zone, [`spike`] says
//! when a topic was mentioned far more than is usual for it, against the [`baseline`] that its own
//! past gives, [`past`] says that of long spans and of the last day, and [`spark`] draws a series in one line.
//!
//! Everything here is pure: values and a time come in, nothing is read or kept, and the same values
//! give the same answer. No counts make it panic, however wild: they may be unsorted, double, far in
//! the future, or as large as they can be. What it never does is look at texts or at single entries.

pub mod baseline;
mod calendar;
pub mod past;
pub mod series;
pub mod spark;
pub mod spike;
pub mod tail;
#[cfg(test)]
mod tests;

use crate::model::Timestamp;

/// Milliseconds of a quarter-hour.
pub const QUARTER_MS: i64 = 900_000;
/// Quarter-hours of a day.
const DAY: usize = 96;

/// What was counted in one quarter-hour of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Count {
    /// Quarter-hours since 1970-01-01T00:00:00Z.
    pub quarter: i64,
    /// Mentions of a topic; of all topics together, entries read.
    pub mentions: u32,
    /// Stories that these tell.
    pub stories: u32,
}

impl Count {
    /// When its quarter-hour began.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        start_of(self.quarter)
    }
}

/// The quarter-hour that an instant lies in.
#[must_use]
pub fn quarter_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(QUARTER_MS)
}

/// When a quarter-hour begins.
#[must_use]
pub fn start_of(quarter: i64) -> Timestamp {
    Timestamp::from_millis(quarter.saturating_mul(QUARTER_MS))
}
