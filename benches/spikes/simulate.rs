//! Made-up histories of topics, with events whose times are known.
//!
//! One installation reads entries with the rhythm of a newsroom's week; feeds are added, the daemon
//! stands still for hours and catches up. Topics have a level, hours and days of their own, a drift, and
//! some a trend or a summit that draws near and passes; their mentions come as stories with copies. All
//! dice are seeded.

use fastrand::Rng;
use jiff::tz::TimeZone;
use mentiond::trends::Count;

/// Monday, 2026-01-05, 00:00 UTC, in quarter-hours. Summer time begins within the twelve weeks.
pub const START: i64 = 1_767_571_200 / 900;
pub const WEEKS: usize = 12;
pub const LENGTH: usize = WEEKS * 7 * 96;
/// Entries read in an hour, at first and on average.
const ENTRIES: f64 = 400.0;

/// Mentions an hour of the classes of topics.
pub const LEVELS: [f64; 5] = [0.05, 0.3, 2.0, 10.0, 50.0];
pub const SIZES: [&str; 3] = ["small", "medium", "large"];

/// What a planted event adds at its height, in mentions an hour.
fn height(size: usize, level: f64) -> f64 {
    let (plus, by, times) = [(2.0, 4.0, 0.5), (5.0, 8.0, 1.5), (15.0, 20.0, 4.0)][size];
    plus + by * level.sqrt() + times * level
}

/// Quarter-hours that events last.
const LENGTHS: [usize; 3] = [8, 32, 144];

#[derive(Clone, Copy)]
pub struct Event {
    pub from: usize,
    pub to: usize,
    pub size: usize,
}

pub struct Topic {
    pub class: usize,
    pub counts: Vec<Count>,
    /// The same with stories in the place of mentions.
    pub stories: Vec<Count>,
    pub events: Vec<Event>,
}

pub struct World {
    pub topics: Vec<Topic>,
    pub all: Vec<Count>,
}

pub struct Dice(Rng);

impl Dice {
    fn normal(&mut self) -> f64 {
        let (a, b) = (1.0 - self.0.f64(), self.0.f64());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.0.f64()).ln()
    }

    fn poisson(&mut self, mean: f64) -> u32 {
        if mean > 60.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u32;
        }
        let (mut count, mut product) = (0, self.0.f64());
        let limit = (-mean).exp();
        while product > limit {
            count += 1;
            product *= self.0.f64();
        }
        count
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.0.f64()
    }
}

/// The hour of the day and the day of the week, from Monday, of each quarter-hour in Berlin.
fn clock() -> Vec<(f64, usize)> {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    (0..LENGTH)
        .map(|n| {
            let at = jiff::Timestamp::from_second((START + n as i64) * 900).unwrap();
            let local = zone.to_datetime(at);
            let hour = f64::from(local.hour()) + f64::from(local.minute()) / 60.0;
            (
                hour,
                local.date().weekday().to_monday_zero_offset() as usize,
            )
        })
        .collect()
}

fn wave(hour: f64, height: f64, top: f64) -> f64 {
    (height * ((hour - top) / 24.0 * std::f64::consts::TAU).cos()).exp()
}

pub fn world(seed: u64, topics: usize) -> World {
    let mut dice = Dice(Rng::with_seed(seed));
    let clock = clock();
    // When feeds are added, and how much.
    let mut added: Vec<(usize, f64)> = (0..3)
        .map(|_| (dice.0.usize(14 * 96..LENGTH), dice.between(1.2, 1.8)))
        .collect();
    added.sort_by_key(|(at, _)| *at);
    let outages: Vec<(usize, usize)> = (0..5)
        .map(|_| (dice.0.usize(0..LENGTH), dice.0.usize(8..60)))
        .collect();
    let down = |n: &usize| {
        outages
            .iter()
            .any(|(at, length)| (*at..at + length).contains(n))
    };
    // When what is published is read; after an outage documents show the last six hours.
    let mut read = vec![None; LENGTH];
    let mut back = LENGTH;
    for n in (0..LENGTH).rev() {
        if !down(&n) {
            back = n;
        }
        read[n] = (back < LENGTH && back - n < 24).then_some(back);
    }
    let published: Vec<f64> = clock
        .iter()
        .enumerate()
        .map(|(n, (hour, day))| {
            let weekend = if *day >= 5 { 0.6 } else { 1.1 };
            let grown: f64 = added
                .iter()
                .filter(|(at, _)| *at <= n)
                .map(|(_, by)| by)
                .product();
            let noise = (0.25 * dice.normal()).exp();
            ENTRIES / 4.0 * 0.8 * wave(*hour, 0.8, 14.0) * weekend * grown * noise
        })
        .collect();
    let mut entries = vec![0; LENGTH];
    for (rate, read) in published.iter().zip(&read) {
        if let Some(read) = read {
            entries[*read] += dice.poisson(*rate);
        }
    }
    let feeds = Feeds {
        clock,
        added,
        published,
        read,
    };
    let topics = (0..topics * LEVELS.len())
        .map(|n| topic(&mut dice, n % LEVELS.len(), &feeds, &mut entries))
        .collect();
    let all = sparse(&entries, &entries);
    World { topics, all }
}

