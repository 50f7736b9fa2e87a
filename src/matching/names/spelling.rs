//! From the names that an owner wrote to all spellings: each with its parts and its rule.
//!
//! A spelling keeps family and given name apart, so that `forms` can put them together in every
//! order. What stands first matters: the list of terms is cut at its end.

use super::written::{Custom, Script, Written};
use super::{arabic, cyrillic, given, han, latin};

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

/// The most spellings of a given name.
const MOST_GIVEN: usize = 24;

/// Every spelling of these names, those that the owner wrote first. Bounded by the conventions.
pub(super) fn all(names: &[String], family_first: Option<bool>) -> Vec<Spelling> {
    let custom = Custom::of(names, family_first);
    let written: Vec<Written> = names
        .iter()
        .filter_map(|name| Written::new(name, custom))
        .collect();
    let mut found: Vec<Spelling> = Vec::new();
    let mut add = |name: Written, rule: &'static str, kind: Kind| {
        if !found.iter().any(|known| known.name == name) {
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
        for (i, given) in givens.iter().enumerate() {
            if let Some(family) = sum.checked_sub(i).and_then(|j| families.get(j)) {
                pairs.push(with(name, script, given.clone(), family.clone()));
            }
        }
    }
    pairs
}

/// Writes each word of a phrase; joints stay.
fn phrase(text: &str, write: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut found = vec![String::new()];
    for word in text.split_inclusive([' ', '-', '\u{200C}']) {
        let bare = word.trim_end_matches([' ', '-', '\u{200C}']);
        let joint = &word[bare.len()..];
        let mut next = Vec::new();
        for before in &found {
            for spelling in write(bare) {
                next.push(format!("{before}{}{joint}", titled(&spelling)));
            }
        }
        next.truncate(super::MOST_SPELLINGS);
        found = next;
    }
    found.retain(|spelling| !spelling.is_empty());
    found
}

/// A word with a capital.
fn titled(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// The given names in another script: by table, then by letters.
fn givens(
    words: &[String],
    script: Script,
    write: &dyn Fn(&str) -> Vec<String>,
) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = vec![Vec::new()];
    for word in words {
        let mut forms = phrase(word, write);
        for form in table(word, script) {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        let mut next = Vec::new();
        for form in &forms {
            for before in &found {
                let mut given = before.clone();
                given.push(form.clone());
                next.push(given);
            }
        }
        next.truncate(MOST_GIVEN);
        found = next;
    }
    found
}

/// What the table of given names has for a name or, of a joined name, for its parts.
fn table(word: &str, script: Script) -> Vec<String> {
    let whole = given::forms(word, script);
    if !whole.is_empty() || !word.contains('-') {
        return whole;
    }
    let mut found = vec![String::new()];
    for part in word.split('-') {
        let mut forms = given::forms(part, script);
        if Script::of(part) == script {
            forms.insert(0, part.to_owned());
        }
        let joint = if script == Script::Arabic { " " } else { "-" };
        let mut next = Vec::new();
        for form in &forms {
            for before in &found {
                let joint = if before.is_empty() { "" } else { joint };
                next.push(format!("{before}{joint}{form}"));
            }
        }
        next.truncate(MOST_GIVEN * 4);
        found = next;
    }
    found
}

/// Where new spellings go.
type Add<'a> = dyn FnMut(Written, &'static str, Kind) + 'a;

/// Cyrillic to Latin, by every convention.
fn to_latin(name: &Written, add: &mut Add<'_>) {
    let whole = format!("{} {}", name.given.join(" "), name.family);
    let ukrainian = latin::is_ukrainian(&whole);
    let conventions = latin::spellings("а", ukrainian).len();
    let mut all: Vec<(&'static str, Vec<Written>)> = Vec::new();
    for index in 0..conventions {
        let rule = latin::spellings("а", ukrainian)[index].0;
        let write = |word: &str| latin::spellings(word, ukrainian).swap_remove(index).1;
        let mut families = phrase(&name.family, &write);
        if index == 0 {
            families.extend(table(&name.family, Script::Latin));
        }
        let by_letters = givens(&name.given, Script::Other, &write);
        let by_table = givens(&name.given, Script::Latin, &|_| Vec::new());
        let mut pairs = pair(name, Script::Latin, &by_letters, &families);
        if !by_table.is_empty() {
            pairs.extend(pair(
                name,
                Script::Latin,
                &by_table,
                &families[..families.len().min(2)],
            ));
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
}

/// Whether a Cyrillic name may be the one from which the person's Latin names were made: it is
/// when there are none. Гутерриш was made of Guterres, and nothing is to be made of it in turn.
fn is_original(name: &Written, latin: &[&Written]) -> bool {
    let whole = format!("{} {}", name.given.join(" "), name.family);
    let all = latin::spellings(&name.family, latin::is_ukrainian(&whole));
    let is_it = |family: &str| {
        let wanted = consonants(family);
        all.iter()
            .any(|(_, made)| made.iter().any(|made| consonants(made) == wanted))
    };
    latin.is_empty() || latin.iter().any(|name| is_it(&name.family))
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
    let whole = format!("{} {}", name.given.join(" "), name.family);
    let turkish = cyrillic::is_turkish(&whole);
    let write = |word: &str| cyrillic::from_latin(word, turkish);
    let mut families = phrase(&name.family, &write);
    families.extend(table(&name.family, Script::Cyrillic));
    let pairs = pair(
        name,
        Script::Cyrillic,
        &givens(&name.given, Script::Cyrillic, &write),
        &families,
    );
    for other in &pairs {
        add(other.clone(), "Russian from Latin letters", Kind::Made);
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
    let conventions = cyrillic::from_russian("а").len();
    for index in 0..conventions {
        let rule = cyrillic::from_russian("а")[index].0;
        let write = |word: &str| cyrillic::from_russian(word).swap_remove(index).1;
        let families = phrase(&name.family, &write);
        let givens = givens(&name.given, Script::Cyrillic, &write);
        for other in pair(name, Script::Cyrillic, &givens, &families) {
            add(other, rule, Kind::Made);
        }
    }
}

/// To Arabic letters.
fn to_arabic(name: &Written, add: &mut Add<'_>) {
    let source = if name.script == Script::Cyrillic {
        arabic::from_cyrillic
    } else {
        arabic::from_latin
    };
    for index in 0..source("a").len().max(source("а").len()) {
        let rule = if index == 0 { "Arabic" } else { "Persian" };
        let write = |word: &str| {
            let mut all = source(word);
            if index < all.len() {
                all.swap_remove(index).1
            } else {
                Vec::new()
            }
        };
        let known = |word: &str| {
            let known = table(word, Script::Arabic);
            if known.is_empty() { write(word) } else { known }
        };
        let families = phrase(&name.family, &known);
        let mut all = givens(&name.given, Script::Other, &known);
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
