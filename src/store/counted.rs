//! A topic's mentions over a span of time, by the time under which they are counted: when their entries were
//! published, else first seen.

use super::sql::Row;

use super::history::{filtered, mention_row};
use super::query::Query;
use super::{MentionFilter, MentionPlace, MentionRow, Store, StoreError};
use crate::model::Timestamp;

/// The time under which a mention is counted, as an index has it.
const COUNTED: &str = "coalesce(m.counted_ms, m.created_ms)";
/// The newest by that time first.
const NEWEST_FIRST: &str = "coalesce(m.counted_ms, m.created_ms) DESC, m.id DESC";

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
    /// time first, behind a [place](CountedMention::place) in this order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn counted_mentions(
        &self,
        topic: String,
        span: (Timestamp, Timestamp),
        behind: Option<MentionPlace>,
        limit: usize,
    ) -> Result<Vec<CountedMention>, StoreError> {
        self.read(move |conn| counted(topic, span, behind).run(conn, NEWEST_FIRST, limit, read))
            .await
    }
}

/// The query of [`Store::counted_mentions`]. A cross join keeps SQLite from beginning with the entries.
fn counted(
    topic: String,
    (from, until): (Timestamp, Timestamp),
    behind: Option<MentionPlace>,
) -> Query {
    let filter = MentionFilter {
        topic: Some(topic),
        ..MentionFilter::default()
    };
    let place = behind.map(|place| (place.found.as_millis(), place.id));
    let end = place.map_or(i64::MAX, |(at, _)| at.saturating_add(1));
    let end = until.as_millis().min(end);
    filtered(filter, "CROSS JOIN")
        .and_both(
            &format!("{COUNTED} >= @ AND {COUNTED} < @"),
            Some((from.as_millis(), end)),
        )
        .and_both(&format!("({COUNTED}, m.id) < (@, @)"), place)
}

/// How SQLite runs the query of [`Store::counted_mentions`].
#[cfg(test)]
pub(super) fn plan(conn: &super::sql::Connection) -> Result<String, StoreError> {
    let (at, id) = (Timestamp::from_millis(7), 7);
    let behind = Some(MentionPlace { found: at, id });
    let steps = counted("sco".to_owned(), (at, at), behind).explained(conn, NEWEST_FIRST, 9)?;
    Ok(steps.join("\n"))
}

fn read(row: &Row<'_>) -> super::sql::Result<CountedMention> {
    Ok(CountedMention {
        mention: mention_row(row)?,
        counted: Timestamp::from_millis(row.get(24)?),
    })
}
