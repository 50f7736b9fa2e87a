//! A forgiving tokenizer of XML: where the tags are, whatever is wrong around them.
//!
//! The reader looks at a document through it. It never
//! fails: what is no markup comes out as [`Token::Stray`], and an unfinished construct at the
//! document's end as [`Token::Cut`].

/// One lexical piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Character data, references unresolved.
    Text(&'a str),
    /// The inside of a CDATA section.
    Cdata(&'a str),
    /// A comment, processing instruction, declaration or document type.
    Aside,
    /// A start tag.
    Start(Tag<'a>),
    /// An end tag, by its qualified name.
    End(&'a str),
    /// A `<` that begins nothing.
    Stray,
    /// The document ends inside a construct.
    Cut,
}

/// A start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// The qualified name.
    pub name: &'a str,
    /// All between the name and the closing `>` or `/>`.
    pub attributes: &'a str,
    /// Whether it is closed at once.
    pub empty: bool,
}

impl<'a> Tag<'a> {
    /// The name without its prefix.
    pub fn local(&self) -> &'a str {
        local(self.name)
    }

    /// The attributes in order, values unresolved.
    pub fn each(&self) -> Attributes<'a> {
        Attributes(self.attributes)
    }
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Iterates over a tag's attributes.
#[derive(Debug, Clone)]
pub(super) struct Attributes<'a>(&'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.0.split_once('=')?;
        let rest = rest.trim_start();
        let (value, rest) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest[1..].split_once(quote)?,
            _ => rest.split_at(
                rest.find(|c: char| c.is_ascii_whitespace())
                    .unwrap_or(rest.len()),
            ),
        };
        self.0 = rest;
        let name = name.trim();
        // attributes without value may stand before it
        let name = name
            .rsplit(|c: char| c.is_ascii_whitespace())
            .next()
            .unwrap_or(name);
        Some((name, value))
    }
}

/// Iterates over a document's tokens with their offsets.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Quotes are no longer honoured: some quoted value swallowed everything up to the end.
    quotes_off: bool,
    /// The offset from which on no CDATA section ends.
    sections_off: usize,
}

impl<'a> Tokens<'a> {
    /// Begins at the document's beginning.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            quotes_off: false,
            sections_off: usize::MAX,
        }
    }

    /// The offset of the next token.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The whole text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Goes on from another offset with what `ahead` found out: to look for the end of a section in
    /// vain costs the rest of the document, and a field is looked through more than once.
    pub fn seek(&mut self, at: usize, ahead: &Self) {
        self.at = at;
        self.sections_off = ahead.sections_off;
    }
}

/// Whether an element, by its local name, is an entry.
pub(super) fn is_entry(local: &str) -> bool {
    ["item", "entry"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(local))
}

/// Whether an element, by its local name, holds entries or their fields.
pub(super) fn is_container(local: &str) -> bool {
    is_entry(local)
        || ["channel", "rss", "rdf", "feed"]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(local))
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let mut take = |len: Option<usize>, token: Token<'a>| {
            if let Some(len) = len {
                self.at += len;
                Some(token)
            } else {
                self.at = self.text.len();
                Some(Token::Cut)
            }
        };
        if !rest.starts_with('<') {
            let len = rest.find('<').unwrap_or(rest.len());
            return take(Some(len), Token::Text(&rest[..len]));
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            return take(comment.find("-->").map(|i| i + 7), Token::Aside);
        }
        if let Some(section) = rest.strip_prefix("<![CDATA[") {
            let len = if self.at >= self.sections_off {
                None
            } else {
                section.find("]]>")
            };
            // what follows a beginning without end is read as if it were not there
            if len.is_none() {
                self.sections_off = self.sections_off.min(self.at);
            }
            let token = len.map_or(Token::Aside, |len| Token::Cdata(&section[..len]));
            self.at += len.map_or(9, |i| i + 12);
            return Some(token);
        }
        if rest.starts_with("<?") {
            return take(rest.find("?>").map(|i| i + 2), Token::Aside);
        }
        if rest.starts_with("<!") {
            return take(doctype_len(rest), Token::Aside);
        }
        let closing = rest.starts_with("</");
        let name_at = 1 + usize::from(closing);
        let name_len = rest[name_at..]
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')))
            .unwrap_or(rest.len() - name_at);
        let name = &rest[name_at..name_at + name_len];
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            let stray = rest.len() > 1;
            return take(stray.then_some(1), Token::Stray);
        }
        let body = &rest[name_at + name_len..];
        if closing {
            return take(
                body.find('>').map(|i| name_at + name_len + i + 1),
                Token::End(name),
            );
        }
        let mut end = if self.quotes_off { None } else { tag_end(body) };
        if end.is_none() {
            self.quotes_off = true;
            end = body.find('>');
        }
        let Some(end) = end else {
            self.at = self.text.len();
            return Some(Token::Cut);
        };
        let inside = &body[..end];
        let empty = inside.ends_with('/');
        let tag = Tag {
            name,
            attributes: inside.strip_suffix('/').unwrap_or(inside),
            empty,
        };
        take(Some(name_at + name_len + end + 1), Token::Start(tag))
    }
}

/// The place of the `>` that ends a start tag.
fn tag_end(body: &str) -> Option<usize> {
    let mut quote = None;
    for (i, b) in body.bytes().enumerate() {
        match (quote, b) {
            (None, b'>') => return Some(i),
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), b) if q == b => quote = None,
            _ => {}
        }
    }
    None
}

/// The length of a `<!DOCTYPE …>` with its internal subset, in which `>` may stand in quotes.
fn doctype_len(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut subset = false;
    for (i, b) in text.bytes().enumerate() {
        match (quote, b) {
            (None, b'>') if !subset => return Some(i + 1),
            (None, b'[') => subset = true,
            (None, b']') => subset = false,
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), b) if q == b => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_whatever_stands_around_them() {
        let text = "<?xml?><!DOCTYPE a [<!ENTITY b \"]>\">]><a x='>' y=\"1\"><![CDATA[<b>]]>t < 5<!-- <c> --></a><d/";
        let tokens: Vec<_> = Tokens::new(text).collect();
        let Token::Start(tag) = tokens[2] else {
            panic!("{tokens:?}")
        };
        assert_eq!(
            (tag.name, tag.each().collect::<Vec<_>>()),
            ("a", vec![("x", ">"), ("y", "1")])
        );
        assert_eq!(
            &tokens[3..],
            [
                Token::Cdata("<b>"),
                Token::Text("t "),
                Token::Stray,
                Token::Text(" 5"),
                Token::Aside,
                Token::End("a"),
                Token::Cut
            ]
        );
    }
}
