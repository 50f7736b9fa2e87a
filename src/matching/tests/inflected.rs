//! Inflection against a naive reading: a term stands where one of its words' forms stands, written
//! out in full, between boundaries or behind a proclitic.
//!
//! The naive reading shares the tables of endings with the matcher, and folding; not the index, not
//! how words are cut, and not how proclitics are told.

use std::collections::HashSet;
use std::ops::Range;

use proptest::prelude::*;
use proptest::sample::Index;

use super::{term, topic};
use crate::matching::Matcher;
use crate::matching::character::{is_hangul, is_mark};
use crate::matching::fold::Folded;
use crate::matching::inflect::Languages;
use crate::matching::inflect::expand::expansions;
use crate::matching::inflect::proclitic::{ARABIC, HEBREW};
use crate::model::Field;

const WORDS: [&str; 21] = [
    "Путин",
    "Шанхайская",
    "Тоқаев",
    "организация",
    "Erdoğan",
    "Putin",
    "Łukaszenka",
    "organizacja",
    "Modi",
    "Οργανισμός",
    "პუტინი",
    "მოდი",
    "بوتين",
    "الرئيس",
    "פוטין",
    "푸틴",
    "পুতিন",
    "மோடி",
    "ஜின்பிங்",
    "மாநாடு",
    "நிறுவனம்",
];
const LANGUAGES: [&str; 19] = [
    "ru", "uk", "kk", "sr", "tr", "az", "pl", "fi", "hu", "de", "en", "el", "ka", "ar", "fa", "he",
    "ko", "bn", "ta",
];
/// What may follow a word and is mostly no ending of it.
const UNLISTED: [&str; 14] = [
    "x", "s", "изм", "а", "ист", "lı", "ism", "ი", "ში", "ه", "ים", "국", "ার", "க",
];
const BETWEEN: [&str; 13] = [
    "", " ", "  ", "-", " - ", "'", ", ", "\n", "a", "д", "1", "의", "(",
];

/// Whether a word goes on from one character to the next.
fn goes_on(before: char, after: char) -> bool {
    let letter = |c: char| c.is_alphanumeric() || is_mark(c);
    is_mark(after) || (letter(before) && letter(after) && is_hangul(before) == is_hangul(after))
}

fn is_boundary(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at..].chars().next();
    !before.zip(after).is_some_and(|(b, a)| goes_on(b, a))
}

/// The word that begins at `at`.
fn word(text: &str, at: usize) -> &str {
    let ends = text[at..].char_indices().map(|(n, _)| at + n).skip(1);
    let end = ends.chain([text.len()]).find(|end| is_boundary(text, *end));
    &text[at..end.unwrap_or(text.len())]
}

/// What may stand in front of the words of a text, by the script of its first letter.
fn proclitics(word: &str, languages: Languages) -> &'static [&'static str] {
    match word.chars().next() {
        Some('\u{5D0}'..='\u{5EA}') if languages.has("he") => &HEBREW,
        Some('\u{600}'..='\u{6FF}') if languages.has("ar") => &ARABIC,
        _ => &[],
    }
}

/// Where the words' forms end that stand here, one space between them.
fn ends(text: &str, at: usize, words: &[HashSet<String>]) -> Vec<usize> {
    let Some((first, rest)) = words.split_first() else {
        return vec![at];
    };
    let all = text[at..].char_indices().map(|(n, _)| at + n);
    all.chain([text.len()])
        .filter(|end| first.contains(&text[at..*end]) && is_boundary(text, *end))
        .flat_map(|end| match rest {
            [] => vec![end],
            _ if text[end..].starts_with(' ') => ends(text, end + 1, rest),
            _ => Vec::new(),
        })
        .collect()
}

/// The folded ranges where a term stands, the leftmost first, without overlaps.
fn naive(term: &str, text: &str, language: Option<&str>) -> Vec<Range<usize>> {
    let languages = Languages::of(language);
    let forms = |term: &str| -> Vec<HashSet<String>> {
        let words = term.split(' ');
        words
            .map(|word| expansions(word, Some(languages)))
            .collect()
    };
    let whole = forms(term);
    let bare = term.strip_prefix("ال").map(forms);
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (start, _) in text.char_indices() {
        if !is_boundary(text, start) {
            continue;
        }
        found.extend(
            ends(text, start, &whole)
                .into_iter()
                .map(|end| (start, end)),
        );
        let word = word(text, start);
        for proclitic in proclitics(word, languages) {
            let Some(rest) = word.strip_prefix(proclitic) else {
                continue;
            };
            if rest.chars().count() < 3 {
                continue;
            }
            let at = start + proclitic.len();
            found.extend(ends(text, at, &whole).into_iter().map(|end| (at, end)));
            if let Some(bare) = &bare
                && (proclitic.ends_with("ال") || proclitic.ends_with("لل"))
            {
                found.extend(ends(text, at, bare).into_iter().map(|end| (at, end)));
            }
        }
    }
    found.sort_by_key(|(start, end)| (*start, usize::MAX - end));
    let mut free = 0;
    found.retain(|(start, end)| {
        let stays = *start >= free;
        free = if stays { *end } else { free };
        stays
    });
    found.into_iter().map(|(start, end)| start..end).collect()
}

