//! Writing the index of the history, which [`super::search`] reads.
//!
//! An entry is indexed in the transaction that records its text. FTS5 makes a new segment of the index
//! at each savepoint, and each job of the writer has one; so jobs leave tokens in a temporary table, in
//! memory, which their savepoints roll back like any other, and the writer moves them into the index once,
//! before the commit. Entries recorded before there was an index are indexed later, in steps.

use super::sql::{Connection, OptionalExtension, Value, params};

use super::past::TextVersion;
use super::{Store, StoreError};
use crate::search::EntryTokens;

/// A step ends early once its texts are this long, in bytes.
const STEP_BYTES: usize = 2 << 20;

/// Makes the table in which jobs leave tokens; it lives as long as the connection.
pub(super) fn prepare(conn: &rusqlite::Connection) -> Result<(), StoreError> {
    conn.execute_batch(
        "PRAGMA temp_store = memory;
         CREATE TEMP TABLE IF NOT EXISTS to_index (
           entry_id INTEGER PRIMARY KEY,
           title    TEXT NOT NULL,
           summary  TEXT NOT NULL,
           content  TEXT NOT NULL
         )",
    )?;
    Ok(())
}

/// Has an entry's tokens take the place of those that the index holds, in this transaction.
pub(super) fn put(conn: &Connection, entry: i64, tokens: &EntryTokens) -> Result<(), StoreError> {
    if conn.is_postgres() {
        let vector = tokens.tsvector();
        conn.prepare_cached(VECTOR)?
            .execute(params![entry, vector])?;
        return Ok(());
    }
    conn.prepare_cached("INSERT OR REPLACE INTO temp.to_index VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![entry, tokens.title, tokens.summary, tokens.content])?;
    Ok(())
}

/// Indexes entries that the index does not hold, in this transaction, which the writer does not end.
pub(super) fn put_new(conn: &Connection, entries: &[(i64, EntryTokens)]) -> Result<(), StoreError> {
    if conn.is_postgres() {
        let rows: Vec<[Value; 2]> = entries
            .iter()
            .map(|(id, tokens)| [Value::Integer(*id), Value::Text(tokens.tsvector())])
            .collect();
        let rows = rows.iter().map(<[Value; 2]>::as_slice);
        conn.insert_all("search", &["entry_id", "tokens"], rows)?;
        return Ok(());
    }
    for (id, tokens) in entries {
        put(conn, *id, tokens)?;
    }
    flush(conn)
}

/// How many entries the index holds.
pub(super) fn count(conn: &Connection) -> Result<u64, StoreError> {
    let sql = conn.either(
        "SELECT count(*) FROM search_docsize",
        "SELECT count(*) FROM search",
    );
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}

/// A server's index is an ordinary one.
const VECTOR: &str = "INSERT INTO search (entry_id, tokens)
    VALUES (?1, CAST(CAST(?2 AS TEXT) AS tsvector))
    ON CONFLICT (entry_id) DO UPDATE SET tokens = excluded.tokens";

/// Moves into the index what jobs have left. Also of entries removed since nothing is left behind.
pub(super) fn flush(conn: &Connection) -> Result<(), StoreError> {
    let mut any = conn.prepare_cached("SELECT 1 FROM temp.to_index LIMIT 1")?;
    if any.exists([])? {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO search (rowid, title, summary, content)
             SELECT entry_id, title, summary, content FROM temp.to_index t
             WHERE EXISTS (SELECT 1 FROM entry WHERE id = t.entry_id) ORDER BY entry_id",
        )?
        .execute([])?;
        conn.prepare_cached("DELETE FROM temp.to_index")?
            .execute([])?;
    }
    Ok(())
}

/// Takes an entry out of the index.
pub(super) fn remove(conn: &Connection, entry: i64) -> Result<(), StoreError> {
    conn.prepare_cached(conn.either(
        "DELETE FROM search WHERE rowid = ?1",
        "DELETE FROM search WHERE entry_id = ?1",
    ))?
    .execute([entry])?;
    Ok(())
}

/// An entry that was recorded before there was an index.
struct Missing {
    id: i64,
    version: TextVersion,
    tokens: EntryTokens,
}

impl Store {
    /// Indexes up to `limit` of the entries that were recorded before there was an index, the latest
    /// first, and says how many; 0 when none is left. To be called again and again, also after a
    /// restart: it goes on where it was.
    ///
    /// # Errors
    /// What the database says; then the step is made anew the next time.
    pub async fn index_missing(&self, limit: usize) -> Result<usize, StoreError> {
        let Some((last, step)) = self.read(move |conn| missing(conn, limit)).await? else {
            return Ok(0);
        };
        let count = step.len();
        self.write(move |conn| {
            let mut same = conn.prepare_cached(
                "SELECT 1 FROM entry WHERE id = ?1 AND revisions = ?2 AND (text_from = 'page') = ?3",
            )?;
            for entry in &step {
                // One that was revised since is indexed with its new text.
                let TextVersion { revisions, is_page } = entry.version;
                if same.exists(params![entry.id, revisions, is_page])? {
                    put(conn, entry.id, &entry.tokens)?;
                }
            }
            match step.last() {
                Some(lowest) => conn
                    .prepare_cached("UPDATE search_backlog SET last_id = ?2 WHERE last_id = ?1")?
                    .execute([last, lowest.id - 1])?,
                None => conn.execute("DELETE FROM search_backlog WHERE last_id = ?1", [last])?,
            };
            Ok(())
        })
        .await?;
        Ok(count)
    }
}

/// The last entry that is not indexed, if there may be one.
pub(super) fn backlog(conn: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT last_id FROM search_backlog")?
        .query_row([], |row| row.get(0))
        .optional()?)
}

/// The next entries to be indexed, from the last one on.
fn missing(conn: &Connection, limit: usize) -> Result<Option<(i64, Vec<Missing>)>, StoreError> {
    let Some(last) = backlog(conn)? else {
        return Ok(None);
    };
    let mut statement = conn.prepare_cached(
        "SELECT id, revisions, text_from = 'page', title, summary, content FROM entry
         WHERE id <= ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![last, limit.max(1)])?;
    let (mut step, mut bytes) = (Vec::new(), 0);
    while let Some(row) = &rows.next()? {
        let text = |n: usize| row.text(n);
        let (title, summary, content) = (text(3)?, text(4)?, text(5)?);
        bytes += title.len() + summary.len() + content.len();
        step.push(Missing {
            id: row.get(0)?,
            version: TextVersion {
                revisions: row.get(1)?,
                is_page: row.get(2)?,
            },
            tokens: EntryTokens::of(title, summary, content),
        });
        if bytes > STEP_BYTES {
            break;
        }
    }
    Ok(Some((last, step)))
}
