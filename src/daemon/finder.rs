//! From an entry's texts to the records of what is mentioned in them: pure.
//!
//! The same for an entry that a poll brings, for one whose page was read and for one that has been in
//! the database for long; whether a record is news is the store's word.

use std::collections::HashMap;

use crate::config::{Config, RouteConfig, SinkConfig};
use crate::dedup;
use crate::matching::{self, Facts, Matcher};
use crate::model::{
    AlertFacts, AlertKind, Entry, EntryKey, Feed, Mention, MentionAlert, Route, SinkId, StoryKey,
    TextHash, Timestamp, Topic, TopicId,
};
use crate::notify::route;
use crate::store::{AlertRecord, MentionEvent, MentionRecord, Telling};

/// How many characters a snippet shows on each side of a hit.
const SNIPPET: usize = 80;

/// Where each topic stands in the list of all, and what says which sinks get an alert.
#[derive(Debug)]
pub struct Routes {
    places: HashMap<TopicId, usize>,
    rules: Vec<RouteConfig>,
    sinks: Vec<SinkConfig>,
    /// Those of the sinks that want every mention.
    observers: Vec<SinkConfig>,
}

impl Routes {
    /// From these topics by the configuration's routes to its sinks.
    #[must_use]
    pub fn new(topics: &[Topic], config: &Config) -> Self {
        let places = topics.iter().enumerate();
        Self {
            places: places.map(|(n, topic)| (topic.id.clone(), n)).collect(),
            rules: config.routes.clone(),
            sinks: config.sinks.clone(),
            observers: config
                .sinks
                .iter()
                .filter(|sink| sink.wants_mentions())
                .cloned()
                .collect(),
        }
    }

    /// A topic, out of the list that these routes were made from.
    #[must_use]
    pub fn topic<'t>(&self, topics: &'t [Topic], id: &TopicId) -> Option<&'t Topic> {
        topics.get(*self.places.get(id)?)
    }

    /// The sinks that get an alert.
    #[must_use]
    pub fn sinks(&self, alert: &AlertFacts<'_>) -> Vec<Route> {
        route::sinks(&self.rules, &self.sinks, alert)
    }

    /// The sinks that get a mention whether it is told or not: those that want every mention, as far as
    /// their own filters let it through.
    fn observers(&self, mention: &AlertFacts<'_>) -> Vec<SinkId> {
        let wanting = self
            .observers
            .iter()
            .filter(|sink| route::accepts(sink, mention).is_ok());
        wanting.map(|sink| sink.id.clone()).collect()
    }
}

/// An entry to be looked through.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// Its key within the feed.
    pub key: EntryKey,
    /// The story it tells.
    pub story: StoryKey,
    /// Its language, as far as known.
    pub language: Option<&'a str>,
    /// Whether it had another text before.
    pub revised: bool,
    /// Why what it mentions is not to be told; `None` if it is.
    pub untold: Option<Telling>,
}

/// What mentions in an entry of a feed are made from.
#[derive(Debug, Clone, Copy)]
pub struct Finder<'a> {
    /// The topics, compiled.
    pub matcher: &'a Matcher,
    /// Where their alerts go; made from the matcher's topics.
    pub routes: &'a Routes,
    /// The feed.
    pub feed: &'a Feed,
    /// When the entry was first seen.
    pub first_seen: Timestamp,
}

impl Finder<'_> {
    /// The topics found in an entry, with an alert for each if it is to be told.
    #[must_use]
    pub fn mentions(&self, reading: &Reading<'_>) -> Vec<MentionRecord> {
        let Reading {
            entry, language, ..
        } = *reading;
        let facts = Facts::of(self.feed, entry, language);
        let found = self.matcher.find_with(&entry.fields(), &facts);
        let is_observed = !(found.is_empty() || self.routes.observers.is_empty());
        let text = is_observed.then(|| dedup::text_hash(entry));
        found
            .iter()
            .filter_map(|mention| self.mention(mention, reading, text))
            .collect()
    }

    /// The record of a mention; `text` is the fingerprint of the entry's text where sinks want every mention.
    fn mention(
        &self,
        mention: &Mention,
        reading: &Reading<'_>,
        text_hash: Option<TextHash>,
    ) -> Option<MentionRecord> {
        let Reading {
            entry,
            key,
            story,
            language,
            revised,
            untold,
        } = *reading;
        // Hits come ordered by field, so the first one is in the weightiest field.
        let best = mention.hits.first()?;
        let topic = self.routes.topic(self.matcher.topics(), &mention.topic)?;
        let text = entry.text(best.field);
        let snippet = matching::snippet(text, best.start, best.end, SNIPPET);
        let facts = AlertFacts {
            topic: Some(topic.id.as_str()),
            tags: &topic.tags,
            feed: self.feed.id.as_str(),
            country: self.feed.country.as_deref(),
            language,
            field: Some(best.field),
            score: Some(mention.score),
            story: Some(story),
            title: None,
            is_spike: false,
        };
        let observers = match text_hash {
            Some(_) => self.routes.observers(&facts),
            None => Vec::new(),
        };
        let detail = || {
            let mut terms: Vec<String> = Vec::new();
            for hit in &mention.hits {
                if !terms.iter().any(|t| **t == *hit.term) {
                    terms.push(hit.term.to_string());
                }
            }
            MentionAlert {
                topic_name: topic.name.clone(),
                topic_tags: topic.tags.clone(),
                terms,
                matched: text
                    .get(best.start..best.end)
                    .unwrap_or_default()
                    .to_owned(),
                field: best.field.as_str().to_owned(),
                snippet: snippet.text.clone(),
                snippet_start: snippet.start,
                snippet_end: snippet.end,
                title: entry.title.clone(),
                link: entry.link.clone(),
                language: language.map(str::to_owned),
                published_ms: entry.published.map(Timestamp::as_millis),
                first_seen_ms: self.first_seen.as_millis(),
                feed: self.feed.id.to_string(),
                source: self.feed.name.clone(),
                revision: revised,
            }
        };
        let alert = untold.is_none().then(|| {
            let detail = detail();
            let id = dedup::mention_alert_id(&mention.topic, story);
            let routes = self.routes.sinks(&AlertFacts {
                title: Some(detail.heading()),
                ..facts
            });
            AlertRecord {
                score: Some(mention.score),
                ..AlertRecord::new(id, AlertKind::Mention, &detail, routes)
            }
        });
        let event = text_hash
            .filter(|_| !observers.is_empty())
            .map(|text| MentionEvent {
                id: dedup::mention_id(&self.feed.id, key, &mention.topic),
                text,
                detail: detail(),
                untold: untold.unwrap_or(Telling::NotNews),
                sinks: observers,
            });
        Some(MentionRecord {
            topic: mention.topic.clone(),
            term: best.term.to_string(),
            field: best.field.as_str(),
            range: (best.start, best.end),
            snippet: snippet.text,
            snippet_range: (snippet.start, snippet.end),
            hits: mention.hits.len(),
            score: mention.score,
            min_score: topic.min_score,
            alert,
            event: event.map(Box::new),
        })
    }
}
