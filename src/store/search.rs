//! Searching the history.
//!
//! A search is made in two steps: the index and the conditions give the numbers of a page's entries,
//! then these entries alone are read and their hits marked. By date the index is walked from its newest
//! entry and left as soon as the page is full; by relevance only the newest matches are weighed, so that a
//! word that stands everywhere costs no more than one that stands often. Nobody waits for a search: it
//! reads a snapshot beside the writer, and one that takes too long is broken off.

use std::fmt::Write as _;

use super::sql::Value;
use super::sql::{Connection, OptionalExtension, json, params, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::feeds::time;
use super::indexed::backlog;
use super::{Store, StoreError};
use crate::model::{StoryKey, Timestamp};
use crate::search::{Condition, Marked, Query, Test};

/// By relevance so many of the newest matches are weighed.
pub const MOST_WEIGHED: usize = 5_000;
/// Most entries of a page.
pub const MOST_FOUND: usize = 1_000;
/// So many of the newest entries are looked at one by one for a topic.
const ONE_BY_ONE: i64 = if cfg!(test) { 3 } else { 10_000 };
/// How much more a word in the title counts than one in the text.
const TITLE_WEIGHT: f64 = 8.0;

/// In which order entries are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchOrder {
    /// Those that were recorded last first.
    #[default]
    Date,
    /// Those that fit best first (BM25, titles weigh more), among the newest [`MOST_WEIGHED`] that
    /// match. The same as by date where nothing must stand in the texts.
    Relevance,
}

/// Which part of what is found is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchPage {
    /// In which order.
    pub order: SearchOrder,
    /// At most so many, and at most [`MOST_FOUND`].
    pub limit: usize,
    /// What comes behind a page: its [`SearchResult::next`], of the same search in the same order.
    pub after: Option<i64>,
}

impl Default for SearchPage {
    fn default() -> Self {
        Self {
            order: SearchOrder::Date,
            limit: 20,
            after: None,
        }
    }
}

/// A page of what is found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchResult {
    /// The entries.
    pub rows: Vec<SearchRow>,
    /// What to ask for the next page with; `None` when this is the last one.
    pub next: Option<i64>,
    /// Whether older entries are still to be indexed, which are not found until they are.
    pub is_incomplete: bool,
}

/// An entry that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchRow {
    /// Its number, by which `explain` knows it.
    pub entry: i64,
    /// The story that it tells.
    pub story: StoryKey,
    /// The feed's id in the configuration.
    pub feed: String,
    /// The source's name.
    pub source: String,
    /// Its title, with hits.
    pub title: Marked,
    /// Its link.
    pub link: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// The topics it mentions, in alphabetical order.
    pub topics: Vec<String>,
    /// A piece of summary or content, with hits.
    pub snippet: Marked,
}

impl Store {
    /// Searches the history for `query`, as [`crate::search::query`] reads it or [`Query::and`]
    /// composes it.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] when it takes longer than five seconds, else what the database says.
    pub async fn search(&self, query: Query, page: SearchPage) -> Result<SearchResult, StoreError> {
        self.read_in_time(move |conn| search(conn, &query, page))
            .await
    }
}

/// Conditions as SQL over `e`, an entry, with their values.
#[derive(Default)]
struct Where {
    sql: String,
    values: Vec<Value>,
}

impl Where {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// Adds a condition. Where nothing must stand in the texts, those of topics and feeds lead the way.
    fn condition(
        &mut self,
        conn: &Connection,
        condition: &Condition,
        leads: bool,
    ) -> Result<(), StoreError> {
        let leads = leads && !condition.negated;
        let sql = match &condition.test {
            Test::Topic(topics) if leads => {
                let topics = conn.each(&self.bind(json(topics)));
                format!(
                    "e.id IN (SELECT m.entry_id FROM mention m
                       WHERE m.topic IN (SELECT t.value FROM {topics} t))"
                )
            }
            Test::Topic(topics) => {
                let topics = conn.each(&self.bind(json(topics)));
                format!(
                    "EXISTS (SELECT 1 FROM mention m WHERE m.entry_id = e.id
                       AND m.topic IN (SELECT t.value FROM {topics} t))"
                )
            }
            Test::Feed(names) => {
                let feeds = feeds(conn, |name, _| names.iter().any(|asked| asked == name))?;
                let feeds = conn.each(&self.bind(json(&feeds)));
                format!("e.feed_id IN (SELECT CAST(t.value AS BIGINT) FROM {feeds} t)")
            }
            Test::Source(names) => {
                let is = |text: &str| names.iter().any(|asked| names_it(asked, text));
                let feeds = feeds(conn, |name, source| is(name) || is(source))?;
                let feeds = conn.each(&self.bind(json(&feeds)));
                format!("e.feed_id IN (SELECT CAST(t.value AS BIGINT) FROM {feeds} t)")
            }
            Test::Language(codes) => {
                let codes = conn.each(&self.bind(json(codes)));
                format!(
                    "EXISTS (SELECT 1 FROM {codes} c
                       WHERE lower(e.language) = lower(c.value)
                         OR lower(substr(e.language, 1, length(c.value) + 1)) = lower(c.value) || '-')"
                )
            }
            Test::Since(at) => format!("+e.first_seen_ms >= {}", self.bind(at.as_millis())),
            Test::Until(at) => format!("+e.first_seen_ms < {}", self.bind(at.as_millis())),
        };
        // Writing to a String can't fail.
        let _ = if condition.negated {
            // What is unknown is not so.
            write!(self.sql, " AND NOT coalesce({sql}, false)")
        } else {
            write!(self.sql, " AND {sql}")
        };
        Ok(())
    }
}

