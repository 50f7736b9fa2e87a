//! Sinks that want every mention: what they get, in the commit of the mention, once.

use super::MentionChange::{Found, Revised};
use super::*;

/// The entry of these numbers, whose topics go to the sinks `a` and `b` as mentions too.
fn seen(key: u8, story: u8, text: u8, topics: &[&str]) -> EntryRecord {
    let mut entry = entry(key, story, text, topics);
    let feed = FeedId::new("one").unwrap();
    for mention in &mut entry.mentions {
        let alert = mention.alert.as_ref().unwrap();
        mention.event = Some(Box::new(MentionEvent {
            id: dedup::mention_id(&feed, EntryKey([key; 16]), &mention.topic),
            text: TextHash([text; 16]),
            detail: serde_json::from_str(&alert.detail).unwrap(),
            untold: Telling::TooOld,
            sinks: vec![sink("a"), sink("b")],
        }));
    }
    entry
}

impl Base {
    async fn mentions_of(&self, id: &str, at: Timestamp) -> Vec<(i64, u32, StoredMention)> {
        let due = self
            .store
            .due_mentions(sink(id), at, at + DAY, 100, false)
            .await;
        due.unwrap().due
    }

    /// Change, why not told, and whether there is an alert, of what waits for the sink `a`.
    async fn observed(&self) -> Vec<(MentionChange, Telling, bool)> {
        let due = self.mentions_of("a", NOW + DAY).await;
        due.into_iter()
            .map(|(.., m)| (m.change, m.telling, m.alert.is_some()))
            .collect()
    }

