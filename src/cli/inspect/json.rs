//! The JSON of `mentiond inspect --json`: one object a document, whose shape docs/cli.md promises.

use serde::Serialize;

use crate::cli::{CliError, Context};
use crate::dedup;
use crate::model::{DateNote, Document, EntryKey, FeedFormat, KeyBasis, Timestamp, UpdateHints};

#[derive(Serialize)]
struct Inspected<'a> {
    source: &'a str,
    format: Option<FeedFormat>,
    version: Option<&'a str>,
    title: Option<&'a str>,
    language: Option<&'a str>,
    charset: Option<&'a str>,
    charset_basis: Option<&'a str>,
    home: Option<&'a str>,
    #[serde(rename = "self")]
    self_url: Option<&'a str>,
    hubs: &'a [String],
    ttl_s: Option<u64>,
    hints: Option<Hints>,
    repairs: &'a [String],
    error: Option<&'a str>,
    entries: Vec<Entry<'a>>,
}

/// What a document says of its publishing rhythm.
#[derive(Serialize)]
struct Hints {
    ttl_s: Option<u64>,
    update_period_s: Option<u64>,
    skip_hours: Vec<u8>,
    skip_days: Vec<&'static str>,
}

/// One entry, as dedup and the matcher see it.
#[derive(Serialize)]
pub struct Entry<'a> {
    pub key: EntryKey,
    pub key_basis: KeyBasis,
    pub guid: Option<&'a str>,
    pub link: Option<&'a str>,
    pub canonical_link: Option<String>,
    pub title: &'a str,
    pub summary: &'a str,
    pub content: &'a str,
    pub author: Option<&'a str>,
    pub language: Option<&'a str>,
    pub published: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    pub date_note: Option<&'static str>,
}

pub fn print(
    context: &Context,
    source: &str,
    result: &Result<Document, String>,
) -> Result<(), CliError> {
    let document = result.as_ref().ok();
    context.out.json(&Inspected {
        source,
        format: document.map(|d| d.format),
        version: document.and_then(|d| d.version.as_deref()),
        title: document.map(|d| d.title.as_str()),
        language: document.and_then(|d| d.language.as_deref()),
        charset: document.map(|d| d.charset),
        charset_basis: document.map(|d| d.charset_basis),
        home: document.and_then(|d| d.home.as_deref()),
        self_url: document.and_then(|d| d.self_url.as_deref()),
        hubs: document.map(|d| d.hubs.as_slice()).unwrap_or_default(),
        ttl_s: document.and_then(|d| d.hints.ttl).map(|ttl| ttl.as_secs()),
        hints: document.map(|d| hints(&d.hints)),
        repairs: document.map(|d| d.notes.as_slice()).unwrap_or_default(),
        error: result.as_ref().err().map(String::as_str),
        entries: document.map(entries).unwrap_or_default(),
    })
}

fn hints(hints: &UpdateHints) -> Hints {
    Hints {
        ttl_s: hints.ttl.map(|ttl| ttl.as_secs()),
        update_period_s: hints.update_period.map(|period| period.as_secs()),
        skip_hours: skipped_hours(hints),
        skip_days: skipped_days(hints),
    }
}

/// The hours (0 to 23, UTC) in which the document asks not to be asked for.
pub fn skipped_hours(hints: &UpdateHints) -> Vec<u8> {
    (0..24)
        .filter(|hour| hints.skip_hours & (1 << hour) != 0)
        .collect()
}

/// The days (UTC) on which it does.
pub fn skipped_days(hints: &UpdateHints) -> Vec<&'static str> {
    let days = UpdateHints::DAYS.iter().enumerate();
    days.filter(|(day, _)| hints.skip_days & (1 << day) != 0)
        .map(|(_, name)| *name)
        .collect()
}

/// The document's entries with their keys.
pub fn entries(document: &Document) -> Vec<Entry<'_>> {
    let keys = dedup::assign_keys(&document.entries);
    document
        .entries
        .iter()
        .zip(keys)
        .map(|(entry, (key, key_basis))| Entry {
            key,
            key_basis,
            guid: entry.guid.as_deref(),
            link: entry.link.as_deref(),
            canonical_link: entry.link.as_deref().and_then(dedup::canonical_link),
            title: &entry.title,
            summary: &entry.summary,
            content: &entry.content,
            author: entry.author.as_deref(),
            language: entry.language.as_deref(),
            published: entry.published,
            updated: entry.updated,
            date_note: entry.date_note.map(DateNote::as_str),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_days_to_skip_are_told_by_name() {
        let hints = UpdateHints {
            skip_hours: 1 | 1 << 23,
            skip_days: 1 | 1 << 6,
            ..UpdateHints::default()
        };
        assert_eq!(skipped_hours(&hints), [0, 23]);
        assert_eq!(skipped_days(&hints), ["monday", "sunday"]);
    }
}
