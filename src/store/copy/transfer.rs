//! The rows of one database put into the other, step by step.
//!
//! One thread reads and makes the tokens of texts, the other writes; at most a few steps wait between them. Each
//! step is one transaction, with the index of its entries and with how far the copy is then.

use std::collections::HashMap;
use std::sync::mpsc::{self, SyncSender};

use super::super::StoreError;
use super::super::indexed;
use super::super::postgres::partitions;
use super::super::sql::{Connection, Value, json};
use super::ends::End;
use super::mark::{self, Mark, Part};
use super::plan::{self, TABLES, Table};
use super::rows::{Reader, Row, Step, without_zeros};
use super::{CopyError, CopyProgress, CopyStep};
use crate::search::EntryTokens;

/// Steps that wait to be written.
const WAITING: usize = 2;

/// Rows on their way.
struct Load {
    table: &'static Table,
    step: Step,
    tokens: Vec<(i64, EntryTokens)>,
    replaced: u64,
    place: Option<Vec<Value>>,
}

/// Copies what the mark says is missing. `watch` is told of each step and says whether to go on.
pub fn copy(
    from: &mut End,
    to: &End,
    mark: &mut Mark,
    total: u64,
    watch: &mut dyn FnMut(CopyProgress) -> bool,
) -> Result<(), CopyError> {
    let is_for_server = to.conn.is_postgres();
    let missing: Vec<(&'static Table, Part)> = TABLES
        .iter()
        .map(|table| (table, mark.tables.get(table.name).cloned()))
        .map(|(table, part)| (table, part.unwrap_or_default()))
        .filter(|(_, part)| !part.is_whole)
        .collect();
    let mut progress = CopyProgress {
        step: CopyStep::Copying,
        table: "",
        table_rows: 0,
        rows: mark.tables.values().map(|part| part.rows).sum(),
        bytes: mark.tables.values().map(|part| part.bytes).sum(),
        total,
        is_whole: false,
    };
    if is_for_server {
        make_days(&from.conn, &to.conn)?;
    }
    let source = &mut from.conn;
    std::thread::scope(|scope| {
        let (send, loads) = mpsc::sync_channel(WAITING);
        scope.spawn(move || {
            for (table, part) in missing {
                if !read(source, table, &part, is_for_server, &send) {
                    break;
                }
            }
        });
        for load in loads {
            let load = load?;
            let table = load.table;
            let (rows, bytes) = (load.step.rows.len() as u64, load.step.bytes);
            let part = mark.tables.entry(table.name.to_owned()).or_default();
            part.rows += rows;
            part.bytes += bytes;
            part.replaced += load.replaced;
            part.is_whole = load.step.is_last;
            part.set_place(load.place.as_deref());
            progress.table = table.name;
            progress.table_rows = part.rows;
            progress.is_whole = part.is_whole;
            write(&to.conn, &load, mark).map_err(|error| CopyError::broke_off(table, error))?;
            progress.rows += rows;
            progress.bytes += bytes;
            if !watch(progress) {
                return Err(CopyError::Stopped);
            }
        }
        Ok(())
    })
}

/// Reads what is missing of a table; whether to go on.
fn read(
    conn: &Connection,
    table: &'static Table,
    part: &Part,
    is_for_server: bool,
    send: &SyncSender<Result<Load, CopyError>>,
) -> bool {
    let mut reader = Reader::new(table, part.place());
    reader.expect(part.rows, part.bytes);
    loop {
        let mut step = match reader.next(conn) {
            Ok(step) => step,
            Err(error) => {
                let _ = send.send(Err(CopyError::broke_off(table, error)));
                return false;
            }
        };
        let replaced = if is_for_server {
            step.rows.iter_mut().map(without_zeros).sum()
        } else {
            0
        };
        let is_last = step.is_last;
        let load = Load {
            table,
            tokens: tokens(table, &step),
            step,
            replaced,
            place: reader.place().map(<[Value]>::to_vec),
        };
        if send.send(Ok(load)).is_err() {
            return false;
        }
        if is_last {
            return true;
        }
    }
}

/// What the index is to hold of entries.
fn tokens(table: &Table, step: &Step) -> Vec<(i64, EntryTokens)> {
    if table.name != plan::ENTRY {
        return Vec::new();
    }
    let place = |name: &str| table.columns.iter().position(|column| *column == name);
    let of_row = |row: &Vec<Value>| {
        let text = |name: &str| match row.get(place(name)?) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let Some(Value::Integer(id)) = row.get(place("id")?) else {
            return None;
        };
        let tokens = EntryTokens::of(text("title")?, text("summary")?, text("content")?);
        Some((*id, tokens))
    };
    step.rows.iter().filter_map(of_row).collect()
}

fn write(conn: &Connection, load: &Load, mark: &Mark) -> Result<(), StoreError> {
    in_transaction(conn, || {
        if load.table.name == plan::BAND && conn.is_postgres() {
            insert_bands(conn, load)?;
        } else {
            let rows = load.step.rows.iter().map(Vec::as_slice);
            conn.insert_all(load.table.name, load.table.columns, rows)?;
        }
        if !load.tokens.is_empty() {
            indexed::put_new(conn, &load.tokens)?;
        }
        mark::update(conn, &mark.tables)
    })
}

/// Puts bands into a server's table, each with the time of its fingerprint, which was copied before it.
fn insert_bands(conn: &Connection, load: &Load) -> Result<(), StoreError> {
    let entry = |row: &[Value]| match row.last() {
        Some(Value::Integer(entry)) => Some(*entry),
        _ => None,
    };
    let entries: Vec<i64> = load.step.rows.iter().filter_map(|row| entry(row)).collect();
    let each = conn.each("?1");
    let mut times = conn.prepare_cached(&format!(
        "SELECT entry_id, at_ms FROM fingerprint
         WHERE entry_id IN (SELECT CAST(e.value AS BIGINT) FROM {each} e)"
    ))?;
    let times = times.query_map([json(&entries)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let times: HashMap<i64, i64> = times.collect::<Result<_, _>>()?;
    let with_time = |row: &Row| {
        // One that has none goes with the next pruning.
        let at = entry(row).and_then(|entry| times.get(&entry)).copied();
        [&row[..], &[Value::Integer(at.unwrap_or(0))]].concat()
    };
    let rows: Vec<Row> = load.step.rows.iter().map(with_time).collect();
    let columns = [load.table.columns, &["at_ms"]].concat();
    conn.insert_all(load.table.name, &columns, rows.iter().map(Vec::as_slice))?;
    Ok(())
}

/// Makes the days of the source's fingerprints in a server's tables.
fn make_days(from: &Connection, to: &Connection) -> Result<(), StoreError> {
    for (table, day) in partitions::missing(to, &partitions::of_rows(from)?)? {
        in_transaction(to, || partitions::make(to, table, day))?;
    }
    Ok(())
}

/// Does all of it, or nothing.
pub fn in_transaction<T, E: From<StoreError>>(
    conn: &Connection,
    job: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let run = |sql: &str| conn.execute_batch(sql).map_err(StoreError::from);
    run(conn.either("BEGIN IMMEDIATE", "BEGIN ISOLATION LEVEL REPEATABLE READ"))?;
    match job() {
        Ok(value) => {
            run("COMMIT")?;
            Ok(value)
        }
        Err(error) => {
            // What was lost with a connection is undone by the server.
            let _ = run("ROLLBACK");
            Err(error)
        }
    }
}
