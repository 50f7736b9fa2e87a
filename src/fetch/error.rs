//! Why a fetch came back with nothing, in words for the feed's owner.
//!
//! Messages name scheme, host and path only: a query or credentials, which may be secrets, appear
//! in none.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use url::Url;

/// The part of a fetch that took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Resolving the name, connecting and the TLS handshake.
    Connect,
    /// Waiting for the answer's head.
    Header,
    /// Waiting for the next part of the body.
    Body,
    /// The fetch as a whole, redirects included.
    Total,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Header => "waiting for the answer",
            Self::Body => "waiting for more of the body",
            Self::Total => "the whole fetch",
        })
    }
}

/// Why a fetch failed. `place` is a URL without query and credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The host's name has no address.
    #[error("cannot resolve {host} ({reason}): check the URL and this machine's DNS")]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// Nothing accepts connections there.
    #[error("cannot connect to {place} ({reason}): check the URL and whether the server is up")]
    Connect {
        /// Where to.
        place: String,
        /// What the system said.
        reason: String,
    },
    /// The TLS handshake failed or the certificate is not trusted.
    #[error(
        "no trusted TLS connection to {place} ({reason}): check the server's certificate, and this machine's clock and CA certificates"
    )]
    Tls {
        /// Where to.
        place: String,
        /// What the TLS library said.
        reason: String,
    },
    /// Something took too long.
    #[error(
        "{place}: {phase} took more than {} s: try later, or raise the time limits of `[fetch]` or the feed's `timeout`",
        after.as_secs_f64()
    )]
    Timeout {
        /// Which URL.
        place: String,
        /// Which part of the fetch.
        phase: Phase,
        /// The limit that was passed.
        after: Duration,
    },
    /// The host is an address that strangers' URLs must not reach.
    #[error(
        "refused to connect to {host} at {address}, which is not a public address: if the feed is yours, {}",
        leave(*own)
    )]
    AddressRefused {
        /// The host as the URL has it.
        host: String,
        /// The address it stands for, or the first of them.
        address: IpAddr,
        /// Whether it is the host of the feed's own URL.
        own: bool,
    },
    /// A port that strangers' URLs must not name.
    #[error(
        "refused to connect to port {port} of {host}: if a feed is served there, write the port in the feed's own URL or list it in `ports`"
    )]
    PortRefused {
        /// The host as the URL has it.
        host: String,
        /// The port.
        port: u16,
    },
    /// The chain of redirects is too long.
    #[error(
        "gave up after {limit} redirects at {place}: open the URL in a browser and use the one it ends at"
    )]
    TooManyRedirects {
        /// Where the chain was cut.
        place: String,
        /// The limit.
        limit: u32,
    },
    /// The chain of redirects comes back to where it was.
    #[error(
        "redirects lead back to {place}: the server may insist on cookies, which are not sent; look for another URL"
    )]
    RedirectLoop {
        /// The place that was met twice.
        place: String,
    },
    /// A redirect that cannot be followed.
    #[error("{place} redirects (status {status}), but {reason}: look for the feed's new URL")]
    BadRedirect {
        /// The place that redirects.
        place: String,
        /// The status.
        status: u16,
        /// What is wrong with it.
        reason: String,
    },
    /// A URL, of the feed or in a redirect, that is not one of HTTP.
    #[error("{scheme} URLs cannot be fetched: use an http or https URL")]
    UnsupportedScheme {
        /// Its scheme.
        scheme: String,
    },
    /// An answer that means failure.
    #[error("{place} answered with status {status}: {}", advice(*status))]
    Status {
        /// The place that answered.
        place: String,
        /// The status.
        status: u16,
        /// How long the server asks to wait, if it says.
        retry_after: Option<Duration>,
    },
    /// "Not modified", though it was not asked whether it was.
    #[error(
        "{place} answered 304 to a request without validators: the server, or a cache before it, is at fault; try later"
    )]
    Unexpected304 {
        /// The place that answered.
        place: String,
    },
    /// A part of a document, of a sort that was not asked for or can't be put together.
    #[error(
        "{place} answered 226 with {reason}: the server is at fault; the whole document is asked for next time"
    )]
    BadDelta {
        /// The place that answered.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The body, decompressed, passes the limit.
    #[error(
        "the body of {place} is larger than {limit} bytes: raise the limit if this is really a feed"
    )]
    BodyTooLarge {
        /// Where it came from.
        place: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The connection broke before the body was complete.
    #[error("the body of {place} broke off after {received} bytes ({reason}): try later")]
    BodyTruncated {
        /// Where it came from.
        place: String,
        /// How much had arrived, in bytes after decompression.
        received: u64,
        /// What the connection said.
        reason: String,
    },
    /// The body's compression is broken or unknown.
    #[error("cannot decompress the body of {place} ({reason}): the server is at fault; try later")]
    Decode {
        /// Where it came from.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The peer does not speak HTTP as it should, or hung up before it answered.
    #[error(
        "{place} gave no valid HTTP answer ({reason}): check the URL and its port, or try later"
    )]
    Protocol {
        /// Where to.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A feed's own request options, or the proxy, can't be used. The reason shows no value.
    #[error("cannot use the request options: {reason}")]
    Options {
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The HTTP client could not be set up.
    #[error(
        "cannot set up the HTTP client ({reason}): check the user agent and that CA certificates are installed"
    )]
    Builder {
        /// What is wrong.
        reason: String,
    },
}

