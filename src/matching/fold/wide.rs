//! Plain ASCII, a block of bytes at a time: plain loops over all bytes, without a branch, which the
//! compiler turns into a few wide instructions.

/// How many bytes a block has.
pub(super) const BLOCK: usize = 64;

/// Whether all bytes are plain: no control characters, no second space in a row.
#[inline]
pub(super) fn is_plain(block: &[u8; BLOCK], after_space: bool) -> bool {
    let mut bad = after_space && block[0] == b' ';
    for byte in block {
        bad |= byte.wrapping_sub(b' ') > b'~' - b' ';
    }
    for (first, second) in block.iter().zip(&block[1..]) {
        bad |= (first | second) == b' ';
    }
    !bad
}

/// The bytes folded, if they are plain.
#[inline]
pub(super) fn folded(block: &[u8; BLOCK]) -> [u8; BLOCK] {
    block.map(|byte| {
        let upper = byte.wrapping_sub(b'A') < 26;
        let hyphen = byte == b'-';
        let quote = byte == b'`';
        byte ^ (u8::from(upper) * 0x20)
            ^ (u8::from(hyphen) * (b'-' ^ b' '))
            ^ (u8::from(quote) * (b'`' ^ b'\''))
    })
}

/// A bit for each byte that is a letter or digit.
#[inline]
pub(super) fn words(block: &[u8; BLOCK]) -> u64 {
    let flags = block.map(|byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        u8::from(letter | digit)
    });
    let mut bits = 0;
    for (number, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        // Gathers the lowest bits of all bytes in the highest byte.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (8 * number);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_what_its_bytes_are() {
        for byte in 0..=u8::MAX {
            for place in [0, 1, 7, 8, 31, 62, 63] {
                let mut block = [b'.'; BLOCK];
                block[place] = byte;
                let plain = matches!(byte, b' '..=b'~');
                assert_eq!(is_plain(&block, false), plain, "{byte} at {place}");
                if !plain {
                    continue;
                }
                let expected = u64::from(byte.is_ascii_alphanumeric()) << place;
                assert_eq!(words(&block), expected, "{byte} at {place}");
                block[place] = match byte {
                    b'-' => b' ',
                    b'`' => b'\'',
                    other => other.to_ascii_lowercase(),
                };
                let expected = block;
                block[place] = byte;
                assert_eq!(folded(&block), expected, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn spaces_in_a_row_are_not_plain() {
        let mut block = [b'.'; BLOCK];
        block[0] = b' ';
        assert!(is_plain(&block, false) && !is_plain(&block, true));
        block[1] = b' ';
        assert!(!is_plain(&block, false));
        let mut block = [b'.'; BLOCK];
        (block[62], block[63]) = (b' ', b' ');
        assert!(!is_plain(&block, false));
    }
}
