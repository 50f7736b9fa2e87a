//! Terms like names, and news-like text in which they occur.
//!
//! The text of one number of terms differs from that of another only in the names planted in it,
//! so that a matcher's speed can be compared between them.

use std::collections::HashSet;

use crate::words::{Dice, Script, Vocabulary, capitalised, plain};

/// In how many words of text one is a planted term.
const PLANTED: f64 = 1.0 / 300.0;

/// A term and the script that it is in.
pub struct Name {
    pub text: String,
    pub script: Script,
}

/// Entries of one text, and how many terms were planted in them.
pub struct Text {
    pub name: &'static str,
    pub entries: Vec<String>,
    pub planted: usize,
}

impl Text {
    pub fn bytes(&self) -> usize {
        self.entries.iter().map(String::len).sum()
    }
}

/// The vocabularies of all scripts.
pub struct World(Vec<(Script, Vocabulary)>);

/// Shares of the terms.
const TERMS: &[(Script, f64)] = &[
    (Script::Ascii, 0.40),
    (Script::Latin, 0.15),
    (Script::Cyrillic, 0.20),
    (Script::Arabic, 0.10),
    (Script::Han, 0.10),
    (Script::Devanagari, 0.05),
];

/// Shares of the entries of the mixed text.
const MIXED: &[(Script, f64)] = &[
    (Script::Ascii, 0.15),
    (Script::Latin, 0.25),
    (Script::Cyrillic, 0.20),
    (Script::Arabic, 0.15),
    (Script::Han, 0.15),
    (Script::Devanagari, 0.10),
];

fn choose(shares: &[(Script, f64)], mut at: f64) -> Script {
    for (script, share) in shares {
        at -= share;
        if at < 0.0 {
            return *script;
        }
    }
    shares[0].0
}

impl World {
    pub fn new() -> Self {
        Self(
            TERMS
                .iter()
                .map(|(script, _)| (*script, Vocabulary::new(*script)))
                .collect(),
        )
    }

    fn of(&self, script: Script) -> &Vocabulary {
        let found = self.0.iter().find(|(other, _)| *other == script);
        &found.expect("every script has a vocabulary").1
    }

    /// So many terms, no two alike but for case or diacritics; fewer are the first of more.
    pub fn terms(&self, many: usize) -> Vec<Name> {
        let mut dice = Dice::new(77);
        let mut known = HashSet::new();
        let mut terms = Vec::new();
        while terms.len() < many {
            // the golden ratio spreads the scripts, so that ten terms hold most of them
            let at = (known.len() as f64 * 0.618_033_988_75).fract();
            let script = choose(TERMS, at);
            let text = self.term(script, &mut dice);
            if known.insert(plain(&text).to_lowercase()) {
                terms.push(Name { text, script });
            }
        }
        terms
    }

    fn term(&self, script: Script, dice: &mut Dice) -> String {
        let vocabulary = self.of(script);
        let known = |dice: &mut Dice| vocabulary.names[dice.rank(3_000)].clone();
        let rare = |dice: &mut Dice| vocabulary.rare[dice.below(vocabulary.rare.len())].clone();
        // a name that stands alone is rarely short enough to stand inside other words by chance
        let long = |dice: &mut Dice| loop {
            let name = rare(dice);
            if name.chars().count() >= 7 {
                return name;
            }
        };
        let word = |dice: &mut Dice| {
            let words = &vocabulary.words;
            capitalised(&words[20 + dice.rank(words.len() - 20)])
        };
        if script == Script::Han {
            return match dice.fraction() {
                at if at < 0.75 => rare(dice),
                at if at < 0.90 => [word(dice), rare(dice)].concat(),
                _ => [word(dice), word(dice), rare(dice)].concat(),
            };
        }
        match dice.fraction() {
            at if at < 0.25 => long(dice),
            at if at < 0.65 => [known(dice), rare(dice)].join(" "),
            at if at < 0.73 => [word(dice), rare(dice)].join(" "),
            at if at < 0.85 => [known(dice), known(dice), rare(dice)].join(" "),
            at if at < 0.93 => [word(dice), word(dice), rare(dice)].join(" "),
            _ => [word(dice), known(dice), word(dice), rare(dice)].join(" "),
        }
    }

