//! `mentiond check`: is the configuration right?

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;

use super::output::count;
use super::{CliError, Context};
use crate::config::SinkKind;
use crate::daemon::Live;
use crate::model::Topic;

/// Check the configuration and print every problem with file, line and a suggestion.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 the configuration is good, 2 it is not (or can't be found).")]
pub struct CheckArgs {}

pub fn run(context: &Context, _: &CheckArgs) -> Result<ExitCode, CliError> {
    let config = context.load()?;
    let live = Live::new(config)?;
    let config = &live.config;
    let distinct = |values: &mut dyn Iterator<Item = Option<&str>>| {
        values
            .flatten()
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let countries = distinct(&mut config.feeds.iter().map(|f| f.country.as_deref()));
    let languages = distinct(&mut config.feeds.iter().map(|f| f.language.as_deref()));
    let leaves = |t: &Topic| {
        t.query
            .as_ref()
            .map_or(0, |q| q.terms.len() + q.regexes.len())
    };
    let terms: usize = config.topics.iter().map(|t| t.any.len() + leaves(t)).sum();
    let out = &context.out;
    out.line(format!("configuration  {}", config.path.display()))?;
    out.line(format!("files read     {}", config.files.len()))?;
    out.line(format!(
        "feeds          {} ({}, {})",
        config.feeds.len(),
        count(countries, "country"),
        count(languages, "language")
    ))?;
    out.line(format!(
        "topics         {} ({})",
        config.topics.len(),
        count(terms, "term")
    ))?;
    for sink in &config.sinks {
        let kind = match &sink.kind {
            SinkKind::Log { .. } => "log".to_owned(),
            SinkKind::Webhook { secret, format, .. } => match (secret, format.is_for_programs()) {
                (None, false) => format!("webhook for {}", format.name()),
                (None, true) => "webhook, not signed".to_owned(),
                (Some(_), _) => "webhook, signed".to_owned(),
            },
            SinkKind::Email(email) => format!("email to {}", count(email.to.len(), "recipient")),
            SinkKind::Feed(feed) => {
                let token = feed.token.as_ref().map_or("", |_| "/[secret]");
                format!("feed at /feeds/{}{token}.atom and .json", sink.id)
            }
            SinkKind::Command(command) => format!("command {}", command.program.display()),
            SinkKind::Nats(nats) => format!("nats, {}.>", nats.subject),
        };
        out.line(format!("sink           {} ({kind})", sink.id))?;
    }
    if !config.routes.is_empty() {
        out.line(format!("routes         {}", config.routes.len()))?;
    }
    out.line(format!("database       {}", config.database))?;
    out.line("ok")?;
    Ok(ExitCode::SUCCESS)
}
