//! Where the feeds of the configuration stand.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::Config;
use crate::model::Timestamp;
use crate::store::{Extras, FeedState};

/// A feed and its health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Feed)]
pub struct FeedView {
    /// The feed's id.
    pub feed: String,
    /// The source's name.
    pub source: String,
    /// Its URL.
    pub url: String,
    /// What the last poll came to: `new`, `ok`, `not modified`, `throttled`, `gone`, or the short name of
    /// an error.
    pub status: String,
    /// What went wrong at the last poll, with advice.
    pub error: Option<String>,
    /// Failed polls in a row.
    pub failures: u32,
    /// When they began.
    pub failing_since: Option<Timestamp>,
    /// When it was last polled.
    pub last_poll: Option<Timestamp>,
    /// When it last answered well, changed or not.
    pub last_ok: Option<Timestamp>,
    /// When it is polled next; never, if `gone`.
    pub next_poll: Option<Timestamp>,
    /// Until when its server asked for patience.
    pub wait_until: Option<Timestamp>,
    /// When its server answered 410 Gone.
    pub gone: Option<Timestamp>,
    /// Where permanent redirects lead.
    pub moved_to: Option<String>,
    /// The document's own title.
    pub title: Option<String>,
    /// The document's format.
    pub format: Option<String>,
    /// The document's language.
    pub language: Option<String>,
    /// Entries recorded so far.
    pub entries: u64,
    /// Pages of entries that wait to be read.
    pub pages_waiting: u64,
    /// Pages that were read.
    pub pages_read: u64,
    /// Pages that were given up.
    pub pages_failed: u64,
    /// Why the last of them was.
    pub page_error: Option<String>,
    /// The state of the newest WebSub subscription, such as `active`.
    pub push: Option<String>,
}

impl FeedView {
    /// The feeds of the configuration in its order; one that the store does not know is new.
    #[must_use]
    pub fn list(
        config: &Config,
        states: Vec<FeedState>,
        mut extras: HashMap<String, Extras>,
    ) -> Vec<Self> {
        let mut states: HashMap<_, _> = states.into_iter().map(|s| (s.name.clone(), s)).collect();
        let views = config.feeds.iter().map(|feed| {
            let state = states.remove(feed.id.as_str());
            let state = state.unwrap_or_else(|| FeedState {
                name: feed.id.to_string(),
                url: feed.url.to_string(),
                source: feed.name.clone(),
                status: "new".to_owned(),
                ..FeedState::default()
            });
            let extra = extras.remove(feed.id.as_str()).unwrap_or_default();
            Self::of(state, extra)
        });
        views.collect()
    }

    fn of(state: FeedState, extra: Extras) -> Self {
        Self {
            feed: state.name,
            source: state.source,
            url: state.url,
            status: state.status,
            error: state.error,
            failures: state.failures,
            failing_since: state.failing_since,
            last_poll: state.last_poll,
            last_ok: state.last_ok,
            next_poll: state.next_poll,
            wait_until: state.wait_until,
            gone: state.gone,
            moved_to: state.moved.map(|(url, _)| url),
            title: state.title,
            format: state.format,
            language: state.language,
            entries: state.entries,
            pages_waiting: extra.pages_waiting,
            pages_read: extra.pages_read,
            pages_failed: extra.pages_failed,
            page_error: extra.page_error,
            push: extra.push,
        }
    }

    /// Whether its last poll failed, or it is gone.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.error.is_some() || self.gone.is_some()
    }
}
