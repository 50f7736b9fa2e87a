//! What people want to know of a feed besides its schedule: its pages, and whether it is pushed.

use std::collections::HashMap;

use super::{Store, StoreError};

/// The pages of a feed's entries, and its subscription.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extras {
    /// Pages that wait to be read.
    pub pages_waiting: u64,
    /// Pages that were read.
    pub pages_read: u64,
    /// Pages that were given up; their entries keep the feed's own text.
    pub pages_failed: u64,
    /// Why the last one that failed did, in words.
    pub page_error: Option<String>,
    /// The state of the newest WebSub subscription, such as `active`.
    pub push: Option<String>,
}

impl Store {
    /// The feeds that have any of it, by the feed's id in the configuration.
    ///
    /// # Errors
    /// What the database says.
    pub async fn extras(&self) -> Result<HashMap<String, Extras>, StoreError> {
        self.read(|conn| {
            let mut extras: HashMap<String, Extras> = HashMap::new();
            // With max() the other columns are those of its row (SQLite, bare columns). A cross join keeps
            // SQLite from beginning with the feeds and all of their entries.
            let mut pages = conn.prepare_cached(conn.either(
                "SELECT f.name, p.state, count(*), p.error, max(p.next_attempt_ms)
                 FROM page p CROSS JOIN entry e ON e.id = p.entry_id CROSS JOIN feed f ON f.id = e.feed_id
                 GROUP BY f.id, p.state",
                "SELECT f.name, p.state, count(*), (array_agg(p.error ORDER BY p.next_attempt_ms DESC))[1]
                 FROM page p JOIN entry e ON e.id = p.entry_id JOIN feed f ON f.id = e.feed_id
                 GROUP BY f.id, p.state",
            ))?;
            let mut rows = pages.query([])?;
            while let Some(row) = &rows.next()? {
                let known = extras.entry(row.get(0)?).or_default();
                let (state, count): (String, u64) = (row.get(1)?, row.get(2)?);
                match state.as_str() {
                    "waiting" => known.pages_waiting = count,
                    "read" => known.pages_read = count,
                    _ => {
                        known.pages_failed = count;
                        known.page_error = row.get(3)?;
                    }
                }
            }
            let mut push = conn.prepare_cached(conn.either(
                "SELECT f.name, s.state, max(s.generation)
                 FROM subscription s JOIN feed f ON f.id = s.feed_id GROUP BY f.id",
                "SELECT f.name, (array_agg(s.state ORDER BY s.generation DESC))[1]
                 FROM subscription s JOIN feed f ON f.id = s.feed_id GROUP BY f.id",
            ))?;
            let mut rows = push.query([])?;
            while let Some(row) = &rows.next()? {
                extras.entry(row.get(0)?).or_default().push = row.get(1)?;
            }
            Ok(extras)
        })
        .await
    }
}
