//! The due queue against a model that scans everything, under random operations.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use proptest::prelude::*;

use super::{Limits, MANY, Named, at};

/// The queue as one would write it with all the time in the world.
struct Model {
    limits: Limits,
    waiting: BTreeMap<u8, i64>,
    running: HashMap<u8, Running>,
    starts: HashMap<u8, i64>,
}

#[derive(Clone, Copy)]
struct Running {
    leaving: bool,
    fetching: bool,
}

/// Six hosts of three domains, two hosts each.
fn host(feed: u8) -> u8 {
    feed % 6
}

fn host_name(host: u8) -> String {
    format!("h{host}.d{}.com", host / 2)
}

impl Model {
    fn fetching(&self) -> impl Iterator<Item = u8> {
        let running = self.running.iter();
        running.filter(|(_, r)| r.fetching).map(|(feed, _)| *feed)
    }

    fn on_host(&self, which: u8) -> usize {
        self.fetching().filter(|f| host(*f) == which).count()
    }

    fn on_domain(&self, which: u8) -> usize {
        self.fetching()
            .filter(|f| host(*f) / 2 == which / 2)
            .count()
    }

    /// From when on the feed may start with nothing else ending; `None` when never.
    fn may_start(&self, feed: u8) -> Option<i64> {
        let host = host(feed);
        let fetching = self.fetching().count();
        let room = fetching < self.limits.total
            && self.running.len() - fetching < self.limits.fetched
            && self.on_host(host) < self.limits.per_host
            && self.on_domain(host) < self.limits.per_domain;
        let pause = i64::try_from(self.limits.host_pause.as_millis()).unwrap();
        let free = self
            .starts
            .get(&host)
            .map_or(i64::MIN, |start| start + pause);
        room.then(|| self.waiting[&feed].max(free))
    }
}

#[derive(Debug, Clone)]
enum Step {
    Schedule(u8, i64),
    Remove(u8),
    Fetched(usize),
    Finish(usize, Option<i64>),
    Take,
    Wait(i64),
    Limit(Limits),
    SetBack(i64),
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..6_usize, 1..4_usize, 1..4_usize, 1..4_usize, 0..30_u64).prop_map(
        |(total, per_host, per_domain, fetched, pause)| Limits {
            total,
            per_host,
            per_domain,
            fetched,
            host_pause: Duration::from_millis(pause),
        },
    )
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..24_u8, 0..60_i64).prop_map(|(feed, after)| Step::Schedule(feed, after)),
        1 => (0..24_u8).prop_map(Step::Remove),
        3 => any::<usize>().prop_map(Step::Fetched),
        6 => (any::<usize>(), proptest::option::weighted(0.9, 0..60_i64))
            .prop_map(|(which, after)| Step::Finish(which, after)),
        8 => Just(Step::Take),
        4 => (1..25_i64).prop_map(Step::Wait),
        1 => limits().prop_map(Step::Limit),
        1 => (1..200_i64).prop_map(Step::SetBack),
    ]
}

