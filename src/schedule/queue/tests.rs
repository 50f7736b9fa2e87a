//! What the due queue promises, by example; against a naive model in `model`.

mod model;

use std::time::Duration;

use url::Url;

use super::*;

const MANY: Limits = Limits {
    total: 10,
    per_host: 10,
    per_domain: 10,
    fetched: 10,
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
fn a_poll_that_has_fetched_leaves_its_place_to_another_up_to_a_bound() {
    let mut queue = Named::new(Limits {
        per_host: 1,
        fetched: 2,
        ..MANY
    });
    for n in 0..4 {
        queue.add(n, "a.com", n);
    }
    assert_eq!(queue.take_all(10), [0]);
    queue.0.fetched(&0);
    assert_eq!(queue.take_all(10), [1]);
    queue.0.fetched(&1);
    assert_eq!(queue.take(10), None, "two have fetched and are not over");
    assert_eq!(queue.0.next_due(), None, "only an end helps");
    queue.0.finish(&0, None);
    assert_eq!(queue.take_all(10), [2]);
    assert_eq!(queue.0.running(), 2);
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
    assert_eq!(queue.take(60_100), None);
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
fn a_feed_is_put_off_unless_it_is_due_later_or_under_way() {
    let mut queue = Named::new(MANY);
    let url: Url = "http://a/".parse().unwrap();
    for (feed, due) in [("soon", 10), ("late", 90), ("running", 1)] {
        queue.add(feed, "a", due);
    }
    assert_eq!(queue.take(1), Some("running"));
    for feed in ["soon", "late", "running", "unknown"] {
        queue.0.not_before(&feed, &Place::of(&url), at(50));
    }
    assert_eq!(queue.take(49), None);
    assert_eq!(queue.take_all(50), ["soon"]);
    assert_eq!(queue.take_all(90), ["late"]);
    assert_eq!(queue.0.len(), 3);
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
