//! From the names that an owner wrote to all spellings: each with its parts and its rule.
//!
//! A spelling keeps family and given name apart, so that `forms` can put them together in every
//! order. What stands first matters: the list of terms is cut at its end.

use super::words::{givens, phrase, table, titled};
use std::collections::HashSet;

use super::written::{Custom, Script, Written};
use super::{arabic, cyrillic, han, latin};

/// A spelling of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelling {
    pub name: Written,
    /// How it came to be.
    pub rule: &'static str,
    /// How sure it is.
    pub kind: Kind,
}

/// How sure a spelling is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The owner wrote it.
    Own,
    /// A convention makes it.
    Made,
    /// One of several that a script without vowels allows; its surname may be a word.
    Guessed,
}

/// Every spelling of these names, those that the owner wrote first. Bounded by the conventions.
pub(super) fn all(names: &[String], family_first: Option<bool>) -> Vec<Spelling> {
    let custom = Custom::of(names, family_first);
    let written: Vec<Written> = names
        .iter()
        .filter_map(|name| Written::new(name, custom))
        .collect();
    let mut found: Vec<Spelling> = Vec::new();
    let mut known: HashSet<Written> = HashSet::new();
    let mut add = |name: Written, rule: &'static str, kind: Kind| {
        if known.insert(name.clone()) {
            found.push(Spelling { name, rule, kind });
        }
    };
    for name in &written {
        add(name.clone(), "as written", Kind::Own);
    }
    let has = |script: Script| written.iter().any(|name| name.script == script);
    let in_script = |script: Script| written.iter().filter(move |name| name.script == script);
    if custom.native {
        for (name, text) in written.iter().zip(names) {
            if name.script == Script::Han && name.joint.is_empty() {
                chinese(text, &mut add);
            }
        }
        if has(Script::Hangul) {
            for name in in_script(Script::Latin) {
                to_arabic(name, &mut add);
            }
        }
        return found;
    }
    let latin: Vec<&Written> = in_script(Script::Latin).collect();
    for name in in_script(Script::Cyrillic).filter(|name| is_original(name, &latin)) {
        to_latin(name, &mut add);
    }
    if !has(Script::Cyrillic) {
        for name in in_script(Script::Latin) {
            to_cyrillic(name, &mut add);
        }
    }
    for name in in_script(Script::Latin).chain(in_script(Script::Cyrillic)) {
        for other in own_forms(name) {
            add(other, "forms of the given name", Kind::Made);
        }
    }
    for name in in_script(Script::Cyrillic) {
        among_cyrillic(name, &mut add);
    }
    let source = if has(Script::Cyrillic) {
        Script::Cyrillic
    } else {
        Script::Latin
    };
    for name in in_script(source) {
        to_arabic(name, &mut add);
    }
    if !has(Script::Latin) && !has(Script::Cyrillic) {
        for name in in_script(Script::Arabic) {
            from_arabic(name, &mut add);
        }
    }
    found
}

/// A name with other words in the places of its own.
fn with(name: &Written, script: Script, given: Vec<String>, family: String) -> Written {
    Written {
        script,
        given,
        family,
        patronymic: None,
        family_first: name.family_first,
        joint: name.joint,
    }
}

/// After so many pairs of given and family names no rarer ones are made.
const MOST_PAIRS: usize = 40;

/// Pairs given and family names: the usual with the usual first, then each with all of the other.
fn pair(
    name: &Written,
    script: Script,
    givens: &[Vec<String>],
    families: &[String],
) -> Vec<Written> {
    let nameless = [Vec::new()];
    let givens = if name.given.is_empty() {
        &nameless
    } else {
        givens
    };
    let mut pairs = Vec::new();
    for sum in 0..givens.len() + families.len() {
        if pairs.len() >= MOST_PAIRS {
            break;
        }
        for (i, given) in givens.iter().enumerate() {
            if let Some(family) = sum.checked_sub(i).and_then(|j| families.get(j)) {
                pairs.push(with(name, script, given.clone(), family.clone()));
            }
        }
    }
    pairs
}

