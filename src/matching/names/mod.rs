//! From a person's name to what newspapers write: the terms of a topic that is a person.
//!
//! [`expand`] takes a [`Person`] (names as their owner writes them, in one script or several) and
//! makes the terms by which papers of many languages may be searched: transliterations by each
//! language's convention, both orders, initials, patronymics, and the surname alone. What each
//! module does: `written` takes a name apart, `spelling` writes it in other letters (`latin`,
//! `cyrillic`, `arabic`, `han`, and `given` for names that languages translate), `forms` puts the
//! parts together, `titles` knows offices.
//!
//! Terms are base forms: endings are the matcher's business. Every term says by which rule it came
//! to be ([`Term::rule`]). At most [`MOST_TERMS`] are made of a person, no two of which fold to the same
//! text; the names as written are always among them. Nothing here does I/O or panics.
//!
//! A surname counts with a capital only. One that is [`Surname::Distinctive`] counts alone, a
//! [`Surname::Common`] one near a title, a given name or a context word, or where the full name stands in the
//! same entry.

mod arabic;
mod cyrillic;
mod forms;
mod given;
mod han;
mod latin;
mod rules;
mod spelling;
mod titles;
mod words;
mod written;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::character::Strict;
use super::check_term;
use super::fold::fold_strictly;
use crate::model::{Case, Keep, Term};
use spelling::{Kind, Spelling};
use written::Script;

/// The most terms made of one person, in each of the lists.
pub const MOST_TERMS: usize = 400;

/// The most spellings that one convention gives a word.
const MOST_SPELLINGS: usize = 8;

/// A person, as the owner of a topic describes one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The name in each script that the owner knows: given names, then family name, unless the
    /// name is Chinese or Korean or has a comma.
    pub names: Vec<String>,
    /// Whether the family name stands first in all names.
    pub family_first: Option<bool>,
    /// The patronymic, in Cyrillic letters.
    pub patronymic: Option<String>,
    /// Whether the surname alone says who it is.
    pub surname: Surname,
    /// Offices by their English names, or titles as they are written. Empty stands for the usual
    /// offices.
    pub titles: Vec<String>,
    /// Further words near which the surname counts.
    pub context: Vec<String>,
    /// Names of other people that must not count.
    pub not: Vec<String>,
}

/// How much a surname says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Surname {
    /// Hardly anyone else in the news has it: it counts alone.
    Distinctive,
    /// Others have it, or it is a word: it counts in context.
    #[default]
    Common,
}

/// What is made of a person: lists of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expansion {
    /// The terms whose hits are mentions.
    pub any: Vec<Term>,
    /// The context of the ambiguous ones.
    pub near: Vec<Term>,
    /// The names of others.
    pub except: Vec<Term>,
}

/// A text as the matcher sees it.
fn plain(text: &str) -> String {
    folded(text, false)
}

fn folded(text: &str, case: bool) -> String {
    let keep = Keep::default();
    let folded = fold_strictly(text, Strict { case, keep });
    folded.trim_matches(' ').to_owned()
}

/// A list of terms without repetitions.
#[derive(Default)]
struct Terms {
    terms: Vec<Term>,
    known: HashSet<(String, bool)>,
}

impl Terms {
    /// Adds a term unless the list is full, has it, or the text can't be one.
    fn add(&mut self, text: &str, rule: impl Into<Arc<str>>, ambiguous: bool, case: Case) {
        if self.terms.len() >= MOST_TERMS || check_term(text).is_err() {
            return;
        }
        let exact = case == Case::Exact;
        // What counts in any case, or with any capital, needs no twin.
        let has = self.known.contains(&(plain(text), false));
        if has || !self.known.insert((folded(text, exact), exact)) {
            return;
        }
        let rule: Arc<str> = rule.into();
        self.terms.push(Term {
            case,
            ambiguous,
            surname: rule.starts_with("surname"),
            rule: Some(rule),
            ..Term::new(text)
        });
    }
}

/// The terms of a person.
///
/// ```
/// use mentiond::matching::names::{Person, Surname, expand};
/// let person = Person {
///     names: vec!["Владимир Путин".to_owned()],
///     surname: Surname::Distinctive,
///     ..Person::default()
/// };
/// let terms = expand(&person).any;
/// let rule = |text: &str| terms.iter().find(|term| &*term.text == text).unwrap().rule.clone().unwrap();
/// assert_eq!(&*rule("Poutine"), "surname, French");
/// assert_eq!(&*rule("Владимир Путин"), "as written");
/// ```
#[must_use]
pub fn expand(person: &Person) -> Expansion {
    let spellings = spelling::all(&person.names, person.family_first);
    let mut any = Terms::default();
    for name in &person.names {
        let word = spellings
            .iter()
            .find(|s| s.kind == Kind::Own && forms::full(&s.name) == *name);
        let ambiguous = word.is_some_and(|s| s.name.given.is_empty() && !stands_alone(person, s));
        any.add(name, "as written", ambiguous, Case::Fold);
    }
    let (own, made): (Vec<_>, Vec<_>) = spellings.iter().partition(|s| s.kind == Kind::Own);
    for spelling in &own {
        add_forms(person, spelling, &mut any);
    }
    for spelling in own.iter().chain(&made) {
        add_surname(person, spelling, &mut any);
    }
    let made = by_turns(made);
    for spelling in &made {
        if !spelling.name.given.is_empty() {
            any.add(
                &forms::full(&spelling.name),
                spelling.rule,
                false,
                Case::Fold,
            );
        }
    }
    for spelling in made {
        for form in forms::parts(&spelling.name)
            .into_iter()
            .chain(forms::reversed(&spelling.name))
        {
            let rule = format!("{}, {}", form.how, spelling.rule);
            any.add(&form.text, rule, form.weak, Case::Fold);
        }
    }
    Expansion {
        near: context(person, &spellings, &any),
        any: any.terms,
        except: others(person),
    }
}

