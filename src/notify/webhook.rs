//! The webhook sink: one request for an alert, in the sink's format, signed by the Standard Webhooks
//! specification if there is a key.
//!
//! [`format`] says what is sent and whether the answer means that it was received, within the time
//! limit. Redirects are not followed (the specification advises against it). 410 stops the sink. What
//! goes wrong is told with the sink's id, never with its URL or token, which are secrets. An address
//! that is written in the URL is the owner's word; a name that leads to a private one is refused
//! unless the owner allows it.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use url::Url;

use super::circuit::Health;
use super::echo;
use super::format::template::TemplateError;
use super::format::{self, Format};
use super::sign::Keys;
use super::voice::Voice;
use crate::config::Private;
use crate::fetch;
use crate::model::Timestamp;
use crate::store::StoredAlert;
use crate::world;

/// How much of an answer is read, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;

/// Where a webhook leads.
#[derive(Clone)]
pub struct Target {
    client: Client,
    url: Url,
    format: Format,
    voice: Voice,
    keys: Option<Keys>,
    pub(super) timeout: Duration,
    /// What must not be shown, the longest first.
    secrets: Vec<String>,
}

/// How a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 2xx, and what else the receiver says when it has taken it.
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
    /// How long the answer asks to wait.
    pub retry_after: Option<Duration>,
    /// What the answer said, cleaned and cut.
    pub response: Option<String>,
    /// What it says about the receiver.
    pub health: Health,
}

impl Failure {
    /// Nothing was sent, because the owner's template failed: the receiver is not to blame.
    #[must_use]
    pub fn untold(error: &TemplateError) -> Self {
        Self {
            error: error.to_string(),
            retry_after: None,
            response: None,
            health: Health::Up,
        }
    }

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
        format: Format,
        voice: Voice,
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
        let mut secrets = echo::secrets_of(&url);
        let carried = format.secrets().into_iter();
        secrets.extend(carried.map(|secret| secret.expose().to_owned()));
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Ok(Self {
            client,
            url,
            format,
            voice,
            keys,
            timeout,
            secrets,
        })
    }

    /// Sends an alert once.
    pub async fn send(&self, alert: &StoredAlert, now: Timestamp) -> Answer {
        let request = match self.request(alert, now) {
            Ok(request) => request,
            Err(error) => return Answer::Failed(Failure::untold(&error)),
        };
        let response = match world::send(request).await {
            Ok(response) => response,
            Err(error) => return Answer::Failed(Failure::unanswered(self.explain(&error))),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = if format::reads_body(&self.format, status) {
            match beginning(response, LONGEST_ANSWER).await {
                Ok(body) => body,
                Err(error) => return Answer::Failed(Failure::unanswered(self.explain(&error))),
            }
        } else if status.is_success() {
            Vec::new()
        } else {
            // It is kept for people; what can't be read is not missed.
            let body = beginning(response, echo::READ + 1).await;
            body.unwrap_or_default()
        };
        self.judge(status, &headers, &body)
    }

    /// The request that tells an alert, signed if there is a key.
    ///
    /// # Errors
    /// That the owner's template makes nothing of it.
    pub(super) fn request(
        &self,
        alert: &StoredAlert,
        now: Timestamp,
    ) -> Result<RequestBuilder, TemplateError> {
        let outgoing = format::outgoing(&self.format, &self.url, alert, &self.voice)?;
        let mut request = self
            .client
            .request(outgoing.method, outgoing.url)
            .timeout(self.timeout)
            .header(CONTENT_TYPE, &*outgoing.content_type);
        for header in &outgoing.headers {
            request = request.header(&header.name, header.value.expose().as_bytes());
        }
        if let Some(token) = &outgoing.bearer {
            request = request.bearer_auth(token.expose());
        }
        let seconds = now.as_seconds();
        if self.keys.is_some() || self.format.is_for_programs() {
            request = request
                .header("webhook-id", &alert.id)
                .header("webhook-timestamp", seconds);
        }
        if let Some(keys) = &self.keys {
            request = request.header(
                "webhook-signature",
                keys.sign(&alert.id, seconds, outgoing.body.as_bytes()),
            );
        }
        Ok(request.body(outgoing.body))
    }

    /// What an answer means; no secret is left in its words.
    pub(super) fn judge(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answer {
        match format::verdict(&self.format, status, headers, body, world::now()) {
            Answer::Failed(failure) => {
                let cut = body.len() > echo::READ;
                let kept = body.get(..echo::READ).unwrap_or(body);
                Answer::Failed(Failure {
                    error: self.without_secrets(&failure.error),
                    response: echo::clean(kept, cut, &self.secrets),
                    ..failure
                })
            }
            other => other,
        }
    }

    /// The text with whatever of it is secret blotted out: the token, and the URL's path and query.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let secrets = self.secrets.iter();
        secrets.fold(text.to_owned(), |text, secret| {
            text.replace(secret, "[secret]")
        })
    }

    pub(super) fn explain(&self, error: &reqwest::Error) -> String {
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
