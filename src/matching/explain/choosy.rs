//! Terms that stand in a text but are for texts in other languages.
//!
//! They are compiled as if they were for all. Of their hits those are told that could have made a
//! difference; where a term of the text's own language stands as well, they make none.

use std::collections::BTreeMap;

use super::gather;
use super::told::{Explanation, Failure, Found, List, Passed, Place, Reason};
use crate::matching::evaluate::Role;
use crate::matching::query::{Facts, Texts};
use crate::matching::{CompileError, Matcher, terms};
use crate::model::{Term, Topic};

/// Terms that are for some languages, compiled as if they were for all.
#[derive(Debug)]
pub(super) struct Choosy {
    matcher: Matcher,
    /// Where each of them stands in the topic.
    origins: Vec<(Role, usize)>,
}

impl Choosy {
    /// Those of a topic; `None` if it has none.
    ///
    /// # Errors
    /// As [`Matcher::compile`].
    pub(super) fn of(topic: &Topic) -> Result<Option<Self>, CompileError> {
        let choosy = terms(topic).filter(|(_, _, term)| !term.languages.is_empty());
        let (mut any, mut origins) = (Vec::new(), Vec::new());
        for (role, number, term) in choosy {
            any.push(Term {
                ambiguous: false,
                surname: false,
                languages: Vec::new(),
                ..term.clone()
            });
            origins.push((role, number));
        }
        if any.is_empty() {
            return Ok(None);
        }
        let matcher = Matcher::compile(&[Topic::new(topic.id.clone(), any)])?;
        Ok(Some(Self { matcher, origins }))
    }

    /// The hits that do not count because the text is in another language, as far as they could have
    /// changed what was told of the topic otherwise. Terms at one place are told once.
    pub(super) fn passed(
        &self,
        topic: &Topic,
        texts: &Texts<'_>,
        facts: &Facts<'_>,
        told: &Explanation,
    ) -> Vec<Passed> {
        let (fields, _) = gather(&self.matcher, texts, facts).into_parts();
        let hits = fields
            .iter()
            .flat_map(|(field, hits)| hits.iter().map(move |hit| (*field, hit)));
        let mut passed: BTreeMap<_, Passed> = BTreeMap::new();
        for (field, hit) in hits {
            let Some((role, number)) = self.origins.get(hit.term) else {
                continue;
            };
            let term = role.terms(topic).and_then(|terms| terms.get(*number));
            let Some(term) = term.filter(|term| !term.counts_in(facts.language)) else {
                continue;
            };
            let place = Place::of(texts, field, hit.start, hit.end);
            if !matters(*role, &place, told) {
                continue;
            }
            let list = list(*role);
            let one = passed
                .entry((list.as_str(), field, hit.start, hit.end))
                .or_insert_with(|| Passed {
                    list,
                    found: Found {
                        term: term.text.clone(),
                        place,
                    },
                    rule: term.rule.clone(),
                    reason: Reason::Language {
                        languages: Vec::new(),
                    },
                });
            if let Reason::Language { languages } = &mut one.reason {
                languages.extend(term.languages.iter().cloned());
                languages.sort_unstable();
                languages.dedup();
            }
        }
        passed.into_values().collect()
    }
}

/// Whether a further hit at this place could have made a difference.
fn matters(role: Role, place: &Place, told: &Explanation) -> bool {
    let over = |other: &Place| {
        other.field == place.field && other.start < place.end && place.start < other.end
    };
    match role {
        Role::Any | Role::Leaf(_) => {
            let known = told.passed.iter().filter(|passed| passed.list == List::Any);
            let known = known.map(|passed| &passed.found);
            let mut known = known.chain(told.hits.iter().map(|hit| &hit.found));
            !known.any(|found| over(&found.place))
        }
        Role::Near => told
            .passed
            .iter()
            .any(|passed| matches!(passed.reason, Reason::NoContext { .. })),
        Role::Except => told.hits.iter().any(|hit| over(&hit.found.place)),
        Role::None => !told.none.iter().any(|found| over(&found.place)),
        Role::All(group) => told.failed.iter().any(|failure| {
            matches!(failure, Failure::Group { number, .. } if *number == group as usize + 1)
        }),
    }
}

const fn list(role: Role) -> List {
    match role {
        Role::Any | Role::Leaf(_) => List::Any,
        Role::All(_) => List::All,
        Role::None => List::None,
        Role::Except => List::Except,
        Role::Near => List::Near,
    }
}
