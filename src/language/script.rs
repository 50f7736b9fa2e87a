//! Which scripts a text is written in.

/// A script, or the one that matters of a language's several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Han,
    Kana,
    Devanagari,
    Greek,
    Armenian,
    Hebrew,
    Bengali,
    Gurmukhi,
    Gujarati,
    Tamil,
    Telugu,
    Kannada,
    Malayalam,
    Sinhala,
    Thai,
    Lao,
    Burmese,
    Georgian,
    Ethiopic,
    Khmer,
    Hangul,
}

impl Script {
    /// All of them, each at its own number.
    const ALL: [Self; 24] = [
        Self::Latin,
        Self::Cyrillic,
        Self::Arabic,
        Self::Han,
        Self::Kana,
        Self::Devanagari,
        Self::Greek,
        Self::Armenian,
        Self::Hebrew,
        Self::Bengali,
        Self::Gurmukhi,
        Self::Gujarati,
        Self::Tamil,
        Self::Telugu,
        Self::Kannada,
        Self::Malayalam,
        Self::Sinhala,
        Self::Thai,
        Self::Lao,
        Self::Burmese,
        Self::Georgian,
        Self::Ethiopic,
        Self::Khmer,
        Self::Hangul,
    ];

    /// The language of a script that has one main language.
    pub(super) const fn language(self) -> Option<&'static str> {
        Some(match self {
            Self::Latin
            | Self::Cyrillic
            | Self::Arabic
            | Self::Han
            | Self::Kana
            | Self::Devanagari => return None,
            Self::Greek => "el",
            Self::Armenian => "hy",
            Self::Hebrew => "he",
            Self::Bengali => "bn",
            Self::Gurmukhi => "pa",
            Self::Gujarati => "gu",
            Self::Tamil => "ta",
            Self::Telugu => "te",
            Self::Kannada => "kn",
            Self::Malayalam => "ml",
            Self::Sinhala => "si",
            Self::Thai => "th",
            Self::Lao => "lo",
            Self::Burmese => "my",
            Self::Georgian => "ka",
            Self::Ethiopic => "am",
            Self::Khmer => "km",
            Self::Hangul => "ko",
        })
    }

    /// How many letters of an alphabet one of its signs stands for.
    const fn weight(self) -> usize {
        match self {
            Self::Han | Self::Kana | Self::Hangul => 3,
            _ => 1,
        }
    }
}

fn script(c: char) -> Option<Script> {
    Some(match c {
        'a'..='z' | 'A'..='Z' | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => Script::Latin,
        '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => Script::Greek,
        '\u{400}'..='\u{52F}' => Script::Cyrillic,
        '\u{531}'..='\u{58F}' => Script::Armenian,
        '\u{5D0}'..='\u{5F2}' => Script::Hebrew,
        '\u{620}'..='\u{6FF}' | '\u{750}'..='\u{77F}' => Script::Arabic,
        '\u{900}'..='\u{97F}' => Script::Devanagari,
        '\u{980}'..='\u{9FF}' => Script::Bengali,
        '\u{A00}'..='\u{A7F}' => Script::Gurmukhi,
        '\u{A80}'..='\u{AFF}' => Script::Gujarati,
        '\u{B80}'..='\u{BFF}' => Script::Tamil,
        '\u{C00}'..='\u{C7F}' => Script::Telugu,
        '\u{C80}'..='\u{CFF}' => Script::Kannada,
        '\u{D00}'..='\u{D7F}' => Script::Malayalam,
        '\u{D80}'..='\u{DFF}' => Script::Sinhala,
        '\u{E00}'..='\u{E7F}' => Script::Thai,
        '\u{E80}'..='\u{EFF}' => Script::Lao,
        '\u{1000}'..='\u{109F}' => Script::Burmese,
        '\u{10A0}'..='\u{10FF}' => Script::Georgian,
        '\u{1200}'..='\u{137F}' => Script::Ethiopic,
        '\u{1780}'..='\u{17FF}' => Script::Khmer,
        '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7AF}' => Script::Hangul,
        '\u{3040}'..='\u{30FF}' => Script::Kana,
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' => Script::Han,
        _ => return None,
    })
}

/// The letters of a text by script, each counted with its weight.
#[derive(Debug, Default)]
pub(super) struct Shares([usize; Script::ALL.len()]);

impl Shares {
    pub(super) fn of(text: &str) -> Self {
        let mut shares = Self::default();
        for script in text.chars().filter_map(script) {
            shares.0[script as usize] += script.weight();
        }
        shares
    }

    pub(super) const fn count(&self, script: Script) -> usize {
        self.0[script as usize]
    }

    pub(super) fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// Whether so many letters are most of the text: names in another script may stand in it.
    pub(super) fn is_main(&self, letters: usize) -> bool {
        letters * 5 >= self.total() * 3
    }

    /// The script that most of the text is in.
    pub(super) fn main(&self) -> Option<Script> {
        let is_main = |script: &Script| self.is_main(self.count(*script));
        Script::ALL.into_iter().find(is_main)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_stands_at_its_own_number() {
        for (number, script) in Script::ALL.into_iter().enumerate() {
            assert_eq!(script as usize, number);
        }
    }

    #[test]
    fn a_text_of_two_scripts_in_equal_parts_has_no_main_one() {
        assert_eq!(Shares::of("Кремль Moscow").main(), None);
        assert_eq!(
            Shares::of("Москва Кремль Putin").main(),
            Some(Script::Cyrillic)
        );
    }
}
