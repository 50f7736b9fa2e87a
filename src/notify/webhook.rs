//! The webhook sink: one request for an alert, in the sink's format, signed by the Standard Webhooks
//! specification if there is a key.
//!
//! [`format`] says what is sent and whether the answer means that it was received, within the time
//! limit. Redirects are not followed (the specification forbids it). 410 stops the sink. What goes
//! wrong is told with the sink's id, never with its URL or token, which are secrets.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use url::Url;

use super::format::{self, Format};
use super::sign::Key;
use crate::fetch;
use crate::model::{Secret, Timestamp};
use crate::store::StoredAlert;

/// How much of an answer is read, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;

/// Where a webhook leads.
#[derive(Clone)]
pub struct Target {
    client: Client,
    url: Url,
    format: Format,
    key: Option<Key>,
    pub(super) timeout: Duration,
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
    pub fn new(
        url: Url,
        format: Format,
        key: Option<Key>,
        timeout: Duration,
    ) -> Result<Self, fetch::FetchError> {
        let client = fetch::plain_client(&fetch::user_agent(None))?;
        Ok(Self {
            client,
            url,
            format,
            key,
            timeout,
        })
    }

    /// Sends an alert once.
    pub async fn send(&self, alert: &StoredAlert, now: Timestamp) -> Answer {
        let response = match self.request(alert, now).send().await {
            Ok(response) => response,
            Err(error) => {
                return Answer::Failed {
                    error: self.explain(&error),
                    retry_after: None,
                };
            }
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = if format::reads_body(&self.format, status) {
            match beginning(response, LONGEST_ANSWER).await {
                Ok(body) => body,
                Err(error) => {
                    return Answer::Failed {
                        error: self.explain(&error),
                        retry_after: None,
                    };
                }
            }
        } else {
            Vec::new()
        };
        self.judge(status, &headers, &body)
    }

    /// The request that tells an alert, signed if there is a key.
    pub(super) fn request(&self, alert: &StoredAlert, now: Timestamp) -> RequestBuilder {
        let outgoing = format::outgoing(&self.format, &self.url, alert);
        let mut request = self
            .client
            .request(outgoing.method, outgoing.url)
            .timeout(self.timeout)
            .header(CONTENT_TYPE, outgoing.content_type);
        if let Some(token) = &outgoing.bearer {
            request = request.bearer_auth(token.expose());
        }
        let seconds = now.as_seconds();
        if self.key.is_some() || self.format.is_for_programs() {
            request = request
                .header("webhook-id", &alert.id)
                .header("webhook-timestamp", seconds);
        }
        if let Some(key) = &self.key {
            request = request.header(
                "webhook-signature",
                key.sign(&alert.id, seconds, outgoing.body.as_bytes()),
            );
        }
        request.body(outgoing.body)
    }

    /// What an answer means; no secret is left in its words.
    pub(super) fn judge(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answer {
        match format::verdict(&self.format, status, headers, body, SystemTime::now()) {
            Answer::Failed { error, retry_after } => Answer::Failed {
                error: self.without_secrets(&error),
                retry_after,
            },
            other => other,
        }
    }

    /// The text with whatever of it is secret blotted out: the token, and the URL's path and query.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let token = self.format.token().map(Secret::expose);
        let (path, query) = (Some(self.url.path()), self.url.query());
        let segments = self.url.path().split('/').filter(|part| part.len() > 7);
        [token, path, query]
            .into_iter()
            .flatten()
            .chain(segments)
            .filter(|secret| secret.len() > 3)
            .fold(text.to_owned(), |text, secret| {
                text.replace(secret, "[secret]")
            })
    }

    pub(super) fn explain(&self, error: &reqwest::Error) -> String {
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
            self.without_secrets(&deepest)
        };
        format!("{what}: {deepest}")
    }
}

/// The beginning of an answer's body, at most `limit` bytes.
pub(super) async fn beginning(
    mut response: Response,
    limit: usize,
) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() < limit
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(limit);
    Ok(body)
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("url", &"[secret]")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
