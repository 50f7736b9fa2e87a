//! The mark on a database that is being copied into: a table `copying` of one row, which says from where, and
//! how far the copy is.
//!
//! Each step of a copy changes it in the transaction that puts the step's rows, so that it is never wrong; it goes
//! in the transaction that has found the copy to be right. Nobody else opens a database that has it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::StoreError;
use super::super::sql::{Connection, Value, params};
use crate::model::Timestamp;

/// What the mark says.
#[derive(Debug)]
pub struct Mark {
    /// The name of the database that is copied.
    pub from: String,
    /// How far each table is that was begun.
    pub tables: Tables,
}

pub type Tables = BTreeMap<String, Part>;

/// How far a table is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Part {
    pub rows: u64,
    pub bytes: u64,
    /// Texts in which something was replaced.
    pub replaced: u64,
    /// The key of the last row, as it is in the source.
    pub after: Option<Vec<KeyValue>>,
    /// Whether all rows are there.
    pub is_whole: bool,
}

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyValue {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Part {
    /// The key behind which to go on.
    pub fn place(&self) -> Option<Vec<Value>> {
        let value = |key: &KeyValue| match key {
            KeyValue::Number(n) => Value::Integer(*n),
            KeyValue::Text(text) => Value::Text(text.clone()),
            KeyValue::Bytes(bytes) => Value::Blob(bytes.clone()),
        };
        Some(self.after.as_ref()?.iter().map(value).collect())
    }

    /// Remembers the key of the last row.
    pub fn set_place(&mut self, key: Option<&[Value]>) {
        let value = |value: &Value| match value {
            Value::Integer(n) => Some(KeyValue::Number(*n)),
            Value::Text(text) => Some(KeyValue::Text(text.clone())),
            Value::Blob(bytes) => Some(KeyValue::Bytes(bytes.clone())),
            // No key has such a column.
            Value::Null | Value::Real(_) => None,
        };
        self.after = key.map(|key| key.iter().filter_map(value).collect());
    }
}

/// Whether a database has the mark.
fn exists(conn: &Connection) -> Result<bool, StoreError> {
    let mut found = conn.prepare(conn.either(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'copying'",
        "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'copying'",
    ))?;
    Ok(found.exists([])?)
}

/// The mark, if there is one.
pub fn read(conn: &Connection) -> Result<Option<Mark>, StoreError> {
    if !exists(conn)? {
        return Ok(None);
    }
    let sql = "SELECT source, progress FROM copying";
    let (from, progress): (String, String) =
        conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let tables = serde_json::from_str(&progress)
        .map_err(|error| StoreError::Corrupt(format!("the table `copying`: {error}")))?;
    Ok(Some(Mark { from, tables }))
}

/// Refuses a database that has the mark.
///
/// # Errors
/// [`StoreError::BeingCopied`], or what the database says.
pub fn refuse(conn: &Connection, name: &str) -> Result<(), StoreError> {
    match read(conn)? {
        Some(Mark { from, .. }) => Err(StoreError::BeingCopied {
            path: name.into(),
            from,
        }),
        None => Ok(()),
    }
}

/// Makes the mark of a copy that begins.
pub fn make(conn: &Connection, from: &str) -> Result<Mark, StoreError> {
    conn.execute_batch(conn.either(
        "CREATE TABLE copying (source TEXT NOT NULL, begun_ms INTEGER NOT NULL, progress TEXT NOT NULL) STRICT",
        "CREATE TABLE copying (source TEXT NOT NULL, begun_ms BIGINT NOT NULL, progress TEXT NOT NULL)",
    ))?;
    conn.execute(
        "INSERT INTO copying (source, begun_ms, progress) VALUES (?1, ?2, '{}')",
        params![from, Timestamp::now().as_millis()],
    )?;
    Ok(Mark {
        from: from.to_owned(),
        tables: BTreeMap::new(),
    })
}

/// Writes down how far the copy is, in the transaction of its rows.
pub fn update(conn: &Connection, tables: &Tables) -> Result<(), StoreError> {
    let progress = serde_json::to_string(tables)
        .map_err(|error| StoreError::Corrupt(format!("the table `copying`: {error}")))?;
    conn.prepare_cached("UPDATE copying SET progress = ?1")?
        .execute([progress])?;
    Ok(())
}

/// Takes the mark away, if there is one.
pub fn remove(conn: &Connection) -> Result<(), StoreError> {
    Ok(conn.execute_batch("DROP TABLE IF EXISTS copying")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_as_it_is() {
        let key = vec![
            Value::Integer(i64::MIN),
            Value::Text("a\0\"ü".to_owned()),
            Value::Blob(vec![0, 255]),
        ];
        let mut part = Part::default();
        assert_eq!(part.place(), None);
        part.set_place(Some(&key));
        let json = serde_json::to_string(&part).unwrap();
        assert!(!json.contains('\0'), "no server takes that: {json}");
        let read: Part = serde_json::from_str(&json).unwrap();
        assert_eq!(read.place(), Some(key));
    }

    #[test]
    fn a_marked_database_is_refused_until_the_mark_goes() {
        let conn = Connection::Sqlite(rusqlite::Connection::open_in_memory().unwrap());
        refuse(&conn, "there").unwrap();
        make(&conn, "here").unwrap();
        let part = Part {
            rows: 3,
            ..Part::default()
        };
        let tables = Tables::from([("feed".to_owned(), part)]);
        update(&conn, &tables).unwrap();
        let mark = read(&conn).unwrap().unwrap();
        assert_eq!((mark.from.as_str(), mark.tables), ("here", tables));
        let refused = refuse(&conn, "there").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the database there is only partly there: a copy of here into it was broken off, or is under way; run \
             the same `mentiond store copy` again and it goes on where it was, with --restart it begins anew, and to \
             give up, remove this database"
        );
        remove(&conn).unwrap();
        refuse(&conn, "there").unwrap();
    }
}
