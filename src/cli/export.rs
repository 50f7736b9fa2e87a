//! `mentiond export`: the history for other programs.
//!
//! Mentions are read in pages of [`PAGE`], each by a short read of its own, so that neither memory nor the
//! database's log grows with the history. The next page is read while one is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::mentions::{since, until};
use super::output::{complain, count};
use super::stop::Stop;
use super::target::Target;
use super::{CliError, Context, names, runtime};
use crate::model::Timestamp;
use crate::store::{
    DayCount, DayPlace, Dimension, MentionFilter, MentionPlace, MentionRow, Store, StoreError,
};
use crate::view::csv::{MENTION_COLUMNS, push_line, push_mention};

/// Rows of a page.
const PAGE: usize = 2000;

/// Write the history as CSV or JSON lines: all mentions, or their counts by day.
///
/// Mentions come oldest first, those that were found before the command began. May run beside the daemon,
/// which it never holds up.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond export --since 30d > mentions.csv
  mentiond export --format jsonl --topic sco | jq -r .title
  mentiond export --what series --by language --output languages.csv")]
pub struct ExportArgs {
    /// What to write.
    #[arg(long, value_enum, default_value_t = What::Mentions)]
    what: What,
    /// How to write it; without it CSV, or JSON lines where --output ends in `.jsonl` or `.ndjson`.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// With `--what series`: tell apart the mentions of a day.
    #[arg(long, value_enum)]
    by: Option<By>,
    /// Only this topic.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Only mentions in this feed.
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// Only mentions in this language (`en` includes `en-GB`).
    #[arg(long, value_name = "LANG")]
    language: Option<String>,
    /// Only mentions found within this time (`24h`, `7d`), or since this date (UTC) or instant (RFC 3339); of
    /// counts, whole days.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only mentions found before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Write to this file instead of standard output (`-`). It is there once all is written.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Each mention with its entry.
    Mentions,
    /// How many mentions there were on each day (UTC), by topic.
    Series,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values with a header line.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Feed,
    Language,
    Field,
}

