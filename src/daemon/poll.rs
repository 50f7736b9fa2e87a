//! One poll, from fetch to commit.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, info_span, warn};
use url::Url;

use super::document::{Read, judge_document, read_document};
use super::judge::Around;
use super::{Engine, Live, failure, report};
use crate::fetch::{Answer, Request, Validators};
use crate::model::{Feed, Interval, Timestamp, UpdateHints};
use crate::parse::ParseError;
use crate::push::lease::poll_interval;
use crate::push::{PushError, Target, discovery};
use crate::schedule::{self, Failure, Pace, Rhythm, next_poll};
use crate::store::{
    Committed, DocumentRecord, FeedRow, FeedState, PollRecord, PollStatus, Renewal, StoreError,
};

/// A permanent redirect is followed from the start once so many polls in a row have met it.
const MOVED_FOR_GOOD: u32 = 3;
/// What brought so many bytes at most gives its place on the host to another poll while it is read and recorded.
/// A larger one keeps it, so that not many of them are held at a time.
const LIGHT: usize = 256 << 10;
/// How often the whole document is asked for, at least.
const WHOLE_EVERY: Duration = Duration::from_hours(24);

/// How a poll ended.
#[derive(Debug)]
pub struct Polled {
    /// What it came to.
    pub status: PollStatus,
    /// When the next one is due; `None` when never.
    pub next_poll: Option<Timestamp>,
    /// What it brought.
    pub committed: Committed,
    /// Entries in the document, if there was a new one.
    pub entries: Option<usize>,
    /// What the parser had to mend.
    pub notes: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// What the fetch and the parser found, before it is judged and recorded.
pub(super) struct Found {
    pub(super) status: PollStatus,
    pub(super) answer: schedule::Answer,
    pub(super) validators: Renewal,
    pub(super) moved_to: Option<Url>,
    pub(super) document: Option<DocumentRecord>,
    pub(super) entries: Option<usize>,
    /// When the document's new entries were published, as far as they say.
    pub(super) arrivals: Vec<Timestamp>,
    /// The hubs that the document and its answer name, if there was a document.
    pub(super) targets: Option<Vec<Target>>,
    pub(super) notes: Vec<String>,
}

impl Found {
    /// A status and what the next poll's time follows from, with nothing else to record.
    pub(super) fn of(status: PollStatus, answer: schedule::Answer) -> Self {
        Self {
            status,
            answer,
            validators: Renewal::Keep,
            moved_to: None,
            document: None,
            entries: None,
            arrivals: Vec::new(),
            targets: None,
            notes: Vec::new(),
        }
    }
}

/// Why a poll counts as not made: nothing of it was recorded.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was pushed is no feed.
    #[error("{0}")]
    Unreadable(String),
    /// The poll itself broke off.
    #[error("the poll broke off ({0}): report this as a bug of mentiond")]
    Broken(String),
}

impl PollError {
    /// That of a poll whose host has become another worker's.
    pub(super) fn cut_off() -> Self {
        Self::Store(StoreError::LeaseLost("the host of a feed".to_owned()))
    }

    /// Whether another worker has taken the feed over, which is no trouble.
    pub(super) const fn is_lease_lost(&self) -> bool {
        matches!(self, Self::Store(StoreError::LeaseLost(_)))
    }
}

/// Polls a feed once and commits what follows from it. `fetched` is called when its host is not bothered any more
/// and what came is small, while the rest goes on.
///
/// # Errors
/// [`PollError`]; then nothing was recorded and the poll counts as not made.
pub async fn poll(
    engine: &Engine,
    live: &Arc<Live>,
    feed: &Arc<Feed>,
    row: FeedRow,
    fetched: impl FnOnce(),
) -> Result<Polled, PollError> {
    let span = info_span!(
        "poll",
        feed = feed.id.as_str(),
        outcome = Empty,
        error.kind = Empty,
        new_entries = Empty,
        mentions = Empty,
        alerts = Empty,
        otel.status_code = Empty
    );
    let polled = poll_once(engine, live, feed, row, fetched)
        .instrument(span.clone())
        .await;
    let outcome = polled.as_ref().map(|polled| polled.status.as_str());
    span.record("outcome", outcome.unwrap_or("unrecorded"));
    match &polled {
        Ok(polled) => {
            if let PollStatus::Failed { kind, .. } = &polled.status {
                span.record("error.kind", *kind);
                span.record("otel.status_code", "ERROR");
            }
            span.record("new_entries", polled.committed.new_entries);
            span.record("mentions", polled.committed.mentions);
            span.record("alerts", polled.committed.alerts);
        }
        Err(_) => {
            span.record("otel.status_code", "ERROR");
        }
    }
    polled
}

