//! The real binary, which publishes into streams of a real NATS server.
//!
//! `.ci/servers.sh cargo test --locked --test nats` gives these tests a server; without `TEST_NATS` they
//! say that they were skipped, and pass.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "nats/mentions.rs"]
mod mentions;
#[path = "nats/realm.rs"]
mod realm;
#[path = "nats/servers.rs"]
mod servers;
// The paths of these are those of the tests that they are shared with.
#[allow(
    dead_code,
    reason = "shared with the tests of `fetch`, which use more of it"
)]
#[path = "fetch/server.rs"]
mod server;
#[allow(
    dead_code,
    reason = "shared with the tests of the daemon, which use more of it"
)]
#[path = "daemon/support.rs"]
mod support;

use std::path::Path;

use async_nats::ConnectOptions;
use mentiond::config::{NatsConfig, NatsLogin, NatsServer, Private};
use mentiond::model::{SinkId, Timestamp};
use mentiond::notify::format;
use mentiond::notify::nats::Target;
use nkeys::KeyPair;
use realm::Realm;
use serde_json::Value;
use servers::{Bus, Proxy, Server, Trick};
use support::{Home, Item, Site, TOPICS, rss, runtime, wait_for};

/// The URL of the tests' server; `None`, after saying so, without one.
fn server(test: &str) -> Option<String> {
    let url = std::env::var("TEST_NATS").ok();
    if url.is_none() {
        support::skip(test, "TEST_NATS is not set; run it by .ci/servers.sh");
    }
    url
}

/// The program of the tests' server, for tests that want one of their own.
fn program(test: &str) -> Option<String> {
    let program = std::env::var("TEST_NATS_SERVER").ok();
    if program.is_none() {
        support::skip(
            test,
            "TEST_NATS_SERVER is not set; run it by .ci/servers.sh",
        );
    }
    program
}

/// A site with these titles, and a home whose sink `bus` is at `url`, with these lines too.
fn home(url: &str, lines: &str, titles: &[&str]) -> (Site, Home) {
    let site = Site::start();
    let items: Vec<Item> = (1..)
        .zip(titles)
        .map(|(n, title)| Item::new(&n.to_string(), title))
        .collect();
    site.publish("/feed", rss(&items));
    let home = Home::new();
    home.write_config(&format!(
        "database = \"m.db\"\n[schedule]\ninterval = \"200ms\"\nmin_interval = \"200ms\"\n\
         [[feed]]\nid = \"wire\"\nurl = \"{}\"\nlanguage = \"en\"\nallow_private_addresses = true\n\
         [[sink]]\nid = \"bus\"\ntype = \"nats\"\nurl = \"{url}\"\nretry_initial = \"100ms\"\n\
         retry_max = \"200ms\"\n{lines}\n{TOPICS}",
        site.url("/feed"),
    ));
    (site, home)
}

/// The JSON lines that a command prints; none before the daemon has made its database.
fn lines(home: &Home, args: &[&str]) -> Vec<Value> {
    let output = home.run(args).stdout;
    let text = String::from_utf8(output).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What `sinks` says of the sink.
fn sink(home: &Home) -> Option<Value> {
    lines(home, &["sinks", "--json"]).pop()
}

/// Waits until `n` alerts have this state, and returns them.
fn in_state(home: &Home, state: &str, n: usize) -> Vec<Value> {
    wait_for(&format!("{n} alerts to be {state}"), || {
        let alerts = lines(home, &["alerts", "list", "--json"]);
        let alerts: Vec<_> = alerts.into_iter().filter(|a| a["state"] == state).collect();
        (alerts.len() >= n).then_some(alerts)
    })
}

/// Waits for what went wrong last at the sink to have these words.
fn fails_with(home: &Home, words: &str) -> String {
    wait_for(words, || {
        let sink = sink(home)?;
        let error = sink["error"].as_str()?.to_owned();
        error.contains(words).then_some(error)
    })
}

#[test]
fn an_alert_becomes_one_acknowledged_message() {
    let Some(url) = server("an_alert_becomes_one_acknowledged_message") else {
        return;
    };
    let bus = Bus::of(&url, "told");
    bus.make_stream();
    let lines = format!("subject = \"{0}\"\nstream = \"{0}\"", bus.name);
    let (site, home) = home(&url, &lines, &["Putin in Астана"]);
    let daemon = home.start();
    let alert = in_state(&home, "delivered", 1).remove(0);
    let polls = site.requests("/feed");
    wait_for("further polls", || {
        (site.requests("/feed") > polls + 1).then_some(())
    });
    let log = daemon.log().join("\n");
    assert!(daemon.stop().success());
    assert!(!log.contains("event: "), "{log}");
    let messages = bus.messages();
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(
        message.subject.as_str(),
        format!("{}.alert.putin.en", bus.name)
    );
    let header = |name: &str| message.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(header("Nats-Msg-Id"), alert["id"]);
    assert_eq!(header("Content-Type"), "application/cloudevents+json");
    let event: Value = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["id"], alert["id"]);
    assert_eq!(event["type"], "mentiond.mention.created");
    assert_eq!(event["source"], "/mentiond/feeds/wire");
    assert_eq!(event["subject"], "putin");
    assert_eq!(event["datacontenttype"], "application/json");
    assert_eq!(event["data"]["story"]["title"], "Putin in Астана");
    assert_eq!(event["data"]["topic"]["name"], "Vladimir Putin");
}

