//! Alerts as a feed that any reader can follow: [`atom`] (RFC 4287) and [`json`] (JSON Feed 1.1). Pure.
//!
//! Both say the same. An entry's id follows from the alert's and never changes; its texts are tamed like those
//! of chats and escaped by the rules of each format, so that no title can get out of its place. Its content is
//! the text around the hit with the hit in bold, and who reports when. [`mentions`] makes the same of a topic's
//! mentions, told or not.

pub mod atom;
pub mod json;
mod mentions;
#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};

use super::format::message::{Line, Message};
use super::format::text::{html, tame};
use super::voice::Voice;
use crate::config::is_language;
use crate::model::{SinkId, Timestamp};
use crate::store::{StoredAlert, StoredDetail};

/// A feed of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// A URN that stays.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Where it is, without the extension.
    pub address: String,
    /// The entries, the newest first.
    pub entries: Vec<Entry>,
}

/// An alert as an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// A URN that stays.
    pub id: String,
    /// The story's title, or what is wrong with which feed; one line.
    pub title: String,
    /// The story's link.
    pub link: Option<String>,
    /// Who reports.
    pub source: String,
    /// The topic's name and tags, or `feed`.
    pub categories: Vec<String>,
    /// The language of title and text.
    pub language: Option<String>,
    /// When the alert arose.
    pub created: Timestamp,
    /// HTML.
    pub content: String,
}

impl Document {
    /// The feed of a sink, which is found at `address` (the extension left out).
    #[must_use]
    pub fn of(sink: &SinkId, address: String, alerts: &[StoredAlert], voice: &Voice) -> Self {
        Self {
            id: urn(&format!("feed of alerts\n{sink}")),
            title: format!("mentiond: {sink}"),
            address,
            entries: alerts.iter().map(|alert| Entry::of(alert, voice)).collect(),
        }
    }

    /// When the newest alert arose; the beginning of time for a feed without any.
    #[must_use]
    pub fn updated(&self) -> Timestamp {
        let times = self.entries.iter().map(|entry| entry.created);
        times.max().unwrap_or(Timestamp::from_millis(0))
    }
}

impl Entry {
    /// The entry of an alert.
    #[must_use]
    pub fn of(alert: &StoredAlert, voice: &Voice) -> Self {
        let message = Message::of(alert, voice);
        let (mut source, mut language) = (String::from("mentiond"), None);
        let mut categories = vec![message.about.clone()];
        let mut quote = html(&message.quote);
        if let StoredDetail::Mention { detail, .. } = &alert.detail {
            source = tame(&detail.source);
            language = detail.language.clone().filter(|text| is_language(text));
            categories.extend(detail.topic_tags.iter().map(|tag| tame(tag)));
            if !message.quote.is_empty() {
                quote = marked(&detail.snippet, detail.snippet_start..detail.snippet_end);
            }
        }
        // No character of XML; gone here, so that both forms say the same.
        let title = tame(&message.title.replace(['\u{fffe}', '\u{ffff}'], ""));
        let title = if title.is_empty() {
            voice.language.without_title().to_owned()
        } else {
            title
        };
        categories.retain(|category| !category.is_empty());
        let paragraphs = [quote, html(&message.context)];
        let paragraphs = paragraphs.iter().filter(|text| !text.is_empty());
        let list = listed(&message);
        Self {
            id: urn(&alert.id),
            title,
            link: message.link.map(|link| link.url),
            source: if source.is_empty() {
                "mentiond".to_owned()
            } else {
                source
            },
            categories,
            language,
            created: alert.created,
            content: paragraphs
                .map(|text| format!("<p>{text}</p>"))
                .chain(list)
                .collect::<Vec<_>>()
                .concat(),
        }
    }
}

/// The alerts of a digest as a list.
fn listed(message: &Message) -> Option<String> {
    let item = |line: &Line| match &line.link {
        Some(link) => [
            "<li><a href=\"",
            &html(&link.url),
            "\">",
            &html(&line.text),
            "</a></li>",
        ]
        .concat(),
        None => ["<li>", &html(&line.text), "</li>"].concat(),
    };
    let more = (message.more > 0).then(|| message.language.and_more(message.more));
    let more = more.map(|more| ["<li>", &html(&more), "</li>"].concat());
    let items: String = message.lines.iter().map(item).chain(more).collect();
    (!items.is_empty()).then(|| ["<ul>", &items, "</ul>"].concat())
}

/// The text as HTML with this part of it in bold. White space beside the part stays.
fn marked(text: &str, hit: std::ops::Range<usize>) -> String {
    let parts = (
        text.get(..hit.start),
        text.get(hit.clone()),
        text.get(hit.end..),
    );
    let (Some(before), Some(hit), Some(after)) = parts else {
        return html(&tame(text));
    };
    let gap = |is_there: bool| if is_there { " " } else { "" };
    format!(
        "{}{}<strong>{}</strong>{}{}",
        html(&tame(before)),
        gap(before.ends_with(char::is_whitespace)),
        html(&tame(hit)),
        gap(after.starts_with(char::is_whitespace)),
        html(&tame(after))
    )
}

/// A URN in the form of a UUID: the number in an alert's id, or else one that is made from the text.
fn urn(text: &str) -> String {
    let number = text.strip_prefix("al_").filter(|number| {
        number.len() == 32
            && number
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    });
    let number = number.map_or_else(
        || {
            let hash = Sha256::digest(text.as_bytes());
            let digits: Vec<_> = hash[..16].iter().map(|b| format!("{b:02x}")).collect();
            digits.concat()
        },
        str::to_owned,
    );
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &number[..8],
        &number[8..12],
        &number[12..16],
        &number[16..20],
        &number[20..]
    )
}
