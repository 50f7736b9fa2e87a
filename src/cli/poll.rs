//! `mentiond poll`: one round, now.

use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::output::count;
use super::terminal::Terminal;
use super::troubled::Troubled;
use super::{CliError, Context, names, runtime};
use crate::daemon::{Ended, Engine, LeftAlone, Live, round};
use crate::discover::ProbeError;
use crate::model::{FeedId, Timestamp};
use crate::store::{PollStatus, Store};

/// Poll feeds once, now, deliver what is found, then exit.
///
/// Feeds are polled whether they are due or not, with conditional requests and the configured limits. A feed
/// that was polled within `min_interval`, is still fresh, or whose server asked for patience (Retry-After) is
/// left alone, and one that is gone is polled only when named. Each delivery that is due is attempted once;
/// those of paused or stopped sinks wait.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 the round was made, whatever single feeds answered; 1 it could not be made; \
2 bad usage or configuration; 3 with --strict, when a feed or a delivery failed.")]
pub struct PollArgs {
    /// The feeds to poll, by id; all when none is named.
    #[arg(value_name = "FEED")]
    feeds: Vec<String>,
    /// Print one JSON object a line and feed; alerts of log sinks then go to standard error.
    #[arg(long)]
    json: bool,
    /// Exit with 3 when a feed or a delivery failed.
    #[arg(long)]
    strict: bool,
    /// Log what happens, not only errors.
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Serialize)]
struct FeedLine {
    feed: FeedId,
    status: &'static str,
    error: Option<String>,
    entries: Option<usize>,
    new: usize,
    revised: usize,
    mentions: usize,
    alerts: usize,
    notes: Vec<String>,
    took_ms: u128,
    /// Until when a feed is left alone.
    until: Option<Timestamp>,
}

pub fn run(context: &Context, args: &PollArgs) -> Result<ExitCode, CliError> {
    let config = context.load()?;
    let terminal = Terminal::default();
    terminal.log(
        if args.verbose {
            &config.log.level
        } else {
            "error"
        },
        config.log.format,
    )?;
    let only = names::feeds(&config, &args.feeds)?;
    let live = Live::new(config)?;
    let store = Store::open(&live.config.database)?;
    let engine = Engine::new(store, live);
    let polling = if only.is_empty() {
        engine.live().config.feeds.len()
    } else {
        only.len()
    };
    let bar = terminal.progress(polling);
    let printer = if args.json {
        terminal.error_printer()
    } else {
        terminal.printer()
    };
    let began = Instant::now();
    let mut lines = Vec::new();
    let runtime = runtime()?;
    let summary = runtime.block_on(round(&engine, &only, &printer, |ended| {
        let Ended::Poll { feed, result } = ended else {
            return;
        };
        if let Some(bar) = &bar {
            bar.inc(1);
            bar.set_message(feed.to_string());
        }
        lines.push(line(feed, result));
    }));
    terminal.end();
    let summary = summary?;
    let took = began.elapsed();
    let store = engine.store.clone();
    let outbox = runtime.block_on(store.outbox_counts())?;
    let troubled = runtime.block_on(Troubled::read(&store))?;
    let states = runtime.block_on(store.sink_states())?;
    let config = engine.live().config.clone();
    let counters = engine.status.snapshot();
    drop(engine);
    store.close();

    let out = &context.out;
    let failed: Vec<_> = lines.iter().filter(|l| l.error.is_some()).collect();
    if args.json {
        let left = summary
            .left_alone
            .iter()
            .map(left_alone)
            .collect::<Vec<_>>();
        let lines = lines.iter().chain(&left);
        lines.into_iter().try_for_each(|line| out.json(line))?;
    } else {
        let unchanged = lines.iter().filter(|l| l.status == "not modified").count();
        out.line(format!(
            "polled {} in {:.1} s: {}, {unchanged} unchanged, {} failed",
            count(lines.len(), "feed"),
            took.as_secs_f64(),
            count(
                usize::try_from(counters.changed).unwrap_or(usize::MAX),
                "new document"
            ),
            failed.len()
        ))?;
        out.line(format!(
            "{} new, {}, {}; {} delivered, {} failed, {} waiting, {} dead{}{}",
            count(
                usize::try_from(counters.entries).unwrap_or(usize::MAX),
                "entry"
            ),
            count(
                usize::try_from(counters.mentions).unwrap_or(usize::MAX),
                "mention"
            ),
            count(
                usize::try_from(counters.alerts).unwrap_or(usize::MAX),
                "alert"
            ),
            summary.settled.delivered.load(Relaxed),
            summary.settled.failed.load(Relaxed),
            outbox.waiting,
            outbox.dead,
            match outbox.held {
                0 => String::new(),
                n => format!(", {n} held"),
            },
            match outbox.silenced {
                0 => String::new(),
                n => format!(", {n} silenced"),
            }
        ))?;
        for left in &summary.left_alone {
            out.line(format!("left alone: {}: {left}", left.feed))?;
        }
        for line in &failed {
            let error = line.error.as_deref().unwrap_or_default();
            out.line(format!("failed: {}: {error}", line.feed))?;
        }
        let now = Timestamp::now();
        troubled
            .not_delivered(&config, &states, &summary.settled, now)
            .iter()
            .try_for_each(|line| out.line(line))?;
    }
    let bad = !failed.is_empty() || summary.settled.failed.load(Relaxed) > 0;
    Ok(if args.strict && bad {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    })
}

impl FeedLine {
    fn new(feed: &FeedId, status: &'static str) -> Self {
        Self {
            feed: feed.clone(),
            status,
            error: None,
            entries: None,
            new: 0,
            revised: 0,
            mentions: 0,
            alerts: 0,
            notes: Vec::new(),
            took_ms: 0,
            until: None,
        }
    }
}

fn left_alone(left: &LeftAlone) -> FeedLine {
    FeedLine {
        notes: vec![left.why.as_str().to_owned()],
        until: left.until,
        ..FeedLine::new(&left.feed, "left alone")
    }
}

fn line(feed: &FeedId, result: &Result<crate::daemon::Polled, String>) -> FeedLine {
    let mut line = FeedLine::new(feed, "not recorded");
    match result {
        Err(error) => line.error = Some(error.clone()),
        Ok(polled) => {
            (line.status, line.error) = match &polled.status {
                PollStatus::Ok => ("ok", None),
                PollStatus::NotModified => ("not modified", None),
                PollStatus::Gone => ("gone", Some(ProbeError::Gone.to_string())),
                PollStatus::Throttled { error } => ("throttled", Some(error.clone())),
                PollStatus::Failed { kind, error, .. } => (*kind, Some(error.clone())),
            };
            line.entries = polled.entries;
            line.new = polled.committed.new_entries;
            line.revised = polled.committed.revised;
            line.mentions = polled.committed.mentions;
            line.alerts = polled.committed.alerts;
            line.notes.clone_from(&polled.notes);
            line.took_ms = polled.took.as_millis();
        }
    }
    line
}
