//! What the subscriber answers at the door: is this ours, and whose is that.

use url::Url;

use super::Subscriber;
use super::callback::{Callbacks, Intent, Recipient};
use super::lease::{Event, State};
use super::request::until_secret;
use crate::model::Timestamp;

impl Callbacks for Subscriber {
    async fn confirm(&self, token: &str, intent: Intent, now: Timestamp) -> bool {
        let (key, held) = match self.ledger.look_up(token).await {
            Ok(Some(found)) => found,
            Ok(None) => return false,
            Err(error) => {
                tracing::warn!("a hub's question can't be answered: {error}");
                return false;
            }
        };
        let (topic, event, error) = match intent {
            Intent::Subscribe { topic, lease } if held.now.awaits_subscription() => {
                (topic, Event::Verified { lease }, None)
            }
            Intent::Unsubscribe { topic } if held.now.state == State::Leaving => {
                (topic, Event::Left, None)
            }
            Intent::Denied { topic, reason } => {
                let secret = self.ledger.secret(key);
                let reason = reason.as_deref().unwrap_or_default();
                let reason = until_secret(reason, &[token, secret.expose()]).trim();
                let why = if reason.is_empty() {
                    String::new()
                } else {
                    format!(" ({reason})")
                };
                let error = format!("the WebSub hub denies it{why}: the feed is polled instead");
                (topic, Event::Denied, Some(error))
            }
            Intent::Subscribe { .. } | Intent::Unsubscribe { .. } => return false,
        };
        if !is_topic(&held.target.topic, &topic) {
            return false;
        }
        let random = fastrand::f64();
        let changed = self
            .ledger
            .change(key, |held| {
                held.now = held.now.step(event, now, random);
                held.error.clone_from(&error);
            })
            .await;
        match changed {
            Ok(changed) => changed.is_some(),
            // The hub takes it for a refusal; the subscription is asked for again by policy.
            Err(error) => {
                tracing::warn!(
                    feed = key.feed.number(),
                    "a hub's word can't be recorded: {error}"
                );
                false
            }
        }
    }

    async fn recipient(&self, token: &str) -> Recipient {
        let mut found = self.ledger.by_token(token);
        if found.is_none() {
            found = match self.ledger.look_up(token).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!("whose pushed content is can't be looked up: {error}");
                    return Recipient::Unsure;
                }
            };
        }
        match found {
            None => Recipient::Unknown,
            Some((key, held)) if held.now.awaits_subscription() => {
                Recipient::Feed(key.feed, self.ledger.secret(key))
            }
            Some(_) => Recipient::Over,
        }
    }
}

/// Whether a hub names the topic that it was asked for; it may spell the same URL differently.
fn is_topic(topic: &Url, named: &str) -> bool {
    topic.as_str() == named || Url::parse(named).is_ok_and(|named| named == *topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_known_in_every_spelling_of_its_url_and_no_other() {
        let topic = Url::parse("https://news.example/f%C3%A9?a=1").unwrap();
        for same in [
            "https://news.example/f%C3%A9?a=1",
            "HTTPS://News.Example:443/fé?a=1",
        ] {
            assert!(is_topic(&topic, same), "{same}");
        }
        for other in [
            "",
            "https://news.example/",
            "http://news.example/f%C3%A9?a=1",
        ] {
            assert!(!is_topic(&topic, other), "{other}");
        }
    }
}
