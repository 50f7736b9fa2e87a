//! Sending a form: what a WebSub hub is asked with (WebSub §5.1), under the same guard and limits
//! as a fetch.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use tokio::time::timeout;
use url::Url;
use url::form_urlencoded::Serializer;

use super::error::place;
use super::redirect::Trail;
use super::{FetchError, Fetcher, Hints, Phase, diagnose};
use crate::world;

/// How many hops a form follows.
const MAX_HOPS: u32 = 5;

/// How much of a refusal's body is read.
const EXCERPT: usize = 1024;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormAnswer {
    /// The status: 2xx, or an error of 4xx or 5xx.
    pub status: u16,
    /// The beginning of an error's body as one line, at most 1,024 bytes. It is a stranger's text
    /// and may repeat what was sent, secrets included.
    pub excerpt: String,
    /// How long the server asks to wait, if it says.
    pub retry_after: Option<Duration>,
    /// The URL that answered.
    pub final_url: Url,
}

impl FormAnswer {
    /// Whether the form was accepted.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

impl Fetcher {
    /// Posts `fields` to `url` as `application/x-www-form-urlencoded`, in UTF-8.
    ///
    /// Redirects by 307 and 308, which keep method and body (RFC 9110 §15.4.8, §15.4.9), are
    /// followed for at most five hops; not from https to http, where what the form holds could be
    /// read by others. `allow_private_addresses` is the owner's leave for the host of `url` alone.
    ///
    /// # Errors
    /// A [`FetchError`] when there is no answer; a status of 4xx or 5xx is an answer.
    pub async fn post_form(
        &self,
        url: &Url,
        fields: &[(&str, &str)],
        allow_private_addresses: bool,
    ) -> Result<FormAnswer, FetchError> {
        let after = self.settings().total_timeout;
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        let posting = self.post_through(url, form, allow_private_addresses);
        timeout(after, posting)
            .await
            .unwrap_or_else(|_| Err(timed_out(url, Phase::Total, after)))
    }

    async fn post_through(
        &self,
        url: &Url,
        form: String,
        leave: bool,
    ) -> Result<FormAnswer, FetchError> {
        let mut trail = Trail::begin(url, MAX_HOPS)?;
        loop {
            let here = trail.current();
            let leave = leave && here.host() == url.host();
            let response = self.post_once(here, form.clone(), leave).await?;
            let status = response.status().as_u16();
            if !(300..400).contains(&status) {
                return self.form_answer(response, trail.end().0).await;
            }
            let from = here.clone();
            let bad = |reason: &str| FetchError::BadRedirect {
                place: place(&from),
                status,
                reason: reason.to_owned(),
            };
            if !matches!(status, 307 | 308) {
                return Err(bad("a form follows 307 and 308 only"));
            }
            trail.follow(status, response.headers())?;
            if is_downgrade(&from, trail.current()) {
                return Err(bad("it leads from https to http"));
            }
        }
    }

    async fn post_once(
        &self,
        url: &Url,
        form: String,
        leave: bool,
    ) -> Result<Response, FetchError> {
        let settings = self.settings();
        let request = self
            .client_for(url, leave)?
            .post(url.clone())
            .header(ACCEPT, "*/*")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        timeout(settings.header_timeout, world::send(request))
            .await
            .map_err(|_| timed_out(url, Phase::Header, settings.header_timeout))?
            .map_err(|error| diagnose::no_answer(&error, url, settings.connect_timeout))
    }

    async fn form_answer(&self, response: Response, url: Url) -> Result<FormAnswer, FetchError> {
        let status = response.status().as_u16();
        let hints = Hints::read(response.headers(), world::now());
        let excerpt = match status {
            200..=299 => String::new(),
            _ => excerpt(response, self.settings().idle_timeout).await,
        };
        Ok(FormAnswer {
            status,
            excerpt,
            retry_after: hints.retry_after,
            final_url: url,
        })
    }
}

/// The beginning of a body, as far as it comes: what is missing of a refusal's text is no failure.
async fn excerpt(mut response: Response, idle: Duration) -> String {
    let mut bytes: Vec<u8> = Vec::new();
    while bytes.len() < EXCERPT
        && let Ok(Ok(Some(chunk))) = timeout(idle, response.chunk()).await
    {
        let room = EXCERPT - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    let text = String::from_utf8_lossy(&bytes);
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// Whether others could read on the way to `to` what was safe on the way to `from`.
fn is_downgrade(from: &Url, to: &Url) -> bool {
    from.scheme() == "https" && to.scheme() != "https"
}

fn timed_out(url: &Url, phase: Phase, after: Duration) -> FetchError {
    FetchError::Timeout {
        place: place(url),
        phase,
        after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_does_not_go_from_https_to_http() {
        let url = |text: &str| Url::parse(text).unwrap();
        let (open, secure) = (url("http://a.example/"), url("https://a.example/"));
        assert!(is_downgrade(&secure, &open));
        for (from, to) in [(&open, &secure), (&open, &open), (&secure, &secure)] {
            assert!(!is_downgrade(from, to));
        }
    }
}
