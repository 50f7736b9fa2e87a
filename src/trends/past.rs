//! What is said of a topic afterwards: the spikes of a span of any length, and the last day against what
//! was expected of it.
//!
//! Spikes are those of [`episodes`]; a span that is longer than it looks back is walked in strides, each
//! judged with all that was known of the topic then.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::baseline::{Watch, expectations};
use super::spike::{Spike, episodes, known};
use super::{DAY, start_of};
use crate::model::Timestamp;

/// How much of the past is judged at once; what lies before that is only learned from.
const STRIDE: Duration = Duration::from_hours(300 * 24);
/// How far behind a stride counts are looked at, for the ends of the spikes that began in it.
pub const BEHIND: Duration = Duration::from_hours(14 * 24);

/// A day of a topic, as it was and as it was to be expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lately {
    /// When it begins.
    pub since: Timestamp,
    /// Mentions.
    pub mentions: u64,
    /// Mentions that were to be expected, from what was read; `None` while too little is known of the topic.
    pub expected: Option<f64>,
}

/// The spikes that went on at some time from `from` until `until`, in order and apart from each other. Of
/// the past as a whole nothing behind `now` is known. The counts should reach [`BEHIND`] behind the span,
/// and [`HISTORY`](super::baseline::HISTORY) before it.
#[must_use]
pub fn spikes(
    watch: &Watch<'_>,
    zone: &TimeZone,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Vec<Spike> {
    let first = from.max(start_of(watch.since));
    let mut end = until.min(now);
    // The newest first.
    let mut found: Vec<Spike> = Vec::new();
    while end > first {
        let begin = end - STRIDE;
        let mut stride = episodes(watch, zone, (end + BEHIND).min(now));
        // One that began before the whole span may reach into it.
        stride.retain(|spike| spike.start < end && (spike.start >= begin || begin <= first));
        for spike in stride.into_iter().rev() {
            let next = found.last().map(|next| next.start);
            if next.is_none_or(|next| spike.end.is_some_and(|end| end <= next)) {
                found.push(spike);
            }
        }
        end = begin;
    }
    found.retain(|spike| spike.end.is_none_or(|end| end > from));
    found.reverse();
    found
}

/// The last 24 hours in whole quarter-hours.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of counts"
)]
pub fn lately(watch: &Watch<'_>, zone: &TimeZone, now: Timestamp) -> Lately {
    let since = start_of(super::quarter_of(now)) - Duration::from_hours(24);
    let steps = expectations(watch, zone, now);
    let last = &steps[steps.len().saturating_sub(DAY)..];
    let sum = |value: fn(&super::baseline::Step) -> f64| last.iter().map(value).sum::<f64>();
    Lately {
        since,
        mentions: sum(|step| step.mentions) as u64,
        expected: last
            .last()
            .is_some_and(known)
            .then(|| sum(|step| step.expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trends::Count;

    /// Days of the history, and one mention each six hours of 40 entries each quarter-hour.
    fn history(days: i64) -> (Vec<Count>, Vec<Count>) {
        let count = |quarter, mentions| Count {
            quarter,
            mentions,
            stories: mentions,
        };
        let all = (0..days * 96).map(|quarter| count(quarter, 40)).collect();
        let own = (0..days * 4).map(|n| count(n * 24, 1)).collect();
        (own, all)
    }

    /// Adds a burst of an hour.
    fn burst(own: &mut Vec<Count>, day: i64) {
        own.extend((0..4).map(|n| Count {
            quarter: day * 96 + 40 + n,
            mentions: 12,
            stories: 9,
        }));
        own.sort_by_key(|count| count.quarter);
    }

    fn day(n: i64) -> Timestamp {
        start_of(n * 96)
    }

    #[test]
    fn spikes_of_years_are_found_each_once() {
        let (mut own, all) = history(1100);
        let days = [30, 499, 500, 799, 800, 1099];
        for day in days {
            burst(&mut own, day);
        }
        let watch = Watch::of(&own, &all).unwrap();
        let now = day(1100);
        let found = spikes(&watch, &TimeZone::UTC, (day(0), now), now);
        let began: Vec<_> = found.iter().map(|spike| spike.start).collect();
        let expected = days.map(|n| start_of(n * 96 + 40));
        assert_eq!(began, expected);
        assert!(found.iter().all(|spike| spike.end.is_some()));
    }

    #[test]
    fn what_a_span_of_the_past_holds_does_not_hang_on_what_came_later() {
        let (mut own, all) = history(200);
        for day in [50, 60, 150] {
            burst(&mut own, day);
        }
        let watch = Watch::of(&own, &all).unwrap();
        let now = day(200);
        let found = spikes(&watch, &TimeZone::UTC, (day(55), day(100)), now);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].start, start_of(60 * 96 + 40));
        // It had begun when the span did.
        let within = start_of(60 * 96 + 42);
        let found = spikes(&watch, &TimeZone::UTC, (within, day(100)), now);
        assert_eq!(found.len(), 1);
        assert!(spikes(&watch, &TimeZone::UTC, (day(100), day(100)), now).is_empty());
    }

    #[test]
    fn the_last_day_is_held_against_the_days_before() {
        let (mut own, all) = history(60);
        burst(&mut own, 59);
        let watch = Watch::of(&own, &all).unwrap();
        let told = lately(&watch, &TimeZone::UTC, day(60) + Duration::from_mins(5));
        assert_eq!((told.since, told.mentions), (day(59), 52));
        let expected = told.expected.unwrap();
        assert!((2.0..6.0).contains(&expected), "{expected}");
        let (own, all) = history(2);
        let young = Watch::of(&own, &all).unwrap();
        assert_eq!(lately(&young, &TimeZone::UTC, day(2)).expected, None);
    }
}
