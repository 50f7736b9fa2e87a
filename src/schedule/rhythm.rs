//! How often a feed really publishes, and the interval that is worth while for it.
//!
//! A [`Rhythm`] is a feed's publishing history in some 150 bytes: decayed counts of its *bursts*
//! and of the hours and days of the week they fall on. Entries that appear within five minutes are
//! one burst, because one poll finds them all. [`Rhythm::observe`] takes in a document's new
//! entries, [`Rhythm::interval`] answers at any time; decay is computed from stored times when it
//! is asked, so a feed that stays silent costs no write.
//!
//! **The interval.** Polling a feed of `r` bursts a day every `i` days makes them `i / 2` late on
//! average and costs `1 / i` requests a day. The sum of delays over all feeds for a given number
//! of requests is least when one more request gains the same at every feed, which is when `i`
//! goes like `1 / sqrt(r)`: a feed that publishes a hundred times as often is polled ten times as
//! often. One burst a day is worth the geometric mean of the owner's bounds, 85 minutes for 5
//! minutes to 24 hours. Over the week the same rule holds from hour to hour: the next poll is due
//! when the square root of the rate to be expected has added up to one poll's worth.
//!
//! **The rate** is the mean of a slow and a quick estimate (a month, three days), each with a weak
//! belief in one burst a day, which is all there is for a new feed; and it is never more than the
//! present silence leaves plausible, so that a feed that stops is soon polled less and after some
//! three months as seldom as the owner allows.

mod bytes;
mod profile;
#[cfg(test)]
mod tests;

use std::time::Duration;

use self::profile::Profile;
use super::Policy;
use crate::model::Timestamp;

/// Entries that appear within this time of a burst's first one belong to it.
const BURST: Duration = Duration::from_mins(5);
/// The memory of the two estimates of the rate, in days: quick and slow.
const MEMORY: [f64; 2] = [3.0, 28.0];
/// What is believed of a feed before anything is known: so many bursts in so many days.
const PRIOR: (f64, f64) = (0.5, 0.5);
/// How far back a first document's entries are counted. What is older weighs next to nothing.
const BACKLOG: Duration = Duration::from_hours(120 * 24);
/// A silence in which more than this many bursts were to be expected disproves the rate.
const SURPRISE: f64 = 3.0;
/// The chance that a silent feed has ended doubles with this time, in days.
const MORTALITY: f64 = 30.0;

/// A feed's publishing history. The default is that of a feed never seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rhythm {
    known: Option<Known>,
}

#[derive(Debug, Clone, PartialEq)]
struct Known {
    /// From when on bursts are counted.
    began: Timestamp,
    /// When the last document with new entries was read; the counts are decayed to this time.
    seen: Timestamp,
    /// When the last burst began; never after `seen`.
    last: Option<Timestamp>,
    /// Bursts, decayed by each of `MEMORY`.
    counts: [f32; 2],
    /// When in the week they fall, decayed by the longer memory.
    profile: Profile,
}

impl Rhythm {
    /// Takes in a document: the times of the entries that are new in it, in any order, `now` for
    /// those whose own date cannot be believed.
    ///
    /// The first document's entries are a backlog and count when they say. An entry of a later
    /// document that says it is older than the document before appeared after it all the same, so
    /// it counts as of now, as do dates to come. Call it for the first document even if that has
    /// no entries.
    pub fn observe(&mut self, arrivals: &[Timestamp], now: Timestamp) {
        let first = self.known.is_none();
        let known = self.known.get_or_insert_with(|| Known::new(now));
        known.decay(now);
        let earliest = if first { now - BACKLOG } else { known.seen };
        let mut times: Vec<_> = arrivals
            .iter()
            .filter(|time| !first || **time >= earliest)
            .map(|time| {
                if *time < earliest {
                    now
                } else {
                    (*time).min(now)
                }
            })
            .collect();
        times.sort_unstable();
        if first {
            // A document shows the latest entries: where older ones are left out or absent,
            // nothing was published in between.
            let older = arrivals.iter().any(|time| *time < earliest);
            known.began = if older {
                earliest
            } else {
                *times.first().unwrap_or(&now)
            };
        }
        for time in times {
            known.count(time, now);
        }
        known.seen = now;
    }

    /// Bursts a day that are to be expected, as the history and the silence since leave plausible;
    /// `None` when nothing is known.
    #[must_use]
    pub fn rate(&self, now: Timestamp) -> Option<f64> {
        self.known.as_ref().map(|known| known.rate(now))
    }

    /// The time to the next poll that is worth while, from `min_interval` to `max_interval`.
    #[must_use]
    pub fn interval(&self, bounds: &Policy, now: Timestamp) -> Duration {
        let least = bounds.min_interval.min(bounds.max_interval);
        let (shortest, longest) = (days(least), days(bounds.max_interval));
        // The interval at one burst a day.
        let middle = (shortest * longest).sqrt();
        let wait = match &self.known {
            None => middle,
            Some(known) => {
                let worth = middle / known.rate(now).sqrt();
                known.profile.wait(now, worth, longest)
            }
        };
        let seconds = wait.clamp(shortest, longest) * 86_400.0;
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(bounds.max_interval)
            .clamp(least, bounds.max_interval)
    }
}

impl Known {
    fn new(now: Timestamp) -> Self {
        Self {
            began: now,
            seen: now,
            last: None,
            counts: [0.0; 2],
            profile: Profile::default(),
        }
    }

    /// Brings the counts to a later time. A clock that went back is simply taken over.
    fn decay(&mut self, now: Timestamp) {
        let elapsed = days(now.since(self.seen));
        for (count, memory) in self.counts.iter_mut().zip(MEMORY) {
            *count = narrow(f64::from(*count) * (-elapsed / memory).exp());
        }
        self.profile.fade((-elapsed / MEMORY[1]).exp());
        if now < self.seen {
            self.seen = now;
            self.began = self.began.min(now);
            self.last = self.last.map(|last| last.min(now));
        }
    }

    fn count(&mut self, time: Timestamp, now: Timestamp) {
        if self.last.is_some_and(|last| time < last + BURST) {
            return;
        }
        self.last = Some(time);
        let age = days(now.since(time));
        for (count, memory) in self.counts.iter_mut().zip(MEMORY) {
            *count = narrow(f64::from(*count) + (-age / memory).exp());
        }
        self.profile.count(time, (-age / MEMORY[1]).exp());
    }

    fn rate(&self, now: Timestamp) -> f64 {
        let since_seen = days(now.since(self.seen));
        let known_for = days(now.since(self.began));
        let estimates = self.counts.iter().zip(MEMORY).map(|(count, memory)| {
            let bursts = f64::from(*count) * (-since_seen / memory).exp();
            let time = memory * (1.0 - (-known_for / memory).exp());
            (bursts + PRIOR.0) / (time + PRIOR.1)
        });
        let rate = estimates.sum::<f64>() / 2.0;
        let last = self.last.unwrap_or(self.began);
        let silence = self.profile.weighed(last, now);
        let plausible = SURPRISE / silence * (-silence / MORTALITY).exp2();
        rate.min(plausible).max(f64::MIN_POSITIVE)
    }
}

fn days(time: Duration) -> f64 {
    time.as_secs_f64() / 86_400.0
}

/// Counts are kept short; there are never enough of them for the loss to matter.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding is what it is for"
)]
fn narrow(count: f64) -> f32 {
    count as f32
}
