//! Hundreds of hosts with feeds, which keep an account of who asks, and judge it at once.
//!
//! All are one server: every address below 127 is a host of its own. Answers leave together at ticks, so that
//! several workers hold documents with the same news at the same moment; a feed in five is slow and lets some
//! ticks pass.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use fastrand::Rng;
use tokio::sync::watch;

use crate::journal::Journal;
use crate::receiver::Alert;
use crate::runtime;
use crate::stories::{Kind, Story, document, noise};
use crate::worker::by_user_agent;

/// The bounds that the configuration sets.
pub const PER_HOST: usize = 2;
pub const HOST_PAUSE: Duration = Duration::from_millis(400);

/// How much less than the floor may lie between two requests here: both clocks are of this machine, and a floor
/// is counted from an answer.
const FLOOR_SLACK: Duration = Duration::from_millis(50);
/// How much less than the pause: the 150 ms that docs/reliability.md grants for reading what is known of a feed,
/// and as much as for the floor.
const PAUSE_SLACK: Duration = Duration::from_millis(200);
/// So many requests to a host are held to their pauses together, with that slack once.
const SPAN: usize = 8;

const TICK: Duration = Duration::from_millis(250);
/// How many ticks an answer of a slow feed waits for.
const SLOW: u64 = 5;

/// One request, as it was seen.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    pub feed: usize,
    pub worker: u8,
    pub came: Instant,
    /// The tick with which its answer leaves.
    leaves: u64,
}

#[derive(Debug)]
struct Feed {
    host: usize,
    entries: Vec<String>,
    last: Option<Visit>,
    /// The newest version that somebody has said to have: it is recorded.
    recorded: Option<usize>,
}

#[derive(Debug, Default)]
struct Host {
    feeds: usize,
    open: usize,
    starts: VecDeque<Instant>,
}

/// The least and most that was seen, for people.
#[derive(Debug, Default)]
struct Extremes {
    floor: Option<Duration>,
    pause: Option<Duration>,
    open: usize,
    /// How late this process came to a tick.
    late: Duration,
}

struct Account {
    journal: Journal,
    rng: Rng,
    floor: Duration,
    feeds: Vec<Feed>,
    hosts: Vec<Host>,
    visits: Vec<Visit>,
    under_way: BTreeMap<usize, Visit>,
    tick: u64,
    /// Stories a tick, and what is left of them.
    rate: f64,
    credit: f64,
    stories: usize,
    expected: BTreeMap<Alert, Kind>,
    extremes: Extremes,
}

/// See the head of this file.
pub struct Press {
    port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    account: Mutex<Account>,
    ticks: watch::Sender<u64>,
}

impl Inner {
    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap()
    }
}

impl Press {
    /// Feeds on hosts of `per_host` feeds each, but for the first host, which has `big`.
    pub fn start(
        journal: Journal,
        rng: Rng,
        floor: Duration,
        feeds: usize,
        per_host: usize,
        big: usize,
    ) -> Self {
        let mut hosts: Vec<Host> = Vec::new();
        let feeds = (0..feeds)
            .map(|n| {
                let host = if n < big { 0 } else { 1 + (n - big) / per_host };
                hosts.resize_with(hosts.len().max(host + 1), Host::default);
                hosts[host].feeds += 1;
                Feed {
                    host,
                    entries: Vec::new(),
                    last: None,
                    recorded: None,
                }
            })
            .collect();
        let inner = Arc::new(Inner {
            account: Mutex::new(Account {
                journal,
                rng,
                floor,
                feeds,
                hosts,
                visits: Vec::new(),
                under_way: BTreeMap::new(),
                tick: 0,
                rate: 0.0,
                credit: 0.0,
                stories: 0,
                expected: BTreeMap::new(),
                extremes: Extremes::default(),
            }),
            ticks: watch::channel(0).0,
        });
        let listener = runtime()
            .block_on(tokio::net::TcpListener::bind("0.0.0.0:0"))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new().fallback(serve).with_state(inner.clone());
        runtime().spawn(async move { axum::serve(listener, app).await });
        let ticking = Arc::downgrade(&inner);
        runtime().spawn(async move {
            let mut clock = tokio::time::interval(TICK);
            loop {
                let due = clock.tick().await;
                let Some(inner) = ticking.upgrade() else {
                    return;
                };
                let tick = inner.account().tick(due.elapsed());
                inner.ticks.send_replace(tick);
            }
        });
        Self { port, inner }
    }

    /// `[[feed]]` tables of all feeds.
    pub fn tables(&self) -> String {
        let account = self.inner.account();
        let feeds = account.feeds.iter().enumerate();
        let tables = feeds.map(|(n, feed)| {
            format!(
                "[[feed]]\nid = \"f{n}\"\nurl = \"http://{}:{}/{n}\"\nlanguage = \"en\"\n\
                 allow_private_addresses = true\n",
                address(feed.host),
                self.port,
            )
        });
        tables.collect()
    }

