//! What folding does to each character, looked up instead of computed.
//!
//! [`entry`] answers for the characters of the Basic Multilingual Plane from a table that is made
//! once, from [`fold_char`] and [`Class::of`] alone, when the first text is folded; others are
//! computed.

use std::sync::LazyLock;

use super::character::{Class, Strict, fold_char};

/// A character's class and, where folding gives one character of as many bytes, that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Folding {
    pub class: Class,
    /// `None`: nothing, several characters, or one of another length.
    pub one: Option<char>,
}

/// What folding does to a character, packed: the folded character, or `SLOW`; the class above it.
static TABLE: LazyLock<Vec<u32>> = LazyLock::new(|| (0..0x1_0000).map(pack).collect());

const SLOW: u32 = 0x1F_FFFF;
const CLASS_SHIFT: u32 = 24;

fn pack(number: u32) -> u32 {
    let folding = char::from_u32(number).map_or(
        Folding {
            class: Class::Other,
            one: None,
        },
        compute,
    );
    folding.one.map_or(SLOW, u32::from) | u32::from(folding.class as u8) << CLASS_SHIFT
}

fn compute(c: char) -> Folding {
    let mut form = String::new();
    if !c.is_whitespace() {
        fold_char(c, Strict::default(), &mut form);
    }
    let mut chars = form.chars();
    let one = chars.next().filter(|one| one.len_utf8() == c.len_utf8());
    Folding {
        class: Class::of(c, &form),
        one: one.filter(|_| chars.next().is_none()),
    }
}

/// What folding does to a character.
pub(super) fn entry(c: char) -> Folding {
    let Some(packed) = TABLE.get(c as usize) else {
        return compute(c);
    };
    Folding {
        class: Class::from_number((packed >> CLASS_SHIFT) as u8),
        one: match packed & 0x1F_FFFF {
            SLOW => None,
            one => char::from_u32(one),
        },
    }
}

/// What an ASCII byte is to the fast path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ascii {
    /// A letter or digit.
    Word,
    /// The space itself.
    Space,
    /// A sign that stays as it is.
    Sign,
    /// For the slow path: not ASCII, other white space, hyphen, back quote.
    Slow,
}

/// The kind of each byte.
pub(super) const ASCII: [Ascii; 256] = {
    let mut kinds = [Ascii::Slow; 256];
    let mut byte = 0;
    while byte < 128 {
        #[allow(clippy::cast_possible_truncation)] // below 128
        let b = byte as u8;
        kinds[byte] = match b {
            b' ' => Ascii::Space,
            b'-' | b'`' => Ascii::Slow,
            _ if b.is_ascii_alphanumeric() => Ascii::Word,
            _ if b.is_ascii_graphic() => Ascii::Sign,
            _ => Ascii::Slow,
        };
        byte += 1;
    }
    kinds
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_folding_does() {
        for c in '\0'..='\u{1_0100}' {
            assert_eq!(entry(c), compute(c), "{c:?}");
        }
        assert_eq!(entry('Ж').one, Some('ж'));
        assert_eq!(entry('ß').one, None);
        assert_eq!(entry('習').one, Some('习'));
    }
}
