//! Rows of an answer, of either database.

use rusqlite::types::FromSqlError;

use super::{Error, FromSql, Result, Value, ValueRef};

/// A row.
pub enum Row<'r> {
    /// SQLite's, of which nothing is copied before it is asked for.
    Sqlite(&'r rusqlite::Row<'r>),
    /// A server's.
    Postgres(&'r [Value]),
}

/// A column's number.
pub trait Column: Copy {
    /// The number, from 0.
    fn number(self) -> usize;
}

impl Column for usize {
    fn number(self) -> usize {
        self
    }
}

impl Row<'_> {
    /// Reads a column.
    pub fn get<C: Column, T: FromSql>(&self, column: C) -> Result<T> {
        let column = column.number();
        match self {
            Self::Sqlite(row) => Ok(row.get(column)?),
            Self::Postgres(_) => {
                let value = self.get_ref(column)?;
                T::column_result(value).map_err(|error| unreadable(column, value, error))
            }
        }
    }

    /// A column as it stands.
    pub fn get_ref(&self, column: usize) -> Result<ValueRef<'_>> {
        match self {
            Self::Sqlite(row) => Ok(row.get_ref(column)?),
            Self::Postgres(values) => match values.get(column) {
                Some(value) => Ok(value.into()),
                None => Err(rusqlite::Error::InvalidColumnIndex(column).into()),
            },
        }
    }

    /// A text as it stands.
    pub fn text(&self, column: usize) -> Result<&str> {
        let value = self.get_ref(column)?;
        value
            .as_str()
            .map_err(|error| unreadable(column, value, error))
    }
}

fn unreadable(column: usize, value: ValueRef<'_>, error: FromSqlError) -> Error {
    match error {
        FromSqlError::OutOfRange(n) => rusqlite::Error::IntegralValueOutOfRange(column, n),
        FromSqlError::InvalidType => rusqlite::Error::InvalidColumnType(
            column,
            format!("column {column}"),
            value.data_type(),
        ),
        error => {
            rusqlite::Error::FromSqlConversionFailure(column, value.data_type(), Box::new(error))
        }
    }
    .into()
}

/// The rows of an answer.
pub enum Rows<'s> {
    /// SQLite's, found as they are asked for.
    Sqlite(rusqlite::Rows<'s>),
    /// A server's, all of them.
    Postgres {
        /// Those that were not asked for yet.
        rest: std::vec::IntoIter<Vec<Value>>,
        /// The one that was asked for last.
        row: Vec<Value>,
    },
}

impl<'s> Rows<'s> {
    pub(super) const fn sqlite(rows: rusqlite::Rows<'s>) -> Self {
        Self::Sqlite(rows)
    }

    pub(super) fn postgres(rows: Vec<Vec<Value>>) -> Self {
        Self::Postgres {
            rest: rows.into_iter(),
            row: Vec::new(),
        }
    }

    /// The next one.
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
            Self::Postgres { rest, row } => {
                let Some(next) = rest.next() else {
                    return Ok(None);
                };
                *row = next;
                Ok(Some(Row::Postgres(row)))
            }
        }
    }
}

/// The rows of an answer, read one by one in the same way.
pub struct MappedRows<'s, F> {
    rows: Rows<'s>,
    read: F,
}

impl<'s, F> MappedRows<'s, F> {
    pub(super) const fn new(rows: Rows<'s>, read: F) -> Self {
        Self { rows, read }
    }
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for MappedRows<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        match self.rows.next() {
            Ok(Some(row)) => Some((self.read)(&row)),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
