//! Counts over time, kept as rollups in the transaction that records what they count.
//!
//! `series` has mentions and stories by topic and quarter-hour, so that any time zone's hours and days can
//! be made of it; the topic `''` stands for all entries read. `series_day` breaks a topic's mentions down
//! by feed, language and field, and `together` counts entries that mention two topics, both by UTC day.
//! Entries and mentions are pruned, counts stay for good. Under what a mention was counted stands in its
//! row, so that it can be taken out of the counts again, and the counts be held against the rows.

use std::collections::HashMap;

use super::sql::{Connection, params};
use serde::Serialize;

use super::mentions::Place;
use super::tally::Tally;
use super::{Store, StoreError};
use crate::model::Timestamp;
use crate::trends::{Count, quarter_of, start_of};

/// Milliseconds of a UTC day.
pub(super) const DAY_MS: i64 = 86_400_000;
/// The topic under which all entries are counted.
const ALL: &str = "";

/// By what a topic's mentions are broken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// The feed's id.
    Feed,
    /// The entry's language; empty where it is not known.
    Language,
    /// The field of the best hit.
    Field,
}

impl Dimension {
    /// As the table and people name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Language => "language",
            Self::Field => "field",
        }
    }
}

/// How often a value occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The value: a feed's id, a language, a field, or another topic.
    pub value: String,
    /// How often.
    pub mentions: u64,
}

/// The span of time of a breakdown: whole UTC days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first instant's day.
    pub from: Timestamp,
    /// The last instant's day, included.
    pub to: Timestamp,
}

impl Days {
    fn numbers(self) -> (i64, i64) {
        (day(self.from), day(self.to))
    }
}

impl Store {
    /// A topic's counts from one instant to another, in order; quarter-hours without any are left out.
    /// Without a topic, those of all entries read.
    ///
    /// # Errors
    /// What the database says.
    pub async fn series(
        &self,
        topic: Option<String>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Count>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT quarter, mentions, stories FROM series
                 WHERE topic = ?1 AND quarter BETWEEN ?2 AND ?3 ORDER BY quarter",
            )?;
            let topic = topic.as_deref().unwrap_or(ALL);
            let range = params![topic, quarter_of(from), quarter_of(to)];
            let rows = statement.query_map(range, |row| {
                Ok(Count {
                    quarter: row.get(0)?,
                    mentions: row.get(1)?,
                    stories: row.get(2)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// When a topic was counted first, to the quarter-hour; without a topic, when the first entry was read.
    ///
    /// # Errors
    /// What the database says.
    pub async fn first_counted(
        &self,
        topic: Option<String>,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |conn| {
            let topic = topic.as_deref().unwrap_or(ALL);
            let first = conn
                .prepare_cached("SELECT min(quarter) FROM series WHERE topic = ?1")?
                .query_row([topic], |row| row.get::<_, Option<i64>>(0))?;
            Ok(first.map(start_of))
        })
        .await
    }

    /// A topic's mentions broken down, the most frequent values first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn breakdown(
        &self,
        topic: String,
        by: Dimension,
        days: Days,
        limit: usize,
    ) -> Result<Vec<Share>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT value, mentions FROM series_day
                 WHERE topic = ?1 AND dim = ?2 AND day BETWEEN ?3 AND ?4",
            )?;
            let (from, to) = days.numbers();
            let mut rows = statement.query(params![topic, by.name(), from, to])?;
            // Added up here: SQLite would sort years of rows to group them, which takes three times as long.
            let mut sums: HashMap<String, i64> = HashMap::new();
            while let Some(row) = &rows.next()? {
                let value = row.text(0)?;
                let mentions: i64 = row.get(1)?;
                match sums.get_mut(value) {
                    Some(sum) => *sum += mentions,
                    None => {
                        sums.insert(value.to_owned(), mentions);
                    }
                }
            }
            let mut shares: Vec<Share> = sums
                .into_iter()
                .filter(|(_, mentions)| *mentions > 0)
                .map(|(value, mentions)| Share {
                    value,
                    mentions: mentions.unsigned_abs(),
                })
                .collect();
            shares.sort_by(|a, b| (b.mentions, &a.value).cmp(&(a.mentions, &b.value)));
            shares.truncate(limit);
            Ok(shares)
        })
        .await
    }

    /// The topics that entries about a topic mention too, the most frequent first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn together(
        &self,
        topic: String,
        days: Days,
        limit: usize,
    ) -> Result<Vec<Share>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT other, sum(entries) AS n FROM together
                 WHERE topic = ?1 AND day BETWEEN ?2 AND ?3
                 GROUP BY other HAVING sum(entries) > 0 ORDER BY n DESC, other LIMIT ?4",
            )?;
            let (from, to) = days.numbers();
            let rows = statement.query_map(params![topic, from, to, limit], share)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn share(row: &super::sql::Row<'_>) -> super::sql::Result<Share> {
    Ok(Share {
        value: row.get(0)?,
        mentions: row.get::<_, i64>(1)?.unsigned_abs(),
    })
}

