//! Rows as they are read, put elsewhere and compared: in steps by their key, and with one sum for all of a table.
//!
//! Both databases give the same values for the same row, so the sums are made by the same code on both sides.
//! Only U+0000 can't stand in a text of a server's: [`without_zeros`] makes it U+FFFD before a row is put or
//! summed.

use sha2::{Digest, Sha256};

use super::super::StoreError;
use super::super::sql::{Connection, Value, params_from_iter};
use super::plan::Table;

/// Rows of a step at most, and the bytes at which it ends early.
pub const STEP_ROWS: usize = 1_000;
const STEP_BYTES: u64 = 4 << 20;
/// Rows of the first step of a table, of which nobody knows how large they are.
const FIRST_ROWS: usize = 100;

/// A row, its values in the order of the plan's columns.
pub type Row = Vec<Value>;

/// Reads a table step by step.
pub struct Reader<'t> {
    table: &'t Table,
    sql_first: String,
    sql_next: String,
    key: Vec<usize>,
    after: Option<Vec<Value>>,
    limit: usize,
}

/// Rows that were read.
#[derive(Debug, Default)]
pub struct Step {
    pub rows: Vec<Row>,
    pub bytes: u64,
    /// Whether there are no more behind them.
    pub is_last: bool,
}

impl<'t> Reader<'t> {
    /// Begins behind the row with this key, or at the first.
    pub fn new(table: &'t Table, after: Option<Vec<Value>>) -> Self {
        let (columns, key) = (table.columns.join(", "), table.key.join(", "));
        let (name, count) = (table.name, table.key.len());
        let places: Vec<String> = (1..=count).map(|n| format!("?{n}")).collect();
        let places = places.join(", ");
        Self {
            table,
            sql_first: format!("SELECT {columns} FROM {name} ORDER BY {key} LIMIT ?1"),
            sql_next: format!(
                "SELECT {columns} FROM {name} WHERE ({key}) > ({places}) ORDER BY {key} LIMIT ?{}",
                count + 1
            ),
            key: table.key_places(),
            after,
            limit: FIRST_ROWS,
        }
    }

    /// Takes as many rows in a step as fit if they are as large as these.
    pub fn expect(&mut self, rows: u64, bytes: u64) {
        if let Some(each) = bytes.checked_div(rows) {
            let fits = usize::try_from(STEP_BYTES / each.max(1)).unwrap_or(STEP_ROWS);
            self.limit = fits.clamp(10, STEP_ROWS);
        }
    }

    /// The key of the last row that was read.
    pub fn place(&self) -> Option<&[Value]> {
        self.after.as_deref()
    }

    /// The next rows.
    pub fn next(&mut self, conn: &Connection) -> Result<Step, StoreError> {
        let limit = Value::Integer(i64::try_from(self.limit).unwrap_or(i64::MAX));
        let (sql, mut values) = match &self.after {
            Some(key) => (&self.sql_next, key.clone()),
            None => (&self.sql_first, Vec::new()),
        };
        values.push(limit);
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut step = Step::default();
        let mut is_cut = false;
        while let Some(row) = rows.next()? {
            let row: Row = (0..self.table.columns.len())
                .map(|n| row.get(n))
                .collect::<Result<_, _>>()?;
            step.bytes += size(&row);
            step.rows.push(row);
            // What a server sends is here already.
            is_cut = step.bytes >= STEP_BYTES && !conn.is_postgres();
            if is_cut {
                break;
            }
        }
        step.is_last = !is_cut && step.rows.len() < self.limit;
        if let Some(last) = step.rows.last() {
            let key = self
                .key
                .iter()
                .filter_map(|place| last.get(*place).cloned());
            self.after = Some(key.collect());
            self.expect(step.rows.len() as u64, step.bytes);
        }
        Ok(step)
    }
}

/// Bytes of a row's values.
fn size(row: &[Value]) -> u64 {
    let bytes = row.iter().map(|value| match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 8,
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
    });
    bytes.sum::<usize>() as u64
}

/// Puts U+FFFD in the place of each U+0000; how many texts had some.
pub fn without_zeros(row: &mut Row) -> u64 {
    let mut changed = 0;
    for value in row {
        if let Value::Text(text) = value
            && text.contains('\0')
        {
            *text = text.replace('\0', "\u{fffd}");
            changed += 1;
        }
    }
    changed
}

/// What a table holds, in whatever order its rows come.
///
/// Rows with U+0000 in their key may come in another order than those that were made of them. So the sum is
/// not a hash of all rows but the sum of their hashes, modulo 2^64 in each of four parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    pub rows: u64,
    pub bytes: u64,
    parts: [u64; 4],
}

