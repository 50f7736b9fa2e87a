//! The counts held against what they count, and made anew from it.
//!
//! Only as far back as every entry is still kept: what was pruned stands in the counts alone. Mentions that
//! were recorded before it was noted how they are counted are not compared either.

use super::sql::{Connection, params};
use serde::Serialize;

use super::series::DAY_MS;
use super::{Store, StoreError};
use crate::model::Timestamp;
use crate::trends::QUARTER_MS;

/// What a comparison of counts and rows came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesCheck {
    /// From when on they were compared, by the time under which entries are counted.
    pub from: Timestamp,
    /// How many counts were compared.
    pub compared: u64,
    /// Those that differ, at most 100.
    pub wrong: Vec<WrongCount>,
}

/// A count that differs from what it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrongCount {
    /// Which table.
    pub table: &'static str,
    /// The topic; empty for all entries.
    pub topic: String,
    /// The other topic, the feed's row or name, the language or the field, where there is one.
    pub value: String,
    /// When the quarter-hour or day begins.
    pub at: Timestamp,
    /// What the table says.
    pub counted: i64,
    /// What there is.
    pub is: i64,
}

/// The counts as the rows have them, each as (topic, value, time in the table's unit, number).
const TABLES: [Table; 4] = [
    Table {
        name: "series",
        unit: QUARTER_MS,
        counted: "SELECT topic, '', quarter, mentions FROM series WHERE quarter >= ?2",
        is: "SELECT topic, '', counted_ms / ?1, count(*) FROM mention WHERE counted_ms >= ?1 * ?2
               GROUP BY 1, 3
             UNION ALL SELECT '', '', counted_ms / ?1, count(*) FROM entry WHERE counted_ms >= ?1 * ?2
               GROUP BY 3",
    },
    Table {
        name: "series (stories)",
        unit: QUARTER_MS,
        counted: "SELECT topic, '', quarter, stories FROM series WHERE quarter >= ?2 AND topic <> ''",
        is: "SELECT topic, '', counted_ms / ?1, sum(counted_story) FROM mention
             WHERE counted_ms >= ?1 * ?2 GROUP BY 1, 3",
    },
    Table {
        name: "series_day",
        unit: DAY_MS,
        counted: "SELECT topic, dim || ' ' || value, day, mentions FROM series_day WHERE day >= ?2",
        is: "SELECT m.topic, 'feed ' || f.name, m.counted_ms / ?1, count(*) FROM mention m
               JOIN entry e ON e.id = m.entry_id JOIN feed f ON f.id = e.feed_id
               WHERE m.counted_ms >= ?1 * ?2 GROUP BY 1, 2, 3
             UNION ALL SELECT topic, 'language ' || counted_language, counted_ms / ?1, count(*)
               FROM mention WHERE counted_ms >= ?1 * ?2 GROUP BY 1, 2, 3
             UNION ALL SELECT topic, 'field ' || counted_field, counted_ms / ?1, count(*)
               FROM mention WHERE counted_ms >= ?1 * ?2 GROUP BY 1, 2, 3",
    },
    Table {
        name: "together",
        unit: DAY_MS,
        counted: "SELECT topic, other, day, entries FROM together WHERE day >= ?2",
        is: "SELECT m.topic, o.topic, max(m.counted_ms, o.counted_ms) / ?1, count(*) FROM mention m
               JOIN mention o ON o.entry_id = m.entry_id AND o.topic <> m.topic
             WHERE max(m.counted_ms, o.counted_ms) >= ?1 * ?2 GROUP BY 1, 2, 3",
    },
];

struct Table {
    name: &'static str,
    unit: i64,
    counted: &'static str,
    is: &'static str,
}

impl Store {
    /// Compares the counts of all that is counted under a time from `from` on, by which every entry is
    /// still kept, with the rows. Reads all of those.
    ///
    /// # Errors
    /// What the database says.
    pub async fn check_series(&self, from: Timestamp) -> Result<SeriesCheck, StoreError> {
        self.read(move |conn| {
            let from = first_day(conn, from)?;
            let mut check = SeriesCheck {
                from: Timestamp::from_millis(from * DAY_MS),
                compared: 0,
                wrong: Vec::new(),
            };
            for table in &TABLES {
                compare(conn, table, from, &mut check)?;
            }
            Ok(check)
        })
        .await
    }

