//! The bodies of the fuzz targets: each takes any bytes, runs one entry point of the library over
//! them and asserts what the library promises of what comes out.
//!
//! The same code is compiled twice: with coverage instrumentation by cargo-fuzz, and on stable Rust
//! by `tests/fuzz_replay.rs`, which replays the seeds.

pub mod article;
pub mod clean_html;
pub mod damage;
pub mod decode;
pub mod envelope;
pub mod headers;
pub mod opml;
pub mod oracle;
pub mod parse;
pub mod query;
pub mod repair;
pub mod template;
pub mod topics;
pub mod websub;

/// Bytes up to which an input is run twice and the results compared. Longer ones run once, so that
/// libFuzzer's time limit is about one run.
const TWICE: usize = 16 << 10;

/// Runs `work` once or twice and gives its result.
fn same_twice<T: PartialEq + std::fmt::Debug>(size: usize, work: impl Fn() -> T) -> T {
    let first = work();
    if size <= TWICE {
        assert_eq!(first, work(), "the same input gave two results");
    }
    first
}
