//! Asking hubs, being verified, denied, refused, and leaving.

use std::time::Duration;

use mentiond::model::{Feed, FeedId, Timestamp};
use mentiond::push::keys::Keys;
use mentiond::push::{Followed, PushError, Subscriber};

use crate::hub::{Hub, Manner};
use crate::support::{LIMITS, Reader};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_hub_is_asked_with_the_form_of_the_recommendation() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::Accept).await,
    );
    reader.subscribe(&hub.url).await;
    let form = hub.last();
    assert_eq!(form["hub.mode"], "subscribe");
    assert_eq!(form["hub.topic"], "http://127.0.0.1/feed?own=1");
    assert_eq!(form["hub.lease_seconds"], "864000");
    assert!(form["hub.secret"].len() < 200);
    let door = format!("{}websub/", reader.public_url);
    let token = form["hub.callback"].strip_prefix(&door).unwrap();
    assert_eq!(token.len(), 43, "256 bits");
    assert_ne!(token, form["hub.secret"]);
    let head = hub.head();
    assert_eq!(head["content-type"], "application/x-www-form-urlencoded");
    assert!(
        head["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("mentiond/")
    );
    assert_eq!(
        reader.state().await,
        "requested",
        "a 202 promises nothing yet"
    );
}

#[tokio::test]
async fn verification_echoes_the_challenge_as_plain_text_and_makes_the_lease_run() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::Accept).await,
    );
    reader.subscribe(&hub.url).await;
    let topic = hub.last()["hub.topic"].clone();
    let (status, kind, body) = hub
        .call(&[
            ("hub.mode", "subscribe"),
            ("hub.topic", &topic),
            ("hub.challenge", "<script>1</script>"),
            ("hub.lease_seconds", "3600"),
        ])
        .await;
    assert_eq!((status, body.as_str()), (200, "<script>1</script>"));
    assert!(kind.starts_with("text/plain"), "{kind}");
    let row = reader.store.subscriptions().await.unwrap().pop().unwrap();
    assert_eq!(row.state, "active");
    let lease = row.lease_until.unwrap().since(Timestamp::now());
    assert!(
        lease > Duration::from_mins(50) && lease <= Duration::from_hours(1),
        "{lease:?}"
    );
}

#[tokio::test]
async fn a_hub_may_verify_before_it_answers() {
    let reader = Reader::start(LIMITS, 4).await;
    let hub = Hub::start(Manner::VerifyFirst(600)).await;
    reader.subscribe(&hub.url).await;
    assert_eq!(reader.state().await, "active");
}

#[tokio::test]
async fn what_was_not_asked_for_is_not_confirmed() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::Accept).await,
    );
    reader.subscribe(&hub.url).await;
    let topic = hub.last()["hub.topic"].clone();
    for (mode, topic) in [
        ("subscribe", "http://127.0.0.1/other"),
        ("denied", "http://127.0.0.1/other"),
        ("unsubscribe", topic.as_str()),
        ("publish", topic.as_str()),
    ] {
        let fields = [
            ("hub.mode", mode),
            ("hub.topic", topic),
            ("hub.challenge", "c"),
        ];
        assert_eq!(hub.call(&fields).await.0, 404, "{mode} {topic}");
    }
    let mut stranger = hub.callback();
    stranger.replace_range(stranger.len() - 2.., "zz");
    let query = format!("{stranger}?hub.mode=subscribe&hub.topic={topic}&hub.challenge=c");
    let answer = mentiond::fetch::plain_client("x")
        .unwrap()
        .get(query)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 404);
    assert_eq!(reader.state().await, "requested");
}

#[tokio::test]
async fn a_lease_is_renewed_at_the_same_callback_before_it_ends() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::VerifyFirst(3600)).await,
    );
    reader.subscribe(&hub.url).await;
    let now = Timestamp::now();
    assert!(
        reader
            .subscriber
            .due(now + Duration::from_mins(44))
            .is_empty()
    );
    reader.work(now + Duration::from_mins(52)).await;
    assert_eq!(hub.requests().len(), 2);
    assert_eq!(
        hub.requests()[0],
        hub.requests()[1],
        "the hub overrides, so nothing is lost between"
    );
    assert_eq!(reader.state().await, "active");
}

