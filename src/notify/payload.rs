//! What a receiver gets: `{type, timestamp, data}` as the Standard Webhooks specification proposes.
//!
//! `docs/webhook.md` explains the fields to people and `docs/webhook.schema.json` to machines. A
//! field, once shipped, keeps its meaning.

use serde::Serialize;

use crate::model::{AlertKind, MentionAlert, SpikeStory, StorySource, Timestamp};
use crate::pace::Reason;
use crate::store::{StoredAlert, StoredDetail, TopicCount, TopicName};

/// The body of a webhook request, and a line of the log sink's JSON format.
#[derive(Debug, Serialize)]
pub struct Payload<'a> {
    /// `mention.created`, `story.grown`, `feed.failing`, `feed.gone`, `topic.spike` or `digest.created`.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// When the alert was created.
    pub timestamp: Timestamp,
    /// What it tells.
    pub data: Data<'a>,
}

/// What an alert tells.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "lives for one request on the stack"
)]
pub enum Data<'a> {
    /// A story mentions a topic.
    Mention {
        /// The alert's id, the same as `webhook-id`.
        alert_id: &'a str,
        /// The topic.
        topic: Topic<'a>,
        /// How strongly the story is about the topic, 1 to 100, where that is known.
        score: Option<u8>,
        /// The distinct terms that were found, as the owner wrote them.
        terms: &'a [String],
        /// The best hit.
        #[serde(rename = "match")]
        hit: Match<'a>,
        /// The story.
        story: Story<'a>,
        /// All feeds that carry the story by the time of this request.
        feeds: &'a [StorySource],
        /// The topics for which this receiver was told of the story before.
        told_before: &'a [TopicName],
    },
    /// A feed is in trouble.
    Feed {
        /// The alert's id, the same as `webhook-id`.
        alert_id: &'a str,
        /// The feed's id.
        feed: &'a str,
        /// The source's name.
        source: &'a str,
        /// The feed's URL without query.
        url: &'a str,
        /// The last error in words.
        error: &'a str,
        /// Since when it fails.
        since: Timestamp,
        /// Failed polls in a row.
        failures: u32,
    },
    /// A topic is mentioned far more than usual.
    Spike {
        /// The alert's id, the same as `webhook-id`.
        alert_id: &'a str,
        /// The topic.
        topic: Topic<'a>,
        /// When its first mentions came.
        start: Timestamp,
        /// Mentions within an hour.
        count: u64,
        /// Mentions that were to be expected in that hour.
        expected: f64,
        /// The chance of so many mentions or more.
        p_value: f64,
        /// The stories behind it, those in the most feeds first.
        stories: &'a [SpikeStory],
    },
    /// Alerts that are told together.
    Digest {
        /// The digest's id, the same as `webhook-id`.
        alert_id: &'a str,
        /// Why they are told together.
        reason: Reason,
        /// How many alerts are in it.
        count: u64,
        /// When the first of them arose.
        from: Timestamp,
        /// When the last of them arose.
        to: Timestamp,
        /// How many of them are about which topic, the most frequent first.
        topics: &'a [TopicCount],
        /// The payloads of the strongest of them.
        alerts: Vec<Payload<'a>>,
        /// How many are not in `alerts`.
        more: u64,
    },
}

/// The topic of a mention.
#[derive(Debug, Serialize)]
pub struct Topic<'a> {
    id: &'a str,
    name: &'a str,
    tags: &'a [String],
}

/// The best hit of a mention.
#[derive(Debug, Serialize)]
pub struct Match<'a> {
    text: &'a str,
    field: &'a str,
    snippet: &'a str,
    snippet_start: usize,
    snippet_end: usize,
}

/// The story that mentions the topic.
#[derive(Debug, Serialize)]
pub struct Story<'a> {
    id: String,
    title: &'a str,
    link: Option<&'a str>,
    source: &'a str,
    feed: &'a str,
    language: Option<&'a str>,
    published: Option<Timestamp>,
    first_seen: Timestamp,
    revised: bool,
}

impl<'a> Topic<'a> {
    /// The topic that is mentioned.
    pub(super) fn of(id: &'a str, detail: &'a MentionAlert) -> Self {
        Self {
            id,
            name: &detail.topic_name,
            tags: &detail.topic_tags,
        }
    }
}

impl<'a> Match<'a> {
    /// Where it is.
    pub(super) fn of(detail: &'a MentionAlert) -> Self {
        Self {
            text: &detail.matched,
            field: &detail.field,
            snippet: &detail.snippet,
            snippet_start: detail.snippet_start,
            snippet_end: detail.snippet_end,
        }
    }
}

