//! One thing to fetch, and the headers that ask for it.
//!
//! [`Request`] is plain data. What it adds to a hop's headers depends on where the hop goes: the
//! owner's options speak to the origin of the owner's own URL and to no other.

use std::fmt;

use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};
use url::{Origin, Url};

use super::error::place;
use super::{FetchError, Validators, options};
use crate::model::RequestOptions;

const FEEDS: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";
const PAGES: &str = "text/html, application/xhtml+xml, */*;q=0.5";
const TEXT: &str = "text/plain, */*;q=0.5";

/// The instance manipulation that is understood: only the entries that are new to the client.
pub(super) const FEED_DELTA: &str = "feed";

/// `A-IM` (RFC 3229 §10.5.3).
const A_IM: HeaderName = HeaderName::from_static("a-im");

/// The options of a request that has none.
static USUAL: RequestOptions = RequestOptions {
    headers: Vec::new(),
    auth: None,
    cookies: None,
    user_agent: None,
    proxy: None,
    timeout: None,
    extra_roots: None,
    insecure_tls: false,
};

/// What is asked for; it decides the `Accept` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A feed in any format.
    Feed,
    /// A page for people.
    Page,
    /// A `robots.txt`.
    Robots,
}

impl Kind {
    const fn accept(self) -> &'static str {
        match self {
            Self::Feed => FEEDS,
            Self::Page => PAGES,
            Self::Robots => TEXT,
        }
    }
}

/// One thing to fetch.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// What to get.
    pub url: &'a Url,
    /// The URL that the owner wrote, if `url` comes from it: itself, where it has moved to, or a
    /// page that the feed links to. Credentials in it and `options` go to its origin (scheme, host,
    /// port) alone; its port, and with `allow_private_addresses` its host, are let through the
    /// guard. `None` for the URL of a stranger.
    pub own: Option<&'a Url>,
    /// The validators of the last full answer; they are sent at the hop whose URL gave them.
    pub validators: Option<&'a Validators>,
    /// Whether the host of `own` may be a loopback, private or other special address. It is the
    /// owner's word about this host alone: another host that a redirect leads to stays guarded.
    pub allow_private_addresses: bool,
    /// How the request differs from the usual.
    pub options: &'a RequestOptions,
    /// What is asked for.
    pub kind: Kind,
    /// Whether an answer may hold the new entries only (RFC 3229, `A-IM: feed`). Asked for with an
    /// `ETag` alone, as there must be something to be new against.
    pub deltas: bool,
}

impl fmt::Debug for Request<'_> {
    /// Shows no credentials: those in a URL would be printed with it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &place(self.url))
            .field("own", &self.own.map(place))
            .field("allow_private_addresses", &self.allow_private_addresses)
            .field("kind", &self.kind)
            .field("deltas", &self.deltas)
            .finish_non_exhaustive()
    }
}

impl<'a> Request<'a> {
    /// A feed at the owner's own URL, asked for unconditionally and without special wishes.
    #[must_use]
    pub fn feed(url: &'a Url) -> Self {
        Self {
            own: Some(url),
            kind: Kind::Feed,
            ..Self::page(url)
        }
    }

    /// A page at a stranger's URL.
    #[must_use]
    pub fn page(url: &'a Url) -> Self {
        Self {
            url,
            own: None,
            validators: None,
            allow_private_addresses: false,
            options: &USUAL,
            kind: Kind::Page,
            deltas: false,
        }
    }

    /// Whether `url` is at the owner's own host.
    pub(super) fn at_own_host(&self, url: &Url) -> bool {
        self.own.is_some_and(|own| own.host() == url.host())
    }

    /// Whether `url` is at the owner's own origin, where options and credentials go.
    pub(super) fn at_own_origin(&self, url: &Url) -> bool {
        self.own.is_some_and(|own| {
            // Opaque origins are those of other schemes and never equal.
            matches!(own.origin(), Origin::Tuple(..)) && own.origin() == url.origin()
        })
    }

    /// The headers of a hop to `url`, with `conditions` if there are any.
    pub(super) fn headers(
        &self,
        url: &Url,
        conditions: &HeaderMap,
    ) -> Result<HeaderMap, FetchError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(self.kind.accept()));
        if self.at_own_origin(url) {
            options::add(self.options, &mut headers)?;
        }
        for (name, value) in conditions {
            headers.insert(name, value.clone());
        }
        if self.deltas && conditions.contains_key(IF_NONE_MATCH) {
            headers.insert(A_IM, HeaderValue::from_static(FEED_DELTA));
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{AUTHORIZATION, COOKIE, USER_AGENT};

    use super::*;
    use crate::model::{Auth, Secret};

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn loud() -> RequestOptions {
        RequestOptions {
            headers: vec![
                ("X-Key".to_owned(), Secret::new("hush-1".to_owned())),
                ("accept".to_owned(), Secret::new("text/x-hush".to_owned())),
                ("x-key".to_owned(), Secret::new("hush-2".to_owned())),
            ],
            auth: Some(Auth::Bearer(Secret::new("hush-3".to_owned()))),
            cookies: Some(Secret::new("a=hush-4".to_owned())),
            user_agent: Some("reader/1".to_owned()),
            ..RequestOptions::default()
        }
    }

    #[test]
    fn options_speak_to_the_owners_origin_alone() {
        let own = url("https://example.org/feed");
        let options = loud();
        let request = Request {
            options: &options,
            ..Request::feed(&own)
        };
        let none = HeaderMap::new();
        let at_home = request.headers(&url("https://example.org:443/x"), &none);
        let at_home = at_home.expect("well-formed options");
        let keys: Vec<_> = at_home.get_all("x-key").iter().collect();
        assert_eq!(keys, ["hush-1", "hush-2"]);
        assert_eq!(at_home[ACCEPT], "text/x-hush");
        assert_eq!(at_home[AUTHORIZATION], "Bearer hush-3");
        assert_eq!(at_home[COOKIE], "a=hush-4");
        assert_eq!(at_home[USER_AGENT], "reader/1");
        assert!(!format!("{at_home:?}").contains("hush"), "{at_home:?}");
        for elsewhere in [
            "http://example.org/feed",
            "https://example.org:444/feed",
            "https://www.example.org/feed",
        ] {
            let headers = request.headers(&url(elsewhere), &none);
            let headers = headers.expect("well-formed options");
            assert_eq!(headers.len(), 1, "{elsewhere}");
            assert_eq!(headers[ACCEPT], FEEDS, "{elsewhere}");
        }
    }

    #[test]
    fn a_strangers_url_gets_no_options() {
        let page = url("https://example.org/story");
        let options = loud();
        let request = Request {
            options: &options,
            ..Request::page(&page)
        };
        let headers = request.headers(&page, &HeaderMap::new()).expect("headers");
        assert_eq!(headers.len(), 1);
        assert_eq!(headers[ACCEPT], PAGES);
    }

    #[test]
    fn new_entries_alone_are_asked_for_with_an_etag_only() {
        let own = url("https://example.org/feed");
        let request = Request {
            deltas: true,
            ..Request::feed(&own)
        };
        let with = |name, value| HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        let tagged = request.headers(&own, &with(IF_NONE_MATCH, "\"a\""));
        assert_eq!(tagged.expect("headers")[A_IM], "feed");
        let dated = with(reqwest::header::IF_MODIFIED_SINCE, "x");
        let dated = request.headers(&own, &dated).expect("headers");
        assert!(!dated.contains_key(A_IM));
    }
}
