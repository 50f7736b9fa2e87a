//! The explanation of a topic of lists.

use std::collections::HashSet;

use super::told::{Explanation, Failure, Found, Group, List, Passed, Place, Reason, Weight};
use super::{counted, told};
use crate::matching::evaluate::{
    Context, Fate, Gathering, Role, Span, Standing, Tally, Watch, Weighed, Why,
};
use crate::matching::query::Texts;
use crate::model::{Field, Term, Topic};

/// What is to be told of a topic of lists, of which this was gathered.
pub(super) fn explain(topic: &Topic, gathering: Gathering, texts: &Texts<'_>) -> Explanation {
    let missing: Vec<usize> = gathering.missing(topic).collect();
    let is_barred = gathering.is_barred(topic);
    let (fields, watch) = gathering.into_parts();
    let Watch {
        conditions,
        mut passed,
        contexts,
        ..
    } = watch;
    let mut numbers: Vec<usize> = Vec::new();
    let tally = Tally::of(topic, fields, |field, hit, fate| match fate {
        Fate::Counts => numbers.push(hit.term),
        Fate::Alone => {
            let context = contexts.get(&(field, hit.start, hit.term)).copied();
            passed.push((standing(field, hit), Why::Alone(context)));
        }
        Fate::Overlaps(over) => {
            let over = standing(field, over);
            passed.push((standing(field, hit), Why::Overlap(over)));
        }
    });
    let (hits, sum) = (tally.hits.clone(), tally.sum);
    let mentioned = !is_barred && !tally.reaching(topic.threshold).is_empty();

    let lists = Lists { topic, texts };
    let term = |number: usize| numbers.get(number).and_then(|term| topic.any.get(*term));
    let mut seen = HashSet::new();
    let distinct = numbers.iter().filter(|number| seen.insert(**number));
    let mut told = Explanation {
        weights: distinct
            .filter_map(|number| topic.any.get(*number))
            .map(|term| Weight {
                term: term.text.clone(),
                weight: term.weight,
            })
            .collect(),
        hits: counted(topic, &hits, texts, term),
        passed: passed
            .iter()
            .filter_map(|(hit, why)| lists.passed(*hit, why))
            .collect(),
        all: lists.groups(&conditions),
        none: lists.found(Role::None, &conditions),
        ..told(topic, mentioned, &hits, sum)
    };
    if mentioned {
        return told;
    }
    let mut failed = Vec::new();
    if hits.is_empty() {
        failed.push(if told.passed.is_empty() {
            Failure::NoHit
        } else {
            Failure::NoneCounts
        });
    } else if sum < topic.threshold {
        let threshold = topic.threshold;
        failed.push(Failure::Threshold { sum, threshold });
    }
    failed.extend(missing.into_iter().map(|group| Failure::Group {
        number: group + 1,
        terms: texts_of(topic.all.get(group).map_or(&[], Vec::as_slice)),
    }));
    let mut forbidding = HashSet::new();
    let first = told
        .none
        .iter()
        .filter(|found| forbidding.insert(&found.term));
    failed.extend(first.map(|found| Failure::Forbidden { by: found.clone() }));
    told.failed = failed;
    told
}

fn standing(field: Field, hit: &Weighed) -> Standing {
    Standing {
        term: hit.term,
        span: Span {
            field,
            start: hit.start,
            end: hit.end,
        },
    }
}

fn texts_of(terms: &[Term]) -> Vec<std::sync::Arc<str>> {
    terms.iter().map(|term| term.text.clone()).collect()
}

/// A topic and the texts in which its terms stand.
struct Lists<'t> {
    topic: &'t Topic,
    texts: &'t Texts<'t>,
}

impl Lists<'_> {
    fn place(&self, span: Span) -> Place {
        Place::of(self.texts, span.field, span.start, span.end)
    }

    fn at(&self, role: Role, hit: Standing) -> Option<Found> {
        let term = role.terms(self.topic)?.get(hit.term)?;
        Some(Found {
            term: term.text.clone(),
            place: self.place(hit.span),
        })
    }

    fn passed(&self, hit: Standing, why: &Why) -> Option<Passed> {
        let reason = match *why {
            Why::Except(by) => Reason::Except {
                by: self.at(Role::Except, by)?,
            },
            Why::SomebodyElse(name) => Reason::SomebodyElse {
                name: self.place(name),
            },
            Why::Trade(name) => Reason::Trade {
                name: self.place(name),
            },
            Why::Title => Reason::Title,
            Why::Alone(context) => self.no_context(context),
            Why::Overlap(by) => Reason::Overlap {
                by: self.at(Role::Any, by)?,
            },
        };
        Some(Passed {
            list: List::Any,
            found: self.at(Role::Any, hit)?,
            rule: self.topic.any.get(hit.term)?.rule.clone(),
            reason,
        })
    }

    fn no_context(&self, context: Option<Context>) -> Reason {
        Reason::NoContext {
            within: self.topic.within,
            nearest: context.and_then(|context| self.at(Role::Near, context.near)),
            words: context.map(|context| context.words),
        }
    }

    fn found(&self, role: Role, conditions: &[(Role, Standing)]) -> Vec<Found> {
        let of_role = conditions.iter().filter(|(which, _)| *which == role);
        of_role.filter_map(|(_, hit)| self.at(role, *hit)).collect()
    }

    fn groups(&self, conditions: &[(Role, Standing)]) -> Vec<Group> {
        let groups = self.topic.all.iter().zip(0_u32..);
        groups
            .map(|(terms, number)| Group {
                terms: texts_of(terms),
                hits: self.found(Role::All(number), conditions),
            })
            .collect()
    }
}
