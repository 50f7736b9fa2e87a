//! Every mention, for the sinks that want more than alerts: what is told of it, and its way there.
//!
//! An event is one row, made in the transaction that records the mention, with all that is told of it: the
//! entry's text may be another by the time it is delivered. Each sink that wants it has a row in an outbox of
//! its own, so that a flood of mentions stands in front of no alert. What a sink has got is removed at once,
//! the event with its last delivery; dead letters stay until they are pruned, tried again or dropped. An event
//! has the same id whenever it is made.

use serde::{Deserialize, Serialize};

use super::sql::{Connection, Row, params};

use super::mentions::{Place, Told};
use super::record::{MentionEvent, MentionRecord};
use super::stored::{decode, is_unreadable};
use super::{Outcome, Store, StoreError};
use crate::dedup;
use crate::fleet::Fence;
use crate::model::{MentionAlert, SinkId, Timestamp};

/// What became of a mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MentionChange {
    /// It was found.
    Found,
    /// It was known, and the text around it or its score is another one.
    Revised,
}

/// Whether a mention made an alert, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// It made one, for whichever sinks.
    Told,
    /// Its story has one for the topic.
    StoryKnown,
    /// It was known before, and its story was never told.
    NotNews,
    /// Its score is below the topic's `min_score`.
    BelowMinScore,
    /// It stood in a feed's first document and is older than `max_alert_age`.
    TooOld,
    /// It was found in the history by `mentiond rematch`, which was not to tell.
    Rematch,
}

/// An event of a mention as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMention {
    /// The event's id.
    pub id: String,
    /// The mention's id: that of its first event.
    pub mention: String,
    /// When it was found or revised.
    pub created: Timestamp,
    /// What became of it.
    pub change: MentionChange,
    /// The topic's id.
    pub topic: String,
    /// How strongly the entry is about the topic, 1 to 100.
    pub score: u8,
    /// The story that the entry tells, as payloads name it.
    pub story: String,
    /// Whether it made an alert, and why not.
    pub telling: Telling,
    /// The alert of the story for the topic, if there is one.
    pub alert: Option<String>,
    /// The mention and the entry.
    pub detail: MentionAlert,
}

/// The column `detail`.
#[derive(Serialize, Deserialize)]
struct Frozen<D> {
    mention: String,
    change: MentionChange,
    score: u8,
    story: String,
    telling: Telling,
    alert: Option<String>,
    detail: D,
}

/// What a look at a sink's mentions finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DueMentions {
    /// Those that are due: the number of the delivery, the attempts made so far and the event, in the order
    /// in which they were recorded.
    pub due: Vec<(i64, u32, StoredMention)>,
    /// Those that can't be read, and why.
    pub unreadable: Vec<(i64, String)>,
    /// When the first of those is due that are not yet.
    pub next: Option<Timestamp>,
}

/// Makes the event of a mention and its deliveries.
pub(super) fn put(
    conn: &Connection,
    place: &Place,
    mention: &MentionRecord,
    event: &MentionEvent,
    change: MentionChange,
    told: Told,
) -> Result<(), StoreError> {
    let id = match change {
        MentionChange::Found => event.id.clone(),
        MentionChange::Revised => dedup::revised_mention_id(&event.id, event.text, mention.score),
    };
    let alert = dedup::mention_alert_id(&mention.topic, place.story.key);
    let is_there = match told {
        Told::Now => true,
        _ => conn
            .prepare_cached("SELECT 1 FROM alert WHERE id = ?1")?
            .exists([&alert])?,
    };
    let telling = match told {
        Told::Now => Telling::Told,
        Told::Before if is_there => Telling::StoryKnown,
        Told::Before => Telling::NotNews,
        Told::TooLow => Telling::BelowMinScore,
        Told::Never => event.untold,
    };
    let frozen = Frozen {
        mention: event.id.clone(),
        change,
        score: mention.score,
        story: place.story.key.to_string(),
        telling,
        alert: is_there.then_some(alert),
        detail: &event.detail,
    };
    let frozen = serde_json::to_string(&frozen)
        .unwrap_or_else(|error| unreachable!("plain data serializes: {error}"));
    let at = place.at.as_millis();
    conn.prepare_cached(
        "INSERT INTO mention_event (id, topic, language, created_ms, detail)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        id,
        mention.topic.as_str(),
        event.detail.language,
        at,
        frozen
    ])?;
    let mut deliver = conn.prepare_cached(
        "INSERT INTO mention_delivery (event_id, sink, state, next_attempt_ms)
         VALUES (?1, ?2, 'waiting', ?3) ON CONFLICT (event_id, sink) DO NOTHING",
    )?;
    for sink in &event.sinks {
        deliver.execute(params![id, sink.as_str(), at])?;
    }
    Ok(())
}

/// `?3` is the latest time for which a policy may have let one wait; `?4` asks for those too that are not due.
const DUE: &str = "
    SELECT d.seq, d.attempts, d.next_attempt_ms, e.id, e.topic, e.created_ms, e.detail
    FROM mention_delivery d JOIN mention_event e ON e.id = d.event_id
    WHERE d.state = 'waiting' AND d.sink = ?1
      AND (?4 OR d.next_attempt_ms <= ?2 OR d.next_attempt_ms > ?3)
    ORDER BY d.seq LIMIT ?5";

