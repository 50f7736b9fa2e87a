//! `mentiond match`: which topics does a text mention, where, and by which rule?

use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::output::{complain, printable};
use super::{CliError, Context, names};
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

JSON has one object a line and hit: source, topic, score (1 to 100, of all the topic's hits), term, field (text; or title and content of a \
page; or author), start and end (bytes in that field's text; of a plain UTF-8 file these are bytes of the file), \
text, and because for an ambiguous term.

Exit codes: 0 done, whether or not there is a hit; 1 a source can't be read; 2 bad usage or \
configuration.")]
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

pub fn run(context: &Context, args: &MatchArgs) -> Result<ExitCode, CliError> {
    names::check_language(args.language.as_deref())?;
    let config = context.load_without_secrets()?;
    let matcher = Matcher::compile(&config.topics)
        .map_err(|error| CliError::Config(format!("error: {error}")))?;
    if let Some(text) = &args.text {
        show(context, args, &matcher, "text", text.as_bytes())?;
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
            Ok(bytes) => show(context, args, &matcher, path, &bytes)?,
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
    matcher: &Matcher,
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
    let mentions = matcher.find_with(&borrowed, &facts);
    let text_of = |hit: &Hit| {
        let field = borrowed.iter().find(|(field, _)| *field == hit.field);
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
    out.line(format!(
        "{source}: {}",
        super::output::count(mentions.len(), "topic")
    ))?;
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
