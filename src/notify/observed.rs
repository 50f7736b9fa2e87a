//! What a sink gets that wants every mention: `CloudEvents` 1.0 in structured mode, as for alerts. Pure.
//!
//! The type is `mentiond.mention.observed`. `id` is the event's own, `data.mention_id` that of the mention,
//! which its events have in common. `docs/stream.md` explains the fields to people; a field, once shipped,
//! keeps its meaning.

use serde::Serialize;

use super::payload::{Match, Story, Topic};
use crate::model::Timestamp;
use crate::store::{MentionChange, StoredMention, Telling};

#[derive(Serialize)]
struct Event<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: &'a str,
    time: Timestamp,
    datacontenttype: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    mention_id: &'a str,
    change: MentionChange,
    topic: Topic<'a>,
    score: u8,
    terms: &'a [String],
    #[serde(rename = "match")]
    hit: Match<'a>,
    story: Story<'a>,
    /// Whether this made an alert.
    told: bool,
    /// Else why it did not.
    why_not_told: Option<Telling>,
    alert_id: Option<&'a str>,
}

/// The event that tells a mention, as JSON.
pub(super) fn cloud_event(mention: &StoredMention) -> String {
    let detail = &mention.detail;
    let told = mention.telling == Telling::Told;
    let event = Event {
        specversion: "1.0",
        id: &mention.id,
        source: format!("/mentiond/feeds/{}", detail.feed),
        kind: "mentiond.mention.observed",
        subject: &mention.topic,
        time: mention.created,
        datacontenttype: "application/json",
        data: Data {
            mention_id: &mention.mention,
            change: mention.change,
            topic: Topic::of(&mention.topic, detail),
            score: mention.score,
            terms: &detail.terms,
            hit: Match::of(detail),
            story: Story::of(mention.story.clone(), detail),
            told,
            why_not_told: (!told).then_some(mention.telling),
            alert_id: mention.alert.as_deref(),
        },
    };
    serde_json::to_string(&event)
        .unwrap_or_else(|error| unreachable!("plain data serializes: {error}"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::notify::payload::tests;
    use crate::store::StoredDetail;

    /// An edit of a mention whose story another feed had told.
    pub(in crate::notify) fn mention() -> StoredMention {
        let alert = tests::mention();
        let StoredDetail::Mention {
            topic,
            story,
            score,
            detail,
            ..
        } = alert.detail
        else {
            unreachable!("it is a mention");
        };
        StoredMention {
            id: "mn_2".to_owned(),
            mention: "mn_1".to_owned(),
            created: alert.created,
            change: MentionChange::Revised,
            topic,
            score: score.unwrap_or_default(),
            story: story.to_string(),
            telling: Telling::StoryKnown,
            alert: Some(alert.id),
            detail: *detail,
        }
    }

    fn pretty(mention: &StoredMention) -> serde_json::Value {
        serde_json::from_str(&cloud_event(mention)).unwrap()
    }

    #[test]
    fn an_event_says_what_was_found_and_why_nobody_was_alerted() {
        let event = serde_json::to_string_pretty(&pretty(&mention())).unwrap();
        insta::assert_snapshot!(event, @r#"
        {
          "data": {
            "alert_id": "al_00000000000000000000000000000000",
            "change": "revised",
            "match": {
              "field": "summary",
              "snippet": "…по приглашению Токаева в Астану…",
              "snippet_end": 45,
              "snippet_start": 31,
              "text": "Токаева"
            },
            "mention_id": "mn_1",
            "score": 27,
            "story": {
              "feed": "vestnik",
              "first_seen": "2024-07-04T09:30:00Z",
              "id": "07070707070707070707070707070707",
              "language": "ru",
              "link": "https://vestnik.example/astana",
              "published": "2024-07-04T09:29:00Z",
              "revised": false,
              "source": "Вестник",
              "title": "Лидеры прибыли в Астану"
            },
            "terms": [
              "Токаев*"
            ],
            "told": false,
            "topic": {
              "id": "tokayev",
              "name": "Kassym-Jomart Tokayev",
              "tags": [
                "leader"
              ]
            },
            "why_not_told": "story_known"
          },
          "datacontenttype": "application/json",
          "id": "mn_2",
          "source": "/mentiond/feeds/vestnik",
          "specversion": "1.0",
          "subject": "tokayev",
          "time": "2024-07-04T09:30:00Z",
          "type": "mentiond.mention.observed"
        }
        "#);
    }

    #[test]
    fn what_is_told_has_no_reason_why_not() {
        let told = StoredMention {
            telling: Telling::Told,
            change: MentionChange::Found,
            ..mention()
        };
        let data = &pretty(&told)["data"];
        assert_eq!(data["told"], true);
        assert!(data["why_not_told"].is_null());
        assert_eq!(data["change"], "found");
        let reasons = [
            (Telling::StoryKnown, "story_known"),
            (Telling::NotNews, "not_news"),
            (Telling::BelowMinScore, "below_min_score"),
            (Telling::TooOld, "too_old"),
            (Telling::Rematch, "rematch"),
        ];
        for (telling, word) in reasons {
            let untold = StoredMention {
                telling,
                ..mention()
            };
            assert_eq!(pretty(&untold)["data"]["why_not_told"], word);
        }
    }
}
