//! The feeds that a page names: its `<link rel=alternate>` elements, and its links that look like
//! feeds.
//!
//! [`page_links`] reads a page the way browsers do where it matters (names in any case, any quotes
//! or none, references resolved, `<base href>`), in one linear pass over at most 4 MiB. Every URL
//! that comes out is absolute and of http or https. Nothing is fetched and nothing is judged by
//! more than its looks: whether a feed is there is for who fetches it to say.

use url::Url;

use super::charset;
use super::markup::{Piece, Scanner};
use super::text::html;

/// The most links of each kind that are kept.
const MOST: usize = 100;
/// The most attributes of one element that are read.
const MOST_ATTRIBUTES: usize = 64;
/// How far into a page is looked, in bytes.
const FURTHEST: usize = 4 << 20;
/// The longest title kept, in bytes.
const LONGEST_TITLE: usize = 200;

/// The types that a feed's `<link>` has (RSS Autodiscovery; Atom, RFC 4287 §7; JSON Feed 1.1).
const TYPES: [&str; 7] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/json",
    "application/rdf+xml",
    "application/xml",
    "text/xml",
];

/// A feed that a page may be naming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLink {
    /// Where it is, absolute, without fragment.
    pub url: Url,
    /// What the page calls it, clean text; often empty.
    pub title: String,
}

/// The feeds that a page may be naming.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageLinks {
    /// Those it declares by `<link rel=alternate>` with a feed's type, in the page's order.
    pub declared: Vec<PageLink>,
    /// Those of its `<a href>` that look like feeds, in the page's order.
    pub anchors: Vec<PageLink>,
}

/// Finds the feeds that a page names. `base` is the page's own URL.
///
/// A `<link>` counts with `rel` holding the word `alternate` (or `feed`) and a feed's type; one
/// of `application/json` or plain XML only when nothing says that it is something else, such as
/// `wp-json` (the site's programming interface) or oEmbed. An `<a>` counts when its path, query or
/// host is one that feeds have: `/feed`, `rss.xml`, `?format=rss`, `feeds.example.org`.
#[must_use]
pub fn page_links(bytes: &[u8], content_type: Option<&str>, base: Option<&Url>) -> PageLinks {
    let bytes = bytes.get(..FURTHEST).unwrap_or(bytes);
    let (markup, _) = charset::decode(bytes, content_type);
    let mut base = base.cloned();
    let mut is_based = false;
    let mut links = PageLinks::default();
    for piece in Scanner::page(&markup) {
        let Piece::Start(name, tag) = piece else {
            continue;
        };
        if name.eq_ignore_ascii_case("base") && !is_based {
            // HTML: the first <base> with a href counts.
            if let Some(url) = attribute(tag, "href").and_then(|href| resolve(base.as_ref(), &href))
            {
                base = Some(url);
                is_based = true;
            }
        } else if name.eq_ignore_ascii_case("link") && links.declared.len() < MOST {
            keep(&mut links.declared, declared(tag, base.as_ref()));
        } else if name.eq_ignore_ascii_case("a") && links.anchors.len() < MOST {
            keep(&mut links.anchors, anchor(tag, base.as_ref()));
        }
    }
    links
}

fn keep(list: &mut Vec<PageLink>, link: Option<PageLink>) {
    list.extend(link.filter(|link| list.iter().all(|known| known.url != link.url)));
}

