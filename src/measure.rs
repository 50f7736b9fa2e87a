//! How long things take, counted in buckets.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The upper ends of the buckets, in milliseconds.
const ENDS: [u64; 13] = [
    5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
];

/// Durations since the start, counted by size. Cheap to add to from every task.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; ENDS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

/// A histogram at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spread {
    /// How many durations were at most so many seconds, for rising ends.
    pub at_most: Vec<(f64, u64)>,
    /// How many there were.
    pub count: u64,
    /// Their sum in seconds.
    pub sum: f64,
}

impl Histogram {
    /// Adds a duration.
    pub fn observe(&self, took: Duration) {
        let millis = took.as_micros().div_ceil(1000);
        if let Some(n) = ENDS.iter().position(|end| millis <= u128::from(*end)) {
            self.buckets[n].fetch_add(1, Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Relaxed);
        self.count.fetch_add(1, Relaxed);
    }

    /// What it holds now.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let mut sum = 0;
        let buckets = ENDS.iter().zip(&self.buckets).map(|(end, bucket)| {
            sum += bucket.load(Relaxed);
            (*end as f64 / 1000.0, sum)
        });
        let at_most: Vec<_> = buckets.collect();
        Spread {
            // Never less than its buckets, whatever is added meanwhile.
            count: self.count.load(Relaxed).max(sum),
            at_most,
            sum: self.micros.load(Relaxed) as f64 / 1e6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_up_to_each_end() {
        let histogram = Histogram::default();
        for millis in [0, 5, 6, 1_000, 70_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        histogram.observe(Duration::from_micros(5_001));
        let spread = histogram.spread();
        let at_most = |end: f64| spread.at_most.iter().find(|(e, _)| *e >= end).unwrap().1;
        assert_eq!(at_most(0.005), 2);
        assert_eq!(at_most(0.01), 4);
        assert_eq!(at_most(0.5), 4);
        assert_eq!(at_most(60.0), 5);
        assert_eq!(spread.count, 6);
        assert!((spread.sum - 71.016_001).abs() < 1e-9, "{}", spread.sum);
    }
}
