//! Silences: kept here, and asked in the transaction that makes an alert's deliveries.
//!
//! There are few that are active at a time, and an index finds them; without any, an alert costs one
//! look into an empty index. Rows stay when a silence has ended: they say why something was not told.

use super::sql::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::feeds::time;
use super::mentions::Subject;
use super::record::AlertRecord;
use super::{Store, StoreError};
use crate::model::{AlertFacts, MentionAlert, StoryKey, Timestamp};
use crate::silence::{Silence, covers};

/// A silence to be added.
#[derive(Debug, Clone)]
pub struct NewSilence {
    /// What it covers, and until when.
    pub silence: Silence,
    /// Why, in the owner's words.
    pub comment: String,
}

/// A silence, for listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Silence)]
pub struct SilenceRow {
    /// Its number.
    pub id: i64,
    /// Only alerts of this topic.
    pub topic: Option<String>,
    /// Only alerts that arise in this feed, or are about it.
    pub source: Option<String>,
    /// Only alerts about this story: the one that was meant, or that it has joined.
    pub story: Option<StoryKey>,
    /// The title of the story's latest entry, if one is kept.
    pub story_title: Option<String>,
    /// Only alerts in whose title all these words stand.
    pub pattern: Option<String>,
    /// Why, in the owner's words.
    pub comment: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// When it was ended by hand.
    pub ended: Option<Timestamp>,
    /// Whether it holds.
    pub active: bool,
    /// How many alerts it has held back, as far as their deliveries are kept.
    pub alerts: u64,
}

impl SilenceRow {
    /// What it covers, and until when.
    #[must_use]
    pub fn silence(&self) -> Silence {
        Silence {
            topic: self.topic.clone(),
            feed: self.source.clone(),
            story: self.story,
            pattern: self.pattern.clone(),
            until: self.until,
            ended: self.ended,
        }
    }
}

/// By what a story is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoryName {
    /// An alert about it.
    Alert(String),
    /// An entry that tells it.
    Entry(i64),
}

/// What ending a silence came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedSilence {
    /// It held and holds no longer.
    Now,
    /// It had ended before.
    Before(Timestamp),
    /// There is none with this number.
    Unknown,
}

/// Silences that may hold, with the story that theirs has become if it joined another one.
pub(super) const ACTIVE: &str =
    "SELECT s.id, s.topic, s.feed, coalesce(t.key, s.story_key), s.pattern,
     s.until_ms, s.ended_ms
   FROM silence s LEFT JOIN story o ON o.key = s.story_key
     LEFT JOIN story_join j ON j.story_id = o.id LEFT JOIN story t ON t.id = j.into_id
   WHERE s.ended_ms IS NULL AND s.until_ms > ?1";

impl Store {
    /// Adds a silence and returns its number.
    ///
    /// # Errors
    /// What the database says.
    pub async fn add_silence(&self, new: NewSilence, now: Timestamp) -> Result<i64, StoreError> {
        self.write(move |conn| {
            let silence = &new.silence;
            Ok(conn.query_row(
                "INSERT INTO silence (topic, feed, story_key, pattern, comment, created_ms, until_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
                params![
                    silence.topic,
                    silence.feed,
                    silence.story.map(|key| key.0),
                    silence.pattern,
                    new.comment,
                    now.as_millis(),
                    silence.until.as_millis()
                ],
                |row| row.get(0),
            )?)
        })
        .await
    }

