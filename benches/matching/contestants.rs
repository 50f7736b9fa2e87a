//! What is compared: mentiond's matcher, other ways to find many terms at once, and floors.
//!
//! The others look for the terms as plain text, in lower case in text that they lower themselves;
//! they know no word boundaries and no topics. mentiond folds, keeps to word boundaries and reports
//! hits by topic with their places in the original text.

use std::alloc::System;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, StartKind};
use daachorse::{CharwiseDoubleArrayAhoCorasickBuilder, DoubleArrayAhoCorasickBuilder};
use memchr::memmem::Finder;
use mentiond::matching::Matcher;
use mentiond::model::{Field, Term, Topic, TopicId};
use regex::{Regex, RegexBuilder, RegexSetBuilder};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::corpus::{Name, Text};
use crate::measure::processor_seconds;

/// Counts what is allocated.
#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Names of one topic: so many spellings of one name as a pack has on average.
pub const TERMS_PER_TOPIC: usize = 4;
/// What a regular expression or an automaton may take.
const LIMIT: usize = 1 << 30;
/// More topics than that are not looked for one after another.
const LOOP: usize = 1_000;
/// More terms than that are not put into one set of regular expressions.
const SET: usize = 10_000;

/// Whom a goal compares us with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ours,
    /// A crate that is made for many literals at once, asked for every hit as mentiond is.
    AllHits,
    /// The same, asked only for hits that do not overlap.
    Leftmost,
    Regex,
    Floor,
}

pub struct Contestant {
    pub name: String,
    pub kind: Kind,
    pub compile_s: f64,
    /// What it holds on the heap.
    pub bytes: i64,
    /// Looks through one entry and counts hits.
    pub run: Box<dyn Fn(&str) -> usize>,
}

/// The one place that knows how topics and terms are made.
pub fn topics(terms: &[Name]) -> Vec<Topic> {
    let term = |name: &Name| Term::new(&name.text);
    let topic = |(number, terms): (usize, &[Name])| {
        let id = TopicId::new(&format!("topic-{number}")).expect("letters, a hyphen and digits");
        Topic::new(id, terms.iter().map(term).collect())
    };
    let groups = terms.chunks(TERMS_PER_TOPIC).enumerate();
    groups.map(topic).collect()
}

pub fn net(region: &Region<'_, System>) -> i64 {
    let change = region.change();
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    signed(change.bytes_allocated) - signed(change.bytes_deallocated)
}

pub fn region() -> Region<'static, System> {
    Region::new(COUNTED)
}

/// What mentiond's matcher costs beside time.
pub struct Memory {
    /// Heap of the matcher beside the topics, which it shares with the configuration.
    pub held: i64,
    /// What the topics hold.
    pub topics: i64,
    /// What compiling allocated in all, freed or not.
    pub churn: usize,
}

/// mentiond's matcher over these terms, and what it holds.
pub fn ours(terms: &[Name]) -> (Contestant, Memory) {
    let whole = region();
    let topics: Arc<[Topic]> = topics(terms).into();
    let alone = net(&whole);
    let compiling = region();
    let began = processor_seconds();
    let matcher = Matcher::share(topics).unwrap();
    let compile_s = processor_seconds() - began;
    let churn = compiling.change().bytes_allocated;
    let held = net(&compiling);
    let run = move |entry: &str| {
        let mentions = matcher.find(&[(Field::Summary, entry)]);
        mentions.iter().map(|mention| mention.hits.len()).sum()
    };
    let contestant = Contestant {
        name: "mentiond".into(),
        kind: Kind::Ours,
        compile_s,
        bytes: held,
        run: Box::new(run),
    };
    let memory = Memory {
        held,
        topics: alone,
        churn,
    };
    (contestant, memory)
}

/// All the others over these terms, and those that were left out with the reason.
pub fn others(terms: &[Name], texts: &[Text]) -> (Vec<Contestant>, Vec<(String, String)>) {
    let lowered: Vec<String> = terms.iter().map(|name| name.text.to_lowercase()).collect();
    let mut line = Start::default();
    line.floors(terms);
    line.regexes(terms);
    line.aho_corasick(&lowered);
    line.daachorse(&lowered, texts);
    (line.contestants, line.left_out)
}

#[derive(Default)]
struct Start {
    contestants: Vec<Contestant>,
    left_out: Vec<(String, String)>,
}