#[tokio::test]
async fn a_lease_that_lapsed_while_nobody_ran_is_asked_for_at_once() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::VerifyFirst(60)).await,
    );
    reader.subscribe(&hub.url).await;
    let keys = Keys::beside(reader.store.path().unwrap()).unwrap();
    let again = Subscriber::open(reader.store.clone(), keys, &reader.public_url)
        .await
        .unwrap();
    let later = Timestamp::now() + DAY;
    again
        .follow(vec![reader.followed.clone()], later)
        .await
        .unwrap();
    let due = again.due(later);
    assert_eq!(due.len(), 1);
    again.perform(&reader.fetcher, due[0], later).await.unwrap();
    assert_eq!(hub.requests().len(), 2);
    assert_eq!(hub.requests()[0]["hub.callback"], hub.callback());
}

#[tokio::test]
async fn another_key_or_public_address_begins_anew() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::VerifyFirst(600)).await,
    );
    reader.subscribe(&hub.url).await;
    let keys = Keys::beside(reader.store.path().unwrap()).unwrap();
    let moved = "https://me.example/".parse().unwrap();
    let subscriber = Subscriber::open(reader.store.clone(), keys, &moved)
        .await
        .unwrap();
    assert_eq!(subscriber.next_due(), None);
    assert!(reader.states().await.is_empty());
}

#[tokio::test]
async fn a_denial_is_taken_at_any_time_and_the_next_hub_is_tried() {
    let reader = Reader::start(LIMITS, 4).await;
    let (first, second) = (
        Hub::start(Manner::VerifyFirst(600)).await,
        Hub::start(Manner::Accept).await,
    );
    let hubs = [first.url.as_str(), second.url.as_str()];
    reader.hear(&hubs).await;
    reader.work(Timestamp::now()).await;
    let topic = first.last()["hub.topic"].clone();
    let token = first.callback().rsplit('/').next().unwrap().to_owned();
    let reason = format!("not you, {token}");
    let denial = [
        ("hub.mode", "denied"),
        ("hub.topic", topic.as_str()),
        ("hub.reason", reason.as_str()),
    ];
    assert_eq!(first.call(&denial).await.0, 200);
    assert_eq!(reader.state().await, "denied");
    let row = reader.store.subscriptions().await.unwrap().pop().unwrap();
    let error = row.error.unwrap();
    assert!(
        error.contains("not you") && !error.contains(&token),
        "{error}"
    );
    reader.hear(&hubs).await;
    reader.work(Timestamp::now()).await;
    assert_eq!(first.requests().len(), 1, "a denial is final");
    assert_eq!(second.requests().len(), 1);
    assert_ne!(first.callback(), second.callback());
}

#[tokio::test]
async fn a_refusal_is_told_without_secrets_and_tried_again_later() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::Refuse(422)).await,
    );
    reader.hear(&[&hub.url]).await;
    let now = Timestamp::now();
    let refused = reader.work(now).await;
    let token = hub.callback().rsplit('/').next().unwrap().to_owned();
    assert!(
        refused[0].contains("422") && refused[0].contains("I can't reach"),
        "{refused:?}"
    );
    assert!(!refused[0].contains(&token), "{refused:?}");
    let row = reader.store.subscriptions().await.unwrap().pop().unwrap();
    assert_eq!(row.state, "failed");
    assert!(!format!("{row:?}").contains(&token));
    assert!(reader.work(now + Duration::from_mins(1)).await.is_empty());
    hub.set(Manner::VerifyFirst(600));
    reader.work(now + Duration::from_mins(6)).await;
    assert_eq!(
        (hub.requests().len(), reader.state().await.as_str()),
        (2, "active")
    );
    let row = reader.store.subscriptions().await.unwrap().pop().unwrap();
    assert_eq!(row.error, None);
}

#[tokio::test]
async fn a_hub_that_redirects_by_the_token_does_not_get_it_into_an_error() {
    let reader = Reader::start(LIMITS, 4).await;
    let hub = Hub::start(Manner::Echo).await;
    reader.hear(&[&hub.url]).await;
    let refused = reader.work(Timestamp::now()).await;
    let token = hub.callback().rsplit('/').next().unwrap().to_owned();
    assert!(refused[0].contains("our own words"), "{refused:?}");
    let rows = format!("{:?}", reader.store.subscriptions().await);
    assert!(!refused[0].contains(&token) && !rows.contains(&token));
}

