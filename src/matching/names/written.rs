//! A name as its owner wrote it, taken apart: script, given names, family name, order.
//!
//! The rules: a comma puts the family name first. Names in Han, Hangul or Kana without a dot
//! between their parts are family first when the person's own name is Chinese or Korean (see
//! [`Custom`]); all others are given first unless the owner says otherwise. Particles (`bin`, `al`,
//! `van`, `de`) belong to the family name. A patronymic between given and family name is dropped
//! here and comes back in the forms.

use super::han;

/// The scripts that names are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Han,
    Hangul,
    Other,
}

impl Script {
    /// The script of a text's first letter.
    pub(super) fn of(text: &str) -> Self {
        match text.chars().find(|c| c.is_alphabetic()) {
            Some('A'..='Z' | 'a'..='z' | '\u{AA}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}') => {
                Self::Latin
            }
            Some('\u{400}'..='\u{52F}') => Self::Cyrillic,
            Some('\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{FB50}'..='\u{FEFC}') => {
                Self::Arabic
            }
            Some('\u{3400}'..='\u{9FFF}' | '\u{3005}' | '\u{20000}'..='\u{3FFFF}') => Self::Han,
            Some('\u{AC00}'..='\u{D7A3}') => Self::Hangul,
            _ => Self::Other,
        }
    }

    /// Whether its letters have two cases.
    pub(super) fn is_cased(self) -> bool {
        matches!(self, Self::Latin | Self::Cyrillic)
    }
}

/// The most common surnames of Korea.
const KOREAN: &str = "김이박최정강조윤장임한오서신권황안송류홍문";

/// What is known of the person's own custom of naming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Custom {
    /// The owner's word.
    pub family_first: Option<bool>,
    /// Whether the person's own name is Chinese or Korean.
    pub native: bool,
}

impl Custom {
    /// What the names of a person tell together.
    pub(super) fn of(names: &[String], family_first: Option<bool>) -> Self {
        let latin: Vec<&String> = names
            .iter()
            .filter(|n| Script::of(n) == Script::Latin)
            .collect();
        let undotted = |n: &&String| !n.contains([' ', '·', '・', '•', '‧']);
        let chinese = names.iter().filter(undotted).any(|name| {
            let is_han = Script::of(name) == Script::Han && name.chars().count() <= 4;
            let Some(read) = is_han.then(|| han::syllables(name)).flatten() else {
                return false;
            };
            let (family, given) = (read.family.concat(), read.given.concat());
            let is_it = |latin: &&&String| {
                let joined = joined(latin);
                joined == format!("{family}{given}") || joined == format!("{given}{family}")
            };
            if latin.is_empty() {
                names.len() == 1 && han::has_surname(name)
            } else {
                latin.iter().any(|latin| is_it(&latin))
            }
        });
        let korean = names.iter().filter(undotted).any(|name| {
            Script::of(name) == Script::Hangul
                && name.chars().count() == 3
                && name.chars().next().is_some_and(|c| KOREAN.contains(c))
                && latin
                    .iter()
                    .all(|latin| latin.split([' ', '-']).count() <= 3)
        });
        let native = family_first != Some(false) && (chinese || korean);
        Self {
            family_first,
            native: native
                || (family_first == Some(true) && names.iter().any(|n| is_east_asian(n))),
        }
    }
}

fn is_east_asian(name: &str) -> bool {
    matches!(Script::of(name), Script::Han | Script::Hangul)
}

