//! A second chance for feeds that a person could read and feed-rs can't.
//!
//! [`mend`] writes the document anew, in one pass, as feed-rs wants it: elements balanced, bare `&`
//! escaped, HTML's entities resolved, markup inside text elements escaped, versions and namespaces
//! set right, Atom 0.3 turned into Atom 1.0. What it had to do is told in notes. It does not undo
//! anything that was right, and never writes more than about six times what it reads.

use std::borrow::Cow;

use url::Url;

use super::entities;
use super::repair_notes::Done;
use super::survey::Survey;
use super::xml::{End, Tag, Token, Tokens, is_container, is_entry, is_text, local};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const RSS_1: &str = "http://purl.org/rss/1.0/";

/// Writes the document anew and tells what was done.
pub(super) fn mend(text: &str, survey: &Survey<'_>) -> (String, Vec<String>) {
    let text = if survey.cut {
        &text[..survey.complete_end]
    } else {
        text
    };
    let mut mender = Mender {
        out: String::with_capacity(text.len() + text.len() / 8),
        ..Mender::default()
    };
    if survey.cut && survey.limit_end.is_none() {
        mender.notes.push(format!(
            "the document is cut short; read {} complete entries",
            survey.complete
        ));
    }
    mender.run(Tokens::new(text), survey.cut);
    let mut notes = mender.notes;
    notes.extend(mender.done.sentences().map(str::to_owned));
    (mender.out, notes)
}

#[derive(Debug)]
struct Frame<'a> {
    /// The name as read.
    name: &'a str,
    /// The name as written.
    written: Cow<'a, str>,
}

#[derive(Debug, Default)]
struct Mender<'a> {
    out: String,
    stack: Vec<Frame<'a>>,
    root: &'a str,
    is_atom: bool,
    channel_closed: bool,
    done: Done,
    notes: Vec<String>,
}

impl<'a> Mender<'a> {
    fn run(&mut self, mut tokens: Tokens<'a>, cut: bool) {
        while let Some(token) = tokens.next() {
            match token {
                Token::Text(text) if !self.stack.is_empty() => self.text(text),
                Token::Cdata(text) if !self.stack.is_empty() => self.cdata(text),
                Token::Stray if !self.stack.is_empty() => {
                    self.done.ampersands = true;
                    self.out.push_str("&lt;");
                }
                Token::Start(tag) => self.start(tag, &mut tokens),
                Token::End(name) => self.end(name),
                _ => {}
            }
        }
        self.done.balanced |= !cut && !self.stack.is_empty();
        self.close_down_to(0);
    }

    fn start(&mut self, tag: Tag<'a>, tokens: &mut Tokens<'a>) {
        if self.stack.is_empty() {
            if self.root.is_empty() {
                self.open_root(tag);
            }
            return;
        }
        if tag.name.starts_with("itunes:")
            || tag.name.starts_with("media:")
            || tag.name.starts_with("podcast:")
        {
            // nothing of them is used, and feed-rs is strict about their numbers
            if !tag.empty {
                tokens.text_element(&tag);
            }
            return;
        }
        if tag.name == "channel" && self.channel_closed {
            return;
        }
        if is_entry(tag.local()) {
            if let Some(open) = self.stack.iter().rposition(|f| f.name == tag.name) {
                if self.stack[open..].len() == 1 {
                    self.done.balanced = true;
                    self.close_down_to(open);
                }
            } else if self.root == "RDF" && self.stack.last().is_some_and(|f| f.name == "channel") {
                self.done.channel = true;
                self.close_down_to(1);
            } else if self.channel_closed {
                self.done.channel = true;
            }
        }
        let parent = self.stack.last().map_or("", |f| local(f.name));
        if is_text(&tag) && is_container(parent) {
            self.text_element(tag, tokens);
        } else {
            self.open(tag);
        }
    }

    fn open_root(&mut self, tag: Tag<'a>) {
        self.root = tag.local();
        let prefix = tag
            .name
            .strip_suffix(self.root)
            .and_then(|p| p.strip_suffix(':'));
        match self.root {
            "rss" => {
                let version = tag.attribute("version").unwrap_or("");
                let known = ["2.0", "0.91", "0.92"].contains(&version);
                self.done.version = !known;
                self.out.push_str("<rss version=\"");
                self.out.push_str(if known { version } else { "2.0" });
                self.out.push('"');
                self.done.namespace = tag.attribute("xmlns").is_some();
                self.attributes(tag, &["version", "xmlns"]);
            }
            "channel" => {
                self.done.version = true;
                self.out.push_str("<rss version=\"2.0\"");
                self.attributes(tag, &["xmlns"]);
                self.out.push('>');
                self.push("rss", Cow::Borrowed("rss"));
                self.out.push_str("<channel");
            }
            "feed" | "entry" => {
                self.is_atom = true;
                let own = prefix.map_or_else(|| "xmlns".to_owned(), |p| format!("xmlns:{p}"));
                let namespace = tag.attribute(&own);
                self.done.atom_03 = namespace == Some("http://purl.org/atom/ns#")
                    || tag.attribute("version") == Some("0.3");
                self.done.namespace = !self.done.atom_03 && namespace != Some(ATOM);
                self.out.push('<');
                self.out.push_str(tag.name);
                self.pair(&own, ATOM);
                self.attributes(tag, &[&own]);
            }
            _ => {
                self.done.namespace = tag.attribute("xmlns") != Some(RSS_1);
                self.out.push('<');
                self.out.push_str(tag.name);
                self.pair("xmlns", RSS_1);
                self.attributes(tag, &["xmlns"]);
            }
        }
        self.out.push('>');
        self.push(tag.name, Cow::Borrowed(tag.name));
        if tag.empty {
            self.close_down_to(0);
        }
    }

