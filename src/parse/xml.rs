//! A forgiving tokenizer of XML: where the tags are, whatever is wrong around them.
//!
//! The survey and the repair look at a document through it before and after feed-rs does. It never
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

    /// An attribute's value by its qualified name.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        self.each()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
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
}

impl<'a> Tokens<'a> {
    /// Begins at the document's beginning.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The offset of the next token.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The text element that `tag` has just opened: moves behind its end tag and tells what lies
    /// inside, or stops before the end of the enclosing item when it is never closed.
    pub fn text_element(&mut self, tag: &Tag<'_>) -> TextElement<'a> {
        let begin = self.at;
        let mut depth = 0_usize;
        let mut has_markup = false;
        loop {
            let before = self.at;
            let closed = match self.next() {
                Some(Token::End(name)) if name == tag.name => match depth {
                    0 => Some(true),
                    _ => {
                        depth -= 1;
                        None
                    }
                },
                Some(Token::End(name)) if is_container(local(name)) => {
                    self.at = before;
                    Some(false)
                }
                Some(Token::Start(inner)) => {
                    has_markup = true;
                    depth += usize::from(inner.name == tag.name && !inner.empty);
                    None
                }
                Some(Token::End(_) | Token::Stray) => {
                    has_markup = true;
                    None
                }
                Some(Token::Cut) | None => {
                    self.at = self.text.len();
                    return TextElement {
                        inside: &self.text[begin..],
                        has_markup,
                        end: End::Cut,
                    };
                }
                Some(_) => None,
            };
            if let Some(closed) = closed {
                return TextElement {
                    inside: &self.text[begin..before],
                    has_markup,
                    end: if closed { End::Closed } else { End::Open },
                };
            }
        }
    }
}

/// The inside of an element that holds a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextElement<'a> {
    /// All between the tags.
    pub inside: &'a str,
    /// Whether tags stand inside.
    pub has_markup: bool,
    /// How it ends.
    pub end: End,
}

/// How an element ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With its end tag.
    Closed,
    /// With the end of the element around it.
    Open,
    /// With the document.
    Cut,
}

/// Whether an element, by its local name, is an entry.
pub(super) fn is_entry(local: &str) -> bool {
    matches!(local, "item" | "entry")
}

/// Whether an element, by its local name, holds entries or their fields.
pub(super) fn is_container(local: &str) -> bool {
    is_entry(local) || matches!(local, "channel" | "rss" | "RDF" | "feed")
}

/// Whether an element inside a container holds text that may be markup.
pub(super) fn is_text(tag: &Tag<'_>) -> bool {
    let xhtml = tag
        .attribute("type")
        .is_some_and(|t| t == "xhtml" || t.ends_with("+xml") || t.ends_with("/xml"));
    let inline = tag.attribute("mode").is_some_and(|m| m == "xml");
    !tag.empty
        && !xhtml
        && !inline
        && matches!(
            tag.name,
            "title"
                | "description"
                | "content:encoded"
                | "summary"
                | "content"
                | "subtitle"
                | "tagline"
                | "rights"
                | "copyright"
                | "atom:title"
                | "atom:summary"
                | "atom:content"
                | "atom:subtitle"
        )
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
            let len = section.find("]]>");
            return take(
                len.map(|i| i + 12),
                Token::Cdata(&section[..len.unwrap_or(0)]),
            );
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
        let Some(end) = tag_end(body) else {
            return take(None, Token::Cut);
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
            (tag.name, tag.attribute("x"), tag.attribute("y")),
            ("a", Some(">"), Some("1"))
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

    #[test]
    fn text_elements_end_with_their_item_at_the_latest() {
        let mut tokens = Tokens::new("<title>a <b>c</b></title><description>x<br></item>");
        let Some(Token::Start(title)) = tokens.next() else {
            panic!()
        };
        let found = tokens.text_element(&title);
        assert_eq!(
            (found.inside, found.has_markup, found.end),
            ("a <b>c</b>", true, End::Closed)
        );
        let Some(Token::Start(description)) = tokens.next() else {
            panic!()
        };
        let found = tokens.text_element(&description);
        assert_eq!((found.inside, found.end), ("x<br>", End::Open));
        assert_eq!(tokens.next(), Some(Token::End("item")));
    }
}
