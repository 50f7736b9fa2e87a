//! Pruning: what goes and what stays.

use super::*;

#[tokio::test]
async fn pruning_goes_from_texts_to_stories_and_leaves_what_is_young() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.settle_all("a", Outcome::Delivered, NOW).await;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    // The entry has left the document.
    base.commit(0, NOW + DAY * 2, vec![entry(2, 2, 2, &[])])
        .await;
    let prune = async |at| base.store.prune(KEEP, at).await.unwrap();

    assert_eq!(prune(NOW + DAY * 29).await, Pruned::default());
    assert_eq!(prune(NOW + DAY * 31).await.deliveries, 2);
    assert_eq!(base.count("mention"), 1);
    assert_eq!(prune(NOW + DAY * 91).await.entries, 1);
    assert_eq!((base.count("mention"), base.count("entry")), (0, 1));
    let known = base
        .store
        .known(base.row(0), vec![EntryKey([1; 16])])
        .await
        .unwrap();
    assert_eq!(known.len(), 1, "it is still seen");
    assert_eq!(
        base.count("alert"),
        1,
        "so it is not told again when it is edited"
    );
    let pruned = prune(NOW + DAY * 366).await;
    assert_eq!((pruned.seen, pruned.alerts, pruned.stories), (1, 1, 1));
    assert_eq!(base.store.totals().await.unwrap(), (2, 1), "counts stay");
    assert_eq!(
        base.sql()
            .query_row("PRAGMA foreign_key_check", [], |_| Ok(()))
            .ok(),
        None
    );
}

#[tokio::test]
async fn what_a_feed_still_serves_is_never_forgotten() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.settle_all("a", Outcome::Delivered, NOW).await;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    // Years of unchanged answers: the document of today still holds the entry.
    base.store.prune(KEEP, NOW + DAY * 3000).await.unwrap();
    let known = base
        .store
        .known(base.row(0), vec![EntryKey([1; 16])])
        .await
        .unwrap();
    assert_eq!(known.len(), 1);
    let edit = base
        .commit(0, NOW + DAY * 3001, vec![entry(1, 1, 2, &["sco"])])
        .await;
    assert_eq!(
        edit,
        committed(0, 1, 0, 0),
        "an edit after years tells nothing twice"
    );
    // Nor is it told by another feed that carries the same story.
    let copy = base
        .commit(1, NOW + DAY * 3001, vec![entry(5, 1, 5, &["sco"])])
        .await;
    assert_eq!(copy, committed(1, 0, 1, 0));
}

#[tokio::test]
async fn pruning_keeps_what_was_not_delivered() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.commit(0, NOW + DAY * 2, vec![entry(2, 2, 2, &[])])
        .await;
    base.store.prune(KEEP, NOW + DAY * 3000).await.unwrap();
    assert_eq!(base.due("a", NOW + DAY * 3000).await.len(), 1);
}

#[tokio::test]
async fn pruning_removes_more_than_one_step_takes() {
    let base = base().await;
    let many = |n: u16| {
        let mut entry = entry(1, 1, 1, &[]);
        entry.key.0[..2].copy_from_slice(&n.to_be_bytes());
        entry.story.0[..2].copy_from_slice(&n.to_be_bytes());
        entry
    };
    base.commit(0, NOW, (0..2500).map(many).collect()).await;
    base.commit(0, NOW + DAY * 2, vec![entry(9, 9, 9, &[])])
        .await;
    let pruned = base.store.prune(KEEP, NOW + DAY * 400).await.unwrap();
    assert_eq!(
        (pruned.entries, pruned.seen, pruned.stories),
        (2500, 2500, 2500)
    );
    assert_eq!((base.count("entry"), base.count("seen")), (1, 1));
}
