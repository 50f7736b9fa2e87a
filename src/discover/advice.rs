//! What to say of a page that was taken for a feed.

use url::Url;

use crate::parse::{self, ParseError};

/// The most feeds that a message names.
const MOST: usize = 5;

/// The feeds that an HTML page names, as the end of an error message; `None` when it names none,
/// or when the bytes are no page.
#[must_use]
pub fn feeds_named_by(
    bytes: &[u8],
    content_type: Option<&str>,
    base: Option<&Url>,
) -> Option<String> {
    let says_html = content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    if !says_html && !parse::looks_like_html(bytes) {
        return None;
    }
    let declared = parse::page_links(bytes, content_type, base).declared;
    let (first, more) = declared.split_at(declared.len().min(MOST));
    let shown: Vec<&str> = first.iter().map(|link| link.url.as_str()).collect();
    match (shown.as_slice(), more.len()) {
        ([], _) => None,
        ([one], 0) => Some(format!("the page names this feed: {one}")),
        (some, 0) => Some(format!("the page names these feeds: {}", some.join(", "))),
        (some, n) => Some(format!(
            "the page names these feeds and {n} more: {}",
            some.join(", ")
        )),
    }
}

/// The error in words; for a page that was taken for a feed, with the feeds that it names.
#[must_use]
pub fn explained(
    error: &ParseError,
    bytes: &[u8],
    content_type: Option<&str>,
    base: Option<&Url>,
) -> String {
    let advice = match error {
        ParseError::NotAFeed { .. } => feeds_named_by(bytes, content_type, base),
        _ => None,
    };
    match advice {
        Some(advice) => format!("{error}; {advice}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "<link rel=alternate type=application/rss+xml href=/";

    fn advice(page: &str, content_type: &str) -> Option<String> {
        let base = Url::parse("https://news.example/").unwrap();
        feeds_named_by(page.as_bytes(), Some(content_type), Some(&base))
    }

    #[test]
    fn a_page_names_its_feeds_and_other_documents_none() {
        let one = format!("<html>{LINK}rss>");
        assert_eq!(
            advice(&one, "application/xml").as_deref(),
            Some("the page names this feed: https://news.example/rss")
        );
        let many: Vec<String> = (0..7).map(|n| format!("{LINK}{n}>")).collect();
        let many = many.concat();
        let told = advice(&many, "text/html; charset=utf-8").unwrap();
        assert!(
            told.starts_with("the page names these feeds and 2 more: https://news.example/0, ")
        );
        assert_eq!(advice("<html><p>x", "text/html"), None);
        assert_eq!(advice(&format!("<rss>{LINK}rss>"), "application/xml"), None);
    }
}
