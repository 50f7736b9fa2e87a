//! One thing to fetch, and the headers that ask for it.
//!
//! [`Request`] is plain data. What it adds to a hop's headers depends on where the hop goes: the
//! owner's options speak to the origin of the owner's own URL and to no other.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, USER_AGENT,
};
use url::{Origin, Url};

use super::error::place;
use super::{FetchError, Validators};
use crate::model::{Auth, RequestOptions};

const FEEDS: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";
const PAGES: &str = "text/html, application/xhtml+xml, */*;q=0.5";
const TEXT: &str = "text/plain, */*;q=0.5";

/// The instance manipulation that is understood: only the entries that are new to the client.
pub(super) const FEED_DELTA: &str = "feed";

/// `A-IM` (RFC 3229 §10.5.3).
const A_IM: HeaderName = HeaderName::from_static("a-im");

/// Fields that belong to the connection, to the message's framing, or to what a fetch promises.
const RESERVED: [&str; 20] = [
    "host",
    "content-length",
    "content-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "range",
    "if-range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "a-im",
    "http2-settings",
];

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
            add_own(self.options, &mut headers)?;
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

/// Checks a header line of [`RequestOptions::headers`], so that a configuration can be refused
/// before it is used.
///
/// # Errors
/// [`FetchError::Options`] when `name` is no field name or one that is not the owner's to set
/// (`Host`, framing, conditions), or when `value` holds control characters. The value is not shown.
pub fn check_header(name: &str, value: &str) -> Result<(), FetchError> {
    header(name, value).map(|_| ())
}

/// Checks all of a feed's options as far as that goes without sending them.
///
/// # Errors
/// [`FetchError::Options`], which names the option and never its value.
pub fn check_options(options: &RequestOptions) -> Result<(), FetchError> {
    add_own(options, &mut HeaderMap::new())?;
    if let Some(proxy) = &options.proxy {
        super::check_proxy(proxy.expose())?;
    }
    if let Some(pem) = &options.extra_roots {
        super::clients::roots(pem)?;
    }
    Ok(())
}

/// Adds what the owner's options say.
fn add_own(options: &RequestOptions, headers: &mut HeaderMap) -> Result<(), FetchError> {
    if let Some(agent) = &options.user_agent {
        headers.insert(USER_AGENT, value("user_agent", agent)?);
    }
    let mut met = Vec::new();
    for (name, text) in &options.headers {
        let (field, value) = header(name, text.expose())?;
        // The first line of a name takes the place of the usual one, further lines join it.
        if met.contains(&field) {
            headers.append(field, value);
        } else {
            met.push(field.clone());
            headers.insert(field, value);
        }
    }
    let authorization = match &options.auth {
        Some(Auth::Basic { user, password }) => {
            check_user(user)?;
            let pair = format!("{user}:{}", password.expose());
            Some(format!("Basic {}", STANDARD.encode(pair)))
        }
        Some(Auth::Bearer(token)) => Some(format!("Bearer {}", token.expose())),
        None => None,
    };
    if let Some(text) = authorization {
        headers.insert(AUTHORIZATION, secret("auth", &text)?);
    }
    if let Some(cookies) = &options.cookies {
        headers.insert(COOKIE, secret("cookies", cookies.expose())?);
    }
    Ok(())
}

fn header(name: &str, text: &str) -> Result<(HeaderName, HeaderValue), FetchError> {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| FetchError::Options {
        reason: format!("\"{shown}\" is no header name; use letters, digits and hyphens"),
    })?;
    if RESERVED.contains(&field.as_str()) {
        return Err(FetchError::Options {
            reason: format!("the header {shown} is set by the program itself; leave it out"),
        });
    }
    Ok((field, secret(&format!("header {shown}"), text)?))
}

/// A user name with a colon would be read as another (RFC 7617 §2).
fn check_user(user: &str) -> Result<(), FetchError> {
    if user.contains(':') {
        return Err(FetchError::Options {
            reason: "auth: a user name can't hold a colon; leave it out".to_owned(),
        });
    }
    Ok(())
}

fn value(what: &str, text: &str) -> Result<HeaderValue, FetchError> {
    HeaderValue::from_str(text).map_err(|_| FetchError::Options {
        reason: format!("{what} holds control characters; write it in one line"),
    })
}

/// A value that the HTTP library's own logs leave out too.
fn secret(what: &str, text: &str) -> Result<HeaderValue, FetchError> {
    let mut value = value(what, text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

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
    fn a_name_and_password_are_sent_as_basic_authentication() {
        let own = url("https://example.org/feed");
        let options = RequestOptions {
            auth: Some(Auth::Basic {
                user: "Aladdin".to_owned(),
                password: Secret::new("open sesame".to_owned()),
            }),
            ..RequestOptions::default()
        };
        let request = Request {
            options: &options,
            ..Request::feed(&own)
        };
        let headers = request.headers(&own, &HeaderMap::new()).expect("headers");
        // The example of RFC 7617 §2.
        assert_eq!(headers[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn headers_of_the_connection_and_the_conditions_are_not_the_owners() {
        for name in RESERVED {
            let error = check_header(&name.to_uppercase(), "x").expect_err(name);
            assert_eq!(error.kind(), "options", "{name}");
        }
        for name in ["", "a b", "a:", "\u{e9}", "a\nb"] {
            let error = check_header(name, "x").expect_err("no name");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        assert_eq!(check_header("X-Key", "caf\u{e9}"), Ok(()));
    }

    #[test]
    fn errors_about_options_show_no_value() {
        let secret = || Secret::new("hush\n".to_owned());
        let auth = |auth| RequestOptions {
            auth: Some(auth),
            ..RequestOptions::default()
        };
        for options in [
            RequestOptions {
                headers: vec![("X-Key".to_owned(), secret())],
                ..RequestOptions::default()
            },
            RequestOptions {
                cookies: Some(secret()),
                ..RequestOptions::default()
            },
            RequestOptions {
                proxy: Some(Secret::new("http://me:hush@[".to_owned())),
                ..RequestOptions::default()
            },
            RequestOptions {
                proxy: Some(Secret::new("gopher://me:hush@a".to_owned())),
                ..RequestOptions::default()
            },
            RequestOptions {
                extra_roots: Some(b"hush".to_vec()),
                ..RequestOptions::default()
            },
            auth(Auth::Bearer(secret())),
            auth(Auth::Basic {
                user: "hush:".to_owned(),
                password: Secret::new("x".to_owned()),
            }),
        ] {
            let error = check_options(&options).expect_err("unusable");
            assert_eq!(error.kind(), "options");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hush"), "{shown}");
        }
        assert_eq!(check_options(&loud()), Ok(()));
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