    /// Where a feed is served.
    pub fn address(&self, feed: usize) -> String {
        format!("{}:{}", address(self.host(feed)), self.port)
    }

    /// From now on so many stories are published in a second.
    pub fn publish(&self, a_second: f64) {
        self.inner.account().rate = a_second * TICK.as_secs_f64();
    }

    /// Publishes a story in this feed alone.
    pub fn publish_in(&self, feed: usize) {
        let mut account = self.inner.account();
        account.story(Kind::Own, &[feed]);
    }

    /// The alerts that must come.
    pub fn expected(&self) -> BTreeMap<Alert, Kind> {
        self.inner.account().expected.clone()
    }

    /// How many feeds there are.
    pub fn feeds(&self) -> usize {
        self.inner.account().feeds.len()
    }

    /// The host of a feed.
    pub fn host(&self, feed: usize) -> usize {
        self.inner.account().feeds[feed].host
    }

    /// All requests, in the order in which they came.
    pub fn visits(&self) -> Vec<Visit> {
        self.inner.account().visits.clone()
    }

    /// The last request for each feed.
    pub fn last(&self) -> Vec<Option<Visit>> {
        let account = self.inner.account();
        account.feeds.iter().map(|feed| feed.last).collect()
    }

    /// Requests of a worker that are not answered yet.
    pub fn under_way(&self, worker: u8) -> Vec<Visit> {
        let account = self.inner.account();
        let mut visits: Vec<_> = account.under_way.values().copied().collect();
        visits.retain(|visit| visit.worker == worker);
        visits
    }

    /// Feeds whose last version is not known to be recorded.
    pub fn unrecorded(&self) -> Vec<usize> {
        let account = self.inner.account();
        let feeds = account.feeds.iter().enumerate();
        feeds
            .filter(|(_, feed)| feed.recorded != Some(feed.entries.len()))
            .map(|(n, _)| n)
            .collect()
    }

    /// What was seen, in words.
    pub fn summary(&self) -> String {
        let account = self.inner.account();
        let mut by: BTreeMap<u8, usize> = BTreeMap::new();
        for visit in &account.visits {
            *by.entry(visit.worker).or_default() += 1;
        }
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in account.expected.values() {
            *kinds.entry(*kind).or_default() += 1;
        }
        format!(
            "{} feeds on {} hosts, requests by worker {by:?}; {} stories, alerts to come {kinds:?}; \
             least time between two requests of a feed {:?} (floor {:?}), of a host {:?} (pause {:?}), \
             most at a time on a host {}; this process was late by {:.0?} at most",
            account.feeds.len(),
            account.hosts.len(),
            account.stories,
            account.extremes.floor,
            account.floor,
            account.extremes.pause,
            HOST_PAUSE,
            account.extremes.open,
            account.extremes.late,
        )
    }
}

fn address(host: usize) -> String {
    // 127.0 is left to the tests' other servers.
    let [_, a, b, c] = u32::try_from(host + (1 << 16) + 1).unwrap().to_be_bytes();
    format!("127.{a}.{b}.{c}")
}

impl Account {
    /// Goes on to the next tick, with news in the documents that leave with it.
    fn tick(&mut self, late: Duration) -> u64 {
        self.extremes.late = self.extremes.late.max(late);
        self.tick += 1;
        self.credit += self.rate;
        while self.credit >= 1.0 {
            self.credit -= 1.0;
            self.publish();
        }
        self.tick
    }

    fn publish(&mut self) {
        let any = self.rng.usize(..self.feeds.len());
        match self.rng.u8(..8) {
            0..4 => self.story(Kind::Own, &[any]),
            4 => {
                let (number, feed) = (self.stories, &mut self.feeds[any]);
                feed.entries.push(noise(number, any, &mut self.rng));
            }
            5 => {
                let feeds = self.met();
                self.story(Kind::Shared, &feeds);
            }
            _ => {
                let feeds = self.met();
                self.story(Kind::Alike, &feeds);
            }
        }
    }

    fn story(&mut self, kind: Kind, feeds: &[usize]) {
        self.stories += 1;
        let story = Story::new(self.stories, kind, &mut self.rng);
        for &feed in feeds {
            self.feeds[feed].entries.push(story.entry(feed));
        }
        for topic in &story.topics {
            let alert = ((*topic).to_owned(), story.mark.clone());
            self.expected.insert(alert, kind);
        }
    }

    /// Two or three feeds that take the same news home: by different workers, if that can be.
    fn met(&mut self) -> Vec<usize> {
        let now = self.tick;
        let mut leaving: Vec<Visit> = self.under_way.values().copied().collect();
        leaving.retain(|visit| visit.leaves == now);
        self.rng.shuffle(&mut leaving);
        let mut feeds: Vec<usize> = Vec::new();
        if let Some(first) = leaving.first().copied() {
            // Those of other workers come first.
            leaving.sort_by_key(|visit| visit.worker == first.worker);
            feeds.push(first.feed);
        }
        let many = self.rng.usize(2..4);
        let leaving = leaving.iter().map(|visit| visit.feed);
        let others = std::iter::repeat_with(|| self.rng.usize(..self.feeds.len()));
        for feed in leaving.chain(others) {
            if feeds.len() >= many.min(self.feeds.len()) {
                break;
            }
            if !feeds.contains(&feed) {
                feeds.push(feed);
            }
        }
        feeds
    }

