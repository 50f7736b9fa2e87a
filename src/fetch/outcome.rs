//! What a fetch comes back with, and the validators that make the next one cheap.

use std::time::Duration;

use reqwest::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use url::Url;

use super::{Hints, Links};
use crate::model::Validators;

impl Validators {
    /// The validators in the head of an answer from `url`, if it has any.
    #[must_use]
    pub fn read(url: &Url, headers: &HeaderMap) -> Option<Self> {
        let bytes = |name: HeaderName| {
            let value = headers.get(name)?.as_bytes();
            (!value.is_empty()).then(|| value.to_vec())
        };
        let (etag, last_modified) = (bytes(ETAG), bytes(LAST_MODIFIED));
        (etag.is_some() || last_modified.is_some()).then(|| Self {
            url: url.as_str().to_owned(),
            etag,
            last_modified,
        })
    }

    /// The conditional headers (RFC 9110 §13.1.2, §13.1.3); none unless `url` gave the validators.
    #[must_use]
    pub fn conditions(&self, url: &Url) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.url != url.as_str() {
            return headers;
        }
        for (name, bytes) in [
            (IF_NONE_MATCH, &self.etag),
            (IF_MODIFIED_SINCE, &self.last_modified),
        ] {
            // Bytes that came in a header always fit into one.
            if let Some(Ok(value)) = bytes.as_deref().map(HeaderValue::from_bytes) {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// These validators as a 304 renews them, or `None` when it carries none.
    ///
    /// Also `None` when the 304 contradicts them: a 304 that names another version does not speak
    /// of the one that is held (RFC 9111 §4.3.4), and taking over its validators would hide that
    /// version until the next change.
    #[must_use]
    pub fn renewed(&self, headers: &HeaderMap) -> Option<Self> {
        let url = Url::parse(&self.url).ok()?;
        let new = Self::read(&url, headers)?;
        let same_tag = match (&self.etag, &new.etag) {
            (Some(held), Some(given)) if opaque(held) != opaque(given) => return None,
            (Some(_), Some(_)) => true,
            _ => false,
        };
        let date_differs = matches!(
            (&self.last_modified, &new.last_modified),
            (Some(held), Some(given)) if held != given
        );
        if date_differs && !same_tag {
            return None;
        }
        Some(Self {
            url: new.url,
            etag: new.etag.or_else(|| self.etag.clone()),
            last_modified: new.last_modified.or_else(|| self.last_modified.clone()),
        })
    }
}

/// An entity tag for weak comparison (RFC 9110 §8.8.3.2).
pub(super) fn opaque(etag: &[u8]) -> &[u8] {
    etag.strip_prefix(b"W/").unwrap_or(etag)
}

/// What the server answered, when it answered something to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 304: nothing new since the validators were given.
    NotModified {
        /// When to ask again.
        hints: Hints,
        /// The validators as this answer renews them; `None` means keep those you have.
        validators: Option<Validators>,
        /// As in [`Answer::Body`].
        moved_to: Option<Url>,
        /// As in [`Answer::Body`], if the answer has any.
        links: Links,
    },
    /// A full answer (any 2xx).
    Body {
        /// The body, decompressed; empty for 204 and 205.
        bytes: Vec<u8>,
        /// The `Content-Type` as sent.
        content_type: Option<String>,
        /// What to ask with the next time.
        validators: Option<Validators>,
        /// When to ask again.
        hints: Hints,
        /// Where the body came from, after all redirects; without credentials and fragment.
        final_url: Url,
        /// Where the resource has moved for good: the last URL that was reached by permanent
        /// redirects (301, 308) alone; without credentials and fragment.
        moved_to: Option<Url>,
        /// The `Link`s of the answer that matter to a feed.
        links: Links,
        /// The language that the answer declares for its body, if it is one (BCP 47).
        language: Option<String>,
        /// Whether the body holds the entries only that are new since the validators were given
        /// (RFC 3229). Never without [`super::Request::deltas`].
        delta: bool,
    },
    /// 410: the resource is gone for good, and the server says so on purpose. Reported only when
    /// no temporary redirect led there.
    Gone,
    /// 429 or 503: the server asks for fewer requests. Also a redirect that asks to wait before
    /// it is followed, for longer than a fetch can.
    Throttled {
        /// Which of them.
        status: u16,
        /// How long to wait, if it says; at most [`super::MAX_HINT`].
        retry_after: Option<Duration>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    fn held(etag: Option<&str>, last_modified: Option<&str>) -> Validators {
        Validators {
            url: "https://example.org/feed".to_owned(),
            etag: etag.map(Into::into),
            last_modified: last_modified.map(Into::into),
        }
    }

    #[test]
    fn validators_are_kept_as_they_came() {
        let url = Url::parse("https://example.org/feed").expect("a URL");
        let headers = head(&[("etag", "W/\"a b\""), ("last-modified", "yesterday")]);
        assert_eq!(
            Validators::read(&url, &headers),
            Some(held(Some("W/\"a b\""), Some("yesterday")))
        );
        assert_eq!(Validators::read(&url, &head(&[("etag", "")])), None);
    }

    #[test]
    fn another_url_gets_no_conditions() {
        let validators = held(Some("\"a\""), Some("yesterday"));
        let own = Url::parse("https://example.org/feed").expect("a URL");
        let other = Url::parse("https://example.org/feed2").expect("a URL");
        assert_eq!(validators.conditions(&own).len(), 2);
        assert!(validators.conditions(&other).is_empty());
    }

    #[test]
    fn a_304_adds_what_was_missing_and_keeps_the_rest() {
        let renewed = held(Some("\"a\""), None).renewed(&head(&[("last-modified", "today")]));
        assert_eq!(renewed, Some(held(Some("\"a\""), Some("today"))));
        let renewed = held(Some("\"a\""), Some("x")).renewed(&head(&[("etag", "W/\"a\"")]));
        assert_eq!(renewed, Some(held(Some("W/\"a\""), Some("x"))));
        assert_eq!(held(Some("\"a\""), None).renewed(&head(&[])), None);
    }

    #[test]
    fn a_304_about_another_version_renews_nothing() {
        let validators = held(Some("\"a\""), Some("x"));
        assert_eq!(validators.renewed(&head(&[("etag", "\"b\"")])), None);
        let dated = held(None, Some("x"));
        assert_eq!(dated.renewed(&head(&[("last-modified", "y")])), None);
    }
}
