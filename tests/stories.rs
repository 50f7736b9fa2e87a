//! Which copies of a text are taken for one story, on labelled pairs.

#![allow(clippy::unwrap_used)]

#[path = "stories/pairs.rs"]
mod pairs;

use mentiond::dedup::{Fingerprint, Passage, Verdict, compare};
use pairs::{Pair, Text, read};

const FIXTURE: &str = include_str!("fixtures/stories.toml");

fn passage(text: &Text) -> Passage {
    Passage::new(&text.title, &text.body)
}

/// Whether the two share a band, so that they would be compared at all.
fn would_meet(a: &Passage, b: &Passage) -> bool {
    let (Some(a), Some(b)) = (Fingerprint::of(a), Fingerprint::of(b)) else {
        return false;
    };
    let bands = b.bands();
    a.bands().iter().any(|band| bands.contains(band))
}

/// What is said of a pair, and why.
fn judge(pair: &Pair) -> (bool, String) {
    let (a, b) = (passage(&pair.a), passage(&pair.b));
    match compare(&a, &b, pair.apart) {
        _ if !would_meet(&a, &b) => (false, "no band in common".to_owned()),
        Verdict::Same(likeness) => (true, format!("{:.0} % in common", likeness * 100.0)),
        Verdict::Apart(reason) => (false, reason.to_string()),
    }
}

#[test]
fn labelled_pairs() {
    let pairs = read(FIXTURE);
    let (mut hits, mut wrong, mut missed) = (0, 0, 0);
    for pair in &pairs {
        let (said, why) = judge(pair);
        match (pair.same, said) {
            (true, true) => hits += 1,
            (true, false) => missed += 1,
            (false, true) => wrong += 1,
            (false, false) => {}
        }
        if said != pair.same {
            println!("{}: {why}", pair.name);
        }
    }
    println!("{hits} {wrong} {missed}");
}
