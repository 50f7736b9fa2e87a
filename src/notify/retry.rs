//! When a failed delivery is tried again: pure policy.

use std::time::Duration;

use crate::model::Timestamp;

/// How long a receiver's `Retry-After` is believed.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// The owner's bounds on retrying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The wait after the first failure.
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

/// The time of the next attempt after `failed` attempts, the one just made included.
///
/// Waits grow fourfold from `initial` to `max` (5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 6 h … with
/// the defaults), of which a random half is jitter, so that many deliveries that failed together
/// don't come back together. `Retry-After` is a lower bound (RFC 9110 §10.2.3).
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
    let quadruplings = failed.saturating_sub(1).min(15);
    let full = policy
        .initial
        .saturating_mul(1 << (2 * quadruplings))
        .min(policy.max);
    let jittered = full.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0));
    let asked = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    Next::At(now + jittered.max(asked))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: Policy = Policy {
        initial: Duration::from_secs(5),
        max: Duration::from_hours(6),
        attempts: 16,
    };

    fn wait(failed: u32, retry_after: Option<Duration>, random: f64) -> Option<Duration> {
        let now = Timestamp::from_millis(0);
        match next(&POLICY, failed, retry_after, now, random) {
            Next::At(at) => Some(at.since(now)),
            Next::Dead => None,
        }
    }

    #[test]
    fn waits_grow_fourfold_to_the_cap_and_then_end() {
        let full = |failed| wait(failed, None, 1.0);
        assert_eq!(full(1), Some(Duration::from_secs(5)));
        assert_eq!(full(2), Some(Duration::from_secs(20)));
        assert_eq!(full(3), Some(Duration::from_secs(80)));
        assert_eq!(full(15), Some(POLICY.max));
        assert_eq!(full(16), None);
    }

    #[test]
    fn half_of_a_wait_is_left_to_chance() {
        assert_eq!(wait(2, None, 0.0), Some(Duration::from_secs(10)));
        assert_eq!(wait(2, None, 0.5), Some(Duration::from_secs(15)));
    }

    #[test]
    fn the_receivers_wish_is_kept_for_a_day() {
        let hour = Duration::from_hours(1);
        assert_eq!(wait(1, Some(hour), 0.3), Some(hour));
        assert_eq!(wait(1, Some(hour * 1000), 0.3), Some(MAX_RETRY_AFTER));
    }

    proptest! {
        #[test]
        fn all_attempts_fall_within_a_bounded_time(random in 0.0..1.0_f64) {
            let total: Duration = (1..40).filter_map(|n| wait(n, None, random)).sum();
            prop_assert!(total < Duration::from_hours(72), "{total:?}");
        }
    }
}
