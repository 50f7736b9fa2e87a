//! One URL, asked once, and what came of it.

use std::time::{Duration, Instant};

use serde::Serialize;
use url::Url;

use crate::fetch::{Answer, FetchError, Fetcher, Request};
use crate::model::{Document, FeedFormat, Timestamp};
use crate::parse::{self, PageLinks, ParseError};
use crate::world;

/// A full answer, as it came.
#[derive(Debug)]
pub struct Got {
    /// The body, decompressed.
    pub bytes: Vec<u8>,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// Where it came from, after all redirects.
    pub final_url: Url,
    /// Where permanent redirects lead, if there were any.
    pub moved_to: Option<Url>,
    /// Whether it has an `ETag` or a `Last-Modified`.
    pub has_validators: bool,
}

/// Why there is nothing to look at.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProbeError {
    /// 410.
    #[error("the server answered 410 Gone: the feed is not coming back; remove it")]
    Gone,
    /// 429 or 503.
    #[error("the server answered {status}: it asks for fewer requests; try later")]
    Throttled {
        /// Which of the two.
        status: u16,
    },
    /// No answer to go on with.
    #[error("{0}")]
    Fetch(#[from] FetchError),
    /// An answer, but no feed in it.
    #[error("{text}")]
    Parse {
        /// What is there instead.
        error: ParseError,
        /// The error in words, with the feeds that a page names.
        text: String,
    },
}

impl ProbeError {
    /// A short stable name of the kind of failure, as in the store.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Throttled { .. } => "throttled",
            Self::Fetch(error) => error.kind(),
            Self::Parse { error, .. } => match error {
                ParseError::Empty => "empty",
                ParseError::NotAFeed { .. } => "not-a-feed",
                _ => "malformed",
            },
        }
    }

    /// Whether the server wants to be left alone, or is not there: asking it for something else
    /// would be no better.
    #[must_use]
    pub const fn ends_the_search(&self) -> bool {
        match self {
            Self::Throttled { .. } => true,
            Self::Gone | Self::Parse { .. } => false,
            Self::Fetch(error) => !matches!(
                error,
                FetchError::Status {
                    status: 400..=428 | 430..=499,
                    ..
                } | FetchError::BodyTooLarge { .. }
                    | FetchError::BadRedirect { .. }
                    | FetchError::TooManyRedirects { .. }
                    | FetchError::RedirectLoop { .. }
            ),
        }
    }
}

/// What a feed says of itself, in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Its title; empty when it has none.
    pub title: String,
    /// The family of format.
    pub format: FeedFormat,
    /// The format's version, if it says.
    pub version: Option<String>,
    /// The language it declares.
    pub language: Option<String>,
    /// How many entries it has.
    pub entries: usize,
    /// The newest date of its entries.
    pub newest: Option<Timestamp>,
    /// The page that it belongs to.
    pub home: Option<String>,
}

impl Summary {
    /// Sums a document up.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let dates = document.entries.iter();
        Self {
            title: document.title.clone(),
            format: document.format,
            version: document.version.clone(),
            language: document.language.clone(),
            entries: document.entries.len(),
            newest: dates
                .filter_map(|entry| entry.published.max(entry.updated))
                .max(),
            home: document.home.clone(),
        }
    }

    /// Format and version as people say them: `rss 2.0`.
    #[must_use]
    pub fn format_and_version(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.format.as_str()),
            None => self.format.as_str().to_owned(),
        }
    }
}

/// What one URL came to.
#[derive(Debug)]
pub struct Probe {
    /// How long it took, parsing left out.
    pub took: Duration,
    /// The size of the body, decompressed; 0 when there was none.
    pub size: usize,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// Where the answer came from, when there was a full one.
    pub final_url: Option<Url>,
    /// Where permanent redirects lead.
    pub moved_to: Option<Url>,
    /// Whether the answer has validators.
    pub has_validators: bool,
    /// The document, or why there is none.
    pub document: Result<Document, ProbeError>,
    /// What the page links to, when it is a page and no feed.
    pub links: PageLinks,
    /// For a page without a feed: the channel that a `YouTube` page is about.
    pub channel: Option<Url>,
}

/// Gets a URL once; the request should be unconditional.
///
/// # Errors
/// [`ProbeError`] when there is no full answer.
pub async fn get(fetcher: &Fetcher, request: &Request<'_>) -> Result<Got, ProbeError> {
    match fetcher.fetch(request).await? {
        Answer::Body {
            bytes,
            content_type,
            validators,
            final_url,
            moved_to,
            ..
        } => Ok(Got {
            bytes,
            content_type,
            final_url,
            moved_to,
            has_validators: validators.is_some(),
        }),
        Answer::Gone => Err(ProbeError::Gone),
        Answer::Throttled { status, .. } => Err(ProbeError::Throttled { status }),
        // The fetcher makes an error of a 304 that was not asked for; this is the same.
        Answer::NotModified { .. } => Err(ProbeError::Fetch(FetchError::Unexpected304 {
            place: request.url.host_str().unwrap_or_default().to_owned(),
        })),
    }
}

/// Gets a URL once, as [`get`] does, and parses what comes.
pub async fn probe(fetcher: &Fetcher, request: &Request<'_>, now: Timestamp) -> Probe {
    let began = Instant::now();
    let got = get(fetcher, request).await;
    let took = began.elapsed();
    match got {
        Ok(got) => {
            // Parsing takes its time, and the connections of others must not wait for it.
            let page = request.url.clone();
            let task = world::offload(move || look(got, &page, now));
            match task.await {
                Ok(probe) => Probe { took, ..probe },
                Err(error) => {
                    let error = ParseError::Panicked {
                        detail: error.to_string(),
                    };
                    let text = error.to_string();
                    failed(took, ProbeError::Parse { error, text })
                }
            }
        }
        Err(error) => failed(took, error),
    }
}

fn failed(took: Duration, error: ProbeError) -> Probe {
    Probe {
        took,
        size: 0,
        content_type: None,
        final_url: None,
        moved_to: None,
        has_validators: false,
        document: Err(error),
        links: PageLinks::default(),
        channel: None,
    }
}

fn look(got: Got, page: &Url, now: Timestamp) -> Probe {
    let content_type = got.content_type.as_deref();
    let base = Some(&got.final_url);
    let document = parse::parse(&parse::Input {
        bytes: &got.bytes,
        content_type,
        base,
        now,
    });
    let (mut links, mut channel) = (PageLinks::default(), None);
    let document = document.map_err(|error| {
        if matches!(error, ParseError::NotAFeed { .. }) {
            links = parse::page_links(&got.bytes, content_type, base);
            channel = super::known::youtube_channel_in(page, &String::from_utf8_lossy(&got.bytes));
        }
        let text = super::explained(&error, &got.bytes, content_type, base);
        ProbeError::Parse { error, text }
    });
    Probe {
        took: Duration::ZERO,
        size: got.bytes.len(),
        content_type: got.content_type,
        final_url: Some(got.final_url),
        moved_to: got.moved_to,
        has_validators: got.has_validators,
        document,
        links,
        channel,
    }
}
