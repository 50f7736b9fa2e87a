//! A database copied into another, of whichever kind: what `mentiond store copy` does.
//!
//! Tables are copied one after another ([`plan`]), in steps of rows by their keys; ids stay. Each step is a
//! transaction of the target, which also says how far the copy is ([`mark`]), so that one that is broken off
//! anywhere goes on where it was and puts no row twice. In the end both sides are read again and compared
//! ([`verify`]); only then is the target a database that others open. The index of the history is made anew.
//!
//! The source is never written to, and must not change: of a file its lock is held, of a server no worker may be
//! alive, and what is read is what was there at one time. What a run before has copied is compared too, so a
//! source that changed between two runs is noticed.

mod ends;
mod mark;
mod plan;
mod rows;
#[cfg(test)]
mod tests;
mod transfer;
mod verify;

pub(super) use mark::refuse;

use super::sql::{Connection, OptionalExtension};
use super::{Store, StoreError};
use crate::model::Database;
use ends::End;
use mark::Mark;
use plan::{TABLES, Table};
use transfer::in_transaction;

/// Why a database was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two can't be opened or asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something went wrong on the way.
    #[error(
        "{doing} broke off: {error}. What was copied stays: run the same command again and it goes on where it was"
    )]
    BrokeOff {
        /// What was being done.
        doing: String,
        /// What went wrong.
        error: StoreError,
    },
    /// There is one database only.
    #[error("{0} can't be copied into itself: name another database with --to")]
    Itself(String),
    /// Another copy into the same database goes on.
    #[error("another copy into {0} is under way: wait for its end, or stop it")]
    UnderWay(String),
    /// Workers write to one of the two.
    #[error(
        "{name} is in use by {alive} worker{}: stop them first; one that was killed counts until its lease has run out",
        if *alive == 1 { "" } else { "s" }
    )]
    Workers {
        /// The database.
        name: String,
        /// How many are alive.
        alive: u64,
    },
    /// The target holds something already.
    #[error(
        "{name} holds rows already (table `{table}`): a copy needs a database that is empty, or a file that is not \
         there; if a copy into it has ended, it is whole"
    )]
    HoldsRows {
        /// The target.
        name: String,
        /// The first table that is not empty.
        table: &'static str,
    },
    /// The target is part of a copy of another database.
    #[error(
        "{name} holds part of a copy of {found}, not of {from}: go on with that one, or begin anew with --restart, which \
         removes what was copied"
    )]
    Other {
        /// The target.
        name: String,
        /// The source of that copy.
        found: String,
        /// The source of this one.
        from: String,
    },
    /// Something has written to the source meanwhile.
    #[error(
        "{0} was written to while it was copied, so the copy is not used: run the command again with --restart while \
         nothing else writes"
    )]
    Changed(String),
    /// The copy is not what it was made of.
    #[error(
        "the copy differs from its source in {}, so it is not used: run the command again with --restart, which begins \
         anew; the source may have changed since the copy was begun",
        named(.0)
    )]
    Different(Box<Copied>),
    /// It was stopped.
    #[error("stopped before the end: run the same command again and it goes on where it was")]
    Stopped,
}

impl From<super::sql::Error> for CopyError {
    fn from(error: super::sql::Error) -> Self {
        Self::Store(error.into())
    }
}

impl CopyError {
    fn broke_off(table: &Table, error: StoreError) -> Self {
        let doing = format!("copying the table `{}`", table.name);
        Self::BrokeOff { doing, error }
    }

    /// What goes wrong behind the last row.
    fn at_the_end(self) -> Self {
        let doing = "comparing the two databases".to_owned();
        match self {
            Self::Store(error) | Self::BrokeOff { error, .. } => Self::BrokeOff { doing, error },
            other => other,
        }
    }
}

/// What a copy is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStep {
    /// Rows are put into the target.
    Copying,
    /// Both sides are read and compared.
    Checking,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// What is being done.
    pub step: CopyStep,
    /// The table that is under way.
    pub table: &'static str,
    /// Its rows that are done.
    pub table_rows: u64,
    /// Rows of all tables that are done.
    pub rows: u64,
    /// The bytes of their values.
    pub bytes: u64,
    /// About how many rows there are.
    pub total: u64,
    /// Whether the table is copied.
    pub is_whole: bool,
}

