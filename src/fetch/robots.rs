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

/// The rules of the sites that were asked about lately. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Robots {
    cache: Arc<Mutex<Cache>>,
}

/// What is known of one site.
#[derive(Debug)]
struct Known {
    rules: Rules,
    until: Timestamp,
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
        let site = site(page);
        let slot = self.lock().slot(&site);
        // Whoever comes first asks, and the others wait here for the answer. If the first gives
        // up, the next one asks.
        let mut known = slot.lock().await;
        match &*known {
            Some(fresh) if now < fresh.until => return fresh.rules.verdict(page.url),
            _ => {}
        }
        let (answer, lifetime) = ask(fetcher, page).await;
        let rules = match (answer, known.take()) {
            (Some(rules), _) => rules,
            (None, Some(old)) => old.rules,
            (None, None) => Rules::nothing(),
        };
        let verdict = rules.verdict(page.url);
        self.lock().weigh(&site, rules.weight());
        *known = Some(Known {
            rules,
            until: now + lifetime,
        });
        verdict
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

/// The rules as the site has them now, and for how long; no rules if it could not say.
async fn ask(fetcher: &Fetcher, page: &Request<'_>) -> (Option<Rules>, Duration) {
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
    let later = |wait: Option<Duration>| (None, wait.unwrap_or(RETRY).clamp(RETRY, LONGEST));
    match fetcher.fetch_within(&request, limits).await {
        Ok(Answer::Body { bytes, hints, .. }) => {
            // Half a megabyte of a stranger's text takes a while; a panic in it stays there too.
            let parsed = tokio::task::spawn_blocking(move || Rules::read(&bytes)).await;
            let lifetime = hints.fresh_for.unwrap_or(LONGEST).clamp(SHORTEST, LONGEST);
            (Some(parsed.unwrap_or_else(|_| Rules::nothing())), lifetime)
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
        ) => (Some(Rules::everything()), LONGEST),
        // A 429 is a 4xx, but not one of a site that has nothing to say.
        Ok(Answer::Throttled { retry_after, .. }) => later(retry_after),
        Ok(Answer::NotModified { .. }) => later(None),
        Err(error) => later(error.retry_after()),
    }
}
