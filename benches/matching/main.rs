//! Many terms at once: `cargo bench --bench matching -- [--json] [--dump DIR] [--only-ours]
//! [--sizes 10,1000] [--rounds N] [--mib N]`.
//!
//! Looks for 10, 1,000, 10,000 and 100,000 terms in made-up news of several scripts and in ASCII, an
//! entry at a time on one thread, with mentiond's matcher and with what else can do so; `contestants`
//! says which and under which conditions. All take turns in every round; speed is processor time,
//! the median over the rounds. Lowering the text is part of a contestant's time, as folding is of
//! ours. At the end the figures stand beside the goals, lost ones too. `--dump` only writes texts and
//! terms into files, from which `benches/matching_peers/run.sh` lets Python's libraries read.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod contestants;
mod corpus;
mod goals;
mod measure;
mod words;

use std::path::{Path, PathBuf};

use contestants::{Contestant, Kind};
use corpus::{Text, World};
use measure::{Plan, allocations, median};
use serde_json::{Value, json};

struct Options {
    json: bool,
    dump: Option<PathBuf>,
    only_ours: bool,
    sizes: Vec<usize>,
    rounds: usize,
    bytes: usize,
}

impl Options {
    fn read() -> Self {
        let mut options = Self {
            json: false,
            dump: None,
            only_ours: false,
            sizes: vec![10, 1_000, 10_000, 100_000],
            rounds: 5,
            bytes: 4 << 20,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().expect("the option needs a value");
            match argument.as_str() {
                "--json" => options.json = true,
                "--only-ours" => options.only_ours = true,
                "--dump" => options.dump = Some(value().into()),
                "--rounds" => options.rounds = value().parse().unwrap(),
                "--mib" => options.bytes = value().parse::<usize>().unwrap() << 20,
                "--sizes" => {
                    let sizes = value();
                    options.sizes = sizes.split(',').map(|n| n.parse().unwrap()).collect();
                }
                // what cargo adds
                "--bench" => {}
                other => panic!("no such option: {other}"),
            }
        }
        options
    }
}

/// A contestant's figures over one text.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) speed: f64,
    pub(crate) spread: f64,
    /// How many times as fast ours was, the median of each round's ratio.
    pub(crate) ratio: f64,
    pub(crate) hits: usize,
    /// The share of the text that was read at a time, and in which the hits are.
    pub(crate) part: f64,
    compile_s: f64,
    bytes: i64,
}

/// All figures of one number of terms.
pub(crate) struct Size {
    pub(crate) terms: usize,
    pub(crate) memory: contestants::Memory,
    pub(crate) compile_s: f64,
    pub(crate) texts: Vec<Read>,
    left_out: Vec<(String, String)>,
}

/// All figures of one text.
pub(crate) struct Read {
    pub(crate) name: &'static str,
    pub(crate) rows: Vec<Row>,
    /// Allocations of ours in an entry without a hit, and in any.
    pub(crate) allocations: (f64, f64),
    planted: usize,
}

impl Read {
    pub(crate) fn ours(&self) -> &Row {
        &self.rows[0]
    }
}

fn main() {
    let options = Options::read();
    let world = World::new();
    let mut sizes = Vec::new();
    for &many in &options.sizes {
        let terms = world.terms(many);
        let texts = [
            world.mixed(&terms, options.bytes),
            world.ascii(&terms, options.bytes),
        ];
        if let Some(folder) = &options.dump {
            dump(folder, &terms, &texts);
            continue;
        }
        let size = measure(&options, &terms, &texts);
        if !options.json {
            show(&size);
        }
        sizes.push(size);
    }
    let goals = goals::judge(&sizes);
    if options.dump.is_some() {
    } else if options.json {
        let sizes: Vec<Value> = sizes.iter().map(as_json).collect();
        let goals: Vec<Value> = goals
            .iter()
            .map(|goal| json!({ "goal": goal.what, "reached": goal.reached, "seen": goal.seen }))
            .collect();
        println!("{}", json!({ "sizes": sizes, "goals": goals }));
    } else if !options.only_ours {
        goals::show(&goals);
    }
}