    /// Ends a silence, so that what arises from now on is told again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end_silence(&self, id: i64, now: Timestamp) -> Result<EndedSilence, StoreError> {
        self.write(move |conn| {
            let ended = conn.execute(
                "UPDATE silence SET ended_ms = ?2
                 WHERE id = ?1 AND ended_ms IS NULL AND until_ms > ?2",
                params![id, now.as_millis()],
            )?;
            if ended > 0 {
                return Ok(EndedSilence::Now);
            }
            let sql = "SELECT coalesce(ended_ms, until_ms) FROM silence WHERE id = ?1";
            let end: Option<i64> = conn.query_row(sql, [id], |row| row.get(0)).optional()?;
            Ok(end.map_or(EndedSilence::Unknown, |at| {
                EndedSilence::Before(Timestamp::from_millis(at))
            }))
        })
        .await
    }

    /// The silences, the newest first; those that have ended only with `all`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn silences(&self, all: bool, now: Timestamp) -> Result<Vec<SilenceRow>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare(
                "SELECT s.id, s.topic, s.feed, coalesce(t.key, s.story_key), s.pattern, s.until_ms,
                   s.ended_ms, s.comment, s.created_ms,
                   (SELECT e.title FROM entry e WHERE e.story_id = coalesce(t.id, o.id)
                    ORDER BY e.id DESC LIMIT 1),
                   (SELECT count(DISTINCT d.alert_id) FROM delivery d WHERE d.silence_id = s.id)
                 FROM silence s LEFT JOIN story o ON o.key = s.story_key
                   LEFT JOIN story_join j ON j.story_id = o.id LEFT JOIN story t ON t.id = j.into_id
                 WHERE ?1 OR (s.ended_ms IS NULL AND s.until_ms > ?2)
                 ORDER BY s.id DESC",
            )?;
            let rows = statement.query_map(params![all, now.as_millis()], |row| {
                let silence = silence(row)?;
                Ok(SilenceRow {
                    id: row.get(0)?,
                    active: silence.is_active(now),
                    topic: silence.topic,
                    source: silence.feed,
                    story: silence.story,
                    story_title: row.get(9)?,
                    pattern: silence.pattern,
                    comment: row.get(7)?,
                    created: Timestamp::from_millis(row.get(8)?),
                    until: silence.until,
                    ended: silence.ended,
                    alerts: row.get::<_, i64>(10)?.unsigned_abs(),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The story of an alert or entry, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn story_of(&self, name: StoryName) -> Result<Option<StoryKey>, StoreError> {
        self.read(move |conn| {
            let (sql, value): (_, &dyn super::sql::ToSql) = match &name {
                StoryName::Alert(id) => (
                    "SELECT s.key FROM alert a JOIN story s ON s.id = a.story_id WHERE a.id = ?1",
                    id,
                ),
                StoryName::Entry(id) => (
                    "SELECT s.key FROM entry e JOIN story s ON s.id = e.story_id WHERE e.id = ?1",
                    id,
                ),
            };
            let key = conn.query_row(sql, [value], |row| row.get(0)).optional()?;
            Ok(key.map(StoryKey))
        })
        .await
    }
}

/// The number of the first silence that covers an alert which arises at this time, if any does.
pub(super) fn covering(
    conn: &Connection,
    alert: &AlertRecord,
    about: &Subject<'_>,
    at: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let mut active = conn.prepare_cached(ACTIVE)?;
    let rows = active.query_map([at.as_millis()], |row| Ok((row.get(0)?, silence(row)?)))?;
    let active: Vec<(i64, Silence)> = rows.collect::<Result<_, _>>()?;
    if active.is_empty() {
        return Ok(None);
    }
    let feed: String = match about.feed {
        Some(feed) => conn
            .prepare_cached("SELECT name FROM feed WHERE id = ?1")?
            .query_row([feed.0], |row| row.get(0))?,
        None => String::new(),
    };
    let story: Option<[u8; 16]> = conn
        .prepare_cached("SELECT key FROM story WHERE id = ?1")?
        .query_row([about.story], |row| row.get(0))
        .optional()?;
    // An alert about a feed is no mention, so it has no title.
    let mention: Option<MentionAlert> = serde_json::from_str(&alert.detail).ok();
    let facts = AlertFacts {
        topic: about.topic,
        feed: &feed,
        story: story.map(StoryKey),
        title: mention.as_ref().map(MentionAlert::heading),
        score: alert.score,
        ..AlertFacts::default()
    };
    let covering = active
        .iter()
        .filter(|(_, silence)| covers(silence, &facts, at));
    Ok(covering.map(|(id, _)| *id).min())
}

/// Reads a silence from the columns behind its number.
fn silence(row: &Row<'_>) -> super::sql::Result<Silence> {
    Ok(Silence {
        topic: row.get(1)?,
        feed: row.get(2)?,
        story: row.get::<_, Option<[u8; 16]>>(3)?.map(StoryKey),
        pattern: row.get(4)?,
        until: Timestamp::from_millis(row.get(5)?),
        ended: time(row, 6)?,
    })
}
