//! The entities that a document defines for itself: `<!DOCTYPE rss [<!ENTITY site "The Site">]>`.
//!
//! [`expand`] puts the value of each in the place of its references, once. Only plain values count:
//! short text, or one numeric reference. A value that holds a reference or markup is never expanded,
//! so nothing nests, and all that is added has a bound.

use std::borrow::Cow;

use super::xml::{Token, Tokens};

/// Definitions that are kept.
const MAX_ENTITIES: usize = 64;
/// Bytes of a value.
const MAX_VALUE: usize = 256;
/// Bytes that references may add to a document in all.
const MAX_ADDED: usize = 1 << 20;
/// XML 1.0 §4.6: these mean what they always mean.
const PREDEFINED: [&str; 5] = ["amp", "lt", "gt", "quot", "apos"];

/// The document with its own entities in place, borrowed when it has none.
pub(super) fn expand(text: &str) -> Cow<'_, str> {
    let Some((subset, body)) = internal_subset(text) else {
        return Cow::Borrowed(text);
    };
    let entities = definitions(subset);
    if entities.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &text[body..];
    out.push_str(&text[..body]);
    let mut room = MAX_ADDED;
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (len, value) = if rest.starts_with("<![CDATA[") {
            (rest.find("]]>").unwrap_or(9), None)
        } else {
            let found = entities.iter().find(|(name, value)| {
                value.len() <= room
                    && rest[1..]
                        .strip_prefix(*name)
                        .is_some_and(|r| rest.starts_with('&') && r.starts_with(';'))
            });
            found.map_or((1, None), |(name, value)| (name.len() + 2, Some(value)))
        };
        match value {
            Some(value) => {
                room -= value.len();
                out.push_str(value);
            }
            None => out.push_str(&rest[..len]),
        }
        rest = &rest[len..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The document type's inside, and where it ends.
fn internal_subset(text: &str) -> Option<(&str, usize)> {
    let mut tokens = Tokens::new(text);
    loop {
        let at = tokens.offset();
        match tokens.next()? {
            Token::Aside if text[at..].starts_with("<!DOCTYPE") => {
                let end = tokens.offset();
                let (_, subset) = text[at..end].split_once('[')?;
                return Some((subset, end));
            }
            Token::Aside => {}
            Token::Text(t) if t.trim().is_empty() => {}
            _ => return None,
        }
    }
}

/// The names of the plain entities with their values, quotes escaped.
fn definitions(subset: &str) -> Vec<(&str, String)> {
    let found = subset.split("<!ENTITY").skip(1).filter_map(|definition| {
        let (name, rest) = definition.trim_start().split_once(char::is_whitespace)?;
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, _) = rest[1..].split_once(quote)?;
        let legal = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        let named = name.chars().all(legal) && !PREDEFINED.contains(&name);
        let plain = value.len() <= MAX_VALUE
            && (!value.contains(['&', '<', '%', '\n']) || is_one_character(value));
        (named && plain).then(|| {
            let value = value.replace('"', "&#34;").replace('\'', "&#39;");
            (name, value)
        })
    });
    found.take(MAX_ENTITIES).collect()
}

/// Whether a value is one numeric reference; to `<` or `&` it would be markup.
fn is_one_character(value: &str) -> bool {
    super::entities::resolve(value).is_some_and(|reference| {
        value.starts_with("&#")
            && reference.len == value.len()
            && value.ends_with(';')
            && !matches!(reference.first, '<' | '&')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_entities_of_the_document_are_put_in_place_once() {
        let text = "<?x?> <!DOCTYPE rss [\n<!ENTITY site 'The \"Site\"'><!ENTITY e \"&#233;\">\
                    <!ENTITY e 'second'><!ENTITY amp 'x'><!ENTITY % p 'q'><!ENTITY ext SYSTEM 'http://x/'>]>\
                    <a b='&site;'>&e; &amp; &ext; &site <![CDATA[&e;]]>&e;</a>";
        let body = expand(text);
        assert!(
            body.ends_with(
                "<a b='The &#34;Site&#34;'>&#233; &amp; &ext; &site <![CDATA[&e;]]>&#233;</a>"
            ),
            "{body}"
        );
    }

    #[test]
    fn entities_of_entities_or_markup_stay_as_they_are_written() {
        let text = "<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'><!ENTITY c '<x/>'><!ENTITY d '&#60;x>'>\
                    <!ENTITY f '&#38;'>]><r>&a;&b;&c;&d;&f;</r>";
        assert!(expand(text).ends_with("<r>ha&b;&c;&d;&f;</r>"));
        for text in [
            "<r>&a;</r>",
            "<!DOCTYPE r><r>&a;</r>",
            "",
            "<!DOCTYPE r [",
            "<a/><!DOCTYPE r [<!ENTITY a 'x'>]>&a;",
        ] {
            assert!(matches!(expand(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn what_entities_add_has_a_bound() {
        let value = "x".repeat(MAX_VALUE);
        let text = format!(
            "<!DOCTYPE r [<!ENTITY a '{value}'>]><r>{}</r>",
            "&a;".repeat(100_000)
        );
        assert!(expand(&text).len() <= text.len() + MAX_ADDED);
    }
}
