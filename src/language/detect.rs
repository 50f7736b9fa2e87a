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

//! The statistics ask some ten thousand table entries for a Latin text, so a text is first read
//! without them ([`Reading`]): they speak only where they can change the answer.

use std::borrow::Cow;

use super::letters::{arabic, cyrillic, is_malay, latin};
use super::scores::{Languages, Outcomes, Scores, code_at};
use super::script::{Script, Shares};

/// Characters that are looked at; more changes nothing.
const MAX_CHARS: usize = 600;
/// Letters of a text that says anything; three of Han count as nine.
const MIN_LETTERS: usize = 12;

/// The language of a text (BCP 47 primary code), when the text is long enough and it is sure.
#[must_use]
pub fn detect(text: &str) -> Option<&'static str> {
    read(text).settle()
}

/// What a text says about its language before the statistics are asked.
#[derive(Debug)]
pub(super) enum Reading<'a> {
    /// All that there is to say.
    Told(Option<&'static str>),
    /// The statistics may change the outcome.
    Open {
        text: Cow<'a, str>,
        scores: Box<Scores>,
        outcomes: Outcomes,
    },
}

impl<'a> Reading<'a> {
    /// A reading to which the statistics have nothing to add.
    pub(super) fn told(scores: &Scores) -> Self {
        Self::Told(scores.best().map(code_at))
    }

    /// A reading of scores to which the statistics are to be added, if they make a difference.
    pub(super) fn open(text: Cow<'a, str>, scores: Scores) -> Self {
        let outcomes = scores.outcomes();
        if outcomes.winners.len() + u32::from(outcomes.nobody) == 1 {
            return Self::Told(named(outcomes.winners.places().next(), &text));
        }
        Self::Open {
            text,
            scores: Box::new(scores),
            outcomes,
        }
    }

    /// The language, once the statistics have been asked.
    pub(super) fn settle(self) -> Option<&'static str> {
        match self {
            Self::Told(language) => language,
            Self::Open { text, scores, .. } => named(scores.settle(&text), &text),
        }
    }

    /// Asks whether a test holds for the outcome: `None` when that is open. Nobody as the outcome
    /// passes each test.
    pub(super) fn passes(&self, test: impl Fn(&str) -> bool) -> Option<bool> {
        match self {
            Self::Told(language) => Some(language.is_none_or(test)),
            Self::Open { text, outcomes, .. } => {
                let fails = |at: &usize| named(Some(*at), text).is_some_and(|code| !test(code));
                let failing = outcomes.winners.places().filter(fails).count();
                if failing == 0 {
                    Some(true)
                } else if failing == outcomes.winners.len() as usize && !outcomes.nobody {
                    Some(false)
                } else {
                    None
                }
            }
        }
    }
}

/// The winner's code; what looks Indonesian may be Malay.
fn named(winner: Option<usize>, text: &str) -> Option<&'static str> {
    match winner.map(code_at) {
        Some("id") if is_malay(text) => Some("ms"),
        told => told,
    }
}

/// Reads a text's script, letters and small words.
pub(super) fn read(text: &str) -> Reading<'_> {
    let end = text.char_indices().nth(MAX_CHARS).map(|(at, _)| at);
    let text = &text[..end.unwrap_or(text.len())];
    let shares = Shares::of(text);
    if shares.total() < MIN_LETTERS {
        return Reading::Told(None);
    }
    let east_asian = shares.count(Script::Han) + shares.count(Script::Kana);
    if shares.is_main(east_asian) {
        let japanese = shares.count(Script::Kana) * 10 >= east_asian;
        return Reading::Told(Some(if japanese { "ja" } else { "zh" }));
    }
    match shares.main() {
        Some(Script::Latin) => latin(lower(text).into()),
        Some(Script::Cyrillic) => cyrillic(lower(text).into()),
        Some(Script::Arabic) => Reading::Told(arabic(text)),
        Some(Script::Devanagari) => {
            let scores = Scores::of(text, const { Languages::of(&["hi", "mr", "ne"]) });
            Reading::open(text.into(), scores)
        }
        Some(script) => Reading::Told(script.language()),
        None => Reading::Told(None),
    }
}

/// A text in lower case, with one kind of apostrophe.
fn lower(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2BB}' | '\u{2BC}' | '\u{2018}' | '\u{2019}' | '`' => out.push('\''),
            _ if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            'а'..='ё' => out.push(c),
            _ => out.extend(c.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
            let told = detect(&text);
            prop_assert!(told.is_none_or(|code| (2..=3).contains(&code.len())));
        }

        #[test]
        fn letter_case_and_the_kind_of_apostrophe_change_nothing(text in "[a-zа-яёіїіў' ]{0,60}") {
            let shouted = text.to_uppercase().replace('\'', "\u{2019}");
            prop_assert_eq!(detect(&shouted), detect(&text));
        }
    }

    #[test]
    fn what_stands_far_behind_is_not_read() {
        let start = "Президент встретился с лидерами стран региона. ".repeat(15);
        let text = start.clone() + &"The president met the leaders of the region. ".repeat(500);
        assert!(start.chars().count() > MAX_CHARS);
        assert_eq!(detect(&text), Some("ru"));
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
