//! Reading a body within its limits of size and time.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;
use tokio::time::timeout;
use url::Url;

use super::diagnose::no_more_body;
use super::error::place;
use super::{FetchError, Phase};

/// What is set aside before the first byte arrives, at most: a `Content-Length` is only a claim.
const FIRST_CAPACITY: u64 = 64 * 1024;

/// Codings that no layer below has undone if the header still names them.
const CODINGS: [&str; 9] = [
    "gzip",
    "x-gzip",
    "deflate",
    "compress",
    "x-compress",
    "br",
    "zstd",
    "dcb",
    "dcz",
];

/// The limits of one body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Size in bytes after decompression.
    pub max: u64,
    /// The longest wait for the next part.
    pub idle: Duration,
}

/// Reads the whole body; gives up with the first part that passes the limit.
pub(super) async fn read(
    mut response: Response,
    url: &Url,
    limits: Limits,
) -> Result<Vec<u8>, FetchError> {
    let too_large = || FetchError::BodyTooLarge {
        place: place(url),
        limit: limits.max,
    };
    refuse_unknown_coding(&response, url)?;
    // Known only for bodies without coding: the size on the wire says nothing about the others.
    let announced = response.content_length().unwrap_or(0);
    if announced > limits.max {
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
            return Ok(bytes);
        };
        let total = received.saturating_add(chunk.len() as u64);
        if total > limits.max {
            return Err(too_large());
        }
        reserve(&mut bytes, to_usize(total), to_usize(limits.max));
        bytes.extend_from_slice(&chunk);
    }
}

/// Makes room for `total` bytes by doubling, but never sets aside more than `max`.
fn reserve(bytes: &mut Vec<u8>, total: usize, max: usize) {
    if total > bytes.capacity() {
        let wanted = bytes.capacity().saturating_mul(2).min(max).max(total);
        bytes.reserve_exact(wanted - bytes.len());
    }
}

/// Refuses a body that would arrive compressed; words that are no coding (`utf-8` is a popular
/// mistake) do no harm.
fn refuse_unknown_coding(response: &Response, url: &Url) -> Result<(), FetchError> {
    for value in response.headers().get_all(CONTENT_ENCODING) {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        if let Some(coding) = value
            .split(',')
            .find_map(|word| CODINGS.into_iter().find(|coding| word.trim() == *coding))
        {
            return Err(FetchError::Decode {
                place: place(url),
                reason: format!("its coding, {coding}, was not asked for in this form"),
            });
        }
    }
    Ok(())
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
