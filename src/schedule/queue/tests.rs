//! What the due queue promises, by example and against a naive model.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use proptest::prelude::*;
use url::Url;

use super::*;

const MANY: Limits = Limits {
    total: 10,
    per_host: 10,
    per_domain: 10,
    host_pause: Duration::ZERO,
};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// A queue that is told places as host names.
struct Named<K>(Queue<K>);

impl<K: Clone + Eq + Hash> Named<K> {
    fn new(limits: Limits) -> Self {
        Self(Queue::new(limits))
    }

    fn add(&mut self, feed: K, host: &str, due: i64) {
        let url: Url = format!("http://{host}/").parse().unwrap();
        self.0.schedule(feed, &Place::of(&url), at(due));
    }

    fn take(&mut self, now: i64) -> Option<K> {
        self.0.take(at(now))
    }

    fn take_all(&mut self, now: i64) -> Vec<K> {
        std::iter::from_fn(|| self.take(now)).collect()
    }
}

#[test]
fn feeds_come_out_when_due_and_in_order() {
    let mut queue = Named::new(MANY);
    queue.add("late", "a", 30);
    queue.add("early", "b", 10);
    assert_eq!(queue.take(5), None);
    assert_eq!(queue.0.next_due(), Some(at(10)));
    assert_eq!(queue.take_all(40), ["early", "late"]);
}

#[test]
fn a_busy_host_holds_its_own_feeds_and_nobody_elses() {
    let mut queue = Named::new(Limits {
        per_host: 2,
        ..MANY
    });
    for n in 0..1000 {
        queue.add(n, "slow.com", n);
    }
    queue.add(5000, "other.com", 2000);
    assert_eq!(queue.take_all(3000), [0, 5000, 1]);
    assert_eq!(queue.0.due(at(3000)), 998);
    queue.0.finish(&0, Some(at(9000)));
    assert_eq!(queue.take_all(3000), [2]);
}

#[test]
fn the_hosts_of_one_domain_share_its_bound() {
    let mut queue = Named::new(Limits {
        per_domain: 2,
        ..MANY
    });
    for host in [
        "a.example.com",
        "b.example.com",
        "c.example.com",
        "example.org",
    ] {
        queue.add(host, host, 0);
    }
    assert_eq!(
        queue.take_all(0),
        ["a.example.com", "example.org", "b.example.com"]
    );
    assert_eq!(queue.0.next_due(), None, "only the end of a poll helps");
    queue.0.finish(&"a.example.com", None);
    assert_eq!(queue.take_all(0), ["c.example.com"]);
}

#[test]
fn ten_thousand_due_feeds_of_one_host_or_domain_let_a_latecomer_in_at_the_next_turn() {
    for hosts in [1, 100] {
        let mut queue = Named::new(Limits { total: 1, ..MANY });
        for n in 0..10_000 {
            queue.add(n, &format!("h{}.crowd.com", n % hosts), 0);
        }
        assert_eq!(queue.take(0), Some(0));
        queue.add(77_777, "late.org", 5);
        queue.0.finish(&0, Some(at(1000)));
        let next = std::iter::from_fn(|| {
            let feed = queue.take(6)?;
            queue.0.finish(&feed, None);
            Some(feed)
        });
        let place = next.take(3).collect::<Vec<_>>();
        assert!(place.contains(&77_777), "{place:?}");
    }
}

#[test]
fn two_starts_on_one_host_are_a_pause_apart() {
    let mut queue = Named::new(Limits {
        host_pause: Duration::from_millis(100),
        ..MANY
    });
    for name in ["a", "b", "c"] {
        queue.add(name, "h.com", 0);
    }
    queue.add("d", "h.com:81", 0);
    assert_eq!(queue.take_all(50), ["a", "d"]);
    assert_eq!(queue.0.next_due(), Some(at(150)), "the line goes on then");
    assert_eq!(queue.take(149), None);
    assert_eq!(queue.take_all(150), ["b"]);
    queue.0.finish(&"a", None);
    assert_eq!(queue.take_all(160), [] as [&str; 0]);
    assert_eq!(queue.take_all(300), ["c"]);
}

