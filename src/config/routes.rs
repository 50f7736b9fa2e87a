//! Reading `[[route]]` tables.

use super::feeds::{FeedList, read_country, read_language};
use super::problem::{did_you_mean, quoted};
use super::reader::Table;
use super::sinks::{self, Surroundings};
use super::value::Value;
use super::{RouteConfig, RouteKind};
use crate::model::{FeedId, Field, SinkId};

/// The choices of `kinds`.
const KINDS: [(&str, RouteKind); 3] = [
    ("mention", RouteKind::Mention),
    ("feed", RouteKind::Feed),
    ("spike", RouteKind::Spike),
];
/// The choices of `fields`.
const FIELDS: [(&str, Field); 4] = [
    ("title", Field::Title),
    ("summary", Field::Summary),
    ("content", Field::Content),
    ("author", Field::Author),
];
/// The most items in one list of a route.
const MOST: usize = 5000;

/// What routes are checked against besides what sinks are.
pub(super) struct Known<'k> {
    /// The feeds; complete unless a file could not be read.
    pub(super) feeds: &'k FeedList,
    /// The ids of all sinks, likewise.
    pub(super) sinks: &'k [SinkId],
}

/// Reads one `[[route]]` into the list.
pub(super) fn read(
    mut table: Table<'_>,
    around: &Surroundings<'_>,
    known: &Known<'_>,
    routes: &mut Vec<RouteConfig>,
) {
    let kinds = list(&mut table, "kinds", |item| item.choice(&KINDS));
    let topics = table
        .get("topics")
        .and_then(|value| sinks::topics(&value, around));
    let tags = table
        .get("tags")
        .and_then(|value| sinks::tags(&value, around));
    let languages = list(&mut table, "languages", read_language);
    let incomplete = around.topics_may_be_missing;
    let sources = list(&mut table, "sources", |item| {
        source(item, known, incomplete)
    });
    let countries = list(&mut table, "countries", read_country);
    let fields = list(&mut table, "fields", |item| item.choice(&FIELDS));
    let min_score = table.get("min_score").and_then(|value| value.score());
    let to = table.required("sinks").and_then(|value| {
        if value.items().is_some_and(|items| items.is_empty()) {
            let help = "name a sink; `mentiond silence` keeps alerts from being told".to_owned();
            value.error("`sinks` is empty", Some(help));
            return None;
        }
        items(&value, |item| sink(item, known, incomplete))
    });
    let goes_on = table.get("continue").and_then(|value| value.flag());
    let origin = table.origin().clone();
    table.finish();
    let Some(to) = to else { return };
    if let Some(all) = routes.iter().find(|route| route.takes_all()) {
        around.report.warn(
            &origin,
            format!(
                "no alert comes to this route: that of {} takes all",
                all.place
            ),
            Some("move it before that one, or say `continue = true` there".to_owned()),
        );
    }
    routes.push(RouteConfig {
        kinds,
        topics,
        tags,
        languages,
        sources,
        countries,
        fields,
        min_score,
        goes_on: goes_on.unwrap_or(false),
        place: origin.to_string(),
        ..RouteConfig::to(to)
    });
}

/// Reads a list that must not be empty.
fn list<'a, T: PartialEq>(
    table: &mut Table<'a>,
    key: &'static str,
    read: impl Fn(&Value<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    table.get(key).and_then(|value| items(&value, read))
}

fn items<'a, T: PartialEq>(
    value: &Value<'a>,
    read: impl Fn(&Value<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let items = value.items()?;
    if items.is_empty() {
        sinks::refuse_empty(value);
    }
    if items.len() > MOST {
        let help = format!("at most {MOST} are allowed");
        value.error(format!("{} is too long a list", value.label()), Some(help));
        return None;
    }
    let mut found: Vec<T> = Vec::new();
    for item in items.iter().filter_map(read) {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    Some(found)
}

fn source(item: &Value<'_>, known: &Known<'_>, incomplete: bool) -> Option<FeedId> {
    let text = item.text("a feed's id in quotes")?;
    let id = FeedId::new(text).ok();
    let found = id.filter(|id| known.feeds.with_id(id).is_some());
    if found.is_none() && !incomplete {
        item.error(
            format!("there is no feed {}", quoted(text)),
            did_you_mean(text, known.feeds.ids().map(FeedId::as_str)),
        );
    }
    found
}

fn sink(item: &Value<'_>, known: &Known<'_>, incomplete: bool) -> Option<SinkId> {
    let text = item.text("a sink's id in quotes")?;
    let found = known.sinks.iter().find(|id| id.as_str() == text);
    if found.is_none() && !incomplete {
        item.error(
            format!("there is no sink {}", quoted(text)),
            did_you_mean(text, known.sinks.iter().map(SinkId::as_str)),
        );
    }
    found.cloned()
}