fn measure(options: &Options, terms: &[corpus::Name], texts: &[Text]) -> Size {
    let (ours, memory) = contestants::ours(terms);
    let compile_s = ours.compile_s;
    let mut all = vec![ours];
    let mut left_out = Vec::new();
    if !options.only_ours {
        let (others, without) = contestants::others(terms, texts);
        all.extend(others);
        left_out = without;
    }
    let texts = texts
        .iter()
        .map(|text| Read {
            name: text.name,
            rows: rows(&all, text, options.rounds),
            allocations: allocations(&all[0], &text.entries),
            planted: text.planted,
        })
        .collect();
    Size {
        terms: terms.len(),
        memory,
        compile_s,
        texts,
        left_out,
    }
}

fn rows(all: &[Contestant], text: &Text, rounds: usize) -> Vec<Row> {
    let entries = &text.entries;
    let plans: Vec<Plan> = all.iter().map(|one| Plan::new(one, entries)).collect();
    let mut speeds = vec![Vec::new(); all.len()];
    for round in 0..rounds {
        for ((one, plan), speeds) in all.iter().zip(&plans).zip(&mut speeds) {
            speeds.push(plan.speed(one, entries, round));
        }
    }
    let ours = speeds[0].clone();
    let figures = all.iter().zip(&plans).zip(speeds);
    figures
        .map(|((one, plan), speeds)| {
            let ratios = ours.iter().zip(&speeds).map(|(ours, it)| ours / it);
            let (ratio, _) = median(ratios.collect());
            let (speed, spread) = median(speeds);
            Row {
                name: one.name.clone(),
                kind: one.kind,
                speed,
                spread,
                ratio,
                hits: plan.hits,
                part: plan.bytes as f64 / text.bytes() as f64,
                compile_s: one.compile_s,
                bytes: one.bytes,
            }
        })
        .collect()
}

fn show(size: &Size) {
    let memory = &size.memory;
    let each = |bytes: f64| bytes / size.terms as f64;
    println!(
        "== {} terms: compiled in {:.3} s, holding {:.0} bytes a term beside the {:.0} of its topics, \
         {:.0} allocated meanwhile",
        size.terms,
        size.compile_s,
        each(memory.held as f64),
        each(memory.topics as f64),
        each(memory.churn as f64),
    );
    for text in &size.texts {
        let (quiet, all) = text.allocations;
        println!(
            "\n{}: {} terms planted; ours allocates {quiet:.2} times in an entry without a hit, \
             {all:.2} in any",
            text.name, text.planted
        );
        println!(
            "{:<32}{:>10}{:>9}{:>16}{:>10}{:>9}{:>11}{:>10}",
            "", "MB/s", "spread", "mentiond is", "hits", "of text", "compile s", "heap MiB"
        );
        for row in &text.rows {
            println!(
                "{:<32}{:>10.1}{:>8.0}%{:>15.3}x{:>10}{:>8.0}%{:>11.3}{:>10.1}",
                row.name,
                row.speed,
                row.spread * 100.0,
                row.ratio,
                row.hits,
                row.part * 100.0,
                row.compile_s,
                row.bytes as f64 / f64::from(1 << 20),
            );
        }
    }
    println!();
    for (name, why) in &size.left_out {
        println!("{name}: {why}");
    }
    println!();
}

fn as_json(size: &Size) -> Value {
    let row = |row: &Row| {
        json!({
            "name": row.name, "mb_s": row.speed, "spread": row.spread, "ours_is": row.ratio,
            "hits": row.hits, "part": row.part, "compile_s": row.compile_s, "bytes": row.bytes,
        })
    };
    let text = |text: &Read| {
        let (quiet, all) = text.allocations;
        json!({
            "text": text.name, "planted": text.planted, "allocations_without_hit": quiet,
            "allocations": all, "rows": text.rows.iter().map(row).collect::<Vec<_>>(),
        })
    };
    json!({
        "terms": size.terms, "compile_s": size.compile_s, "bytes": size.memory.held,
        "bytes_of_topics": size.memory.topics, "bytes_allocated_meanwhile": size.memory.churn,
        "left_out": size.left_out.iter().map(|(name, why)| json!([name, why])).collect::<Vec<_>>(),
        "texts": size.texts.iter().map(text).collect::<Vec<_>>(),
    })
}

/// Terms and entries, one a line, in files that are named after the number of terms.
fn dump(folder: &Path, terms: &[corpus::Name], texts: &[Text]) {
    std::fs::create_dir_all(folder).unwrap();
    let many = terms.len();
    let terms: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
    std::fs::write(folder.join(format!("terms-{many}.txt")), terms.join("\n")).unwrap();
    for text in texts {
        let file = folder.join(format!("{}-{many}.txt", text.name));
        std::fs::write(file, text.entries.join("\n")).unwrap();
    }
}
