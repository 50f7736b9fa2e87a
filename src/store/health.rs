//! Whether the database holds together: what SQLite can say of it, and what only we know must hold.
//!
//! Everything here reads, beside whoever writes.

use super::sql::Connection;

use super::{Store, StoreError};
use crate::model::Timestamp;

/// Rows that lack what they belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphans {
    /// Which rows, and what they lack, in words.
    pub what: String,
    /// How many.
    pub rows: u64,
}

/// What no foreign key says.
const MUST_HOLD: [(&str, &str); 5] = [
    (
        "feeds without a schedule",
        "SELECT count(*) FROM feed f WHERE NOT EXISTS (SELECT 1 FROM schedule WHERE feed_id = f.id)",
    ),
    (
        "bands without their fingerprint",
        "SELECT count(*) FROM fingerprint_band b
         WHERE NOT EXISTS (SELECT 1 FROM fingerprint WHERE entry_id = b.entry_id)",
    ),
    (
        "mentions of a text that their entry never had",
        "SELECT count(*) FROM mention m JOIN entry e ON e.id = m.entry_id
         WHERE m.revision > e.revisions",
    ),
    (
        "gathered deliveries without their digest",
        "SELECT count(*) FROM delivery WHERE state = 'gathered' AND digest_id IS NULL",
    ),
    (
        "alerts of a story without one",
        "SELECT count(*) FROM alert WHERE kind = 'mention.created' AND story_id IS NULL",
    ),
];

/// What no foreign key of a server's says, and one of the file's does: to drop a day of fingerprints, or to make one,
/// would hold up all who use entries.
const MUST_HOLD_ON_A_SERVER: [(&str, &str); 1] = [(
    "fingerprints without their entry",
    "SELECT count(*) FROM fingerprint f WHERE NOT EXISTS (SELECT 1 FROM entry WHERE id = f.entry_id)",
)];

impl Store {
    /// What SQLite finds wrong with the file, the index of the search included; `deep` also compares every
    /// index with its table. At most 20 findings.
    ///
    /// # Errors
    /// What the database says; a damaged one may be too broken to be checked.
    pub async fn check_file(&self, deep: bool) -> Result<Vec<String>, StoreError> {
        self.read(move |conn| {
            // A server's files are its owner's matter.
            if conn.is_postgres() {
                return Ok(Vec::new());
            }
            let sql = if deep {
                "PRAGMA integrity_check(20)"
            } else {
                "PRAGMA quick_check(20)"
            };
            let mut statement = conn.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            let mut found = rows.collect::<Result<Vec<_>, _>>()?;
            found.retain(|line| line != "ok");
            Ok(found)
        })
        .await
    }

    /// Rows that point at what is not there, and others that can't be.
    ///
    /// # Errors
    /// What the database says.
    pub async fn orphans(&self) -> Result<Vec<Orphans>, StoreError> {
        self.read(|conn| {
            // A server checks that with every row.
            let mut statement = conn.prepare(conn.either(
                "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2",
                "SELECT '', '', 0 WHERE false",
            ))?;
            let rows = statement.query_map([], |row| {
                let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
                Ok(Orphans {
                    what: format!("rows of `{table}` without their `{parent}`"),
                    rows: row.get::<_, i64>(2)?.unsigned_abs(),
                })
            })?;
            let mut found = rows.collect::<Result<Vec<_>, _>>()?;
            let of_server = MUST_HOLD_ON_A_SERVER
                .into_iter()
                .filter(|_| conn.is_postgres());
            for (what, sql) in MUST_HOLD.into_iter().chain(of_server) {
                let rows = conn.query_row(sql, [], |row| row.get::<_, i64>(0))?;
                if rows > 0 {
                    let (what, rows) = (what.to_owned(), rows.unsigned_abs());
                    found.push(Orphans { what, rows });
                }
            }
            Ok(found)
        })
        .await
    }

    /// The latest time at which anything was recorded.
    ///
    /// # Errors
    /// What the database says.
    pub async fn newest(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT max(at) FROM (
                SELECT max(first_seen_ms) AS at FROM entry UNION ALL SELECT max(created_ms) FROM mention
                UNION ALL SELECT max(created_ms) FROM alert UNION ALL SELECT max(last_poll_ms) FROM schedule
                UNION ALL SELECT max(settled_ms) FROM delivery) AS times";
            Ok(conn.query_row(sql, [], |row| super::feeds::time(row, 0))?)
        })
        .await
    }

    /// From when on every entry that was counted is still kept, if entries are kept since `since` now. They
    /// may have been kept for a shorter time before: what was removed has left the knowledge that it was seen.
    ///
    /// # Errors
    /// What the database says.
    pub async fn kept_since(&self, since: Timestamp) -> Result<Timestamp, StoreError> {
        self.read(move |conn| Ok(since.max(last_removed(conn)?)))
            .await
    }
}

/// When the latest of the removed entries was last served, after it was counted.
fn last_removed(conn: &Connection) -> Result<Timestamp, StoreError> {
    let at: Option<i64> = conn.query_row(
        "SELECT max(served_ms) FROM seen s
         WHERE NOT EXISTS (SELECT 1 FROM entry WHERE feed_id = s.feed_id AND key = s.key)",
        [],
        |row| row.get(0),
    )?;
    Ok(Timestamp::from_millis(at.unwrap_or(i64::MIN)))
}