#[test]
fn a_host_keeps_its_pause_when_its_only_feed_is_removed_and_added_again() {
    let mut queue = Named::new(Limits {
        host_pause: Duration::from_millis(100),
        ..MANY
    });
    queue.add("a", "h.com", 0);
    assert_eq!(queue.take(0), Some("a"));
    queue.0.finish(&"a", None);
    assert_eq!(queue.take(1), None);
    queue.add("a", "h.com", 10);
    assert_eq!(queue.take(10), None);
    assert_eq!(queue.0.next_due(), Some(at(100)));
    assert_eq!(queue.take(100), Some("a"));
    queue.0.finish(&"a", None);
    assert_eq!(queue.take(500), None);
    assert_eq!(
        queue.0.lines.known(),
        (0, 0),
        "nobody is remembered for ever"
    );
}

#[test]
fn no_more_than_the_limit_run_at_once() {
    let mut queue = Named::new(Limits { total: 3, ..MANY });
    for n in 0..5 {
        queue.add(n, &format!("host{n}"), 0);
    }
    assert_eq!(queue.take_all(1), [0, 1, 2]);
    queue.0.finish(&1, None);
    assert_eq!(queue.take(1), Some(3));
    assert_eq!(queue.0.len(), 4);
}

#[test]
fn at_the_limit_there_is_no_time_to_wait_for() {
    let mut queue = Named::new(Limits { total: 1, ..MANY });
    queue.add("a", "h", 0);
    queue.add("b", "i", 0);
    assert_eq!(queue.take_all(5), ["a"]);
    assert_eq!(
        queue.0.next_due(),
        None,
        "b is due, but only the end of a helps"
    );
    queue.0.finish(&"a", None);
    assert!(queue.0.next_due().unwrap() <= at(5));
}

#[test]
fn new_limits_hold_from_then_on_and_wake_who_waited_for_them() {
    let tight = Limits {
        per_host: 1,
        per_domain: 1,
        ..MANY
    };
    let mut queue = Named::new(tight);
    for n in 0..4 {
        queue.add(n, "h.com", n);
    }
    queue.add(4, "i.h.com", 4);
    assert_eq!(queue.take_all(9), [0]);
    queue.0.set_limits(Limits {
        per_host: 2,
        per_domain: 3,
        ..MANY
    });
    assert!(queue.0.next_due().unwrap() <= at(9));
    assert_eq!(queue.take_all(9), [4, 1], "hosts of a domain take turns");
    queue.0.set_limits(tight);
    queue.0.finish(&0, None);
    queue.0.finish(&4, None);
    assert_eq!(queue.take_all(9), [] as [i64; 0]);
    queue.0.finish(&1, None);
    assert_eq!(queue.take_all(9), [2]);
}

#[test]
fn a_feed_removed_while_running_is_forgotten_when_it_ends() {
    let mut queue = Named::new(Limits {
        per_host: 1,
        ..MANY
    });
    queue.add("gone", "h", 0);
    queue.add("next", "h", 1);
    assert_eq!(queue.take_all(5), ["gone"]);
    queue.0.remove(&"gone");
    assert_eq!(queue.take(5), None, "its host is still busy");
    queue.0.finish(&"gone", Some(at(10)));
    assert_eq!(queue.take(5), Some("next"));
    assert_eq!(queue.0.len(), 1);
}

#[test]
fn rescheduling_replaces_the_old_time() {
    let mut queue = Named::new(MANY);
    queue.add("feed", "h", 100);
    queue.add("feed", "h", 10);
    assert_eq!(queue.take(50), Some("feed"));
    queue.0.finish(&"feed", Some(at(200)));
    assert_eq!(queue.take(150), None, "the first time is void");
    assert_eq!(queue.0.next_due(), Some(at(200)));
}

#[test]
fn a_feed_in_line_keeps_its_turn_when_it_is_scheduled_again_and_loses_it_to_a_later_time() {
    let mut queue = Named::new(Limits {
        per_host: 1,
        ..MANY
    });
    for (n, name) in ["running", "first", "second"].into_iter().enumerate() {
        queue.add(name, "h", i64::try_from(n).unwrap());
    }
    assert_eq!(queue.take_all(9), ["running"]);
    queue.add("first", "h", 1);
    queue.0.finish(&"running", None);
    assert_eq!(queue.take_all(9), ["first"]);
    queue.add("second", "h", 50);
    queue.0.finish(&"first", None);
    assert_eq!(queue.take(9), None);
    assert_eq!(queue.take(50), Some("second"));
}

