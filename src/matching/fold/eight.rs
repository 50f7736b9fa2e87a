//! Plain ASCII, eight bytes at a time, where it is not plain for long.

use super::wide::BLOCK;

/// Eight bytes of a text, looked at together: in each result that is a mask of bytes, the highest
/// bit of a byte tells.
#[derive(Debug, Clone, Copy)]
struct Eight(u64);

/// Folds up to [`BLOCK`] bytes of plain ASCII into a place; returns a bit for each that is a letter or
/// digit, how many they are, and the last of them.
#[inline]
pub(super) fn take(text: &[u8], after_space: bool, place: &mut [u8]) -> (u64, usize, u8) {
    let (mut word, mut size, mut last) = (0, 0, if after_space { b' ' } else { 0 });
    while size < BLOCK {
        let eight = Eight::load(text.get(size..).unwrap_or_default());
        let plain = eight.plain(last == b' ');
        if let Some(to) = place.get_mut(size..size + 8) {
            to.copy_from_slice(&eight.folded());
        }
        word |= u64::from(eight.word()) << size;
        size += plain as usize;
        if plain == 0 {
            break;
        }
        last = eight.byte(plain - 1);
        if plain < 8 {
            break;
        }
    }
    (word, size, last)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

impl Eight {
    /// The first bytes of a text; zeros behind a shorter one.
    #[inline]
    fn load(text: &[u8]) -> Self {
        let chunk = text.first_chunk::<8>().copied().unwrap_or_else(|| {
            let mut chunk = [0; 8];
            for (to, from) in chunk.iter_mut().zip(text) {
                *to = *from;
            }
            chunk
        });
        Self(u64::from_le_bytes(chunk))
    }

    /// How many bytes from the first on are plain: ASCII, no control characters, no second space
    /// in a row.
    #[inline]
    const fn plain(self, after_space: bool) -> u32 {
        // Without their highest bits, so that no sum reaches the next byte.
        let low = self.0 & !HIGH;
        let visible = low + 0x60 * ONES;
        let delete = low + ONES;
        let space = !((low ^ (0x20 * ONES)) + 0x7F * ONES) & HIGH;
        let before = space << 8 | if after_space { 0x80 } else { 0 };
        let slow = (self.0 | !visible | delete | space & before) & HIGH;
        slow.trailing_zeros() / 8
    }

    /// The bytes in the range, of which the highest bits are not set.
    #[inline]
    const fn between(bytes: u64, first: u8, last: u8) -> u64 {
        let from = bytes + (0x80 - first as u64) * ONES;
        let beyond = bytes + (0x7F - last as u64) * ONES;
        from & !beyond & HIGH
    }

    /// The letters and digits, a bit for each byte.
    #[inline]
    const fn word(self) -> u32 {
        let low = self.0 & !HIGH;
        let letters = Self::between(low | (0x20 * ONES), b'a', b'z');
        let word = letters | Self::between(low, b'0', b'9');
        // Gathers the lowest bits of all bytes in the highest byte.
        ((word >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
    }

    /// The bytes folded, if they are plain.
    #[inline]
    const fn folded(self) -> [u8; 8] {
        let low = self.0 & !HIGH;
        let upper = Self::between(low, b'A', b'Z');
        let hyphens = Self::between(low, b'-', b'-') >> 7;
        let quotes = Self::between(low, b'`', b'`') >> 7;
        let folded = low | upper >> 2;
        let folded = folded ^ (hyphens * (b'-' ^ b' ') as u64);
        (folded ^ (quotes * (b'`' ^ b'\'') as u64)).to_le_bytes()
    }

    /// One of the bytes.
    #[inline]
    const fn byte(self, at: u32) -> u8 {
        self.0.to_le_bytes()[at as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(byte: u8, place: usize) -> Eight {
        let mut text = *b"........";
        text[place] = byte;
        Eight::load(&text)
    }

    #[test]
    fn each_byte_is_told_at_each_place() {
        for place in 0..8_u8 {
            for byte in 0..=u8::MAX {
                let eight = at(byte, place.into());
                let plain = matches!(byte, b' '..=b'~');
                let expected = if plain { 8 } else { u32::from(place) };
                assert_eq!(eight.plain(false), expected, "{byte} at {place}");
                if !plain {
                    continue;
                }
                let is_word = eight.word() == 1 << place;
                assert!(eight.word() == 0 || is_word, "{byte} at {place}");
                assert_eq!(is_word, byte.is_ascii_alphanumeric(), "{byte} at {place}");
                let folded = match byte {
                    b'-' => b' ',
                    b'`' => b'\'',
                    other => other.to_ascii_lowercase(),
                };
                let mut text = *b"........";
                text[usize::from(place)] = folded;
                assert_eq!(eight.folded(), text, "{byte} at {place}");
                assert_eq!(eight.byte(place.into()), byte);
            }
        }
    }

    #[test]
    fn a_second_space_is_not_plain_nor_is_what_is_not_there() {
        assert_eq!(Eight::load(b"ab  cdef").plain(false), 3);
        assert_eq!(Eight::load(b" abcdefg").plain(true), 0);
        assert_eq!(Eight::load(b"abc").plain(false), 3);
        assert_eq!(Eight::load(b"").plain(false), 0);
    }
}
