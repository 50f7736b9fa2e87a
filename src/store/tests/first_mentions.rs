//! A topic's mentions, of each story the first.

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_story_is_listed_once_by_the_mention_that_was_found_first() {
    let base = base().await;
    base.commit(
        0,
        NOW,
        vec![entry(1, 1, 1, &["xi"]), entry(2, 2, 2, &["sco"])],
    )
    .await;
    base.commit(1, NOW + MINUTE, vec![entry(3, 1, 3, &["xi", "sco"])])
        .await;
    base.commit(1, NOW + 2 * MINUTE, vec![entry(4, 4, 4, &["xi"])])
        .await;
    let listed = async |topic: &str, limit| {
        let (rows, _) = base
            .store
            .first_mentions(topic.to_owned(), limit)
            .await
            .unwrap();
        rows.iter().map(|row| row.entry).collect::<Vec<_>>()
    };
    assert_eq!(listed("xi", 10).await, [4, 1]);
    assert_eq!(listed("xi", 1).await, [4]);
    // The story's first entry does not mention it.
    assert_eq!(listed("sco", 10).await, [3, 2]);
    assert_eq!(listed("putin", 10).await, [0_i64; 0]);
}

#[tokio::test]
async fn when_a_text_last_changed_is_told_with_them() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["xi"])]).await;
    let revised = async || base.store.first_mentions("xi".into(), 10).await.unwrap().1;
    assert_eq!(revised().await, None);
    base.commit(0, NOW + MINUTE, vec![entry(1, 1, 9, &["xi"])])
        .await;
    assert_eq!(revised().await, Some(NOW + MINUTE));
}
