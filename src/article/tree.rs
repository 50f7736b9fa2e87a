//! A page as a flat tree: nodes in document order, each knowing where its inside ends.
//!
//! It is built in one pass without recursion and is bounded in depth and nodes, so that neither a
//! page of a hundred thousand nested elements nor what is made of it later can overflow a stack or
//! cost more than linear time. What is deeper than [`MAX_DEPTH`] stays, as content of the deepest
//! element. Elements that no reader sees never come in.

use crate::parse::markup::{Piece, Scanner};

/// Elements inside each other; real pages have some forty.
pub(super) const MAX_DEPTH: usize = 80;
/// Elements and texts of a page; real pages have some thousands.
const MAX_NODES: usize = 40_000;
/// Bytes of text of a page, tags not counted. A text of nothing but references costs the most: 1 MiB
/// of them takes most of a second.
const MAX_TEXT: usize = 1 << 20;

/// How an element takes part in the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Begins and ends lines.
    Block,
    /// Has no inside.
    Void,
    /// Part of a line.
    Inline,
}

/// An element's name, lower case, and its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub name: &'static str,
    pub class: Class,
}

/// One element or one text.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub kind: Kind<'a>,
    /// The index after the last node inside.
    pub end: usize,
    /// Taken out: neither it nor anything inside is text of the article.
    pub dropped: bool,
}

/// What a node is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'a> {
    /// Text, references unresolved.
    Text(&'a str),
    /// An element with its whole start tag.
    Element { tag: Tag, raw: &'a str },
}

impl Node<'_> {
    /// The element's name; empty for a text.
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::Text(_) => "",
            Kind::Element { tag, .. } => tag.name,
        }
    }

    /// The start tag; empty for a text.
    pub fn raw(&self) -> &str {
        match self.kind {
            Kind::Text(_) => "",
            Kind::Element { raw, .. } => raw,
        }
    }
}

const BLOCK: [&str; 56] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
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
    "head",
    "header",
    "hgroup",
    "html",
    "label",
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
    "search",
    "section",
    "select",
    "summary",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
    "video",
];
const VOID: [&str; 15] = [
    "area", "base", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link", "meta",
    "source", "track", "wbr",
];

/// The tag of a name as written. Custom elements count as `div`, which is what publishers use them
/// for; all else that is unknown counts as `span`.
fn tag(name: &str) -> Tag {
    let found = |list: &'static [&'static str]| {
        list.iter()
            .copied()
            .find(|known| known.eq_ignore_ascii_case(name))
    };
    let (name, class) = if let Some(name) = found(&BLOCK) {
        (name, Class::Block)
    } else if let Some(name) = found(&VOID) {
        (name, Class::Void)
    } else if name.eq_ignore_ascii_case("a") {
        ("a", Class::Inline)
    } else if name.contains('-') {
        ("div", Class::Block)
    } else {
        ("span", Class::Inline)
    };
    Tag { name, class }
}

/// Custom elements whose inside is no part of an article (AMP).
fn is_aside(name: &str) -> bool {
    [
        "amp-sidebar",
        "amp-user-notification",
        "amp-ad",
        "amp-consent",
        "amp-list",
        "amp-embed",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(name))
}

/// Builds the tree of a page.
pub(super) fn build(markup: &str) -> Vec<Node<'_>> {
    let mut builder = Builder {
        nodes: Vec::new(),
        open: Vec::new(),
        beyond: 0,
        text: 0,
        after_inline: false,
    };
    for piece in Scanner::page(markup) {
        if builder.nodes.len() >= MAX_NODES || builder.text >= MAX_TEXT {
            break;
        }
        match piece {
            Piece::Text(text) => builder.text(text),
            // CDATA in HTML is a comment
            Piece::Verbatim(_) => {}
            Piece::Start(name, raw) => builder.start(name, raw),
            Piece::End(name, _) => builder.end(tag(name)),
        }
    }
    builder.close(0);
    builder.nodes
}

struct Builder<'a> {
    nodes: Vec<Node<'a>>,
    /// The open elements with their nodes.
    open: Vec<(Tag, usize)>,
    /// Open elements beyond the depth that is kept.
    beyond: usize,
    text: usize,
    /// The last tag was of an inline element.
    after_inline: bool,
}

