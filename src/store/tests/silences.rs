//! Silenced alerts are recorded with their deliveries, which are never made.

use super::*;
use crate::silence::Silence;

const HOUR: Duration = Duration::from_hours(1);

/// For an hour, of nothing.
fn silence() -> Silence {
    Silence {
        topic: None,
        feed: None,
        story: None,
        pattern: None,
        until: NOW + HOUR,
        ended: None,
    }
}

fn of_topic(topic: &str) -> Silence {
    Silence {
        topic: Some(topic.to_owned()),
        ..silence()
    }
}

impl Base {
    async fn silence(&self, silence: Silence) -> i64 {
        let new = NewSilence {
            silence,
            comment: "known".to_owned(),
        };
        self.store.add_silence(new, NOW).await.unwrap()
    }

    /// Each delivery's alert by topic, its sink and state, and the silence that holds it back.
    fn deliveries(&self) -> Vec<String> {
        let conn = self.sql();
        let mut statement = conn
            .prepare(
                "SELECT coalesce(a.topic, a.kind) || ' ' || d.sink || ' ' || d.state
                   || coalesce(' ' || d.silence_id, '')
                 FROM delivery d JOIN alert a ON a.id = d.alert_id ORDER BY d.id",
            )
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    async fn silenced(&self) -> u64 {
        self.store.outbox_counts().await.unwrap().silenced
    }
}

#[tokio::test]
async fn what_is_silenced_is_an_alert_that_nobody_gets_and_what_comes_later_is_told() {
    let base = base().await;
    let id = base.silence(of_topic("sco")).await;
    let both = vec![entry(1, 1, 1, &["sco", "xi"])];
    assert_eq!(base.commit(0, NOW, both).await, committed(1, 0, 2, 2));
    let expected = [
        format!("sco a silenced {id}"),
        format!("sco b silenced {id}"),
        "xi a waiting".to_owned(),
        "xi b waiting".to_owned(),
    ];
    assert_eq!(base.deliveries(), expected);
    assert_eq!(base.due("a", NOW + DAY).await.len(), 1);
    assert_eq!(base.silenced().await, 2);

    let filter = AlertFilter {
        state: Some("silenced".to_owned()),
        limit: 9,
        ..AlertFilter::default()
    };
    let listed = base.store.alerts(filter).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].silence, Some(id));

    let ended = base.store.end_silence(id, NOW).await.unwrap();
    assert_eq!(ended, EndedSilence::Now);
    base.commit(0, NOW, vec![entry(2, 2, 1, &["sco"])]).await;
    assert_eq!(base.due("a", NOW).await.len(), 2, "the new one goes out");
    assert_eq!(base.silenced().await, 2, "the others stay silent");
    let again = base.store.end_silence(id, NOW).await.unwrap();
    assert_eq!(again, EndedSilence::Before(NOW));
    let none = base.store.end_silence(99, NOW).await.unwrap();
    assert_eq!(none, EndedSilence::Unknown);
}

#[tokio::test]
async fn a_silence_ends_by_itself() {
    let base = base().await;
    base.silence(of_topic("sco")).await;
    base.commit(0, NOW + HOUR, vec![entry(1, 1, 1, &["sco"])])
        .await;
    assert_eq!(base.due("a", NOW + HOUR).await.len(), 1);
    let listed = base.store.silences(false, NOW + HOUR).await.unwrap();
    assert_eq!(listed, []);
    let listed = base.store.silences(true, NOW + HOUR).await.unwrap();
    assert!(!listed[0].active && listed[0].ended.is_none());
}

