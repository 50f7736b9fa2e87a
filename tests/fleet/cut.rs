//! Some workers lose their way to the database, and find it again.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::account::Visit;
use crate::can_run;
use crate::crew::{Fleet, Shape};
use crate::postgres::Database;
use crate::proxy::Line;

#[test]
fn who_is_cut_off_is_stood_in_for_and_comes_back() {
    if !can_run("who_is_cut_off_is_stood_in_for_and_comes_back") {
        return;
    }
    let database = Database::on_the_tests_server("cut");
    let mut fleet = Fleet::new("cut", Shape::small(), database);
    let began = Instant::now();
    fleet.press.publish(2.0);
    fleet.start();
    fleet.wait_for_all_to_ask(&[1, 2, 3], began);
    // What is sent on the one line arrives later, on the other never.
    fleet.cut(1, Line::Stalled);
    fleet.cut(2, Line::Dead);
    let cut = Instant::now();
    let patience = fleet.patience();
    fleet.wait("w1 to ask for every feed", patience, |fleet| {
        let last = fleet.press.last();
        let by_first = |visit: &Visit| visit.worker == 1 && visit.came > cut;
        last.iter()
            .all(|last| last.as_ref().is_some_and(by_first))
            .then_some(())
    });
    // For longer than it takes to be stood in for, so that the others could have come back by mistake.
    fleet.pass(fleet.shape.lease);
    let healed = Instant::now();
    fleet.heal(1);
    fleet.heal(2);
    fleet.wait_for_all_to_ask(&[1, 2, 3], healed);
    let mut taken: BTreeMap<usize, Instant> = BTreeMap::new();
    for visit in fleet.press.visits() {
        if visit.came < cut || visit.came >= healed {
            continue;
        }
        let host = fleet.press.host(visit.feed);
        if visit.worker == 1 {
            taken.entry(host).or_insert(visit.came);
        } else if let Some(at) = taken.get(&host) {
            fleet.journal.wrong(format!(
                "lease: w{}, which is cut off, asks for f{} {:.3?} after w1 has begun with its host, {:.3?} after the cut",
                visit.worker,
                visit.feed,
                visit.came - *at,
                visit.came - cut
            ));
        }
    }
    fleet.finish();
}
