//! What the rhythm promises, by example and for any history.

use proptest::prelude::*;

use super::*;

const BOUNDS: Policy = Policy {
    min_interval: Duration::from_mins(5),
    max_interval: Duration::from_hours(24),
    jitter: 0.1,
};
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday, 00:00 UTC.
const MONDAY: i64 = 1_704_067_200_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// The rhythm of a feed whose first document, read on Monday at midnight, has these entries.
fn backlog(times: impl IntoIterator<Item = i64>) -> Rhythm {
    let mut rhythm = Rhythm::default();
    let times: Vec<_> = times.into_iter().map(at).collect();
    rhythm.observe(&times, at(MONDAY));
    rhythm
}

/// An entry each `period` over the `days` before Monday.
fn every(period: i64, days: i64) -> Rhythm {
    backlog((1..=days * DAY / period).map(|n| MONDAY - n * period))
}

fn minutes(rhythm: &Rhythm, now: i64) -> u64 {
    rhythm.interval(&BOUNDS, at(now)).as_secs() / 60
}

#[test]
fn a_feed_never_seen_is_polled_at_the_geometric_mean_of_the_bounds() {
    assert_eq!(minutes(&Rhythm::default(), MONDAY), 84);
    let empty = backlog([]);
    assert_eq!(minutes(&empty, MONDAY), 84, "no entries are no news yet");
}

#[test]
fn the_interval_goes_with_the_square_root_of_the_rate() {
    let hourly = minutes(&every(HOUR, 60), MONDAY);
    // At another hour each day, lest the hour be learned.
    let daily = minutes(&every(23 * HOUR, 60), MONDAY);
    assert!((16..=20).contains(&hourly), "{hourly}");
    assert!(
        daily < hourly * 6,
        "24 times as rare, not 24 times as long: {daily}"
    );
    assert!(daily > hourly * 2, "{daily}");
    assert_eq!(minutes(&every(5 * MINUTE, 30), MONDAY), 5);
}

#[test]
fn ten_entries_at_once_are_one_burst() {
    let single = every(6 * HOUR, 30);
    let tens = (1..=120).flat_map(|n| (0..10).map(move |i| MONDAY - n * 6 * HOUR + i * 20_000));
    let (single, tens) = (single.rate(at(MONDAY)), backlog(tens).rate(at(MONDAY)));
    assert!((single.unwrap() - tens.unwrap()).abs() < 0.01);
}

#[test]
fn an_endless_stream_is_a_burst_every_five_minutes_and_not_one_for_ever() {
    let stream = every(MINUTE, 5).rate(at(MONDAY)).unwrap();
    assert!((200.0..=288.0).contains(&stream), "{stream}");
}

#[test]
fn a_newsroom_that_sleeps_at_night_is_left_to_sleep() {
    let newsroom = backlog(
        (1..=56 * 24)
            .map(|n| MONDAY - n * HOUR)
            .filter(|t| (8..20).contains(&(t.rem_euclid(DAY) / HOUR))),
    );
    let (night, noon) = (MONDAY + 22 * HOUR, MONDAY + 12 * HOUR);
    let asleep = minutes(&newsroom, night);
    assert!(asleep > 3 * minutes(&newsroom, noon), "{asleep}");
    assert!(
        minutes(&newsroom, MONDAY + 7 * HOUR) < 90,
        "and is not missed in the morning"
    );
}

#[test]
fn a_weekly_feed_is_watched_most_on_its_day() {
    let weekly = backlog((1..=16).map(|n| MONDAY + 9 * HOUR - n * 7 * DAY));
    let its_day = minutes(&weekly, MONDAY + 8 * HOUR);
    let another = minutes(&weekly, MONDAY + 4 * DAY + 20 * HOUR);
    assert!(its_day * 3 < another, "{its_day}, {another}");
}

#[test]
fn a_feed_that_falls_silent_is_polled_as_seldom_as_may_be_after_three_months() {
    for period in [10 * MINUTE, 6 * HOUR, 7 * DAY] {
        let feed = every(period, 60);
        let after = |days| minutes(&feed, MONDAY + days * DAY);
        assert!(after(2) < 4 * 60, "{}", after(2));
        assert!(after(17) > 3 * 60, "{}", after(17));
        assert_eq!(after(101), 24 * 60);
    }
}