/// What all topics share.
struct Feeds {
    clock: Vec<(f64, usize)>,
    /// When feeds are added, and by how much that multiplies the entries.
    added: Vec<(usize, f64)>,
    /// Entries published, on average.
    published: Vec<f64>,
    /// When what is published in a quarter-hour is read, if ever.
    read: Vec<Option<usize>>,
}

fn topic(dice: &mut Dice, class: usize, all: &Feeds, entries: &mut [u32]) -> Topic {
    let Feeds {
        clock,
        added,
        published,
        read,
    } = all;
    let level = LEVELS[class] * dice.between(0.7, 1.4);
    let copies = dice.between(1.0, 2.5);
    let (top, height_of_day) = (dice.between(0.0, 24.0), dice.between(0.0, 0.7));
    let mut days = [1.0; 7];
    if dice.0.bool() {
        days[dice.0.usize(0..7)] = dice.between(1.5, 3.0);
    }
    let trend = if dice.0.u8(0..3) == 0 {
        dice.between(-0.7, 0.7)
    } else {
        0.0
    };
    let summit = (dice.0.u8(0..3) == 0).then(|| dice.between(0.3, 0.9) * LENGTH as f64);
    let (spread, memory) = (dice.between(0.1, 0.4), (-1.0_f64 / 48.0).exp());
    let fits: Vec<f64> = added.iter().map(|_| dice.between(0.5, 1.5)).collect();
    let events = events(dice);
    let (mut mentions, mut stories) = (vec![0_u32; LENGTH], vec![0_u32; LENGTH]);
    let mut drift = 0.0;
    for n in 0..LENGTH {
        drift = drift * memory + dice.normal() * spread * (1.0 - memory * memory).sqrt();
        let (hour, day) = clock[n];
        let along = n as f64 / LENGTH as f64;
        let swell = summit.map_or(1.0, |at| {
            1.0 + 2.5 * (-((n as f64 - at) / (4.0 * 96.0)).powi(2) / 2.0).exp()
        });
        let fit: f64 = added
            .iter()
            .zip(&fits)
            .filter(|((at, _), _)| *at <= n)
            .map(|((_, by), fit)| (1.0 + (by - 1.0) * fit) / by)
            .product();
        let usual = level / ENTRIES
            * published[n]
            * wave(hour, height_of_day, top)
            * days[day]
            * (trend * along).exp()
            * drift.exp()
            * swell
            * fit;
        // More feeds tell more of an event, too.
        let feeds: f64 = added
            .iter()
            .filter(|(at, _)| *at <= n)
            .map(|(_, by)| by)
            .product();
        let event: f64 = events.iter().map(|event| event.at(n, LEVELS[class])).sum();
        for (mean, copies, more) in [(usual, copies, 0), (event * feeds / 4.0, copies * 1.5, 1)] {
            for _ in 0..dice.poisson(mean / copies) {
                if let Some(at) = read[n] {
                    stories[at] += 1;
                }
                let mut next = n;
                // As many copies as it takes until the dice say stop.
                loop {
                    if let Some(at) = read.get(next).copied().flatten() {
                        mentions[at] += 1;
                        entries[at] += more;
                    }
                    if dice.0.f64() < 1.0 / copies {
                        break;
                    }
                    next = n + dice.exponential(6.0) as usize;
                }
            }
        }
    }
    Topic {
        class,
        counts: sparse(&mentions, &stories),
        stories: sparse(&stories, &stories),
        events,
    }
}

fn events(dice: &mut Dice) -> Vec<Event> {
    let mut events = Vec::new();
    let mut at = 16 * 96;
    loop {
        at += dice.0.usize(4 * 96..14 * 96);
        let length = LENGTHS[dice.0.usize(0..3)];
        if at + length + 96 > LENGTH {
            return events;
        }
        events.push(Event {
            from: at,
            to: at + length,
            size: dice.0.usize(0..3),
        });
        at += length;
    }
}

impl Event {
    /// Mentions an hour that it adds: it rises at once, stays for half its time and fades.
    fn at(&self, n: usize, level: f64) -> f64 {
        if !(self.from..self.to).contains(&n) {
            return 0.0;
        }
        let left = (self.to - n) as f64 / (self.to - self.from) as f64;
        height(self.size, level) * (2.0 * left).min(1.0)
    }
}

fn sparse(mentions: &[u32], stories: &[u32]) -> Vec<Count> {
    let both = mentions.iter().zip(stories).enumerate();
    both.filter(|(_, (mentions, stories))| **mentions > 0 || **stories > 0)
        .map(|(n, (mentions, stories))| Count {
            quarter: START + n as i64,
            mentions: *mentions,
            stories: *stories,
        })
        .collect()
}
