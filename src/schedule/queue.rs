//! The due queue: which feed is polled now, with bounds in all and per host.
//!
//! Feeds wait in a heap by due time. One that is due while its host is busy waits in that host's
//! own line and is let go when a poll of that host ends, so that ten thousand feeds of one slow
//! host never stand in front of another host's.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use crate::model::Timestamp;

/// Feeds in order of their next poll. `K` names a feed.
#[derive(Debug)]
pub struct Queue<K> {
    /// Polls under way at most, in all.
    limit: usize,
    /// Polls under way at most, per host.
    per_host: usize,
    /// Feeds that wait for their time. An item whose time differs from `feeds` is out of date.
    heap: BinaryHeap<Reverse<(Timestamp, u64)>>,
    /// Feeds by the number under which they stand in the heap.
    numbers: HashMap<u64, K>,
    feeds: HashMap<K, Slot>,
    hosts: HashMap<Arc<str>, Host>,
    /// Hosts that have a line and became free.
    free: VecDeque<Arc<str>>,
    running: usize,
    next_number: u64,
}

#[derive(Debug)]
struct Slot {
    host: Arc<str>,
    number: u64,
    due: Timestamp,
    state: State,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum State {
    Waiting,
    /// Due, but its host is busy.
    Held,
    Running,
    /// Removed while running: forgotten when the poll ends.
    Leaving,
}

#[derive(Debug, Default)]
struct Host {
    running: usize,
    line: VecDeque<u64>,
}

impl<K: Clone + Eq + Hash> Queue<K> {
    /// An empty queue that lets at most `limit` polls run, at most `per_host` of them on one host.
    #[must_use]
    pub fn new(limit: usize, per_host: usize) -> Self {
        Self {
            limit: limit.max(1),
            per_host: per_host.max(1),
            heap: BinaryHeap::new(),
            numbers: HashMap::new(),
            feeds: HashMap::new(),
            hosts: HashMap::new(),
            free: VecDeque::new(),
            running: 0,
            next_number: 0,
        }
    }

    /// Sets new bounds; polls under way are not touched.
    pub fn set_limits(&mut self, limit: usize, per_host: usize) {
        self.limit = limit.max(1);
        self.per_host = per_host.max(1);
    }

    /// Adds a feed, or moves it to another time or host. A feed that is being polled right now is
    /// left alone, but stays when it was about to leave.
    pub fn schedule(&mut self, feed: K, host: &str, due: Timestamp) {
        if let Some(slot) = self.feeds.get_mut(&feed) {
            if matches!(slot.state, State::Running | State::Leaving) {
                slot.state = State::Running;
                return;
            }
            self.numbers.remove(&slot.number);
        }
        let number = self.next_number;
        self.next_number += 1;
        self.numbers.insert(number, feed.clone());
        self.feeds.insert(
            feed,
            Slot {
                host: host.into(),
                number,
                due,
                state: State::Waiting,
            },
        );
        self.heap.push(Reverse((due, number)));
    }

    /// Removes a feed. One that is being polled is forgotten when its poll ends.
    pub fn remove(&mut self, feed: &K) {
        let Some(slot) = self.feeds.get_mut(feed) else {
            return;
        };
        if slot.state == State::Running {
            slot.state = State::Leaving;
        } else if slot.state != State::Leaving {
            self.numbers.remove(&slot.number);
            self.feeds.remove(feed);
        }
    }

    /// Takes the next feed to poll, if one is due and the bounds allow it. The caller must
    /// [`finish`](Self::finish) it.
    pub fn take(&mut self, now: Timestamp) -> Option<K> {
        if self.running >= self.limit {
            return None;
        }
        while let Some(host) = self.free.pop_front() {
            if let Some(feed) = self.take_from_line(&host) {
                return Some(feed);
            }
        }
        while let Some(Reverse((due, number))) = self.heap.peek().copied() {
            if due > now {
                break;
            }
            self.heap.pop();
            let Some(feed) = self.numbers.get(&number).cloned() else {
                continue;
            };
            if self.start(&feed) {
                return Some(feed);
            }
        }
        None
    }

    /// Starts the first feed of the host's line that still waits there.
    fn take_from_line(&mut self, host_name: &Arc<str>) -> Option<K> {
        loop {
            let host = self.hosts.get_mut(host_name)?;
            if host.running >= self.per_host {
                return None;
            }
            let Some(number) = host.line.pop_front() else {
                if host.running == 0 {
                    self.hosts.remove(host_name);
                }
                return None;
            };
            let more = !host.line.is_empty();
            let Some(feed) = self.numbers.get(&number).cloned() else {
                continue;
            };
            if self.start(&feed) {
                if more {
                    self.free.push_back(host_name.clone());
                }
                return Some(feed);
            }
        }
    }

