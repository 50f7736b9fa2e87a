//! `mentiond feeds list`, or without `list`: where each feed stands.

use std::collections::HashMap;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::cli::output::{count, printable, relative};
use crate::cli::{CliError, Context, names, runtime};
use crate::model::Timestamp;
use crate::store::{Extras, FeedState, Store, StoreError};

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

#[derive(Serialize)]
struct Line<'a> {
    feed: &'a str,
    source: &'a str,
    url: &'a str,
    status: &'a str,
    error: Option<&'a str>,
    failures: u32,
    failing_since: Option<Timestamp>,
    last_poll: Option<Timestamp>,
    last_ok: Option<Timestamp>,
    next_poll: Option<Timestamp>,
    wait_until: Option<Timestamp>,
    gone: Option<Timestamp>,
    moved_to: Option<&'a str>,
    title: Option<&'a str>,
    format: Option<&'a str>,
    language: Option<&'a str>,
    entries: u64,
    pages_waiting: u64,
    pages_read: u64,
    pages_failed: u64,
    page_error: Option<&'a str>,
    push: Option<&'a str>,
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
    let none = Extras::default();
    let extra = |state: &FeedState| extras.get(&state.name).unwrap_or(&none);
    let mut states: HashMap<_, _> = states.into_iter().map(|s| (s.name.clone(), s)).collect();
    let states: Vec<FeedState> = config
        .feeds
        .iter()
        .filter(|feed| only.is_empty() || only.contains(&feed.id))
        .map(|feed| {
            states
                .remove(feed.id.as_str())
                .unwrap_or_else(|| FeedState {
                    name: feed.id.to_string(),
                    url: feed.url.to_string(),
                    source: feed.name.clone(),
                    status: "new".to_owned(),
                    ..FeedState::default()
                })
        })
        .filter(|state| !args.failing || state.error.is_some() || state.gone.is_some())
        .collect();
    if args.json {
        for state in &states {
            context.out.json(&line(state, extra(state)))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    let rows: Vec<_> = states
        .iter()
        .map(|state| row(state, extra(state), now))
        .collect();
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

fn line<'a>(state: &'a FeedState, extra: &'a Extras) -> Line<'a> {
    Line {
        feed: &state.name,
        source: &state.source,
        url: &state.url,
        status: &state.status,
        error: state.error.as_deref(),
        failures: state.failures,
        failing_since: state.failing_since,
        last_poll: state.last_poll,
        last_ok: state.last_ok,
        next_poll: state.next_poll,
        wait_until: state.wait_until,
        gone: state.gone,
        moved_to: state.moved.as_ref().map(|(url, _)| url.as_str()),
        title: state.title.as_deref(),
        format: state.format.as_deref(),
        language: state.language.as_deref(),
        entries: state.entries,
        pages_waiting: extra.pages_waiting,
        pages_read: extra.pages_read,
        pages_failed: extra.pages_failed,
        page_error: extra.page_error.as_deref(),
        push: extra.push.as_deref(),
    }
}

fn row(state: &FeedState, extra: &Extras, now: Timestamp) -> Vec<String> {
    let when = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| relative(at, now));
    let next = if state.gone.is_some() {
        "never".to_owned()
    } else {
        when(state.next_poll)
    };
    vec![
        state.name.clone(),
        state.status.clone(),
        when(state.last_poll),
        next,
        state.failures.to_string(),
        state.entries.to_string(),
        printable(&trouble(state, extra)),
    ]
}

/// What is wrong with the feed, or else with the pages of its entries.
fn trouble(state: &FeedState, extra: &Extras) -> String {
    match (&state.error, &extra.page_error) {
        (Some(error), _) => error.clone(),
        (None, Some(error)) => format!(
            "{} could not be read, the last: {error}",
            count(
                usize::try_from(extra.pages_failed).unwrap_or(usize::MAX),
                "page"
            )
        ),
        (None, None) => String::new(),
    }
}
