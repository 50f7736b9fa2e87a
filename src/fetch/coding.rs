//! Content codings that the HTTP library leaves in place, because they are stacked, spelled
//! otherwise or were not asked for.
//!
//! The library undoes exactly `gzip`, `br` and `zstd` in lower case and one at a time. Servers
//! also send `x-gzip` (which means `gzip`, RFC 9110 §8.4.1.3), `GZIP`, `gzip` twice, and `deflate`
//! with or without the zlib wrapper that the standard wants (§8.4.1.2). A field sent twice is out
//! of reach: the library undoes the first line's coding and removes both.

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

/// How many codings on top of each other are undone.
const MAX_STACKED: usize = 3;

/// Codings that are not undone here.
const UNKNOWN: [&str; 6] = ["compress", "x-compress", "br", "zstd", "dcb", "dcz"];

/// One coding to undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or RFC 1951 without its wrapper.
    Deflate,
}

/// Why a body can't be decoded.
#[derive(Debug)]
pub(super) enum Failure {
    /// It passes the limit.
    TooLarge,
    /// It isn't what its header says.
    Broken(io::Error),
}

/// The codings that the header still names, the last applied first. Words that are no coding
/// (`utf-8` is a popular mistake) do no harm.
pub(super) fn left(headers: &HeaderMap) -> Result<Vec<Coding>, String> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        for word in value.split(',').map(str::trim) {
            match word {
                "gzip" | "x-gzip" => codings.push(Coding::Gzip),
                "deflate" => codings.push(Coding::Deflate),
                _ => {
                    if let Some(coding) = UNKNOWN.into_iter().find(|coding| word == *coding) {
                        return Err(format!(
                            "its coding, {coding}, was not asked for in this form"
                        ));
                    }
                }
            }
            if codings.len() > MAX_STACKED {
                return Err("it is compressed again and again".to_owned());
            }
        }
    }
    codings.reverse();
    Ok(codings)
}

/// Undoes one coding; the result holds at most `max` bytes.
pub(super) fn undo(coding: Coding, bytes: &[u8], max: u64) -> Result<Vec<u8>, Failure> {
    match coding {
        // An empty body is empty, whatever its header claims.
        _ if bytes.is_empty() => Ok(Vec::new()),
        Coding::Gzip => drain(MultiGzDecoder::new(bytes), max),
        Coding::Deflate if has_wrapper(bytes) => match drain(ZlibDecoder::new(bytes), max) {
            // Two bytes can look like a wrapper by chance.
            Err(Failure::Broken(_)) => drain(DeflateDecoder::new(bytes), max),
            done => done,
        },
        Coding::Deflate => drain(DeflateDecoder::new(bytes), max),
    }
}

/// Whether the bytes begin with a zlib header (RFC 1950 §2.2).
fn has_wrapper(bytes: &[u8]) -> bool {
    matches!(bytes, [method, flags, ..]
        if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

fn drain(decoder: impl Read, max: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut bounded = decoder.take(max.saturating_add(1));
    bounded.read_to_end(&mut bytes).map_err(Failure::Broken)?;
    if bytes.len() as u64 > max {
        return Err(Failure::TooLarge);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use reqwest::header::HeaderValue;

    use super::*;

    fn named(lines: &[&'static str]) -> Result<Vec<Coding>, String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(line));
        }
        left(&headers)
    }

    #[test]
    fn codings_are_undone_in_reverse_and_other_words_ignored() {
        use Coding::{Deflate, Gzip};
        assert_eq!(named(&["deflate, X-GZIP"]), Ok(vec![Gzip, Deflate]));
        assert_eq!(named(&["gzip", "gzip"]), Ok(vec![Gzip, Gzip]));
        assert_eq!(named(&["utf-8, identity, "]), Ok(vec![]));
        assert!(named(&["br, gzip"]).is_err());
        assert!(named(&["gzip,gzip,gzip,gzip"]).is_err());
    }

    #[test]
    fn deflate_is_read_with_and_without_its_wrapper_and_never_past_the_limit() {
        let text = [b'a'; 1000];
        let mut wrapped = ZlibEncoder::new(Vec::new(), Compression::default());
        wrapped.write_all(&text).expect("in memory");
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(&text).expect("in memory");
        let mut zipped = GzEncoder::new(Vec::new(), Compression::default());
        zipped.write_all(&text).expect("in memory");
        for (coding, bytes) in [
            (Coding::Deflate, wrapped.finish().expect("in memory")),
            (Coding::Deflate, bare.finish().expect("in memory")),
            (Coding::Gzip, zipped.finish().expect("in memory")),
        ] {
            assert!(matches!(undo(coding, &bytes, 1000), Ok(out) if out == text));
            assert!(matches!(undo(coding, &bytes, 999), Err(Failure::TooLarge)));
            let cut = &bytes[..bytes.len() - 1];
            assert!(matches!(undo(coding, cut, 1000), Err(Failure::Broken(_))));
        }
    }
}
