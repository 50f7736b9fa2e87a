//! Markup to clean text.

use mentiond::parse::{clean_html, clean_text};

use super::{oracle, same_twice};

/// Runs the target.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let cleaned = same_twice(data.len(), || clean_html(&text));
    oracle::clean("cleaned markup", &cleaned, false);
    let plain = clean_text(&text);
    oracle::clean("cleaned text", &plain, false);
    oracle::bytes("cleaned text", &plain, text.len());
    assert_eq!(clean_text(&plain), plain, "cleaning twice changes the text");
    assert_eq!(
        clean_text(&cleaned),
        cleaned,
        "cleaned markup is no clean text"
    );
}
