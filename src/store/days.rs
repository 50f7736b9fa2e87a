//! Counts by UTC day, page by page, for those who take them elsewhere.

use super::sql::{Row, params};

use super::series::{DAY_MS, Dimension};
use super::{Store, StoreError};
use crate::model::Timestamp;
use crate::trends::QUARTER_MS;

/// Quarter-hours of a day.
const QUARTERS: i64 = DAY_MS / QUARTER_MS;

/// What was counted on a UTC day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCount {
    /// When the day began.
    pub day: Timestamp,
    /// Of what: a feed's id, a language, a field; empty where nothing is told apart, or where the language
    /// is not known.
    pub value: String,
    /// Entries that mention the topic; of all topics together, entries read.
    pub mentions: u64,
    /// Stories that these tell; zero where a breakdown does not know.
    pub stories: u64,
}

/// Behind which of a topic's counts a page begins.
#[derive(Debug, Clone, Default)]
pub struct DayPlace {
    /// The day.
    pub day: Timestamp,
    /// The value.
    pub value: String,
}

impl Store {
    /// The topics that were ever counted, in order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn counted_topics(&self) -> Result<Vec<String>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT DISTINCT topic FROM series WHERE topic <> '' ORDER BY topic";
            let mut statement = conn.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A topic's counts of the days from the one of `from` until that of `to`, in order of days, and of
    /// values where a dimension tells them apart; days without any are left out. Behind `after`, if that is
    /// given, and at most `limit`. The topic `""` has all entries read, in no dimension.
    ///
    /// # Errors
    /// What the database says.
    pub async fn day_counts(
        &self,
        topic: String,
        by: Option<Dimension>,
        (from, to): (Timestamp, Timestamp),
        after: Option<DayPlace>,
        limit: usize,
    ) -> Result<Vec<DayCount>, StoreError> {
        self.read(move |conn| {
            let day = |at: Timestamp| at.as_millis().div_euclid(DAY_MS);
            let (from, to) = (day(from), day(to));
            let (after, value) = match after {
                Some(place) => (day(place.day), place.value),
                None => (from.saturating_sub(1), String::new()),
            };
            let read = |row: &Row<'_>| {
                Ok(DayCount {
                    day: Timestamp::from_millis(row.get::<_, i64>(0)?.saturating_mul(DAY_MS)),
                    value: row.get(1)?,
                    mentions: row.get::<_, i64>(2)?.unsigned_abs(),
                    stories: row.get::<_, i64>(3)?.unsigned_abs(),
                })
            };
            let Some(by) = by else {
                let first = from.max(after.saturating_add(1)).saturating_mul(QUARTERS);
                let last = to.saturating_add(1).saturating_mul(QUARTERS) - 1;
                // Days are rounded down, also those before 1970.
                let mut statement = conn.prepare_cached(
                    "SELECT (quarter - (quarter % ?4 + ?4) % ?4) / ?4 AS day, '', sum(mentions) AS n,
                       sum(stories)
                     FROM series WHERE topic = ?1 AND quarter BETWEEN ?2 AND ?3
                     GROUP BY day HAVING sum(mentions) > 0 ORDER BY day LIMIT ?5",
                )?;
                let rows = statement.query_map(params![topic, first, last, QUARTERS, limit], read)?;
                return Ok(rows.collect::<Result<_, _>>()?);
            };
            let mut statement = conn.prepare_cached(
                "SELECT day, value, mentions, 0 FROM series_day
                 WHERE topic = ?1 AND dim = ?2 AND day BETWEEN ?3 AND ?4 AND (day, value) > (?5, ?6)
                   AND mentions > 0
                 ORDER BY day, value LIMIT ?7",
            )?;
            let values = params![topic, by.name(), from.max(after), to, after, value, limit];
            let rows = statement.query_map(values, read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}
