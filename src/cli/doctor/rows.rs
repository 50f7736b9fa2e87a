//! Whether the database opens, holds together, and its counts and index say what its rows do.

use std::path::Path;
use std::time::Duration;

use super::{Finding, Patient};
use crate::cli::output::{bytes, count, printable};
use crate::model::Database;
use crate::store::{IndexCheck, SeriesCheck, Store, StoreError};

/// How far ahead of the clock a time may be: two clocks are never quite the same.
const AHEAD: Duration = Duration::from_mins(5);
/// What to do with a damaged file.
const PUT_COPY: &str =
    "stop the daemon, put a copy made by `mentiond backup` in its place, and check the disk";

/// The opened database, or why there is none.
pub(super) fn opened(
    database: &Database,
    store: Result<Store, StoreError>,
) -> (Option<Store>, Finding) {
    let missing = matches!(store, Err(StoreError::Missing(_)));
    match store {
        Ok(store) => {
            let text = format!("{database}, schema version {}", store.version());
            (Some(store), Finding::ok("database", text))
        }
        Err(error) if missing => {
            let advice = "nothing to do before the first run";
            (
                None,
                Finding::warning("database", error.to_string(), advice),
            )
        }
        Err(error) => (None, broken(database, &error)),
    }
}

/// Why the database does not open, and what to do. The store's own advice is left out where there is better.
fn broken(database: &Database, error: &StoreError) -> Finding {
    let path = database;
    let (text, advice) = match error {
        StoreError::Corrupt(what) => (format!("{path} is damaged ({what})"), PUT_COPY),
        StoreError::NotOurs(_) => (
            format!("{path} is not a mentiond database, or its beginning was overwritten"),
            "if there was a history in it, put a copy made by `mentiond backup` in its place; else point \
             `database` at another file",
        ),
        StoreError::Locked { .. } => (error.to_string(), "--repair needs the database for itself"),
        _ => (
            error.to_string(),
            "nothing of the database could be checked",
        ),
    };
    Finding::error("database", text, advice)
}

/// An error where there is a file and nothing in it: to open it would make a new database of it.
pub(super) fn empty(database: &Path) -> Option<Finding> {
    let file = std::fs::metadata(database).ok()?;
    if !file.is_file() || file.len() > 0 {
        return None;
    }
    let text = format!("{} is an empty file", database.display());
    let advice = "if it ever had a history, stop the daemon and put a copy made by `mentiond backup` in its place; \
                  else remove it, and the next run makes a database";
    Some(Finding::error("database", text, advice))
}

/// Whether SQLite finds the file whole.
pub(super) async fn file(patient: &Patient<'_>) -> Result<Finding, StoreError> {
    let name = if patient.deep {
        "integrity_check"
    } else {
        "quick_check"
    };
    let findings = match patient.store.check_file(patient.deep).await {
        Ok(findings) => findings,
        Err(StoreError::Corrupt(what)) => vec![what],
        Err(error) => return Err(error),
    };
    let Some(first) = findings.first() else {
        let free = patient.store.free_bytes().await?;
        let text = format!("{name} finds nothing; {} are free in it", bytes(free));
        return Ok(Finding::ok("file", text));
    };
    // SQLite begins with a line of its own.
    let first = printable(first);
    let text = match findings.len() {
        1 => format!("{name}: {first}"),
        n => format!("{name}: {first}, and {} more", n - 1),
    };
    Ok(Finding::error("file", text, PUT_COPY))
}

/// Whether anything was recorded in the future.
pub(super) async fn times(patient: &Patient<'_>) -> Result<Finding, StoreError> {
    Ok(match patient.store.newest().await? {
        Some(newest) if newest > patient.now + AHEAD => Finding::warning(
            "times",
            format!(
                "the newest row is of {newest}, and the clock shows {}",
                patient.now
            ),
            "the clock is wrong now, or was then; retention and schedules are right again once it has caught up",
        ),
        Some(newest) => Finding::ok("times", format!("the newest row is of {newest}")),
        None => Finding::ok("times", "nothing was recorded yet"),
    })
}

