//! Bytes to entries: encoding repair, feed formats, clean text; and pages to text.
//!
//! [`parse`] takes a body as it came and gives a [`Document`] of clean [`Entry`](crate::model::Entry)
//! values, or a [`ParseError`] that says what the body is instead. The way is: bytes to text
//! (`charset`), a look at the structure (`survey`), feed-rs behind a wall (`feed`), and once, if
//! feed-rs refuses or finds nothing, a repaired copy (`repair`). JSON Feeds have a reader of their
//! own (`json`).
//!
//! Promises: no input panics or loops; time and memory are proportional to the input; what comes out
//! is bounded (titles 2,000 characters, summaries 64 KiB, contents 1 MiB, 10,000 entries) and holds
//! no markup, control characters or bidirectional overrides; each repair is told in a note. It never
//! does I/O, expands an entity definition or reads the clock.
//!
//! ```
//! use mentiond::{model::Timestamp, parse};
//!
//! let body = b"<rss version='2.0'><channel><item><title>A &amp; B</title></item></channel></rss>";
//! let input = parse::Input { bytes: body, content_type: None, base: None, now: Timestamp::from_millis(0) };
//! assert_eq!(parse::parse(&input).unwrap().entries[0].title, "A & B");
//! ```

mod charset;
mod cleaner;
mod dates;
mod entities;
mod error;
mod feed;
mod json;
pub(crate) mod markup;
mod page;
mod repair;
mod repair_notes;
mod sniff;
mod survey;
mod text;
mod xml;
mod zones;

use url::Url;

pub use charset::decode;
pub use error::ParseError;
pub use page::{Page, looks_like_html, page};
pub use text::{clean_html, clean_text};

use crate::model::{Document, Timestamp};
use feed::Failure;
use survey::Survey;

/// Characters of a title.
const MAX_TITLE_CHARS: usize = 2_000;
/// Characters of an author line.
const MAX_AUTHOR_CHARS: usize = 500;
/// Bytes of a summary.
const MAX_SUMMARY: usize = 64 << 10;
/// Bytes of a content or page text.
const MAX_CONTENT: usize = 1 << 20;
/// Bytes of a link.
const MAX_LINK: usize = 8 << 10;
/// Entries of a document.
const MAX_ENTRIES: usize = 10_000;
/// How far into a body a feed may begin behind a server's warnings.
const MAX_JUNK: usize = 256 << 10;

/// A body to parse and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The body, with transfer and content codings removed.
    pub bytes: &'a [u8],
    /// The Content-Type header as received.
    pub content_type: Option<&'a str>,
    /// The URL that the body came from, for relative links.
    pub base: Option<&'a Url>,
    /// The time, for judging dates.
    pub now: Timestamp,
}

/// Parses a feed's body.
///
/// # Errors
/// [`ParseError`] when the body is empty, is something else than a feed, or is broken so that not one
/// entry can be read.
pub fn parse(input: &Input<'_>) -> Result<Document, ParseError> {
    let bytes = input.bytes;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ParseError::Empty);
    }
    if let Some(looks_like) = sniff::binary(bytes) {
        return Err(ParseError::NotAFeed {
            looks_like,
            title: None,
        });
    }
    let decoded = charset::read(bytes, input.content_type);
    let mut notes: Vec<String> = decoded.note.into_iter().collect();
    let text = decoded
        .text
        .trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}');
    if text.is_empty() {
        return Err(ParseError::Empty);
    }
    if text.starts_with(['{', '[']) {
        return json::document(text, input.base, input.now, decoded.name, notes);
    }
    let Some(start) = feed_start(text) else {
        let root = xml::Tokens::new(text).find_map(|token| match token {
            xml::Token::Start(tag) => Some(tag.local()),
            _ => None,
        });
        return Err(sniff::not_a_feed(
            bytes,
            text,
            input.content_type,
            root.unwrap_or(""),
        ));
    };
    if start > 0 {
        notes.push("dropped what stood before the feed".into());
    }
    xml(&text[start..], input, decoded.name, notes)
}

