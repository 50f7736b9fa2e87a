//! The world around the daemon: one clock, the publishers, the receivers and the hub, and what each of
//! them may expect of who asks.
//!
//! Requests are judged at the moment at which the daemon makes them. What breaks a rule is written down
//! and ends the run.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use fastrand::Rng;
use hyper::body::Frame;
use mentiond::world::{Answering, World};
use reqwest::{Request, Response};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::disk::disk;
use crate::hub::{Hub, Verify};
use crate::publisher::{Answer, Publisher, Trace};
use crate::receiver::{self, Receiver};
use crate::vfs::NOW_MS;

/// The bounds that the configuration sets.
pub const FLOOR_MS: i64 = 300_000;
pub const MAX_MS: i64 = 3_600_000;
pub const PER_HOST: usize = 2;
pub const CONCURRENCY: usize = 4;
pub const HOST_PAUSE_MS: i64 = 500;

/// Clocks here show whole milliseconds.
const SLACK_MS: i64 = 2;

/// How much later than begun a poll may send its request: it reads what is known of the feed first.
const READ_MS: i64 = 150;

/// See the head of this file.
pub struct Town {
    state: Mutex<State>,
    /// Told when the machine has died in the middle of an operation, or a rule is broken.
    pub over: Arc<Notify>,
    /// Whether each step is told.
    pub told: bool,
}

pub struct State {
    pub rng: Rng,
    /// The world's own time when this life began, and since when it runs.
    life_began_ms: i64,
    clock: Option<Instant>,
    /// By how much the machine's clock is wrong.
    pub wrong_ms: i64,
    /// By how much it was set back, all told.
    pub set_back_ms: u64,
    /// When it was set, in the world's own time.
    pub jumps: Vec<i64>,
    /// Counts the daemon's lives.
    pub life: u32,
    pub publishers: Vec<Publisher>,
    pub traces: BTreeMap<String, Trace>,
    /// Of each host: when it was last asked, and requests under way.
    hosts: BTreeMap<String, (i64, usize)>,
    open: usize,
    /// The disk's troubles when certainties were last written down.
    troubles: u64,
    pub receivers: Vec<Receiver>,
    pub hub: Hub,
    routes: Option<Router>,
    /// What broke a rule.
    pub wrong: Vec<String>,
    /// Requests so far.
    pub requests: u64,
    pub pushes: u64,
}

/// Who answers a request.
enum Whom {
    Publisher(usize, String),
    Receiver(usize),
    Hub,
}

impl Town {
    pub fn new(mut rng: Rng, told: bool) -> Arc<Self> {
        let hosts = rng.usize(2..5);
        let feeds = rng.usize(3..8);
        let publishers = (0..feeds)
            .map(|n| Publisher::new(n, hosts, &mut rng))
            .collect();
        Arc::new(Self {
            state: Mutex::new(State {
                rng,
                life_began_ms: 1_700_000_000_000,
                clock: None,
                wrong_ms: 0,
                set_back_ms: 0,
                jumps: Vec::new(),
                life: 0,
                publishers,
                traces: BTreeMap::new(),
                hosts: BTreeMap::new(),
                open: 0,
                troubles: 0,
                receivers: vec![Receiver::new("alpha", 3), Receiver::new("beta", 1)],
                hub: Hub::default(),
                routes: None,
                wrong: Vec::new(),
                requests: 0,
                pushes: 0,
            }),
            over: Arc::default(),
            told,
        })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A life of the daemon begins, on a runtime with a clock of its own.
    pub fn begin_life(&self) {
        let mut state = self.state();
        state.life += 1;
        state.clock = Some(Instant::now());
    }

    /// Time stands still until the next life.
    pub fn stop_clock(&self) {
        let mut state = self.state();
        state.life_began_ms = state.time_ms();
        state.clock = None;
    }

    /// It has ended; nobody serves anything.
    pub fn end_life(&self, crashed: bool) {
        let routes = self.state().routes.take();
        // They hold a part of the daemon, which asks for the time as it ends.
        drop(routes);
        let mut state = self.state();
        // The pause between two requests to a host is a matter of one life.
        state.hosts.values_mut().for_each(|(asked, _)| *asked = 0);
        if crashed {
            state.traces.values_mut().for_each(Trace::doubt);
        }
    }

    /// Writes down what broke a rule.
    pub fn wrong(&self, what: String) {
        self.tell(|| format!("WRONG: {what}"));
        self.state().wrong.push(what);
        self.over.notify_one();
    }

    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.told {
            let what = what();
            let state = self.state();
            let seconds = (state.time_ms() - 1_700_000_000_000) as f64 / 1000.0;
            println!("{seconds:12.3} [{}] {what}", state.life);
        }
    }

