//! Reading `[[names]]` tables: how one language names what a topic is about.
//!
//! A topic's own table says what it is; these add, language by language and in files of their own,
//! what papers write. Short forms count only in texts of their language, for what is a name in one
//! is a word in the next; full names count everywhere. Where the rules of a term are not given they
//! follow from its letters: an abbreviation of capitals must be written so, and a name needs a
//! capital where its script has them.

use super::problem::{Report, quoted};
use super::reader::Table;
use super::source::Origin;
use super::topics::{TopicList, language_code, terms};
use crate::model::{Case, Term, Topic, TopicId};

/// One `[[names]]` table.
#[derive(Debug)]
pub(super) struct Alias {
    topic: TopicId,
    origin: Origin,
    any: Vec<Term>,
    near: Vec<Term>,
    except: Vec<Term>,
}

/// Reads one `[[names]]` into the list.
pub(super) fn read(mut table: Table<'_>, list: &mut Vec<Alias>) {
    let topic = table.required("topic").and_then(|value| {
        let id = TopicId::new(value.text("a topic's id in quotes")?)
            .map_err(|error| value.error(error.to_string(), None))
            .ok()?;
        Some((id, value.origin.clone()))
    });
    let language = table.required("language").and_then(|value| {
        let code = language_code(&value)?;
        Some(code.split('-').next().unwrap_or(&code).to_owned())
    });
    let mut list_of = |key| table.get(key).and_then(|value| terms(&value, false));
    let full = list_of("full").unwrap_or_default();
    let alone = list_of("alone").unwrap_or_default();
    let ambiguous = list_of("ambiguous").unwrap_or_default();
    let near = list_of("near").unwrap_or_default();
    let except = list_of("except").unwrap_or_default();
    table.finish();
    let (Some((topic, origin)), Some(language)) = (topic, language) else {
        return;
    };
    let of_language = |term: Term| Term {
        languages: vec![language.clone()],
        ..term
    };
    let short = |term: Term, ambiguous: bool| {
        let term = of_language(term);
        let case = if term.case == Case::Fold {
            case_of(&term.text)
        } else {
            term.case
        };
        Term {
            case,
            ambiguous,
            surname: !is_abbreviation(&term.text),
            ..term
        }
    };
    let any = full
        .into_iter()
        .chain(alone.into_iter().map(|term| short(term, false)))
        .chain(ambiguous.into_iter().map(|term| short(term, true)));
    list.push(Alias {
        topic,
        origin,
        any: any.collect(),
        near: near.into_iter().map(of_language).collect(),
        except,
    });
}

/// An abbreviation is all capitals.
fn is_abbreviation(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let capitals = letters.clone().filter(|c| c.is_uppercase()).count();
    capitals > 1 && capitals == letters.count()
}

/// What letter case means to a name that is written so. In capitals a short one may be a number or
/// an abbreviation: `XI`.
fn case_of(text: &str) -> Case {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if is_abbreviation(text) {
        Case::Exact
    } else if !text.starts_with(char::is_uppercase) {
        Case::Fold
    } else if letters < 4 {
        Case::Exact
    } else {
        Case::Capital
    }
}

/// Adds what was read to the topics; a topic that does not exist is a mistake, unless some may be
/// missing.
pub(super) fn apply(aliases: Vec<Alias>, report: &Report, list: &mut TopicList, missing: bool) {
    // The first ambiguous term of each table, for when all is known that may make it count.
    let mut ambiguous: Vec<(TopicId, Origin, Term)> = Vec::new();
    for alias in aliases {
        let topic = list.topics.iter_mut().find(|t| t.id == alias.topic);
        let Some(topic) = topic else {
            // A topic with other mistakes has its own message.
            if !missing && !list.ids.contains_key(&alias.topic) {
                let help = "define it with [[topic]], or correct the id".to_owned();
                let message = format!("there is no topic `{}`", alias.topic);
                report.error(&alias.origin, message, Some(help));
            }
            continue;
        };
        if topic.query.is_some() {
            let help = "write them into the query".to_owned();
            let message = format!(
                "the topic `{}` has a query, which takes no names",
                alias.topic
            );
            report.error(&alias.origin, message, Some(help));
            continue;
        }
        if let Some(term) = alias.any.iter().find(|term| term.ambiguous) {
            ambiguous.push((alias.topic, alias.origin, term.clone()));
        }
        for (own, more) in [
            (&mut topic.any, alias.any),
            (&mut topic.near, alias.near),
            (&mut topic.except, alias.except),
        ] {
            own.extend(more);
        }
    }
    if missing {
        return;
    }
    for (id, origin, term) in ambiguous {
        let topic = list.topics.iter().find(|topic| topic.id == id);
        if topic.is_some_and(|topic| !may_count(topic, &term)) {
            let message = format!(
                "{} is ambiguous and nothing makes it count in texts of its language",
                quoted(&term.text)
            );
            let help = "list the words that make it count in `near`".to_owned();
            report.error(&origin, message, Some(help));
        }
    }
}

/// Whether the topic has anything that makes an ambiguous term count in a text of its language.
fn may_count(topic: &Topic, term: &Term) -> bool {
    let unambiguous = topic.any.iter().filter(|term| !term.ambiguous);
    let mut context = topic.near.iter().chain(unambiguous);
    term.languages
        .iter()
        .all(|language| context.any(|other| other.counts_in(Some(language))))
}
