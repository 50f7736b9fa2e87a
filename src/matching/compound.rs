//! Names that are the beginning of a longer one: `Si` in `Si-anu`, `Mô-đi` in `Mô-đi-li-a-ni`.
//!
//! A short name, or one with a hyphen, does not stand where a hyphen and a small letter follow. English
//! makes adjectives of names in the same way (`Xi-led talks`); its second parts are known from a
//! list, which is in English only: no syllable of a longer name that is spelled with hyphens is
//! among them.

use super::character::{is_letter, is_small};

/// What English papers put behind a name and a hyphen, sorted: participles, adjectives and nouns, as
/// in the hyphenation guide of the Chicago Manual of Style.
#[rustfmt::skip]
const SECOND_PARTS: [&str; 62] = [
    "affiliated", "aligned", "allied", "appointed", "approved", "authored", "backed", "bashing", "branded",
    "brokered", "built", "centered", "centred", "centric", "chaired", "connected", "controlled", "convened",
    "critical", "designated", "dominated", "drafted", "endorsed", "era", "esque", "favored", "favoured", "focused",
    "free", "friendly", "funded", "governed", "hosted", "imposed", "initiated", "inspired", "led", "like", "linked",
    "loyal", "loyalist", "loyalists", "mediated", "only", "ordered", "owned", "picked", "proof", "proposed", "related",
    "ruled", "run", "sceptic", "signed", "skeptic", "specific", "sponsored", "style", "supported", "themed", "watchers",
    "watching",
];

/// Whether a term may be the beginning of a longer name.
pub(super) fn may_go_on(term: &str) -> bool {
    let letters = term.chars().filter(|c| c.is_alphabetic()).count();
    let inside = term.trim_matches('-').contains('-') && !term.contains(' ');
    term.starts_with(char::is_uppercase) && (letters <= 2 || inside)
}

/// Whether a text begins with a hyphen and a small letter, and not with an English second part.
pub(super) fn goes_on(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['-', '\u{2010}', '\u{2011}']) else {
        return false;
    };
    let word = rest.split(|c| !is_letter(c)).next().unwrap_or_default();
    rest.starts_with(is_small) && SECOND_PARTS.binary_search(&word).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_adjectives_are_no_longer_names() {
        assert!(SECOND_PARTS.is_sorted());
        for text in [
            "-led talks",
            "\u{2011}backed",
            "-style",
            " -anu",
            "-Putin",
            "",
            "-led-",
        ] {
            assert!(!goes_on(text), "{text}");
        }
        for text in ["-anu", "-li-a-ni", "-leder", "-\u{430}\u{43D}"] {
            assert!(goes_on(text), "{text}");
        }
        assert!(may_go_on("Xi") && may_go_on("Mô-đi"));
        assert!(!may_go_on("Modi") && !may_go_on("Xi Jin-ping") && !may_go_on("习"));
    }
}
