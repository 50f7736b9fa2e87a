//! An element that holds a text: where it ends, if only by neglect, and what it says.

use std::borrow::Cow;

use super::super::entities;
use super::super::xml::{Tag, Token, Tokens, is_container, local};
use super::odd::Odd;

/// The inside of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inside<'a> {
    /// All between the tags.
    pub raw: &'a str,
    /// Whether tags stand inside.
    pub markup: bool,
    /// How it ends.
    pub end: End,
}

/// How an element ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With its end tag.
    Closed,
    /// Where another field begins, or with the element around it.
    Open,
    /// With the document.
    Cut,
}

/// Takes the inside of the element that `tag` has just opened and moves behind it.
///
/// An element that is not closed before its entry ends stops where the next field begins. Looking
/// for its end tag in vain costs `patience`; without any left, the first field begun ends it, so
/// that a document of unclosed elements costs its length and not the square of it.
pub(super) fn take<'a>(
    tokens: &mut Tokens<'a>,
    tag: &Tag<'a>,
    patience: &mut usize,
    odd: &mut Odd,
    is_field: impl Fn(&Tag<'a>) -> bool,
) -> Inside<'a> {
    if tag.empty {
        return Inside {
            raw: "",
            markup: false,
            end: End::Closed,
        };
    }
    let text = tokens.text();
    let begin = tokens.offset();
    let mut ahead = tokens.clone();
    let mut depth = 0_usize;
    let mut markup = false;
    let mut field = None;
    let (stop, end) = loop {
        let before = ahead.offset();
        match ahead.next() {
            Some(Token::End(name)) if name.eq_ignore_ascii_case(tag.name) => {
                if depth == 0 {
                    *tokens = ahead;
                    return Inside {
                        raw: &text[begin..before],
                        markup,
                        end: End::Closed,
                    };
                }
                depth -= 1;
            }
            Some(Token::End(name)) if is_container(local(name)) => break (before, End::Open),
            Some(Token::Start(inner)) => {
                if field.is_none() && is_field(&inner) {
                    field = Some((before, markup));
                    if *patience == 0 {
                        break (before, End::Open);
                    }
                }
                markup = true;
                depth += usize::from(!inner.empty && inner.name.eq_ignore_ascii_case(tag.name));
            }
            Some(Token::End(_)) => markup = true,
            Some(Token::Stray) => {
                odd.ampersands = true;
                markup = true;
            }
            Some(Token::Text(text)) => odd.references(text),
            Some(Token::Cut) | None => break (text.len(), End::Cut),
            Some(_) => {}
        }
    };
    *patience = patience.saturating_sub(ahead.offset() - begin);
    let (stop, markup, end) = match field {
        Some((at, markup)) => (at, markup, End::Open),
        None => (stop, markup, end),
    };
    odd.balanced |= end == End::Open;
    tokens.seek(stop, &ahead);
    Inside {
        raw: &text[begin..stop],
        markup,
        end,
    }
}

impl<'a> Inside<'a> {
    /// The text: references resolved once where there are no tags; where there are, markup in which
    /// they still stand.
    pub fn text(&self) -> Cow<'a, str> {
        if !self.raw.contains(['<', '&']) {
            return Cow::Borrowed(self.raw);
        }
        // most texts are one section
        let section = self.raw.trim().strip_prefix("<![CDATA[");
        if let Some(text) = section.and_then(|s| s.strip_suffix("]]>"))
            && !text.contains("]]>")
        {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(self.raw.len());
        let mut tokens = Tokens::new(self.raw);
        loop {
            let from = tokens.offset();
            match tokens.next() {
                Some(Token::Text(text)) if self.markup => out.push_str(text),
                // a section within a section ends at the first end
                Some(Token::Text(text)) => resolve_into(&mut out, &text.replace("]]>", "")),
                Some(Token::Cdata(text)) => out.push_str(text),
                Some(Token::Aside) => {}
                Some(Token::Cut) => {
                    if self.markup {
                        out.push_str(&self.raw[from..]);
                    }
                }
                Some(_) => out.push_str(&self.raw[from..tokens.offset()]),
                None => return Cow::Owned(out),
            }
        }
    }

    /// The text of all the elements inside, one by one.
    pub fn words(&self) -> impl Iterator<Item = &'a str> {
        Tokens::new(self.raw).filter_map(|token| match token {
            Token::Text(text) | Token::Cdata(text) => Some(text.trim()).filter(|t| !t.is_empty()),
            _ => None,
        })
    }
}

/// A text with its references resolved.
pub(super) fn resolved(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    resolve_into(&mut out, text);
    Cow::Owned(out)
}

fn resolve_into(out: &mut String, mut text: &str) {
    while let Some(at) = text.find('&') {
        out.push_str(&text[..at]);
        text = &text[at..];
        let len = match entities::resolve(text) {
            Some(reference) => {
                out.push(reference.first);
                out.extend(reference.second);
                reference.len
            }
            None if text.starts_with("&apos;") => {
                out.push('\'');
                6
            }
            None => {
                out.push('&');
                1
            }
        };
        text = &text[len..];
    }
    out.push_str(text);
}

/// An attribute's value by its local name in any case, references unresolved.
pub(super) fn attribute<'a>(tag: &Tag<'a>, name: &str) -> Option<&'a str> {
    tag.each()
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}
