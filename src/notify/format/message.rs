//! An alert in the words that people read in a chat: the same for all receivers, not yet escaped, in the
//! language and the time zone of its sink's [`Voice`].

use super::super::voice::Voice;
use super::super::words::Name;
use super::text::{END, ISOLATE, Link, is_leftward, tame};
use crate::model::{MentionAlert, StorySource, Timestamp};
use crate::store::{StoredAlert, StoredDetail};

/// What a chat message tells. Texts are tamed: one line each, nothing hidden. Those that stand beside
/// others are isolated where they are written from right to left.
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
}

impl Message {
    /// The message of an alert.
    #[must_use]
    pub fn of(alert: &StoredAlert, voice: &Voice) -> Self {
        let words = voice.language;
        match &alert.detail {
            StoredDetail::Mention {
                score,
                detail,
                sources,
                ..
            } => Self {
                title: named(&detail.title, words.without_title()),
                about: Name::of(&detail.topic_name).to_string(),
                quote: quote(detail),
                context: context(detail, *score, sources, voice),
                link: detail.link.as_deref().and_then(Link::of),
                created: alert.created,
                trouble: false,
            },
            StoredDetail::Feed { kind, feed, detail } => {
                let source = Name::of(&detail.source);
                let since = voice.since(Timestamp::from_millis(detail.since_ms));
                let polls = words.failed_polls(detail.failures.into());
                Self {
                    title: if kind == "feed.gone" {
                        words.feed_gone(&source)
                    } else {
                        words.feed_failing(&source)
                    },
                    about: words.feed(&Name::of(feed)),
                    quote: tame(&detail.error),
                    context: format!("{since} · {polls}"),
                    link: None,
                    created: alert.created,
                    trouble: true,
                }
            }
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
    let quote = tame(&format!("{before}»{hit}«{after}"));
    if !is_leftward(&quote) {
        return quote;
    }
    // The marks of the hit stay where they belong when what is marked runs the other way.
    let count = |text: &str, mark| text.matches(mark).count();
    let open = quote.match_indices('»').nth(count(before, '»'));
    let close = count(before, '«') + count(hit, '«');
    let close = quote.match_indices('«').nth(close);
    let (Some((open, mark)), Some((close, _))) = (open, close) else {
        return quote;
    };
    let (before, rest) = quote.split_at(open + mark.len());
    let (hit, after) = rest.split_at(close - before.len());
    format!("{before}{ISOLATE}{hit}{END}{after}")
}

fn context(
    detail: &MentionAlert,
    score: Option<u8>,
    sources: &[StorySource],
    voice: &Voice,
) -> String {
    let words = voice.language;
    let mut parts = vec![Name::of(&detail.source).to_string()];
    if let Some(language) = &detail.language {
        parts.push(tame(language));
    }
    if let Some(at) = detail.published_ms {
        parts.push(voice.time(Timestamp::from_millis(at)));
    }
    if let Some(score) = score {
        parts.push(words.score(score));
    }
    if let more @ 1.. = sources.len().saturating_sub(1) {
        parts.push(words.more_feeds(more as u64));
    }
    if detail.revision {
        parts.push(words.edited().to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}
