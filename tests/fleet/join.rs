//! Workers come and go.

use std::time::{Duration, Instant};

use crate::can_run;
use crate::crew::{Fleet, Shape};
use crate::postgres::Database;

/// What a feed may wait beyond its interval while it is handed over, whatever else the machine does. It is far
/// below the lease.
const HAND_OVER: Duration = Duration::from_secs(6);

#[test]
fn who_comes_gets_a_share_and_who_goes_hands_over_at_once() {
    if !can_run("who_comes_gets_a_share_and_who_goes_hands_over_at_once") {
        return;
    }
    let shape = Shape {
        lease: Duration::from_secs(20),
        ..Shape::small()
    };
    let longest = shape.interval.mul_f64(1.1) + HAND_OVER;
    assert!(longest < shape.lease);
    let database = Database::on_the_tests_server("join");
    let mut fleet = Fleet::new("join", shape, database);
    let began = Instant::now();
    fleet.press.publish(2.0);
    fleet.start_worker(0);
    fleet.wait_for_all_to_ask(&[1], began);
    let joined = Instant::now();
    fleet.start_worker(1);
    fleet.start_worker(2);
    fleet.wait_for_all_to_ask(&[1, 2, 3], joined);
    fleet.stop(1);
    fleet.wait_for_all_to_ask(&[1, 3], Instant::now());
    fleet.stop(0);
    let alone = Instant::now();
    fleet.wait_for_all_to_ask(&[3], alone);
    for worker in [1, 2] {
        let late = fleet.press.visits().into_iter();
        let late = late.filter(|visit| visit.worker == worker && visit.came > alone);
        if late.count() > 0 {
            fleet.journal.wrong(format!("end: w{worker} asks after it"));
        }
    }
    // Nobody had to wait for a lease to end.
    let visits = fleet.press.visits();
    let mut last = vec![None; fleet.press.feeds()];
    for visit in &visits {
        if let Some(before) = last[visit.feed].replace(*visit) {
            let gap = visit.came - before.came;
            if gap > longest {
                fleet.journal.wrong(format!(
                    "hand-over: f{} waited {gap:.3?} after w{} until w{} asked for it",
                    visit.feed, before.worker, visit.worker
                ));
            }
        }
    }
    let repeats = fleet.receiver.repeats();
    if repeats > 0 {
        fleet.journal.wrong(format!(
            "repeats: {repeats} alerts came again though nothing had failed"
        ));
    }
    fleet.finish();
}