#[test]
fn the_same_alert_is_stored_once() {
    let Some(url) = server("the_same_alert_is_stored_once") else {
        return;
    };
    let bus = Bus::of(&url, "once");
    bus.make_stream();
    let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
    let config = NatsConfig {
        servers: vec![NatsServer {
            host: url::Host::parse("127.0.0.1").unwrap(),
            port,
            tls: false,
        }],
        login: NatsLogin::Nobody,
        subject: bus.name.clone(),
        stream: None,
        create_stream: false,
        mentions: false,
        extra_roots: None,
        allow_private: Private::Refused,
    };
    let alert = format::example(&SinkId::new("bus").unwrap(), Timestamp::now());
    let (first, second) = runtime().block_on(async {
        let target = Target::new(&config, std::time::Duration::from_secs(10)).unwrap();
        let first = target.attempt(&alert).await.unwrap();
        (first, target.attempt(&alert).await.unwrap())
    });
    assert_eq!((first.sequence, first.duplicate), (1, false));
    assert_eq!((second.sequence, second.duplicate), (1, true));
    assert_eq!(first.stream, bus.name);
    assert_eq!(bus.messages().len(), 1);
}

#[test]
fn an_acknowledgement_that_is_lost_makes_no_second_message() {
    let Some(url) = server("an_acknowledgement_that_is_lost_makes_no_second_message") else {
        return;
    };
    let bus = Bus::of(&url, "lost");
    bus.make_stream();
    let proxy = Proxy::start(&url, Trick::CutFirstAcknowledgement);
    let lines = format!("subject = \"{}\"", bus.name);
    let (_site, home) = home(&proxy.url, &lines, &["Putin in Astana"]);
    let daemon = home.start();
    in_state(&home, "delivered", 1);
    daemon.wait_for_log("the connection broke off before the message was acknowledged");
    assert!(daemon.stop().success());
    assert_eq!(proxy.acknowledgements(), 2);
    assert_eq!(bus.messages().len(), 1);
}

