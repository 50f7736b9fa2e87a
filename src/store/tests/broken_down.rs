//! Mentions by feed, language and field over time.

use super::*;
use crate::store::{FeedGroup, ValueCounts};

/// The days of which there are counts, and one more.
fn days() -> Vec<Timestamp> {
    let midnight = NOW.as_millis().div_euclid(86_400_000) * 86_400_000;
    let midnight = Timestamp::from_millis(midnight);
    (0..4).map(|n| midnight + n * DAY).collect()
}

async fn told(
    base: &Base,
    by: Dimension,
    groups: Option<Vec<FeedGroup>>,
    edges: Vec<Timestamp>,
    most: usize,
) -> Vec<(String, Vec<u64>)> {
    let found = base.store.broken_down("xi".into(), by, groups, edges, most);
    let pairs = found.await.unwrap().into_iter();
    pairs
        .map(|ValueCounts { value, counts }| (value, counts))
        .collect()
}

/// Three mentions in feed `one`, two days apart, and one in feed `two`.
async fn history() -> Base {
    let base = base().await;
    let on = |mut record: EntryRecord, days: u32| {
        record.counted_at = NOW + days * DAY;
        record.language = (days == 0).then(|| "ru".to_owned());
        record
    };
    let first = [(1, 0), (2, 2), (3, 2)].map(|(n, days)| on(entry(n, n, n, &["xi"]), days));
    base.commit(0, NOW + 2 * DAY, first.into()).await;
    let second = on(entry(4, 4, 4, &["xi", "sco"]), 1);
    base.commit(1, NOW + 2 * DAY, vec![second]).await;
    base
}

fn pair(value: &str, counts: &[u64]) -> (String, Vec<u64>) {
    (value.to_owned(), counts.to_vec())
}

#[tokio::test]
async fn values_come_by_day_the_most_frequent_first() {
    let base = history().await;
    let feeds = told(&base, Dimension::Feed, None, days(), 10).await;
    assert_eq!(feeds, [pair("one", &[1, 0, 2]), pair("two", &[0, 1, 0])]);
    let most = told(&base, Dimension::Feed, None, days(), 1).await;
    assert_eq!(most, [pair("one", &[1, 0, 2])]);
    let languages = told(&base, Dimension::Language, None, days(), 10).await;
    assert_eq!(languages, [pair("", &[0, 1, 2]), pair("ru", &[1, 0, 0])]);
}

#[tokio::test]
async fn spans_hold_the_days_between_their_edges_and_no_others() {
    let base = history().await;
    let edges = vec![days()[1], days()[3]];
    let feeds = told(&base, Dimension::Feed, None, edges, 10).await;
    assert_eq!(feeds, [pair("one", &[2]), pair("two", &[1])]);
    let none = told(&base, Dimension::Feed, None, days()[..1].to_vec(), 10).await;
    assert_eq!(none, []);
    assert_eq!(told(&base, Dimension::Feed, None, Vec::new(), 10).await, []);
}

#[tokio::test]
async fn feeds_count_under_each_of_their_groups_and_without_one_under_none() {
    let base = history().await;
    let group = |feed: &str, value: &str| FeedGroup {
        feed: feed.to_owned(),
        value: value.to_owned(),
    };
    let tags = vec![
        group("one", "agency"),
        group("one", "state"),
        group("gone", "x"),
    ];
    let found = told(&base, Dimension::Feed, Some(tags), days(), 10).await;
    let expected = [
        pair("agency", &[1, 0, 2]),
        pair("state", &[1, 0, 2]),
        pair("", &[0, 1, 0]),
    ];
    assert_eq!(found, expected);
    let none = told(&base, Dimension::Feed, Some(Vec::new()), days(), 10).await;
    assert_eq!(none, [pair("", &[1, 1, 2])]);
}