/// A table of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedTable {
    /// Its name.
    pub table: &'static str,
    /// Rows of the source.
    pub rows: u64,
    /// The bytes of their values.
    pub bytes: u64,
    /// What they hold, summed up.
    pub checksum: String,
    /// Rows of the target.
    pub target_rows: u64,
    /// What those hold.
    pub target_checksum: String,
    /// Of entries, how many can be searched in the target.
    pub indexed: Option<u64>,
    /// Texts in which U+0000 became U+FFFD.
    pub replaced: u64,
}

impl CopiedTable {
    /// Whether both sides are the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        (self.rows, &self.checksum) == (self.target_rows, &self.target_checksum)
            && self.indexed.is_none_or(|indexed| indexed == self.rows)
    }
}

/// A copy that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The source's name.
    pub from: String,
    /// The target's name.
    pub to: String,
    /// Whether it went on with one that was broken off.
    pub is_resumed: bool,
    /// Rows that this run put into the target.
    pub put: u64,
    /// Every table.
    pub tables: Vec<CopiedTable>,
}

/// The tables that differ, for people.
fn named(copied: &Copied) -> String {
    let differing = copied.tables.iter().filter(|table| !table.is_same());
    let names: Vec<String> = differing
        .map(|table| {
            let indexed = table
                .indexed
                .filter(|indexed| *indexed != table.target_rows);
            let index = indexed.map(|n| format!(", of which {n} can be searched"));
            format!(
                "table `{}` ({} rows, the copy {}{})",
                table.table,
                table.rows,
                table.target_rows,
                index.unwrap_or_default()
            )
        })
        .collect();
    names.join(", ")
}

