//! `mentiond sinks render` and `test` for sinks that run a command.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::output::printable;
use super::super::{CliError, Context, runtime};
use crate::config::{SinkConfig, SinkKind};
use crate::notify::command::Runner;
use crate::notify::webhook::Answer;
use crate::store::StoredAlert;
use crate::view::sinks::names;

/// Shows what would be run and what it would read; runs nothing.
pub fn render(
    context: &Context,
    sink: &SinkConfig,
    runner: &Runner,
    alert: &StoredAlert,
    as_json: bool,
) -> Result<ExitCode, CliError> {
    let input = runner.input(alert);
    let input = input.map_err(|error| CliError::Failed(error.to_string()))?;
    let environment = runner.environment(alert);
    let (words, out) = (words(sink), &context.out);
    let read: Option<Value> = serde_json::from_str(&input).ok();
    if as_json {
        let environment: serde_json::Map<_, _> = environment
            .into_iter()
            .map(|(name, value)| (name, Value::from(value)))
            .collect();
        out.json(&json!({
            "sink": sink.id.as_str(),
            "type": "command",
            "format": names(&sink.kind).1,
            "command": words,
            "environment": environment,
            "input": read.unwrap_or_else(|| Value::from(input)),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for word in &words {
        out.line(format!("argument {}", printable(word)))?;
    }
    for (name, value) in &environment {
        out.line(format!("{name}={}", printable(value)))?;
    }
    out.line("")?;
    let pretty = read.and_then(|read| serde_json::to_string_pretty(&read).ok());
    let pretty = pretty.unwrap_or(input);
    pretty
        .lines()
        .try_for_each(|line| out.line(printable(line)))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs it once and shows what came of it.
pub fn test(
    context: &Context,
    sink: &SinkConfig,
    runner: &Runner,
    alert: &StoredAlert,
    as_json: bool,
) -> Result<ExitCode, CliError> {
    let ran = runtime()?.block_on(runner.run(alert));
    let (error, received) = match &ran.answer {
        Answer::Received => (None, true),
        Answer::Gone => (None, false),
        Answer::Failed(failure) => (Some(failure.error.as_str()), false),
    };
    let out = &context.out;
    let took = u64::try_from(ran.took.as_millis()).unwrap_or(u64::MAX);
    if as_json {
        out.json(&json!({
            "sink": sink.id.as_str(),
            "format": names(&sink.kind).1,
            "alert_id": alert.id,
            "command": words(sink),
            "milliseconds": took,
            "status": ran.status,
            "output": ran.output,
            "errors": ran.errors,
            "received": received,
            "error": error,
        }))?;
    } else {
        out.line(format!("sink       {} ({})", sink.id, names(&sink.kind).1))?;
        let words: Vec<_> = words(sink).iter().map(|word| printable(word)).collect();
        out.line(format!("ran        {} for {}", words.join(" "), alert.id))?;
        match ran.status {
            Some(status) => out.line(format!("ended      status {status} after {took} ms"))?,
            None => out.line(format!("ended      without a status after {took} ms"))?,
        }
        for (name, text) in [("output", &ran.output), ("errors", &ran.errors)] {
            if let Some(text) = text {
                out.line(format!("{name}     {}", printable(text)))?;
            }
        }
        out.line(match error {
            None => "received".to_owned(),
            Some(error) => format!("not received: {}", printable(error)),
        })?;
    }
    Ok(if received {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn words(sink: &SinkConfig) -> Vec<String> {
    match &sink.kind {
        SinkKind::Command(command) => command.words(),
        _ => Vec::new(),
    }
}
