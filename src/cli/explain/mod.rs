//! `mentiond explain`: why an entry of the history mentions a topic, or why it does not.
//!
//! The topics are those of the configuration as it is now, the texts those that the store keeps; what
//! was recorded when the entry was read is told beside it, and where the two differ.

pub(super) mod show;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use self::show::Wanted;
use super::output::{count, printable};
use super::{CliError, Context, runtime};
use crate::config::Config;
use crate::matching::Facts;
use crate::matching::explain::Explanation;
use crate::model::{Field, Timestamp};
use crate::store::{EntryName, RecordedMention, Store, StoredEntry};

/// The fields of an entry.
const FIELDS: [Field; 4] = [Field::Title, Field::Summary, Field::Content, Field::Author];

/// Explain why an entry of the history mentions a topic, or why it does not.
///
/// Told are the topics that were recorded for the entry and those of which a term stands in it; with
/// --topic, exactly the topics that are named.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond explain 1742
  mentiond explain https://news.example/summit --topic sco

`mentiond mentions --json` and `mentiond alerts --json` tell the ids of entries as `entry`. The topics \
are those of the configuration as it is now; where they say something else than what was recorded, \
it is told. `mentiond match --explain` explains any text.

Exit codes: 0 done, 1 no database or it can't be read, 2 no such entry or topic, bad usage or \
configuration.")]
pub struct ExplainArgs {
    /// The entry's id, or its link.
    #[arg(value_name = "ENTRY")]
    entry: String,
    /// Only this topic, whether or not a term of it stands there; may be repeated.
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// Print one JSON object a line and entry.
    #[arg(long)]
    json: bool,
}

/// An entry as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    entry: i64,
    feed: &'a str,
    source: &'a str,
    link: Option<&'a str>,
    title: &'a str,
    language: Option<&'a str>,
    published: Option<Timestamp>,
    first_seen: Timestamp,
    revised: Option<Timestamp>,
    revisions: u32,
    text_from: &'a str,
    /// The bytes of each field that is kept.
    kept: Vec<Kept>,
    feed_configured: bool,
    topics: Vec<TopicLine<'a>>,
    unconfigured: Vec<&'a RecordedMention>,
}

#[derive(Serialize)]
struct Kept {
    field: Field,
    bytes: usize,
}

#[derive(Serialize)]
struct TopicLine<'a> {
    #[serde(flatten)]
    told: &'a Explanation,
    recorded: Option<&'a RecordedMention>,
    change: Option<Change>,
}

/// How the topics of now differ from what was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Change {
    /// Would be mentioned, is not recorded.
    New,
    /// Is recorded, would not be mentioned.
    Lost,
}

impl Change {
    fn of(told: &Explanation, recorded: Option<&RecordedMention>) -> Option<Self> {
        match (told.mentioned, recorded) {
            (true, None) => Some(Self::New),
            (false, Some(_)) => Some(Self::Lost),
            _ => None,
        }
    }
}

