//! The rules read the other way round, for tests: all forms that a word has, written out.
//!
//! The matcher cuts what it finds and looks the rest up; this puts each ending on each stem.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::super::fold::Folded;
use super::{LANGUAGES, Languages, Rule, Script, chained, is_consonant, rules};

static CHAINED: LazyLock<Vec<Rule>> = LazyLock::new(|| chained().collect());

/// The languages that have rules.
pub(in crate::matching) fn languages() -> Vec<&'static str> {
    LANGUAGES.iter().map(|(code, _)| *code).collect()
}

/// The folded forms of a word in texts of these languages, itself among them; without languages,
/// in texts of any.
pub(in crate::matching) fn expansions(word: &str, languages: Option<Languages>) -> HashSet<String> {
    let lower = word.to_lowercase();
    let folded = Folded::new(word).text().to_owned();
    let letters: Vec<char> = folded.chars().collect();
    let script = letters.last().and_then(|c| Script::of(*c)).unwrap();
    let counts = |codes: &[&str]| {
        let of_script = |code: &&str| {
            let known = LANGUAGES.iter().find(|(known, _)| known == code);
            known.unwrap().1.contains(&script)
        };
        let in_text = |code: &&str| languages.is_none_or(|languages| languages.has(code));
        codes.iter().any(of_script) && codes.iter().any(in_text)
    };
    let mut all = HashSet::from([folded.clone()]);
    for line in rules::LINES {
        let codes: Vec<&str> = line.languages.split(' ').collect();
        let fits = line.ends.split(' ').any(|end| match end {
            "*" => true,
            "C" => lower.ends_with(is_consonant),
            end => lower.ends_with(end),
        });
        if fits && letters.len() >= line.least && counts(&codes) {
            let stem: String = letters[..letters.len() - line.cut].iter().collect();
            for ending in line.endings.split_whitespace() {
                all.insert(stem.clone() + Folded::new(ending).text());
            }
        }
    }
    for rule in CHAINED.iter() {
        let codes = LANGUAGES.iter().enumerate();
        let codes: Vec<&str> = codes
            .filter(|(bit, _)| rule.languages & 1 << bit != 0)
            .map(|(_, (code, _))| *code)
            .collect();
        let fits = rule
            .ends
            .iter()
            .any(|end| *end == "*" || lower.ends_with(end));
        if fits && letters.len() >= rule.least && counts(&codes) {
            let stem: String = letters[..letters.len() - rule.cut].iter().collect();
            all.extend(rule.endings.iter().map(|ending| stem.clone() + ending));
        }
    }
    all
}