impl<'a> Builder<'a> {
    fn text(&mut self, text: &'a str) {
        if text.trim().is_empty() {
            // between two inline elements it is a space, between blocks it is nothing
            if self.after_inline {
                self.push(Kind::Text(" "));
            }
            return;
        }
        let room = MAX_TEXT.saturating_sub(self.text);
        let text = &text[..text.floor_char_boundary(room)];
        // a text of the bound's length ends the page
        self.text += text.len().max(1);
        self.push(Kind::Text(text));
    }

    fn push(&mut self, kind: Kind<'a>) {
        let end = self.nodes.len() + 1;
        self.nodes.push(Node {
            kind,
            end,
            dropped: false,
        });
    }

    fn start(&mut self, name: &'a str, raw: &'a str) {
        let tag = tag(name);
        self.after_inline = tag.class == Class::Inline;
        self.close_implied(tag);
        if tag.class == Class::Void {
            return self.push(Kind::Element { tag, raw });
        }
        if self.open.len() >= MAX_DEPTH {
            self.beyond += 1;
            return;
        }
        self.open.push((tag, self.nodes.len()));
        self.push(Kind::Element { tag, raw });
        if is_aside(name)
            && let Some(node) = self.nodes.last_mut()
        {
            node.dropped = true;
        }
    }

    /// End tags that HTML lets authors leave out (HTML standard §13.1.2.4).
    fn close_implied(&mut self, tag: Tag) {
        let (ends, stops): (&[&str], &[&str]) = match tag.name {
            "li" => (&["li"], &["ul", "ol", "menu", "td", "th", "table"]),
            "dd" | "dt" => (&["dd", "dt"], &["dl", "td", "th", "table"]),
            "td" | "th" => (&["td", "th"], &["tr", "table"]),
            "tr" => (&["tr"], &["table"]),
            "tbody" | "thead" | "tfoot" => (&["tbody", "thead", "tfoot"], &["table"]),
            "option" => (&["option"], &["select"]),
            "a" => (&["a"], &["td", "th", "table"]),
            _ => (&[], &[]),
        };
        self.close_nearest(ends, stops);
        if tag.class == Class::Block {
            self.close_nearest(&["p"], &["td", "th", "table", "button", "caption"]);
        }
    }

    fn close_nearest(&mut self, ends: &[&str], stops: &[&str]) {
        if ends.is_empty() {
            return;
        }
        for (depth, (open, _)) in self.open.iter().enumerate().rev() {
            if ends.contains(&open.name) {
                return self.close(depth);
            }
            if stops.contains(&open.name) {
                return;
            }
        }
    }

    fn end(&mut self, tag: Tag) {
        self.after_inline = tag.class == Class::Inline;
        if tag.class == Class::Void {
            return;
        }
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        let of_table = matches!(
            tag.name,
            "table" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th"
        );
        for (depth, (open, _)) in self.open.iter().enumerate().rev() {
            if open.name == tag.name {
                return self.close(depth);
            }
            let stops = match tag.class {
                Class::Inline => open.class == Class::Block,
                _ => !of_table && matches!(open.name, "td" | "th" | "table"),
            };
            if stops && !matches!(tag.name, "body" | "html") {
                return;
            }
        }
    }

    /// Closes all open elements from `depth` on.
    fn close(&mut self, depth: usize) {
        let end = self.nodes.len();
        for (_, node) in self.open.drain(depth..) {
            self.nodes[node].end = end;
        }
    }
}

/// Takes a node out, with all inside.
pub(super) fn drop_subtree(nodes: &mut [Node<'_>], at: usize) {
    for node in at..nodes[at].end {
        nodes[node].dropped = true;
    }
}

/// Attributes of a start tag that are looked at.
const MAX_ATTRIBUTES: usize = 64;

/// The attributes of a start tag in order, values as written; those without a value have none.
pub(super) fn attributes(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    let inside = raw.strip_prefix('<').unwrap_or(raw);
    let inside = inside.strip_suffix('>').unwrap_or(inside);
    let name_end = inside
        .find(|c: char| c.is_ascii_whitespace() || c == '/')
        .unwrap_or(inside.len());
    let mut rest = &inside[name_end..];
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/');
        let skip = usize::from(rest.starts_with('='));
        let name_end = rest[skip..].find(is_end).map_or(rest.len(), |i| skip + i);
        let name = &rest[..name_end];
        rest = rest[name_end..].trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            return Some((name, ""));
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(
                value
                    .find(|c: char| c.is_ascii_whitespace())
                    .unwrap_or(value.len()),
            ),
        };
        rest = after;
        Some((name, value))
    })
    .take(MAX_ATTRIBUTES)
}

