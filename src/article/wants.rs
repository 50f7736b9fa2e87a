//! Whether a feed's own text is enough, or the page is worth a request.

use crate::model::FullText;

/// Letters of an alphabetic text below which it is short: a teaser has 100 to 300, and even a brief
/// report more.
const SHORT: usize = 400;
/// What a Han character, Kana or Hangul syllable counts, in thirds of a letter: 150 of them tell
/// about as much as 400 letters.
const DENSE_THIRDS: usize = 8;

/// What a text ends with when there is more on the page, lower case.
const CUT_ENDS: &[&str] = &[
    "...",
    "…",
    "[…]",
    "[...]",
    "(...)",
    "(…)",
    "……",
    "read more",
    "continue reading",
    "more »",
    "read more »",
    "full story",
    "baca selengkapnya",
    "selengkapnya",
    "baca selanjutnya",
    "читать далее",
    "читать полностью",
    "подробнее",
    "далее",
    "阅读全文",
    "查看全文",
    "全文",
    "更多",
    "続きを読む",
    "더 보기",
    "더보기",
    "اقرأ المزيد",
    "المزيد",
    "ادامه مطلب",
    "مزید پڑھیں",
    "devamını oku",
    "devamı",
    "haberin devamı",
    "lire la suite",
    "weiterlesen",
    "mehr",
    "leer más",
    "seguir leyendo",
    "leia mais",
    "continua a leggere",
    "leggi tutto",
    "lees verder",
    "czytaj więcej",
    "czytaj dalej",
];

/// How much a text tells, in letters of an alphabet: Han, Kana and Hangul count 8/3.
#[must_use]
pub(super) fn weight(text: &str) -> usize {
    let thirds: usize = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| if is_dense(c) { DENSE_THIRDS } else { 3 })
        .sum();
    thirds / 3
}

fn is_dense(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Whether a clean text is short: fewer than 400 letters or digits (150 of Han, Kana or Hangul), or
/// cut off, which an ellipsis or words like `read more` at its end tell.
#[must_use]
pub fn is_short(text: &str) -> bool {
    weight(text) < SHORT || is_cut(text)
}

fn is_cut(text: &str) -> bool {
    let tail: Vec<char> = text.trim_end().chars().rev().take(30).collect();
    let tail: String = tail
        .into_iter()
        .rev()
        .flat_map(char::to_lowercase)
        .collect();
    let tail = tail.trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, '→' | '>' | '»' | '›' | ')' | ']' | '.' | '。' | '…')
    });
    let ellipsis = text
        .trim_end()
        .trim_end_matches([')', ']', '»', '>', '"', '”']);
    ellipsis.ends_with("...")
        || ellipsis.ends_with('…')
        || CUT_ENDS.iter().any(|end| ends_with_words(tail, end))
}

/// Whether a text ends with these words as words: `mehr` does not end `vielmehr`.
fn ends_with_words(text: &str, end: &str) -> bool {
    text.strip_suffix(end).is_some_and(|rest| {
        let spaced = end.chars().next().is_some_and(|c| !is_dense(c));
        // a lone word must follow the end of a sentence, or any text could end with it
        let lone = spaced && !end.contains(' ');
        let before = rest.trim_end().chars().next_back();
        match before {
            None => true,
            Some(c) if lone => !c.is_alphanumeric(),
            Some(_) => !spaced || rest.ends_with(|c: char| !c.is_alphanumeric()),
        }
    })
}

/// Whether the page of an entry is to be fetched, given the feed's own text of it (the longer of
/// summary and content) and the owner's wish.
#[must_use]
pub fn wants(feed_text: &str, wish: FullText) -> bool {
    match wish {
        FullText::Never => false,
        FullText::WhenShort => is_short(feed_text),
        FullText::Always => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owners_wish_decides_and_length_only_when_asked() {
        let long = "word ".repeat(200);
        assert!(!wants("", FullText::Never) && wants(&long, FullText::Always));
        assert!(wants("short", FullText::WhenShort) && !wants(&long, FullText::WhenShort));
    }

    #[test]
    fn short_is_400_letters_or_150_han() {
        assert!(is_short(&"a b ".repeat(199)) && !is_short(&"a b ".repeat(200)));
        assert!(is_short(&"汉，".repeat(149)) && !is_short(&"汉，".repeat(150)));
        assert!(is_short(&"か".repeat(149)) && !is_short(&"한".repeat(150)));
    }

    #[test]
    fn a_text_that_is_cut_off_is_short_however_long() {
        let long = "word ".repeat(200);
        for end in [
            "and then…",
            "and then ...",
            "and then [...]",
            "and then (…)",
            "Read more",
            "done. Mehr",
            "Read more »",
            "CONTINUE READING.",
            "Baca Selengkapnya",
            "Читать далее →",
            "阅读全文",
            "[…] Devamını oku",
        ] {
            assert!(is_short(&format!("{long}{end}")), "{end}");
        }
        for end in [
            "the end.",
            "es kam noch mehr",
            "vielmehr",
            "spread more",
            "selengkapnya2",
        ] {
            assert!(!is_short(&format!("{long}{end}")), "{end}");
        }
    }
}