/// A name without its joints, folded.
fn joined(name: &str) -> String {
    let plain = super::plain(name);
    plain.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A name taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Written {
    pub script: Script,
    /// The given names in their order; empty when the name is one word.
    pub given: Vec<String>,
    pub family: String,
    /// A patronymic that stood in the name.
    pub patronymic: Option<String>,
    pub family_first: bool,
    /// What stands between the parts: a space, a dot of Han and Kana, nothing.
    pub joint: &'static str,
}

/// Words that belong to the family name that follows them.
const PARTICLES: [&str; 27] = [
    "bin", "ben", "ibn", "bint", "al", "el", "abu", "van", "von", "der", "den", "de", "da", "di",
    "del", "della", "dos", "du", "la", "le", "бин", "бен", "ибн", "аль", "بن", "ابن", "آل",
];

impl Written {
    /// Takes a name apart; `None` when it has no letter.
    pub(super) fn new(name: &str, custom: Custom) -> Option<Self> {
        let name = name.trim();
        name.chars().find(|c| c.is_alphabetic())?;
        let script = Script::of(name);
        if let Some((family, given)) = name.split_once([',', '，', '،'])
            && given.chars().any(char::is_alphabetic)
        {
            let given = given.split_whitespace().map(str::to_owned).collect();
            return Some(Self::with(script, given, family.trim(), false, " "));
        }
        let is_dot = |c: char| matches!(c, '·' | '・' | '•' | '‧' | '＝' | '=');
        let dotted = name.contains(is_dot);
        let words: Vec<&str> = name
            .split(|c: char| c.is_whitespace() || is_dot(c))
            .filter(|word| !word.is_empty())
            .collect();
        if let [word] = words.as_slice() {
            let end = match script {
                Script::Han if custom.native => han::surname_end(word),
                Script::Hangul if custom.native => word.char_indices().nth(1).map(|(at, _)| at),
                _ => None,
            };
            return Some(match end {
                Some(end) if end < word.len() => {
                    Self::with(script, vec![word[end..].to_owned()], &word[..end], true, "")
                }
                _ => Self::with(script, Vec::new(), word, false, " "),
            });
        }
        let joint = if dotted { "·" } else { " " };
        if custom.family_first.unwrap_or(custom.native && !dotted) {
            // The family name may also stand last: Jinping Xi is not how a native name is given.
            let (family, given) = words.split_first()?;
            let given = given.iter().map(|&word| word.to_owned()).collect();
            return Some(Self::with(script, given, family, true, joint));
        }
        let is_particle = |word: &str| {
            let plain = super::plain(word);
            PARTICLES.contains(&plain.as_str()) || PARTICLES.contains(&word)
        };
        let mut start = words.len() - 1;
        while start > 1 && is_particle(words[start - 1]) {
            start -= 1;
        }
        let family = words[start..].join(joint);
        let given = words[..start].iter().map(|&word| word.to_owned()).collect();
        Some(Self::with(script, given, &family, false, joint))
    }

    fn with(
        script: Script,
        mut given: Vec<String>,
        family: &str,
        family_first: bool,
        joint: &'static str,
    ) -> Self {
        let at = given.iter().skip(1).position(|word| is_patronymic(word));
        let patronymic = at.map(|at| given.remove(at + 1));
        Self {
            script,
            given,
            family: family.to_owned(),
            patronymic,
            family_first,
            joint,
        }
    }
}

/// Whether a word is an East Slavic or Kazakh patronymic.
fn is_patronymic(word: &str) -> bool {
    let lower = word.to_lowercase();
    let endings = [
        "ович", "евич", "ич", "овна", "евна", "ична", "ұлы", "улы", "қызы", "кызы",
    ];
    Script::of(word) == Script::Cyrillic && endings.iter().any(|end| lower.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &str, custom: Custom) -> (String, String) {
        let written = Written::new(name, custom).unwrap();
        (written.given.join("+"), written.family)
    }

    #[test]
    fn names_are_taken_apart() {
        let plain = Custom {
            family_first: None,
            native: false,
        };
        let native = Custom {
            native: true,
            ..plain
        };
        for (name, custom, given, family) in [
            ("Vladimir Putin", plain, "Vladimir", "Putin"),
            ("Putin, Vladimir", plain, "Vladimir", "Putin"),
            (
                "Касым-Жомарт Кемелевич Токаев",
                plain,
                "Касым-Жомарт",
                "Токаев",
            ),
            ("Mohammed bin Salman", plain, "Mohammed", "bin Salman"),
            ("محمد بن سلمان", plain, "محمد", "بن سلمان"),
            ("Prabowo", plain, "", "Prabowo"),
            ("普京", plain, "", "普京"),
            ("弗拉基米尔·普京", plain, "弗拉基米尔", "普京"),
            ("习近平", native, "近平", "习"),
            ("Xi Jinping", native, "Jinping", "Xi"),
            ("김정은", native, "정은", "김"),
        ] {
            assert_eq!(parts(name, custom), (given.into(), family.into()), "{name}");
        }
        assert_eq!(Written::new(" -", plain), None);
    }

    #[test]
    fn a_chinese_name_is_known_by_its_pinyin() {
        let custom = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
            Custom::of(&names, None).native
        };
        assert!(custom(&["Xi Jinping", "习近平"]));
        assert!(custom(&["王毅"]));
        assert!(custom(&["Kim Jong Un", "김정은"]));
        assert!(!custom(&["Vladimir Putin", "普京"]));
        assert!(!custom(&["Narendra Modi", "莫迪"]));
    }
}