impl Sum {
    /// Adds a row.
    pub fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        for value in row {
            match value {
                Value::Null => hash.update([0]),
                Value::Integer(n) => {
                    hash.update([1]);
                    hash.update(n.to_be_bytes());
                }
                Value::Real(x) => {
                    hash.update([2]);
                    // SQLite knows one zero only.
                    let x = if *x == 0.0 { 0.0 } else { *x };
                    hash.update(x.to_bits().to_be_bytes());
                }
                Value::Text(text) => {
                    hash.update([3]);
                    hash.update((text.len() as u64).to_be_bytes());
                    hash.update(text);
                }
                Value::Blob(bytes) => {
                    hash.update([4]);
                    hash.update((bytes.len() as u64).to_be_bytes());
                    hash.update(bytes);
                }
            }
        }
        let digest = hash.finalize();
        for (part, bytes) in self.parts.iter_mut().zip(digest.chunks_exact(8)) {
            let number = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            *part = part.wrapping_add(number);
        }
        self.rows += 1;
        self.bytes += size(row);
    }

    /// The sum in 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.parts.map(|part| format!("{part:016x}")).concat()
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::TABLES;
    use super::*;
    use crate::store::schema;

    fn table(name: &str) -> &'static Table {
        TABLES.iter().find(|table| table.name == name).unwrap()
    }

    fn sum<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Sum {
        let mut sum = Sum::default();
        rows.into_iter().for_each(|row| sum.add(row));
        sum
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_sum_tells_values_and_their_types_apart_but_not_the_order_of_rows() {
        let rows = [
            vec![Value::Null, text("ab"), text("c")],
            vec![Value::Integer(1), text("a"), text("bc")],
            vec![Value::Real(1.0), text("a"), text("bc")],
            vec![Value::Integer(1), Value::Blob(b"a".to_vec()), text("bc")],
        ];
        let all = sum(&rows);
        assert_eq!(all, sum(rows.iter().rev()));
        assert_eq!((all.rows, all.bytes, all.hex().len()), (4, 36, 64));
        for (n, one) in rows.iter().enumerate() {
            for other in &rows[n + 1..] {
                assert_ne!(sum([one]).hex(), sum([other]).hex(), "{one:?} {other:?}");
            }
        }
        let twice = sum([&rows[0], &rows[0], &rows[1]]);
        assert_ne!(twice.hex(), sum([&rows[1]]).hex(), "pairs don't vanish");
        assert_eq!(
            sum([&vec![Value::Real(-0.0)]]),
            sum([&vec![Value::Real(0.0)]])
        );
        assert_eq!(
            sum([&vec![text("a")]]).hex(),
            "8ea5ff16e15e7ce4872305ae0807709c66f8360f72863cdaab54670043283192",
            "it is the same with every version"
        );
    }

    #[test]
    fn what_no_text_of_a_server_may_hold_is_replaced_and_counted() {
        let mut row = vec![text("a\0b\0"), Value::Blob(vec![0]), text("c"), text("\0")];
        assert_eq!(without_zeros(&mut row), 2);
        let expected = vec![
            text("a\u{fffd}b\u{fffd}"),
            Value::Blob(vec![0]),
            text("c"),
            text("\u{fffd}"),
        ];
        assert_eq!(row, expected);
    }

    #[test]
    fn each_row_is_read_once_in_steps_of_rows_and_of_bytes() {
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        schema::migrate(&mut conn).unwrap();
        conn.execute_batch(
            "WITH n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2499)
             INSERT INTO together SELECT 't' || n % 7, 'o' || n % 11, n, n FROM n;
             INSERT INTO left_url SELECT printf('%07d', other) || replace(hex(zeroblob(1000000)), '00', 'x'), 0
               FROM (SELECT 1 AS other UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
                 UNION ALL SELECT 6)",
        )
        .unwrap();
        let conn = Connection::Sqlite(conn);
        let steps = |name: &str, after: Option<Vec<Value>>| {
            let mut reader = Reader::new(table(name), after);
            let mut steps = Vec::new();
            loop {
                let step = reader.next(&conn).unwrap();
                steps.push(step.rows.clone());
                if step.is_last {
                    return steps;
                }
            }
        };
        let lengths = |steps: &[Vec<Row>]| steps.iter().map(Vec::len).collect::<Vec<_>>();
        let read = steps("together", None);
        assert_eq!(lengths(&read), [100, 1_000, 1_000, 400]);
        let all: Vec<Row> = read.concat();
        let mut unique = all.iter().map(|row| format!("{row:?}")).collect::<Vec<_>>();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), 2_500);
        // Topic, day, other.
        let last = &all[1_099];
        let key = vec![last[0].clone(), last[2].clone(), last[1].clone()];
        assert_eq!(steps("together", Some(key)).concat(), all[1_100..]);
        assert_eq!(lengths(&steps("left_url", None)), [5, 1], "of 4 MiB");
        assert_eq!(lengths(&steps("series", None)), [0]);
    }
}
