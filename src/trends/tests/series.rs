use proptest::prelude::*;

use super::{at, count, zone};
use crate::model::Timestamp;
use crate::trends::series::{MOST_POINTS, Point, SeriesError, Unit, series, share};
use crate::trends::{Count, quarter_of};

const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Monrovia",
];

fn points(counts: &[Count], unit: Unit, name: &str, from: &str, until: &str) -> Vec<Point> {
    series(counts, unit, &zone(name), at(from), at(until)).unwrap()
}

fn hours(points: &[Point]) -> Vec<u64> {
    let length = |point: &Point| point.end.since(point.start).as_secs() / 3600;
    points.iter().map(length).collect()
}

fn mentions(points: &[Point]) -> Vec<u64> {
    points.iter().map(|point| point.mentions).collect()
}

#[test]
fn days_have_23_and_25_hours_where_the_clock_is_changed() {
    let (from, until) = ("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z");
    assert_eq!(
        hours(&points(&[], Unit::Day, "Europe/Berlin", from, until)),
        [24, 23, 24]
    );
    let (from, until) = ("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
    assert_eq!(
        hours(&points(&[], Unit::Day, "Europe/Berlin", from, until)),
        [24, 25]
    );
}

#[test]
fn the_hour_that_comes_twice_is_two() {
    // 02:00 to 03:00 in Berlin, and again.
    let first = quarter_of(at("2026-10-25T00:45:00Z"));
    let counts = [count(first, 3), count(first + 1, 5)];
    let (from, until) = ("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z");
    let points = points(&counts, Unit::Hour, "Europe/Berlin", from, until);
    assert_eq!(mentions(&points), [3, 5]);
    assert_eq!(hours(&points), [1, 1]);
}

#[test]
fn units_begin_by_the_clock_on_the_wall() {
    for (unit, name, start, end) in [
        (
            Unit::Hour,
            "Asia/Kathmandu",
            "2026-02-12T11:15:00Z",
            "2026-02-12T12:15:00Z",
        ),
        (
            Unit::Day,
            "Asia/Kathmandu",
            "2026-02-11T18:15:00Z",
            "2026-02-12T18:15:00Z",
        ),
        (
            Unit::Week,
            "Asia/Kolkata",
            "2026-02-08T18:30:00Z",
            "2026-02-15T18:30:00Z",
        ),
        (
            Unit::Month,
            "America/New_York",
            "2026-02-01T05:00:00Z",
            "2026-03-01T05:00:00Z",
        ),
        (
            Unit::Week,
            "UTC",
            "2026-02-09T00:00:00Z",
            "2026-02-16T00:00:00Z",
        ),
    ] {
        let points = points(
            &[],
            unit,
            name,
            "2026-02-12T12:00:00Z",
            "2026-02-12T12:00:01Z",
        );
        let edges: Vec<_> = points.iter().map(|p| (p.start, p.end)).collect();
        assert_eq!(edges, [(at(start), at(end))], "{unit:?} {name}");
    }
}

#[test]
fn a_change_by_half_an_hour_cuts_an_hour() {
    // On 5 April 2026, at 02:00, Lord Howe's clocks go back to 01:30.
    let (from, until) = ("2026-04-04T14:00:00Z", "2026-04-04T16:30:00Z");
    let points = points(&[], Unit::Hour, "Australia/Lord_Howe", from, until);
    let minutes = |p: &Point| p.end.since(p.start).as_secs() / 60;
    assert_eq!(points.iter().map(minutes).collect::<Vec<_>>(), [60, 30, 60]);
}

#[test]
fn a_date_that_was_skipped_is_left_out() {
    // Samoa had no 30 December 2011.
    let (from, until) = ("2011-12-29T10:00:00Z", "2012-01-01T09:00:00Z");
    let points = points(&[], Unit::Day, "Pacific/Apia", from, until);
    assert_eq!(hours(&points), [24, 24, 24]);
}

#[test]
fn zeros_are_points_and_a_whole_unit_counts() {
    let noon = quarter_of(at("2026-05-05T12:00:00Z"));
    let counts = [count(noon - 1, 1), count(noon, 2), count(noon + 200, 4)];
    let (from, until) = ("2026-05-05T12:00:00Z", "2026-05-07T13:00:00Z");
    assert_eq!(
        mentions(&points(&counts, Unit::Day, "UTC", from, until)),
        [3, 0, 4]
    );
    assert_eq!(points(&counts, Unit::Day, "UTC", until, from), []);
}

#[test]
fn too_many_points_and_years_beyond_the_calendar_are_errors() {
    let (utc, from) = (zone("UTC"), at("2026-01-01T00:00:00Z"));
    let hours = |n: i64| Timestamp::from_millis(from.as_millis() + n * 3_600_000);
    let most = i64::try_from(MOST_POINTS).unwrap();
    let length = |n| series(&[], Unit::Hour, &utc, from, hours(n)).map(|points| points.len());
    assert_eq!(length(most), Ok(MOST_POINTS));
    assert_eq!(
        length(most + 1),
        Err(SeriesError::TooMany { most: MOST_POINTS })
    );
    let (begin, end) = (
        Timestamp::from_millis(i64::MIN),
        Timestamp::from_millis(i64::MAX),
    );
    for unit in [Unit::Hour, Unit::Day, Unit::Week, Unit::Month] {
        assert_eq!(
            series(&[], unit, &utc, begin, end),
            Err(SeriesError::Outside)
        );
        assert!(series(&[], unit, &utc, from, end).is_err());
    }
}

#[test]
fn a_share_is_per_thousand_entries_of_the_same_time() {
    let day = quarter_of(at("2026-05-05T00:00:00Z"));
    let (from, until) = ("2026-05-05T00:00:00Z", "2026-05-08T00:00:00Z");
    let topic = points(
        &[count(day, 3), count(day + 96, 1)],
        Unit::Day,
        "UTC",
        from,
        until,
    );
    let all = points(&[count(day, 600)], Unit::Day, "UTC", from, until);
    assert_eq!(share(&topic, &all), [Some(5.0), None, None]);
    assert_eq!(share(&topic, &all[1..]), [None, None, None]);
}

fn unit() -> impl Strategy<Value = Unit> {
    prop_oneof![
        Just(Unit::Hour),
        Just(Unit::Day),
        Just(Unit::Week),
        Just(Unit::Month)
    ]
}

proptest! {
    /// Whatever the zone and its changes of the clock.
    #[test]
    fn units_tile_the_range_and_lose_nothing(
        unit in unit(),
        name in proptest::sample::select(&ZONES),
        from in -1_600_000_000_000..2_200_000_000_000_i64,
        length in 1..15_000_000_000_i64,
        places in proptest::collection::vec((-0.2..1.2_f64, any::<u32>(), any::<u32>()), 0..40),
    ) {
        let (from, until) = (Timestamp::from_millis(from), Timestamp::from_millis(from + length));
        #[expect(clippy::cast_possible_truncation, reason = "a place in the range")]
        let counts: Vec<Count> = places
            .iter()
            .map(|(place, mentions, stories)| Count {
                quarter: quarter_of(Timestamp::from_millis(
                    from.as_millis() + (length as f64 * place) as i64,
                )),
                mentions: *mentions,
                stories: *stories,
            })
            .collect();
        let points = series(&counts, unit, &zone(name), from, until).unwrap();
        let (first, last) = (points[0], points[points.len() - 1]);
        prop_assert!(first.start <= from && from < first.end);
        prop_assert!(last.start < until && until <= last.end);
        for pair in points.windows(2) {
            prop_assert_eq!(pair[0].end, pair[1].start);
        }
        for point in &points {
            prop_assert!(point.start < point.end);
        }
        let within = |count: &&Count| (first.start..last.end).contains(&count.start());
        let sum = |value: fn(&Count) -> u32| -> u64 {
            counts.iter().filter(within).map(|count| u64::from(value(count))).sum()
        };
        prop_assert_eq!(points.iter().map(|p| p.mentions).sum::<u64>(), sum(|c| c.mentions));
        prop_assert_eq!(points.iter().map(|p| p.stories).sum::<u64>(), sum(|c| c.stories));
    }

    #[test]
    fn no_counts_and_no_range_make_it_panic(
        unit in unit(),
        name in proptest::sample::select(&ZONES),
        from in any::<i64>(), until in any::<i64>(),
        counts in proptest::collection::vec((any::<i64>(), any::<u32>(), any::<u32>()), 0..10),
    ) {
        let counts: Vec<Count> = counts
            .into_iter()
            .map(|(quarter, mentions, stories)| Count { quarter, mentions, stories })
            .collect();
        let (from, until) = (Timestamp::from_millis(from), Timestamp::from_millis(until));
        if let Ok(points) = series(&counts, unit, &zone(name), from, until) {
            prop_assert!(points.len() <= MOST_POINTS);
        }
    }
}
