//! JSON Feed (1.0 and 1.1), read with more patience than the standard asks for.
//!
//! Missing titles and versions, numbers for ids and null for anything are taken as they are meant;
//! a field of an impossible type counts as missing. Entries are made while the text is read
//! (`json::shape`), so that memory follows what is kept and not what is there. What JSON forbids and
//! publishers write (trailing commas, bare control characters) is set right once (`json::mend`); a
//! document that breaks off keeps its complete entries.

mod mend;
mod shape;

use super::charset::Decoded;
use super::error::ParseError;
use super::feed::{absolute, language};
use super::text;
use super::{Input, MAX_ENTRIES, MAX_TITLE_CHARS, MAX_VERSION};
use crate::model::{Document, FeedFormat, UpdateHints};
use shape::Feed;

/// Hubs that are kept.
const MAX_HUBS: usize = 10;

/// Reads a JSON Feed.
pub(super) fn document(
    json: &str,
    input: &Input<'_>,
    charset: &Decoded<'_>,
    mut notes: Vec<String>,
) -> Result<Document, ParseError> {
    let not_a_feed = || ParseError::NotAFeed {
        looks_like: "JSON that is not a JSON Feed",
        title: None,
    };
    let mut feed = Feed::new(input.base, input.now);
    let mut outcome = feed.read(json);
    if outcome.is_err()
        && let Some(mended) = mend::mend(json)
    {
        let mut second = Feed::new(input.base, input.now);
        let better = second.read(&mended);
        if better.is_ok() || second.entries.len() > feed.entries.len() {
            (feed, outcome) = (second, better);
            notes.push("forgave JSON with trailing commas or bare control characters".into());
        }
    }
    if let Err(error) = outcome {
        if !json.contains("\"items\"") {
            return Err(not_a_feed());
        }
        let malformed = ParseError::Malformed {
            detail: text::plain(&error.to_string(), 200),
            line: Some(error.line()),
        };
        if feed.entries.is_empty() {
            return Err(malformed);
        }
        notes.push(format!(
            "the document is cut short; read {} complete entries",
            feed.entries.len()
        ));
    } else if !feed.has_items {
        return Err(not_a_feed());
    }
    let version = feed
        .version
        .as_deref()
        .filter(|v| v.contains("jsonfeed.org"));
    if version.is_none() && !feed.storied {
        return Err(not_a_feed());
    }
    if version.is_none() {
        notes.push("the version of JSON Feed is missing or unknown".into());
    }
    if feed.total > MAX_ENTRIES {
        notes.push(format!(
            "{} entries; kept the first {MAX_ENTRIES}",
            feed.total
        ));
    }
    if feed.strange > 0 {
        notes.push(format!(
            "left out {} entries that are not objects",
            feed.strange
        ));
    }
    let version = version
        .and_then(|v| v.trim_end_matches('/').rsplit('/').next())
        .map(|v| text::plain(v, MAX_VERSION));
    let home = feed
        .home
        .as_deref()
        .and_then(|home| absolute(home, input.base));
    feed.resolve_late(home.as_deref());
    let hubs = feed.hubs.iter().filter_map(|hub| absolute(hub, input.base));
    Ok(Document {
        format: FeedFormat::Json,
        title: text::title(feed.title.as_deref().unwrap_or(""), false, MAX_TITLE_CHARS),
        language: language(feed.language.as_deref()),
        charset: charset.name,
        charset_basis: charset.basis,
        version,
        hints: UpdateHints::default(),
        hubs: hubs.collect(),
        self_url: feed
            .own
            .as_deref()
            .and_then(|own| absolute(own, input.base)),
        home,
        notes,
        entries: feed.entries,
    })
}