async fn poll_once(
    engine: &Engine,
    live: &Arc<Live>,
    feed: &Arc<Feed>,
    row: FeedRow,
    fetched: impl FnOnce(),
) -> Result<Polled, PollError> {
    let began = Instant::now();
    let state = engine.store.feed_state(row).await?;
    let url = address(feed, &state);
    if engine.hold.is_shared() {
        engine
            .pauses
            .wait(&feed.url, live.config.fetch.host_pause)
            .await;
    }
    // After this nothing comes between it and the request.
    let fence = engine.hold.of_host(&feed.url).map_err(StoreError::from)?;
    let request = Request {
        own: Some(&feed.url),
        validators: state.validators.as_ref(),
        allow_private_addresses: feed.allow_private_addresses,
        options: &feed.request,
        deltas: takes_deltas(&state, Timestamp::now()),
        ..Request::feed(&url)
    };
    let fetching = live.fetcher.fetch(&request).instrument(info_span!("fetch"));
    let answer = fetching.await;
    if !matches!(&answer, Ok(Answer::Body { bytes, .. }) if bytes.len() > LIGHT) {
        fetched();
    }
    let mut found = match answer {
        Ok(answer) => {
            failure::hear(engine);
            answered(engine, live, feed, row, &state, answer).await?
        }
        Err(error) => failure::failed(engine, feed, &state, &error),
    };
    let now = Timestamp::now();
    let mut rhythm = rhythm(&state);
    if let Some(document) = &mut found.document
        && (state.rhythm.is_none() || !found.arrivals.is_empty())
    {
        rhythm.observe(&found.arrivals, now);
        document.rhythm = Some(rhythm.to_bytes());
    }
    let hints = match &found.document {
        Some(document) => document.hints,
        None => state.hints,
    };
    let pushed = engine.push().is_some_and(|push| push.is_alive(row, now));
    let slowed = |interval| poll_interval(interval, pushed, live.policy.max_interval);
    let pace = match feed.interval {
        Interval::Fixed(interval) => Pace::Fixed(slowed(interval)),
        Interval::Auto => Pace::Learned(slowed(rhythm.interval(&live.policy, now))),
    };
    let next = match found.status {
        PollStatus::Gone => None,
        _ => Some(next_poll(
            &live.policy,
            pace,
            found.answer,
            &hints,
            now,
            fastrand::f64(),
        )),
    };
    let record = PollRecord {
        feed: row,
        url: feed.url.to_string(),
        at: now,
        next_poll: next,
        wait_until: found.answer.patience().map(|wait| now + wait),
        fresh_until: fresh_for(found.answer, &hints, live.policy.max_interval)
            .map(|lifetime| now + lifetime),
        trouble: failure::trouble(live, feed, &state, &found.status, now),
        status: found.status.clone(),
        validators: found.validators,
        moved_to: found.moved_to.map(Into::into),
        document: found.document,
    };
    let commit = engine.store.commit_held_poll(record, fence);
    let committed = commit.instrument(info_span!("commit")).await?;
    engine.tell(&committed);
    if let Some(push) = engine.push() {
        let good = matches!(found.status, PollStatus::Ok | PollStatus::NotModified);
        let news = committed.new_entries > 0;
        let told = async {
            if good {
                push.polled(row, news, now).await?;
            }
            if let Some(targets) = &found.targets {
                push.heard(row, targets, now).await?;
                engine.wake_push();
            }
            Ok::<_, PushError>(())
        };
        if let Err(error) = told.await {
            warn!(feed = feed.id.as_str(), "push: {error}");
        }
    }
    let polled = Polled {
        status: found.status,
        next_poll: next,
        committed,
        entries: found.entries,
        notes: found.notes,
        took: began.elapsed(),
    };
    report::report(feed, &state, &polled);
    engine.status.count(&polled);
    Ok(polled)
}

/// For how long a good answer is fresh, up to the cap.
fn fresh_for(answer: schedule::Answer, hints: &UpdateHints, cap: Duration) -> Option<Duration> {
    match answer {
        schedule::Answer::Served { fresh_for } => fresh_for.max(hints.ttl),
        _ => None,
    }
    .map(|lifetime| lifetime.min(cap))
}

/// What the feed's publishing history says.
pub(super) fn rhythm(state: &FeedState) -> Rhythm {
    let saved = state.rhythm.as_deref().and_then(Rhythm::from_bytes);
    saved.unwrap_or_default()
}

/// Whether the new entries alone will do. Once a day the whole document is asked for, so that what
/// has left it is known and nothing rests on deltas alone.
fn takes_deltas(state: &FeedState, now: Timestamp) -> bool {
    state
        .document
        .is_some_and(|whole| whole <= now && now.since(whole) < WHOLE_EVERY)
}

