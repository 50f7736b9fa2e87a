//! What is usual for a topic, quarter-hour by quarter-hour.
//!
//! [`expectations`] walks through the past once and says for each quarter-hour how many mentions were to
//! be expected, from what was known a day before. The expectation is a rate per entry read, times the
//! entries read in that quarter-hour: feeds that are added, nights in which nobody publishes and outages
//! change both sides. The rate is the topic's level (a memory of five days), times what the hour of the
//! day, the day of the week and the hour of the week make of it (six weeks), each drawn towards none by
//! a few mentions' worth, so that a cell of the week counts only as far as it is known.
//!
//! An hour far above what was expected is learned as no more than the limit of the usual: a spike does
//! not raise the baseline for long, a new level does within days. Quarter-hours in which nothing was
//! read teach nothing.
//!
//! It reads no clock and never looks at the future of a quarter-hour, so a longer history changes no
//! expectation that was made before.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::calendar::next_change;
use super::{Count, DAY, QUARTER_MS, quarter_of};
use crate::model::Timestamp;

/// How far back counts are read, in quarter-hours.
const HORIZON: i64 = 400 * 96;
/// The same as a span: older counts change nothing of what is expected now.
pub const HISTORY: Duration = Duration::from_hours(400 * 24);
/// After so many quarter-hours a count is learned.
const LAG: usize = DAY;
/// The memory of the level and of its shape over the week, in quarter-hours.
const LEVEL: f64 = 5.0 * 96.0;
const SHAPE: f64 = 42.0 * 96.0;
/// What an hour's factors are drawn towards one by, in mentions: of the day, of the week, and the day's.
const DRAWN: [f64; 3] = [6.0, 12.0, 10.0];
/// Standard deviations above the expected count that are still learned in full.
const USUAL: f64 = 3.0;
/// The variance, in means, that is believed at first, and how many mentions that belief is worth.
const CLUMPS: (f64, f64) = (1.6, 10.0);
/// The least that it is taken for.
const LEAST: f64 = 1.1;
/// What the expectation is off by however much is known, as a variance relative to its square.
const ROUGH: f64 = 0.03;
/// What it is off by in addition while the topic's week is not known; it wears off …
const COLD: f64 = 1.0;
/// … over so many quarter-hours learned.
const COLD_FOR: f64 = 14.0 * 96.0;

/// A topic's counts and what they are measured by.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// The topic's counts.
    pub counts: &'a [Count],
    /// All entries read.
    pub all: &'a [Count],
    /// The first quarter-hour in which the topic was looked for: before it, no mention means nothing.
    pub since: i64,
}

impl<'a> Watch<'a> {
    /// A topic that has been looked for since it was first counted, which is what is known of it; `None`
    /// of one that never was. Counts are in order.
    #[must_use]
    pub fn of(counts: &'a [Count], all: &'a [Count]) -> Option<Self> {
        let since = counts.first()?.quarter;
        Some(Self { counts, all, since })
    }
}

/// A quarter-hour and what was expected of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Which one.
    pub quarter: i64,
    /// Mentions of the topic.
    pub mentions: f64,
    /// Stories that they tell.
    pub stories: f64,
    /// Entries read.
    pub entries: f64,
    /// Mentions that were to be expected; zero while nothing is known.
    pub expected: f64,
    /// The variance of a count: this times the expected count …
    pub clumps: f64,
    /// … and this times its square.
    pub rough: f64,
    /// Quarter-hours with entries that had been learned from.
    pub known: u32,
}

/// A sum of counts and one of what they are measured by, in weights that grow with time: whatever is
/// older weighs less beside them.
#[derive(Debug, Clone, Copy, Default)]
struct Ratio {
    seen: f64,
    by: f64,
}

impl Ratio {
    fn add(&mut self, weight: f64, seen: f64, by: f64) {
        self.seen += weight * seen;
        self.by += weight * by;
    }
}

