//! A hub reaches any of the workers behind one `public_url`, whichever has asked it.

use std::collections::HashMap;

use crate::can_run;
use crate::newsroom::{INTERVAL, Newsroom, wait_for};

/// The place of the worker that polls the feed, and asks its hub.
const HOLDER: usize = 0;
/// The other's.
const OTHER: usize = 1;

/// Nobody's callback, which looks like one.
const NOBODYS: &str = "https://reader.example/websub/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn a_hub_may_verify_and_push_at_a_worker_that_has_not_asked_it() {
    if !can_run("a_hub_may_verify_and_push_at_a_worker_that_has_not_asked_it") {
        return;
    }
    let mut room = Newsroom::open("hubs_other");
    let form = room.ask_hub(1);
    assert_eq!(room.asker(), Some(1));
    let callback = &form["hub.callback"];
    assert!(callback.starts_with("https://reader.example/websub/"));
    let lease = "SELECT state, lease_until_ms IS NOT NULL FROM subscription";
    assert_eq!(room.rows(lease), ["requested|f"]);

    assert_eq!(room.verify(OTHER, &form), 200);
    assert_eq!(room.rows(lease), ["active|t"]);
    for place in [OTHER, HOLDER] {
        let story = room.story();
        assert_eq!(room.push(place, callback, &story), 202);
        room.wait_for_alerts();
        // A poll finds nothing that is news, and the hub may send it again to whom it likes.
        room.site.publish(&story);
        room.site.await_poll();
        assert_eq!(room.push(OTHER, callback, &story), 202);
    }
    // The worker that polls knows by now that the feed is pushed.
    let interval = "SELECT next_poll_ms - last_poll_ms FROM schedule";
    let slow = (INTERVAL * 4).as_millis().to_string();
    wait_for("the longer interval", || {
        (room.rows(interval) == [&*slow]).then_some(())
    });
    assert_eq!(room.hub.requests().len(), 1, "nobody asked it again");
    room.close();
}

#[test]
fn what_arrives_twice_and_by_a_poll_at_one_moment_is_told_once() {
    if !can_run("what_arrives_twice_and_by_a_poll_at_one_moment_is_told_once") {
        return;
    }
    let mut room = Newsroom::open("hubs_once");
    let form = room.ask_hub(1);
    assert_eq!(room.verify(OTHER, &form), 200);
    for _ in 0..8 {
        let story = room.story();
        let body = room.site.document(&story);
        let signature = room.hub.sign("sha256", body.as_bytes());
        room.site.hold();
        room.site.publish(&story);
        let [a, b] = [HOLDER, OTHER].map(|place| {
            let delivery =
                room.deliver(place, &form["hub.callback"], &body, Some(signature.clone()));
            crate::runtime().spawn(delivery)
        });
        room.site.answer();
        let taken = crate::runtime().block_on(async { (a.await.unwrap(), b.await.unwrap()) });
        assert_eq!(taken, (202, 202));
    }
    room.wait_for_alerts();
    room.site.await_poll();
    assert_eq!(room.site.last(), Some(1));
    let entries = room.rows("SELECT count(*) FROM entry");
    assert_eq!(entries, ["8"]);
    assert_eq!(room.receiver.repeats(), 0);
    room.close();
}

#[test]
fn content_that_its_hub_has_not_signed_is_told_by_no_worker() {
    if !can_run("content_that_its_hub_has_not_signed_is_told_by_no_worker") {
        return;
    }
    let mut room = Newsroom::open("hubs_forged");
    let form = room.ask_hub(1);
    assert_eq!(room.verify(OTHER, &form), 200);
    let callback = &form["hub.callback"];
    for place in [HOLDER, OTHER] {
        for forged in [None, Some(room.hub.sign("sha256", b"something else"))] {
            let story = room.forgery();
            let body = room.site.document(&story);
            let delivery = room.deliver(place, callback, &body, forged);
            assert_eq!(crate::runtime().block_on(delivery), 202);
        }
        // What comes later goes the same way.
        let story = room.story();
        assert_eq!(room.push(place, callback, &story), 202);
        room.wait_for_alerts();
    }
    assert_eq!(room.rows("SELECT count(*) FROM entry"), ["2"]);
    room.close();
}

