//! Mentions, their counts, and the alerts and deliveries that follow from them.
//!
//! A topic is counted once per entry and told once per story, whichever text it was found in and
//! however often that text is read again.

use rusqlite::{Connection, params};

use super::alike::Story;
use super::record::{AlertRecord, Committed, MentionRecord};
use super::{FeedRow, StoreError};
use crate::dedup;
use crate::model::Timestamp;

/// Where mentions were found.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) feed: FeedRow,
    pub(super) entry: i64,
    pub(super) story: Story,
    /// How often the entry had been revised.
    pub(super) revision: i64,
    /// The time under which they are counted.
    pub(super) counted_at: Timestamp,
    /// When they were found.
    pub(super) at: Timestamp,
}

/// Records what was found at a place: topics that are new there are counted and, if they are to
/// be, told.
pub(super) fn record_mentions(
    conn: &Connection,
    place: &Place,
    mentions: &[MentionRecord],
    committed: &mut Committed,
) -> Result<(), StoreError> {
    for mention in mentions {
        if !record_mention(conn, place, mention)? {
            continue;
        }
        committed.mentions += 1;
        if let Some(alert) = &mention.alert {
            let about = Subject {
                id: &dedup::mention_alert_id(&mention.topic, place.story.key),
                topic: Some(mention.topic.as_str()),
                story: Some(place.story.row),
                feed: place.feed,
            };
            let made = insert_alert(conn, alert, &about, place.at)?;
            committed.alerts += usize::from(made);
        }
    }
    Ok(())
}

/// Records the mention and says whether the topic is new in the entry.
fn record_mention(
    conn: &Connection,
    place: &Place,
    mention: &MentionRecord,
) -> Result<bool, StoreError> {
    let at = place.at.as_millis();
    let topic = mention.topic.as_str();
    let known = conn
        .prepare_cached("SELECT 1 FROM mention WHERE entry_id = ?1 AND topic = ?2")?
        .exists(params![place.entry, topic])?;
    conn.prepare_cached(
        "INSERT INTO mention (entry_id, topic, term, field, start_byte, end_byte, snippet,
           snippet_start, snippet_end, hits, revision, created_ms, score)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (entry_id, topic) DO UPDATE SET term = excluded.term, field = excluded.field,
           start_byte = excluded.start_byte, end_byte = excluded.end_byte,
           snippet = excluded.snippet, snippet_start = excluded.snippet_start,
           snippet_end = excluded.snippet_end, hits = excluded.hits, revision = excluded.revision,
           score = excluded.score",
    )?
    .execute(params![
        place.entry,
        topic,
        mention.term,
        mention.field,
        mention.range.0,
        mention.range.1,
        mention.snippet,
        mention.snippet_range.0,
        mention.snippet_range.1,
        mention.hits,
        place.revision,
        at,
        mention.score
    ])?;
    if !known {
        let hour = place.counted_at.as_millis().div_euclid(3_600_000);
        conn.prepare_cached(
            "INSERT INTO mention_count (topic, hour, feed_id, mentions) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT DO UPDATE SET mentions = mentions + 1",
        )?
        .execute(params![topic, hour, place.feed.0])?;
    }
    Ok(!known)
}

/// What an alert is about.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub(super) id: &'a str,
    pub(super) topic: Option<&'a str>,
    pub(super) story: Option<i64>,
    pub(super) feed: FeedRow,
}

/// Makes the alert and its deliveries unless it exists; says whether it was made.
pub(super) fn insert_alert(
    conn: &Connection,
    alert: &AlertRecord,
    about: &Subject<'_>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let made = conn
        .prepare_cached(
            "INSERT INTO alert (id, kind, topic, story_id, feed_id, created_ms, detail, score)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            about.id,
            alert.kind,
            about.topic,
            about.story,
            about.feed.0,
            at.as_millis(),
            alert.detail,
            alert.score
        ])?;
    if made == 0 {
        return Ok(false);
    }
    let mut deliver = conn.prepare_cached(
        "INSERT INTO delivery (alert_id, sink, state, next_attempt_ms, created_ms)
         VALUES (?1, ?2, 'waiting', ?3, ?3)",
    )?;
    for sink in &alert.sinks {
        deliver.execute(params![about.id, sink.as_str(), at.as_millis()])?;
    }
    Ok(true)
}
