//! An article's page as the text of the story: no menus, teasers, advertisements or comments.
//!
//! [`extract`] takes a page as it came and gives an [`Article`], or an [`ArticleError`] that says why
//! there is none. The way is: bytes to text ([`crate::parse::decode`]), a flat, bounded tree
//! (`tree`), the parts that are something else taken out (`boilerplate`), the rest scored
//! (`readable`); where that finds little, what the page itself calls its article, or the text that it
//! carries for search engines (`metadata`). [`wants`] says whether the page is worth a request.
//!
//! Promises: no input panics, overflows the stack or loops; time and memory are proportional to the
//! page, of which at most [`MAX_PAGE`] bytes are taken; what comes out is bounded (text 1 MiB, title
//! 2,000 characters, excerpt 300) and holds no markup, control characters or bidirectional overrides.
//! It never does I/O, runs a script or reads the clock.
//!
//! ```
//! use mentiond::article::{Input, extract};
//!
//! let story = "The minister Ratna Wulandari opened the reservoir on Tuesday. ".repeat(4);
//! let page = format!("<html lang=en><title>Water</title><nav>Menu</nav><p>{story}</p><p>Read also: <a href=/2>More</a></p>");
//! let article = extract(&Input { bytes: page.as_bytes(), content_type: None, url: None })?;
//! assert_eq!(article.title, "Water");
//! assert_eq!(article.text, story.trim());
//! # Ok::<(), mentiond::article::ArticleError>(())
//! ```

mod boilerplate;
mod lines;
mod metadata;
mod readable;
mod tree;
mod wants;

use url::Url;

pub use wants::{is_short, wants};

use crate::parse::{self, clean_html, clean_text, looks_like_html};
use wants::weight;

/// Bytes of a page that is read at all; the largest news pages have some three MiB, most of it scripts.
pub const MAX_PAGE: usize = 5 << 20;
/// Bytes of an article's text.
const MAX_TEXT: usize = 1 << 20;
/// Characters of a title.
const MAX_TITLE_CHARS: usize = 2_000;
/// Characters of an excerpt.
const MAX_EXCERPT_CHARS: usize = 300;
/// Letters that make an article, Han counting 8/3: three short sentences.
const MIN_WEIGHT: usize = 120;

/// A page to read and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The body, with transfer and content codings removed.
    pub bytes: &'a [u8],
    /// The Content-Type header as received.
    pub content_type: Option<&'a str>,
    /// The URL that the page came from, for a relative canonical link.
    pub url: Option<&'a Url>,
}

/// The story of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The headline, clean text on one line without the site's name; empty when there is none.
    pub title: String,
    /// The text, clean, one paragraph a line, at most 1 MiB.
    pub text: String,
    /// The language that the page claims (BCP 47), normalised; often the template's and not the text's.
    pub language: Option<String>,
    /// The WHATWG name of the encoding that the page was read in.
    pub charset: &'static str,
    /// The page's canonical address, absolute and of http or https, not yet canonicalised further.
    pub canonical: Option<String>,
    /// The page's summary of itself or the beginning of the text, at most 300 characters.
    pub excerpt: String,
    /// Where the text was found.
    pub found: Found,
}

/// Where the text of an article was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// By the readability score.
    Scored,
    /// In what the page itself calls its article (`articleBody`, `article`, `main`).
    Claimed,
    /// In structured data (JSON-LD `articleBody`).
    Structured,
}

/// Why there is no article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArticleError {
    /// The body is no HTML.
    #[error(
        "the page is no HTML but {looks_like}: the entry's link may lead to a file; set full_text to \"never\" if all do"
    )]
    NotHtml {
        /// What it looks like, with its article.
        looks_like: &'static str,
    },
    /// The page has no text at all.
    #[error("the page has no text: open it in a browser, it may need scripts or a login")]
    Empty,
    /// The page has too little text for an article.
    #[error(
        "the page has only {chars} characters that could be its article: open it in a browser, it may need scripts or a login"
    )]
    TooShort {
        /// Characters found, white space not counted.
        chars: usize,
    },
    /// The page is larger than [`MAX_PAGE`].
    #[error(
        "the page has {bytes} bytes, more than the {MAX_PAGE} that are read: the feed's own text is used"
    )]
    TooLarge {
        /// The page's bytes.
        bytes: usize,
    },
    /// The readability library panicked and nothing else gave a text.
    #[error(
        "the readability library failed inside ({detail}): keep the page and report it as a bug of mentiond"
    )]
    Panicked {
        /// The panic's message, cut to 200 characters.
        detail: String,
    },
}