#[tokio::test]
async fn sources_and_words_of_titles_can_be_silenced() {
    let base = base().await;
    let feed = base
        .silence(Silence {
            feed: Some("two".to_owned()),
            ..silence()
        })
        .await;
    let words = base
        .silence(Silence {
            pattern: Some("TITLE".to_owned()),
            topic: Some("xi".to_owned()),
            ..silence()
        })
        .await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco", "xi"])])
        .await;
    base.commit(1, NOW, vec![entry(2, 2, 1, &["sco"])]).await;
    let mut failing = poll(base.row(1), NOW, failed("http", true));
    failing.trouble = Some(trouble("al_trouble"));
    base.store.commit_poll(failing).await.unwrap();
    let expected = [
        "sco a waiting".to_owned(),
        "sco b waiting".to_owned(),
        format!("xi a silenced {words}"),
        format!("xi b silenced {words}"),
        format!("sco a silenced {feed}"),
        format!("sco b silenced {feed}"),
        format!("feed.failing a silenced {feed}"),
    ];
    assert_eq!(base.deliveries(), expected);
    let listed = base.store.silences(false, NOW).await.unwrap();
    let counts: Vec<_> = listed.iter().map(|s| (s.id, s.alerts)).collect();
    assert_eq!(counts, [(words, 1), (feed, 2)]);
}

#[tokio::test]
async fn a_story_is_silenced_for_every_topic_and_feed_and_for_sinks_that_it_reaches_later() {
    let base = base().await;
    let mut weak = entry(1, 1, 1, &["sco"]);
    let alert = weak.mentions[0].alert.as_mut().unwrap();
    (alert.score, alert.routes) = (Some(30), vec![route("a", 1), route("b", 60)]);
    weak.mentions[0].score = 30;
    base.commit(0, NOW, vec![weak]).await;
    let alert = base.due("a", NOW).await[0].alert.id.clone();
    let story = base.store.story_of(StoryName::Alert(alert)).await.unwrap();
    assert_eq!(story, Some(StoryKey([1; 16])));
    assert_eq!(
        base.store.story_of(StoryName::Entry(1)).await.unwrap(),
        story
    );
    assert_eq!(
        base.store.story_of(StoryName::Entry(9)).await.unwrap(),
        None
    );
    let id = base.silence(Silence { story, ..silence() }).await;
    let mut strong = entry(2, 1, 2, &["sco", "xi"]);
    let alert = strong.mentions[0].alert.as_mut().unwrap();
    (alert.score, alert.routes) = (Some(70), vec![route("a", 1), route("b", 60)]);
    strong.mentions[0].score = 70;
    base.commit(1, NOW, vec![strong]).await;
    base.commit(0, NOW, vec![entry(3, 3, 3, &["sco"])]).await;
    let expected = [
        "sco a waiting".to_owned(),
        format!("sco b silenced {id}"),
        format!("xi a silenced {id}"),
        format!("xi b silenced {id}"),
        "sco a waiting".to_owned(),
        "sco b waiting".to_owned(),
    ];
    assert_eq!(base.deliveries(), expected);
    let listed = base.store.silences(false, NOW).await.unwrap();
    assert_eq!(listed[0].story_title.as_deref(), Some("title 2"));
}

#[tokio::test]
async fn a_silence_of_a_story_follows_it_into_the_one_that_it_joins() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &[]), entry(2, 2, 1, &[])])
        .await;
    let story = Some(StoryKey([2; 16]));
    base.silence(Silence { story, ..silence() }).await;
    // What a near-duplicate would leave.
    base.sql()
        .execute_batch("INSERT INTO story_join VALUES (2, 1, 2, 1, 0.9, 0)")
        .unwrap();
    base.commit(1, NOW, vec![entry(3, 1, 3, &["sco"])]).await;
    assert!(base.due("a", NOW).await.is_empty());
    assert_eq!(base.silenced().await, 2);
}

#[tokio::test]
async fn silenced_deliveries_are_kept_as_long_as_those_that_were_made_and_the_alert_longer() {
    let base = base().await;
    base.silence(of_topic("sco")).await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let pruned = base.store.prune(KEEP, NOW + DAY * 29).await.unwrap();
    assert_eq!(pruned.deliveries, 0);
    let pruned = base.store.prune(KEEP, NOW + DAY * 31).await.unwrap();
    assert_eq!(pruned.deliveries, 2);
    assert_eq!(base.count("alert"), 1);
}