    /// News in several scripts.
    pub fn mixed(&self, terms: &[Name], bytes: usize) -> Text {
        self.text("mixed", MIXED, terms, bytes)
    }

    /// News in ASCII.
    pub fn ascii(&self, terms: &[Name], bytes: usize) -> Text {
        self.text("ascii", &[(Script::Ascii, 1.0)], terms, bytes)
    }

    fn text(
        &self,
        name: &'static str,
        shares: &[(Script, f64)],
        terms: &[Name],
        bytes: usize,
    ) -> Text {
        let mut dice = Dice::new(name.len() as u64 * 1_000 + u64::from(name == "mixed"));
        let mut planting = Planting::new(terms);
        let (mut entries, mut written) = (Vec::new(), 0);
        while written < bytes {
            // 200 to 2,000 bytes, short ones more often
            let long = 200.0 * 10_f64.powf(dice.fraction());
            let script = choose(shares, dice.fraction());
            let (entry, own) = self.entry(script, long, &mut dice, &mut planting);
            written += own;
            entries.push(entry);
        }
        Text {
            name,
            entries,
            planted: planting.planted,
        }
    }

    /// An entry, and how many bytes it has without what was planted: those decide where it ends.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn entry(
        &self,
        script: Script,
        long: f64,
        dice: &mut Dice,
        planting: &mut Planting<'_>,
    ) -> (String, usize) {
        let vocabulary = self.of(script);
        let (space, comma, stop) = match script {
            Script::Han => ("", "，", "。"),
            Script::Arabic => (" ", "، ", ". "),
            Script::Devanagari => (" ", ", ", "। "),
            _ => (" ", ", ", ". "),
        };
        let (mut entry, mut own) = (String::new(), 0);
        while own < long as usize {
            let words = 6 + dice.below(18);
            for number in 0..words {
                let at = dice.fraction();
                own += space.len();
                let word = if at < PLANTED {
                    own += 10;
                    planting.next(script, dice)
                } else if at < 0.06 {
                    vocabulary.names[dice.rank(vocabulary.names.len())].clone()
                } else if at < 0.075 {
                    (1 + dice.rank(3_000)).to_string()
                } else {
                    vocabulary.words[dice.rank(vocabulary.words.len())].clone()
                };
                if at >= PLANTED {
                    own += word.len();
                }
                entry.push_str(&if number == 0 {
                    capitalised(&word)
                } else {
                    word
                });
                entry.push_str(match number {
                    n if n + 1 == words => stop,
                    _ if dice.chance(0.07) => comma,
                    _ => space,
                });
            }
        }
        entry.truncate(entry.trim_end().len());
        (entry, own)
    }
}

/// Chooses the terms that a text gets, all equally often, and how they are written.
struct Planting<'t> {
    terms: &'t [Name],
    /// Dice of its own: the text around stays the same however many terms there are.
    dice: Dice,
    planted: usize,
}

impl<'t> Planting<'t> {
    fn new(terms: &'t [Name]) -> Self {
        Self {
            terms,
            dice: Dice::new(4_711),
            planted: 0,
        }
    }

    /// A term of the script; in other scripts' texts now and then one in ASCII.
    fn next(&mut self, script: Script, dice: &mut Dice) -> String {
        let foreign = dice.chance(0.1);
        let wanted = if foreign { Script::Ascii } else { script };
        let from = self.dice.below(self.terms.len());
        let order = (from..self.terms.len()).chain(0..from);
        let found = order
            .map(|at| &self.terms[at])
            .find(|name| name.script == wanted)
            .unwrap_or(&self.terms[0]);
        self.planted += 1;
        match self.dice.fraction() {
            at if at < 0.6 => found.text.clone(),
            at if at < 0.8 => found.text.to_uppercase(),
            _ => plain(&found.text),
        }
    }
}