/// Whether a name is the one that is asked for, or begins so where a `*` stands behind that.
fn names_it(asked: &str, name: &str) -> bool {
    let (asked, name) = (asked.to_lowercase(), name.to_lowercase());
    match asked.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == asked,
    }
}

/// The rows of the feeds whose id and source's name are as wanted.
fn feeds(conn: &Connection, wanted: impl Fn(&str, &str) -> bool) -> Result<Vec<i64>, StoreError> {
    let mut all = conn.prepare_cached("SELECT id, name, source FROM feed")?;
    let mut rows = all.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = &rows.next()? {
        let text = |n: usize| row.text(n);
        if wanted(text(1)?, text(2)?) {
            ids.push(row.get(0)?);
        }
    }
    Ok(ids)
}

/// The numbers of the entries between which those first seen in the time that is asked for lie. The index
/// knows entries by number only; numbers follow the times but for clocks that were set.
fn bounds(conn: &Connection, query: &Query) -> Result<(i64, i64), StoreError> {
    let (mut low, mut high) = (i64::MIN, i64::MAX);
    for condition in query.conditions() {
        // `+id` keeps SQLite from walking the entries themselves.
        let (sql, at) = match &condition.test {
            Test::Since(at) => ("SELECT min(+id) FROM entry WHERE first_seen_ms >= ?1", at),
            Test::Until(at) => ("SELECT max(+id) FROM entry WHERE first_seen_ms < ?1", at),
            _ => continue,
        };
        let mut statement = conn.prepare_cached(sql)?;
        let bound: Option<i64> = statement.query_row([at.as_millis()], |row| row.get(0))?;
        match &condition.test {
            Test::Since(_) => low = low.max(bound.unwrap_or(i64::MAX)),
            _ => high = high.min(bound.unwrap_or(i64::MIN)),
        }
    }
    Ok((low, high))
}

fn search(conn: &Connection, query: &Query, page: SearchPage) -> Result<SearchResult, StoreError> {
    let limit = page.limit.min(MOST_FOUND);
    let expression = if conn.is_postgres() {
        query.tsquery()
    } else {
        query.expression()
    };
    let (ids, next) = match expression {
        Some(text) if page.order == SearchOrder::Relevance => {
            let skipped = usize::try_from(page.after.unwrap_or(0)).unwrap_or(0);
            let mut ids = best(conn, query, &text, skipped, limit + 1)?;
            let more = ids.len() > limit;
            ids.truncate(limit);
            let next = i64::try_from(skipped + limit).ok().filter(|_| more);
            (ids, next)
        }
        text => {
            let mut ids = newest(conn, query, text.as_deref(), page.after, limit + 1)?;
            let more = ids.len() > limit;
            ids.truncate(limit);
            let next = ids.last().copied().filter(|_| more);
            (ids, next)
        }
    };
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.extend(row(conn, query, id)?);
    }
    Ok(SearchResult {
        rows,
        next,
        is_incomplete: backlog(conn)?.is_some(),
    })
}

/// The newest entries that are found, before the entry `before` if one is given.
///
/// What mentions a topic is looked for among the newest entries one by one, and then among all that mention it:
/// of a frequent topic that would be a great many, of a rare one it is a few.
fn newest(
    conn: &Connection,
    query: &Query,
    text: Option<&str>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let (low, high) = bounds(conn, query)?;
    let high = before.map_or(high, |before| high.min(before.saturating_sub(1)));
    let is_topic =
        |condition: &Condition| !condition.negated && matches!(condition.test, Test::Topic(_));
    if text.is_some() || !query.conditions().iter().any(is_topic) {
        return walk(conn, query, text, (low, high), true, limit);
    }
    let last: Option<i64> = conn
        .prepare_cached("SELECT max(id) FROM entry WHERE id <= ?1")?
        .query_row([high], |row| row.get(0))?;
    let near = last.unwrap_or(high).saturating_sub(ONE_BY_ONE).max(low);
    let mut ids = walk(conn, query, None, (near, high), false, limit)?;
    if ids.len() < limit && near > low {
        let rest = walk(conn, query, None, (low, near - 1), true, limit - ids.len())?;
        ids.extend(rest);
    }
    Ok(ids)
}

