//! What folding does to each character, looked up instead of computed.
//!
//! [`entry`] answers for the characters of the Basic Multilingual Plane from a table that is made
//! once, from [`fold_char`] and [`Class::of`] alone, when the first text is folded; others are
//! computed.

use std::sync::LazyLock;

use super::character::{Class, Strict, fold_char, is_optional_mark};

/// A character's class and its folded form, if that is short.
///
/// Packed: the form's bytes, up to three, from the lowest; how many they are, or [`LONG`]; whether
/// they are one character of as many bytes as the source's; the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Folding(u32);

const LENGTH_SHIFT: u32 = 24;
const LENGTH_MASK: u32 = 7;
/// The length of a form that does not fit.
const LONG: u32 = 7;
const EVEN: u32 = 1 << 27;
const CLASS_SHIFT: u32 = 28;
const CLASS_MASK: u32 = 7;
const OPTIONAL: u32 = 1 << 31;

impl Folding {
    fn of(c: char) -> Self {
        let mut form = String::new();
        if !c.is_whitespace() {
            fold_char(c, Strict::default(), &mut form);
        }
        let class = Class::of(c, &form);
        let mut bytes = [0; 4];
        let fits = form.len() < 4;
        if fits {
            for (to, from) in bytes.iter_mut().zip(form.bytes()) {
                *to = from;
            }
        }
        let length = u32::try_from(form.len()).ok().filter(|_| fits);
        let even = form.len() == c.len_utf8() && form.chars().count() == 1;
        let mut packed = u32::from_le_bytes(bytes);
        packed |= length.unwrap_or(LONG) << LENGTH_SHIFT;
        packed |= if even && fits { EVEN } else { 0 };
        packed |= u32::from(class as u8) << CLASS_SHIFT;
        packed |= if is_optional_mark(c) { OPTIONAL } else { 0 };
        Self(packed)
    }

    /// What the character is to word boundaries.
    pub(super) const fn class(self) -> Class {
        Class::from_number((self.0 >> CLASS_SHIFT & CLASS_MASK) as u8)
    }

    /// Whether it is a mark whose absence is a common spelling.
    pub(super) const fn is_optional_mark(self) -> bool {
        self.0 & OPTIONAL != 0
    }

    /// The folded form, its bytes padded to four, and how many they are; `None` for a longer one.
    pub(super) const fn form(self) -> Option<([u8; 4], usize)> {
        match self.0 >> LENGTH_SHIFT & LENGTH_MASK {
            LONG => None,
            length => Some((self.0.to_le_bytes(), length as usize)),
        }
    }

    /// Whether the form is one character of as many bytes, and of this class.
    #[inline]
    pub(super) const fn is_even_of(self, class: Class) -> bool {
        self.0 & (EVEN | CLASS_MASK << CLASS_SHIFT) == EVEN | (class as u32) << CLASS_SHIFT
    }

    /// Whether the form is one character of as many bytes as the source's, at most three.
    pub(super) const fn is_even(self) -> bool {
        self.0 & EVEN != 0
    }
}

static TABLE: LazyLock<Vec<Folding>> = LazyLock::new(|| {
    let of = |number| char::from_u32(number).map_or(Folding(0), Folding::of);
    (0..0x1_0000).map(of).collect()
});

/// The table: the characters of the Basic Multilingual Plane by their numbers.
pub(super) fn table() -> &'static [Folding] {
    &TABLE
}

/// What folding does to a character.
pub(super) fn entry(c: char) -> Folding {
    TABLE
        .get(c as usize)
        .copied()
        .unwrap_or_else(|| Folding::of(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_folding_does() {
        for c in '\0'..='\u{1_0100}' {
            let mut form = String::new();
            if !c.is_whitespace() {
                fold_char(c, Strict::default(), &mut form);
            }
            let folding = entry(c);
            assert_eq!(folding.class(), Class::of(c, &form), "{c:?}");
            assert_eq!(folding.is_optional_mark(), is_optional_mark(c), "{c:?}");
            match folding.form() {
                Some((bytes, length)) => assert_eq!(&bytes[..length], form.as_bytes(), "{c:?}"),
                None => assert!(form.len() > 3, "{c:?}"),
            }
            let even = form.len() == c.len_utf8() && form.len() < 4 && form.chars().count() == 1;
            assert_eq!(folding.is_even(), even, "{c:?}");
        }
    }
}
