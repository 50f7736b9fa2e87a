//! Random small queries that can be written, and texts in which they may hold.

use proptest::prelude::*;

use crate::model::{Case, Fact, FactKind, Link, Node, Query, Regex, Scope, Term, Unit};

/// A node whose leaves are still unnumbered: the leaf itself stands in its place.
#[derive(Debug, Clone)]
enum Draft {
    Term(Term),
    Regex(Regex),
    Fact(Fact),
    And(Vec<Draft>),
    Or(Vec<Draft>),
    Not(Box<Draft>),
    Near(Box<Draft>, Vec<(Link, Draft)>),
    Within(Unit, Box<Draft>),
    Scoped(Scope, Box<Draft>),
}

impl Draft {
    fn number(self, query: &mut Query) -> Node {
        let list = |drafts: Vec<Self>, query: &mut Query| {
            let numbered = drafts.into_iter().map(|draft| draft.number(query));
            numbered.collect()
        };
        match self {
            Self::Term(term) => {
                query.terms.push(term);
                Node::Term(query.terms.len() - 1)
            }
            Self::Regex(regex) => {
                query.regexes.push(regex);
                Node::Regex(query.regexes.len() - 1)
            }
            Self::Fact(fact) => Node::Fact(fact),
            Self::And(drafts) => Node::And(list(drafts, query)),
            Self::Or(drafts) => Node::Or(list(drafts, query)),
            Self::Not(draft) => Node::Not(Box::new(draft.number(query))),
            Self::Within(unit, draft) => Node::Within(unit, Box::new(draft.number(query))),
            Self::Scoped(scope, draft) => Node::Scoped(scope, Box::new(draft.number(query))),
            Self::Near(first, rest) => {
                let first = Box::new(first.number(query));
                let rest = rest
                    .into_iter()
                    .map(|(link, draft)| (link, draft.number(query)));
                Node::Near {
                    first,
                    rest: rest.collect(),
                }
            }
        }
    }
}

/// The words of generated terms and texts.
pub const WORDS: [&str; 6] = ["Ab", "Cd", "Ef", "Gh", "AND", "习近"];

fn term() -> impl Strategy<Value = Draft> {
    let text = prop_oneof![
        6 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["Ab cd", "A*", "ab*", "say \"Ab\"", "Ab\\cd", "-Ab", "ef/", "Gh:", "“Ab"])
            .prop_filter("a term", |text| crate::matching::check_term(text).is_ok())
            .prop_map(str::to_owned),
    ];
    let weight = prop_oneof![5 => Just(1), 1 => Just(3), 1 => Just(-2), 1 => Just(0)];
    (
        text,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
        weight,
    )
        .prop_map(|(text, exact, plain, weight)| {
            Draft::Term(Term {
                case: if exact { Case::Exact } else { Case::Fold },
                inflect: !plain,
                weight,
                ..Term::new(&text)
            })
        })
}

fn leaf() -> impl Strategy<Value = Draft> {
    let regex = (
        prop::sample::select(vec!["[AC]\\w", "h", "c/d\\\\?x"]),
        any::<bool>(),
    );
    let regex = regex.prop_map(|(pattern, ignore_case)| {
        Draft::Regex(Regex {
            pattern: pattern.into(),
            ignore_case,
            weight: 1,
        })
    });
    prop_oneof![8 => term(), 1 => regex]
}

fn fact() -> impl Strategy<Value = Draft> {
    let known = prop::sample::select(vec![
        (FactKind::Language, "ru", false),
        (FactKind::Language, "pt-BR", false),
        (FactKind::Source, "tass", true),
        (FactKind::Source, "Radio One", false),
        (FactKind::Tag, "asia", false),
    ]);
    known.prop_map(|(kind, value, prefix)| {
        Draft::Fact(Fact {
            kind,
            value: value.into(),
            prefix,
        })
    })
}

fn operand() -> impl Strategy<Value = Draft> {
    let group = prop::collection::vec(leaf(), 2..3).prop_map(Draft::Or);
    prop_oneof![3 => leaf(), 1 => group]
}

fn near() -> impl Strategy<Value = Draft> {
    let link = (0_u16..4, any::<bool>()).prop_map(|(words, ordered)| Link { words, ordered });
    let rest = prop::collection::vec((link, operand()), 1..3);
    (operand(), rest).prop_map(|(first, rest)| Draft::Near(Box::new(first), rest))
}

/// A condition on text alone.
fn textual() -> impl Strategy<Value = Draft> {
    let inner = prop_oneof![3 => leaf(), 1 => near()];
    inner.prop_recursive(2, 8, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            some.clone().prop_map(Draft::And),
            some.prop_map(Draft::Or),
            inner.prop_map(|draft| Draft::Not(Box::new(draft))),
        ]
    })
}

fn draft() -> impl Strategy<Value = Draft> {
    let unit = prop::sample::select(vec![Unit::Sentence, Unit::Paragraph]);
    let within = (unit, textual()).prop_map(|(unit, draft)| Draft::Within(unit, Box::new(draft)));
    let base = prop_oneof![4 => leaf(), 2 => near(), 2 => within, 1 => fact()];
    base.prop_recursive(3, 16, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 2..4);
        let scope = prop::sample::select(vec![Scope::Title, Scope::Body, Scope::Author]);
        prop_oneof![
            3 => some.clone().prop_map(Draft::And),
            3 => some.prop_map(Draft::Or),
            1 => inner.clone().prop_map(|draft| Draft::Not(Box::new(draft))),
            1 => (scope, inner).prop_map(|(scope, draft)| Draft::Scoped(scope, Box::new(draft))),
        ]
    })
}

/// A query that can be written.
pub fn query() -> impl Strategy<Value = Query> {
    let numbered = draft().prop_map(|draft| {
        let mut query = Query {
            terms: Vec::new(),
            regexes: Vec::new(),
            root: Node::And(Vec::new()),
        };
        query.root = draft.number(&mut query);
        query
    });
    numbered.prop_filter("one that the parser takes", |query| {
        let mut good = query.is_anchored();
        query.root.walk(&mut |node| {
            if let Node::Within(_, inner) = node {
                good &= inner.needs(&|_| true);
            }
        });
        good
    })
}

/// A text of the words, with borders of sentences and paragraphs between some of them.
pub fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["Ab", "Cd", "Ef", "Gh", "AB", "习近", "Xx"]);
    let between = prop_oneof![
        6 => Just(" "),
        2 => Just(". "),
        1 => Just("\n"),
        1 => Just("\n\n"),
    ];
    let piece = (word, between).prop_map(|(word, between)| [word, between].concat());
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}
