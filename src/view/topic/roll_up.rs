//! What a topic's mentions are made of, in words of the configuration: feeds by their names, countries and
//! tags. Pure.

use std::collections::{BTreeMap, HashMap};

use super::Portion;
use crate::model::Feed;
use crate::store::Share;

/// The most frequent values, each with the name that it has.
pub(super) fn named<'n>(
    shares: Vec<Share>,
    most: usize,
    name: impl Fn(&str) -> Option<&'n String>,
) -> Vec<Portion> {
    let portions = shares.into_iter().take(most).map(|share| Portion {
        name: name(&share.value).cloned(),
        value: share.value,
        mentions: share.mentions,
    });
    portions.collect()
}

/// Counts by feed as counts by what these feeds are said to be, under each value of a feed; those of feeds
/// without one, or unknown ones, under an empty value. The most frequent first.
pub(super) fn roll_up<'f>(
    shares: &[Share],
    feeds: &'f [Feed],
    values: impl Fn(&'f Feed) -> Vec<&'f str>,
) -> Vec<Portion> {
    let feeds: HashMap<_, _> = feeds.iter().map(|feed| (feed.id.as_str(), feed)).collect();
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for share in shares {
        let feed = feeds.get(share.value.as_str());
        let mut values = feed.map(|feed| values(feed)).unwrap_or_default();
        if values.is_empty() {
            values.push("");
        }
        for value in values {
            *sums.entry(value).or_default() += share.mentions;
        }
    }
    let mut portions: Vec<_> = sums
        .into_iter()
        .map(|(value, mentions)| Portion {
            value: value.to_owned(),
            name: None,
            mentions,
        })
        .collect();
    portions.sort_by_key(|portion| std::cmp::Reverse(portion.mentions));
    portions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FeedId;

    fn feed(id: &str, country: Option<&str>, tags: &[&str]) -> Feed {
        let url = url::Url::parse("https://a.example/").unwrap();
        let mut feed = Feed::new(FeedId::new(id).unwrap(), url);
        feed.country = country.map(str::to_owned);
        feed.tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        feed
    }

    #[test]
    fn counts_by_feed_are_rolled_up_and_unknown_feeds_are_not_lost() {
        let feeds = [
            feed("a", Some("KZ"), &["agency", "state"]),
            feed("b", Some("RU"), &["agency"]),
            feed("c", Some("KZ"), &[]),
        ];
        let share = |value: &str, mentions| Share {
            value: value.to_owned(),
            mentions,
        };
        let shares = [
            share("a", 4),
            share("b", 5),
            share("c", 3),
            share("gone", 2),
        ];
        let told = |portions: Vec<Portion>| -> Vec<(String, u64)> {
            let pairs = portions.into_iter().map(|p| (p.value, p.mentions));
            pairs.collect()
        };
        let pair = |value: &str, n| (value.to_owned(), n);
        let countries = roll_up(&shares, &feeds, |feed| {
            feed.country.iter().map(String::as_str).collect()
        });
        assert_eq!(told(countries), [pair("KZ", 7), pair("RU", 5), pair("", 2)]);
        let tags = roll_up(&shares, &feeds, |feed| {
            feed.tags.iter().map(String::as_str).collect()
        });
        assert_eq!(
            told(tags),
            [pair("agency", 9), pair("", 5), pair("state", 4)]
        );
    }
}
