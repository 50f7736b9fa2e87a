//! What a job adds to the counts, gathered and written once, at its end.
//!
//! All jobs that bring news change the same few rows: the quarter-hour's count of entries, a topic's count of
//! the day. On a server such a row is held from its change to the commit, by one at a time, so it is changed
//! last; and in an order, so that nobody waits for each other. On a file it saves statements. A job that
//! counts must end with [`Tally::write`]: what it never wrote was never counted.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::StoreError;
use super::series::{Dimension, day};
use super::sql::{Connection, json, params};
use crate::model::Timestamp;
use crate::trends::quarter_of;

/// The counts that change, and by how much.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By topic and quarter-hour: mentions and stories.
    quarters: BTreeMap<(String, i64), (i64, i64)>,
    /// By topic, dimension, day and value.
    days: BTreeMap<(String, &'static str, i64, String), i64>,
    /// By topic, day and other topic.
    together: BTreeMap<(String, i64, String), i64>,
    /// Names of feeds by their rows.
    feeds: BTreeMap<i64, String>,
}

impl Tally {
    /// Adds `n` to a topic's count of mentions, and to that of stories if it is the first of its story.
    pub(super) fn add(&mut self, topic: &str, at: Timestamp, is_first: bool, n: i64) {
        let key = (topic.to_owned(), quarter_of(at));
        let (mentions, stories) = self.quarters.entry(key).or_default();
        *mentions += n;
        *stories += if is_first { n } else { 0 };
    }

    /// Adds `n` to the count of a topic's mentions with this value.
    pub(super) fn add_by(
        &mut self,
        topic: &str,
        by: Dimension,
        at: Timestamp,
        value: &str,
        n: i64,
    ) {
        let key = (topic.to_owned(), by.name(), day(at), value.to_owned());
        *self.days.entry(key).or_default() += n;
    }

    /// The same of the feed, which is counted under its name.
    pub(super) fn add_feed(
        &mut self,
        conn: &Connection,
        topic: &str,
        at: Timestamp,
        feed: i64,
        n: i64,
    ) -> Result<(), StoreError> {
        let name = match self.feeds.entry(feed) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(unknown) => {
                let sql = "SELECT name FROM feed WHERE id = ?1";
                let mut name = conn.prepare_cached(sql)?;
                unknown
                    .insert(name.query_row([feed], |row| row.get(0))?)
                    .clone()
            }
        };
        self.add_by(topic, Dimension::Feed, at, &name, n);
        Ok(())
    }

    /// Adds `n` to the count of entries that mention both topics, for each of them.
    pub(super) fn add_together(&mut self, topic: &str, other: &str, at: Timestamp, n: i64) {
        for (topic, other) in [(topic, other), (other, topic)] {
            let key = (topic.to_owned(), day(at), other.to_owned());
            *self.together.entry(key).or_default() += n;
        }
    }

    /// Writes it all; counts never fall below nothing.
    pub(super) fn write(self, conn: &Connection) -> Result<(), StoreError> {
        let together = self.together.into_iter();
        let together = together.map(|((topic, day, other), n)| (topic, day, other, n));
        let together: Vec<_> = together.filter(|(.., n)| *n != 0).collect();
        if are_more(conn, together.iter().map(|(.., n)| *n)) {
            at_once(conn, TOGETHER, json(&together))?;
        } else {
            let mut add = conn.prepare_cached(
                "INSERT INTO together (topic, day, other, entries) VALUES (?1, ?2, ?3, max(?4, 0))
                 ON CONFLICT (topic, day, other) DO UPDATE SET entries = max(together.entries + ?4, 0)",
            )?;
            for (topic, day, other, n) in together {
                add.execute(params![topic, day, other, n])?;
            }
        }
        let days = self.days.into_iter();
        let days = days.map(|((topic, by, day, value), n)| (topic, by, day, value, n));
        let days: Vec<_> = days.filter(|(.., n)| *n != 0).collect();
        if are_more(conn, days.iter().map(|(.., n)| *n)) {
            at_once(conn, DAYS, json(&days))?;
        } else {
            let mut add = conn.prepare_cached(
                "INSERT INTO series_day (topic, dim, day, value, mentions)
                 VALUES (?1, ?2, ?3, ?4, max(?5, 0))
                 ON CONFLICT (topic, dim, day, value) DO UPDATE SET
                   mentions = max(series_day.mentions + ?5, 0)",
            )?;
            for (topic, by, day, value, n) in days {
                add.execute(params![topic, by, day, value, n])?;
            }
        }
        // The count of all entries, which the most wait for, stands first by its name and is changed last.
        let quarters = self.quarters.into_iter().rev();
        let quarters =
            quarters.map(|((topic, quarter), (n, stories))| (topic, quarter, n, stories));
        let quarters: Vec<_> = quarters
            .filter(|(_, _, n, stories)| (*n, *stories) != (0, 0))
            .collect();
        if are_more(
            conn,
            quarters
                .iter()
                .flat_map(|(_, _, n, stories)| [*n, *stories]),
        ) {
            at_once(conn, QUARTERS, json(&quarters))?;
        } else {
            let mut add = conn.prepare_cached(
                "INSERT INTO series (topic, quarter, mentions, stories)
                 VALUES (?1, ?2, max(?3, 0), max(?4, 0))
                 ON CONFLICT (topic, quarter) DO UPDATE SET mentions = max(series.mentions + ?3, 0),
                   stories = max(series.stories + ?4, 0)",
            )?;
            for (topic, quarter, n, stories) in quarters {
                add.execute(params![topic, quarter, n, stories])?;
            }
        }
        Ok(())
    }
}

/// Whether these can go to a server in one statement: nothing is taken away.
fn are_more(conn: &Connection, numbers: impl Iterator<Item = i64>) -> bool {
    conn.is_postgres() && numbers.min().is_some_and(|least| least >= 0)
}

const TOGETHER: &str = "INSERT INTO together (topic, day, other, entries)
    SELECT v ->> 0, CAST(v ->> 1 AS BIGINT), v ->> 2, CAST(v ->> 3 AS BIGINT) FROM given ORDER BY n
    ON CONFLICT (topic, day, other) DO UPDATE SET entries = together.entries + excluded.entries";
const DAYS: &str = "INSERT INTO series_day (topic, dim, day, value, mentions)
    SELECT v ->> 0, v ->> 1, CAST(v ->> 2 AS BIGINT), v ->> 3, CAST(v ->> 4 AS BIGINT)
    FROM given ORDER BY n
    ON CONFLICT (topic, dim, day, value) DO UPDATE SET
      mentions = series_day.mentions + excluded.mentions";
const QUARTERS: &str = "INSERT INTO series (topic, quarter, mentions, stories)
    SELECT v ->> 0, CAST(v ->> 1 AS BIGINT), CAST(v ->> 2 AS BIGINT), CAST(v ->> 3 AS BIGINT)
    FROM given ORDER BY n
    ON CONFLICT (topic, quarter) DO UPDATE SET mentions = series.mentions + excluded.mentions,
      stories = series.stories + excluded.stories";

/// Runs one of these with its rows, each a list `v`, in their order.
fn at_once(conn: &Connection, sql: &str, rows: String) -> Result<(), StoreError> {
    let each = conn.each("?1");
    let rows_of =
        format!("WITH given AS (SELECT CAST(e.value AS json) AS v, e.key AS n FROM {each} e) ");
    conn.prepare_cached(&(rows_of + sql))?.execute([rows])?;
    Ok(())
}
