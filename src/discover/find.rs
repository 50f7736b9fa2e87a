//! The search: from a URL to the feeds behind it.

use std::time::Duration;

use serde::Serialize;
use url::Url;

use super::known;
use super::probe::{Probe, ProbeError, Summary, probe};
use crate::dedup::canonical_link;
use crate::fetch::{Fetcher, Request};
use crate::model::Timestamp;

/// Paths at which many sites have their feed, asked for only when nothing else was found.
pub const COMMON_PATHS: [&str; 7] = [
    "/feed",
    "/rss",
    "/rss.xml",
    "/atom.xml",
    "/feed.xml",
    "/index.xml",
    "/feed.json",
];

/// The most URLs that one search asks for.
pub const MOST_REQUESTS: usize = 24;

/// The most links of a page that are tried.
const MOST_DECLARED: usize = 12;
const MOST_LINKED: usize = 6;

/// Between two requests for paths that nobody named.
const PAUSE: Duration = Duration::from_millis(250);

/// How a candidate was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It is the URL that was given.
    Given,
    /// The site is known, and this is where it has such feeds.
    KnownSite,
    /// The page declares it as its feed.
    Declared,
    /// The page links to it, and it looks like a feed's address.
    Linked,
    /// Nobody named it: it is a common path.
    Guessed,
}

impl How {
    /// As people read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "the address given",
            Self::KnownSite => "where this site has its feeds",
            Self::Declared => "declared by the page",
            Self::Linked => "linked from the page",
            Self::Guessed => "a common path",
        }
    }
}

/// A feed that was found: fetched and parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its address: where permanent redirects lead, if there were any.
    pub url: Url,
    /// How it was come by.
    pub how: How,
    /// What it says of itself.
    pub summary: Summary,
}

/// A request that was made, and why it found nothing, if it did not.
#[derive(Debug, Clone)]
pub struct Tried {
    /// What was asked for.
    pub url: Url,
    /// How it was come by.
    pub how: How,
    /// Why there is no feed.
    pub error: Option<ProbeError>,
}

/// What a search came to.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// The feeds, the likeliest first, each once.
    pub found: Vec<Found>,
    /// Every request that was made, in order.
    pub tried: Vec<Tried>,
}

/// Searches for feeds.
#[derive(Debug, Clone, Copy)]
pub struct Finder<'a> {
    /// With what to ask.
    pub fetcher: &'a Fetcher,
    /// Whether the host that is asked may be at a loopback, private or other special address.
    pub allow_private_addresses: bool,
}

impl Finder<'_> {
    /// Finds the feeds behind `url`: the feed itself, or those of a page.
    pub async fn find(&self, url: &Url) -> Discovery {
        let mut search = Search {
            finder: *self,
            origin: url,
            discovery: Discovery::default(),
            is_over: false,
        };
        search.run().await;
        search.discovery
    }
}

struct Search<'a> {
    finder: Finder<'a>,
    origin: &'a Url,
    discovery: Discovery,
    /// The server asked for patience, or does not answer.
    is_over: bool,
}

impl Search<'_> {
    async fn run(&mut self) {
        for url in known::feeds_of(self.origin) {
            self.ask(&url, How::KnownSite).await;
        }
        if !self.discovery.found.is_empty() {
            return;
        }
        self.is_over = false;
        let Some(page) = self.ask(self.origin, How::Given).await else {
            return;
        };
        // Only a page can be looked through; whatever else failed has said why.
        if page.document.is_ok() || page.final_url.is_none() {
            return;
        }
        if let Some(channel) = &page.channel {
            self.ask(channel, How::KnownSite).await;
        }
        for link in page.links.declared.iter().take(MOST_DECLARED) {
            self.ask(&link.url, How::Declared).await;
        }
        if self.discovery.found.is_empty() {
            for link in page.links.anchors.iter().take(MOST_LINKED) {
                self.ask(&link.url, How::Linked).await;
            }
        }
        if self.discovery.found.is_empty() {
            self.guess(page.final_url.as_ref().unwrap_or(self.origin))
                .await;
        }
    }

    /// Common paths, with manners: one after another, and no more than needed.
    async fn guess(&mut self, page: &Url) {
        for path in COMMON_PATHS {
            let Ok(url) = page.join(path) else { return };
            if self.is_over || !self.discovery.found.is_empty() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
            self.ask(&url, How::Guessed).await;
        }
    }

    /// Asks for a URL unless it was asked for, and takes note of what came.
    async fn ask(&mut self, url: &Url, how: How) -> Option<Probe> {
        let tried = &self.discovery.tried;
        if self.is_over || tried.len() >= MOST_REQUESTS || tried.iter().any(|t| t.url == *url) {
            return None;
        }
        // The owner's leave is for the host that they named.
        let allow = self.finder.allow_private_addresses && url.host() == self.origin.host();
        let request = Request {
            allow_private_addresses: allow,
            ..Request::feed(url)
        };
        let probe = probe(self.finder.fetcher, &request, Timestamp::now()).await;
        let error = probe.document.as_ref().err();
        self.is_over |=
            error.is_some_and(|error| error.ends_the_search() && url.host() == self.origin.host());
        self.discovery.tried.push(Tried {
            url: url.clone(),
            how,
            error: error.cloned(),
        });
        if let Ok(document) = &probe.document {
            let address = probe.moved_to.as_ref().unwrap_or(url);
            let same = |found: &Found| {
                let canonical = canonical_link(found.url.as_str());
                canonical == canonical_link(address.as_str())
            };
            if !self.discovery.found.iter().any(same) {
                self.discovery.found.push(Found {
                    url: address.clone(),
                    how,
                    summary: Summary::of(document),
                });
            }
        }
        Some(probe)
    }
}
