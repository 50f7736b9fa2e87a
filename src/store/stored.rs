//! Alerts as they are stored, with what else is known of them when they are told.

use super::sql::{Connection, Row, params};
use serde::Serialize;

use super::{DigestDetail, StoreError};
use crate::model::{
    AlertKind, FeedTrouble, MentionAlert, SpikeAlert, StoryKey, StorySource, Timestamp,
};

/// An alert as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAlert {
    /// Stable id.
    pub id: String,
    /// When it was created.
    pub created: Timestamp,
    /// What it tells.
    pub detail: StoredDetail,
}

/// What a stored alert tells.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredDetail {
    /// A story mentions a topic.
    Mention {
        /// The topic's id.
        topic: String,
        /// The story.
        story: StoryKey,
        /// How strongly it is about the topic, 1 to 100; unknown for alerts that were created before
        /// scores were kept.
        score: Option<u8>,
        /// Everything else.
        detail: Box<MentionAlert>,
        /// All feeds that carry the story by now.
        sources: Vec<StorySource>,
        /// Whether it tells that more feeds carry a story that was told.
        grown: bool,
        /// The topics for which the story was told there before; at most 20, the first ones.
        told: Vec<TopicName>,
    },
    /// A feed is in trouble.
    Feed {
        /// The kind's name.
        kind: String,
        /// The feed's id.
        feed: String,
        /// Everything else.
        detail: FeedTrouble,
    },
    /// A topic is mentioned far more than usual.
    Spike {
        /// The topic's id.
        topic: String,
        /// Everything else.
        detail: Box<SpikeAlert>,
    },
    /// Alerts that are told together.
    Digest(Box<StoredDigest>),
}

/// A digest as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDigest {
    /// What it tells of itself.
    pub detail: DigestDetail,
    /// How many alerts in it are about which topic, the most frequent first; 20 at most.
    pub topics: Vec<TopicCount>,
    /// The alerts in it, the strongest first and then the newest; [`MOST_TOLD`] at most.
    pub alerts: Vec<StoredAlert>,
}

impl StoredDigest {
    /// How many alerts are in it that are not in `alerts`.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.detail.alerts.saturating_sub(self.alerts.len() as u64)
    }
}

/// A topic, as an alert names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicName {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// How often a topic occurs in a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicCount {
    /// The topic's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Alerts about it.
    pub alerts: u64,
}

/// As many alerts of a digest are told with all that is known of them.
pub const MOST_TOLD: usize = 100;

/// The alert of a row: its first column is the delivery's number, if there is one, and the fourth to
/// twelfth are the alert's. A story's alert names the other topics for which `sink` was told of it
/// before.
pub(super) fn read_alert(
    conn: &Connection,
    row: &Row<'_>,
    sink: Option<&str>,
) -> Result<StoredAlert, StoreError> {
    let kind: String = row.get(4)?;
    let topic: Option<String> = row.get(5)?;
    let detail: String = row.get(7)?;
    let story: Option<[u8; 16]> = row.get(8)?;
    let detail = match (topic, story) {
        _ if kind == AlertKind::Digest.as_str() => {
            let id: String = row.get(3)?;
            StoredDetail::Digest(Box::new(read_digest(conn, &id, decode(7, &detail)?)?))
        }
        (Some(topic), None) if kind == AlertKind::Spike.as_str() => StoredDetail::Spike {
            topic,
            detail: Box::new(decode(7, &detail)?),
        },
        (Some(topic), Some(story)) => StoredDetail::Mention {
            told: match sink {
                Some(sink) => told(conn, sink, &topic, row)?,
                None => Vec::new(),
            },
            topic,
            story: StoryKey(story),
            score: row.get(11)?,
            detail: Box::new(decode(7, &detail)?),
            sources: sources(conn, row.get(10)?)?,
            grown: kind == AlertKind::Grown.as_str(),
        },
        _ => StoredDetail::Feed {
            kind,
            feed: row.get::<_, Option<String>>(9)?.unwrap_or_default(),
            detail: decode(7, &detail)?,
        },
    };
    Ok(StoredAlert {
        id: row.get(3)?,
        created: Timestamp::from_millis(row.get(6)?),
        detail,
    })
}

