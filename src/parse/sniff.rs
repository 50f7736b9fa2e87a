//! What a body is when it is no feed: the words that help its owner to see what happened.

use super::error::ParseError;
use super::page::{looks_like_html, page};

/// Tells a body that is no text at all, by its first bytes or by what text never holds.
pub(super) fn binary(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 8] = [
        (b"\x1f\x8b", "a binary file (gzip)"),
        (b"PK\x03\x04", "a binary file (zip)"),
        (b"%PDF-", "a PDF document"),
        (b"\x89PNG", "an image"),
        (b"\xff\xd8\xff", "an image"),
        (b"GIF8", "an image"),
        (b"\x28\xb5\x2f\xfd", "a binary file (zstd)"),
        (b"SQLite format", "a binary file"),
    ];
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(what);
    }
    let head = &bytes[..bytes.len().min(4096)];
    let zero = head.contains(&0);
    let controls = head
        .iter()
        .filter(|b| **b < 0x20 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B))
        .count();
    let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let wide = matches!(
        bytes,
        [0, 0, 0, b'<' | b'{', ..]
            | [0, 0, 0xFE, 0xFF, ..]
            | [0, 1..=0x7F, 0, 1..=0x7F, ..]
            | [1..=0x7F, 0, 1..=0x7F, 0, ..]
    );
    let utf16 = marked || wide || matches!(bytes, [0, b'<' | b'{', ..] | [b'<' | b'{', 0, ..]);
    // a feed with a stray control character is still a feed
    (!utf16 && (zero || controls > 4) && controls * 20 > head.len()).then_some("a binary file")
}

/// The error for a text that is no feed.
pub(super) fn not_a_feed(
    bytes: &[u8],
    text: &str,
    content_type: Option<&str>,
    root: &str,
) -> ParseError {
    let lower = root.to_ascii_lowercase();
    let says_html = content_type.is_some_and(|c| c.contains("html")) && text.contains('<');
    let looks_like = match lower.as_str() {
        "opml" => "an OPML list of feeds",
        "urlset" | "sitemapindex" => "a sitemap",
        "svg" => "an SVG image",
        "html" | "head" | "body" => "an HTML page",
        "rss" | "rdf" | "feed" | "channel" => "a feed's frame without content",
        _ if says_html || looks_like_html(bytes) => "an HTML page",
        "" => "plain text",
        _ => "XML that is not a feed",
    };
    let title = (looks_like == "an HTML page").then(|| page(bytes, content_type).title);
    ParseError::NotAFeed {
        looks_like,
        title: title
            .map(|mut title| {
                super::text::cut_chars(&mut title, 200);
                title
            })
            .filter(|title| !title.is_empty()),
    }
}