/// Puts made terms before the owner's, but for those that the owner wrote too: of texts that fold
/// alike, a `*` at the end aside, the owner's stands.
pub fn merge(own: &mut Vec<Term>, made: Vec<Term>) {
    let key = |term: &Term| plain(term.text.trim_end_matches('*'));
    let written: HashSet<String> = own.iter().map(key).collect();
    let is_new = |term: &Term| !written.contains(&key(term));
    let mut merged: Vec<Term> = made.into_iter().filter(is_new).collect();
    merged.append(own);
    *own = merged;
}

/// The first spelling of each rule, then the second of each, and so on.
fn by_turns(spellings: Vec<&Spelling>) -> Vec<&Spelling> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut ranked: Vec<(usize, &Spelling)> = Vec::new();
    for spelling in spellings {
        let count = counts.entry(spelling.rule).or_default();
        *count += 1;
        ranked.push((*count, spelling));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, spelling)| spelling).collect()
}

/// All forms of a spelling that the owner wrote.
fn add_forms(person: &Person, spelling: &Spelling, any: &mut Terms) {
    let name = &spelling.name;
    let patronymic = person.patronymic.as_deref().or(name.patronymic.as_deref());
    if !name.given.is_empty() {
        any.add(&forms::full(name), "as written", false, Case::Fold);
    }
    let mut all: Vec<_> = forms::reversed(name)
        .into_iter()
        .chain(forms::with_comma(name))
        .collect();
    all.extend(forms::with_patronymic(name, patronymic));
    all.extend(forms::dots(name));
    all.extend(forms::parts(name));
    all.extend(forms::initials(name, patronymic));
    let common = person.surname == Surname::Common;
    for form in all {
        let ambiguous = form.weak && (common || form.how.ends_with("alone"));
        any.add(&form.text, form.how, ambiguous, Case::Fold);
    }
}

/// Whether the surname of this spelling counts without context. One that was made must be longer:
/// a short word of another language is soon hit (`مرز` is Merz, and any border).
fn stands_alone(person: &Person, spelling: &Spelling) -> bool {
    let name = &spelling.name;
    let letters = name.family.chars().filter(|c| c.is_alphanumeric()).count();
    let enough = match (name.script, spelling.kind) {
        (_, Kind::Guessed) => return false,
        (Script::Han | Script::Hangul, _) => 2,
        (_, Kind::Own) => 3,
        (_, Kind::Made) => 5,
    };
    person.surname == Surname::Distinctive && letters >= enough
}

/// The surname alone. Names of Chinese custom have none: nobody writes 习 for 习近平.
fn add_surname(person: &Person, spelling: &Spelling, any: &mut Terms) {
    let name = &spelling.name;
    let letters = name.family.chars().filter(|c| c.is_alphanumeric()).count();
    if name.joint.is_empty() || letters < 2 {
        return;
    }
    let rule = if spelling.kind == Kind::Own {
        "surname".to_owned()
    } else {
        format!("surname, {}", spelling.rule)
    };
    let ambiguous = !stands_alone(person, spelling);
    if name.script.is_cased() {
        // Without a capital it may be a word: few are called puțin in Romanian. In capitals a short
        // one may be a number or an abbreviation.
        let case = if letters < 4 {
            Case::Exact
        } else {
            Case::Capital
        };
        any.add(&words::titled(&name.family), rule, ambiguous, case);
    } else if letters >= 3 || !ambiguous {
        any.add(&name.family, rule, ambiguous, Case::Fold);
    }
}

/// What makes an ambiguous term count; nothing when there is none.
fn context(person: &Person, spellings: &[Spelling], any: &Terms) -> Vec<Term> {
    let mut near = Terms::default();
    if !any.terms.iter().any(|term| term.ambiguous) {
        return near.terms;
    }
    for word in &person.context {
        near.add(word, "context", false, Case::Fold);
    }
    let usual: Vec<String> = titles::USUAL
        .iter()
        .map(|&office| office.to_owned())
        .collect();
    let wanted = if person.titles.is_empty() {
        &usual
    } else {
        &person.titles
    };
    for title in wanted {
        match titles::words(title) {
            Some(words) => {
                for word in words {
                    let is_short = word.chars().count() < 4 && word.chars().all(char::is_uppercase);
                    let case = if is_short && Script::of(&word).is_cased() {
                        Case::Exact
                    } else {
                        Case::Fold
                    };
                    near.add(&word, format!("title, {title}"), false, case);
                }
            }
            None => near.add(title, "title", false, Case::Fold),
        }
    }
    for spelling in spellings {
        for word in &spelling.name.given {
            let long = word.chars().count()
                >= if spelling.name.script.is_cased() {
                    4
                } else {
                    3
                };
            let surnamed =
                spelling.name.family.chars().count() > 1 || spelling.name.script.is_cased();
            if long && surnamed {
                near.add(word, "given name", false, Case::Fold);
            }
        }
    }
    near.terms
}

/// The names of other people, in full, in every spelling.
fn others(person: &Person) -> Vec<Term> {
    let mut except = Terms::default();
    for name in &person.not {
        except.add(name, "someone else", false, Case::Fold);
    }
    for name in &person.not {
        for spelling in spelling::all(std::slice::from_ref(name), person.family_first) {
            if spelling.name.given.is_empty() {
                continue;
            }
            except.add(
                &forms::full(&spelling.name),
                "someone else",
                false,
                Case::Fold,
            );
            if spelling.kind == Kind::Own
                && let Some(form) = forms::reversed(&spelling.name)
            {
                except.add(&form.text, "someone else", false, Case::Fold);
            }
        }
    }
    except.terms
}
