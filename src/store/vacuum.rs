//! Making the file as small as what it holds. Nothing else may have it open meanwhile.

use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use super::lock::Lock;
use super::{Store, StoreError, schema};

/// How large the file was, and is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vacuumed {
    /// Bytes before.
    pub before: u64,
    /// Bytes after.
    pub after: u64,
}

impl Store {
    /// Bytes of the file that hold nothing and are used again before it grows.
    ///
    /// # Errors
    /// What the database says.
    pub async fn free_bytes(&self) -> Result<u64, StoreError> {
        self.read(|conn| {
            if conn.is_postgres() {
                return Ok(0);
            }
            let number = |name| -> Result<u64, StoreError> {
                Ok(conn
                    .file()?
                    .pragma_query_value(None, name, |row| row.get(0))?)
            };
            Ok(number("freelist_count")?.saturating_mul(number("page_size")?))
        })
        .await
    }

    /// Builds the database anew without what is free in it. Needs twice its size on the disk, and blocks
    /// until the end.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when a mentiond has the database, [`StoreError::InUse`] when something else
    /// has, else what the database says; then it is as it was.
    pub fn vacuum(database: &Path) -> Result<Vacuumed, StoreError> {
        if !database.exists() {
            return Err(StoreError::Missing(database.to_owned()));
        }
        let lock = Lock::borrow(database)?;
        let size = || std::fs::metadata(database).map_or(0, |file| file.len());
        let before = size();
        let conn = Connection::open(database)?;
        // To be alone is asked for at the first look into the file, and not waited for.
        conn.execute_batch("PRAGMA locking_mode = exclusive")?;
        schema::check(&conn).map_err(|error| alone(error, database))?;
        conn.execute_batch("VACUUM")
            .map_err(|error| alone(error.into(), database))?;
        conn.close().map_err(|(_, error)| error)?;
        lock.leave();
        Ok(Vacuumed {
            before,
            after: size(),
        })
    }
}

fn alone(error: StoreError, database: &Path) -> StoreError {
    match &error {
        StoreError::Sqlite(inner) if inner.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            StoreError::InUse(database.to_owned())
        }
        _ => error,
    }
}
