//! The client: one conditional GET, followed through its redirects to an [`Answer`].

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, IF_NONE_MATCH};
use reqwest::{Client, Response};
use tokio::time::{sleep, timeout};
use url::Url;

use super::clients::Clients;
use super::error::place;
use super::redirect::Trail;
use super::resolver::Guard;
use super::{
    Answer, FetchError, Hints, Links, Phase, Request, Settings, Validators, body, delta, diagnose,
    guard, links,
};
use crate::model::RequestOptions;
use crate::world;

/// The longest wait before a redirect is followed that asks for one; a longer one is for another
/// fetch.
const REDIRECT_PATIENCE: Duration = Duration::from_secs(5);

/// The HTTP client. Clones share connections.
#[derive(Debug, Clone)]
pub struct Fetcher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clients: Clients,
    settings: Settings,
}

/// The limits that differ between fetches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub total: Duration,
    pub header: Duration,
    pub redirects: u32,
    pub body: body::Limits,
}

impl Fetcher {
    /// Sets up the client.
    ///
    /// # Errors
    /// [`FetchError::Builder`] when the user agent is not a header value, or when this machine has
    /// no CA certificates; [`FetchError::Options`] when the proxy can't be used.
    pub fn new(settings: Settings) -> Result<Self, FetchError> {
        Self::with_guard(settings, Guard::default())
    }

