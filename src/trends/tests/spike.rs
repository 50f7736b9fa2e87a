use proptest::prelude::*;

use super::{at, count, zone};
use crate::model::Timestamp;
use crate::trends::baseline::Watch;
use crate::trends::spike::{Spike, Verdict, episodes, judge};
use crate::trends::{Count, quarter_of, start_of};

const WEEK: i64 = 7 * 96;

fn monday() -> i64 {
    quarter_of(at("2026-01-05T00:00:00Z"))
}

/// Counts of the quarter-hours since the first Monday.
fn counts(length: i64, rule: impl Fn(i64) -> u32) -> Vec<Count> {
    let all = (0..length).map(|n| count(monday() + n, rule(n)));
    all.filter(|count| count.mentions > 0).collect()
}

/// About one mention an hour, at uneven times.
fn usual(n: i64) -> u32 {
    u32::from((n * 7919 + n / 5) % 17 < 4)
}

fn entries(n: i64) -> u32 {
    if (8..22).contains(&(n / 4 % 24)) {
        60
    } else {
        40
    }
}

fn spikes(length: i64, topic: impl Fn(i64) -> u32) -> Vec<Spike> {
    let (counts, all) = (counts(length, topic), counts(length, entries));
    let watch = Watch {
        counts: &counts,
        all: &all,
        since: monday(),
    };
    episodes(&watch, &zone("Europe/Berlin"), start_of(monday() + length))
}

fn verdict(length: i64, since: i64, topic: impl Fn(i64) -> u32) -> Verdict {
    let (counts, all) = (counts(length, topic), counts(length, entries));
    let watch = Watch {
        counts: &counts,
        all: &all,
        since: monday() + since,
    };
    judge(&watch, &zone("Europe/Berlin"), start_of(monday() + length))
}

fn quarters(time: Timestamp) -> i64 {
    quarter_of(time) - monday()
}

#[test]
fn the_usual_is_no_spike() {
    assert_eq!(spikes(6 * WEEK, usual), []);
    assert_eq!(spikes(6 * WEEK, |_| 0), []);
}

#[test]
fn an_event_is_one_spike_with_its_times() {
    let from = 4 * WEEK + 40;
    // Five hours, with a pause, and the most in the third hour.
    let topic = |n: i64| match n - from {
        8..12 => 12,
        0..4 | 12..20 => 5,
        _ => usual(n),
    };
    let found = spikes(5 * WEEK, topic);
    assert_eq!(found.len(), 1, "{found:?}");
    let spike = found[0];
    assert!(
        (from - 3..=from).contains(&quarters(spike.start)),
        "{spike:?}"
    );
    assert!(
        (from + 2..=from + 4).contains(&quarters(spike.noticed)),
        "{spike:?}"
    );
    assert_eq!((quarters(spike.peak), spike.count), (from + 8, 48));
    assert!((0.3..2.5).contains(&spike.expected), "{spike:?}");
    assert!(
        (from + 20..from + 24).contains(&quarters(spike.end.unwrap())),
        "{spike:?}"
    );
    assert!(spike.p_value < 1e-6);
}

#[test]
fn a_second_event_is_told_too() {
    let event = |n: i64| {
        (4 * WEEK..4 * WEEK + 16).contains(&n) || (4 * WEEK + 96..4 * WEEK + 104).contains(&n)
    };
    let found = spikes(5 * WEEK, |n| if event(n) { 6 } else { usual(n) });
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn what_goes_on_has_no_end_and_a_new_level_comes_to_be_usual() {
    let topic = |n: i64| if n >= 4 * WEEK { 6 } else { usual(n) };
    let found = spikes(4 * WEEK + 20, topic);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].end, None);
    let found = spikes(10 * WEEK, topic);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].end.is_some());
}

#[test]
fn a_feed_with_its_entries_is_no_spike() {
    let length = 5 * WEEK;
    let grown = |n: i64| if n < 4 * WEEK { 1 } else { 5 };
    let all = counts(length, |n| entries(n) * grown(n));
    let watched = counts(length, |n| usual(n) * grown(n));
    let now = start_of(monday() + length);
    let watch = Watch {
        counts: &watched,
        all: &all,
        since: monday(),
    };
    assert_eq!(episodes(&watch, &zone("UTC"), now), []);
    let alone = counts(length, entries);
    let watch = Watch {
        all: &alone,
        ..watch
    };
    assert_ne!(episodes(&watch, &zone("UTC"), now), []);
}

#[test]
fn one_story_in_many_feeds_is_no_spike() {
    let length = 5 * WEEK;
    let mut topic = counts(length, usual);
    let all = counts(length, entries);
    let event = monday() + 4 * WEEK;
    topic.retain(|count| !(event..event + 8).contains(&count.quarter));
    topic.push(Count {
        quarter: event + 3,
        mentions: 30,
        stories: 1,
    });
    let watch = Watch {
        counts: &topic,
        all: &all,
        since: monday(),
    };
    assert_eq!(
        episodes(&watch, &zone("UTC"), start_of(monday() + length)),
        []
    );
}

