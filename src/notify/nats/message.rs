//! What is published for an alert, and under which subject. Pure.
//!
//! | alert | subject |
//! |---|---|
//! | a story mentions a topic | `PREFIX.alert.TOPIC.LANGUAGE` |
//! | a topic is mentioned far more than usual | `PREFIX.spike.TOPIC` |
//! | a feed is in trouble | `PREFIX.feed.FEED` |
//! | alerts that are told together | `PREFIX.digest` |
//! | none: a mention, for sinks that want every one | `PREFIX.mention.TOPIC.LANGUAGE` |
//!
//! The language is the first word of the story's tag in small letters (`pt` of `pt-BR`), or `und`, so that
//! a consumer can ask for `PREFIX.alert.*.ru`. The payload is the event that webhooks of format
//! `"cloudevents"` get, the headers are ASCII.

use crate::config::NatsConfig;
use crate::notify::{format, observed};
use crate::store::{StoredAlert, StoredDetail, StoredMention};

/// The language of a story whose own is not known (ISO 639-2).
const UNDETERMINED: &str = "und";

/// A message, ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its subject.
    pub subject: String,
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its payload, a JSON object.
    pub payload: String,
}

impl Message {
    /// The message that tells an alert.
    #[must_use]
    pub fn of(alert: &StoredAlert, config: &NatsConfig) -> Self {
        Self {
            subject: subject(&config.subject, &alert.detail),
            headers: headers(&alert.id, config),
            payload: format::cloud_event(alert),
        }
    }

    /// The message that tells a mention.
    #[must_use]
    pub fn of_mention(mention: &StoredMention, config: &NatsConfig) -> Self {
        let (topic, language) = (
            word(&mention.topic),
            language(mention.detail.language.as_deref()),
        );
        Self {
            subject: format!("{}.mention.{topic}.{language}", config.subject),
            headers: headers(&mention.id, config),
            payload: observed::cloud_event(mention),
        }
    }
}

fn headers(id: &str, config: &NatsConfig) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("Content-Type", format::CLOUD_EVENT.to_owned()),
        ("Nats-Msg-Id", id.to_owned()),
    ];
    if let Some(stream) = &config.stream {
        headers.push(("Nats-Expected-Stream", stream.clone()));
    }
    headers
}

/// All subjects of a sink.
#[must_use]
pub fn everything(prefix: &str) -> String {
    format!("{prefix}.>")
}

fn subject(prefix: &str, detail: &StoredDetail) -> String {
    match detail {
        StoredDetail::Mention { topic, detail, .. } => {
            let language = language(detail.language.as_deref());
            format!("{prefix}.alert.{}.{language}", word(topic))
        }
        StoredDetail::Spike { topic, .. } => format!("{prefix}.spike.{}", word(topic)),
        StoredDetail::Feed { feed, .. } => format!("{prefix}.feed.{}", word(feed)),
        StoredDetail::Digest(_) => format!("{prefix}.digest"),
    }
}

/// One word of a subject: what separates words or stands for others becomes `_`.
fn word(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let word: String = text
        .chars()
        .map(|c| if fits(c) { c } else { '_' })
        .collect();
    if word.is_empty() {
        "_".to_owned()
    } else {
        word
    }
}

/// The first word of a language tag.
fn language(tag: Option<&str>) -> String {
    let first = tag.unwrap_or_default().split(['-', '_']).next();
    let first = first.unwrap_or_default();
    let fits = (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    if fits {
        first.to_ascii_lowercase()
    } else {
        UNDETERMINED.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::notify::nats::tests::config;
    use crate::notify::payload::tests::{digest, mention, spike, trouble};

    #[test]
    fn each_kind_of_alert_has_its_subject() {
        let of = |alert: &StoredAlert| Message::of(alert, &config()).subject;
        assert_eq!(of(&mention()), "mentiond.alert.tokayev.ru");
        assert_eq!(of(&spike()), "mentiond.spike.tokayev");
        assert_eq!(of(&trouble()), "mentiond.feed.vestnik");
        assert_eq!(of(&digest()), "mentiond.digest");
    }

    #[test]
    fn a_mention_has_a_subject_of_its_own() {
        let message = Message::of_mention(&observed::tests::mention(), &config());
        assert_eq!(message.subject, "mentiond.mention.tokayev.ru");
        let id = ("Nats-Msg-Id", "mn_2".to_owned());
        assert!(message.headers.contains(&id));
    }

    #[test]
    fn a_language_is_the_first_word_of_its_tag_or_und() {
        for (tag, word) in [
            (Some("pt-BR"), "pt"),
            (Some("zh_Hans"), "zh"),
            (Some("EN"), "en"),
            (Some("kk"), "kk"),
            (None, "und"),
            (Some(""), "und"),
            (Some("x"), "und"),
            (Some("e*"), "und"),
            (Some("ру"), "und"),
        ] {
            assert_eq!(language(tag), word, "{tag:?}");
        }
    }

    #[test]
    fn a_message_carries_the_alerts_id_and_the_event_that_webhooks_get() {
        let mut config = config();
        let message = Message::of(&mention(), &config);
        let id = "al_00000000000000000000000000000000".to_owned();
        assert_eq!(
            message.headers,
            [
                ("Content-Type", "application/cloudevents+json".to_owned()),
                ("Nats-Msg-Id", id.clone())
            ]
        );
        let event: serde_json::Value = serde_json::from_str(&message.payload).unwrap();
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["id"], id);
        assert_eq!(event["data"]["topic"]["id"], "tokayev");
        config.stream = Some("NEWS".to_owned());
        let named = Message::of(&mention(), &config);
        let expected = ("Nats-Expected-Stream", "NEWS".to_owned());
        assert_eq!(named.headers.last(), Some(&expected));
    }

    proptest! {
        #[test]
        fn no_id_gets_out_of_its_word(text in any::<String>()) {
            let word = word(&text);
            prop_assert!(!word.is_empty());
            prop_assert!(word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        }
    }
}
