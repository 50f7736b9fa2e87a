//! Against a hub of other people: Flask-WebSub, run by the Python interpreter that
//! `MENTIOND_WEBSUB_HUB` names. Without it the test says so and passes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mentiond::model::Timestamp;
use mentiond::push::Target;

use crate::support::{LIMITS, PATIENCE, Reader};

/// The running hub; it ends with the test.
struct Hub {
    process: Child,
    address: String,
    topic: String,
    publish: String,
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start() -> Option<Hub> {
    let python = std::env::var("MENTIOND_WEBSUB_HUB").unwrap_or_default();
    if python.is_empty() {
        println!(
            "skipped: set MENTIOND_WEBSUB_HUB to a Python interpreter that has Flask-WebSub \
             (python -m venv hub && hub/bin/pip install Flask-WebSub==0.4.1)"
        );
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/websub_hub.py");
    let mut process = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("MENTIOND_WEBSUB_HUB names a Python interpreter");
    let mut line = String::new();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).expect("the hub's addresses");
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    Some(Hub {
        address: text("hub"),
        topic: text("topic"),
        publish: text("publish"),
        process,
    })
}

/// Waits for the only subscription to come to a state; the hub's threads say nothing when done.
async fn reaches(reader: &Reader, state: &str) {
    let begun = Instant::now();
    loop {
        let states = reader.states().await;
        let found = states
            .first()
            .map_or("forgotten", |(_, found)| found.as_str());
        if found == state {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{found} instead of {state}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn ask(reader: &Reader, hub: &Hub, topic: &str) {
    let target = Target {
        hub: hub.address.parse().unwrap(),
        topic: topic.parse().unwrap(),
    };
    let now = Timestamp::now();
    reader
        .subscriber
        .heard(reader.feed, &[target], now)
        .await
        .unwrap();
    assert_eq!(reader.work(now).await, Vec::<String>::new());
}

#[tokio::test]
async fn flask_websub_verifies_distributes_and_lets_go() {
    let Some(hub) = start() else { return };
    let mut reader = Reader::start(LIMITS, 8).await;
    ask(&reader, &hub, &hub.topic).await;
    reaches(&reader, "active").await;
    let row = reader.store.subscriptions().await.unwrap().pop().unwrap();
    let lease = row.lease_until.unwrap().since(Timestamp::now());
    assert!(
        lease > Duration::from_hours(239) && lease <= Duration::from_hours(240),
        "{lease:?}"
    );

    let client = mentiond::fetch::plain_client("a publisher").unwrap();
    for method in ["sha1", "sha256", "sha384", "sha512"] {
        let body = format!("<feed>{method}: новости</feed>");
        let publish = format!("{}?method={method}", hub.publish);
        client
            .post(publish)
            .body(body.clone())
            .send()
            .await
            .unwrap();
        let pushed = tokio::time::timeout(PATIENCE, reader.queue.recv()).await;
        let pushed = pushed.expect("the hub delivers").unwrap();
        assert_eq!(pushed.bytes, body.as_bytes());
        assert_eq!(pushed.content_type.as_deref(), Some("application/atom+xml"));
        assert_eq!(pushed.links.self_url.as_deref(), Some(hub.topic.as_str()));
    }

    let now = Timestamp::now();
    reader.subscriber.follow(Vec::new(), now).await.unwrap();
    reader.work(now).await;
    reaches(&reader, "forgotten").await;
}

#[tokio::test]
async fn flask_websub_denies() {
    let Some(hub) = start() else { return };
    let reader = Reader::start(LIMITS, 8).await;
    ask(&reader, &hub, &format!("{}/closed", hub.topic)).await;
    reaches(&reader, "denied").await;
    let row = reader.store.subscriptions().await.unwrap().pop().unwrap();
    assert!(row.error.unwrap().contains("this topic is closed"));
}
