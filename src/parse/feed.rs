//! From feed-rs's model to ours: the run of the parser, and the choice of each entry's fields.
//!
//! feed-rs runs behind `catch_unwind`: a document that makes it panic costs that document only.
//! Two things it can't say are smuggled through it. A missing id stays an empty string, so that it
//! is known to be missing; and an unreadable or wild date travels as an instant of its own, far in
//! the future, so that the note ends up on the entry it belongs to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

use feed_rs::model as theirs;
use url::Url;

use super::dates::{self, Reading};
use super::survey::{Facts, Survey};
use super::text;
use super::{MAX_AUTHOR_CHARS, MAX_CONTENT, MAX_ENTRIES, MAX_LINK, MAX_SUMMARY, MAX_TITLE_CHARS};
use crate::model::{DateNote, Document, Entry, FeedFormat, Timestamp, UpdateHints};

/// Stands for a date that could not be read (in the year 9892, which is wild anyway).
const UNREADABLE_MS: u64 = 250_000_000_000_000;
/// Stands for a date that is not believable.
const WILD_MS: u64 = UNREADABLE_MS + 1;

/// Why feed-rs gave nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// It said no.
    Refused(String),
    /// It panicked.
    Panicked(String),
}

/// Runs feed-rs over a document of clean UTF-8 without an XML declaration.
pub(super) fn run(text: &str, base: Option<&Url>, now: Timestamp) -> Result<theirs::Feed, Failure> {
    let parser = feed_rs::parser::Builder::new()
        .base_uri(base.map(Url::as_str))
        .sanitize_content(false)
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(move |text| {
            if text.trim().is_empty() {
                return None;
            }
            let millis = match dates::read(text, now) {
                Reading::Instant(t) => u64::try_from(t.as_millis()).unwrap_or(WILD_MS),
                Reading::Wild => WILD_MS,
                Reading::Unreadable => UNREADABLE_MS,
            };
            // bounded, since feed-rs's time type panics beyond its range
            Some((UNIX_EPOCH + Duration::from_millis(millis.min(WILD_MS))).into())
        })
        .build();
    match catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes()))) {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(Failure::Refused(text::plain(&error.to_string(), 300))),
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .map(|m| (*m).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no message".to_owned());
            Err(Failure::Panicked(text::plain(&message, 200)))
        }
    }
}

/// Turns feed-rs's feed into ours.
pub(super) fn document(
    feed: theirs::Feed,
    survey: &Survey<'_>,
    base: Option<&Url>,
    charset: &'static str,
    mut notes: Vec<String>,
) -> Document {
    let format = match feed.feed_type {
        theirs::FeedType::Atom => FeedFormat::Atom,
        theirs::FeedType::JSON => FeedFormat::Json,
        theirs::FeedType::RSS1 => FeedFormat::Rdf,
        theirs::FeedType::RSS0 | theirs::FeedType::RSS2 => FeedFormat::Rss,
    };
    let home = feed
        .links
        .iter()
        .filter(|l| l.rel.as_deref().is_none_or(|rel| rel == "alternate"))
        .find_map(|l| Url::parse(&l.href).ok());
    let base = base.or(home.as_ref());
    let total = feed.entries.len();
    // feed-rs drops RSS 1.0 items without link; then nobody knows which facts are whose
    let aligned = survey.entries.len() == total;
    if format == FeedFormat::Rdf && total < survey.entries.len() {
        let dropped = survey.entries.len() - total;
        notes.push(format!("left out {dropped} entries without link"));
    }
    let entries = feed
        .entries
        .iter()
        .take(MAX_ENTRIES)
        .enumerate()
        .map(|(i, theirs)| {
            let facts = survey.entries.get(i).filter(|_| aligned);
            entry(theirs, format, base, facts.copied().unwrap_or_default())
        })
        .collect();
    Document {
        format,
        title: feed
            .title
            .map(|t| text::title(&t.content, is_html(&t), MAX_TITLE_CHARS))
            .unwrap_or_default(),
        language: language(feed.language.as_deref()).or_else(|| language(survey.language)),
        charset,
        hints: UpdateHints {
            ttl: feed
                .ttl
                .filter(|minutes| *minutes > 0)
                .map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
            ..UpdateHints::default()
        },
        version: None,
        charset_basis: "content",
        hubs: Vec::new(),
        self_url: None,
        home: None,
        notes,
        entries,
    }
}

