//! Mentions as pages show them: by story, with the hit marked.

use serde::Serialize;

use super::words::marked;
use crate::model::{StoryKey, Timestamp};
use crate::store::MentionRow;

/// A story in a topic's list, by its newest mention there.
#[derive(Debug, Serialize)]
pub(super) struct StoryItem {
    story: StoryKey,
    title: String,
    link: Option<String>,
    language: Option<String>,
    source: String,
    /// When it was published, else found.
    at: Timestamp,
    score: Option<u8>,
    /// The text around the hit, as HTML; none where it is the title.
    snippet: Option<String>,
    /// Other sources of the same story on the page.
    others: Vec<String>,
}

/// Mentions as stories, each at the place of its first.
pub(super) fn stories(rows: impl Iterator<Item = MentionRow>) -> Vec<StoryItem> {
    let mut items: Vec<StoryItem> = Vec::new();
    for row in rows {
        if let Some(item) = items.iter_mut().find(|item| item.story == row.story) {
            if item.source != row.source && !item.others.contains(&row.source) {
                item.others.push(row.source);
            }
            continue;
        }
        let snippet = snippet(&row);
        items.push(StoryItem {
            story: row.story,
            // Where there is no title, the text around the hit is all that there is.
            snippet: (row.field != "title" && !row.title.is_empty()).then_some(snippet),
            title: heading(&row).to_owned(),
            link: row.link,
            language: row.language,
            source: row.source,
            at: row.published.unwrap_or(row.found),
            score: row.score,
            others: Vec::new(),
        });
    }
    items
}

/// The text around the hit, as HTML.
pub(super) fn snippet(row: &MentionRow) -> String {
    marked(&row.snippet, &[(row.snippet_start, row.snippet_end)])
}

/// The title, or the text around the hit where there is none.
pub(super) fn heading(row: &MentionRow) -> &str {
    if row.title.is_empty() {
        &row.snippet
    } else {
        &row.title
    }
}
