//! Reading a body within its limits of size and time.

use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;
use url::Url;

use super::diagnose::no_more_body;
use super::error::place;
use super::{FetchError, Phase, coding};

/// What is set aside before the first byte arrives, at most: a `Content-Length` is only a claim.
const FIRST_CAPACITY: u64 = 64 * 1024;

/// The limits of one body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Size in bytes after decompression.
    pub max: u64,
    /// The longest wait for the next part.
    pub idle: Duration,
    /// Whether a body that passes the limit is cut there instead of refused.
    pub cut: bool,
}

/// Reads the whole body; gives up with the first part that passes the limit.
///
/// Where the library leaves a coding in place, the body is held both ways for a moment.
pub(super) async fn read(
    mut response: Response,
    url: &Url,
    limits: Limits,
) -> Result<Vec<u8>, FetchError> {
    let too_large = || FetchError::BodyTooLarge {
        place: place(url),
        limit: limits.max,
    };
    let bad_coding = |reason: String| FetchError::Decode {
        place: place(url),
        reason,
    };
    let codings = coding::left(response.headers()).map_err(bad_coding)?;
    // Known only for bodies without coding: the size on the wire says nothing about the others.
    let announced = response.content_length().unwrap_or(0);
    if announced > limits.max && !limits.cut {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(to_usize(announced.min(FIRST_CAPACITY)));
    loop {
        let received = bytes.len() as u64;
        let chunk = timeout(limits.idle, response.chunk())
            .await
            .map_err(|_| FetchError::Timeout {
                place: place(url),
                phase: Phase::Body,
                after: limits.idle,
            })?
            .map_err(|error| no_more_body(&error, url, received))?;
        let Some(chunk) = chunk else {
            break;
        };
        let total = received.saturating_add(chunk.len() as u64);
        if total > limits.max {
            if !limits.cut || !codings.is_empty() {
                return Err(too_large());
            }
            let room = to_usize(limits.max - received);
            bytes.extend_from_slice(chunk.get(..room).unwrap_or_default());
            break;
        }
        reserve(&mut bytes, to_usize(total), to_usize(limits.max));
        bytes.extend_from_slice(&chunk);
    }
    for coding in codings {
        bytes = coding::undo(coding, &bytes, limits.max).map_err(|failure| match failure {
            coding::Failure::TooLarge => too_large(),
            coding::Failure::Broken(error) => bad_coding(error.to_string()),
        })?;
    }
    Ok(bytes)
}

/// Makes room for `total` bytes by doubling, but never sets aside more than `max`.
fn reserve(bytes: &mut Vec<u8>, total: usize, max: usize) {
    if total > bytes.capacity() {
        let wanted = bytes.capacity().saturating_mul(2).min(max).max(total);
        bytes.reserve_exact(wanted - bytes.len());
    }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_grows_by_doubling_and_stops_at_the_limit() {
        let mut bytes = Vec::with_capacity(8);
        bytes.extend_from_slice(&[0; 8]);
        reserve(&mut bytes, 9, 100);
        assert_eq!(bytes.capacity(), 16);
        bytes.extend_from_slice(&[0; 8]);
        reserve(&mut bytes, 17, 20);
        assert_eq!(bytes.capacity(), 20);
    }
}
