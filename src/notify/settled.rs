//! How attempts to deliver ended since the start, in all and by sink.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::measure::Histogram;
use crate::model::SinkId;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The receiver has it.
    Delivered,
    /// It failed and is made again.
    Failed,
    /// It failed and is given up.
    Dead,
    /// The receiver wants no more: the sink is stopped, and the delivery waits.
    Gone,
}

impl End {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Delivered, Self::Failed, Self::Dead, Self::Gone];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Gone => "gone",
        }
    }
}

/// How many deliveries ended how since the start.
#[derive(Debug, Default)]
pub struct Settled {
    /// Received.
    pub delivered: AtomicU64,
    /// Attempts that failed.
    pub failed: AtomicU64,
    /// Given up.
    pub dead: AtomicU64,
    /// How long attempts took.
    pub took: Histogram,
    by_sink: Mutex<BTreeMap<SinkId, [u64; End::ALL.len()]>>,
}

impl Settled {
    /// Counts an attempt that has ended.
    pub(super) fn count(&self, sink: &SinkId, end: End) {
        match end {
            End::Delivered => self.delivered.fetch_add(1, Relaxed),
            End::Failed => self.failed.fetch_add(1, Relaxed),
            End::Dead => self.dead.fetch_add(1, Relaxed),
            End::Gone => 0,
        };
        let mut by_sink = self.by_sink.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = match by_sink.get_mut(sink) {
            Some(counts) => counts,
            None => by_sink.entry(sink.clone()).or_default(),
        };
        counts[end as usize] += 1;
    }

    /// The attempts by sink and end, for sinks that had any.
    #[must_use]
    pub fn attempts(&self) -> Vec<(SinkId, End, u64)> {
        let by_sink = self.by_sink.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |(sink, counts): (&SinkId, &[u64; End::ALL.len()])| {
            let sink = sink.clone();
            let of_end = |(end, n): (End, u64)| (sink.clone(), end, n);
            End::ALL
                .into_iter()
                .zip(*counts)
                .map(of_end)
                .collect::<Vec<_>>()
        };
        by_sink.iter().flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_is_counted_for_its_sink_and_in_all() {
        let (a, b) = (SinkId::new("a").unwrap(), SinkId::new("b").unwrap());
        let settled = Settled::default();
        for (sink, end) in [
            (&a, End::Delivered),
            (&b, End::Failed),
            (&b, End::Failed),
            (&a, End::Dead),
            (&a, End::Gone),
        ] {
            settled.count(sink, end);
        }
        let attempts = settled.attempts();
        let of = |sink: &SinkId| -> Vec<u64> {
            let of = attempts.iter().filter(|(s, ..)| s == sink);
            of.map(|(.., n)| *n).collect()
        };
        assert_eq!((of(&a), of(&b)), (vec![1, 0, 1, 1], vec![0, 2, 0, 0]));
        let all = [&settled.delivered, &settled.failed, &settled.dead];
        assert_eq!(all.map(|n| n.load(Relaxed)), [1, 2, 1]);
    }
}
