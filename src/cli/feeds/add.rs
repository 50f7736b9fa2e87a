//! `mentiond feeds add`: from an address that a person knows to a feed in the configuration.

use std::fmt::Write;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use url::Url;

use super::editor::{self, NewFeed};
use super::{file, import, with_url, worded};
use crate::cli::output::{complain, count, printable};
use crate::cli::{CliError, Context, names, runtime};
use crate::config::{self, Config, LONGEST_NAME, is_language};
use crate::discover::{Discovery, Finder, Found, How};
use crate::fetch::{Fetcher, Settings};
use crate::model::{Feed, FeedId};

/// Find the feeds behind an address and add one to the configuration.
///
/// The address may be a feed's or a page's. Feeds are looked for where known sites have them, then
/// where the page says, and only then at a handful of common paths. Each is fetched before it is
/// offered. The running daemon takes the change over on SIGHUP.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond feeds add https://www.youtube.com/@AlJazeeraEnglish
  mentiond feeds add tengrinews.kz --tag press --language ru
  mentiond feeds add https://github.com/rust-lang/rust --choose 1 --interval 6h

Exit codes: 0 added, or configured already; 1 no feed was found, or it could not be added; \
2 bad usage or configuration, such as several feeds and no choice.")]
pub struct AddArgs {
    /// A feed or a page; without a scheme, https is meant.
    #[arg(value_name = "URL")]
    url: String,
    /// The feed's id [default: made of its URL].
    #[arg(long)]
    id: Option<String>,
    /// Its name [default: the feed's own title].
    #[arg(long)]
    name: Option<String>,
    /// A tag; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// The language of its entries [default: what the feed says].
    #[arg(long, value_name = "LANG")]
    language: Option<String>,
    /// The time between two polls, such as 20m.
    #[arg(long, value_name = "TIME")]
    interval: Option<String>,
    /// The file of the configuration to write to, from the main file's folder [default: an included
    /// own.toml, else feeds/own.toml].
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Take the first of several feeds without asking.
    #[arg(long, short)]
    yes: bool,
    /// Take this one of several feeds, counted from 1.
    #[arg(long, value_name = "N", conflicts_with = "yes")]
    choose: Option<usize>,
    /// Print what would be written and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Allow a host at a loopback, private or other special address, now and for the feed's polls.
    #[arg(long)]
    allow_private_addresses: bool,
}