impl Start {
    fn add<R: Fn(&str) -> usize + 'static>(
        &mut self,
        name: &str,
        kind: Kind,
        build: impl FnOnce() -> Result<R, String>,
    ) {
        let heap = region();
        let began = processor_seconds();
        match build() {
            Ok(run) => self.contestants.push(Contestant {
                name: name.to_owned(),
                kind,
                compile_s: processor_seconds() - began,
                bytes: net(&heap),
                run: Box::new(run),
            }),
            Err(why) => {
                let took = processor_seconds() - began;
                let why = format!("{why} (after {took:.1} s)");
                self.left_out.push((name.to_owned(), why));
            }
        }
    }

    fn floors(&mut self, terms: &[Name]) {
        self.add("memchr, one byte", Kind::Floor, || {
            Ok(|entry: &str| memchr::memchr_iter(b'.', entry.as_bytes()).count())
        });
        let needle = Finder::new(&terms[0].text).into_owned();
        self.add("memmem, one term", Kind::Floor, || {
            Ok(move |entry: &str| needle.find_iter(entry.as_bytes()).count())
        });
        self.add("to_lowercase alone", Kind::Floor, || {
            Ok(|entry: &str| {
                std::hint::black_box(entry.to_lowercase());
                0
            })
        });
    }

    fn regexes(&mut self, terms: &[Name]) {
        let topics: Vec<String> = terms
            .chunks(TERMS_PER_TOPIC)
            .map(|topic| {
                let terms = topic.iter().map(|term| regex::escape(&term.text));
                terms.collect::<Vec<_>>().join("|")
            })
            .collect();
        let one_by_one = "regex, a loop of one per topic";
        if terms.len() > LOOP {
            let why = format!("left out above {LOOP} terms: too slow");
            self.left_out.push((one_by_one.to_owned(), why));
        } else {
            self.add(one_by_one, Kind::Regex, || {
                let mut compiled: Vec<Regex> = Vec::new();
                for topic in &topics {
                    let one = RegexBuilder::new(topic).case_insensitive(true).build();
                    compiled.push(one.map_err(|error| error.to_string())?);
                }
                Ok(move |entry: &str| {
                    compiled
                        .iter()
                        .map(|one| one.find_iter(entry).count())
                        .sum()
                })
            });
        }
        let set = "RegexSet (topics, not hits)";
        if terms.len() > SET {
            let why = format!("left out above {SET} terms: minutes to compile, and below 0.1 MB/s");
            self.left_out.push((set.to_owned(), why));
            return;
        }
        self.add(set, Kind::Regex, || {
            let set = RegexSetBuilder::new(&topics)
                .case_insensitive(true)
                .size_limit(LIMIT)
                .dfa_size_limit(LIMIT)
                .build()
                .map_err(|error| error.to_string())?;
            Ok(move |entry: &str| set.matches(entry).iter().count())
        });
    }

    fn aho_corasick(&mut self, lowered: &[String]) {
        let needed = dfa_bytes(lowered);
        for (kind, name) in [
            (AhoCorasickKind::ContiguousNFA, "aho-corasick NFA"),
            (AhoCorasickKind::DFA, "aho-corasick DFA"),
        ] {
            for overlapping in [true, false] {
                let how = if overlapping { "all hits" } else { "leftmost" };
                let name = format!("{name}, {how}");
                if kind == AhoCorasickKind::DFA && needed > LIMIT {
                    let why = format!("left out: some {} MiB, more than 1 GiB", needed >> 20);
                    self.left_out.push((name, why));
                    continue;
                }
                self.add(&name, literals(overlapping), || {
                    let automaton = AhoCorasick::builder()
                        .kind(Some(kind))
                        .start_kind(StartKind::Unanchored)
                        .match_kind(if overlapping {
                            MatchKind::Standard
                        } else {
                            MatchKind::LeftmostLongest
                        })
                        .build(lowered)
                        .map_err(|error| error.to_string())?;
                    Ok(move |entry: &str| {
                        let entry = entry.to_lowercase();
                        if overlapping {
                            automaton.find_overlapping_iter(&entry).count()
                        } else {
                            automaton.find_iter(&entry).count()
                        }
                    })
                });
            }
        }
    }

    /// Laid out by the beginnings of the texts, which the crate says makes it faster.
    fn daachorse(&mut self, lowered: &[String], texts: &[Text]) {
        let sample: Vec<String> = texts
            .iter()
            .flat_map(|text| text.entries.iter().take(200))
            .map(|entry| entry.to_lowercase())
            .collect();
        for overlapping in [true, false] {
            let how = if overlapping { "all hits" } else { "leftmost" };
            let kind = if overlapping {
                daachorse::MatchKind::Standard
            } else {
                daachorse::MatchKind::LeftmostLongest
            };
            self.add(
                &format!("daachorse bytewise, {how}"),
                literals(overlapping),
                || {
                    let automaton = DoubleArrayAhoCorasickBuilder::new()
                        .match_kind(kind)
                        .corpus(&sample)
                        .build::<_, _, u32>(lowered)
                        .map_err(|error| error.to_string())?;
                    Ok(move |entry: &str| {
                        let entry = entry.to_lowercase();
                        if overlapping {
                            automaton.find_overlapping_iter(&entry).count()
                        } else {
                            automaton.leftmost_find_iter(&entry).count()
                        }
                    })
                },
            );
            self.add(
                &format!("daachorse charwise, {how}"),
                literals(overlapping),
                || {
                    let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new()
                        .match_kind(kind)
                        .corpus(&sample)
                        .build::<_, _, u32>(lowered)
                        .map_err(|error| error.to_string())?;
                    Ok(move |entry: &str| {
                        let entry = entry.to_lowercase();
                        if overlapping {
                            automaton.find_overlapping_iter(&entry).count()
                        } else {
                            automaton.leftmost_find_iter(&entry).count()
                        }
                    })
                },
            );
        }
    }
}

fn literals(overlapping: bool) -> Kind {
    if overlapping {
        Kind::AllHits
    } else {
        Kind::Leftmost
    }
}

/// What a DFA would take: a state for each distinct beginning of a term, and in each four bytes for
/// every byte that occurs in terms, rounded up to a power of two.
fn dfa_bytes(lowered: &[String]) -> usize {
    let mut sorted: Vec<&[u8]> = lowered.iter().map(String::as_bytes).collect();
    sorted.sort_unstable();
    let mut bytes = [false; 256];
    let (mut states, mut before): (usize, &[u8]) = (1, &[]);
    for term in sorted {
        let shared = term.iter().zip(before).take_while(|(a, b)| a == b).count();
        states += term.len() - shared;
        for byte in term {
            bytes[usize::from(*byte)] = true;
        }
        before = term;
    }
    let classes = bytes.iter().filter(|used| **used).count() + 1;
    states * classes.next_power_of_two() * 4
}
