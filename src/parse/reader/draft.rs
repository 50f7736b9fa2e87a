//! An entry while its fields come in, each from the best place that has it.
//!
//! A field may stand under several names (`title`, `dc:title`, `media:title`). Each name has a rank,
//! lower is better; of equal ranks the first wins; what is empty after cleaning never counts.

use std::borrow::Cow;

use super::super::dates::{self, Reading};
use super::super::text;
use super::super::{MAX_AUTHOR_CHARS, MAX_CONTENT, MAX_SUMMARY, MAX_TITLE_CHARS};
use crate::model::{DateNote, Entry, Timestamp};

/// Dates of one kind that are kept to choose from.
const MAX_DATES: usize = 6;
/// Authors that are kept.
const MAX_AUTHORS: usize = 20;

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nobody knows: known HTML elements vanish.
    Either,
    /// Markup.
    Html,
    /// Base64 of one of the others.
    Base64,
    /// Not a text.
    Nothing,
}

/// The best value so far.
#[derive(Debug)]
pub(super) struct Best<T> {
    rank: u8,
    value: Option<T>,
}

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self {
            rank: u8::MAX,
            value: None,
        }
    }
}

impl<T> Best<T> {
    /// Takes what `make` gives if it is better than what is there.
    pub fn offer(&mut self, rank: u8, make: impl FnOnce() -> Option<T>) {
        if rank < self.rank
            && let Some(value) = make()
        {
            self.rank = rank;
            self.value = Some(value);
        }
    }

    /// The rank of what is there.
    pub fn rank(&self) -> u8 {
        self.rank
    }

    /// What is there.
    fn get_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Gives it away.
    pub fn take(self) -> Option<T> {
        self.value
    }
}

/// An entry in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub title: Best<String>,
    pub summary: Best<String>,
    pub content: Best<String>,
    pub guid: Best<String>,
    pub link: Best<String>,
    pub language: Best<String>,
    /// What an RSS `guid` that is an address would be as a link.
    pub permalink: Option<String>,
    /// How many fields were complete.
    pub fields: usize,
    authors: Vec<String>,
    published: Vec<(u8, String)>,
    updated: Vec<(u8, String)>,
}

/// A clean title.
pub(super) fn title(value: &str, kind: Kind) -> Option<String> {
    let text = match kind {
        Kind::Nothing => return None,
        Kind::Base64 => text::title(&base64(value)?, true, MAX_TITLE_CHARS),
        _ => text::title(value, kind == Kind::Html, MAX_TITLE_CHARS),
    };
    Some(text).filter(|t| !t.is_empty())
}

/// A clean body of at most `max` bytes.
fn body(value: &str, kind: Kind, max: usize) -> Option<String> {
    let text = match kind {
        Kind::Nothing => return None,
        Kind::Base64 => text::body(&base64(value)?, true, max),
        _ => text::body(value, kind == Kind::Html, max),
    };
    Some(text).filter(|t| !t.is_empty())
}

fn base64(value: &str) -> Option<String> {
    use base64::Engine as _;
    let compact: String = value.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(&compact)
        .ok()?;
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

impl Draft {
    /// A summary; a second one of the first rank is taken for content, as feedparser does.
    pub fn summary(&mut self, rank: u8, value: &str, kind: Kind) {
        if rank == 0 && self.summary.rank() == 0 {
            return self.content(6, value, kind);
        }
        self.summary.offer(rank, || body(value, kind, MAX_SUMMARY));
    }

    /// A content. Further ones of the same rank are added to it, so that none is lost: Atom 0.3
    /// allows several, and some feeds of the later formats have them.
    pub fn content(&mut self, rank: u8, value: &str, kind: Kind) {
        if rank == self.content.rank() {
            let room = MAX_CONTENT.saturating_sub(self.content_len() + 1);
            if let (Some(more), Some(content)) = (body(value, kind, room), self.content.get_mut())
                && more != *content
            {
                content.push(' ');
                content.push_str(&more);
            }
            return;
        }
        self.content.offer(rank, || body(value, kind, MAX_CONTENT));
    }

    fn content_len(&self) -> usize {
        self.content.value.as_ref().map_or(0, String::len)
    }

    /// One author, by name.
    pub fn author(&mut self, name: &str) {
        let mut name = text::either(name, MAX_AUTHOR_CHARS * 4);
        text::cut_chars(&mut name, MAX_AUTHOR_CHARS);
        if self.authors.len() < MAX_AUTHORS && !name.is_empty() && !self.authors.contains(&name) {
            self.authors.push(name);
        }
    }

    /// Whether an author is known.
    pub fn has_author(&self) -> bool {
        !self.authors.is_empty()
    }

    /// A date of publication.
    pub fn published(&mut self, rank: u8, value: &str) {
        keep(&mut self.published, rank, value);
    }

    /// A date of change.
    pub fn updated(&mut self, rank: u8, value: &str) {
        keep(&mut self.updated, rank, value);
    }

    /// The entry.
    pub fn finish(mut self, now: Timestamp) -> Entry {
        let (published, updated) = (best(&mut self.published, now), best(&mut self.updated, now));
        let date_note = match (published, updated) {
            (None, None) => Some(DateNote::Missing),
            (p, u) if [p, u].contains(&Some(Reading::Wild)) => Some(DateNote::Wild),
            (p, u) => [p, u]
                .contains(&Some(Reading::Unreadable))
                .then_some(DateNote::Unreadable),
        };
        let instant = |reading| match reading {
            Some(Reading::Instant(instant)) => Some(instant),
            _ => None,
        };
        let summary = self.summary.take().unwrap_or_default();
        let mut author = self.authors.join(", ");
        text::cut_chars(&mut author, MAX_AUTHOR_CHARS);
        Entry {
            guid: self.guid.take(),
            link: self.link.take().or(self.permalink),
            title: self.title.take().unwrap_or_default(),
            content: self
                .content
                .take()
                .filter(|content| *content != summary)
                .unwrap_or_default(),
            summary,
            author: (!author.is_empty()).then_some(author),
            language: self.language.take(),
            published: instant(published),
            updated: instant(updated),
            date_note,
        }
    }
}

fn keep(dates: &mut Vec<(u8, String)>, rank: u8, value: &str) {
    let value = value.trim();
    if !value.is_empty() && dates.len() < MAX_DATES {
        dates.push((rank, value.chars().take(200).collect()));
    }
}

/// The first readable date in order of rank, else what the first one is.
fn best(dates: &mut [(u8, String)], now: Timestamp) -> Option<Reading> {
    dates.sort_by_key(|(rank, _)| *rank);
    let mut readings = dates.iter().map(|(_, text)| dates::read(text, now));
    let first = readings.next()?;
    if matches!(first, Reading::Instant(_)) {
        return Some(first);
    }
    readings
        .find(|r| matches!(r, Reading::Instant(_)))
        .or(Some(first))
}

/// A person as RSS writes one: `mail@x (Name)` and `Name <mail@x>` are the name.
pub(super) fn person(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if let Some((before, rest)) = text.split_once('(')
        && let Some(name) = rest.strip_suffix(')')
        && before.contains('@')
        && !name.trim().is_empty()
    {
        return Cow::Borrowed(name.trim());
    }
    if let Some((name, rest)) = text.split_once('<')
        && rest.ends_with('>')
        && rest.contains('@')
        && !name.trim().is_empty()
    {
        return Cow::Borrowed(name.trim());
    }
    Cow::Borrowed(text)
}