#[test]
fn a_feed_that_wakes_up_is_believed_within_a_day() {
    let mut feed = backlog((1..5).map(|n| MONDAY - n * 30 * DAY));
    let before = minutes(&feed, MONDAY);
    for hour in 1..=24 {
        let now = at(MONDAY + hour * HOUR);
        feed.observe(&[now], now);
    }
    let after = minutes(&feed, MONDAY + DAY);
    assert!(before > 300 && after < 75, "{before}, {after}");
}

#[test]
fn entries_that_claim_to_be_older_than_the_last_document_count_as_one_burst_now() {
    let mut moved = every(DAY, 30);
    let now = MONDAY + 5 * HOUR;
    let mut plain = moved.clone();
    // A site that moved gives all its old entries new ids.
    let old: Vec<_> = (1..300).map(|n| at(MONDAY - n * HOUR)).collect();
    moved.observe(&old, at(now));
    plain.observe(&[at(now)], at(now));
    assert_eq!(moved, plain);
}

#[test]
fn dates_to_come_and_ancient_ones_do_no_harm() {
    let mut odd = Rhythm::default();
    odd.observe(
        &[at(i64::MIN), at(0), at(i64::MAX), at(MONDAY + DAY)],
        at(MONDAY),
    );
    let mut plain = Rhythm::default();
    plain.observe(&[at(0), at(MONDAY)], at(MONDAY));
    assert_eq!(odd, plain);
}

#[test]
fn a_clock_that_went_back_is_taken_over() {
    let mut feed = Rhythm::default();
    feed.observe(&[], at(MONDAY + 3650 * DAY));
    feed.observe(&[at(MONDAY)], at(MONDAY));
    assert!(feed.rate(at(MONDAY + DAY)).unwrap() > 0.5);
    assert!(minutes(&feed, MONDAY + 120 * DAY) == 24 * 60);
}

#[test]
fn a_busy_years_history_takes_157_bytes() {
    let bytes = every(HOUR, 120).to_bytes();
    assert_eq!(bytes.len(), 157);
    assert_eq!(Rhythm::default().to_bytes().len(), 0);
}

#[test]
fn bytes_of_another_version_or_with_impossible_counts_are_not_read() {
    let bytes = every(HOUR, 30).to_bytes();
    let with = |place: usize, field: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[place..place + field.len()].copy_from_slice(field);
        Rhythm::from_bytes(&bytes)
    };
    assert!(with(25, &2.5_f32.to_le_bytes()).is_some());
    assert_eq!(with(0, &[2]), None);
    for count in [f32::NAN, f32::INFINITY, -1.0, 2e6] {
        assert_eq!(with(25, &count.to_le_bytes()), None);
        assert_eq!(with(153, &count.to_le_bytes()), None);
    }
    assert_eq!(Rhythm::from_bytes(&bytes[..156]), None);
    assert_eq!(Rhythm::from_bytes(&[&bytes[..], &[0]].concat()), None);
}

/// Documents of a few months: the time since the one before, and its entries' ages.
fn documents() -> impl Strategy<Value = Vec<(i64, Vec<i64>)>> {
    let ages = proptest::collection::vec(prop_oneof![0..2 * DAY, -DAY..200 * DAY], 0..30);
    proptest::collection::vec((0..4 * DAY, ages), 1..20)
}

fn read(documents: &[(i64, Vec<i64>)]) -> (Rhythm, i64) {
    let (mut rhythm, mut now) = (Rhythm::default(), MONDAY);
    for (gap, ages) in documents {
        now += gap;
        let times: Vec<_> = ages.iter().map(|age| at(now - age)).collect();
        rhythm.observe(&times, at(now));
    }
    (rhythm, now)
}

