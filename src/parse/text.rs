//! Text as people read it: no markup, no references, no control characters, one space at a time.
//!
//! [`clean_html`] takes markup, [`clean_text`] takes plain text; both are linear in their input.
//! What comes out can be printed on a terminal, written to a log line or put into a page's text:
//! it holds no C0 or C1 control character, no bidirectional override and no line break.

use super::cleaner::Cleaner;
use super::entities;
use super::markup::{Piece, Scanner};

/// Elements that end a word: a space stands in their place.
const BREAKING: [&str; 54] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "button",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "img",
    "input",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "optgroup",
    "option",
    "p",
    "pre",
    "section",
    "select",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Elements that may stand inside a word: nothing stands in their place.
const INLINE: [&str; 47] = [
    "a", "abbr", "acronym", "audio", "b", "bdi", "bdo", "big", "cite", "code", "data", "del",
    "dfn", "em", "embed", "font", "head", "i", "iframe", "ins", "kbd", "label", "link", "mark",
    "math", "meta", "noscript", "object", "picture", "q", "rp", "rt", "ruby", "s", "samp",
    "script", "small", "source", "span", "strike", "strong", "style", "sub", "sup", "svg", "u",
    "video",
];

/// The longest name in the lists, in bytes.
const LONGEST_NAME: usize = 10;

/// Whether a sorted list of lower-case names has a name in any case.
fn is_one_of(list: &[&str], name: &str) -> bool {
    let mut lower = [0; LONGEST_NAME];
    let Some(lower) = lower.get_mut(..name.len()) else {
        return false;
    };
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    list.binary_search_by(|known| known.as_bytes().cmp(lower))
        .is_ok()
}

/// Whether an element ends a word.
pub(super) fn breaks(name: &str) -> bool {
    // XHTML in feeds may have a prefix
    is_one_of(&BREAKING, name.rsplit(':').next().unwrap_or(name))
}

/// Markup to text: tags and comments dropped, references resolved, block elements and line breaks
/// turned into a space, inline elements into nothing (`Er<b>do</b>ğan` is one word).
#[must_use]
pub fn clean_html(markup: &str) -> String {
    html(markup, usize::MAX)
}

/// Plain text to clean text: control characters and bidirectional overrides dropped, white space
/// collapsed. References and tags stay as they are written.
#[must_use]
pub fn clean_text(text: &str) -> String {
    plain(text, usize::MAX)
}

/// [`clean_text`] of at most `max` bytes.
pub(super) fn plain(text: &str, max: usize) -> String {
    let mut cleaner = Cleaner::new(max);
    cleaner.text(text);
    cleaner.finish()
}

/// [`clean_html`] of at most `max` bytes.
pub(super) fn html(markup: &str, max: usize) -> String {
    if !markup.contains(['<', '&']) {
        return plain(markup, max);
    }
    let mut cleaner = Cleaner::new(max);
    for piece in Scanner::new(markup) {
        if cleaner.is_full() {
            break;
        }
        match piece {
            Piece::Text(text) => cleaner.referenced(text),
            Piece::Verbatim(text) => cleaner.text(text),
            Piece::Start(name, _) | Piece::End(name, _) => {
                if breaks(name) {
                    cleaner.space();
                }
            }
        }
    }
    cleaner.finish()
}

/// A text of which nobody knows whether it is markup (RSS titles, Atom's `type="text"`): known
/// HTML elements vanish, anything else between `<` and `>` stays as it is written (`Vec<T>`).
pub(super) fn either(text: &str, max: usize) -> String {
    if !text.contains(['<', '&']) {
        return plain(text, max);
    }
    let mut cleaner = Cleaner::new(max);
    for piece in Scanner::new(text) {
        match piece {
            Piece::Text(text) => cleaner.referenced(text),
            Piece::Verbatim(text) => cleaner.text(text),
            Piece::Start(name, raw) | Piece::End(name, raw) => {
                if breaks(name) {
                    cleaner.space();
                } else if !is_one_of(&INLINE, name) {
                    cleaner.referenced(raw);
                }
            }
        }
    }
    cleaner.finish()
}

/// A title of at most `max_chars` characters. When a reference with its semicolon is left after
/// cleaning, the publisher escaped twice (`&amp;quot;`), and it is resolved once more.
pub(super) fn title(text: &str, is_html: bool, max_chars: usize) -> String {
    // a character takes at most four bytes
    let max = max_chars.saturating_mul(4);
    let clean = if is_html {
        html(text, max)
    } else {
        either(text, max)
    };
    let mut clean = resolved_again(clean, max, |_| true);
    cut_chars(&mut clean, max_chars);
    clean
}

/// A summary or content of at most `max` bytes. A reference to a letter that is left after cleaning
/// (`Filip&#233;ndula`) was escaped twice; one to `<` or `&` may be what the article is about.
pub(super) fn body(text: &str, is_html: bool, max: usize) -> String {
    let clean = if is_html {
        html(text, max)
    } else {
        either(text, max)
    };
    resolved_again(clean, max, |c| !c.is_ascii())
}

