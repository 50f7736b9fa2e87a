//! When a topic is mentioned far more than is usual for it.
//!
//! At the end of every quarter-hour of UTC the mentions of the last hour (four quarter-hours, sliding) are
//! compared with what was to be expected ([`baseline`](super::baseline)), as the chance of so many or more
//! by a negative binomial distribution. A chance of [`BEGINS`] or less begins a spike; one that stays above
//! [`CALM`] for six hours in which something was read ends it, so that one event makes one spike. A spike
//! has [`LEAST`] mentions of [`STORIES`] stories within an hour at least.
//!
//! Of a topic that has been watched for less than three days nothing is said. Up to two weeks it takes
//! more than later, since little is known of its week.
//!
//! [`judge`] and [`episodes`] are one rule: run after every quarter-hour, the first says what the second
//! finds afterwards in the same counts. Where counts of long ago have been dropped meanwhile, a spike's
//! times may move by some quarter-hours; spikes that overlap are then one.

use jiff::tz::TimeZone;

use super::baseline::{Step, Watch, expectations};
use super::{DAY, start_of};
use crate::model::Timestamp;

/// A chance of this or less begins a spike.
pub const BEGINS: f64 = 5e-5;
/// A chance above this is calm.
pub const CALM: f64 = 0.02;
/// A spike has at least so many mentions within an hour …
pub const LEAST: f64 = 3.0;
/// … of so many stories.
pub const STORIES: f64 = 2.0;
/// Calm quarter-hours that end a spike.
const PATIENCE: u32 = 24;
/// Quarter-hours that must have been learned before anything is said; they are learned after a day.
const KNOWN: usize = 2 * DAY;
/// Quarter-hours of an hour.
const HOUR: usize = 4;

/// A time in which a topic was mentioned far more than usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    /// When its first mentions came.
    pub start: Timestamp,
    /// When it could first be told.
    pub noticed: Timestamp,
    /// When the hour with the most mentions began.
    pub peak: Timestamp,
    /// The end of the last hour that was not calm; `None` as long as six calm hours have not passed.
    pub end: Option<Timestamp>,
    /// Mentions in the hour of the peak.
    pub count: u64,
    /// Mentions that were to be expected in that hour.
    pub expected: f64,
    /// The least chance of so many mentions or more that any of its hours had.
    pub p_value: f64,
}

/// What is to be said of a topic now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The last hour; `None` while too little is known of the topic.
    pub hour: Option<Hour>,
    /// The spike that is going on.
    pub spike: Option<Spike>,
    /// Whether it began with the last quarter-hour.
    pub begins: bool,
}

/// The hour up to the end of a quarter-hour, against what was expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hour {
    /// When it ends.
    pub end: Timestamp,
    /// Mentions.
    pub count: u64,
    /// Mentions that were to be expected.
    pub expected: f64,
    /// The chance of so many mentions or more; 1 where they are too few to tell, or within a standard
    /// deviation of what was expected.
    pub p_value: f64,
}

impl Hour {
    /// How sure it is that this is no chance, from 0 to 1.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        1.0 - self.p_value
    }
}

/// All spikes up to `now`, in order and apart from each other. Only the last can be without an end.
#[must_use]
pub fn episodes(watch: &Watch<'_>, zone: &TimeZone, now: Timestamp) -> Vec<Spike> {
    let steps = expectations(watch, zone, now);
    let mut latch = Latch::default();
    let ended = (0..steps.len()).filter_map(|n| latch.step(&steps, n).1);
    let mut spikes: Vec<Spike> = ended.collect();
    spikes.extend(latch.open.map(|open| open.spike));
    spikes
}

/// What is to be said of a topic at `now`, from its counts up to then.
#[must_use]
pub fn judge(watch: &Watch<'_>, zone: &TimeZone, now: Timestamp) -> Verdict {
    let steps = expectations(watch, zone, now);
    let mut latch = Latch::default();
    let mut hour = None;
    for n in 0..steps.len() {
        hour = Some(latch.step(&steps, n).0);
    }
    let spike = latch.open.map(|open| open.spike);
    Verdict {
        hour: hour.filter(|_| steps.last().is_some_and(known)),
        spike,
        begins: hour.is_some_and(|hour| spike.is_some_and(|spike| spike.noticed == hour.end)),
    }
}

/// Whether enough is known to say anything.
pub(super) fn known(step: &Step) -> bool {
    step.known as usize >= KNOWN
}

/// A spike that is going on.
#[derive(Debug, Clone, Copy)]
struct Open {
    spike: Spike,
    /// Calm quarter-hours since the last that was not, and when that ended.
    calm: u32,
    last: Timestamp,
}

/// Remembers from one quarter-hour to the next whether there is a spike.
#[derive(Debug, Default)]
struct Latch {
    open: Option<Open>,
}

impl Latch {
    /// Takes in a quarter-hour; says what its hour was like, and the spike that it ends.
    fn step(&mut self, steps: &[Step], n: usize) -> (Hour, Option<Spike>) {
        let window = &steps[(n + 1).saturating_sub(HOUR)..=n];
        let hour = weigh(window, &steps[n]);
        let start = |step: &Step| start_of(step.quarter);
        let Some(open) = &mut self.open else {
            if hour.p_value <= BEGINS {
                let first = window.iter().find(|step| step.mentions > 0.0);
                let spike = Spike {
                    start: start(first.unwrap_or(&steps[n])),
                    noticed: hour.end,
                    peak: start(&window[0]),
                    end: None,
                    count: hour.count,
                    expected: hour.expected,
                    p_value: hour.p_value,
                };
                let (calm, last) = (0, hour.end);
                self.open = Some(Open { spike, calm, last });
            }
            return (hour, None);
        };
        if hour.p_value <= CALM {
            (open.calm, open.last) = (0, hour.end);
            open.spike.p_value = open.spike.p_value.min(hour.p_value);
            if hour.count > open.spike.count {
                open.spike.peak = start(&window[0]);
                (open.spike.count, open.spike.expected) = (hour.count, hour.expected);
            }
        } else if steps[n].entries > 0.0 {
            open.calm += 1;
        }
        if open.calm < PATIENCE {
            return (hour, None);
        }
        let end = Some(open.last);
        let ended = Spike { end, ..open.spike };
        self.open = None;
        (hour, Some(ended))
    }
}

/// Compares the hour with what was expected of it, as known at its last quarter-hour.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of counts"
)]
fn weigh(window: &[Step], last: &Step) -> Hour {
    let sum = |value: fn(&Step) -> f64| window.iter().map(value).sum::<f64>();
    let (count, expected) = (sum(|step| step.mentions), sum(|step| step.expected));
    let enough = known(last) && count >= LEAST && sum(|step| step.stories) >= STORIES;
    let variance = last.clumps * expected + last.rough * expected * expected;
    let usual = expected + variance.sqrt();
    let p_value = if enough && expected > 0.0 && count > usual {
        super::tail::at_least(count, expected, variance)
    } else {
        1.0
    };
    Hour {
        end: start_of(last.quarter.saturating_add(1)),
        count: count as u64,
        expected,
        p_value,
    }
}
