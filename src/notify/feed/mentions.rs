//! A topic's mentions as a feed: an entry for each story, whether it was told or not.

use super::{Document, Entry, urn};
use crate::dedup::mention_alert_id;
use crate::model::{MentionAlert, Timestamp, Topic};
use crate::notify::voice::Voice;
use crate::store::{MentionRow, StoredAlert, StoredDetail};

impl Document {
    /// The feed of a topic's mentions, one of each story, which is found at `address` (the extension left out).
    #[must_use]
    pub fn of_mentions(topic: &Topic, address: String, rows: &[MentionRow]) -> Self {
        let voice = Voice::default();
        let entries = rows.iter().map(|row| Entry::of(&told(topic, row), &voice));
        Self {
            id: urn(&format!("feed of mentions\n{}", topic.id)),
            title: format!("mentiond: {}", topic.name),
            address,
            entries: entries.collect(),
        }
    }
}

/// The alert that the mention's story would have. Its id follows from topic and story, so a reader of both knows
/// one by the other.
fn told(topic: &Topic, row: &MentionRow) -> StoredAlert {
    let matched = row.snippet.get(row.snippet_start..row.snippet_end);
    let detail = MentionAlert {
        topic_name: topic.name.clone(),
        topic_tags: topic.tags.clone(),
        terms: vec![row.term.clone()],
        matched: matched.unwrap_or_default().to_owned(),
        field: row.field.clone(),
        snippet: row.snippet.clone(),
        snippet_start: row.snippet_start,
        snippet_end: row.snippet_end,
        title: row.title.clone(),
        link: row.link.clone(),
        language: row.language.clone(),
        published_ms: row.published.map(Timestamp::as_millis),
        first_seen_ms: row.found.as_millis(),
        feed: row.feed.clone(),
        source: row.source.clone(),
        revision: false,
    };
    StoredAlert {
        id: mention_alert_id(&topic.id, row.story),
        created: row.found,
        detail: StoredDetail::Mention {
            topic: row.topic.clone(),
            story: row.story,
            score: row.score,
            detail: Box::new(detail),
            sources: Vec::new(),
            grown: false,
            told: Vec::new(),
        },
    }
}
