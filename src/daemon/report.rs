//! What a poll logs.

use tracing::{debug, info, warn};

use super::poll::Polled;
use crate::model::Feed;
use crate::store::{Committed, FeedState, PollStatus};

/// One line where something changed; unchanged polls are for the debug level.
pub fn report(feed: &Feed, before: &FeedState, polled: &Polled) {
    let id = feed.id.as_str();
    let c = &polled.committed;
    match &polled.status {
        PollStatus::Ok | PollStatus::NotModified => {
            if before.failures > 0 {
                info!(
                    feed = id,
                    "feed is back after {} failed polls", before.failures
                );
            }
            if c.new_entries + c.revised > 0 {
                entries(id, c, "entries");
            } else {
                debug!(feed = id, took = ?polled.took, "nothing new");
            }
            for note in &polled.notes {
                debug!(feed = id, "{note}");
            }
        }
        PollStatus::Gone => {
            warn!(
                feed = id,
                "the server answered 410 Gone: the feed is not polled any more"
            );
        }
        PollStatus::Throttled { error } if before.status == "throttled" => {
            debug!(feed = id, "{error}");
        }
        PollStatus::Throttled { error } => warn!(feed = id, "{error}"),
        PollStatus::Failed {
            kind,
            error,
            counts,
        } => {
            if *counts && before.status != *kind {
                warn!(feed = id, error = *kind, "{error}");
            } else {
                debug!(feed = id, error = *kind, "{error}");
            }
        }
    }
}

/// One line for what a hub pushed.
pub fn pushed(feed: &Feed, committed: &Committed) {
    if committed.new_entries + committed.revised > 0 {
        entries(feed.id.as_str(), committed, "pushed entries");
    } else {
        debug!(feed = feed.id.as_str(), "pushed nothing new");
    }
}

fn entries(feed: &str, c: &Committed, what: &str) {
    info!(
        feed,
        new = c.new_entries,
        revised = c.revised,
        mentions = c.mentions,
        alerts = c.alerts,
        "{what}"
    );
}
