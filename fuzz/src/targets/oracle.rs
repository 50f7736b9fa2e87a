//! What the library promises of everything that it lets in.

use mentiond::model::{Document, Entry};
use url::Url;

/// Longest link, address and identifier line.
const MAX_LINK: usize = 8 << 10;

/// Asserts that a text can be shown: no control character, no bidirectional override, no white space
/// at its ends or doubled. A text of lines may have line breaks, never two in a row.
pub fn clean(what: &str, text: &str, lines: bool) {
    printable(what, text, lines);
    assert!(
        text.trim() == text,
        "{what} begins or ends with white space: {text:?}"
    );
    let mut before = 'x';
    for c in text.chars() {
        assert!(
            !(c.is_whitespace() && before.is_whitespace()),
            "{what} has two spaces in a row: {text:?}"
        );
        before = c;
    }
}

/// Asserts that a text holds nothing that acts on a terminal or changes the order of reading.
pub fn printable(what: &str, text: &str, lines: bool) {
    let bad = text
        .chars()
        .find(|c| unwanted(*c) && !(lines && *c == '\n'));
    assert!(bad.is_none(), "{what} holds {bad:?}: {text:?}");
}

fn unwanted(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Asserts that a text has at most `max` characters.
pub fn chars(what: &str, text: &str, max: usize) {
    let count = text.chars().count();
    assert!(count <= max, "{what} has {count} characters, not {max}");
}

/// Asserts that a text has at most `max` bytes.
pub fn bytes(what: &str, text: &str, max: usize) {
    assert!(
        text.len() <= max,
        "{what} has {} bytes, not {max}",
        text.len()
    );
}

/// Asserts that a link is absolute, leads to an HTTP server and is bounded.
pub fn link(what: &str, link: &str) {
    bytes(what, link, MAX_LINK);
    printable(what, link, false);
    let url = Url::parse(link);
    assert!(
        url.is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host()),
        "{what} is no link: {link:?}"
    );
}

/// Asserts that a language tag could be one.
pub fn language(what: &str, tag: &str) {
    bytes(what, tag, 35);
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    assert!(tag.bytes().all(legal), "{what} is no language: {tag:?}");
}

/// Asserts all that is promised of a feed's document.
pub fn document(document: &Document) {
    assert!(document.entries.len() <= 10_000);
    clean("the feed's title", &document.title, false);
    chars("the feed's title", &document.title, 2_000);
    for note in &document.notes {
        printable("a note", note, false);
        bytes("a note", note, 1_000);
    }
    assert!(document.notes.len() <= 30, "{:?}", document.notes);
    for hub in &document.hubs {
        link("a hub", hub);
    }
    assert!(document.hubs.len() <= 10);
    for (what, address) in [("self", &document.self_url), ("home", &document.home)] {
        if let Some(address) = address {
            link(what, address);
        }
    }
    if let Some(tag) = &document.language {
        language("the feed's language", tag);
    }
    if let Some(version) = &document.version {
        printable("the version", version, false);
        bytes("the version", version, 100);
    }
    document.entries.iter().for_each(entry);
}

fn entry(entry: &Entry) {
    clean("a title", &entry.title, false);
    chars("a title", &entry.title, 2_000);
    clean("a summary", &entry.summary, false);
    bytes("a summary", &entry.summary, 64 << 10);
    clean("a content", &entry.content, false);
    bytes("a content", &entry.content, 1 << 20);
    assert!(
        entry.content.is_empty() || entry.content != entry.summary,
        "content and summary are the same"
    );
    if let Some(author) = &entry.author {
        clean("an author", author, false);
        chars("an author", author, 500);
    }
    if let Some(tag) = &entry.language {
        language("an entry's language", tag);
    }
    if let Some(address) = &entry.link {
        link("an entry's link", address);
    }
}
