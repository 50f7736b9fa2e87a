//! Answers that hold a part of the document: RFC 3229 with the `feed` manipulation, by which a
//! server sends only the entries that are new since the `ETag` it is asked with.
//!
//! A part is taken only as it was asked for. Whatever else comes with 226 can't be put together
//! with what is held, and the next request has to be for the whole document.

use reqwest::header::{HeaderMap, HeaderValue};

use super::outcome::opaque;
use super::request::FEED_DELTA;

/// Checks a 226 answer: `sent` is the `If-None-Match` that went with `A-IM: feed`, if it did.
///
/// # Errors
/// What came instead of the part that was asked for.
pub fn check(headers: &HeaderMap, sent: Option<&HeaderValue>) -> Result<(), String> {
    let Some(sent) = sent else {
        return Err("a part of the document, which was not asked for".to_owned());
    };
    // The manipulations in the order of their application (RFC 3229 §10.5.2); all of them would
    // have to be undone.
    let lines = headers.get_all("im").iter().map(HeaderValue::as_bytes);
    let mut applied = lines
        .flat_map(|line| line.split(|&b| b == b','))
        .map(|word| {
            word.split(|&b| b == b';')
                .next()
                .unwrap_or_default()
                .trim_ascii()
        })
        .filter(|word| !word.is_empty());
    match (applied.next(), applied.next()) {
        (None, _) => return Err("no word of what was left out".to_owned()),
        (Some(word), None) if word.eq_ignore_ascii_case(FEED_DELTA.as_bytes()) => {}
        _ => return Err("a manipulation that was not asked for".to_owned()),
    }
    // The version that the part is to be added to (RFC 3229 §10.5.1).
    match headers.get("delta-base") {
        Some(base) if opaque(base.as_bytes()) != opaque(sent.as_bytes()) => {
            Err("a part that belongs to another version".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(lines: &[(&'static str, &'static str)], sent: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        check(&headers, sent.map(HeaderValue::from_static).as_ref()).is_ok()
    }

    #[test]
    fn a_part_is_taken_as_it_was_asked_for() {
        let held = Some("\"a\"");
        for lines in [
            &[("im", "feed")][..],
            &[("im", " Feed ;x=1,")],
            &[("im", "feed"), ("delta-base", "W/\"a\"")],
        ] {
            assert!(judged(lines, held), "{lines:?}");
        }
    }

    #[test]
    fn a_part_of_another_sort_is_refused() {
        let held = Some("\"a\"");
        for lines in [
            &[][..],
            &[("im", "")],
            &[("im", "vcdiff")],
            &[("im", "feed, gzip")],
            &[("im", "gzip"), ("im", "feed")],
            &[("im", "feed"), ("delta-base", "\"b\"")],
        ] {
            assert!(!judged(lines, held), "{lines:?}");
        }
        assert!(!judged(&[("im", "feed")], None));
    }
}
