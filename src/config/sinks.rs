//! Reading `[[sink]]` tables.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::environment::Environment;
use super::feeds::read_tags;
use super::problem::{Report, did_you_mean, quoted};
use super::reader::Table;
use super::source::Origin;
use super::topics::TopicList;
use super::value::Value;
use super::{
    DeliveryConfig, LogFormat, SinkConfig, SinkKind, delivery, pace, sink_email, sink_format, zone,
};
use crate::model::{SinkId, TopicId};
use crate::notify::words::Language;

/// The choices of `format`.
pub(super) const FORMATS: [(&str, LogFormat); 2] =
    [("human", LogFormat::Human), ("json", LogFormat::Json)];

/// The keys that only webhooks have.
const WEBHOOK_ONLY: [&str; 6] = [
    "url",
    "chat_id",
    "room",
    "token",
    "secret",
    "previous_secret",
];

/// Which sinks have a receiver that may be asked again.
const RECEIVING: &str = "it is for sinks of type \"webhook\" or \"email\"";

/// The most numbers in `updates_at`.
const MOST_UPDATES: usize = 10;

#[derive(Clone, Copy)]
enum Type {
    Log,
    Webhook,
    Email,
}

/// What sinks are checked against.
pub(super) struct Surroundings<'s> {
    /// Where problems go.
    pub(super) report: &'s Report,
    /// Where secrets may be.
    pub(super) environment: &'s Environment,
    /// The topics that exist; complete.
    pub(super) topics: &'s TopicList,
    /// Whether topics, feeds or sinks may be missing because a file could not be read to its end.
    pub(super) topics_may_be_missing: bool,
}

/// The sinks read so far, with where they stand.
#[derive(Debug, Default)]
pub(super) struct SinkList {
    /// The sinks.
    pub(super) sinks: Vec<SinkConfig>,
    /// Every id that a sink has, also of sinks with other mistakes.
    pub(super) ids: BTreeMap<SinkId, Origin>,
}

/// Reads one `[[sink]]` into the list.
pub(super) fn read(mut table: Table<'_>, around: &Surroundings<'_>, list: &mut SinkList) {
    let id = table.required("id").and_then(|value| {
        let id = SinkId::new(value.text("an id in quotes")?)
            .map_err(|error| value.error(error.to_string(), None))
            .ok()?;
        if let Some(first) = list.ids.get(&id) {
            around.report.error(
                &value.origin,
                format!("the sink id `{id}` is given twice, first at {first}"),
                Some("give one of the two sinks another `id`".to_owned()),
            );
            return None;
        }
        list.ids.insert(id.clone(), value.origin.clone());
        Some(id)
    });
    let type_value = table.required("type");
    let types = [
        ("log", Type::Log),
        ("webhook", Type::Webhook),
        ("email", Type::Email),
    ];
    let sink_type = type_value.as_ref().and_then(|value| value.choice(&types));
    let mut delivery = None;
    let kind = match sink_type {
        Some(Type::Log) => {
            table.refuse(&WEBHOOK_ONLY, "it is for sinks of type \"webhook\"");
            table.refuse(&sink_email::KEYS, "it is for sinks of type \"email\"");
            table.refuse(&["allow_private"], RECEIVING);
            table.refuse(&delivery::KEYS, RECEIVING);
            let format = table.get("format").and_then(|value| value.choice(&FORMATS));
            Some(SinkKind::Log {
                format: format.unwrap_or_default(),
            })
        }
        Some(Type::Webhook) => {
            delivery = Some(delivery::read(&mut table));
            table.refuse(&sink_email::KEYS, "it is for sinks of type \"email\"");
            webhook(&mut table, around)
        }
        Some(Type::Email) => {
            table.refuse(&WEBHOOK_ONLY, "it is for sinks of type \"webhook\"");
            table.refuse(
                &["format"],
                "it is for sinks of type \"log\" or \"webhook\"",
            );
            delivery = Some(delivery::read_or(&mut table, &DeliveryConfig::email()));
            sink_email::read(&mut table, around.environment).map(SinkKind::Email)
        }
        None => {
            // Without a type there is no saying which keys belong: all known ones are let pass.
            for key in WEBHOOK_ONLY
                .iter()
                .chain(&sink_email::KEYS)
                .chain(&["format", "allow_private"])
                .chain(&delivery::KEYS)
            {
                table.get(key);
            }
            None
        }
    };
    let topics = table.get("topics").and_then(|value| topics(&value, around));
    let tags = table.get("tags").and_then(|value| tags(&value, around));
    let min_score = table.get("min_score").and_then(|value| value.score());
    let feed_alerts = table.get("feed_alerts").and_then(|value| value.flag());
    let languages = Language::ALL.map(|language| (language.code(), language));
    let language = table.get("language");
    let language = language.and_then(|value| value.choice(&languages));
    let time_zone = table.get("time_zone").and_then(|value| zone::read(&value));
    let time_zone = time_zone.unwrap_or(TimeZone::UTC);
    let pace = pace::read(&mut table, time_zone.clone());
    let updates_at = table.get("updates_at").and_then(|value| updates(&value));
    table.finish();
    if let (Some(id), Some(kind)) = (id, kind) {
        let usual = SinkConfig::new(id, kind);
        list.sinks.push(SinkConfig {
            delivery: delivery.unwrap_or(usual.delivery),
            topics,
            tags,
            min_score: min_score.unwrap_or(usual.min_score),
            feed_alerts: feed_alerts.unwrap_or(usual.feed_alerts),
            language: language.unwrap_or(usual.language),
            time_zone,
            pace,
            updates_at: updates_at.unwrap_or(usual.updates_at),
            id: usual.id,
            kind: usual.kind,
        });
    }
}