#[test]
fn nothing_is_said_of_a_topic_that_is_new() {
    let length = 4 * WEEK;
    let event = move |n: i64| if n >= length - 4 { 8 } else { 0 };
    let last = |since: i64| verdict(length, since, event);
    // Watched for two days: its silence before that means nothing.
    let young = last(length - 2 * 96);
    assert_eq!((young.hour, young.spike, young.begins), (None, None, false));
    assert!(last(0).spike.is_some());
    let nothing = Watch {
        counts: &[],
        all: &[],
        since: 0,
    };
    let verdict = judge(&nothing, &zone("UTC"), start_of(monday()));
    assert_eq!((verdict.hour, verdict.spike), (None, None));
}

#[test]
fn in_its_first_two_weeks_it_takes_more() {
    let chance = |weeks: i64| {
        let length = weeks * WEEK + 4;
        let event = move |n: i64| if n >= weeks * WEEK { 2 } else { usual(n) };
        verdict(length, 0, event).hour.unwrap().p_value
    };
    assert!(chance(1) > 2.0 * chance(4), "{} {}", chance(1), chance(4));
}

#[test]
fn judging_as_time_goes_by_finds_the_same_as_looking_back() {
    let topic = |n: i64| {
        if (2 * WEEK + 50..2 * WEEK + 62).contains(&n) {
            7
        } else {
            usual(n)
        }
    };
    let length = 2 * WEEK + 100;
    let all = spikes(length, topic);
    assert_eq!(all.len(), 1);
    let mut began = Vec::new();
    for n in 2 * WEEK + 40..=length {
        let verdict = verdict(n, 0, topic);
        if verdict.begins {
            began.push(start_of(monday() + n));
        }
        let noticed = all[0].noticed <= start_of(monday() + n);
        let over = all[0].end.is_some_and(|end| quarters(end) + 24 <= n);
        assert_eq!(verdict.spike.is_some(), noticed && !over, "{n}");
    }
    assert_eq!(began, [all[0].noticed]);
}

/// Counts of a few days with anything in them, some of them in order.
fn wild() -> impl Strategy<Value = Vec<Count>> {
    let quarter = prop_oneof![4 => 0..2_000_i64, 1 => any::<i64>()];
    let amount = prop_oneof![8 => 0..20_u32, 1 => any::<u32>(), 1 => Just(u32::MAX)];
    let counts = (quarter, amount.clone(), amount);
    let counts = counts.prop_map(|(quarter, mentions, stories)| Count {
        quarter,
        mentions,
        stories,
    });
    proptest::collection::vec(counts, 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_counts_at_no_time_make_it_panic(
        counts in wild(), all in wild(), steady in any::<bool>(),
        since in prop_oneof![Just(0_i64), any::<i64>()],
        now in prop_oneof![4 => 0..2_500_i64, 1 => any::<i64>()],
        name in proptest::sample::select(&["UTC", "Asia/Kathmandu", "Pacific/Apia"]),
    ) {
        let mut all = all;
        if steady {
            all.extend((0..2_000).map(|n| count(n, 30)));
        }
        let watch = Watch { counts: &counts, all: &all, since };
        let (zone, now) = (zone(name), start_of(now));
        let found = episodes(&watch, &zone, now);
        for spike in &found {
            prop_assert!((0.0..=1.0).contains(&spike.p_value));
            prop_assert!(spike.start < spike.noticed && spike.noticed <= now);
            prop_assert!(spike.end.is_none_or(|end| spike.noticed <= end && end <= now));
            prop_assert!(spike.expected.is_finite());
        }
        for pair in found.windows(2) {
            prop_assert!(pair[0].end.is_some_and(|end| end <= pair[1].start));
        }
        let verdict = judge(&watch, &zone, now);
        if let Some(hour) = verdict.hour {
            prop_assert!((0.0..=1.0).contains(&hour.p_value));
            prop_assert!((0.0..=1.0).contains(&hour.confidence()));
        }
        let open = found.last().filter(|spike| spike.end.is_none());
        prop_assert_eq!(verdict.spike, open.copied());
    }

    #[test]
    fn more_mentions_never_lower_the_confidence(
        level in 0..12_u32, seed in 0..1_000_i64, back in 1..=4_i64,
        more in prop_oneof![0..50_u32, any::<u32>()],
    ) {
        let length = WEEK + 300;
        let noise = |n: i64| u32::try_from((n * 7919 + seed * n / 3) % 13).unwrap() * level / 13;
        let with = |extra: u32| {
            let verdict = verdict(length, 0, |n| {
                noise(n).saturating_add(if n == length - back { extra } else { 0 })
            });
            verdict.hour.unwrap().confidence()
        };
        prop_assert!(with(more) >= with(0));
        prop_assert!(with(more.saturating_add(1)) >= with(more) - 1e-12);
    }
}
