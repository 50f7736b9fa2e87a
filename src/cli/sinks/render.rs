//! `mentiond sinks render`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::super::output::printable;
use super::super::{CliError, Context, names as known, runtime};
use super::{command, feed};
use crate::config::{Config, SinkKind};
use crate::model::{SinkId, Timestamp};
use crate::notify::command::Runner;
use crate::notify::{format, probe};
use crate::store::{Store, StoredAlert, StoredDetail};
use crate::view::sinks::names;

#[derive(Debug, Args)]
pub struct RenderArgs {
    /// The sink's id.
    sink: String,
    /// A stored alert in place of an example.
    #[arg(long, value_name = "ALERT")]
    alert: Option<String>,
    /// An example of alerts that are told together.
    #[arg(long, conflicts_with = "alert")]
    digest: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: &RenderArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    let sink = known::sink(&config, &args.sink)?;
    let digest = format::examples()
        .into_iter()
        .map(|example| example.alert)
        .find(|alert| args.digest && matches!(alert.detail, StoredDetail::Digest(_)));
    let alert = match digest {
        Some(digest) => digest,
        None => alert(&config, &sink.id, args.alert.as_deref())?,
    };
    let out = &context.out;
    let (kind, form) = names(&sink.kind);
    if let SinkKind::Log { format } = &sink.kind {
        let text = probe::printed(*format, &alert, &sink.voice());
        if args.json {
            out.json(
                &json!({ "sink": sink.id.as_str(), "type": kind, "format": form, "text": text }),
            )?;
        } else {
            out.line(text.trim_end_matches('\n'))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mail = probe::mail(sink, &alert).map_err(|error| CliError::Failed(error.to_string()))?;
    if let Some(mail) = mail {
        if args.json {
            out.json(&json!({
                "sink": sink.id.as_str(),
                "type": kind,
                "format": form,
                "source": mail.source,
                "text": mail.text,
                "html": mail.html,
            }))?;
        } else {
            let mut lines = mail.source.lines();
            lines.try_for_each(|line| out.line(printable(line)))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(runner) = Runner::of(sink) {
        return command::render(context, sink, &runner, &alert, args.json);
    }
    if let SinkKind::Feed(_) = &sink.kind {
        return feed::render(context, sink, &alert, args.json);
    }
    let shown = probe::render(&sink.kind, &alert, &sink.voice());
    let Some(shown) = shown.map_err(|error| CliError::Failed(error.to_string()))? else {
        return Ok(ExitCode::SUCCESS);
    };
    let body: Option<Value> = serde_json::from_str(&shown.body).ok();
    if args.json {
        let headers: serde_json::Map<_, _> = shown
            .headers
            .into_iter()
            .map(|(name, value)| (name, Value::from(value)))
            .collect();
        out.json(&json!({
            "sink": sink.id.as_str(),
            "type": kind,
            "format": form,
            "method": shown.method,
            "url": shown.url,
            "headers": headers,
            "body": body.unwrap_or_else(|| Value::from(shown.body)),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    out.line(format!("{} {}", shown.method, printable(&shown.url)))?;
    for (name, value) in &shown.headers {
        out.line(format!("{name}: {}", printable(value)))?;
    }
    out.line("")?;
    let pretty = body.and_then(|body| serde_json::to_string_pretty(&body).ok());
    let pretty = pretty.unwrap_or(shown.body);
    pretty
        .lines()
        .try_for_each(|line| out.line(printable(line)))?;
    Ok(ExitCode::SUCCESS)
}

/// The stored alert, or else the example.
fn alert(config: &Config, sink: &SinkId, id: Option<&str>) -> Result<StoredAlert, CliError> {
    let Some(id) = id else {
        return Ok(format::example(sink, Timestamp::now()));
    };
    let store = Store::open_read_only(&config.database)?;
    let found = runtime()?.block_on(store.alert(id.to_owned()))?;
    found.ok_or_else(|| {
        CliError::Usage(format!(
            "there is no alert `{}`; `mentiond alerts` lists those there are",
            printable(id)
        ))
    })
}