impl FetchError {
    /// A short stable name of the kind of failure, for metrics and stored outcomes.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Timeout { .. } => "timeout",
            Self::AddressRefused { .. } => "address-refused",
            Self::PortRefused { .. } => "port-refused",
            Self::TooManyRedirects { .. } => "too-many-redirects",
            Self::RedirectLoop { .. } => "redirect-loop",
            Self::BadRedirect { .. } => "bad-redirect",
            Self::UnsupportedScheme { .. } => "unsupported-scheme",
            Self::Status { .. } => "status",
            Self::Unexpected304 { .. } => "unexpected-304",
            Self::BadDelta { .. } => "bad-delta",
            Self::BodyTooLarge { .. } => "body-too-large",
            Self::BodyTruncated { .. } => "body-truncated",
            Self::Decode { .. } => "decode",
            Self::Protocol { .. } => "protocol",
            Self::Options { .. } => "options",
            Self::Builder { .. } => "builder",
        }
    }

    /// Whether the request was refused on this side, before any server heard of it.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::AddressRefused { .. }
                | Self::PortRefused { .. }
                | Self::UnsupportedScheme { .. }
                | Self::Options { .. }
                | Self::Builder { .. }
        )
    }

    /// Whether the validators that were sent must not be sent again: the server answers them with
    /// something that can't be used.
    #[must_use]
    pub const fn drops_validators(&self) -> bool {
        matches!(self, Self::BadDelta { .. })
    }

    /// The same, at the host of the feed's own URL or not.
    #[must_use]
    pub(super) fn at_own_host(mut self, is_own: bool) -> Self {
        if let Self::AddressRefused { own, .. } = &mut self {
            *own = is_own;
        }
        self
    }

    /// How long the server asks to wait; at most [`super::MAX_HINT`].
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

const fn leave(own: bool) -> &'static str {
    if own {
        "set `allow_private_addresses = true` for it"
    } else {
        "write this host in the feed's own URL and set `allow_private_addresses` for it"
    }
}

const fn advice(status: u16) -> &'static str {
    match status {
        401 => {
            "it wants credentials; set or check the feed's `basic_auth`, `bearer_token` or `headers`"
        }
        407 => "the proxy wants credentials; check those in `proxy`",
        403 | 451 => "it refuses to serve this client; ask the publisher or look for another URL",
        404 | 410 => "there is nothing; look for the feed's new URL",
        408 | 425 | 500..=599 => "the server has a problem; try later",
        _ => "check the URL",
    }
}

/// A URL as messages show it: scheme, host, port and path.
pub(super) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let path: String = url.path().chars().take(200).collect();
    format!("{}://{host}{port}{path}", url.scheme())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_show_neither_credentials_nor_query() {
        let url = Url::parse("https://me:secret@example.org:8443/feed?token=secret#secret");
        let place = place(&url.expect("a URL"));
        assert_eq!(place, "https://example.org:8443/feed");
    }

    #[test]
    fn a_refused_address_says_what_is_left_to_do() {
        let refused = |is_own| {
            let error = FetchError::AddressRefused {
                host: "news.lan".to_owned(),
                address: IpAddr::from([10, 0, 0, 1]),
                own: false,
            };
            error.at_own_host(is_own).to_string()
        };
        let both = "refused to connect to news.lan at 10.0.0.1, which is not a public address: if the feed is yours, ";
        assert_eq!(
            refused(true),
            format!("{both}set `allow_private_addresses = true` for it")
        );
        assert_eq!(
            refused(false),
            format!(
                "{both}write this host in the feed's own URL and set `allow_private_addresses` for it"
            )
        );
    }

    #[test]
    fn a_timeout_says_where_in_what_and_after_how_long() {
        let error = FetchError::Timeout {
            place: "https://example.org/feed".to_owned(),
            phase: Phase::Header,
            after: Duration::from_millis(1500),
        };
        assert_eq!(
            error.to_string(),
            "https://example.org/feed: waiting for the answer took more than 1.5 s: try later, or raise the time limits of `[fetch]` or the feed's `timeout`"
        );
    }
}