proptest! {
    #[test]
    fn it_agrees_with_the_naive_model_whatever_happens(
        start in limits(), steps in proptest::collection::vec(steps(), 1..250),
    ) {
        let mut queue = Named::new(start);
        let mut model = Model {
            limits: start,
            waiting: BTreeMap::new(),
            running: HashMap::new(),
            starts: HashMap::new(),
        };
        let mut now = 0_i64;
        for step in steps {
            match step {
                Step::Schedule(feed, after) => {
                    queue.add(feed, &host_name(host(feed)), now + after);
                    if let Some(running) = model.running.get_mut(&feed) {
                        running.leaving = false;
                    } else {
                        let old = model.waiting.get(&feed).copied();
                        // One that is due already stays due.
                        let due = now + after;
                        model.waiting.insert(feed, old.filter(|o| due <= *o && *o <= now).unwrap_or(due));
                    }
                }
                Step::Remove(feed) => {
                    queue.0.remove(&feed);
                    model.waiting.remove(&feed);
                    if let Some(running) = model.running.get_mut(&feed) {
                        running.leaving = true;
                    }
                }
                Step::Fetched(which) => {
                    let mut running: Vec<_> = model.running.keys().copied().collect();
                    running.sort_unstable();
                    if !running.is_empty() {
                        let feed = running[which % running.len()];
                        queue.0.fetched(&feed);
                        model.running.get_mut(&feed).unwrap().fetching = false;
                    }
                }
                Step::Finish(which, after) if !model.running.is_empty() => {
                    let mut running: Vec<_> = model.running.keys().copied().collect();
                    running.sort_unstable();
                    let feed = running[which % running.len()];
                    let next = after.map(|after| now + after);
                    queue.0.finish(&feed, next.map(at));
                    let leaving = model.running.remove(&feed).unwrap().leaving;
                    if let Some(due) = next.filter(|_| !leaving) {
                        model.waiting.insert(feed, due);
                    }
                }
                Step::Finish(..) => {}
                Step::Take => {
                    let could: Vec<_> = model.waiting.keys().copied()
                        .filter(|feed| model.may_start(*feed).is_some_and(|from| from <= now))
                        .collect();
                    match queue.take(now) {
                        // No bound is passed, no pause cut short, no feed polled early or twice.
                        Some(feed) => {
                            prop_assert!(could.contains(&feed), "{feed} of {could:?}");
                            model.waiting.remove(&feed);
                            let running = Running { leaving: false, fetching: true };
                            model.running.insert(feed, running);
                            model.starts.insert(host(feed), now);
                        }
                        // Nothing that may start is kept waiting.
                        None => {
                            prop_assert!(could.is_empty(), "{could:?} could start");
                            let wake = queue.0.next_due();
                            prop_assert!(wake.is_none_or(|wake| wake > at(now)), "spins");
                            let first = model.waiting.keys().filter_map(|f| model.may_start(*f)).min();
                            if let Some(first) = first {
                                prop_assert!(wake.is_some_and(|w| w <= at(first)), "sleeps over {first}");
                            }
                        }
                    }
                }
                Step::Wait(time) => now += time,
                Step::Limit(limits) => {
                    queue.0.set_limits(limits);
                    model.limits = limits;
                }
                Step::SetBack(by) => {
                    now -= by;
                    queue.0.set_back(Duration::from_millis(by.unsigned_abs()));
                    model.waiting.values_mut().chain(model.starts.values_mut()).for_each(|t| *t -= by);
                }
            }
            prop_assert_eq!(queue.0.running(), model.running.len());
            prop_assert_eq!(queue.0.len(), model.running.len() + model.waiting.len());
            let due = model.waiting.values().filter(|due| **due <= now).count();
            prop_assert_eq!(queue.0.due(at(now)), due);
        }
        // Left to itself, every feed is polled, and next_due alone says when to look.
        let known: HashSet<_> = model.waiting.keys().copied()
            .chain(model.running.iter().filter(|(_, running)| !running.leaving).map(|(f, _)| *f))
            .collect();
        for (feed, _) in model.running.drain() {
            queue.0.finish(&feed, Some(at(now)));
        }
        let mut polled = HashSet::new();
        loop {
            while let Some(feed) = queue.take(now) {
                prop_assert!(polled.insert(feed), "{feed} twice");
                queue.0.finish(&feed, None);
            }
            let Some(wake) = queue.0.next_due() else { break };
            prop_assert!(wake > at(now));
            now = wake.as_millis();
        }
        prop_assert_eq!(polled, known);
        queue.take(now + 1_000_000);
        prop_assert_eq!(queue.0.lines.known(), (0, 0));
    }

    /// However long the others' lines are, a domain waits for its turn no longer than it takes to
    /// give every other domain one, and a host within it likewise.
    #[test]
    fn turns_go_round(crowd in 2..60_usize, domains in 1..8_usize, total in 1..4_usize) {
        let mut queue = Named::new(Limits { total, per_host: 64, per_domain: 64, ..MANY });
        for n in 0..crowd {
            queue.add(n, &format!("d{}.com", n % domains), 0);
        }
        let mut running: VecDeque<_> = queue.take_all(1).into();
        queue.add(1000, "late.org", 2);
        for turn in 0.. {
            let Some(ended) = running.pop_front() else { break };
            queue.0.finish(&ended, Some(at(1)));
            let taken = queue.take_all(3);
            if taken.contains(&1000) {
                prop_assert!(turn <= domains + 1, "waited {turn} turns");
                return Ok(());
            }
            running.extend(taken);
        }
        prop_assert!(false, "never polled");
    }
}