    /// Starts the feed if its host has room, else puts it in the host's line.
    fn start(&mut self, feed: &K) -> bool {
        let Some(slot) = self.feeds.get_mut(feed) else {
            return false;
        };
        let host = self.hosts.entry(slot.host.clone()).or_default();
        if host.running >= self.per_host {
            slot.state = State::Held;
            host.line.push_back(slot.number);
            return false;
        }
        host.running += 1;
        slot.state = State::Running;
        self.running += 1;
        true
    }

    /// Ends the poll of a feed and sets its next time; `None` when it is not to be polled again
    /// (it is gone).
    pub fn finish(&mut self, feed: &K, next: Option<Timestamp>) {
        let Some(slot) = self.feeds.get_mut(feed) else {
            return;
        };
        if !matches!(slot.state, State::Running | State::Leaving) {
            return;
        }
        self.running -= 1;
        let host_name = slot.host.clone();
        let leaving = slot.state == State::Leaving;
        match next {
            Some(due) if !leaving => {
                slot.state = State::Waiting;
                slot.due = due;
                self.heap.push(Reverse((due, slot.number)));
            }
            _ => {
                self.numbers.remove(&slot.number);
                self.feeds.remove(feed);
            }
        }
        if let Some(host) = self.hosts.get_mut(&host_name) {
            host.running -= 1;
            if !host.line.is_empty() {
                self.free.push_back(host_name);
            } else if host.running == 0 {
                self.hosts.remove(&host_name);
            }
        }
    }

    /// When the next feed is due, not counting those that wait for their host. `None` when no
    /// feed waits, or when as many polls run as may: then the end of one is what to wait for, and
    /// a time in the past would make the caller spin.
    #[must_use]
    pub fn next_due(&mut self) -> Option<Timestamp> {
        if self.running >= self.limit {
            return None;
        }
        while let Some(Reverse((due, number))) = self.heap.peek().copied() {
            if self.numbers.contains_key(&number) {
                return Some(due);
            }
            self.heap.pop();
        }
        None
    }

    /// Moves the times of all waiting feeds back by as much as the clock was.
    pub fn set_back(&mut self, by: Duration) {
        self.heap.clear();
        for slot in self.feeds.values_mut() {
            slot.due = slot.due - by;
            if slot.state == State::Waiting {
                self.heap.push(Reverse((slot.due, slot.number)));
            }
        }
    }

    /// How many feeds are due at `now` and not yet being polled.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> usize {
        self.feeds
            .values()
            .filter(|s| s.state == State::Held || (s.state == State::Waiting && s.due <= now))
            .count()
    }

