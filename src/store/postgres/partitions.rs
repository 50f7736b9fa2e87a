//! The tables of fingerprints in days: what is older than the window goes as whole tables.
//!
//! `fingerprint` and `fingerprint_band` are partitioned by `at_ms`, a partition for each day (UTC), and one for
//! whatever no day is there for (`…_other`), so that no row is ever refused. Days are made ahead, by whoever opens
//! the database and with each pruning. A day that is made takes its rows from the other partition.
//!
//! Making or dropping one takes both the table and its other partition alone, for a moment: nobody is in the table
//! while it changes. Who would have to wait longer for that than [`MOST_WAIT`] gives up and says so, since all who
//! come later wait behind him; those who make or drop days of one table at the same time take turns.
//!
//! A fingerprint's day is there before that of its bands and goes after it, so that no band is left without its
//! fingerprint.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::job::transaction;
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::sql::Connection;

/// Days that are made ahead of today, and back: entries are a few days old when a feed is first read.
const AHEAD: i64 = 3;
const BACK: i64 = 3;
/// A table has no more days than this: each statement that looks into all of them takes a lock on each.
const MOST_DAYS: usize = 64;
/// How long to wait until nobody is in a table.
const MOST_WAIT: &str = "SET LOCAL lock_timeout = '1s'";
/// How long a statement may take while nobody else is let in.
const MOST_TIME: &str = "SET LOCAL statement_timeout = '5s'";
/// The advisory locks of those who make and drop days, one a table: "mntd", and its number.
const CHANGING: i64 = 0x6d6e_7464_0000_0000;
const DAY_MS: i64 = 86_400_000;

/// A table in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    columns: &'static str,
}

/// Fingerprints.
pub const FINGERPRINT: Table = Table {
    name: "fingerprint",
    columns: "entry_id, at_ms, sketch",
};

/// Their bands.
pub const BAND: Table = Table {
    name: "fingerprint_band",
    columns: "band, entry_id, at_ms",
};

/// A day, counted from that of 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day of a time.
    pub const fn of(at_ms: i64) -> Self {
        Self(at_ms.div_euclid(DAY_MS))
    }

    /// Its first millisecond.
    pub const fn begins(self) -> i64 {
        self.0.saturating_mul(DAY_MS)
    }

    /// The first of the day after it.
    pub const fn ends(self) -> i64 {
        Self(self.0 + 1).begins()
    }

    /// The partition that has this day of a table.
    pub fn of_table(self, table: Table) -> String {
        let date = jiff::Timestamp::from_millisecond(self.begins())
            .map_or(Date::MIN, |at| TimeZone::UTC.to_datetime(at).date());
        format!("{}_{}", table.name, date.strftime("%Y%m%d"))
    }
}

/// The days that are to be there at a time.
pub fn wanted(now: Timestamp) -> impl Iterator<Item = Day> {
    let Day(today) = Day::of(now.as_millis());
    (today - BACK..=today + AHEAD).map(Day)
}

/// The days that a table has, the first first.
pub fn days(conn: &Connection, table: Table) -> Result<Vec<Day>, StoreError> {
    let mut bounds = conn.prepare(&format!(
        "SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid)
         FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = CAST('{}' AS regclass)",
        table.name
    ))?;
    let bounds = bounds.query_map([], |row| row.get::<_, String>(0))?;
    let bounds = bounds.collect::<Result<Vec<_>, _>>()?;
    let mut days: Vec<Day> = bounds.iter().filter_map(|bounds| day(bounds)).collect();
    days.sort_unstable();
    Ok(days)
}

/// The day of a partition's bounds, `FOR VALUES FROM ('0') TO ('86400000')`; none of the other partition's.
fn day(bounds: &str) -> Option<Day> {
    let numbers = bounds.split(|c: char| !(c.is_ascii_digit() || c == '-'));
    let numbers: Vec<i64> = numbers.filter_map(|number| number.parse().ok()).collect();
    match numbers[..] {
        [from, to] => Some(Day::of(from)).filter(|day| (day.begins(), day.ends()) == (from, to)),
        _ => None,
    }
}

/// Which of these days are missing, in the order in which they are made.
pub fn missing(conn: &Connection, wanted: &[Day]) -> Result<Vec<(Table, Day)>, StoreError> {
    let mut missing = Vec::new();
    for table in [FINGERPRINT, BAND] {
        let there = days(conn, table)?;
        let room = MOST_DAYS.saturating_sub(there.len());
        let lacks = wanted.iter().filter(|day| !there.contains(day));
        missing.extend(lacks.take(room).map(|day| (table, *day)));
    }
    Ok(missing)
}