pub fn run(context: &Context, args: &ExplainArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    let store = Store::open_read_only(&config.database)?;
    let entries = runtime()?.block_on(store.entries(EntryName::read(&args.entry)))?;
    let recorded = entries.iter().flat_map(|entry| &entry.mentions);
    let recorded: Vec<&str> = recorded.map(|mention| mention.topic.as_str()).collect();
    let wanted = Wanted::of(&config, &args.topics, &recorded)?;
    if entries.is_empty() {
        return Err(CliError::Usage(format!(
            "no entry has the {} `{}`, or it was removed when its time was over \
             (`retention.entries`); `mentiond mentions --json` tells ids and links",
            match EntryName::read(&args.entry) {
                EntryName::Id(_) => "id",
                EntryName::Link(_) => "link",
            },
            printable(&args.entry)
        )));
    }
    for entry in &entries {
        explain(context, args, &config, &wanted, entry)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(
    context: &Context,
    args: &ExplainArgs,
    config: &Config,
    wanted: &Wanted,
    stored: &StoredEntry,
) -> Result<(), CliError> {
    let language = stored.language.as_deref();
    let feed = config
        .feeds
        .iter()
        .find(|feed| feed.id.as_str() == stored.feed);
    let facts = match feed {
        Some(feed) => Facts::of(feed, &stored.entry, language),
        None => Facts {
            language,
            feed: Some(&stored.feed),
            source: Some(&stored.source),
            tags: &[],
            author: stored.entry.author.as_deref(),
        },
    };
    let told = wanted.explain(&stored.entry.fields(), &facts);
    let recorded = |topic: &str| {
        stored
            .mentions
            .iter()
            .find(|mention| mention.topic == topic)
    };
    let topics = told.iter().map(|told| {
        let recorded = recorded(told.topic.as_str());
        TopicLine {
            told,
            recorded,
            change: Change::of(told, recorded),
        }
    });
    let topics = topics.filter(|t| wanted.named || t.told.stands() || t.recorded.is_some());
    let is_configured = |id: &str| config.topics.iter().any(|topic| topic.id.as_str() == id);
    let unconfigured = stored.mentions.iter().filter(|mention| {
        let is_named = args.topics.is_empty() || args.topics.contains(&mention.topic);
        is_named && !is_configured(&mention.topic)
    });
    let kept = FIELDS.map(|field| Kept {
        field,
        bytes: stored.entry.text(field).len(),
    });
    let line = Line {
        entry: stored.id,
        feed: &stored.feed,
        source: &stored.source,
        link: stored.entry.link.as_deref(),
        title: &stored.entry.title,
        language,
        published: stored.entry.published,
        first_seen: stored.first_seen,
        revised: stored.revised,
        revisions: stored.revisions,
        text_from: &stored.text_from,
        kept: kept.into_iter().filter(|kept| kept.bytes > 0).collect(),
        feed_configured: feed.is_some(),
        topics: topics.collect(),
        unconfigured: unconfigured.collect(),
    };
    if args.json {
        return context.out.json(&line);
    }
    print(context, &line, stored)
}

fn print(context: &Context, line: &Line<'_>, stored: &StoredEntry) -> Result<(), CliError> {
    let out = &context.out;
    out.line(format!(
        "entry {}: {} | {} ({})",
        line.entry,
        printable(line.title),
        printable(line.source),
        line.language.unwrap_or("?")
    ))?;
    if let Some(link) = line.link {
        out.line(format!("  {}", printable(link)))?;
    }
    out.line(format!("  {}", kept(line)))?;
    if !line.feed_configured {
        out.line(format!(
            "  its feed `{}` is no longer configured, so it has no tags here",
            printable(line.feed)
        ))?;
    }
    let texts = FIELDS.map(|field| (field, stored.entry.text(field)));
    for topic in &line.topics {
        show::topic(out, topic.told, &texts, &note(topic, line.revisions))?;
    }
    for mention in &line.unconfigured {
        out.line(format!(
            "  {}: {}, but no such topic is configured",
            out.strong(&mention.topic),
            was_recorded(mention, line.revisions)
        ))?;
    }
    if line.topics.is_empty() && line.unconfigured.is_empty() {
        out.line("  no topic is recorded, and no term of any stands in what is kept")?;
    }
    Ok(())
}

/// What of the entry's text is there to explain.
fn kept(line: &Line<'_>) -> String {
    let mut fields = Vec::new();
    for kept in &line.kept {
        let name = kept.field.as_str();
        let from = match kept.field {
            Field::Content if line.text_from == "page" => " (of its page, not of the feed)",
            _ => "",
        };
        fields.push(format!("{name}{from} {}", count(kept.bytes, "byte")));
    }
    let text = if fields.is_empty() {
        "no text of it is kept".to_owned()
    } else {
        format!("kept: {}", fields.join(", "))
    };
    if line.revisions == 0 {
        return text;
    }
    let times = count(line.revisions as usize, "time");
    format!("{text}; revised {times}, earlier texts are not kept")
}

fn note(topic: &TopicLine<'_>, revisions: u32) -> String {
    match (topic.change, topic.recorded) {
        (Some(Change::New), _) => "; NOT RECORDED when the entry was read".to_owned(),
        (Some(Change::Lost), Some(mention)) => {
            format!(" any more; but {}", was_recorded(mention, revisions))
        }
        (_, Some(mention)) => format!("; {}", was_recorded(mention, revisions)),
        (_, None) => String::new(),
    }
}

fn was_recorded(mention: &RecordedMention, revisions: u32) -> String {
    let earlier = if mention.revision < revisions {
        " of an earlier text"
    } else {
        ""
    };
    format!(
        "recorded {} by \"{}\" at {} {}..{}{earlier}",
        mention.found,
        printable(&mention.term),
        mention.field,
        mention.start,
        mention.end
    )
}
