//! `CloudEvents` 1.0 in structured mode: the event's attributes and our payload's data in one JSON
//! object of type `application/cloudevents+json`.
//!
//! `source` is a relative reference, `/mentiond/feeds/` and the feed in which the alert arose, or
//! `/mentiond/topics` or
//! `/mentiond/digests`; with `id` it is the same in every attempt.
//!
//! Sources: <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>,
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>.

use serde_json::{Value, json};

use super::super::payload::Payload;
use crate::store::{StoredAlert, StoredDetail};

pub(super) fn body(alert: &StoredAlert) -> Value {
    let payload = Payload::of(alert);
    let (source, subject) = match &alert.detail {
        StoredDetail::Mention { topic, detail, .. } => (format!("feeds/{}", detail.feed), topic),
        StoredDetail::Feed { feed, .. } => (format!("feeds/{feed}"), feed),
        StoredDetail::Spike { topic, .. } => ("topics".to_owned(), topic),
        StoredDetail::Digest(_) => ("digests".to_owned(), &alert.id),
    };
    json!({
        "specversion": "1.0",
        "id": alert.id,
        "source": format!("/mentiond/{source}"),
        "type": format!("mentiond.{}", payload.kind),
        "subject": subject,
        "time": payload.timestamp,
        "datacontenttype": "application/json",
        "data": payload.data,
    })
}
