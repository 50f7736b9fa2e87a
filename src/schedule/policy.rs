//! The rule that turns the answer of one poll into the time of the next.
//!
//! A good answer is followed by one interval, or by what the publisher asks for if that is longer.
//! A bad one ([`Failure`]) stretches that wait by a back-off of its class up to the longest
//! interval, so that no failure ever hastens a poll. `Retry-After` is a lower bound of its own, the
//! owner's floor another. Jitter spreads feeds that would otherwise stay in step, and last of all
//! the hours and days that the document asks to be spared are stepped over.
//!
//! Everything here is pure: the time and the dice are values.

mod failure;
mod skip;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::failure::Failure;
use crate::model::{Timestamp, UpdateHints};

/// How long a `Retry-After` is believed. A server that asks for more is asked again after this.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(168);

/// How far ahead of the clock a recorded time may lie and still be believed; beyond it, a wrong
/// clock wrote it.
const CLOCK_SLACK: Duration = Duration::from_mins(1);

/// What the most used blog software writes into every feed as `sy:updatePeriod` and
/// `sy:updateFrequency`, whatever the site does.
const TEMPLATE_PERIOD: Duration = Duration::from_hours(1);

/// The owner's bounds on waiting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// No feed is polled again before this much time has passed, whatever anyone says.
    pub min_interval: Duration,
    /// The longest wait that freshness hints and back-off can bring about.
    pub max_interval: Duration,
    /// The share of a wait that is left to chance, 0 to 0.5.
    pub jitter: f64,
}

/// The time between two polls of a feed that serves well, and who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The owner set it.
    Fixed(Duration),
    /// It follows from what the feed published so far.
    Learned(Duration),
}

impl Pace {
    fn interval(self) -> Duration {
        match self {
            Self::Fixed(interval) | Self::Learned(interval) => interval,
        }
    }
}

/// What a poll came to, as far as the next one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The feed was there, changed or not.
    Served {
        /// For how long HTTP says that asking again is pointless (`Cache-Control`, `Expires`).
        fresh_for: Option<Duration>,
    },
    /// The server asked for patience (429, 503).
    Throttled {
        /// The value of `Retry-After`.
        retry_after: Option<Duration>,
        /// Polls in a row that did not succeed, this one included.
        failures: u32,
    },
    /// The poll failed.
    Failed {
        /// In what way.
        class: Failure,
        /// The value of `Retry-After`, should a failing answer carry one.
        retry_after: Option<Duration>,
        /// Polls in a row that did not succeed, this one included.
        failures: u32,
    },
    /// Nothing at all can be reached, so the failure says nothing about this feed and no server
    /// is bothered by trying again soon.
    Offline,
}

impl Answer {
    /// For how long the server asked not to be asked at all, as far as that is believed.
    #[must_use]
    pub fn patience(self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Failed { retry_after, .. } => {
                retry_after.map(|asked| asked.min(MAX_RETRY_AFTER))
            }
            Self::Served { .. } | Self::Offline => None,
        }
    }
}

/// The time of the next poll.
///
/// `random` is uniform in `[0, 1)`. The result is never earlier than `now + min_interval`, nor
/// than what the server asked for: freshness, RSS `ttl` and, for a [`Pace::Learned`], an update
/// period other than an hour (which stands in feeds by default) up to `max_interval`,
/// `Retry-After` up to [`MAX_RETRY_AFTER`]. It lies in no hour or day that the document asks to be
/// spared, unless there is no other within `max_interval`.
#[must_use]
pub fn next_poll(
    policy: &Policy,
    pace: Pace,
    answer: Answer,
    hints: &UpdateHints,
    now: Timestamp,
    random: f64,
) -> Timestamp {
    let around = |base: Duration| base.mul_f64(1.0 + policy.jitter * (2.0 * random - 1.0));
    let above = |base: Duration| base.mul_f64(1.0 + policy.jitter * random);
    let wished = wish(policy, pace, hints);
    let wait = match answer {
        Answer::Served { fresh_for } => {
            let fresh = fresh_for.unwrap_or_default().min(policy.max_interval);
            around(pace.interval()).max(above(wished.max(fresh)))
        }
        Answer::Throttled { failures, .. } => {
            let asked = above(pace.interval().max(wished));
            let cap = above(policy.max_interval).max(asked);
            failure::doubled(asked, failures.saturating_add(1), cap)
        }
        Answer::Failed {
            class, failures, ..
        } => {
            let refused = matches!(class, Failure::Denied | Failure::NotFound);
            let usual = if refused {
                above(pace.interval())
            } else {
                around(pace.interval())
            };
            let served = usual.max(above(wished));
            let cap = above(policy.max_interval).max(served);
            let first = above(class.first_wait()).min(cap).max(served);
            class.back_off(first, failures, cap)
        }
        Answer::Offline => above(policy.min_interval),
    };
    let asked = answer.patience().map(above).unwrap_or_default();
    let at = now + wait.max(asked).max(policy.min_interval);
    skip::spare(hints, at, now + policy.max_interval, random)
}

/// How long the document itself asks to be left alone, up to `max_interval`.
///
/// RSS `ttl` is a plain wish: "how long a channel can be cached before refreshing from the
/// source" (RSS 2.0, `<ttl>`). The syndication module's update period merely describes the
/// publisher, and most who carry it never chose it, for `WordPress` writes "hourly, once" into all
/// its feeds. So it is heard when the interval is learned, but not against an owner who set one,
/// and never when it is exactly that template's hour: what the feed really does says more.
fn wish(policy: &Policy, pace: Pace, hints: &UpdateHints) -> Duration {
    let period = match pace {
        Pace::Fixed(_) => None,
        Pace::Learned(_) => hints.update_period.filter(|p| *p != TEMPLATE_PERIOD),
    };
    hints
        .ttl
        .max(period)
        .unwrap_or_default()
        .min(policy.max_interval)
}

/// The earliest time from `wanted` on at which a feed may be polled that was polled at
/// `last_poll`, so that restarts, reloads and polls by hand keep the floor too.
///
/// A last poll that lies more than a minute ahead of `now` was written by a wrong clock and is not
/// believed; one that lies less ahead counts as made now.
#[must_use]
pub fn not_before(
    last_poll: Option<Timestamp>,
    floor: Duration,
    wanted: Timestamp,
    now: Timestamp,
) -> Timestamp {
    match last_poll {
        Some(last) if last <= now + CLOCK_SLACK => wanted.max(last.min(now) + floor),
        _ => wanted,
    }
}

/// When a feed that was never polled has its first poll: soon, but spread, so that a long list
/// does not fire at once (50 ms a feed, at most one interval in all).
#[must_use]
pub fn first_poll(now: Timestamp, feeds: usize, interval: Duration, random: f64) -> Timestamp {
    let feeds = u32::try_from(feeds).unwrap_or(u32::MAX);
    let spread = Duration::from_millis(50)
        .saturating_mul(feeds)
        .min(interval);
    now + spread.mul_f64(random)
}
