//! A tree as lines: what a reader sees between two line breaks, with how much of it is links.

use std::ops::Range;

use super::tree::{Class, Kind, Node, attribute};
use crate::parse::clean_html;

/// What stands between two line breaks of a page.
#[derive(Debug)]
pub(super) struct Line {
    /// The nodes that it is made of; others than texts among them are inline elements.
    pub nodes: Range<usize>,
    /// Clean text, never empty.
    pub text: String,
    /// Visible characters, white space not counted.
    pub chars: usize,
    /// Those of them that are inside links.
    pub link_chars: usize,
}

impl Line {
    /// The share of the visible characters that is inside links, 0 to 1.
    pub fn link_share(&self) -> f64 {
        self.link_chars as f64 / self.chars.max(1) as f64
    }
}

/// Visible characters of a clean text.
pub(super) fn visible(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// The lines of `range` that are not dropped, in order.
pub(super) fn lines(nodes: &[Node<'_>], range: Range<usize>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut current = Current::default();
    // ends of the open blocks and links
    let mut blocks: Vec<usize> = Vec::new();
    let mut link_end = 0;
    let mut at = range.start;
    while at < range.end {
        while blocks.last().is_some_and(|&end| end <= at) {
            blocks.pop();
            current.flush(at, &mut lines);
        }
        let node = &nodes[at];
        if node.dropped {
            // an inline element that was dropped separates words, a block separates lines
            if matches!(node.kind, Kind::Element { tag, .. } if tag.class == Class::Block) {
                current.flush(at, &mut lines);
            }
            at = node.end;
            continue;
        }
        match node.kind {
            Kind::Text(text) => current.add(at, text, at < link_end),
            Kind::Element { tag, raw } => match tag.class {
                Class::Block => {
                    current.flush(at, &mut lines);
                    blocks.push(node.end);
                }
                Class::Void if matches!(tag.name, "br" | "hr") => current.flush(at, &mut lines),
                Class::Void => {}
                Class::Inline => {
                    if tag.name == "a" && attribute(raw, "href").is_some() {
                        link_end = link_end.max(node.end);
                    }
                }
            },
        }
        at += 1;
    }
    current.flush(range.end, &mut lines);
    lines
}

#[derive(Default)]
struct Current {
    raw: String,
    link_raw: String,
    first: Option<usize>,
}

impl Current {
    fn add(&mut self, at: usize, text: &str, linked: bool) {
        self.first.get_or_insert(at);
        self.raw.push_str(text);
        if linked {
            self.link_raw.push_str(text);
        }
    }

    fn flush(&mut self, end: usize, lines: &mut Vec<Line>) {
        let Some(first) = self.first.take() else {
            return;
        };
        // a `<` of a text is no tag here
        let text = clean_html(&self.raw.replace('<', "&lt;"));
        let chars = visible(&text);
        if chars > 0 {
            let link_chars = visible(&clean_html(&self.link_raw.replace('<', "&lt;"))).min(chars);
            lines.push(Line {
                nodes: first..end,
                text,
                chars,
                link_chars,
            });
        }
        self.raw.clear();
        self.link_raw.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::build;
    use super::*;

    #[test]
    fn blocks_and_breaks_end_lines_and_inline_elements_do_not() {
        let markup = "<div>O<b>n</b>e &amp; <i>two</i><br>three<p>four</p>5 &lt; 6</div>";
        let nodes = build(markup);
        let texts: Vec<_> = lines(&nodes, 0..nodes.len())
            .into_iter()
            .map(|l| l.text)
            .collect();
        assert_eq!(texts, ["One & two", "three", "four", "5 < 6"]);
    }

    #[test]
    fn links_are_measured_even_around_blocks() {
        let nodes =
            build("<a href=x><div>one</div></a><p>two <a href=y>six</a></p><a name=z>ten</a>");
        let shares: Vec<_> = lines(&nodes, 0..nodes.len())
            .iter()
            .map(|l| (l.chars, l.link_chars))
            .collect();
        assert_eq!(shares, [(3, 3), (6, 3), (3, 0)]);
    }
}
