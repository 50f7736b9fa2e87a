//! One page, from fetch to commit: the article behind an entry, and what it mentions.
//!
//! A page is asked for through the same fetcher as feeds, guard and limits included, and only if
//! the site's `robots.txt` lets robots read it: the owner chose the feed, but nobody chose the
//! pages. A page that can't be had leaves the entry with the feed's own text, and says why.

use std::sync::Arc;
use std::time::Duration;

use tracing::field::Empty;
use tracing::{Instrument, Span, debug, info, info_span};
use url::Url;

use super::finder::Reading;
use super::judge::{Around, Judge};
use super::poll::PollError;
use super::{Engine, Live};
use crate::article::{self, ArticleError};
use crate::fetch::{Answer, FetchError, Request};
use crate::language;
use crate::model::{Feed, Timestamp};
use crate::schedule::policy::MAX_RETRY_AFTER;
use crate::search::EntryTokens;
use crate::store::{PageId, PageJob, PageOutcome, PageRecord, StoreError};
use crate::world;

/// Attempts at a page, in all.
const ATTEMPTS: u32 = 4;
/// The longest wait before another attempt for which no server asked.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// What follows from an attempt to read a page.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageRead {
    /// How long the site wants robots to pause.
    pub pause: Duration,
    /// When to try again, if at all.
    pub again: Option<Timestamp>,
}

/// What an attempt brought.
enum Attempt {
    Text {
        text: String,
        language: Option<String>,
    },
    Failed(String),
    Retry {
        error: String,
        after: Option<Duration>,
    },
}

/// Reads a page and commits what follows. `feed` is `None` when the feed has left the configuration.
///
/// # Errors
/// [`PollError`]; then nothing was recorded and the page still waits.
pub async fn read_page(
    engine: &Engine,
    live: &Arc<Live>,
    feed: Option<Arc<Feed>>,
    page: PageId,
) -> Result<PageRead, PollError> {
    let name = feed.as_ref().map(|feed| feed.id.as_str());
    let span = info_span!(
        "page",
        feed = name,
        outcome = Empty,
        otel.status_code = Empty
    );
    let read = read_once(engine, live, feed, page).instrument(span.clone());
    let read = read.await;
    if read.is_err() {
        span.record("outcome", "unrecorded");
        span.record("otel.status_code", "ERROR");
    }
    read
}

async fn read_once(
    engine: &Engine,
    live: &Arc<Live>,
    feed: Option<Arc<Feed>>,
    page: PageId,
) -> Result<PageRead, PollError> {
    let Some(job) = engine.store.page_job(page).await? else {
        return Ok(PageRead::default());
    };
    let fence = match Url::parse(&job.url) {
        Ok(url) => {
            if engine.hold.is_shared() {
                engine.pauses.wait(&url, live.config.fetch.host_pause).await;
            }
            engine.hold.of_host(&url).map_err(StoreError::from)?
        }
        Err(_) => None,
    };
    let (mut read, attempt) = match (&feed, &job.known_text) {
        (None, _) => {
            let error = "its feed is no longer configured".to_owned();
            (PageRead::default(), Attempt::Failed(error))
        }
        (Some(_), Some(text)) => {
            let (text, language) = (text.clone(), None);
            (PageRead::default(), Attempt::Text { text, language })
        }
        (Some(feed), None) => {
            let attempt = attempt(engine, live, feed, &job);
            attempt.instrument(info_span!("fetch")).await
        }
    };
    let revision = job.revision;
    let now = Timestamp::now();
    let name = feed.as_ref().map(|feed| feed.id.as_str());
    let outcome = match attempt {
        Attempt::Text { text, language } => match feed.clone() {
            Some(feed) => judge(engine, live, feed, job, text, language).await?,
            None => unreachable!("without a feed no page is read"),
        },
        Attempt::Failed(error) => {
            debug!(feed = name, url = shown(&job.url), "no full text: {error}");
            PageOutcome::Failed { error }
        }
        Attempt::Retry { error, .. } if job.attempts + 1 >= ATTEMPTS => {
            debug!(feed = name, url = shown(&job.url), "no full text: {error}");
            PageOutcome::Failed { error }
        }
        Attempt::Retry { error, after } => {
            let at = now + wait(after, job.attempts, live.policy.min_interval);
            read.again = Some(at);
            PageOutcome::Retry { at, error }
        }
    };
    Span::current().record(
        "outcome",
        match outcome {
            PageOutcome::Read { .. } => "read",
            PageOutcome::Retry { .. } => "retry",
            PageOutcome::Failed { .. } => "failed",
        },
    );
    let record = PageRecord {
        page,
        revision,
        at: now,
        outcome,
    };
    let commit = engine.store.commit_held_page(record, fence);
    let committed = commit.instrument(info_span!("commit")).await?;
    if committed.pages > 0 {
        read.again = Some(now + live.policy.min_interval);
    }
    engine.status.count_page(&committed);
    if committed.mentions > 0 {
        info!(
            feed = name,
            mentions = committed.mentions,
            alerts = committed.alerts,
            "mentioned in the full text"
        );
    }
    engine.tell(&committed);
    Ok(read)
}