    /// How many polls are under way.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running
    }

    /// How many feeds the queue knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.feeds.len()
    }

    /// Whether the queue knows no feed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.feeds.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn feeds_come_out_when_due_and_in_order() {
        let mut queue = Queue::new(10, 10);
        queue.schedule("late", "a", at(30));
        queue.schedule("early", "b", at(10));
        assert_eq!(queue.take(at(5)), None);
        assert_eq!(queue.next_due(), Some(at(10)));
        assert_eq!(queue.take(at(40)), Some("early"));
        assert_eq!(queue.take(at(40)), Some("late"));
        assert_eq!(queue.take(at(40)), None);
    }

    #[test]
    fn a_busy_host_holds_its_own_feeds_and_nobody_elses() {
        let mut queue = Queue::new(10, 2);
        for n in 0..1000 {
            queue.schedule(n, "slow", at(n));
        }
        queue.schedule(5000, "other", at(2000));
        assert_eq!(queue.take(at(3000)), Some(0));
        assert_eq!(queue.take(at(3000)), Some(1));
        assert_eq!(queue.take(at(3000)), Some(5000));
        assert_eq!(queue.take(at(3000)), None);
        assert_eq!(queue.due(at(3000)), 998);
        queue.finish(&0, Some(at(9000)));
        assert_eq!(queue.take(at(3000)), Some(2));
        assert_eq!(queue.take(at(3000)), None);
    }

    #[test]
    fn no_more_than_the_limit_run_at_once() {
        let mut queue = Queue::new(3, 10);
        for n in 0..5 {
            queue.schedule(n, &format!("host{n}"), at(0));
        }
        let taken: Vec<_> = std::iter::from_fn(|| queue.take(at(1))).collect();
        assert_eq!(taken, [0, 1, 2]);
        queue.finish(&1, None);
        assert_eq!(queue.take(at(1)), Some(3));
        assert_eq!(queue.len(), 4);
    }

    #[test]
    fn at_the_limit_there_is_no_time_to_wait_for() {
        let mut queue = Queue::new(1, 1);
        queue.schedule("a", "h", at(0));
        queue.schedule("b", "i", at(0));
        assert_eq!(queue.take(at(5)), Some("a"));
        assert_eq!(queue.take(at(5)), None);
        assert_eq!(
            queue.next_due(),
            None,
            "b is due, but only the end of a helps"
        );
        queue.finish(&"a", None);
        assert_eq!(queue.next_due(), Some(at(0)));
    }

    #[test]
    fn a_feed_removed_while_running_is_forgotten_when_it_ends() {
        let mut queue = Queue::new(3, 1);
        queue.schedule("gone", "h", at(0));
        queue.schedule("next", "h", at(1));
        assert_eq!(queue.take(at(5)), Some("gone"));
        queue.remove(&"gone");
        assert_eq!(queue.take(at(5)), None, "its host is still busy");
        queue.finish(&"gone", Some(at(10)));
        assert_eq!(queue.take(at(5)), Some("next"));
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn rescheduling_replaces_the_old_time() {
        let mut queue = Queue::new(3, 1);
        queue.schedule("feed", "h", at(100));
        queue.schedule("feed", "h", at(10));
        assert_eq!(queue.take(at(50)), Some("feed"));
        queue.finish(&"feed", Some(at(200)));
        assert_eq!(queue.take(at(150)), None, "the first time is void");
        assert_eq!(queue.next_due(), Some(at(200)));
    }

    #[test]
    fn a_clock_that_is_set_back_takes_all_times_with_it() {
        let mut queue = Queue::new(3, 1);
        for (name, due) in [("running", 0), ("held", 0), ("late", 900), ("early", 700)] {
            queue.schedule(name, if due == 0 { "h" } else { name }, at(due));
        }
        assert_eq!(queue.take(at(600)), Some("running"));
        assert_eq!(queue.take(at(600)), None);
        queue.set_back(Duration::from_millis(500));
        assert_eq!(queue.next_due(), Some(at(200)));
        assert_eq!(queue.take(at(250)), Some("early"));
        assert_eq!(queue.take(at(250)), None);
        queue.finish(&"running", Some(at(9000)));
        assert_eq!(queue.take(at(250)), Some("held"));
        queue.finish(&"held", None);
        assert_eq!(queue.take(at(400)), Some("late"));
        queue.finish(&"late", None);
        assert_eq!(queue.take(at(8999)), None);
    }

    #[test]
    fn removing_the_feed_at_the_head_of_a_hosts_line_lets_the_next_one_go() {
        let mut queue = Queue::new(5, 1);
        for name in ["a", "b", "c"] {
            queue.schedule(name, "h", at(0));
        }
        assert_eq!(queue.take(at(1)), Some("a"));
        assert_eq!(queue.take(at(1)), None);
        queue.remove(&"b");
        queue.finish(&"a", None);
        assert_eq!(queue.take(at(1)), Some("c"));
    }

    proptest::proptest! {
        #[test]
        fn bounds_hold_and_every_feed_is_polled_whatever_happens_between(
            steps in proptest::collection::vec((0..5_u8, 0..12_u8), 1..200),
        ) {
            let mut queue = Queue::new(4, 2);
            let host = |feed: u8| format!("h{}", feed % 3);
            let mut running = Vec::new();
            let mut known = std::collections::HashSet::new();
            for (step, feed) in steps {
                match step {
                    0 => { queue.schedule(feed, &host(feed), at(0)); known.insert(feed); }
                    1 => { queue.remove(&feed); known.remove(&feed); }
                    2 if !running.is_empty() => {
                        let ended: u8 = running.remove(usize::from(feed) % running.len());
                        queue.finish(&ended, Some(at(0)));
                    }
                    _ => running.extend(queue.take(at(1))),
                }
                proptest::prop_assert!(running.len() <= 4 && queue.running() == running.len());
                for h in 0..3 {
                    proptest::prop_assert!(running.iter().filter(|f| **f % 3 == h).count() <= 2);
                }
            }
            for ended in running.drain(..) {
                queue.finish(&ended, Some(at(0)));
            }
            let mut polled = std::collections::HashSet::new();
            while let Some(feed) = queue.take(at(1)) {
                polled.insert(feed);
                queue.finish(&feed, Some(at(2)));
            }
            proptest::prop_assert_eq!(polled, known);
        }
    }
}
