//! A topic's mentions by the time under which they are counted.

use super::*;
use crate::store::counted::plan;

#[tokio::test]
async fn mentions_come_by_the_time_of_their_entries_each_once() {
    let base = base().await;
    // All found at once, published over three weeks, the oldest first and two of them at one time.
    let ages = [20, 9, 9, 3, 1, 0];
    let entries = ages.iter().enumerate().map(|(n, days)| {
        let n = u8::try_from(n).unwrap() + 1;
        let mut entry = entry(n, n, n, &["sco"]);
        entry.counted_at = NOW - DAY * *days;
        entry
    });
    base.commit(0, NOW, entries.collect()).await;
    let read = async |from, until, behind, limit| {
        let topic = "sco".to_owned();
        let found = base
            .store
            .counted_mentions(topic, (from, until), behind, limit);
        found.await.unwrap()
    };
    let later = NOW + DAY;
    let mut seen = Vec::new();
    let mut behind = None;
    loop {
        let page = read(NOW - DAY * 30, later, behind, 2).await;
        let Some(last) = page.last() else { break };
        behind = Some(last.place());
        seen.extend(page);
    }
    let days: Vec<u64> = seen
        .iter()
        .map(|row| NOW.since(row.counted).as_secs() / 86_400)
        .collect();
    assert_eq!(days, [0, 1, 3, 9, 9, 20]);
    let mut ids: Vec<i64> = seen.iter().map(|row| row.mention.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    // The span's end is not part of it, its beginning is.
    let span = read(NOW - DAY * 9, NOW - DAY, None, 10).await;
    assert_eq!(span.len(), 3);
    let nobody = base
        .store
        .counted_mentions("xi".into(), (NOW - DAY, later), None, 9);
    assert!(nobody.await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_found_years_late_is_listed_where_it_is_counted_on_every_page() {
    let base = base().await;
    let late = (1..=4).map(|n| {
        let mut entry = entry(n, n, n, &["sco"]);
        entry.counted_at = NOW - DAY * (900 + u32::from(n));
        entry
    });
    base.commit(0, NOW, late.collect()).await;
    let span = (NOW - DAY * 1000, NOW - DAY * 800);
    let topic = || "sco".to_owned();
    let first = base
        .store
        .counted_mentions(topic(), span, None, 2)
        .await
        .unwrap();
    let behind = Some(first[1].place());
    let second = base
        .store
        .counted_mentions(topic(), span, behind, 3)
        .await
        .unwrap();
    assert_eq!((first.len(), second.len()), (2, 2));
    let stories = base.store.topic_stories(topic(), span, 9).await.unwrap();
    assert_eq!(stories.len(), 4);
}

#[tokio::test]
async fn an_index_has_the_order_of_counting() {
    let plan = plan(&file_base().await.sql()).unwrap();
    assert!(plan.contains("USING INDEX mention_counted"), "{plan}");
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

#[tokio::test]
async fn a_pulse_tells_of_the_last_day_and_of_what_is_usual() {
    let base = base().await;
    let ages = [0, 1, 2, 2, 5, 8, 40];
    let entries = ages.iter().enumerate().map(|(n, days)| {
        let n = u8::try_from(n).unwrap() + 1;
        let mut entry = entry(n, n, n, &["sco"]);
        entry.counted_at = NOW - DAY * *days;
        entry
    });
    base.commit(0, NOW, entries.collect()).await;
    let mut young = entry(90, 90, 90, &["xi"]);
    young.counted_at = NOW - DAY;
    base.commit(0, NOW, vec![young]).await;
    let topics = ["xi", "sco", "nobody"].map(str::to_owned);
    let pulses = base.store.topic_pulses(topics.to_vec(), NOW).await.unwrap();
    assert_eq!(pulses.len(), 3);
    let sco = &pulses[1];
    // Yesterday's is counted under the quarter-hour with which the last 24 hours begin.
    assert_eq!((sco.day, sco.weeks), (2, 6));
    assert!((sco.usual.unwrap() - 5.0 / 28.0).abs() < 1e-9, "{sco:?}");
    assert_eq!(sco.days.len(), 29);
    assert_eq!(sco.last, Some(NOW));
    assert_eq!((pulses[0].weeks, pulses[0].usual), (1, None));
    assert_eq!((pulses[2].weeks, pulses[2].last), (0, None));
}