#[test]
fn a_clock_that_is_set_back_takes_all_times_with_it() {
    let mut queue = Named::new(Limits {
        per_host: 1,
        host_pause: Duration::from_millis(100),
        ..MANY
    });
    for (name, due) in [("running", 0), ("held", 0), ("late", 900), ("early", 700)] {
        queue.add(name, if due == 0 { "h" } else { name }, due);
    }
    assert_eq!(queue.take_all(600), ["running"]);
    queue.0.set_back(Duration::from_millis(500));
    assert_eq!(queue.0.next_due(), Some(at(200)));
    assert_eq!(queue.take_all(250), ["early"]);
    queue.0.finish(&"running", Some(at(9000)));
    assert_eq!(queue.take_all(250), ["held"], "the pause ended at 200");
    queue.0.finish(&"held", None);
    assert_eq!(queue.take_all(400), ["late"]);
    queue.0.finish(&"late", None);
    assert_eq!(queue.take(8999), None);
}

#[test]
fn removing_the_feed_at_the_head_of_a_hosts_line_lets_the_next_one_go() {
    let mut queue = Named::new(Limits {
        per_host: 1,
        ..MANY
    });
    for name in ["a", "b", "c"] {
        queue.add(name, "h", 0);
    }
    assert_eq!(queue.take_all(1), ["a"]);
    queue.0.remove(&"b");
    queue.0.finish(&"a", None);
    assert_eq!(queue.take_all(1), ["c"]);
}

/// The queue as one would write it with all the time in the world.
struct Model {
    limits: Limits,
    waiting: BTreeMap<u8, i64>,
    running: HashMap<u8, bool>,
    starts: HashMap<u8, i64>,
}

/// Six hosts of three domains, two hosts each.
fn host(feed: u8) -> u8 {
    feed % 6
}

fn host_name(host: u8) -> String {
    format!("h{host}.d{}.com", host / 2)
}

impl Model {
    fn on_host(&self, which: u8) -> usize {
        self.running.keys().filter(|f| host(**f) == which).count()
    }

    fn on_domain(&self, which: u8) -> usize {
        self.running
            .keys()
            .filter(|f| host(**f) / 2 == which / 2)
            .count()
    }

    /// From when on the feed may start with nothing else ending; `None` when never.
    fn may_start(&self, feed: u8) -> Option<i64> {
        let host = host(feed);
        let room = self.running.len() < self.limits.total
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
    Finish(usize, Option<i64>),
    Take,
    Wait(i64),
    Limit(Limits),
    SetBack(i64),
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..6_usize, 1..4_usize, 1..4_usize, 0..30_u64).prop_map(
        |(total, per_host, per_domain, pause)| Limits {
            total,
            per_host,
            per_domain,
            host_pause: Duration::from_millis(pause),
        },
    )
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..24_u8, 0..60_i64).prop_map(|(feed, after)| Step::Schedule(feed, after)),
        1 => (0..24_u8).prop_map(Step::Remove),
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
                    if let Some(leaving) = model.running.get_mut(&feed) {
                        *leaving = false;
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
                    if let Some(leaving) = model.running.get_mut(&feed) {
                        *leaving = true;
                    }
                }
                Step::Finish(which, after) if !model.running.is_empty() => {
                    let mut running: Vec<_> = model.running.keys().copied().collect();
                    running.sort_unstable();
                    let feed = running[which % running.len()];
                    let next = after.map(|after| now + after);
                    queue.0.finish(&feed, next.map(at));
                    let leaving = model.running.remove(&feed).unwrap();
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
                            model.running.insert(feed, false);
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
            .chain(model.running.iter().filter(|(_, leaving)| !**leaving).map(|(f, _)| *f))
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
        let mut running: std::collections::VecDeque<_> = queue.take_all(1).into();
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