#[test]
fn messages_do_not_wait_for_each_others_acknowledgements() {
    let Some(url) = server("messages_do_not_wait_for_each_others_acknowledgements") else {
        return;
    };
    let bus = Bus::of(&url, "many");
    bus.make_stream();
    // None is acknowledged before all are published.
    let proxy = Proxy::start(&url, Trick::HoldUntil(20));
    let lines = format!("subject = \"{}\"\ntimeout = \"20s\"", bus.name);
    let titles: Vec<String> = (0..20).map(|n| format!("Putin in town {n}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let (_site, home) = home(&proxy.url, &lines, &titles);
    let daemon = home.start();
    in_state(&home, "delivered", 20);
    assert!(daemon.stop().success());
    assert_eq!(bus.messages().len(), 20);
}

#[test]
fn what_no_stream_takes_waits_until_one_does() {
    let Some(url) = server("what_no_stream_takes_waits_until_one_does") else {
        return;
    };
    let bus = Bus::of(&url, "later");
    let lines = format!(
        "subject = \"{}\"\nmax_attempts = 100\npause_after = 1",
        bus.name
    );
    let (_site, home) = home(&url, &lines, &["Putin in Astana", "SCO summit"]);
    let daemon = home.start();
    let error = fails_with(&home, "no stream takes");
    assert!(error.contains(&format!("make a stream that takes {}.>", bus.name)));
    wait_for("pauses", || {
        let sink = sink(&home)?;
        (sink["state"] == "paused").then_some(())
    });
    bus.make_stream();
    in_state(&home, "delivered", 2);
    // The same again, while it runs.
    bus.remove_stream();
    assert!(daemon.stop().success());
    let test = home.run(&["sinks", "test", "bus"]);
    assert_eq!(test.status.code(), Some(1));
    let said = String::from_utf8(test.stdout).unwrap();
    assert!(said.contains("not received: no stream takes"), "{said}");
}

#[test]
fn a_server_that_was_away_gets_what_waited() {
    let Some(program) = program("a_server_that_was_away_gets_what_waited") else {
        return;
    };
    let mut server = Server::start(&program, "");
    let bus = Bus::of(&server.url(), "away");
    bus.make_stream();
    let lines = format!("subject = \"{}\"", bus.name);
    let (site, home) = home(&server.url(), &lines, &["Putin in Astana"]);
    let daemon = home.start();
    in_state(&home, "delivered", 1);
    server.kill();
    site.publish("/feed", rss(&[Item::new("2", "SCO summit")]));
    fails_with(&home, "can't connect: Connection refused");
    server.start_again();
    in_state(&home, "delivered", 2);
    assert!(daemon.stop().success());
    assert_eq!(Bus::of(&server.url(), "away").messages().len(), 2);
}

#[test]
fn a_stream_is_made_if_that_is_wanted_and_another_one_is_not_written_to() {
    let Some(url) = server("a_stream_is_made_if_that_is_wanted_and_another_one_is_not_written_to")
    else {
        return;
    };
    let bus = Bus::of(&url, "made");
    let lines = format!(
        "subject = \"{0}\"\nstream = \"{0}\"\ncreate_stream = true",
        bus.name
    );
    let (_site, first) = home(&url, &lines, &["Putin in Astana"]);
    let daemon = first.start();
    in_state(&first, "delivered", 1);
    assert!(daemon.stop().success());
    let config = bus.stream_config();
    assert_eq!(config.subjects, [format!("{}.>", bus.name)]);
    assert_eq!(config.duplicate_window.as_secs(), 24 * 60 * 60);
    assert_eq!(bus.messages().len(), 1);
    // Its subjects in a stream of another name.
    let lines = format!("subject = \"{}\"\nstream = \"OTHER\"", bus.name);
    let (_site, second) = home(&url, &lines, &["Putin in Astana"]);
    let daemon = second.start();
    let error = fails_with(&second, "expected stream does not match");
    assert!(error.contains("another stream than the sink's `stream` takes the subject"));
    assert!(daemon.stop().success());
    assert_eq!(bus.messages().len(), 1);
}

#[test]
fn who_may_not_come_in_or_not_say_that_is_told_why() {
    let Some(program) = program("who_may_not_come_in_or_not_say_that_is_told_why") else {
        return;
    };
    let server = Server::start(
        &program,
        "authorization { users = [\n\
         { user: boss, password: boss },\n\
         { user: me, password: \"hush-hush\", permissions: { publish: [\"limits.alert.sco.>\"] } }\n\
         ] }",
    );
    let boss = ConnectOptions::with_user_and_password("boss".into(), "boss".into());
    let bus = Bus::open(&server.url(), "limits", boss);
    bus.make_stream();
    let login =
        "subject = \"limits\"\nuser = \"me\"\npassword = { file = \"wrong\" }\nmax_attempts = 100";
    let titles = ["Putin in Astana", "SCO summit"];
    let (_site, home) = home(&server.url(), login, &titles);
    std::fs::write(home.path("wrong"), "hush-hush-wrong").unwrap();
    std::fs::write(home.path("right"), "hush-hush").unwrap();
    let daemon = home.start();
    let error = fails_with(&home, "it refused the login");
    assert!(error.starts_with("nats://127.0.0.1:"), "{error}");
    let mut log = daemon.log().join("\n");
    assert!(daemon.stop().success());
    assert_eq!(bus.messages().len(), 0);
    let text = std::fs::read_to_string(home.config()).unwrap();
    let text = text.replace("\"wrong\"", "\"right\"");
    home.write_config(&text.replace("max_attempts = 100", "max_attempts = 1"));
    let daemon = home.start();
    in_state(&home, "delivered", 1);
    in_state(&home, "dead", 1);
    log += &daemon.log().join("\n");
    assert!(daemon.stop().success());
    let subject = "limits.alert.putin.en";
    assert!(
        log.contains(&format!("the login may not publish to {subject}")),
        "{log}"
    );
    assert!(!log.contains("hush-hush"), "{log}");
    let subjects: Vec<_> = bus
        .messages()
        .iter()
        .map(|m| m.subject.to_string())
        .collect();
    assert_eq!(subjects, ["limits.alert.sco.en"]);
}

#[test]
fn credentials_let_a_user_in() {
    let Some(program) = program("credentials_let_a_user_in") else {
        return;
    };
    let realm = Realm::new();
    let server = Server::start(&program, &realm.settings());
    let (_site, home) = home(
        &server.url(),
        "stream = \"NEWS\"\ncreate_stream = true\ncredentials = { file = \"me.creds\" }",
        &["Putin in Astana"],
    );
    std::fs::write(home.path("me.creds"), realm::credentials(&realm.account)).unwrap();
    let daemon = home.start();
    in_state(&home, "delivered", 1);
    assert!(daemon.stop().success());
    // A user of an account that the server does not know.
    let other = realm::credentials(&KeyPair::new_account());
    std::fs::write(home.path("me.creds"), &other).unwrap();
    let test = home.run(&["sinks", "test", "bus"]);
    let said = String::from_utf8(test.stdout).unwrap();
    assert!(said.contains("it refused the login"), "{said}");
    let told = said + &String::from_utf8(test.stderr).unwrap();
    let mut secrets = other
        .lines()
        .filter(|line| line.len() > 40 && !line.contains(' '));
    assert!(secrets.all(|secret| !told.contains(secret)), "{told}");
}

#[test]
fn a_certificate_must_be_that_of_the_name_in_the_url() {
    let Some(program) = program("a_certificate_must_be_that_of_the_name_in_the_url") else {
        return;
    };
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fetch/tls");
    let file = |name: &str| tls.join(name).display().to_string();
    let server = Server::start(
        &program,
        &format!(
            "tls {{ cert_file: \"{}\", key_file: \"{}\" }}",
            file("server.pem"),
            file("server.key")
        ),
    );
    let said = |url: &str, more: &str| {
        let lines = format!("subject = \"tls\"\nstream = \"TLS\"\ncreate_stream = true\n{more}");
        let (_site, home) = home(url, &lines, &[]);
        let test = home.run(&["sinks", "test", "bus"]);
        String::from_utf8(test.stdout).unwrap()
    };
    let trusted = format!("extra_roots = \"{}\"", file("ca.pem"));
    let tls_url = server.url().replace("nats://", "tls://");
    let received = said(&tls_url, &trusted);
    assert!(
        received.contains("answer     stored in TLS as message 1 after "),
        "{received}"
    );
    assert!(received.ends_with("\nreceived\n"), "{received}");
    // The server asks for encryption also where the URL does not.
    assert!(said(&server.url(), &trusted).ends_with("\nreceived\n"));
    let unknown = said(&tls_url, "");
    assert!(unknown.contains("no encrypted connection"), "{unknown}");
    // Its certificate is for 127.0.0.1.
    let other = said(&tls_url.replace("127.0.0.1", "localhost"), &trusted);
    assert!(
        other.contains("no encrypted connection: invalid peer certificate"),
        "{other}"
    );
    let plain = Server::start(&program, "");
    let refused = said(&plain.url().replace("nats://", "tls://"), &trusted);
    assert!(
        refused.contains("not received: tls://127.0.0.1:"),
        "{refused}"
    );
}

#[test]
fn a_message_is_shown_without_a_server() {
    let (_site, home) = home("nats://nats.example.org", "stream = \"NEWS\"", &[]);
    let shown = home.ok(&["sinks", "render", "bus"]);
    let head: Vec<&str> = shown.lines().take(4).collect();
    assert_eq!(head[0], "PUB mentiond.alert.test.en");
    assert_eq!(head[1], "Content-Type: application/cloudevents+json");
    assert!(head[2].starts_with("Nats-Msg-Id: al_"), "{shown}");
    assert_eq!(head[3], "Nats-Expected-Stream: NEWS");
    let sink = sink(&home).unwrap();
    assert_eq!(sink["type"], "nats");
    assert_eq!(sink["where"], "nats://nats.example.org:4222, mentiond.>");
}
