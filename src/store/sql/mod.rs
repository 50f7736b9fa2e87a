//! One way to speak to either database.
//!
//! What is recorded and how it is looked up is said once, in the SQL that SQLite and PostgreSQL share;
//! [`dialect`] puts a statement into PostgreSQL's words. The types here are those of `rusqlite` with a second
//! database behind them, and go no further than `store`: over SQLite they cost a branch, and over PostgreSQL
//! ([`postgres`]) a statement is a round trip that blocks the thread it is made on.
//!
//! A statement that one of the two can't be asked says so where it stands ([`Connection::is_postgres`]).

mod bulk;
mod dialect;
mod params;
mod postgres;
mod row;

pub use params::{Params, params_from_iter};
pub use postgres::Session;
pub use row::{MappedRows, Row, Rows};
pub use rusqlite::params;
pub use rusqlite::types::{FromSql, ToSql, Value, ValueRef};
use serde::Serialize;

/// What a database says, or what could not be read of its answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite's, and what a value of either could not be read as.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The server's, or the connection's.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// The server has not answered in time; the connection is given up.
    #[error("the server has not answered in time")]
    TimedOut,
    /// Something that only a database in a file has.
    #[error("this can be done with a database in a file only")]
    FileOnly,
}

/// Values for [`Connection::each`], and other plain data, as a parameter.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value)
        .unwrap_or_else(|error| unreachable!("plain data serializes: {error}"))
}

/// A result of a statement.
pub type Result<T> = std::result::Result<T, Error>;

/// A connection to either.
#[derive(Debug)]
pub enum Connection {
    /// A file.
    Sqlite(rusqlite::Connection),
    /// A server.
    Postgres(Session),
}

/// A statement that is ready to be run.
pub enum Statement<'c> {
    /// One of SQLite's that is kept for the next who needs it.
    Cached(rusqlite::CachedStatement<'c>),
    /// One of SQLite's.
    Plain(rusqlite::Statement<'c>),
    /// One of a server's.
    Postgres(postgres::Prepared<'c>),
}

impl Connection {
    /// Whether it is a server's.
    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// One statement where SQLite needs it, another where PostgreSQL does.
    pub const fn either<'t>(&self, sqlite: &'t str, postgres: &'t str) -> &'t str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// The elements of a JSON list as rows with a `key` from 0, an `id` by which they are in order, and a
    /// `value`, a text in PostgreSQL. Takes an alias.
    pub fn each(&self, list: &str) -> String {
        if self.is_postgres() {
            format!(
                "(SELECT value, key - 1 AS key, key AS id
                  FROM json_array_elements_text(CAST({list} AS json)) WITH ORDINALITY AS j(value, key))"
            )
        } else {
            format!("json_each({list})")
        }
    }

    /// SQLite's own connection, for what only a file has.
    pub const fn file(&self) -> Result<&rusqlite::Connection> {
        match self {
            Self::Sqlite(conn) => Ok(conn),
            Self::Postgres(_) => Err(Error::FileOnly),
        }
    }

    /// Readies a statement for this once.
    pub fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        Ok(match self {
            Self::Sqlite(conn) => Statement::Plain(conn.prepare(sql)?),
            Self::Postgres(session) => Statement::Postgres(session.prepare(sql)?),
        })
    }

    /// Readies a statement that will be needed again.
    pub fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        Ok(match self {
            Self::Sqlite(conn) => Statement::Cached(conn.prepare_cached(sql)?),
            Self::Postgres(session) => Statement::Postgres(session.prepare_cached(sql)?),
        })
    }

    /// Runs a statement; how many rows it changed.
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        match self {
            Self::Sqlite(conn) => params.with(|values| Ok(conn.execute(sql, values)?)),
            Self::Postgres(session) => session.prepare_cached(sql)?.execute(params),
        }
    }

    /// Runs a statement and reads its first row.
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare(sql)?.query_row(params, read)
    }

    /// Reads with several statements what was so at one time.
    pub fn at_one_time<T, E: From<Error>>(
        &self,
        read: impl FnOnce(&Self) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.execute_batch(
            self.either("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        )?;
        let found = read(self);
        self.execute_batch("ROLLBACK")?;
        found
    }

    /// Runs statements without values, as they stand.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(conn) => Ok(conn.execute_batch(sql)?),
            Self::Postgres(session) => session.execute_batch(sql),
        }
    }
}

impl<'c> Statement<'c> {
    fn sqlite(
        &mut self,
    ) -> std::result::Result<&mut rusqlite::Statement<'c>, &postgres::Prepared<'c>> {
        match self {
            Self::Cached(statement) => Ok(statement),
            Self::Plain(statement) => Ok(statement),
            Self::Postgres(statement) => Err(statement),
        }
    }

    /// How many steps SQLite took for it.
    #[cfg(test)]
    pub fn steps(&mut self) -> Option<i32> {
        let statement = self.sqlite().ok()?;
        Some(statement.get_status(rusqlite::StatementStatus::VmStep))
    }

    /// How many rows it changed.
    pub fn execute(&mut self, params: impl Params) -> Result<usize> {
        match self.sqlite() {
            Ok(statement) => params.with(|values| Ok(statement.execute(values)?)),
            Err(statement) => statement.execute(params),
        }
    }

    /// Whether it finds any row.
    pub fn exists(&mut self, params: impl Params) -> Result<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }

    /// Reads its rows one by one.
    pub fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        match self.sqlite() {
            Ok(statement) => params.with(|values| Ok(Rows::sqlite(statement.query(values)?))),
            Err(statement) => Ok(Rows::postgres(statement.query(params)?)),
        }
    }

    /// Reads its first row.
    pub fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        match self.query(params)?.next()? {
            Some(row) => read(&row),
            None => Err(rusqlite::Error::QueryReturnedNoRows.into()),
        }
    }

    /// Reads all its rows alike.
    pub fn query_map<T, F>(&mut self, params: impl Params, read: F) -> Result<MappedRows<'_, F>>
    where
        F: FnMut(&Row<'_>) -> Result<T>,
    {
        Ok(MappedRows::new(self.query(params)?, read))
    }
}

/// That a row need not be there.
pub trait OptionalExtension<T> {
    /// `None` where there was no row.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