    /// Pushes what a feed has published, rightly signed or not.
    pub async fn push(self: Arc<Self>, feed: usize, forged: bool) {
        let (url, body, pushes, routes) = {
            let state = self.state();
            let publisher = &state.publishers[feed];
            let (url, body) = (publisher.url(), publisher.document());
            let pushes = state.hub.pushes(&url, &body);
            (url, body, pushes, state.routes.clone())
        };
        for (path, signature) in pushes {
            let signature = if forged {
                "sha256=00".to_owned()
            } else {
                signature
            };
            self.state().pushes += 1;
            let request = axum::http::Request::post(path)
                .header("host", "mentiond.example")
                .header("content-type", "application/rss+xml")
                .header("x-hub-signature", signature)
                .header("link", format!("<{url}>; rel=\"self\""))
                .body(axum::body::Body::from(body.clone()))
                .expect("a request");
            let status = call(routes.clone(), request)
                .await
                .map(|(status, _)| status);
            self.tell(|| format!("hub pushes {url} (forged: {forged}): {status:?}"));
        }
    }

    async fn verify(self: Arc<Self>, question: Verify) {
        let Verify {
            path,
            query,
            callback,
            is_end,
        } = question;
        let wait = Duration::from_millis(self.state().rng.u64(1..5000));
        sleep(wait).await;
        let routes = self.state().routes.clone();
        let request = axum::http::Request::get(format!("{path}?{query}"))
            .header("host", "mentiond.example")
            .body(axum::body::Body::empty())
            .expect("a request");
        let answer = call(routes, request).await;
        let confirmed = answer
            .as_ref()
            .is_some_and(|(status, body)| *status == 200 && body.as_ref() == b"chosen-by-the-hub");
        self.tell(|| format!("hub verifies (end: {is_end}): {confirmed}"));
        self.state().hub.verified(&callback, confirmed, is_end);
    }
}

/// Asks the daemon, if it serves anything.
async fn call(
    routes: Option<Router>,
    request: axum::http::Request<axum::body::Body>,
) -> Option<(u16, Bytes)> {
    use tower_service::Service as _;
    let response = routes?.call(request).await.ok()?;
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
    Some((status, body.ok()?))
}

impl State {
    /// The world's own time, which never jumps.
    pub fn time_ms(&self) -> i64 {
        let since = self.clock.map(|began| began.elapsed()).unwrap_or_default();
        self.life_began_ms + i64::try_from(since.as_millis()).expect("a short life")
    }

    /// What the machine's clock shows.
    pub fn clock_ms(&self) -> i64 {
        self.time_ms() + self.wrong_ms
    }

    /// Sets the machine's clock.
    pub fn jump(&mut self, by_ms: i64) {
        self.wrong_ms += by_ms;
        self.set_back_ms += by_ms.min(0).unsigned_abs();
        let now = self.time_ms();
        self.jumps.push(now);
    }

    fn jumped_since(&self, time_ms: i64) -> bool {
        self.jumps.iter().any(|jump| *jump >= time_ms)
    }

    fn whom(&self, request: &Request) -> Option<Whom> {
        let url = request.url();
        let host = url.host_str()?;
        if host == "hub.example" {
            return Some(Whom::Hub);
        }
        let receiver = |r: &Receiver| host == format!("{}.example", r.id);
        if let Some(receiver) = self.receivers.iter().position(receiver) {
            return Some(Whom::Receiver(receiver));
        }
        let path = url.path();
        let asked = |p: &Publisher| p.host == host && path[1..].split('/').next() == Some(&p.id);
        let publisher = self.publishers.iter().position(asked)?;
        Some(Whom::Publisher(publisher, path.to_owned()))
    }

