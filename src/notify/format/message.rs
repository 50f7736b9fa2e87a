//! An alert in the words that people read in a chat: the same for all receivers, not yet escaped, in the
//! language and the time zone of its sink's [`Voice`].

use super::super::voice::Voice;
use super::super::words::{Language, Name};
use super::text::{END, ISOLATE, Link, is_leftward, isolated, tame};
use crate::model::{MentionAlert, SpikeStory, StorySource, Timestamp};
use crate::pace::Reason;
use crate::store::{StoredAlert, StoredDetail, StoredDigest, TopicName};

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
    /// The alerts of a digest.
    pub lines: Vec<Line>,
    /// How many alerts of a digest are not in `lines`.
    pub more: u64,
    /// The language that it is in.
    pub language: Language,
}

/// An alert in a digest.
#[derive(Debug)]
pub struct Line {
    /// The topic and the story's title with who reports it, or which feed is in trouble. Never empty.
    pub text: String,
    /// The story's link, where it has one that can be sent.
    pub link: Option<Link>,
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
                grown,
                told,
                ..
            } => Self {
                title: named(&detail.title, words.without_title()),
                about: about(detail, sources, *grown, told, words),
                quote: quote(detail),
                // An update has said in how many feeds it is.
                context: context(detail, *score, if *grown { &[] } else { sources }, voice),
                link: detail.link.as_deref().and_then(Link::of),
                created: alert.created,
                trouble: false,
                lines: Vec::new(),
                more: 0,
                language: words,
            },
            StoredDetail::Spike { detail, .. } => {
                let name = Name::of(&detail.topic_name);
                let line = |story: &SpikeStory| Line {
                    text: format!(
                        "{} ({})",
                        isolated(named(&story.title, words.without_title())),
                        Name::of(&story.source)
                    ),
                    link: story.link.as_deref().and_then(Link::of),
                };
                Self {
                    title: words.spike(&name, detail.count, rounded(detail.expected)),
                    about: name.to_string(),
                    quote: String::new(),
                    context: voice.since(Timestamp::from_millis(detail.start_ms)),
                    link: None,
                    created: alert.created,
                    trouble: false,
                    lines: detail.stories.iter().map(line).collect(),
                    more: 0,
                    language: words,
                }
            }
            StoredDetail::Digest(digest) => Self::of_digest(alert, digest, voice),
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
                    lines: Vec::new(),
                    more: 0,
                    language: words,
                }
            }
        }
    }

    fn of_digest(alert: &StoredAlert, digest: &StoredDigest, voice: &Voice) -> Self {
        let (words, detail) = (voice.language, &digest.detail);
        let count = words.alerts(detail.alerts);
        let title = match detail.reason {
            Reason::Schedule => format!("{}: {count}", voice.digest_of(alert.created)),
            _ => count,
        };
        let why = match detail.reason {
            Reason::Group | Reason::Schedule => None,
            Reason::QuietHours => Some(words.held_quiet().to_owned()),
            Reason::RateLimit => Some(words.too_many().to_owned()),
        };
        let [from, to] = [detail.first_ms, detail.last_ms].map(Timestamp::from_millis);
        let [from, to] = [voice.time(from), voice.time(to)];
        let when = if from == to {
            to
        } else {
            format!("{from} – {to}")
        };
        let context: Vec<String> = why.into_iter().chain([when]).collect();
        let topics = digest.topics.iter();
        let topics = topics.map(|topic| format!("{} ({})", Name::of(&topic.name), topic.alerts));
        Self {
            title,
            about: topics.collect::<Vec<_>>().join(", "),
            quote: String::new(),
            context: context.join(" · "),
            link: None,
            created: alert.created,
            trouble: false,
            lines: digest
                .alerts
                .iter()
                .map(|alert| Line::of(alert, voice))
                .collect(),
            more: digest.more(),
            language: words,
        }
    }

    /// The lines of a digest that fit into a budget, as `show` shows them and `measure` measures that,
    /// and in words how many alerts are left out.
    pub(super) fn listed<T>(
        &self,
        budget: usize,
        show: impl Fn(&Line) -> T,
        measure: impl Fn(&T) -> usize,
    ) -> (Vec<T>, Option<String>) {
        let (mut shown, mut used) = (Vec::new(), 0);
        for line in &self.lines {
            let line = show(line);
            used += measure(&line);
            if used > budget {
                break;
            }
            shown.push(line);
        }
        let left = (self.lines.len() - shown.len()) as u64 + self.more;
        (shown, (left > 0).then(|| self.language.and_more(left)))
    }

    /// Topic and context on one line.
    #[must_use]
    pub fn footer(&self) -> String {
        let parts = [self.about.as_str(), self.context.as_str()];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" · ")
    }
}

impl Line {
    fn of(alert: &StoredAlert, voice: &Voice) -> Self {
        let message = Message::of(alert, voice);
        let text = match &alert.detail {
            StoredDetail::Mention { detail, .. } => {
                let title = isolated(message.title);
                format!("{}: {title} ({})", message.about, Name::of(&detail.source))
            }
            _ => message.title,
        };
        Self {
            text,
            link: message.link,
        }
    }
}

/// The topic's name; before it, that the story was told before and what is new.
fn about(
    detail: &MentionAlert,
    sources: &[StorySource],
    grown: bool,
    told: &[TopicName],
    words: Language,
) -> String {
    let topic = Name::of(&detail.topic_name);
    if grown {
        let feeds = words.now_in_feeds(sources.len() as u64);
        format!("{}: {feeds} · {topic}", words.update())
    } else if told.is_empty() {
        topic.to_string()
    } else {
        words.also_mentions(&[topic])
    }
}

/// A number of mentions for people; one that is less than a half is hardly any.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it saturates, and is not negative
pub(in crate::notify) fn rounded(expected: f64) -> u64 {
    expected.round() as u64
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
