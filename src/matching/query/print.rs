//! A query as text, the way it is best written.
//!
//! Parsing what is printed gives the same query, if it is one that can be written: its leaves stand
//! in order, `AND` and `OR` have two operands or more, its terms are checked.

use super::lex::is_plain_word;
use crate::model::{Case, Fact, FactKind, Link, Node, Query, Regex, Scope, Term, Unit};

/// The query's text, on one line.
///
/// ```
/// use mentiond::matching::{parse_query, print_query};
/// # fn main() -> Result<(), mentiond::matching::QueryError> {
/// let query = parse_query("((шос)) AND  title:(\"SCO\" OR exact:sco^2)")?;
/// assert_eq!(print_query(&query), "шос title:(SCO OR exact:sco^2)");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn print_query(query: &Query) -> String {
    let mut out = String::new();
    node(query, &query.root, Place::Whole, &mut out);
    out
}

/// A node by itself: a leaf or condition as it is written, of others the operator alone.
pub(super) fn label(query: &Query, which: &Node) -> String {
    let mut out = String::new();
    match which {
        Node::Term(_) | Node::Regex(_) | Node::Fact(_) => {
            node(query, which, Place::Tight, &mut out);
        }
        Node::And(_) => out.push_str("AND"),
        Node::Or(_) => out.push_str("OR"),
        Node::Not(_) => out.push_str("NOT"),
        Node::Within(unit, _) => out.push_str(unit_name(*unit)),
        Node::Scoped(scope, _) => out.push_str(scope_name(*scope)),
        Node::Near { rest, .. } => {
            let links: Vec<String> = rest.iter().map(|(link, _)| link_name(*link)).collect();
            out = links.join(" ");
        }
    }
    out
}

const fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Sentence => "SENTENCE",
        Unit::Paragraph => "PARAGRAPH",
    }
}

const fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Title => "title:",
        Scope::Body => "body:",
        Scope::Author => "author:",
    }
}

fn link_name(link: Link) -> String {
    let order = if link.ordered { "ONEAR" } else { "NEAR" };
    format!("{order}/{}", link.words)
}

/// Where a node stands, from the loosest place to the tightest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A whole query or the whole of a group.
    Whole,
    /// An operand of `OR`.
    Or,
    /// An operand of `AND`.
    And,
    /// Behind `NOT`.
    Not,
    /// An operand of `NEAR`, or behind a scope.
    Tight,
}

fn node(query: &Query, which: &Node, place: Place, out: &mut String) {
    // The tightest place in which the node can stand without a group.
    let fits = match which {
        Node::Or(_) => Place::Whole,
        Node::And(_) => Place::Or,
        Node::Not(_) | Node::Near { .. } => Place::Not,
        _ => Place::Tight,
    };
    if place > fits {
        out.push('(');
        node(query, which, Place::Whole, out);
        out.push(')');
        return;
    }
    match which {
        Node::Term(index) => {
            if let Some(found) = query.terms.get(*index) {
                term(found, out);
            }
        }
        Node::Regex(index) => {
            if let Some(found) = query.regexes.get(*index) {
                regex(found, out);
            }
        }
        Node::Fact(found) => fact(found, out),
        Node::Or(nodes) => join(query, nodes, " OR ", Place::Or, out),
        Node::And(nodes) => join(query, nodes, " ", Place::And, out),
        Node::Not(inner) => {
            out.push_str("NOT ");
            node(query, inner, Place::Not, out);
        }
        Node::Near { first, rest } => {
            node(query, first, Place::Tight, out);
            for (link, operand) in rest {
                out.push(' ');
                out.push_str(&link_name(*link));
                out.push(' ');
                node(query, operand, Place::Tight, out);
            }
        }
        Node::Within(unit, inner) => {
            out.push_str(unit_name(*unit));
            out.push('(');
            node(query, inner, Place::Whole, out);
            out.push(')');
        }
        Node::Scoped(scope, inner) => {
            out.push_str(scope_name(*scope));
            node(query, inner, Place::Tight, out);
        }
    }
}

fn join(query: &Query, nodes: &[Node], between: &str, place: Place, out: &mut String) {
    for (index, inner) in nodes.iter().enumerate() {
        if index > 0 {
            out.push_str(between);
        }
        node(query, inner, place, out);
    }
}

fn term(term: &Term, out: &mut String) {
    if term.case == Case::Exact {
        out.push_str("exact:");
    }
    if !term.inflect {
        out.push_str("plain:");
    }
    text(&term.text, out);
    weight(term.weight, out);
}

fn text(text: &str, out: &mut String) {
    if is_plain_word(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

fn regex(regex: &Regex, out: &mut String) {
    out.push_str(&written(regex));
    weight(regex.weight, out);
}

/// A regular expression between its slashes.
pub(super) fn written(regex: &Regex) -> String {
    let mut out = String::from("/");
    let mut chars = regex.pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '/' => out.push_str("\\/"),
            '\\' => {
                out.push('\\');
                out.extend(chars.next());
            }
            c => out.push(c),
        }
    }
    out.push('/');
    if regex.ignore_case {
        out.push('i');
    }
    out
}

fn fact(fact: &Fact, out: &mut String) {
    out.push_str(match fact.kind {
        FactKind::Source => "source:",
        FactKind::Language => "lang:",
        FactKind::Tag => "tag:",
    });
    let star = if fact.prefix { "*" } else { "" };
    text(&format!("{}{star}", fact.value), out);
}

fn weight(weight: i32, out: &mut String) {
    if weight != 1 {
        out.push('^');
        out.push_str(&weight.to_string());
    }
}
