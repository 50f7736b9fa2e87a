//! Where two token sequences differ: the stretches between what they have in common.

use std::ops::Range;

use super::tokens::{Token, weight};

/// A stretch that differs. Either side may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    pub(super) a: Range<usize>,
    pub(super) b: Range<usize>,
}

impl Hunk {
    /// Whether one thing stands in place of another.
    pub(super) fn replaces(&self) -> bool {
        !self.a.is_empty() && !self.b.is_empty()
    }
}

/// The differing stretches of two sequences, by a longest common subsequence.
pub(super) fn hunks(a: &[Token], b: &[Token]) -> Vec<Hunk> {
    let same = |(x, y): &(&Token, &Token)| x.hash == y.hash;
    let head = a.iter().zip(b).take_while(same).count();
    let (a_rest, b_rest) = (&a[head..], &b[head..]);
    let tail = a_rest
        .iter()
        .rev()
        .zip(b_rest.iter().rev())
        .take_while(same)
        .count();
    let (a_mid, b_mid) = (
        &a_rest[..a_rest.len() - tail],
        &b_rest[..b_rest.len() - tail],
    );

    // `longest[i][j]` is the length for what follows `i` and `j`.
    let width = b_mid.len() + 1;
    let mut longest = vec![0_u16; (a_mid.len() + 1) * width];
    for i in (0..a_mid.len()).rev() {
        for j in (0..b_mid.len()).rev() {
            longest[i * width + j] = if a_mid[i].hash == b_mid[j].hash {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    let (mut a_from, mut b_from) = (0, 0);
    let mut note = |a: Range<usize>, b: Range<usize>| {
        if !a.is_empty() || !b.is_empty() {
            let shift = |range: Range<usize>| range.start + head..range.end + head;
            found.push(Hunk {
                a: shift(a),
                b: shift(b),
            });
        }
    };
    while i < a_mid.len() && j < b_mid.len() {
        if a_mid[i].hash == b_mid[j].hash {
            note(a_from..i, b_from..j);
            (i, j) = (i + 1, j + 1);
            (a_from, b_from) = (i, j);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    note(a_from..a_mid.len(), b_from..b_mid.len());
    found
}

/// Joins stretches that only a few common tokens part: chance puts the same little words into any
/// two texts.
pub(super) fn joined(hunks: &[Hunk], a: &[Token], fewest: usize) -> Vec<Hunk> {
    let mut found: Vec<Hunk> = Vec::new();
    for hunk in hunks {
        match found.last_mut() {
            Some(last) if weight(&a[last.a.end..hunk.a.start]) < fewest => {
                last.a.end = hunk.a.end;
                last.b.end = hunk.b.end;
            }
            _ => found.push(hunk.clone()),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_differs_is_found_between_what_is_common() {
        let (a, b) = (tokens("a b c d e f g"), tokens("a x c d e y g h"));
        let found = hunks(&a, &b);
        let expected = [(1..2, 1..2), (5..6, 5..6), (7..7, 7..8)];
        assert_eq!(found, expected.map(|(a, b)| Hunk { a, b }));
        let joined = joined(&found, &a, 4);
        assert_eq!(
            joined,
            [Hunk { a: 1..2, b: 1..2 }, Hunk { a: 5..7, b: 5..8 }]
        );
    }

    proptest! {
        #[test]
        fn what_is_left_is_common(a in "[abc ]{0,24}", b in "[abc ]{0,24}") {
            let (a, b) = (tokens(&a), tokens(&b));
            let without = |tokens: &[Token], gaps: Vec<Range<usize>>| -> Vec<String> {
                (0..tokens.len())
                    .filter(|n| !gaps.iter().any(|gap| gap.contains(n)))
                    .map(|n| tokens[n].text.clone())
                    .collect()
            };
            let found = hunks(&a, &b);
            let a_gaps = found.iter().map(|hunk| hunk.a.clone()).collect();
            let b_gaps = found.iter().map(|hunk| hunk.b.clone()).collect();
            prop_assert_eq!(without(&a, a_gaps), without(&b, b_gaps));
        }
    }
}
