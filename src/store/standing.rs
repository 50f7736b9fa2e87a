//! Where a feed stands after a poll: one row, changed by one statement.

use super::sql::{Connection, params};
use super::{PollRecord, PollStatus, Renewal, StoreError};
use crate::model::Timestamp;

/// The statement, with what depends on the outcome.
macro_rules! update {
    ($outcome:literal) => {
        concat!(
            "UPDATE schedule SET last_poll_ms = ?2, next_poll_ms = ?3, wait_until_ms = ?4, status = ?5,
               error = ?6,
               moved_polls = CASE WHEN moved_url IS NOT DISTINCT FROM ?7
                 THEN min(moved_polls + 1, 1000) ELSE 1 END,
               moved_url = ?7, fresh_until_ms = ?8,
               validator_url = CASE WHEN ?9 THEN ?10 ELSE validator_url END,
               etag = CASE WHEN ?9 THEN ?11 ELSE etag END,
               last_modified = CASE WHEN ?9 THEN ?12 ELSE last_modified END, ",
            $outcome,
            " WHERE feed_id = ?1"
        )
    };
}

/// Records in the feed's schedule what a poll came to.
pub(super) fn update_schedule(conn: &Connection, record: &PollRecord) -> Result<(), StoreError> {
    let (status, error, counts) = match &record.status {
        PollStatus::Ok => ("ok", None, None),
        PollStatus::NotModified => ("not modified", None, None),
        PollStatus::Throttled { error } => ("throttled", Some(error), Some(false)),
        PollStatus::Gone => ("gone", None, None),
        PollStatus::Failed {
            kind,
            error,
            counts,
        } => (*kind, Some(error), Some(*counts)),
    };
    let sql = match (&record.status, counts) {
        (PollStatus::Gone, _) => update!("gone_ms = ?2"),
        (_, None) => update!(
            "last_ok_ms = ?2, failures = 0, failing_since_ms = NULL, trouble_told = 0, gone_ms = NULL"
        ),
        (_, Some(true)) => {
            update!("failures = failures + 1, failing_since_ms = coalesce(failing_since_ms, ?2)")
        }
        // Asking for patience is not failing, but it does make the waits longer.
        (PollStatus::Throttled { .. }, Some(false)) => update!("failures = failures + 1"),
        (_, Some(false)) => update!("failures = failures"),
    };
    let (renews, renewed) = match &record.validators {
        Renewal::Keep => (false, None),
        Renewal::Replace(validators) => (true, Some(validators)),
        Renewal::Drop => (true, None),
    };
    let (at, feed) = (record.at.as_millis(), record.feed.0);
    conn.prepare_cached(sql)?.execute(params![
        feed,
        at,
        record.next_poll.map(Timestamp::as_millis),
        record.wait_until.map(Timestamp::as_millis),
        status,
        error,
        record.moved_to,
        record.fresh_until.map(Timestamp::as_millis),
        renews,
        renewed.map(|v| &v.url),
        renewed.and_then(|v| v.etag.as_ref()),
        renewed.and_then(|v| v.last_modified.as_ref())
    ])?;
    Ok(())
}