    /// Judges a request and writes it down; returns its number and the tick with which its answer leaves.
    fn arrive(&mut self, feed: usize, worker: u8, has: Option<usize>) -> (usize, u64) {
        let now = Instant::now();
        let asked = &mut self.feeds[feed];
        let host = &mut self.hosts[asked.host];
        let who = format!("f{feed} on {} by w{worker}", address(asked.host));
        if let Some(last) = asked.last {
            let gap = now - last.came;
            self.extremes.floor = Some(self.extremes.floor.map_or(gap, |least| least.min(gap)));
            if gap + FLOOR_SLACK < self.floor {
                self.journal.wrong(format!(
                    "floor: {who}, {gap:.3?} after w{}, is within {:?}",
                    last.worker, self.floor
                ));
            }
        }
        if has < asked.recorded {
            self.journal.wrong(format!(
                "record: {who} has version {has:?}, but {:?} was recorded before",
                asked.recorded
            ));
        }
        asked.recorded = asked.recorded.max(has);
        host.open += 1;
        self.extremes.open = self.extremes.open.max(host.open);
        if host.open > PER_HOST {
            let beside: Vec<_> = self
                .under_way
                .values()
                .filter(|visit| self.feeds[visit.feed].host == self.feeds[feed].host)
                .map(|visit| {
                    format!(
                        "f{} by w{} for {:.3?}",
                        visit.feed,
                        visit.worker,
                        now - visit.came
                    )
                })
                .collect();
            self.journal.wrong(format!(
                "per host: {who} is one of {}, beside {}",
                host.open,
                beside.join(", ")
            ));
        }
        if let Some(last) = host.starts.back() {
            let gap = now - *last;
            self.extremes.pause = Some(self.extremes.pause.map_or(gap, |least| least.min(gap)));
            if gap + PAUSE_SLACK < HOST_PAUSE {
                self.journal.wrong(format!(
                    "pause: {who} comes {gap:.3?} after the request before it"
                ));
            }
        }
        host.starts.push_back(now);
        if host.starts.len() > SPAN {
            let first = host.starts.pop_front().unwrap();
            let took = now - first;
            let least = HOST_PAUSE * u32::try_from(SPAN).unwrap();
            if took + PAUSE_SLACK < least {
                self.journal
                    .wrong(format!("pause: {who}, {SPAN} pauses in {took:.3?}"));
            }
        }
        let visit = Visit {
            feed,
            worker,
            came: now,
            leaves: self.tick + if feed.is_multiple_of(5) { SLOW } else { 1 },
        };
        self.feeds[feed].last = Some(visit);
        self.visits.push(visit);
        self.under_way.insert(self.visits.len(), visit);
        (self.visits.len(), visit.leaves)
    }
}

/// Notes the end of a request, also when the client hangs up.
struct UnderWay(Arc<Inner>, usize);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut account = self.0.account();
        let visit = account.under_way.remove(&self.1).unwrap();
        let host = account.feeds[visit.feed].host;
        account.hosts[host].open -= 1;
    }
}

async fn serve(State(inner): State<Arc<Inner>>, uri: Uri, asking: HeaderMap) -> Response {
    let header = |name: &str| asking.get(name)?.to_str().ok();
    let worker = header("user-agent").and_then(by_user_agent);
    let feed: Option<usize> = uri.path()[1..].parse().ok();
    let (Some(worker), Some(feed)) = (worker, feed) else {
        let what = format!("request: {uri} {asking:?}");
        inner.account().journal.wrong(what);
        return StatusCode::NOT_FOUND.into_response();
    };
    let has = header("if-none-match").and_then(|tag| tag.trim_matches('"').parse().ok());
    let (number, leaves) = inner.account().arrive(feed, worker, has);
    let under_way = UnderWay(inner.clone(), number);
    let mut ticks = inner.ticks.subscribe();
    // The sender lives as long as `inner`.
    let _ = ticks.wait_for(|tick| *tick >= leaves).await;
    let (version, body) = {
        let account = inner.account();
        let entries = &account.feeds[feed].entries;
        let body = (has != Some(entries.len())).then(|| document(entries));
        (entries.len(), body)
    };
    drop(under_way);
    let mut headers = HeaderMap::new();
    headers.insert("etag", format!("\"{version}\"").parse().unwrap());
    match body {
        Some(body) => {
            headers.insert("content-type", "application/rss+xml".parse().unwrap());
            (headers, body).into_response()
        }
        None => (StatusCode::NOT_MODIFIED, headers).into_response(),
    }
}