#[test]
fn who_is_left_takes_what_is_pushed_and_renews_what_the_dead_had_asked_for() {
    if !can_run("who_is_left_takes_what_is_pushed_and_renews_what_the_dead_had_asked_for") {
        return;
    }
    let mut room = Newsroom::open("hubs_killed");
    let form = room.ask_hub(1);
    assert_eq!(room.verify(HOLDER, &form), 200);
    let callback = &form["hub.callback"];
    room.workers[HOLDER].kill();
    // As if most of what the hub has granted had passed.
    room.rows("UPDATE subscription SET next_action_ms = 1000");
    let story = room.story();
    assert_eq!(room.push(OTHER, callback, &story), 202);
    room.wait_for_alerts();

    let again = wait_for("the renewal", || {
        let forms = room.hub.requests();
        (forms.len() > 1).then(|| room.hub.last())
    });
    assert_eq!(room.asker(), Some(2));
    assert_eq!(again, form, "it is the same in all");
    let requests = "SELECT state, attempts, next_action_ms > 1000 FROM subscription";
    assert_eq!(room.rows(requests), ["active|1|t"]);
    assert_eq!(room.verify(OTHER, &again), 200);
    assert_eq!(room.rows(requests), ["active|0|t"]);

    // One that comes back takes up what it had asked for, and leaves the feed to the other.
    room.workers[HOLDER].start();
    let story = room.story();
    assert_eq!(room.push(HOLDER, callback, &story), 202);
    room.wait_for_alerts();
    assert_eq!(room.hub.requests().len(), 2, "nobody asked it again");
    room.close();
}

#[test]
fn workers_answer_alike_about_what_is_unknown_denied_or_ended() {
    if !can_run("workers_answer_alike_about_what_is_unknown_denied_or_ended") {
        return;
    }
    let mut room = Newsroom::open("hubs_ended");
    let denied = room.ask_hub(1);
    let nobodys = |mode: &str, topic: usize| -> HashMap<String, String> {
        let named = [
            ("hub.mode", mode.to_owned()),
            ("hub.topic", room.site.topic(topic)),
            ("hub.callback", NOBODYS.to_owned()),
        ];
        named.map(|(k, v)| (k.to_owned(), v)).into()
    };
    let (unknown, another) = (nobodys("subscribe", 1), nobodys("subscribe", 9));
    for place in [HOLDER, OTHER] {
        assert_eq!(room.verify(place, &unknown), 404, "a callback of nobody's");
        let other_topic = with(&denied, "hub.topic", &another["hub.topic"]);
        assert_eq!(room.verify(place, &other_topic), 404, "another topic");
        let unasked = with(&denied, "hub.mode", "unsubscribe");
        assert_eq!(room.verify(place, &unasked), 404, "it is wanted");
        let story = room.forgery();
        assert_eq!(room.push(place, NOBODYS, &story), 410);
        assert_eq!(
            room.push(place, "https://reader.example/websub/x", &story),
            404
        );
    }

    let no = [
        ("hub.mode", "denied"),
        ("hub.topic", &*denied["hub.topic"]),
        ("hub.reason", "no"),
    ];
    assert_eq!(room.get(OTHER, &denied["hub.callback"], &no), 200);
    room.wait_for_state("denied");
    room.is_over(&denied);

    // What is wanted under another name is asked for anew, and what was is left.
    let left = room.ask_hub(2);
    assert_ne!(left["hub.callback"], denied["hub.callback"]);
    assert_eq!(room.verify(HOLDER, &left), 200);
    room.wait_for_state("active");
    let kept = room.ask_hub(3);
    let leave = room.wait_for_form("unsubscribe", 2);
    assert_eq!(leave["hub.callback"], left["hub.callback"]);
    assert_eq!(room.verify(OTHER, &leave), 200);
    room.is_over(&left);
    for place in [HOLDER, OTHER] {
        assert_eq!(room.verify(place, &leave), 404, "it has been left");
    }

    assert_eq!(room.verify(OTHER, &kept), 200);
    let story = room.story();
    assert_eq!(room.push(OTHER, &kept["hub.callback"], &story), 202);
    room.wait_for_alerts();
    room.close();
}

/// A form with another value.
fn with(form: &HashMap<String, String>, name: &str, value: &str) -> HashMap<String, String> {
    let mut form = form.clone();
    form.insert(name.to_owned(), value.to_owned());
    form
}

impl Newsroom {
    /// Each worker turns away what comes for this subscription; the one that was not told of its end as soon as it
    /// has heard.
    fn is_over(&mut self, form: &HashMap<String, String>) {
        let again = with(form, "hub.mode", "subscribe");
        for place in [HOLDER, OTHER] {
            assert_eq!(self.verify(place, &again), 404);
            // Nothing that is signed as if for it is told.
            let story = self.forgery();
            let body = self.site.document(&story);
            wait_for("410", || {
                let delivery = self.deliver(place, &form["hub.callback"], &body, None);
                (crate::runtime().block_on(delivery) == 410).then_some(())
            });
        }
    }
}

#[test]
fn content_may_come_to_a_worker_at_once_after_another_has_asked() {
    if !can_run("content_may_come_to_a_worker_at_once_after_another_has_asked") {
        return;
    }
    let mut room = Newsroom::open("hubs_quick");
    for topic in 1..=6 {
        let form = room.ask_hub(topic);
        let story = room.story();
        // Nobody has verified anything yet, so that nothing but calls can have told the other of it.
        assert_eq!(room.push(OTHER, &form["hub.callback"], &story), 202);
    }
    room.wait_for_alerts();
    room.close();
}
