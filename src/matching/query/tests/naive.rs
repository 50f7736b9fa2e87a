//! A naive reading of the language, for the texts of `generate`: every place tried, nothing sorted.
//!
//! It shares nothing with the matcher: texts are cut into words by hand, which is enough for texts of
//! six words.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use regex::{Regex, RegexBuilder};

use crate::matching::Facts;
use crate::model::{Case, Fact, FactKind, Field, Link, Node, Query, Scope, Term, Topic, Unit};

/// A hit: field, first and last byte, and the leaf (terms first).
pub type Place = (Field, usize, usize, usize);

/// The hits by which a topic's query holds, before overlaps are resolved; empty when it does not.
pub fn places(topic: &Topic, fields: &[(Field, &str)], facts: &Facts<'_>) -> BTreeSet<Place> {
    let query = topic.query.as_ref().unwrap();
    let reader = Reader {
        query,
        fields,
        facts,
    };
    let all = |_: Field, _: usize, _: usize| true;
    let found = reader.read(&query.root, &[], &all).unwrap_or_default();
    let shown = |place: &Place| weight(query, place.3) != 0;
    found.into_iter().filter(shown).collect()
}

/// What is left of hits where they overlap: the leftmost, longest, first.
pub fn without_overlaps(mut places: BTreeSet<Place>) -> Vec<Place> {
    let mut left = Vec::new();
    while let Some(&best) = places
        .iter()
        .min_by_key(|(field, start, end, leaf)| (*field, *start, usize::MAX - *end, *leaf))
    {
        places.retain(|place| place.0 != best.0 || place.2 <= best.1 || best.2 <= place.1);
        left.push(best);
    }
    left
}

pub fn weight(query: &Query, leaf: usize) -> i32 {
    match leaf.checked_sub(query.terms.len()) {
        None => query.terms[leaf].weight,
        Some(regex) => query.regexes[regex].weight,
    }
}

struct Reader<'r> {
    query: &'r Query,
    fields: &'r [(Field, &'r str)],
    facts: &'r Facts<'r>,
}

/// Where hits may stand.
type Allowed<'a> = &'a dyn Fn(Field, usize, usize) -> bool;

impl Reader<'_> {
    /// The places by which a node holds; `None` when it does not.
    fn read(&self, node: &Node, scopes: &[Scope], allowed: Allowed<'_>) -> Option<Vec<Place>> {
        match node {
            Node::Term(_) | Node::Regex(_) => some(self.leaf(node, scopes, allowed)),
            Node::Fact(fact) => self.fact(fact).then(Vec::new),
            Node::And(nodes) => {
                let read = nodes.iter().map(|node| self.read(node, scopes, allowed));
                read.collect::<Option<Vec<_>>>().map(|lists| lists.concat())
            }
            Node::Or(nodes) => {
                let read = nodes
                    .iter()
                    .filter_map(|node| self.read(node, scopes, allowed));
                let lists: Vec<_> = read.collect();
                (!lists.is_empty()).then(|| lists.concat())
            }
            Node::Not(node) => self.read(node, scopes, allowed).is_none().then(Vec::new),
            Node::Scoped(scope, node) => self.read(node, &[scopes, &[*scope]].concat(), allowed),
            Node::Within(unit, node) => {
                let mut lists = Vec::new();
                for (field, text) in self.fields {
                    for (from, to) in pieces(text, *unit) {
                        let inside = |f: Field, start: usize, end: usize| {
                            f == *field && from <= start && end <= to && allowed(f, start, end)
                        };
                        lists.extend(self.read(node, scopes, &inside));
                    }
                }
                (!lists.is_empty()).then(|| lists.concat())
            }
            Node::Near { first, rest } => {
                let operands = std::iter::once(&**first).chain(rest.iter().map(|(_, node)| node));
                let lists = operands.map(|node| self.read(node, scopes, allowed));
                let lists = lists.collect::<Option<Vec<_>>>()?;
                let links: Vec<Link> = rest.iter().map(|(link, _)| *link).collect();
                let mut found = Vec::new();
                self.chains(&lists, &links, &mut Vec::new(), &mut found);
                some(found)
            }
        }
    }

    /// All chains of one place from each list.
    fn chains(
        &self,
        lists: &[Vec<Place>],
        links: &[Link],
        chain: &mut Vec<Place>,
        found: &mut Vec<Place>,
    ) {
        let Some(list) = lists.get(chain.len()) else {
            found.extend(&*chain);
            return;
        };
        for place in list {
            let fits = chain
                .last()
                .is_none_or(|before| self.linked(*before, *place, links[chain.len() - 1]));
            if fits {
                chain.push(*place);
                self.chains(lists, links, chain, found);
                chain.pop();
            }
        }
    }

    fn linked(&self, left: Place, right: Place, link: Link) -> bool {
        let text = self
            .fields
            .iter()
            .find(|(field, _)| *field == left.0)
            .unwrap()
            .1;
        let near = |a: Place, b: Place| {
            a.2 <= b.1 && count_words(&text[a.2..b.1], &text[..a.2]) <= usize::from(link.words)
        };
        left.0 == right.0 && (near(left, right) || (!link.ordered && near(right, left)))
    }

    fn leaf(&self, node: &Node, scopes: &[Scope], allowed: Allowed<'_>) -> Vec<Place> {
        let mut places = Vec::new();
        for (field, text) in self.fields {
            let visible = if scopes.is_empty() {
                *field != Field::Author
            } else {
                scopes.iter().all(|scope| scope.holds(*field))
            };
            if !visible {
                continue;
            }
            let (leaf, ranges) = match node {
                Node::Term(index) => (*index, term_places(&self.query.terms[*index], text)),
                Node::Regex(index) => {
                    let regex = &self.query.regexes[*index];
                    let built = compiled(&regex.pattern, regex.ignore_case);
                    let found = built.find_iter(text).map(|m| (m.start(), m.end()));
                    let found = found.collect();
                    (self.query.terms.len() + index, found)
                }
                _ => unreachable!("a leaf"),
            };
            let ranges = ranges
                .into_iter()
                .filter(|(start, end)| allowed(*field, *start, *end));
            places.extend(ranges.map(|(start, end)| (*field, start, end, leaf)));
        }
        places
    }

    fn fact(&self, fact: &Fact) -> bool {
        let wanted = fact.value.to_lowercase();
        let is = |name: &str| {
            let name = name.to_lowercase();
            name == wanted
                || (fact.prefix && name.starts_with(&wanted))
                || (fact.kind == FactKind::Language && name.starts_with(&format!("{wanted}-")))
        };
        match fact.kind {
            FactKind::Language => self.facts.language.is_some_and(is),
            FactKind::Source => [self.facts.feed, self.facts.source]
                .into_iter()
                .flatten()
                .any(is),
            FactKind::Tag => self.facts.tags.iter().any(|tag| is(tag)),
        }
    }
}

