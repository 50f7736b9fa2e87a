//! What the database has of feeds, topics and sinks that the configuration does not know any more.

use std::collections::BTreeSet;

use super::{Finding, Patient};
use crate::cli::output::count;
use crate::store::StoreError;

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
    let known = patient.store.feed_states().await?.into_iter();
    let old_feeds: Vec<String> = known
        .map(|feed| feed.name)
        .filter(|name| !feeds.contains(name.as_str()))
        .collect();
    let mut old_topics = patient.store.counted_topics().await?;
    old_topics.retain(|topic| !topics.contains(topic.as_str()));
    Ok(vec![
        finding("feeds", "feed", &old_feeds, feeds.len()),
        finding("topics", "topic", &old_topics, topics.len()),
    ])
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
