//! `mentiond match`: which topics does a text mention, where, and by which rule?

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::explain::show::{self, Wanted};
use super::output::{complain, count, printable};
use super::{CliError, Context, names};
use crate::matching::explain::Explanation;
use crate::matching::{self, Facts, Matcher};
use crate::model::{Field, Hit, TopicId};
use crate::parse;

/// Texts above this size are cut.
const MAX_TEXT: u64 = 16 << 20;

/// Match texts, files or pages against the topics and show each hit.
///
/// A file is plain text, or an HTML page, whose title and visible text are matched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond match --text 'Mirziyoyev arrived in Astana for the SCO summit'
  mentiond match page.html notes.txt
  echo 'ШОС' | mentiond match --json
  mentiond match --explain --topic sco --text 'The SCO Group sued'

JSON has one object a line and hit: source, topic, score (1 to 100, of all the topic's hits), term, field (text; or title and content of a \
page; or author), start and end (bytes in that field's text; of a plain UTF-8 file these are bytes of the file), \
text, and because for an ambiguous term. With --explain it has one a line and text (docs/cli.md).

Exit codes: 0 done, whether or not there is a hit; 1 a source can't be read; 2 bad usage or \
configuration.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch")]
pub struct MatchArgs {
    /// Files to match; `-`, or none, is standard input.
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Match this text instead.
    #[arg(long, value_name = "TEXT", conflicts_with = "paths")]
    text: Option<String>,
    /// Print one JSON object a line and hit.
    #[arg(long)]
    json: bool,
    /// Say why each topic is mentioned, or why it is not although a term of it stands there.
    #[arg(long)]
    explain: bool,
    /// Explain only this topic, whether or not a term of it stands there; may be repeated.
    #[arg(long = "topic", value_name = "TOPIC", requires = "explain")]
    topics: Vec<String>,
    /// Take the input as an HTML page, whatever it looks like.
    #[arg(long, conflicts_with = "plain")]
    html: bool,
    /// The text's language (BCP 47); terms that are for other languages do not count then.
    #[arg(long, value_name = "LANG")]
    language: Option<String>,
    /// The source's name, for queries that say `source:`.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// A tag of the feed, for queries that say `tag:`; may be repeated.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// The author, for queries that say `author:`.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// Take the input as plain text, whatever it looks like.
    #[arg(long)]
    plain: bool,
}

#[derive(Serialize)]
struct HitLine<'a> {
    source: &'a str,
    topic: &'a TopicId,
    score: u8,
    term: &'a str,
    field: Field,
    start: usize,
    end: usize,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
}

/// The explanation of a text as a line of JSON.
#[derive(Serialize)]
struct ExplainedLine<'a> {
    source: &'a str,
    language: Option<&'a str>,
    topics: Vec<&'a Explanation>,
}

/// What is done with each text.
enum Task {
    Find(Box<Matcher>),
    Explain(Wanted),
}

