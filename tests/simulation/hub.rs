//! A WebSub hub: what was asked of it, and whom it pushes to.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::form_urlencoded;

/// A subscription, by its callback.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub topic: String,
    pub secret: String,
    /// Whether the daemon has confirmed it.
    pub is_active: bool,
}

/// The question at the callback, whether the request was meant, which a hub has to ask next.
#[derive(Debug)]
pub struct Verify {
    pub path: String,
    pub query: String,
    pub callback: String,
    pub is_end: bool,
}

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Hub {
    pub subscriptions: BTreeMap<String, Subscription>,
}

impl Hub {
    /// A request of the daemon; what follows from it, if it is one.
    pub fn asked(&mut self, form: &[u8]) -> Option<Verify> {
        let fields: BTreeMap<String, String> = form_urlencoded::parse(form).into_owned().collect();
        let field = |name: &str| fields.get(name).cloned();
        let (callback, topic) = (field("hub.callback")?, field("hub.topic")?);
        let mode = field("hub.mode")?;
        let is_end = mode == "unsubscribe";
        if !is_end {
            let subscription = Subscription {
                topic: topic.clone(),
                secret: field("hub.secret")?,
                is_active: false,
            };
            self.subscriptions.insert(callback.clone(), subscription);
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", &mode)
            .append_pair("hub.topic", &topic)
            .append_pair("hub.challenge", "chosen-by-the-hub")
            .append_pair("hub.lease_seconds", "20000")
            .finish();
        Some(Verify {
            path: path_of(&callback),
            query,
            callback,
            is_end,
        })
    }

    /// What the daemon said to the hub's question.
    pub fn verified(&mut self, callback: &str, confirmed: bool, is_end: bool) {
        if !confirmed {
            return;
        }
        if is_end {
            self.subscriptions.remove(callback);
        } else if let Some(subscription) = self.subscriptions.get_mut(callback) {
            subscription.is_active = true;
        }
    }

    /// Whom to push what a topic has published: path and signature of each request.
    pub fn pushes(&self, topic: &str, body: &[u8]) -> Vec<(String, String)> {
        let active = self.subscriptions.iter();
        active
            .filter(|(_, subscription)| subscription.is_active && subscription.topic == topic)
            .map(|(callback, subscription)| (path_of(callback), sign(&subscription.secret, body)))
            .collect()
    }
}

fn path_of(callback: &str) -> String {
    let url: url::Url = callback.parse().expect("a callback is a URL");
    url.path().to_owned()
}

fn sign(secret: &str, body: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    mac.update(body);
    let mut text = "sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}").expect("text");
    }
    text
}
