//! A worker is stopped in the middle of its work, and goes on when others have it.

use std::time::Instant;

use rustix::process::Signal;

use crate::can_run;
use crate::crew::{Fleet, Shape};
use crate::postgres::Database;

#[test]
fn who_sleeps_through_its_lease_records_nothing_that_others_have() {
    if !can_run("who_sleeps_through_its_lease_records_nothing_that_others_have") {
        return;
    }
    let database = Database::on_the_tests_server("pause");
    let mut fleet = Fleet::new("pause", Shape::small(), database);
    let began = Instant::now();
    fleet.press.publish(2.0);
    fleet.start();
    fleet.wait_for_all_to_ask(&[1, 2, 3], began);
    let patience = fleet.patience();
    // It gets these answers when it goes on.
    let asked = fleet.wait("requests of w2", patience, |fleet| {
        let asked = fleet.press.under_way(2);
        (asked.len() > 1).then_some(asked)
    });
    let stopped = Instant::now();
    fleet.journal.note("w2 is stopped in its work");
    fleet.workers[1].signal(Signal::STOP);
    for visit in &asked {
        fleet.press.publish_in(visit.feed);
    }
    fleet.wait(
        "others to ask for what w2 has asked for",
        patience,
        |fleet| {
            let last = fleet.press.last();
            let by_others = |feed: usize| {
                last[feed].is_some_and(|visit| visit.worker != 2 && visit.came > stopped)
            };
            let mut mine = asked.iter().map(|visit| visit.feed);
            mine.all(by_others).then_some(())
        },
    );
    // A version that the answers which wait for w2 do not have.
    for visit in &asked {
        fleet.press.publish_in(visit.feed);
    }
    fleet.wait(
        "others to have recorded newer versions",
        patience,
        |fleet| {
            let unrecorded = fleet.press.unrecorded();
            let mut mine = asked.iter().map(|visit| visit.feed);
            (!mine.any(|feed| unrecorded.contains(&feed))).then_some(())
        },
    );
    let gone_on = Instant::now();
    fleet.journal.note("w2 goes on");
    fleet.workers[1].signal(Signal::CONT);
    // Once each feed was asked twice more, what was recorded last is seen.
    fleet.wait_for_all_to_ask(&[1, 2, 3], gone_on);
    fleet.wait_for_all_to_ask(&[], Instant::now());
    fleet.finish();
}
