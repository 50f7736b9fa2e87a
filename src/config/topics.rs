//! Reading `[[topic]]` tables.
//!
//! A topic has lists of terms or a query. Terms are texts, or tables where letter case matters or a term needs context. A term
//! that could never be found, or would be found everywhere, is refused here.

use std::collections::BTreeMap;

use super::feeds::{LONGEST_NAME, is_language, read_tags};
use super::person;
use super::problem::{Report, quoted};
use super::reader::Table;
use super::source::Origin;
use super::value::Value;
use crate::matching::{check_term, names, parse_query};
use crate::model::{Case, Keep, Query, Term, Topic, TopicId};

/// The keys that a topic with a query can't have.
const LISTS: [&str; 7] = ["any", "person", "all", "none", "except", "near", "within"];
/// The most terms in one list of a topic.
const MOST_TERMS: usize = 5000;
/// The largest weight of a term and threshold of a topic.
const LARGEST_WEIGHT: i32 = 1000;
/// How far context may be from an ambiguous term when the topic does not say, in words.
const WITHIN: usize = 12;

/// The topics read so far, with where they stand.
#[derive(Debug, Default)]
pub(super) struct TopicList {
    /// The topics.
    pub(super) topics: Vec<Topic>,
    /// Every id that a topic has, also of topics with other mistakes.
    pub(super) ids: BTreeMap<TopicId, Origin>,
}

/// Reads one `[[topic]]` into the list.
pub(super) fn read(mut table: Table<'_>, report: &Report, list: &mut TopicList) {
    let id = table.required("id").and_then(|value| {
        let id = TopicId::new(value.text("an id in quotes")?)
            .map_err(|error| value.error(error.to_string(), None))
            .ok()?;
        if let Some(first) = list.ids.get(&id) {
            report.error(
                &value.origin,
                format!("the topic id `{id}` is given twice, first at {first}"),
                Some("give one of the two topics another `id`".to_owned()),
            );
            return None;
        }
        list.ids.insert(id.clone(), value.origin.clone());
        Some(id)
    });
    let name = table.get("name").and_then(|value| value.line(LONGEST_NAME));
    let tags = table.get("tags").map(|value| read_tags(&value));
    let query_value = table.get("query");
    let query = query_value.as_ref().and_then(query);
    let mut person = None;
    let any_value = if query_value.is_some() {
        // A query stands in the place of all lists.
        table.refuse(&LISTS, "say it in the `query`, or leave the `query` out");
        None
    } else {
        let person_value = table.get("person");
        person = person_value.as_ref().and_then(person::read);
        let found = table.get("any");
        if found.is_none() && person_value.is_none() {
            table.missing("any", "or a `person` or a `query`");
        }
        found
    };
    let any = any_value.as_ref().and_then(|value| terms(value, true));
    let all = table.get("all").map(|value| groups(&value));
    let none = table.get("none").and_then(|value| terms(&value, false));
    let except = table.get("except").and_then(|value| terms(&value, false));
    let near_value = table.get("near");
    let has_near = near_value.is_some();
    let near = near_value.and_then(|value| terms(&value, false));
    let within = table
        .get("within")
        .and_then(|value| value.integer(1..=1000_usize));
    let threshold = table
        .get("threshold")
        .and_then(|value| value.integer(1..=LARGEST_WEIGHT));
    let min_score = table.get("min_score").and_then(|value| value.score());
    table.finish();

    let (mut near, mut any) = (near.unwrap_or_default(), any.unwrap_or_default());
    let mut except = except.unwrap_or_default();
    if let Some(person) = person {
        names::merge(&mut any, person.any);
        names::merge(&mut near, person.near);
        names::merge(&mut except, person.except);
    }
    if !has_near
        && near.is_empty()
        && let Some(value) = &any_value
        && let Some(term) = any.iter().find(|term| term.ambiguous)
    {
        value.error(
            format!(
                "{} is ambiguous and the topic has no `near`",
                quoted(&term.text)
            ),
            Some("list the words that make it count in `near`".to_owned()),
        );
    }
    let Some(id) = id else { return };
    if any.is_empty() && query.is_none() {
        return;
    }
    list.topics.push(Topic {
        name: name.unwrap_or_else(|| id.as_str()).to_owned(),
        id,
        tags: tags.unwrap_or_default(),
        any,
        all: all.unwrap_or_default(),
        none: none.unwrap_or_default(),
        except,
        near,
        within: within.unwrap_or(WITHIN),
        threshold: threshold.unwrap_or(1),
        min_score: min_score.unwrap_or(1),
        query,
    });
}

/// Reads a query.
fn query(value: &Value<'_>) -> Option<Query> {
    let (text, place) = value.placed_text("a query in quotes")?;
    match parse_query(text) {
        Ok(query) => Some(query),
        Err(error) => {
            value.error_within(&place(error.at), &error.message, error.line(text));
            None
        }
    }
}

