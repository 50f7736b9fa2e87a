//! How an input says more than a body: after the last line `%%` comes a line for the Content-Type
//! and a line for the base URL. An input without that line is a body and nothing else, so any
//! document can be a seed as it is.

use url::Url;

/// What stands between a body and what is said about it.
pub const MARK: &[u8] = b"\n%%\n";

/// An input taken apart.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// The body.
    pub body: &'a [u8],
    /// The Content-Type header; any text.
    pub content_type: Option<String>,
    /// The base URL.
    pub base: Option<Url>,
}

/// Takes an input apart.
pub fn open(data: &[u8]) -> Envelope<'_> {
    let (body, tail) = split(data);
    let tail = String::from_utf8_lossy(tail);
    let mut lines = tail.lines();
    Envelope {
        body,
        content_type: lines.next().filter(|l| !l.is_empty()).map(str::to_owned),
        base: lines.next().and_then(|l| Url::parse(l).ok()),
    }
}

/// What stands before and after the last mark.
pub fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.windows(MARK.len()).rposition(|w| w == MARK);
    at.map_or((data, &[]), |at| (&data[..at], &data[at + MARK.len()..]))
}
