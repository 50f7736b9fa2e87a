//! Bodies that are compressed although no header says so.

use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::error::ParseError;

/// Bytes that a compressed body may come to.
const MAX_INFLATED: usize = 32 << 20;

/// Decompresses a gzip or zlib body; `None` when it is neither, or nothing can be had from it.
/// The second value tells whether it ends too early.
///
/// # Errors
/// [`ParseError::TooComplex`] when it comes to more than [`MAX_INFLATED`] bytes.
pub(super) fn inflate(bytes: &[u8]) -> Result<Option<(Vec<u8>, bool)>, ParseError> {
    match bytes {
        [0x1F, 0x8B, 8, ..] => bounded(MultiGzDecoder::new(bytes)),
        // RFC 1950 §2.2: the first two bytes are a multiple of 31
        [0x78, flags, ..] if (0x7800 + u16::from(*flags)).is_multiple_of(31) => {
            bounded(ZlibDecoder::new(bytes))
        }
        _ => Ok(None),
    }
}

fn bounded(decoder: impl Read) -> Result<Option<(Vec<u8>, bool)>, ParseError> {
    let mut out = Vec::new();
    let end = decoder.take(MAX_INFLATED as u64 + 1).read_to_end(&mut out);
    if out.len() > MAX_INFLATED {
        return Err(ParseError::TooComplex {
            what: "bytes when decompressed",
            limit: MAX_INFLATED,
        });
    }
    Ok((!out.is_empty()).then_some((out, end.is_err())))
}
