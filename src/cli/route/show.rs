//! What is said of one alert, for people and scripts.

use serde::Serialize;

use crate::cli::output::printable;
use crate::config::{RouteConfig, SinkConfig};
use crate::model::{AlertFacts, Field, SinkId};
use crate::notify::route::{Condition, Refusal, Verdict};

/// What is said of one alert.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    pub(super) entry: Option<i64>,
    pub(super) topic: Option<&'a str>,
    pub(super) source: Option<&'a str>,
    pub(super) country: Option<&'a str>,
    pub(super) language: Option<&'a str>,
    pub(super) field: Option<&'a str>,
    pub(super) score: Option<u8>,
    /// Each route in its order.
    pub(super) routes: Vec<RouteLine<'a>>,
    /// Whether a route takes it; else every sink decides by its own filters.
    pub(super) taken: bool,
    /// Each sink that the routes name, or every one.
    pub(super) sinks: Vec<SinkLine<'a>>,
    /// The silence that covers it.
    pub(super) silence: Option<i64>,
    /// Why there is no alert at all.
    pub(super) not_told: Option<String>,
}

/// What a route says of it.
#[derive(Serialize)]
pub(super) struct RouteLine<'a> {
    pub(super) number: usize,
    pub(super) place: &'a str,
    pub(super) verdict: &'static str,
    pub(super) because: Option<String>,
    pub(super) sinks: Vec<&'a str>,
    #[serde(rename = "continue")]
    pub(super) goes_on: bool,
}

/// What a sink says of it.
#[derive(Serialize)]
pub(super) struct SinkLine<'a> {
    pub(super) sink: &'a str,
    pub(super) gets_it: bool,
    pub(super) because: Option<String>,
}

/// The alert in a line.
pub(super) fn about(line: &Line<'_>) -> String {
    let known = [
        ("source", line.source),
        ("country", line.country),
        ("language", line.language),
        ("field", line.field),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", printable(value?))));
    let score = line.score.map(|score| format!("score {score}"));
    let subject = match line.topic {
        Some(topic) => format!("topic {topic}"),
        None => "a feed in trouble".to_owned(),
    };
    let all: Vec<String> = std::iter::once(subject).chain(known).chain(score).collect();
    all.join(", ")
}

impl<'a> RouteLine<'a> {
    pub(super) fn of(
        number: usize,
        route: &'a RouteConfig,
        verdict: Verdict,
        alert: &AlertFacts<'_>,
    ) -> Self {
        let (verdict, because) = match verdict {
            Verdict::Taken => ("taken", None),
            Verdict::Failed(condition) => ("failed", Some(failed_because(condition, route, alert))),
            Verdict::NotAsked => ("not asked", None),
        };
        Self {
            number,
            place: &route.place,
            verdict,
            because,
            sinks: route.sinks.iter().map(SinkId::as_str).collect(),
            goes_on: route.goes_on,
        }
    }

    pub(super) fn shown(&self) -> String {
        let said = match (self.verdict, &self.because) {
            ("taken", _) if self.goes_on => {
                format!("taken, and goes on: {}", self.sinks.join(", "))
            }
            ("taken", _) => format!("taken: {}", self.sinks.join(", ")),
            (_, Some(because)) => format!("no: {because}"),
            (verdict, None) => verdict.to_owned(),
        };
        format!("  route {} ({}) {said}", self.number, printable(self.place))
    }
}

/// Why a condition does not hold.
fn failed_because(condition: Condition, route: &RouteConfig, alert: &AlertFacts<'_>) -> String {
    fn listed<T: ToString>(list: Option<&Vec<T>>) -> String {
        let all: Vec<String> = list.into_iter().flatten().map(T::to_string).collect();
        match all.as_slice() {
            [one] => one.clone(),
            [before @ .., end] => format!("{} or {end}", before.join(", ")),
            [] => String::new(),
        }
    }
    let is = |value: Option<&str>| {
        let value = value.filter(|value| !value.is_empty());
        value.map_or_else(
            || "it is not known".to_owned(),
            |value| format!("it is {value}"),
        )
    };
    let (key, found, wanted) = match condition {
        Condition::Kind => {
            let (is, other) = if alert.topic.is_some() {
                ("mention", "feed")
            } else {
                ("feed", "mention")
            };
            ("kinds", format!("it is {is}"), other.to_owned())
        }
        Condition::Topic => ("topics", is(alert.topic), listed(route.topics.as_ref())),
        Condition::Tag => {
            let found = match alert.tags {
                [] => "the topic has none".to_owned(),
                tags => format!("the topic has {}", tags.join(", ")),
            };
            ("tags", found, listed(route.tags.as_ref()))
        }
        Condition::Language => (
            "languages",
            is(alert.language),
            listed(route.languages.as_ref()),
        ),
        Condition::Source => (
            "sources",
            is(Some(alert.feed)),
            listed(route.sources.as_ref()),
        ),
        Condition::Country => (
            "countries",
            is(alert.country),
            listed(route.countries.as_ref()),
        ),
        Condition::Field => {
            let fields: Option<Vec<&str>> = route
                .fields
                .as_ref()
                .map(|fields| fields.iter().map(|field| field.as_str()).collect());
            let found = is(alert.field.map(Field::as_str));
            ("fields", found, listed(fields.as_ref()))
        }
        Condition::Score => {
            let score = alert.score.map(|score| score.to_string());
            let least = route.min_score.unwrap_or(1).to_string();
            ("min_score", is(score.as_deref()), least)
        }
    };
    format!("`{key}` wants {wanted}; {found}")
}

/// Why a sink does not want an alert that comes to it.
pub(super) fn refused_because(refusal: Refusal, sink: &SinkConfig) -> String {
    match refusal {
        Refusal::Topic => "its own `topics` and `tags` name others".to_owned(),
        Refusal::Score => format!("its own `min_score` is {}", sink.min_score),
        Refusal::SpikeAlert => "it has `spike_alerts = false`".to_owned(),
        Refusal::FeedAlert => "it has `feed_alerts = false`".to_owned(),
    }
}