/// Asks for the page and takes the article out of it.
async fn attempt(engine: &Engine, live: &Live, feed: &Feed, job: &PageJob) -> (PageRead, Attempt) {
    let mut read = PageRead::default();
    let url = match Url::parse(&job.url) {
        Ok(url) => url,
        Err(error) => {
            return (
                read,
                Attempt::Failed(format!("its link is no URL ({error})")),
            );
        }
    };
    let request = Request {
        own: Some(&feed.url),
        allow_private_addresses: feed.allow_private_addresses,
        options: &feed.request,
        ..Request::page(&url)
    };
    let now = Timestamp::now();
    let verdict = match engine.robots.verdict(&live.fetcher, &request, now).await {
        Ok(verdict) => verdict,
        Err(unknown) if unknown.is_ours => return (read, Attempt::Failed(unknown.to_string())),
        Err(unknown) => {
            let after = Some(unknown.until.since(now));
            let error = unknown.to_string();
            return (read, Attempt::Retry { error, after });
        }
    };
    read.pause = verdict.crawl_delay.unwrap_or_default();
    if !verdict.allowed {
        let error = "the site's robots.txt does not let robots read it".to_owned();
        return (read, Attempt::Failed(error));
    }
    let attempt = match live.fetcher.fetch(&request).await {
        Ok(Answer::Body {
            bytes,
            content_type,
            final_url,
            language,
            ..
        }) => extract(engine, bytes, content_type, final_url, language).await,
        Ok(Answer::Throttled {
            status,
            retry_after,
        }) => Attempt::Retry {
            error: format!("the server answered {status}"),
            after: retry_after,
        },
        Ok(Answer::Gone) => Attempt::Failed("the server answered 410 Gone".to_owned()),
        Ok(Answer::NotModified { .. }) => {
            Attempt::Failed("the server answered 304 without cause".to_owned())
        }
        Err(error) => failed(&error),
    };
    // It is the client that is asked for patience, so it holds for the host's other pages too.
    if let Attempt::Retry {
        after: Some(wait), ..
    } = attempt
    {
        read.pause = read.pause.max(wait.min(MAX_RETRY_AFTER));
    }
    (read, attempt)
}

/// How long a page waits for its next attempt: as long as its server asked for, as far as a feed's
/// would be believed, or longer each time.
fn wait(asked: Option<Duration>, attempts: u32, floor: Duration) -> Duration {
    let usual = || floor.saturating_mul(4_u32.saturating_pow(attempts));
    let wait = match asked {
        Some(asked) => asked.min(MAX_RETRY_AFTER),
        None => usual().min(LONGEST_WAIT),
    };
    wait.max(floor)
}

/// Whether a failed fetch is worth another attempt.
fn failed(error: &FetchError) -> Attempt {
    let lasting = match error {
        FetchError::Status { status, .. } => (400..500).contains(status),
        _ => error.is_ours(),
    };
    let text = error.to_string();
    if lasting {
        Attempt::Failed(text)
    } else {
        let after = error.retry_after();
        Attempt::Retry { error: text, after }
    }
}

async fn extract(
    engine: &Engine,
    bytes: Vec<u8>,
    content_type: Option<String>,
    url: Url,
    header_language: Option<String>,
) -> Attempt {
    let _slot = engine.parsing.acquire().await;
    let task = world::offload(move || {
        article::extract(&article::Input {
            bytes: &bytes,
            content_type: content_type.as_deref(),
            url: Some(&url),
        })
    });
    match task.await {
        Ok(Ok(article)) => Attempt::Text {
            language: article.language.or(header_language),
            text: article.text,
        },
        Ok(Err(error)) => Attempt::Failed(error.to_string()),
        Err(panic) => {
            let detail = panic.to_string();
            Attempt::Failed(ArticleError::Panicked { detail }.to_string())
        }
    }
}

/// Looks for topics in the entry with the page's text.
async fn judge(
    engine: &Engine,
    live: &Arc<Live>,
    feed: Arc<Feed>,
    job: PageJob,
    text: String,
    page_language: Option<String>,
) -> Result<PageOutcome, PollError> {
    let _slot = engine.parsing.acquire().await;
    let live = live.clone();
    let task = world::offload(move || {
        let hint = feed.language.as_deref();
        let decided = language::decide(None, page_language.as_deref(), None, hint, &text);
        let language = decided.map(|decided| (decided.code, decided.basis.as_str()));
        let judge = Judge {
            live: &live,
            feed: &feed,
            around: Around::default(),
            now: job.first_seen,
        };
        let mut entry = job.entry;
        entry.content = text;
        let spoken = language.as_ref().map(|(code, _)| code.as_str());
        let spoken = spoken.or(job.language.as_deref());
        let mentions = judge.mentions(&Reading {
            entry: &entry,
            key: job.key,
            story: job.story,
            language: spoken,
            revised: false,
            untold: None,
        });
        PageOutcome::Read {
            fingerprint: judge.fingerprint(&entry).map(Box::new),
            window: live.config.dedup.window,
            tokens: Box::new(EntryTokens::of_entry(&entry)),
            text: entry.content,
            language,
            mentions,
        }
    });
    match task.await {
        Ok(outcome) => Ok(outcome),
        // The pure core does not panic; if it did, asking the site for the page again and again
        // would not help.
        Err(panic) if panic.is_panic() => Ok(PageOutcome::Failed {
            error: format!("matching broke off ({panic}): report this as a bug of mentiond"),
        }),
        Err(cut_off) => Err(PollError::Broken(cut_off.to_string())),
    }
}

/// A link without its query, which may hold what is nobody's business.
fn shown(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_waits_as_long_as_its_server_asks_up_to_a_week_or_longer_each_time() {
        let (floor, day) = (Duration::from_mins(5), Duration::from_hours(24));
        assert_eq!(wait(Some(day * 3), 0, floor), day * 3);
        assert_eq!(wait(Some(day * 30), 0, floor), MAX_RETRY_AFTER);
        assert_eq!(wait(Some(Duration::ZERO), 2, floor), floor);
        let usual = [0, 1, 2].map(|attempts| wait(None, attempts, floor));
        assert_eq!(usual, [floor, floor * 4, floor * 16]);
        assert_eq!(wait(None, 9, floor), day);
    }
}
