//! `mentiond search`: entries of the history, by what stands in their texts.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::mentions::at_least_one;
use super::output::{complain, printable};
use super::{CliError, Context, names, runtime};
use crate::config::Config;
use crate::model::Timestamp;
use crate::search::{self, Query, Test, query};
use crate::store::{SearchOrder, SearchPage, SearchRow, Store};
use crate::view::FoundView;

/// Search the texts of the history; see docs/search.md for the language of queries.
#[derive(Debug, Args)]
#[command(after_help = "\
A query holds words (all must occur), \"phrases\", prefix*, -without, OR, ( ), NEAR/n, title:, body:, topic:, \
feed:, source:, lang:, since: and until:. Case, accents and spellings of one name make no difference.

Examples:
  mentiond search erdogan --since 7d
  mentiond search '\"xi jinping\" (sco OR шос) -football' --order relevance
  mentiond search 'lang:ru путин*' --json")]
pub struct SearchArgs {
    /// What to look for; several arguments are one query.
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// Only entries that mention this topic.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Only entries of this feed.
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// Only entries in this language (`en` includes `en-GB`).
    #[arg(long, value_name = "LANG")]
    language: Option<String>,
    /// Only entries first seen within this time (`90m`, `24h`, `7d`), or since this date (UTC) or
    /// instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only entries first seen before this time, or until the end of this date.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// The newest first, or those that fit best.
    #[arg(long, value_enum, default_value_t = Order::Date)]
    order: Order,
    /// At most this many.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = at_least_one)]
    limit: usize,
    /// Print one JSON object a line and entry.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    Date,
    Relevance,
}

/// Reads `24h`, a date (UTC), which counts whole, or an RFC 3339 instant.
fn time(option: &str, text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, CliError> {
    let Some(text) = text else { return Ok(None) };
    let read = search::time(text, now, option == "until");
    read.map(Some).ok_or_else(|| {
        CliError::Usage(format!(
            "--{option} {}: write a duration such as 24h or 7d, a date such as 2024-07-04, or an instant such as 2024-07-04T09:30:00Z",
            printable(text)
        ))
    })
}

impl SearchArgs {
    fn query(&self) -> Result<Query, CliError> {
        names::check_language(self.language.as_deref())?;
        let text = self.query.join(" ");
        let now = Timestamp::now();
        let mut asked = query(&text, now)
            .map_err(|error| CliError::Usage(format!("the query:\n{}", error.show(&text))))?;
        let one = |value: &String| vec![value.clone()];
        let tests = [
            self.topic.as_ref().map(one).map(Test::Topic),
            self.feed.as_ref().map(one).map(Test::Feed),
            self.language.as_ref().map(one).map(Test::Language),
            time("since", self.since.as_deref(), now)?.map(Test::Since),
            time("until", self.until.as_deref(), now)?.map(Test::Until),
        ];
        for test in tests.into_iter().flatten() {
            asked = asked.and(test);
        }
        Ok(asked)
    }

    /// What has left the configuration may still be in the history; what is in neither is a slip of
    /// the finger.
    async fn check_names(&self, config: &Config, store: &Store) -> Result<(), CliError> {
        names::check_past_topic(config, store, self.topic.as_deref()).await?;
        names::check_past_feed(config, store, self.feed.as_deref()).await
    }
}

pub fn run(context: &Context, args: &SearchArgs) -> Result<ExitCode, CliError> {
    let asked = args.query()?;
    let config = context.load_without_secrets()?;
    let store = Store::open_read_only(&config.database)?;
    let page = SearchPage {
        order: match args.order {
            Order::Date => SearchOrder::Date,
            Order::Relevance => SearchOrder::Relevance,
        },
        limit: args.limit,
        after: None,
    };
    let runtime = runtime()?;
    let found = runtime.block_on(store.search(asked, page))?;
    let is_empty = found.rows.is_empty();
    for row in found.rows {
        if args.json {
            context.out.json(&FoundView::from(row))?;
        } else {
            print(context, &row)?;
        }
    }
    if found.is_incomplete {
        complain(
            "older entries are still to be indexed and may be missing: `mentiond run` does that beside its work",
        );
    }
    if is_empty {
        runtime.block_on(args.check_names(&config, &store))?;
        if !args.json {
            complain("nothing found");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(context: &Context, row: &SearchRow) -> Result<(), CliError> {
    let out = &context.out;
    let topics = match row.topics.as_slice() {
        [] => String::new(),
        topics => format!(" | {}", printable(&topics.join(", "))),
    };
    out.line(format!(
        "{}  {} | {} ({}){topics} | entry {}",
        row.published.unwrap_or(row.first_seen),
        out.highlight_all(&row.title.text, &row.title.hits),
        printable(&row.source),
        row.language.as_deref().unwrap_or("?"),
        row.entry
    ))?;
    if !row.snippet.text.is_empty() {
        let snippet = out.highlight_all(&row.snippet.text, &row.snippet.hits);
        out.line(format!("    {snippet}"))?;
    }
    match &row.link {
        Some(link) => out.line(format!("    {}", printable(link))),
        None => Ok(()),
    }
}
