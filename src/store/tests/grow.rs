//! A story that was told and grows: an update where it is wanted, once, and no repeat.

use super::*;

/// An entry of the same story whose alert is to be told again to the sink `a` at these numbers of feeds.
fn updated(key: u8, updates_at: &[u32], topics: &[&str]) -> EntryRecord {
    let mut entry = entry(key, 1, key, topics);
    for mention in &mut entry.mentions {
        for route in &mut mention.alert.as_mut().unwrap().routes {
            if route.sink.as_str() == "a" {
                route.updates_at = updates_at.to_vec();
            }
        }
    }
    entry
}

fn of_mention(due: &Due) -> (bool, usize, Vec<&str>) {
    match &due.alert.detail {
        StoredDetail::Mention {
            grown,
            sources,
            told,
            ..
        } => {
            let told = told.iter().map(|topic| topic.id.as_str()).collect();
            (*grown, sources.len(), told)
        }
        other => panic!("{other:?}"),
    }
}

/// A base with a third and fourth feed.
async fn four_feeds() -> Base {
    let mut base = base().await;
    let more = [
        feed("three", "https://three.example/rss"),
        feed("four", "https://four.example/rss"),
    ];
    base.feeds.extend(
        base.store
            .register_feeds(&more, Timestamp::now())
            .await
            .unwrap(),
    );
    base
}

impl Base {
    async fn carry(&self, feed: usize, at: Timestamp, entry: EntryRecord) -> Committed {
        let url = match feed {
            0 | 1 => URL[feed].to_owned(),
            2 => "https://three.example/rss".to_owned(),
            _ => "https://four.example/rss".to_owned(),
        };
        let record = PollRecord {
            url,
            ..document_of(self.row(feed), at, entry)
        };
        self.store.commit_poll(record).await.unwrap()
    }
}

fn document_of(row: FeedRow, at: Timestamp, entry: EntryRecord) -> PollRecord {
    let mut record = document(FeedRow(1), at, vec![entry]);
    record.feed = row;
    record
}

#[tokio::test]
async fn a_story_that_was_told_is_told_again_when_enough_feeds_carry_it() {
    let base = four_feeds().await;
    base.carry(0, NOW, updated(1, &[3], &["sco"])).await;
    base.settle_all("a", Outcome::Delivered, NOW).await;
    let later = NOW + DAY;
    assert_eq!(
        base.carry(1, later, updated(2, &[3], &["sco"])).await.grown,
        0,
        "two feeds"
    );
    let third = base.carry(2, later, updated(3, &[3], &["sco"])).await;
    assert_eq!((third.grown, third.alerts), (1, 0));
    assert!(third.delivers());
    let due = base.due("a", later).await;
    assert_eq!(due.len(), 1);
    assert_eq!(of_mention(&due[0]), (true, 3, vec![]));
    assert_eq!(base.due("b", later).await.len(), 1, "only what it had");
    base.settle_all("a", Outcome::Delivered, later).await;
    let fourth = base.carry(3, later, updated(4, &[3], &["sco"])).await;
    assert_eq!(fourth.grown, 0, "once for each number");
}

#[tokio::test]
async fn what_a_sink_knows_already_is_no_growth() {
    let base = four_feeds().await;
    for feed in 0..3 {
        let key = u8::try_from(feed).unwrap() + 1;
        let committed = base.carry(feed, NOW, updated(key, &[2, 4], &["sco"])).await;
        assert_eq!(committed.grown, 0, "it was not told yet");
    }
    // Told with three feeds: two is no news any more.
    base.settle_all("a", Outcome::Delivered, NOW + DAY).await;
    let fourth = base
        .carry(3, NOW + DAY * 2, updated(4, &[2, 4], &["sco"]))
        .await;
    assert_eq!(fourth.grown, 1);
    let due = base.due("a", NOW + DAY * 2).await;
    assert_eq!(of_mention(&due[0]).1, 4);
}

#[tokio::test]
async fn another_topic_of_a_told_story_says_for_which_it_was_told() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.settle_all("a", Outcome::Delivered, NOW).await;
    base.commit(1, NOW, vec![entry(2, 1, 2, &["sco", "xi"])])
        .await;
    let due = base.due("a", NOW).await;
    assert_eq!(due.len(), 1);
    assert_eq!(of_mention(&due[0]), (false, 2, vec!["sco"]));
    // The other sink has got nothing yet.
    let due = base.due("b", NOW).await;
    assert_eq!(
        due.iter().map(|due| of_mention(due).2).collect::<Vec<_>>(),
        [vec![""; 0], vec![]]
    );
}
