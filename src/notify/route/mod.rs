//! Which sinks get which alert, and why: pure.
//!
//! The owner's routes are asked in their order ([`decide`]); the first that takes an alert says which
//! sinks get it, and further ones are asked only where that one says so. What no route takes may go
//! to every sink. Either way a sink's own filters are asked too ([`accepts`]).

use crate::config::{RouteConfig, RouteKind, SinkConfig};
use crate::model::{AlertFacts, Route, SinkId, is_in_language};

/// What the routes say of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'r> {
    /// What each route says, in their order.
    pub verdicts: Vec<Verdict>,
    /// The sinks of the routes that take it, each once; `None` when no route does.
    pub sinks: Option<Vec<&'r SinkId>>,
}

/// What a route says of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It takes it, and further routes are asked if it says so.
    Taken,
    /// It does not, because of the first condition that does not hold.
    Failed(Condition),
    /// It is not asked: a route before it has taken the alert.
    NotAsked,
}

/// A condition of a route, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// `kinds`.
    Kind,
    /// `topics`.
    Topic,
    /// `tags`.
    Tag,
    /// `languages`.
    Language,
    /// `sources`.
    Source,
    /// `countries`.
    Country,
    /// `fields`.
    Field,
    /// `min_score`.
    Score,
}

/// Why a sink does not want an alert that would come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its `topics` and `tags` name others.
    Topic,
    /// Its `min_score` is higher.
    Score,
    /// It has `spike_alerts = false`.
    SpikeAlert,
    /// It has `feed_alerts = false`.
    FeedAlert,
}

/// Asks the routes in their order. What is not known of an alert fails a condition on it: an alert
/// about a feed has neither topic nor score.
#[must_use]
pub fn decide<'r>(routes: &'r [RouteConfig], alert: &AlertFacts<'_>) -> Decision<'r> {
    let mut decision = Decision {
        verdicts: Vec::with_capacity(routes.len()),
        sinks: None,
    };
    let mut decided = false;
    for route in routes {
        let verdict = if decided {
            Verdict::NotAsked
        } else if let Some(condition) = failed(route, alert) {
            Verdict::Failed(condition)
        } else {
            let sinks = decision.sinks.get_or_insert_default();
            for sink in &route.sinks {
                if !sinks.contains(&sink) {
                    sinks.push(sink);
                }
            }
            decided = !route.goes_on;
            Verdict::Taken
        };
        decision.verdicts.push(verdict);
    }
    decision
}

/// The first condition of a route that does not hold.
fn failed(route: &RouteConfig, alert: &AlertFacts<'_>) -> Option<Condition> {
    fn holds<T>(wanted: Option<&Vec<T>>, fits: impl FnMut(&T) -> bool) -> bool {
        wanted.is_none_or(|wanted| wanted.iter().any(fits))
    }
    let kind = match alert.topic {
        Some(_) if alert.is_spike => RouteKind::Spike,
        Some(_) => RouteKind::Mention,
        None => RouteKind::Feed,
    };
    let conditions = [
        (
            Condition::Kind,
            holds(route.kinds.as_ref(), |wanted| *wanted == kind),
        ),
        (
            Condition::Topic,
            holds(route.topics.as_ref(), |id| alert.topic == Some(id.as_str())),
        ),
        (
            Condition::Tag,
            holds(route.tags.as_ref(), |tag| alert.tags.contains(tag)),
        ),
        (
            Condition::Language,
            holds(route.languages.as_ref(), |wanted| {
                let language = alert.language;
                language.is_some_and(|language| is_in_language(language, wanted))
            }),
        ),
        (
            Condition::Source,
            holds(route.sources.as_ref(), |id| alert.feed == id.as_str()),
        ),
        (
            Condition::Country,
            holds(route.countries.as_ref(), |country| {
                alert.country == Some(country.as_str())
            }),
        ),
        (
            Condition::Field,
            holds(route.fields.as_ref(), |field| alert.field == Some(*field)),
        ),
        (
            Condition::Score,
            route
                .min_score
                .is_none_or(|least| alert.score.is_some_and(|score| least <= score)),
        ),
    ];
    let failed = conditions.into_iter().find(|(_, holds)| !holds);
    failed.map(|(condition, _)| condition)
}

/// Whether a sink's own filters let an alert through: those on topics (its `topics` name the topic, or
/// its `tags` one of the topic's), on the score, on spikes, or on alerts about feeds.
///
/// # Errors
/// The filter that keeps it out.
pub fn accepts(sink: &SinkConfig, alert: &AlertFacts<'_>) -> Result<(), Refusal> {
    let Some(topic) = alert.topic else {
        return if sink.feed_alerts {
            Ok(())
        } else {
            Err(Refusal::FeedAlert)
        };
    };
    let wants = match (&sink.topics, &sink.tags) {
        (None, None) => true,
        (topics, tags) => {
            let named = topics.iter().flatten().any(|id| id.as_str() == topic);
            named || tags.iter().flatten().any(|tag| alert.tags.contains(tag))
        }
    };
    if alert.is_spike && !sink.spike_alerts {
        Err(Refusal::SpikeAlert)
    } else if !wants {
        Err(Refusal::Topic)
    } else if alert.score.is_some_and(|score| score < sink.min_score) {
        Err(Refusal::Score)
    } else {
        Ok(())
    }
}

/// The sinks that get an alert, each with the score from which on it does: a story whose alert had a
/// lower one is news to that sink.
#[must_use]
pub fn sinks(routes: &[RouteConfig], sinks: &[SinkConfig], alert: &AlertFacts<'_>) -> Vec<Route> {
    let at = |score: Option<u8>| -> Vec<&SinkConfig> {
        let alert = AlertFacts { score, ..*alert };
        let taken = decide(routes, &alert).sinks;
        let named = |id| taken.as_ref().is_none_or(|taken| taken.contains(&id));
        let wanting = sinks.iter().filter(|sink| accepts(sink, &alert).is_ok());
        wanting.filter(|sink| named(&sink.id)).collect()
    };
    let mut found: Vec<(Route, bool)> = at(alert.score)
        .into_iter()
        .map(|sink| {
            let route = Route {
                sink: sink.id.clone(),
                min_score: alert.score.unwrap_or(1),
                held: !sink.pace.is_immediate(),
                updates_at: sink.updates_at.clone(),
            };
            (route, true)
        })
        .collect();
    // Between two of these scores nothing changes.
    let mut steps: Vec<u8> = sinks.iter().map(|sink| sink.min_score).collect();
    steps.extend(routes.iter().filter_map(|route| route.min_score));
    steps.push(1);
    steps.retain(|step| alert.score.is_some_and(|score| *step <= score));
    steps.sort_unstable_by_key(|step| std::cmp::Reverse(*step));
    steps.dedup();
    for step in steps {
        let there = at(Some(step));
        for (route, reaches) in &mut found {
            *reaches &= there.iter().any(|sink| sink.id == route.sink);
            if *reaches {
                route.min_score = step;
            }
        }
    }
    found.into_iter().map(|(route, _)| route).collect()
}

#[cfg(test)]
mod tests;
