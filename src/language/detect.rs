//! The language of a text, from its script, letters, small words and three-letter statistics.
//!
//! | script | told by |
//! |---|---|
//! | Hangul, Thai, Georgian, Armenian, Greek, Bengali, Tamil, Hebrew and other scripts of one language | the script |
//! | Han with Kana | Japanese, when a tenth is Kana |
//! | Han alone | Chinese |
//! | Cyrillic | ј љ њ ђ ћ џ Serbian (ѓ ќ ѕ Macedonian), ӣ ӯ ҳ ҷ Tajik, ә ұ қ ғ Kazakh, ў Belarusian, ї є ґ Ukrainian, і with ы or э Belarusian, ң Kyrgyz, ө ү Mongolian where х, ц and в outnumber к and п and else Kyrgyz, ъ without ы or э Bulgarian |
//! | Arabic | ٹ ڈ ڑ ں ے ہ Urdu, پ چ ژ گ ک ی Persian, ة أ إ ى ك ي Arabic, ټ ډ ړ ښ ګ Pashto, ێ ۆ ڵ Kurdish, ۇ ۈ ۋ Uyghur |
//! | Latin | oʻ gʻ (with any apostrophe) Uzbek, ə Azerbaijani, tones Vietnamese; else small words, letters and statistics together |
//!
//! Malay and Indonesian can't be told but by a few words; without them it is `id`.

use std::collections::HashMap;
use std::sync::LazyLock;

use whatlang::{Detector, Lang};

use super::words::{LATIN_LETTERS, WORDS, languages_of};

/// Characters that are looked at; more changes nothing.
const MAX_CHARS: usize = 2_000;
/// Letters of a text that says anything; three of Han count as nine.
const MIN_LETTERS: usize = 12;
/// Points a language of a shared script must reach, and lead the next by.
const MIN_SCORE: f64 = 1.6;
const MIN_LEAD: f64 = 0.6;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Han,
    Kana,
    Devanagari,
    /// A script of one language.
    Of(&'static str),
}

fn script(c: char) -> Option<Script> {
    Some(match c {
        'a'..='z' | 'A'..='Z' | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => Script::Latin,
        '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => Script::Of("el"),
        '\u{400}'..='\u{52F}' => Script::Cyrillic,
        '\u{531}'..='\u{58F}' => Script::Of("hy"),
        '\u{5D0}'..='\u{5F2}' => Script::Of("he"),
        '\u{620}'..='\u{6FF}' | '\u{750}'..='\u{77F}' => Script::Arabic,
        '\u{900}'..='\u{97F}' => Script::Devanagari,
        '\u{980}'..='\u{9FF}' => Script::Of("bn"),
        '\u{A00}'..='\u{A7F}' => Script::Of("pa"),
        '\u{A80}'..='\u{AFF}' => Script::Of("gu"),
        '\u{B80}'..='\u{BFF}' => Script::Of("ta"),
        '\u{C00}'..='\u{C7F}' => Script::Of("te"),
        '\u{C80}'..='\u{CFF}' => Script::Of("kn"),
        '\u{D00}'..='\u{D7F}' => Script::Of("ml"),
        '\u{D80}'..='\u{DFF}' => Script::Of("si"),
        '\u{E00}'..='\u{E7F}' => Script::Of("th"),
        '\u{E80}'..='\u{EFF}' => Script::Of("lo"),
        '\u{1000}'..='\u{109F}' => Script::Of("my"),
        '\u{10A0}'..='\u{10FF}' => Script::Of("ka"),
        '\u{1200}'..='\u{137F}' => Script::Of("am"),
        '\u{1780}'..='\u{17FF}' => Script::Of("km"),
        '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7AF}' => Script::Of("ko"),
        '\u{3040}'..='\u{30FF}' => Script::Kana,
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' => Script::Han,
        _ => return None,
    })
}