#[tokio::test]
async fn a_lost_hub_is_left_in_peace_and_the_next_is_tried() {
    let reader = Reader::start(LIMITS, 4).await;
    let (lost, other) = (
        Hub::start(Manner::Refuse(503)).await,
        Hub::start(Manner::Accept).await,
    );
    reader.hear(&[&lost.url, &other.url]).await;
    let mut now = Timestamp::now();
    while reader.state().await != "lost" {
        reader.work(now).await;
        now = now + DAY;
    }
    assert_eq!(lost.requests().len(), 10, "ten attempts, then none");
    reader.hear(&[&lost.url, &other.url]).await;
    reader.work(now).await;
    assert_eq!((lost.requests().len(), other.requests().len()), (10, 1));
}

#[tokio::test]
async fn a_lost_hub_that_is_still_named_after_a_week_is_asked_as_if_new() {
    let reader = Reader::start(LIMITS, 4).await;
    let hub = Hub::start(Manner::Refuse(503)).await;
    reader.hear(&[&hub.url]).await;
    let mut now = Timestamp::now();
    while reader.state().await != "lost" {
        reader.work(now).await;
        now = now + DAY;
    }
    reader.hear(&[&hub.url]).await;
    reader.work(now + DAY * 5).await;
    assert_eq!(hub.requests().len(), 10, "it is left in peace");
    reader.work(now + DAY * 7).await;
    assert!(reader.states().await.is_empty());
    reader.hear(&[&hub.url]).await;
    reader.work(now + DAY * 7).await;
    assert_eq!(hub.requests().len(), 11);
}

#[tokio::test]
async fn a_feed_that_leaves_the_configuration_is_unsubscribed() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::VerifyFirst(600)).await,
    );
    reader.subscribe(&hub.url).await;
    let subscribed = hub.last();
    let now = Timestamp::now();
    reader.subscriber.follow(Vec::new(), now).await.unwrap();
    assert_eq!(reader.state().await, "leaving");
    reader.work(now).await;
    assert_eq!(hub.last()["hub.mode"], "unsubscribe");
    for same in ["hub.callback", "hub.topic"] {
        assert_eq!(hub.last()[same], subscribed[same]);
    }
    assert!(
        reader.states().await.is_empty(),
        "the hub has verified, so it is forgotten"
    );
    let body = b"<feed/>";
    assert_eq!(hub.deliver(body, Some(hub.sign("sha256", body))).await, 410);
}

#[tokio::test]
async fn a_feed_whose_url_is_replaced_leaves_the_hub_of_the_old_one() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::VerifyFirst(600)).await,
    );
    reader.subscribe(&hub.url).await;
    let now = Timestamp::now();
    let same = reader.followed.clone();
    reader.subscriber.follow(vec![same], now).await.unwrap();
    assert_eq!(reader.state().await, "active");
    let moved = Followed {
        url: "http://127.0.0.1/another".parse().unwrap(),
        ..reader.followed.clone()
    };
    reader.subscriber.follow(vec![moved], now).await.unwrap();
    assert_eq!(reader.state().await, "leaving");
    let body = b"<feed/>";
    assert_eq!(hub.deliver(body, Some(hub.sign("sha256", body))).await, 410);
}

#[tokio::test]
async fn a_url_that_is_replaced_while_nobody_runs_leaves_its_hub_too() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::VerifyFirst(600)).await,
    );
    reader.subscribe(&hub.url).await;
    let id = FeedId::new("one").unwrap();
    let moved = Feed::new(id, "http://127.0.0.1/another".parse().unwrap());
    reader
        .store
        .register_feeds(&[moved], Timestamp::now())
        .await
        .unwrap();
    let keys = Keys::beside(&reader.folder.path().join("db")).unwrap();
    let next = Subscriber::open(reader.store.clone(), keys, &reader.public_url)
        .await
        .unwrap();
    let now = Timestamp::now();
    let followed = vec![reader.followed.clone()];
    next.follow(followed, now).await.unwrap();
    assert_eq!(next.due(now).len(), 1, "the hub is told");
    assert_eq!(reader.state().await, "leaving");
}

