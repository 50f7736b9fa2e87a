//! Reading `[topic.person]`: a name once, of which the matcher makes what newspapers write.
//!
//! The person's terms come before those that the topic lists itself; where both have a text that
//! folds alike, the topic's own stands and the made one goes.

use super::feeds::LONGEST_NAME;
use super::problem::quoted;
use super::value::Value;
use crate::matching::check_term;
use crate::matching::names::{Expansion, Person, Surname, expand};

/// The most names of a person, and of others who must not count.
const MOST_NAMES: usize = 50;

/// Reads the table and expands it; `None` when it has no usable name, which has been reported.
pub(super) fn read(value: &Value<'_>) -> Option<Expansion> {
    let mut table = value.table("[topic.person]")?;
    let names = table.required("names").map(|value| lines(&value));
    let family_first = table.get("family_first").and_then(|value| value.flag());
    let patronymic = table.get("patronymic").and_then(|value| {
        let text = value.line(LONGEST_NAME)?;
        Some(text.to_owned())
    });
    let surname = table.get("surname").and_then(|value| {
        value.choice(&[
            ("distinctive", Surname::Distinctive),
            ("common", Surname::Common),
        ])
    });
    let mut list = |key| {
        table
            .get(key)
            .map(|value| lines(&value))
            .unwrap_or_default()
    };
    let (titles, context, not) = (list("titles"), list("context"), list("not"));
    table.finish();
    let names = names?;
    if names.is_empty() {
        value.error(
            "the person has no name",
            Some("list one in `names`".to_owned()),
        );
        return None;
    }
    Some(expand(&Person {
        names,
        family_first,
        patronymic,
        surname: surname.unwrap_or_default(),
        titles,
        context,
        not,
    }))
}

/// The texts of a list, each of which can be a term.
fn lines(value: &Value<'_>) -> Vec<String> {
    let items = value.items().unwrap_or_default();
    if items.len() > MOST_NAMES {
        let help = format!("at most {MOST_NAMES} are allowed");
        value.error(format!("{} is too long", value.label()), Some(help));
        return Vec::new();
    }
    let read = |item: &Value<'_>| {
        let text = item.line(LONGEST_NAME)?;
        if let Err(error) = check_term(text) {
            item.error(format!("{}: {error}", quoted(text)), None);
            return None;
        }
        Some(text.to_owned())
    };
    items.iter().filter_map(read).collect()
}