impl Store {
    /// The mentions that are due for `sink`, at most `limit`, in the order in which they were recorded; with
    /// `in_order` none behind one that is not due. One that waits for a time after `latest` is due: no policy
    /// waits so long, so the clock was wrong when that time was set.
    ///
    /// # Errors
    /// What the database says.
    pub async fn due_mentions(
        &self,
        sink: SinkId,
        now: Timestamp,
        latest: Timestamp,
        limit: usize,
        in_order: bool,
    ) -> Result<DueMentions, StoreError> {
        self.read(move |conn| {
            let mut found = DueMentions::default();
            let (now_ms, latest_ms) = (now.as_millis(), latest.as_millis());
            let mut statement = conn.prepare_cached(DUE)?;
            let mut rows =
                statement.query(params![sink.as_str(), now_ms, latest_ms, in_order, limit])?;
            let mut read = 0;
            while let Some(row) = &rows.next()? {
                read += 1;
                let at: i64 = row.get(2)?;
                if at > now_ms && at <= latest_ms {
                    found.next = Some(Timestamp::from_millis(at));
                    return Ok(found);
                }
                match event(row) {
                    Ok(event) => found.due.push((row.get(0)?, row.get(1)?, event)),
                    Err(error) if is_unreadable(&error) => {
                        found.unreadable.push((row.get(0)?, error.to_string()));
                    }
                    Err(error) => return Err(error),
                }
            }
            if read < limit && !in_order {
                let sql = "SELECT min(next_attempt_ms) FROM mention_delivery
                    WHERE state = 'waiting' AND sink = ?1 AND next_attempt_ms > ?2";
                let next = params![sink.as_str(), now_ms];
                let next: Option<i64> = conn
                    .prepare_cached(sql)?
                    .query_row(next, |row| row.get(0))?;
                found.next = next.map(Timestamp::from_millis);
            }
            Ok(found)
        })
        .await
    }

    /// Records that a sink has these mentions (the number of the delivery, and the event's id), and how others
    /// failed, all or none.
    ///
    /// # Errors
    /// What the database says; then the attempts count as not made and will be made again.
    pub async fn settle_mentions(
        &self,
        delivered: Vec<(i64, String)>,
        failed: Vec<(i64, Outcome)>,
        now: Timestamp,
        fence: Option<Fence>,
    ) -> Result<(), StoreError> {
        let (seqs, events): (Vec<i64>, Vec<String>) = delivered.into_iter().unzip();
        let list = |value: serde_json::Value| value.to_string();
        let (seqs, events) = (list(seqs.into()), list(events.into()));
        self.write_held(fence, move |conn| {
            let each = conn.each("?1");
            conn.prepare_cached(&format!(
                "DELETE FROM mention_delivery
                 WHERE seq IN (SELECT CAST(t.value AS BIGINT) FROM {each} t)"
            ))?
            .execute([&seqs])?;
            remove_events(conn, &events)?;
            let mut fail = conn.prepare_cached(
                "UPDATE mention_delivery SET state = ?2, next_attempt_ms = ?3, error = ?4,
                   attempts = attempts + 1 WHERE seq = ?1 AND state = 'waiting'",
            )?;
            for (seq, outcome) in &failed {
                let (state, next, error) = match outcome {
                    Outcome::Delivered => continue,
                    Outcome::Retry { at, error, .. } => ("waiting", *at, error),
                    Outcome::Dead { error, .. } => ("dead", now, error),
                };
                fail.execute(params![seq, state, next.as_millis(), error])?;
            }
            Ok(())
        })
        .await
    }
}

/// Removes those of the events, a JSON list of ids, that nobody waits for any more.
fn remove_events(conn: &Connection, events: &str) -> Result<(), StoreError> {
    let each = conn.each("?1");
    conn.prepare_cached(&format!(
        "DELETE FROM mention_event AS e WHERE e.id IN (SELECT t.value FROM {each} t)
           AND NOT EXISTS (SELECT 1 FROM mention_delivery d WHERE d.event_id = e.id)"
    ))?
    .execute([events])?;
    Ok(())
}

/// Makes dead letters wait again: all, or those of one event or sink. Returns how many.
pub(super) fn retry_mentions(
    conn: &Connection,
    event: Option<&str>,
    sink: Option<&str>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    Ok(conn.execute(
        "UPDATE mention_delivery SET state = 'waiting', attempts = 0, next_attempt_ms = ?3
         WHERE state = 'dead' AND (CAST(?1 AS TEXT) IS NULL OR event_id = ?1)
           AND (CAST(?2 AS TEXT) IS NULL OR sink = ?2)",
        params![event, sink, now.as_millis()],
    )?)
}

/// Removes what waits or is a dead letter: all, or of one event or sink. Returns how many deliveries.
pub(super) fn drop_mentions(
    conn: &Connection,
    event: Option<&str>,
    sink: Option<&str>,
) -> Result<usize, StoreError> {
    let mut statement = conn.prepare_cached(
        "DELETE FROM mention_delivery WHERE (CAST(?1 AS TEXT) IS NULL OR event_id = ?1)
           AND (CAST(?2 AS TEXT) IS NULL OR sink = ?2) RETURNING event_id",
    )?;
    let rows = statement.query_map(params![event, sink], |row| row.get(0))?;
    let events = rows.collect::<Result<Vec<String>, _>>()?;
    let dropped = events.len();
    if dropped > 0 {
        remove_events(conn, &serde_json::Value::from(events).to_string())?;
    }
    Ok(dropped)
}

fn event(row: &Row<'_>) -> Result<StoredMention, StoreError> {
    let frozen: Frozen<MentionAlert> = decode(6, &row.get::<_, String>(6)?)?;
    Ok(StoredMention {
        id: row.get(3)?,
        topic: row.get(4)?,
        created: Timestamp::from_millis(row.get(5)?),
        mention: frozen.mention,
        change: frozen.change,
        score: frozen.score,
        story: frozen.story,
        telling: frozen.telling,
        alert: frozen.alert,
        detail: frozen.detail,
    })
}
