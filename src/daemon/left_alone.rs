//! Which feeds are not polled although somebody asks for it, until when, and why.

use std::fmt;
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
    /// Its server said that it is gone for good, and it was not asked for by name.
    Gone,
}

impl Why {
    /// In words that follow "left alone:".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "its server asked for patience",
            Self::Fresh => "its server says that the last answer is fresh",
            Self::Floor => "it was polled a moment ago and rests",
            Self::Gone => "its server answered 410 Gone; remove it, or name it to ask again",
        }
    }
}

/// A feed that is not polled now although somebody wants it to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    /// The feed.
    pub feed: FeedId,
    /// Until when; a feed that is gone, for good.
    pub until: Option<Timestamp>,
    /// Why.
    pub why: Why,
}

impl fmt::Display for LeftAlone {
    /// Why and until when.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why.as_str())?;
        self.until
            .map_or(Ok(()), |until| write!(f, " until {until}"))
    }
}

impl LeftAlone {
    /// Whether a feed is to be left alone at `now`, when no URL may be polled twice within the
    /// policy's `min_interval`. The reason that holds longest counts. A feed that is gone is polled if it
    /// `is_named`.
    pub(super) fn of(
        known: &Registered,
        policy: &policy::Policy,
        is_named: bool,
        now: Timestamp,
    ) -> Option<Self> {
        let because = |why, until| Self {
            feed: known.id.clone(),
            until,
            why,
        };
        if known.gone && !is_named {
            return Some(because(Why::Gone, None));
        }
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
        (until > now).then(|| because(why, Some(until)))
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

    fn registered() -> Registered {
        Registered {
            id: FeedId::new("a").unwrap(),
            row: FeedRow::from_number(1),
            next_poll: None,
            last_poll: None,
            gone: false,
            wait_until: None,
            fresh_until: None,
        }
    }

    fn left(
        last_poll: Option<Timestamp>,
        fresh_until: Option<Timestamp>,
        wait_until: Option<Timestamp>,
    ) -> Option<(Timestamp, Why)> {
        let known = Registered {
            last_poll,
            wait_until,
            fresh_until,
            ..registered()
        };
        let left = LeftAlone::of(&known, &POLICY, false, at(10));
        left.map(|left| (left.until.unwrap(), left.why))
    }

    #[test]
    fn a_feed_that_is_gone_is_asked_again_only_when_named_and_rested() {
        let mut known = Registered {
            gone: true,
            ..registered()
        };
        let left = |known: &Registered, is_named| {
            let left = LeftAlone::of(known, &POLICY, is_named, at(10));
            left.map(|left| left.to_string())
        };
        let gone = "its server answered 410 Gone; remove it, or name it to ask again";
        assert_eq!(left(&known, false).as_deref(), Some(gone));
        assert_eq!(left(&known, true), None);
        known.last_poll = Some(at(9));
        assert_eq!(left(&known, false).as_deref(), Some(gone));
        let rests = "it was polled a moment ago and rests until 2023-11-14T22:27:20Z";
        assert_eq!(left(&known, true).as_deref(), Some(rests));
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
