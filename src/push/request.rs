//! What a hub is asked with (§5.1), and what its answer means.

use std::time::Duration;

use crate::fetch::{FetchError, Fetcher};
use crate::model::Secret;

use super::Target;
use super::lease::{Ask, LEASE};

/// Characters of a hub's explanation that are shown.
const EXCERPT: usize = 200;

/// One request to a hub.
#[derive(Debug)]
pub struct HubRequest<'a> {
    /// Whom to ask, and for what.
    pub target: &'a Target,
    /// To begin or to end.
    pub ask: Ask,
    /// Our address for this subscription; whoever knows it can speak as the hub.
    pub callback: Secret,
    /// What the hub is to sign with. It is sent to hubs without TLS too, though §5.1 says that it
    /// SHOULD not be: who can listen there can read callback and content anyway, and against all
    /// others a signature still protects.
    pub secret: Secret,
    /// Whether the hub may be at a private address.
    pub allow_private_addresses: bool,
}

/// Why a hub did not accept a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HubError {
    /// There was no answer.
    #[error("the WebSub hub gave no answer: {0}")]
    NoAnswer(#[from] FetchError),
    /// It answered with an error (§5.1.2).
    #[error(
        "the WebSub hub {host} refused with status {status}{}: the feed is polled instead",
        explained(excerpt)
    )]
    Refused {
        /// The hub's host.
        host: String,
        /// The status.
        status: u16,
        /// What it says, cut short; empty when it says nothing.
        excerpt: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
}

impl HubError {
    /// How long the hub asks to wait, if it says.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoAnswer(error) => error.retry_after(),
            Self::Refused { retry_after, .. } => *retry_after,
        }
    }
}

/// Sends the request. An `Ok` means that the hub will verify it, and no more.
///
/// # Errors
/// [`HubError`], in which neither callback nor secret appears, even if the hub repeats them.
pub async fn send(fetcher: &Fetcher, request: &HubRequest<'_>) -> Result<(), HubError> {
    let lease = LEASE.as_secs().to_string();
    let mut fields = vec![
        ("hub.callback", request.callback.expose()),
        ("hub.mode", mode(request.ask)),
        ("hub.topic", request.target.topic.as_str()),
    ];
    if request.ask == Ask::Subscribe {
        fields.push(("hub.lease_seconds", lease.as_str()));
        fields.push(("hub.secret", request.secret.expose()));
    }
    let hub = &request.target.hub;
    let answer = fetcher
        .post_form(hub, &fields, request.allow_private_addresses)
        .await?;
    // 202 is what §5.1.2 asks of a hub; some say 204 or 200.
    if answer.is_success() {
        return Ok(());
    }
    Err(HubError::Refused {
        host: answer.final_url.host_str().unwrap_or_default().to_owned(),
        status: answer.status,
        excerpt: discreet(&answer.excerpt, request),
        retry_after: answer.retry_after,
    })
}

const fn mode(ask: Ask) -> &'static str {
    match ask {
        Ask::Subscribe => "subscribe",
        Ask::Unsubscribe => "unsubscribe",
    }
}

/// The hub's words up to where they repeat a secret, cut short.
fn discreet(words: &str, request: &HubRequest<'_>) -> String {
    let callback = request.callback.expose();
    let token = callback.rsplit('/').next().unwrap_or(callback);
    let end = [token, request.secret.expose()]
        .into_iter()
        .filter_map(|secret| words.find(secret))
        .min()
        .unwrap_or(words.len());
    words[..end].chars().take(EXCERPT).collect()
}

fn explained(excerpt: &str) -> String {
    if excerpt.is_empty() {
        String::new()
    } else {
        format!(" ({})", excerpt.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_shows_the_hubs_words_but_no_secret() {
        let target = Target {
            hub: "https://hub.example/".parse().unwrap(),
            topic: "https://news.example/".parse().unwrap(),
        };
        let request = HubRequest {
            target: &target,
            ask: Ask::Subscribe,
            callback: Secret::new("https://me.example/websub/TOKEN".into()),
            secret: Secret::new("SECRET".into()),
            allow_private_addresses: false,
        };
        for (words, shown) in [
            ("no such topic", "no such topic"),
            (
                "bad callback https://me.example/websub/TOKEN?",
                "bad callback https://me.example/websub/",
            ),
            ("key SECRET and TOKEN", "key "),
        ] {
            assert_eq!(discreet(words, &request), shown);
        }
        assert_eq!(
            discreet(&"ж".repeat(900), &request).chars().count(),
            EXCERPT
        );
        assert!(!format!("{request:?}").contains("TOKEN"));
    }
}