/// How the parts of a day or week differ from the whole, whatever the level did meanwhile.
#[derive(Debug, Clone)]
struct Shape<const N: usize> {
    whole: Ratio,
    parts: [Ratio; N],
}

impl<const N: usize> Shape<N> {
    fn new() -> Self {
        Self {
            whole: Ratio::default(),
            parts: [Ratio::default(); N],
        }
    }

    fn add(&mut self, part: usize, weight: f64, seen: f64, by: f64) {
        self.whole.add(weight, seen, by);
        self.parts[part].add(weight, seen, by);
    }

    /// A part's factor, drawn towards one by so many mentions.
    fn factor(&self, part: usize, weight: f64, drawn: f64) -> f64 {
        if self.whole.seen <= 0.0 {
            return 1.0;
        }
        let drawn = drawn * weight;
        let level = self.whole.by / self.whole.seen;
        (self.parts[part].seen * level + drawn) / (self.parts[part].by + drawn)
    }
}

/// What has been learned.
struct Learned {
    level: Ratio,
    /// Squared deviations and the expected counts that they are measured by.
    clumps: Ratio,
    hours: Shape<24>,
    days: Shape<7>,
    week: Shape<168>,
    /// Quarter-hours that taught something.
    known: u32,
}

/// The weights of what is learned at a quarter-hour: the level's and the shape's.
#[derive(Clone, Copy)]
struct Weights(f64, f64);

impl Learned {
    fn new() -> Self {
        Self {
            level: Ratio::default(),
            clumps: Ratio::default(),
            hours: Shape::new(),
            days: Shape::new(),
            week: Shape::new(),
            known: 0,
        }
    }

    /// Mentions per entry, and the factors of the hour, the day and the hour of the week.
    fn rate(&self, cell: usize, weights: Weights) -> (f64, [f64; 3]) {
        if self.level.by <= 0.0 {
            return (0.0, [1.0; 3]);
        }
        // Half a mention that was just missed: nothing is known never to happen.
        let level = (self.level.seen + weights.0 / 2.0) / self.level.by;
        let clumps = self.clumps(weights);
        let drawn = DRAWN.map(|drawn| drawn * clumps);
        let hour = self.hours.factor(cell % 24, weights.1, drawn[0]);
        let day = self.days.factor(cell / 24, weights.1, drawn[2]);
        let week = self.week.factor(cell, weights.1, drawn[1]);
        (level, [hour, day, week])
    }

    /// The part of a count's variance that goes with the expected count.
    fn clumps(&self, weights: Weights) -> f64 {
        let belief = CLUMPS.1 * weights.0;
        let clumps = (self.clumps.seen + CLUMPS.0 * belief) / (self.clumps.by + belief);
        clumps.max(LEAST)
    }

    /// The part that goes with the square of it.
    fn rough(&self, clumps: f64, weights: Weights) -> f64 {
        let mentions = self.level.seen / weights.0;
        let cold = 1.0 - f64::from(self.known) / COLD_FOR;
        ROUGH + clumps / (mentions + 4.0) + COLD * cold.max(0.0)
    }

    /// Learns that quarter-hour, which ends an hour with so many mentions in it.
    fn learn(&mut self, step: &Step, hour: (f64, f64), cell: usize, weights: Weights) {
        if step.entries <= 0.0 {
            return;
        }
        let (seen, expected) = hour;
        let mut mentions = step.mentions;
        if step.known > 0 {
            let variance = step.clumps * expected + step.rough * expected * expected;
            let limit = (expected + USUAL * variance.sqrt()).max(1.0);
            mentions *= (limit / seen.max(limit)).min(1.0);
            let off = seen.min(limit.max(2.0)) - expected;
            let squared = off * off - ROUGH * expected * expected;
            // Four hours overlap in each quarter of one.
            self.clumps.add(weights.0 / 4.0, squared, expected);
        }
        let (level, [hour, day, _]) = self.rate(cell, weights);
        let by = step.entries * level;
        self.level.add(weights.0, mentions, step.entries);
        if level > 0.0 {
            self.hours.add(cell % 24, weights.1, mentions, by);
            self.days.add(cell / 24, weights.1, mentions, by * hour);
            self.week.add(cell, weights.1, mentions, by * hour * day);
        }
        self.known += 1;
    }
}

