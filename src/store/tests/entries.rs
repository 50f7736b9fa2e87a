//! Entries by id and by link.

use super::*;

async fn ids(base: &Base, name: &str) -> Vec<i64> {
    let entries = base.store.entries(EntryName::read(name)).await.unwrap();
    entries.iter().map(|entry| entry.id).collect()
}

#[tokio::test]
async fn an_entry_is_found_by_its_id_and_its_link_with_what_was_recorded_in_it() {
    let base = base().await;
    let first = || entry(1, 1, 1, &["sco", "putin"]);
    base.commit(0, NOW, vec![first(), entry(2, 2, 2, &[])])
        .await;
    base.commit(1, NOW, vec![first()]).await;
    let found = base.store.entries(EntryName::Id(1)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&*found[0].feed, &*found[0].source), ("one", "The one"));
    assert_eq!(found[0].entry.title, "title 1");
    assert_eq!((found[0].revisions, &*found[0].text_from), (0, "feed"));
    let topics: Vec<&str> = found[0].mentions.iter().map(|m| &*m.topic).collect();
    assert_eq!(topics, ["putin", "sco"]);

    assert_eq!(ids(&base, "https://example.org/1").await, [3, 1]);
    assert_eq!(ids(&base, "https://example.org/2").await, [2]);
    assert_eq!(
        ids(&base, "https://example.org/2?utm_source=x").await,
        [2],
        "as its canonical link"
    );
    for unknown in ["9", "-1", "https://example.org/", "example", ""] {
        assert_eq!(ids(&base, unknown).await, [0_i64; 0], "{unknown}");
    }
}

#[tokio::test]
async fn mentions_and_alerts_name_the_entry_they_came_from() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(2, 2, 2, &[])]).await;
    base.commit(1, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let filter = MentionFilter {
        limit: 10,
        ..MentionFilter::default()
    };
    let mentions = base.store.mentions(filter).await.unwrap();
    let mut entries: Vec<i64> = mentions.iter().map(|mention| mention.entry).collect();
    entries.sort_unstable();
    assert_eq!(entries, [2, 3]);
    let filter = AlertFilter {
        limit: 10,
        ..AlertFilter::default()
    };
    let alerts = base.store.alerts(filter).await.unwrap();
    assert!(!alerts.is_empty());
    let told_in_two = alerts.iter().all(|alert| alert.entry == Some(2));
    assert!(told_in_two, "{alerts:?}");
}
