//! What sites allow robots to read (RFC 9309), for pages that are fetched by following links.
//!
//! Feeds are made to be polled and are not asked about; the pages that their entries link to are.
//! [`Robots`] fetches a site's `robots.txt` through the same guard and limits as everything else,
//! keeps it for a day at most, and asks for it once however many pages of the site are waiting.

mod cache;
mod rules;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use self::cache::Cache;
use self::rules::Rules;
use super::{Answer, FetchError, Fetcher, Kind, Request, body, client};
use crate::model::Timestamp;
use crate::world;

/// A copy is not used for longer (RFC 9309 §2.4), nor asked for again much sooner.
const LONGEST: Duration = Duration::from_hours(24);
const SHORTEST: Duration = Duration::from_hours(1);

/// When a site that could not answer is asked again, unless it names a later time.
const RETRY: Duration = Duration::from_mins(15);

/// How much of a `robots.txt` is read: what the standard asks for at least (RFC 9309 §2.5).
const MAX_BODY: u64 = 500 * 1024;

/// How many redirects are followed: what the standard asks for at least (RFC 9309 §2.3.1.2).
const MAX_REDIRECTS: u32 = 5;

/// The longest pause between two pages that a site is granted.
const MAX_DELAY: Duration = Duration::from_mins(1);

/// What a site says about one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the page may be read.
    pub allowed: bool,
    /// How long the site wants robots to pause between two pages (`Crawl-delay`); at most a minute.
    pub crawl_delay: Option<Duration>,
}

impl Verdict {
    /// What a `robots.txt` of this text says about a page of its site.
    #[must_use]
    pub fn read(robots_txt: &[u8], page: &Url) -> Self {
        Rules::read(robots_txt).verdict(page)
    }
}

/// Why it is not known what a site allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the site's robots.txt can't be had ({error}), so that none of its pages is read")]
pub struct Unknown {
    /// What its `robots.txt` was answered with, in words.
    pub error: String,
    /// When it is asked again.
    pub until: Timestamp,
    /// Whether asking again won't help, as the request is refused on this side.
    pub is_ours: bool,
}

/// The rules of the sites that were asked about lately. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Robots {
    cache: Arc<Mutex<Cache>>,
}

/// What is known of one site.
#[derive(Debug)]
struct Known {
    rules: Result<Rules, Unknown>,
    until: Timestamp,
}

impl Known {
    fn verdict(&self, page: &Url) -> Result<Verdict, Unknown> {
        match &self.rules {
            Ok(rules) => Ok(rules.verdict(page)),
            Err(unknown) => Err(unknown.clone()),
        }
    }
}

impl Robots {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `page.url` may be fetched at `now`. Fetches the site's `robots.txt` with the leave,
    /// the options and the limits that the page's own request has, if it is not at hand.
    ///
    /// A site without one (4xx) allows everything; one that can't be reached or fails (5xx) allows
    /// nothing until it is asked again, unless an older copy is at hand.
    pub async fn allowed(&self, fetcher: &Fetcher, page: &Request<'_>, now: Timestamp) -> Verdict {
        let verdict = self.verdict(fetcher, page, now).await;
        verdict.unwrap_or(Verdict {
            allowed: false,
            crawl_delay: None,
        })
    }

    /// The same, but tells a site that forbids the page from one that could not say.
    ///
    /// # Errors
    /// [`Unknown`]: the page must not be fetched now.
    pub async fn verdict(
        &self,
        fetcher: &Fetcher,
        page: &Request<'_>,
        now: Timestamp,
    ) -> Result<Verdict, Unknown> {
        let site = site(page);
        let slot = self.lock().slot(&site);
        // Whoever comes first asks, and the others wait here for the answer. If the first gives
        // up, the next one asks.
        let mut known = slot.lock().await;
        match &*known {
            Some(fresh) if now < fresh.until => return fresh.verdict(page.url),
            _ => {}
        }
        let (answer, lifetime) = ask(fetcher, page, now).await;
        let old = known.take().and_then(|old| old.rules.ok());
        let rules = answer.or_else(|unknown| old.ok_or(unknown));
        let weight = rules.as_ref().map_or(0, Rules::weight);
        self.lock().weigh(&site, weight);
        let until = now + lifetime;
        known.insert(Known { rules, until }).verdict(page.url)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of a site: its origin, and whether it may be inside, so that a refusal for want of leave
/// does not speak for those who have it.
fn site(page: &Request<'_>) -> String {
    let leave = page.allow_private_addresses && page.at_own_host(page.url);
    let origin = page.url.origin().ascii_serialization();
    format!("{}{origin}", if leave { "inside " } else { "" })
}

fn robots_txt(page: &Url) -> Url {
    let mut url = page.clone();
    url.set_path("/robots.txt");
    url.set_query(None);
    url
}

/// The rules as the site has them now, and for how long.
async fn ask(
    fetcher: &Fetcher,
    page: &Request<'_>,
    now: Timestamp,
) -> (Result<Rules, Unknown>, Duration) {
    let url = robots_txt(page.url);
    let request = Request {
        url: &url,
        validators: None,
        deltas: false,
        kind: Kind::Robots,
        ..*page
    };
    let usual = fetcher.limits(&request);
    let limits = client::Limits {
        redirects: MAX_REDIRECTS,
        body: body::Limits {
            max: MAX_BODY,
            cut: true,
            ..usual.body
        },
        ..usual
    };
    let later = |error: String, wait: Option<Duration>, is_ours| {
        let wait = wait.unwrap_or(RETRY).clamp(RETRY, LONGEST);
        let until = now + wait;
        let unknown = Unknown {
            error,
            until,
            is_ours,
        };
        (Err(unknown), wait)
    };
    match fetcher.fetch_within(&request, limits).await {
        Ok(Answer::Body { bytes, hints, .. }) => {
            // Half a megabyte of a stranger's text takes a while; a panic in it stays there too.
            let parsed = world::offload(move || Rules::read(&bytes)).await;
            let lifetime = hints.fresh_for.unwrap_or(LONGEST).clamp(SHORTEST, LONGEST);
            (Ok(parsed.unwrap_or_else(|_| Rules::nothing())), lifetime)
        }
        // "Unavailable" (RFC 9309 §2.3.1.3), as are endless redirects (§2.3.1.2).
        Ok(Answer::Gone)
        | Err(
            FetchError::Status {
                status: 400..=499, ..
            }
            | FetchError::TooManyRedirects { .. }
            | FetchError::RedirectLoop { .. }
            | FetchError::BadRedirect { .. },
        ) => (Ok(Rules::everything()), LONGEST),
        // A 429 is a 4xx, but not one of a site that has nothing to say.
        Ok(Answer::Throttled {
            status,
            retry_after,
        }) => later(format!("the server answered {status}"), retry_after, false),
        Ok(Answer::NotModified { .. }) => later(
            "the server answered 304 without cause".to_owned(),
            None,
            false,
        ),
        Err(error) => later(error.to_string(), error.retry_after(), error.is_ours()),
    }
}
