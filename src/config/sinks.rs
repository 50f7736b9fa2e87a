//! Reading `[[sink]]` tables.

use std::collections::BTreeMap;

use super::environment::Environment;
use super::feeds::read_tags;
use super::problem::{Report, did_you_mean, quoted};
use super::reader::Table;
use super::source::Origin;
use super::topics::TopicList;
use super::value::Value;
use super::{
    LogFormat, SinkConfig, SinkKind, delivery, sink_command, sink_feed, sink_format, template, zone,
};
use crate::model::{SinkId, TopicId};

/// The choices of `format`.
pub(super) const FORMATS: [(&str, LogFormat); 2] =
    [("human", LogFormat::Human), ("json", LogFormat::Json)];

const TYPES: [(&str, Type); 4] = [
    ("log", Type::Log),
    ("webhook", Type::Webhook),
    ("command", Type::Command),
    ("feed", Type::Feed),
];

/// The keys that only webhooks have.
const WEBHOOK_KEYS: [&str; 4] = ["url", "secret", "previous_secret", "allow_private"];

#[derive(Clone, Copy)]
enum Type {
    Log,
    Webhook,
    Command,
    Feed,
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
    /// The listener that serves feeds.
    pub(super) door: sink_feed::Door<'s>,
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
    let sink_type = type_value.as_ref().and_then(|value| value.choice(&TYPES));
    if !matches!(sink_type, Some(Type::Command) | None) {
        table.refuse(&sink_command::KEYS, "it is for sinks of type \"command\"");
    }
    if !matches!(sink_type, Some(Type::Feed) | None) {
        table.refuse(&sink_feed::KEYS, "it is for sinks of type \"feed\"");
    }
    let mut delivery = None;
    let kind = match sink_type {
        Some(Type::Log) => {
            for keys in [&WEBHOOK_KEYS[..], &sink_format::KEYS, &delivery::KEYS] {
                table.refuse(keys, "it is for sinks of type \"webhook\"");
            }
            let format = table.get("format").and_then(|value| value.choice(&FORMATS));
            Some(SinkKind::Log {
                format: format.unwrap_or_default(),
            })
        }
        Some(Type::Webhook) => {
            delivery = Some(delivery::read(&mut table));
            webhook(&mut table, around)
        }
        Some(Type::Command) => {
            let help = "it is for sinks of type \"webhook\"";
            table.refuse(&WEBHOOK_KEYS, help);
            let other = sink_format::KEYS.iter();
            let other = other.filter(|key| !template::KEYS.contains(key));
            table.refuse(&other.copied().collect::<Vec<_>>(), help);
            let mut read = delivery::read(&mut table);
            if table.get("concurrency").is_none() {
                read.concurrency = 1;
            }
            delivery = Some(read);
            sink_command::read(&mut table, around).map(SinkKind::Command)
        }
        Some(Type::Feed) => {
            let mut others: Vec<_> = WEBHOOK_KEYS.to_vec();
            others.extend(sink_format::KEYS.iter().filter(|key| **key != "token"));
            others.extend(["format"]);
            others.extend(delivery::KEYS);
            table.refuse(
                &others,
                "a feed waits for its readers, and has no other keys than `entries` and `token`",
            );
            sink_feed::read(&mut table, around).map(SinkKind::Feed)
        }
        None => {
            // Without a type there is no saying which keys belong: all known ones are let pass.
            for key in WEBHOOK_KEYS
                .iter()
                .chain(&["format"])
                .chain(&sink_format::KEYS)
                .chain(&sink_command::KEYS)
                .chain(&sink_feed::KEYS)
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
    let time_zone = table.get("time_zone").and_then(|value| zone::read(&value));
    table.finish();
    if let (Some(id), Some(kind)) = (id, kind) {
        let usual = SinkConfig::new(id, kind);
        list.sinks.push(SinkConfig {
            delivery: delivery.unwrap_or(usual.delivery),
            topics,
            tags,
            min_score: min_score.unwrap_or(usual.min_score),
            feed_alerts: feed_alerts.unwrap_or(usual.feed_alerts),
            time_zone: time_zone.unwrap_or(usual.time_zone),
            id: usual.id,
            kind: usual.kind,
        });
    }
}

fn webhook(table: &mut Table<'_>, around: &Surroundings<'_>) -> Option<SinkKind> {
    let (url, format) = sink_format::read(table, around);
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
