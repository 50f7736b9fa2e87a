//! Bytes to entries: encoding repair, feed formats, clean text; and pages to text.
//!
//! [`parse`] takes a body as it came and gives a [`Document`] of clean [`Entry`](crate::model::Entry)
//! values, or a [`ParseError`] that says what the body is instead. The way is: bytes to text
//! (`charset`), a tolerant reader of our own over all that is XML or was meant to be (`reader`), and
//! for documents that need no forgiveness feed-rs behind a wall (`feed`), whose reading of the texts
//! then counts. JSON Feeds have a reader of their own (`json`).
//!
//! Promises: no input panics or loops; time and memory are proportional to the input; what comes out
//! is bounded (titles 2,000 characters, summaries 64 KiB, contents 1 MiB, 10,000 entries) and holds
//! no markup, control characters or bidirectional overrides; each repair is told in a note. It never
//! does I/O, reads the clock, or expands an entity definition that is more than a short text.
//!
//! ```
//! use mentiond::{model::Timestamp, parse};
//!
//! let body = b"<rss version='2.0'><channel><item><title>A &amp; B</title></item></channel></rss>";
//! let input = parse::Input { bytes: body, content_type: None, base: None, now: Timestamp::from_millis(0) };
//! assert_eq!(parse::parse(&input).unwrap().entries[0].title, "A & B");
//! ```

mod alternates;
mod charset;
mod cleaner;
mod dates;
mod entities;
mod error;
mod feed;
mod inflate;
mod json;
pub(crate) mod markup;
mod page;
mod reader;
mod sniff;
mod subset;
mod text;
pub(crate) mod wall;
mod xml;
mod zones;

use url::Url;

pub use alternates::{PageLink, PageLinks, page_links};
pub use charset::decode;
pub use error::ParseError;
pub use page::{Page, looks_like_html, page};
pub use text::{clean_html, clean_text};

use crate::model::{Document, Timestamp};

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
/// Bytes of a base for links, longer than any honest one: it comes back in each link of a document.
const MAX_BASE: usize = 2 << 10;
/// Bytes of a format's version.
const MAX_VERSION: usize = 20;
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
    // whoever compresses a body twice does not do it three times
    if let Some((body, early)) = inflate::inflate(input.bytes)? {
        let once = inflate::inflate(&body)?;
        let (body, early) = once.map_or((body, early), |(inner, e)| (inner, e || early));
        let mut document = plain(&Input {
            bytes: &body,
            ..*input
        })?;
        let end = if early {
            ", though its end is missing"
        } else {
            ""
        };
        let note = format!("decompressed a body that was not announced as compressed{end}");
        document.notes.insert(0, note);
        return Ok(document);
    }
    plain(input)
}

/// Parses a body that is not compressed.
fn plain(input: &Input<'_>) -> Result<Document, ParseError> {
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
    let mut notes: Vec<String> = decoded.note.clone().into_iter().collect();
    let text = decoded
        .text
        .trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}');
    if text.is_empty() {
        return Err(ParseError::Empty);
    }
    if text.starts_with(['{', '[']) {
        return json::document(text, input, &decoded, notes);
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
    xml(&text[start..], input, &decoded, notes)
}

/// Parses an XML feed: our reader says what there is, and feed-rs is asked about sound documents in
/// which it missed something.
fn xml(
    text: &str,
    input: &Input<'_>,
    charset: &charset::Decoded<'_>,
    mut notes: Vec<String>,
) -> Result<Document, ParseError> {
    let text = subset::expand(without_declaration(text));
    let text = text.as_ref();
    let mut reading = reader::read(text, input.base, input.now);
    if reading.entries.is_empty() {
        empty_or_broken(text, &reading)?;
    }
    if reading.plain {
        feed::second_opinion(text, input, &mut reading);
    }
    notes.append(&mut reading.notes);
    Ok(Document {
        format: reading.format,
        title: reading.title,
        language: reading.language,
        charset: charset.name,
        version: reading.version,
        charset_basis: charset.basis,
        hints: reading.hints,
        hubs: reading.hubs,
        self_url: reading.self_url,
        home: reading.home,
        notes,
        entries: reading.entries,
    })
}

/// Tells a feed that is truly empty from one whose entries can't be had.
fn empty_or_broken(text: &str, reading: &reader::Reading) -> Result<(), ParseError> {
    if reading.cut {
        return Err(ParseError::Malformed {
            detail: "the document ends before its first entry does".into(),
            line: Some(line_of(text, text.len())),
        });
    }
    if !reading.has_head {
        return Err(sniff::not_a_feed(
            text.as_bytes(),
            text,
            None,
            &reading.root,
        ));
    }
    let mut tokens = xml::Tokens::new(text);
    let mut at = 0;
    while let Some(token) = tokens.next() {
        if matches!(token, xml::Token::Start(tag) if xml::is_entry(tag.local())) {
            return Err(ParseError::Malformed {
                detail: "its entries stand where none can be read".into(),
                line: Some(line_of(text, at)),
            });
        }
        at = tokens.offset();
    }
    Ok(())
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
    let mut junk = 0;
    while junk < MAX_JUNK {
        let token = tokens.next()?;
        let len = tokens.offset() - at;
        match token {
            xml::Token::Start(tag) => {
                let name = tag.local().to_ascii_lowercase();
                if matches!(name.as_str(), "rss" | "rdf" | "feed" | "channel")
                    || (xml::is_entry(&name) && prologue.unwrap_or(at) == 0)
                {
                    return Some(prologue.unwrap_or(at));
                }
                if matches!(name.as_str(), "html" | "body" | "head" | "opml" | "svg") {
                    return None;
                }
                prologue = None;
                junk += len;
            }
            // a document type may be long
            xml::Token::Aside => prologue = prologue.or(Some(at)),
            xml::Token::Text(t) if t.trim().is_empty() => {}
            xml::Token::Cut => return None,
            _ => {
                prologue = None;
                junk += len;
            }
        }
        at = tokens.offset();
    }
    None
}

#[cfg(test)]
mod tests;
