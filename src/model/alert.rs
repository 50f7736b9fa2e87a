//! What is told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Field, SinkId, StoryKey, Timestamp};

/// The kinds of alert, as stored and as receivers see them in the payload's `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AlertKind {
    /// A story mentions a topic.
    #[serde(rename = "mention.created")]
    Mention,
    /// A feed has failed for longer than the owner wants to be patient.
    #[serde(rename = "feed.failing")]
    FeedFailing,
    /// A feed's server answered 410 Gone.
    #[serde(rename = "feed.gone")]
    FeedGone,
    /// More feeds carry a story that was told.
    #[serde(rename = "story.grown")]
    Grown,
    /// A topic is mentioned far more than usual.
    #[serde(rename = "topic.spike")]
    Spike,
    /// Alerts that are told together.
    #[serde(rename = "digest.created")]
    Digest,
}

impl AlertKind {
    /// The kind's name in payloads and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mention => "mention.created",
            Self::FeedFailing => "feed.failing",
            Self::FeedGone => "feed.gone",
            Self::Grown => "story.grown",
            Self::Spike => "topic.spike",
            Self::Digest => "digest.created",
        }
    }
}

/// A sink that an alert goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The sink.
    pub sink: SinkId,
    /// From which score on it wants mentions; alerts about feeds have no score and go to all.
    pub min_score: u8,
    /// Whether an alert is held back until it is decided when it is told, and with which others.
    pub held: bool,
    /// The numbers of feeds at which a story that was told there is told again.
    pub updates_at: Vec<u32>,
}

/// What is known of an alert when it is decided who gets it. What is not known is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct AlertFacts<'a> {
    /// The topic's id; an alert about a feed has none.
    pub topic: Option<&'a str>,
    /// The topic's tags.
    pub tags: &'a [String],
    /// The id of the feed in which it arose, or that it is about.
    pub feed: &'a str,
    /// The country of that feed's source, as two capital letters.
    pub country: Option<&'a str>,
    /// The language of the entry, or of the feed that it is about.
    pub language: Option<&'a str>,
    /// The field of the best hit.
    pub field: Option<Field>,
    /// The mention's score.
    pub score: Option<u8>,
    /// The story.
    pub story: Option<StoryKey>,
    /// The title, or the text around the best hit where there is no title.
    pub title: Option<&'a str>,
    /// Whether it tells of a spike of the topic, and not of one mention.
    pub is_spike: bool,
}

/// The story behind a mention alert, as it was when the alert was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionAlert {
    /// The topic's name.
    pub topic_name: String,
    /// The topic's tags.
    pub topic_tags: Vec<String>,
    /// The distinct terms that were found, as the owner wrote them.
    pub terms: Vec<String>,
    /// The matched text of the best hit, in its original spelling.
    pub matched: String,
    /// The field of the best hit.
    pub field: String,
    /// The text around the best hit.
    pub snippet: String,
    /// Where the hit begins in the snippet, in bytes.
    pub snippet_start: usize,
    /// One past where the hit ends in the snippet, in bytes.
    pub snippet_end: usize,
    /// The story's title.
    pub title: String,
    /// The story's link.
    pub link: Option<String>,
    /// The story's language, by the entry, its feed's document or the configuration.
    pub language: Option<String>,
    /// When it was published, milliseconds since the epoch.
    pub published_ms: Option<i64>,
    /// When mentiond first saw it, milliseconds since the epoch.
    pub first_seen_ms: i64,
    /// The feed in which the alert arose.
    pub feed: String,
    /// That feed's source name.
    pub source: String,
    /// Whether the mention came with an edit of an entry seen before.
    pub revision: bool,
}

impl MentionAlert {
    /// The title, or the text around the best hit where there is no title.
    #[must_use]
    pub fn heading(&self) -> &str {
        if self.title.is_empty() {
            &self.snippet
        } else {
            &self.title
        }
    }
}

/// A topic that is mentioned far more than usual, as it was when the alert was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpikeAlert {
    /// For lists: the topic's name and the numbers.
    pub title: String,
    /// The topic's name.
    pub topic_name: String,
    /// The topic's tags.
    pub topic_tags: Vec<String>,
    /// When its first mentions came, milliseconds since the epoch.
    pub start_ms: i64,
    /// Mentions within an hour.
    pub count: u64,
    /// Mentions that were to be expected in that hour.
    pub expected: f64,
    /// The chance of so many mentions or more.
    pub p_value: f64,
    /// The stories behind it, those in the most feeds first.
    pub stories: Vec<SpikeStory>,
}

/// A story behind a spike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpikeStory {
    /// Its title in the entry that is most about the topic.
    pub title: String,
    /// That entry's link.
    pub link: Option<String>,
    /// That entry's source.
    pub source: String,
    /// Entries that tell it.
    pub mentions: u64,
}

/// A feed that carries a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StorySource {
    /// The feed's id.
    pub feed: String,
    /// The source's name.
    pub source: String,
    /// The link by which this feed leads to the story.
    pub link: Option<String>,
    /// When the story was first seen in this feed.
    pub first_seen: Timestamp,
}

/// What is wrong with a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedTrouble {
    /// The source's name.
    pub source: String,
    /// The feed's URL without query.
    pub url: String,
    /// The last error, with advice.
    pub error: String,
    /// Failing since, milliseconds since the epoch.
    pub since_ms: i64,
    /// Failed polls in a row.
    pub failures: u32,
}
