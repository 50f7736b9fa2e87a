use super::{at, count, zone};
use crate::trends::baseline::{Step, Watch, expectations};
use crate::trends::{Count, quarter_of, start_of};

const WEEK: i64 = 7 * 96;

fn monday() -> i64 {
    quarter_of(at("2026-01-05T00:00:00Z"))
}

/// What is expected when topic and entries follow rules of the quarter-hours since the first Monday.
fn steps(weeks: i64, topic: impl Fn(i64) -> u32, all: impl Fn(i64) -> u32) -> Vec<Step> {
    let counts = |rule: &dyn Fn(i64) -> u32| -> Vec<Count> {
        (0..weeks * WEEK)
            .map(|n| count(monday() + n, rule(n)))
            .collect()
    };
    let (counts, all) = (counts(&topic), counts(&all));
    let watch = Watch {
        counts: &counts,
        all: &all,
        since: monday(),
    };
    expectations(&watch, &zone("UTC"), start_of(monday() + weeks * WEEK))
}

/// Mentions expected in a day that begins so many quarter-hours from the end.
fn expected(steps: &[Step], from_end: i64, length: usize) -> f64 {
    let from = steps.len() - usize::try_from(from_end).unwrap();
    steps[from..from + length]
        .iter()
        .map(|step| step.expected)
        .sum()
}

fn hour(n: i64) -> i64 {
    n / 4 % 24
}

#[test]
fn a_steady_topic_is_expected_as_it_was() {
    let steps = steps(4, |n| u32::from(n % 4 == 0), |_| 20);
    let day = expected(&steps, 96, 96);
    assert!((22.0..26.0).contains(&day), "{day}");
}

#[test]
fn twice_the_entries_let_twice_the_mentions_be_expected() {
    let growth = |n| if n < 3 * WEEK + 288 { 20 } else { 40 };
    let steps = steps(4, |n| u32::from(n % 4 == 0), growth);
    let (before, after) = (expected(&steps, 480, 96), expected(&steps, 384, 96));
    assert!((1.8..2.2).contains(&(after / before)), "{before} {after}");
}

#[test]
fn hours_and_days_of_the_topics_own_are_learned() {
    // Ten mentions from 18 to 19 h, and twenty more on Saturdays from 15 to 16 h.
    let topic = |n: i64| match (n / 96 % 7, hour(n)) {
        (_, 18) if n % 4 < 2 => 5,
        (5, 15) => 5,
        _ => 0,
    };
    let steps = steps(8, topic, |_| 50);
    let at = |day: i64, hour: i64| expected(&steps, (7 - day) * 96 - hour * 4, 4);
    assert!(at(2, 18) > 5.0, "{}", at(2, 18));
    assert!(at(2, 3) < 1.0, "{}", at(2, 3));
    assert!(at(5, 15) > 3.0 * at(4, 15), "{} {}", at(5, 15), at(4, 15));
}

#[test]
fn hours_are_those_of_the_zone_also_after_the_clock_is_changed() {
    // At 9 by Berlin's clock: 8 in UTC, and 7 from 29 March on.
    let summer = quarter_of(at("2026-03-29T01:00:00Z")) - monday();
    let topic = |n: i64| {
        let local = n + if n < summer { 4 } else { 8 };
        u32::from(hour(local) == 9) * 4
    };
    let weeks = 13;
    let counts: Vec<Count> = (0..weeks * WEEK)
        .map(|n| count(monday() + n, topic(n)))
        .collect();
    let all: Vec<Count> = (0..weeks * WEEK).map(|n| count(monday() + n, 50)).collect();
    let watch = Watch {
        counts: &counts,
        all: &all,
        since: monday(),
    };
    let day = at("2026-03-31T00:00:00Z");
    let nine = |name: &str| {
        let steps = expectations(
            &watch,
            &zone(name),
            day + std::time::Duration::from_hours(8),
        );
        steps[steps.len() - 4..]
            .iter()
            .map(|step| step.expected)
            .sum::<f64>()
    };
    assert!(nine("Europe/Berlin") > 5.0, "{}", nine("Europe/Berlin"));
    assert!(nine("UTC") < 3.0, "{}", nine("UTC"));
}

#[test]
fn an_event_hardly_raises_what_is_expected_and_a_new_level_does() {
    let usual = |n: i64| u32::from(n % 4 == 0);
    let event = 4 * WEEK;
    let burst = |n: i64| {
        if (event..event + 40).contains(&n) {
            30
        } else {
            usual(n)
        }
    };
    let after = |steps: &[Step]| expected(steps, WEEK - 288, 96);
    let (with, without) = (
        after(&steps(5, burst, |_| 50)),
        after(&steps(5, usual, |_| 50)),
    );
    assert!(with < 1.6 * without, "{with} {without}");
    let level = |n: i64| if n < event { usual(n) } else { 4 };
    let steps = steps(7, level, |_| 50);
    // Of 384 a day, without overshooting.
    let day = expected(&steps, 96, 96);
    assert!((330.0..450.0).contains(&day), "{day}");
}

#[test]
fn an_outage_teaches_nothing() {
    let down = |n: i64| (3 * WEEK..3 * WEEK + 480).contains(&n);
    let topic = |n: i64| u32::from(n % 4 == 0 && !down(n));
    let with = steps(4, topic, |n| if down(n) { 0 } else { 50 });
    let last = expected(&with, 96, 96);
    assert!((22.0..26.0).contains(&last), "{last}");
    let in_it = expected(&with, WEEK - 96, 96);
    assert!(in_it.abs() < 1e-9, "{in_it}");
}

#[test]
fn what_comes_later_changes_nothing_before() {
    let topic = |n: i64| u32::try_from(n * n % 7 / 5).unwrap();
    let (short, long) = (steps(3, topic, |_| 30), steps(4, topic, |_| 30));
    assert_eq!(short[..], long[..short.len()]);
}
