//! From the HTTP library's nested errors to a [`FetchError`] that says what really happened.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use url::Url;

use super::error::place;
use super::resolver::Refused;
use super::{FetchError, Phase};

/// How deep a chain of causes is followed; real ones have about six links.
const MAX_DEPTH: usize = 32;

/// Why no answer's head arrived from `url`.
pub(super) fn no_answer(error: &reqwest::Error, url: &Url, connect: Duration) -> FetchError {
    let causes = causes(error);
    let reason = reason(&causes);
    if let Some(refused) = find::<Refused>(&causes) {
        return FetchError::AddressRefused {
            host: refused.host.clone(),
            address: refused.address,
            own: false,
        };
    }
    let place = place(url);
    if let Some(tls) = find::<rustls::Error>(&causes) {
        return FetchError::Tls {
            place,
            reason: tidy(&tls.to_string()),
        };
    }
    if error.is_timeout() && error.is_connect() {
        return FetchError::Timeout {
            place,
            phase: Phase::Connect,
            after: connect,
        };
    }
    if error.is_dns() {
        let host = url.host_str().unwrap_or_default().to_owned();
        return FetchError::Dns { host, reason };
    }
    if error.is_connect() {
        return FetchError::Connect { place, reason };
    }
    if error.is_builder() {
        return FetchError::Builder { reason };
    }
    FetchError::Protocol { place, reason }
}

/// The address that was refused, if that is why there is no answer.
#[must_use]
pub fn refused(error: &reqwest::Error) -> Option<IpAddr> {
    find::<Refused>(&causes(error)).map(|refused| refused.address)
}

/// Whether the connection ended before a word of the answer came.
pub(super) fn was_cut(error: &reqwest::Error) -> bool {
    let causes = causes(error);
    let incomplete = find::<hyper::Error>(&causes).is_some_and(hyper::Error::is_incomplete_message);
    let reset = find::<io::Error>(&causes).is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
        )
    });
    incomplete || (reset && !error.is_connect())
}

/// Why the body from `url` ended early, after `received` bytes.
pub(super) fn no_more_body(error: &reqwest::Error, url: &Url, received: u64) -> FetchError {
    let causes = causes(error);
    let place = place(url);
    let reason = reason(&causes);
    if from_decoder(&causes) {
        FetchError::Decode { place, reason }
    } else {
        FetchError::BodyTruncated {
            place,
            received,
            reason,
        }
    }
}

/// Whether a body's error comes from a decompressor: it is then an I/O error just below the
/// library's own, or the complaint about bytes left over, which has no type to be known by. A
/// connection's errors are wrapped in the HTTP implementation's type.
fn from_decoder(causes: &[&(dyn Error + 'static)]) -> bool {
    causes.get(1).is_some_and(|cause| {
        cause.is::<io::Error>() || cause.to_string().contains("extra bytes after body")
    })
}

/// Why the client could not be built.
pub(super) fn not_built(error: &reqwest::Error) -> FetchError {
    FetchError::Builder {
        reason: reason(&causes(error)),
    }
}

/// The error and its causes, outermost first.
///
/// An [`io::Error`] that wraps another error hides it from `source`, which names only the wrapped
/// error's own cause.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = vec![error];
    let mut current = error;
    while causes.len() < MAX_DEPTH {
        let wrapped = current
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &'a (dyn Error + 'static));
        let Some(next) = wrapped.or_else(|| current.source()) else {
            break;
        };
        causes.push(next);
        current = next;
    }
    causes
}

fn find<'a, E: Error + 'static>(causes: &[&'a (dyn Error + 'static)]) -> Option<&'a E> {
    causes.iter().find_map(|cause| cause.downcast_ref::<E>())
}

/// The innermost cause, which says most.
fn reason(causes: &[&(dyn Error + 'static)]) -> String {
    causes
        .last()
        .map(|cause| tidy(&cause.to_string()))
        .unwrap_or_default()
}

/// One line of at most 160 characters: a peer's certificate can put its own words into a message.
fn tidy(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(160)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_wrapped_in_an_io_error_is_found() {
        let tls = rustls::Error::HandshakeNotComplete;
        let wrapped = io::Error::other(io::Error::other(tls.clone()));
        assert_eq!(find::<rustls::Error>(&causes(&wrapped)), Some(&tls));
    }

    #[test]
    fn reasons_are_one_short_line() {
        let long = format!("a\nb\r\u{1b}{}", "x".repeat(500));
        let tidied = tidy(&long);
        assert_eq!(tidied.chars().count(), 160);
        assert!(!tidied.chars().any(char::is_control));
    }
}
