//! Mentions, their counts, and the alerts and deliveries that follow from them.
//!
//! A topic is counted once per entry and told once per story, whichever text it was found in and
//! however often that text is read again.

use std::time::Duration;

use super::sql::{Connection, OptionalExtension, params};

use super::alike::Story;
use super::observed::{MentionChange, put};
use super::record::{AlertRecord, Committed, MentionRecord};
use super::silences::covering;
use super::tally::Tally;
use super::{FeedRow, StoreError, grow, series};
use crate::dedup;
use crate::model::{Route, Timestamp};

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
    /// The entry's language, as far as it is known.
    pub(super) language: Option<String>,
    /// Whether the entry was not there before.
    pub(super) is_new: bool,
    /// Whether no other entry tells the story.
    pub(super) is_alone: bool,
}

/// For how long an alert goes to further sinks when its story's score rises. What is edited later is
/// no news, and by then nobody may know any more which sinks had it.
const RISES_FOR: Duration = Duration::from_hours(24 * 7);

/// Records what was found at a place: topics that are new there are counted and, if they are to
/// be, told. A topic whose score was below its minimum, as the text was then, counts as new once it
/// reaches it.
pub(super) fn record_mentions(
    conn: &Connection,
    place: &Place,
    mentions: &[MentionRecord],
    committed: &mut Committed,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    for (n, mention) in mentions.iter().enumerate() {
        let before = record_mention(conn, place, mention, &mentions[..n], tally)?;
        committed.mentions += usize::from(before == Before::Unknown);
        let is_news = match before {
            Before::Unknown => true,
            Before::Known { score, .. } => score.is_some_and(|score| score < mention.min_score),
        };
        let told = tell(conn, place, mention, is_news, committed)?;
        let change = match before {
            Before::Unknown => Some(MentionChange::Found),
            Before::Known { score, is_same } => {
                let is_same = is_same && score == Some(mention.score);
                (!is_same).then_some(MentionChange::Revised)
            }
        };
        if let (Some(event), Some(change)) = (&mention.event, change) {
            put(conn, place, mention, event, change, told)?;
            committed.observed += 1;
        }
    }
    Ok(())
}

/// What became of the alert of a mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It was made.
    Now,
    /// It was there, or the mention is no news.
    Before,
    /// The mention's score is too low for one.
    TooLow,
    /// There is to be none.
    Never,
}

/// Makes the alert of a mention if it is news, is to be told and its story was not, and lets an
/// alert that is there go to the sinks for which its score was too low.
pub(super) fn tell(
    conn: &Connection,
    place: &Place,
    mention: &MentionRecord,
    is_news: bool,
    committed: &mut Committed,
) -> Result<Told, StoreError> {
    let Some(alert) = &mention.alert else {
        return Ok(Told::Never);
    };
    if mention.score < mention.min_score {
        return Ok(Told::TooLow);
    }
    let about = Subject {
        id: &dedup::mention_alert_id(&mention.topic, place.story.key),
        topic: Some(mention.topic.as_str()),
        story: Some(place.story.row),
        feed: Some(place.feed),
    };
    if is_news && insert_alert(conn, alert, &about, place.at)? {
        committed.alerts += 1;
        return Ok(Told::Now);
    }
    let raised = raise_alert(conn, alert, &about, place.at)?;
    committed.raised += usize::from(raised);
    committed.grown += grow::tell(conn, alert, &about, place.at)?;
    Ok(Told::Before)
}

/// What was known of a topic in an entry.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Before {
    Unknown,
    Known {
        /// The score that it had, if that was recorded.
        score: Option<u8>,
        /// Whether it stood at the same place in the same words.
        is_same: bool,
    },
}

/// Records the mention and says what was known of the topic in the entry before. Those in `recorded` were
/// found in the same text and are there.
fn record_mention(
    conn: &Connection,
    place: &Place,
    mention: &MentionRecord,
    recorded: &[MentionRecord],
    tally: &mut Tally,
) -> Result<Before, StoreError> {
    let topic = mention.topic.as_str();
    let before = if place.is_new {
        Before::Unknown
    } else {
        before(conn, place, mention)?
    };
    let counted = match before {
        Before::Unknown => Some(series::count_mention(
            conn,
            place,
            topic,
            mention.field,
            tally,
        )?),
        Before::Known { .. } => None,
    };
    conn.prepare_cached(
        "INSERT INTO mention (entry_id, topic, term, field, start_byte, end_byte, snippet,
           snippet_start, snippet_end, hits, revision, created_ms, score, counted_ms,
           counted_language, counted_field, counted_story)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
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
        place.at.as_millis(),
        mention.score,
        counted.as_ref().map(|counted| counted.at.as_millis()),
        counted.as_ref().map(|counted| &counted.language),
        counted.as_ref().map(|counted| &counted.field),
        counted.as_ref().map(|counted| counted.is_first)
    ])?;
    if counted.is_some() {
        if place.is_new {
            for other in recorded {
                tally.add_together(topic, other.topic.as_str(), place.counted_at, 1);
            }
        } else {
            series::add_together(conn, place.entry, topic, place.counted_at, tally, 1)?;
        }
    }
    Ok(before)
}

