//! The servers of the day: each behaves in its own way and writes down who asks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::log::{Clock, Log, Request, Scale, header};
use crate::support::{Item, rss, runtime};

/// A feed as the daemon is told of it.
#[derive(Debug, Clone)]
pub struct Feed {
    pub id: String,
    pub url: String,
    /// A fixed interval in hours, else automatic.
    pub interval_h: Option<f64>,
}

/// What a request is answered.
struct Answer {
    status: &'static str,
    headers: Vec<u8>,
    body: Vec<u8>,
    /// How long the server thinks.
    after: Duration,
}

impl Answer {
    fn new(status: &'static str, headers: impl AsRef<[u8]>) -> Self {
        Self {
            status,
            headers: headers.as_ref().to_vec(),
            body: Vec::new(),
            after: Duration::ZERO,
        }
    }

    fn ok(headers: impl AsRef<[u8]>, body: String) -> Self {
        let body = body.into_bytes();
        Self {
            body,
            ..Self::new("200 OK", headers)
        }
    }
}

/// What a behaviour sees.
struct Ask<'a> {
    head: &'a [u8],
    path: &'a str,
    /// The hour of the day.
    hour: f64,
    scale: Scale,
}

type Behaviour = fn(&Ask<'_>) -> Answer;

struct State {
    clock: Clock,
    scale: Scale,
    open: AtomicBool,
    requests: Mutex<Vec<Request>>,
    marks: Mutex<Vec<(&'static str, Duration)>>,
}

/// All sites.
pub struct Town {
    state: Arc<State>,
    feeds: Vec<Feed>,
}

/// Feeds of the host with many.
pub const MANY: usize = 60;

impl Town {
    /// Starts every server. The day begins.
    pub fn build(scale: Scale) -> Self {
        let state = Arc::new(State {
            clock: Clock::start(),
            scale,
            open: AtomicBool::new(true),
            requests: Mutex::default(),
            marks: Mutex::default(),
        });
        let mut feeds = Vec::new();
        let mut add = |site: &'static str, paths: &[&str], interval_h, behaviour: Behaviour| {
            let port = serve(state.clone(), site, behaviour);
            for path in paths {
                feeds.push(Feed {
                    id: format!("{site}{}", path.replace('/', "-")),
                    url: format!("http://127.0.0.1:{port}{path}"),
                    interval_h,
                });
            }
        };
        add("steady", &["/feed"], None, steady);
        add("odd-tag", &["/feed"], Some(1.0), odd_tag);
        add("dated", &["/feed"], Some(1.0), dated);
        add("bare", &["/feed"], Some(1.0), without_validators);
        add("fresh", &["/feed"], Some(0.5), fresh);
        add("expires", &["/feed"], Some(0.5), expires);
        add("busy", &["/feed"], Some(1.0), busy);
        add("down", &["/feed"], Some(1.0), down);
        add("gone", &["/feed"], Some(1.0), gone);
        add("moved", &["/old"], Some(1.0), moved);
        add("detour", &["/feed"], Some(1.0), detour);
        add("missing", &["/feed"], Some(0.5), |_| {
            Answer::new("404 Not Found", "")
        });
        add("denied", &["/feed"], Some(0.5), |_| {
            Answer::new("403 Forbidden", "")
        });
        add("broken", &["/feed"], Some(0.5), broken);
        add("ttl", &["/feed"], Some(0.5), ttl);
        add("delta", &["/feed"], Some(1.0), delta);
        add("sticky", &["/feed"], Some(1.0), sticky);
        add("even", &["/feed"], Some(1.0), even);
        let many: Vec<String> = (0..MANY).map(|n| format!("/many/{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        add("slow", &many, Some(3.0), slow);
        Self { state, feeds }
    }

    pub fn feeds(&self) -> &[Feed] {
        &self.feeds
    }

    /// Sleeps until an hour of the day.
    pub fn live_until(&self, hour: f64) {
        let end = self.state.scale.of(hour);
        std::thread::sleep(end.saturating_sub(self.state.clock.now()));
    }

    /// Notes what was done to the daemon just now.
    pub fn mark(&self, what: &'static str) {
        let at = self.state.clock.now();
        self.state.marks.lock().unwrap().push((what, at));
    }

    /// Ends the day: nothing is written down any more.
    pub fn close(&self) {
        self.state.open.store(false, Ordering::SeqCst);
    }

    pub fn log(&self) -> Log {
        let mut requests = self.state.requests.lock().unwrap().clone();
        requests.sort_by_key(|request| request.at);
        Log {
            requests,
            marks: self.state.marks.lock().unwrap().clone(),
        }
    }

    /// The title of every entry that was served more than a few hours before the day ended.
    pub fn published() -> Vec<String> {
        let mut titles = vec!["SCO bare".to_owned()];
        titles.extend((0..=8).map(|n| format!("SCO steady {n}")));
        titles.extend((0..=4).map(|n| format!("SCO delta {n}")));
        titles
    }
}

/// Starts one server and returns its port.
fn serve(state: Arc<State>, site: &'static str, behaviour: Behaviour) -> u16 {
    let listener = runtime()
        .block_on(TcpListener::bind(("127.0.0.1", 0)))
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime().spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let state = state.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else {
                        return;
                    };
                    head.push(byte);
                }
                let at = state.clock.now();
                let line = String::from_utf8_lossy(&head).into_owned();
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                let answer = behaviour(&Ask {
                    head: &head,
                    path: &path,
                    hour: state.scale.hour(at),
                    scale: state.scale,
                });
                tokio::time::sleep(answer.after).await;
                let mut bytes = format!("HTTP/1.1 {}\r\n", answer.status).into_bytes();
                bytes.extend_from_slice(&answer.headers);
                let length = answer.body.len();
                bytes.extend(
                    format!("Connection: close\r\nContent-Length: {length}\r\n\r\n").bytes(),
                );
                let request = Request {
                    at,
                    ended: state.clock.now(),
                    site,
                    path,
                    head,
                    status: answer.status[..3].parse().unwrap(),
                    answer: bytes.clone(),
                };
                if state.open.load(Ordering::SeqCst) {
                    state.requests.lock().unwrap().push(request);
                }
                bytes.extend_from_slice(&answer.body);
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

/// A number of the day's hours without its fraction.
fn whole(number: f64) -> u32 {
    (0..1000)
        .take_while(|n| f64::from(n + 1) <= number)
        .count()
        .try_into()
        .unwrap()
}

/// A document of `n + 1` entries, newest first.
fn entries(name: &str, n: u32) -> String {
    let items: Vec<Item> = (0..=n)
        .rev()
        .map(|k| Item::new(&format!("{name}-{k}"), &format!("SCO {name} {k}")))
        .collect();
    rss(&items)
}

/// Answers 304 to who has this tag, else the document.
fn tagged(ask: &Ask<'_>, tag: &[u8], more: &str, body: String) -> Answer {
    let mut headers = b"ETag: ".to_vec();
    headers.extend_from_slice(tag);
    headers.extend_from_slice(b"\r\n");
    headers.extend_from_slice(more.as_bytes());
    if header(ask.head, "if-none-match") == Some(tag) {
        Answer::new("304 Not Modified", headers)
    } else {
        Answer::ok(headers, body)
    }
}

/// Publishes every two hours.
fn steady(ask: &Ask<'_>) -> Answer {
    let n = whole(ask.hour / 2.0);
    tagged(
        ask,
        format!("\"v{n}\"").as_bytes(),
        "",
        entries("steady", n),
    )
}

fn odd_tag(ask: &Ask<'_>) -> Answer {
    tagged(ask, b"W/\"odd \xfc 'x'\"", "", entries("odd", 0))
}

/// Has a `Last-Modified` alone, in a form of its own.
fn dated(ask: &Ask<'_>) -> Answer {
    let date = b"Sat Nov 28 2026, at noon";
    let headers = [b"Last-Modified: ".as_slice(), date, b"\r\n"].concat();
    if header(ask.head, "if-modified-since") == Some(date) {
        Answer::new("304 Not Modified", headers)
    } else {
        Answer::ok(headers, entries("dated", 0))
    }
}

fn without_validators(_: &Ask<'_>) -> Answer {
    Answer::ok("", rss(&[Item::new("bare", "SCO bare")]))
}

fn fresh(ask: &Ask<'_>) -> Answer {
    let life = ask.scale.seconds(3.0);
    let more = format!("Cache-Control: public, max-age={life}\r\n");
    tagged(ask, b"\"f\"", &more, entries("fresh", 0))
}

fn expires(ask: &Ask<'_>) -> Answer {
    let now = SystemTime::now();
    let life = Duration::from_secs(ask.scale.seconds(2.0));
    let more = format!(
        "Date: {}\r\nExpires: {}\r\n",
        httpdate::fmt_http_date(now),
        httpdate::fmt_http_date(now + life)
    );
    tagged(ask, b"\"e\"", &more, entries("expires", 0))
}

/// Is overloaded for a while in the morning.
fn busy(ask: &Ask<'_>) -> Answer {
    if (3.0..7.0).contains(&ask.hour) {
        let wait = ask.scale.seconds(4.0);
        return Answer::new("429 Too Many Requests", format!("Retry-After: {wait}\r\n"));
    }
    tagged(ask, b"\"b\"", "", entries("busy", 0))
}

/// Is under repair, and says until when.
fn down(ask: &Ask<'_>) -> Answer {
    if (10.0..14.0).contains(&ask.hour) {
        // The date has no parts of seconds: one more, so that it is not in the past already.
        let wait = Duration::from_secs(ask.scale.seconds(3.0) + 1);
        let until = httpdate::fmt_http_date(SystemTime::now() + wait);
        return Answer::new(
            "503 Service Unavailable",
            format!("Retry-After: {until}\r\n"),
        );
    }
    tagged(ask, b"\"d\"", "", entries("down", 0))
}

fn gone(ask: &Ask<'_>) -> Answer {
    if ask.hour > 8.0 {
        return Answer::new("410 Gone", "");
    }
    tagged(ask, b"\"g\"", "", entries("gone", 0))
}

fn moved(ask: &Ask<'_>) -> Answer {
    if ask.path == "/old" {
        return Answer::new("301 Moved Permanently", "Location: /new\r\n");
    }
    tagged(ask, b"\"m\"", "", entries("moved", 0))
}

fn detour(ask: &Ask<'_>) -> Answer {
    if ask.path == "/feed" {
        return Answer::new("302 Found", "Location: /today\r\n");
    }
    tagged(ask, b"\"t\"", "", entries("detour", 0))
}

/// Fails all morning.
fn broken(ask: &Ask<'_>) -> Answer {
    if ask.hour < 10.0 {
        return Answer::new("500 Internal Server Error", "");
    }
    tagged(ask, b"\"r\"", "", entries("broken", 0))
}

/// Asks in the document for three hours; RSS has minutes, so only a slow day can hold it.
fn ttl(ask: &Ask<'_>) -> Answer {
    let minutes = ask.scale.of(3.0).as_secs() / 60;
    let ttl = format!("<channel><ttl>{minutes}</ttl>");
    let body = entries("ttl", 0).replacen("<channel>", &ttl, 1);
    tagged(ask, b"\"l\"", "", body)
}

/// Publishes every four hours, and sends only what is new to who can take it.
fn delta(ask: &Ask<'_>) -> Answer {
    let n = whole(ask.hour / 4.0);
    let tag = format!("\"d{n}\"");
    let asked = header(ask.head, "if-none-match").unwrap_or_default();
    let takes = header(ask.head, "a-im").is_some_and(|im| im == b"feed");
    let known = std::str::from_utf8(asked).ok().and_then(|tag| {
        tag.strip_prefix("\"d")?
            .strip_suffix('"')?
            .parse::<u32>()
            .ok()
    });
    if let Some(known) = known.filter(|known| takes && *known < n) {
        let items: Vec<Item> = (known + 1..=n)
            .rev()
            .map(|k| Item::new(&format!("delta-{k}"), &format!("SCO delta {k}")))
            .collect();
        let headers = format!("ETag: {tag}\r\nIM: feed\r\n");
        return Answer {
            status: "226 IM Used",
            ..Answer::ok(headers, rss(&items))
        };
    }
    tagged(ask, tag.as_bytes(), "", entries("delta", n))
}

fn sticky(ask: &Ask<'_>) -> Answer {
    tagged(
        ask,
        b"\"s\"",
        "Set-Cookie: id=1; Path=/\r\n",
        entries("sticky", 0),
    )
}

/// Is there to be polled evenly, whatever the slow host does.
fn even(ask: &Ask<'_>) -> Answer {
    tagged(ask, b"\"n\"", "", entries("even", 0))
}

/// One host with many feeds that takes its time.
fn slow(ask: &Ask<'_>) -> Answer {
    let tag = format!("\"{}\"", ask.path);
    Answer {
        after: ask.scale.of(0.02),
        ..tagged(ask, tag.as_bytes(), "", entries("slow", 0))
    }
}