/// Reads a list of terms that must not be empty.
pub(super) fn terms(value: &Value<'_>, context_counts: bool) -> Option<Vec<Term>> {
    let items = value.items()?;
    if items.is_empty() {
        let help = "add a term, or leave the list out".to_owned();
        value.error(format!("{} has no term", value.label()), Some(help));
        return None;
    }
    if items.len() > MOST_TERMS {
        let help = format!("at most {MOST_TERMS} are allowed");
        value.error(format!("{} has too many terms", value.label()), Some(help));
        return None;
    }
    Some(
        items
            .iter()
            .filter_map(|item| term(item, context_counts))
            .collect(),
    )
}

/// Reads the groups of `all`: each a term or a list of alternatives.
fn groups(value: &Value<'_>) -> Vec<Vec<Term>> {
    let items = value.items().unwrap_or_default();
    if items.len() > MOST_TERMS {
        let help = format!("at most {MOST_TERMS} are allowed");
        value.error(format!("{} has too many groups", value.label()), Some(help));
        return Vec::new();
    }
    items
        .iter()
        .filter_map(|item| {
            if item.is_list() {
                terms(item, false)
            } else {
                term(item, false).map(|term| vec![term])
            }
        })
        .collect()
}

/// Reads a term: `"text"` or `{ text = "SCO", case = "exact", ambiguous = true, languages = ["en"] }`.
fn term(value: &Value<'_>, context_counts: bool) -> Option<Term> {
    let (text_value, text, case, ambiguous, languages, inflect, keep, surname, weight);
    if value.is_table() {
        let mut table = value.table("a term")?;
        let found = table.required("text");
        case = table.get("case").and_then(|value| {
            value.choice(&[
                ("fold", Case::Fold),
                ("exact", Case::Exact),
                ("capital", Case::Capital),
            ])
        });
        let flag = table.get("ambiguous");
        ambiguous = flag.as_ref().and_then(Value::flag).unwrap_or(false);
        if ambiguous
            && !context_counts
            && let Some(flag) = &flag
        {
            flag.warn(
                "`ambiguous` has no effect here",
                Some("it is for terms of `any`".to_owned()),
            );
        }
        languages = table.get("languages").map(|value| languages_of(&value));
        inflect = table.get("inflect").and_then(|value| value.flag());
        keep = table.get("keep").map(|value| kept(&value));
        surname = table.get("surname").and_then(|value| value.flag());
        weight = table
            .get("weight")
            .and_then(|value| value.integer(-LARGEST_WEIGHT..=LARGEST_WEIGHT));
        table.finish();
        text_value = found?;
        text = text_value.text("a term in quotes")?;
    } else {
        text = value.text("a term: \"text\" or { text = \"…\" }")?;
        return checked(value, text);
    }
    Some(Term {
        case: case.unwrap_or_default(),
        ambiguous,
        languages: languages.unwrap_or_default(),
        inflect: inflect.unwrap_or(true),
        keep: keep.unwrap_or_default(),
        surname: surname.unwrap_or(false),
        weight: weight.unwrap_or(1),
        ..checked(&text_value, text)?
    })
}

/// The languages in whose texts a term counts.
fn languages_of(value: &Value<'_>) -> Vec<String> {
    let items = value.items().unwrap_or_default();
    if items.is_empty() {
        value.warn("`languages` is empty, which means all", None);
    }
    items.iter().filter_map(language_code).collect()
}

/// Reads the language of a text or term.
pub(super) fn language_code(value: &Value<'_>) -> Option<String> {
    let code = value.text("a language code")?;
    if is_language(code) {
        return Some(code.to_owned());
    }
    let help = "write a code such as \"en\", \"ru\" or \"zh\"".to_owned();
    value.error(
        format!("{} is not a language code", quoted(code)),
        Some(help),
    );
    None
}

/// The differences that a term does not forgive.
fn kept(value: &Value<'_>) -> Keep {
    let mut keep = Keep::default();
    for item in value.items().unwrap_or_default() {
        let chosen = item.choice(&[
            (
                "marks",
                Keep {
                    marks: true,
                    ..Keep::default()
                },
            ),
            (
                "forms",
                Keep {
                    forms: true,
                    ..Keep::default()
                },
            ),
            (
                "letters",
                Keep {
                    letters: true,
                    ..Keep::default()
                },
            ),
            (
                "han",
                Keep {
                    han: true,
                    ..Keep::default()
                },
            ),
            (
                "joints",
                Keep {
                    joints: true,
                    ..Keep::default()
                },
            ),
        ]);
        keep = keep.and(chosen.unwrap_or_default());
    }
    keep
}

fn checked(value: &Value<'_>, text: &str) -> Option<Term> {
    if let Err(error) = check_term(text) {
        value.error(format!("{}: {error}", quoted(text)), None);
        return None;
    }
    Some(Term::new(text))
}
