//! The collector through which every text of a feed passes, character by character.
//!
//! [`Cleaner`] promises that what it gives holds no control character and no bidirectional override,
//! neither begins nor ends with white space, never has two spaces in a row, and is no longer than its
//! bound.

use super::entities;

/// Collects characters as clean text, up to a bound.
#[derive(Debug)]
pub(super) struct Cleaner {
    out: String,
    max: usize,
    gap: Gap,
}

/// What separates the text so far from the next visible character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
}

impl Cleaner {
    /// Collects at most `max` bytes.
    pub fn new(max: usize) -> Self {
        Self {
            out: String::new(),
            max,
            gap: Gap::None,
        }
    }

    /// Whether nothing more can be collected.
    pub fn is_full(&self) -> bool {
        self.out.len() >= self.max
    }

    /// A separation that becomes one space.
    pub fn space(&mut self) {
        self.gap = self.gap.max(Gap::Space);
    }

    /// A separation that becomes one line break.
    pub fn line(&mut self) {
        self.gap = Gap::Line;
    }

    /// One character of text.
    pub fn char(&mut self, c: char) {
        if c.is_whitespace() {
            return self.space();
        }
        if is_unwanted(c) {
            return;
        }
        if self.out.len() + self.gap_len() + c.len_utf8() > self.max {
            // nothing shorter may follow what did not fit
            self.max = self.out.len();
            return;
        }
        self.close_gap();
        self.out.push(c);
    }

    /// Text without references.
    pub fn text(&mut self, mut text: &str) {
        while let Some(c) = text.chars().next() {
            if self.is_full() {
                return;
            }
            let word = self.word(text);
            if word == 0 {
                self.char(c);
                text = &text[c.len_utf8()..];
            } else {
                self.close_gap();
                self.out.push_str(&text[..word]);
                text = &text[word..];
            }
        }
    }

    /// How many bytes at the text's beginning fit and can be taken as they are: visible ASCII, and
    /// what begins with a byte that begins no white space and nothing unwanted.
    fn word(&self, text: &str) -> usize {
        let visible = |b: &u8| match b {
            // C1, U+00A0; U+1680; U+2000 to U+206F; U+3000; U+FEFF
            0xC2 | 0xE1 | 0xE2 | 0xE3 | 0xEF => false,
            0x21..=0x7E | 0x80.. => true,
            _ => false,
        };
        let room = self.max.saturating_sub(self.out.len() + self.gap_len());
        let mut len = text.bytes().take(room).take_while(visible).count();
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        len
    }

    fn gap_len(&self) -> usize {
        usize::from(!self.out.is_empty() && self.gap != Gap::None)
    }

    fn close_gap(&mut self) {
        if self.gap_len() == 1 {
            self.out
                .push(if self.gap == Gap::Line { '\n' } else { ' ' });
        }
        self.gap = Gap::None;
    }

    /// Text with references.
    pub fn referenced(&mut self, mut text: &str) {
        while let Some(at) = text.find('&') {
            self.text(&text[..at]);
            text = &text[at..];
            if self.is_full() {
                return;
            }
            if let Some(reference) = entities::resolve(text) {
                self.char(reference.first);
                if let Some(second) = reference.second {
                    self.char(second);
                }
                text = &text[reference.len..];
            } else {
                self.char('&');
                text = &text[1..];
            }
        }
        self.text(text);
    }

    /// What was collected.
    pub fn finish(self) -> String {
        self.out
    }
}

/// Control characters (C0, DEL, C1) and bidirectional embeddings, overrides and isolates, by which
/// a text could act on a terminal or show in another order than it is read; and the byte order mark.
pub(super) fn is_unwanted(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separations_collapse_and_lines_win_over_spaces() {
        let mut cleaner = Cleaner::new(99);
        cleaner.space();
        cleaner.text("a \n b");
        cleaner.line();
        cleaner.space();
        cleaner.referenced("&lt;c&gt; ");
        assert_eq!(cleaner.finish(), "a b\n<c>");
    }

    proptest::proptest! {
        #[test]
        fn words_come_out_as_their_characters_would(
            text in "(?s)([a-z]{0,9}|[ \n\t]|[\u{80}-\u{200}]|[\u{400}-\u{420}]|[\u{1ff0}-\u{2070}]|[\u{2ff0}-\u{3010}]|\u{1680}|\u{feff}|😀|.){0,30}",
            max in 0_usize..60,
        ) {
            let (mut words, mut characters) = (Cleaner::new(max), Cleaner::new(max));
            words.text(&text);
            text.chars().for_each(|c| characters.char(c));
            proptest::prop_assert_eq!(words.finish(), characters.finish());
        }
    }

    #[test]
    fn nothing_follows_what_did_not_fit() {
        let mut cleaner = Cleaner::new(3);
        cleaner.text("aéé");
        cleaner.text("b");
        assert!(cleaner.is_full());
        assert_eq!(cleaner.finish(), "aé");
    }
}
