//! What the policy promises, by example and for any answer.

use proptest::prelude::*;

use super::*;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const HALF_HOUR: Duration = Duration::from_mins(30);
const POLICY: Policy = Policy {
    min_interval: Duration::from_mins(5),
    max_interval: DAY,
    jitter: 0.1,
};
const SERVED: Answer = Answer::Served { fresh_for: None };
const NO_HINTS: UpdateHints = UpdateHints {
    ttl: None,
    update_period: None,
    skip_hours: 0,
    skip_days: 0,
};

fn wait_with(pace: Pace, answer: Answer, hints: &UpdateHints, random: f64) -> Duration {
    let now = Timestamp::from_millis(1_700_000_000_000);
    next_poll(&POLICY, pace, answer, hints, now, random).since(now)
}

/// The wait of a feed that is polled every half an hour.
fn wait(answer: Answer, random: f64) -> Duration {
    wait_with(Pace::Fixed(HALF_HOUR), answer, &NO_HINTS, random)
}

fn failed(class: Failure, failures: u32) -> Answer {
    Answer::Failed {
        class,
        retry_after: None,
        failures,
    }
}

#[test]
fn an_answered_poll_waits_one_interval_give_or_take_the_jitter() {
    assert_eq!(wait(SERVED, 0.5), HALF_HOUR);
    assert_eq!(wait(SERVED, 0.0), Duration::from_mins(27));
    assert!(wait(SERVED, 0.999) < Duration::from_secs(1981));
}

#[test]
fn freshness_is_a_lower_bound_up_to_the_cap() {
    let served = |fresh| {
        let fresh_for = Some(fresh);
        wait(Answer::Served { fresh_for }, 0.0)
    };
    assert_eq!(served(HOUR * 2), HOUR * 2);
    assert_eq!(served(DAY * 365), POLICY.max_interval);
    assert_eq!(served(Duration::from_mins(1)), Duration::from_mins(27));
}

#[test]
fn ttl_is_a_lower_bound_up_to_the_cap_whoever_chose_the_interval() {
    for pace in [Pace::Fixed(HALF_HOUR), Pace::Learned(HALF_HOUR)] {
        let with = |ttl| {
            let hints = UpdateHints {
                ttl: Some(ttl),
                ..NO_HINTS
            };
            wait_with(pace, SERVED, &hints, 0.0)
        };
        assert_eq!(with(HOUR * 3), HOUR * 3);
        assert_eq!(with(DAY * 365), POLICY.max_interval);
    }
}

#[test]
fn an_update_period_bounds_a_learned_interval_and_no_set_one() {
    let period = |pace, period| {
        let hints = UpdateHints {
            update_period: Some(period),
            ..NO_HINTS
        };
        wait_with(pace, SERVED, &hints, 0.0)
    };
    let (learned, fixed) = (Pace::Learned(HALF_HOUR), Pace::Fixed(HALF_HOUR));
    let usual = Duration::from_mins(27);
    assert_eq!(period(learned, HOUR * 12), HOUR * 12);
    assert_eq!(period(learned, DAY * 365), POLICY.max_interval, "yearly");
    assert_eq!(period(fixed, HOUR * 12), usual);
    assert_eq!(period(learned, HOUR), usual, "WordPress's template");
}

#[test]
fn servers_and_networks_in_trouble_are_asked_half_as_often_each_time() {
    for class in [Failure::Server, Failure::Network] {
        let waits = [1, 2, 3, 40].map(|n| wait(failed(class, n), 0.5));
        assert_eq!(waits[..3], [HALF_HOUR, HOUR, HOUR * 2], "{class:?}");
        assert!(waits[3] >= DAY && waits[3] <= DAY.mul_f64(1.1));
    }
}

#[test]
fn who_denies_or_has_nothing_is_left_alone_for_an_hour_then_four_then_sixteen() {
    for class in [Failure::Denied, Failure::NotFound] {
        let waits = [1, 2, 3, 4].map(|n| wait(failed(class, n), 0.0));
        assert_eq!(waits, [HOUR, HOUR * 4, HOUR * 16, DAY], "{class:?}");
    }
}

