//! `mentiond feeds list`, or without `list`: where each feed stands.

use std::collections::HashMap;
use std::process::ExitCode;

use clap::Args;

use crate::cli::output::{count, printable, relative};
use crate::cli::{CliError, Context, names, runtime};
use crate::model::Timestamp;
use crate::store::{Store, StoreError};
use crate::view::FeedView;

/// List the feeds: last status, next poll, failures, entries.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only these feeds, by id.
    #[arg(value_name = "FEED")]
    feeds: Vec<String>,
    /// Print one JSON object a line and feed.
    #[arg(long)]
    json: bool,
    /// Only feeds whose last poll failed, and those that are gone.
    #[arg(long)]
    failing: bool,
}

pub fn run(context: &Context, args: &ListArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    let only = names::feeds(&config, &args.feeds)?;
    let (states, extras) = match Store::open_read_only(&config.database) {
        Ok(store) => {
            let runtime = runtime()?;
            let states = runtime.block_on(store.feed_states())?;
            (states, runtime.block_on(store.extras())?)
        }
        // Before the first run every feed is new.
        Err(StoreError::Missing(_)) => (Vec::new(), HashMap::new()),
        Err(error) => return Err(error.into()),
    };
    let feeds: Vec<FeedView> = FeedView::list(&config, states, extras)
        .into_iter()
        .filter(|feed| only.is_empty() || only.iter().any(|id| id.as_str() == feed.feed))
        .filter(|feed| !args.failing || feed.is_failing())
        .collect();
    if args.json {
        feeds.iter().try_for_each(|feed| context.out.json(feed))?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    let rows: Vec<_> = feeds.iter().map(|feed| row(feed, now)).collect();
    context.out.table(
        &[
            "feed",
            "status",
            "last poll",
            "next poll",
            "failures",
            "entries",
            "error",
        ],
        &rows,
    )?;
    Ok(ExitCode::SUCCESS)
}

fn row(feed: &FeedView, now: Timestamp) -> Vec<String> {
    let when = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| relative(at, now));
    let next = if feed.gone.is_some() {
        "never".to_owned()
    } else {
        when(feed.next_poll)
    };
    vec![
        feed.feed.clone(),
        feed.status.clone(),
        when(feed.last_poll),
        next,
        feed.failures.to_string(),
        feed.entries.to_string(),
        printable(&trouble(feed)),
    ]
}

/// What is wrong with the feed, or else with the pages of its entries.
fn trouble(feed: &FeedView) -> String {
    match (&feed.error, &feed.page_error) {
        (Some(error), _) => error.clone(),
        (None, Some(error)) => format!(
            "{} could not be read, the last: {error}",
            count(
                usize::try_from(feed.pages_failed).unwrap_or(usize::MAX),
                "page"
            )
        ),
        (None, None) => String::new(),
    }
}
