//! Proclitics: what Arabic and Hebrew write in front of a word and together with it.
//!
//! A hit begins behind them, inside the word of the text.

use super::Languages;

/// Arabic: conjunctions, prepositions and the article, and what they combine to; [`of_word`] has them
/// by their first letters.
#[cfg(test)]
pub(in crate::matching) const ARABIC: [&str; 21] = [
    "وبال", "فبال", "وكال", "ولل", "فلل", "وال", "بال", "فال", "كال", "لل", "ال", "وب", "ول", "وك",
    "فب", "فل", "و", "ف", "ب", "ل", "ك",
];
/// Hebrew: ve-, be-, le-, ha-, she-, mi-, ke- and what they combine to.
pub(in crate::matching) const HEBREW: [&str; 27] = [
    "ושב", "ושל", "ומה", "ושה", "וכש", "כשה", "וב", "ול", "וה", "וש", "ומ", "וכ", "שב", "של", "שה",
    "שמ", "בה", "לה", "מה", "כש", "ו", "ב", "ל", "ה", "ש", "מ", "כ",
];
const AR: Languages = Languages::one("ar");
const HE: Languages = Languages::one("he");
/// What must be left of a word behind a proclitic, in bytes: three letters.
const LEAST_REST: usize = 6;

/// Whether a folded word that begins with this byte may begin with a proclitic. U+05D0 and what
/// follows, U+0620 and what follows: the lead bytes tell the scripts apart from all others.
#[inline]
pub(in crate::matching) const fn may_begin(first: u8) -> bool {
    matches!(first, 0xD7..=0xD9)
}

/// The proclitics that may stand before a folded word in texts of these languages.
pub(in crate::matching) fn of_word(
    word: &[u8],
    languages: Languages,
) -> impl Iterator<Item = &'static str> {
    let list: &[&str] = match word {
        [0xD7, ..] if languages.has_any(HE) => &HEBREW,
        // Those that begin with the word's first letter: و, ف, ب, ل, ك, ا.
        [lead @ (0xD8 | 0xD9), letter, ..] if languages.has_any(AR) => match (lead, letter) {
            (0xD9, 0x88) => &["وبال", "وكال", "ولل", "وال", "وب", "ول", "وك", "و"],
            (0xD9, 0x81) => &["فبال", "فلل", "فال", "فب", "فل", "ف"],
            (0xD8, 0xA8) => &["بال", "ب"],
            (0xD9, 0x84) => &["لل", "ل"],
            (0xD9, 0x83) => &["كال", "ك"],
            (0xD8, 0xA7) => &["ال"],
            _ => &[],
        },
        _ => &[],
    };
    list.iter().copied().filter(move |proclitic| {
        word.len() >= proclitic.len() + LEAST_REST && begins(word, proclitic.as_bytes())
    })
}

/// Whether a word begins with a proclitic, told letter by letter: most differ in the first.
fn begins(word: &[u8], proclitic: &[u8]) -> bool {
    word.iter().zip(proclitic).all(|(a, b)| a == b)
}

/// Whether a proclitic ends with the article.
pub(in crate::matching) fn has_article(proclitic: &str) -> bool {
    proclitic.ends_with("ال") || proclitic.ends_with("لل")
}

/// The word without the Arabic article, if it has it: with a preposition the article is written
/// otherwise (`للرئيس`), and what follows it is the same.
pub(in crate::matching) fn without_article(word: &str) -> Option<&str> {
    word.strip_prefix("ال")
        .filter(|rest| rest.len() >= LEAST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_word_is_told() {
        let ar = Languages::of(Some("ar"));
        let of = |word, languages| of_word(str::as_bytes(word), languages).collect::<Vec<_>>();
        assert!(of("وبوتين", ar).contains(&"و"));
        assert!(of("للرئيس", ar).contains(&"لل"));
        assert_eq!(of("وبوتين", Languages::of(Some("fa"))), [""; 0]);
        assert!(of("ופוטין", Languages::of(Some("he"))).contains(&"ו"));
        for proclitic in ARABIC {
            let word = format!("{proclitic}رئيس");
            let found: Vec<_> = of_word(word.as_bytes(), ar).collect();
            assert!(found.contains(&proclitic), "{proclitic}");
        }
        assert_eq!(of("putin", ar), [""; 0]);
        assert!(has_article("بال") && has_article("لل") && !has_article("ل"));
        assert_eq!(without_article("الرئيس"), Some("رئيس"));
    }
}