#[test]
fn a_broken_document_is_looked_at_again_with_slowly_growing_patience() {
    let waits = [1, 2, 3, 4, 5].map(|n| wait(failed(Failure::Document, n), 0.5));
    assert_eq!(waits, [HALF_HOUR, HALF_HOUR, HOUR, HOUR, HOUR * 2]);
}

#[test]
fn a_throttling_server_gets_twice_the_interval_and_doubles_from_there() {
    let waits = [1, 2, 3].map(|failures| {
        let answer = Answer::Throttled {
            retry_after: None,
            failures,
        };
        wait(answer, 0.0)
    });
    assert_eq!(waits, [HOUR, HOUR * 2, HOUR * 4]);
}

#[test]
fn retry_after_is_believed_for_a_week() {
    let throttled = |after| {
        let answer = Answer::Throttled {
            retry_after: Some(after),
            failures: 1,
        };
        wait(answer, 0.0)
    };
    assert_eq!(throttled(DAY * 2), DAY * 2);
    assert_eq!(throttled(DAY * 400), MAX_RETRY_AFTER);
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
    assert!(last(1000) > Duration::from_secs(49));
    assert!(last(1_000_000) <= HOUR);
}

#[test]
fn the_floor_holds_across_restarts_and_a_wrong_clock_is_not_believed() {
    let now = Timestamp::from_millis(1_700_000_000_000);
    let floor = POLICY.min_interval;
    let earliest = |last| not_before(last, floor, now, now);
    assert_eq!(earliest(None), now);
    assert_eq!(earliest(Some(now - DAY)), now);
    assert_eq!(earliest(Some(now - floor / 5)), now + floor / 5 * 4);
    assert_eq!(earliest(Some(now + Duration::from_secs(59))), now + floor);
    assert_eq!(earliest(Some(now + Duration::from_secs(61))), now);
    assert_eq!(not_before(Some(now), floor, now + DAY, now), now + DAY);
}

fn durations() -> impl Strategy<Value = Option<Duration>> {
    let wild = (0..u64::MAX / 2_000).prop_map(Duration::from_secs);
    let tame = (0..200_000_u64).prop_map(Duration::from_secs);
    proptest::option::of(prop_oneof![wild, tame])
}

fn classes() -> impl Strategy<Value = Failure> {
    prop_oneof![
        Just(Failure::Denied),
        Just(Failure::NotFound),
        Just(Failure::Server),
        Just(Failure::Network),
        Just(Failure::Document),
    ]
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        durations().prop_map(|fresh_for| Answer::Served { fresh_for }),
        (durations(), any::<u32>()).prop_map(|(retry_after, failures)| Answer::Throttled {
            retry_after,
            failures
        }),
        (classes(), durations(), any::<u32>()).prop_map(|(class, retry_after, failures)| {
            Answer::Failed {
                class,
                retry_after,
                failures,
            }
        }),
        Just(Answer::Offline),
    ]
}

fn hints() -> impl Strategy<Value = UpdateHints> {
    (durations(), durations(), any::<u32>(), any::<u8>()).prop_map(
        |(ttl, update_period, skip_hours, skip_days)| UpdateHints {
            ttl,
            update_period,
            skip_hours,
            skip_days,
        },
    )
}

fn paces() -> impl Strategy<Value = Pace> {
    (300..90_000_u64, any::<bool>()).prop_map(|(seconds, fixed)| {
        let interval = Duration::from_secs(seconds);
        if fixed {
            Pace::Fixed(interval)
        } else {
            Pace::Learned(interval)
        }
    })
}

