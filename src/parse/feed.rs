//! feed-rs, as a second opinion on sound documents in which our own reader missed something.
//!
//! It runs behind a [`wall`](super::wall): a document that makes it panic is read by our own reader
//! alone. Also here: what both readers of XML and the one of JSON do with links and languages.

use feed_rs::model as theirs;
use url::Url;

use super::reader::Reading;
use super::text;
use super::wall::contained;
use super::{Input, MAX_CONTENT, MAX_LINK, MAX_SUMMARY, MAX_TITLE_CHARS};
use crate::model::Entry;

/// Runs feed-rs over a document of clean UTF-8 without an XML declaration.
fn run(text: &str, base: Option<&Url>) -> Option<theirs::Feed> {
    let parser = feed_rs::parser::Builder::new()
        .base_uri(base.map(Url::as_str))
        .sanitize_content(false)
        .id_generator(|_, _, _| String::new())
        // dates are read by our own reader; feed-rs's time type panics beyond its range
        .timestamp_parser(|_| None)
        .build();
    contained(|| parser.parse(text.as_bytes())).ok()?.ok()
}

/// Asks feed-rs for what our reader found nothing of: a title, or any text. It costs as much again
/// as the whole reading, so a document in which nothing is missing is not given to it. Where it
/// refuses, panics or finds another number of entries, our own reading stays as it is.
pub(super) fn second_opinion(text: &str, input: &Input<'_>, reading: &mut Reading) {
    if !reading.entries.iter().any(lacks_text) {
        return;
    }
    let Some(feed) = run(text, input.base) else {
        return;
    };
    if feed.entries.len() != reading.entries.len() {
        return;
    }
    for (ours, theirs) in reading.entries.iter_mut().zip(&feed.entries) {
        if lacks_text(ours) {
            texts(ours, theirs);
        }
    }
}

fn lacks_text(entry: &Entry) -> bool {
    entry.title.is_empty() || (entry.summary.is_empty() && entry.content.is_empty())
}

/// Takes the texts that feed-rs found where we have none.
fn texts(ours: &mut Entry, theirs: &theirs::Entry) {
    let title = theirs
        .title
        .as_ref()
        .map(|t| text::title(&t.content, is_html(t), MAX_TITLE_CHARS))
        .unwrap_or_default();
    let summary = theirs
        .summary
        .as_ref()
        .map(|t| text::body(&t.content, is_html(t), MAX_SUMMARY))
        .unwrap_or_default();
    let content = theirs
        .content
        .as_ref()
        .and_then(|c| {
            let kind = c.content_type.to_string();
            let kind = kind.to_ascii_lowercase();
            let plain = kind.starts_with("text/plain");
            let readable =
                kind.starts_with("text/") || kind.contains("xml") || kind.contains("html");
            c.body.as_deref().filter(|_| readable).map(|b| (b, !plain))
        })
        .map(|(body, is_html)| text::body(body, is_html, MAX_CONTENT))
        .filter(|c| *c != summary)
        .unwrap_or_default();
    for (ours, theirs) in [
        (&mut ours.title, title),
        (&mut ours.summary, summary),
        (&mut ours.content, content),
    ] {
        if ours.is_empty() {
            *ours = theirs;
        }
    }
    if ours.content == ours.summary {
        ours.content.clear();
    }
}

fn is_html(text: &theirs::Text) -> bool {
    !text.content_type.to_string().starts_with("text/plain")
}

/// A link made absolute; `None` unless it leads to an HTTP server.
pub(super) fn absolute(link: &str, base: Option<&Url>) -> Option<String> {
    let link = link.trim();
    if link.is_empty() || link.len() > MAX_LINK {
        return None;
    }
    let url = match Url::parse(link) {
        Err(url::ParseError::RelativeUrlWithoutBase) => base?.join(link).ok()?,
        other => other.ok()?,
    };
    let text =
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.to_string());
    text.filter(|t| t.len() <= MAX_LINK)
}

/// A language tag as written, if it could be one.
pub(super) fn language(tag: Option<&str>) -> Option<String> {
    let tag = tag?.trim();
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    ((1..=35).contains(&tag.len()) && tag.bytes().all(legal)).then(|| tag.to_owned())
}
