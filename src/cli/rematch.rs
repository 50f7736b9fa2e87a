//! `mentiond rematch`: new or changed topics over the stored entries.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::mentions::since;
use super::output::{complain, count};
use super::stop::Stop;
use super::terminal::Terminal;
use super::{CliError, Context, names, runtime};
use crate::daemon::{Rematch, RematchError, Rematched, TopicCounts, rematch};
use crate::model::{Topic, TopicId};
use crate::store::Store;

/// How often a line tells of progress where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Run topics over the stored entries: record what new or changed topics find in the history.
///
/// Looks through the texts that the database keeps: for as long as `retention.entries` says, and of an
/// entry whose page was read the page's text in the place of the feed's own content. Mentions that are
/// missing are recorded; nothing is told without --alert. May run beside the daemon, may be stopped
/// with Ctrl-C, and goes on where something is missing when it is run again.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own
#[command(after_help = "\
Examples:
  mentiond rematch --topic iaea --dry-run
  mentiond rematch --topic iaea --since 30d --alert

--alert creates an alert for each story of these topics that was never told, also for entries that were \
recorded as too old; --dry-run --alert says how many. They are delivered by the running daemon, or by \
`mentiond poll`.

Exit codes: 0 done, 1 failed or stopped before the end, 2 bad usage or configuration.")]
pub struct RematchArgs {
    /// Only this topic; may be repeated. All topics when none is named.
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// Only entries published (or, where they do not say, first seen) within this time (`30d`), or since
    /// this date (UTC) or instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Create alerts for what was never told.
    #[arg(long)]
    alert: bool,
    /// Remove mentions of these topics that they do not find any more.
    #[arg(long)]
    remove: bool,
    /// Write nothing; tell what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object a line and topic.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct TopicLine<'a> {
    topic: &'a TopicId,
    found: usize,
    added: usize,
    scored: usize,
    gone: usize,
    removed: usize,
    unknown: usize,
    alerts: usize,
    raised: usize,
    entries: usize,
    pages: usize,
    skipped: usize,
    complete: bool,
    dry_run: bool,
}

pub fn run(context: &Context, args: &RematchArgs) -> Result<ExitCode, CliError> {
    let how = Rematch {
        since: since(args.since.as_deref())?,
        tell: args.alert,
        remove: args.remove,
        dry_run: args.dry_run,
    };
    let config = context.load_without_secrets()?;
    for name in &args.topics {
        names::check_topic(&config, Some(name))?;
    }
    let wanted = |topic: &&Topic| {
        args.topics.is_empty() || args.topics.iter().any(|name| name == topic.id.as_str())
    };
    let topics: Vec<Topic> = config.topics.iter().filter(wanted).cloned().collect();
    if topics.is_empty() {
        return Err(CliError::Usage("no topics are configured".to_owned()));
    }
    let store = if args.dry_run {
        Store::open_read_only(&config.database)?
    } else {
        Store::open_beside(&config.database)?
    };
    let terminal = Terminal::default();
    let mut progress = Progress::begin(&terminal);
    let began = Instant::now();
    let runtime = runtime()?;
    // The batch that is under way is recorded.
    let stop = Stop::on_signal(&runtime)?;
    let result = runtime.block_on(rematch(&store, &config, &topics, how, stop.flag(), |run| {
        progress.show(run);
    }));
    terminal.end();
    store.close();
    let run = result?;
    if args.json {
        for topic in &topics {
            context.out.json(&line(topic, &run, args))?;
        }
    } else {
        report(context, args, &topics, &run, began.elapsed())?;
    }
    Ok(ExitCode::from(u8::from(!run.complete)))
}

/// How far the run is: a bar at a terminal, else a line from time to time.
struct Progress {
    bar: Option<indicatif::ProgressBar>,
    told: Instant,
}

impl Progress {
    fn begin(terminal: &Terminal) -> Self {
        Self {
            bar: terminal.progress(0),
            told: Instant::now(),
        }
    }