    pub(super) fn with_guard(settings: Settings, guard: Guard) -> Result<Self, FetchError> {
        let inner = Inner {
            clients: Clients::new(settings.clone(), guard)?,
            settings,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The limits.
    pub(super) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The client for `url`: the guarded one, unless the owner gave leave for its host and port.
    pub(super) fn client_for(&self, url: &Url, leave: bool) -> Result<Client, FetchError> {
        if !leave {
            guard::check_literal(url)?;
        }
        guard::check_port(url, leave.then_some(url), &self.inner.settings.ports)?;
        let usual = RequestOptions::default();
        self.inner.clients.get(&usual, false, !leave)
    }

    /// Fetches `request.url`.
    ///
    /// # Errors
    /// A [`FetchError`] when there is no answer to go on with; it takes no longer than
    /// [`Settings::total_timeout`], or the request's own time, to know.
    pub async fn fetch(&self, request: &Request<'_>) -> Result<Answer, FetchError> {
        self.fetch_within(request, self.limits(request)).await
    }

    /// The limits for a request. One with a time of its own may spend all of it on any phase: the
    /// owner who grants a slow server minutes does not want to lose it to the general limits.
    pub(super) fn limits(&self, request: &Request<'_>) -> Limits {
        let settings = &self.inner.settings;
        let own = request.options.timeout;
        Limits {
            total: own.unwrap_or(settings.total_timeout),
            header: own.unwrap_or(settings.header_timeout),
            redirects: settings.max_redirects,
            body: body::Limits {
                max: settings.max_body,
                idle: own.unwrap_or(settings.idle_timeout),
                cut: false,
            },
        }
    }

    pub(super) async fn fetch_within(
        &self,
        request: &Request<'_>,
        limits: Limits,
    ) -> Result<Answer, FetchError> {
        match timeout(limits.total, self.inner.follow(request, limits)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(FetchError::Timeout {
                place: place(request.url),
                phase: Phase::Total,
                after: limits.total,
            }),
        }
    }
}

impl Inner {
    async fn follow(&self, request: &Request<'_>, limits: Limits) -> Result<Answer, FetchError> {
        let mut trail = Trail::begin(request.url, limits.redirects)?;
        loop {
            let url = trail.current();
            let asked = request
                .validators
                .map(|validators| (validators, validators.conditions(url)))
                .filter(|(_, conditions)| !conditions.is_empty());
            let conditions = asked.as_ref().map(|(_, conditions)| conditions);
            let response = self.send(request, url, conditions, limits).await?;

            let status = response.status().as_u16();
            let headers = response.headers();
            let hints = Hints::read(headers, world::now());
            match status {
                200..=299 => {
                    let partial = status == 226;
                    if partial {
                        let sent = conditions.filter(|_| request.deltas);
                        let sent = sent.and_then(|conditions| conditions.get(IF_NONE_MATCH));
                        delta::check(headers, sent).map_err(|reason| FetchError::BadDelta {
                            place: place(url),
                            reason,
                        })?;
                    }
                    return full_answer(response, hints, trail, limits.body, partial).await;
                }
                304 => {
                    let Some((held, _)) = asked else {
                        return Err(FetchError::Unexpected304 { place: place(url) });
                    };
                    let links = Links::read(headers, url);
                    return Ok(Answer::NotModified {
                        hints,
                        validators: held.renewed(headers),
                        links,
                        moved_to: trail.end().1,
                    });
                }
                300..=399 => {
                    let wait = hints.retry_after.unwrap_or_default();
                    trail.follow(status, headers)?;
                    // The least time to wait before the redirected request (RFC 9110 §10.2.3).
                    if wait > REDIRECT_PATIENCE {
                        return Ok(Answer::Throttled {
                            status,
                            retry_after: hints.retry_after,
                        });
                    }
                    drop(response);
                    sleep(wait).await;
                }
                // Behind a temporary redirect it is only today's target that is gone.
                410 if trail.is_permanent() => return Ok(Answer::Gone),
                429 | 503 => {
                    return Ok(Answer::Throttled {
                        status,
                        retry_after: hints.retry_after,
                    });
                }
                _ => {
                    return Err(FetchError::Status {
                        place: place(url),
                        status,
                        retry_after: hints.retry_after,
                    });
                }
            }
        }
    }

    /// One hop: sends the request to `url` and waits for the answer's head.
    async fn send(
        &self,
        request: &Request<'_>,
        url: &Url,
        conditions: Option<&HeaderMap>,
        limits: Limits,
    ) -> Result<Response, FetchError> {
        let ours = request.at_own_origin(url);
        let own_host = request.at_own_host(url);
        let guarded = !(request.allow_private_addresses && own_host);
        if guarded {
            guard::check_literal(url).map_err(|error| error.at_own_host(own_host))?;
        }
        guard::check_port(url, request.own, &self.settings.ports)?;
        let target = match request.own {
            Some(own) if ours => with_credentials(url, own),
            _ => url.clone(),
        };
        let none = HeaderMap::new();
        let headers = request.headers(url, conditions.unwrap_or(&none))?;
        let client = self.clients.get(request.options, ours, guarded)?;
        let attempt = client.get(target).headers(headers);
        let again = attempt.try_clone();
        let sending = async {
            match (world::send(attempt).await, again) {
                // The server had closed the idle connection that was used again. GET may be
                // repeated (RFC 9110 §9.2.2), and once is enough: the new connection is fresh.
                (Err(error), Some(again)) if diagnose::was_cut(&error) => world::send(again).await,
                (result, _) => result,
            }
        };
        timeout(limits.header, sending)
            .await
            .map_err(|_| FetchError::Timeout {
                place: place(url),
                phase: Phase::Header,
                after: limits.header,
            })?
            .map_err(|error| {
                let connect = self.settings.connect_timeout;
                diagnose::no_answer(&error, url, connect).at_own_host(own_host)
            })
    }
}

async fn full_answer(
    response: Response,
    hints: Hints,
    trail: Trail,
    limits: body::Limits,
    delta: bool,
) -> Result<Answer, FetchError> {
    let (final_url, moved_to) = trail.end();
    let headers = response.headers();
    let validators = Validators::read(&final_url, headers);
    let links = Links::read(headers, &final_url);
    let language = links::language(headers);
    let content_type = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let bytes = match response.status().as_u16() {
        // No content by definition (RFC 9110 §15.3.5, §15.3.6), whatever the headers claim.
        204 | 205 => Vec::new(),
        _ => body::read(response, &final_url, limits).await?,
    };
    Ok(Answer::Body {
        bytes,
        content_type,
        validators,
        hints,
        final_url,
        moved_to,
        links,
        language,
        delta,
    })
}

/// `url` with the credentials of `owner`, which the HTTP library turns into Basic authentication.
fn with_credentials(url: &Url, owner: &Url) -> Url {
    let mut url = url.clone();
    // Neither fails for a URL with a host; both texts are percent-encoded already.
    let _ = url.set_username(owner.username());
    let _ = url.set_password(owner.password());
    url
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::roomy;
    use super::*;

    #[test]
    fn fetches_can_move_between_threads() {
        fn movable<T: Send>(_: impl Fn(&'static Fetcher, &'static Request<'static>) -> T) {}
        fn shared<T: Clone + Send + Sync>() {}
        shared::<Fetcher>();
        movable(|fetcher, request| fetcher.fetch(request));
    }

    #[test]
    fn an_unusable_user_agent_is_told_when_the_client_is_built() {
        let settings = Settings {
            user_agent: "a\nb".to_owned(),
            ..roomy()
        };
        let error = Fetcher::new(settings).expect_err("not a header value");
        assert_eq!(error.kind(), "builder");
    }
}
