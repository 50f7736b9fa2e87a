//! Composing the listing queries: a fixed head, and a condition for each filter that is set.

use std::fmt::Write;

use super::sql::Value;
use super::sql::{Connection, Row, params_from_iter};

use super::StoreError;

/// A SELECT that grows by conditions. Values are always bound, never written into the text.
pub struct Query {
    sql: String,
    values: Vec<Value>,
}

impl Query {
    /// Begins with a SELECT that ends in a WHERE clause.
    pub fn new(select: &str) -> Self {
        Self {
            sql: select.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds `AND condition` when there is a value; `@` in the condition stands for it.
    pub fn and(mut self, condition: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.values.push(value.into());
            let number = format!("?{}", self.values.len());
            self.sql.push_str(" AND ");
            self.sql.push_str(&condition.replace('@', &number));
        }
        self
    }

    /// Binds the next of the numbered values that the SELECT itself names.
    pub fn bind(mut self, value: Option<impl Into<Value>>) -> Self {
        self.values.push(value.map_or(Value::Null, Into::into));
        self
    }

    /// Adds `AND condition` when there are values; the two `@` in the condition stand for them.
    pub fn and_both<T: Into<Value>>(mut self, condition: &str, values: Option<(T, T)>) -> Self {
        if let Some((first, second)) = values {
            let mut condition = condition.to_owned();
            for value in [first, second] {
                self.values.push(value.into());
                let number = format!("?{}", self.values.len());
                condition = condition.replacen('@', &number, 1);
            }
            self.sql.push_str(" AND ");
            self.sql.push_str(&condition);
        }
        self
    }

    /// Orders, cuts and runs the query.
    pub fn run<T>(
        mut self,
        conn: &Connection,
        order: &str,
        limit: usize,
        read: impl FnMut(&Row<'_>) -> super::sql::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        // Writing to a String can't fail.
        let _ = write!(self.sql, " ORDER BY {order} LIMIT {limit}");
        let mut statement = conn.prepare(&self.sql)?;
        let rows = statement.query_map(params_from_iter(self.values), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many steps of its machine SQLite takes to run it.
    #[cfg(test)]
    pub fn cost(self, conn: &Connection, order: &str, limit: usize) -> Result<i32, StoreError> {
        let sql = format!("{} ORDER BY {order} LIMIT {limit}", self.sql);
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query(params_from_iter(self.values))?;
        while rows.next()?.is_some() {}
        drop(rows);
        Ok(statement.steps().unwrap_or_default())
    }

    /// The steps by which SQLite would run it.
    #[cfg(test)]
    pub fn explained(
        mut self,
        conn: &Connection,
        order: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        self.run(conn, order, limit, |row| row.get(3))
    }
}
