//! An HTML page as text: its title and what a reader sees of it.

use super::charset;
use super::cleaner::Cleaner;
use super::markup::{Piece, Scanner};
use super::text::{breaks, html};
use super::{MAX_CONTENT, MAX_TITLE_CHARS};

/// A page's title and visible text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The title, clean text on one line; empty when there is none.
    pub title: String,
    /// The visible text, clean, one line per block; at most 1 MiB.
    pub text: String,
}

/// Reads an HTML page. Never fails: what is no HTML comes out as its text.
#[must_use]
pub fn page(bytes: &[u8], content_type: Option<&str>) -> Page {
    let (markup, _) = charset::decode(bytes, content_type);
    let mut scanner = Scanner::page(&markup);
    let mut cleaner = Cleaner::new(MAX_CONTENT);
    let mut title = String::new();
    while let Some(piece) = scanner.next() {
        if cleaner.is_full() {
            break;
        }
        match piece {
            Piece::Text(text) => cleaner.referenced(text),
            Piece::Verbatim(text) => cleaner.text(text),
            Piece::Start(name, _) if name.eq_ignore_ascii_case("title") => {
                let inside = scanner.take_until_end("title");
                if title.is_empty() {
                    title = html(inside, MAX_TITLE_CHARS * 4);
                    super::text::cut_chars(&mut title, MAX_TITLE_CHARS);
                }
            }
            Piece::Start(name, _) | Piece::End(name, _) => {
                if breaks(name) {
                    cleaner.line();
                }
            }
        }
    }
    Page {
        title,
        text: cleaner.finish(),
    }
}

/// Whether a body begins as HTML pages begin, after white space, comments and an XML declaration.
#[must_use]
pub fn looks_like_html(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    let text = String::from_utf8_lossy(head);
    let mut rest =
        text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c == '\0');
    loop {
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|i| i + 3)
        } else if rest.starts_with("<?") {
            rest.find('>').map(|i| i + 1)
        } else {
            break;
        };
        match end {
            Some(end) => rest = rest[end..].trim_start(),
            None => return false,
        }
    }
    let begins = |name: &str| {
        rest.get(..name.len())
            .is_some_and(|r| r.eq_ignore_ascii_case(name))
            && rest[name.len()..].starts_with(|c: char| !c.is_ascii_alphanumeric())
    };
    [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<script",
        "<meta",
        "<title",
        "<div",
        "<p",
    ]
    .iter()
    .any(|name| begins(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gives_its_title_and_visible_text() {
        let html = "<!DOCTYPE html><html><head><meta charset=\"windows-1251\"><title>\u{412}</title><style>x</style></head>\
                    <body><h1>One</h1><p>Two <b>th</b>ree</p><script>no()</script><div>Four</div></body></html>";
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(html);
        assert_eq!(
            page(&bytes, Some("text/html")),
            Page {
                title: "\u{412}".into(),
                text: "One\nTwo three\nFour".into()
            }
        );
    }

    #[test]
    fn titles_without_end_are_looked_for_once() {
        let started = crate::testing::processor_time();
        let markup = "<title>".repeat((4 << 20) / 7);
        assert_eq!(page(markup.as_bytes(), None), Page::default());
        // to look for each one's end takes minutes
        let took = crate::testing::since(started);
        assert!(took.as_secs() < 30, "{took:?}");
    }

    #[test]
    fn html_is_told_from_feeds() {
        for yes in [
            "<!doctype HTML>",
            " <html lang=en>",
            "<!-- x --><head>",
            "<?xml version='1.0'?><!DOCTYPE html PUBLIC",
        ] {
            assert!(looks_like_html(yes.as_bytes()), "{yes}");
        }
        for no in ["<rss>", "", "<!--", "<?xml", "<feed>", "html", "<headline>"] {
            assert!(!looks_like_html(no.as_bytes()), "{no}");
        }
    }
}
