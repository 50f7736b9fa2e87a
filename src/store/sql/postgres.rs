//! A session with a PostgreSQL server, as whoever runs statements sees it: each waits for its answer.
//!
//! The sockets are read and written by a runtime of their own ([`crate::store::postgres`]), so that a session
//! can be used from any thread. An answer that does not come in time ends the session: what became of the
//! statement is not known then, and nobody else may be given what is left of it.

use std::cell::Cell;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::Thread;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use deadpool_postgres::Object;
use futures_util::SinkExt;
use futures_util::future::try_join;
use rusqlite::types::ToSqlOutput;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::{Error, Params, Result, Value, dialect};

/// A session.
pub struct Session {
    client: Object,
    /// How long an answer is waited for.
    patience: Duration,
    /// Whether it can't be used any more.
    broken: Cell<bool>,
    /// Whether a transaction is to begin with the next statement.
    begins: Cell<bool>,
}

/// A statement that the server has readied.
pub struct Prepared<'c> {
    session: &'c Session,
    statement: tokio_postgres::Statement,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// A session over this connection of the pool, in which an answer is waited for so long.
    pub fn new(client: Object, patience: Duration) -> Self {
        Self {
            client,
            patience,
            broken: Cell::new(false),
            begins: Cell::new(false),
        }
    }

    /// Has a transaction begin with the next statement that is run, on the same way to the server.
    pub fn begin(&self) {
        self.begins.set(true);
    }

    /// Ends the transaction; whether it is recorded or undone.
    pub fn end(&self, recorded: bool) -> Result<()> {
        if self.begins.take() {
            return Ok(());
        }
        self.execute_batch(if recorded { "COMMIT" } else { "ROLLBACK" })
    }

    /// Readies a statement for this once.
    pub fn prepare(&self, sql: &str) -> Result<Prepared<'_>> {
        let sql = dialect::postgres(sql);
        let statement = self.wait(self.client.prepare(&sql))?;
        Ok(Prepared {
            session: self,
            statement,
        })
    }

    /// Readies a statement, or takes the one that is ready.
    pub fn prepare_cached(&self, sql: &str) -> Result<Prepared<'_>> {
        let sql = dialect::postgres(sql);
        let statement = self.wait(self.client.prepare_cached(&sql))?;
        Ok(Prepared {
            session: self,
            statement,
        })
    }

    /// Runs statements in PostgreSQL's own words.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        self.run(self.client.batch_execute(sql))
    }

    /// Runs a COPY into a table, of rows that are written in its format; how many they were.
    pub fn copy_in(&self, sql: &str, rows: Bytes) -> Result<usize> {
        let copied = async {
            let mut sink = pin!(self.client.copy_in(sql).await?);
            if let Err(error) = sink.send(rows).await {
                // Why it takes no more, its end tells.
                sink.as_mut().finish().await?;
                return Err(error);
            }
            sink.finish().await
        };
        let rows = self.run(copied)?;
        Ok(usize::try_from(rows).unwrap_or(usize::MAX))
    }

    /// Gives the connection back to the pool, unless it is broken or no transaction of its was ended.
    pub fn leave(self, is_clean: bool) {
        if self.broken.get() || !is_clean {
            drop(Object::take(self.client));
        }
    }

    /// Waits for what is part of a transaction, if one is to begin.
    fn run<T>(
        &self,
        answer: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        if !self.begins.take() {
            return self.wait(answer);
        }
        // Both are sent before either is answered, in this order.
        let begun = self.client.batch_execute("BEGIN");
        let ((), value) = self.wait(try_join(begun, answer))?;
        Ok(value)
    }

    fn wait<T>(
        &self,
        answer: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        if self.broken.get() {
            return Err(Error::TimedOut);
        }
        match wait(answer, self.patience) {
            Some(answer) => Ok(answer?),
            None => {
                self.broken.set(true);
                Err(Error::TimedOut)
            }
        }
    }
}

/// Waits on this thread; `None` when it takes longer than that.
fn wait<F: Future>(future: F, patience: Duration) -> Option<F::Output> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    let began = Instant::now();
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        std::thread::park_timeout(patience.checked_sub(began.elapsed())?);
    }
}

impl Prepared<'_> {
    /// How many rows it changed.
    pub fn execute(&self, params: impl Params) -> Result<usize> {
        with(params, |values| {
            let done = self.session.client.execute(&self.statement, values);
            let rows = self.session.run(done)?;
            Ok(usize::try_from(rows).unwrap_or(usize::MAX))
        })
    }

    /// All its rows.
    pub fn query(&self, params: impl Params) -> Result<Vec<Vec<Value>>> {
        with(params, |values| {
            let found = self.session.client.query(&self.statement, values);
            let rows = self.session.run(found)?;
            let read = |row: &tokio_postgres::Row| -> Result<Vec<Value>> {
                (0..row.len())
                    .map(|n| Ok(row.try_get::<_, Received>(n)?.0))
                    .collect()
            };
            rows.iter().map(read).collect()
        })
    }
}

