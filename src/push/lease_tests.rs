use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);
const HOUR: Duration = Duration::from_hours(1);
const REFUSED: Event = Event::Refused { retry_after: None };

fn verified(lease: Duration) -> Event {
    Event::Verified { lease: Some(lease) }
}

/// Takes the events one after the other, all at `NOW`.
fn after(events: &[Event]) -> Subscription {
    let begin = Subscription::wanted(NOW);
    events
        .iter()
        .fold(begin, |s, &event| s.step(event, NOW, 0.5))
}

fn active() -> Subscription {
    after(&[Event::Sent, verified(LEASE)])
}

#[test]
fn a_new_subscription_is_asked_for_at_once_and_once() {
    let wanted = Subscription::wanted(NOW);
    assert_eq!(wanted.due(NOW), Some(Ask::Subscribe));
    let sent = wanted.step(Event::Sent, NOW, 0.5);
    assert_eq!(sent.state, State::Requested);
    assert_eq!(
        sent.due(NOW + VERIFY_WITHIN - Duration::from_millis(1)),
        None
    );
}

#[test]
fn a_lease_is_renewed_at_about_four_fifths_of_it() {
    for (random, share) in [(0.0, 0.75), (0.5, 0.8), (1.0, 0.85)] {
        let active = after(&[Event::Sent]).step(verified(LEASE), NOW, random);
        assert_eq!(active.state, State::Active { until: NOW + LEASE });
        let renewal = NOW + LEASE.mul_f64(share);
        assert_eq!(active.next, Some(renewal));
        assert_eq!(active.due(renewal), Some(Ask::Subscribe));
        assert_eq!(active.due(renewal - HOUR), None);
    }
}

#[test]
fn a_renewal_keeps_the_subscription_until_the_hub_confirms_the_next_lease() {
    let renewal = NOW + LEASE.mul_f64(0.8);
    let asked = active().step(Event::Sent, renewal, 0.5);
    assert_eq!(asked.state, State::Active { until: NOW + LEASE });
    let renewed = asked.step(verified(LEASE), renewal, 0.5);
    assert_eq!(
        renewed.state,
        State::Active {
            until: renewal + LEASE
        }
    );
    assert_eq!(renewed.attempts, 0);
}

#[test]
fn a_lease_that_lapsed_is_asked_for_at_once() {
    let late = NOW + LEASE + HOUR;
    let lapsed = active().step(Event::Clock, late, 0.5);
    assert_eq!(lapsed.state, State::Wanted);
    assert_eq!(lapsed.due(late), Some(Ask::Subscribe));
    assert!(!lapsed.is_alive(late));
}

#[test]
fn a_lease_reckoned_by_a_clock_that_was_years_ahead_is_asked_for_anew() {
    let ahead = NOW + DAY * 3650;
    let active = after(&[Event::Sent]).step(verified(LEASE), ahead, 0.5);
    assert!(!active.step(Event::PollAgreed, NOW, 0.5).is_alive(NOW));
    let corrected = active.step(Event::Clock, NOW, 0.5);
    assert_eq!(corrected.due(NOW), Some(Ask::Subscribe));
}

#[test]
fn a_hub_that_gives_no_time_cannot_make_us_hurry() {
    let hurried = after(&[Event::Sent, verified(Duration::ZERO)]);
    assert_eq!(hurried.next, Some(NOW + MIN_RENEWAL));
    let silent = after(&[Event::Sent, Event::Verified { lease: None }]);
    let until = NOW + UNNAMED_LEASE;
    assert_eq!(silent.state, State::Active { until });
    let endless = after(&[Event::Sent, verified(Duration::MAX)]);
    let until = NOW + MAX_LEASE;
    assert_eq!(endless.state, State::Active { until });
}