/// The value of an attribute as written.
pub(super) fn attribute<'a>(raw: &'a str, name: &str) -> Option<&'a str> {
    attributes(raw)
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outline(markup: &str) -> String {
        fn show(nodes: &[Node<'_>], at: usize, out: &mut String) {
            match nodes[at].kind {
                Kind::Text(text) => out.push_str(text),
                Kind::Element { tag, .. } => {
                    out.push_str(tag.name);
                    out.push('(');
                    let mut child = at + 1;
                    while child < nodes[at].end {
                        show(nodes, child, out);
                        child = nodes[child].end;
                    }
                    out.push(')');
                }
            }
        }
        let nodes = build(markup);
        let (mut out, mut at) = (String::new(), 0);
        while at < nodes.len() {
            show(&nodes, at, &mut out);
            at = nodes[at].end;
        }
        out
    }

    #[test]
    fn end_tags_that_authors_leave_out_are_implied() {
        assert_eq!(outline("<ul><li>a<li>b</ul>c"), "ul(li(a)li(b))c");
        assert_eq!(outline("<p>a<p>b<div>c</div>"), "p(a)p(b)div(c)");
        assert_eq!(
            outline("<table><tr><td>a<td>b<tr><td>c</table>"),
            "table(tr(td(a)td(b))tr(td(c)))"
        );
        assert_eq!(outline("<a href=x>y<a href=z>w</a>"), "a(y)a(w)");
    }

    #[test]
    fn stray_end_tags_close_nothing_outside() {
        assert_eq!(outline("<div><p>a</b></span>b</p></div></p>"), "div(p(ab))");
        assert_eq!(
            outline("<table><td><div>a</section></td></table>"),
            "table(td(div(a)))"
        );
    }

    #[test]
    fn depth_is_bounded_and_text_beyond_it_stays() {
        let markup = format!(
            "{}deep{}after",
            "<div>".repeat(100_000),
            "</div>".repeat(100_000)
        );
        let nodes = build(&markup);
        assert_eq!(nodes.len(), MAX_DEPTH + 2);
        assert!(matches!(nodes[MAX_DEPTH + 1].kind, Kind::Text("after")));
    }

    #[test]
    fn attributes_are_read_however_they_are_written() {
        let raw = "<a href = 'x y' Class=big hidden data-x=\"1>2\"/>";
        let all: Vec<_> = attributes(raw).collect();
        assert_eq!(
            all,
            [
                ("href", "x y"),
                ("Class", "big"),
                ("hidden", ""),
                ("data-x", "1>2")
            ]
        );
        assert_eq!(attribute(raw, "class"), Some("big"));
        assert_eq!(
            attributes(&format!("<p {}>", "a ".repeat(1_000_000))).count(),
            MAX_ATTRIBUTES
        );
    }

    proptest! {
        #[test]
        fn any_markup_gives_a_well_formed_tree(markup in "(<|</)?(div|p|a|b|li|ul|td|tr|table|br|x-y)?( a='| b)?(>|[a-z ]){0,3}{0,80}") {
            let nodes = build(&markup);
            let mut ends: Vec<usize> = Vec::new();
            for (at, node) in nodes.iter().enumerate() {
                while ends.last().is_some_and(|&end| end <= at) {
                    ends.pop();
                }
                prop_assert!(node.end > at && node.end <= nodes.len());
                prop_assert!(ends.last().is_none_or(|&end| node.end <= end));
                ends.push(node.end);
                prop_assert!(ends.len() <= MAX_DEPTH + 1);
            }
        }

        #[test]
        fn any_start_tag_gives_attributes(raw in "<[a-z]{1,3}[ =a-z\"'/é>]{0,40}") {
            for (name, _) in attributes(&raw) {
                prop_assert!(!name.is_empty());
            }
        }
    }
}
