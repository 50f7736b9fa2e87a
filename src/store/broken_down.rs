//! A topic's mentions over time by what they have in common: feed, language, field, or what feeds are put
//! together by.
//!
//! What is held is a count for each wanted value and span; the days themselves are passed over one by one.

use std::collections::HashMap;

use super::sql::{Connection, json, params};
use serde::Serialize;

use super::series::day;
use super::{Dimension, Store, StoreError};
use crate::model::Timestamp;

/// A feed that is counted under a value instead of its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedGroup {
    /// The feed's id.
    pub feed: String,
    /// The value, such as a country.
    pub value: String,
}

/// A value's mentions in each of the spans that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueCounts {
    /// The value.
    pub value: String,
    /// The counts, in the order of the spans.
    pub counts: Vec<u64>,
}

/// The counts of a topic (1) and dimension (2) from one day (3) to another (4), by value; with groups (5),
/// each feed's counts under each value that it has there, or under an empty one.
const COUNTED: &str = "SELECT d.day AS day, d.value AS value, d.mentions AS n FROM series_day d
    WHERE d.topic = ?1 AND d.dim = ?2 AND d.day BETWEEN ?3 AND ?4 AND CAST(?5 AS TEXT) IS NULL";
const GROUPED: &str = "SELECT d.day AS day, coalesce(g.value, '') AS value, d.mentions AS n
    FROM series_day d LEFT JOIN grouped g ON g.feed = d.value
    WHERE d.topic = ?1 AND d.dim = ?2 AND d.day BETWEEN ?3 AND ?4";

impl Store {
    /// The mentions of a topic by the values that are most frequent in all spans together, the most frequent
    /// first. Spans are those between two edges that follow each other, in ascending order, and count whole UTC
    /// days. With `groups`, feeds count under the values that they have there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn broken_down(
        &self,
        topic: String,
        by: Dimension,
        groups: Option<Vec<FeedGroup>>,
        edges: Vec<Timestamp>,
        most: usize,
    ) -> Result<Vec<ValueCounts>, StoreError> {
        self.read(move |conn| {
            let edges: Vec<i64> = edges.into_iter().map(day).collect();
            read(conn, &topic, by, groups.as_deref(), &edges, most)
        })
        .await
    }
}

fn read(
    conn: &Connection,
    topic: &str,
    by: Dimension,
    groups: Option<&[FeedGroup]>,
    edges: &[i64],
    most: usize,
) -> Result<Vec<ValueCounts>, StoreError> {
    let (Some(from), Some(to)) = (edges.first(), edges.last()) else {
        return Ok(Vec::new());
    };
    let counted = if groups.is_some() { GROUPED } else { COUNTED };
    let each = conn.each("coalesce(?5, '[]')");
    let value = conn.either("t.value", "CAST(t.value AS json)");
    let sql = format!(
        "WITH grouped (feed, value) AS MATERIALIZED
           (SELECT {value} ->> 'feed', {value} ->> 'value' FROM {each} t),
         counted AS ({counted}),
         most AS (SELECT value, sum(n) AS total FROM counted GROUP BY value HAVING sum(n) > 0
           ORDER BY total DESC, value LIMIT ?6)
         SELECT c.day, c.value, c.n FROM most m JOIN counted c ON c.value = m.value
         ORDER BY m.total DESC, m.value"
    );
    let groups = groups.map(|groups| json(&groups));
    let mut statement = conn.prepare_cached(&sql)?;
    let asked = params![topic, by.name(), from, to - 1, groups, most];
    let mut rows = statement.query(asked)?;
    let mut found: Vec<ValueCounts> = Vec::new();
    let mut places = HashMap::new();
    while let Some(row) = &rows.next()? {
        let value: String = row.get(1)?;
        let place = *places.entry(value).or_insert_with_key(|value| {
            found.push(ValueCounts {
                value: value.clone(),
                counts: vec![0; edges.len() - 1],
            });
            found.len() - 1
        });
        let day: i64 = row.get(0)?;
        let span = edges.partition_point(|edge| *edge <= day).checked_sub(1);
        let counts = found.get_mut(place).map(|found| &mut found.counts);
        if let Some(count) = span.zip(counts).and_then(|(n, counts)| counts.get_mut(n)) {
            *count += row.get::<_, i64>(2)?.unsigned_abs();
        }
    }
    Ok(found)
}
