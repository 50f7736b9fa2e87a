//! `mentiond sinks list`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::super::output::{printable, relative};
use super::super::{CliError, Context, runtime};
use super::names;
use crate::config::SinkKind;
use crate::model::Timestamp;
use crate::notify::probe;
use crate::store::{SinkState, Store, StoreError};

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print one JSON object a line and sink.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    sink: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    format: &'a str,
    #[serde(rename = "where")]
    place: String,
    signed: bool,
    state: &'a str,
    stopped: Option<&'a str>,
    paused_until: Option<Timestamp>,
    held: u64,
    waiting: u64,
    delivered: u64,
    gathered: u64,
    dead: u64,
    dropped: u64,
    silenced: u64,
    last_delivered: Option<Timestamp>,
    held_until: Option<Timestamp>,
    next_attempt: Option<Timestamp>,
    error: Option<&'a str>,
}

pub fn run(context: &Context, args: &ListArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    let states = match Store::open_read_only(&config.database) {
        Ok(store) => runtime()?.block_on(store.sink_states())?,
        // Before the first run nothing is known.
        Err(StoreError::Missing(_)) => BTreeMap::new(),
        Err(error) => return Err(error.into()),
    };
    let none = SinkState::default();
    let lines = config.sinks.iter().map(|sink| {
        let state = states.get(sink.id.as_str()).unwrap_or(&none);
        let (kind, format) = names(&sink.kind);
        Line {
            sink: sink.id.as_str(),
            kind,
            format,
            place: probe::place(&sink.kind),
            signed: matches!(&sink.kind, SinkKind::Webhook { secret, .. } if secret.is_some()),
            state: word(state),
            stopped: state.stopped.as_deref(),
            paused_until: state.paused_until,
            held: state.held,
            waiting: state.waiting,
            delivered: state.delivered,
            gathered: state.gathered,
            dead: state.dead,
            dropped: state.dropped,
            silenced: state.silenced,
            last_delivered: state.last_delivered,
            held_until: state.held_until,
            next_attempt: state.next_attempt.filter(|_| state.stopped.is_none()),
            error: state.error.as_deref(),
        }
    });
    if args.json {
        lines
            .into_iter()
            .try_for_each(|line| context.out.json(&line))?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    let rows: Vec<_> = lines.map(|line| row(&line, now)).collect();
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

/// How the sink is doing.
fn word(state: &SinkState) -> &'static str {
    match state {
        SinkState {
            stopped: Some(_), ..
        } => "stopped",
        SinkState {
            paused_until: Some(_),
            ..
        } => "paused",
        SinkState {
            waiting: 1..,
            error: Some(_),
            ..
        } => "failing",
        SinkState {
            held: 0,
            waiting: 0,
            delivered: 0,
            gathered: 0,
            dead: 0,
            dropped: 0,
            silenced: 0,
            ..
        } => "idle",
        _ => "ok",
    }
}

fn row(line: &Line<'_>, now: Timestamp) -> Vec<String> {
    let last = line.last_delivered.map(|at| relative(at, now));
    vec![
        line.sink.to_owned(),
        line.kind.to_owned(),
        line.format.to_owned(),
        printable(&line.place),
        line.state.to_owned(),
        line.held.to_string(),
        line.waiting.to_string(),
        line.delivered.to_string(),
        line.dead.to_string(),
        last.unwrap_or_else(|| "-".to_owned()),
        printable(line.stopped.or(line.error).unwrap_or_default()),
    ]
}
