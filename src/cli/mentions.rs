//! `mentiond mentions`: what was found.

use std::num::ParseIntError;
use std::process::ExitCode;

use clap::Args;

use super::output::{complain, printable, scored};
use super::{CliError, Context, names, runtime};
use crate::model::Timestamp;
use crate::store::{Alike, MentionFilter, Store};
use crate::view::instant;

/// List mentions, newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond mentions --topic sco --since 24h
  mentiond mentions --language ru --limit 1000 --json")]
pub struct MentionsArgs {
    /// Only this topic.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Only this feed.
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// Only this language (`en` includes `en-GB`).
    #[arg(long, value_name = "LANG")]
    language: Option<String>,
    /// Only mentions found within this time (`90m`, `24h`, `7d`), or since this date (UTC) or instant
    /// (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only mentions found before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = at_least_one)]
    limit: usize,
    /// Print one JSON object a line and mention.
    #[arg(long)]
    json: bool,
}

/// Reads `24h`, an RFC 3339 instant, or a date, which begins at midnight UTC.
pub fn since(text: Option<&str>) -> Result<Option<Timestamp>, CliError> {
    time("since", text)
}

/// Reads what [`since`] does, as a time before which something is to be.
pub fn until(text: Option<&str>) -> Result<Option<Timestamp>, CliError> {
    time("until", text)
}

/// Nothing unless no time is between the two.
pub fn check_span(since: Option<Timestamp>, until: Option<Timestamp>) -> Result<(), CliError> {
    match (since, until) {
        (Some(from), Some(to)) if from >= to => Err(CliError::Usage(format!(
            "nothing is between --since ({from}) and --until ({to})"
        ))),
        _ => Ok(()),
    }
}

/// Reads how many of something are wanted, at most.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be 1 or more".to_owned()),
        read => read.map_err(|error: ParseIntError| error.to_string()),
    }
}

fn time(option: &str, text: Option<&str>) -> Result<Option<Timestamp>, CliError> {
    let read = |text: &str| {
        instant::ago(text, Timestamp::now())
            .map_err(|error| CliError::Usage(format!("--{option} {}: {error}", printable(text))))
    };
    text.map(read).transpose()
}

pub fn run(context: &Context, args: &MentionsArgs) -> Result<ExitCode, CliError> {
    names::check_language(args.language.as_deref())?;
    let filter = MentionFilter {
        topic: args.topic.clone(),
        feed: args.feed.clone(),
        language: args.language.clone(),
        since: since(args.since.as_deref())?,
        until: until(args.until.as_deref())?,
        limit: args.limit,
        ..MentionFilter::default()
    };
    check_span(filter.since, filter.until)?;
    let config = context.load_without_secrets()?;
    let store = Store::open_read_only(&config.database)?;
    let runtime = runtime()?;
    let mentions = runtime.block_on(store.mentions(filter))?;
    let out = &context.out;
    for mention in &mentions {
        if args.json {
            out.json(mention)?;
            continue;
        }
        out.line(format!(
            "{}  {}  {} | {} ({}){}",
            mention.found,
            out.strong(&mention.topic),
            printable(&mention.title),
            printable(&mention.source),
            mention.language.as_deref().unwrap_or("?"),
            scored(mention.score)
        ))?;
        out.line(format!(
            "    {}",
            out.highlight(&mention.snippet, mention.snippet_start, mention.snippet_end)
        ))?;
        if let Some(link) = &mention.link {
            out.line(format!("    {}", printable(link)))?;
        }
        if let Some(alike) = &mention.alike {
            out.line(format!("    {}", why(alike)))?;
        }
    }
    if mentions.is_empty() {
        // What has left the configuration may still be in the history; what is in neither is a
        // slip of the finger.
        runtime.block_on(async {
            names::check_past_topic(&config, &store, args.topic.as_deref()).await?;
            names::check_past_feed(&config, &store, args.feed.as_deref()).await
        })?;
    }
    if mentions.is_empty() && !args.json {
        complain("no mentions");
    }
    Ok(ExitCode::SUCCESS)
}

/// Why the entry was not told as a story of its own.
fn why(alike: &Alike) -> String {
    let other = match (&alike.title, &alike.feed) {
        (Some(title), Some(feed)) => format!("\"{}\" in {}", printable(title), printable(feed)),
        _ => "an entry that was removed since".to_owned(),
    };
    format!(
        "same story as {other}: {:.0} % of the text",
        alike.likeness * 100.0
    )
}
