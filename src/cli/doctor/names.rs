//! What the database has of feeds and topics: those that the configuration does not know any more, and feeds
//! that fail.

use std::collections::BTreeSet;

use super::{Finding, Patient};
use crate::cli::output::count;
use crate::store::{FeedState, StoreError};

/// Names that are told before the rest is only counted.
const MOST: usize = 5;

/// Feeds and topics that are in the history only: fine, unless their names were mistyped or changed.
pub(super) async fn unconfigured(patient: &Patient<'_>) -> Result<Vec<Finding>, StoreError> {
    let config = patient.config;
    let feeds: BTreeSet<&str> = config.feeds.iter().map(|feed| feed.id.as_str()).collect();
    let topics: BTreeSet<&str> = config
        .topics
        .iter()
        .map(|topic| topic.id.as_str())
        .collect();
    let (states, old): (Vec<FeedState>, Vec<FeedState>) = (patient.store.feed_states().await?)
        .into_iter()
        .partition(|feed| feeds.contains(feed.name.as_str()));
    let old_feeds: Vec<String> = old.into_iter().map(|feed| feed.name).collect();
    let mut old_topics = patient.store.counted_topics().await?;
    old_topics.retain(|topic| !topics.contains(topic.as_str()));
    let feeds = finding("feeds", "feed", &old_feeds, feeds.len());
    let topics = finding("topics", "topic", &old_topics, topics.len());
    let findings = [
        Some(feeds),
        failing(&states),
        unreached(&states),
        Some(topics),
    ];
    Ok(findings.into_iter().flatten().collect())
}

/// Feeds whose polls fail, the longest first, each with the time since when. Who asks for patience does not.
fn failing(states: &[FeedState]) -> Option<Finding> {
    let failing = states.iter().filter(|feed| feed.failures > 0);
    let mut failing: Vec<_> = failing
        .filter_map(|feed| Some((feed.failing_since?, feed.name.as_str())))
        .collect();
    if failing.is_empty() {
        return None;
    }
    failing.sort_unstable();
    let told: Vec<String> = failing
        .iter()
        .map(|(since, name)| format!("{name} since {since}"))
        .collect();
    let verb = if told.len() == 1 { "fails" } else { "fail" };
    let text = format!("{} {verb}: {}", count(told.len(), "feed"), listed(&told));
    Some(Finding::warning("feeds", text, "`mentiond feeds` says why"))
}

/// Feeds whose last poll reached nobody and was not held against them, as nobody else was reached either.
fn unreached(states: &[FeedState]) -> Option<Finding> {
    let is_polled = |feed: &&FeedState| feed.last_poll.is_some() && feed.gone.is_none();
    let polled = states.iter().filter(is_polled);
    let lost = polled
        .clone()
        .filter(|feed| feed.failures == 0 && feed.status != "throttled");
    let lost: Vec<_> = lost
        .filter_map(|feed| Some((feed.name.as_str(), feed.error.as_deref()?)))
        .collect();
    let (name, error) = lost.first()?;
    let text = format!(
        "the last poll of {} reached nobody ({name}: {error})",
        count(lost.len(), "feed")
    );
    let advice = "`mentiond feeds --failing` says why";
    let advice = if 2 * lost.len() > polled.count() {
        format!("is there no network? {advice}")
    } else {
        advice.to_owned()
    };
    Some(Finding::warning("feeds", text, advice))
}

fn finding(check: &'static str, noun: &str, old: &[String], configured: usize) -> Finding {
    let configured = format!("{} configured", count(configured, noun));
    if old.is_empty() {
        return Finding::ok(check, configured);
    }
    let text = format!(
        "{configured}; {} in the history only: {}",
        count(old.len(), noun),
        listed(old)
    );
    Finding::ok(check, text)
}

/// The first names, and how many more there are.
pub(super) fn listed(names: &[String]) -> String {
    let first = names.iter().take(MOST).cloned().collect::<Vec<_>>();
    match names.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn state(name: &str, status: &str, error: Option<&str>) -> FeedState {
        FeedState {
            name: name.to_owned(),
            status: status.to_owned(),
            error: error.map(str::to_owned),
            last_poll: Some(Timestamp::from_millis(1)),
            ..FeedState::default()
        }
    }

    #[test]
    fn an_outage_of_our_own_is_a_warning_though_no_feed_is_at_fault() {
        let told = |states: &[FeedState]| {
            let found = unreached(states)?;
            Some((found.text, found.advice.unwrap()))
        };
        let mut states = vec![
            state("a", "dns", Some("cannot resolve a.example")),
            state("b", "connect", Some("cannot connect")),
            state("c", "throttled", Some("busy")),
        ];
        let text = "the last poll of 2 feeds reached nobody (a: cannot resolve a.example)";
        let advice = "is there no network? `mentiond feeds --failing` says why";
        assert_eq!(told(&states), Some((text.to_owned(), advice.to_owned())));
        states.push(state("d", "ok", None));
        let (_, advice) = told(&states).unwrap();
        assert_eq!(advice, "`mentiond feeds --failing` says why");
        states[0].failures = 1;
        states[1].failures = 1;
        assert_eq!(told(&states), None);
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = ('a'..='g').map(String::from).collect();
        assert_eq!(listed(&names[..2]), "a, b");
        assert_eq!(listed(&names), "a, b, c, d, e and 2 more");
    }
}