/// Where the matcher finds it, as ranges of the source.
fn found(term_text: &str, text: &str, language: Option<&str>) -> Vec<Range<usize>> {
    let matcher = Matcher::compile(&[topic(vec![term(term_text)])]).unwrap();
    let mentions = matcher.find_in(&[(Field::Text, text)], language);
    let hits = mentions.into_iter().flat_map(|mention| mention.hits);
    hits.map(|hit| hit.start..hit.end).collect()
}

fn naive_in_source(term: &str, text: &str, language: Option<&str>) -> Vec<Range<usize>> {
    let folded = Folded::new(text);
    let ranges = naive(term, folded.text(), language);
    let in_source = ranges.into_iter().map(|range| folded.source_range(range));
    in_source.map(Option::unwrap).collect()
}

fn pick(index: Index, from: &[&'static str]) -> &'static str {
    from[index.index(from.len())]
}

/// How a word of the term stands in the text.
#[derive(Debug, Clone)]
enum Form {
    Written,
    /// With an ending of the text's language, or of any.
    Listed(bool, Index),
    /// With so many letters less, and with something else instead.
    Unlisted(usize, Index),
}

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        1 => Just(Form::Written),
        4 => (any::<bool>(), any::<Index>()).prop_map(|(own, index)| Form::Listed(own, index)),
        2 => (0..3_usize, any::<Index>()).prop_map(|(cut, index)| Form::Unlisted(cut, index)),
    ]
}

fn written(word: &str, form: &Form, language: Option<&str>) -> String {
    match form {
        Form::Written => word.to_owned(),
        Form::Listed(own, index) => {
            let all = expansions(word, own.then(|| Languages::of(language)));
            let mut all: Vec<String> = all.into_iter().collect();
            all.sort();
            index.get(&all).clone()
        }
        Form::Unlisted(cut, index) => {
            let letters = word.chars().count().saturating_sub(*cut);
            let stem: String = word.chars().take(letters).collect();
            stem + pick(*index, &UNLISTED)
        }
    }
}

/// One place of the text: the forms of the term's words, a proclitic perhaps, and what follows.
type Place = ([Form; 2], Option<(bool, Index)>, Index);

fn place() -> impl Strategy<Value = Place> {
    let proclitic = prop::option::weighted(0.4, (any::<bool>(), any::<Index>()));
    ([form(), form()], proclitic, any::<Index>())
}

proptest! {
    #[test]
    fn a_term_is_found_where_an_expansion_of_it_stands_and_nowhere_else(
        words in prop::collection::vec(prop::sample::select(&WORDS[..]), 1..3),
        language in prop::option::weighted(0.85, prop::sample::select(&LANGUAGES[..])),
        places in prop::collection::vec(place(), 1..5),
    ) {
        let term = words.join(" ");
        let mut text = String::new();
        for (forms, proclitic, between) in &places {
            if let Some((arabic, index)) = proclitic
                && matches!(words[0], "بوتين" | "الرئيس" | "פוטין")
            {
                text += if *arabic { pick(*index, &ARABIC) } else { pick(*index, &HEBREW) };
            }
            let forms = words.iter().zip(forms);
            let forms: Vec<String> = forms.map(|(word, form)| written(word, form, language)).collect();
            text += &forms.join(" ");
            text += pick(*between, &BETWEEN);
        }
        prop_assert_eq!(
            found(&term, &text, language),
            naive_in_source(&term, &text, language),
            "{} in {} ({:?})", term, text, language
        );
    }
}

#[test]
fn the_naive_reading_finds_what_grammar_says() {
    for (term, text, language, expected) in [
        ("Путин", "о Путине и Путина", Some("ru"), 2),
        ("Путин", "Путинов путинизм", Some("ru"), 1),
        ("Путин", "Путина", Some("kk"), 1),
        ("Путин", "Путиным", Some("kk"), 0),
        ("Erdoğan", "Erdoğan'ın Erdoğanın", Some("tr"), 2),
        ("Erdoğan", "Erdoğanın", None, 0),
        ("Шанхайская организация", "Шанхайской-организации", None, 1),
        ("მოდი", "მოდიმ", Some("ka"), 1),
        ("بوتين", "وبوتين لبوتين", Some("ar"), 2),
        ("بوتين", "وبوتين", Some("fa"), 0),
        ("الرئيس", "للرئيس والرئيس لرئيس", Some("ar"), 2),
        ("פוטין", "ופוטין", None, 1),
        ("푸틴", "푸틴이 SCO푸틴", Some("ko"), 2),
    ] {
        let naive = naive_in_source(term, text, language);
        assert_eq!(naive.len(), expected, "{term} in {text}: {naive:?}");
        assert_eq!(found(term, text, language), naive, "{term} in {text}");
    }
}