    /// Judges a request to a publisher.
    fn judge(&mut self, publisher: usize, path: &str, request: &Request) -> Vec<String> {
        let now = self.time_ms();
        let mut wrong = Vec::new();
        // A trouble of the disk may have kept the daemon from recording what it was told.
        let troubles = disk().troubles;
        if troubles != self.troubles {
            self.troubles = troubles;
            self.traces.values_mut().for_each(Trace::doubt);
        }
        let trace = self.traces.entry(path.to_owned()).or_default();
        let led = path.ends_with("/moved");
        let since = trace.asked_ms.map(|asked| (now - asked, asked));
        let (patience, fresh) = (trace.patience_ms, trace.fresh_ms);
        if let Some((since, asked)) = since
            && !led
            && !self.jumps.iter().any(|jump| *jump >= asked)
        {
            if since + SLACK_MS < FLOOR_MS {
                wrong.push(format!("{path}: asked again after {since} ms"));
            }
            if let Some(patience) = patience
                && now + SLACK_MS < patience
            {
                wrong.push(format!("{path}: {} ms before Retry-After", patience - now));
            }
            if let Some(fresh) = fresh
                && now + SLACK_MS < fresh
            {
                wrong.push(format!(
                    "{path}: its answer is fresh for {} ms",
                    fresh - now
                ));
            }
        }
        if trace.gone {
            wrong.push(format!("{path}: asked after 410"));
        }
        let tag = request.headers().get("if-none-match");
        let tag = tag.map(|tag| tag.to_str().unwrap_or("unreadable").to_owned());
        if let Some(tag) = &tag
            && !trace.given.contains(tag)
        {
            wrong.push(format!("{path}: the tag {tag} was never given there"));
        }
        if let Some(certain) = &trace.certain
            && *certain != tag
        {
            wrong.push(format!("{path}: the tag is {tag:?}, not {certain:?}"));
        }
        trace.asked_ms = Some(now);
        trace.doubt();
        let asked = &self.publishers[publisher];
        let host = asked.host.clone();
        // One that was led here asks in the name under which it set out.
        if !led {
            trace.asked_as.clone_from(&asked.configured);
        } else if let Some(first) = self.traces.get(&format!("/{}", asked.id)) {
            let name = first.asked_as.clone();
            self.traces.entry(path.to_owned()).or_default().asked_as = name;
        }
        let (asked, open) = self.hosts.entry(host.clone()).or_insert((0, 0));
        if *open >= PER_HOST {
            wrong.push(format!("{host}: {open} requests are open already"));
        }
        let last = *asked;
        if !led {
            *asked = now;
        }
        if !led && now - last + SLACK_MS + READ_MS < HOST_PAUSE_MS && !self.jumped_since(last) {
            wrong.push(format!("{host}: asked again after {} ms", now - last));
        }
        if self.open >= CONCURRENCY {
            wrong.push(format!("{} requests are open already", self.open));
        }
        wrong
    }

    /// The daemon has heard a publisher's whole answer.
    fn heard(&mut self, path: &str, answer: &Heard) {
        let now = self.time_ms();
        let led = path.ends_with("/moved");
        let id = path.split('/').nth(1).unwrap_or_default();
        let watched = self.publishers.iter().find(|p| p.id == id);
        let watched = watched.and_then(|p| p.configured.clone());
        // The validators of one address, or none, take the place of those of the other.
        if answer.status == 200 {
            let other = if led {
                format!("/{id}")
            } else {
                format!("/{id}/moved")
            };
            if let Some(other) = self.traces.get_mut(&other) {
                other.certain = None;
            }
        }
        let trace = self.traces.entry(path.to_owned()).or_default();
        // A poll under another id than the present one is not known to have been recorded under that.
        let is_known = trace.asked_as == watched;
        let Heard {
            status,
            tag,
            patience,
            fresh,
            is_feed,
        } = answer;
        match status {
            200 if *is_feed => {
                trace.given.extend(tag.clone());
                trace.certain = is_known.then(|| tag.clone());
            }
            304 => trace.certain = None,
            410 => trace.gone = !led && is_known,
            _ => {}
        }
        if !led && is_known {
            trace.patience_ms = patience.map(|seconds| now + seconds * 1000);
            trace.fresh_ms = fresh.map(|seconds| now + (seconds * 1000).min(MAX_MS));
        }
    }
}

/// What the daemon learns from an answer.
struct Heard {
    status: u16,
    tag: Option<String>,
    patience: Option<i64>,
    fresh: Option<i64>,
    is_feed: bool,
}

