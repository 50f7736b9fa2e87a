//! `mentiond silence`: what is not to be told for a while.

use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};

use super::output::{count, printable, relative};
use super::{CliError, Context, names, runtime};
use crate::config::Config;
use crate::model::{StoryKey, Timestamp};
use crate::silence::Silence;
use crate::store::{EndedSilence, NewSilence, SilenceRow, Store, StoryName};
use crate::view::instant;
use crate::view::silences::check_texts;

/// Have alerts recorded but not delivered for a while; list and end such silences.
#[derive(Debug, Args)]
#[command(after_help = "\
A silence holds at once, also beside a running daemon, for alerts that arise while it is there. They are \
recorded, and listed by `mentiond alerts --state silenced`; they are not delivered later either.

Examples:
  mentiond silence add --topic sco --until 8h --comment 'summit, we are there'
  mentiond silence add --story al_0123456789abcdef0123456789abcdef --until 2d --comment 'known'
  mentiond silence end 3

Exit codes: 0 done, 1 failed, 2 bad usage or configuration.")]
pub struct SilenceArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a silence. It covers alerts for which all that is given holds; at least one of --topic, --source,
    /// --story and --pattern is needed.
    Add(AddArgs),
    /// List the silences that hold, the newest first.
    List(ListArgs),
    /// End a silence: what arises from now on is told again.
    End {
        /// Its number, as `silence list` shows it.
        #[arg(value_name = "ID")]
        id: i64,
    },
}

#[derive(Debug, Args)]
#[command(group(
    ArgGroup::new("covered")
        .args(["topic", "source", "story", "pattern"])
        .required(true)
        .multiple(true)
))]
struct AddArgs {
    /// Alerts of this topic.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Alerts that arise in this feed, or that it is in trouble.
    #[arg(long, value_name = "FEED")]
    source: Option<String>,
    /// Alerts about the story of this alert (`al_…`) or entry (a number, as `mentions --json` has it).
    #[arg(long, value_name = "ALERT|ENTRY")]
    story: Option<String>,
    /// Alerts in whose title all these words stand, in any order, case and accents; `word*` stands for
    /// all words that begin so.
    #[arg(long, value_name = "WORDS")]
    pattern: Option<String>,
    /// When it ends: after this time (`90m`, `8h`, `7d`), or at this date (UTC) or instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    until: String,
    /// Why, for those who wonder later.
    #[arg(long, value_name = "TEXT")]
    comment: String,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Also those that have ended.
    #[arg(long)]
    all: bool,
    /// Print one JSON object a line and silence.
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: &SilenceArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    match &args.action {
        Action::Add(args) => add(context, args, &config)?,
        Action::List(args) => list(context, args, &config)?,
        Action::End { id } => end(context, *id, &config)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn add(context: &Context, args: &AddArgs, config: &Config) -> Result<(), CliError> {
    let now = Timestamp::now();
    let until = instant::ahead(&args.until, now)
        .map_err(|error| CliError::Usage(format!("--until {}: {error}", printable(&args.until))))?;
    names::check_topic(config, args.topic.as_deref())?;
    names::check_feed(config, args.source.as_deref())?;
    let comment = check_texts(args.pattern.as_deref(), &args.comment)
        .map_err(|fault| CliError::Usage(format!("--{}: {}", fault.part, fault.message)))?;
    let store = Store::open_beside(&config.database)?;
    let runtime = runtime()?;
    let silence = Silence {
        topic: args.topic.clone(),
        feed: args.source.clone(),
        story: match &args.story {
            Some(name) => Some(runtime.block_on(story(&store, name))?),
            None => None,
        },
        pattern: args.pattern.clone(),
        until,
        ended: None,
    };
    let id = runtime.block_on(store.add_silence(NewSilence { silence, comment }, now))?;
    store.close();
    context.out.line(format!(
        "silence {id} holds until {until}; `mentiond silence end {id}` ends it before"
    ))
}

async fn story(store: &Store, text: &str) -> Result<StoryKey, CliError> {
    let name = match text.parse() {
        Ok(entry) => StoryName::Entry(entry),
        Err(_) => StoryName::Alert(text.to_owned()),
    };
    let hint = match &name {
        StoryName::Entry(_) => "no entry has this number; `mentiond mentions --json` has them",
        StoryName::Alert(_) => {
            "no alert about a story has this id; `mentiond alerts` shows them, and an entry is named \
             by its number"
        }
    };
    let found = store.story_of(name).await?;
    found.ok_or_else(|| CliError::Usage(format!("--story {}: {hint}", printable(text))))
}

fn list(context: &Context, args: &ListArgs, config: &Config) -> Result<(), CliError> {
    let store = Store::open_read_only(&config.database)?;
    let now = Timestamp::now();
    let silences = runtime()?.block_on(store.silences(args.all, now))?;
    let out = &context.out;
    if args.json {
        return silences.iter().try_for_each(|silence| out.json(silence));
    }
    if silences.is_empty() {
        let more = if args.all {
            ""
        } else {
            " holds; `--all` lists those that have ended"
        };
        return out.line(format!("no silence{more}"));
    }
    let rows: Vec<Vec<String>> = silences.iter().map(|silence| row(silence, now)).collect();
    let header = ["id", "ends", "alerts", "covers", "comment"];
    out.table(&header, &rows)
}

fn row(silence: &SilenceRow, now: Timestamp) -> Vec<String> {
    let ends = match silence.ended {
        Some(ended) => format!("ended {}", relative(ended, now)),
        None if silence.active => relative(silence.until, now),
        None => format!("ended {}", relative(silence.until, now)),
    };
    let story = silence.story.map(|key| {
        let title = silence.story_title.clone();
        title
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| key.to_string())
    });
    let named = [
        ("topic", silence.topic.clone()),
        ("source", silence.source.clone()),
        ("story", story),
        ("pattern", silence.pattern.clone()),
    ];
    let covers: Vec<String> = named
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", printable(&value?))))
        .collect();
    vec![
        silence.id.to_string(),
        ends,
        silence.alerts.to_string(),
        covers.join(", "),
        printable(&silence.comment),
    ]
}

fn end(context: &Context, id: i64, config: &Config) -> Result<(), CliError> {
    let store = Store::open_beside(&config.database)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(store.end_silence(id, Timestamp::now()))?;
    let known = runtime.block_on(store.silences(true, Timestamp::now()))?;
    store.close();
    let alerts = known.iter().find(|silence| silence.id == id);
    let alerts = alerts.map_or(0, |silence| silence.alerts);
    match ended {
        EndedSilence::Now => context.out.line(format!(
            "silence {id} has ended; {} stayed silent",
            count(usize::try_from(alerts).unwrap_or(usize::MAX), "alert")
        )),
        EndedSilence::Before(at) => Err(CliError::Usage(format!(
            "the silence {id} ended before, at {at}"
        ))),
        EndedSilence::Unknown => Err(CliError::Usage(format!(
            "there is no silence {id}; `mentiond silence list` shows those there are"
        ))),
    }
}