fn declared(tag: &str, base: Option<&Url>) -> Option<PageLink> {
    let rel = attribute(tag, "rel")?;
    let mut words = rel.split_ascii_whitespace();
    let (mut alternate, mut feed) = (false, false);
    for word in words.by_ref().take(MOST_ATTRIBUTES) {
        alternate |= word.eq_ignore_ascii_case("alternate");
        feed |= word.eq_ignore_ascii_case("feed");
        if word.eq_ignore_ascii_case("stylesheet") {
            return None;
        }
    }
    let kind = attribute(tag, "type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let kind = TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind));
    if !(feed || alternate && kind.is_some()) {
        return None;
    }
    let url = resolve(base, &attribute(tag, "href")?)?;
    let is_vague = matches!(
        kind,
        Some(&("application/json" | "application/xml" | "text/xml"))
    );
    if is_vague
        && ["/wp-json", "oembed"]
            .iter()
            .any(|no| url.as_str().contains(no))
    {
        return None;
    }
    Some(PageLink {
        url,
        title: attribute(tag, "title").map_or_else(String::new, |title| shown(&title)),
    })
}

fn anchor(tag: &str, base: Option<&Url>) -> Option<PageLink> {
    let url = resolve(base, &attribute(tag, "href")?)?;
    looks_like_a_feed(&url).then(|| PageLink {
        url,
        title: attribute(tag, "title").map_or_else(String::new, |title| shown(&title)),
    })
}

/// Whether a URL is one that feeds have. It is a guess: pages about feeds have such URLs too.
fn looks_like_a_feed(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let path = url.path().to_ascii_lowercase();
    let mut segments = path.rsplit('/').filter(|segment| !segment.is_empty());
    let last = segments.next().unwrap_or_default();
    let stem = last.rsplit_once('.');
    let query = url.query().unwrap_or_default().to_ascii_lowercase();
    matches!(
        last,
        "feed" | "feeds" | "rss" | "rss2" | "atom" | "rdf" | "feed.json" | "index.xml"
    ) || stem.is_some_and(|(stem, extension)| match extension {
        "rss" | "atom" | "rdf" => true,
        "xml" | "php" | "aspx" | "json" => {
            stem.contains("rss") || stem.contains("feed") || stem.contains("atom")
        }
        _ => false,
    }) || query.split('&').any(|pair| {
        matches!(
            pair,
            "feed=rss"
                | "feed=rss2"
                | "feed=atom"
                | "format=rss"
                | "format=atom"
                | "type=rss"
                | "alt=rss"
                | "output=rss"
                | "rss"
                | "rss=1"
                | "type=atom"
                | "format=feed"
        )
    }) || (["feeds.", "rss."]
        .iter()
        .any(|begin| host.starts_with(begin))
        && path.len() > 1)
}

/// An http or https URL as the page means it.
fn resolve(base: Option<&Url>, href: &str) -> Option<Url> {
    let href = href.trim();
    if href.is_empty() || href.len() > super::MAX_LINK {
        return None;
    }
    // The old way of saying "subscribe": feed:https://… and feed://….
    let href = match href.get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("feed:") => {
            let rest = &href[5..];
            if rest.starts_with("//") {
                format!("https:{rest}")
            } else {
                rest.to_owned()
            }
        }
        _ => href.to_owned(),
    };
    let url = match base {
        Some(base) => base.join(&href),
        None => Url::parse(&href),
    };
    let mut url = url.ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return None;
    }
    url.set_fragment(None);
    Some(url)
}

/// The value of an attribute, references resolved; the first of that name counts.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let inside = tag.strip_prefix('<')?;
    let inside = inside.strip_suffix('>').unwrap_or(inside);
    let begin = inside.find(|c: char| c.is_ascii_whitespace() || c == '/')?;
    let mut rest = &inside[begin..];
    for _ in 0..MOST_ATTRIBUTES {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        // A `=` where a name should begin belongs to the name (HTML §13.2.5.32).
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_ascii_whitespace() || matches!(c, '=' | '/'))
            .map_or(rest.len(), |(at, _)| at);
        let (found, after) = rest.split_at(end);
        let after = after.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let value;
        (value, rest) = match after.strip_prefix('=') {
            Some(after) => value_of(after.trim_start_matches(|c: char| c.is_ascii_whitespace())),
            None => ("", after),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(references(value));
        }
    }
    None
}

/// A value and what stands behind it.
fn value_of(text: &str) -> (&str, &str) {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    match quote {
        Some(quote) => text[1..].split_once(quote).unwrap_or((&text[1..], "")),
        None => {
            let end = text.find(|c: char| c.is_ascii_whitespace());
            text.split_at(end.unwrap_or(text.len()))
        }
    }
}

