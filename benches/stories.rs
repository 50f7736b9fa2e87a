//! Which method finds copies of a text, and what looking for them costs.
//!
//! `cargo bench --bench stories` compares `SimHash`, `MinHash` bands and the shipped comparison on the
//! labelled pairs of `tests/fixtures`. With a number (`-- 1000000`) it fills a database with as many
//! stories and tells what recording entries costs on the way, with and without fingerprints.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]

#[allow(
    dead_code,
    reason = "shared with `tests/stories.rs`, which uses more of it"
)]
#[path = "../tests/stories/pairs.rs"]
mod pairs;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use fastrand::Rng;
use mentiond::dedup::{FEWEST_AGREEING, Fingerprint, Passage, Verdict, compare, compare_at};
use mentiond::model::{Entry, EntryKey, Feed, FeedId, StoryKey, TextHash, Timestamp, UpdateHints};
use mentiond::search::EntryTokens;
use mentiond::store::{
    DocumentRecord, EntryRecord, FeedRow, PollRecord, PollStatus, Renewal, Store,
};
use pairs::{FIXTURES, Pair, read};

fn main() {
    let stories = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    match stories {
        Some(stories) => runtime().block_on(cost(stories)),
        None => quality(),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

/// A pair, read.
struct Read {
    pair: Pair,
    a: Passage,
    b: Passage,
}

fn quality() {
    for (name, fixture) in FIXTURES {
        let pairs: Vec<Read> = read(fixture)
            .into_iter()
            .map(|pair| Read {
                a: Passage::new(&pair.a.title, &pair.a.body),
                b: Passage::new(&pair.b.title, &pair.b.body),
                pair,
            })
            .collect();
        let same = pairs.iter().filter(|read| read.pair.same).count();
        println!(
            "{name}: {same} pairs tell one story, {} do not\n",
            pairs.len() - same
        );
        println!("| method | precision | recall | wrong | missed |\n|---|---|---|---|---|");
        for most in [3, 6, 10, 14, 18, 22] {
            let near = |read: &Read| (simhash(&read.a) ^ simhash(&read.b)).count_ones() <= most;
            row(
                &pairs,
                &format!("SimHash, at most {most} of 64 bits differ"),
                near,
            );
        }
        for (bands, rows) in [(8, 4), (16, 2), (32, 1)] {
            let met = |read: &Read| meet(&read.a, &read.b, bands, rows);
            row(&pairs, &format!("MinHash, {bands} bands of {rows}"), met);
        }
        for least in [0.4, 0.5, 0.6, 0.7, 0.8] {
            let alike = |read: &Read| overlap(&read.a, &read.b) >= least;
            row(
                &pairs,
                &format!("shared part of the shorter at least {least}"),
                alike,
            );
        }
        for least in [0.4, 0.5, 0.6, 0.7, 0.8] {
            let same = |read: &Read| {
                let verdict = compare_at(&read.a, &read.b, read.pair.apart, least);
                matches!(verdict, Verdict::Same(_))
            };
            row(
                &pairs,
                &format!("the same, and facts compared, at least {least}"),
                same,
            );
        }
        row(&pairs, "as shipped: bands, then texts compared", |read| {
            let verdict = compare(&read.a, &read.b, read.pair.apart);
            matches!(verdict, Verdict::Same(_)) && shipped_meet(&read.a, &read.b)
        });
        println!();
    }
}

fn row(pairs: &[Read], method: &str, says: impl Fn(&Read) -> bool) {
    let (mut hits, mut wrong, mut missed) = (0.0, 0.0, 0.0);
    for read in pairs {
        match (read.pair.same, says(read)) {
            (true, true) => hits += 1.0,
            (true, false) => missed += 1.0,
            (false, true) => wrong += 1.0,
            (false, false) => {}
        }
    }
    let (precision, recall) = (hits / f64::max(hits + wrong, 1.0), hits / (hits + missed));
    println!("| {method} | {precision:.3} | {recall:.3} | {wrong} | {missed} |");
}

/// 64 bits, each the sign of a sum over all shingles.
fn simhash(passage: &Passage) -> u64 {
    let mut sums = [0_i32; 64];
    for shingle in passage.shingles() {
        for (bit, sum) in sums.iter_mut().enumerate() {
            *sum += if shingle >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    let ones = sums.iter().enumerate().filter(|(_, sum)| **sum > 0);
    ones.fold(0, |hash, (bit, _)| hash | 1 << bit)
}

/// Whether two texts share a band of so many minimal hashes.
fn meet(a: &Passage, b: &Passage, bands: u64, rows: u64) -> bool {
    let least = |passage: &Passage, n: u64| {
        let spread = |shingle: u64| {
            let mixed = (shingle ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                .wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 20
        };
        passage.shingles().into_iter().map(spread).min()
    };
    (0..bands).any(|band| {
        (0..rows).all(|row| {
            let n = band * rows + row + 1;
            least(a, n) == least(b, n)
        })
    })
}

fn shipped_meet(a: &Passage, b: &Passage) -> bool {
    let (Some(a), Some(b)) = (Fingerprint::of(a), Fingerprint::of(b)) else {
        return false;
    };
    let bands = b.bands();
    a.agreement(&b) >= FEWEST_AGREEING && a.bands().iter().any(|band| bands.contains(band))
}

/// How much of the smaller set of shingles the other one has.
fn overlap(a: &Passage, b: &Passage) -> f64 {
    let (a, b) = (a.shingles(), b.shingles());
    let shared = a
        .iter()
        .filter(|shingle| b.binary_search(shingle).is_ok())
        .count();
    shared as f64 / a.len().min(b.len()).max(1) as f64
}

/// Entries of a document.
const DOCUMENT: usize = 100;
/// Entries over which a figure is taken.
const SAMPLE: usize = 5_000;
const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);

/// Makes entries: words by a steep distribution, as in a language, and a sentence that all share.
struct Press {
    rng: Rng,
    made: u64,
}

impl Press {
    fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..90 {
            let steep = self.rng.f64().powi(3) * 30_000.0;
            write!(text, "w{steep:.0} ").unwrap();
        }
        text + "Read the whole report on our website and follow us for the latest news of the day."
    }

    fn entry(&mut self, text: String, compared: bool) -> EntryRecord {
        self.made += 1;
        let mut key = [0; 16];
        key[..8].copy_from_slice(&self.made.to_be_bytes());
        let entry = Entry {
            link: Some(format!("https://news.example/{}", self.made)),
            title: "News of the day".to_owned(),
            content: text,
            ..Entry::default()
        };
        EntryRecord {
            fingerprint: compared
                .then(|| Fingerprint::of(&Passage::of(&entry)))
                .flatten(),
            // What searching costs is told by the bench of searching.
            tokens: EntryTokens::default(),
            entry,
            key: EntryKey(key),
            story: StoryKey(key),
            text_hash: TextHash(key),
            language: None,
            language_basis: None,
            counted_at: NOW,
            mentions: Vec::new(),
            page: None,
        }
    }
}

async fn cost(stories: usize) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("db")).unwrap();
    let url = "https://news.example/feed";
    let feed = Feed::new(FeedId::new("feed").unwrap(), url.parse().unwrap());
    let feed = store
        .register_feeds(&[feed], Timestamp::now())
        .await
        .unwrap()[0]
        .row;
    let mut press = Press {
        rng: Rng::with_seed(1),
        made: 0,
    };
    println!(
        "{:>10} {:>14} {:>14} {:>16} {:>10} {:>12}",
        "stories", "without, us", "new, us", "copies, us", "joined", "file, MiB"
    );
    let mut filled = 0;
    for goal in [1_000, 10_000, 100_000, 300_000, 1_000_000] {
        if goal > stories {
            break;
        }
        while filled < goal {
            filled += DOCUMENT;
            let entries = (0..DOCUMENT).map(|_| {
                let text = press.text();
                press.entry(text, true)
            });
            let record = document(feed, entries.collect());
            store.commit_poll(record).await.unwrap();
        }
        let mut time = async |compared: bool, copies: bool| {
            let (mut spent, mut joined, mut texts) = (Duration::ZERO, 0, Vec::new());
            for _ in 0..SAMPLE / DOCUMENT {
                if texts.is_empty() || !copies {
                    texts = (0..DOCUMENT).map(|_| press.text()).collect();
                }
                let entries = texts.iter().map(|text| press.entry(text.clone(), compared));
                let record = document(feed, entries.collect());
                let began = Instant::now();
                joined += store.commit_poll(record).await.unwrap().joined;
                spent += began.elapsed();
            }
            (spent.as_micros() / SAMPLE as u128, joined)
        };
        let (without, _) = time(false, false).await;
        let (new, _) = time(true, false).await;
        let (copies, joined) = time(true, true).await;
        let size: u64 = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum();
        println!(
            "{goal:>10} {without:>14} {new:>14} {copies:>16} {joined:>10} {:>12}",
            size >> 20
        );
    }
    let (began, keep) = (Instant::now(), Duration::from_hours(24 * 365));
    let keep = mentiond::store::Keep {
        entries: keep,
        seen: keep,
        deliveries: keep,
        fingerprints: Duration::from_hours(72),
    };
    let pruned = store
        .prune(keep, NOW + Duration::from_hours(100))
        .await
        .unwrap();
    let each = began.elapsed().as_micros() / (pruned.fingerprints.max(1) as u128);
    println!(
        "pruning: {} fingerprints, {each} us each",
        pruned.fingerprints
    );
}

fn document(feed: FeedRow, entries: Vec<EntryRecord>) -> PollRecord {
    PollRecord {
        feed,
        url: "https://news.example/feed".to_owned(),
        at: NOW,
        next_poll: None,
        wait_until: None,
        fresh_until: None,
        status: PollStatus::Ok,
        validators: Renewal::Keep,
        moved_to: None,
        document: Some(DocumentRecord {
            title: String::new(),
            format: "rss",
            language: None,
            hints: UpdateHints::default(),
            rhythm: None,
            partial: false,
            body_hash: [0; 16],
            window: Duration::from_hours(72),
            served: Vec::new(),
            entries,
        }),
        trouble: None,
    }
}