/// Binds the values for a statement.
fn with<T>(
    params: impl Params,
    run: impl FnOnce(&[&(dyn ToSql + Sync)]) -> Result<T>,
) -> Result<T> {
    let values: Vec<Bound> =
        params.with(|values| values.iter().map(bound).collect::<Result<_>>())?;
    let values: Vec<&(dyn ToSql + Sync)> = values
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect();
    run(&values)
}

fn bound(value: &&dyn rusqlite::ToSql) -> Result<Bound> {
    match value.to_sql()? {
        ToSqlOutput::Borrowed(value) => Ok(Bound(value.try_into().map_err(rusqlite::Error::from)?)),
        ToSqlOutput::Owned(value) => Ok(Bound(value)),
        _ => Err(rusqlite::Error::ToSqlConversionFailure("a value of SQLite's own".into()).into()),
    }
}

/// A value on its way to the server, which says what type it wants.
#[derive(Debug)]
struct Bound(Value);

impl ToSql for Bound {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (&self.0, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Integer(n), &Type::BOOL) => out.put_u8(u8::from(*n != 0)),
            (Value::Integer(n), &Type::INT2) => out.put_i16(i16::try_from(*n)?),
            (Value::Integer(n), &Type::INT4) => out.put_i32(i32::try_from(*n)?),
            (Value::Integer(n), &Type::INT8) => out.put_i64(*n),
            #[expect(clippy::cast_precision_loss, reason = "as SQLite does")]
            (Value::Integer(n), &Type::FLOAT8) => out.put_f64(*n as f64),
            (Value::Real(x), &Type::FLOAT8) => out.put_f64(*x),
            (Value::Text(text), &Type::JSONB) => {
                out.put_u8(1);
                out.put_slice(text.as_bytes());
            }
            // What no text of the server's may hold.
            (Value::Text(text), _) if text.contains('\0') => {
                out.put_slice(text.replace('\0', "\u{fffd}").as_bytes());
            }
            (Value::Text(text), _) => out.put_slice(text.as_bytes()),
            (Value::Blob(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (value, ty) => return Err(format!("{:?} for a {ty}", value.data_type()).into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value that the server has sent.
struct Received(Value);

impl<'a> FromSql<'a> for Received {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::BOOL => Value::Integer(bool::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Integer(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Value::Integer(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Value::Integer(i64::from_sql(ty, raw)?),
            Type::OID => Value::Integer(u32::from_sql(ty, raw)?.into()),
            Type::FLOAT4 => Value::Real(f32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::NUMERIC => numeric(raw).ok_or("a number that is out of range")?,
            Type::BYTEA => Value::Blob(raw.to_vec()),
            Type::JSON => Value::Text(std::str::from_utf8(raw)?.to_owned()),
            _ => Value::Text(String::from_sql(ty, raw)?),
        }))
    }

    fn from_sql_null(
        _: &Type,
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A number of any length, which is what the server makes a sum of: digits to the base of 10,000.
fn numeric(raw: &[u8]) -> Option<Value> {
    let mut fields = raw
        .chunks_exact(2)
        .map(|two| u16::from_be_bytes([two[0], two[1]]));
    let count = fields.next()?;
    let weight = fields.next()?.cast_signed();
    let is_negative = match fields.next()? {
        0 => false,
        0x4000 => true,
        _ => return None,
    };
    let _ = fields.next()?;
    let digits: Vec<u16> = fields.take(count.into()).collect();
    if i32::from(weight) + 1 >= i32::try_from(digits.len()).ok()? {
        let zeros = usize::try_from(i32::from(weight) + 1).ok()?;
        let mut number: i64 = 0;
        for n in 0..zeros {
            let digit = i64::from(digits.get(n).copied().unwrap_or(0));
            number = number.checked_mul(10_000)?.checked_add(digit)?;
        }
        return Some(Value::Integer(if is_negative { -number } else { number }));
    }
    let number = digits.iter().enumerate().fold(0.0, |sum, (n, digit)| {
        let power = i32::from(weight) - i32::try_from(n).unwrap_or(i32::MAX);
        sum + f64::from(*digit) * 10_000_f64.powi(power)
    });
    Some(Value::Real(if is_negative { -number } else { number }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(fields: &[u16]) -> Option<Value> {
        let bytes: Vec<u8> = fields
            .iter()
            .flat_map(|field| field.to_be_bytes())
            .collect();
        numeric(&bytes)
    }

    #[test]
    fn sums_are_read_as_the_numbers_they_are() {
        assert_eq!(sent(&[0, 0, 0, 0]), Some(Value::Integer(0)));
        assert_eq!(sent(&[1, 0, 0, 0, 42]), Some(Value::Integer(42)));
        assert_eq!(sent(&[1, 1, 0x4000, 0, 3]), Some(Value::Integer(-30_000)));
        assert_eq!(sent(&[2, 1, 0, 0, 1, 2345]), Some(Value::Integer(12_345)));
        assert_eq!(sent(&[2, 0, 0, 1, 1, 5000]), Some(Value::Real(1.5)));
        assert_eq!(sent(&[1, 0, 0xc000, 0, 0]), None);
        assert_eq!(sent(&[1, 9, 0, 0, 1]), None, "too large");
    }
}
