//! An alert as pages show it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::Config;
use crate::model::Topic;
use crate::store::{DeliveryRow, ListedAlert, Store, StoreError};

/// An alert and what can be done about it.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    #[serde(flatten)]
    alert: ListedAlert,
    /// Its kind in words; of a mention there are none.
    told: Option<&'static str>,
    /// The topic's name; its id where the configuration has it no more.
    topic_name: Option<String>,
    /// Whether the configuration has the topic.
    knows_topic: bool,
    /// Whether a delivery can be tried again.
    may_retry: bool,
    /// Whether a delivery can be given up.
    may_drop: bool,
}

impl Item {
    /// The alerts, with the names of the topics of now.
    pub(super) fn list(alerts: Vec<ListedAlert>, config: &Config) -> Vec<Self> {
        let items = alerts.into_iter().map(|alert| Self::of(alert, config));
        items.collect()
    }

    fn of(alert: ListedAlert, config: &Config) -> Self {
        let any = |states: &[&str]| {
            let is = |delivery: &DeliveryRow| states.contains(&delivery.state.as_str());
            alert.deliveries.iter().any(is)
        };
        Self {
            told: match alert.kind.as_str() {
                "story.grown" => Some("more feeds carry it"),
                "feed.failing" => Some("a feed fails"),
                "feed.gone" => Some("a feed is gone"),
                "topic.spike" => Some("spike"),
                "digest.created" => Some("digest"),
                _ => None,
            },
            topic_name: alert.topic.as_deref().map(|id| name(config, id)),
            knows_topic: alert
                .topic
                .as_deref()
                .is_some_and(|id| topic(config, id).is_some()),
            may_retry: any(&["dead", "dropped"]),
            may_drop: any(&["waiting", "held", "dead"]),
            alert,
        }
    }
}

/// Sinks that are `stopped` or `paused`, by their ids.
pub(super) type Troubled = BTreeMap<String, &'static str>;

/// Those that there are now.
pub(super) async fn troubled(store: &Store) -> Result<Troubled, StoreError> {
    let paused = store.paused_sinks().await?.into_iter();
    let stopped = store.stopped_sinks().await?.into_iter();
    // A sink may be both, and then waits for somebody who lets it go on.
    Ok(paused
        .map(|(sink, _)| (sink, "paused"))
        .chain(stopped.map(|(sink, _)| (sink, "stopped")))
        .collect())
}

/// The name of a topic, or its id.
pub(super) fn name(config: &Config, id: &str) -> String {
    topic(config, id).map_or(id, |topic| &topic.name).to_owned()
}

fn topic<'c>(config: &'c Config, id: &str) -> Option<&'c Topic> {
    config.topics.iter().find(|topic| topic.id.as_str() == id)
}
