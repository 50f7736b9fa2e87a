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
        let gap = usize::from(!self.out.is_empty() && self.gap != Gap::None);
        if self.out.len() + gap + c.len_utf8() > self.max {
            // nothing shorter may follow what did not fit
            self.max = self.out.len();
            return;
        }
        if gap == 1 {
            self.out
                .push(if self.gap == Gap::Line { '\n' } else { ' ' });
        }
        self.gap = Gap::None;
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
                self.out.push_str(&text[..word]);
                text = &text[word..];
            }
        }
    }

    /// How many bytes of the text can be taken as they are: visible ASCII behind no gap.
    fn word(&self, text: &str) -> usize {
        if self.gap != Gap::None {
            return 0;
        }
        let room = self.max - self.out.len();
        let bytes = text.bytes().take(room);
        bytes.take_while(u8::is_ascii_graphic).count()
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

    #[test]
    fn nothing_follows_what_did_not_fit() {
        let mut cleaner = Cleaner::new(3);
        cleaner.text("aéé");
        cleaner.text("b");
        assert!(cleaner.is_full());
        assert_eq!(cleaner.finish(), "aé");
    }
}
