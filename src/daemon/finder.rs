//! From an entry's texts to the records of what is mentioned in them: pure.
//!
//! The same for an entry that a poll brings, for one whose page was read and for one that has been in
//! the database for long; whether a record is news is the store's word.

use std::collections::HashMap;

use crate::config::{Config, RouteConfig, SinkConfig};
use crate::dedup;
use crate::matching::{self, Facts, Matcher};
use crate::model::{
    AlertFacts, AlertKind, Entry, Feed, Mention, MentionAlert, Route, StoryKey, Timestamp, Topic,
    TopicId,
};
use crate::notify::route;
use crate::store::{AlertRecord, MentionRecord};

/// How many characters a snippet shows on each side of a hit.
const SNIPPET: usize = 80;

/// Where each topic stands in the list of all, and what says which sinks get an alert.
#[derive(Debug)]
pub struct Routes {
    places: HashMap<TopicId, usize>,
    rules: Vec<RouteConfig>,
    sinks: Vec<SinkConfig>,
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
    pub fn mentions(
        &self,
        entry: &Entry,
        story: StoryKey,
        language: Option<&str>,
        revised: bool,
        tell: bool,
    ) -> Vec<MentionRecord> {
        let facts = Facts::of(self.feed, entry, language);
        let found = self.matcher.find_with(&entry.fields(), &facts);
        found
            .iter()
            .filter_map(|mention| self.mention(mention, entry, story, language, revised, tell))
            .collect()
    }

    fn mention(
        &self,
        mention: &Mention,
        entry: &Entry,
        story: StoryKey,
        language: Option<&str>,
        revised: bool,
        tell: bool,
    ) -> Option<MentionRecord> {
        // Hits come ordered by field, so the first one is in the weightiest field.
        let best = mention.hits.first()?;
        let topic = self.routes.topic(self.matcher.topics(), &mention.topic)?;
        let text = entry.text(best.field);
        let snippet = matching::snippet(text, best.start, best.end, SNIPPET);
        let alert = tell.then(|| {
            let mut terms: Vec<String> = Vec::new();
            for hit in &mention.hits {
                if !terms.iter().any(|t| **t == *hit.term) {
                    terms.push(hit.term.to_string());
                }
            }
            let detail = MentionAlert {
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
            };
            let id = dedup::mention_alert_id(&mention.topic, story);
            let facts = AlertFacts {
                topic: Some(topic.id.as_str()),
                tags: &topic.tags,
                feed: self.feed.id.as_str(),
                country: self.feed.country.as_deref(),
                language,
                field: Some(best.field),
                score: Some(mention.score),
                story: Some(story),
                title: Some(detail.heading()),
                is_spike: false,
            };
            let routes = self.routes.sinks(&facts);
            AlertRecord {
                score: Some(mention.score),
                ..AlertRecord::new(id, AlertKind::Mention, &detail, routes)
            }
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
        })
    }
}
