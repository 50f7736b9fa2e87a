//! Points for the languages of one script, and which of them can still win.

use super::statistics;
use super::words::{WORDS, count, each_small};

/// Points a language of a shared script must reach, and lead the next by.
const MIN_SCORE: f64 = 1.6;
const MIN_LEAD: f64 = 0.6;

/// A set of the languages of [`WORDS`], by their place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Languages(u64);

const _: () = assert!(
    WORDS.len() <= 64,
    "a set of languages is one word of 64 bits"
);

impl Languages {
    pub(super) const NONE: Self = Self(0);

    /// The set of some languages that all have a place; meant for constants.
    pub(super) const fn of(codes: &[&str]) -> Self {
        let (mut set, mut i) = (Self::NONE, 0);
        while i < codes.len() {
            set.insert(at(codes[i]));
            i += 1;
        }
        set
    }

    pub(super) const fn all() -> Self {
        Self(u64::MAX >> (64 - WORDS.len()))
    }

    pub(super) const fn insert(&mut self, at: usize) {
        self.0 |= 1 << at;
    }

    pub(super) const fn remove(&mut self, other: Self) {
        self.0 &= !other.0;
    }

    pub(super) const fn has(self, at: usize) -> bool {
        self.0 >> at & 1 == 1
    }

    pub(super) const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Their places.
    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let at = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            (at < 64).then_some(at)
        })
    }
}

/// The place of a language in [`WORDS`].
///
/// # Panics
///
/// If it has none. Each use is a constant, so that this stops the build, never a run.
pub(super) const fn at(code: &str) -> usize {
    let mut place = 0;
    while place < WORDS.len() {
        if same(WORDS[place].0, code) {
            return place;
        }
        place += 1;
    }
    panic!("a language must stand in WORDS before its letters or statistics can count")
}

/// `a == b`, also in constants.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// The language at a place.
pub(super) fn code_at(at: usize) -> &'static str {
    WORDS[at].0
}

/// What a text's words and letters say for each of some rivals.
#[derive(Debug, Clone)]
pub(super) struct Scores {
    points: [f64; 64],
    rivals: Languages,
}

/// What may come out once the statistics are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcomes {
    /// The languages that can win.
    pub winners: Languages,
    /// Whether it may be nobody.
    pub nobody: bool,
}

impl Scores {
    /// Points for the small words of a lower-case text.
    pub(super) fn of(text: &str, rivals: Languages) -> Self {
        let mut scores = Self {
            points: [0.0; 64],
            rivals,
        };
        let mut seen = vec![0_u8; count()];
        each_small(text, |small, word| {
            let times = &mut seen[usize::from(small.number)];
            let rivalling = small.languages.both(rivals);
            // a third time says nothing new
            if *times >= 2 || rivalling.is_empty() {
                return;
            }
            *times += 1;
            let sharing = f64::from(rivalling.len());
            let short = if word.chars().nth(1).is_none() {
                0.5
            } else {
                1.0
            };
            let points = short / sharing.sqrt();
            for at in rivalling.places() {
                scores.points[at] += points;
            }
        });
        scores
    }

    pub(super) const fn add(&mut self, at: usize, points: f64) {
        self.points[at] += points;
    }

    /// Takes languages out of the race.
    pub(super) const fn drop(&mut self, languages: Languages) {
        self.rivals.remove(languages);
    }

    /// The first, and the points of the second.
    fn first(&self) -> Option<(usize, f64, f64)> {
        let (mut first, mut second) = (None::<(usize, f64)>, f64::MIN);
        for at in self.rivals.places() {
            let points = self.points[at];
            match first {
                Some((_, most)) if points <= most => second = second.max(points),
                _ => {
                    second = first.map_or(second, |(_, most)| most);
                    first = Some((at, points));
                }
            }
        }
        first.map(|(at, points)| (at, points, second))
    }

    /// The highest of the scores, when it is sure.
    pub(super) fn best(&self) -> Option<usize> {
        let (at, points, next) = self.first()?;
        sure(points, next).then_some(at)
    }

    /// What can come out when the statistics add their points to one of the languages they know,
    /// or to none.
    pub(super) fn outcomes(&self) -> Outcomes {
        let mut out = Outcomes {
            winners: Languages::NONE,
            nobody: true,
        };
        let Some((top, most, second)) = self.first() else {
            return out;
        };
        let (least, largest) = (statistics::LEAST, statistics::MOST);
        let unaided = sure(most, second);
        out.nobody = !unaided;
        if unaided || sure(most + largest, second) {
            out.winners.insert(top);
        }
        for at in self.rivals.both(statistics::KNOWN).places() {
            let own = self.points[at];
            if at == top {
                continue;
            }
            // the top's lead shrinks, and this one's grows, with the points added
            if sure(own + largest, most) {
                out.winners.insert(at);
            }
            if !sure(most, own + largest) && !sure(own + least, most) {
                out.nobody = true;
            }
        }
        out
    }

    /// The winner, once the statistics have had their say.
    pub(super) fn settle(mut self, text: &str) -> Option<usize> {
        if let Some((at, points)) = statistics::vote(text, self.leaders()) {
            self.add(at, points);
        }
        self.best()
    }

    /// The languages that the statistics could lift level with the first. Asking about these alone
    /// costs a fraction of asking about all, and is right more often.
    fn leaders(&self) -> Languages {
        let most = self.first().map_or(0.0, |(_, most, _)| most);
        let mut leaders = Languages::NONE;
        self.rivals
            .places()
            .filter(|at| most - self.points[*at] <= statistics::MOST)
            .for_each(|at| leaders.insert(at));
        leaders
    }
}

/// Whether points are enough, and far enough before the next.
fn sure(points: f64, next: f64) -> bool {
    points >= MIN_SCORE && points - next.max(0.0) >= MIN_LEAD.max(points * 0.12)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_the_statistics_may_say_was_foreseen(
            points in proptest::collection::vec(-1.0..5.0_f64, WORDS.len()),
            rivals in 1_u64..=Languages::all().0,
            voted in 0..WORDS.len(),
            vote in statistics::LEAST..=statistics::MOST,
        ) {
            let mut scores = Scores { points: [0.0; 64], rivals: Languages(rivals) };
            scores.points[..points.len()].copy_from_slice(&points);
            let foreseen = scores.outcomes();
            let mut after = scores.clone();
            if statistics::KNOWN.has(voted) {
                after.add(voted, vote);
            }
            for outcome in [scores.best(), after.best()] {
                prop_assert!(outcome.map_or(foreseen.nobody, |at| foreseen.winners.has(at)));
            }
        }
    }

    #[test]
    fn a_word_that_languages_share_counts_less_and_a_third_time_not_at_all() {
        const FR: usize = at("fr");
        const IT: usize = at("it");
        let rivals = const { Languages::of(&["fr", "it"]) };
        let points = |text: &str| {
            let scores = Scores::of(text, rivals);
            (scores.points[FR], scores.points[IT])
        };
        assert_eq!(points("avec"), (1.0, 0.0));
        assert_eq!(points("avec avec avec"), points("avec avec"));
        let (french, italian) = points("le");
        assert!(french < 1.0 && (french - italian).abs() < f64::EPSILON);
    }
}