/// Whether each row has what it belongs to.
pub(super) async fn orphans(patient: &Patient<'_>) -> Result<Finding, StoreError> {
    let found = patient.store.orphans().await?;
    if found.is_empty() {
        return Ok(Finding::ok("rows", "each row has what it belongs to"));
    }
    let list: Vec<String> = found
        .iter()
        .map(|orphans| format!("{}: {}", orphans.what, orphans.rows))
        .collect();
    let advice =
        "something else than mentiond has changed the database; please report it if nothing has";
    Ok(Finding::error("rows", list.join(", "), advice))
}

/// Whether the counts over time are those of the rows, as far back as every row is kept.
pub(super) async fn counts(patient: &Patient<'_>) -> Result<Finding, StoreError> {
    let retention = &patient.config.retention;
    // Where what was seen goes first, nobody knows any more what was removed before.
    let kept = patient.now - retention.entries.min(retention.seen);
    let from = patient.store.kept_since(kept).await?;
    let check = patient.store.check_series(from).await?;
    if check.wrong.is_empty() {
        return Ok(Finding::ok("counts", told(&check)));
    }
    if patient.repair {
        patient.store.rebuild_series(from).await?;
        let again = patient.store.check_series(from).await?;
        if again.wrong.is_empty() {
            let text = format!("{} were wrong and were made anew", wrong(&check));
            return Ok(Finding::ok("counts", text));
        }
    }
    let first = &check.wrong[0];
    let text = format!(
        "{} of {} since {} are wrong; of topic `{}` {} at {}: {} and not {}",
        wrong(&check),
        check.compared,
        check.from,
        first.topic,
        first.table,
        first.at,
        first.counted,
        first.is
    );
    let advice = "charts show them so: stop the daemon and run `mentiond doctor --repair`";
    Ok(Finding::warning("counts", text, advice))
}

fn told(check: &SeriesCheck) -> String {
    if check.compared == 0 {
        return "none are recent enough to be compared with what they count".to_owned();
    }
    let counts = count(
        usize::try_from(check.compared).unwrap_or(usize::MAX),
        "count",
    );
    format!("{counts} since {} are those of the rows", check.from)
}

fn wrong(check: &SeriesCheck) -> String {
    // The list ends at a hundred.
    match check.wrong.len() {
        100.. => "100 or more".to_owned(),
        n => n.to_string(),
    }
}

fn entries(n: u64) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), "entry")
}

/// Whether the index of the search has the entries, and only those.
pub(super) async fn index(patient: &Patient<'_>) -> Result<Finding, StoreError> {
    let check = patient.store.check_index().await?;
    let IndexCheck {
        indexed,
        missing,
        gone,
        waiting,
    } = check;
    if missing == 0 && gone == 0 {
        let text = match waiting {
            0 => format!("{} can be searched", entries(indexed)),
            _ => format!(
                "{} can be searched; {} from before there was an index to come",
                entries(indexed),
                entries(waiting)
            ),
        };
        return Ok(Finding::ok("search", text));
    }
    let text = differences(missing, gone);
    if patient.repair {
        patient.store.repair_index().await?;
        let again = patient.store.check_index().await?;
        if (again.missing, again.gone) == (0, 0) {
            return Ok(Finding::ok("search", format!("{text}; that was mended")));
        }
    }
    let advice = if missing > 0 {
        "`search` does not find all there is: stop the daemon and run `mentiond doctor --repair`"
    } else {
        "no harm but to its size: stop the daemon and run `mentiond doctor --repair`"
    };
    Ok(Finding::warning("search", text, advice))
}

/// In what the index of the search differs from the entries.
fn differences(missing: u64, gone: u64) -> String {
    let verb = |n| if n == 1 { "is" } else { "are" };
    let missing = (missing > 0).then(|| {
        format!(
            "{} {} missing in the index",
            entries(missing),
            verb(missing)
        )
    });
    let gone = (gone > 0).then(|| {
        format!(
            "{} {} in the index and no longer in the history",
            entries(gone),
            verb(gone)
        )
    });
    let parts: Vec<String> = missing.into_iter().chain(gone).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn only_what_differs_is_told_and_counted_as_people_do() {
        assert_eq!(differences(1, 0), "1 entry is missing in the index");
        assert_eq!(
            differences(2, 1),
            "2 entries are missing in the index, 1 entry is in the index and no longer in the history"
        );
    }
}
