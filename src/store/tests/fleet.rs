//! Workers that share a database. On a file there is nothing to share, so these tests look at a server only
//! (`STORE_ON=postgres`).

use super::*;
use crate::fleet::{Fence, Kind, shard};
use crate::model::Secret;
use crate::push::callback::{Callbacks, Intent, Recipient};
use crate::push::keys::Keys;
use crate::push::{Followed, Subscriber, Target};

const LEASE: Duration = Duration::from_secs(30);
const FLOOR: Duration = Duration::from_mins(5);

pub(super) async fn shared() -> Option<Base> {
    let base = base().await;
    base.store.is_shared().then_some(base)
}

impl Base {
    async fn joins(&self, name: &str) -> i64 {
        let new = NewWorker {
            name: name.to_owned(),
            process: 1,
            program: "0".to_owned(),
            configuration: "c".to_owned(),
        };
        self.store.join_fleet(new, LEASE).await.unwrap()
    }

    async fn beats(&self, worker: i64) -> Option<Heard> {
        let hosts = URL.map(|url| shard(&url.parse().unwrap()).to_string());
        let hosts = hosts.into_iter().map(|name| (Kind::Hosts, name));
        let sinks = ["a", "b"].map(|sink| (Kind::Sink, sink.to_owned()));
        let beat = Beat {
            worker,
            lease: LEASE,
            floor: FLOOR,
            wanted: hosts.chain(sinks).collect(),
            configuration: "c".to_owned(),
        };
        self.store.beat(beat).await.unwrap()
    }

    /// As if a worker had been silent for that long.
    fn silent(&self, worker: i64) {
        let sql = format!("UPDATE worker SET until_ms = until_ms - 40000 WHERE id = {worker}");
        self.sql().execute_batch(&sql).unwrap();
    }
}

fn of_feed(heard: &Heard, feed: usize) -> Option<Fence> {
    let name = shard(&URL[feed].parse().unwrap()).to_string();
    let mut held = heard.held.iter();
    held.find(|fence| fence.kind == Kind::Hosts && fence.name == name)
        .cloned()
}

fn count(heard: &Heard, kind: Kind) -> usize {
    heard.held.iter().filter(|fence| fence.kind == kind).count()
}

#[tokio::test]
async fn pieces_are_shared_evenly_and_each_has_one_worker() {
    let Some(base) = shared().await else { return };
    let a = base.joins("a").await;
    let first = base.beats(a).await.unwrap();
    assert_eq!(
        (count(&first, Kind::Hosts), count(&first, Kind::Sink)),
        (1024, 2)
    );
    let b = base.joins("b").await;
    let unasked = base.beats(a).await.unwrap();
    assert_eq!(unasked.give, [], "who never said a word gets no share");
    assert_eq!(base.beats(b).await.unwrap().held, []);
    let asked = base.beats(a).await.unwrap();
    let many = |kind, has_feeds| {
        let mut give = asked.give.iter();
        give.find(|(of, with, _)| (*of, *with) == (kind, has_feeds))
            .map(|(.., n)| *n)
    };
    assert_eq!(
        many(Kind::Hosts, true),
        Some(1),
        "of two shards with feeds one"
    );
    assert_eq!(many(Kind::Hosts, false), Some(511));
    assert_eq!(many(Kind::Sink, true), Some(1));
    let one = of_feed(&asked, 0).unwrap();
    base.store
        .give_back(vec![(one.clone(), false)])
        .await
        .unwrap();
    let heard = base.beats(b).await.unwrap();
    let other = of_feed(&heard, 0).unwrap();
    assert!(other.token > one.token && other.worker == b);
    let (workers, _) = base.store.workers().await.unwrap();
    assert_eq!(workers.iter().map(|w| w.shards).sum::<u64>(), 1024);
    base.store.leave_fleet(a).await.unwrap();
    assert_eq!(count(&base.beats(b).await.unwrap(), Kind::Hosts), 1024);
    assert_eq!(
        base.beats(a).await,
        None,
        "who has left is no worker any more"
    );
}

