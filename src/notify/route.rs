//! Which sinks get which alert: pure.

use crate::config::SinkConfig;
use crate::model::{Route, Topic};

/// The sinks that want alerts of a topic: those without a filter, those that name the topic, and
/// those that share a tag with it; each from its own score on.
#[must_use]
pub fn for_topic(sinks: &[SinkConfig], topic: &Topic) -> Vec<Route> {
    let wants = |sink: &&SinkConfig| match (&sink.topics, &sink.tags) {
        (None, None) => true,
        (topics, tags) => {
            topics.as_ref().is_some_and(|ids| ids.contains(&topic.id))
                || tags
                    .as_ref()
                    .is_some_and(|tags| tags.iter().any(|t| topic.tags.contains(t)))
        }
    };
    sinks.iter().filter(wants).map(route).collect()
}

/// The sinks that want to know when a feed is in trouble.
#[must_use]
pub fn for_feeds(sinks: &[SinkConfig]) -> Vec<Route> {
    sinks
        .iter()
        .filter(|sink| sink.feed_alerts)
        .map(route)
        .collect()
}

fn route(sink: &SinkConfig) -> Route {
    Route {
        sink: sink.id.clone(),
        min_score: sink.min_score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LogFormat, SinkKind};
    use crate::model::{SinkId, Term, TopicId};

    fn sink(id: &str, topics: Option<&[&str]>, tags: Option<&[&str]>) -> SinkConfig {
        SinkConfig {
            id: SinkId::new(id).unwrap(),
            kind: SinkKind::Log {
                format: LogFormat::Human,
            },
            topics: topics.map(|t| t.iter().map(|id| TopicId::new(id).unwrap()).collect()),
            tags: tags.map(|t| t.iter().map(|&tag| tag.to_owned()).collect()),
            min_score: if topics.is_some() { 40 } else { 1 },
            feed_alerts: topics.is_none(),
        }
    }

    #[test]
    fn a_sink_gets_its_topics_its_tags_or_everything() {
        let topic = Topic {
            tags: vec!["organisation".into()],
            ..Topic::new(TopicId::new("sco").unwrap(), vec![Term::new("SCO")])
        };
        let sinks = [
            sink("all", None, None),
            sink("named", Some(&["sco"]), None),
            sink("other", Some(&["putin"]), None),
            sink("tagged", None, Some(&["organisation"])),
            sink("both", Some(&["putin"]), Some(&["organisation"])),
        ];
        let shown = |routes: Vec<Route>| -> Vec<String> {
            let show = |route: &Route| format!("{} {}", route.sink, route.min_score);
            routes.iter().map(show).collect()
        };
        assert_eq!(
            shown(for_topic(&sinks, &topic)),
            ["all 1", "named 40", "tagged 1", "both 40"]
        );
        assert_eq!(shown(for_feeds(&sinks)), ["all 1", "tagged 1"]);
    }
}