impl<'a> Story<'a> {
    /// The story with this key.
    pub(super) fn of(id: String, detail: &'a MentionAlert) -> Self {
        Self {
            id,
            title: &detail.title,
            link: detail.link.as_deref(),
            source: &detail.source,
            feed: &detail.feed,
            language: detail.language.as_deref(),
            published: detail.published_ms.map(Timestamp::from_millis),
            first_seen: Timestamp::from_millis(detail.first_seen_ms),
            revised: detail.revision,
        }
    }
}

impl<'a> Payload<'a> {
    /// The payload of a stored alert.
    #[must_use]
    pub fn of(alert: &'a StoredAlert) -> Self {
        let (kind, data) = match &alert.detail {
            StoredDetail::Mention {
                topic,
                story,
                score,
                detail,
                sources,
                grown,
                told,
            } => {
                let data = Data::Mention {
                    alert_id: &alert.id,
                    topic: Topic::of(topic, detail),
                    score: *score,
                    terms: &detail.terms,
                    hit: Match::of(detail),
                    story: Story::of(story.to_string(), detail),
                    feeds: sources,
                    told_before: told,
                };
                let kind = if *grown {
                    AlertKind::Grown
                } else {
                    AlertKind::Mention
                };
                (kind.as_str(), data)
            }
            StoredDetail::Feed { kind, feed, detail } => {
                let data = Data::Feed {
                    alert_id: &alert.id,
                    feed,
                    source: &detail.source,
                    url: &detail.url,
                    error: &detail.error,
                    since: Timestamp::from_millis(detail.since_ms),
                    failures: detail.failures,
                };
                (kind.as_str(), data)
            }
            StoredDetail::Spike { topic, detail } => {
                let data = Data::Spike {
                    alert_id: &alert.id,
                    topic: Topic {
                        id: topic,
                        name: &detail.topic_name,
                        tags: &detail.topic_tags,
                    },
                    start: Timestamp::from_millis(detail.start_ms),
                    count: detail.count,
                    expected: detail.expected,
                    p_value: detail.p_value,
                    stories: &detail.stories,
                };
                (AlertKind::Spike.as_str(), data)
            }
            StoredDetail::Digest(digest) => {
                let detail = &digest.detail;
                let data = Data::Digest {
                    alert_id: &alert.id,
                    reason: detail.reason,
                    count: detail.alerts,
                    from: Timestamp::from_millis(detail.first_ms),
                    to: Timestamp::from_millis(detail.last_ms),
                    topics: &digest.topics,
                    alerts: digest.alerts.iter().map(Self::of).collect(),
                    more: digest.more(),
                };
                (AlertKind::Digest.as_str(), data)
            }
        };
        Self {
            kind,
            timestamp: alert.created,
            data,
        }
    }