    /// Makes the counts anew for what [`Store::check_series`] compares.
    ///
    /// # Errors
    /// What the database says; then nothing was changed.
    pub async fn rebuild_series(&self, from: Timestamp) -> Result<(), StoreError> {
        self.write(move |conn| {
            let day = first_day(conn, from)?;
            let quarters = DAY_MS / QUARTER_MS;
            conn.execute("DELETE FROM series WHERE quarter >= ?1", [day * quarters])?;
            conn.execute("DELETE FROM series_day WHERE day >= ?1", [day])?;
            conn.execute("DELETE FROM together WHERE day >= ?1", [day])?;
            let from = params![QUARTER_MS, day * quarters];
            conn.execute(
                "INSERT INTO series SELECT topic, counted_ms / ?1, count(*), sum(counted_story)
                 FROM mention WHERE counted_ms >= ?1 * ?2 GROUP BY 1, 2",
                from,
            )?;
            // A story counts with the first of its entries.
            conn.execute(
                "INSERT INTO series SELECT '', counted_ms / ?1, count(*), count(*) FILTER (WHERE id =
                   (SELECT min(o.id) FROM entry o WHERE o.story_id = entry.story_id))
                 FROM entry WHERE counted_ms >= ?1 * ?2 GROUP BY 2",
                from,
            )?;
            // The name of the dimension stands before the value, with a space between.
            let first = conn.either("instr", "strpos");
            let sql = format!(
                "INSERT INTO series_day WITH w(topic, value, at, n) AS ({})
                 SELECT topic, substr(value, 1, {first}(value, ' ') - 1), at,
                   substr(value, {first}(value, ' ') + 1), n FROM w",
                TABLES[2].is
            );
            conn.execute(&sql, params![DAY_MS, day])?;
            let sql = format!(
                "INSERT INTO together WITH w(topic, other, at, n) AS ({}) SELECT topic, other, at, n FROM w",
                TABLES[3].is
            );
            conn.execute(&sql, params![DAY_MS, day])?;
            Ok(())
        })
        .await
    }
}

/// The first whole day that can be compared.
fn first_day(conn: &Connection, from: Timestamp) -> Result<i64, StoreError> {
    let unknown: Option<i64> = conn.query_row(
        "SELECT max(e.first_seen_ms) FROM mention m JOIN entry e ON e.id = m.entry_id
         WHERE m.counted_ms IS NULL",
        [],
        |row| row.get(0),
    )?;
    let entries: Option<i64> = conn.query_row(
        "SELECT max(first_seen_ms) FROM entry WHERE counted_ms IS NULL",
        [],
        |row| row.get(0),
    )?;
    let latest = [Some(from.as_millis()), unknown, entries];
    let latest = latest.into_iter().flatten().max().unwrap_or_default();
    Ok(latest.div_euclid(DAY_MS) + 1)
}

fn compare(
    conn: &Connection,
    table: &Table,
    day: i64,
    check: &mut SeriesCheck,
) -> Result<(), StoreError> {
    let (counted, is) = (table.counted, table.is);
    let sql = format!(
        "WITH counted(topic, value, at, n) AS ({counted}), truth(topic, value, at, n) AS ({is})
         SELECT topic, value, at, sum(counted), sum(truth) FROM (
           SELECT topic, value, at, n AS counted, 0 AS truth FROM counted
           UNION ALL SELECT topic, value, at, 0, n FROM truth) AS counts
         GROUP BY topic, value, at"
    );
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query(params![table.unit, day * (DAY_MS / table.unit)])?;
    while let Some(row) = &rows.next()? {
        check.compared += 1;
        let (counted, is): (i64, i64) = (row.get(3)?, row.get(4)?);
        if counted != is && check.wrong.len() < 100 {
            check.wrong.push(WrongCount {
                table: table.name,
                topic: row.get(0)?,
                value: row.get(1)?,
                at: Timestamp::from_millis(row.get::<_, i64>(2)?.saturating_mul(table.unit)),
                counted,
                is,
            });
        }
    }
    Ok(())
}
