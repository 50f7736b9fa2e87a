//! `mentiond sinks test`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::super::output::printable;
use super::super::{CliError, Context, names as known, runtime};
use super::command;
use crate::config::SinkKind;
use crate::model::Timestamp;
use crate::notify::command::Runner;
use crate::notify::format;
use crate::notify::probe::{self, Probe};
use crate::view::sinks::names;

/// Exit codes: 0 received, 1 not received, 2 bad usage or configuration.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 received, 1 not received, 2 bad usage or configuration.")]
pub struct TestArgs {
    /// The sink's id.
    sink: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: &TestArgs) -> Result<ExitCode, CliError> {
    let config = context.load()?;
    let sink = known::sink(&config, &args.sink)?;
    let (now, out) = (Timestamp::now(), &context.out);
    let alert = format::example(&sink.id, now);
    if let SinkKind::Log { format } = &sink.kind {
        let text = probe::printed(*format, &alert, &sink.voice());
        out.line(text.trim_end_matches('\n'))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(runner) = Runner::of(sink) {
        return command::test(context, sink, &runner, &alert, args.json);
    }
    if let SinkKind::Feed(_) = &sink.kind {
        out.line("a feed takes every alert; nothing is sent")?;
        return Ok(ExitCode::SUCCESS);
    }
    let probed = runtime()?.block_on(probe::send(sink, &alert, now));
    let probed = probed.map_err(|error| CliError::Failed(error.to_string()))?;
    let Some(probe) = probed else {
        return Ok(ExitCode::SUCCESS);
    };
    if args.json {
        let headers: serde_json::Map<_, _> = probe
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        out.json(&json!({
            "sink": sink.id.as_str(),
            "format": names(&sink.kind).1,
            "alert_id": alert.id,
            "url": probe.url,
            "signature_headers": probe.signature,
            "milliseconds": u64::try_from(probe.took.as_millis()).unwrap_or(u64::MAX),
            "status": probe.status,
            "headers": headers,
            "body": probe.body,
            "received": probe.received,
            "error": probe.error,
            "retry_after_seconds": probe.retry_after.map(|wait| wait.as_secs_f64().ceil()),
        }))?;
    } else {
        let signature = if probe.signature.is_empty() {
            "none".to_owned()
        } else {
            probe.signature.join(", ")
        };
        out.line(format!("sink       {} ({})", sink.id, names(&sink.kind).1))?;
        out.line(format!(
            "sent       {} to {}",
            alert.id,
            printable(&probe.url)
        ))?;
        if !matches!(sink.kind, SinkKind::Email(_) | SinkKind::Nats(_)) {
            out.line(format!("signature  {signature}"))?;
        }
        show(context, &probe)?;
    }
    Ok(if probe.received {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn show(context: &Context, probe: &Probe) -> Result<(), CliError> {
    let out = &context.out;
    let took = probe.took.as_millis();
    match probe.status {
        Some(status) => out.line(format!("answer     {status} after {took} ms"))?,
        None if probe.received => {
            let body = printable(&probe.body);
            out.line(format!("answer     {body} after {took} ms"))?;
        }
        None => out.line(format!("answer     none after {took} ms"))?,
    }
    for (name, value) in &probe.headers {
        out.line(format!("  {name}: {}", printable(value)))?;
    }
    if probe.status.is_some() && !probe.body.is_empty() {
        out.line(format!("  {}", printable(&probe.body)))?;
    }
    if let Some(wait) = probe.retry_after {
        let seconds = wait.as_secs_f64().ceil();
        out.line(format!("wait       {seconds} s, as the receiver asks"))?;
    }
    out.line(match &probe.error {
        None => "received".to_owned(),
        Some(error) => format!("not received: {}", printable(error)),
    })
}
