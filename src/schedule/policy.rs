//! The rule that turns the answer of one poll into the time of the next.
//!
//! What the server asks for is a lower bound; the owner's interval and floor are lower bounds too;
//! failures double the wait up to a cap. Jitter spreads feeds that would otherwise stay in step.

use std::time::Duration;

use crate::model::Timestamp;

/// How long a `Retry-After` is believed. A server that asks for more is asked again after this.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(168);

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

/// What a poll came to, as far as the next one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The feed was there, changed or not. `fresh_for` is the longest of the lifetimes that the
    /// publisher declares (`Cache-Control: max-age`, RSS `ttl`).
    Served {
        /// For how long the publisher says that asking again is pointless.
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
/// than what the server asked for (freshness up to `max_interval`, `Retry-After` up to
/// [`MAX_RETRY_AFTER`]).
#[must_use]
pub fn next_poll(
    policy: &Policy,
    interval: Duration,
    answer: Answer,
    now: Timestamp,
    random: f64,
) -> Timestamp {
    let around = |base: Duration| base.mul_f64(1.0 + policy.jitter * (2.0 * random - 1.0));
    let above = |base: Duration| base.mul_f64(1.0 + policy.jitter * random);
    let wait = match answer {
        Answer::Served { fresh_for } => {
            let fresh = fresh_for.unwrap_or_default().min(policy.max_interval);
            around(interval).max(above(fresh))
        }
        Answer::Throttled { failures, .. } | Answer::Failed { failures, .. } => {
            let asked = answer.patience().unwrap_or_default();
            around(back_off(policy, interval, failures)).max(above(asked))
        }
        Answer::Offline => above(policy.min_interval),
    };
    now + wait.max(policy.min_interval)
}

/// The interval doubled for each failure after the first, up to `max_interval`, but never shorter
/// than the interval itself.
fn back_off(policy: &Policy, interval: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(20);
    interval
        .saturating_mul(1 << doublings)
        .min(policy.max_interval.max(interval))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const POLICY: Policy = Policy {
        min_interval: Duration::from_mins(5),
        max_interval: Duration::from_hours(24),
        jitter: 0.1,
    };

    fn wait(answer: Answer, random: f64) -> Duration {
        let now = Timestamp::from_millis(0);
        next_poll(&POLICY, HOUR / 2, answer, now, random).since(now)
    }

    #[test]
    fn an_answered_poll_waits_one_interval_give_or_take_the_jitter() {
        let served = Answer::Served { fresh_for: None };
        assert_eq!(wait(served, 0.5), HOUR / 2);
        assert_eq!(wait(served, 0.0), Duration::from_mins(27));
        assert!(wait(served, 0.999) < Duration::from_secs(1981));
    }

    #[test]
    fn freshness_is_a_lower_bound_up_to_the_cap() {
        let two_hours = Answer::Served {
            fresh_for: Some(HOUR * 2),
        };
        assert!(wait(two_hours, 0.0) >= HOUR * 2);
        let a_year = Answer::Served {
            fresh_for: Some(HOUR * 24 * 365),
        };
        assert_eq!(wait(a_year, 0.0), POLICY.max_interval);
        let a_minute = Answer::Served {
            fresh_for: Some(Duration::from_mins(1)),
        };
        assert_eq!(wait(a_minute, 0.5), HOUR / 2);
    }

    #[test]
    fn failures_double_the_wait_up_to_the_cap() {
        let failed = |failures| {
            wait(
                Answer::Failed {
                    retry_after: None,
                    failures,
                },
                0.5,
            )
        };
        assert_eq!(failed(1), HOUR / 2);
        assert_eq!(failed(2), HOUR);
        assert_eq!(failed(3), HOUR * 2);
        assert_eq!(failed(40), POLICY.max_interval);
    }

    #[test]
    fn retry_after_is_believed_for_a_week() {
        let throttled = |after| {
            wait(
                Answer::Throttled {
                    retry_after: Some(after),
                    failures: 1,
                },
                0.0,
            )
        };
        assert!(throttled(HOUR * 48) >= HOUR * 48);
        assert_eq!(throttled(HOUR * 24 * 400), MAX_RETRY_AFTER);
    }

    #[test]
    fn offline_feeds_are_tried_again_soon() {
        assert_eq!(wait(Answer::Offline, 0.0), POLICY.min_interval);
    }

    #[test]
    fn first_polls_of_many_feeds_are_spread_over_at_most_an_interval() {
        let now = Timestamp::from_millis(0);
        let last = |feeds| first_poll(now, feeds, HOUR, 0.999).since(now);
        assert!(last(10) < Duration::from_secs(1));
        assert!(last(1_000_000) <= HOUR);
    }

    fn answers() -> impl Strategy<Value = Answer> {
        let hint = || proptest::option::of((0..u64::MAX / 2_000).prop_map(Duration::from_secs));
        prop_oneof![
            hint().prop_map(|fresh_for| Answer::Served { fresh_for }),
            (hint(), any::<u32>()).prop_map(|(retry_after, failures)| Answer::Throttled {
                retry_after,
                failures
            }),
            (hint(), any::<u32>()).prop_map(|(retry_after, failures)| Answer::Failed {
                retry_after,
                failures
            }),
            Just(Answer::Offline),
        ]
    }

    proptest! {
        #[test]
        fn the_floor_and_the_servers_wishes_hold_and_the_wait_is_bounded(
            answer in answers(), random in 0.0..1.0_f64, interval in 300..90_000_u64,
        ) {
            let now = Timestamp::from_millis(1_700_000_000_000);
            let interval = Duration::from_secs(interval);
            let wait = next_poll(&POLICY, interval, answer, now, random).since(now);
            prop_assert!(wait >= POLICY.min_interval);
            prop_assert!(wait <= MAX_RETRY_AFTER.mul_f64(1.2));
            match answer {
                Answer::Served { fresh_for: Some(fresh) } =>
                    prop_assert!(wait >= fresh.min(POLICY.max_interval)),
                Answer::Throttled { retry_after: Some(after), .. }
                | Answer::Failed { retry_after: Some(after), .. } =>
                    prop_assert!(wait >= after.min(MAX_RETRY_AFTER)),
                _ => {}
            }
        }
    }
}
