//! Delay against requests, by simulation: `cargo bench --bench schedule`.
//!
//! Feeds of known publishing patterns are polled by several policies over the same days; the table
//! shows for each how many requests a feed costs a day and how long its entries wait to be found
//! (median and 95th percentile over entries). Set `MENTIOND_CORPUS` to a folder of feed documents
//! to replay the dates of their entries too. Nothing sleeps, the dice have a fixed seed.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use fastrand::Rng;
use mentiond::model::{Timestamp, UpdateHints};
use mentiond::parse;
use mentiond::schedule::{Answer, Pace, Policy, Rhythm, next_poll};

const MINUTE: f64 = 1.0 / 1440.0;
const BOUNDS: Policy = Policy {
    min_interval: Duration::from_mins(5),
    max_interval: Duration::from_hours(24),
    jitter: 0.1,
};
/// A Monday, 00:00 UTC.
const START: i64 = 1_704_067_200_000;
/// Days that have passed when the feeds are subscribed to, and days that they are then watched.
const BEFORE: f64 = 60.0;
const WATCHED: f64 = 60.0;
const FEEDS: usize = 20;
/// Entries that a document shows.
const DOCUMENT: usize = 20;

/// A feed: the days (since `START`) on which it publishes, and the span it is watched.
struct Feed {
    entries: Vec<f64>,
    from: f64,
    to: f64,
}

struct Pattern {
    name: &'static str,
    feeds: Vec<Feed>,
}

#[derive(Clone, Copy)]
enum Method {
    /// The same interval for all, in days.
    Fixed(f64),
    /// Miniflux's `entry_frequency` scheduler with its defaults.
    EntryFrequency,
    /// Ours, its intervals multiplied by a factor (1 is what ships).
    Adaptive(f64),
}

#[derive(Default)]
struct Seen {
    requests: usize,
    days: f64,
    /// Days from publication to discovery, per entry.
    delays: Vec<f64>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.days += other.days;
        self.delays.extend(other.delays);
    }

    fn rate(&self) -> f64 {
        self.requests as f64 / self.days
    }

    /// A quantile of the delay, in minutes.
    fn delay(&mut self, quantile: f64) -> Option<f64> {
        self.delays.sort_unstable_by(f64::total_cmp);
        let last = self.delays.len().checked_sub(1)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let place = (quantile * last as f64).round() as usize;
        Some(self.delays[place] / MINUTE)
    }
}

fn main() {
    let mut patterns = synthetic();
    let corpus = std::env::var_os("MENTIOND_CORPUS").map(|folder| corpus(folder.as_ref()));
    if let Some(corpus) = corpus {
        patterns.push(corpus);
    }
    let ours = total(&patterns, Method::Adaptive(1.0)).rate();
    let miniflux = total(&patterns, Method::EntryFrequency).rate();
    let hourly = total(&patterns, Method::Fixed(60.0 * MINUTE)).rate();
    let scaled = |rate| Method::Adaptive(factor(&patterns, rate));
    let methods = [
        ("15 min", Method::Fixed(15.0 * MINUTE)),
        ("60 min", Method::Fixed(60.0 * MINUTE)),
        ("entry_frequency", Method::EntryFrequency),
        ("ours", Method::Adaptive(1.0)),
        ("fixed = ours", Method::Fixed(1.0 / ours)),
        ("ours = 60 min", scaled(hourly)),
        ("ours = entry_fr.", scaled(miniflux)),
    ];
    println!(
        "requests per feed and day / median / 95th percentile of the delay, in minutes\n\
         `fixed = ours` polls all feeds alike with as many requests in all as ours makes;\n\
         `ours = ...` is ours with all intervals stretched until it makes as many requests as that.\n"
    );
    print!("{:<16}", "");
    for (name, _) in &methods {
        print!("{name:>22}");
    }
    println!();
    let mut all: Vec<_> = methods.iter().map(|_| Seen::default()).collect();
    for pattern in &patterns {
        print!("{:<16}", pattern.name);
        for ((_, method), all) in methods.iter().zip(&mut all) {
            let mut seen = of(pattern, *method);
            print!("{:>22}", cell(&mut seen));
            all.add(seen);
        }
        println!();
    }
    print!("{:<16}", "all");
    for seen in &mut all {
        print!("{:>22}", cell(seen));
    }
    print!("\n{:<16}", "all, mean delay");
    for seen in &all {
        let mean = seen.delays.iter().sum::<f64>() / seen.delays.len() as f64;
        print!("{:>22.1}", mean / MINUTE);
    }
    println!();
}

