//! `mentiond workers`: who works on a shared database, and who holds what.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::output::{printable, relative};
use super::{CliError, Context, runtime};
use crate::model::Timestamp;
use crate::store::{Store, WorkerRow};

/// List the workers that share a database on a server, and what each holds.
///
/// A worker that has ended is listed for a day. Hosts fall into 1024 shards; a worker polls the feeds of those that
/// it holds.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 done, 1 failed, 2 bad usage or configuration.")]
pub struct WorkersArgs {
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// A worker as JSON has it.
#[derive(Serialize)]
struct Shown<'w> {
    id: i64,
    name: &'w str,
    process: u32,
    program: &'w str,
    configuration: &'w str,
    state: &'static str,
    started: Timestamp,
    seen: Timestamp,
    lease_until: Timestamp,
    left: Option<Timestamp>,
    shards: u64,
    feeds: u64,
    sinks: &'w [String],
    tasks: &'w [String],
}

pub fn run(context: &Context, args: &WorkersArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    let store = Store::open_read_only(&config.database)?;
    let (workers, now) = runtime()?.block_on(store.workers())?;
    let out = &context.out;
    if args.json {
        for worker in &workers {
            out.json(&shown(worker, now))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if workers.is_empty() {
        out.line("no worker has come within the last day")?;
        return Ok(ExitCode::SUCCESS);
    }
    let header = [
        "id",
        "worker",
        "process",
        "state",
        "started",
        "seen",
        "shards",
        "feeds",
        "sinks",
        "tasks",
        "configuration",
    ];
    let rows: Vec<Vec<String>> = workers.iter().map(|worker| row(worker, now)).collect();
    out.table(&header, &rows)?;
    let mut alive = workers.iter().filter(|worker| worker.left.is_none());
    let first = alive.next().map(|worker| &worker.configuration);
    if alive.any(|worker| Some(&worker.configuration) != first) {
        out.line("the workers have different configurations: reload those that have an old one")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn state(worker: &WorkerRow, now: Timestamp) -> &'static str {
    match worker.left {
        // It was found dead after its lease had ended.
        Some(left) if left > worker.until => "lost",
        Some(_) => "ended",
        None if worker.until < now => "silent",
        None => "at work",
    }
}

fn row(worker: &WorkerRow, now: Timestamp) -> Vec<String> {
    let named = |names: &[String]| printable(&names.join(", "));
    vec![
        worker.id.to_string(),
        printable(&worker.name),
        worker.process.to_string(),
        state(worker, now).to_owned(),
        relative(worker.started, now),
        relative(worker.seen, now),
        worker.shards.to_string(),
        worker.feeds.to_string(),
        named(&worker.sinks),
        named(&worker.tasks),
        printable(&worker.configuration),
    ]
}

fn shown(worker: &WorkerRow, now: Timestamp) -> Shown<'_> {
    Shown {
        id: worker.id,
        name: &worker.name,
        process: worker.process,
        program: &worker.program,
        configuration: &worker.configuration,
        state: state(worker, now),
        started: worker.started,
        seen: worker.seen,
        lease_until: worker.until,
        left: worker.left,
        shards: worker.shards,
        feeds: worker.feeds,
        sinks: &worker.sinks,
        tasks: &worker.tasks,
    }
}