/// Every quarter-hour from the first that is known to the last that has ended by `now`, with what was to be
/// expected of it.
#[must_use]
pub fn expectations(watch: &Watch<'_>, zone: &TimeZone, now: Timestamp) -> Vec<Step> {
    let last = quarter_of(now).saturating_sub(1);
    let read = watch.all.iter().filter(|count| count.quarter <= last);
    let Some(first) = read.map(|count| count.quarter).min() else {
        return Vec::new();
    };
    let first = first.max(watch.since).max(last.saturating_sub(HORIZON));
    let mut steps: Vec<Step> = (first..=last).map(Step::empty).collect();
    fill(&mut steps, first, watch.counts, |step, count| {
        step.mentions += f64::from(count.mentions);
        step.stories += f64::from(count.stories);
    });
    fill(&mut steps, first, watch.all, |step, count| {
        step.entries += f64::from(count.mentions);
    });
    let cells = cells(zone, first, steps.len());
    let mut learned = Learned::new();
    let mut weights = Weights(1.0, 1.0);
    let (level_gains, shape_gains) = ((1.0 / LEVEL).exp(), (1.0 / SHAPE).exp());
    for n in 0..steps.len() {
        if let Some(old) = n.checked_sub(LAG) {
            // The hour that ends with the old quarter-hour.
            let from = old.saturating_sub(3);
            let (mut seen, mut expected) = (0.0, 0.0);
            for step in &steps[from..=old] {
                seen += step.mentions;
                expected += step.expected;
            }
            learned.learn(&steps[old], (seen, expected), cells[old], weights);
        }
        let (level, factors) = learned.rate(cells[n], weights);
        let step = &mut steps[n];
        step.expected = step.entries * level * factors.iter().product::<f64>();
        step.clumps = learned.clumps(weights);
        step.rough = learned.rough(step.clumps, weights);
        step.known = learned.known;
        weights.0 *= level_gains;
        weights.1 *= shape_gains;
    }
    steps
}

impl Step {
    fn empty(quarter: i64) -> Self {
        Self {
            quarter,
            mentions: 0.0,
            stories: 0.0,
            entries: 0.0,
            expected: 0.0,
            clumps: CLUMPS.0,
            rough: ROUGH + COLD,
            known: 0,
        }
    }
}

fn fill(steps: &mut [Step], first: i64, counts: &[Count], add: impl Fn(&mut Step, &Count)) {
    for count in counts {
        let place = count.quarter.checked_sub(first);
        let place = place.and_then(|n| usize::try_from(n).ok());
        if let Some(step) = place.and_then(|n| steps.get_mut(n)) {
            add(step, count);
        }
    }
}

/// The hour of the week, from Monday's first, in which each of the quarter-hours begins.
fn cells(zone: &TimeZone, first: i64, length: usize) -> Vec<usize> {
    let mut cells = Vec::with_capacity(length);
    // Until when the offset of the clock is known to hold.
    let (mut offset, mut until) = (0, i64::MIN);
    for quarter in (first..).take(length) {
        let seconds = quarter.saturating_mul(QUARTER_MS / 1000);
        if seconds >= until {
            let known = jiff::Timestamp::from_second(seconds).ok();
            offset = known.map_or(0, |at| i64::from(zone.to_offset(at).seconds()));
            until = next_change(zone, seconds)
                .ok()
                .flatten()
                .unwrap_or(i64::MAX);
        }
        let hour = seconds.saturating_add(offset).div_euclid(3600);
        // The first hour of 1970 was the 73rd of its week.
        let cell = hour.saturating_add(72).rem_euclid(168);
        cells.push(usize::try_from(cell).unwrap_or(0));
    }
    cells
}
