//! The webhook sink: a signed POST of the payload, by the Standard Webhooks specification.
//!
//! A delivery counts as received when the receiver answers 2xx within the time limit. Redirects
//! are not followed (the specification advises against it). 410 stops the sink. What goes wrong is
//! told with the sink's id, never with its URL, which may itself be a secret. An address that is
//! written in the URL is the owner's word; a name that leads to a private one is refused unless the
//! owner allows it.

use std::time::{Duration, SystemTime};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use url::Url;

use super::circuit::Health;
use super::echo;
use super::payload::Payload;
use super::sign::Keys;
use crate::config::Private;
use crate::fetch;
use crate::model::Timestamp;
use crate::store::StoredAlert;

/// Where a webhook leads.
#[derive(Clone)]
pub struct Target {
    client: Client,
    url: Url,
    keys: Option<Keys>,
    timeout: Duration,
    secrets: Vec<String>,
}

/// How a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 2xx.
    Received,
    /// 410: the receiver wants nothing more.
    Gone,
    /// Anything else, or no answer.
    Failed(Failure),
}

/// Why a delivery was not received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words, without the URL.
    pub error: String,
    /// The answer's `Retry-After`.
    pub retry_after: Option<Duration>,
    /// What the answer said, cleaned and cut.
    pub response: Option<String>,
    /// What it says about the receiver.
    pub health: Health,
}

impl Failure {
    /// No answer.
    #[must_use]
    pub fn unanswered(error: String) -> Self {
        Self {
            error,
            retry_after: None,
            response: None,
            health: Health::Down,
        }
    }
}

/// What an answer with this status says about the receiver, 2xx and 410 aside.
#[must_use]
pub fn health(status: u16, retry_after: Option<Duration>) -> Health {
    match (status, retry_after) {
        (429 | 503, Some(asked)) => Health::Busy(asked),
        (408 | 429 | 500..=599, _) => Health::Down,
        _ => Health::Up,
    }
}

impl Target {
    /// Prepares a target.
    ///
    /// # Errors
    /// What the HTTP client says when it can't be built.
    pub fn new(
        url: Url,
        keys: Option<Keys>,
        timeout: Duration,
        private: Private,
    ) -> Result<Self, fetch::FetchError> {
        let allowed = move |address| match &private {
            Private::Refused => false,
            Private::Within(networks) => networks.iter().any(|n| n.contains(address)),
            Private::Allowed => true,
        };
        let client = fetch::receiver_client(&fetch::user_agent(None), &url, allowed)?;
        Ok(Self {
            client,
            secrets: echo::secrets_of(&url),
            url,
            keys,
            timeout,
        })
    }

    /// Sends an alert once.
    pub async fn send(&self, alert: &StoredAlert, now: Timestamp) -> Answer {
        let body = Payload::of(alert).to_json();
        let seconds = now.as_seconds();
        let mut request = self
            .client
            .post(self.url.clone())
            .timeout(self.timeout)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &alert.id)
            .header("webhook-timestamp", seconds);
        if let Some(keys) = &self.keys {
            request = request.header(
                "webhook-signature",
                keys.sign(&alert.id, seconds, body.as_bytes()),
            );
        }
        let response = match request.body(body).send().await {
            Ok(response) => response,
            Err(error) => {
                return Answer::Failed(Failure::unanswered(self.explain(&error)));
            }
        };
        let status = response.status();
        match status.as_u16() {
            200..=299 => Answer::Received,
            410 => Answer::Gone,
            code => {
                let hints = fetch::Hints::read(response.headers(), SystemTime::now());
                let advice = match code {
                    300..=399 => "; webhooks are not redirected: use the final URL",
                    401 | 403 => "; check the receiver's authentication and the signing secret",
                    404 => "; check the webhook's URL",
                    _ => "",
                };
                Answer::Failed(Failure {
                    error: format!("the receiver answered {status}{advice}"),
                    retry_after: hints.retry_after,
                    response: self.read(response).await,
                    health: health(code, hints.retry_after),
                })
            }
        }
    }

    /// What is to be kept of an answer that says no; what can't be read is not missed.
    async fn read(&self, mut response: reqwest::Response) -> Option<String> {
        let mut bytes = Vec::new();
        while bytes.len() <= echo::READ
            && let Ok(Some(chunk)) = response.chunk().await
        {
            let room = (echo::READ + 1).saturating_sub(bytes.len());
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        let cut = bytes.len() > echo::READ;
        bytes.truncate(echo::READ);
        echo::clean(&bytes, cut, &self.secrets)
    }

    fn explain(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no answer within {:?}", self.timeout);
        }
        if let Some(address) = fetch::refused(error) {
            return format!(
                "the receiver's name leads to {address} only, which is not public; \
                 set the sink's `allow_private` if it is meant"
            );
        }
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let what = if error.is_connect() {
            "can't connect"
        } else {
            "the exchange broke off"
        };
        // reqwest's own text holds the URL; its innermost cause does not.
        let deepest = cause.to_string();
        let deepest = if deepest.contains(self.url.as_str()) {
            String::new()
        } else {
            deepest
        };
        format!("{what}: {deepest}")
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("url", &"[secret]")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trouble_of_the_receiver_counts_against_it() {
        let asked = Some(Duration::from_secs(9));
        for status in [300, 302, 400, 401, 403, 404, 409, 413, 422] {
            assert_eq!(health(status, asked), Health::Up, "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            assert_eq!(health(status, None), Health::Down, "{status}");
        }
        assert_eq!(health(429, asked), Health::Busy(Duration::from_secs(9)));
        assert_eq!(health(503, asked), Health::Busy(Duration::from_secs(9)));
        assert_eq!(health(500, asked), Health::Down);
    }
}
