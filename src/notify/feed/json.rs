//! A feed of alerts as JSON Feed 1.1 (jsonfeed.org).

use serde_json::{Value, json};

use super::{Document, Entry};

/// Its media type.
pub const TYPE: &str = "application/feed+json";

/// The document.
#[must_use]
pub fn write(document: &Document) -> String {
    let items: Vec<Value> = document.entries.iter().map(item).collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": document.title,
        "feed_url": format!("{}.json", document.address),
        "authors": [{ "name": "mentiond" }],
        "items": items,
    })
    .to_string()
}

fn item(entry: &Entry) -> Value {
    let mut item = json!({
        "id": entry.id,
        "title": entry.title,
        "content_html": entry.content,
        "date_published": entry.created,
        "authors": [{ "name": entry.source }],
        "tags": entry.categories,
    });
    // What is not known is left out; the specification knows no null.
    if let Some(link) = &entry.link {
        item["url"] = link.as_str().into();
    }
    if let Some(language) = &entry.language {
        item["language"] = language.as_str().into();
    }
    item
}
