//! How a server's database gets its tables, and an older one those of this version.
//!
//! They ([`super::tables`]) are those of the file ([`crate::store::schema`]) with PostgreSQL's types, and those by which workers
//! share the work. A migration is a step from one version to the next and is never changed after a release;
//! all that are missing run in one transaction, under an advisory lock, so that of many workers that start at
//! once one migrates and the others wait for it. `docs/postgres.md` explains what differs from the file.

use super::partitions;
use super::tables::{DAYS, V1, V2, V3};
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::sql::{Connection, OptionalExtension};

/// One step per version; the first makes version 1 of an empty schema.
pub const MIGRATIONS: &[&str] = &[V1, V2, V3];

/// The version this program writes.
pub const VERSION: usize = MIGRATIONS.len();

/// Texts are compared byte by byte, as SQLite does and as an index needs it, whatever the database's own
/// order is.
const TEXT: &str = " TEXT COLLATE \"C\"";

/// The advisory lock of whoever migrates: "mentiond".
const MIGRATING: i64 = 0x6d65_6e74_696f_6e64;

/// The version of the database; 0 where there are no tables of ours.
pub fn version(conn: &Connection) -> Result<usize, StoreError> {
    let exists: bool = conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_tables
           WHERE schemaname = current_schema() AND tablename = 'mentiond')",
        [],
        |row| row.get(0),
    )?;
    if !exists {
        return Ok(0);
    }
    let version = conn
        .query_row("SELECT version FROM mentiond", [], |row| row.get(0))
        .optional()?;
    Ok(version.unwrap_or(0))
}

/// Makes sure that this program knows the database's version; gives it.
///
/// # Errors
/// [`StoreError::Newer`] for a database of a later program, else what the server says.
pub fn check(conn: &Connection, name: &str) -> Result<usize, StoreError> {
    let found = version(conn)?;
    if found > VERSION {
        return Err(StoreError::Newer {
            path: name.into(),
            found,
            known: VERSION,
        });
    }
    Ok(found)
}

/// Brings the database to [`VERSION`].
///
/// # Errors
/// As for [`check`]; then nothing has changed.
pub fn migrate(conn: &Connection, name: &str) -> Result<(), StoreError> {
    if check(conn, name)? == VERSION {
        return Ok(());
    }
    conn.execute_batch("BEGIN")?;
    let done = migrate_alone(conn, name);
    conn.execute_batch(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    done
}

fn migrate_alone(conn: &Connection, name: &str) -> Result<(), StoreError> {
    // Tables may be large, and another may be at it.
    conn.execute_batch("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")?;
    conn.execute_batch(&format!("SELECT pg_advisory_xact_lock({MIGRATING})"))?;
    // Another may have done it while we waited.
    let found = check(conn, name)?;
    for sql in MIGRATIONS.iter().skip(found) {
        let mut sql = sql.replace(" TEXT", TEXT);
        if sql.contains(DAYS) {
            sql = sql.replace(DAYS, &partitions::of_migration(conn, Timestamp::now())?);
        }
        conn.execute_batch(&sql)?;
    }
    conn.execute_batch(&format!("UPDATE mentiond SET version = {VERSION}"))?;
    Ok(())
}
