//! What the letters of a text say about its language, by script.

use std::borrow::Cow;

use super::detect::Reading;
use super::scores::{Languages, Scores, at};
use super::words::{LATIN_LETTERS, each_small, writers};

/// How often each letter of one block stands in a text.
struct Counts {
    from: u32,
    counts: [u16; 0x130],
}

impl Counts {
    fn of(text: &str, from: char) -> Self {
        let mut out = Self {
            from: from.into(),
            counts: [0; 0x130],
        };
        for c in text.chars() {
            if let Some(count) = out.place(c).and_then(|at| out.counts.get_mut(at)) {
                *count = count.saturating_add(1);
            }
        }
        out
    }

    fn place(&self, c: char) -> Option<usize> {
        u32::from(c).checked_sub(self.from).map(|at| at as usize)
    }

    fn has(&self, letters: &str) -> usize {
        letters
            .chars()
            .filter_map(|c| self.counts.get(self.place(c)?))
            .map(|n| usize::from(*n))
            .sum()
    }
}

/// The language of a text in Arabic script.
pub(super) fn arabic(text: &str) -> Option<&'static str> {
    let letters = Counts::of(text, '\u{600}');
    let has = |some: &str| letters.has(some);
    let articles = text.split_whitespace().filter(|w| w.starts_with("ال"));
    let counts = [
        ("ur", 3 * has("ٹڈڑںےہ")),
        ("fa", has("پچژگ") + has("کی")),
        ("ar", has("ةأإىكي") + articles.count()),
        ("ps", 3 * has("ټډړښګږڼ")),
        ("ckb", 3 * has("ێۆڵ")),
        ("ug", 3 * has("ۇۈۋ")),
    ];
    let (language, most) = counts.into_iter().max_by_key(|(_, n)| *n)?;
    let others: usize = counts
        .iter()
        .filter(|(l, _)| *l != language && *l != "fa")
        .map(|(_, n)| n)
        .sum();
    (most >= 2 && most > others).then_some(language)
}

/// What a lower-case text in Cyrillic script says.
pub(super) fn cyrillic(text: Cow<'_, str>) -> Reading<'_> {
    let letters = Counts::of(&text, '\u{400}');
    let has = |some: &str| letters.has(some);
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
        return Reading::Told(told);
    }
    let (soft, doubled) = soft_and_doubled(&text);
    let russian = has("ыэё");
    let rivals: &[&str] = if russian > 0 {
        &["ru", "be", "mn", "ky", "tg", "kk"]
    } else if soft > 0 {
        &["ru", "uk", "tg", "mn"]
    } else {
        &["ru", "uk", "bg", "sr", "mk", "tg", "mn", "ky"]
    };
    let mut scores = Scores::of(&text, Languages::of(rivals));
    scores.add(
        const { at("ru") },
        (0.6 * russian as f64 + 0.5 * soft as f64).min(1.4),
    );
    if has("ј") > 0 {
        scores.add(const { at("sr") }, 1.5);
    }
    scores.add(const { at("mn") }, (0.9 * doubled as f64).min(3.0));
    if doubled < 2 {
        Reading::open(text, scores)
    } else {
        Reading::told(&scores)
    }
}

/// How many soft signs stand where Bulgarian writes none (it does before о only; Serbian and
/// Macedonian never), and how many doubled vowels and endings as Mongolian has them.
fn soft_and_doubled(text: &str) -> (usize, usize) {
    let (mut soft, mut doubled) = (0, 0);
    let (mut before, mut last) = (' ', ' ');
    for c in text.chars().chain([' ']) {
        soft += usize::from(last == 'ь' && c != 'о');
        let pair = last == c && matches!(c, 'а' | 'у' | 'э');
        let ending = matches!((before, last, c), ('и', 'й', 'н' | 'г') | ('г', 'ү', 'й'));
        if pair || ending {
            doubled += 1;
            (before, last) = (' ', ' ');
        } else {
            (before, last) = (last, c);
        }
    }
    (soft, doubled)
}

/// What a lower-case text in Latin script says.
pub(super) fn latin(text: Cow<'_, str>) -> Reading<'_> {
    // letters that a language does not have tell against it: a name or two may bring them
    let special: Vec<char> = text
        .chars()
        .filter(|c| !c.is_ascii() && c.is_alphabetic())
        .collect();
    if special.contains(&'ə') {
        return Reading::Told(Some("az"));
    }
    let mut scores = Scores::of(&text, Languages::all());
    if text.contains('\'') {
        let uzbek = ["o'", "g'"]
            .iter()
            .flat_map(|pair| text.match_indices(pair))
            .filter(|(at, _)| text[at + 2..].starts_with(char::is_alphabetic));
        scores.add(const { at("uz") }, 1.2 * uzbek.take(3).count() as f64);
    }
    if !special.contains(&'ň') {
        scores.drop(const { Languages::of(&["tk"]) });
    }
    score_letters(&special[..special.len().min(40)], &mut scores);
    // Malay shares nearly all with Indonesian: only words that are not Indonesian make it Malay
    scores.drop(const { Languages::of(&["ms"]) });
    Reading::open(text, scores)
}

/// Languages that write no letter beyond a to z, or hardly one.
const PLAIN: Languages = Languages::of(&["en", "id", "ms", "fil", "sw", "uz", "nl", "af", "jv"]);

/// Points for letters beyond a to z.
fn score_letters(special: &[char], scores: &mut Scores) {
    if special.is_empty() {
        return;
    }
    let mut own = [0_usize; 64];
    for letter in special {
        for at in writers(*letter).places() {
            own[at] += 1;
        }
    }
    for &(at, letters) in LATIN_LETTERS {
        let foreign = special.len() - own[at];
        let rare = letters.chars().count().min(12) as f64;
        let points = (own[at].min(6) as f64) * (0.22 + 1.2 / rare) / 2.0 - foreign as f64 * 0.25;
        scores.add(at, points);
    }
    for at in PLAIN.places() {
        scores.add(at, -0.25 * special.len() as f64);
    }
}

/// Whether more words are Malay only than Indonesian only.
pub(super) fn is_malay(text: &str) -> bool {
    const MS: usize = at("ms");
    const ID: usize = at("id");
    let (mut malay, mut indonesian) = (0, 0);
    each_small(text, |small, _| {
        malay += usize::from(small.languages.has(MS) && !small.languages.has(ID));
        indonesian += usize::from(small.languages.has(ID) && !small.languages.has(MS));
    });
    malay > indonesian
}
