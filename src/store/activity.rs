//! What is going on with topics: how much was found, and when last.

use std::time::Duration;

use super::sql::{json, params};

use super::feeds::time;
use super::{Store, StoreError};
use crate::model::Timestamp;
use crate::trends::{Count, quarter_of};

/// What a topic's last weeks were like.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPulse {
    /// When its last mention was found that is still kept.
    pub last: Option<Timestamp>,
    /// Mentions that are counted under the last 24 hours and the quarter-hour that runs.
    pub day: u64,
    /// Mentions of a UTC day in the four weeks before today, on average; of a topic that is younger, since its
    /// first. `None` in its first three days.
    pub usual: Option<f64>,
    /// Mentions that are counted under these four weeks and today.
    pub weeks: u64,
    /// Counts of these days, each under its first quarter-hour; stories are not counted.
    pub days: Vec<Count>,
}

/// Days before today by which is said what is usual, and how many of them must be known.
const USUAL_DAYS: i64 = 28;
const FEWEST_DAYS: i64 = 3;
/// Quarter-hours of a day.
const DAY: i64 = 96;

/// How a topic is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TopicActivity {
    /// When its last mention was found that is still kept.
    pub last: Option<Timestamp>,
    /// Mentions that are counted under the last 24 hours and the quarter-hour that runs.
    pub day: u64,
    /// Mentions since the beginning, also those whose texts were removed.
    pub total: u64,
}

/// When a topic's last mention was found. In this form SQLite takes the index that has this order, and not the
/// one that has that of counting.
pub(super) const LAST: &str = "SELECT (SELECT created_ms FROM mention WHERE topic = ?1
    ORDER BY created_ms DESC LIMIT 1)";

impl Store {
    /// What the last weeks of these topics were like, in their order. It reads the rows of these weeks only,
    /// once for all topics.
    ///
    /// # Errors
    /// What the database says.
    pub async fn topic_pulses(
        &self,
        topics: Vec<String>,
        now: Timestamp,
    ) -> Result<Vec<TopicPulse>, StoreError> {
        let day = quarter_of(now) - DAY;
        let today = quarter_of(now).div_euclid(DAY) * DAY;
        self.read(move |conn| {
            let mut last = conn.prepare_cached(LAST)?;
            let mut first =
                conn.prepare_cached("SELECT min(quarter) FROM series WHERE topic = ?1")?;
            let mut pulses = Vec::with_capacity(topics.len());
            let mut firsts = Vec::with_capacity(topics.len());
            for topic in &topics {
                pulses.push(TopicPulse {
                    last: last.query_row([topic], |row| time(row, 0))?,
                    ..TopicPulse::default()
                });
                firsts.push(first.query_row([topic], |row| row.get::<_, Option<i64>>(0))?);
            }
            let ids = json(&topics);
            // A sum for each topic and day: grouping would sort all rows of these weeks.
            let each = conn.each("?1");
            let mut days = conn.prepare_cached(&format!(
                "WITH RECURSIVE day (first) AS
                   (SELECT CAST(?2 AS BIGINT) UNION ALL SELECT first + ?4 FROM day WHERE first < ?3)
                 SELECT t.key, d.first, (SELECT sum(mentions) FROM series
                   WHERE topic = t.value AND quarter >= d.first AND quarter < d.first + ?4)
                 FROM {each} t CROSS JOIN day d ORDER BY t.id, d.first"
            ))?;
            let mut rows = days.query(params![ids, today - USUAL_DAYS * DAY, today, DAY])?;
            while let Some(row) = &rows.next()? {
                let count = Count {
                    quarter: row.get(1)?,
                    mentions: row.get::<_, Option<u32>>(2)?.unwrap_or(0),
                    stories: 0,
                };
                if let Some(pulse) = pulses.get_mut(row.get::<_, usize>(0)?) {
                    pulse.weeks += u64::from(count.mentions);
                    pulse.days.push(count);
                }
            }
            let mut last_day = conn.prepare_cached(&format!(
                "SELECT t.key, (SELECT coalesce(sum(mentions), 0) FROM series
                   WHERE topic = t.value AND quarter >= ?2)
                 FROM {each} t"
            ))?;
            let mut rows = last_day.query(params![ids, day])?;
            while let Some(row) = &rows.next()? {
                if let Some(pulse) = pulses.get_mut(row.get::<_, usize>(0)?) {
                    pulse.day = row.get::<_, i64>(1)?.unsigned_abs();
                }
            }
            for (pulse, first) in pulses.iter_mut().zip(firsts) {
                let first = first.map_or(today, |first| first.div_euclid(DAY) * DAY);
                let known = ((today - first) / DAY).min(USUAL_DAYS);
                let before = pulse.days.iter().filter(|count| count.quarter < today);
                let sum: u64 = before.map(|count| u64::from(count.mentions)).sum();
                pulse.usual = (known >= FEWEST_DAYS).then(|| sum as f64 / known as f64);
            }
            Ok(pulses)
        })
        .await
    }

    /// How these topics are doing, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn topic_activity(
        &self,
        topics: Vec<String>,
        now: Timestamp,
    ) -> Result<Vec<TopicActivity>, StoreError> {
        let first = quarter_of(now - Duration::from_hours(24));
        self.read(move |conn| {
            let mut last = conn.prepare_cached(LAST)?;
            let mut counts = conn.prepare_cached(
                "SELECT coalesce(sum(CASE WHEN quarter >= ?2 THEN mentions ELSE 0 END), 0), coalesce(sum(mentions), 0)
                 FROM series WHERE topic = ?1",
            )?;
            let read = |topic: &String| {
                let last = last.query_row([topic], |row| time(row, 0))?;
                let count = |row: &super::sql::Row<'_>, n| row.get::<_, i64>(n);
                let (day, total) = counts.query_row(params![topic, first], |row| {
                    Ok((count(row, 0)?.unsigned_abs(), count(row, 1)?.unsigned_abs()))
                })?;
                Ok(TopicActivity { last, day, total })
            };
            topics.iter().map(read).collect()
        })
        .await
    }
}