    async fn deliver_all(&self, id: &str) {
        let due = self.mentions_of(id, NOW + DAY).await;
        let delivered = due.into_iter().map(|(seq, _, m)| (seq, m.id)).collect();
        self.store
            .settle_mentions(delivered, vec![], NOW, None)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn every_mention_is_an_event_and_says_what_became_of_its_alert() {
    let base = base().await;
    let mut low = seen(3, 3, 3, &["sco"]);
    low.mentions[0].min_score = 60;
    let mut old = seen(4, 4, 4, &["sco"]);
    old.mentions[0].alert = None;
    let made = base
        .commit(0, NOW, vec![seen(1, 1, 1, &["sco", "xi"]), low, old])
        .await;
    assert_eq!((made.mentions, made.alerts, made.observed), (4, 2, 4));
    assert!(made.delivers());
    let mut again = seen(2, 1, 2, &["sco"]);
    again.mentions[0].event.as_mut().unwrap().id = "mn_other_feed".to_owned();
    let made = base.commit(1, NOW + DAY, vec![again]).await;
    assert_eq!((made.mentions, made.alerts, made.observed), (1, 0, 1));
    let expected = [
        (Found, Telling::Told, true),
        (Found, Telling::Told, true),
        (Found, Telling::BelowMinScore, false),
        (Found, Telling::TooOld, false),
        (Found, Telling::StoryKnown, true),
    ];
    assert_eq!(base.observed().await, expected);
    let (.., first) = base.mentions_of("b", NOW).await.swap_remove(0);
    assert_eq!((&*first.topic, first.score), ("sco", 50));
    assert_eq!(first.id, first.mention);
    assert_eq!(first.story, StoryKey([1; 16]).to_string());
    let topic = TopicId::new("sco").unwrap();
    let alert = dedup::mention_alert_id(&topic, StoryKey([1; 16]));
    assert_eq!(first.alert, Some(alert));
    assert_eq!((first.created, &*first.detail.title), (NOW, "title"));
}

#[tokio::test]
async fn an_edit_is_an_event_if_it_changes_what_is_known_of_the_mention() {
    let base = base().await;
    base.commit(0, NOW, vec![seen(1, 1, 1, &["sco"])]).await;
    base.deliver_all("a").await;
    base.deliver_all("b").await;
    assert_eq!(base.count("mention_event"), 0);
    // Another text with the same words at the same place.
    let made = base.commit(0, NOW, vec![seen(1, 1, 2, &["sco"])]).await;
    assert_eq!((made.revised, made.observed), (1, 0));
    let edited = |text: u8, score: u8, snippet: &str| {
        let mut edited = seen(1, 1, text, &["sco"]);
        edited.mentions[0].score = score;
        edited.mentions[0].snippet = snippet.to_owned();
        edited
    };
    let mut ids = Vec::new();
    for (text, score, snippet) in [(3, 60, "term"), (4, 60, "term and more"), (3, 60, "term")] {
        let made = base
            .commit(0, NOW, vec![edited(text, score, snippet)])
            .await;
        assert_eq!(made.observed, 1);
        assert_eq!(
            base.observed().await,
            [(Revised, Telling::StoryKnown, true)]
        );
        let (.., event) = base.mentions_of("a", NOW).await.swap_remove(0);
        assert_ne!(event.id, event.mention);
        assert_eq!(event.score, 60);
        ids.push((event.mention, event.id));
        base.deliver_all("a").await;
        base.deliver_all("b").await;
    }
    assert_eq!(ids[0], ids[2], "the same text with the same score");
    assert_ne!(ids[0].1, ids[1].1);
    assert_eq!(ids[0].0, ids[1].0);
}

#[tokio::test]
async fn an_edit_of_what_was_too_old_is_no_news() {
    let base = base().await;
    let mut old = seen(1, 1, 1, &["sco"]);
    old.mentions[0].alert = None;
    base.commit(0, NOW, vec![old]).await;
    let mut edited = seen(1, 1, 2, &["sco"]);
    edited.mentions[0].range = (2, 6);
    base.commit(0, NOW, vec![edited]).await;
    let expected = [
        (Found, Telling::TooOld, false),
        (Revised, Telling::NotNews, false),
    ];
    assert_eq!(base.observed().await, expected);
    assert_eq!(base.count("alert"), 0);
}

#[tokio::test]
async fn an_event_goes_with_its_last_delivery_and_dead_letters_stay_until_they_are_old() {
    let base = base().await;
    base.commit(0, NOW, vec![seen(1, 1, 1, &["sco", "xi"])])
        .await;
    base.deliver_all("a").await;
    assert_eq!(
        (base.count("mention_event"), base.count("mention_delivery")),
        (2, 2)
    );
    let due = base.mentions_of("b", NOW).await;
    let error = || "too large".to_owned();
    let dead = Outcome::Dead {
        error: error(),
        response: None,
    };
    let later = Outcome::Retry {
        at: NOW + DAY / 2,
        error: error(),
        response: None,
    };
    let failed = vec![(due[0].0, dead), (due[1].0, later)];
    base.store
        .settle_mentions(vec![], failed, NOW, None)
        .await
        .unwrap();
    let now = base.store.due_mentions(sink("b"), NOW, NOW + DAY, 9, false);
    let now = now.await.unwrap();
    assert_eq!((now.due.len(), now.next), (0, Some(NOW + DAY / 2)));
    let ordered = base.store.due_mentions(sink("b"), NOW, NOW + DAY, 9, true);
    let ordered = ordered.await.unwrap();
    assert_eq!((ordered.due.len(), ordered.next), (0, Some(NOW + DAY / 2)));
    // A time that no policy would have set.
    let wrong = base.store.due_mentions(sink("b"), NOW, NOW, 9, false);
    assert_eq!(wrong.await.unwrap().due.len(), 1);
    let due = base.mentions_of("b", NOW + DAY).await;
    assert_eq!((due.len(), due[0].1), (1, 1));
    let states = base.store.sink_states().await.unwrap();
    assert_eq!((states["a"].mentions, states["b"].mentions), (0, 1));
    let waiting = base.store.waiting_by_sink().await.unwrap();
    assert!(waiting.contains(&("b".to_owned(), 3)), "{waiting:?}");

    let pruned = base.store.prune(KEEP, NOW + DAY * 29).await.unwrap();
    assert_eq!(pruned.mention_deliveries, 0);
    let foretold = base.store.prunable(KEEP, NOW + DAY * 31).await.unwrap();
    let foretold = foretold.iter().find(|t| t.table == "mention_delivery");
    assert_eq!(foretold.unwrap().rows, 1);
    let pruned = base.store.prune(KEEP, NOW + DAY * 31).await.unwrap();
    assert_eq!(pruned.mention_deliveries, 1);
    assert_eq!(
        (base.count("mention_event"), base.count("mention_delivery")),
        (1, 1)
    );
}

#[tokio::test]
async fn dead_letters_of_mentions_are_tried_again_and_dropped_with_those_of_alerts() {
    let base = base().await;
    base.commit(0, NOW, vec![seen(1, 1, 1, &["sco"])]).await;
    let due = base.mentions_of("a", NOW).await;
    let dead = Outcome::Dead {
        error: "no".to_owned(),
        response: None,
    };
    let failed = vec![(due[0].0, dead)];
    base.store
        .settle_mentions(vec![], failed, NOW, None)
        .await
        .unwrap();
    assert_eq!(base.mentions_of("a", NOW + DAY).await, []);
    let of = |id: &str| Some(id.to_owned());
    let retried = base.store.retry_dead(None, of("b"), NOW).await.unwrap();
    assert_eq!(retried, 0);
    let retried = base.store.retry_dead(None, of("a"), NOW).await.unwrap();
    assert_eq!(retried, 1);
    assert_eq!(base.mentions_of("a", NOW).await[0].1, 0);
    let drop = base
        .store
        .drop_deliveries(vec![], of("a"), "no".to_owned(), NOW);
    assert_eq!(drop.await.unwrap(), 2);
    assert_eq!(base.count("mention_event"), 1);
    let drop = base
        .store
        .drop_deliveries(vec![], None, "no".to_owned(), NOW);
    assert_eq!(drop.await.unwrap(), 2);
    assert_eq!(base.count("mention_event"), 0);
}

#[tokio::test]
async fn one_that_cannot_be_read_stands_in_nobodys_way() {
    let base = base().await;
    base.commit(0, NOW, vec![seen(1, 1, 1, &["sco", "xi"])])
        .await;
    base.sql()
        .execute_batch("UPDATE mention_event SET detail = '{}' WHERE topic = 'sco'")
        .unwrap();
    let found = base.store.due_mentions(sink("a"), NOW, NOW + DAY, 9, false);
    let found = found.await.unwrap();
    assert_eq!((found.due.len(), found.unreadable.len()), (1, 1));
    assert!(found.unreadable[0].1.contains("mention"), "{found:?}");
}

#[tokio::test]
async fn without_a_sink_that_wants_them_nothing_is_written_of_mentions() {
    let base = base().await;
    let made = base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    assert_eq!((made.mentions, made.observed), (1, 0));
    assert_eq!(
        (base.count("mention_event"), base.count("mention_delivery")),
        (0, 0)
    );
}
