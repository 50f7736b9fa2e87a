//! Why a document could not be read, in words for the feed's owner.
//!
//! [`ParseError`] is the only error of the module. Each message says what was found and what to do
//! about it, is one line, and quotes at most a short, cleaned piece of the document.

/// Why no feed could be read from a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The body has no bytes but white space.
    #[error("the body is empty: open the URL in a browser, the feed may have moved")]
    Empty,
    /// The body is something else than a feed.
    #[error(
        "no feed here, but {looks_like}{}: open the URL in a browser, the feed may have moved",
        quoted(title.as_deref())
    )]
    NotAFeed {
        /// What it looks like, with its article (`an HTML page`).
        looks_like: &'static str,
        /// The title of the page, clean and cut to 200 characters, if it has one.
        title: Option<String>,
    },
    /// The body is a feed, broken beyond repair.
    #[error(
        "the feed's document is malformed{}: {detail}; tell the publisher, or check the URL with a feed validator",
        at(*line)
    )]
    Malformed {
        /// What is wrong.
        detail: String,
        /// The line on which it is wrong, from 1, if known.
        line: Option<usize>,
    },
    /// The body has more of something than any honest feed has.
    #[error(
        "the feed's document has more than {limit} {what}, which no ordinary feed has: check the URL by hand"
    )]
    TooComplex {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// The underlying parser panicked, before and after repair.
    #[error(
        "the feed parser failed inside ({detail}): keep the document and report it as a bug of mentiond"
    )]
    Panicked {
        /// The panic's message, cut to 200 characters.
        detail: String,
    },
}

fn quoted(title: Option<&str>) -> String {
    title
        .map(|t| format!(" (\u{201c}{t}\u{201d})"))
        .unwrap_or_default()
}

fn at(line: Option<usize>) -> String {
    line.map(|l| format!(" at line {l}")).unwrap_or_default()
}