/// Resolves the closed references of a clean text to characters that are `wanted`.
fn resolved_again(clean: String, max: usize, wanted: fn(char) -> bool) -> String {
    let closed = |at: usize| {
        entities::resolve(&clean[at..])
            .filter(|r| wanted(r.first) && clean.as_bytes()[at + r.len - 1] == b';')
    };
    let mut out: Option<Cleaner> = None;
    let mut done = 0;
    for (at, _) in clean.match_indices('&') {
        if let Some(reference) = closed(at) {
            let cleaner = out.get_or_insert_with(|| Cleaner::new(max));
            cleaner.text(&clean[done..at]);
            cleaner.char(reference.first);
            if let Some(second) = reference.second {
                cleaner.char(second);
            }
            done = at + reference.len;
        }
    }
    match out {
        Some(mut cleaner) => {
            cleaner.text(&clean[done..]);
            cleaner.finish()
        }
        None => clean,
    }
}

/// Cuts a text after `max` characters, or after the last visible one before.
pub(super) fn cut_chars(text: &mut String, max: usize) {
    if let Some((at, _)) = text.char_indices().nth(max) {
        text.truncate(text[..at].trim_end().len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cleaner::is_unwanted;
    use super::*;

    #[test]
    fn the_lists_of_names_can_be_searched_by_halves() {
        for list in [&BREAKING[..], &INLINE[..]] {
            assert!(list.is_sorted());
            for name in list {
                assert!(name.len() <= LONGEST_NAME && is_one_of(list, &name.to_uppercase()));
            }
        }
    }

    #[test]
    fn inline_elements_do_not_split_words_and_blocks_do() {
        assert_eq!(
            clean_html("Er<b>do</b>ğan<br>met<p>Putin</p>today"),
            "Erdoğan met Putin today"
        );
        assert_eq!(clean_html("<ul><li>one</li><li>two</li></ul>"), "one two");
    }

    #[test]
    fn references_resolve_and_white_space_collapses() {
        assert_eq!(
            clean_html("  a&nbsp;&amp;\n\t b &eacute; &#8217; "),
            "a & b é \u{2019}"
        );
        assert_eq!(clean_html("AT&T R&D 5 < 6 > 4"), "AT&T R&D 5 < 6 > 4");
    }

    #[test]
    fn what_no_reader_sees_is_dropped() {
        assert_eq!(
            clean_html(
                "a<script>if (x<y) '<p>'</script>b<style>p{}</style>c<!-- d --><noscript>e</noscript>f"
            ),
            "abcf"
        );
        assert_eq!(clean_html("a<noscript>b"), "ab");
        assert_eq!(clean_html("a<a href=\"x > y\">b</a> c <a hre"), "ab c");
    }

    #[test]
    fn terminal_sequences_and_bidi_overrides_lose_their_power() {
        assert_eq!(
            clean_text("\u{1b}[31mred\u{1b}[0m\u{7}\u{9b}2J"),
            "[31mred[0m2J"
        );
        assert_eq!(clean_html("a\u{202E}b\u{2066}c&#x202E;&#27;d"), "abcd");
    }

    #[test]
    fn titles_escaped_twice_are_resolved_twice() {
        assert_eq!(
            title("&amp;quot;Yes&amp;quot; &amp;amp; no", false, 99),
            "\"Yes\" & no"
        );
        assert_eq!(title("AT&amp;T", false, 99), "AT&T");
        assert_eq!(
            title("Vec<T> is <b>fast</b>, a<b", false, 99),
            "Vec<T> is fast, a<b"
        );
        assert_eq!(title("日本語", false, 2), "日本");
    }

    #[test]
    fn letters_escaped_twice_are_resolved_twice_in_bodies() {
        assert_eq!(
            body("Filip&amp;#233;ndula &amp;nbsp;x", true, 99),
            "Filipéndula x"
        );
        assert_eq!(body("write &amp;lt;b&amp;gt;", true, 99), "write &lt;b&gt;");
    }

    #[test]
    fn bounds_are_kept_at_character_boundaries() {
        assert_eq!(plain("ééé", 5), "éé");
        assert_eq!(html("<p>one</p><p>two</p>", 5), "one t");
    }

    #[test]
    fn hostile_markup_costs_linear_time() {
        let started = crate::testing::processor_time();
        for unit in [
            "<div>",
            "<a b='",
            "<a x=\">",
            "<noscript>",
            "<a <",
            "&#",
            "<!--",
            "</",
            "<![CDATA[",
            "a b ",
        ] {
            let text = format!("<a {}", unit.repeat(1_000_000 / unit.len()));
            assert!(clean_html(&text).len() <= text.len());
            assert!(clean_html(&unit.repeat(1_000_000 / unit.len())).len() <= 1_000_000);
        }
        let took = crate::testing::since(started);
        assert!(took.as_secs() < 60, "{took:?}");
    }

    proptest! {
        #[test]
        fn no_text_panics_or_leaves_controls(text in "(?s)(<|>|&|/|\"|'|=|!|-|#|;|x|[a-z]{1,6}|[0-9]|script|\\[CDATA\\[|\\]\\]>|.){0,60}") {
            for clean in [clean_html(&text), clean_text(&text), either(&text, 40), title(&text, true, 9)] {
                prop_assert!(!clean.chars().any(is_unwanted));
                prop_assert!(!clean.contains("  ") && clean.trim() == clean);
            }
        }
    }
}