impl Heard {
    fn of(answer: &Answer) -> Self {
        let header = |name: &str| {
            let found = answer.headers.iter().find(|(header, _)| *header == name);
            found.map(|(_, value)| value.clone())
        };
        let number = |text: String| text.trim_start_matches("max-age=").parse().ok();
        Self {
            status: answer.status,
            tag: header("etag"),
            patience: header("retry-after").and_then(number),
            fresh: header("cache-control").and_then(number),
            is_feed: answer.body.starts_with(b"<?xml"),
        }
    }
}

/// A request under way; it is over when this is dropped.
struct Open {
    town: Arc<Town>,
    host: Option<String>,
    receiver: Option<usize>,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.town.state();
        if let Some(host) = &self.host {
            state.open -= 1;
            state.hosts.entry(host.clone()).or_default().1 -= 1;
        }
        if let Some(receiver) = self.receiver {
            state.receivers[receiver].open -= 1;
        }
    }
}

/// A body on its way.
struct Stream {
    parts: VecDeque<io::Result<Bytes>>,
    /// What is done when all of it has arrived.
    arrived: Option<Box<dyn FnOnce() + Send + Sync>>,
    _open: Open,
}

impl hyper::body::Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let part = self.parts.pop_front();
        if part.is_none()
            && let Some(arrived) = self.arrived.take()
        {
            arrived();
        }
        Poll::Ready(part.map(|part| part.map(Frame::data)))
    }
}

fn response(status: u16, headers: &[(&'static str, String)], body: reqwest::Body) -> Response {
    let mut response = axum::http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(body).expect("a response").into()
}

/// An error as the HTTP client would have it.
async fn broken(kind: io::ErrorKind) -> reqwest::Error {
    struct Never(io::ErrorKind);
    impl hyper::body::Body for Never {
        type Data = Bytes;
        type Error = io::Error;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            Poll::Ready(Some(Err(self.0.into())))
        }
    }
    let never = response(200, &[], reqwest::Body::wrap(Never(kind)));
    never.bytes().await.expect_err("the body never comes")
}

/// The town, as the daemon's thread sees it.
pub struct Around(pub Arc<Town>);

impl World for Around {
    fn now(&self) -> SystemTime {
        let ms = self.0.state().clock_ms();
        NOW_MS.store(ms, std::sync::atomic::Ordering::Relaxed);
        UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or_default())
    }

    fn pause(&self) -> Duration {
        let mut state = self.0.state();
        match state.rng.u8(..8) {
            0 => Duration::from_millis(state.rng.u64(1..50)),
            1..4 => Duration::from_millis(1),
            _ => Duration::ZERO,
        }
    }

    fn send(&self, request: Request) -> Answering {
        let town = Arc::clone(&self.0);
        let within = request.timeout().copied();
        let answering = async move { town.answer(request).await };
        Box::pin(async move {
            match within {
                Some(within) => match timeout(within, answering).await {
                    Ok(answer) => answer,
                    Err(_) => Err(broken(io::ErrorKind::TimedOut).await),
                },
                None => answering.await,
            }
        })
    }

    fn open(&self, routes: Router) {
        self.0.state().routes = Some(routes);
    }
}

impl Town {
    async fn answer(self: Arc<Self>, request: Request) -> Result<Response, reqwest::Error> {
        if disk().is_dead() {
            std::future::pending::<()>().await;
        }
        let (whom, way) = {
            let mut state = self.state();
            state.requests += 1;
            let whom = state.whom(&request);
            (whom, Duration::from_millis(state.rng.u64(1..200)))
        };
        match whom {
            Some(Whom::Publisher(publisher, path)) => {
                self.ask_publisher(publisher, path, request, way).await
            }
            Some(Whom::Receiver(receiver)) => self.ask_receiver(receiver, request, way).await,
            Some(Whom::Hub) => {
                sleep(way).await;
                let form = request.body().and_then(reqwest::Body::as_bytes);
                let next = self.state().hub.asked(form.unwrap_or_default());
                let lazy = self.state().rng.u8(..4) == 0;
                self.tell(|| format!("hub is asked: {next:?} (lazy: {lazy})"));
                match next {
                    Some(next) if !lazy => {
                        tokio::spawn(self.verify(next));
                    }
                    Some(_) => {}
                    None => self.wrong("the hub was asked nonsense".to_owned()),
                }
                Ok(response(202, &[], reqwest::Body::default()))
            }
            None => {
                let url = request.url().clone();
                self.wrong(format!("{url} was asked, which nobody named"));
                Err(broken(io::ErrorKind::ConnectionRefused).await)
            }
        }
    }

