//! Traces of the real binary, as a collector of OpenTelemetry gets them. Needs the feature `otel`.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

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

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::{Home, Hook, Item, Running, Site, feed, rss, wait_for};

/// `[schedule]` for feeds that are polled often.
const OFTEN: &str = "[schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n";

/// A span, as far as the tests look at it.
#[derive(Debug, Default)]
struct Span {
    name: String,
    id: Vec<u8>,
    parent: Vec<u8>,
    /// Attributes that are texts.
    texts: BTreeMap<String, String>,
}

/// What a collector was sent: the heads of the requests, and their bodies.
#[derive(Debug, Default)]
struct Got {
    heads: Vec<String>,
    bodies: Vec<Vec<u8>>,
}

/// A collector.
struct Collector {
    url: String,
    got: Arc<Mutex<Got>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Got::default()));
        let kept = got.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = kept.clone();
                std::thread::spawn(move || answer(stream.unwrap(), &kept));
            }
        });
        Self { url, got }
    }

    fn spans(&self) -> Vec<Span> {
        let got = self.got.lock().unwrap();
        got.bodies.iter().flat_map(|body| spans(body)).collect()
    }
}

/// Takes requests from a connection until its other side closes it.
fn answer(stream: TcpStream, got: &Mutex<Got>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = server::header(&head, "content-length").unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let mut got = got.lock().unwrap();
        got.heads.push(head);
        got.bodies.push(body);
        drop(got);
        let reply =
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
        reader.get_mut().write_all(reply.as_bytes()).unwrap();
    }
}

/// The fields of a message that hold bytes, by their numbers.
fn fields(mut message: &[u8]) -> Vec<(u64, &[u8])> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message);
        let length = match tag & 7 {
            0 => {
                varint(&mut message);
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)).unwrap(),
            5 => 4,
            kind => panic!("no such kind of field: {kind}"),
        };
        let (bytes, rest) = message.split_at(length);
        message = rest;
        fields.push((tag >> 3, bytes));
    }
    fields
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = message.split_first().unwrap();
        *message = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            break;
        }
    }
    value
}

fn within(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    let fields = fields(message).into_iter();
    fields
        .filter(move |(n, _)| *n == number)
        .map(|(_, bytes)| bytes)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The spans of an `ExportTraceServiceRequest`.
fn spans(body: &[u8]) -> Vec<Span> {
    let scopes = within(body, 1).flat_map(|resource| within(resource, 2));
    let messages = scopes.flat_map(|scope| within(scope, 2));
    let read = |message| {
        let mut span = Span::default();
        for (number, bytes) in fields(message) {
            match number {
                2 => span.id = bytes.to_vec(),
                4 => span.parent = bytes.to_vec(),
                5 => span.name = text(bytes),
                9 => {
                    let key = text(within(bytes, 1).next().unwrap());
                    let value = within(bytes, 2).next().unwrap();
                    let value = within(value, 1).next().map(text);
                    span.texts.extend(value.map(|value| (key, value)));
                }
                _ => {}
            }
        }
        span
    };
    messages.map(read).collect()
}

fn start(home: &Home, collector: &Collector) -> Running {
    let mut command = home.command(&["run"]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-team=news")
        .env("OTEL_BSP_SCHEDULE_DELAY", "100");
    Running::spawn(command)
}

#[test]
fn a_poll_its_parts_a_delivery_and_a_request_are_told_and_no_secret_is() {
    let (site, hook, collector) = (Site::start(), Hook::start(), Collector::start());
    site.publish("/wire?key=hushhush", rss(&[Item::new("1", "Putin speaks")]));
    let home = Home::new();
    let feeds = [feed("wire", &site.url("/wire?key=hushhush"), "")];
    let web = "[web]\nenabled = true\nlisten = \"127.0.0.1:0\"\n";
    home.arrange(&hook, &format!("{OFTEN}{web}"), &feeds);
    let daemon = start(&home, &collector);
    let line = daemon.wait_for_log("serving pages on http://");
    let address = line.split("http://").nth(1).unwrap();
    let address = address.split('/').next().unwrap().to_owned();
    hook.wait(1);
    let mut stream = TcpStream::connect(&address).unwrap();
    let request = "GET /api/v1/feeds?token=hushhush HTTP/1.0\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    let found = wait_for("the spans", || {
        let spans = collector.spans();
        let named = |name: &str| spans.iter().any(|span| span.name == name);
        (named("poll") && named("delivery") && named("GET /api/v1/feeds")).then_some(spans)
    });
    let one = |name: &str| found.iter().find(|span| span.name == name).unwrap();
    let poll = one("poll");
    assert_eq!(poll.texts["feed"], "wire");
    assert_eq!(poll.texts["outcome"], "ok");
    for part in ["fetch", "commit"] {
        let of_poll = |span: &&Span| span.name == part && span.parent == poll.id;
        assert_eq!(found.iter().filter(of_poll).count(), 1, "{part}");
    }
    let delivery = one("delivery");
    assert_eq!(delivery.texts["sink"], "hook");
    assert_eq!(delivery.texts["outcome"], "delivered");
    assert!(delivery.parent.is_empty());
    assert_eq!(
        one("GET /api/v1/feeds").texts["http.route"],
        "/api/v1/feeds"
    );
    let log = daemon.log();
    assert!(daemon.stop().success());
    let got = collector.got.lock().unwrap();
    let all = got.bodies.concat();
    let tells = |what: &str| all.windows(what.len()).any(|part| part == what.as_bytes());
    assert!(tells("service.name") && tells("mentiond"));
    for secret in ["hushhush", hook.url(), "127.0.0.1", "Putin"] {
        assert!(!tells(secret), "{secret}");
    }
    for head in &got.heads {
        assert!(head.starts_with("POST /v1/traces "), "{head}");
        assert_eq!(server::header(head, "x-team"), Some("news"));
    }
    for line in log {
        assert!(
            !line.contains("poll{") && !line.contains("delivery{"),
            "{line}"
        );
    }
}

#[test]
fn the_last_spans_are_sent_at_the_end() {
    let (site, hook, collector) = (Site::start(), Hook::start(), Collector::start());
    site.publish("/wire", rss(&[Item::new("1", "Putin speaks")]));
    let home = Home::new();
    home.arrange(&hook, OFTEN, &[feed("wire", &site.url("/wire"), "")]);
    let mut command = home.command(&["run"]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_BSP_SCHEDULE_DELAY", "600000");
    let daemon = Running::spawn(command);
    hook.wait(1);
    assert!(collector.spans().is_empty());
    assert!(daemon.stop().success());
    let spans = collector.spans();
    assert!(spans.iter().any(|span| span.name == "poll"), "{spans:?}");
}

#[test]
fn a_collector_that_is_away_keeps_nobody_from_working_or_stopping() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/wire", rss(&[Item::new("1", "Putin speaks")]));
    let home = Home::new();
    home.arrange(&hook, OFTEN, &[feed("wire", &site.url("/wire"), "")]);
    // It takes connections and never answers.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = home.command(&["run"]);
    command.env(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        format!("http://{}", deaf.local_addr().unwrap()),
    );
    let daemon = Running::spawn(command);
    hook.wait(1);
    let began = std::time::Instant::now();
    assert!(daemon.stop().success());
    assert!(began.elapsed() < Duration::from_secs(15));
}