    fn open(&mut self, tag: Tag<'a>) {
        let written = self.start_tag(tag, false);
        if tag.empty {
            self.out.push_str("/>");
        } else {
            self.out.push('>');
            self.push(tag.name, written);
        }
    }

    /// Writes `<name attributes`, with what Atom 0.3 called otherwise and types feed-rs knows.
    fn start_tag(&mut self, tag: Tag<'a>, as_html: bool) -> Cow<'a, str> {
        let written = self.name(tag.name);
        self.out.push('<');
        self.out.push_str(&written);
        let typed = self.is_atom
            && matches!(
                local(&written),
                "title" | "summary" | "content" | "subtitle" | "rights"
            );
        if typed {
            let given = tag.attribute("type").unwrap_or("");
            let kind = if as_html || tag.attribute("mode") == Some("escaped") {
                "html"
            } else {
                match given.trim().to_ascii_lowercase().as_str() {
                    "" | "text" | "text/plain" => "text",
                    "xhtml" | "application/xhtml+xml" => "xhtml",
                    _ => "html",
                }
            };
            self.done.types |= !matches!(given, "" | "text" | "html" | "xhtml" | "text/html")
                && !self.done.atom_03;
            self.pair("type", kind);
            self.attributes(tag, &["type", "mode", "src"]);
        } else {
            self.attributes(
                tag,
                if is_container(tag.local()) {
                    &["xmlns"]
                } else {
                    &[]
                },
            );
        }
        written
    }

    fn text_element(&mut self, tag: Tag<'a>, tokens: &mut Tokens<'a>) {
        let element = tokens.text_element(&tag);
        let written = self.start_tag(tag, element.has_markup);
        self.out.push('>');
        if element.has_markup {
            // as text it is what it was as markup, and is cleaned as such
            self.done.inline = true;
            for c in element.inside.chars() {
                self.escaped(c);
            }
        } else {
            for token in Tokens::new(element.inside) {
                match token {
                    Token::Text(text) => self.text(text),
                    Token::Cdata(text) => self.cdata(text),
                    _ => {}
                }
            }
        }
        self.done.balanced |= element.end != End::Closed;
        self.out.push_str("</");
        self.out.push_str(&written);
        self.out.push('>');
    }

    fn end(&mut self, name: &str) {
        let Some(open) = self.stack.iter().rposition(|f| f.name == name) else {
            self.done.balanced |= !(self.channel_closed && name == "channel");
            return;
        };
        if name == "channel" && self.root == "rss" {
            // entries may follow that belong inside; the root's end closes it
            self.done.balanced |= open + 1 < self.stack.len();
            self.close_down_to(open + 1);
            self.channel_closed = true;
            return;
        }
        let deferred = usize::from(self.channel_closed && open == 0);
        self.done.balanced |= open + 1 + deferred < self.stack.len();
        self.close_down_to(open);
    }

    fn push(&mut self, name: &'a str, written: Cow<'a, str>) {
        self.stack.push(Frame { name, written });
    }

    fn close_down_to(&mut self, len: usize) {
        while self.stack.len() > len {
            if let Some(frame) = self.stack.pop() {
                self.out.push_str("</");
                self.out.push_str(&frame.written);
                self.out.push('>');
            }
        }
    }

    fn name(&self, name: &'a str) -> Cow<'a, str> {
        if !self.done.atom_03 {
            return Cow::Borrowed(name);
        }
        let new = match local(name) {
            "modified" => "updated",
            "issued" => "published",
            "tagline" => "subtitle",
            "copyright" => "rights",
            _ => return Cow::Borrowed(name),
        };
        match name.rsplit_once(':') {
            Some((prefix, _)) => Cow::Owned(format!("{prefix}:{new}")),
            None => Cow::Borrowed(new),
        }
    }

    fn attributes(&mut self, tag: Tag<'_>, without: &[&str]) {
        for (name, value) in tag.each() {
            let legal = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && !name.contains(['<', '&', '"', '\'', '/', '>']);
            if !legal || without.contains(&name) {
                continue;
            }
            if name == "xml:base"
                && Url::parse(value).is_err_and(|e| e != url::ParseError::RelativeUrlWithoutBase)
            {
                self.done.bases = true;
                continue;
            }
            self.pair(name, value);
        }
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.text(value);
        self.out.push('"');
    }

    fn cdata(&mut self, text: &str) {
        for c in text.chars() {
            self.escaped(c);
        }
    }

    /// Character data that may hold references, of any kind or broken.
    fn text(&mut self, text: &str) {
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            if c != '&' {
                self.escaped(c);
                at += c.len_utf8();
                continue;
            }
            let rest = &text[at..];
            if let Some(known) = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"]
                .iter()
                .find(|k| rest.starts_with(**k))
            {
                self.out.push_str(known);
                at += known.len();
            } else if let Some(reference) = entities::resolve(rest) {
                self.done.names |= !rest.starts_with("&#");
                self.escaped(reference.first);
                if let Some(second) = reference.second {
                    self.escaped(second);
                }
                at += reference.len;
            } else {
                self.done.ampersands = true;
                self.out.push_str("&amp;");
                at += 1;
            }
        }
    }

    fn escaped(&mut self, c: char) {
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '"' => self.out.push_str("&quot;"),
            // XML 1.0 §2.2
            '\t' | '\n' | '\r' => self.out.push(c),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => self.done.controls = true,
            _ => self.out.push(c),
        }
    }
}
