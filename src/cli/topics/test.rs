//! `mentiond topics test`: the examples that packs carry.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::super::output::{count, printable};
use super::super::{CliError, Context};
use crate::config::Example;
use crate::matching::{Facts, Matcher};
use crate::model::{Field, TopicId};

/// Run the examples of the configuration against the topics.
///
/// An example is an `[[example]]` table in any file of the configuration: a text with the topics
/// that must be found in it, or must not.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond topics test
  mentiond topics test --json | jq 'select(.ok | not)'

Exit codes: 0 every example is as it should be, 1 one is not, 2 bad usage or configuration.")]
pub struct TestArgs {
    /// Print one JSON object a line and example, also for those that are as they should be.
    #[arg(long)]
    json: bool,
}

/// What came of an example, as a line of JSON.
#[derive(Serialize)]
struct Outcome<'a> {
    file: String,
    line: usize,
    column: usize,
    text: &'a str,
    title: Option<&'a str>,
    language: Option<&'a str>,
    ok: bool,
    found: Vec<&'a TopicId>,
    missing: Vec<&'a TopicId>,
    unwanted: Vec<&'a TopicId>,
}

pub fn run(context: &Context, args: &TestArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    let matcher = Matcher::share(Arc::clone(&config.topics))
        .map_err(|error| CliError::Config(format!("error: {error}")))?;
    let out = &context.out;
    let mut failed = 0;
    for example in &config.examples {
        let found = found(&matcher, example);
        let missing = example.found.iter().filter(|topic| !found.contains(topic));
        let missing: Vec<&TopicId> = missing.collect();
        let unwanted = example
            .not_found
            .iter()
            .filter(|topic| found.contains(topic));
        let unwanted: Vec<&TopicId> = unwanted.collect();
        let ok = missing.is_empty() && unwanted.is_empty();
        failed += usize::from(!ok);
        if args.json {
            out.json(&Outcome {
                file: example.file.display().to_string(),
                line: example.line,
                column: example.column,
                text: &example.text,
                title: example.title.as_deref(),
                language: example.language.as_deref(),
                ok,
                found: found.iter().collect(),
                missing,
                unwanted,
            })?;
        } else if !ok {
            out.line(format!(
                "{}:{}:{}: {}",
                printable(&example.file.display().to_string()),
                example.line,
                example.column,
                shown(example)
            ))?;
            for topic in missing {
                out.line(format!("    {} is not found", out.strong(topic.as_str())))?;
            }
            for topic in unwanted {
                out.line(format!("    {} is found", out.strong(topic.as_str())))?;
            }
        }
    }
    if !args.json {
        let all = count(config.examples.len(), "example");
        out.line(match failed {
            0 => format!("{all}, as they should be"),
            failed => format!("{all}, {failed} not as they should be"),
        })?;
    }
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// The topics that are found in an example.
fn found(matcher: &Matcher, example: &Example) -> Vec<TopicId> {
    let fields = match &example.title {
        Some(title) => vec![
            (Field::Title, title.as_str()),
            (Field::Content, &example.text),
        ],
        None => vec![(Field::Text, example.text.as_str())],
    };
    let facts = Facts {
        language: example.language.as_deref(),
        feed: None,
        source: example.source.as_deref(),
        tags: &example.tags,
        author: example.author.as_deref(),
    };
    let mentions = matcher.find_with(&fields, &facts);
    mentions.into_iter().map(|mention| mention.topic).collect()
}

/// The beginning of an example's text, on one line.
fn shown(example: &Example) -> String {
    let text: String = example.text.chars().take(100).collect();
    let cut = if text.len() < example.text.len() {
        "…"
    } else {
        ""
    };
    format!("{}{cut}", printable(&text))
}
