//! An alert that says of itself that it is a test.

use sha2::{Digest, Sha256};

use crate::model::{MentionAlert, SinkId, StoryKey, StorySource, Timestamp};
use crate::store::{StoredAlert, StoredDetail};

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