#[test]
fn refusals_wait_longer_each_time_up_to_a_day_then_the_hub_is_lost() {
    let mut now = NOW;
    let mut subscription = Subscription::wanted(now);
    let mut waits = Vec::new();
    while subscription.state != State::Lost {
        assert_eq!(subscription.due(now), Some(Ask::Subscribe));
        subscription = subscription
            .step(Event::Sent, now, 1.0)
            .step(REFUSED, now, 1.0);
        let next = subscription.next.expect("something to wait for");
        waits.push(next.since(now).as_secs() / 60);
        now = next;
    }
    let week = 7 * 24 * 60;
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1280, week]);
    assert_eq!(subscription.due(now), None, "push is given up");
    let forgotten = subscription.step(Event::Clock, now, 0.5);
    assert_eq!(forgotten.state, State::Gone);
    assert_eq!(wait(40, 1.0), DAY);
}

#[test]
fn a_hub_that_names_a_time_to_retry_is_not_asked_before() {
    let retry_after = Some(HOUR * 5);
    let refused = after(&[Event::Sent, Event::Refused { retry_after }]);
    assert_eq!(refused.next, Some(NOW + HOUR * 5));
}

#[test]
fn a_request_that_is_never_verified_counts_as_refused() {
    let late = NOW + VERIFY_WITHIN;
    let overdue = after(&[Event::Sent]).step(Event::Clock, late, 1.0);
    assert_eq!(overdue.state, State::Failed);
    assert_eq!(overdue.next, Some(late + FIRST_WAIT));
    let after_all = overdue.step(verified(LEASE), late, 0.5);
    assert!(
        matches!(after_all.state, State::Active { .. }),
        "better late than never"
    );
}

#[test]
fn verification_may_come_before_the_answer_to_the_request() {
    let early = after(&[Event::Sent, verified(LEASE), REFUSED]);
    assert_eq!(early.state, State::Active { until: NOW + LEASE });
}

#[test]
fn a_denial_is_final() {
    for state in [after(&[]), after(&[Event::Sent]), active()] {
        let denied = state.step(Event::Denied, NOW, 0.5);
        assert_eq!((denied.state, denied.next), (State::Denied, None));
        let still = denied
            .step(verified(LEASE), NOW, 0.5)
            .step(Event::Clock, NOW + DAY, 0.5);
        assert_eq!(still.state, State::Denied);
    }
}

#[test]
fn who_leaves_tells_the_hub_if_it_may_hold_the_subscription() {
    assert_eq!(
        after(&[Event::Unwanted]).state,
        State::Gone,
        "nobody knows of it"
    );
    assert_eq!(after(&[Event::Denied, Event::Unwanted]).state, State::Gone);
    for state in [
        after(&[Event::Sent]),
        active(),
        after(&[Event::Sent, REFUSED]),
    ] {
        let leaving = state.step(Event::Unwanted, NOW, 0.5);
        assert_eq!(leaving.due(NOW), Some(Ask::Unsubscribe));
        let left = leaving
            .step(Event::Sent, NOW, 0.5)
            .step(Event::Left, NOW, 0.5);
        assert_eq!((left.state, left.next), (State::Gone, None));
    }
    assert_eq!(
        active().step(Event::Left, NOW, 0.5),
        active(),
        "nobody asked for that"
    );
}

#[test]
fn a_hub_that_does_not_let_go_is_asked_three_times() {
    let (mut now, mut leaving) = (NOW, active().step(Event::Unwanted, NOW, 0.5));
    let mut asked = 0;
    while leaving.state != State::Gone {
        if leaving.due(now).is_some() {
            leaving = leaving.step(Event::Sent, now, 0.5).step(REFUSED, now, 0.5);
            asked += 1;
        }
        now = leaving.next.expect("something to wait for");
        leaving = leaving.step(Event::Clock, now, 0.5);
    }
    assert_eq!(asked, 3);
}

