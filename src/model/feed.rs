//! What is polled.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use url::Url;

use super::{FeedId, Secret};

/// One configured feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The key of the feed's state; stable when the URL changes.
    pub id: FeedId,
    /// Where the feed is served.
    pub url: Url,
    /// The source's name as people know it; defaults to the id.
    pub name: String,
    /// The language of the feed's entries where they do not say (BCP 47).
    pub language: Option<String>,
    /// The source's country (ISO 3166-1 alpha-2, upper case).
    pub country: Option<String>,
    /// Free words for filtering.
    pub tags: Vec<String>,
    /// The wished time between two polls.
    pub interval: Interval,
    /// Whether loopback, private and other special addresses may be fetched for this feed.
    pub allow_private_addresses: bool,
    /// Whether the pages that entries link to are read for their text.
    pub full_text: FullText,
    /// Whether a WebSub hub that the feed names may push it.
    pub push: bool,
    /// How its requests differ from everybody's.
    pub request: Arc<RequestOptions>,
}

impl Feed {
    /// A feed with nothing but what it must have: named by its id, polled as it publishes, asked
    /// like any other.
    #[must_use]
    pub fn new(id: FeedId, url: Url) -> Self {
        Self {
            name: id.to_string(),
            id,
            url,
            language: None,
            country: None,
            tags: Vec::new(),
            interval: Interval::Auto,
            allow_private_addresses: false,
            full_text: FullText::Never,
            push: true,
            request: Arc::default(),
        }
    }
}

/// The wished time between two polls of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// As often as its publishing history makes worthwhile.
    Auto,
    /// This, whatever it publishes.
    Fixed(Duration),
}

/// When the page that an entry links to is read for its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FullText {
    /// Never: the feed's own text is all there is.
    #[default]
    Never,
    /// When the feed's own text is short.
    WhenShort,
    /// For every new entry.
    Always,
}

/// How the requests for a feed differ from those for others. Applies to the origin (scheme, host
/// and port) of the feed's own URL; no header, credential or cookie follows a redirect elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestOptions {
    /// Header fields to send besides the usual ones, or in their place.
    pub headers: Vec<(String, Secret)>,
    /// What to send as `Authorization`.
    pub auth: Option<Auth>,
    /// What to send as `Cookie`, such as `consent=yes; edition=asia`.
    pub cookies: Option<Secret>,
    /// The `User-Agent` in place of the program's own.
    pub user_agent: Option<String>,
    /// The HTTP, HTTPS or SOCKS5 proxy, as a URL that may hold credentials.
    pub proxy: Option<Secret>,
    /// The time for a whole fetch, in place of the general one.
    pub timeout: Option<Duration>,
    /// A PEM file of certificates that are trusted besides the system's, as read.
    pub extra_roots: Option<Vec<u8>>,
    /// Whether certificates go unchecked. Dangerous, and said loudly wherever it is set.
    pub insecure_tls: bool,
}

/// Credentials for a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Basic authentication (RFC 7617).
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A bearer token (RFC 6750).
    Bearer(Secret),
}

/// What a document says of its publishing rhythm: hints, and of a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpdateHints {
    /// RSS 2.0 `ttl`: how long the document may be kept without asking again.
    pub ttl: Option<Duration>,
    /// `sy:updatePeriod` divided by `sy:updateFrequency` (RSS syndication module).
    pub update_period: Option<Duration>,
    /// RSS `skipHours`: bit `h` set means not to ask in hour `h` (0 to 23, UTC).
    pub skip_hours: u32,
    /// RSS `skipDays`: bit 0 is Monday, bit 6 is Sunday (UTC).
    pub skip_days: u8,
}

impl UpdateHints {
    /// The names of the days in the order of the bits of `skip_days`.
    pub const DAYS: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
}

/// The validators of a feed's last full answer (RFC 9110 §8.8), kept byte for byte and bound to
/// the URL that gave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators {
    /// The final URL, after redirects, without credentials and fragment.
    pub url: String,
    /// `ETag`, with quotes and weak prefix.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, as the server wrote it and not parsed: some servers compare it as text.
    pub last_modified: Option<Vec<u8>>,
}

/// The family of format that a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedFormat {
    /// RSS 0.90 or 1.0 (RDF).
    Rdf,
    /// RSS 0.91 to 2.0.
    Rss,
    /// Atom.
    Atom,
    /// JSON Feed.
    Json,
}

impl FeedFormat {
    /// The format's short name, as stored and printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rdf => "rdf",
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Json => "json",
        }
    }
}
