//! A tolerant reader of RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, and CDF: one pass over the tokens.
//!
//! [`read`] takes any text that has a feed in it and gives what people would read there. Elements
//! are known by their namespace, else by the prefix that everybody gives it, else by their bare name
//! in any case (`space`); a version changes nothing. An element that is never closed ends where the
//! next field begins, an entry where the next one begins (`element`). What had to be forgiven is
//! told (`odd`); a document that needed no forgiveness is marked as such.
//!
//! It promises time and memory proportional to the text: the stack has a bound beyond which levels
//! are only counted, and looking ahead in vain has a budget. It never fails: whether a document
//! without entries is a feed is for the caller to say.

mod base;
mod draft;
mod element;
mod fields;
mod head;
mod links;
mod odd;
mod root;
mod space;
#[cfg(test)]
mod tests;

use url::Url;

use super::MAX_ENTRIES;
use super::xml::{Tag, Token, Tokens, is_container, is_entry, local};
use crate::model::{Entry, FeedFormat, Timestamp, UpdateHints};
use base::Bases;
use draft::Draft;
use element::{End, Inside, attribute};
use head::Head;
use odd::Odd;
use space::{Scope, Space};

/// Elements that are kept on the stack; deeper ones are only counted.
const MAX_DEPTH: usize = 256;

/// What was read.
#[derive(Debug)]
pub(super) struct Reading {
    /// The root's local name; empty when there is no element.
    pub root: String,
    /// The family of format.
    pub format: FeedFormat,
    /// The version that the document gives or its namespace implies.
    pub version: Option<String>,
    /// The feed's title.
    pub title: String,
    /// The feed's language.
    pub language: Option<String>,
    /// The feed's page.
    pub home: Option<String>,
    /// The feed's own address.
    pub self_url: Option<String>,
    /// WebSub hubs.
    pub hubs: Vec<String>,
    /// Its rhythm.
    pub hints: UpdateHints,
    /// The entries, at most `MAX_ENTRIES`.
    pub entries: Vec<Entry>,
    /// A channel or Atom feed was begun.
    pub has_head: bool,
    /// The document ends before its root does.
    pub cut: bool,
    /// The document is as it should be.
    pub plain: bool,
    /// What had to be forgiven, one short sentence each.
    pub notes: Vec<String>,
}

/// What an element on the stack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The feed, or a part of it that has entries.
    Feed,
    /// An entry.
    Entry,
    /// Anything else: its fields count when there are no better ones.
    Wrapper,
}

#[derive(Debug)]
struct Frame<'a> {
    name: &'a str,
    place: Place,
    /// How many namespaces were declared outside.
    outer: usize,
    language: Option<&'a str>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about the document so far"
)]
struct Reader<'a> {
    tokens: Tokens<'a>,
    now: Timestamp,
    stack: Vec<Frame<'a>>,
    /// Open elements beyond the stack's bound.
    beyond: usize,
    scope: Scope<'a>,
    bases: Bases<'a>,
    odd: Odd,
    patience: usize,
    root: &'a str,
    format: FeedFormat,
    head: Head,
    draft: Option<Draft>,
    entries: Vec<Entry>,
    total: usize,
    has_head: bool,
    /// The root is Atom's and not another vocabulary's `feed`.
    atom: bool,
    channel_closed: bool,
    root_closed: bool,
    /// The document ended inside a construct or text.
    broken_off: bool,
    /// A link was opened and closed at once; its address may follow.
    link_follows: bool,
}

