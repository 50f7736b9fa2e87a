//! The two databases of a copy, open: one to be read as it is at one time, one to be written to alone.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection as Sqlite, ErrorCode, OpenFlags};
use sha2::{Digest, Sha256};
use url::Url;

use super::super::lock::Lock;
use super::super::postgres::{self, Server};
use super::super::sql::{Connection, OptionalExtension};
use super::super::{StoreError, file, indexed, schema};
use super::{CopyError, mark};
use crate::model::{Database, ServerOptions, Timestamp};

/// The advisory locks of the targets of copies, "copy", of which each schema of a database has one.
const COPYING: i32 = 0x636f_7079;

/// A database that is open for a copy.
#[derive(Debug)]
pub struct End {
    /// Its name, without a password.
    pub name: String,
    // The connection goes before what serves it.
    pub conn: Connection,
    _lock: Option<Lock>,
    _server: Option<Server>,
}

impl End {
    /// Opens the source, which must be whole, current and in nobody's use.
    pub fn source(database: &Database) -> Result<Self, CopyError> {
        let end = match database {
            Database::File(path) => {
                if !path.exists() {
                    return Err(StoreError::Missing(path.clone()).into());
                }
                let lock = if File::options().write(true).open(path).is_ok() {
                    Some(Lock::borrow(path)?)
                } else {
                    Lock::look(path)?;
                    None
                };
                let conn = open_reader(path)?;
                expect_version(schema::check(&conn)?, schema::VERSION, path)?;
                Self::of_file(path, conn, lock)
            }
            Database::Server(options) => {
                let end = Self::of_server(options)?;
                let found = postgres::schema::check(&end.conn, &end.name)?;
                expect_version(found, postgres::schema::VERSION, Path::new(&end.name))?;
                expect_no_worker(&end)?;
                end
            }
        };
        mark::refuse(&end.conn, &end.name)?;
        Ok(end)
    }

    /// Opens the target, and makes its tables if it has none.
    pub fn target(database: &Database) -> Result<Self, CopyError> {
        match database {
            Database::File(path) => {
                file::make_folder(path)?;
                let lock = Lock::borrow(path)?;
                file::make_file(path);
                let mut conn = file::open_writer(path)?;
                if schema::check(&conn)? == 0 {
                    schema::migrate(&mut conn)?;
                }
                expect_version(schema::check(&conn)?, schema::VERSION, path)?;
                indexed::prepare(&conn)?;
                // What is lost with the power is the end of the copy, which goes on where it was then.
                conn.pragma_update(None, "synchronous", "normal")
                    .and_then(|()| conn.pragma_update(None, "cache_size", -(64 << 10)))
                    .map_err(StoreError::from)?;
                Ok(Self::of_file(path, conn, Some(lock)))
            }
            Database::Server(options) => {
                let end = Self::of_server(options)?;
                lock(&end)?;
                if postgres::schema::check(&end.conn, &end.name)? == 0 {
                    postgres::schema::migrate(&end.conn, &end.name)?;
                }
                let found = postgres::schema::check(&end.conn, &end.name)?;
                expect_version(found, postgres::schema::VERSION, Path::new(&end.name))?;
                expect_no_worker(&end)?;
                end.conn.execute_batch("SET synchronous_commit = off")?;
                Ok(end)
            }
        }
    }

    fn of_file(path: &Path, conn: Sqlite, lock: Option<Lock>) -> Self {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self {
            name: path.display().to_string(),
            conn: Connection::Sqlite(conn),
            _lock: lock,
            _server: None,
        }
    }

    fn of_server(options: &ServerOptions) -> Result<Self, CopyError> {
        let server = Server::raw(&ServerOptions {
            connections: 2,
            replica: None,
            ..options.clone()
        })?;
        let conn = server.session()?;
        // One side waits while the other works.
        conn.execute_batch("SET idle_in_transaction_session_timeout = 0")?;
        let schema: Option<String> =
            conn.query_row("SELECT current_schema()", [], |row| row.get(0))?;
        let mut name = options.to_string();
        if let Some(schema) = schema.filter(|schema| schema != "public") {
            name = format!("{name} (schema {schema})");
        }
        Ok(Self {
            name,
            conn,
            _lock: None,
            _server: Some(server),
        })
    }

    /// A number that changes when others write to a file.
    pub fn file_version(&self) -> Result<Option<i64>, StoreError> {
        match &self.conn {
            Connection::Sqlite(conn) => Ok(Some(conn.pragma_query_value(
                None,
                "data_version",
                |row| row.get(0),
            )?)),
            Connection::Postgres(_) => Ok(None),
        }
    }

