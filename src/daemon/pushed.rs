//! What a hub pushed, from the queue to the commit.

use std::sync::Arc;

use tracing::warn;

use super::document::{Read, judge_document, read_document};
use super::judge::Around;
use super::poll::{PollError, address, rhythm};
use super::{Engine, Live, report};
use crate::model::{Feed, Timestamp};
use crate::push::callback::Pushed;
use crate::store::{Committed, PushRecord};

/// Reads what a hub pushed, and commits what follows from it: the same as a poll, without a fetch
/// and without a word about the schedule.
///
/// # Errors
/// [`PollError`]; then nothing was recorded.
pub(super) async fn pushed(
    engine: &Engine,
    live: &Arc<Live>,
    feed: &Arc<Feed>,
    content: Pushed,
) -> Result<Committed, PollError> {
    let row = content.feed;
    let state = engine.store.feed_state(row).await?;
    let base = address(feed, &state);
    let read = read_document(engine, content.bytes, content.content_type, base, None).await;
    let (keyed, hash) = match read {
        Ok(Read::New(keyed, hash)) => (keyed, hash),
        Ok(Read::Same) => return Ok(Committed::default()),
        Err((_, text)) => return Err(PollError::Unreadable(text)),
    };
    let now = Timestamp::now();
    let around = Around {
        first: state.first_ok.is_none(),
        header_language: None,
    };
    let (mut document, arrivals) =
        judge_document(engine, live, feed, row, around, *keyed, hash).await?;
    document.partial = true;
    if !arrivals.is_empty() {
        let mut rhythm = rhythm(&state);
        rhythm.observe(&arrivals, now);
        document.rhythm = Some(rhythm.to_bytes());
    }
    let record = PushRecord {
        feed: row,
        url: feed.url.to_string(),
        at: now,
        document,
    };
    let committed = engine.store.commit_push(record).await?;
    engine.tell(&committed);
    if committed.pages > 0 {
        engine.want_pages();
    }
    report::pushed(feed, &committed);
    engine.status.count_push(&committed);
    if let Some(push) = engine.push()
        && let Err(error) = push.pushed(row, now).await
    {
        warn!(feed = feed.id.as_str(), "push: {error}");
    }
    Ok(committed)
}
