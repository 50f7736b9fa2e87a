//! From which score on a mention is told, and to whom.

use super::*;

/// An entry whose text gives the topic `sco` this score; told from `min_score` on, to `a` always
/// and to `b` from 60 on.
fn scored(key: u8, text: u8, score: u8, min_score: u8) -> EntryRecord {
    let mut entry = entry(key, 1, text, &["sco"]);
    let mention = &mut entry.mentions[0];
    (mention.score, mention.min_score) = (score, min_score);
    let alert = mention.alert.as_mut().unwrap();
    alert.score = Some(score);
    alert.routes = vec![route("a", 1), route("b", 60)];
    entry
}

fn raised(new: usize, revised: usize, mentions: usize) -> Committed {
    Committed {
        raised: 1,
        ..committed(new, revised, mentions, 0)
    }
}

impl Base {
    /// How many deliveries there are to each sink.
    fn told(&self) -> (i64, i64) {
        (
            self.count("delivery WHERE sink = 'a'"),
            self.count("delivery WHERE sink = 'b'"),
        )
    }

    fn score(&self) -> Option<u8> {
        let sql = "SELECT score FROM alert";
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

#[tokio::test]
async fn below_the_topics_minimum_a_mention_is_history_until_its_text_or_another_feed_says_more() {
    let base = base().await;
    let low = base.commit(0, NOW, vec![scored(1, 1, 30, 50)]).await;
    assert_eq!(low, committed(1, 0, 1, 0), "recorded and counted");
    let still = base.commit(0, NOW, vec![scored(1, 2, 49, 50)]).await;
    assert_eq!(still, committed(0, 1, 0, 0));
    let edited = base.commit(0, NOW, vec![scored(1, 3, 50, 50)]).await;
    assert_eq!(edited, committed(0, 1, 0, 1), "now it is told");
    let again = base.commit(0, NOW, vec![scored(1, 4, 30, 50)]).await;
    assert_eq!(again, committed(0, 1, 0, 0));
    let up_again = base.commit(0, NOW, vec![scored(1, 5, 55, 50)]).await;
    assert_eq!(up_again, committed(0, 1, 0, 0), "but not twice");
    let elsewhere = base.commit(1, NOW, vec![scored(2, 1, 59, 50)]).await;
    assert_eq!(elsewhere, committed(1, 0, 1, 0));
    assert_eq!((base.told(), base.score()), ((1, 0), Some(59)));
}

#[tokio::test]
async fn another_feed_that_says_more_tells_the_story() {
    let base = base().await;
    base.commit(0, NOW, vec![scored(1, 1, 30, 50)]).await;
    let other = base.commit(1, NOW, vec![scored(2, 1, 70, 50)]).await;
    assert_eq!(other, committed(1, 0, 1, 1));
    assert_eq!(base.told(), (1, 1));
}

#[tokio::test]
async fn a_sink_hears_of_a_story_once_its_score_is_enough_and_the_others_not_again() {
    let base = base().await;
    base.commit(0, NOW, vec![scored(1, 1, 30, 1)]).await;
    assert_eq!(base.told(), (1, 0));
    assert_eq!(
        base.commit(1, NOW, vec![scored(2, 1, 60, 1)]).await,
        raised(1, 0, 1)
    );
    assert_eq!((base.told(), base.score()), ((1, 1), Some(60)));
    let higher = base.commit(0, NOW, vec![scored(1, 2, 90, 1)]).await;
    assert_eq!(higher, committed(0, 1, 0, 0));
    assert_eq!((base.told(), base.score()), ((1, 1), Some(90)));
    let due = base.due("b", NOW).await;
    let StoredDetail::Mention { score, .. } = &due[0].alert.detail else {
        panic!("{due:?}");
    };
    assert_eq!(*score, Some(90));
}

#[tokio::test]
async fn an_old_alert_and_one_without_a_score_go_to_no_further_sinks() {
    let base = base().await;
    base.commit(0, NOW, vec![scored(1, 1, 30, 1)]).await;
    let late = NOW + DAY * 8;
    assert_eq!(
        base.commit(0, late, vec![scored(1, 2, 60, 1)]).await,
        committed(0, 1, 0, 0)
    );
    assert_eq!((base.told(), base.score()), ((1, 0), Some(30)));
    base.sql()
        .execute_batch("UPDATE alert SET score = NULL; UPDATE mention SET score = NULL")
        .unwrap();
    let before_scores = base.commit(0, NOW, vec![scored(1, 3, 70, 65)]).await;
    assert_eq!(before_scores, committed(0, 1, 0, 0));
    assert_eq!((base.told(), base.score()), ((1, 0), None));
}
