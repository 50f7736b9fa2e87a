//! Time and memory of one contestant over one text.

use std::hint::black_box;

use crate::contestants::{Contestant, region};

/// Seconds that one measurement lasts at least, if the text allows.
const LEAST: f64 = 0.2;
/// A contestant that would take longer than that for the text reads it in parts.
const MOST: f64 = 1.0;

/// How much of a text a contestant reads at a time, and what it finds there.
pub struct Plan {
    pub entries: usize,
    pub bytes: usize,
    pub hits: usize,
    /// How often it reads that between two looks at the clock.
    times: usize,
}

impl Plan {
    /// Reads the text once, or so much as there is time for.
    pub fn new(contestant: &Contestant, entries: &[String]) -> Self {
        let began = processor_seconds();
        let (mut hits, mut read, mut took) = (0, 0, 0.0);
        for group in entries.chunks(32) {
            for entry in group {
                hits += (contestant.run)(entry);
            }
            read += group.len();
            took = processor_seconds() - began;
            if took > MOST {
                break;
            }
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let times = (LEAST / 4.0 / took.max(1e-3)).ceil() as usize;
        Self {
            entries: read,
            bytes: entries[..read].iter().map(String::len).sum(),
            hits,
            times,
        }
    }

    /// One measurement, in millions of bytes a second. Who reads only parts of the text reads
    /// another part each time, so that nobody is timed on what it has just learned by heart.
    pub fn speed(&self, contestant: &Contestant, entries: &[String], round: usize) -> f64 {
        let part = self.entries * self.times;
        let mut at = (round + 1) * self.entries % entries.len();
        let mut bytes = 0;
        let began = processor_seconds();
        loop {
            for entry in entries.iter().cycle().skip(at).take(part) {
                bytes += entry.len();
                black_box((contestant.run)(black_box(entry)));
            }
            at = (at + part) % entries.len();
            let took = processor_seconds() - began;
            if took >= LEAST {
                return bytes as f64 / 1e6 / took;
            }
        }
    }
}

/// Allocations an entry after a pass to warm up: over the entries without a hit, and over all.
pub fn allocations(contestant: &Contestant, entries: &[String]) -> (f64, f64) {
    let (mut quiet, mut quiet_entries, mut all) = (0, 0, 0);
    for entry in entries {
        let counted = region();
        let hits = (contestant.run)(entry);
        let change = counted.change();
        let made = change.allocations + change.reallocations;
        all += made;
        if hits == 0 {
            quiet += made;
            quiet_entries += 1;
        }
    }
    (
        quiet as f64 / f64::from(quiet_entries.max(1)),
        all as f64 / entries.len() as f64,
    )
}

/// The median, and how far apart the extremes are as a share of it.
pub fn median(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values[values.len() / 2];
    (middle, (values[values.len() - 1] - values[0]) / middle)
}

/// The processor time of this thread where Linux tells it, else the time of the clock.
pub fn processor_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|t| t.split_whitespace().next()?.parse::<u64>().ok());
    match nanoseconds {
        Some(n) => n as f64 / 1e9,
        None => {
            use std::sync::LazyLock;
            use std::time::Instant;
            static START: LazyLock<Instant> = LazyLock::new(Instant::now);
            START.elapsed().as_secs_f64()
        }
    }
}
