//! `mentiond demo`: mentiond at work, without a network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::output::{Output, complain, count, printable};
use super::terminal::Terminal;
use super::{CliError, Context, runtime};
use crate::config::LogFormat;
use crate::demo::{self, DemoError, Received, Summary, Told};

/// Show mentiond at work without a network: bundled feeds, alerts, a verifying receiver.
///
/// Starts a local server with twelve bundled feeds in ten languages (one in windows-1251, one of
/// broken XML, one that publishes while you watch), a local webhook receiver that verifies
/// signatures, and the daemon with the shipped topic pack between them. All news is invented.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 every alert arrived and verified, 1 something went wrong.")]
pub struct DemoArgs {
    /// Keep the demo's configuration and database in this folder, to explore them afterwards.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

impl From<DemoError> for CliError {
    fn from(error: DemoError) -> Self {
        Self::Failed(error.to_string())
    }
}

pub fn run(context: &Context, args: &DemoArgs) -> Result<ExitCode, CliError> {
    let terminal = Terminal::default();
    terminal.log("error", LogFormat::Human)?;
    let scratch = tempfile::tempdir()
        .map_err(|error| CliError::Failed(format!("can't make a temporary folder: {error}")))?;
    let folder = args.keep.as_deref().unwrap_or_else(|| scratch.path());
    std::fs::create_dir_all(folder).map_err(|error| {
        CliError::Failed(format!(
            "can't make the folder {}: {error}",
            folder.display()
        ))
    })?;
    for file in ["mentiond.toml", "topics.toml", "secret", "mentiond.db"] {
        if folder.join(file).exists() {
            return Err(CliError::Usage(format!(
                "the folder {} already has a file {file}: name an empty or new one with --keep",
                folder.display()
            )));
        }
    }
    let out = &context.out;
    let mut broken = None;
    let summary = runtime()?.block_on(demo::run(folder, |told| {
        if broken.is_none() {
            broken = tell(out, &told).err();
        }
    }))?;
    if let Some(error) = broken {
        return Err(error);
    }
    print_summary(out, &summary)?;
    if args.keep.is_some() {
        let config = folder.join("mentiond.toml");
        let config = config.display();
        out.line(format!(
            "\nexplore it:  mentiond --config {config} mentions --topic sco"
        ))?;
        out.line(format!("             mentiond --config {config} alerts"))?;
    }
    let faults = summary.faults();
    for fault in &faults {
        complain(format_args!("error: {fault}"));
    }
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn tell(out: &Output, told: &Told<'_>) -> Result<(), CliError> {
    match told {
        Told::Started {
            feeds,
            feed_server,
            receiver,
        } => out.line(format!(
            "{feeds} feeds at {feed_server}, webhook receiver at {receiver}; all news is invented\n"
        )),
        Told::Request(request) => request_line(out, request),
        Told::Published(1) => Ok(()),
        Told::Published(n) => out.line(format!("         live feed publishes entry {n}")),
    }
}

fn request_line(out: &Output, request: &Received) -> Result<(), CliError> {
    let clock = request.at.to_string();
    let clock = clock.get(11..19).unwrap_or_default();
    let verdict = match (&request.verified, request.refused) {
        (Err(error), _) => format!("NOT VERIFIED: {error}"),
        (Ok(()), true) => "verified, refused on purpose: will come again".to_owned(),
        (Ok(()), false) => "verified".to_owned(),
    };
    let also = if request.feeds > 1 {
        format!(", in {} feeds", request.feeds)
    } else {
        String::new()
    };
    out.line(format!(
        "{clock} {} {} | {} ({}{also}) | {verdict}",
        out.strong(&format!("{:<14}", request.topic)),
        printable(&request.title),
        printable(&request.source),
        request.language
    ))
}

fn print_summary(out: &Output, summary: &Summary) -> Result<(), CliError> {
    let rows: Vec<_> = summary
        .feeds
        .iter()
        .map(|feed| {
            let file = summary
                .answers
                .iter()
                .find(|(file, _)| file.split('.').next() == Some(&feed.name));
            let (full, unchanged) = file.map(|(_, answers)| *answers).unwrap_or_default();
            vec![
                feed.name.clone(),
                feed.format.clone().unwrap_or_default(),
                feed.entries.to_string(),
                full.to_string(),
                unchanged.to_string(),
                feed.status.clone(),
            ]
        })
        .collect();
    out.line("")?;
    out.table(
        &[
            "feed",
            "format",
            "entries",
            "answers 200",
            "answers 304",
            "last poll",
        ],
        &rows,
    )?;

    let accepted = summary.accepted();
    let mut topics: BTreeMap<&str, (usize, BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for alert in &accepted {
        let (alerts, languages, spellings) = topics.entry(&alert.topic).or_default();
        *alerts += 1;
        languages.insert(&alert.language);
        spellings.insert(&alert.matched);
    }
    let rows: Vec<_> = topics
        .iter()
        .map(|(topic, (alerts, languages, spellings))| {
            vec![
                (*topic).to_owned(),
                alerts.to_string(),
                languages.iter().copied().collect::<Vec<_>>().join(" "),
                spellings
                    .iter()
                    .take(5)
                    .copied()
                    .collect::<Vec<_>>()
                    .join(", "),
            ]
        })
        .collect();
    out.line("")?;
    out.table(&["topic", "alerts", "languages", "as written"], &rows)?;

    let languages: BTreeSet<_> = accepted.iter().map(|a| &a.language).collect();
    let unchanged: usize = summary.answers.values().map(|a| a.1).sum();
    let shared = usize::try_from(summary.shared_stories).unwrap_or(usize::MAX);
    out.line(format!(
        "\n{} for {} in {}, {} verified, in {:.1} s; {} in two feeds, told once; {} of 304",
        count(accepted.len(), "alert"),
        count(topics.len(), "topic"),
        count(languages.len(), "language"),
        if summary.faults().is_empty() {
            "all"
        } else {
            "not all"
        },
        summary.took.as_secs_f64(),
        count(shared, "story"),
        count(unchanged, "answer")
    ))
}
