//! Reading the mentions back.

use std::time::Duration;

use super::sql::ValueRef;
use rusqlite::ffi;

use super::sql::{Connection, OptionalExtension, Row};
use serde::Serialize;
use utoipa::ToSchema;

use super::feeds::time;
use super::query::Query;
use super::{Store, StoreError};
use crate::model::{StoryKey, Timestamp};

/// Which mentions to list.
#[derive(Debug, Clone, Default)]
pub struct MentionFilter {
    /// Only this topic.
    pub topic: Option<String>,
    /// Only this feed.
    pub feed: Option<String>,
    /// Only this language, or one that begins with it and a hyphen.
    pub language: Option<String>,
    /// Only mentions found at or after this time.
    pub since: Option<Timestamp>,
    /// Only mentions found before this time.
    pub until: Option<Timestamp>,
    /// Only mentions with this score or more; one whose score is unknown is not among them.
    pub min_score: Option<u8>,
    /// Only mentions in entries of this story.
    pub story: Option<StoryKey>,
    /// Only mentions behind this place, in the order of the list.
    pub behind: Option<MentionPlace>,
    /// At most this many.
    pub limit: usize,
}

/// A mention's place in the list: when it was found, and its number among those of the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MentionPlace {
    /// When it was found.
    pub found: Timestamp,
    /// Its number.
    pub id: i64,
}

/// A mention with its entry.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Mention)]
pub struct MentionRow {
    /// Its number.
    pub id: i64,
    /// When it was found.
    pub found: Timestamp,
    /// The topic.
    pub topic: String,
    /// The entry, by which `explain` knows it.
    pub entry: i64,
    /// The story that the entry tells.
    pub story: StoryKey,
    /// The feed.
    pub feed: String,
    /// The source's name.
    pub source: String,
    /// The entry's language.
    pub language: Option<String>,
    /// The term that was found.
    pub term: String,
    /// The field it stands in.
    pub field: String,
    /// First byte of the hit in that field's text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// How many hits the entry has for the topic.
    pub hits: u32,
    /// How strongly the entry is about the topic, 1 to 100; unknown for what was recorded before
    /// scores were kept.
    pub score: Option<u8>,
    /// The text around the hit.
    pub snippet: String,
    /// The hit's first byte in the snippet.
    pub snippet_start: usize,
    /// One past its last byte in the snippet.
    pub snippet_end: usize,
    /// The entry's title.
    pub title: String,
    /// The entry's link.
    pub link: Option<String>,
    /// When the entry was published.
    pub published: Option<Timestamp>,
    /// The entry whose story it tells, if its text and not its link says so.
    pub alike: Option<Alike>,
}

/// Why an entry belongs to the story of another one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Alike {
    /// How much of the shorter text the longer one has, 0 to 1.
    pub likeness: f64,
    /// The other entry's feed; unknown once that entry was removed.
    pub feed: Option<String>,
    /// Its title, when it was not removed.
    pub title: Option<String>,
    /// Its link.
    pub link: Option<String>,
}