fn entry(
    theirs: &theirs::Entry,
    format: FeedFormat,
    base: Option<&Url>,
    facts: Facts<'_>,
) -> Entry {
    let guid = Some(theirs.id.trim())
        .filter(|id| !id.is_empty())
        .map(str::to_owned);
    let link = link(&theirs.links, base).or_else(|| {
        guid.as_deref()
            .filter(|_| format == FeedFormat::Rss && !facts.guid_is_no_link)
            .and_then(|id| absolute(id, None))
    });
    let (mut published, mut updated) = (
        theirs.published.map(|t| t.timestamp_millis()),
        theirs.updated.map(|t| t.timestamp_millis()),
    );
    if format == FeedFormat::Rss && updated == published {
        // feed-rs copies the one to the other when there is only one
        updated = None;
    }
    let note = date_note(published, updated);
    published = published.filter(|ms| !is_marker(*ms));
    updated = updated.filter(|ms| !is_marker(*ms));
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
    Entry {
        guid,
        link,
        title: theirs
            .title
            .as_ref()
            .map(|t| text::title(&t.content, is_html(t), MAX_TITLE_CHARS))
            .unwrap_or_default(),
        summary,
        content,
        author: author(&theirs.authors),
        language: language(theirs.language.as_deref()).or_else(|| language(facts.language)),
        published: published.map(Timestamp::from_millis),
        updated: updated.map(Timestamp::from_millis),
        date_note: note,
    }
}

fn is_html(text: &theirs::Text) -> bool {
    !text.content_type.to_string().starts_with("text/plain")
}

fn is_marker(millis: i64) -> bool {
    millis == WILD_MS.cast_signed() || millis == UNREADABLE_MS.cast_signed()
}

fn date_note(published: Option<i64>, updated: Option<i64>) -> Option<DateNote> {
    let is = |mark: u64| [published, updated].contains(&Some(mark.cast_signed()));
    if published.is_none() && updated.is_none() {
        Some(DateNote::Missing)
    } else if is(WILD_MS) {
        Some(DateNote::Wild)
    } else if is(UNREADABLE_MS) {
        Some(DateNote::Unreadable)
    } else {
        None
    }
}

/// The link to the story: an HTML alternate, another alternate, then whatever comes first.
/// Comments and enclosures are never the story.
fn link(links: &[theirs::Link], base: Option<&Url>) -> Option<String> {
    let rank = |link: &theirs::Link| {
        let html = link
            .media_type
            .as_deref()
            .is_none_or(|t| t.contains("html"));
        match link.rel.as_deref() {
            None | Some("alternate") if html => 0,
            None | Some("alternate") => 1,
            Some(
                "enclosure" | "self" | "edit" | "replies" | "hub" | "license" | "next" | "prev",
            ) => 3,
            Some(_) => 2,
        }
    };
    let mut ranked: Vec<_> = links
        .iter()
        .filter(|l| l.target.is_none())
        .map(|l| (rank(l), l))
        .filter(|(rank, _)| *rank < 3)
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked
        .into_iter()
        .find_map(|(_, l)| absolute(&l.href, base))
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

fn author(people: &[theirs::Person]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in people
        .iter()
        .take(20)
        .filter_map(|p| p.name.as_deref().or(p.email.as_deref()))
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut author = text::either(&names.join(", "), MAX_AUTHOR_CHARS * 4);
    text::cut_chars(&mut author, MAX_AUTHOR_CHARS);
    (!author.is_empty()).then_some(author)
}

/// A language tag as written, if it could be one.
pub(super) fn language(tag: Option<&str>) -> Option<String> {
    let tag = tag?.trim();
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    ((1..=35).contains(&tag.len()) && tag.bytes().all(legal)).then(|| tag.to_owned())
}