/// The language of a text (BCP 47 primary code), when the text is long enough and it is sure.
#[must_use]
pub fn detect(text: &str) -> Option<&'static str> {
    let text: String = text
        .chars()
        .take(MAX_CHARS)
        .flat_map(char::to_lowercase)
        .collect();
    let mut letters: HashMap<Script, usize> = HashMap::new();
    for script in text.chars().filter_map(script) {
        let weight = if matches!(script, Script::Han | Script::Kana | Script::Of("ko")) {
            3
        } else {
            1
        };
        *letters.entry(script).or_default() += weight;
    }
    let count = |script| letters.get(&script).copied().unwrap_or(0);
    let east_asian = count(Script::Han) + count(Script::Kana);
    let total: usize = letters.values().sum();
    if total < MIN_LETTERS {
        return None;
    }
    // names in another script may stand in a text, but most of it must be of one
    let is_main = |n: usize| n * 5 >= total * 3;
    if is_main(east_asian) {
        return Some(if count(Script::Kana) * 10 >= east_asian {
            "ja"
        } else {
            "zh"
        });
    }
    let (&main, _) = letters.iter().find(|(_, n)| is_main(**n))?;
    match main {
        Script::Of(language) => Some(language),
        Script::Latin => latin(&text),
        Script::Cyrillic => cyrillic(&text),
        Script::Arabic => arabic(&text),
        Script::Devanagari => {
            let mut scores = scores(&text, &["hi", "mr", "ne"]);
            lend_statistics(&text, &mut scores);
            best(scores)
        }
        Script::Han | Script::Kana => None,
    }
}

fn count_of(text: &str, letters: &str) -> usize {
    text.chars().filter(|c| letters.contains(*c)).count()
}

fn arabic(text: &str) -> Option<&'static str> {
    let counts = [
        ("ur", 3 * count_of(text, "ٹڈڑںےہ")),
        ("fa", count_of(text, "پچژگ") + count_of(text, "کی")),
        (
            "ar",
            count_of(text, "ةأإىكي")
                + text
                    .split_whitespace()
                    .filter(|w| w.starts_with("ال"))
                    .count(),
        ),
        ("ps", 3 * count_of(text, "ټډړښګږڼ")),
        ("ckb", 3 * count_of(text, "ێۆڵ")),
        ("ug", 3 * count_of(text, "ۇۈۋ")),
    ];
    let (language, most) = counts.into_iter().max_by_key(|(_, n)| *n)?;
    let others: usize = counts
        .iter()
        .filter(|(l, _)| *l != language && *l != "fa")
        .map(|(_, n)| n)
        .sum();
    (most >= 2 && most > others).then_some(language)
}

fn cyrillic(text: &str) -> Option<&'static str> {
    let has = |letters: &str| count_of(text, letters);
    let told = if has("ӣӯҳҷ") > 0 && has("әңөұү") == 0 {
        if has("ў") > 0 { None } else { Some("tg") }
    } else if has("җ") > 0 || has("ҙҫҡ") > 0 {
        // Tatar and Bashkir
        None
    } else if (has("әұқғ") > 0 && has("ў") == 0) || has("ұ") > 0 || (has("і") > 0 && has("ңөү") > 0)
    {
        Some("kk")
    } else if has("ң") > 0 {
        Some("ky")
    } else if has("өү") > 0 {
        Some(if has("хцв") >= has("кп") {
            "mn"
        } else {
            "ky"
        })
    } else if has("ѓќѕ") > 0 {
        Some("mk")
    } else if has("љњђћџ") > 0 {
        Some("sr")
    } else if has("ў") > 0 && has("қғҳ") > 0 {
        Some("uz")
    } else if has("ў") > 0 {
        Some("be")
    } else if has("їєґ") > 0 {
        Some("uk")
    } else if has("і") > 0 {
        Some(if has("ыэ") > 0 { "be" } else { "uk" })
    } else if has("ъ") > 0 && has("ыэё") == 0 {
        Some("bg")
    } else {
        None
    };
    if told.is_some() {
        return told;
    }
    // Bulgarian writes ь only before о, Serbian and Macedonian never
    let soft = text
        .match_indices('ь')
        .filter(|(at, c)| !text[at + c.len()..].starts_with('о'))
        .count();
    let russian = has("ыэё");
    let rivals: &[&str] = if russian > 0 {
        &["ru", "be", "mn", "ky", "tg", "kk"]
    } else if soft > 0 {
        &["ru", "uk", "tg", "mn"]
    } else {
        &["ru", "uk", "bg", "sr", "mk", "tg", "mn", "ky"]
    };
    let mut scores = scores(text, rivals);
    add(
        &mut scores,
        "ru",
        (0.6 * russian as f64 + 0.5 * soft as f64).min(1.4),
    );
    if has("ј") > 0 {
        add(&mut scores, "sr", 1.5);
    }
    let doubled = ["аа", "уу", "ээ", "ийн", "ийг", "гүй"]
        .iter()
        .map(|d| text.matches(d).count())
        .sum::<usize>();
    add(&mut scores, "mn", (0.9 * doubled as f64).min(3.0));
    if doubled < 2 {
        lend_statistics(text, &mut scores);
    }
    best(scores)
}