    async fn ask_publisher(
        self: Arc<Self>,
        publisher: usize,
        path: String,
        request: Request,
        way: Duration,
    ) -> Result<Response, reqwest::Error> {
        let wrong = self.state().judge(publisher, &path, &request);
        for wrong in wrong {
            self.wrong(wrong);
        }
        let open = {
            let mut state = self.state();
            let host = state.publishers[publisher].host.clone();
            state.open += 1;
            state.hosts.entry(host.clone()).or_default().1 += 1;
            Open {
                town: Arc::clone(&self),
                host: Some(host),
                receiver: None,
            }
        };
        sleep(way).await;
        let answer = {
            let state = &mut *self.state();
            let rng = &mut state.rng;
            state.publishers[publisher].answer(&path, request.headers(), rng)
        };
        self.tell(|| format!("{path} answers {} {:?}", answer.status, answer.headers));
        match answer.after {
            Some(after) => sleep(after + way).await,
            None => std::future::pending().await,
        }
        let heard = Heard::of(&answer);
        let mut parts: VecDeque<io::Result<Bytes>> = VecDeque::new();
        match answer.breaks {
            Some(at) => {
                parts.push_back(Ok(Bytes::from(answer.body[..at].to_vec())));
                parts.push_back(Err(io::ErrorKind::ConnectionReset.into()));
            }
            None => parts.push_back(Ok(Bytes::from(answer.body))),
        }
        let town = Arc::clone(&self);
        let arrived = Box::new(move || town.state().heard(&path, &heard));
        // Of such an answer the body is not waited for.
        let arrived: Option<Box<dyn FnOnce() + Send + Sync>> = if answer.status == 200 {
            Some(arrived)
        } else {
            arrived();
            None
        };
        let body = Stream {
            parts,
            arrived,
            _open: open,
        };
        let body = reqwest::Body::wrap(body);
        Ok(response(answer.status, &answer.headers, body))
    }

    async fn ask_receiver(
        self: Arc<Self>,
        number: usize,
        request: Request,
        way: Duration,
    ) -> Result<Response, reqwest::Error> {
        let (mood, wrong) = {
            let mut state = self.state();
            let receiver = &mut state.receivers[number];
            receiver.open += 1;
            let crowded = receiver.open > receiver.most;
            let wrong = crowded.then(|| format!("{}: {} at a time", receiver.id, receiver.open));
            (receiver.mood, wrong)
        };
        let _open = Open {
            town: Arc::clone(&self),
            host: None,
            receiver: Some(number),
        };
        if let Some(wrong) = wrong {
            self.wrong(wrong);
        }
        sleep(way).await;
        match mood {
            receiver::Mood::Status(status) => {
                return Ok(response(status, &[], reqwest::Body::default()));
            }
            receiver::Mood::Patience(seconds) => {
                let headers = [("retry-after", seconds.to_string())];
                return Ok(response(429, &headers, reqwest::Body::default()));
            }
            receiver::Mood::Silent => std::future::pending().await,
            receiver::Mood::Slow(seconds) => sleep(Duration::from_secs(seconds)).await,
            receiver::Mood::Well | receiver::Mood::Mute => {}
        }
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let taken = {
            let state = &mut *self.state();
            let life = state.life;
            state.receivers[number].take(body.unwrap_or_default(), life)
        };
        let place = match taken {
            Ok((place, None)) => place,
            Ok((place, Some(wrong))) => {
                self.wrong(wrong);
                place
            }
            Err(wrong) => {
                self.wrong(wrong);
                return Ok(response(400, &[], reqwest::Body::default()));
            }
        };
        self.tell(|| {
            let state = self.state();
            let receiver = &state.receivers[number];
            let text = format!("{} gets {:?}, {mood:?}", receiver.id, receiver.got[place]);
            drop(state);
            text
        });
        if mood == receiver::Mood::Mute {
            return Err(broken(io::ErrorKind::ConnectionReset).await);
        }
        sleep(way).await;
        self.state().receivers[number].got[place].heard = true;
        Ok(response(204, &[], reqwest::Body::default()))
    }
}
