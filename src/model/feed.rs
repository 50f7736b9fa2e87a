//! What is polled.

use std::time::Duration;

use serde::Serialize;
use url::Url;

use super::FeedId;

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
    pub interval: Duration,
    /// Whether loopback, private and other special addresses may be fetched for this feed.
    pub allow_private_addresses: bool,
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
