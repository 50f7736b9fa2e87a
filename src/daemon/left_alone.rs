//! Which feeds are not polled although somebody asks for it, and until when.

use std::time::Duration;

use crate::model::{FeedId, Timestamp};
use crate::schedule::policy;
use crate::store::Registered;

/// A feed that is not polled now although somebody wants it to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    /// The feed.
    pub feed: FeedId,
    /// Until when.
    pub until: Timestamp,
    /// Whether its server asked for that; else it was polled a moment ago.
    pub asked: bool,
}

impl LeftAlone {
    /// Whether a feed is to be left alone at `now`, when no URL may be polled twice within `floor`.
    pub(super) fn of(known: &Registered, floor: Duration, now: Timestamp) -> Option<Self> {
        // No wish is believed for longer, so a later time comes from a wrong clock.
        let latest = now + policy::MAX_RETRY_AFTER;
        let asked = known.wait_until.filter(|at| *at > now && *at <= latest);
        let rested = policy::not_before(known.last_poll, floor, now, now);
        let until = asked.unwrap_or(now).max(rested);
        (until > now).then(|| Self {
            feed: known.id.clone(),
            until,
            asked: asked.is_some_and(|at| at >= rested),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::FeedRow;

    const FLOOR: Duration = Duration::from_mins(5);

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000) + Duration::from_mins(minutes)
    }

    fn left(
        last_poll: Option<Timestamp>,
        wait_until: Option<Timestamp>,
    ) -> Option<(Timestamp, bool)> {
        let known = Registered {
            id: FeedId::new("a").unwrap(),
            row: FeedRow::from_raw(1),
            next_poll: None,
            last_poll,
            gone: false,
            wait_until,
        };
        LeftAlone::of(&known, FLOOR, at(10)).map(|left| (left.until, left.asked))
    }

    #[test]
    fn a_feed_rests_for_the_floor_and_as_long_as_its_server_asked() {
        assert_eq!(left(None, None), None);
        assert_eq!(left(Some(at(5)), None), None);
        assert_eq!(left(Some(at(6)), None), Some((at(11), false)));
        assert_eq!(left(Some(at(6)), Some(at(30))), Some((at(30), true)));
        assert_eq!(left(Some(at(9)), Some(at(12))), Some((at(14), false)));
        assert_eq!(left(Some(at(0)), Some(at(9))), None);
    }

    #[test]
    fn times_of_a_wrong_clock_bind_nobody() {
        let far = at(60 * 24 * 365);
        assert_eq!(left(Some(far), Some(far)), None);
    }
}
