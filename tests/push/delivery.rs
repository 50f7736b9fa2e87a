//! What hubs deliver, and what comes of it.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use mentiond::push::callback::Limits;

use crate::hub::{Hub, Manner};
use crate::support::{LIMITS, Reader};

const BODY: &[u8] = b"<feed xmlns='http://www.w3.org/2005/Atom'/>\xff";

async fn subscribed(limits: Limits, queue: usize) -> (Reader, Hub) {
    let reader = Reader::start(limits, queue).await;
    let hub = Hub::start(Manner::VerifyFirst(600)).await;
    reader.subscribe(&hub.url).await;
    (reader, hub)
}

#[tokio::test]
async fn signed_content_is_queued_whole_whatever_the_method() {
    let (mut reader, hub) = subscribed(LIMITS, 8).await;
    for method in ["sha1", "sha256", "sha384", "sha512"] {
        assert_eq!(hub.deliver(BODY, Some(hub.sign(method, BODY))).await, 202);
        let pushed = reader.queue.try_recv().expect(method);
        assert_eq!((pushed.feed, &*pushed.bytes), (reader.feed, BODY));
        assert_eq!(pushed.content_type.as_deref(), Some("application/atom+xml"));
        assert_eq!(pushed.links.hubs, [hub.url.as_str()]);
        assert_eq!(
            pushed.links.self_url.as_deref(),
            Some("http://other.example/")
        );
    }
    assert_eq!(reader.counts.queued.load(Relaxed), 4);
}

#[tokio::test]
async fn content_without_a_good_signature_is_acknowledged_counted_and_ignored() {
    let (mut reader, hub) = subscribed(LIMITS, 8).await;
    let other = hub.sign("sha256", b"something else");
    let unknown = format!("md5={}", "0".repeat(32));
    for signature in [
        None,
        Some(other),
        Some(unknown),
        Some("nonsense".to_owned()),
    ] {
        assert_eq!(
            hub.deliver(BODY, signature.clone()).await,
            202,
            "{signature:?}"
        );
    }
    assert!(reader.queue.try_recv().is_err());
    assert_eq!(reader.counts.ignored.load(Relaxed), 4);
}

#[tokio::test]
async fn a_full_queue_makes_the_hub_come_back() {
    let (mut reader, hub) = subscribed(LIMITS, 1).await;
    let signature = Some(hub.sign("sha256", BODY));
    assert_eq!(hub.deliver(BODY, signature.clone()).await, 202);
    assert_eq!(hub.deliver(BODY, signature.clone()).await, 503);
    reader.queue.recv().await.unwrap();
    assert_eq!(hub.deliver(BODY, signature).await, 202);
    assert_eq!(reader.counts.full.load(Relaxed), 1);
}

#[tokio::test]
async fn many_small_bodies_may_wait_but_few_large_ones() {
    let limits = Limits {
        held: 2 * LIMITS.max_body,
        ..LIMITS
    };
    let (mut reader, hub) = subscribed(limits, 32).await;
    let small = Some(hub.sign("sha256", BODY));
    let large = vec![b'a'; LIMITS.max_body];
    let large = (&*large, Some(hub.sign("sha256", &large)));
    for _ in 0..8 {
        assert_eq!(hub.deliver(BODY, small.clone()).await, 202);
    }
    assert_eq!(hub.deliver(large.0, large.1.clone()).await, 202);
    assert_eq!(hub.deliver(large.0, large.1.clone()).await, 503);
    for _ in 0..9 {
        reader.queue.recv().await.unwrap();
    }
    assert_eq!(hub.deliver(large.0, large.1).await, 202);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_announced_or_not() {
    let (reader, hub) = subscribed(LIMITS, 8).await;
    let fits = vec![b'a'; LIMITS.max_body];
    assert_eq!(hub.deliver(&fits, Some(hub.sign("sha1", &fits))).await, 202);
    let large = vec![b'a'; LIMITS.max_body + 1];
    assert_eq!(
        hub.deliver(&large, Some(hub.sign("sha1", &large))).await,
        413
    );
    let chunk = format!(
        "{:x}\r\n{}\r\n0\r\n\r\n",
        large.len(),
        "a".repeat(large.len())
    );
    let answer = raw(&hub, "Transfer-Encoding: chunked", &chunk).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(reader.counts.refused.load(Relaxed), 2);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let limits = Limits {
        body_timeout: Duration::from_millis(50),
        ..LIMITS
    };
    let (_reader, hub) = subscribed(limits, 8).await;
    let answer = raw(&hub, "Content-Length: 10", "abc").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn more_requests_than_there_are_places_are_sent_away() {
    let limits = Limits {
        concurrent: 1,
        ..LIMITS
    };
    let (reader, hub) = subscribed(limits, 8).await;
    let mut slow = open(&hub, "Content-Length: 10\r\nExpect: 100-continue").await;
    let mut go_on = [0; 12];
    slow.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100", "the first is being read");
    assert_eq!(hub.deliver(BODY, Some(hub.sign("sha256", BODY))).await, 503);
    assert_eq!(hub.verify(600).await, 503);
    assert_eq!(reader.counts.full.load(Relaxed), 2);
}

#[tokio::test]
async fn strangers_are_turned_away_before_their_body() {
    let (reader, hub) = subscribed(LIMITS, 8).await;
    let client = mentiond::fetch::plain_client("x").unwrap();
    let mut forgotten = hub.callback();
    forgotten.replace_range(forgotten.len() - 2.., "zz");
    for (url, status) in [
        (forgotten, 410),
        (format!("{}websub/short", reader.public_url), 404),
        (format!("{}websub/", reader.public_url), 404),
    ] {
        let answer = client.post(&url).body("x").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{url}");
    }
    assert_eq!(reader.counts.strays.load(Relaxed), 2);
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let (_reader, hub) = subscribed(LIMITS, 8).await;
    let answer = raw(&hub, "Content-Length: 3\r\nContent-Encoding: gzip", "abc").await;
    assert!(answer.starts_with("HTTP/1.1 415"), "{answer}");
}

/// A connection on which the head of a delivery has been sent.
async fn open(hub: &Hub, headers: &str) -> TcpStream {
    let url: Url = hub.callback().parse().unwrap();
    let port = url.port().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: me\r\nConnection: close\r\n{headers}\r\n\r\n",
        url.path()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The answer to a hand-made delivery.
async fn raw(hub: &Hub, headers: &str, body: &str) -> String {
    let mut stream = open(hub, headers).await;
    // The door may close while it is still being told.
    let _ = stream.write_all(body.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