/// Parses an XML feed, first as it is and then, if need be, mended.
fn xml(
    text: &str,
    input: &Input<'_>,
    charset: &'static str,
    mut notes: Vec<String>,
) -> Result<Document, ParseError> {
    let mut text = without_declaration(text);
    let mut survey = survey::survey(text)?;
    if let Some(end) = survey.limit_end.filter(|_| survey.total > MAX_ENTRIES) {
        // feed-rs would keep them all in memory, at almost a kilobyte each however small they are
        notes.push(format!(
            "{} entries; kept the first {MAX_ENTRIES}",
            survey.total
        ));
        text = &text[..end];
        survey = survey::survey(text)?;
        survey.limit_end = Some(end);
    }
    if survey.cut && survey.complete == 0 {
        return Err(ParseError::Malformed {
            detail: "the document ends before its first entry does".into(),
            line: Some(line_of(text, text.len())),
        });
    }
    // feed-rs would refuse the one and lose text of the other
    let mut first = None;
    if !survey.cut && !survey.inline_markup {
        match feed::run(text, input.base, input.now) {
            Ok(found) if found.entries.is_empty() && !survey.entries.is_empty() => {
                first = Some(Ok(found));
            }
            Ok(found) => return Ok(feed::document(found, &survey, input.base, charset, notes)),
            Err(failure) => first = Some(Err(failure)),
        }
    }
    let (mended, done) = repair::mend(text, &survey);
    // the offsets of a mended document are other ones, its entries are the same
    let second = feed::run(&mended, input.base, input.now);
    drop(mended);
    let failure = match (first, second) {
        (Some(Ok(found)), Ok(better)) if better.entries.is_empty() => {
            return Ok(feed::document(found, &survey, input.base, charset, notes));
        }
        (_, Ok(found)) => {
            notes.extend(done);
            return Ok(feed::document(found, &survey, input.base, charset, notes));
        }
        (Some(Ok(found)), Err(_)) => {
            return Ok(feed::document(found, &survey, input.base, charset, notes));
        }
        (Some(Err(failure)), Err(_)) | (None, Err(failure)) => failure,
    };
    Err(match failure {
        Failure::Panicked(detail) => ParseError::Panicked { detail },
        Failure::Refused(detail) => refused(text, &survey, detail),
    })
}

/// The error for a document that feed-rs refuses, with the line where the XML breaks.
fn refused(text: &str, survey: &Survey<'_>, detail: String) -> ParseError {
    let mut reader = quick_xml::Reader::from_str(text);
    let line = loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break None,
            Ok(_) => {}
            Err(_) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                break Some(line_of(text, at));
            }
        }
    };
    if line.is_none() && survey.entries.is_empty() {
        return sniff::not_a_feed(text.as_bytes(), text, None, survey.root);
    }
    ParseError::Malformed { detail, line }
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes()[..at.min(text.len())].split(|b| *b == b'\n');
    before.count()
}

/// The declaration names the encoding of bytes that are gone.
fn without_declaration(text: &str) -> &str {
    match text.strip_prefix("<?xml") {
        Some(rest) if rest.starts_with(|c: char| c.is_whitespace()) => {
            rest.find("?>").map_or(text, |end| &rest[end + 2..])
        }
        _ => text,
    }
}

/// Where the feed begins: at the first tag, or behind a server's warnings; `None` if there is none.
fn feed_start(text: &str) -> Option<usize> {
    let mut tokens = xml::Tokens::new(text);
    let mut at = tokens.offset();
    let mut prologue = None;
    while at < MAX_JUNK {
        match tokens.next()? {
            xml::Token::Start(tag) => {
                if matches!(tag.local(), "rss" | "RDF" | "feed" | "channel")
                    || (tag.local() == "entry" && prologue.unwrap_or(at) == 0)
                {
                    return Some(prologue.unwrap_or(at));
                }
                if matches!(
                    tag.local().to_ascii_lowercase().as_str(),
                    "html" | "body" | "head" | "opml" | "svg"
                ) {
                    return None;
                }
                prologue = None;
            }
            xml::Token::Aside => {
                prologue = prologue.or(Some(at));
            }
            xml::Token::Text(t) if t.trim().is_empty() => {}
            xml::Token::Cut => return None,
            _ => prologue = None,
        }
        at = tokens.offset();
    }
    None
}

#[cfg(test)]
mod tests;
