//! Inflection: which endings a word may have in a text, by language.
//!
//! A [`Rule`] says for some languages: a word that ends so may be found with that end cut off and
//! one of these endings instead. [`rules_for`] picks the rules that fit a word of a term when topics
//! are compiled; [`Rule::allows`] then judges what stands in a text. The rules are data (`rules`,
//! and where endings follow each other `turkic`, `tamil`, `korean`); proclitics, which stand before a word, are in `proclitic`.
//!
//! A text's language decides which rules count ([`Languages::of`]): those of its own, and those of
//! languages that are written in other scripts. Where nobody knows the language, all count but those
//! of the Latin script, in which short endings of one language are other words in the next.
//!
//! Pure tables; nothing is guessed beyond them.

#[cfg(test)]
pub(super) mod expand;
mod korean;
pub(super) mod proclitic;
mod rules;
mod tamil;
mod turkic;

use std::sync::LazyLock;

use super::fold::Folded;

/// The scripts for which there are rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Armenian,
    Georgian,
    Devanagari,
    Bengali,
    Gujarati,
    Tamil,
    Hangul,
}

impl Script {
    /// The script of a letter.
    fn of(c: char) -> Option<Self> {
        Some(match c {
            'a'..='z' | '\u{C0}'..='\u{24F}' | '\u{250}'..='\u{2AF}' | '\u{1E00}'..='\u{1EFF}' => {
                Self::Latin
            }
            '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => Self::Greek,
            '\u{400}'..='\u{52F}' => Self::Cyrillic,
            '\u{531}'..='\u{58F}' => Self::Armenian,
            '\u{590}'..='\u{5FF}' => Self::Hebrew,
            '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' => Self::Arabic,
            '\u{900}'..='\u{97F}' => Self::Devanagari,
            '\u{980}'..='\u{9FF}' => Self::Bengali,
            '\u{A80}'..='\u{AFF}' => Self::Gujarati,
            '\u{B80}'..='\u{BFF}' => Self::Tamil,
            '\u{10A0}'..='\u{10FF}' | '\u{1C90}'..='\u{1CBF}' => Self::Georgian,
            '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7A3}' => Self::Hangul,
            _ => return None,
        })
    }
}

/// The languages that have rules, each with its scripts; a language's place is its bit.
const LANGUAGES: [(&str, &[Script]); 47] = {
    use Script::{
        Arabic, Armenian, Bengali, Cyrillic, Devanagari, Georgian, Greek, Gujarati, Hangul, Hebrew,
        Latin, Tamil,
    };
    [
        ("ru", &[Cyrillic]),
        ("uk", &[Cyrillic]),
        ("be", &[Cyrillic]),
        ("bg", &[Cyrillic]),
        ("mk", &[Cyrillic]),
        ("sr", &[Cyrillic, Latin]),
        ("hr", &[Latin]),
        ("bs", &[Latin]),
        ("sl", &[Latin]),
        ("pl", &[Latin]),
        ("cs", &[Latin]),
        ("sk", &[Latin]),
        ("lt", &[Latin]),
        ("lv", &[Latin]),
        ("et", &[Latin]),
        ("fi", &[Latin]),
        ("hu", &[Latin]),
        ("tr", &[Latin]),
        ("az", &[Latin]),
        ("uz", &[Latin, Cyrillic]),
        ("tk", &[Latin]),
        ("kk", &[Cyrillic]),
        ("ky", &[Cyrillic]),
        ("tt", &[Cyrillic]),
        ("tg", &[Cyrillic]),
        ("mn", &[Cyrillic]),
        ("id", &[Latin]),
        ("ms", &[Latin]),
        ("de", &[Latin]),
        ("sv", &[Latin]),
        ("no", &[Latin]),
        ("da", &[Latin]),
        ("nl", &[Latin]),
        ("ro", &[Latin]),
        ("sq", &[Latin]),
        ("el", &[Greek]),
        ("hy", &[Armenian]),
        ("ka", &[Georgian]),
        ("ar", &[Arabic]),
        ("fa", &[Arabic]),
        ("he", &[Hebrew]),
        ("mr", &[Devanagari]),
        ("ne", &[Devanagari]),
        ("bn", &[Bengali]),
        ("gu", &[Gujarati]),
        ("ta", &[Tamil]),
        ("ko", &[Hangul]),
    ]
};

/// A set of the languages that have rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Languages(u64);