pub fn run(context: &Context, args: &ExportArgs) -> Result<ExitCode, CliError> {
    check(args)?;
    let until = until(args.until.as_deref())?.unwrap_or_else(Timestamp::now);
    let since = since(args.since.as_deref())?;
    let config = context.load_without_secrets()?;
    let store = Store::open_read_only(&config.database)?;
    let runtime = runtime()?;
    // Standard output has nothing to put away.
    let stop = match args.file() {
        Some(_) => Stop::on_signal(&runtime)?,
        None => Stop::default(),
    };
    let mut writer = Writer {
        target: Target::open(args.file())?,
        is_json: args.format() == Format::Jsonl,
        text: String::new(),
        rows: 0,
    };
    let span = (since, until);
    runtime.block_on(async {
        match args.what {
            What::Mentions => mentions(&store, args, span, &stop, &mut writer).await,
            What::Series => series(&store, args, span, &stop, &mut writer).await,
        }
    })?;
    if writer.rows == 0 {
        // What has left the configuration may still be in the history; a slip of the finger replaces no file.
        runtime.block_on(async {
            names::check_past_topic(&config, &store, args.topic.as_deref()).await?;
            names::check_past_feed(&config, &store, args.feed.as_deref()).await
        })?;
    }
    writer.target.finish()?;
    if let Some(path) = args.file() {
        let noun = match args.what {
            What::Mentions => "mention",
            What::Series => "count",
        };
        let rows = count(writer.rows, noun);
        complain(format_args!("{rows} written to {}", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// What does not go together.
fn check(args: &ExportArgs) -> Result<(), CliError> {
    names::check_language(args.language.as_deref())?;
    let wrong = match args.what {
        What::Mentions if args.by.is_some() => "--by needs `--what series`",
        What::Series if args.feed.is_some() || args.language.is_some() => {
            "counts have no --feed and --language; `--by feed` or `--by language` tells them apart"
        }
        _ if args.format.is_none() && args.has_ending(&["json"]) => {
            "JSON is written as lines: name the file `.jsonl`, or give --format"
        }
        _ => return Ok(()),
    };
    Err(CliError::Usage(wrong.to_owned()))
}

impl ExportArgs {
    /// The file to write; nothing for standard output.
    fn file(&self) -> Option<&Path> {
        self.output
            .as_deref()
            .filter(|path| *path != Path::new("-"))
    }

    fn has_ending(&self, wanted: &[&str]) -> bool {
        let ending = self.file().and_then(Path::extension);
        ending.is_some_and(|ending| wanted.iter().any(|one| ending.eq_ignore_ascii_case(one)))
    }

    fn format(&self) -> Format {
        let by_name = if self.has_ending(&["jsonl", "ndjson"]) {
            Format::Jsonl
        } else {
            Format::Csv
        };
        self.format.unwrap_or(by_name)
    }
}

/// Rows on their way out.
struct Writer {
    target: Target,
    is_json: bool,
    text: String,
    rows: usize,
}

impl Writer {
    fn header<'c>(&mut self, columns: impl IntoIterator<Item = &'c str>) -> Result<(), CliError> {
        if !self.is_json {
            push_line(&mut self.text, columns);
        }
        self.send()
    }

    fn row(&mut self, row: &impl Serialize, csv: impl FnOnce(&mut String)) -> Result<(), CliError> {
        if self.is_json {
            let line = serde_json::to_string(row);
            let line =
                line.map_err(|error| CliError::Failed(format!("can't write JSON: {error}")))?;
            self.text.push_str(&line);
            self.text.push('\n');
        } else {
            csv(&mut self.text);
        }
        self.rows += 1;
        self.send()
    }

    fn send(&mut self) -> Result<(), CliError> {
        self.target.write(&self.text)?;
        self.text.clear();
        Ok(())
    }
}

fn go_on(stop: &Stop) -> Result<(), CliError> {
    if stop.is_wished() {
        let text = "stopped before the end; no file was written".to_owned();
        return Err(CliError::Failed(text));
    }
    Ok(())
}

async fn mentions(
    store: &Store,
    args: &ExportArgs,
    (since, until): (Option<Timestamp>, Timestamp),
    stop: &Stop,
    writer: &mut Writer,
) -> Result<(), CliError> {
    let filter = MentionFilter {
        topic: args.topic.clone(),
        feed: args.feed.clone(),
        language: args.language.clone(),
        since,
        until: Some(until),
        limit: PAGE,
        ..MentionFilter::default()
    };
    let read = |behind: Option<MentionPlace>| {
        let (store, filter) = (store.clone(), filter.clone());
        tokio::spawn(async move {
            let filter = MentionFilter { behind, ..filter };
            store.mentions_in_order(filter).await
        })
    };
    let mut next = Some(read(None));
    writer.header(MENTION_COLUMNS)?;
    while let Some(page) = next.take() {
        let page: Vec<MentionRow> = page.await.unwrap_or(Err(StoreError::Closed))?;
        next = (page.last())
            .filter(|_| page.len() == PAGE)
            .map(|row| read(Some(place(row))));
        for row in &page {
            writer.row(row, |text| push_mention(text, row))?;
        }
        go_on(stop)?;
    }
    Ok(())
}

fn place(row: &MentionRow) -> MentionPlace {
    let (found, id) = (row.found, row.id);
    MentionPlace { found, id }
}

/// A topic's count of a day.
#[derive(Serialize)]
struct Count<'a> {
    topic: &'a str,
    day: &'a str,
    mentions: u64,
    stories: u64,
    entries: u64,
}

/// One of those that a topic's mentions of a day are told apart by.
#[derive(Serialize)]
struct Share<'a> {
    topic: &'a str,
    day: &'a str,
    by: &'a str,
    value: &'a str,
    mentions: u64,
}

async fn series(
    store: &Store,
    args: &ExportArgs,
    (since, until): (Option<Timestamp>, Timestamp),
    stop: &Stop,
    writer: &mut Writer,
) -> Result<(), CliError> {
    let from = since.unwrap_or(Timestamp::from_millis(i64::MIN));
    let span = (from, Timestamp::from_millis(until.as_millis() - 1));
    let by = args.by.map(|by| match by {
        By::Feed => Dimension::Feed,
        By::Language => Dimension::Language,
        By::Field => Dimension::Field,
    });
    writer.header(match by {
        None => ["topic", "day", "mentions", "stories", "entries"],
        Some(_) => ["topic", "day", "by", "value", "mentions"],
    })?;
    let all = store.day_counts(String::new(), None, span, None, usize::MAX >> 1);
    let all: BTreeMap<Timestamp, u64> = match by {
        None => all.await?.iter().map(|c| (c.day, c.mentions)).collect(),
        Some(_) => BTreeMap::new(),
    };
    for topic in store.counted_topics().await? {
        if args.topic.as_ref().is_some_and(|wanted| *wanted != topic) {
            continue;
        }
        let mut after = None;
        loop {
            let page = store
                .day_counts(topic.clone(), by, span, after, PAGE)
                .await?;
            for count in &page {
                match by {
                    None => write_count(writer, &topic, count, all.get(&count.day))?,
                    Some(by) => write_share(writer, &topic, count, by.name())?,
                }
            }
            go_on(stop)?;
            let Some(last) = page.last().filter(|_| page.len() == PAGE) else {
                break;
            };
            let (day, value) = (last.day, last.value.clone());
            after = Some(DayPlace { day, value });
        }
    }
    Ok(())
}

/// The date of a day.
fn date(day: Timestamp) -> String {
    let mut text = day.to_string();
    if let Some(end) = text.find('T') {
        text.truncate(end);
    }
    text
}

fn write_count(
    writer: &mut Writer,
    topic: &str,
    count: &DayCount,
    entries: Option<&u64>,
) -> Result<(), CliError> {
    let row = Count {
        topic,
        day: &date(count.day),
        mentions: count.mentions,
        stories: count.stories,
        entries: entries.copied().unwrap_or_default(),
    };
    writer.row(&row, |text| {
        let numbers = [row.mentions, row.stories, row.entries].map(|n| n.to_string());
        let cells = [topic, row.day].into_iter();
        push_line(text, cells.chain(numbers.iter().map(String::as_str)));
    })
}

fn write_share(
    writer: &mut Writer,
    topic: &str,
    count: &DayCount,
    by: &str,
) -> Result<(), CliError> {
    let row = Share {
        topic,
        day: &date(count.day),
        by,
        value: &count.value,
        mentions: count.mentions,
    };
    writer.row(&row, |text| {
        let mentions = row.mentions.to_string();
        push_line(text, [topic, row.day, by, row.value, &mentions]);
    })
}
