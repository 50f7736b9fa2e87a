//! Tamil endings: case and clitic follow each other, and what joins them to the word follows from its
//! last sound, so the lists are multiplied out.
//!
//! After A. H. Arden, A Progressive Grammar of Common Tamil (sandhi, declension), and Thomas Lehmann, A
//! Grammar of Modern Tamil (cases, clitics): a final consonant takes the ending's vowel; `ி ீ ை ே` put
//! `ய` between, other long vowels `வ`; a final `ு` falls; `டு` and `று` double their consonant
//! (`மாநாடு`, `மாநாட்டில்`); `ம்` of nouns becomes `த்து`; foreign words in `ங்` take on a `க`
//! (`ஜின்பிங்கின்`). Behind accusative and dative a hard consonant of the next word is doubled and stands
//! at this one's end (`மோடியைச் சந்தித்தார்`).

use super::{Line, Rule};

/// The cases but the dative, with their first vowel as a sign; what follows them as a vowel.
const CASES: &str =
    "ை ால் ினால் ின் ினது ுடைய ினுடைய ில் ிடம் ிலிருந்து ிடமிருந்து ுடன் ுடனான ோடு ாக ான ைவிட ினை";
/// The dative and what is made of it.
const DATIVES: &str = "க்கு க்காக க்கான";
/// Clitics behind a consonant, as signs: and, even, or, whether.
const CLITICS: [&str; 4] = ["ும்", "ே", "ோ", "ா"];
/// The consonants that are doubled.
const HARD: [&str; 4] = ["க்", "ச்", "த்", "ப்"];

/// Letters and signs that an ending has at most.
const LONGEST: usize = 14;

/// How words that end so are declined.
struct Class {
    ends: &'static str,
    cut: usize,
    least: usize,
    /// What stands between the word and a vowel sign.
    joint: &'static str,
    /// What stands between the word and the dative, which begins with a consonant.
    datives: &'static str,
}

const CLASSES: [Class; 7] = [
    class("்", 1, 3, "", "ு ிற்"),
    class("ி ீ ை ே", 0, 3, "ய", ""),
    class("ா ோ ூ ொ", 0, 3, "வ", "வு விற்"),
    class("ு", 1, 3, "", "ு ிற்"),
    class("டு", 1, 4, "்ட", "்டு ்டிற்"),
    class("று", 1, 4, "்ற", "்று ்றிற்"),
    class("ங்", 0, 4, "க", "கு கிற்"),
];
/// Nouns in `ம்`; names of people keep it.
const NOUNS: Class = class("ம்", 2, 6, "த்த", "த்து த்திற்");

const fn class(
    ends: &'static str,
    cut: usize,
    least: usize,
    joint: &'static str,
    datives: &'static str,
) -> Class {
    Class {
        ends,
        cut,
        least,
        joint,
        datives,
    }
}

/// An ending with its clitics, and with the consonant that it doubles in the next word.
fn with_clitics(ending: &str, all: &mut Vec<String>) {
    all.push(ending.to_owned());
    let mut letters = ending.chars();
    match letters.next_back() {
        // The consonant takes the clitic's vowel, and so does that before a short u, which falls.
        Some('்' | 'ு') => {
            all.extend(CLITICS.map(|clitic| letters.as_str().to_owned() + clitic));
        }
        Some('ை' | 'ி') => all.extend(CLITICS.map(|clitic| format!("{ending}ய{clitic}"))),
        _ => all.extend(CLITICS.map(|clitic| format!("{ending}வ{clitic}"))),
    }
    all.push(format!("{ending}தான்"));
    if ending.ends_with(['ை', 'ு', 'க']) {
        all.extend(HARD.map(|hard| format!("{ending}{hard}")));
    }
}

/// The rules.
pub(super) fn rules() -> impl Iterator<Item = Rule> {
    CLASSES.iter().chain([&NOUNS]).map(|class| {
        let mut endings = CLITICS
            .map(|clitic| class.joint.to_owned() + clitic)
            .to_vec();
        // `புதினா` is Putina, or mint, sooner than a question about Putin.
        endings.retain(|ending| ending != "ா");
        for case in CASES.split(' ') {
            with_clitics(&format!("{}{case}", class.joint), &mut endings);
        }
        let joints = class.datives.split(' ');
        for joint in joints {
            for dative in DATIVES.split(' ') {
                // `ிற்கு` and `ுக்கு`: one of the consonants is the joint's.
                let dative = if joint.ends_with('்') {
                    &dative["க்".len()..]
                } else {
                    dative
                };
                with_clitics(&format!("{joint}{dative}"), &mut endings);
            }
        }
        if class.ends == "ு" {
            // The first part of a compound doubles too: `ஒத்துழைப்புக் கூட்டமைப்பு`.
            endings.extend(HARD.map(|hard| format!("ு{hard}")));
        }
        if class.cut == 0 {
            endings.push("தான்".to_owned());
        }
        endings.retain(|ending| ending.chars().count() <= LONGEST);
        let line = Line {
            languages: "ta",
            ends: class.ends,
            cut: class.cut,
            least: class.least,
            endings: "",
        };
        Rule::with(&line, endings.iter().map(String::as_str))
    })
}
