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
    Ok([Some(feeds), failing(&states), Some(topics)]
        .into_iter()
        .flatten()
        .collect())
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
    use super::listed;

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = ('a'..='g').map(String::from).collect();
        assert_eq!(listed(&names[..2]), "a, b");
        assert_eq!(listed(&names), "a, b, c, d, e and 2 more");
    }
}
