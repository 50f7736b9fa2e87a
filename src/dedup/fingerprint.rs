//! The fingerprint of an entry's text: equal for equal texts, alike for like ones, and cheap to
//! look up among a million others.
//!
//! A text is the set of its shingles (three words in a row, or six characters of a script without
//! spaces). `MinHash` keeps 32 numbers of that set; two texts agree in each of them as often as their
//! sets overlap. Eight more are kept of the text's beginning alone, since a feed that shows the first
//! paragraph overlaps little with one that shows all. Every [`ROWS_A_BAND`] numbers are hashed to a
//! *band*; texts that share a band are worth comparing ([`super::compare`]).
//! `docs/decisions/near-duplicates.md` has the figures that chose this over `SimHash`.
//!
//! Fingerprints are stored: what is made of a text here must not change without a migration that
//! empties their tables.

use super::likeness::Passage;
use super::tokens::{Token, hash, mix};

/// How many minimal hashes are kept, those of the beginning last.
pub const ROWS: usize = WHOLE + 8;
/// Of two copies' minimal hashes at least so many agree; texts that share a closing line have fewer.
pub const FEWEST_AGREEING: usize = 4;
/// How many of them are of the whole text.
const WHOLE: usize = 32;
/// What the beginning weighs: 40 words, a paragraph.
const BEGINNING: usize = 80;
/// How many of them make a band.
pub const ROWS_A_BAND: usize = 2;
/// How many bands a fingerprint has.
pub const BANDS: usize = ROWS / ROWS_A_BAND;

/// What the tokens of a shingle weigh: three words.
const SHINGLE: usize = 6;

/// A text's minimal hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u32; ROWS]);

impl Fingerprint {
    /// The fingerprint of a text; `None` when it says too little to be known again.
    #[must_use]
    pub fn of(passage: &Passage) -> Option<Self> {
        if !passage.is_comparable() {
            return None;
        }
        let mut rows = [u32::MAX; ROWS];
        let (whole, beginning) = rows.split_at_mut(WHOLE);
        least(whole, 0, &passage.shingles());
        least(beginning, WHOLE as u64, &passage.beginning(BEGINNING));
        Some(Self(rows))
    }

    /// The bands; a text that shares one may be alike.
    #[must_use]
    pub fn bands(&self) -> [u32; BANDS] {
        let mut bands = [0; BANDS];
        for (n, (band, rows)) in bands.iter_mut().zip(self.0.chunks(ROWS_A_BAND)).enumerate() {
            let mut bytes = vec![u8::try_from(n).unwrap_or(u8::MAX)];
            bytes.extend(rows.iter().flat_map(|row| row.to_be_bytes()));
            *band = u32::try_from(hash(&bytes) >> 32).unwrap_or(u32::MAX);
        }
        bands
    }

    /// In how many of [`ROWS`] minimal hashes two texts agree: more is likelier.
    #[must_use]
    pub fn agreement(&self, other: &Self) -> usize {
        self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count()
    }

    /// As stored.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; ROWS * 4] {
        let mut bytes = [0; ROWS * 4];
        for (to, row) in bytes.chunks_exact_mut(4).zip(self.0) {
            to.copy_from_slice(&row.to_be_bytes());
        }
        bytes
    }

    /// From what was stored; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; ROWS * 4] = bytes.try_into().ok()?;
        let mut rows = [0; ROWS];
        for (row, from) in rows.iter_mut().zip(bytes.chunks_exact(4)) {
            *row = u32::from_be_bytes(from.try_into().ok()?);
        }
        Some(Self(rows))
    }
}

/// Lowers each row to the least of the shingles' hashes; each row hashes by a seed of its own.
fn least(rows: &mut [u32], first: u64, shingles: &[u64]) {
    for shingle in shingles {
        for (n, least) in (first..).zip(rows.iter_mut()) {
            let hashed = mix(shingle ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            *least = (*least).min(u32::try_from(hashed >> 32).unwrap_or(u32::MAX));
        }
    }
}

/// The set of a sequence's shingles, sorted.
pub(super) fn shingles(tokens: &[&Token]) -> Vec<u64> {
    let mut found = Vec::with_capacity(tokens.len());
    for from in 0..tokens.len() {
        let (mut weight, mut shingle) = (0, 0_u64);
        for token in &tokens[from..] {
            weight += token.weight();
            shingle = mix(shingle ^ token.hash);
            if weight >= SHINGLE {
                break;
            }
        }
        if weight >= SHINGLE || from == 0 {
            found.push(shingle);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn print(text: &str) -> Option<Fingerprint> {
        Fingerprint::of(&Passage::new("", text))
    }

    #[test]
    fn the_stored_form_has_not_changed() {
        let bytes = print("The leaders met in Astana on 4 July 2024.")
            .unwrap()
            .to_bytes();
        let bands = Fingerprint::from_bytes(&bytes).unwrap().bands();
        insta::assert_snapshot!(format!("{:02x?} {:08x?}", &bytes[..8], &bands[..2]), @"[00, a9, 11, 34, 57, bc, de, 3d] [87a01f79, c2358baa]");
    }

    #[test]
    fn only_what_was_stored_is_read() {
        assert_eq!(print(" ,. "), None);
        assert_eq!(Fingerprint::from_bytes(&[0; 7]), None);
    }

    proptest! {
        #[test]
        fn equal_texts_have_equal_fingerprints(text in "\\PC{0,120}") {
            let spaced = format!("\n{text} ");
            prop_assert_eq!(print(&text), print(&spaced));
            if let Some(found) = print(&text) {
                prop_assert_eq!(found.agreement(&found), ROWS);
                prop_assert_eq!(Fingerprint::from_bytes(&found.to_bytes()), Some(found));
            }
        }

        #[test]
        fn case_and_accents_make_no_difference(words in prop::collection::vec("[a-zà-öж-ъ]{1,6}", 25..40)) {
            let text = words.join(" ");
            prop_assert_eq!(print(&text), print(&text.to_uppercase()));
        }

        #[test]
        fn agreement_is_mutual(a in "[a-c ]{1,80}", b in "[a-c ]{1,80}") {
            if let (Some(a), Some(b)) = (print(&a), print(&b)) {
                prop_assert_eq!(a.agreement(&b), b.agreement(&a));
            }
        }
    }
}