fn webhook(table: &mut Table<'_>, around: &Surroundings<'_>) -> Option<SinkKind> {
    let (url, format) = sink_format::read(table, around.environment);
    let (secret, previous_secret) = delivery::secrets(table, around.environment);
    let allow_private = delivery::allow_private(table);
    Some(SinkKind::Webhook {
        url: url?,
        format: format?,
        secret,
        previous_secret,
        allow_private,
    })
}

/// Reads the numbers of feeds at which a story is told again.
fn updates(value: &Value<'_>) -> Option<Vec<u32>> {
    let items = value.items()?;
    if items.len() > MOST_UPDATES {
        let help = format!("at most {MOST_UPDATES} are allowed");
        value.error(format!("{} is too long a list", value.label()), Some(help));
        return None;
    }
    let mut steps = Vec::new();
    for item in items {
        steps.push(item.integer(2..=10_000)?);
    }
    steps.sort_unstable();
    steps.dedup();
    Some(steps)
}

/// Refuses an empty list of alternatives.
pub(super) fn refuse_empty(value: &Value<'_>) {
    value.error(
        format!("{} is empty, so no alert would fit", value.label()),
        Some("leave the key out for all".to_owned()),
    );
}

/// Reads a list of topics' ids.
pub(super) fn topics(value: &Value<'_>, around: &Surroundings<'_>) -> Option<Vec<TopicId>> {
    let items = value.items()?;
    if items.is_empty() {
        refuse_empty(value);
    }
    let mut ids: Vec<TopicId> = Vec::new();
    for item in items {
        let Some(text) = item.text("a topic's id in quotes") else {
            continue;
        };
        match TopicId::new(text).ok() {
            Some(id) if around.topics.ids.contains_key(&id) => {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            _ if around.topics_may_be_missing => {}
            _ => item.error(
                format!("there is no topic {}", quoted(text)),
                did_you_mean(text, around.topics.ids.keys().map(TopicId::as_str)),
            ),
        }
    }
    Some(ids)
}

/// Reads a list of topics' tags.
pub(super) fn tags(value: &Value<'_>, around: &Surroundings<'_>) -> Option<Vec<String>> {
    let items = value.items()?;
    if items.is_empty() {
        refuse_empty(value);
    }
    let known = || {
        let topics = around.topics.topics.iter();
        topics.flat_map(|topic| topic.tags.iter().map(String::as_str))
    };
    for item in &items {
        if let Some(tag) = item.is_text().then(|| item.text("a tag")).flatten()
            && !known().any(|known| known == tag)
        {
            item.warn(
                format!("no topic has the tag {}", quoted(tag)),
                did_you_mean(tag, known()),
            );
        }
    }
    Some(read_tags(value))
}
