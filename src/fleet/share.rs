//! How many pieces a worker should hold.

/// How the pieces of a kind are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// All there are.
    pub all: usize,
    /// Those that nobody holds.
    pub free: usize,
    /// Those that this worker holds.
    pub mine: usize,
}

/// What a worker has to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Due {
    /// Take so many of the free ones.
    pub take: usize,
    /// Give back so many of its own.
    pub give: usize,
}

/// What `worker`, in its place among those alive (from 0), is to take or to give of a kind. Each has as many as
/// any other or one more; those that come first have the one more, so that nobody takes what another gives.
#[must_use]
pub fn due(count: Count, place: usize, alive: usize) -> Due {
    let alive = alive.max(1);
    let more = usize::from(place < count.all % alive);
    let fair = count.all / alive + more;
    Due {
        take: fair.saturating_sub(count.mine).min(count.free),
        give: count.mine.saturating_sub(fair),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_is_alone_takes_all_and_gives_a_half_to_the_second() {
        let count = |free, mine| Count { all: 9, free, mine };
        assert_eq!(due(count(9, 0), 0, 1), Due { take: 9, give: 0 });
        assert_eq!(due(count(0, 9), 0, 2), Due { take: 0, give: 4 });
        assert_eq!(due(count(4, 0), 1, 2), Due { take: 4, give: 0 });
        assert_eq!(due(count(0, 5), 0, 2), Due::default());
    }

    proptest! {
        /// From any beginning a few rounds bring every piece to somebody, evenly, and then nothing moves.
        #[test]
        fn shares_come_to_rest(all in 0_usize..2000, held in prop::collection::vec(0_usize..500, 1..9)) {
            let mut held = held;
            while held.iter().sum::<usize>() > all {
                let most = held.iter().copied().max().unwrap();
                let at = held.iter().position(|n| *n == most).unwrap();
                held[at] -= most.min(held.iter().sum::<usize>() - all);
            }
            for _ in 0..2 {
                for place in 0..held.len() {
                    let free = all - held.iter().sum::<usize>();
                    let count = Count { all, free, mine: held[place] };
                    let due = due(count, place, held.len());
                    held[place] = held[place] + due.take - due.give;
                }
            }
            prop_assert_eq!(held.iter().sum::<usize>(), all);
            let (least, most) = (held.iter().min().unwrap(), held.iter().max().unwrap());
            prop_assert!(most - least <= 1, "{:?}", held);
            for (place, mine) in held.iter().enumerate() {
                let count = Count { all, free: 0, mine: *mine };
                prop_assert_eq!(due(count, place, held.len()), Due::default());
            }
        }
    }
}
