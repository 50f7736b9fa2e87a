//! Whether a copy is what it was made of: each table's rows counted and summed up on both sides.

use super::super::sql::Connection;
use super::super::{StoreError, indexed};
use super::ends::End;
use super::mark::Mark;
use super::plan::{self, TABLES, Table};
use super::rows::{Reader, Sum, without_zeros};
use super::{CopiedTable, CopyError, CopyProgress, CopyStep};

/// Sums up both sides of every table.
pub fn tables(
    from: &mut End,
    to: &mut End,
    mark: &Mark,
    total: u64,
    watch: &mut dyn FnMut(CopyProgress) -> bool,
) -> Result<Vec<CopiedTable>, CopyError> {
    // A text of the source is compared as the server had to be given it.
    let replaces = to.conn.is_postgres();
    let mut progress = CopyProgress {
        step: CopyStep::Checking,
        table: "",
        table_rows: 0,
        rows: 0,
        bytes: 0,
        total,
        is_whole: false,
    };
    let mut found = Vec::new();
    for table in TABLES {
        let (source, target) = (&mut from.conn, &mut to.conn);
        let (of_source, of_target) = std::thread::scope(|scope| {
            let other = scope.spawn(move || sum(target, table, false, &mut |_| true));
            let mut go_on = |sum: &Sum| {
                watch(CopyProgress {
                    table: table.name,
                    table_rows: sum.rows,
                    rows: progress.rows + sum.rows,
                    bytes: progress.bytes + sum.bytes,
                    ..progress
                })
            };
            let one = sum(source, table, replaces, &mut go_on);
            // Such a thread ends otherwise only by a panic, which goes on here.
            let other = other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (one, other)
        });
        let (Some(source), Some(target)) = (of_source?, of_target?) else {
            return Err(CopyError::Stopped);
        };
        progress.rows += source.rows;
        progress.bytes += source.bytes;
        let indexed = if table.name == plan::ENTRY {
            Some(indexed::count(&to.conn)?)
        } else {
            None
        };
        found.push(CopiedTable {
            table: table.name,
            rows: source.rows,
            bytes: source.bytes,
            checksum: source.hex(),
            target_rows: target.rows,
            target_checksum: target.hex(),
            indexed,
            replaced: mark.tables.get(table.name).map_or(0, |part| part.replaced),
        });
    }
    Ok(found)
}

/// Sums up a table; `None` where `go_on` says no.
fn sum(
    conn: &Connection,
    table: &'static Table,
    replaces: bool,
    go_on: &mut dyn FnMut(&Sum) -> bool,
) -> Result<Option<Sum>, CopyError> {
    let broke_off = |error: StoreError| CopyError::broke_off(table, error);
    let (mut reader, mut sum) = (Reader::new(table, None), Sum::default());
    loop {
        let mut step = reader.next(conn).map_err(broke_off)?;
        for row in &mut step.rows {
            if replaces {
                without_zeros(row);
            }
            sum.add(row);
        }
        if !go_on(&sum) {
            return Ok(None);
        }
        if step.is_last {
            return Ok(Some(sum));
        }
    }
}