/// Reads a document.
pub(super) fn read(text: &str, base: Option<&Url>, now: Timestamp) -> Reading {
    let mut reader = Reader {
        tokens: Tokens::new(text),
        now,
        stack: Vec::new(),
        beyond: 0,
        scope: Scope::default(),
        bases: Bases::new(base),
        odd: Odd::default(),
        patience: text.len().saturating_mul(4),
        root: "",
        format: FeedFormat::Rss,
        head: Head::default(),
        draft: None,
        entries: Vec::new(),
        total: 0,
        has_head: false,
        atom: false,
        channel_closed: false,
        root_closed: false,
        broken_off: false,
        link_follows: false,
    };
    // in chunks without a way out, which the compiler makes vector code of
    let control = |b: u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r');
    let mut chunks = text.as_bytes().chunks(256);
    reader.odd.controls = chunks.any(|c| c.iter().fold(false, |found, b| found | control(*b)));
    reader.run();
    reader.finish()
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Start(tag) => self.start(tag),
                Token::End(name) => self.end(name),
                Token::Text(text) => {
                    self.odd.references(text);
                    self.loose(text);
                }
                Token::Cdata(text) => self.loose(text),
                Token::Stray => self.odd.ampersands = true,
                Token::Cut => self.broken_off = true,
                Token::Aside => {}
            }
        }
    }

    fn finish(mut self) -> Reading {
        let mut cut = false;
        if self.draft.is_some() {
            // between two fields nothing was cut: a publisher forgot to close
            cut = self.broken_off || self.draft.as_ref().is_none_or(|d| d.fields == 0);
            if cut {
                self.draft = None;
            } else {
                self.odd.balanced = true;
                self.close_entry();
            }
        }
        let unclosed = self.broken_off || !self.stack.is_empty();
        self.odd.balanced |= unclosed && !cut;
        self.odd.bases |= self.bases.ignored;
        let old = self.format == FeedFormat::Atom && self.head.version.as_deref() != Some("1.0");
        let plain = self.odd == Odd::default() && !cut && !unclosed && self.beyond == 0 && !old;
        let mut notes = Vec::new();
        if cut || unclosed {
            notes.push(format!(
                "the document is cut short; read {} complete entries",
                self.entries.len()
            ));
            self.odd.balanced = false;
        }
        if self.total > MAX_ENTRIES {
            notes.push(format!(
                "{} entries; kept the first {MAX_ENTRIES}",
                self.total
            ));
        }
        notes.extend(self.odd.sentences().map(str::to_owned));
        if self.format == FeedFormat::Atom && self.head.version.as_deref() == Some("0.3") {
            notes.push("read Atom 0.3".into());
        }
        Reading {
            root: self.root.to_owned(),
            format: self.format,
            version: self.head.version.take(),
            hints: self.head.hints(),
            title: self.head.title.take().unwrap_or_default(),
            language: self.head.language.take(),
            home: self.head.home.take(),
            self_url: self.head.self_url,
            hubs: self.head.hubs,
            entries: self.entries,
            has_head: self.has_head,
            cut: unclosed,
            plain,
            notes,
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        self.link_follows = false;
        if self.root_closed && !self.entries.is_empty() {
            return;
        }
        if tag.attributes.contains('&') {
            self.odd.references(tag.attributes);
        }
        let is_root = self.root.is_empty();
        let outer = self.scope.len();
        self.scope.declare(&tag, is_root);
        let (space, declared) = self.scope.of(tag.name);
        self.odd.prefixes |= !declared;
        if is_root {
            self.open_root(&tag);
        }
        let own = matches!(space, Space::Core | Space::Atom);
        let place = if own && is_entry(tag.local()) {
            Place::Entry
        } else if (own || space == Space::Rdf) && is_container(tag.local()) {
            Place::Feed
        } else {
            Place::Wrapper
        };
        match place {
            Place::Entry => self.open_entry(&tag),
            Place::Feed => self.open_feed(&tag),
            Place::Wrapper => {
                if self.field(&tag, space) {
                    self.scope.truncate(outer);
                    return;
                }
            }
        }
        if tag.empty {
            if place == Place::Entry {
                self.close_entry();
            }
            self.root_closed |= is_root;
            self.scope.truncate(outer);
            return;
        }
        if self.stack.len() == MAX_DEPTH {
            self.beyond += 1;
            self.scope.truncate(outer);
            return;
        }
        if let Some(base) = Self::own_base(&tag) {
            self.bases.declare(self.stack.len(), base);
        }
        self.stack.push(Frame {
            name: tag.name,
            place,
            outer,
            language: attribute(&tag, "xml:lang").filter(|l| !l.is_empty()),
        });
    }

    fn end(&mut self, name: &str) {
        self.link_follows = false;
        let found = self
            .stack
            .iter()
            .rposition(|f| f.name.eq_ignore_ascii_case(name));
        let container = is_container(local(name));
        if self.beyond > 0 && !(container && found.is_some()) {
            self.beyond -= 1;
            return;
        }
        let Some(open) = found else {
            self.odd.balanced |= !self.root_closed;
            return;
        };
        self.odd.balanced |= open + 1 < self.stack.len();
        self.channel_closed |= self.stack[open].place == Place::Feed && open > 0;
        self.close_down_to(open);
    }

    fn close_down_to(&mut self, len: usize) {
        self.beyond = 0;
        while self.stack.len() > len {
            if let Some(frame) = self.stack.pop() {
                self.scope.truncate(frame.outer);
                self.bases.leave(self.stack.len());
                if frame.place == Place::Entry {
                    self.close_entry();
                }
            }
        }
        self.root_closed |= self.stack.is_empty();
    }

    fn open_feed(&mut self, tag: &Tag<'a>) {
        if self.draft.is_some() {
            // a feed inside an entry: nobody means that
            self.odd.balanced = true;
            if let Some(open) = self.stack.iter().rposition(|f| f.place == Place::Entry) {
                self.close_down_to(open);
            }
        }
        if self.entries.is_empty() {
            let language = attribute(tag, "xml:lang").and_then(|l| super::feed::language(Some(l)));
            self.head.language.offer(1, || language);
        }
        self.link_attribute(tag, "href", 1);
        let name = tag.local().to_ascii_lowercase();
        self.has_head |= name == "channel" || (name == "feed" && self.atom);
        self.root_closed = false;
    }

    fn open_entry(&mut self, tag: &Tag<'a>) {
        if let Some(open) = self.stack.iter().rposition(|f| f.place == Place::Entry) {
            // the one before was never closed
            self.odd.balanced = true;
            self.close_down_to(open);
        }
        self.root_closed = false;
        self.total += 1;
        let in_channel = |f: &Frame<'_>| local(f.name).eq_ignore_ascii_case("channel");
        let inside = self.stack.iter().any(in_channel);
        self.odd.channel |= match self.format {
            FeedFormat::Rss => self.channel_closed && !inside,
            FeedFormat::Rdf => inside,
            _ => false,
        };
        let mut draft = Draft::default();
        if let Some(about) = attribute(tag, "rdf:about").filter(|a| !a.is_empty()) {
            let about = element::resolved(about).into_owned();
            draft.guid.offer(3, || Some(about));
        }
        if let Some(date) = attribute(tag, "lastmod") {
            draft.updated(3, date);
        }
        let language = self
            .stack
            .iter()
            .skip(1)
            .filter(|f| f.place == Place::Wrapper)
            .filter_map(|f| f.language)
            .next_back();
        let language = attribute(tag, "xml:lang")
            .filter(|l| !l.is_empty())
            .or(language);
        draft.language.offer(1, || super::feed::language(language));
        self.draft = Some(draft);
        // CDF gives an item's address on the item
        self.link_attribute(tag, "href", 0);
    }

    fn close_entry(&mut self) {
        let Some(draft) = self.draft.take() else {
            return;
        };
        if self.entries.len() < MAX_ENTRIES {
            self.entries.push(draft.finish(self.now));
        }
    }
}

/// Whether a text was left whole.
fn whole(inside: &Inside<'_>) -> bool {
    inside.end != End::Cut
}
