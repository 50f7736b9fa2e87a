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
    DeliveryConfig, LogFormat, SinkConfig, SinkKind, delivery, pace, sink_command, sink_email,
    sink_feed, sink_format, sink_nats, template, zone,
};
use crate::model::{SinkId, TopicId};
use crate::notify::words::Language;

/// The choices of `format`.
pub(super) const FORMATS: [(&str, LogFormat); 2] =
    [("human", LogFormat::Human), ("json", LogFormat::Json)];

const TYPES: [(&str, Type); 6] = [
    ("log", Type::Log),
    ("webhook", Type::Webhook),
    ("email", Type::Email),
    ("command", Type::Command),
    ("feed", Type::Feed),
    ("nats", Type::Nats),
];

/// The keys that only webhooks have.
const WEBHOOK_KEYS: [&str; 2] = ["secret", "previous_secret"];

/// The most numbers in `updates_at`.
const MOST_UPDATES: usize = 10;

#[derive(Clone, Copy, PartialEq)]
enum Type {
    Log,
    Webhook,
    Email,
    Command,
    Feed,
    Nats,
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
    if let Some(sink_type) = sink_type {
        refuse_others(&mut table, sink_type);
    }
    let mut delivery = None;
    let kind = match sink_type {
        Some(Type::Log) => {
            let format = table.get("format").and_then(|value| value.choice(&FORMATS));
            Some(SinkKind::Log {
                format: format.unwrap_or_default(),
            })
        }
        Some(Type::Webhook) => {
            delivery = Some(delivery::read(&mut table));
            webhook(&mut table, around)
        }
        Some(Type::Email) => {
            delivery = Some(delivery::read_or(&mut table, &DeliveryConfig::email()));
            sink_email::read(&mut table, around.environment).map(SinkKind::Email)
        }
        Some(Type::Command) => {
            delivery = Some(delivery::read_or(&mut table, &DeliveryConfig::command()));
            sink_command::read(&mut table, around).map(SinkKind::Command)
        }
        Some(Type::Feed) => sink_feed::read(&mut table, around).map(SinkKind::Feed),
        Some(Type::Nats) => {
            delivery = Some(delivery::read_or(&mut table, &DeliveryConfig::nats()));
            sink_nats::read(&mut table, around.environment).map(SinkKind::Nats)
        }
        None => {
            // Without a type there is no saying which keys belong: all known ones are let pass.
            for key in OWN_KEYS.iter().flat_map(|(_, keys)| *keys) {
                table.get(key);
            }
            None
        }
    };
    let topics = table.get("topics").and_then(|value| topics(&value, around));
    let tags = table.get("tags").and_then(|value| tags(&value, around));
    let min_score = table.get("min_score").and_then(|value| value.score());
    let feed_alerts = table.get("feed_alerts").and_then(|value| value.flag());
    let spike_alerts = table.get("spike_alerts").and_then(|value| value.flag());
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
            spike_alerts: spike_alerts.unwrap_or(usual.spike_alerts),
            language: language.unwrap_or(usual.language),
            time_zone,
            pace,
            updates_at: updates_at.unwrap_or(usual.updates_at),
            id: usual.id,
            kind: usual.kind,
        });
    }
}

/// The keys that not all types have, with the types that do.
const OWN_KEYS: [(&[Type], &[&str]); 12] = [
    (&[Type::Log, Type::Webhook, Type::Command], &["format"]),
    (&[Type::Webhook, Type::Nats], &["url"]),
    (&[Type::Webhook], &WEBHOOK_KEYS),
    (
        &[Type::Webhook, Type::Email, Type::Nats],
        &["allow_private"],
    ),
    (&[Type::Webhook, Type::Command], &template::KEYS),
    (&[Type::Webhook, Type::Feed, Type::Nats], &["token"]),
    (&[Type::Webhook], &sink_format::OWN_KEYS),
    (&[Type::Email], &sink_email::KEYS),
    (&[Type::Email, Type::Nats], &sink_email::LOGIN_KEYS),
    (&[Type::Nats], &sink_nats::KEYS),
    (&[Type::Command], &sink_command::KEYS),
    (&[Type::Feed], &sink_feed::KEYS),
];

/// Refuses the keys that belong to other types of sinks.
fn refuse_others(table: &mut Table<'_>, sink_type: Type) {
    let delivering = [Type::Webhook, Type::Email, Type::Command, Type::Nats];
    let deliveries: (&[Type], &[&str]) = (&delivering, &delivery::KEYS);
    for (types, keys) in OWN_KEYS.into_iter().chain([deliveries]) {
        if !types.contains(&sink_type) {
            let names = TYPES.iter().filter(|(_, known)| types.contains(known));
            let names: Vec<String> = names.map(|(name, _)| format!("\"{name}\"")).collect();
            let names = match names.split_last() {
                Some((last, [])) => last.clone(),
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => continue,
            };
            table.refuse(keys, &format!("it is for sinks of type {names}"));
        }
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