impl Store {
    /// Mentions, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn mentions(&self, filter: MentionFilter) -> Result<Vec<MentionRow>, StoreError> {
        self.read(move |conn| list(conn, filter)).await
    }

    /// The same for whoever may ask anything, such as what almost no mention is: it takes five seconds at most.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`], else what the database says.
    pub async fn mentions_in_time(
        &self,
        filter: MentionFilter,
    ) -> Result<Vec<MentionRow>, StoreError> {
        self.read_in_time(move |conn| list(conn, filter)).await
    }

    /// The newest mentions of a topic, of each story the one that was found first, and when their entries'
    /// texts last changed.
    ///
    /// # Errors
    /// As for [`Store::mentions_in_time`].
    pub async fn first_mentions(
        &self,
        topic: String,
        limit: usize,
    ) -> Result<(Vec<MentionRow>, Option<Timestamp>), StoreError> {
        self.read_in_time(move |conn| {
            let filter = MentionFilter {
                topic: Some(topic.clone()),
                ..MentionFilter::default()
            };
            let is_first = "NOT EXISTS (SELECT 1 FROM entry oe
                JOIN mention o ON o.entry_id = oe.id AND o.topic = @
                WHERE oe.story_id = e.story_id AND (o.created_ms, o.id) < (m.created_ms, m.id))";
            let rows = filtered(filter, "JOIN").and(is_first, Some(topic)).run(
                conn,
                "m.created_ms DESC, m.id DESC",
                limit,
                mention_row,
            )?;
            let mut revised = conn.prepare_cached("SELECT revised_ms FROM entry WHERE id = ?1")?;
            let mut last = None;
            for row in &rows {
                let at: Option<i64> = revised.query_row([row.entry], |row| row.get(0))?;
                last = last.max(at);
            }
            Ok((rows, last.map(Timestamp::from_millis)))
        })
        .await
    }

    /// Mentions, oldest first. A page behind another one costs the same wherever it is: mentions are read
    /// by an index that has them in this order, whatever else the filter asks for, and none is sorted.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a mention without its entry, feed or story, else what the database says.
    pub async fn mentions_in_order(
        &self,
        filter: MentionFilter,
    ) -> Result<Vec<MentionRow>, StoreError> {
        self.read(move |conn| {
            let limit = filter.limit;
            in_order(filter).run(conn, IN_ORDER, limit, whole_row)
        })
        .await
    }

    /// Mentions that were recorded after the one at this place, in the order in which they were. A number
    /// may be given again when the newest mention was removed, so what was found later counts as recorded
    /// later whatever its number is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn mentions_after(
        &self,
        last: MentionPlace,
        filter: MentionFilter,
    ) -> Result<Vec<MentionRow>, StoreError> {
        self.read(move |conn| {
            let limit = filter.limit;
            filtered(filter, "JOIN")
                .and_both("(m.created_ms > @ OR m.id > @)", Some(values(last)))
                .run(conn, "m.id", limit, mention_row)
        })
        .await
    }

    /// The place behind all mentions, or behind those up to this number.
    ///
    /// # Errors
    /// What the database says.
    pub async fn last_mention(&self, up_to: Option<i64>) -> Result<MentionPlace, StoreError> {
        self.read(move |conn| {
            let up_to = up_to.unwrap_or(i64::MAX);
            let newest = |order: &str| {
                let sql = format!(
                    "SELECT {order} FROM mention WHERE id <= ?1 ORDER BY {order} DESC LIMIT 1"
                );
                let found = conn
                    .prepare_cached(&sql)?
                    .query_row([up_to], |row| row.get(0));
                found.optional().map(Option::unwrap_or_default)
            };
            Ok(MentionPlace {
                found: Timestamp::from_millis(newest("created_ms")?),
                id: newest("id")?,
            })
        })
        .await
    }

    /// How many stories stand in more than one feed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shared_stories(&self) -> Result<u64, StoreError> {
        self.read(|conn| {
            let sql = "SELECT count(*) FROM
                (SELECT 1 FROM story_source GROUP BY story_id HAVING count(*) > 1)";
            Ok(conn.query_row(sql, [], |row| row.get(0))?)
        })
        .await
    }

    /// How many entries and mentions are recorded, for the status line and summaries.
    ///
    /// # Errors
    /// What the database says.
    pub async fn totals(&self) -> Result<(u64, u64), StoreError> {
        self.read(|conn| {
            let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
            let entries = count("SELECT coalesce(sum(entries), 0) FROM feed")?;
            let mentions =
                count("SELECT coalesce(sum(mentions), 0) FROM series WHERE topic <> ''")?;
            Ok((entries.unsigned_abs(), mentions.unsigned_abs()))
        })
        .await
    }
}

fn values(place: MentionPlace) -> (i64, i64) {
    (place.found.as_millis(), place.id)
}

fn list(conn: &Connection, filter: MentionFilter) -> Result<Vec<MentionRow>, StoreError> {
    let limit = filter.limit;
    newest_first(filter).run(conn, NEWEST_FIRST, limit, mention_row)
}

/// Newest first, and oldest first.
const NEWEST_FIRST: &str = "m.created_ms DESC, m.id DESC";
const IN_ORDER: &str = "m.created_ms, m.id";

/// The query of [`Store::mentions`].
fn newest_first(mut filter: MentionFilter) -> Query {
    let behind = filter.behind;
    // SQLite begins at one of the two bounds, which must not be the one that leaves all pages before to be
    // passed over.
    let end = behind.map(|place| place.found + Duration::from_millis(1));
    filter.until = [filter.until, end].into_iter().flatten().min();
    filtered(filter, "JOIN").and_both("(m.created_ms, m.id) < (@, @)", behind.map(values))
}

