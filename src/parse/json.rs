//! JSON Feed (1.0 and 1.1), read with more patience than the standard asks for.
//!
//! Missing titles and versions, numbers for ids and null for anything are taken as they are meant;
//! a field of an impossible type counts as missing.

use serde_json::{Map, Value};
use url::Url;

use super::dates::{self, Reading};
use super::error::ParseError;
use super::feed::{absolute, language};
use super::text;
use super::{MAX_AUTHOR_CHARS, MAX_CONTENT, MAX_ENTRIES, MAX_SUMMARY, MAX_TITLE_CHARS};
use crate::model::{DateNote, Document, Entry, FeedFormat, Timestamp, UpdateHints};

/// A parsed JSON value takes some tens of bytes; this many are about 100 MB.
const MAX_VALUES: usize = 2_000_000;

/// Reads a JSON Feed.
pub(super) fn document(
    json: &str,
    base: Option<&Url>,
    now: Timestamp,
    charset: &'static str,
    mut notes: Vec<String>,
) -> Result<Document, ParseError> {
    let not_a_feed = || ParseError::NotAFeed {
        looks_like: "JSON that is not a JSON Feed",
        title: None,
    };
    if json
        .bytes()
        .filter(|b| matches!(b, b',' | b'[' | b'{'))
        .count()
        > MAX_VALUES
    {
        return Err(ParseError::TooComplex {
            what: "JSON values",
            limit: MAX_VALUES,
        });
    }
    let value: Value = serde_json::from_str(json).map_err(|error| {
        if json.contains("\"items\"") {
            ParseError::Malformed {
                detail: text::plain(&error.to_string(), 200),
                line: Some(error.line()),
            }
        } else {
            not_a_feed()
        }
    })?;
    let Value::Object(feed) = value else {
        return Err(not_a_feed());
    };
    let Some(Value::Array(items)) = feed.get("items") else {
        return Err(not_a_feed());
    };
    let versioned = string(&feed, "version").is_some_and(|v| v.contains("jsonfeed.org"));
    let storied = |item: &Value| {
        ["title", "content_html", "content_text", "url"]
            .iter()
            .any(|key| item.get(key).is_some_and(Value::is_string))
    };
    if !versioned && !items.iter().any(storied) {
        return Err(not_a_feed());
    }
    if !versioned {
        notes.push("the version of JSON Feed is missing or unknown".into());
    }
    if items.len() > MAX_ENTRIES {
        notes.push(format!(
            "{} entries; kept the first {MAX_ENTRIES}",
            items.len()
        ));
    }
    let home = string(&feed, "home_page_url").and_then(|u| Url::parse(u).ok());
    let base = base.or(home.as_ref());
    let strange = items.iter().filter(|i| !i.is_object()).count();
    if strange > 0 {
        notes.push(format!("left out {strange} entries that are not objects"));
    }
    let entries = items
        .iter()
        .filter_map(Value::as_object)
        .take(MAX_ENTRIES)
        .map(|item| entry(item, base, now))
        .collect();
    Ok(Document {
        format: FeedFormat::Json,
        title: text::title(string(&feed, "title").unwrap_or(""), false, MAX_TITLE_CHARS),
        language: language(string(&feed, "language")),
        charset,
        hints: UpdateHints::default(),
        version: None,
        charset_basis: "content",
        hubs: Vec::new(),
        self_url: None,
        home: None,
        notes,
        entries,
    })
}

fn string<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object
        .get(key)
        .and_then(Value::as_str)
        .filter(|s| !s.trim().is_empty())
}

fn entry(item: &Map<String, Value>, base: Option<&Url>, now: Timestamp) -> Entry {
    let guid = match item.get("id") {
        Some(Value::String(id)) if !id.trim().is_empty() => Some(id.trim().to_owned()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let link = ["url", "external_url"]
        .into_iter()
        .find_map(|key| absolute(string(item, key)?, base));
    let summary = text::body(string(item, "summary").unwrap_or(""), false, MAX_SUMMARY);
    let content = string(item, "content_html")
        .map(|html| text::body(html, true, MAX_CONTENT))
        .filter(|content| !content.is_empty())
        .or_else(|| string(item, "content_text").map(|plain| text::plain(plain, MAX_CONTENT)))
        .filter(|content| *content != summary)
        .unwrap_or_default();
    let read = |key| string(item, key).map(|date| dates::read(date, now));
    let dates = [read("date_published"), read("date_modified")];
    let date_note = if dates == [None, None] {
        Some(DateNote::Missing)
    } else if dates.contains(&Some(Reading::Wild)) {
        Some(DateNote::Wild)
    } else {
        dates
            .contains(&Some(Reading::Unreadable))
            .then_some(DateNote::Unreadable)
    };
    let [published, updated] = dates.map(|date| match date {
        Some(Reading::Instant(instant)) => Some(instant),
        _ => None,
    });
    Entry {
        guid,
        link,
        title: text::title(string(item, "title").unwrap_or(""), false, MAX_TITLE_CHARS),
        summary,
        content,
        author: author(item),
        language: language(string(item, "language")),
        published,
        updated,
        date_note,
    }
}

/// `authors` of version 1.1, else `author` of version 1.0.
fn author(item: &Map<String, Value>) -> Option<String> {
    let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    let names: Vec<String> = match item.get("authors") {
        Some(Value::Array(authors)) => authors.iter().take(20).filter_map(name).collect(),
        _ => item.get("author").and_then(name).into_iter().collect(),
    };
    let mut author = text::either(&names.join(", "), MAX_AUTHOR_CHARS * 4);
    text::cut_chars(&mut author, MAX_AUTHOR_CHARS);
    (!author.is_empty()).then_some(author)
}
