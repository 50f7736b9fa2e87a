//! How many messages a sink gets: a bucket of tokens that fills up evenly.
//!
//! The generic cell rate algorithm of ATM (ITU-T I.371) keeps the whole bucket in one instant: the time
//! at which it would be full again.

use std::time::Duration;

use crate::model::Timestamp;

/// At most so many messages at once, and as many again in each span of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Messages, at least one.
    pub messages: u32,
    /// The span.
    pub per: Duration,
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// When the bucket will be full; `None` or a time that is over means that it is.
    pub full_at: Option<Timestamp>,
}

impl Limit {
    /// The time between two messages when the bucket is empty, in whole milliseconds.
    #[must_use]
    pub fn interval(&self) -> Duration {
        let millis = self.per.as_millis() / u128::from(self.messages.max(1));
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX).max(1))
    }
}

impl Rate {
    /// Takes a message, or says when there will be one. Without a limit there always is.
    ///
    /// # Errors
    /// When there will be one.
    pub fn take(&mut self, limit: Option<Limit>, now: Timestamp) -> Result<(), Timestamp> {
        let Some(limit) = limit else {
            return Ok(());
        };
        let interval = limit.interval();
        let size = interval.saturating_mul(limit.messages.max(1));
        // An empty bucket is full after its size; a later time is a clock's mistake.
        let full = self.full_at.filter(|full| *full <= now + size);
        let full = full.map_or(now, |full| full.max(now)) + interval;
        if full > now + size {
            return Err(full - size);
        }
        self.full_at = Some(full);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);
    const LIMIT: Limit = Limit {
        messages: 20,
        per: Duration::from_hours(1),
    };

    #[test]
    fn as_many_as_allowed_go_at_once_and_then_one_in_each_interval() {
        let mut rate = Rate::default();
        for _ in 0..20 {
            assert_eq!(rate.take(Some(LIMIT), NOW), Ok(()));
        }
        let next = NOW + Duration::from_mins(3);
        assert_eq!(rate.take(Some(LIMIT), NOW), Err(next));
        assert_eq!(rate.take(Some(LIMIT), next), Ok(()));
        assert!(rate.take(Some(LIMIT), next).is_err());
        let rested = next + Duration::from_hours(1);
        for _ in 0..20 {
            assert_eq!(rate.take(Some(LIMIT), rested), Ok(()));
        }
        assert!(rate.take(Some(LIMIT), rested).is_err());
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let mut rate = Rate::default();
        for _ in 0..1000 {
            assert_eq!(rate.take(None, NOW), Ok(()));
        }
        assert_eq!(rate, Rate::default());
    }

    #[test]
    fn a_clock_that_went_back_does_not_hold_messages_up() {
        let mut rate = Rate {
            full_at: Some(NOW + Duration::from_hours(9999)),
        };
        assert_eq!(rate.take(Some(LIMIT), NOW), Ok(()));
    }

    proptest! {
        /// In any span, no more go out than the bucket holds and than come in; and what is refused
        /// is allowed at the time that is told.
        #[test]
        fn no_span_sees_more_than_is_allowed(
            messages in 1_u32..50, per in 1_u64..100_000, waits in proptest::collection::vec(0_u64..5000, 1..200)
        ) {
            let limit = Limit { messages, per: Duration::from_millis(per) };
            let (mut rate, mut now, mut sent) = (Rate::default(), NOW, Vec::new());
            for wait in waits {
                now = now + Duration::from_millis(wait);
                match rate.take(Some(limit), now) {
                    Ok(()) => sent.push(now),
                    Err(at) => {
                        prop_assert!(at > now && at.since(now) <= limit.interval());
                        prop_assert_eq!(rate.take(Some(limit), at), Ok(()));
                        now = at;
                        sent.push(now);
                    }
                }
            }
            let interval = u64::try_from(limit.interval().as_millis()).unwrap();
            for (first, from) in sent.iter().enumerate() {
                let last = (first + messages as usize).min(sent.len() - 1);
                if last == first + messages as usize {
                    prop_assert!(sent[last].since(*from) >= Duration::from_millis(interval));
                }
            }
        }
    }
}
