//! From an entry's texts to the records of what is mentioned in them: pure.
//!
//! The same for an entry that a poll brings, for one whose page was read and for one that has been in
//! the database for long; whether a record is news is the store's word.

use std::collections::HashMap;

use crate::config::SinkConfig;
use crate::dedup;
use crate::matching::{self, Facts, Matcher};
use crate::model::{
    AlertKind, Entry, Feed, Mention, MentionAlert, Route, StoryKey, Timestamp, Topic, TopicId,
};
use crate::notify::route;
use crate::store::{AlertRecord, MentionRecord};

/// How many characters a snippet shows on each side of a hit.
const SNIPPET: usize = 80;

/// Where each topic stands in the list of all, and the sinks that want its alerts.
#[derive(Debug)]
pub struct Routes(HashMap<TopicId, (usize, Vec<Route>)>);

impl Routes {
    /// From these topics to these sinks.
    #[must_use]
    pub fn new(topics: &[Topic], sinks: &[SinkConfig]) -> Self {
        let with_sinks = |(place, topic): (usize, &Topic)| {
            let routes = route::for_topic(sinks, topic);
            (topic.id.clone(), (place, routes))
        };
        Self(topics.iter().enumerate().map(with_sinks).collect())
    }

    /// A topic, out of the list that these routes were made from, and the sinks that want its alerts.
    #[must_use]
    pub fn topic<'a>(
        &'a self,
        topics: &'a [Topic],
        id: &TopicId,
    ) -> Option<(&'a Topic, &'a [Route])> {
        let (place, routes) = self.0.get(id)?;
        Some((topics.get(*place)?, routes))
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

    fn topic(&self, id: &TopicId) -> Option<(&Topic, &[Route])> {
        self.routes.topic(self.matcher.topics(), id)
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
        let (topic, routes) = self.topic(&mention.topic)?;
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
            AlertRecord {
                score: Some(mention.score),
                ..AlertRecord::new(id, AlertKind::Mention, &detail, routes.to_vec())
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