    fn show(&mut self, run: &Rematched) {
        let found = run.sum().found;
        if let Some(bar) = &self.bar {
            bar.set_length(run.total);
            bar.set_position(run.done);
            bar.set_message(format!("entries, {found} found"));
        } else if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            complain(format_args!(
                "{} of {} entries, {found} found",
                run.done, run.total
            ));
        }
    }
}

fn line<'a>(topic: &'a Topic, run: &Rematched, args: &RematchArgs) -> TopicLine<'a> {
    let n = run.topics.get(&topic.id).copied().unwrap_or_default();
    TopicLine {
        topic: &topic.id,
        found: n.found,
        added: n.added,
        scored: n.scored,
        gone: n.gone,
        removed: n.removed,
        unknown: n.unknown,
        alerts: n.alerts,
        raised: n.raised,
        entries: run.entries,
        pages: run.pages,
        skipped: run.skipped,
        complete: run.complete,
        dry_run: args.dry_run,
    }
}

fn report(
    context: &Context,
    args: &RematchArgs,
    topics: &[Topic],
    run: &Rematched,
    took: Duration,
) -> Result<(), CliError> {
    let out = &context.out;
    let rows: Vec<Vec<String>> = topics
        .iter()
        .filter_map(|topic| Some((topic, run.topics.get(&topic.id)?)))
        .map(|(topic, n)| {
            let numbers = [n.found, n.added, n.gone, n.removed, n.alerts];
            let mut row = vec![topic.id.to_string()];
            row.extend(numbers.iter().map(ToString::to_string));
            row
        })
        .collect();
    if !rows.is_empty() {
        let header = ["topic", "found", "added", "gone", "removed", "alerts"];
        out.table(&header, &rows)?;
    }
    if !run.complete {
        out.line(format!(
            "stopped after {} of {} entries; what was recorded stays, run it again for the rest",
            run.done, run.total
        ))?;
    }
    for note in notes(args, run, &run.sum()) {
        out.line(note)?;
    }
    let n = run.sum();
    let would = if args.dry_run { "would be " } else { "" };
    out.line(format!(
        "{} over {} in {:.1} s: {} found, {} {would}added, {} {would}removed, {} {would}created",
        count(topics.len(), "topic"),
        count(run.entries, "stored entry"),
        took.as_secs_f64(),
        count(n.found, "mention"),
        n.added,
        if args.dry_run && args.remove {
            n.gone
        } else {
            n.removed
        },
        count(n.alerts, "alert"),
    ))
}

/// What the numbers do not say by themselves.
fn notes(args: &RematchArgs, run: &Rematched, n: &TopicCounts) -> Vec<String> {
    let mut notes = Vec::new();
    if n.gone > 0 && !args.remove {
        notes.push(format!(
            "{} no longer found: --remove takes them out of the history",
            count(n.gone, "recorded mention")
        ));
    }
    if n.unknown > 0 {
        notes.push(format!(
            "{} kept, not found in the stored text: their own text, of an earlier revision or the feed's \
             own before the page was read, is not kept",
            count(n.unknown, "recorded mention")
        ));
    }
    if run.pages > 0 {
        notes.push(format!(
            "of {} the text of the page was looked through in the place of the feed's own content, which \
             is not kept",
            count(run.pages, "entry")
        ));
    }
    if n.scored > 0 {
        let would = if args.dry_run { "would get" } else { "got" };
        notes.push(format!(
            "{} {would} a score",
            count(n.scored, "older mention")
        ));
    }
    if run.skipped > 0 {
        notes.push(format!(
            "{} got another text meanwhile and were left to the daemon",
            count(run.skipped, "entry")
        ));
    }
    if n.raised > 0 {
        notes.push(format!(
            "{} that were told before go to further sinks: the score is enough for them now",
            count(n.raised, "alert")
        ));
    }
    if n.alerts + n.raised > 0 && !args.dry_run {
        notes.push("the running daemon delivers the alerts, or `mentiond poll`".to_owned());
    }
    notes
}

impl From<RematchError> for CliError {
    fn from(error: RematchError) -> Self {
        match error {
            RematchError::Topics(_) => Self::Config(format!("error: {error}")),
            RematchError::Store(_) | RematchError::Broken(_) => Self::Failed(error.to_string()),
        }
    }
}