pub fn run(context: &Context, args: &MatchArgs) -> Result<ExitCode, CliError> {
    names::check_language(args.language.as_deref())?;
    let config = context.load_without_secrets()?;
    let task = if args.explain {
        Task::Explain(Wanted::of(&config, &args.topics, &[])?)
    } else {
        let matcher = Matcher::share(Arc::clone(&config.topics));
        let refused = |error| CliError::Config(format!("error: {error}"));
        Task::Find(Box::new(matcher.map_err(refused)?))
    };
    if let Some(text) = &args.text {
        show(context, args, &task, "text", text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let stdin = ["-".to_owned()];
    let paths = if args.paths.is_empty() {
        &stdin[..]
    } else {
        &args.paths
    };
    let mut all_read = true;
    for path in paths {
        match read(path) {
            Ok(bytes) => show(context, args, &task, path, &bytes)?,
            Err(error) => {
                all_read = false;
                complain(format_args!("error: {path}: can't read it: {error}"));
            }
        }
    }
    Ok(if all_read {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn read(path: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == "-" {
        std::io::stdin().take(MAX_TEXT).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?
            .take(MAX_TEXT)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn show(
    context: &Context,
    args: &MatchArgs,
    task: &Task,
    source: &str,
    bytes: &[u8],
) -> Result<(), CliError> {
    let html = args.html || (!args.plain && parse::looks_like_html(bytes));
    let fields: Vec<(Field, String)> = if html {
        let page = parse::page(bytes, None);
        vec![(Field::Title, page.title), (Field::Content, page.text)]
    } else {
        // A valid UTF-8 text is taken byte for byte, so that positions are those of the file.
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => parse::decode(bytes, None).0.into_owned(),
        };
        vec![(Field::Text, text)]
    };
    let borrowed: Vec<_> = fields
        .iter()
        .map(|(field, text)| (*field, text.as_str()))
        .collect();
    let facts = Facts {
        language: args.language.as_deref(),
        feed: None,
        source: args.source.as_deref(),
        tags: &args.tags,
        author: args.author.as_deref(),
    };
    match task {
        Task::Find(matcher) => find(context, args, matcher, source, &borrowed, &facts),
        Task::Explain(wanted) => explain(context, args, wanted, source, &borrowed, &facts),
    }
}

/// Prints why each topic is mentioned, or is not.
fn explain(
    context: &Context,
    args: &MatchArgs,
    wanted: &Wanted,
    source: &str,
    fields: &[(Field, &str)],
    facts: &Facts<'_>,
) -> Result<(), CliError> {
    let mut told = wanted.explain(fields, facts);
    told.retain(|told| wanted.named || told.stands());
    let out = &context.out;
    if args.json {
        return out.json(&ExplainedLine {
            source,
            language: facts.language,
            topics: told.iter().collect(),
        });
    }
    let mentioned = told.iter().filter(|told| told.mentioned).count();
    out.line(match told.len() - mentioned {
        0 if mentioned == 0 => format!("{source}: no term of any topic stands in it"),
        0 => format!("{source}: {}", count(mentioned, "topic")),
        rest => format!(
            "{source}: {}; {rest} not mentioned",
            count(mentioned, "topic")
        ),
    })?;
    let author = facts.author.map(|author| (Field::Author, author));
    let texts: Vec<_> = fields.iter().copied().chain(author).collect();
    told.iter()
        .try_for_each(|told| show::topic(out, told, &texts, ""))
}

/// Prints the hits of each topic that is mentioned.
fn find(
    context: &Context,
    args: &MatchArgs,
    matcher: &Matcher,
    source: &str,
    fields: &[(Field, &str)],
    facts: &Facts<'_>,
) -> Result<(), CliError> {
    let mentions = matcher.find_with(fields, facts);
    let text_of = |hit: &Hit| {
        let field = fields.iter().find(|(field, _)| *field == hit.field);
        let author = facts.author.filter(|_| hit.field == Field::Author);
        field.map(|(_, text)| *text).or(author).unwrap_or_default()
    };
    let out = &context.out;
    if args.json {
        for mention in &mentions {
            for hit in &mention.hits {
                out.json(&HitLine {
                    source,
                    topic: &mention.topic,
                    score: mention.score,
                    term: &hit.term,
                    field: hit.field,
                    start: hit.start,
                    end: hit.end,
                    text: text_of(hit).get(hit.start..hit.end).unwrap_or_default(),
                    because: hit.because.as_deref(),
                })?;
            }
        }
        return Ok(());
    }
    if mentions.is_empty() {
        return out.line(format!("{source}: no topic is mentioned"));
    }
    out.line(format!("{source}: {}", count(mentions.len(), "topic")))?;
    for mention in &mentions {
        let name = matcher
            .topics()
            .iter()
            .find(|t| t.id == mention.topic)
            .map(|t| t.name.as_str());
        out.line(format!(
            "  {} ({}) | score {}",
            out.strong(mention.topic.as_str()),
            name.unwrap_or_default(),
            mention.score
        ))?;
        for hit in &mention.hits {
            let snippet = matching::snippet(text_of(hit), hit.start, hit.end, 50);
            let because = hit
                .because
                .as_deref()
                .map(|b| format!(", {}", printable(b)))
                .unwrap_or_default();
            out.line(format!(
                "    {} {}..{}  {}  [{}{because}]",
                hit.field.as_str(),
                hit.start,
                hit.end,
                out.highlight(&snippet.text, snippet.start, snippet.end),
                printable(&hit.term)
            ))?;
        }
    }
    Ok(())
}