/// For each language, and behind them for a text of any other, the set of [`Languages::of`].
static SETS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let known = LANGUAGES.iter().map(|(_, scripts)| *scripts);
    let set = |(own, scripts): (usize, &[Script])| {
        let foreign = |theirs: &[Script]| {
            let shared = |script| scripts.contains(script) || *script == Script::Latin;
            !theirs.iter().any(shared)
        };
        let languages = LANGUAGES.iter().enumerate();
        let counting = languages.filter(|(bit, (_, theirs))| own == *bit || foreign(theirs));
        counting.fold(0, |set, (bit, _)| set | 1 << bit)
    };
    known.chain([&[][..]]).enumerate().map(set).collect()
});

/// The languages that are written in Latin letters.
const LATIN: Languages = {
    let mut set = 0;
    let mut bit = 0;
    while bit < LANGUAGES.len() {
        let mut script = 0;
        while script < LANGUAGES[bit].1.len() {
            if matches!(LANGUAGES[bit].1[script], Script::Latin) {
                set |= 1 << bit;
            }
            script += 1;
        }
        bit += 1;
    }
    Languages(set)
};

impl Languages {
    /// The languages whose rules count in a text of this language (BCP 47).
    pub(super) fn of(language: Option<&str>) -> Self {
        let primary = language.and_then(|tag| tag.split(['-', '_']).next());
        let own = primary.and_then(|code| {
            let is = |other: &str| code.eq_ignore_ascii_case(other);
            let code = match code {
                _ if is("nb") || is("nn") => "no",
                _ if is("iw") => "he",
                code => code,
            };
            let mut codes = LANGUAGES.iter().map(|(code, _)| code);
            codes.position(|other| code.eq_ignore_ascii_case(other))
        });
        let set = SETS.get(own.unwrap_or(LANGUAGES.len()));
        Self(set.copied().unwrap_or(0))
    }

    /// Whether one of those is among them.
    pub(super) const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether words in Latin letters may have endings.
    pub(super) const fn inflect_latin(self) -> bool {
        self.has_any(LATIN)
    }

    /// One language that has rules, by its code.
    pub(super) const fn one(code: &str) -> Self {
        let [first, second] = code.as_bytes() else {
            return Self(0);
        };
        let mut bit = 0;
        while bit < LANGUAGES.len() {
            let known = LANGUAGES[bit].0.as_bytes();
            if known[0] == *first && known[1] == *second {
                return Self(1 << bit);
            }
            bit += 1;
        }
        Self(0)
    }

    /// Whether this language is among them.
    #[cfg(test)]
    pub(super) fn has(self, code: &str) -> bool {
        self.has_any(Self::one(code))
    }
}

/// The bits of the languages in a list that is separated by spaces.
fn bits(codes: &str) -> u64 {
    codes
        .split(' ')
        .filter_map(|code| LANGUAGES.iter().position(|(known, _)| *known == code))
        .map(|bit| 1 << bit)
        .sum()
}

/// A rule as it is written down: its lists are separated by spaces.
struct Line {
    languages: &'static str,
    /// Ends (before folding, in lower case) of the words that it is for; `*`: any, `C`: any
    /// consonant.
    ends: &'static str,
    /// Letters at the word's end that the endings replace.
    cut: usize,
    /// Fewest letters of the word.
    least: usize,
    endings: &'static str,
}

/// A rule, folded.
#[derive(Debug)]
pub(super) struct Rule {
    languages: u64,
    ends: Vec<&'static str>,
    cut: usize,
    least: usize,
    /// Sorted.
    endings: Vec<String>,
    /// Bytes of the longest ending.
    longest: usize,
}

impl Rule {
    fn new(line: &Line) -> Self {
        Self::with(line, line.endings.split_whitespace())
    }

    fn with<'e>(line: &Line, endings: impl Iterator<Item = &'e str>) -> Self {
        let mut endings: Vec<String> = endings
            .map(|ending| Folded::new(ending).text().to_owned())
            .collect();
        endings.sort();
        endings.dedup();
        Self {
            languages: bits(line.languages),
            ends: line.ends.split(' ').collect(),
            cut: line.cut,
            least: line.least,
            longest: endings.iter().map(String::len).max().unwrap_or(0),
            endings,
        }
    }

    /// Whether a word, in lower case and not folded, is one that the rule is for.
    fn is_for(&self, word: &str, ends_in_consonant: bool) -> bool {
        self.ends.iter().any(|end| match *end {
            "*" => true,
            "C" => ends_in_consonant,
            end => word.ends_with(end),
        })
    }

    /// Whether the ending may stand in a text of these languages.
    pub(super) fn allows(&self, ending: &str, languages: Languages) -> bool {
        self.counts_in(languages) && self.has(ending)
    }

    /// Whether it is for one of these languages.
    pub(super) fn counts_in(&self, languages: Languages) -> bool {
        Languages(self.languages).has_any(languages)
    }

    /// How many bytes its longest ending has.
    pub(super) const fn longest(&self) -> usize {
        self.longest
    }

    /// Whether the ending is one of its endings.
    fn has(&self, ending: &str) -> bool {
        self.endings
            .binary_search_by(|known| known.as_str().cmp(ending))
            .is_ok()
    }
}

