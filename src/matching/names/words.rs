//! Words and phrases in other letters: joints between words stay, given names come from the table
//! as well as from the letters.

use super::given;
use super::written::Script;

/// The most spellings of a given name.
const MOST_GIVEN: usize = 24;

/// Writes each word of a phrase; joints stay.
pub(super) fn phrase(text: &str, write: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
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
pub(super) fn titled(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// The given names in another script: by table, then by letters.
pub(super) fn givens(
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
pub(super) fn table(word: &str, script: Script) -> Vec<String> {
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