/// Makes a day of a table, in the transaction that is open. False where others were in the way: then nothing has
/// changed.
pub fn make(conn: &Connection, table: Table, day: Day) -> Result<bool, StoreError> {
    let made = alone(conn, table, || {
        if days(conn, table)?.contains(&day) {
            return Ok(true);
        }
        if table == BAND && !days(conn, FINGERPRINT)?.contains(&day) {
            return Ok(false);
        }
        let Table { name, columns } = table;
        let (new, from, to) = (day.of_table(table), day.begins(), day.ends());
        conn.execute_batch(&format!(
            "LOCK TABLE ONLY {name}, ONLY {name}_other IN ACCESS EXCLUSIVE MODE;
             CREATE TABLE {new} (LIKE {name} INCLUDING ALL);
             WITH moved AS (DELETE FROM {name}_other WHERE at_ms >= {from} AND at_ms < {to} RETURNING {columns})
               INSERT INTO {new} ({columns}) SELECT {columns} FROM moved;
             ALTER TABLE {name} ATTACH PARTITION {new} FOR VALUES FROM ({from}) TO ({to})"
        ))?;
        Ok(true)
    })?;
    Ok(made == Some(true))
}

/// Drops a day of a table with all that it holds, in the transaction that is open. False where others were in the
/// way: then nothing has changed.
pub fn remove(conn: &Connection, table: Table, day: Day) -> Result<bool, StoreError> {
    let removed = alone(conn, table, || {
        if days(conn, table)?.contains(&day) {
            let name = table.name;
            conn.execute_batch(&format!(
                "LOCK TABLE ONLY {name}, ONLY {name}_other IN ACCESS EXCLUSIVE MODE;
                 DROP TABLE {}",
                day.of_table(table)
            ))?;
        }
        Ok(())
    })?;
    Ok(removed.is_some())
}

/// Does something as the only one who changes the days of a table; `None`, and nothing was done, where that or the
/// table could not be had in time.
fn alone<T>(
    conn: &Connection,
    table: Table,
    job: impl FnOnce() -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    conn.execute_batch(&format!("SAVEPOINT days; {MOST_WAIT}; {MOST_TIME}"))?;
    let turn = format!(
        "SELECT pg_advisory_xact_lock({CHANGING} + CAST(CAST(CAST('{}' AS regclass) AS oid) AS BIGINT))",
        table.name
    );
    let done = conn
        .execute_batch(&turn)
        .map_err(StoreError::from)
        .and_then(|()| job());
    match done {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Conflict(_) | StoreError::TooSlow(_)) => {
            conn.execute_batch("ROLLBACK TO SAVEPOINT days")?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The days of rows that are in a table of either kind of database, the last ones.
pub fn of_rows(conn: &Connection) -> Result<Vec<Day>, StoreError> {
    let mut days = conn.prepare(&format!(
        "SELECT DISTINCT at_ms / {DAY_MS} FROM fingerprint WHERE at_ms >= 0 ORDER BY 1 DESC LIMIT {}",
        MOST_DAYS / 2
    ))?;
    let days = days.query_map([], |row| row.get(0).map(Day))?;
    Ok(days.collect::<Result<_, _>>()?)
}

/// The statements that make the days of a database that is migrated, for its rows and for those to come.
pub fn of_migration(conn: &Connection, now: Timestamp) -> Result<String, StoreError> {
    let mut days = of_rows(conn)?;
    days.extend(wanted(now));
    days.sort_unstable();
    days.dedup();
    let make = |table: Table, day: Day| {
        let (name, new) = (table.name, day.of_table(table));
        let (from, to) = (day.begins(), day.ends());
        format!("CREATE TABLE {new} PARTITION OF {name} FOR VALUES FROM ({from}) TO ({to});\n")
    };
    let both = |day| make(FINGERPRINT, day) + &make(BAND, day);
    Ok(days.into_iter().map(both).collect())
}

/// Makes the days of fingerprints that will be needed soon, as far as others are not in the way.
pub fn make_days(conn: &Connection) -> Result<(), StoreError> {
    let wanted: Vec<_> = wanted(Timestamp::now()).collect();
    for (table, day) in missing(conn, &wanted)? {
        if !transaction(conn, &|conn| make(conn, table, day))? {
            // The next pruning makes it.
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_known_by_its_bounds_and_called_by_its_date() {
        let day_of = |text| day(text).map(|day| day.of_table(BAND));
        assert_eq!(
            day_of("FOR VALUES FROM ('1719964800000') TO ('1720051200000')").unwrap(),
            "fingerprint_band_20240703"
        );
        assert_eq!(
            day_of("FOR VALUES FROM (0) TO (86400000)").unwrap(),
            "fingerprint_band_19700101"
        );
        assert_eq!(
            day_of("FOR VALUES FROM ('-86400000') TO ('0')").unwrap(),
            "fingerprint_band_19691231"
        );
        for other in [
            "DEFAULT",
            "FOR VALUES FROM (MINVALUE) TO ('0')",
            "FOR VALUES FROM ('1') TO ('86400001')",
            "FOR VALUES FROM ('0') TO ('172800000')",
        ] {
            assert_eq!(day(other), None, "{other}");
        }
    }

    #[test]
    fn a_day_ends_where_the_next_one_begins() {
        for (at, begins) in [(0, 0), (DAY_MS - 1, 0), (DAY_MS, DAY_MS), (-1, -DAY_MS)] {
            let day = Day::of(at);
            assert_eq!((day.begins(), day.ends()), (begins, begins + DAY_MS));
        }
        let days: Vec<Day> = wanted(Timestamp::from_millis(10 * DAY_MS + 5)).collect();
        assert_eq!((days[0], days[6], days.len()), (Day(7), Day(13), 7));
    }
}