fn latin(text: &str) -> Option<&'static str> {
    let text = text.replace(['\u{2BB}', '\u{2BC}', '\u{2018}', '\u{2019}', '`'], "'");
    let uzbek = ["o'", "g'"]
        .iter()
        .map(|pair| {
            text.match_indices(pair)
                .filter(|(at, _)| text[at + 2..].starts_with(|c: char| c.is_alphabetic()))
                .count()
        })
        .sum::<usize>();
    if count_of(&text, "ə") > 0 {
        return Some("az");
    }
    let all: Vec<&str> = WORDS.iter().map(|(language, _)| *language).collect();
    let mut scores = scores(&text, &all);
    add(&mut scores, "uz", 1.2 * uzbek.min(3) as f64);
    let special: Vec<char> = text
        .chars()
        .filter(|c| !c.is_ascii() && c.is_alphabetic())
        .take(40)
        .collect();
    if !special.is_empty() {
        for (language, letters) in LATIN_LETTERS {
            let own = special.iter().filter(|c| letters.contains(**c)).count();
            // letters that a language does not have tell against it: a name or two may bring them
            let foreign = special.len() - own;
            let rare = letters.chars().count().min(12) as f64;
            let points = (own.min(6) as f64) * (0.22 + 1.2 / rare) / 2.0 - foreign as f64 * 0.25;
            add(&mut scores, language, points);
        }
        for language in ["en", "id", "ms", "fil", "sw", "uz", "nl", "af", "jv"] {
            add(&mut scores, language, -0.25 * special.len() as f64);
        }
    }
    if count_of(&text, "ň") == 0 {
        scores.retain(|(language, _)| *language != "tk");
    }
    lend_statistics(&text, &mut scores);
    // Malay shares nearly all with Indonesian: only words that are not Indonesian make it Malay
    let own = |language: &str, other: &str| {
        words(&text)
            .filter(|w| {
                let of = languages_of(w);
                of.contains(&language) && !of.contains(&other)
            })
            .count()
    };
    scores.retain(|(language, _)| *language != "ms");
    match best(scores) {
        Some("id") if own("ms", "id") > own("id", "ms") => Some("ms"),
        sure => sure,
    }
}

type Scores = Vec<(&'static str, f64)>;

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| {
        !(c.is_alphanumeric() || matches!(c, '\'' | '-') || ('\u{900}'..='\u{97F}').contains(&c))
    })
    .flat_map(|word| {
        let whole = languages_of(word).is_empty();
        // `l'eau` is two words, `bo'lgan` and `из-за` are one
        word.split(move |c| whole && matches!(c, '\'' | '-'))
    })
    .filter(|word| !word.is_empty())
}

/// Points for small words.
fn scores(text: &str, rivals: &[&str]) -> Scores {
    let mut scores: Scores = WORDS
        .iter()
        .filter(|(l, _)| rivals.contains(l))
        .map(|(l, _)| (*l, 0.0))
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    for word in words(text) {
        let of = languages_of(word);
        if of.is_empty() || seen.iter().filter(|s| **s == word).count() >= 2 || seen.len() > 400 {
            continue;
        }
        seen.push(word);
        let sharing = of.iter().filter(|l| rivals.contains(l)).count().max(1) as f64;
        let short = if word.chars().count() == 1 { 0.5 } else { 1.0 };
        for language in of {
            add(&mut scores, language, short / sharing.sqrt());
        }
    }
    scores
}

