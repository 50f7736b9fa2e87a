//! The index of the history held against the entries, and made whole again.
//!
//! What an entry's text left in the index can't be read back: the index has no content. That it is consistent
//! in itself is part of [`Store::check_file`]; here it is compared which entries stand in it.

use super::sql::{Connection, params};

use super::indexed::{backlog, put, remove};
use super::{Store, StoreError};
use crate::search::EntryTokens;

/// Entries that a step of a repair takes.
const STEP: usize = 200;

/// What the comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IndexCheck {
    /// Entries that stand in the index.
    pub indexed: u64,
    /// Entries that should and don't.
    pub missing: u64,
    /// What stands there of entries that are gone.
    pub gone: u64,
    /// Entries that were recorded before there was an index, and have their turn yet.
    pub waiting: u64,
}

/// Entries that are missing: those behind the backlog that are not in the index.
const MISSING: &str = "FROM entry e
    WHERE e.id > ?1 AND NOT EXISTS (SELECT 1 FROM {indexed} WHERE d.id = e.id)";
/// What is in the index of no entry.
const GONE: &str = "FROM {indexed} WHERE NOT EXISTS (SELECT 1 FROM entry WHERE id = d.id)";

/// A statement about what is indexed, of which each row has the entry's id.
fn over_index(conn: &Connection, sql: &str) -> String {
    let indexed = conn.either(
        "search_docsize d",
        "(SELECT entry_id AS id FROM search) AS d",
    );
    sql.replace("{indexed}", indexed)
}

impl Store {
    /// Compares which entries there are and which the index has.
    ///
    /// # Errors
    /// What the database says.
    pub async fn check_index(&self) -> Result<IndexCheck, StoreError> {
        self.read(|conn| {
            let last = backlog(conn)?.unwrap_or(i64::MIN);
            let count = |sql: &str, last: Option<i64>| {
                let sql = over_index(conn, &format!("SELECT count(*) {sql}"));
                let mut statement = conn.prepare(&sql)?;
                let read = |row: &super::sql::Row<'_>| row.get::<_, i64>(0);
                let n = match last {
                    Some(last) => statement.query_row([last], read)?,
                    None => statement.query_row([], read)?,
                };
                Ok::<_, StoreError>(n.unsigned_abs())
            };
            Ok(IndexCheck {
                indexed: count("FROM {indexed}", None)?,
                missing: count(MISSING, Some(last))?,
                gone: count(GONE, None)?,
                waiting: count("FROM entry WHERE id <= ?1", Some(last))?,
            })
        })
        .await
    }

    /// Indexes what [`Store::check_index`] finds missing, and takes out what is gone.
    ///
    /// # Errors
    /// What the database says; what was done before stays.
    pub async fn repair_index(&self) -> Result<(), StoreError> {
        while self.write(remove_gone).await? > 0 {}
        let mut after = i64::MIN;
        // From where the step before ended: what is in order is not looked at again.
        while let Some(last) = self.write(move |conn| add_missing(conn, after)).await? {
            after = last;
        }
        Ok(())
    }
}

/// Takes a step's worth of what is gone out of the index; says how much that was.
fn remove_gone(conn: &Connection) -> Result<usize, StoreError> {
    let mut gone =
        conn.prepare_cached(&over_index(conn, &format!("SELECT d.id {GONE} LIMIT ?1")))?;
    let gone = gone.query_map([STEP], |row| row.get(0))?;
    let gone: Vec<i64> = gone.collect::<Result<_, _>>()?;
    for entry in &gone {
        remove(conn, *entry)?;
    }
    Ok(gone.len())
}

/// Indexes a step's worth of what is missing behind this entry; gives the last of it.
fn add_missing(conn: &Connection, after: i64) -> Result<Option<i64>, StoreError> {
    let behind = backlog(conn)?.unwrap_or(i64::MIN).max(after);
    let sql =
        format!("SELECT e.id, e.title, e.summary, e.content {MISSING} ORDER BY e.id LIMIT ?2");
    let mut missing = conn.prepare_cached(&over_index(conn, &sql))?;
    let mut rows = missing.query(params![behind, STEP])?;
    let mut last = None;
    while let Some(row) = &rows.next()? {
        let text = |n: usize| row.text(n);
        let tokens = EntryTokens::of(text(1)?, text(2)?, text(3)?);
        let entry = row.get(0)?;
        put(conn, entry, &tokens)?;
        last = Some(entry);
    }
    Ok(last)
}
