//! What is doubtful about a query.

use super::sample::{Finder, is_short, is_wider};
use super::{Kind, Report, alternatives};
use crate::matching::CompileError;
use crate::model::{Case, Field, Node, Query, Scope, Term};

const FIELDS: [Field; 5] = [
    Field::Title,
    Field::Summary,
    Field::Content,
    Field::Text,
    Field::Author,
];

/// What stands around a node.
#[derive(Debug, Clone, Default)]
struct Around {
    scopes: Vec<Scope>,
    /// Whether something else must stand near.
    context: bool,
    negated: bool,
}

pub(super) fn lint(query: &Query, report: &mut Report<'_>) -> Result<(), CompileError> {
    visit(query, &query.root, &Around::default(), report)
}

fn visit(
    query: &Query,
    node: &Node,
    around: &Around,
    report: &mut Report<'_>,
) -> Result<(), CompileError> {
    let mut inside = around.clone();
    match node {
        Node::Term(index) => {
            if let Some(term) = query.terms.get(*index) {
                leaf(term, around, report);
            }
        }
        Node::And(nodes) => {
            contradictions(query, nodes, report)?;
            // Something else must stand there too.
            inside.context |= nodes.iter().filter(|node| node.needs(&|_| true)).count() > 1;
        }
        Node::Or(nodes) => {
            let terms: Vec<&Term> = nodes.iter().filter_map(|node| term(query, node)).collect();
            alternatives(&terms, report)?;
        }
        Node::Not(_) => inside.negated = !around.negated,
        Node::Near { .. } => inside.context = true,
        Node::Scoped(scope, _) => inside.scopes.push(*scope),
        Node::Within(..) | Node::Regex(_) | Node::Fact(_) => {}
    }
    for child in node.children() {
        visit(query, child, &inside, report)?;
    }
    Ok(())
}

fn leaf(term: &Term, around: &Around, report: &mut Report<'_>) {
    let holds = |field: &Field| around.scopes.iter().all(|scope| scope.holds(*field));
    if !FIELDS.iter().any(holds) {
        report.add(Kind::NoField, &term.text, None);
    }
    if matches!(&*term.text, "and" | "or" | "not" | "And" | "Or" | "Not") {
        report.add(Kind::Operator, &term.text, None);
    } else if is_short(term) && term.case == Case::Fold && !around.context && !around.negated {
        report.add(Kind::Short, &term.text, None);
    }
}

fn term<'q>(query: &'q Query, node: &Node) -> Option<&'q Term> {
    match node {
        Node::Term(index) => query.terms.get(*index),
        _ => None,
    }
}

/// Looks for terms that must stand there and that a `NOT` beside them forbids.
fn contradictions(
    query: &Query,
    nodes: &[Node],
    report: &mut Report<'_>,
) -> Result<(), CompileError> {
    let mut forbidden: Vec<&Term> = Vec::new();
    for node in nodes {
        let Node::Not(inner) = node else { continue };
        match &**inner {
            Node::Or(nodes) => forbidden.extend(nodes.iter().filter_map(|node| term(query, node))),
            inner => forbidden.extend(term(query, inner)),
        }
    }
    if forbidden.is_empty() {
        return Ok(());
    }
    let finder = Finder::new(&forbidden)?;
    for wanted in nodes.iter().filter_map(|node| term(query, node)) {
        let found = finder.in_sample_of(wanted);
        let mut terms = found.filter_map(|found| forbidden.get(found.term));
        if let Some(other) = terms.find(|other| is_wider(other, wanted)) {
            report.add(Kind::Contradiction, &wanted.text, Some(&other.text));
        }
    }
    Ok(())
}
