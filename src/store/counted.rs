//! A topic's mentions over a span of time, by the time under which they are counted: when their entries were
//! published, else first seen.
//!
//! The index knows when mentions were found, which is that time or later. So the span is looked through from
//! its end back, in stretches that grow until enough is found, and no farther ahead than mentions are
//! expected to be found late.

use rusqlite::Row;

use super::history::{FOUND_WITHIN, filtered, mention_row};
use super::series::DAY_MS;
use super::{MentionFilter, MentionPlace, MentionRow, Store, StoreError};
use crate::model::Timestamp;

/// A mention and the time under which it is counted.
#[derive(Debug, Clone, PartialEq)]
pub struct CountedMention {
    /// The mention.
    pub mention: MentionRow,
    /// The time.
    pub counted: Timestamp,
}

impl CountedMention {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> MentionPlace {
        MentionPlace {
            found: self.counted,
            id: self.mention.id,
        }
    }
}

impl Store {
    /// A topic's mentions that are counted at or after the first and before the second time, the newest by that
    /// time first, behind a [place](CountedMention::place) in this order. Of those that were found more than 30
    /// days later none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn counted_mentions(
        &self,
        topic: String,
        (from, until): (Timestamp, Timestamp),
        behind: Option<MentionPlace>,
        limit: usize,
    ) -> Result<Vec<CountedMention>, StoreError> {
        let late = i64::try_from(FOUND_WITHIN.as_millis()).unwrap_or(i64::MAX);
        let place = behind.map(|place| (place.found.as_millis(), place.id));
        let end = place.map_or(i64::MAX, |(at, _)| at.saturating_add(1));
        let end = until.as_millis().min(end);
        self.read(move |conn| {
            let mut stretch = DAY_MS;
            loop {
                let start = from.as_millis().max(end.saturating_sub(stretch));
                let filter = MentionFilter {
                    topic: Some(topic.clone()),
                    ..MentionFilter::default()
                };
                let counted = "coalesce(m.counted_ms, m.created_ms)";
                let rows = filtered(filter, "JOIN")
                    .and_both(
                        "m.created_ms >= @ AND m.created_ms < @",
                        Some((start, end.saturating_add(late))),
                    )
                    .and_both(
                        &format!("{counted} >= @ AND {counted} < @"),
                        Some((start, end)),
                    )
                    .and_both(&format!("({counted}, m.id) < (@, @)"), place)
                    .run(conn, &format!("{counted} DESC, m.id DESC"), limit, read)?;
                if rows.len() >= limit || start <= from.as_millis() {
                    return Ok(rows);
                }
                stretch = stretch.saturating_mul(4);
            }
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<CountedMention> {
    Ok(CountedMention {
        mention: mention_row(row)?,
        counted: Timestamp::from_millis(row.get(24)?),
    })
}