/// Where new spellings go.
type Add<'a> = dyn FnMut(Written, &'static str, Kind) + 'a;

/// Cyrillic to Latin, by every convention.
fn to_latin(name: &Written, add: &mut Add<'_>) {
    let ukrainian = latin::is_ukrainian(&whole(name));
    let mut all: Vec<(&'static str, Vec<Written>)> = Vec::new();
    for (rule, rules) in latin::conventions(ukrainian) {
        let write = |word: &str| rules.write(word, super::MOST_SPELLINGS);
        let families = phrase(&name.family, &write);
        let by_letters = givens(&name.given, Script::Other, &write);
        let by_table = givens(&name.given, Script::Latin, &|_| Vec::new());
        let mut pairs = pair(name, Script::Latin, &by_letters, &families);
        if !by_table.is_empty() {
            let first = &families[..families.len().min(2)];
            pairs.extend(pair(name, Script::Latin, &by_table, first));
        }
        all.push((rule, pairs));
    }
    // The usual spelling of each convention before the second of any.
    let longest = all.iter().map(|(_, pairs)| pairs.len()).max().unwrap_or(0);
    for place in 0..longest {
        for (rule, pairs) in &all {
            if let Some(pair) = pairs.get(place) {
                add(pair.clone(), rule, Kind::Made);
            }
        }
    }
    let rule = "a surname that is a given name";
    let families = table(&name.family, Script::Latin);
    let givens = givens(&name.given, Script::Latin, &|_| Vec::new());
    for other in pair(name, Script::Latin, &givens, &families) {
        add(other, rule, Kind::Guessed);
    }
}

/// A name's given names and family name.
fn whole(name: &Written) -> String {
    format!("{} {}", name.given.join(" "), name.family)
}

/// Whether a Cyrillic name may be the one from which the person's Latin names were made: it is
/// when there are none. Гутерриш was made of Guterres, and nothing is to be made of it in turn.
fn is_original(name: &Written, latin: &[&Written]) -> bool {
    let english = latin::conventions(latin::is_ukrainian(&whole(name))).first();
    let wanted: Vec<String> = latin.iter().map(|name| consonants(&name.family)).collect();
    let is_it = |made: &String| wanted.contains(&consonants(made));
    latin.is_empty()
        || english.is_some_and(|(_, rules)| {
            let write = |word: &str| rules.write(word, super::MOST_SPELLINGS);
            phrase(&name.family, &write).iter().any(is_it)
        })
}

/// What stays of a Latin word when spellings of vowels are set aside.
fn consonants(word: &str) -> String {
    let plain = super::plain(word).replace('w', "v");
    plain
        .chars()
        .filter(|c| "bcdfghklmnpqrstvxz".contains(*c))
        .collect()
}

/// Latin to Cyrillic, and back again for a name that is Russian or kindred by its ending.
fn to_cyrillic(name: &Written, add: &mut Add<'_>) {
    let rules = cyrillic::from_latin(cyrillic::is_turkish(&whole(name)));
    let write = |word: &str| rules.write(word, super::MOST_SPELLINGS);
    let families = phrase(&name.family, &write);
    let givens = givens(&name.given, Script::Cyrillic, &write);
    let pairs = pair(name, Script::Cyrillic, &givens, &families);
    for other in &pairs {
        add(other.clone(), "Russian from Latin letters", Kind::Made);
    }
    for other in pair(
        name,
        Script::Cyrillic,
        &givens,
        &table(&name.family, Script::Cyrillic),
    ) {
        add(other, "a surname that is a given name", Kind::Guessed);
    }
    for other in pairs.iter().take(2) {
        among_cyrillic(other, add);
    }
    if cyrillic::is_slavic(&name.family)
        && let Some(other) = pairs.first()
    {
        to_latin(other, add);
    }
}

/// A Russian spelling in the other languages that are written in Cyrillic.
fn among_cyrillic(name: &Written, add: &mut Add<'_>) {
    for (rule, rules) in cyrillic::conventions() {
        let write = |word: &str| rules.write(word, super::MOST_SPELLINGS);
        let families = phrase(&name.family, &write);
        let givens = givens(&name.given, Script::Cyrillic, &write);
        for other in pair(name, Script::Cyrillic, &givens, &families) {
            add(other, rule, Kind::Made);
        }
    }
}

/// To Arabic letters.
fn to_arabic(name: &Written, add: &mut Add<'_>) {
    let conventions = if name.script == Script::Cyrillic {
        arabic::from_cyrillic()
    } else {
        arabic::from_latin()
    };
    for (rule, rules) in conventions {
        let write = |word: &str| {
            let known = table(word, Script::Arabic);
            if known.is_empty() {
                rules.write(&arabic::undoubled(word), super::MOST_SPELLINGS)
            } else {
                known
            }
        };
        let families = phrase(&name.family, &write);
        let mut all = givens(&name.given, Script::Other, &write);
        all.truncate(8);
        for other in pair(name, Script::Arabic, &all, &families) {
            let usual = families.first() == Some(&other.family);
            add(other, rule, if usual { Kind::Made } else { Kind::Guessed });
        }
    }
}

/// From Arabic letters, for want of any other name.
fn from_arabic(name: &Written, add: &mut Add<'_>) {
    let write = |word: &str| arabic::to_latin(word);
    let families = phrase(&name.family, &write);
    let givens = givens(&name.given, Script::Latin, &write);
    for other in pair(name, Script::Latin, &givens, &families) {
        add(other, "Latin guessed from Arabic letters", Kind::Guessed);
    }
}

/// The same name with other forms of its given names, in its own script.
fn own_forms(name: &Written) -> Vec<Written> {
    let own = |word: &str| vec![word.to_owned()];
    let all = givens(&name.given, name.script, &own);
    let family = std::slice::from_ref(&name.family);
    let mut found = pair(name, name.script, &all, family);
    // Of names with a particle, what other languages make of it and of the name behind it.
    let Some((particle, rest)) = name.family.split_once([' ', '-']) else {
        return found;
    };
    let others: &[&str] = match particle.to_lowercase().as_str() {
        "bin" | "ben" | "ibn" => &["bin", "ben", "ibn"],
        "al" | "el" => &["al", "el"],
        "бин" | "бен" | "ибн" | "бін" => &["бин", "бен", "ибн", "бін"],
        _ => &[],
    };
    let joint = &name.family[particle.len()..name.family.len() - rest.len()];
    let rests: Vec<String> = [rest.to_owned()]
        .into_iter()
        .chain(table(rest, name.script))
        .collect();
    for rest in &rests {
        for other in others {
            let family = [format!("{other}{joint}{rest}")];
            found.extend(pair(name, name.script, &all, &family));
        }
    }
    found
}

/// A Chinese name in pinyin and what others make of it.
fn chinese(text: &str, add: &mut Add<'_>) {
    let Some(syllables) = han::syllables(text) else {
        return;
    };
    let native = |script, given: &str, family: &str| Written {
        script,
        given: vec![titled(given)],
        family: titled(family),
        patronymic: None,
        family_first: true,
        joint: " ",
    };
    let family = syllables.family.concat();
    add(
        native(Script::Latin, &syllables.given.concat(), &family),
        "pinyin",
        Kind::Made,
    );
    add(
        native(Script::Latin, &syllables.given.join("-"), &family),
        "pinyin",
        Kind::Made,
    );
    for (scheme, family, given) in han::spellings(&syllables) {
        if !family.is_empty() && !given.is_empty() {
            let script = Script::of(&family);
            add(native(script, &given, &family), scheme, Kind::Made);
        }
    }
}