/// Whether a letter, in lower case, is a consonant of the Latin or the Cyrillic script.
fn is_consonant(c: char) -> bool {
    let mut plain = [0; 4];
    let folded = Folded::new(c.encode_utf8(&mut plain)).text().chars().next();
    !matches!(c, 'ь' | 'ъ' | 'й' | 'ј')
        && c.is_alphabetic()
        && !folded.is_some_and(|c| "aeiouyəаеиоуыэюяіїєўөүұәө".contains(c))
}

/// The rules of languages whose endings follow each other.
fn chained() -> impl Iterator<Item = Rule> {
    turkic::rules().chain(tamil::rules()).chain(korean::rules())
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut all: Vec<Rule> = rules::LINES.iter().map(Rule::new).collect();
    all.extend(chained());
    all
});

/// A rule's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RuleId(u16);

impl RuleId {
    /// The rule.
    pub(super) fn rule(self) -> Option<&'static Rule> {
        RULES.get(usize::from(self.0))
    }
}

/// A way in which a term's word may stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Form {
    pub rule: RuleId,
    /// Bytes at the folded word's end that the ending replaces.
    pub cut: u8,
}

/// The forms of a word: as its owner wrote it, and folded; `before` is how many letters stand
/// before it in the same word, which an apostrophe or a hyphen parts (`Erdogʻan`, `Čung-sün`). An abbreviation takes endings behind
/// all of its letters, however few they are.
pub(super) fn forms(written: &str, folded: &str, before: usize, abbreviation: bool) -> Vec<Form> {
    let own = folded.chars().count();
    let letters = own + before;
    let Some(script) = folded.chars().next_back().and_then(Script::of) else {
        return Vec::new();
    };
    let lower = written.to_lowercase();
    let consonant = lower.chars().next_back().is_some_and(is_consonant);
    let of_script = LANGUAGES
        .iter()
        .enumerate()
        .filter(|(_, (_, scripts))| scripts.contains(&script))
        .fold(0_u64, |set, (bit, _)| set | 1 << bit);
    let fitting = RULES.iter().enumerate().filter(|(_, rule)| {
        rule.languages & of_script != 0
            && rule.is_for(&lower, consonant)
            && rule.cut < own
            && if abbreviation {
                rule.cut == 0
            } else {
                rule.least <= letters
            }
    });
    fitting
        .filter_map(|(number, rule)| {
            let stem = folded.char_indices().rev().take(rule.cut).last();
            let stem = stem.map_or(folded.len(), |(at, _)| at);
            Some(Form {
                rule: RuleId(u16::try_from(number).ok()?),
                cut: u8::try_from(folded.len() - stem).ok()?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The languages in which a text word is a form of a term's word.
    fn found(word: &str, text: &str) -> Vec<&'static str> {
        let folded = Folded::new(word);
        let text = Folded::new(text);
        let ids = forms(word, folded.text(), 0, false);
        let among = |code: &str| {
            ids.iter().any(|form| {
                let rest = text
                    .text()
                    .strip_prefix(&folded.text()[..folded.text().len() - usize::from(form.cut)]);
                let rule = form.rule.rule().unwrap();
                rest.is_some_and(|rest| rule.allows(rest, Languages(bits(code))))
            })
        };
        let codes = LANGUAGES.iter().map(|(code, _)| *code);
        codes.filter(|code| among(code)).collect()
    }

    #[test]
    fn words_are_found_in_the_cases_of_their_language() {
        for (language, word, texts) in [
            ("ru", "Путин", "Путина Путину Путиным Путине"),
            ("ru", "Шанхайская", "Шанхайской Шанхайскую"),
            ("ru", "организация", "организации организацией организацию"),
            ("uk", "Путін", "Путіна Путіну Путіним Путіні Путінові"),
            ("be", "Лукашэнка", "Лукашэнкі Лукашэнку Лукашэнкам"),
            (
                "pl",
                "Łukaszenka",
                "Łukaszenki Łukaszence Łukaszenkę Łukaszenką",
            ),
            ("pl", "Putin", "Putina Putinowi Putinem Putinie"),
            ("cs", "Lukašenko", "Lukašenka Lukašenkovi Lukašenkem"),
            ("tr", "Örgütü", "Örgütünün Örgütü'nün Örgütüne Örgütünden"),
            ("tr", "Erdoğan", "Erdoğanın Erdoğan'ın Erdoğan’a Erdoğandan"),
            ("kk", "Тоқаев", "Тоқаевтың Тоқаевқа Тоқаевпен Тоқаевты"),
            ("kk", "ұйымы", "ұйымының ұйымына ұйымында"),
            (
                "ky",
                "Жапаров",
                "Жапаровдун Жапаровго Жапаровду Жапаров менен",
            ),
            (
                "uz",
                "Mirziyoyev",
                "Mirziyoyevning Mirziyoyevga Mirziyoyevni",
            ),
            ("fi", "Putin", "Putinin Putinille Putinia Putiniin"),
            ("hu", "Putyin", "Putyinnak Putyinnal Putyint Putyinról"),
            ("id", "Putin", "Putinlah Putinnya"),
            ("ka", "პუტინი", "პუტინმა პუტინის პუტინს პუტინთან"),
            ("ko", "푸틴", "푸틴이라는 푸틴으로부터의 푸틴대통령에게서는"),
            ("ko", "상하이협력기구", "상하이협력기구의 상하이협력기구가"),
            ("bn", "পুতিন", "পুতিনের পুতিনকে"),
            ("ta", "மோடி", "மோடியின் மோடியை மோடிக்கு மோடியைச் மோடிக்குப்"),
            ("ta", "புதின்", "புதினுக்கும் புதினுடனான புதினிடமிருந்து"),
            ("ta", "ஜின்பிங்", "ஜின்பிங்கும் ஜின்பிங்குக்கு ஜின்பிங்கின்"),
            ("ta", "லுகாஷென்கோ", "லுகாஷென்கோவின் லுகாஷென்கோவுக்கு"),
            ("ta", "மாநாடு", "மாநாட்டில் மாநாட்டிற்கு மாநாடும்"),
            ("ta", "நிறுவனம்", "நிறுவனத்தின் நிறுவனத்துடன்"),
            ("el", "Οργανισμός", "Οργανισμού Οργανισμό"),
        ] {
            for text in texts.split(' ') {
                let text = text.split(['\'', '’']).next().unwrap();
                let whole = text == word || text == "менен";
                assert!(
                    whole || found(word, text).contains(&language),
                    "{word} {text}"
                );
            }
        }
    }

    #[test]
    fn other_words_are_not_found() {
        for (word, text) in [
            ("Моди", "моде"),
            ("Путин", "путинизм"),
            ("Putin", "Putinism"),
            ("Modi", "Modifikasi"),
            ("Тоқаев", "Тоқаевич"),
            ("Си", "Сим"),
            ("புதின்", "புதினா"),
            ("모디", "모디카"),
        ] {
            assert_eq!(found(word, text), [""; 0], "{word} {text}");
        }
    }

    #[test]
    fn a_text_is_read_by_the_rules_of_its_language_and_of_other_scripts() {
        let tr = Languages::of(Some("tr-TR"));
        assert!(tr.has("tr") && tr.has("ru") && !tr.has("fi"));
        let kk = Languages::of(Some("kk"));
        assert!(kk.has("kk") && !kk.has("ru") && kk.has("ar") && !kk.has("tr"));
        let unknown = Languages::of(None);
        assert!(unknown.has("ru") && unknown.has("kk") && !unknown.has("tr"));
        assert!(Languages::of(Some("nb")).has("no"));
    }

    #[test]
    fn every_rule_is_for_a_language_that_is_known_and_has_endings() {
        for rule in RULES.iter() {
            assert!(rule.languages != 0 && !rule.endings.is_empty(), "{rule:?}");
            assert!(
                rule.endings.iter().all(|ending| ending.len() <= 48),
                "{rule:?}"
            );
        }
        for line in rules::LINES {
            let known = |code| LANGUAGES.iter().any(|(c, _)| *c == code);
            assert!(line.languages.split(' ').all(known), "{}", line.languages);
        }
    }
}
