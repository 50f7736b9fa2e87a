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
    NoAnswer(FetchError),
    /// There was no answer but a redirect that repeats our secrets, which must not be shown.
    #[error(
        "the WebSub hub {host} sends us from place to place by our own words: the feed is polled \
         instead"
    )]
    Echo {
        /// The hub's host.
        host: String,
    },
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
            Self::Echo { .. } => None,
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
    let host = hub.host_str().unwrap_or_default().to_owned();
    let secrets = [token(request.callback.expose()), request.secret.expose()];
    let answer = match fetcher
        .post_form(hub, &fields, request.allow_private_addresses)
        .await
    {
        Ok(answer) => answer,
        Err(error) => {
            let words = error.to_string();
            let discreet = until_secret(&words, &secrets).len() == words.len();
            return Err(if discreet {
                HubError::NoAnswer(error)
            } else {
                HubError::Echo { host }
            });
        }
    };
    // 202 is what §5.1.2 asks of a hub; some say 204 or 200.
    if answer.is_success() {
        return Ok(());
    }
    Err(HubError::Refused {
        host,
        status: answer.status,
        excerpt: until_secret(&answer.excerpt, &secrets)
            .chars()
            .take(EXCERPT)
            .collect(),
        retry_after: answer.retry_after,
    })
}

const fn mode(ask: Ask) -> &'static str {
    match ask {
        Ask::Subscribe => "subscribe",
        Ask::Unsubscribe => "unsubscribe",
    }
}

/// The part of a callback that only its hub may know.
fn token(callback: &str) -> &str {
    callback.rsplit('/').next().unwrap_or(callback)
}

/// A stranger's words up to where they repeat a secret, in whatever case.
pub(super) fn until_secret<'a>(words: &'a str, secrets: &[&str]) -> &'a str {
    let lower = words.to_ascii_lowercase();
    let found = |secret: &&str| lower.find(&secret.to_ascii_lowercase());
    let end = secrets.iter().filter_map(found).min();
    &words[..end.unwrap_or(words.len())]
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
    fn a_hubs_words_end_where_they_repeat_a_secret() {
        for (words, shown) in [
            ("no such topic", "no such topic"),
            (
                "bad callback https://me.example/websub/TOKEN?",
                "bad callback https://me.example/websub/",
            ),
            ("ключ sEcReT and TOKEN", "ключ "),
            ("TOKEN", ""),
        ] {
            assert_eq!(until_secret(words, &["TOKEN", "SECRET"]), shown);
        }
        assert_eq!(token("https://me.example/websub/TOKEN"), "TOKEN");
    }

    #[test]
    fn a_request_shows_no_secret() {
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
        let shown = format!("{request:?}");
        assert!(
            !shown.contains("TOKEN") && !shown.contains("SECRET"),
            "{shown}"
        );
    }
}
