//! A day in the life of the daemon, as publishers see it.
//!
//! The real binary polls servers that write down every request, through restarts, reloads, a crash
//! and every kind of answer, for 24 hours on a shortened scale; then the log of requests is held
//! against the rules, whatever the daemon says of itself. `MENTIOND_DAY` is how many seconds the
//! day lasts; each hint in whole seconds is scaled with it.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code, reason = "shared with the tests of the daemon")]
#[path = "../fetch/server.rs"]
mod server;
#[allow(dead_code, reason = "shared with the tests of the daemon")]
#[path = "../daemon/support.rs"]
mod support;

mod log;
mod rules;
mod sites;

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use log::Scale;
use sites::Town;
use support::{Home, Hook, Running};

/// Settings of the daemon under test, in hours of the day.
const FLOOR_H: f64 = 0.25;
const MAX_H: f64 = 24.0;
const PER_HOST: usize = 2;

#[test]
fn a_day_of_polling_breaks_no_rule() {
    let seconds = std::env::var("MENTIOND_DAY").ok();
    let seconds: f64 = seconds.map_or(48.0, |text| text.parse().unwrap());
    let scale = Scale::new(Duration::from_secs_f64(seconds / 24.0));
    let town = Town::build(scale);
    let hook = Hook::start();
    let home = Home::new();
    configure(&home, &town, &hook, scale, "");

    let mut daemon = start(&home);
    town.live_until(6.0);
    let status = daemon.stop();
    assert!(status.success(), "{status}");
    town.mark("restart");
    daemon = start(&home);
    town.live_until(9.0);
    configure(&home, &town, &hook, scale, "# edited\n");
    daemon.signal("HUP");
    town.mark("reload");
    town.live_until(12.0);
    daemon.kill();
    town.mark("crash");
    daemon = start(&home);
    town.live_until(15.0);
    assert!(daemon.stop().success());
    // By hand, twice in a row.
    town.mark("by hand");
    for _ in 0..2 {
        let output = command(&home, "poll").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    town.mark("by hand");
    daemon = start(&home);
    town.live_until(24.0);
    town.close();
    assert!(daemon.stop().success());

    let log = town.log();
    println!("{}", log.summary(scale));
    let found = rules::violations(&log, &town, scale);
    let mut report = String::new();
    for violation in &found {
        writeln!(report, "- {violation}").unwrap();
    }
    assert!(found.is_empty(), "{} violations:\n{report}", found.len());
    let told = hook.accepted();
    for title in Town::published() {
        let times = told.iter().filter(|d| d.title() == title).count();
        assert_eq!(times, 1, "{title} was told {times} times");
    }
}

/// The daemon with the pauses and bounds of its configuration, which most tests lift.
fn command(home: &Home, name: &str) -> Command {
    let mut command = home.command(&[name]);
    for name in ["HOST_PAUSE", "PER_DOMAIN"] {
        command.env_remove(format!("MENTIOND_FETCH_{name}"));
    }
    command
}

fn start(home: &Home) -> Running {
    Running::spawn(command(home, "run"))
}

fn configure(home: &Home, town: &Town, hook: &Hook, scale: Scale, more: &str) {
    let ms = |hours: f64| format!("{}ms", scale.of(hours).as_millis().max(1));
    let mut text = format!(
        "{more}database = \"m.db\"\nshutdown_timeout = \"5s\"\n\
         [schedule]\nmin_interval = \"{}\"\nmax_interval = \"{}\"\n\
         [fetch]\ncontact = \"https://example.org/bot\"\nper_host = {PER_HOST}\nper_domain = 64\n\
         host_pause = \"{}ms\"\n\
         [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\n\
         secret = {{ file = \"secret\" }}\nretry_initial = \"100ms\"\nretry_max = \"500ms\"\n\
         [[topic]]\nid = \"sco\"\nany = [\"SCO\"]\n",
        ms(FLOOR_H),
        ms(MAX_H),
        log::HOST_PAUSE.as_millis(),
        hook.url(),
    );
    for feed in town.feeds() {
        writeln!(
            text,
            "[[feed]]\nid = \"{}\"\nurl = \"{}\"\nallow_private_addresses = true",
            feed.id, feed.url
        )
        .unwrap();
        if let Some(hours) = feed.interval_h {
            writeln!(text, "interval = \"{}\"", ms(hours)).unwrap();
        }
    }
    home.write_config(&text);
}