/// What was known of the topic in the entry.
fn before(conn: &Connection, place: &Place, mention: &MentionRecord) -> Result<Before, StoreError> {
    let known = conn
        .prepare_cached(
            "SELECT score, field = ?3 AND start_byte = ?4 AND end_byte = ?5 AND snippet = ?6
             FROM mention WHERE entry_id = ?1 AND topic = ?2",
        )?
        .query_row(
            params![
                place.entry,
                mention.topic.as_str(),
                mention.field,
                mention.range.0,
                mention.range.1,
                mention.snippet
            ],
            |row| {
                let (score, is_same) = (row.get(0)?, row.get(1)?);
                Ok(Before::Known { score, is_same })
            },
        )
        .optional()?;
    Ok(known.unwrap_or(Before::Unknown))
}

/// What an alert is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) id: &'a str,
    pub(super) topic: Option<&'a str>,
    pub(super) story: Option<i64>,
    pub(super) feed: Option<FeedRow>,
}

/// Makes the alert and its deliveries unless it exists; says whether it was made.
pub(super) fn insert_alert(
    conn: &Connection,
    alert: &AlertRecord,
    about: &Subject<'_>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    if !insert_bare(conn, alert, about, at)? {
        return Ok(false);
    }
    let wanted = |route: &&Route| alert.score.is_none_or(|score| route.min_score <= score);
    deliver(conn, alert, about, alert.routes.iter().filter(wanted), at)?;
    Ok(true)
}

/// Makes the alert, without deliveries, unless it exists; says whether it was made.
pub(super) fn insert_bare(
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
            about.feed.map(|feed| feed.0),
            at.as_millis(),
            alert.detail,
            alert.score
        ])?;
    Ok(made > 0)
}

/// Notes that the story of an alert which is there has a higher score than was known, and lets the
/// alert go to the sinks for which it was too low before. Says whether there are any.
fn raise_alert(
    conn: &Connection,
    alert: &AlertRecord,
    about: &Subject<'_>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let id = about.id;
    let Some(score) = alert.score else {
        return Ok(false);
    };
    let before: Option<u8> = conn
        .prepare_cached(
            "SELECT score FROM alert WHERE id = ?1 AND score < ?2 AND created_ms >= ?3",
        )?
        .query_row(params![id, score, (at - RISES_FOR).as_millis()], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(before) = before else {
        return Ok(false);
    };
    conn.prepare_cached("UPDATE alert SET score = ?2 WHERE id = ?1")?
        .execute(params![id, score])?;
    let reached = |route: &&Route| before < route.min_score && route.min_score <= score;
    let made = deliver(conn, alert, about, alert.routes.iter().filter(reached), at)?;
    Ok(made > 0)
}

/// Makes the deliveries of an alert to these sinks that there are not yet; says how many. Where a
/// silence covers the alert they are made too, and are never attempted.
pub(super) fn deliver<'r>(
    conn: &Connection,
    alert: &AlertRecord,
    about: &Subject<'_>,
    routes: impl Iterator<Item = &'r Route>,
    at: Timestamp,
) -> Result<usize, StoreError> {
    let silence = covering(conn, alert, about, at)?;
    let mut deliver = conn.prepare_cached(
        "INSERT INTO delivery (alert_id, sink, state, next_attempt_ms, created_ms, silence_id,
           settled_ms)
         VALUES (?1, ?2, CASE WHEN CAST(?4 AS BIGINT) IS NOT NULL THEN 'silenced'
             WHEN ?5 THEN 'held' ELSE 'waiting' END, ?3, ?3, ?4,
           CASE WHEN ?4 IS NOT NULL THEN CAST(?3 AS BIGINT) END)
         ON CONFLICT (alert_id, sink) DO NOTHING",
    )?;
    let mut made = 0;
    for route in routes {
        let sink = route.sink.as_str();
        made += deliver.execute(params![about.id, sink, at.as_millis(), silence, route.held])?;
    }
    Ok(made)
}
