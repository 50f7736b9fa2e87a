//! The client: one conditional GET, followed through its redirects to an [`Answer`].

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use tokio::time::timeout;
use url::Url;

use super::error::place;
use super::redirect::Trail;
use super::{Answer, FetchError, Hints, Phase, Validators, body, diagnose, guard};

const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";

/// How long an idle connection is kept. Feeds of one host are polled close together, if at all;
/// after that a kept connection only costs.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// Every limit of a fetch, and the name it goes by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `User-Agent`; see [`user_agent`].
    pub user_agent: String,
    /// For resolving the name, connecting and the TLS handshake, at each hop.
    pub connect_timeout: Duration,
    /// From the beginning of a hop, connecting included, to the end of the answer's head.
    pub header_timeout: Duration,
    /// Between two parts of the body.
    pub idle_timeout: Duration,
    /// For the whole fetch, redirects and body included.
    pub total_timeout: Duration,
    /// The largest body, in bytes after decompression.
    pub max_body: u64,
    /// How many redirects are followed.
    pub max_redirects: u32,
}

/// The `User-Agent` that says who is asking and, with `contact` (a URL or address), where to
/// complain: `mentiond/0.1.0 (+https://example.org/bot)`.
///
/// Characters that a header comment cannot hold are left out of `contact`.
#[must_use]
pub fn user_agent(contact: Option<&str>) -> String {
    let name = concat!("mentiond/", env!("CARGO_PKG_VERSION"));
    let contact: String = contact
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_graphic() && !matches!(c, '(' | ')' | '\\'))
        .collect();
    if contact.is_empty() {
        name.to_owned()
    } else {
        format!("{name} (+{contact})")
    }
}

/// One thing to fetch.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What to get. Credentials in it are sent by Basic authentication to its own origin, and to no
    /// other that a redirect leads to.
    pub url: &'a Url,
    /// The validators of the last full answer; they are sent at the hop whose URL gave them.
    pub validators: Option<&'a Validators>,
    /// Whether the host of `url` may be a loopback, private or other special address. It is the
    /// owner's word about this host alone: another host that a redirect leads to stays guarded.
    pub allow_private_addresses: bool,
}

/// The HTTP client. Clones share connections.
#[derive(Debug, Clone)]
pub struct Fetcher {
    inner: Arc<Inner>,
}

/// Two clients, so that no connection made without the guard is ever reused under it.
#[derive(Debug)]
struct Inner {
    guarded: Client,
    open: Client,
    settings: Settings,
}

impl Fetcher {
    /// Sets up the client.
    ///
    /// # Errors
    /// [`FetchError::Builder`] when the user agent is not a header value, or when this machine has
    /// no CA certificates.
    pub fn new(settings: Settings) -> Result<Self, FetchError> {
        let build =
            |builder: ClientBuilder| builder.build().map_err(|error| diagnose::not_built(&error));
        let inner = Inner {
            guarded: build(configure(&settings).dns_resolver(guard::PublicOnly))?,
            open: build(configure(&settings))?,
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

    /// The client for `url`: the guarded one, unless the owner gave leave for its host.
    pub(super) fn client_for(&self, url: &Url, leave: bool) -> Result<&Client, FetchError> {
        if leave {
            return Ok(&self.inner.open);
        }
        guard::check_literal(url)?;
        Ok(&self.inner.guarded)
    }

    /// Fetches `request.url`.
    ///
    /// # Errors
    /// A [`FetchError`] when there is no answer to go on with; it takes no longer than
    /// [`Settings::total_timeout`] to know.
    pub async fn fetch(&self, request: &Request<'_>) -> Result<Answer, FetchError> {
        let after = self.inner.settings.total_timeout;
        match timeout(after, self.inner.follow(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(FetchError::Timeout {
                place: place(request.url),
                phase: Phase::Total,
                after,
            }),
        }
    }
}

/// What every client of ours has in common: it says who it is, follows no redirect by itself and
/// sends neither cookies nor `Referer`.
fn base(user_agent: &str) -> ClientBuilder {
    // Fails only when a provider is installed already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(user_agent)
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
}

/// A client for requests to addresses that the owner chose, such as webhooks: no address guard and
/// no limits but those that the caller sets.
///
/// # Errors
/// [`FetchError::Builder`] when this machine has no CA certificates.
pub fn plain_client(user_agent: &str) -> Result<Client, FetchError> {
    base(user_agent)
        .build()
        .map_err(|error| diagnose::not_built(&error))
}

fn configure(settings: &Settings) -> ClientBuilder {
    let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(ACCEPTED))]);
    base(&settings.user_agent)
        .default_headers(accept)
        .connect_timeout(settings.connect_timeout)
        // Old and home-made servers send such lines, and browsers put up with them.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(2)
}

