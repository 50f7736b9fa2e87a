//! Many rows at once: on a server by one COPY, which takes the time of a statement and not of one a row.

use std::fmt::Write as _;

use bytes::Bytes;

use super::{Connection, Result, Value, params_from_iter};

impl Connection {
    /// Puts rows into a table; each has a value for every one of these columns.
    pub fn insert_all<'v>(
        &self,
        table: &str,
        columns: &[&str],
        rows: impl Iterator<Item = &'v [Value]>,
    ) -> Result<usize> {
        let names = columns.join(", ");
        match self {
            Self::Postgres(session) => {
                let sql = format!("COPY {table} ({names}) FROM STDIN");
                session.copy_in(&sql, written(rows))
            }
            Self::Sqlite(_) => {
                let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
                let sql = format!(
                    "INSERT INTO {table} ({names}) VALUES ({})",
                    places.join(", ")
                );
                let mut statement = self.prepare_cached(&sql)?;
                let mut inserted = 0;
                for row in rows {
                    inserted += statement.execute(params_from_iter(row.iter().cloned()))?;
                }
                Ok(inserted)
            }
        }
    }
}

/// Rows in COPY's text format, which the server reads every type from.
fn written<'v>(rows: impl Iterator<Item = &'v [Value]>) -> Bytes {
    let mut out = String::new();
    for row in rows {
        for (n, value) in row.iter().enumerate() {
            if n > 0 {
                out.push('\t');
            }
            write(value, &mut out);
        }
        out.push('\n');
    }
    out.into()
}

fn write(value: &Value, out: &mut String) {
    // Writing to a String can't fail.
    match value {
        Value::Null => out.push_str("\\N"),
        Value::Integer(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Real(x) => {
            let _ = write!(out, "{x:?}");
        }
        Value::Text(text) => {
            for c in text.chars() {
                match c {
                    '\\' => out.push_str("\\\\"),
                    '\t' => out.push_str("\\t"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    // What no text of the server's may hold.
                    '\0' => out.push('\u{fffd}'),
                    c => out.push(c),
                }
            }
        }
        Value::Blob(bytes) => {
            out.push_str("\\\\x");
            for byte in bytes {
                let _ = write!(out, "{byte:02x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_value_or_a_row_is_written_otherwise() {
        let rows = [
            vec![
                Value::Integer(-7),
                Value::Null,
                Value::Text("a\tb\\N\r\n\0c".to_owned()),
            ],
            vec![
                Value::Real(0.1),
                Value::Blob(vec![0, 255]),
                Value::Text(String::new()),
            ],
            vec![
                Value::Real(1e300),
                Value::Blob(Vec::new()),
                Value::Text("\\.".to_owned()),
            ],
        ];
        let text = written(rows.iter().map(Vec::as_slice));
        assert_eq!(
            std::str::from_utf8(&text).unwrap(),
            "-7\t\\N\ta\\tb\\\\N\\r\\n\u{fffd}c\n0.1\t\\\\x00ff\t\n1e300\t\\\\x\t\\\\.\n"
        );
    }
}
