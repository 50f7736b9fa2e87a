//! Which way of finding spikes finds which events, how soon, and how often it is wrong:
//! `cargo bench --bench spikes`, or `-- TOPICS METHOD` for another number of topics per level, and only the
//! methods with that in their names.
//!
//! Histories are made up with events at known times ([`simulate`]). Every method gets the threshold at
//! which it raises about as many false alarms as the others on one seed, and is measured on three others; what ships has
//! its threshold already.

// A measurement gives up when its surroundings fail.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

mod methods;
mod simulate;

use std::time::Instant;

use jiff::tz::TimeZone;
use mentiond::trends::baseline::Watch;
use mentiond::trends::spike::episodes;
use mentiond::trends::{Count, start_of};
use methods::{METHODS, Method, Scores};
use simulate::{LENGTH, LEVELS, SIZES, Topic, World, world};

/// False alarms a topic and month that the thresholds are set for.
const WANTED: f64 = 0.1;
/// Alarms are counted from here on: after two weeks and a bit.
const FROM: usize = 16 * 96;
/// An alarm this long after an event has ended is of it still.
const AFTER: usize = 12 * 4;

#[derive(Default, Clone)]
struct Tally {
    events: [usize; 3],
    found: [usize; 3],
    /// Minutes from an event's beginning to the end of the quarter-hour that raised the alarm.
    delays: Vec<usize>,
    /// Further alarms of the same events.
    again: usize,
    wrong: usize,
    /// Alarms in the first two weeks, in which no event is planted.
    cold: usize,
    topics: usize,
}

impl Tally {
    fn add(&mut self, topic: &Topic, alarms: &[usize]) {
        self.topics += 1;
        let mut found = vec![false; topic.events.len()];
        for alarm in alarms {
            if *alarm < FROM {
                self.cold += 1;
                continue;
            }
            let event = topic
                .events
                .iter()
                .position(|event| (event.from..event.to + AFTER).contains(alarm));
            match event {
                None => self.wrong += 1,
                Some(n) if found[n] => self.again += 1,
                Some(n) => {
                    let event = topic.events[n];
                    if *alarm < event.to + 4 {
                        self.found[event.size] += 1;
                        self.delays.push((alarm + 1 - event.from) * 15);
                    }
                    found[n] = true;
                }
            }
        }
        for event in &topic.events {
            self.events[event.size] += 1;
        }
    }

    fn months(&self) -> f64 {
        self.topics as f64 * (LENGTH - FROM) as f64 / (96.0 * 30.4)
    }

    fn row(&mut self, method: &str, level: &str) -> String {
        self.delays.sort_unstable();
        let at = |part: f64| {
            let last = self.delays.len().saturating_sub(1) as f64;
            self.delays
                .get((last * part).round() as usize)
                .map_or("–".into(), ToString::to_string)
        };
        let rates: Vec<String> = (0..3)
            .map(|n| {
                format!(
                    "{:.0} %",
                    100.0 * self.found[n] as f64 / self.events[n].max(1) as f64
                )
            })
            .collect();
        format!(
            "| {method} | {level} | {} | {} | {} | {:.2} | {:.2} | {:.2} |",
            rates.join(" | "),
            at(0.5),
            at(0.9),
            self.again as f64 / self.found.iter().sum::<usize>().max(1) as f64,
            self.wrong as f64 / self.months(),
            self.cold as f64 / self.topics as f64 / 0.45,
        )
    }
}

/// The threshold for the wanted false alarms.
fn train(scores: &[Scores], world: &World) -> f32 {
    let (mut low, mut high) = (0.5_f32, 1e5_f32);
    for _ in 0..24 {
        let middle = (low * high).sqrt();
        let mut tally = Tally::default();
        for (scores, topic) in scores.iter().zip(&world.topics) {
            tally.add(topic, &scores.alarms(middle));
        }
        let rate = tally.wrong as f64 / tally.months();
        *(if rate > WANTED { &mut low } else { &mut high }) = middle;
    }
    high
}

/// How long 500 topics of eight weeks take.
fn speed(world: &World, zone: &TimeZone) {
    let until = simulate::START + 8 * 7 * 96;
    let cut = |counts: &[Count]| -> Vec<Count> {
        counts
            .iter()
            .copied()
            .filter(|count| count.quarter < until)
            .collect()
    };
    let all = cut(&world.all);
    let topics: Vec<Vec<Count>> = world
        .topics
        .iter()
        .map(|topic| cut(&topic.counts))
        .collect();
    let began = Instant::now();
    let mut spikes = 0;
    for counts in topics.iter().cycle().take(500) {
        let watch = Watch {
            counts,
            all: &all,
            since: simulate::START,
        };
        spikes += episodes(&watch, zone, start_of(until)).len();
    }
    println!(
        "\n500 topics of 8 weeks: {spikes} spikes in {} ms",
        began.elapsed().as_millis()
    );
}

fn main() {
    let topics = std::env::args()
        .skip(1)
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(40);
    let began = Instant::now();
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let worlds: Vec<World> = (1..=4).map(|seed| world(seed, topics)).collect();
    println!(
        "{topics} topics a level, {} weeks, seed 1 to train, 2 to 4 to measure",
        simulate::WEEKS
    );
    println!("simulated in {:.1?}\n", began.elapsed());
    println!(
        "| method | level | {} | median min | p90 min | again | false / month | first 2 weeks |",
        SIZES.join(" | ")
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut thresholds = Vec::new();
    let wanted = std::env::args()
        .skip(1)
        .find(|arg| arg.starts_with(char::is_alphabetic));
    for (method, name) in METHODS {
        if wanted
            .as_ref()
            .is_some_and(|wanted| !name.contains(wanted.as_str()))
        {
            continue;
        }
        let scores = |world: &World| -> Vec<Scores> {
            world
                .topics
                .iter()
                .map(|topic| Scores::of(method, topic, world, &zone))
                .collect()
        };
        let threshold = train(&scores(&worlds[0]), &worlds[0]);
        if method != Method::Shipped {
            thresholds.push(format!("{name} {threshold:.2}"));
        }
        let mut tallies = vec![Tally::default(); LEVELS.len()];
        let mut total = Tally::default();
        for world in &worlds[1..] {
            for (topic, scores) in world.topics.iter().zip(scores(world)) {
                let alarms = scores.alarms(threshold);
                tallies[topic.class].add(topic, &alarms);
                total.add(topic, &alarms);
            }
        }
        println!("{}", total.row(&format!("**{name}**"), "all"));
        for (tally, level) in tallies.iter_mut().zip(LEVELS) {
            println!("{}", tally.row(name, &level.to_string()));
        }
    }
    speed(&worlds[0], &zone);
    println!("\nthresholds: {}", thresholds.join(", "));
    println!("all in {:.1?}", began.elapsed());
}
