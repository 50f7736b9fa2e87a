//! XML's own entities in attribute values.
//!
//! [`unescape`] replaces each reference once and knows no other entities, so no text can expand.

use std::borrow::Cow;

/// Replaces XML's five entities and numeric references (XML 1.0 §4.1); whatever else begins with
/// `&` stays as it is.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    /// No reference that is replaced is longer, from `&` to before `;`.
    const LONGEST: usize = 10;
    let Some(first) = text.find('&') else {
        return Cow::Borrowed(text);
    };
    let (before, mut rest) = text.split_at(first);
    let mut out = before.to_owned();
    while let Some(after) = rest.strip_prefix('&') {
        let name = after
            .bytes()
            .take(LONGEST)
            .position(|b| b == b';')
            .and_then(|end| after.get(..end));
        match name.and_then(|name| Some((name, reference(name)?))) {
            Some((name, c)) => {
                out.push(c);
                rest = after.get(name.len() + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
        let next = rest.find('&').unwrap_or(rest.len());
        let (plain, more) = rest.split_at(next);
        out.push_str(plain);
        rest = more;
    }
    Cow::Owned(out)
}

fn reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?).filter(|c| *c != '\0')
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_are_replaced_once() {
        for (text, expected) in [
            ("plain", "plain"),
            ("&amp;lt;", "&lt;"),
            ("&", "&"),
            ("&&amp;", "&&"),
            ("&#0;&#x110000;&#65;", "&#0;&#x110000;A"),
            ("&жжжж;", "&жжжж;"),
        ] {
            assert_eq!(unescape(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_text_grows_or_panics(text in "\\PC{0,60}|[&;#xa-f0-9]{0,60}") {
            prop_assert!(unescape(&text).len() <= text.len());
        }
    }
}