/// Finds the article of a page.
///
/// # Errors
/// [`ArticleError`] when the body is no HTML or too large, or holds no text that could be an article.
pub fn extract(page: &Input<'_>) -> Result<Article, ArticleError> {
    if page.bytes.len() > MAX_PAGE {
        return Err(ArticleError::TooLarge {
            bytes: page.bytes.len(),
        });
    }
    if page.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ArticleError::Empty);
    }
    let (markup, charset) = parse::decode(page.bytes, page.content_type);
    if let Some(looks_like) = not_html(&markup, page.content_type) {
        return Err(ArticleError::NotHtml { looks_like });
    }
    let structured = metadata::structured(&markup);
    let head = metadata::read(&markup, page.url, &structured);
    let mut title = clean_text(&head.title.unwrap_or_default());
    cut_chars(&mut title, MAX_TITLE_CHARS);

    let mut nodes = tree::build(&markup);
    boilerplate::drop_elements(&mut nodes);
    let all = 0..nodes.len();
    for line in lines::lines(&nodes, all) {
        if boilerplate::is_unwanted(&line) {
            for node in line.nodes {
                nodes[node].dropped |= matches!(nodes[node].kind, tree::Kind::Text(_));
            }
        }
    }
    let (text, found) = choose(&nodes, structured.body.as_deref(), &title)?;
    let mut excerpt = head
        .description
        .unwrap_or_else(|| text.lines().next().unwrap_or_default().to_owned());
    cut_chars(&mut excerpt, MAX_EXCERPT_CHARS);
    Ok(Article {
        title,
        text,
        language: head.language,
        charset,
        canonical: head.canonical,
        excerpt,
        found,
    })
}

/// The best of what the score finds, the page claims and its structured data holds.
fn choose(
    nodes: &[tree::Node<'_>],
    structured: Option<&str>,
    title: &str,
) -> Result<(String, Found), ArticleError> {
    let (scored, panic) = match readable::scored(nodes) {
        Ok(text) => (tidy(&text, title), None),
        Err(detail) => (String::new(), Some(detail)),
    };
    let claimed = readable::claimed(nodes)
        .map(|text| tidy(&text, title))
        .unwrap_or_default();
    let structured = structured
        .map(|body| tidy(&body_lines(body), title))
        .unwrap_or_default();
    let mut best = (scored, Found::Scored);
    let mut weight_of_best = weight(&best.0);
    // Only a clear gain is worth leaving the score: what the page claims may hold more than the
    // story, and structured data may be another text, or the same with its teasers run in.
    for (text, found) in [(claimed, Found::Claimed), (structured, Found::Structured)] {
        let weight = weight(&text);
        if weight * 2 > weight_of_best * 3 {
            (best, weight_of_best) = ((text, found), weight);
        }
    }
    if weight_of_best >= MIN_WEIGHT {
        return Ok(best);
    }
    match (panic, lines::visible(&best.0)) {
        (Some(detail), _) => Err(ArticleError::Panicked { detail }),
        (None, 0) => Err(ArticleError::Empty),
        (None, chars) => Err(ArticleError::TooShort { chars }),
    }
}

/// Structured text as lines: it is plain text with line breaks, or markup.
fn body_lines(body: &str) -> String {
    if body.contains("</") || body.contains("<br") {
        return parse::page(body.as_bytes(), Some("text/html; charset=utf-8")).text;
    }
    let lines: Vec<String> = body
        .lines()
        .map(clean_html)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// The lines of a text without its title on top, teasers and notices, bounded.
fn tidy(text: &str, title: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = clean_text(line);
        if line.is_empty()
            || (out.is_empty() && line == title)
            || boilerplate::is_teaser_text(&line)
            || boilerplate::is_notice(&line)
        {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
        if out.len() > MAX_TEXT {
            out.truncate(out.floor_char_boundary(MAX_TEXT));
            out.truncate(out.trim_end().len());
            break;
        }
    }
    out
}

/// What a body is instead of HTML.
fn not_html(markup: &str, content_type: Option<&str>) -> Option<&'static str> {
    let start =
        markup.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c == '\0');
    let begins = |what: &str| start.starts_with(what);
    if looks_like_html(markup.as_bytes()) {
        return None;
    }
    let said = content_type.unwrap_or_default().trim().to_ascii_lowercase();
    if begins("%PDF-") {
        Some("a PDF file")
    } else if begins("<rss") || begins("<feed") || begins("<rdf:RDF") {
        Some("a feed")
    } else if begins("{") || begins("[") || said.starts_with("application/json") {
        Some("JSON")
    } else if markup
        .chars()
        .take(2_000)
        .any(|c| matches!(c, '\0'..='\u{8}' | '\u{E}'..='\u{1A}'))
    {
        Some("a binary file")
    } else if [
        "image/",
        "audio/",
        "video/",
        "application/pdf",
        "application/zip",
    ]
    .iter()
    .any(|k| said.starts_with(k))
    {
        Some("a media file")
    } else if said.starts_with("text/html")
        || said.starts_with("application/xhtml")
        || start.starts_with('<')
    {
        None
    } else if begins("<?xml") {
        Some("an XML document")
    } else {
        Some("plain text")
    }
}

fn cut_chars(text: &mut String, max: usize) {
    if let Some((at, _)) = text.char_indices().nth(max) {
        text.truncate(text[..at].trim_end().len());
    }
}

#[cfg(test)]
mod tests;
