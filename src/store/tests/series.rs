//! Counts over time: right when they are made, after removals, and when they are made anew.

use proptest::prelude::*;

use super::*;
use crate::trends::QUARTER_MS;

const HOUR: Duration = Duration::from_hours(1);

fn at(mut entry: EntryRecord, counted_at: Timestamp) -> EntryRecord {
    entry.counted_at = counted_at;
    entry.language = Some("ru".into());
    entry
}

impl Base {
    async fn counts(&self, topic: Option<&str>) -> Vec<(i64, u32, u32)> {
        let topic = topic.map(str::to_owned);
        let far = Timestamp::from_millis(i64::MAX / 2);
        let series = self
            .store
            .series(topic, Timestamp::from_millis(0), far)
            .await
            .unwrap();
        let first = NOW.as_millis() / QUARTER_MS;
        series
            .iter()
            .map(|q| (q.quarter - first, q.mentions, q.stories))
            .collect()
    }

    async fn check(&self) -> SeriesCheck {
        self.store.check_series(NOW - DAY * 9).await.unwrap()
    }
}

#[tokio::test]
async fn mentions_and_stories_are_counted_by_the_quarter_hour_of_their_entries() {
    let base = base().await;
    let entries = vec![
        at(entry(1, 1, 1, &["sco", "xi"]), NOW),
        at(entry(2, 2, 2, &["sco"]), NOW + HOUR),
        at(entry(3, 3, 3, &[]), NOW + HOUR),
    ];
    base.commit(0, NOW + HOUR, entries).await;
    // The same story in another feed is a mention, and no story.
    base.commit(
        1,
        NOW + HOUR,
        vec![at(entry(4, 1, 4, &["sco"]), NOW + HOUR)],
    )
    .await;
    assert_eq!(base.counts(Some("sco")).await, [(0, 1, 1), (4, 2, 1)]);
    assert_eq!(base.counts(Some("xi")).await, [(0, 1, 1)]);
    assert_eq!(base.counts(None).await, [(0, 1, 1), (4, 3, 2)]);
    // An edit counts for nothing.
    base.commit(
        0,
        NOW + HOUR * 2,
        vec![at(entry(1, 1, 9, &["sco", "xi"]), NOW + HOUR * 2)],
    )
    .await;
    assert_eq!(base.counts(Some("xi")).await, [(0, 1, 1)]);

    let days = Days {
        from: NOW,
        to: NOW + DAY,
    };
    let by = |by| base.store.breakdown("sco".into(), by, days, 9);
    let shares = |shares: Vec<Share>| -> Vec<(String, u64)> {
        shares
            .into_iter()
            .map(|share| (share.value, share.mentions))
            .collect()
    };
    let feeds = shares(by(Dimension::Feed).await.unwrap());
    assert_eq!(feeds, [("one".to_owned(), 2), ("two".to_owned(), 1)]);
    let languages = shares(by(Dimension::Language).await.unwrap());
    assert_eq!(languages, [("ru".to_owned(), 3)]);
    let fields = shares(by(Dimension::Field).await.unwrap());
    assert_eq!(fields, [("title".to_owned(), 3)]);
    let together = base.store.together("sco".into(), days, 9).await.unwrap();
    assert_eq!(shares(together), [("xi".to_owned(), 1)]);
    assert_eq!(base.check().await.wrong, []);
}

#[tokio::test]
async fn a_wrong_count_is_found_and_made_right() {
    let base = base().await;
    base.commit(0, NOW, vec![at(entry(1, 1, 1, &["sco", "xi"]), NOW)])
        .await;
    base.commit(1, NOW, vec![at(entry(2, 1, 2, &["sco"]), NOW)])
        .await;
    let before = base.dump("none");
    let check = base.check().await;
    assert_eq!((check.wrong.len(), check.compared > 8), (0, true));
    let break_it = "UPDATE series SET mentions = 7 WHERE topic = 'xi';
        DELETE FROM together WHERE topic = 'xi';
        INSERT INTO series_day VALUES ('xi', 'feed', 19999, 'two', 3);";
    base.sql().execute_batch(break_it).unwrap();
    let wrong = base.check().await.wrong;
    let told: Vec<_> = wrong
        .iter()
        .map(|w| (w.table, w.value.as_str(), w.counted, w.is))
        .collect();
    let expected = [
        ("series", "", 7, 1),
        ("series_day", "feed two", 3, 0),
        ("together", "sco", 0, 1),
    ];
    assert_eq!(told, expected);
    base.store.rebuild_series(NOW - DAY * 9).await.unwrap();
    assert_eq!(base.check().await.wrong, []);
    assert_eq!(base.dump("none"), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Whatever comes, and is removed again: the counts are those of the rows.
    #[test]
    fn counts_are_those_of_the_rows(
        entries in proptest::collection::vec((0_usize..2, 1_u8..6, 1_u8..4, 0_u8..8, 0_u64..100), 1..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let base = base().await;
            for (n, (feed, key, story, topics, hours)) in entries.into_iter().enumerate() {
                let names = ["sco", "xi", "putin"];
                let named = (0..3).filter(|bit| topics & (1 << bit) != 0).map(|bit| names[bit]);
                let topics: Vec<&str> = named.collect();
                let text = u8::try_from(n).unwrap();
                let when = NOW + HOUR * u32::try_from(hours).unwrap();
                base.commit(feed, when, vec![at(entry(key, story, text, &topics), when)]).await;
            }
            let check = base.check().await;
            assert_eq!(check.wrong, []);
            assert!(check.compared > 0);
        });
    }
}

#[tokio::test]
async fn a_spike_is_told_once_with_what_is_behind_it() {
    let base = base().await;
    base.commit(
        0,
        NOW,
        vec![
            at(entry(1, 1, 1, &["sco"]), NOW),
            at(entry(2, 2, 2, &["sco"]), NOW),
        ],
    )
    .await;
    base.commit(1, NOW, vec![at(entry(3, 2, 3, &["sco"]), NOW)])
        .await;
    let topic = || TopicId::new("sco").unwrap();
    let stories = base.store.stories_since(topic(), NOW, 9).await.unwrap();
    let shown: Vec<_> = stories
        .iter()
        .map(|s| (s.title.as_str(), s.mentions))
        .collect();
    assert_eq!(shown, [("title 2", 2), ("title 1", 1)]);
    let alert = |start: Timestamp| {
        let id = dedup::spike_alert_id(&topic(), start);
        AlertRecord::new(id, AlertKind::Spike, &"what it tells", vec![route("a", 1)])
    };
    let later = NOW + HOUR;
    let tell = |start, at| base.store.tell_spike(topic(), start, alert(start), at);
    assert!(tell(NOW, later).await.unwrap());
    assert!(!tell(NOW, later).await.unwrap());
    assert!(
        !tell(NOW + HOUR / 2, later + HOUR).await.unwrap(),
        "its start may move"
    );
    assert!(
        tell(later + HOUR, later + HOUR).await.unwrap(),
        "another one"
    );
    assert_eq!(base.count("alert WHERE kind = 'topic.spike'"), 2);
}
