//! What a failed fetch means: for the feed, for the network, and for who should be told.

use std::sync::PoisonError;

use tracing::{info, warn};

use super::connectivity::Verdict;
use super::poll::Found;
use super::{Engine, Live};
use crate::dedup;
use crate::fetch::{FetchError, Phase};
use crate::model::{AlertFacts, AlertKind, Feed, FeedTrouble, Timestamp};
use crate::schedule::{self, Failure};
use crate::store::{AlertRecord, FeedState, PollStatus, Renewal};

/// What a failed fetch means for the feed.
pub fn failed(engine: &Engine, feed: &Feed, state: &FeedState, error: &FetchError) -> Found {
    let failures = state.failures.saturating_add(1);
    let unreachable = matches!(
        error,
        FetchError::Dns { .. }
            | FetchError::Connect { .. }
            | FetchError::Timeout {
                phase: Phase::Connect,
                ..
            }
    );
    let mut counts = true;
    if unreachable {
        let host = feed.url.host_str().unwrap_or_default();
        let complaint = format!("feed {}: {error}", feed.id);
        let mut net = engine
            .connectivity
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match net.unreachable(host, &complaint) {
            Verdict::Feed => {}
            Verdict::Held | Verdict::StillOffline => counts = false,
            Verdict::WentOffline => {
                counts = false;
                warn!(
                    "no feed can be reached; is there no network? ({error}). Trying again by the \
                     schedule; `mentiond demo` shows alerts without a network"
                );
            }
        }
    } else if !error.is_ours() {
        hear(engine);
    }
    let answer = if counts {
        schedule::Answer::Failed {
            class: class(error),
            retry_after: error.retry_after(),
            failures,
        }
    } else {
        schedule::Answer::Offline
    };
    let status = PollStatus::Failed {
        kind: error.kind(),
        error: error.to_string(),
        counts,
    };
    let mut found = Found::of(status, answer);
    if error.drops_validators() {
        found.validators = Renewal::Drop;
    }
    found
}

/// How patience grows with this failure.
fn class(error: &FetchError) -> Failure {
    match error {
        FetchError::Status { status, .. } => Failure::of_status(*status),
        FetchError::Unexpected304 { .. } | FetchError::Protocol { .. } => Failure::Server,
        // The body came, but it is no document to be read.
        FetchError::BodyTooLarge { .. }
        | FetchError::Decode { .. }
        | FetchError::BadDelta { .. } => Failure::Document,
        // The publisher, or the owner, has to mend an address first.
        FetchError::TooManyRedirects { .. }
        | FetchError::RedirectLoop { .. }
        | FetchError::BadRedirect { .. }
        | FetchError::UnsupportedScheme { .. }
        | FetchError::AddressRefused { .. }
        | FetchError::PortRefused { .. } => Failure::NotFound,
        FetchError::Dns { .. }
        | FetchError::Connect { .. }
        | FetchError::Tls { .. }
        | FetchError::Timeout { .. }
        | FetchError::BodyTruncated { .. }
        | FetchError::Options { .. }
        | FetchError::Builder { .. } => Failure::Network,
    }
}

/// Some server answered, so there is a network.
pub fn hear(engine: &Engine) {
    let (held, back) = engine
        .connectivity
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .reached();
    for complaint in held {
        warn!("{complaint}");
    }
    if back {
        info!("the network is back");
    }
}

/// The alert about the feed itself, once per spell of trouble; that it is gone for good is told
/// even when it was told before that it fails.
pub fn trouble(
    live: &Live,
    feed: &Feed,
    state: &FeedState,
    status: &PollStatus,
    now: Timestamp,
) -> Option<AlertRecord> {
    let (kind, since, error) = match status {
        PollStatus::Gone if state.gone.is_none() => (
            AlertKind::FeedGone,
            now,
            "the server answered 410 Gone: remove the feed, or find its new address".to_owned(),
        ),
        PollStatus::Failed {
            error,
            counts: true,
            ..
        } if !state.trouble_told => {
            let since = state.failing_since?;
            if now.since(since) < live.config.alerts.feed_failing_after {
                return None;
            }
            (AlertKind::FeedFailing, since, error.clone())
        }
        _ => return None,
    };
    let mut url = feed.url.clone();
    url.set_query(None);
    let detail = FeedTrouble {
        source: feed.name.clone(),
        url: url.into(),
        error,
        since_ms: since.as_millis(),
        failures: state.failures.saturating_add(1),
    };
    let id = dedup::feed_alert_id(kind, &feed.id, since);
    let facts = AlertFacts {
        feed: feed.id.as_str(),
        country: feed.country.as_deref(),
        language: feed.language.as_deref(),
        ..AlertFacts::default()
    };
    let routes = live.routes.sinks(&facts);
    Some(AlertRecord::new(id, kind, &detail, routes))
}
