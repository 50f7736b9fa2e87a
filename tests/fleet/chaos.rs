//! Workers are killed, and their database crashes, at moments of chance.

use std::time::Duration;

use crate::crew::{Fleet, Shape};
use crate::postgres::Database;
use crate::{can_run, setting};

/// What happens in a round.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// Somebody is killed and soon started again.
    Kill,
    /// The database crashes and soon comes back.
    Crash,
    /// Somebody is killed and stays away until others have what it held.
    LongKill,
    /// Two are killed.
    KillTwo,
    /// The database stays away for longer than a lease.
    LongCrash,
    /// Somebody is killed while the database is away.
    KillInCrash,
    /// Everybody is killed while the database is away.
    End,
}

/// A part of this, or of an interval, is what passes between two troubles.
const LONGEST_CALM: Duration = Duration::from_secs(10);

/// Every kind comes once before any comes again; those that a short run must not lack come first.
const TROUBLES: [Trouble; 7] = [
    Trouble::Kill,
    Trouble::Crash,
    Trouble::LongKill,
    Trouble::KillInCrash,
    Trouble::KillTwo,
    Trouble::LongCrash,
    Trouble::End,
];

#[test]
fn kills_and_crashes_of_the_database_lose_nothing_and_keep_all_bounds() {
    if !can_run("kills_and_crashes_of_the_database_lose_nothing_and_keep_all_bounds") {
        return;
    }
    let feeds: usize = setting("FLEET_FEEDS").unwrap_or(80);
    let rounds: usize = setting("FLEET_ROUNDS").unwrap_or(4);
    let seconds = setting("FLEET_INTERVAL").unwrap_or((feeds as f64 / 150.0).max(4.0));
    let shape = Shape {
        workers: setting("FLEET_WORKERS").unwrap_or(3),
        feeds,
        big: 8,
        per_host: 5,
        interval: Duration::from_secs_f64(seconds),
        lease: Duration::from_secs(5),
    };
    let mut fleet = Fleet::new("chaos", shape, Database::on_its_own_server());
    fleet.receiver.be_moody(true);
    fleet.press.publish(4.0);
    let began = std::time::Instant::now();
    fleet.start();
    // The first polls are spread over an interval.
    fleet.wait_for_all_to_ask(&[], began);
    let troubles = troubles();
    for round in 0..rounds {
        // Now and then trouble meets who has only just begun.
        if fleet.rng.bool() {
            fleet.wait_until_ready();
        }
        let part = 0.1 + 0.3 * fleet.rng.f64();
        fleet.pass(fleet.shape.interval.min(LONGEST_CALM).mul_f64(part));
        let trouble = troubles[round % troubles.len()];
        fleet
            .journal
            .note(format!("round {}: {trouble:?}", round + 1));
        make(trouble, &mut fleet);
    }
    fleet.finish();
}

/// Those that `FLEET_TROUBLES` names, or all.
fn troubles() -> Vec<Trouble> {
    let named = std::env::var("FLEET_TROUBLES").unwrap_or_default();
    let mut troubles = TROUBLES.to_vec();
    if !named.is_empty() {
        troubles.retain(|trouble| named.split(',').any(|name| name == format!("{trouble:?}")));
        assert!(!troubles.is_empty(), "no troubles: {named}");
    }
    troubles
}

fn make(trouble: Trouble, fleet: &mut Fleet) {
    let lease = fleet.shape.lease;
    let soon = Duration::from_millis(fleet.rng.u64(20..1500));
    let late = lease + soon;
    let mut places: Vec<usize> = (0..fleet.workers.len()).collect();
    fleet.rng.shuffle(&mut places);
    let two = places.len().min(2);
    match trouble {
        Trouble::Kill => kill_for(&places[..1], soon, fleet),
        Trouble::LongKill => kill_for(&places[..1], late, fleet),
        Trouble::KillTwo => kill_for(&places[..two], soon, fleet),
        Trouble::Crash => crash(fleet, |fleet| fleet.pass(soon)),
        Trouble::LongCrash => crash(fleet, |fleet| fleet.pass(late)),
        Trouble::KillInCrash => crash(fleet, |fleet| kill_for(&places[..1], soon, fleet)),
        Trouble::End => crash(fleet, |fleet| kill_for(&places, soon, fleet)),
    }
}

fn kill_for(places: &[usize], time: Duration, fleet: &mut Fleet) {
    for &place in places {
        fleet.kill(place);
    }
    fleet.pass(time);
    for &place in places {
        fleet.start_worker(place);
    }
}

fn crash(fleet: &mut Fleet, meanwhile: impl FnOnce(&mut Fleet)) {
    fleet.journal.note("the database crashes");
    fleet.database.crash();
    meanwhile(fleet);
    fleet.database.come_back();
    fleet.journal.note("the database is back");
}
