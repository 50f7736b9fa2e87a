//! A forgiving scanner of HTML markup: text, start tags and end tags, in one linear pass.
//!
//! It is no tree builder: there is no stack, so nesting costs nothing, and no table of attributes,
//! so a tag with a million of them costs its length. (html5ever's tokenizer compares each new
//! attribute with all earlier ones of its tag: 80,000 in one tag, half a megabyte, took it 15 s in
//! an unoptimised build and this scanner 4 ms. Its table of references is used all the same.)
//! Comments, processing instructions and the elements that no reader sees (`script`, `style`,
//! `noscript`, `template`, `svg`, `iframe`) never come out.

/// What the scanner found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text between tags, references unresolved.
    Text(&'a str),
    /// The inside of a CDATA section: text without references.
    Verbatim(&'a str),
    /// A start tag: its name as written, and the whole tag.
    Start(&'a str, &'a str),
    /// An end tag.
    End(&'a str, &'a str),
}

/// Elements whose inside is not text for a reader.
const HIDDEN: [&str; 8] = [
    "script", "style", "noscript", "template", "svg", "iframe", "math", "head",
];

/// Iterates over the pieces of a markup text.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Quotes are no longer honoured: some quoted value swallowed everything up to the end.
    quotes_off: bool,
    /// Hidden elements that have no end tag in the rest of the text, as bits of `HIDDEN`.
    unclosed: u8,
    /// What else was found to have no end tag in the rest of the text.
    unended: Vec<&'static str>,
    keep_head: bool,
}

impl<'a> Scanner<'a> {
    /// Scans a fragment, such as a feed's summary.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            quotes_off: false,
            unclosed: 0,
            unended: Vec::new(),
            keep_head: false,
        }
    }

    /// Scans a page; the inside of `head` comes out too.
    pub fn page(text: &'a str) -> Self {
        Self {
            keep_head: true,
            ..Self::new(text)
        }
    }

    /// Skips to the end tag `name` and returns what stood before it; nothing if there is none.
    pub fn take_until_end(&mut self, name: &'static str) -> &'a str {
        // a page may be nothing but such tags, and each would be looked for up to the end
        if self.unended.contains(&name) {
            return "";
        }
        let Some(end) = find_end_tag(self.text, self.at, name) else {
            self.unended.push(name);
            return "";
        };
        let inside = &self.text[self.at..end];
        self.at = end;
        inside
    }

    fn tag_end(&mut self, from: usize) -> Option<usize> {
        if !self.quotes_off {
            let bytes = self.text.as_bytes();
            let mut quote = None;
            let mut after_equals = false;
            for (i, &b) in bytes.iter().enumerate().skip(from) {
                match quote {
                    Some(q) if b == q => quote = None,
                    Some(_) => {}
                    None => match b {
                        b'>' => return Some(i),
                        b'"' | b'\'' if after_equals => quote = Some(b),
                        b'=' => after_equals = true,
                        b if b.is_ascii_whitespace() => {}
                        _ => after_equals = false,
                    },
                }
                if quote.is_some() {
                    after_equals = false;
                }
            }
            self.quotes_off = true;
        }
        self.text[from..].find('>').map(|i| from + i)
    }

    /// Moves behind a hidden element that has just been opened; false when it is not hidden.
    fn skip_hidden(&mut self, name: &str) -> bool {
        let Some(index) = HIDDEN.iter().position(|h| h.eq_ignore_ascii_case(name)) else {
            return false;
        };
        if (self.keep_head && HIDDEN[index] == "head") || self.unclosed & (1 << index) != 0 {
            return false;
        }
        match find_end_tag(self.text, self.at, name) {
            Some(end) => self.at = end,
            // HTML: nothing ends a script or style but its end tag
            None if index < 2 => self.at = self.text.len(),
            None => {
                self.unclosed |= 1 << index;
                return false;
            }
        }
        true
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let text = self.text;
            let rest = &text[self.at..];
            if rest.is_empty() {
                return None;
            }
            let second = rest.as_bytes().get(1).copied().unwrap_or(b' ');
            let opens = rest.starts_with('<')
                && (second.is_ascii_alphabetic() || matches!(second, b'/' | b'!' | b'?'));
            if !opens {
                // a `<` that opens nothing is text
                let skip = rest.chars().next().map_or(1, char::len_utf8);
                let end = rest[skip..].find('<').map_or(rest.len(), |i| skip + i);
                self.at += end;
                return Some(Piece::Text(&rest[..end]));
            }
            if let Some(comment) = rest.strip_prefix("<!--") {
                self.at = comment
                    .find("-->")
                    .map_or(text.len(), |i| self.at + 4 + i + 3);
                continue;
            }
            if let Some(section) = rest.strip_prefix("<![CDATA[") {
                let len = section.find("]]>").unwrap_or(section.len());
                self.at = (self.at + 9 + len + 3).min(text.len());
                return Some(Piece::Verbatim(&section[..len]));
            }
            if matches!(second, b'!' | b'?') {
                self.at = rest.find('>').map_or(text.len(), |i| self.at + i + 1);
                continue;
            }
            let name_at = self.at + 1 + usize::from(second == b'/');
            let name_len = text.as_bytes()[name_at..]
                .iter()
                .take_while(|b| !b.is_ascii_whitespace() && !matches!(b, b'>' | b'/' | b'<'))
                .count();
            let name = &text[name_at..name_at + name_len];
            let start = self.at;
            let Some(end) = self.tag_end(name_at + name_len) else {
                // the text was cut inside a tag
                self.at = text.len();
                return Some(Piece::Start("", &text[start..]));
            };
            self.at = end + 1;
            let raw = &text[start..=end];
            if second == b'/' {
                return Some(Piece::End(name, raw));
            }
            if !raw.ends_with("/>") && self.skip_hidden(name) {
                continue;
            }
            return Some(Piece::Start(name, raw));
        }
    }
}

/// The place of the end tag `name` at or after `from`.
pub(crate) fn find_end_tag(text: &str, mut from: usize, name: &str) -> Option<usize> {
    while let Some(i) = text[from..].find("</") {
        let at = from + i;
        let tail = &text.as_bytes()[at + 2..];
        if tail.len() >= name.len()
            && tail[..name.len()].eq_ignore_ascii_case(name.as_bytes())
            && tail
                .get(name.len())
                .is_none_or(|b| !b.is_ascii_alphanumeric())
        {
            return Some(at);
        }
        from = at + 2;
    }
    None
}