impl Inner {
    async fn follow(&self, request: &Request<'_>) -> Result<Answer, FetchError> {
        let mut trail = Trail::begin(request.url, self.settings.max_redirects)?;
        loop {
            let url = trail.current();
            let asked = request
                .validators
                .map(|validators| (validators, validators.conditions(url)))
                .filter(|(_, conditions)| !conditions.is_empty());
            let conditions = asked.as_ref().map(|(_, conditions)| conditions.clone());
            let response = self.send(request, url, conditions).await?;

            let status = response.status().as_u16();
            let hints = Hints::read(response.headers(), SystemTime::now());
            match status {
                200..=299 => return self.full_answer(response, hints, trail).await,
                304 => {
                    let Some((held, _)) = asked else {
                        return Err(FetchError::Unexpected304 { place: place(url) });
                    };
                    return Ok(Answer::NotModified {
                        hints,
                        validators: held.renewed(response.headers()),
                        moved_to: trail.end().1,
                    });
                }
                300..=399 => trail.follow(status, response.headers())?,
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
        conditions: Option<HeaderMap>,
    ) -> Result<Response, FetchError> {
        let client = if request.allow_private_addresses && url.host() == request.url.host() {
            &self.open
        } else {
            guard::check_literal(url)?;
            &self.guarded
        };
        let target = if url.origin() == request.url.origin() {
            with_credentials(url, request.url)
        } else {
            url.clone()
        };
        let attempt = client.get(target).headers(conditions.unwrap_or_default());
        let again = attempt.try_clone();
        let sending = async {
            match (attempt.send().await, again) {
                // The server had closed the idle connection that was used again. GET may be
                // repeated (RFC 9110 §9.2.2), and once is enough: the new connection is fresh.
                (Err(error), Some(again)) if diagnose::was_cut(&error) => again.send().await,
                (result, _) => result,
            }
        };
        let after = self.settings.header_timeout;
        timeout(after, sending)
            .await
            .map_err(|_| FetchError::Timeout {
                place: place(url),
                phase: Phase::Header,
                after,
            })?
            .map_err(|error| diagnose::no_answer(&error, url, self.settings.connect_timeout))
    }

    async fn full_answer(
        &self,
        response: Response,
        hints: Hints,
        trail: Trail,
    ) -> Result<Answer, FetchError> {
        let (final_url, moved_to) = trail.end();
        let headers = response.headers();
        let validators = Validators::read(&final_url, headers);
        let content_type = headers
            .get(CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let bytes = match response.status().as_u16() {
            // No content by definition (RFC 9110 §15.3.5, §15.3.6), whatever the headers claim.
            204 | 205 => Vec::new(),
            _ => {
                let limits = body::Limits {
                    max: self.settings.max_body,
                    idle: self.settings.idle_timeout,
                };
                body::read(response, &final_url, limits).await?
            }
        };
        Ok(Answer::Body {
            bytes,
            content_type,
            validators,
            hints,
            final_url,
            moved_to,
        })
    }
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
    use super::*;

    #[test]
    fn the_user_agent_names_program_version_and_contact() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(user_agent(None), format!("mentiond/{version}"));
        assert_eq!(
            user_agent(Some("https://example.org/bot")),
            format!("mentiond/{version} (+https://example.org/bot)")
        );
    }

    #[test]
    fn a_contact_cannot_break_the_header() {
        let agent = user_agent(Some("a)\r\nCookie: \u{436}(b"));
        assert!(agent.ends_with(" (+aCookie:b)"), "{agent}");
        assert!(HeaderValue::from_str(&agent).is_ok());
    }

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
            connect_timeout: Duration::from_secs(1),
            header_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            total_timeout: Duration::from_secs(1),
            max_body: 1,
            max_redirects: 1,
        };
        let error = Fetcher::new(settings).expect_err("not a header value");
        assert_eq!(error.kind(), "builder");
    }
}
