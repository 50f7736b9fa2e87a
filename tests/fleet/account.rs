//! The account that the feeds under test keep: what was published, who asks, and whether that breaks a promise.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::journal::Journal;
use crate::receiver::Alert;
use crate::stories::{Kind, Story, noise};

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

/// For how long it is known when this process was kept from its work.
const REMEMBERED: Duration = Duration::from_mins(2);

/// How often that is looked at.
pub const PROBE: Duration = Duration::from_millis(20);

/// How often answers leave.
pub const TICK: Duration = Duration::from_millis(250);
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
pub struct Feed {
    pub host: usize,
    pub entries: Vec<String>,
    pub last: Option<Visit>,
    /// The newest version that somebody has said to have: it is recorded.
    pub recorded: Option<usize>,
}

#[derive(Debug, Default)]
struct Host {
    open: usize,
    starts: VecDeque<Instant>,
}

/// The least and most that was seen, for people.
#[derive(Debug, Default)]
struct Extremes {
    floor: Option<Duration>,
    pause: Option<Duration>,
    open: usize,
    /// How long this process was kept from its work.
    late: Duration,
}

/// See the head of this file.
pub struct Account {
    journal: Journal,
    rng: Rng,
    floor: Duration,
    pub feeds: Vec<Feed>,
    hosts: Vec<Host>,
    pub visits: Vec<Visit>,
    /// When this process was kept from its work, and for how long: what came then was seen later.
    stalls: VecDeque<(Instant, Duration)>,
    /// By the numbers of their visits.
    pub under_way: BTreeMap<usize, Visit>,
    /// When each worker was last seen.
    pub seen: BTreeMap<u8, Instant>,
    tick: u64,
    /// Stories a tick, and what is left of them.
    pub rate: f64,
    credit: f64,
    stories: usize,
    /// The alerts that must come.
    pub expected: BTreeMap<Alert, Kind>,
    extremes: Extremes,
}

/// Where a host is.
pub fn address(host: usize) -> String {
    // 127.0 is left to the tests' other servers.
    let [_, a, b, c] = u32::try_from(host + (1 << 16) + 1).unwrap().to_be_bytes();
    format!("127.{a}.{b}.{c}")
}