impl Store {
    /// Copies one database into another, or goes on with a copy that was broken off; with `restart` it begins
    /// anew. `watch` is told how far it is and says whether to go on. Blocks until the end.
    ///
    /// # Errors
    /// [`CopyError`]. Then the target is not opened by anybody but the next copy, if anything was put into it.
    pub fn copy(
        from: &Database,
        to: &Database,
        restart: bool,
        mut watch: impl FnMut(CopyProgress) -> bool,
    ) -> Result<Copied, CopyError> {
        if ends::are_one_file(from, to) {
            return Err(CopyError::Itself(from.to_string()));
        }
        let mut from = End::source(from)?;
        let mut to = End::target(to)?;
        if ends::are_one_database(&from, &to) {
            return Err(CopyError::Itself(from.name));
        }
        let (mut mark, is_resumed) = begin(&from, &to, restart)?;
        let total = TABLES.iter().map(|table| count(&from.conn, table)).sum();
        let version = from.file_version()?;
        let before: u64 = mark.tables.values().map(|part| part.rows).sum();
        from.conn.execute_batch(
            from.conn
                .either("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        )?;
        transfer::copy(&mut from, &to, &mut mark, total, &mut watch)?;
        let put = mark.tables.values().map(|part| part.rows).sum::<u64>() - before;
        let tables = settle(&from.conn, &to.conn)
            .map_err(CopyError::from)
            .and_then(|()| finish(&mut from, &mut to, &mark, total, version, &mut watch))
            .map_err(CopyError::at_the_end)?;
        let copied = Copied {
            from: from.name,
            to: to.name,
            is_resumed,
            put,
            tables,
        };
        if copied.tables.iter().all(CopiedTable::is_same) {
            Ok(copied)
        } else {
            Err(CopyError::Different(Box::new(copied)))
        }
    }
}

/// Marks the target, or finds the mark of a copy to go on with; whether it was there.
fn begin(from: &End, to: &End, restart: bool) -> Result<(Mark, bool), CopyError> {
    match mark::read(&to.conn)? {
        Some(_) if restart => {
            empty(&to.conn)?;
            let mark = in_transaction(&to.conn, || mark::make(&to.conn, &from.name))?;
            Ok((mark, false))
        }
        Some(mark) if mark.from == from.name => Ok((mark, true)),
        Some(mark) => Err(CopyError::Other {
            name: to.name.clone(),
            found: mark.from,
            from: from.name.clone(),
        }),
        None => in_transaction(&to.conn, || {
            for table in TABLES {
                let sql = format!("SELECT 1 FROM {} LIMIT 1", table.name);
                if to.conn.prepare(&sql)?.exists([])? {
                    return Err(CopyError::HoldsRows {
                        name: to.name.clone(),
                        table: table.name,
                    });
                }
            }
            Ok((mark::make(&to.conn, &from.name)?, false))
        }),
    }
}

/// Removes all that was copied.
fn empty(conn: &Connection) -> Result<(), StoreError> {
    if conn.is_postgres() {
        let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        let tables = names.join(", ");
        return in_transaction(conn, || {
            conn.execute_batch(&format!(
                "TRUNCATE {tables}, search, search_backlog RESTART IDENTITY CASCADE"
            ))?;
            mark::remove(conn)
        });
    }
    // With them each row would be looked at.
    conn.execute_batch("PRAGMA foreign_keys = off")?;
    let done = in_transaction(conn, || {
        for table in TABLES.iter().rev() {
            conn.execute(&format!("DELETE FROM {}", table.name), [])?;
        }
        conn.execute_batch(
            "INSERT INTO search (search) VALUES ('delete-all'); DELETE FROM search_backlog",
        )?;
        mark::remove(conn)
    });
    conn.execute_batch("PRAGMA foreign_keys = on")?;
    done
}

/// How many rows a table has, or about how many where a server takes too long to count them.
fn count(conn: &Connection, table: &Table) -> u64 {
    let of = |sql: &str| conn.query_row(sql, [], |row| row.get::<usize, i64>(0)).ok();
    let counted = of(&format!("SELECT count(*) FROM {}", table.name)).or_else(|| {
        let sql = "SELECT CAST(reltuples AS BIGINT) FROM pg_catalog.pg_class";
        of(&format!(
            "{sql} WHERE oid = CAST('{}' AS regclass)",
            table.name
        ))
    });
    counted.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}

/// Readies a server for those who open it: what it gives as the next id, and what its planner knows.
fn settle(from: &Connection, to: &Connection) -> Result<(), StoreError> {
    if !to.is_postgres() {
        return Ok(());
    }
    for table in TABLES.iter().filter(|table| table.gives_ids) {
        let (name, key) = (table.name, table.key.first().copied().unwrap_or("id"));
        let greatest: Option<i64> =
            to.query_row(&format!("SELECT max({key}) FROM {name}"), [], |row| {
                row.get(0)
            })?;
        // An id that was given is not given again, also where its row has gone.
        let given: Option<i64> = if from.is_postgres() {
            let sql = format!(
                "SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence('{name}', '{key}') AS regclass))"
            );
            from.query_row(&sql, [], |row| row.get(0))
                .optional()?
                .flatten()
        } else {
            None
        };
        if let Some(last) = greatest.max(given) {
            let sql = format!("SELECT setval(pg_get_serial_sequence('{name}', '{key}'), {last})");
            to.query_row(&sql, [], |_| Ok(()))?;
        }
    }
    for table in TABLES.iter().map(|table| table.name).chain(["search"]) {
        // A help only: the server does it by itself later.
        let _ = to.execute_batch(&format!("ANALYZE {table}"));
    }
    Ok(())
}

/// Compares both sides and, where they are the same, takes the mark away in the same transaction.
fn finish(
    from: &mut End,
    to: &mut End,
    mark: &Mark,
    total: u64,
    version: Option<i64>,
    watch: &mut dyn FnMut(CopyProgress) -> bool,
) -> Result<Vec<CopiedTable>, CopyError> {
    // Once the mark has gone, all must last.
    to.conn.execute_batch(to.conn.either(
        "PRAGMA synchronous = extra; BEGIN IMMEDIATE",
        "SET synchronous_commit = on; BEGIN ISOLATION LEVEL REPEATABLE READ",
    ))?;
    let tables = verify::tables(from, to, mark, total, watch)?;
    from.conn.execute_batch("ROLLBACK")?;
    if from.file_version()? != version {
        return Err(CopyError::Changed(from.name.clone()));
    }
    ends::expect_no_worker(from)?;
    if tables.iter().all(CopiedTable::is_same) {
        mark::remove(&to.conn)?;
        to.conn.execute_batch("COMMIT")?;
    } else {
        to.conn.execute_batch("ROLLBACK")?;
    }
    Ok(tables)
}
