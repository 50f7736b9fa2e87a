//! The parser alone: `MENTIOND_CORPUS=folder cargo bench --bench parse -- [DOCUMENTS] [PASSES]`.
//!
//! Parses a folder's documents in a loop on one thread, after a pass to warm up, and prints as one
//! line of JSON the seconds of processor time that each pass took and, by document, the least time of
//! all passes. `DOCUMENTS` is a file that names one document of the folder a line (default: all).
//! `benches/peers/run.sh` runs it in turns with other parsers on the same bytes.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use mentiond::model::Timestamp;
use mentiond::parse::{Input, parse};
use url::Url;

/// The same as in `benches/peers/corpus.py`.
const BASE: &str = "https://base.example/feed";

fn main() {
    let Some(folder) = std::env::var_os("MENTIOND_CORPUS").map(PathBuf::from) else {
        println!("skipped: set MENTIOND_CORPUS to a folder of feeds");
        return;
    };
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let names: Vec<String> = match arguments.next() {
        Some(list) => std::fs::read_to_string(list)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect(),
        None => all(&folder),
    };
    let passes: usize = arguments.next().map_or(10, |n| n.parse().unwrap());
    let documents: Vec<(String, Vec<u8>)> = names
        .into_iter()
        .map(|name| {
            let bytes = std::fs::read(folder.join(&name)).unwrap();
            (name, bytes)
        })
        .collect();
    let base = Url::parse(BASE).unwrap();
    let now = Timestamp::now();
    let once = |bytes: &[u8]| {
        black_box(parse(&Input {
            bytes,
            content_type: None,
            base: Some(&base),
            now,
        }))
    };

    // a document that makes a dependency panic is caught, and told in the result
    std::panic::set_hook(Box::new(|_| {}));
    let mut least: BTreeMap<&str, f64> = BTreeMap::new();
    for (name, bytes) in &documents {
        drop(once(bytes));
        least.insert(name, f64::INFINITY);
    }
    let mut seconds = Vec::new();
    for _ in 0..passes {
        let began = processor_seconds();
        for (name, bytes) in &documents {
            let at = Instant::now();
            drop(once(bytes));
            let took = at.elapsed().as_secs_f64();
            if let Some(so_far) = least.get_mut(name.as_str()) {
                *so_far = so_far.min(took);
            }
        }
        seconds.push(processor_seconds() - began);
    }
    let report = serde_json::json!({ "pass_s": seconds, "document_s": least });
    println!("{report}");
}

/// All files of a folder but lists of feeds and the index.
fn all(folder: &PathBuf) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .filter(|path| !path.extension().is_some_and(|e| e == "opml" || e == "tsv"))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

/// The processor time of this thread where Linux tells it, else the time of the clock.
fn processor_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|t| t.split_whitespace().next()?.parse::<u64>().ok());
    match nanoseconds {
        Some(n) => n as f64 / 1e9,
        None => {
            use std::sync::LazyLock;
            static START: LazyLock<Instant> = LazyLock::new(Instant::now);
            START.elapsed().as_secs_f64()
        }
    }
}