pub fn run(context: &Context, args: &AddArgs) -> Result<ExitCode, CliError> {
    let config = context.load_for_change()?;
    let url = address(&args.url)?;
    names::check_language(args.language.as_deref())?;
    if let Some(id) = &args.id {
        check_id(&config, id)?;
    }
    if let Some(known) = with_url(&config, &url) {
        return configured(context, known);
    }
    let fetcher = Fetcher::new(Settings::from(&context.fetch_config(&config)?))?;
    let finder = Finder {
        fetcher: &fetcher,
        allow_private_addresses: args.allow_private_addresses,
    };
    let discovery = runtime()?.block_on(finder.find(&url));
    tell_tries(&discovery);
    let mut new: Vec<&Found> = Vec::new();
    let mut known = None;
    for found in &discovery.found {
        match with_url(&config, &found.url) {
            Some(feed) => known = Some((feed, found)),
            None => new.push(found),
        }
    }
    let chosen = match (new.as_slice(), known) {
        ([], Some((feed, _))) => return configured(context, feed),
        ([], None) => return Err(nothing(&url, &discovery)),
        (_, Some((feed, found))) => {
            complain(format_args!(
                "{} is configured already as `{}`",
                printable(found.url.as_str()),
                feed.id
            ));
            choose(context, args, &new)?
        }
        (_, None) => choose(context, args, &new)?,
    };
    let new = new_feed(&config, args, chosen, &url)?;
    let path = file::target(&config, args.file.as_deref());
    if args.dry_run {
        let text = editor::add(Some(""), std::slice::from_ref(&new))
            .map_err(|error| CliError::Failed(error.to_string()))?;
        context
            .out
            .line(format!("would be added to {}:\n", path.display()))?;
        context.out.line(text.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    import::write(context, &config, &path, std::slice::from_ref(&new))?;
    context.out.line(format!(
        "added `{}` ({}) to {}: {}",
        new.feed.id,
        printable(&new.feed.name),
        path.display(),
        new.feed.url
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What was typed, as a URL that may be polled.
fn address(text: &str) -> Result<Url, CliError> {
    let text = text.trim();
    let text = text.strip_prefix("feed:").unwrap_or(text);
    let text = text.strip_prefix("//").unwrap_or(text);
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    config::feed_url(&full).map_err(|error| CliError::Usage(format!("the address {error}")))
}

fn check_id(config: &Config, id: &str) -> Result<FeedId, CliError> {
    let id = FeedId::new(id).map_err(|error| CliError::Usage(error.to_string()))?;
    if config.feeds.iter().any(|feed| feed.id == id) {
        return Err(CliError::Usage(format!(
            "another feed has the id `{id}` already; choose another --id"
        )));
    }
    Ok(id)
}

fn configured(context: &Context, feed: &Feed) -> Result<ExitCode, CliError> {
    context.out.line(format!(
        "configured already as `{}` ({}): {}",
        feed.id,
        printable(&feed.name),
        feed.url
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Requests for paths that nobody named are told: publishers complain of them, and rightly.
fn tell_tries(discovery: &Discovery) {
    let guessed: Vec<&str> = discovery
        .tried
        .iter()
        .filter(|tried| tried.how == How::Guessed)
        .map(|tried| tried.url.as_str())
        .collect();
    if !guessed.is_empty() {
        complain(format_args!(
            "nothing named a feed, so common paths were tried: {}",
            printable(&guessed.join(" "))
        ));
    }
}

fn nothing(url: &Url, discovery: &Discovery) -> CliError {
    let mut text = format!(
        "no feed was found behind {}; tried:",
        printable(url.as_str())
    );
    for tried in &discovery.tried {
        let error = tried.error.as_ref().map(worded).unwrap_or_default();
        let place = printable(tried.url.as_str());
        // Writing to a String can't fail.
        let _ = write!(text, "\n  {place} ({}): {error}", tried.how.as_str());
    }
    CliError::Failed(text)
}

/// Which of the feeds is meant.
fn choose<'f>(
    context: &Context,
    args: &AddArgs,
    feeds: &[&'f Found],
) -> Result<&'f Found, CliError> {
    let at = |n: usize| {
        let found = n.checked_sub(1).and_then(|index| feeds.get(index));
        found.copied().ok_or_else(|| {
            CliError::Usage(format!(
                "there is no choice {n}: {} found, counted from 1",
                count(feeds.len(), "feed")
            ))
        })
    };
    if let Some(n) = args.choose {
        return at(n);
    }
    if args.yes || feeds.len() == 1 {
        return at(1);
    }
    context.out.table(
        &["#", "title", "entries", "newest", "format", "found", "url"],
        &feeds
            .iter()
            .enumerate()
            .map(|(index, found)| row(index + 1, found))
            .collect::<Vec<_>>(),
    )?;
    if !std::io::stdin().is_terminal() {
        return Err(CliError::Usage(format!(
            "{} found: choose one with --choose N, or take the first with --yes",
            count(feeds.len(), "feed")
        )));
    }
    complain("Which one? Its number, or nothing to leave it:");
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| CliError::Failed(format!("can't read the answer: {error}")))?;
    match answer.trim() {
        "" => Err(CliError::Failed("nothing was added".to_owned())),
        text => at(text.parse().unwrap_or(0)),
    }
}

fn row(number: usize, found: &Found) -> Vec<String> {
    let summary = &found.summary;
    let newest = summary.newest.map(|at| at.to_string());
    vec![
        number.to_string(),
        match summary.title.as_str() {
            "" => "(no title)".to_owned(),
            title => printable(title),
        },
        summary.entries.to_string(),
        newest.map_or_else(|| "-".to_owned(), |at| at.chars().take(10).collect()),
        printable(&summary.format_and_version()),
        found.how.as_str().to_owned(),
        printable(found.url.as_str()),
    ]
}

/// What is to be written.
fn new_feed(
    config: &Config,
    args: &AddArgs,
    found: &Found,
    asked: &Url,
) -> Result<NewFeed, CliError> {
    let url = config::feed_url(found.url.as_str())
        .map_err(|error| CliError::Failed(format!("the feed that was found {error}")))?;
    let is_taken = |id: &FeedId| config.feeds.iter().any(|feed| feed.id == *id);
    let id = match &args.id {
        Some(id) => check_id(config, id)?,
        None => config::feed_id(&url, is_taken).ok_or_else(|| {
            CliError::Usage("no id can be made of the feed's URL; give one with --id".to_owned())
        })?,
    };
    let title: String = printable(&found.summary.title)
        .trim()
        .chars()
        .take(LONGEST_NAME)
        .collect();
    let name = args.name.clone().or(Some(title).filter(|t| !t.is_empty()));
    let said = found.summary.language.clone().filter(|l| is_language(l));
    let allow = args.allow_private_addresses && url.host() == asked.host();
    let feed = Feed {
        name: name.unwrap_or_else(|| id.to_string()),
        language: args.language.clone().or(said),
        tags: args.tags.clone(),
        allow_private_addresses: allow,
        ..Feed::new(id, url)
    };
    Ok(NewFeed {
        feed,
        interval: args.interval.clone(),
    })
}