/// Resolves the references of an attribute's value that end with `;`. Those that do not are left
/// as they stand, so that `?a=1&copy=2` keeps its second parameter (HTML §13.2.5.73).
fn references(value: &str) -> String {
    /// No reference that stands in a URL or title is longer, from `&` to `;`.
    const LONGEST: usize = 10;
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST).position(|b| b == b';');
        let text = end.map(|end| html(&rest[..=end], LONGEST));
        match (end, text) {
            (Some(end), Some(text)) if !text.is_empty() => {
                out.push_str(&text);
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn shown(title: &str) -> String {
    super::text::plain(title, LONGEST_TITLE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(page: &str) -> PageLinks {
        let base = Url::parse("https://news.example/world/index.html").unwrap();
        page_links(page.as_bytes(), Some("text/html"), Some(&base))
    }

    fn declared(page: &str) -> Vec<String> {
        let found = links(page).declared;
        found.iter().map(|link| link.url.to_string()).collect()
    }

    fn anchors(page: &str) -> Vec<String> {
        let found = links(page).anchors;
        found.iter().map(|link| link.url.to_string()).collect()
    }

    #[test]
    fn a_page_declares_its_feeds_in_any_case_and_quotes() {
        let page = "<!doctype html><HTML><HEAD>\
            <LINK REL=Alternate TYPE=Application/RSS+XML TITLE='Top &amp; World' HREF=/rss.xml>\
            <link rel='alternate home' type=\"application/atom+xml; charset=utf-8\" href='atom?a=1&amp;b=2#top' />\
            <link rel=alternate type=application/feed+json href=//cdn.example/feed.json>\
            <link rel=\"alternate\" type=\"application/rdf+xml\" href=\"feed://old.example/rdf\">\
            <link rel=alternate type=text/xml href=../plain.xml></head></html>";
        assert_eq!(
            declared(page),
            [
                "https://news.example/rss.xml",
                "https://news.example/world/atom?a=1&b=2",
                "https://cdn.example/feed.json",
                "https://old.example/rdf",
                "https://news.example/plain.xml",
            ]
        );
        assert_eq!(links(page).declared[0].title, "Top & World");
    }

    #[test]
    fn the_first_base_with_a_href_moves_relative_links() {
        let page = "<base target=_top><base href='//www.example/a/'><base href='https://no.example/'>\
            <link rel=alternate type=application/rss+xml href=rss>";
        assert_eq!(declared(page), ["https://www.example/a/rss"]);
    }

    #[test]
    fn what_is_no_feed_is_not_named() {
        for page in [
            "<link rel=stylesheet type=text/css href=/x.css>",
            "<link rel='alternate stylesheet' type=text/xml href=/x.xml>",
            "<link rel=alternate hreflang=fr href=/fr/>",
            "<link rel=alternate type=application/rss+xml>",
            "<link rel=alternate type=application/rss+xml href=''>",
            "<link rel=alternate type=application/rss+xml href='javascript:x'>",
            "<link rel=alternate type=application/rss+xml href='file:///etc/passwd'>",
            "<link rel=alternate type=application/json href=/wp-json/wp/v2/pages/2>",
            "<link rel=alternate type=text/xml href='/oembed?url=x'>",
            "<!-- <link rel=alternate type=application/rss+xml href=/rss> -->",
            "<script>'<link rel=alternate type=application/rss+xml href=/rss>'</script>",
        ] {
            assert_eq!(declared(page), Vec::<String>::new(), "{page}");
        }
    }

    #[test]
    fn links_that_look_like_feeds_are_found_and_others_are_not() {
        let page = "<a href=/feed/>1</a><a href='/news/rss.xml'>2</a><a href='/x?feed=rss2'>3</a>\
            <a href=https://feeds.example/top>4</a><a href=/a/index.xml>5</a>\
            <a href=/feedback>no</a><a href=/rssi.html>no</a><a href=/sitemap.xml>no</a>\
            <a href=https://feeds.example/>no</a><a href=mailto:rss@news.example>no</a>";
        assert_eq!(
            anchors(page),
            [
                "https://news.example/feed/",
                "https://news.example/news/rss.xml",
                "https://news.example/x?feed=rss2",
                "https://feeds.example/top",
                "https://news.example/a/index.xml",
            ]
        );
    }

    #[test]
    fn ampersands_that_begin_no_reference_stay() {
        let page = "<link rel=alternate type=application/rss+xml href='/r?a=1&copy=2&amp;c=3&x;'>";
        assert_eq!(declared(page), ["https://news.example/r?a=1&copy=2&c=3&x;"]);
    }

    #[test]
    fn a_page_of_nothing_but_links_is_cut() {
        let many: Vec<String> = (0..5000)
            .map(|n| {
                format!("<link rel=alternate type=application/rss+xml href=/{n}><a href=/{n}.rss>")
            })
            .collect();
        let found = links(&many.concat());
        assert_eq!((found.declared.len(), found.anchors.len()), (MOST, MOST));
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic_and_all_urls_are_of_http(
            page in "(<link |<a |<base |rel=alternate |type=application/rss\\+xml |href=|[a-zé&;#'\"=/<> :.]){0,60}"
        ) {
            let found = links(&page);
            for link in found.declared.iter().chain(&found.anchors) {
                prop_assert!(matches!(link.url.scheme(), "http" | "https"));
            }
        }
    }
}