/// The newest entries that are found between two numbers; `leads` says whether conditions may lead the way.
fn walk(
    conn: &Connection,
    query: &Query,
    text: Option<&str>,
    (low, high): (i64, i64),
    leads: bool,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let mut filter = Where::default();
    let (low, high) = (filter.bind(low), filter.bind(high));
    let head = match text {
        Some(text) => {
            let text = filter.bind(text.to_owned());
            let (row, matches) = (row_of(conn), matches(conn, &text));
            format!(
                "SELECT {row} FROM search s {JOINED} {row} WHERE {matches} AND {row} BETWEEN {low} AND {high}"
            )
        }
        None => format!("SELECT e.id FROM entry e WHERE e.id BETWEEN {low} AND {high}"),
    };
    for condition in query.conditions() {
        filter.condition(conn, condition, leads && text.is_none())?;
    }
    let order = if text.is_some() { row_of(conn) } else { "e.id" };
    let limit = filter.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let sql = format!("{head}{} ORDER BY {order} DESC LIMIT {limit}", filter.sql);
    numbers(conn, &sql, filter.values)
}

/// The entries that fit best among the newest that match, but for so many.
fn best(
    conn: &Connection,
    query: &Query,
    text: &str,
    skipped: usize,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let (low, high) = bounds(conn, query)?;
    let (row, matching) = (row_of(conn), matches(conn, "?1"));
    let last: Option<i64> = conn
        .prepare_cached(&format!(
            "SELECT {row} FROM search s WHERE {matching} AND {row} BETWEEN ?2 AND ?3
             ORDER BY {row} DESC LIMIT 1 OFFSET ?4"
        ))?
        .query_row(params![text, low, high, MOST_WEIGHED - 1], |row| row.get(0))
        .optional()?;
    let mut filter = Where::default();
    let (low, high) = (filter.bind(last.unwrap_or(low)), filter.bind(high));
    let (text, weight) = (filter.bind(text.to_owned()), filter.bind(TITLE_WEIGHT));
    for condition in query.conditions() {
        filter.condition(conn, condition, false)?;
    }
    let skipped = filter.bind(i64::try_from(skipped).unwrap_or(i64::MAX));
    let limit = filter.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let matching = matches(conn, &text);
    let fits = if conn.is_postgres() {
        // Of title, summary and content; the least first, as by bm25.
        let weight = format!("1 / CAST({weight} AS DOUBLE PRECISION)");
        let weights = format!("ARRAY[0, {weight}, {weight}, 1]::real[]");
        format!("- ts_rank({weights}, s.tokens, CAST(CAST({text} AS TEXT) AS tsquery), 1)")
    } else {
        format!("bm25(search, {weight}, 1.0, 1.0)")
    };
    let sql = format!(
        "SELECT {row} FROM search s {JOINED} {row}
         WHERE {matching} AND {row} BETWEEN {low} AND {high}{}
         ORDER BY {fits}, {row} DESC LIMIT {limit} OFFSET {skipped}",
        filter.sql
    );
    numbers(conn, &sql, filter.values)
}

/// How the index and the entries are joined; the index leads.
const JOINED: &str = "CROSS JOIN entry e ON e.id =";

/// The entry's number in a row of the index.
fn row_of(conn: &Connection) -> &'static str {
    if conn.is_postgres() {
        "s.entry_id"
    } else {
        "s.rowid"
    }
}

/// That the index has what is asked for.
fn matches(conn: &Connection, text: &str) -> String {
    if conn.is_postgres() {
        format!("s.tokens @@ CAST(CAST({text} AS TEXT) AS tsquery)")
    } else {
        format!("s.search MATCH {text}")
    }
}

fn numbers(conn: &Connection, sql: &str, values: Vec<Value>) -> Result<Vec<i64>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// An entry as it is shown; `None` when it was removed meanwhile.
fn row(conn: &Connection, query: &Query, id: i64) -> Result<Option<SearchRow>, StoreError> {
    let mut topics =
        conn.prepare_cached("SELECT topic FROM mention WHERE entry_id = ?1 ORDER BY topic")?;
    let topics = topics.query_map([id], |row| row.get(0))?;
    let topics: Vec<String> = topics.collect::<Result<_, _>>()?;
    Ok(conn
        .prepare_cached(
            "SELECT f.name, f.source, e.link, e.language, e.published_ms, e.first_seen_ms, e.title,
               e.summary, e.content, s.key
             FROM entry e JOIN feed f ON f.id = e.feed_id JOIN story s ON s.id = e.story_id
             WHERE e.id = ?1",
        )?
        .query_row([id], |row| {
            let text = |n: usize| row.text(n);
            Ok(SearchRow {
                entry: id,
                story: StoryKey(row.get(9)?),
                feed: row.get(0)?,
                source: row.get(1)?,
                title: query.mark_title(text(6)?),
                link: row.get(2)?,
                language: row.get(3)?,
                published: time(row, 4)?,
                first_seen: Timestamp::from_millis(row.get(5)?),
                topics,
                snippet: query.snippet(&[text(7)?, text(8)?]),
            })
        })
        .optional()?)
}
