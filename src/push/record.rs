//! A subscription as the store keeps it, and back.

use url::Url;

use crate::store::SubscriptionRow;

use super::Target;
use super::lease::{State, Subscription};

/// The columns of a state: its name and the end of its lease.
pub(super) const fn name(state: State) -> &'static str {
    match state {
        State::Wanted => "wanted",
        State::Requested => "requested",
        State::Active { .. } => "active",
        State::Denied => "denied",
        State::Failed => "failed",
        State::Lost => "lost",
        State::Leaving => "leaving",
        State::Gone => "gone",
    }
}

/// What a row says; `None` when it says what no version of this program writes.
pub(super) fn read(row: &SubscriptionRow) -> Option<(Target, Subscription)> {
    let state = match (row.state.as_str(), row.lease_until) {
        ("wanted", _) => State::Wanted,
        ("requested", _) => State::Requested,
        ("active", Some(until)) => State::Active { until },
        ("denied", _) => State::Denied,
        ("failed", _) => State::Failed,
        ("lost", _) => State::Lost,
        ("leaving", _) => State::Leaving,
        ("gone", _) => State::Gone,
        _ => return None,
    };
    let target = Target {
        hub: Url::parse(&row.hub).ok()?,
        topic: Url::parse(&row.topic).ok()?,
    };
    let subscription = Subscription {
        state,
        next: row.next_action,
        attempts: row.attempts,
        heard: row.heard,
        missed: row.missed,
    };
    Some((target, subscription))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::store::FeedRow;

    #[test]
    fn every_state_is_read_as_it_was_written() {
        let until = Timestamp::from_millis(5);
        for state in [
            State::Wanted,
            State::Requested,
            State::Active { until },
            State::Denied,
            State::Failed,
            State::Lost,
            State::Leaving,
            State::Gone,
        ] {
            let row = SubscriptionRow {
                feed: FeedRow::from_number(1),
                generation: 1,
                hub: "https://hub.example/".into(),
                topic: "https://news.example/".into(),
                callback_hash: [0; 16],
                state: name(state).into(),
                lease_until: Some(until),
                next_action: None,
                attempts: 3,
                heard: Some(until),
                missed: true,
                error: None,
            };
            let (_, read) = read(&row).unwrap();
            assert_eq!((read.state, read.attempts, read.missed), (state, 3, true));
        }
    }
}
