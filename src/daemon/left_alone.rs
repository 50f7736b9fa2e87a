//! Which feeds are not polled although somebody asks for it, until when, and why.

use std::time::Duration;

use crate::model::{FeedId, Timestamp};
use crate::schedule::policy;
use crate::store::Registered;

/// Why a feed is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its server asked for patience (`Retry-After`).
    Asked,
    /// Its server said for how long the last answer is fresh.
    Fresh,
    /// It was polled a moment ago.
    Floor,
}

impl Why {
    /// In words that follow "left alone:".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "its server asked for patience",
            Self::Fresh => "its server says that the last answer is fresh",
            Self::Floor => "it was polled a moment ago and rests",
        }
    }
}

/// A feed that is not polled now although somebody wants it to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    /// The feed.
    pub feed: FeedId,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub why: Why,
}

impl LeftAlone {
    /// Whether a feed is to be left alone at `now`, when no URL may be polled twice within the
    /// policy's `min_interval`. The reason that holds longest counts.
    pub(super) fn of(known: &Registered, policy: &policy::Policy, now: Timestamp) -> Option<Self> {
        // No wish is believed for longer, so a later time comes from a wrong clock.
        let believed = |at: Option<Timestamp>, most: Duration| at.filter(|at| *at <= now + most);
        let floor = policy::not_before(known.last_poll, policy.min_interval, now, now);
        let reasons = [
            (Some(floor), Why::Floor),
            (believed(known.fresh_until, policy.max_interval), Why::Fresh),
            (
                believed(known.wait_until, policy::MAX_RETRY_AFTER),
                Why::Asked,
            ),
        ];
        let (until, why) = reasons
            .into_iter()
            .filter_map(|(until, why)| Some((until?, why)))
            .max_by_key(|(until, _)| *until)?;
        (until > now).then(|| Self {
            feed: known.id.clone(),
            until,
            why,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::FeedRow;

    const POLICY: policy::Policy = policy::Policy {
        min_interval: Duration::from_mins(5),
        max_interval: Duration::from_hours(24),
        jitter: 0.1,
    };

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000) + Duration::from_mins(minutes)
    }

    fn left(
        last_poll: Option<Timestamp>,
        fresh_until: Option<Timestamp>,
        wait_until: Option<Timestamp>,
    ) -> Option<(Timestamp, Why)> {
        let known = Registered {
            id: FeedId::new("a").unwrap(),
            row: FeedRow::from_number(1),
            next_poll: None,
            last_poll,
            gone: false,
            wait_until,
            fresh_until,
        };
        LeftAlone::of(&known, &POLICY, at(10)).map(|left| (left.until, left.why))
    }

    #[test]
    fn a_feed_rests_for_the_floor_while_it_is_fresh_and_as_long_as_its_server_asked() {
        assert_eq!(left(None, None, None), None);
        assert_eq!(left(Some(at(5)), None, None), None);
        assert_eq!(left(Some(at(6)), None, None), Some((at(11), Why::Floor)));
        let (six, thirty) = (Some(at(6)), Some(at(30)));
        assert_eq!(left(six, None, thirty), Some((at(30), Why::Asked)));
        assert_eq!(left(six, thirty, None), Some((at(30), Why::Fresh)));
        assert_eq!(
            left(Some(at(9)), Some(at(11)), Some(at(12))),
            Some((at(14), Why::Floor))
        );
        assert_eq!(left(Some(at(0)), Some(at(8)), Some(at(9))), None);
    }

    #[test]
    fn times_of_a_wrong_clock_bind_nobody() {
        let far = Some(at(60 * 24 * 365));
        assert_eq!(left(far, far, far), None);
    }
}
