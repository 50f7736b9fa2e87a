//! Reading `[[example]]` tables: texts with what the topics are to make of them.
//!
//! A pack of topics carries its examples; `mentiond topics test` runs them. The daemon ignores them.

use std::path::PathBuf;

use super::feeds::{LONGEST_NAME, read_tags};
use super::problem::{Report, did_you_mean};
use super::reader::Table;
use super::source::Origin;
use super::topics::{TopicList, language_code};
use super::value::Value;
use crate::model::TopicId;

/// The longest text of an example, in characters.
const LONGEST_TEXT: usize = 10_000;
/// The most topics that an example may name.
const MOST_TOPICS: usize = 1_000;

/// A text, and the topics that are to be found in it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The file it stands in.
    pub file: PathBuf,
    /// The line and the column where it begins, from 1.
    pub line: usize,
    /// See `line`.
    pub column: usize,
    /// The text.
    pub text: String,
    /// The title above it; without one the text has no fields.
    pub title: Option<String>,
    /// The author.
    pub author: Option<String>,
    /// The language of both.
    pub language: Option<String>,
    /// The source's name.
    pub source: Option<String>,
    /// The feed's tags.
    pub tags: Vec<String>,
    /// The topics that must be found.
    pub found: Vec<TopicId>,
    /// The topics that must not be found.
    pub not_found: Vec<TopicId>,
}

/// The examples read so far, and the topics that they name.
#[derive(Debug, Default)]
pub(super) struct ExampleList {
    pub(super) examples: Vec<Example>,
    named: Vec<(TopicId, Origin)>,
}

/// Reads one `[[example]]` into the list.
pub(super) fn read(mut table: Table<'_>, report: &Report, list: &mut ExampleList) {
    let (line, column) = table.origin().position();
    let file = table.origin().source.file.clone();
    let text = table
        .required("text")
        .and_then(|value| text(&value, LONGEST_TEXT));
    let mut line_of = |key| table.get(key).and_then(|value| text_of_line(&value));
    let title = line_of("title");
    let (author, source) = (line_of("author"), line_of("source"));
    let language = table
        .get("language")
        .and_then(|value| language_code(&value));
    let tags = table.get("tags").map(|value| read_tags(&value));
    let topic = table.get("topic").and_then(|value| topic(&value, list));
    let (matches, no_match) = (table.get("match"), table.get("no_match"));
    let mut found = Vec::new();
    let mut not_found = Vec::new();
    match (topic, &matches) {
        (Some(topic), Some(value)) if !value.is_list() => match value.flag() {
            Some(true) => found.push(topic),
            Some(false) => not_found.push(topic),
            None => {}
        },
        (Some(topic), None) => found.push(topic),
        (None, Some(value)) => found = topics(value, list),
        (Some(_), Some(value)) => value.error(
            "`match` must be true or false beside `topic`",
            Some("leave `topic` out to name several topics".to_owned()),
        ),
        (None, None) => {}
    }
    if let Some(value) = no_match {
        not_found.extend(topics(&value, list));
    } else if found.is_empty() && not_found.is_empty() && matches.is_none() {
        table.error(
            "the example expects nothing",
            Some("name topics in `match` or `no_match`".to_owned()),
        );
    }
    if let Some(both) = found.iter().find(|topic| not_found.contains(topic)) {
        report.error(
            table.origin(),
            format!("the topic `{both}` is both in `match` and in `no_match`"),
            None,
        );
    }
    table.finish();
    let Some(text) = text else { return };
    list.examples.push(Example {
        file,
        line,
        column,
        text,
        title,
        author,
        language,
        source,
        tags: tags.unwrap_or_default(),
        found,
        not_found,
    });
}

/// Reports the topics that examples name and that do not exist.
pub(super) fn check_topics(list: &ExampleList, topics: &TopicList, report: &Report) {
    for (topic, origin) in &list.named {
        if !topics.ids.contains_key(topic) {
            let known = topics.ids.keys().map(TopicId::as_str);
            report.error(
                origin,
                format!("no topic has the id `{topic}`"),
                did_you_mean(topic.as_str(), known),
            );
        }
    }
}

fn text(value: &Value<'_>, most: usize) -> Option<String> {
    let text = value.text("a text in quotes")?;
    if text.is_empty() {
        value.error(format!("{} is empty", value.label()), None);
    } else if text.chars().nth(most).is_some() {
        let help = format!("at most {most} characters are allowed");
        value.error(format!("{} is too long", value.label()), Some(help));
    } else {
        return Some(text.to_owned());
    }
    None
}

fn text_of_line(value: &Value<'_>) -> Option<String> {
    value.line(LONGEST_NAME).map(str::to_owned)
}

fn topics(value: &Value<'_>, list: &mut ExampleList) -> Vec<TopicId> {
    let items = value.items().unwrap_or_default();
    if items.len() > MOST_TOPICS {
        let help = format!("at most {MOST_TOPICS} are allowed");
        value.error(
            format!("{} names too many topics", value.label()),
            Some(help),
        );
        return Vec::new();
    }
    items.iter().filter_map(|item| topic(item, list)).collect()
}

fn topic(value: &Value<'_>, list: &mut ExampleList) -> Option<TopicId> {
    match TopicId::new(value.text("a topic's id")?) {
        Ok(id) => {
            list.named.push((id.clone(), value.origin.clone()));
            Some(id)
        }
        Err(error) => {
            value.error(error.to_string(), None);
            None
        }
    }
}
