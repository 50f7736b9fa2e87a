//! Pruning: what goes and what stays.

use super::*;

impl Base {
    /// Prunes, and what was foretold is what goes.
    async fn pruned(&self, at: Timestamp) -> Pruned {
        let told = self.store.prunable(KEEP, at).await.unwrap();
        let pruned = self.store.prune(KEEP, at).await.unwrap();
        let told: Vec<usize> = (told.iter().map(|t| usize::try_from(t.rows).unwrap())).collect();
        let went = [
            pruned.fingerprints,
            pruned.entries,
            pruned.mentions,
            pruned.seen,
            pruned.deliveries,
            pruned.mention_deliveries,
            pruned.alerts,
            pruned.stories,
        ];
        assert_eq!(told, went);
        let left = self.store.prunable(KEEP, at).await.unwrap();
        assert!(
            left.iter()
                .all(|table| (table.rows, table.oldest) == (0, None))
        );
        pruned
    }
}

#[tokio::test]
async fn what_goes_is_foretold_with_joined_stories_and_digests() {
    let base = base().await;
    base.commit(
        0,
        NOW,
        vec![entry(1, 1, 1, &["sco"]), entry(2, 2, 2, &["sco"])],
    )
    .await;
    base.commit(1, NOW, vec![entry(3, 3, 3, &["xi"])]).await;
    for feed in [0, 1] {
        base.commit(feed, NOW + DAY * 2, vec![entry(9, 9, 9, &[])])
            .await;
    }
    // The third story has joined the first one. All that sink `a` got is in a digest, which is a dead letter;
    // `b` got everything.
    base.sql()
        .execute_batch(
            "INSERT INTO story_join VALUES (3, 1, 3, 1, 0.9, 0);
             UPDATE entry SET story_id = 1 WHERE story_id = 3; UPDATE alert SET story_id = 1 WHERE story_id = 3;
             INSERT INTO alert VALUES ('digest', 'digest.created', NULL, NULL, NULL, 1720000000000, '{}', NULL);
             UPDATE delivery SET state = CASE WHEN sink = 'a' THEN 'gathered' ELSE 'delivered' END,
               digest_id = CASE WHEN sink = 'a' THEN 'digest' END, settled_ms = 1720000000000;
             INSERT INTO delivery (alert_id, sink, state, next_attempt_ms, created_ms, settled_ms)
               VALUES ('digest', 'a', 'dead', 0, 1720000000000, 1720000000000);",
        )
        .unwrap();
    let pruned = base.pruned(NOW + DAY * 31).await;
    assert_eq!((pruned.deliveries, pruned.alerts), (3, 0));
    let pruned = base.pruned(NOW + DAY * 400).await;
    assert_eq!((pruned.entries, pruned.mentions, pruned.seen), (3, 3, 3));
    assert_eq!(
        (pruned.alerts, pruned.stories),
        (0, 0),
        "the digest may be tried again"
    );
    base.sql()
        .execute_batch("UPDATE delivery SET state = 'delivered' WHERE alert_id = 'digest'")
        .unwrap();
    let pruned = base.pruned(NOW + DAY * 400).await;
    assert_eq!(
        (pruned.deliveries, pruned.alerts, pruned.stories),
        (4, 4, 3)
    );
}

#[tokio::test]
async fn a_file_is_made_smaller_only_by_who_has_it_alone() {
    let base = file_base().await;
    let path = base.folder.path().join("db");
    let sql = base.sql();
    sql.execute_batch("INSERT INTO left_url VALUES (hex(zeroblob(4000000)), 0)")
        .unwrap();
    sql.execute_batch("DELETE FROM left_url").unwrap();
    assert!(base.store.free_bytes().await.unwrap() > 7_000_000);
    assert!(matches!(
        Store::vacuum(&path),
        Err(StoreError::Locked { .. })
    ));
    base.store.close();
    assert!(matches!(Store::vacuum(&path), Err(StoreError::InUse(_))));
    drop(sql);
    let size = Store::vacuum(&path).unwrap();
    assert!(
        size.before > 7_000_000 && size.after < 1_000_000,
        "{size:?}"
    );
    assert_eq!(size.after, std::fs::metadata(&path).unwrap().len());
    assert_eq!(Store::open(&path).unwrap().crashed(), None);
}

#[tokio::test]
async fn pruning_goes_from_texts_to_stories_and_leaves_what_is_young() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.settle_all("a", Outcome::Delivered, NOW).await;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    // The entry has left the document.
    base.commit(0, NOW + DAY * 2, vec![entry(2, 2, 2, &[])])
        .await;
    let prune = async |at| base.pruned(at).await;

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
    assert_eq!(base.store.orphans().await.unwrap(), []);
}

#[tokio::test]
async fn what_a_feed_still_serves_is_never_forgotten() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.settle_all("a", Outcome::Delivered, NOW).await;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    // Years of unchanged answers: the document of today still holds the entry.
    base.pruned(NOW + DAY * 3000).await;
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
    base.pruned(NOW + DAY * 3000).await;
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
    let pruned = base.pruned(NOW + DAY * 400).await;
    assert_eq!(
        (pruned.entries, pruned.seen, pruned.stories),
        (2500, 2500, 2500)
    );
    assert_eq!((base.count("entry"), base.count("seen")), (1, 1));
}
