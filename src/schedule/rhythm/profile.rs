//! When in the week a feed publishes: a newsroom sleeps at night, a digest comes on Mondays.
//!
//! Hours of the day and days of the week are counted apart, 31 numbers in all, and multiplied: an
//! hour's weight is how much more than the average hour it brings. Too few bursts to tell an
//! hour from another leave all weights near 1. Hours are UTC; neighbours share their counts, so
//! that summer time moves nothing much.

use super::{days, narrow};
use crate::model::Timestamp;

const HOUR_MS: i64 = 3_600_000;
/// One hour, in days.
const HOUR: f64 = 1.0 / 24.0;
/// Bursts that are taken to lie evenly over the day, or the week, besides those counted.
const EVEN_DAY: f64 = 6.0;
const EVEN_WEEK: f64 = 10.0;

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Profile {
    pub(super) hours: [f32; 24],
    pub(super) days: [f32; 7],
}

/// The weights of one week's hours, from Monday on. Their mean is 1.
struct Weights([f64; 168]);

impl Profile {
    pub(super) fn fade(&mut self, factor: f64) {
        for count in self.hours.iter_mut().chain(&mut self.days) {
            *count = narrow(f64::from(*count) * factor);
        }
    }

    pub(super) fn count(&mut self, time: Timestamp, weight: f64) {
        let hour = hour_of_week(time);
        for count in [&mut self.hours[hour % 24], &mut self.days[hour / 24]] {
            *count = narrow(f64::from(*count) + weight);
        }
    }

    fn weights(&self) -> Weights {
        let hours: Vec<f64> = (0..24)
            .map(|h| {
                let at = |hour: usize| f64::from(self.hours[hour % 24]);
                at(h) / 2.0 + (at(h + 23) + at(h + 1)) / 4.0
            })
            .collect();
        let hours = relative(&hours, EVEN_DAY);
        let days = relative(&self.days.map(f64::from), EVEN_WEEK);
        Weights(std::array::from_fn(|h| hours[h % 24] * days[h / 24]))
    }

    /// The time between two instants, in days, of which busy hours count for more and quiet ones
    /// for less. Never shrinks when `to` moves on.
    pub(super) fn weighed(&self, from: Timestamp, to: Timestamp) -> f64 {
        let total = days(to.since(from));
        let weeks = (total / 7.0).floor();
        let weights = self.weights();
        let (mut left, mut sum) = (total - weeks * 7.0, weeks * 7.0);
        let mut at = Position::of(from);
        while left > 0.0 {
            let step = at.left.min(left);
            sum += weights.0[at.hour] * step;
            left -= step;
            at.next();
        }
        sum
    }

    /// How long to wait from `from` on until the square root of the weights has added up to
    /// `worth`, both in days, if that is less than `longest`.
    pub(super) fn wait(&self, from: Timestamp, worth: f64, longest: f64) -> f64 {
        let weights = self.weights();
        let mean = weights.0.iter().map(|weight| weight.sqrt()).sum::<f64>() / 168.0;
        // Whole weeks need no walk.
        let weeks = (worth / (mean * 7.0)).floor().min((longest / 7.0).ceil());
        let mut waited = weeks * 7.0;
        let mut left = worth - waited * mean;
        let mut at = Position::of(from);
        while left > 0.0 && waited < longest {
            let pace = weights.0[at.hour].sqrt();
            let step = at.left.min(left / pace);
            waited += step;
            left -= step * pace;
            at.next();
        }
        waited
    }
}

/// An hour of the week, and how much of it is left, in days.
struct Position {
    hour: usize,
    left: f64,
}

impl Position {
    fn of(time: Timestamp) -> Self {
        let into = time.as_millis().rem_euclid(HOUR_MS);
        Self {
            hour: hour_of_week(time),
            left: HOUR * (HOUR_MS - into) as f64 / HOUR_MS as f64,
        }
    }

    fn next(&mut self) {
        self.hour = (self.hour + 1) % 168;
        self.left = HOUR;
    }
}

/// Each count's share beside the average, when `even` more are spread evenly.
fn relative(counts: &[f64], even: f64) -> Vec<f64> {
    let slots = counts.len() as f64;
    let total = counts.iter().sum::<f64>() + even;
    counts
        .iter()
        .map(|count| (count + even / slots) / total * slots)
        .collect()
}

/// The hour of the week, 0 on Monday at midnight UTC.
fn hour_of_week(time: Timestamp) -> usize {
    // 1970-01-01 was a Thursday.
    let hours = time.as_millis().div_euclid(HOUR_MS) + 3 * 24;
    usize::try_from(hours.rem_euclid(168)).unwrap_or_default()
}
