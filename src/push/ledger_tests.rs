use super::*;
use crate::model::{Feed, FeedId};
use crate::push::lease::Event;

const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);

/// A ledger, the row of the one feed that there is, and what that could subscribe to.
async fn of_one_feed() -> (Ledger, FeedRow, Target, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("db")).unwrap();
    let url: Url = "https://one.example/rss".parse().unwrap();
    let feed = Feed::new(FeedId::new("one").unwrap(), url.clone());
    let feed = store
        .register_feeds(&[feed], Timestamp::now())
        .await
        .unwrap()[0]
        .row;
    let keys = Keys::from_bytes([1; 32]);
    let ledger = Ledger::open(store, keys, &url).await.unwrap();
    let target = Target {
        hub: url.clone(),
        topic: url,
    };
    (ledger, feed, target, folder)
}

#[tokio::test]
async fn polls_that_agree_write_at_most_once_an_hour() {
    let (ledger, feed, target, _folder) = of_one_feed().await;
    let held = Held::wanted(target, false, NOW);
    ledger.add(feed, held, NOW).await.unwrap();
    let key = Action {
        feed,
        generation: NOW.as_millis(),
    };
    let lease = None;
    let mut recorded = Vec::new();
    for minute in 0..150_u64 {
        let now = NOW + Duration::from_mins(minute);
        let event = if minute == 0 {
            Event::Verified { lease }
        } else {
            Event::PollAgreed
        };
        let step = |held: &mut Held| held.now = held.now.step(event, now, 0.5);
        ledger.change(key, step).await.unwrap();
        let row = ledger.store.subscriptions().await.unwrap().pop().unwrap();
        recorded.extend(row.heard.map(|heard| heard.since(NOW).as_secs() / 60));
    }
    recorded.dedup();
    assert_eq!(recorded, [1, 61, 121]);
}

#[tokio::test]
async fn a_generation_never_comes_back_even_if_the_clock_does() {
    let (ledger, feed, target, _folder) = of_one_feed().await;
    for earlier in 0..3_u64 {
        let now = NOW - Duration::from_secs(earlier);
        let held = Held::wanted(target.clone(), false, now);
        ledger.add(feed, held, now).await.unwrap();
        let newest = *ledger.table().held.keys().next_back().unwrap();
        let deny = |held: &mut Held| held.now = held.now.step(Event::Denied, now, 0.5);
        ledger.change(newest, deny).await.unwrap();
    }
    assert_eq!(ledger.table().held.len(), 3);
}
