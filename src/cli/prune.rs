//! `mentiond prune`: what is older than it is to be kept, without waiting for the daemon to remove it.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::output::{bytes, relative};
use super::target::database_size;
use super::{CliError, Context, runtime};
use crate::model::Timestamp;
use crate::store::{Keep, Prunable, Pruned, Store, StoreError};

/// Remove what is older than [retention] says, or tell what would be removed.
///
/// The daemon does the same by itself, two minutes after it starts and every six hours. Counts of mentions stay
/// for good, and so does what a feed still serves. May run beside the daemon: what is old is removed in
/// steps of 1,000 rows.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond prune --dry-run
  mentiond prune --vacuum

Exit codes: 0 done, 1 failed, 2 bad usage or configuration.")]
pub struct PruneArgs {
    /// Remove nothing; tell what would be.
    #[arg(long)]
    dry_run: bool,
    /// Make the file smaller afterwards. Needs the database for itself, and twice its size on the disk. Not for a
    /// server, which has a VACUUM of its own.
    #[arg(long, conflicts_with = "dry_run")]
    vacuum: bool,
    /// Print one JSON object a line and table.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line {
    table: &'static str,
    rows: u64,
    oldest: Option<Timestamp>,
    dry_run: bool,
}

pub fn run(context: &Context, args: &PruneArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    if args.vacuum && config.database.file().is_none() {
        return Err(CliError::Usage(
            "--vacuum is for a database in a file, and this one is on a server, which makes room by its own VACUUM: \
             leave it out; nothing was removed"
                .to_owned(),
        ));
    }
    let keep = Keep {
        entries: config.retention.entries,
        seen: config.retention.seen,
        deliveries: config.retention.deliveries,
        fingerprints: config.dedup.window,
    };
    // Who can't be alone in the end does not begin.
    let store = if args.dry_run {
        Store::open_read_only(&config.database)?
    } else if args.vacuum {
        Store::open_alone(&config.database)?
    } else {
        Store::open_beside(&config.database)?
    };
    let runtime = runtime()?;
    let now = Timestamp::now();
    let mut found = runtime.block_on(store.prunable(keep, now))?;
    if !args.dry_run {
        let pruned = runtime.block_on(store.prune(keep, now))?;
        for table in &mut found {
            table.rows = removed(&pruned, table);
        }
    }
    let free = runtime.block_on(store.free_bytes())?;
    store.close();
    report(context, args, &found, now)?;
    if args.vacuum {
        let file = config.database.file().ok_or(StoreError::FileOnly)?;
        let size = Store::vacuum(file)?;
        if !args.json {
            let (before, after) = (bytes(size.before), bytes(size.after));
            context
                .out
                .line(format!("the file had {before} and has {after}"))?;
        }
    } else if let Some(file) = config.database.file()
        && !args.dry_run
        && !args.json
        && free > 0
    {
        context.out.line(format!(
            "the database has {}; {} of it are free and will be used again; it gets smaller with --vacuum only, \
             while nothing else has it open",
            database_size(file).1,
            bytes(free)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How many rows of a table really went.
fn removed(pruned: &Pruned, table: &Prunable) -> u64 {
    let rows = match table.table {
        "fingerprint" => pruned.fingerprints,
        "entry" => pruned.entries,
        "mention" => pruned.mentions,
        "seen" => pruned.seen,
        "delivery" => pruned.deliveries,
        "mention_delivery" => pruned.mention_deliveries,
        "alert" => pruned.alerts,
        _ => pruned.stories,
    };
    rows as u64
}

fn report(
    context: &Context,
    args: &PruneArgs,
    found: &[Prunable],
    now: Timestamp,
) -> Result<(), CliError> {
    let out = &context.out;
    if args.json {
        return found.iter().try_for_each(|table| {
            out.json(&Line {
                table: table.table,
                rows: table.rows,
                oldest: table.oldest,
                dry_run: args.dry_run,
            })
        });
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .filter(|table| table.rows > 0)
        .map(|table| {
            let oldest = table.oldest.map(|at| relative(at, now));
            let rows = table.rows.to_string();
            vec![table.table.to_owned(), rows, oldest.unwrap_or_default()]
        })
        .collect();
    if rows.is_empty() {
        return out.line("nothing is older than it is to be kept");
    }
    let done = if args.dry_run { "to remove" } else { "removed" };
    out.table(&["table", done, "oldest"], &rows)
}