fn cell(seen: &mut Seen) -> String {
    let rate = seen.rate();
    match (seen.delay(0.5), seen.delay(0.95)) {
        (Some(median), Some(high)) => format!("{rate:.1} / {median:.0} / {high:.0}"),
        _ => format!("{rate:.1} / - / -"),
    }
}

/// The factor on our intervals that makes so many requests per feed and day.
fn factor(patterns: &[Pattern], rate: f64) -> f64 {
    let (mut low, mut high) = (0.25_f64, 16.0_f64);
    for _ in 0..8 {
        let middle = (low * high).sqrt();
        if total(patterns, Method::Adaptive(middle)).rate() > rate {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low * high).sqrt()
}

fn total(patterns: &[Pattern], method: Method) -> Seen {
    let mut all = Seen::default();
    for pattern in patterns {
        all.add(of(pattern, method));
    }
    all
}

fn of(pattern: &Pattern, method: Method) -> Seen {
    let mut seen = Seen::default();
    for (number, feed) in pattern.feeds.iter().enumerate() {
        watch(feed, method, Rng::with_seed(number as u64), &mut seen);
    }
    seen
}

/// Polls one feed from its subscription to its end.
fn watch(feed: &Feed, method: Method, mut rng: Rng, seen: &mut Seen) {
    let mut at = feed.from;
    let mut found = feed.entries.partition_point(|day| *day <= at);
    let backlog = found.saturating_sub(DOCUMENT);
    let mut rhythm = Rhythm::default();
    let times = |days: &[f64]| days.iter().copied().map(time).collect::<Vec<_>>();
    rhythm.observe(&times(&feed.entries[backlog..found]), time(at));
    seen.days += feed.to - feed.from;
    loop {
        let pace = match method {
            Method::Fixed(interval) => interval,
            Method::EntryFrequency => entry_frequency(&feed.entries[backlog..found], at),
            Method::Adaptive(factor) => {
                let interval = rhythm.interval(&BOUNDS, time(at)).mul_f64(factor);
                let interval = interval.clamp(BOUNDS.min_interval, BOUNDS.max_interval);
                interval.as_secs_f64() / 86_400.0
            }
        };
        let pace = Pace::Learned(Duration::from_secs_f64(pace * 86_400.0));
        let served = Answer::Served { fresh_for: None };
        let (hints, now) = (UpdateHints::default(), time(at));
        let next = next_poll(&BOUNDS, pace, served, &hints, now, rng.f64());
        at += next.since(now).as_secs_f64() / 86_400.0;
        if at > feed.to {
            return;
        }
        seen.requests += 1;
        let until = feed.entries.partition_point(|day| *day <= at);
        if until > found {
            let new = &feed.entries[found..until];
            seen.delays.extend(new.iter().map(|day| at - day));
            rhythm.observe(&times(new), time(at));
            found = until;
        }
    }
}

/// Miniflux 2.2, `ScheduleNextCheck` and `WeeklyFeedEntryCount`: the number of entries a week that
/// the mean gap between the last week's suggests; a week divided by it, from 5 minutes to 24
/// hours; 24 hours when the last week had fewer than two.
fn entry_frequency(known: &[f64], now: f64) -> f64 {
    let week = &known[known.partition_point(|day| *day < now - 7.0)..];
    let (Some(first), Some(last)) = (week.first(), week.last()) else {
        return 1.0;
    };
    if last <= first {
        return 1.0;
    }
    let weekly = (7.0 * (week.len() - 1) as f64 / (last - first)).ceil();
    (7.0 / weekly).clamp(5.0 * MINUTE, 1.0)
}

#[allow(clippy::cast_possible_truncation)]
fn time(day: f64) -> Timestamp {
    Timestamp::from_millis(START + (day * 86_400_000.0) as i64)
}

/// Feeds that publish as `day by day` says: called for each day, it adds times.
fn make(
    name: &'static str,
    mut day_by_day: impl FnMut(&mut Rng, usize, f64, &mut Vec<f64>),
) -> Pattern {
    let feeds = (0..FEEDS).map(|number| {
        let mut rng = Rng::with_seed(name.len() as u64 * 1000 + number as u64);
        let mut entries = Vec::new();
        let mut day = 0.0;
        while day < BEFORE + WATCHED {
            day_by_day(&mut rng, number, day, &mut entries);
            day += 1.0;
        }
        entries.sort_unstable_by(f64::total_cmp);
        // Subscribed to at any hour of the week.
        let from = BEFORE + rng.f64() * 7.0 - 7.0;
        Feed {
            entries,
            from,
            to: from + WATCHED,
        }
    });
    Pattern {
        name,
        feeds: feeds.collect(),
    }
}

fn exponential(rng: &mut Rng, mean: f64) -> f64 {
    -mean * (1.0 - rng.f64()).ln()
}

/// Adds events of a rate per day from `from` to `to`.
fn poisson(rng: &mut Rng, rate: f64, from: f64, to: f64, into: &mut Vec<f64>) {
    let mut at = from + exponential(rng, 1.0 / rate);
    while at < to {
        into.push(at);
        at += exponential(rng, 1.0 / rate);
    }
}

fn synthetic() -> Vec<Pattern> {
    let steady = |name, rate| {
        make(name, move |rng, _, day, into| {
            poisson(rng, rate, day, day + 1.0, into);
        })
    };
    let weekday = |day: f64| day % 7.0 < 5.0;
    vec![
        steady("100 a day", 100.0),
        steady("24 a day", 24.0),
        steady("4 a day", 4.0),
        steady("1 a day", 1.0),
        steady("1 a week", 1.0 / 7.0),
        // 7 to 20 o'clock somewhere in the world, a fifth of that at weekends.
        make("newsroom", |rng, number, day, into| {
            let opens = day + 7.0 / 24.0 + number as f64 / FEEDS as f64;
            let rate = if weekday(day) { 100.0 } else { 20.0 };
            poisson(rng, rate, opens, opens + 13.0 / 24.0, into);
        }),
        // Three bursts a day of six entries some minutes apart.
        make("bursty", |rng, _, day, into| {
            let mut bursts = Vec::new();
            poisson(rng, 3.0, day, day + 1.0, &mut bursts);
            for mut at in bursts {
                into.push(at);
                while rng.f64() < 5.0 / 6.0 {
                    at += exponential(rng, 8.0 * MINUTE);
                    into.push(at);
                }
            }
        }),
        make("daily digest", |rng, number, day, into| {
            let at = day + number as f64 / FEEDS as f64 + rng.f64() * 10.0 * MINUTE;
            into.extend([at; 8]);
        }),
        make("weekly", |rng, number, day, into| {
            if (day - (number % 7) as f64).rem_euclid(7.0) < 0.5 {
                into.push(day + number as f64 / FEEDS as f64 + rng.f64() / 24.0);
            }
        }),
        // Silent until the middle of the watched time, then twenty a day.
        make("waking", |rng, _, day, into| {
            if day < 10.0 {
                poisson(rng, 1.0, day, day + 1.0, into);
            } else if day >= BEFORE + WATCHED / 2.0 {
                poisson(rng, 20.0, day, day + 1.0, into);
            }
        }),
        make("dead", |rng, _, day, into| {
            if day < 20.0 {
                poisson(rng, 5.0, day, day + 1.0, into);
            }
        }),
    ]
}

/// The dates of real feeds: each document of ten dated entries or more, watched from its first
/// third on, for a year at most.
fn corpus(folder: &std::path::Path) -> Pattern {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let day = |time: Timestamp| (time.as_millis() - START) as f64 / 86_400_000.0;
    let feeds = files.iter().filter_map(|file| {
        let bytes = std::fs::read(file).ok()?;
        let document = parse::parse(&parse::Input {
            bytes: &bytes,
            content_type: None,
            base: None,
            now: Timestamp::now(),
        });
        let entries = document.ok()?.entries;
        let mut entries: Vec<_> = entries
            .iter()
            .filter_map(|e| Some(day(e.published?)))
            .collect();
        entries.sort_unstable_by(f64::total_cmp);
        let last = *entries.last()?;
        entries.retain(|day| *day >= last - 365.0);
        let from = *entries.get(entries.len() / 3)?;
        (entries.len() >= 10 && last > from + 0.1).then_some(Feed {
            entries,
            from,
            to: last,
        })
    });
    Pattern {
        name: "corpus",
        feeds: feeds.collect(),
    }
}