    /// The payload as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self)
            .unwrap_or_else(|error| unreachable!("plain data serializes: {error}"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{FeedTrouble, SpikeAlert, StoryKey};
    use crate::store::{DigestDetail, StoredDigest};

    pub(crate) fn mention() -> StoredAlert {
        let at = Timestamp::from_millis(1_720_085_400_000);
        StoredAlert {
            id: "al_00000000000000000000000000000000".into(),
            created: at,
            detail: StoredDetail::Mention {
                topic: "tokayev".into(),
                story: StoryKey([7; 16]),
                score: Some(27),
                detail: Box::new(MentionAlert {
                    topic_name: "Kassym-Jomart Tokayev".into(),
                    topic_tags: vec!["leader".into()],
                    terms: vec!["Токаев*".into()],
                    matched: "Токаева".into(),
                    field: "summary".into(),
                    snippet: "…по приглашению Токаева в Астану…".into(),
                    snippet_start: 31,
                    snippet_end: 45,
                    title: "Лидеры прибыли в Астану".into(),
                    link: Some("https://vestnik.example/astana".into()),
                    language: Some("ru".into()),
                    published_ms: Some(at.as_millis() - 60_000),
                    first_seen_ms: at.as_millis(),
                    feed: "vestnik".into(),
                    source: "Вестник".into(),
                    revision: false,
                }),
                sources: vec![StorySource {
                    feed: "vestnik".into(),
                    source: "Вестник".into(),
                    link: Some("https://vestnik.example/astana".into()),
                    first_seen: at,
                }],
                grown: false,
                told: vec![],
            },
        }
    }

    /// The same story, told before for another topic and carried by seven feeds now.
    pub(crate) fn grown() -> StoredAlert {
        let mut alert = mention();
        if let StoredDetail::Mention {
            sources,
            grown,
            told,
            ..
        } = &mut alert.detail
        {
            *sources = vec![sources[0].clone(); 7];
            *grown = true;
            *told = vec![TopicName {
                id: "sco".into(),
                name: "Shanghai Cooperation Organisation".into(),
            }];
        }
        alert
    }

    pub(crate) fn trouble() -> StoredAlert {
        let at = Timestamp::from_millis(1_720_085_400_000);
        StoredAlert {
            id: "al_11111111111111111111111111111111".into(),
            created: at,
            detail: StoredDetail::Feed {
                kind: "feed.failing".into(),
                feed: "vestnik".into(),
                detail: FeedTrouble {
                    source: "Вестник".into(),
                    url: "https://vestnik.example/rss".into(),
                    error: "the server answered 404".into(),
                    since_ms: at.as_millis() - 86_400_000,
                    failures: 9,
                },
            },
        }
    }

    pub(crate) fn spike() -> StoredAlert {
        let at = Timestamp::from_millis(1_720_085_400_000);
        StoredAlert {
            id: "al_33333333333333333333333333333333".into(),
            created: at,
            detail: StoredDetail::Spike {
                topic: "tokayev".into(),
                detail: Box::new(SpikeAlert {
                    title: "Kassym-Jomart Tokayev: 12 mentions in an hour, 1.5 expected".into(),
                    topic_name: "Kassym-Jomart Tokayev".into(),
                    topic_tags: vec!["leader".into()],
                    start_ms: at.as_millis() - 2_700_000,
                    count: 12,
                    expected: 1.5,
                    p_value: 0.00001,
                    stories: vec![SpikeStory {
                        title: "Лидеры прибыли в Астану".into(),
                        link: Some("https://vestnik.example/astana".into()),
                        source: "Вестник".into(),
                        mentions: 7,
                    }],
                }),
            },
        }
    }

    /// A digest of a mention and a feed in trouble, of three alerts.
    pub(crate) fn digest() -> StoredAlert {
        let at = Timestamp::from_millis(1_720_085_400_000);
        StoredAlert {
            id: "al_22222222222222222222222222222222".into(),
            created: at,
            detail: StoredDetail::Digest(Box::new(StoredDigest {
                detail: DigestDetail {
                    title: "3 alerts".into(),
                    reason: Reason::RateLimit,
                    alerts: 3,
                    first_ms: at.as_millis() - 3_600_000,
                    last_ms: at.as_millis(),
                },
                topics: vec![TopicCount {
                    id: "tokayev".into(),
                    name: "Kassym-Jomart Tokayev".into(),
                    alerts: 2,
                }],
                alerts: vec![mention(), trouble()],
            })),
        }
    }

    #[test]
    fn payloads_fit_the_published_schema() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../docs/webhook.schema.json")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut before_scores = mention();
        if let StoredDetail::Mention { score, .. } = &mut before_scores.detail {
            *score = None;
        }
        for alert in [
            mention(),
            before_scores,
            grown(),
            trouble(),
            spike(),
            digest(),
        ] {
            let json: serde_json::Value =
                serde_json::from_str(&Payload::of(&alert).to_json()).unwrap();
            let errors: Vec<_> = validator
                .iter_errors(&json)
                .map(|e| e.to_string())
                .collect();
            assert!(errors.is_empty(), "{errors:?}\n{json:#}");
        }
        assert!(!validator.is_valid(&serde_json::json!({"type": "mention.created"})));
    }

    #[test]
    fn the_document_shows_a_payload_of_today() {
        let shown = serde_json::to_string_pretty(&Payload::of(&mention())).unwrap();
        assert!(
            include_str!("../../docs/webhook.md").contains(&shown),
            "{shown}"
        );
        let shown = serde_json::to_string_pretty(&Payload::of(&trouble())).unwrap();
        assert!(
            include_str!("../../docs/webhook.md").contains(&shown),
            "{shown}"
        );
        let shown = serde_json::to_string_pretty(&Payload::of(&spike())).unwrap();
        assert!(
            include_str!("../../docs/webhook.md").contains(&shown),
            "{shown}"
        );
        // Its alerts are shown by themselves.
        let shown = serde_json::to_string_pretty(&Payload::of(&digest())).unwrap();
        let (before, alerts) = shown.split_once("\"alerts\": [").unwrap();
        let (_, after) = alerts.rsplit_once("\n    ],").unwrap();
        let shown = format!("{before}\"alerts\": [],{after}");
        assert!(
            include_str!("../../docs/webhook.md").contains(&shown),
            "{shown}"
        );
    }
}