    /// What tells a database on a server from all others; `None` where it can't be asked.
    fn server_name(&self) -> Option<String> {
        if !self.conn.is_postgres() {
            return None;
        }
        let sql =
            "SELECT CAST(pg_postmaster_start_time() AS text) || ' ' || inet_server_port() || ' '
            || current_database() || ' ' || current_schema()";
        let name = self.conn.query_row(sql, [], |row| row.get(0)).optional();
        name.ok().flatten()
    }
}

/// Takes the lock of a copy's target, which goes with the session. That of a copy that was killed goes a moment after
/// it.
fn lock(end: &End) -> Result<(), CopyError> {
    end.conn.execute_batch("SET lock_timeout = '5s'")?;
    let schema: String = end
        .conn
        .query_row("SELECT current_schema()", [], |row| row.get(0))?;
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(&schema));
    let schema = i32::from_be_bytes([a, b, c, d]);
    let sql = format!("SELECT pg_advisory_lock({COPYING}, {schema})");
    let locked = end.conn.execute_batch(&sql).map_err(StoreError::from);
    if let Err(StoreError::Conflict(_)) = locked {
        return Err(CopyError::UnderWay(end.name.clone()));
    }
    locked?;
    Ok(end.conn.execute_batch("SET lock_timeout = '20s'")?)
}

/// Whether both are the same file; the target need not be there.
pub fn are_one_file(from: &Database, to: &Database) -> bool {
    let (Some(from), Some(to)) = (from.file(), to.file()) else {
        return false;
    };
    match (std::fs::metadata(from), std::fs::metadata(to)) {
        (Ok(from), Ok(to)) => (from.dev(), from.ino()) == (to.dev(), to.ino()),
        _ => false,
    }
}

/// Whether both are the same database of a server.
pub fn are_one_database(from: &End, to: &End) -> bool {
    from.server_name()
        .is_some_and(|name| to.server_name() == Some(name))
}

fn expect_version(found: usize, known: usize, path: &Path) -> Result<(), StoreError> {
    let path = path.to_owned();
    match found {
        0 => Err(StoreError::Missing(path)),
        found if found < known => Err(StoreError::Older { path, found, known }),
        _ => Ok(()),
    }
}

/// Refuses a server's database while workers are alive that write to it: those of which the table `worker`, if
/// there is one, has a row whose `until_ms` has not come.
pub fn expect_no_worker(end: &End) -> Result<(), CopyError> {
    if !end.conn.is_postgres() {
        return Ok(());
    }
    let knows_workers: bool = end.conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_tables
           WHERE schemaname = current_schema() AND tablename = 'worker')",
        [],
        |row| row.get(0),
    )?;
    if !knows_workers {
        return Ok(());
    }
    let alive: u64 = end.conn.query_row(
        "SELECT count(*) FROM worker WHERE left_ms IS NULL AND until_ms > ?1",
        [Timestamp::now().as_millis()],
        |row| row.get(0),
    )?;
    if alive == 0 {
        return Ok(());
    }
    Err(CopyError::Workers {
        name: end.name.clone(),
        alive,
    })
}

/// Opens a file for reading, also where nothing can be written beside it, which a database with a log takes
/// otherwise.
fn open_reader(path: &Path) -> Result<Sqlite, StoreError> {
    let conn = file::open_reader(path)?;
    let Err(error) = conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
    else {
        return Ok(conn);
    };
    if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) && !has_log(path) {
        return open_unchanging(path);
    }
    // Whoever asks for the version says what that means.
    Ok(conn)
}

/// Whether something stands in the log that is not in the file yet.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(PathBuf::from(log)).is_ok_and(|log| log.len() > 0)
}

/// Opens a file that nobody writes to.
fn open_unchanging(path: &Path) -> Result<Sqlite, StoreError> {
    let open_error = |detail: String| StoreError::Open {
        path: path.to_owned(),
        detail,
    };
    let path = path
        .canonicalize()
        .map_err(|error| open_error(error.to_string()))?;
    let mut url =
        Url::from_file_path(&path).map_err(|()| open_error("its path can't be read".to_owned()))?;
    url.set_query(Some("immutable=1"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Sqlite::open_with_flags(url.as_str(), flags).map_err(|error| open_error(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_file_that_can_only_be_read_is_opened_as_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b?#%41.db");
        Store::open(&path).unwrap().close();
        assert!(!has_log(&path));
        let conn = open_unchanging(&path).unwrap();
        assert_eq!(schema::check(&conn).unwrap(), schema::VERSION);
    }

    #[test]
    fn one_file_is_known_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Database::File(folder.path().join(name));
        std::fs::write(folder.path().join("a"), "").unwrap();
        std::os::unix::fs::symlink("a", folder.path().join("b")).unwrap();
        assert!(are_one_file(&at("a"), &at("b")));
        assert!(!are_one_file(&at("a"), &at("c")));
    }
}
