//! The webhook sink: a signed POST of the payload, by the Standard Webhooks specification.
//!
//! A delivery counts as received when the receiver answers 2xx within the time limit. Redirects
//! are not followed (the specification forbids it). 410 stops the sink. What goes wrong is told
//! with the sink's id, never with its URL, which may itself be a secret.

use std::time::{Duration, SystemTime};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use url::Url;

use super::payload::Payload;
use super::sign::Key;
use crate::fetch;
use crate::model::Timestamp;
use crate::store::StoredAlert;

/// Where a webhook leads.
#[derive(Clone)]
pub struct Target {
    client: Client,
    url: Url,
    key: Option<Key>,
    timeout: Duration,
}

/// How a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 2xx.
    Received,
    /// 410: the receiver wants nothing more.
    Gone,
    /// Anything else, or no answer.
    Failed {
        /// In words, without the URL.
        error: String,
        /// The answer's `Retry-After`.
        retry_after: Option<Duration>,
    },
}

impl Target {
    /// Prepares a target.
    ///
    /// # Errors
    /// What the HTTP client says when it can't be built.
    pub fn new(url: Url, key: Option<Key>, timeout: Duration) -> Result<Self, fetch::FetchError> {
        let client = fetch::plain_client(&fetch::user_agent(None))?;
        Ok(Self {
            client,
            url,
            key,
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
        if let Some(key) = &self.key {
            request = request.header(
                "webhook-signature",
                key.sign(&alert.id, seconds, body.as_bytes()),
            );
        }
        let response = match request.body(body).send().await {
            Ok(response) => response,
            Err(error) => {
                return Answer::Failed {
                    error: self.explain(&error),
                    retry_after: None,
                };
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
                Answer::Failed {
                    error: format!("the receiver answered {status}{advice}"),
                    retry_after: hints.retry_after,
                }
            }
        }
    }

    fn explain(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no answer within {:?}", self.timeout);
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
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
