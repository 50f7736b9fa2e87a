//! Finds the article among what is left of a page, with the `dom_smoothie` crate behind a wall.
//!
//! The crate gets a page of our own making: the tree without what was taken out, inline elements,
//! scripts and attributes but class, id and `itemprop`. So its cost is bounded whatever the page was,
//! and what it sees can't be nested deeper than [`MAX_DEPTH`](super::tree::MAX_DEPTH). Of 20,000
//! nested elements it took 24 s, of what is left of them here it takes microseconds.

use std::ops::Range;

use dom_smoothie::{Config, Readability};

use super::lines::{Line, lines};
use super::tree::{Class, Kind, Node, attribute};
use super::wants::weight;
use crate::parse::page;
use crate::parse::wall::contained;

/// Bytes of markup that the crate gets at most.
const MAX_MARKUP: usize = 2 << 20;
/// Bytes of text after which a `wbr` stands in the next place. The crate writes its result with
/// html5ever's serializer, which for each `&` and each character from U+0080 to U+00BF looks through
/// the rest of its text node: 512 KiB of `&` in one node cost seconds.
const MAX_RUN: usize = 4 << 10;

/// The article's text as the readability score finds it, lines by line; empty when it finds none.
///
/// # Errors
/// The crate's message when it panicked.
pub(super) fn scored(nodes: &[Node<'_>]) -> Result<String, String> {
    let markup = serialise(nodes);
    contained(move || {
        let config = Config {
            // the scores of short news are as good as those of long reads
            char_threshold: 100,
            disable_json_ld: true,
            ..Config::default()
        };
        let Ok(mut readability) = Readability::new(markup.as_str(), None, Some(config)) else {
            return String::new();
        };
        let Ok(article) = readability.parse() else {
            return String::new();
        };
        page(article.content.as_bytes(), Some("text/html; charset=utf-8")).text
    })
}

/// The text of the elements that the page itself calls its article: `itemprop="articleBody"`, else
/// `article`, else `main`.
pub(super) fn claimed(nodes: &[Node<'_>]) -> Option<String> {
    let body = |node: &Node<'_>| {
        attribute(node.raw(), "itemprop").is_some_and(|p| p.eq_ignore_ascii_case("articleBody"))
    };
    let claims: [&dyn Fn(&Node<'_>) -> bool; 3] =
        [&body, &|node| node.name() == "article", &|node| {
            node.name() == "main"
        }];
    claims.into_iter().find_map(|claims| {
        let mut best = None;
        let (mut most, mut at) = (0, 0);
        while at < nodes.len() {
            if claims(&nodes[at]) && !nodes[at].dropped {
                let text = text_of(nodes, at..nodes[at].end);
                let weight = weight(&text);
                if weight > most {
                    (best, most) = (Some(text), weight);
                }
                at = nodes[at].end;
            } else {
                at += 1;
            }
        }
        best
    })
}

fn text_of(nodes: &[Node<'_>], range: Range<usize>) -> String {
    let lines: Vec<String> = lines(nodes, range)
        .into_iter()
        .map(|l: Line| l.text)
        .collect();
    lines.join("\n")
}

/// The markup of what is left of a page, well-formed.
fn serialise(nodes: &[Node<'_>]) -> String {
    let mut out = String::from("<html><head><title>-</title></head><body>");
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut filled = Vec::with_capacity(nodes.len() + 1);
    let mut texts = 0_usize;
    filled.push(0);
    for node in nodes {
        texts += usize::from(
            !node.dropped && matches!(node.kind, Kind::Text(t) if !t.trim().is_empty()),
        );
        filled.push(texts);
    }
    let mut at = 0;
    // bytes of text since the last tag
    let mut run = 0;
    while at < nodes.len() && out.len() < MAX_MARKUP {
        while let Some((_, name)) = open.last().copied().filter(|(end, _)| *end <= at) {
            close(&mut out, name);
            open.pop();
            run = 0;
        }
        let node = &nodes[at];
        let empty = filled[node.end] == filled[at];
        match node.kind {
            Kind::Text(text) if !node.dropped => escape(text, &mut run, &mut out),
            Kind::Element { tag, .. } if tag.name == "br" && !node.dropped => {
                out.push_str("<br>");
                run = 0;
            }
            // an element is dropped with all inside; a line that was dropped is texts only
            Kind::Element { tag, raw }
                if !empty
                    && (tag.class == Class::Block || tag.name == "a")
                    && !matches!(tag.name, "html" | "body" | "head" | "title") =>
            {
                out.push('<');
                out.push_str(tag.name);
                for name in ["class", "id", "itemprop"] {
                    if let Some(value) = attribute(raw, name) {
                        let value: String = value.chars().take(200).collect();
                        out.push(' ');
                        out.push_str(name);
                        out.push_str("=\"");
                        out.push_str(&value.replace(['"', '<', '>', '&'], " "));
                        out.push('"');
                    }
                }
                if tag.name == "a" && attribute(raw, "href").is_some() {
                    // where it leads says nothing; that it leads somewhere counts
                    out.push_str(" href=\"/\"");
                }
                out.push('>');
                run = 0;
                open.push((node.end, tag.name));
            }
            Kind::Element { .. } if empty => {
                at = node.end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    while let Some((_, name)) = open.pop() {
        close(&mut out, name);
    }
    out.push_str("</body></html>");
    out
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Text as written, with references kept and everything else harmless. `run` counts its bytes.
fn escape(text: &str, run: &mut usize, out: &mut String) {
    for c in text.chars() {
        // never inside a reference
        if *run >= MAX_RUN && !c.is_ascii_alphanumeric() && !matches!(c, '#' | ';') {
            out.push_str("<wbr>");
            *run = 0;
        }
        *run += c.len_utf8();
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::build;
    use super::*;

    #[test]
    fn what_is_left_is_written_without_what_was_dropped_or_is_empty() {
        let mut nodes = build(
            "<div class='a\"b' onclick=x><b>One</b> &amp; two<br><p></p><i>3 < 4</i><p>gone</p></div>",
        );
        let gone = nodes
            .iter()
            .position(|n| matches!(n.kind, Kind::Text("gone")))
            .unwrap();
        nodes[gone].dropped = true;
        let markup = serialise(&nodes);
        assert!(
            markup.ends_with(
                "<body><div class=\"a b\">One &amp; two<br>3 &lt; 4</div></body></html>"
            ),
            "{markup}"
        );
        assert!(!markup.contains("onclick") && !markup.contains("gone") && !markup.contains("<p>"));
    }

    #[test]
    fn long_texts_cost_no_square_of_their_length_and_stay_whole() {
        let story = "Der Preis von 5 \u{a7} &amp; 3 stieg&nbsp;weiter. ".repeat(9_000);
        let markup = format!("<p>{story}</p>");
        let whole = page(markup.as_bytes(), Some("text/html; charset=utf-8")).text;
        assert_eq!(scored(&build(&markup)), Ok(whole));
        for unit in ["&", "\u{a7}", "&#167;", "<b>&</b>"] {
            let markup = serialise(&build(&format!("<p>{}", unit.repeat(40_000 / unit.len()))));
            let longest = markup.split('<').map(str::len).max();
            assert!(longest < Some(MAX_RUN + 50), "{unit}: {longest:?}");
        }
    }

    #[test]
    fn the_pages_own_claim_prefers_the_article_body() {
        let nodes = build(
            "<main>m<article>teaser</article><article>a longer article<div itemprop=articleBody>the body</div></article></main>",
        );
        assert_eq!(claimed(&nodes).as_deref(), Some("the body"));
        let nodes =
            build("<main>m<article>teaser</article><article>a longer article</article></main>");
        assert_eq!(claimed(&nodes).as_deref(), Some("a longer article"));
        assert_eq!(claimed(&build("<div>x</div>")), None);
    }
}
