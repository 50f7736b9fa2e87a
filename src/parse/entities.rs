//! Character references of HTML and XML: `&eacute;`, `&#233;`, `&#xE9;`.
//!
//! [`resolve`] reads one reference at the beginning of a text. It knows every name of the HTML
//! standard (§13.5), never fails and never expands to more than two characters.

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// The longest name in the standard's table has 31 characters.
const LONGEST_NAME: usize = 32;

/// The references that nearly all are, so that the table is seldom asked.
const COMMON: [(&str, char); 5] = [
    ("lt;", '<'),
    ("gt;", '>'),
    ("amp;", '&'),
    ("quot;", '"'),
    ("nbsp;", '\u{A0}'),
];

/// One resolved reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    /// The first character.
    pub first: char,
    /// The second, for the few names that stand for two.
    pub second: Option<char>,
    /// How many bytes of the text it takes, from `&` on.
    pub len: usize,
}

/// Reads the reference at the beginning of `text`, which begins with `&`.
///
/// `None` when there is none. A missing semicolon is forgiven to the old names that HTML forgives
/// it, unless a letter, digit or `=` follows (as in an address's `&copy=1`).
pub(super) fn resolve(text: &str) -> Option<Reference> {
    let rest = text.strip_prefix('&')?;
    if let Some(digits) = rest.strip_prefix('#') {
        return numeric(digits);
    }
    if let Some(&(name, first)) = COMMON.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some(Reference {
            first,
            second: None,
            len: 1 + name.len(),
        });
    }
    let len = rest
        .bytes()
        .take(LONGEST_NAME)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    if len == 0 {
        return None;
    }
    let closed = rest.as_bytes().get(len) == Some(&b';');
    if !closed && rest.as_bytes().get(len) == Some(&b'=') {
        return None;
    }
    let name = &rest[..len + usize::from(closed)];
    let &(first, second) = NAMED_ENTITIES.get(name)?;
    Some(Reference {
        // the table marks a mere beginning of a name with zero
        first: char::from_u32(first).filter(|c| *c != '\0')?,
        second: char::from_u32(second).filter(|c| *c != '\0'),
        len: 1 + name.len(),
    })
}

fn numeric(digits: &str) -> Option<Reference> {
    let (radix, body, prefix) = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => (16, hex, 3),
        None => (10, digits, 2),
    };
    let len = body
        .bytes()
        .take_while(|b| char::from(*b).is_digit(radix))
        .count();
    if len == 0 {
        return None;
    }
    let closed = body.as_bytes().get(len) == Some(&b';');
    let code = u32::from_str_radix(&body[..len], radix).unwrap_or(u32::MAX);
    // HTML standard §13.2.5.80: 0x80 to 0x9F are meant as windows-1252
    let first = match code {
        0x80..=0x9F => C1_REPLACEMENTS[(code - 0x80) as usize],
        _ => None,
    }
    .or_else(|| char::from_u32(code))
    .filter(|c| *c != '\0')
    .unwrap_or(char::REPLACEMENT_CHARACTER);
    Some(Reference {
        first,
        second: None,
        len: prefix + len + usize::from(closed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<(char, usize)> {
        resolve(text).map(|r| (r.first, r.len))
    }

    #[test]
    fn names_and_numbers_resolve() {
        assert_eq!(first("&eacute;t"), Some(('é', 8)));
        assert_eq!(first("&#233;"), Some(('é', 6)));
        assert_eq!(first("&#xE9;"), Some(('é', 6)));
        assert_eq!(first("&#146;"), Some(('\u{2019}', 6)));
        assert_eq!(first("&amp x"), Some(('&', 4)));
    }

    #[test]
    fn what_is_no_reference_stays() {
        for text in [
            "&",
            "& b",
            "&nosuchname;",
            "&copy=1",
            "&not_in",
            "&#;",
            "&#x;",
            "&lol9;",
        ] {
            let found = first(text);
            assert!(found.is_none() || text == "&not_in", "{text}: {found:?}");
        }
    }

    #[test]
    fn impossible_numbers_become_the_replacement_character() {
        for text in ["&#0;", "&#xD800;", "&#99999999999999;", "&#x110000;"] {
            assert_eq!(first(text).map(|f| f.0), Some('\u{FFFD}'), "{text}");
        }
    }
}
