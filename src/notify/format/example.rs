//! Alerts that say of themselves that they are tests or examples.

use sha2::{Digest, Sha256};

use crate::model::{
    AlertKind, FeedTrouble, MentionAlert, SinkId, SpikeAlert, SpikeStory, StoryKey, StorySource,
    Timestamp,
};
use crate::pace::Reason;
use crate::store::{DigestDetail, StoredAlert, StoredDetail, StoredDigest, TopicCount};

/// A test alert for a sink. It has the topic `test`, and another id at each time.
#[must_use]
pub fn example(sink: &SinkId, now: Timestamp) -> StoredAlert {
    let seed = format!("test alert\n{sink}\n{}", now.as_millis());
    let mut key = [0; 16];
    key.copy_from_slice(&Sha256::digest(seed.as_bytes())[..16]);
    let key = StoryKey(key);
    let (before, hit) = ("This is a test of the sink ", sink.as_str());
    let link = Some("https://example.org/mentiond-test".to_owned());
    StoredAlert {
        id: format!("al_{key}"),
        created: now,
        detail: StoredDetail::Mention {
            topic: "test".into(),
            story: key,
            score: Some(50),
            detail: Box::new(MentionAlert {
                topic_name: "Test".into(),
                topic_tags: vec!["test".into()],
                terms: vec![hit.to_owned()],
                matched: hit.to_owned(),
                field: "summary".into(),
                snippet: format!("{before}{hit}. No feed has reported this."),
                snippet_start: before.len(),
                snippet_end: before.len() + hit.len(),
                title: "Test alert from mentiond".into(),
                link: link.clone(),
                language: Some("en".into()),
                published_ms: Some(now.as_millis()),
                first_seen_ms: now.as_millis(),
                feed: "test".into(),
                source: "mentiond".into(),
                revision: false,
            }),
            sources: vec![StorySource {
                feed: "test".into(),
                source: "mentiond".into(),
                link,
                first_seen: now,
            }],
            grown: false,
            told: Vec::new(),
        },
    }
}

/// An alert to try things on.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it is, as in "tried on …".
    pub name: &'static str,
    /// The alert.
    pub alert: StoredAlert,
}

/// An alert of each kind, and a mention of which nothing is known that may be missing.
#[must_use]
pub fn examples() -> Vec<Example> {
    let now = Timestamp::from_millis(1_720_085_400_000);
    let Ok(sink) = SinkId::new("test") else {
        return Vec::new();
    };
    let full = example(&sink, now);
    let mut bare = full.clone();
    if let StoredDetail::Mention {
        score,
        detail,
        sources,
        ..
    } = &mut bare.detail
    {
        *score = None;
        sources.clear();
        **detail = MentionAlert {
            topic_tags: Vec::new(),
            terms: Vec::new(),
            title: String::new(),
            link: None,
            language: None,
            published_ms: None,
            ..(**detail).clone()
        };
    }
    let trouble = |kind: AlertKind| StoredAlert {
        detail: StoredDetail::Feed {
            kind: kind.as_str().to_owned(),
            feed: "test".to_owned(),
            detail: FeedTrouble {
                source: "mentiond".to_owned(),
                url: "https://example.org/feed".to_owned(),
                error: "this is a test".to_owned(),
                since_ms: now.as_millis(),
                failures: 1,
            },
        },
        ..full.clone()
    };
    let spike = StoredAlert {
        detail: StoredDetail::Spike {
            topic: "test".to_owned(),
            detail: Box::new(SpikeAlert {
                title: "Test: 12 mentions in an hour, 1.5 expected".to_owned(),
                topic_name: "Test".to_owned(),
                topic_tags: Vec::new(),
                start_ms: now.as_millis(),
                count: 12,
                expected: 1.5,
                p_value: 0.00001,
                stories: vec![SpikeStory {
                    title: "Test alert from mentiond".to_owned(),
                    link: None,
                    source: "mentiond".to_owned(),
                    mentions: 3,
                }],
            }),
        },
        ..full.clone()
    };
    let digest = StoredAlert {
        detail: StoredDetail::Digest(Box::new(StoredDigest {
            detail: DigestDetail {
                title: "3 alerts".to_owned(),
                reason: Reason::Schedule,
                alerts: 3,
                first_ms: now.as_millis(),
                last_ms: now.as_millis(),
            },
            topics: vec![TopicCount {
                id: "test".to_owned(),
                name: "Test".to_owned(),
                alerts: 2,
            }],
            alerts: vec![full.clone(), trouble(AlertKind::FeedFailing)],
        })),
        ..full.clone()
    };
    let made = |name, alert| Example { name, alert };
    vec![
        made("a mention", full.clone()),
        made(
            "a mention without score, title, link, language, time, tags and feeds",
            bare,
        ),
        made("a feed that keeps failing", trouble(AlertKind::FeedFailing)),
        made("a feed that is gone", trouble(AlertKind::FeedGone)),
        made("a spike", spike),
        made("a digest", digest),
    ]
}
