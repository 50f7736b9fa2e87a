//! `mentiond topics lint`: doubtful terms.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::super::output::{complain, count, printable};
use super::super::{CliError, Context, runtime};
use super::chosen;
use crate::matching::CompileError;
use crate::matching::lint::{Finding, Frequency, Share, lint};
use crate::model::{Field, Timestamp, Topic};
use crate::store::Store;

/// How far back the history is read.
const HISTORY: Duration = Duration::from_hours(30 * 24);
/// A term in a larger share of the texts is told.
const MOST: f64 = 0.2;
/// With fewer texts a share says nothing.
const FEWEST: usize = 100;
/// The most texts that are read, the latest.
const MOST_TEXTS: usize = 20_000;
/// How many are read at a time.
const PAGE: usize = 500;

/// Tell terms that never count, say what others say, are too short, or stand in too many texts.
///
/// The last needs a database with 100 entries or more of the last 30 days; without one it is left out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond topics lint
  mentiond topics lint sco putin --notes

Exit codes: 0 nothing to mend, 1 a term is doubtful (notes do not count), 2 bad usage or configuration.")]
pub struct LintArgs {
    /// Only these topics.
    #[arg(value_name = "TOPIC")]
    topics: Vec<String>,
    /// Also tell what is only worth knowing: terms that stand only where a shorter one does.
    #[arg(long)]
    notes: bool,
    /// Print one JSON object a line and finding.
    #[arg(long)]
    json: bool,
}

/// A finding as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    term: &'a str,
    kind: &'a str,
    note: bool,
    other: Option<&'a str>,
    share: Option<f64>,
    text: String,
}

pub fn run(context: &Context, args: &LintArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    let topics = chosen(&config, &args.topics)?;
    let refused = |error: CompileError| CliError::Config(format!("error: {error}"));
    let mut findings = lint(&topics).map_err(refused)?;
    findings.retain(|finding| args.notes || !finding.kind.is_note());
    let frequent = if config.database.file().is_none_or(std::path::Path::exists) {
        let store = Store::open_read_only(&config.database)?;
        let frequency = Frequency::new(&topics).map_err(refused)?;
        runtime()?.block_on(frequent(&store, frequency))?
    } else {
        complain(
            "note: there is no database yet, so nothing is known of how often terms stand in texts",
        );
        Vec::new()
    };
    let out = &context.out;
    for topic in &topics {
        show(context, args, topic, &findings, &frequent)?;
    }
    let doubtful = findings
        .iter()
        .filter(|finding| !finding.kind.is_note())
        .count()
        + frequent.len();
    if !args.json {
        let what = match doubtful {
            0 => "nothing to mend".to_owned(),
            n => format!("{} to mend", count(n, "term")),
        };
        out.line(format!("{}: {what}", count(topics.len(), "topic")))?;
    }
    Ok(ExitCode::from(u8::from(doubtful > 0)))
}

/// The terms that stand in too many of the latest texts.
async fn frequent(store: &Store, mut frequency: Frequency) -> Result<Vec<Share>, CliError> {
    let since = Timestamp::now() - HISTORY;
    let mut before = None;
    while frequency.texts() < MOST_TEXTS {
        let page = store.texts_since(since, before, PAGE).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        for entry in &page {
            frequency.add(&[
                (Field::Title, &entry.title),
                (Field::Summary, &entry.summary),
                (Field::Content, &entry.content),
            ]);
        }
    }
    if frequency.texts() < FEWEST {
        complain(format_args!(
            "note: the history has {} of the last 30 days, too few to tell how often terms stand in texts",
            match frequency.texts() {
                1 => "1 entry".to_owned(),
                n => format!("{n} entries"),
            }
        ));
        return Ok(Vec::new());
    }
    Ok(frequency.above(MOST))
}

fn show(
    context: &Context,
    args: &LintArgs,
    topic: &Topic,
    findings: &[Finding],
    frequent: &[Share],
) -> Result<(), CliError> {
    let id = topic.id.as_str();
    let print = |line: &Line<'_>| {
        if args.json {
            return context.out.json(line);
        }
        let note = if line.note { "note: " } else { "" };
        let strong = context.out.strong(id);
        context
            .out
            .line(format!("{strong}: {note}{}", printable(&line.text)))
    };
    for finding in findings.iter().filter(|finding| finding.topic == topic.id) {
        let kind = serde_json::to_value(finding.kind).unwrap_or_default();
        print(&Line {
            topic: id,
            term: &finding.term,
            kind: kind.as_str().unwrap_or_default(),
            note: finding.kind.is_note(),
            other: finding.other.as_deref(),
            share: None,
            text: finding.to_string(),
        })?;
    }
    for share in frequent.iter().filter(|share| share.topic == topic.id) {
        let part = share.found as f64 / share.texts as f64;
        print(&Line {
            topic: id,
            term: &share.term,
            kind: "frequent",
            note: false,
            other: None,
            share: Some((part * 1000.0).round() / 1000.0),
            text: format!(
                "`{}` stands in {:.0} % of the {} latest entries: narrow it",
                share.term,
                part * 100.0,
                share.texts
            ),
        })?;
    }
    Ok(())
}
