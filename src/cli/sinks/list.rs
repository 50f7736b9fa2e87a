//! `mentiond sinks list`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;

use super::super::output::{printable, relative};
use super::super::{CliError, Context, runtime};
use crate::model::Timestamp;
use crate::store::{Store, StoreError};
use crate::view::SinkView;

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print one JSON object a line and sink.
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: &ListArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    let states = match Store::open_read_only(&config.database) {
        Ok(store) => runtime()?.block_on(store.sink_states())?,
        // Before the first run nothing is known.
        Err(StoreError::Missing(_)) => BTreeMap::new(),
        Err(error) => return Err(error.into()),
    };
    let sinks = SinkView::list(&config, &states);
    if args.json {
        sinks.iter().try_for_each(|sink| context.out.json(sink))?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    let rows: Vec<_> = sinks.iter().map(|sink| row(sink, now)).collect();
    let header = [
        "sink",
        "type",
        "format",
        "where",
        "state",
        "held",
        "waiting",
        "delivered",
        "dead",
        "last",
        "error",
    ];
    context.out.table(&header, &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn row(line: &SinkView, now: Timestamp) -> Vec<String> {
    let last = line.last_delivered.map(|at| relative(at, now));
    vec![
        line.sink.clone(),
        line.kind.clone(),
        line.format.clone(),
        printable(&line.place),
        line.state.clone(),
        line.held.to_string(),
        match line.mentions {
            0 => line.waiting.to_string(),
            n => format!("{} and {n} mentions", line.waiting),
        },
        line.delivered.to_string(),
        line.dead.to_string(),
        last.unwrap_or_else(|| "-".to_owned()),
        printable(
            line.stopped
                .as_deref()
                .or(line.error.as_deref())
                .unwrap_or_default(),
        ),
    ]
}