proptest! {
    #[test]
    fn any_history_at_any_time_has_an_interval_within_the_bounds(
        documents in proptest::collection::vec(
            (any::<i64>(), proptest::collection::vec(any::<i64>(), 0..50)), 0..8),
        now in any::<i64>(), least in 0..100_000_u64, most in 0..5_000_000_u64,
    ) {
        let mut rhythm = Rhythm::default();
        for (now, times) in documents {
            let times: Vec<_> = times.into_iter().map(at).collect();
            rhythm.observe(&times, at(now));
        }
        let bounds = Policy {
            min_interval: Duration::from_secs(least),
            max_interval: Duration::from_secs(most),
            jitter: 0.1,
        };
        let interval = rhythm.interval(&bounds, at(now));
        prop_assert!(interval >= bounds.min_interval.min(bounds.max_interval));
        prop_assert!(interval <= bounds.max_interval);
        prop_assert_eq!(Rhythm::from_bytes(&rhythm.to_bytes()), Some(rhythm));
    }

    /// At one hour of the week: between hours, day and night may differ either way.
    #[test]
    fn a_silent_feeds_interval_never_shrinks_from_week_to_week(
        documents in documents(), into in 0..7 * DAY,
    ) {
        let (rhythm, now) = read(&documents);
        let mut before = Duration::ZERO;
        for week in 0..20 {
            let interval = rhythm.interval(&BOUNDS, at(now + into + week * 7 * DAY));
            prop_assert!(interval >= before, "week {week}: {interval:?} after {before:?}");
            before = interval;
        }
    }

    #[test]
    fn a_silent_feeds_rate_never_grows_with_time(
        documents in documents(), steps in proptest::collection::vec(0..DAY, 1..40),
    ) {
        let (rhythm, mut now) = read(&documents);
        let mut before = f64::INFINITY;
        for step in steps {
            now += step;
            let rate = rhythm.rate(at(now)).unwrap();
            prop_assert!(rate <= before * (1.0 + 1e-9), "{rate} after {before}");
            before = rate;
        }
    }

    /// While nothing tells one hour from another: more bursts by day do prove better that nights
    /// are quiet.
    #[test]
    fn more_bursts_never_lengthen_the_interval(
        times in proptest::collection::vec((1..60 * 24_i64, any::<bool>()), 1..100),
    ) {
        let slot = |hour: i64| MONDAY - hour * HOUR;
        // The oldest entry is in both, so that both histories are as long.
        let oldest = slot(60 * 24);
        let all = backlog(times.iter().map(|(hour, _)| slot(*hour)).chain([oldest]));
        let some = backlog(times.iter().filter(|(_, both)| *both).map(|(hour, _)| slot(*hour)).chain([oldest]));
        let flat = |mut rhythm: Rhythm| {
            if let Some(known) = &mut rhythm.known {
                known.profile = Profile::default();
            }
            rhythm
        };
        let (all, some) = (flat(all), flat(some));
        for later in [0, HOUR, DAY, 20 * DAY] {
            let now = at(MONDAY + later);
            let (more, less) = (all.rate(now).unwrap(), some.rate(now).unwrap());
            prop_assert!(more >= less * 0.9999, "{more} < {less} after {later} ms");
            let (more, less) = (all.interval(&BOUNDS, now), some.interval(&BOUNDS, now));
            prop_assert!(more <= less.mul_f64(1.0001), "{more:?} > {less:?}");
        }
    }

    #[test]
    fn the_order_and_the_duplicates_of_a_document_mean_nothing(
        times in proptest::collection::vec(MONDAY - 300 * DAY..MONDAY + DAY, 1..200),
    ) {
        let mut sorted = times.clone();
        sorted.sort_unstable();
        let twice = times.iter().chain(times.iter().rev()).copied();
        prop_assert_eq!(backlog(sorted), backlog(twice));
    }

    #[test]
    fn any_bytes_are_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Rhythm::from_bytes(&bytes);
    }

    #[test]
    fn any_believable_bytes_stay_within_the_bounds_and_come_back_the_same(
        times in any::<[i64; 3]>(), counts in proptest::collection::vec(0.0..1e6_f32, 33),
        now in any::<i64>(), new in proptest::collection::vec(any::<i64>(), 0..5),
    ) {
        let mut bytes = vec![1];
        bytes.extend(times.iter().flat_map(|time| time.to_le_bytes()));
        bytes.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        let mut rhythm = Rhythm::from_bytes(&bytes).unwrap();
        prop_assert_eq!(rhythm.to_bytes(), bytes);
        for _ in 0..2 {
            let interval = rhythm.interval(&BOUNDS, at(now));
            prop_assert!(interval >= BOUNDS.min_interval && interval <= BOUNDS.max_interval);
            let new: Vec<_> = new.iter().copied().map(at).collect();
            rhythm.observe(&new, at(now));
        }
    }
}
