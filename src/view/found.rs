//! Entries that a search has found.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::Timestamp;
use crate::store::SearchRow;

/// An entry that a search has found. Hits are pairs of offsets: a hit's first byte and one past its last.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Found)]
pub struct FoundView {
    /// The entry's number.
    pub entry: i64,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// The feed.
    pub feed: String,
    /// The source's name.
    pub source: String,
    /// Its language.
    pub language: Option<String>,
    /// The topics that it mentions.
    pub topics: Vec<String>,
    /// Its title.
    pub title: String,
    /// Where in the title what was looked for stands.
    #[schema(value_type = Vec<Vec<usize>>)]
    pub title_hits: Vec<(usize, usize)>,
    /// Its link.
    pub link: Option<String>,
    /// A piece of its summary or content.
    pub snippet: String,
    /// Where in that piece what was looked for stands.
    #[schema(value_type = Vec<Vec<usize>>)]
    pub snippet_hits: Vec<(usize, usize)>,
}

impl From<SearchRow> for FoundView {
    fn from(row: SearchRow) -> Self {
        Self {
            entry: row.entry,
            first_seen: row.first_seen,
            published: row.published,
            feed: row.feed,
            source: row.source,
            language: row.language,
            topics: row.topics,
            title: row.title.text,
            title_hits: row.title.hits,
            link: row.link,
            snippet: row.snippet.text,
            snippet_hits: row.snippet.hits,
        }
    }
}