#[tokio::test]
async fn a_dead_workers_feeds_rest_and_what_it_still_does_is_not_recorded() {
    let Some(base) = shared().await else { return };
    let a = base.joins("a").await;
    let old = of_feed(&base.beats(a).await.unwrap(), 0).unwrap();
    let b = base.joins("b").await;
    base.store.bury_the_dead().await.unwrap();
    assert_eq!(
        base.beats(b).await.unwrap().held,
        [],
        "the living keep what is theirs"
    );
    base.silent(a);
    let at = Timestamp::now();
    assert_eq!(base.store.bury_the_dead().await.unwrap(), ["a"]);
    assert!(base.store.bury_the_dead().await.unwrap().is_empty());
    let new = of_feed(&base.beats(b).await.unwrap(), 0).unwrap();
    let state = base.store.feed_state(base.row(0)).await.unwrap();
    let rest = state.next_poll.unwrap().since(at);
    assert!(
        rest + Duration::from_secs(45) > FLOOR && rest < FLOOR * 2,
        "{rest:?}"
    );
    let record = || document(base.row(0), NOW, vec![entry(1, 1, 1, &["sco"])]);
    let late = base.store.commit_held_poll(record(), Some(old)).await;
    assert!(matches!(late, Err(StoreError::LeaseLost(_))), "{late:?}");
    assert_eq!(base.count("entry"), 0);
    let made = base.store.commit_held_poll(record(), Some(new)).await;
    assert_eq!(made.unwrap().alerts, 1);
    assert_eq!(base.beats(a).await, None);
}

#[tokio::test]
async fn a_piece_that_is_given_back_with_a_debt_lets_its_feeds_rest() {
    let Some(base) = shared().await else { return };
    let a = base.joins("a").await;
    let heard = base.beats(a).await.unwrap();
    let (owing, clean) = (of_feed(&heard, 0).unwrap(), of_feed(&heard, 1).unwrap());
    base.store
        .give_back(vec![(owing, true), (clean, false)])
        .await
        .unwrap();
    base.beats(a).await.unwrap();
    let next = async |feed| {
        base.store
            .feed_state(base.row(feed))
            .await
            .unwrap()
            .next_poll
    };
    assert!(next(0).await.unwrap() > Timestamp::now() + FLOOR / 2);
    assert_eq!(next(1).await, None);
}

#[tokio::test]
async fn a_hub_may_reach_a_worker_that_has_not_asked_it() {
    let Some(base) = shared().await else { return };
    let (a, b) = (base.subscriber().await, base.subscriber().await);
    b.follow(vec![], NOW).await.unwrap();
    let token = base.asks(&a, "https://hub.example/").await;
    // The worker that polls the feed has asked.
    base.sql()
        .execute_batch("UPDATE subscription SET state = 'requested'")
        .unwrap();
    let intent = Intent::Subscribe {
        topic: URL[0].to_owned(),
        lease: Some(DAY),
    };
    assert!(b.confirm(token.expose(), intent, NOW).await);
    assert_eq!(base.store.subscriptions().await.unwrap()[0].state, "active");
    assert!(matches!(
        a.recipient(token.expose()).await,
        Recipient::Feed(..)
    ));
    // The renewal is for the one that polls the feed.
    let later = NOW + DAY * 2;
    assert_eq!((a.due(later).len(), b.due(later).len()), (1, 0));
    // What the configuration of another worker lacks is not ended.
    b.follow(vec![], later).await.unwrap();
    assert_eq!(base.store.subscriptions().await.unwrap()[0].state, "active");
}

#[tokio::test]
async fn a_job_that_panics_leaves_no_transaction_to_who_comes_next() {
    let Some(base) = shared().await else { return };
    for _ in 0..8 {
        let job = base.store.write(|conn| -> Result<(), StoreError> {
            conn.execute("INSERT INTO left_url VALUES ('half', 1)", [])?;
            panic!("on purpose")
        });
        assert!(matches!(job.await, Err(StoreError::Closed)));
        let whole = |conn: &Connection| Ok(conn.execute("DELETE FROM bundle", [])?);
        base.store.write(whole).await.unwrap();
    }
    assert_eq!(base.count("left_url"), 0);
}

#[tokio::test]
async fn content_is_known_to_be_a_feeds_before_its_worker_is_heard() {
    let Some(base) = shared().await else { return };
    let (a, b) = (base.subscriber().await, base.subscriber().await);
    let token = base.asks(&a, "https://hub.example/").await;
    // Nobody has told the other of it.
    let found = b.recipient(token.expose()).await;
    assert!(matches!(found, Recipient::Feed(feed, _) if feed == base.row(0)));
    let nobodys = "A".repeat(43);
    assert_eq!(b.recipient(&nobodys).await, Recipient::Unknown);
}

