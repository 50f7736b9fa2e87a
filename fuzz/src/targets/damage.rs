//! Damage as feeds suffer it: cut, spliced, badly escaped, wrongly nested, amplified.
//!
//! Which damage is done where is read from bytes ([`Choices`]), so that a fuzzer can steer it and a
//! test can repeat it.

/// Bytes beyond which a document does not grow.
const MAX_DOCUMENT: usize = 128 << 10;

/// What stands in the wrong place of a feed, sooner or later.
const SNIPPETS: [&str; 48] = [
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&",
    "&amp;amp;",
    "&#x202E;",
    "&#0;",
    "&#xD800;",
    "&nbsp;",
    "&eacute",
    "&lt;b&gt;",
    "<item>",
    "</item>",
    "<entry>",
    "</entry>",
    "<channel>",
    "</channel>",
    "</rss>",
    "<b>",
    "<br>",
    "<p class=x>",
    "<a href='",
    "\0",
    "\u{1b}[2J",
    "\u{9b}",
    "\u{202e}",
    "\u{feff}",
    "<?xml version='1.0' encoding='koi8-r'?>",
    " xmlns:a='b'",
    "<media:content url='x'>",
    "<link/>",
    "<title>",
    "</title>",
    "<content type='xhtml'>",
    "<guid isPermaLink='",
    "<!DOCTYPE rss [<!ENTITY a 'b'>]>",
    "<html><body>",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
];

/// Decisions read from bytes; when they are used up every decision is the first one.
#[derive(Debug, Clone)]
pub struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    /// Decisions from these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// A byte, 0 when there is none left.
    pub fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((first, rest)) => {
                self.rest = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `bound`; 0 when that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let mut number = usize::from(self.byte());
        if bound > 1 << 8 {
            number |= usize::from(self.byte()) << 8;
        }
        if bound > 1 << 16 {
            number |= usize::from(self.byte()) << 16;
        }
        number.checked_rem(bound).unwrap_or(0)
    }

    /// One of several.
    pub fn one<'b, T: ?Sized>(&mut self, of: &[&'b T]) -> &'b T {
        of[self.below(of.len())]
    }

    /// The next bytes, as they are.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }
}

/// Damages a document `times` times.
pub fn damage(document: &mut Vec<u8>, times: usize, choices: &mut Choices<'_>) {
    for _ in 0..times {
        once(document, choices);
        document.truncate(MAX_DOCUMENT);
    }
}

fn once(document: &mut Vec<u8>, choices: &mut Choices<'_>) {
    let kind = choices.below(16);
    let at = choices.below(document.len() + 1);
    match kind {
        0 => document.truncate(at),
        1 => {
            let end = (at + 1 + choices.below(64)).min(document.len());
            document.drain(at..end);
        }
        2 => {
            // a piece once more, elsewhere
            let end = (at + choices.below(4096)).min(document.len());
            let piece = document[at..end].to_vec();
            let to = choices.below(document.len() + 1);
            document.splice(to..to, piece);
        }
        3 => {
            if let Some(byte) = document.get_mut(at) {
                *byte = choices.byte();
            }
        }
        4 | 5 => {
            let snippet = choices.one(&SNIPPETS);
            document.splice(at..at, snippet.bytes());
        }
        6 => cut_between(document, at, b"</", b">"),
        7 => cut_between(document, at, b"<", b">"),
        8 => cut_between(document, at, b"xmlns", b" "),
        9 => cut_between(document, at, b"]]", b">"),
        10 => {
            if let Some(tag) = find(document, at, b"<") {
                let end = find(document, tag, b">").unwrap_or(document.len());
                document[tag..end].make_ascii_uppercase();
            }
        }
        11 => {
            // a publisher who never escapes
            let tail = document.split_off(at);
            let mut rest = &tail[..];
            while let Some(reference) = find(rest, 0, b"&amp;") {
                document.extend_from_slice(&rest[..=reference]);
                rest = &rest[reference + 5..];
            }
            document.extend_from_slice(rest);
        }
        12 => {
            // the same, hundreds of times
            let end = (at + 1 + choices.below(128)).min(document.len());
            let piece = document[at..end].to_vec();
            let times = 1 << choices.below(14);
            let room = MAX_DOCUMENT.saturating_sub(document.len()) / piece.len().max(1);
            document.splice(at..at, piece.repeat(room.min(times)));
        }
        13 => {
            let quote = find(document, at, b"\"").or_else(|| find(document, at, b"'"));
            if let Some(quote) = quote {
                document.remove(quote);
            }
        }
        14 => {
            // two neighbours change places
            if let Some(first) = find(document, at, b"<")
                && let Some(second) = find(document, first + 1, b"<")
                && let Some(third) = find(document, second + 1, b"<")
            {
                document[first..third].rotate_left(second - first);
            }
        }
        _ => {
            let junk = choices.bytes(at % 32);
            document.splice(at..at, junk.iter().copied());
        }
    }
}

/// Takes out the next piece that begins and ends so.
fn cut_between(document: &mut Vec<u8>, from: usize, begin: &[u8], end: &[u8]) {
    if let Some(start) = find(document, from, begin)
        && let Some(last) = find(document, start + begin.len(), end)
    {
        document.drain(start..last + end.len());
    }
}

fn find(document: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let inside = document.get(from..)?;
    let at = inside.windows(what.len()).position(|w| w == what)?;
    Some(from + at)
}