/// The UTC day that an instant lies in, from 1970-01-01 on.
pub(super) fn day(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(DAY_MS)
}

/// Counts an entry that was never seen before in its feed.
pub(super) fn count_entry(
    conn: &Connection,
    place: &Place,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let others = "SELECT 1 FROM entry WHERE story_id = ?1 AND id <> ?2";
    let is_first = place.is_alone
        || !conn
            .prepare_cached(others)?
            .exists(params![place.story.row, place.entry])?;
    tally.add(ALL, place.counted_at, is_first, 1);
    Ok(())
}

/// Counts a topic that was not known in the entry before; says how.
pub(super) fn count_mention(
    conn: &Connection,
    place: &Place,
    topic: &str,
    field: &str,
    tally: &mut Tally,
) -> Result<Counted, StoreError> {
    let others = "SELECT 1 FROM entry e JOIN mention m ON m.entry_id = e.id AND m.topic = ?2
        WHERE e.story_id = ?1 AND e.id <> ?3";
    let is_first = place.is_alone
        || !conn
            .prepare_cached(others)?
            .exists(params![place.story.row, topic, place.entry])?;
    let counted = Counted {
        topic: topic.to_owned(),
        at: place.counted_at,
        feed: place.feed.0,
        language: place.language.clone().unwrap_or_default(),
        field: field.to_owned(),
        is_first,
    };
    counted.add(conn, tally, 1)?;
    Ok(counted)
}

/// How a mention was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) topic: String,
    pub(super) at: Timestamp,
    /// The feed's row.
    pub(super) feed: i64,
    pub(super) language: String,
    pub(super) field: String,
    /// Whether it counted as a story too.
    pub(super) is_first: bool,
}

impl Counted {
    /// Adds it to the counts, or with -1 takes it out of them.
    pub(super) fn add(
        &self,
        conn: &Connection,
        tally: &mut Tally,
        n: i64,
    ) -> Result<(), StoreError> {
        let Self { topic, at, .. } = self;
        tally.add(topic, *at, self.is_first, n);
        tally.add_feed(conn, topic, *at, self.feed, n)?;
        tally.add_by(topic, Dimension::Language, *at, &self.language, n);
        tally.add_by(topic, Dimension::Field, *at, &self.field, n);
        Ok(())
    }
}

/// Counts that the entry's other topics are mentioned with this one, or with -1 that they are not, each
/// under the later of the times under which the two are counted.
pub(super) fn add_together(
    conn: &Connection,
    entry: i64,
    topic: &str,
    at: Timestamp,
    tally: &mut Tally,
    n: i64,
) -> Result<(), StoreError> {
    let mut others = conn.prepare_cached(
        "SELECT topic, max(coalesce(counted_ms, ?3), ?3) FROM mention WHERE entry_id = ?1 AND topic <> ?2",
    )?;
    let mut others = others.query(params![entry, topic, at.as_millis()])?;
    while let Some(row) = &others.next()? {
        tally.add_together(topic, row.text(0)?, Timestamp::from_millis(row.get(1)?), n);
    }
    Ok(())
}

/// Takes a mention that is being removed out of the counts. One from before it was noted how mentions are
/// counted is taken from where it must have been: its feed, and the language and field of its row.
pub(super) fn uncount(
    conn: &Connection,
    entry: i64,
    topic: &str,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let counted = conn
        .prepare_cached(
            "SELECT coalesce(m.counted_ms, coalesce(e.published_ms, e.updated_ms, e.first_seen_ms)),
               e.feed_id, coalesce(m.counted_language, e.language, ''),
               coalesce(m.counted_field, m.field), coalesce(m.counted_story, 1)
             FROM mention m JOIN entry e ON e.id = m.entry_id
             WHERE m.entry_id = ?1 AND m.topic = ?2",
        )?
        .query_row(params![entry, topic], |row| {
            Ok(Counted {
                topic: topic.to_owned(),
                at: Timestamp::from_millis(row.get(0)?),
                feed: row.get(1)?,
                language: row.get(2)?,
                field: row.get(3)?,
                is_first: row.get(4)?,
            })
        })?;
    counted.add(conn, tally, -1)?;
    add_together(conn, entry, topic, counted.at, tally, -1)
}
