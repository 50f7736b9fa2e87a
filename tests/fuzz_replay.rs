//! Replays the fuzz targets' seeds on stable Rust, and some thousand mutations of them that are the
//! same in every run. Among the seeds is every input that ever broke a target.
//!
//! With `MENTIOND_CORPUS` set to a folder of documents, these are replayed as well.

#![allow(clippy::expect_used)]

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use targets::damage::{Choices, damage};

/// The time for one input; a debug build on a busy machine needs milliseconds.
const LIMIT: Duration = Duration::from_secs(5);
/// Mutations of the seeds of one target.
const MUTATIONS: usize = 1_500;
/// Bytes of a seed that is mutated, so that the time goes into many inputs.
const MAX_MUTATED: usize = 4 << 10;

type Target = fn(&[u8]);

/// Runs inputs in a thread of their own and fails at the first that panics or takes too long.
fn replay(name: &str, target: Target, inputs: Vec<(String, Vec<u8>)>) {
    let (sender, receiver) = channel();
    let count = inputs.len();
    let labels: Vec<String> = inputs.iter().map(|(label, _)| label.clone()).collect();
    let worker = std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            for (_, input) in inputs {
                let began = Instant::now();
                target(&input);
                if sender.send(began.elapsed()).is_err() {
                    return;
                }
            }
        })
        .expect("a thread");
    for label in &labels {
        match receiver.recv_timeout(LIMIT) {
            Ok(took) => assert!(took < LIMIT, "{name}: {label} took {took:?}"),
            Err(RecvTimeoutError::Timeout) => panic!("{name}: {label} takes over {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                panic!("{name}: {label} broke a promise, see above")
            }
        }
    }
    worker.join().expect("a worker that ended well");
    println!("{name}: {count} inputs");
}

/// A target's seeds, the corpus where there is one, and mutations of the small ones.
fn replay_all(name: &str, target: Target) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(name);
    let seeds = files(&folder);
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    let small: Vec<&Vec<u8>> = seeds
        .iter()
        .map(|(_, bytes)| bytes)
        .filter(|bytes| bytes.len() <= MAX_MUTATED)
        .collect();
    let mut random = fastrand::Rng::with_seed(1);
    let mut mutated = Vec::new();
    for number in 0..MUTATIONS {
        let mut bytes = small[number % small.len()].clone();
        let choices: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(80).collect();
        damage(&mut bytes, 1 + number % 5, &mut Choices::new(&choices));
        bytes.truncate(MAX_MUTATED);
        mutated.push((format!("mutation {number}"), bytes));
    }
    replay(name, target, seeds);
    replay(name, target, mutated);
    if let Some(corpus) = std::env::var_os("MENTIOND_CORPUS") {
        replay(name, target, files(Path::new(&corpus)));
    }
}

/// The files of a folder by name, with their bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder that can be read")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = std::fs::read(&path).expect("a file that can be read");
        (name.into_owned(), bytes)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn the_feed_parser_keeps_its_promises() {
    replay_all("parse", targets::parse::run);
}

#[test]
fn the_tolerant_reader_keeps_its_promises_over_damaged_feeds() {
    replay_all("repair", targets::repair::run);
}

#[test]
fn the_charset_step_keeps_its_promises() {
    replay_all("decode", targets::decode::run);
}

#[test]
fn the_article_extractor_keeps_its_promises() {
    replay_all("article", targets::article::run);
}

#[test]
fn the_cleaning_of_markup_keeps_its_promises() {
    replay_all("clean_html", targets::clean_html::run);
}

#[test]
fn the_reader_of_feed_lists_keeps_its_promises() {
    replay_all("opml", targets::opml::run);
}

#[test]
fn the_query_language_keeps_its_promises() {
    replay_all("query", targets::query::run);
}

#[test]
fn the_reader_of_configurations_keeps_its_promises() {
    replay_all("topics", targets::topics::run);
}

#[test]
fn the_door_for_hubs_keeps_its_promises() {
    replay_all("websub", targets::websub::run);
}

#[test]
fn the_reading_of_heads_and_the_waiting_keep_their_promises() {
    replay_all("headers", targets::headers::run);
}

#[test]
fn a_panic_inside_a_parser_of_others_prints_nothing_of_the_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("feed.xml");
    let feed = "<rss version=\"2.0\"><channel><title>t</title><managingEditor>E\nERROR forged \u{9b}2J \u{201c}a@example.com</managingEditor><item><title>x</title></item></channel></rss>";
    std::fs::write(&path, feed).expect("a file");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mentiond"))
        .arg("inspect")
        .arg(&path)
        .output()
        .expect("the program runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(
        !told.contains("forged") && !told.contains("panicked"),
        "{told}"
    );
}