#[tokio::test]
async fn no_worker_writes_over_what_another_has_heard_of_a_subscription() {
    let Some(base) = shared().await else { return };
    let (a, b) = (base.subscriber().await, base.subscriber().await);
    for n in 0..20 {
        let token = base.asks(&a, &format!("https://hub{n}.example/")).await;
        let intent = |lease| Intent::Subscribe {
            topic: URL[0].to_owned(),
            lease: Some(lease),
        };
        assert!(b.confirm(token.expose(), intent(DAY), NOW).await);
        a.refresh().await.unwrap();
        let polls = async {
            for found_new in [true, false, true, false] {
                a.polled(base.row(0), found_new, NOW).await.unwrap();
                a.pushed(base.row(0), NOW).await.unwrap();
            }
        };
        let denial = Intent::Denied {
            topic: URL[0].to_owned(),
            reason: None,
        };
        let denial = async {
            for days in 2..6 {
                assert!(b.confirm(token.expose(), intent(DAY * days), NOW).await);
            }
            assert!(b.confirm(token.expose(), denial, NOW).await);
        };
        tokio::join!(polls, denial);
        let mut rows = base.store.subscriptions().await.unwrap();
        assert_eq!(rows.pop().unwrap().state, "denied", "of round {n}");
    }
}

#[tokio::test]
async fn a_worker_with_another_key_leaves_to_others_what_they_use() {
    let Some(base) = shared().await else { return };
    let a = base.subscriber().await;
    let token = base.asks(&a, "https://hub.example/").await;
    let intent = Intent::Subscribe {
        topic: URL[0].to_owned(),
        lease: Some(DAY),
    };
    assert!(a.confirm(token.expose(), intent, Timestamp::now()).await);
    let other = base.subscriber_with([8; 32]).await;
    assert_eq!(other.recipient(token.expose()).await, Recipient::Unknown);
    assert_eq!(base.count("subscription"), 1, "it works for others");
    base.sql()
        .execute_batch("UPDATE subscription SET lease_until_ms = 1")
        .unwrap();
    base.subscriber_with([8; 32]).await;
    assert_eq!(base.count("subscription"), 0, "nobody has any use for it");
}

impl Base {
    /// What a worker has, with the key that all share.
    async fn subscriber(&self) -> Subscriber {
        self.subscriber_with([7; 32]).await
    }

    async fn subscriber_with(&self, key: [u8; 32]) -> Subscriber {
        let keys = Keys::from_bytes(key);
        let public = "https://reader.example".parse().unwrap();
        Subscriber::open(self.store.clone(), keys, &public)
            .await
            .unwrap()
    }

    /// The worker polls the first feed, which names this hub, and wants to ask it; returns the callback's token.
    async fn asks(&self, worker: &Subscriber, hub: &str) -> Secret {
        let followed = Followed {
            feed: self.row(0),
            url: URL[0].parse().unwrap(),
            allow_private_addresses: false,
        };
        worker.follow(vec![followed], NOW).await.unwrap();
        let target = Target {
            hub: hub.parse().unwrap(),
            topic: URL[0].parse().unwrap(),
        };
        worker.heard(self.row(0), &[target], NOW).await.unwrap();
        let rows = self.store.subscriptions().await.unwrap();
        let row = rows.iter().find(|row| row.hub == hub).unwrap();
        Keys::from_bytes([7; 32]).token(self.row(0), row.generation)
    }
}

/// A port of this machine at which nobody listens.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn people_read_from_the_first_server_while_the_replica_is_away() {
    let Some(mut options) = server() else { return };
    let first = options.url.clone();
    options.replica = Some(format!("postgres://me@127.0.0.1:{}/news", closed_port()));
    let store = Store::open(Database::Server(Box::new(options.clone()))).unwrap();
    let base = furnished(store, tempfile::tempdir().unwrap()).await;
    let Backend::Server(server) = &base.store.inner.backend else {
        unreachable!()
    };
    for _ in 0..3 {
        assert_eq!(base.store.for_people().totals().await.unwrap(), (0, 0));
        assert!(!server.reads_from_replica().await);
    }
    // One that is there is read from.
    options.replica = Some(first);
    let store = Store::open(Database::Server(Box::new(options))).unwrap();
    let Backend::Server(server) = &store.inner.backend else {
        unreachable!()
    };
    assert_eq!(store.for_people().totals().await.unwrap(), (0, 0));
    assert!(server.reads_from_replica().await);
    assert_eq!(store.for_people().totals().await.unwrap(), (0, 0));
}
