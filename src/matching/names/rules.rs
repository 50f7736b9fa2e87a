//! Letter rules: how a convention writes a word in other letters.
//!
//! A convention is a text of rules such as `ш=sh ий$=y|iy ^е=ye|e`. On the left stand letters,
//! with `^` (only where the word begins), `+` (only behind a vowel) or, behind them, `$` (only
//! where the word ends); on the right what is written for them, the usual first, then what else is
//! seen; a lone `=` at the end drops the letters. At each place the longest rule holds, of equally
//! long ones the one with more conditions, then the first.
//!
//! A letter that no rule knows is tried without its diacritics. One that is still unknown makes
//! the word one that the convention can't write. Results are bounded and never repeat.

use std::collections::HashMap;

/// One rule.
#[derive(Debug)]
struct Rule {
    letters: Vec<char>,
    start: bool,
    behind_vowel: bool,
    end: bool,
    written: Vec<&'static str>,
}

impl Rule {
    fn rank(&self) -> (usize, u8) {
        let conditions = u8::from(self.start) + u8::from(self.behind_vowel) + u8::from(self.end);
        (self.letters.len(), conditions)
    }

    fn holds(&self, word: &[char], at: usize) -> bool {
        let end = at + self.letters.len();
        word.get(at..end) == Some(&self.letters)
            && (!self.start || at == 0)
            && (!self.end || end == word.len())
            && (!self.behind_vowel || at.checked_sub(1).is_some_and(|i| is_vowel(word[i])))
    }
}

/// A convention by its name, ready to use.
pub(super) type Ready = (&'static str, Rules);

/// The rules of a convention by their first letter, the most particular first; later texts are
/// asked where earlier ones have no better rule.
#[derive(Debug)]
pub(super) struct Rules(HashMap<char, Vec<Rule>>);

impl Rules {
    /// Reads rules. What is no rule is left out; a test reads every convention.
    pub(super) fn read(texts: &[&'static str]) -> Self {
        let mut all: HashMap<char, Vec<Rule>> = HashMap::new();
        for item in texts.iter().flat_map(|text| text.split_whitespace()) {
            let Some((left, right)) = item.split_once('=') else {
                continue;
            };
            let rule = Rule {
                letters: left.chars().filter(|c| !"^+$".contains(*c)).collect(),
                start: left.starts_with('^'),
                behind_vowel: left.starts_with('+'),
                end: left.ends_with('$'),
                written: right.split('|').collect(),
            };
            if let Some(first) = rule.letters.first() {
                all.entry(*first).or_default().push(rule);
            }
        }
        for rules in all.values_mut() {
            // Stable: of equals the first read stays first.
            rules.sort_by_key(|rule| std::cmp::Reverse(rule.rank()));
        }
        Self(all)
    }

    /// How a word is written, the usual spelling first; at most `most` spellings. Empty when the
    /// convention can't write it.
    pub(super) fn write(&self, word: &str, most: usize) -> Vec<String> {
        let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
        // Each spelling so far with the number of choices that were not the usual ones.
        let mut spellings: Vec<(usize, String)> = vec![(0, String::new())];
        let mut at = 0;
        while at < word.len() {
            let Some((taken, written)) = self.step(&word, at) else {
                return Vec::new();
            };
            at += taken;
            let mut next = Vec::with_capacity(spellings.len() * written.len());
            for (cost, spelling) in &spellings {
                for (choice, part) in written.iter().enumerate() {
                    next.push((cost + choice.min(2), format!("{spelling}{part}")));
                }
            }
            next.sort_by_key(|(cost, _)| *cost);
            // A few more than wanted, so that a rare choice late in the word still has a chance.
            next.truncate(most * 4);
            spellings = next;
        }
        let mut found: Vec<String> = Vec::new();
        for (_, spelling) in spellings {
            if found.len() < most && !spelling.is_empty() && !found.contains(&spelling) {
                found.push(spelling);
            }
        }
        found
    }

    fn step(&self, word: &[char], at: usize) -> Option<(usize, &[&'static str])> {
        let best = |word: &[char], at: usize| {
            let mut rules = self.0.get(word.get(at)?)?.iter();
            rules.find(|rule| rule.holds(word, at))
        };
        if let Some(rule) = best(word, at) {
            return Some((rule.letters.len(), &rule.written));
        }
        let plain = super::plain(&word.get(at)?.to_string());
        if plain.is_empty() {
            return Some((1, &[""]));
        }
        let count = plain.chars().count();
        let rest = word[at + 1..].iter().copied();
        let other: Vec<char> = word[..at]
            .iter()
            .copied()
            .chain(plain.chars())
            .chain(rest)
            .collect();
        let rule = best(&other, at).filter(|rule| rule.letters.len() >= count)?;
        Some((rule.letters.len() + 1 - count, &rule.written))
    }
}

/// Vowels, and the signs behind which a soft vowel is written in full.
fn is_vowel(c: char) -> bool {
    "аеёиоуыэюяіїєәөұүӣӯўьъ'ʼ’aeiouyáéíóúäöüəıâêôőűàèòãõ".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_and_the_one_with_conditions_hold() {
        let rules = Rules::read(&["^е=ye +е=je|e е=e ш=sh ий$=y|iy и=i й=j с=s к=k а=a"]);
        assert_eq!(rules.write("ешеский", 9), ["yeshesky", "yesheskiy"]);
        assert_eq!(rules.write("ае", 9), ["aje", "ae"]);
        assert_eq!(rules.write("Сё", 9), ["se"]);
        assert_eq!(rules.write("сж", 9), Vec::<String>::new());
        assert_eq!(rules.write("", 9), Vec::<String>::new());
    }

    #[test]
    fn spellings_are_bounded_and_the_usual_come_first() {
        let rules = Rules::read(&["a=b|c|d"]);
        let found = rules.write(&"a".repeat(100), 5);
        assert_eq!(found.len(), 5);
        assert_eq!(found[0], "b".repeat(100));
    }
}
