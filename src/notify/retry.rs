//! When a failed delivery is tried again: pure policy.
//!
//! The waits are those of the Standard Webhooks specification, section "Deliverability and
//! reliability" (spec/standard-webhooks.md): 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
//! Each is the longest that its attempt may wait; the wait itself is drawn from all between nothing
//! and that (full jitter), so that what failed together does not come back together. As this halves
//! them on average, three more waits of 24 h follow: 13 attempts take the 75 hours that the
//! specification's ten take without jitter.
//!
//! `Retry-After` is a lower bound (RFC 9110 §10.2.3), believed for a day. A date in it is read
//! against the answer's own `Date`, so that a receiver whose clock is wrong still means the right
//! span ([`crate::fetch::Hints`]).

use std::time::Duration;

use crate::model::Timestamp;

/// How long a receiver's `Retry-After` is believed.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// The wait after the first failure, in the specification's schedule.
pub const INITIAL: Duration = Duration::from_secs(5);
/// The longest wait of the specification's schedule.
pub const LONGEST: Duration = Duration::from_hours(24);
/// Attempts in all by default.
pub const ATTEMPTS: u32 = 13;

/// The specification's waits as multiples of the first one; the last holds for all that follow.
const GROWTH: [u32; 9] = [1, 60, 360, 1440, 3600, 7200, 10_080, 14_400, 17_280];

/// The owner's bounds on retrying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The longest wait after the first failure; later ones grow as the specification's do.
    pub initial: Duration,
    /// The longest wait between two attempts.
    pub max: Duration,
    /// Attempts in all; the last failure makes a dead letter.
    pub attempts: u32,
}

/// What follows from a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again at this time.
    At(Timestamp),
    /// Give up.
    Dead,
}

/// The time of the next attempt after `failed` attempts, the one just made included; `random` is
/// from 0 to 1.
#[must_use]
pub fn next(
    policy: &Policy,
    failed: u32,
    retry_after: Option<Duration>,
    now: Timestamp,
    random: f64,
) -> Next {
    if failed >= policy.attempts {
        return Next::Dead;
    }
    let drawn = longest(policy, failed).mul_f64(random.clamp(0.0, 1.0));
    let asked = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    // Never the same millisecond: a round that takes what was due at its start must not meet it again.
    Next::At(now + drawn.max(asked).max(Duration::from_millis(1)))
}

/// The longest wait after `failed` attempts.
fn longest(policy: &Policy, failed: u32) -> Duration {
    let step = usize::try_from(failed.saturating_sub(1)).unwrap_or(usize::MAX);
    let growth = GROWTH[step.min(GROWTH.len() - 1)];
    policy.initial.saturating_mul(growth).min(policy.max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: Policy = Policy {
        initial: INITIAL,
        max: LONGEST,
        attempts: ATTEMPTS,
    };

    fn wait(failed: u32, retry_after: Option<Duration>, random: f64) -> Option<Duration> {
        let now = Timestamp::from_millis(0);
        match next(&POLICY, failed, retry_after, now, random) {
            Next::At(at) => Some(at.since(now)),
            Next::Dead => None,
        }
    }

    #[test]
    fn the_longest_waits_are_the_specifications() {
        let minutes = |failed| wait(failed, None, 1.0).map(|wait| wait.as_secs_f64() / 60.0);
        let all: Vec<f64> = (2..=9).filter_map(minutes).collect();
        assert_eq!(wait(1, None, 1.0), Some(Duration::from_secs(5)));
        assert_eq!(all, [5.0, 30.0, 120.0, 300.0, 600.0, 840.0, 1200.0, 1440.0]);
        assert_eq!(minutes(12), Some(1440.0));
        assert_eq!(minutes(13), None);
    }

    #[test]
    fn the_mean_time_until_a_delivery_is_given_up_is_the_specifications() {
        let total: Duration = (1..ATTEMPTS).filter_map(|n| wait(n, None, 0.5)).sum();
        let hours = total.as_secs_f64() / 3600.0;
        assert!((72.0..78.0).contains(&hours), "{hours}");
    }

    #[test]
    fn all_of_a_wait_is_left_to_chance() {
        assert_eq!(wait(2, None, 0.0), Some(Duration::from_millis(1)));
        assert_eq!(wait(2, None, 0.5), Some(Duration::from_secs(150)));
    }

    #[test]
    fn another_first_wait_and_cap_keep_the_proportions() {
        let policy = Policy {
            initial: Duration::from_secs(1),
            max: Duration::from_mins(5),
            attempts: 99,
        };
        let all: Vec<u64> = (1..=4).map(|n| longest(&policy, n).as_secs()).collect();
        assert_eq!(all, [1, 60, 300, 300]);
    }

    #[test]
    fn the_receivers_wish_is_kept_for_a_day() {
        let hour = Duration::from_hours(1);
        assert_eq!(wait(1, Some(hour), 0.3), Some(hour));
        assert_eq!(wait(1, Some(hour * 1000), 0.3), Some(MAX_RETRY_AFTER));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_its_step_nor_shorter_than_was_asked_for(
            failed in 1..40_u32, asked in 0..200_000_u64, random in 0.0..=1.0_f64,
        ) {
            let asked = Duration::from_secs(asked);
            let Some(drawn) = wait(failed, Some(asked), random) else {
                prop_assert!(failed >= ATTEMPTS);
                return Ok(());
            };
            let floor = asked.min(MAX_RETRY_AFTER);
            let most = longest(&POLICY, failed).max(floor).max(Duration::from_millis(1));
            prop_assert!(drawn >= floor && drawn <= most, "{drawn:?}");
        }
    }
}