/// A digest with the alerts in it; one that can't be read is left out, and counted.
fn read_digest(
    conn: &Connection,
    id: &str,
    detail: DigestDetail,
) -> Result<StoredDigest, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT d.id, d.attempts, d.created_ms, a.id, a.kind, a.topic, a.created_ms,
           a.detail, s.key, f.name, a.story_id, a.score
         FROM delivery d JOIN alert a ON a.id = d.alert_id
           LEFT JOIN story s ON s.id = a.story_id LEFT JOIN feed f ON f.id = a.feed_id
         WHERE d.digest_id = ?1 ORDER BY coalesce(a.score, 0) DESC, a.created_ms DESC, a.id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![id, MOST_TOLD])?;
    let mut alerts = Vec::new();
    while let Some(row) = &rows.next()? {
        match read_alert(conn, row, None) {
            Ok(alert) => alerts.push(alert),
            Err(error) if is_unreadable(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let readable = conn.either("json_valid(a.detail)", "true");
    let mut statement = conn.prepare_cached(&format!(
        "SELECT a.topic, max(coalesce(a.detail ->> 'topic_name', a.topic)), count(*) AS n
         FROM delivery d JOIN alert a ON a.id = d.alert_id
         WHERE d.digest_id = ?1 AND a.topic IS NOT NULL AND {readable}
         GROUP BY a.topic ORDER BY n DESC, a.topic LIMIT 20"
    ))?;
    let topics = statement.query_map([id], |row| {
        Ok(TopicCount {
            id: row.get(0)?,
            name: row.get(1)?,
            alerts: row.get::<_, i64>(2)?.unsigned_abs(),
        })
    })?;
    Ok(StoredDigest {
        detail,
        topics: topics.collect::<Result<_, _>>()?,
        alerts,
    })
}

pub(super) fn is_unreadable(error: &StoreError) -> bool {
    let StoreError::Sqlite(error) = error else {
        return false;
    };
    matches!(**error, rusqlite::Error::FromSqlConversionFailure(..))
}

pub(super) fn decode<T: serde::de::DeserializeOwned>(
    column: usize,
    json: &str,
) -> super::sql::Result<T> {
    serde_json::from_str(json).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
        .into()
    })
}

/// The feeds that carry a story, the first ones.
pub(super) fn sources(conn: &Connection, story: i64) -> Result<Vec<StorySource>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT f.name, f.source, s.link, s.first_seen_ms FROM story_source s
           JOIN feed f ON f.id = s.feed_id
         WHERE s.story_id = ?1 ORDER BY s.first_seen_ms, f.name LIMIT 200",
    )?;
    let rows = statement.query_map([story], |row| {
        Ok(StorySource {
            feed: row.get(0)?,
            source: row.get(1)?,
            link: row.get(2)?,
            first_seen: Timestamp::from_millis(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The topics but this one for which a sink was told of a story before a delivery.
fn told(
    conn: &Connection,
    sink: &str,
    topic: &str,
    row: &Row<'_>,
) -> Result<Vec<TopicName>, StoreError> {
    let (delivery, story): (i64, i64) = (row.get(0)?, row.get(10)?);
    let readable = conn.either("json_valid(a.detail)", "true");
    let mut statement = conn.prepare_cached(&format!(
        "SELECT a.topic, coalesce(a.detail ->> 'topic_name', a.topic)
         FROM alert a JOIN delivery d ON d.alert_id = a.id AND d.sink = ?1
         WHERE a.story_id = ?2 AND a.kind = 'mention.created' AND d.id < ?3
           AND a.topic <> ?4
           AND d.state IN ('delivered', 'gathered') AND {readable}
         ORDER BY d.id LIMIT 20"
    ))?;
    let rows = statement.query_map(params![sink, story, delivery, topic], |row| {
        Ok(TopicName {
            id: row.get(0)?,
            name: row.get(1)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