fn some(places: Vec<Place>) -> Option<Vec<Place>> {
    (!places.is_empty()).then_some(places)
}

/// The words of a text with their places; of Han each character.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if c > '\u{2e80}' {
            words.push((at, end));
            open = false;
        } else if c.is_alphanumeric() {
            match words.last_mut().filter(|_| open) {
                Some(last) => last.1 = end,
                None => words.push((at, end)),
            }
            open = true;
        } else {
            open = false;
        }
    }
    words
}

/// The words that begin in a text; one that `before` began is none.
fn count_words(text: &str, before: &str) -> usize {
    let spaced = |c: char| c.is_alphanumeric() && c < '\u{2e80}';
    let cut =
        before.chars().next_back().is_some_and(spaced) && text.chars().next().is_some_and(spaced);
    words(text).len() - usize::from(cut)
}

thread_local! {
    static COMPILED: RefCell<HashMap<(String, bool), Regex>> = RefCell::default();
}

/// An expression; the few there are are compiled once.
fn compiled(pattern: &str, ignore_case: bool) -> Regex {
    COMPILED.with_borrow_mut(|known| {
        let key = (pattern.to_owned(), ignore_case);
        let regex = known.entry(key).or_insert_with(|| {
            let mut builder = RegexBuilder::new(pattern);
            builder.case_insensitive(ignore_case).build().unwrap()
        });
        regex.clone()
    })
}

fn term_places(term: &Term, text: &str) -> Vec<(usize, usize)> {
    // Hyphens at a term's ends are ignored.
    let pattern: String = term
        .text
        .trim_matches('-')
        .split(' ')
        .map(|word| {
            let (word, star) = match word.strip_suffix('*') {
                Some(word) => (word, r"[\p{L}\p{N}&&[^\p{Han}]]*"),
                None => (word, ""),
            };
            format!("{}{star}", regex::escape(word))
        })
        .collect::<Vec<_>>()
        .join(r"\s+");
    let built = compiled(&format!("^(?:{pattern})"), term.case == Case::Fold);
    let spaced = |c: char| c.is_alphanumeric() && c < '\u{2e80}';
    let border = |at: usize| {
        let (before, after) = (text[..at].chars().next_back(), text[at..].chars().next());
        !(before.is_some_and(spaced) && after.is_some_and(spaced))
    };
    let starts = text.char_indices().map(|(at, _)| at);
    starts
        .filter_map(|start| {
            let end = start + built.find(&text[start..])?.end();
            (border(start) && border(end)).then_some((start, end))
        })
        .collect()
}

/// The pieces of a text; its marks and line breaks may count to either side.
fn pieces(text: &str, unit: Unit) -> Vec<(usize, usize)> {
    let borders: &[&str] = match unit {
        Unit::Sentence => &[". ", "\n"],
        Unit::Paragraph if text.contains("\n\n") => &["\n\n"],
        Unit::Paragraph => &["\n"],
    };
    let mut cuts: Vec<usize> = borders
        .iter()
        .flat_map(|border| {
            text.match_indices(border)
                .map(|(at, border)| at + border.len())
        })
        .chain([0, text.len()])
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|pair| (pair[0], pair[1])).collect()
}