#[tokio::test]
async fn another_hub_gets_another_callback_and_the_old_one_is_left() {
    let reader = Reader::start(LIMITS, 4).await;
    let (old, new) = (
        Hub::start(Manner::VerifyFirst(600)).await,
        Hub::start(Manner::VerifyFirst(600)).await,
    );
    reader.subscribe(&old.url).await;
    let callback = old.callback();
    reader.subscribe(&new.url).await;
    assert_ne!(new.callback(), callback);
    assert_ne!(new.last()["hub.secret"], old.requests()[0]["hub.secret"]);
    assert_eq!(old.last()["hub.mode"], "unsubscribe");
    assert_eq!(
        reader.states().await,
        [(new.url.clone(), "active".to_owned())]
    );
}

#[tokio::test]
async fn a_document_that_names_the_same_hub_changes_nothing_and_one_without_ends_it() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::VerifyFirst(600)).await,
    );
    reader.subscribe(&hub.url).await;
    reader.subscribe(&hub.url).await;
    assert_eq!(hub.requests().len(), 1);
    reader.hear(&[]).await;
    reader.work(Timestamp::now()).await;
    assert_eq!(hub.last()["hub.mode"], "unsubscribe");
}

#[tokio::test]
async fn push_counts_as_alive_until_a_poll_finds_what_it_missed() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::VerifyFirst(600)).await,
    );
    reader.subscribe(&hub.url).await;
    let now = Timestamp::now();
    let alive = || reader.subscriber.is_alive(reader.feed, now);
    assert!(!alive());
    reader
        .subscriber
        .polled(reader.feed, false, now)
        .await
        .unwrap();
    assert!(alive());
    reader
        .subscriber
        .polled(reader.feed, true, now)
        .await
        .unwrap();
    assert!(!alive());
    reader.subscriber.pushed(reader.feed, now).await.unwrap();
    assert!(alive());
}

#[tokio::test]
async fn a_hub_at_a_private_address_is_refused_without_the_owners_leave_for_its_host() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::Accept).await,
    );
    let elsewhere = "https://news.example/feed".parse().unwrap();
    let mut stranger = reader.followed.clone();
    stranger.url = elsewhere;
    reader
        .subscriber
        .follow(vec![stranger], Timestamp::now())
        .await
        .unwrap();
    reader.hear(&[&hub.url]).await;
    let refused = reader.work(Timestamp::now()).await;
    assert!(refused[0].contains("not a public address"), "{refused:?}");
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn the_database_and_debug_hold_neither_token_nor_secret() {
    let (reader, hub) = (
        Reader::start(LIMITS, 4).await,
        Hub::start(Manner::VerifyFirst(600)).await,
    );
    reader.subscribe(&hub.url).await;
    let form = hub.last();
    let token = form["hub.callback"].rsplit('/').next().unwrap();
    let shown = format!(
        "{:?} {:?}",
        reader.subscriber,
        reader.store.subscriptions().await
    );
    for secret in [token, &form["hub.secret"]] {
        assert!(!shown.contains(secret));
        for file in ["db", "db-wal"] {
            let bytes = std::fs::read(reader.folder.path().join(file)).unwrap();
            assert!(
                !bytes.windows(secret.len()).any(|w| w == secret.as_bytes()),
                "{file}"
            );
        }
    }
}

#[tokio::test]
async fn a_public_address_that_hubs_cannot_call_is_refused_without_its_secrets() {
    let reader = Reader::start(LIMITS, 4).await;
    for bad in [
        "ftp://a.example/",
        "https://me:pass@a.example/",
        "https://a.example/?key=pass",
    ] {
        let keys = Keys::from_bytes([1; 32]);
        let opened = Subscriber::open(reader.store.clone(), keys, &bad.parse().unwrap()).await;
        let error = opened.expect_err("refused");
        assert!(matches!(error, PushError::PublicUrl(_)));
        assert!(!error.to_string().contains("pass"), "{error}");
    }
}