#[test]
fn push_is_alive_from_the_first_proof_until_it_misses_something() {
    assert!(!active().is_alive(NOW), "a lease alone proves nothing");
    for proof in [Event::Pushed, Event::PollAgreed] {
        let alive = active().step(proof, NOW, 0.5);
        assert!(alive.is_alive(NOW));
        assert!(!alive.is_alive(NOW + PROOF), "old proof");
        let missed = alive.step(Event::PollMissed, NOW, 0.5);
        assert!(!missed.is_alive(NOW));
        assert!(!missed.step(Event::PollAgreed, NOW, 0.5).is_alive(NOW));
        assert!(missed.step(Event::Pushed, NOW, 0.5).is_alive(NOW));
    }
    let lapsed = active().step(Event::Pushed, NOW + LEASE, 0.5);
    assert!(!lapsed.is_alive(NOW + LEASE), "the lease is over");
}

#[test]
fn polls_slow_down_fourfold_while_push_is_alive_and_never_hurry() {
    assert_eq!(poll_interval(HOUR, false, DAY), HOUR);
    assert_eq!(poll_interval(HOUR, true, DAY), HOUR * 4);
    assert_eq!(poll_interval(HOUR * 10, true, DAY), DAY);
    assert_eq!(poll_interval(DAY * 2, true, DAY), DAY * 2);
    assert_eq!(
        poll_interval(Duration::MAX, true, Duration::MAX),
        Duration::MAX
    );
}

fn any_event() -> impl Strategy<Value = Event> {
    let seconds = prop_oneof![
        Just(None),
        (0..10_000_000_u64).prop_map(Some),
        Just(Some(u64::MAX))
    ];
    prop_oneof![
        Just(Event::Sent),
        seconds.clone().prop_map(|s| Event::Refused {
            retry_after: s.map(Duration::from_secs)
        }),
        seconds.prop_map(|s| Event::Verified {
            lease: s.map(Duration::from_secs)
        }),
        Just(Event::Denied),
        Just(Event::Left),
        Just(Event::Pushed),
        Just(Event::PollAgreed),
        Just(Event::PollMissed),
        Just(Event::Unwanted),
        Just(Event::Clock),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_nothing_is_stuck_and_nothing_hurries(
        events in prop::collection::vec((any_event(), 0..2_000_000_u64, 0.0..=1.0_f64), 1..60),
    ) {
        let mut now = NOW;
        let mut s = Subscription::wanted(now);
        for (event, pause, random) in events {
            now = now + Duration::from_secs(pause);
            let before = s;
            s = s.step(event, now, random);
            match s.state {
                State::Denied | State::Gone => prop_assert_eq!(s.next, None),
                _ => {
                    let next = s.next;
                    prop_assert!(next.is_some(), "{:?} waits for ever", s);
                    prop_assert!(next <= Some(now + MAX_LEASE), "{:?} waits too long", s);
                }
            }
            if matches!(event, Event::Sent | Event::Refused { .. } | Event::Verified { .. })
                && s != before
            {
                prop_assert_eq!(s.due(now), None, "{:?} is followed by another request at once", event);
            }
            if before.state == State::Gone {
                prop_assert_eq!(s.state, State::Gone);
            }
            let active = matches!(s.state, State::Active { .. });
            prop_assert!(active || !s.is_alive(now));
        }
    }

    #[test]
    fn left_alone_a_subscription_asks_a_bounded_number_of_times(
        random in 0.0..=1.0_f64, active in any::<bool>(),
    ) {
        let mut s = Subscription::wanted(NOW);
        if active {
            s = s.step(Event::Sent, NOW, random).step(verified(LEASE), NOW, random);
        }
        let mut asked = 0;
        while let Some(next) = s.next {
            s = s.step(Event::Clock, next, random);
            if s.due(next).is_some() {
                asked += 1;
                s = s.step(Event::Sent, next, random);
            }
            prop_assert!(asked <= MAX_ATTEMPTS);
        }
        prop_assert_eq!(s.state, State::Gone);
    }
}
