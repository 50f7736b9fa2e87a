//! An alert in the words that people read in a chat: the same for all receivers, not yet escaped.

use super::text::{Link, tame};
use crate::model::{MentionAlert, StorySource, Timestamp};
use crate::store::{StoredAlert, StoredDetail, StoredDigest};

/// What a chat message tells. Texts are tamed: one line each, nothing hidden.
#[derive(Debug)]
pub struct Message {
    /// The story's title, or what is wrong with which feed. Never empty.
    pub title: String,
    /// The topic's name, or the feed.
    pub about: String,
    /// The text around the hit with the hit in »«, or the feed's error. Empty where the title says it
    /// already.
    pub quote: String,
    /// Who reports when, and what else is to be known.
    pub context: String,
    /// The story's link, where it has one that can be sent.
    pub link: Option<Link>,
    /// When the alert was created.
    pub created: Timestamp,
    /// Whether it tells of a feed in trouble.
    pub trouble: bool,
    /// The alerts of a digest.
    pub lines: Vec<Line>,
    /// How many alerts of a digest are not in `lines`.
    pub more: u64,
}

/// An alert in a digest.
#[derive(Debug)]
pub struct Line {
    /// The topic's name, or the feed.
    pub about: String,
    /// The story's title, or what is wrong with which feed. Never empty.
    pub title: String,
    /// Who reports it; empty for a feed in trouble.
    pub source: String,
    /// The story's link, where it has one that can be sent.
    pub link: Option<Link>,
}

impl Message {
    /// The message of an alert.
    #[must_use]
    pub fn of(alert: &StoredAlert) -> Self {
        match &alert.detail {
            StoredDetail::Mention {
                score,
                detail,
                sources,
                ..
            } => Self {
                title: named(&detail.title, "(without a title)"),
                about: tame(&detail.topic_name),
                quote: quote(detail),
                context: context(detail, *score, sources),
                link: detail.link.as_deref().and_then(Link::of),
                created: alert.created,
                trouble: false,
                lines: Vec::new(),
                more: 0,
            },
            StoredDetail::Digest(digest) => Self::of_digest(alert, digest),
            StoredDetail::Feed { kind, feed, detail } => {
                let what = if kind == "feed.gone" {
                    "Feed is gone"
                } else {
                    "Feed keeps failing"
                };
                let polls = if detail.failures == 1 {
                    "poll"
                } else {
                    "polls"
                };
                Self {
                    title: tame(&format!("{what}: {}", detail.source)),
                    about: tame(&format!("feed {feed}")),
                    quote: tame(&detail.error),
                    context: format!(
                        "since {} · {} {polls}",
                        Timestamp::from_millis(detail.since_ms),
                        detail.failures
                    ),
                    link: None,
                    created: alert.created,
                    trouble: true,
                    lines: Vec::new(),
                    more: 0,
                }
            }
        }
    }

    fn of_digest(alert: &StoredAlert, digest: &StoredDigest) -> Self {
        let line = |alert: &StoredAlert| {
            let message = Self::of(alert);
            let source = match &alert.detail {
                StoredDetail::Mention { detail, .. } => tame(&detail.source),
                _ => String::new(),
            };
            Line {
                about: message.about,
                title: message.title,
                source,
                link: message.link,
            }
        };
        let topics = digest.topics.iter();
        let topics: Vec<String> = topics
            .map(|topic| format!("{} ({})", tame(&topic.name), topic.alerts))
            .collect();
        Self {
            title: digest.detail.title.clone(),
            about: topics.join(", "),
            quote: String::new(),
            context: String::new(),
            link: None,
            created: alert.created,
            trouble: false,
            lines: digest.alerts.iter().map(line).collect(),
            more: digest.more(),
        }
    }

    /// Topic and context on one line.
    #[must_use]
    pub fn footer(&self) -> String {
        let parts = [self.about.as_str(), self.context.as_str()];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" · ")
    }
}

fn named(text: &str, otherwise: &str) -> String {
    let text = tame(text);
    if text.is_empty() {
        otherwise.to_owned()
    } else {
        text
    }
}

fn quote(detail: &MentionAlert) -> String {
    if detail.field == "title" {
        return String::new();
    }
    let text = &detail.snippet;
    let (start, end) = (detail.snippet_start, detail.snippet_end);
    let parts = (text.get(..start), text.get(start..end), text.get(end..));
    let (Some(before), Some(hit), Some(after)) = parts else {
        return tame(text);
    };
    tame(&format!("{before}»{hit}«{after}"))
}

fn context(detail: &MentionAlert, score: Option<u8>, sources: &[StorySource]) -> String {
    let mut parts = vec![tame(&detail.source)];
    if let Some(language) = &detail.language {
        parts.push(tame(language));
    }
    if let Some(at) = detail.published_ms {
        parts.push(Timestamp::from_millis(at).to_string());
    }
    if let Some(score) = score {
        parts.push(format!("score {score}"));
    }
    match sources.len() {
        0 | 1 => {}
        2 => parts.push("in 1 more feed".to_owned()),
        n => parts.push(format!("in {} more feeds", n - 1)),
    }
    if detail.revision {
        parts.push("edited".to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}