/// The query of [`Store::mentions_in_order`]. A left join keeps SQLite from beginning with the feed and sorting
/// all that it has, and tells of a mention whose entry can't be found.
fn in_order(mut filter: MentionFilter) -> Query {
    let behind = filter.behind;
    // As for the newest first.
    filter.since = filter.since.max(behind.map(|place| place.found));
    filtered(filter, "LEFT JOIN").and_both("(m.created_ms, m.id) > (@, @)", behind.map(values))
}

/// How SQLite runs the query of [`Store::mentions_in_order`].
#[cfg(test)]
pub(super) fn plan(conn: &Connection, filter: MentionFilter) -> Result<String, StoreError> {
    let limit = filter.limit;
    let steps = in_order(filter).explained(conn, IN_ORDER, limit)?;
    Ok(steps.join("\n"))
}

/// How many steps SQLite takes for the queries of [`Store::mentions`] and [`Store::mentions_in_order`].
#[cfg(test)]
pub(super) fn costs(conn: &Connection, filter: MentionFilter) -> Result<[i32; 2], StoreError> {
    let limit = filter.limit;
    Ok([
        newest_first(filter.clone()).cost(conn, NEWEST_FIRST, limit)?,
        in_order(filter).cost(conn, IN_ORDER, limit)?,
    ])
}

/// The query of all mentions that a filter lets through, but for its place and limit; `join` says how a
/// mention's entry is found.
pub(super) fn filtered(filter: MentionFilter, join: &str) -> Query {
    Query::new(&format!(
        "SELECT m.created_ms, m.topic, f.name, f.source, e.language, m.term, m.field,
           m.start_byte, m.end_byte, m.hits, m.snippet, m.snippet_start, m.snippet_end,
           e.title, e.link, e.published_ms, j.likeness, lf.name, l.title, l.link,
           e.id, m.score, m.id, s.key, coalesce(m.counted_ms, m.created_ms)
         FROM mention m {join} entry e ON e.id = m.entry_id {join} feed f ON f.id = e.feed_id
           {join} story s ON s.id = e.story_id
           LEFT JOIN story_join j ON j.entry_id = e.id AND j.into_id = e.story_id
           LEFT JOIN entry l ON l.id = j.like_entry_id
           LEFT JOIN feed lf ON lf.id = l.feed_id
         WHERE true"
    ))
    .and("m.topic = @", filter.topic)
    .and("f.name = @", filter.feed)
    .and(
        "(e.language = @ OR lower(e.language) LIKE lower(@) || '-%')",
        filter.language,
    )
    .and("m.created_ms >= @", filter.since.map(Timestamp::as_millis))
    .and("m.created_ms < @", filter.until.map(Timestamp::as_millis))
    .and("m.score >= @", filter.min_score.map(i64::from))
    .and("s.key = @", filter.story.map(|key| key.0.to_vec()))
}

/// A mention that has all that belongs to it; what lacks it is no less than damage.
fn whole_row(row: &Row<'_>) -> super::sql::Result<MentionRow> {
    for (column, what) in [(20, "entry"), (2, "feed"), (23, "story")] {
        if row.get_ref(column)? == ValueRef::Null {
            let id: i64 = row.get(22)?;
            let code = ffi::Error::new(ffi::SQLITE_CORRUPT);
            let text = format!("mention {id} lacks its {what}");
            return Err(rusqlite::Error::SqliteFailure(code, Some(text)).into());
        }
    }
    mention_row(row)
}

pub(super) fn mention_row(row: &Row<'_>) -> super::sql::Result<MentionRow> {
    Ok(MentionRow {
        found: Timestamp::from_millis(row.get(0)?),
        topic: row.get(1)?,
        id: row.get(22)?,
        entry: row.get(20)?,
        story: StoryKey(row.get(23)?),
        feed: row.get(2)?,
        source: row.get(3)?,
        language: row.get(4)?,
        term: row.get(5)?,
        field: row.get(6)?,
        start: row.get(7)?,
        end: row.get(8)?,
        hits: row.get(9)?,
        score: row.get(21)?,
        snippet: row.get(10)?,
        snippet_start: row.get(11)?,
        snippet_end: row.get(12)?,
        title: row.get(13)?,
        link: row.get(14)?,
        published: time(row, 15)?,
        alike: alike(row)?,
    })
}

fn alike(row: &Row<'_>) -> super::sql::Result<Option<Alike>> {
    let likeness: Option<f64> = row.get(16)?;
    Ok(match likeness {
        Some(likeness) => Some(Alike {
            likeness,
            feed: row.get(17)?,
            title: row.get(18)?,
            link: row.get(19)?,
        }),
        None => None,
    })
}