fn add(scores: &mut Scores, language: &str, points: f64) {
    if let Some((_, score)) = scores.iter_mut().find(|(l, _)| *l == language) {
        *score += points;
    }
}

/// The highest of the scores, when it is sure.
fn best(mut scores: Scores) -> Option<&'static str> {
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (language, score) = *scores.first()?;
    let next = scores.get(1).map_or(0.0, |(_, s)| s.max(0.0));
    (score >= MIN_SCORE && score - next >= MIN_LEAD.max(score * 0.12)).then_some(language)
}

/// Adds what the statistics say, as much as they are sure.
fn lend_statistics(text: &str, scores: &mut Scores) {
    if let Some(info) = DETECTOR.detect(text) {
        let points = 0.6 + 1.2 * info.confidence();
        add(scores, code(info.lang()), points);
    }
}

static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::with_allowlist(CODES.iter().map(|(lang, _)| *lang).collect()));

/// The languages of the statistics that are of use here.
#[rustfmt::skip]
const CODES: [(Lang, &str); 40] = [
    (Lang::Eng, "en"), (Lang::Fra, "fr"), (Lang::Deu, "de"), (Lang::Spa, "es"), (Lang::Por, "pt"), (Lang::Ita, "it"), (Lang::Nld, "nl"),
    (Lang::Afr, "af"), (Lang::Pol, "pl"), (Lang::Ces, "cs"), (Lang::Slk, "sk"), (Lang::Hrv, "hr"), (Lang::Slv, "sl"), (Lang::Ron, "ro"),
    (Lang::Hun, "hu"), (Lang::Fin, "fi"), (Lang::Est, "et"), (Lang::Lav, "lv"), (Lang::Lit, "lt"), (Lang::Swe, "sv"), (Lang::Nob, "no"),
    (Lang::Dan, "da"), (Lang::Tur, "tr"), (Lang::Aze, "az"), (Lang::Tuk, "tk"), (Lang::Uzb, "uz"), (Lang::Ind, "id"), (Lang::Jav, "jv"),
    (Lang::Tgl, "fil"), (Lang::Vie, "vi"), (Lang::Cat, "ca"), (Lang::Rus, "ru"), (Lang::Ukr, "uk"), (Lang::Bel, "be"), (Lang::Bul, "bg"),
    (Lang::Srp, "sr"), (Lang::Mkd, "mk"), (Lang::Hin, "hi"), (Lang::Mar, "mr"), (Lang::Nep, "ne"),
];

fn code(lang: Lang) -> &'static str {
    CODES
        .iter()
        .find(|(l, _)| *l == lang)
        .map_or("", |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_or_mixed_text_is_no_language() {
        for text in [
            "",
            "OK",
            "2024",
            "SCO",
            "Xi Putin",
            "ШОС",
            "Vladimir Putin Москва Кремль",
            "🚀🚀🚀 — 100%",
            "上合",
        ] {
            assert_eq!(detect(text), None, "{text}");
        }
    }

    #[test]
    fn names_in_another_script_do_not_change_the_language() {
        assert_eq!(
            detect("Путин и Си Цзиньпин обсудили SCO на саммите в Астане"),
            Some("ru")
        );
        assert_eq!(
            detect("习近平在上合组织峰会上会见 Shehbaz Sharif 总理并发表讲话强调合作"),
            Some("zh")
        );
    }

    #[test]
    fn letters_of_their_own_tell_languages_that_statistics_do_not_know() {
        for (text, language) in [
            ("Қазақстан астанасы", "kk"),
            ("Кыргызстандын өнөктөшү жана коңшусу", "ky"),
            ("Тоҷикистон ва ҳамсояҳо", "tg"),
            ("Монгол улсын хүүхэд", "mn"),
            ("Беларусь і яе суседзі ў свеце", "be"),
            ("Україна та її сусіди", "uk"),
            ("آستانہ میں ہونے والے اجلاس", "ur"),
            ("گزارش نشست سران شانگهای", "fa"),
            ("القمة في أستانا", "ar"),
            ("O'zbekiston va qo'shnilari", "uz"),
        ] {
            assert_eq!(detect(text), Some(language), "{text}");
        }
    }
}