impl Account {
    /// See [`Press::start`](crate::press::Press::start).
    pub fn new(
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
                Feed {
                    host,
                    entries: Vec::new(),
                    last: None,
                    recorded: None,
                }
            })
            .collect();
        Self {
            journal,
            rng,
            floor,
            feeds,
            hosts,
            visits: Vec::new(),
            stalls: VecDeque::new(),
            under_way: BTreeMap::new(),
            seen: BTreeMap::new(),
            tick: 0,
            rate: 0.0,
            credit: 0.0,
            stories: 0,
            expected: BTreeMap::new(),
            extremes: Extremes::default(),
        }
    }

    /// Goes on to the next tick, with news in the documents that leave with it.
    pub fn tick(&mut self) -> u64 {
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

    /// Publishes a story in these feeds.
    pub fn story(&mut self, kind: Kind, feeds: &[usize]) {
        self.stories += 1;
        let story = Story::new(self.stories, kind, &mut self.rng);
        for &feed in feeds {
            self.feeds[feed].entries.push(story.entry(feed));
        }
        for topic in &story.topics {
            let alert = (topic.clone(), story.mark.clone());
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
    pub fn arrive(&mut self, feed: usize, worker: u8, has: Option<usize>) -> (usize, u64) {
        let now = Instant::now();
        let place = self.feeds[feed].host;
        let who = format!("f{feed} on {} by w{worker}", address(place));
        self.judge_feed(&who, feed, has, now);
        self.judge_host(&who, place, now);
        let visit = Visit {
            feed,
            worker,
            came: now,
            leaves: self.tick + if feed.is_multiple_of(5) { SLOW } else { 1 },
        };
        self.feeds[feed].last = Some(visit);
        self.seen.insert(worker, now);
        self.visits.push(visit);
        self.under_way.insert(self.visits.len(), visit);
        (self.visits.len(), visit.leaves)
    }

    fn judge_feed(&mut self, who: &str, feed: usize, has: Option<usize>, now: Instant) {
        if let Some(last) = self.feeds[feed].last {
            let gap = now - last.came;
            self.extremes.floor = Some(self.extremes.floor.map_or(gap, |least| least.min(gap)));
            if gap + FLOOR_SLACK + self.stalled(last.came) < self.floor {
                self.journal.wrong(format!(
                    "floor: {who}, {gap:.3?} after w{}, is within {:?}",
                    last.worker, self.floor
                ));
            }
        }
        let recorded = &mut self.feeds[feed].recorded;
        if has < *recorded {
            self.journal.wrong(format!(
                "record: {who} has version {has:?}, but {recorded:?} was recorded before"
            ));
        }
        *recorded = (*recorded).max(has);
    }

    fn judge_host(&mut self, who: &str, place: usize, now: Instant) {
        self.hosts[place].open += 1;
        let open = self.hosts[place].open;
        self.extremes.open = self.extremes.open.max(open);
        if open > PER_HOST {
            let beside = self.under_way.values();
            let beside = beside.filter(|visit| self.feeds[visit.feed].host == place);
            let beside: Vec<_> = beside
                .map(|visit| {
                    let time = now - visit.came;
                    format!("f{} by w{} for {time:.3?}", visit.feed, visit.worker)
                })
                .collect();
            self.journal.wrong(format!(
                "per host: {who} is one of {open}, beside {}",
                beside.join(", ")
            ));
        }
        if let Some(&last) = self.hosts[place].starts.back() {
            let gap = now - last;
            self.extremes.pause = Some(self.extremes.pause.map_or(gap, |least| least.min(gap)));
            if gap + PAUSE_SLACK + self.stalled(last) < HOST_PAUSE {
                self.journal.wrong(format!(
                    "pause: {who} comes {gap:.3?} after the request before it"
                ));
            }
        }
        let starts = &mut self.hosts[place].starts;
        starts.push_back(now);
        if starts.len() > SPAN {
            let first = starts.pop_front().unwrap();
            let took = now - first;
            let least = HOST_PAUSE * u32::try_from(SPAN).unwrap();
            if took + PAUSE_SLACK + self.stalled(first) < least {
                self.journal
                    .wrong(format!("pause: {who}, {SPAN} pauses in {took:.3?}"));
            }
        }
    }

    /// This process could not work for so long.
    pub fn stall(&mut self, time: Duration) {
        let now = Instant::now();
        self.extremes.late = self.extremes.late.max(time);
        self.stalls.push_back((now, time));
        while self
            .stalls
            .front()
            .is_some_and(|(at, _)| now - *at > REMEMBERED)
        {
            self.stalls.pop_front();
        }
    }

    /// By how much later than it came a request may have been seen since then, at most.
    fn stalled(&self, since: Instant) -> Duration {
        let stalls = self.stalls.iter().rev();
        let stalls = stalls.take_while(|(end, _)| *end + PROBE >= since);
        stalls.map(|(_, time)| *time).max().unwrap_or_default()
    }

    /// Writes down what no worker should ask.
    pub fn wrong(&self, what: String) {
        self.journal.wrong(what);
    }

    /// A request has its answer, or nobody waits for it any more.
    pub fn leave(&mut self, number: usize) {
        let visit = self.under_way.remove(&number).unwrap();
        let host = self.feeds[visit.feed].host;
        self.hosts[host].open -= 1;
    }

    /// What was seen, in words.
    pub fn summary(&self) -> String {
        let mut by: BTreeMap<u8, usize> = BTreeMap::new();
        for visit in &self.visits {
            *by.entry(visit.worker).or_default() += 1;
        }
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in self.expected.values() {
            *kinds.entry(*kind).or_default() += 1;
        }
        format!(
            "{} feeds on {} hosts, requests by worker {by:?}; {} stories, alerts to come {kinds:?}; \
             least time between two requests of a feed {:?} (floor {:?}), of a host {:?} (pause {:?}), \
             most at a time on a host {}; this process was kept from its work for {:.0?} at most",
            self.feeds.len(),
            self.hosts.len(),
            self.stories,
            self.extremes.floor,
            self.floor,
            self.extremes.pause,
            HOST_PAUSE,
            self.extremes.open,
            self.extremes.late,
        )
    }
}
