//! `mentiond feeds check`: every feed asked once, and what its owner should know of it.
//!
//! `judge` makes advice of an answer and is pure; `round` asks, within the configured bounds.

mod judge;
mod round;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;

use crate::cli::output::{count, printable};
use crate::cli::terminal::Terminal;
use crate::cli::{CliError, Context, names, runtime};
use crate::config::units::show_size;
use crate::fetch::{Fetcher, Settings};
use crate::model::{Feed, Timestamp};
use judge::Checked;

/// Ask every feed once, without recording anything, and tell what is wrong and what to do.
///
/// Each feed is fetched in full, with the limits of the configuration and no more requests to one
/// host at a time than it allows. The database is not touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 every feed gave a feed, whatever else was noticed; 1 a feed has an error; 2 bad usage \
or configuration. The JSON is described in docs/cli.md.")]
pub struct CheckArgs {
    /// The feeds to check, by id; all when none is named.
    #[arg(value_name = "FEED")]
    feeds: Vec<String>,
    /// Print one JSON object a line and feed, in the configuration's order.
    #[arg(long)]
    json: bool,
    /// How many feeds are fetched at a time [default: `concurrency` of the configuration].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: Option<u16>,
}

pub fn run(context: &Context, args: &CheckArgs) -> Result<ExitCode, CliError> {
    let config = context.load_for_asking()?;
    let only = names::feeds(&config, &args.feeds)?;
    let feeds: Vec<Feed> = config
        .feeds
        .iter()
        .filter(|feed| only.is_empty() || only.contains(&feed.id))
        .cloned()
        .collect();
    let fetcher = Fetcher::new(Settings::from(&config.fetch))?;
    let bounds = round::Bounds {
        concurrency: args
            .concurrency
            .map_or(config.fetch.concurrency, usize::from),
        per_host: config.fetch.per_host,
    };
    let terminal = Terminal::default();
    // Lines of JSON on the same terminal would run into the bar.
    let has_bar = !(args.json && std::io::stdout().is_terminal());
    let bar = has_bar.then(|| terminal.progress(feeds.len())).flatten();
    let checked = runtime()?.block_on(round::round(
        &fetcher,
        feeds,
        bounds,
        |ended| {
            if let Some(bar) = &bar {
                bar.inc(1);
                bar.set_message(ended.feed.to_string());
            }
        },
        |ready| {
            if args.json {
                context.out.json(ready)?;
            }
            Ok(())
        },
    ));
    terminal.end();
    let checked = checked?;
    if !args.json {
        show(context, &checked, Timestamp::now())?;
    }
    let failed = checked.iter().any(|one| one.error.is_some());
    Ok(ExitCode::from(u8::from(failed)))
}

fn show(context: &Context, checked: &[Checked], now: Timestamp) -> Result<(), CliError> {
    let out = &context.out;
    let header = [
        "feed", "status", "format", "charset", "entries", "newest", "hub", "size", "time",
    ];
    let rows: Vec<_> = checked.iter().map(|one| row(one, now)).collect();
    out.table(&header, &rows)?;
    let with_problems = checked.iter().filter(|one| !one.problems.is_empty());
    for (index, one) in with_problems.enumerate() {
        if index == 0 {
            out.line("")?;
        }
        for problem in &one.problems {
            out.line(format!(
                "{}: {}",
                out.strong(one.feed.as_str()),
                printable(&problem.text)
            ))?;
        }
    }
    let failed = checked.iter().filter(|one| one.error.is_some()).count();
    let noticed = checked.iter().map(|one| one.problems.len()).sum();
    out.line(format!(
        "\n{} checked, {failed} failed; {}",
        count(checked.len(), "feed"),
        count(noticed, "problem")
    ))
}

fn row(one: &Checked, now: Timestamp) -> Vec<String> {
    let dash = || "-".to_owned();
    let status = match one.redirect {
        Some(kind) if one.error.is_none() => format!("{}, {} redirect", one.status, kind.as_str()),
        _ => one.status.to_owned(),
    };
    let format = one.format.map_or_else(dash, |format| match &one.version {
        Some(version) => format!("{} {}", format.as_str(), printable(version)),
        None => format.as_str().to_owned(),
    });
    vec![
        one.feed.to_string(),
        status,
        format,
        one.charset.map_or_else(dash, str::to_owned),
        one.entries.map_or_else(dash, |n| n.to_string()),
        one.newest
            .map_or_else(dash, |at| crate::cli::output::relative(at, now)),
        if one.hubs.is_empty() {
            dash()
        } else {
            "yes".to_owned()
        },
        one.size.map_or_else(dash, |size| show_size(size as u64)),
        format!("{} ms", one.took_ms),
    ]
}