proptest! {
    #[test]
    fn the_floor_and_the_servers_wishes_hold_and_the_wait_is_bounded(
        answer in answers(), hints in hints(), pace in paces(), random in 0.0..1.0_f64,
    ) {
        let wait = wait_with(pace, answer, &hints, random);
        prop_assert!(wait >= POLICY.min_interval);
        prop_assert!(wait <= MAX_RETRY_AFTER.mul_f64(1.1));
        if answer.patience().is_none() {
            prop_assert!(wait <= DAY.mul_f64(1.1).max(pace.interval().mul_f64(1.1)));
        }
        if answer != Answer::Offline {
            let ttl = hints.ttl.unwrap_or_default();
            prop_assert!(wait >= ttl.min(POLICY.max_interval));
            prop_assert!(wait >= pace.interval().mul_f64(0.899));
        }
        match answer {
            Answer::Served { fresh_for: Some(fresh) } =>
                prop_assert!(wait >= fresh.min(POLICY.max_interval)),
            Answer::Throttled { retry_after: Some(after), .. }
            | Answer::Failed { retry_after: Some(after), .. } =>
                prop_assert!(wait >= after.min(MAX_RETRY_AFTER)),
            _ => {}
        }
        match answer {
            Answer::Throttled { .. } =>
                prop_assert!(wait >= (pace.interval() * 2).min(POLICY.max_interval)),
            Answer::Failed { class: Failure::Denied | Failure::NotFound, .. } =>
                prop_assert!(wait >= HOUR),
            _ => {}
        }
    }

    #[test]
    fn no_failure_hastens_a_poll_and_another_one_never_shortens_the_wait(
        class in classes(), failures in 1..60_u32, pace in paces(), random in 0.0..1.0_f64,
        ttl in durations(),
    ) {
        let hints = UpdateHints { ttl, ..NO_HINTS };
        let after = |answer| wait_with(pace, answer, &hints, random);
        let served = after(SERVED);
        let throttled = |failures| Answer::Throttled { retry_after: None, failures };
        prop_assert!(after(failed(class, failures)) >= served);
        prop_assert!(after(throttled(failures)) >= served);
        prop_assert!(after(failed(class, failures + 1)) >= after(failed(class, failures)));
        prop_assert!(after(throttled(failures + 1)) >= after(throttled(failures)));
    }

    #[test]
    fn spared_hours_are_spared_unless_there_is_no_other_within_the_longest_interval(
        answer in answers(), hints in hints(), pace in paces(), random in 0.0..1.0_f64,
        now in 0..4_000_000_000_000_i64,
    ) {
        let now = Timestamp::from_millis(now);
        let plain = UpdateHints { skip_hours: 0, skip_days: 0, ..hints };
        let unmoved = next_poll(&POLICY, pace, answer, &plain, now, random);
        let next = next_poll(&POLICY, pace, answer, &hints, now, random);
        prop_assert!(next >= unmoved);
        // Independent of the code under test: the calendar of another library.
        let spared = |at: Timestamp| {
            let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap();
            let at = jiff::tz::TimeZone::UTC.to_datetime(at);
            let day = at.weekday().to_monday_zero_offset();
            (hints.skip_hours >> at.hour()) & 1 == 1 || (hints.skip_days >> day) & 1 == 1
        };
        if spared(next) {
            prop_assert_eq!(next, unmoved, "a poll is moved only to an allowed hour");
            let mut hour = next;
            while hour <= now + POLICY.max_interval {
                prop_assert!(spared(hour) || hints.skip_hours & 0xff_ffff == 0xff_ffff);
                hour = hour + HOUR;
            }
        } else if next != unmoved {
            prop_assert!(spared(unmoved));
            prop_assert!(next <= now + POLICY.max_interval);
        }
    }

    #[test]
    fn not_before_keeps_the_floor_and_delays_by_no_more_than_it(
        last in proptest::option::of(any::<i64>()), wanted in any::<i64>(), now in any::<i64>(),
        floor in 0..1_000_000_u64,
    ) {
        let (wanted, now) = (Timestamp::from_millis(wanted), Timestamp::from_millis(now));
        let (last, floor) = (last.map(Timestamp::from_millis), Duration::from_millis(floor));
        let at = not_before(last, floor, wanted, now);
        prop_assert!(at >= wanted && at <= wanted.max(now + floor));
        if let Some(last) = last.filter(|last| *last <= now) {
            prop_assert!(at >= last + floor);
        }
    }
}