/// The address to ask: the configured one, or where it has moved for good. A moved address that
/// fails is given up, so that the configured one gets its chance.
pub(super) fn address(feed: &Feed, state: &FeedState) -> Url {
    match &state.moved {
        Some((moved, polls)) if *polls >= MOVED_FOR_GOOD && state.failures == 0 => {
            moved.parse().unwrap_or_else(|_| feed.url.clone())
        }
        _ => feed.url.clone(),
    }
}

async fn answered(
    engine: &Engine,
    live: &Arc<Live>,
    feed: &Arc<Feed>,
    row: FeedRow,
    state: &FeedState,
    answer: Answer,
) -> Result<Found, PollError> {
    let failures = state.failures.saturating_add(1);
    let fresh = schedule::Answer::Served { fresh_for: None };
    let mut found = Found::of(PollStatus::NotModified, fresh);
    match answer {
        // A moved address that is gone is given up like one that fails: the configured one has
        // not been asked.
        Answer::Gone if still_moved(feed, state).is_some() => {
            found.status = PollStatus::Failed {
                kind: "moved-gone",
                error: "the address to which the feed had moved answered 410 Gone: the configured \
                        one is asked next"
                    .to_owned(),
                counts: true,
            };
            found.answer = schedule::Answer::Failed {
                class: Failure::NotFound,
                retry_after: None,
                failures,
            };
        }
        Answer::Gone => found.status = PollStatus::Gone,
        Answer::Throttled {
            status,
            retry_after,
        } => {
            let error = match retry_after {
                Some(wait) => format!("the server answered {status} and asks to wait {wait:?}"),
                None => format!("the server answered {status}: it asks for fewer requests"),
            };
            found.status = PollStatus::Throttled { error };
            found.answer = schedule::Answer::Throttled {
                retry_after,
                failures,
            };
        }
        Answer::NotModified {
            hints,
            validators,
            moved_to,
            ..
        } => {
            found.answer = schedule::Answer::Served {
                fresh_for: hints.fresh_for,
            };
            found.validators = renewal(state, validators.or_else(|| state.validators.clone()));
            found.moved_to = moved_to.or_else(|| still_moved(feed, state));
        }
        Answer::Body {
            bytes,
            content_type,
            validators,
            hints,
            final_url,
            moved_to,
            language,
            delta,
            links,
        } => {
            found.validators = renewal(state, validators);
            found.moved_to = moved_to.or_else(|| still_moved(feed, state));
            let known = state.body_hash.clone();
            let served_at = final_url.clone();
            match read_document(engine, bytes, content_type, final_url, known).await {
                Ok(Read::Same) => {
                    found.answer = schedule::Answer::Served {
                        fresh_for: hints.fresh_for,
                    };
                }
                Ok(Read::New(keyed, hash)) => {
                    let document = keyed.document();
                    let fresh_for = hints.fresh_for;
                    found.status = PollStatus::Ok;
                    found.answer = schedule::Answer::Served { fresh_for };
                    found.entries = Some(document.entries.len());
                    found.notes.clone_from(&document.notes);
                    let strings =
                        |urls: &[Url]| urls.iter().map(Url::to_string).collect::<Vec<_>>();
                    found.targets = Some(discovery::targets(
                        &strings(&links.hubs),
                        links.self_url.as_ref().map(Url::as_str),
                        &document.hubs,
                        document.self_url.as_deref(),
                        &served_at,
                    ));
                    let around = Around {
                        first: state.first_ok.is_none(),
                        header_language: language,
                    };
                    let (mut record, arrivals) =
                        judge_document(engine, live, feed, row, around, *keyed, hash).await?;
                    record.partial = delta;
                    found.document = Some(record);
                    found.arrivals = arrivals;
                }
                Err((error, text)) => {
                    let kind = match error {
                        ParseError::Empty => "empty",
                        ParseError::NotAFeed { .. } => "not-a-feed",
                        _ => "malformed",
                    };
                    // The document is asked for whole next time: it may have been cut on its way.
                    found.validators = renewal(state, None);
                    found.status = PollStatus::Failed {
                        kind,
                        error: text,
                        counts: true,
                    };
                    found.answer = schedule::Answer::Failed {
                        class: Failure::Document,
                        retry_after: None,
                        failures,
                    };
                }
            }
        }
    }
    Ok(found)
}

/// What becomes of the stored validators when the answer leaves `new` ones.
fn renewal(state: &FeedState, new: Option<Validators>) -> Renewal {
    match new {
        new if new == state.validators => Renewal::Keep,
        Some(validators) => Renewal::Replace(validators),
        None => Renewal::Drop,
    }
}

/// A feed that is asked at its new address no longer meets the redirect, but it has still moved.
fn still_moved(feed: &Feed, state: &FeedState) -> Option<Url> {
    let asked = address(feed, state);
    (asked != feed.url).then_some(asked)
}
