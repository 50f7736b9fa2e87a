//! Starting, stopping, reloading, and one instance per database.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::server::Reply;
use crate::support::{Home, Hook, Item, Running, Site, TOPICS, feed, raw_server, rss, wait_for};

#[test]
fn sigterm_lets_what_is_under_way_end_and_exits_with_success() {
    let hook = Hook::start();
    let document = rss(&[Item::new("1", "Putin")]);
    // A server that takes its time: the poll is under way when the signal comes.
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let server = raw_server(move |_| {
        let _ = tell.lock().unwrap().send(());
        std::thread::sleep(Duration::from_millis(300));
        crate::server::ok("", document.as_bytes())
    });
    let home = Home::watching(&[("slow", server.url("/"))], &hook);
    let daemon = home.start();
    told.recv().unwrap();
    assert!(daemon.stop().success());
    assert_eq!(
        home.json(&["mentions", "--json"]).len(),
        1,
        "the poll under way was recorded"
    );
}

#[test]
fn a_stop_that_comes_while_the_daemon_is_still_starting_is_obeyed() {
    let hook = Hook::start();
    let home = Home::watching(&[], &hook);
    for _ in 0..5 {
        let daemon = home.start();
        daemon.wait_for_log("starting");
        assert!(daemon.stop().success());
    }
}

#[test]
fn a_poll_that_never_ends_does_not_hold_the_stop_for_longer_than_the_limit() {
    let hook = Hook::start();
    let server = raw_server(|_| Reply::Hang(Vec::new()));
    let home = Home::new();
    home.configure(&[("dead", server.url("/"))], &hook, "");
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&text.replace("\"5s\"", "\"200ms\""));
    let daemon = home.start();
    wait_for("the request", || {
        (!server.requests().is_empty()).then_some(())
    });
    let began = std::time::Instant::now();
    assert!(daemon.stop().success());
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn there_is_one_instance_per_database() {
    let hook = Hook::start();
    let home = Home::watching(&[], &hook);
    let daemon = home.start();
    daemon.wait_for_log("ready");
    let second = home.run(&["run"]);
    assert_eq!(second.status.code(), Some(1));
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(error.contains("another mentiond (process "), "{error}");
    assert!(error.contains("m.db"), "{error}");
    assert_eq!(home.run(&["poll"]).status.code(), Some(1));
    assert!(
        home.run(&["feeds"]).status.success(),
        "reading is always possible"
    );
    assert!(daemon.stop().success());
    assert!(home.run(&["poll"]).status.success());
}

#[test]
fn sighup_takes_over_a_good_configuration_and_refuses_a_bad_one() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/a", rss(&[Item::new("a", "Putin in a")]));
    site.publish("/b", rss(&[Item::new("b", "Putin in b")]));
    let home = Home::watching(&[("a", site.url("/a"))], &hook);
    let daemon = home.start();
    hook.wait(1);

    let good = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&good.replace("[schedule]", "[scheduel]"));
    daemon.signal("HUP");
    let complaint = daemon.wait_for_log("scheduel");
    assert!(complaint.contains("did you mean"), "{complaint}");
    daemon.wait_for_log("the old one stays in force");
    let polled = site.requests("/a");
    wait_for("the old schedule going on", || {
        (site.requests("/a") > polled).then_some(())
    });

    home.configure(&[("a", site.url("/a")), ("b", site.url("/b"))], &hook, "");
    daemon.signal("HUP");
    let alerts = hook.wait(2);
    assert_eq!(alerts[1].title(), "Putin in b");

    home.configure(&[("b", site.url("/b"))], &hook, "");
    daemon.signal("HUP");
    wait_for("the second reload", || {
        (daemon
            .log()
            .iter()
            .filter(|l| l.contains("configuration reloaded"))
            .count()
            == 2)
            .then_some(())
    });
    let (a, b) = (site.requests("/a"), site.requests("/b"));
    wait_for("b's next polls", || {
        (site.requests("/b") > b + 2).then_some(())
    });
    assert!(site.requests("/a") <= a + 1, "a is not polled any more");
    assert!(daemon.stop().success());
}

#[test]
fn a_reload_with_new_topics_and_sinks_goes_on_delivering() {
    let (site, first, second) = (Site::start(), Hook::start(), Hook::start());
    site.publish("/a", rss(&[Item::new("1", "Putin")]));
    let feeds = [("a", site.url("/a"))];
    let home = Home::watching(&feeds, &first);
    let daemon = home.start();
    first.wait(1);
    home.configure(&feeds, &second, "");
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&(text + "[[topic]]\nid = \"weather\"\nany = [\"storm\"]\n"));
    daemon.signal("HUP");
    daemon.wait_for_log("configuration reloaded");
    site.publish(
        "/a",
        rss(&[Item::new("1", "Putin"), Item::new("2", "A storm")]),
    );
    let alerts = second.wait(1);
    assert_eq!(alerts[0].topic(), "weather");
    assert!(daemon.stop().success());
    assert_eq!(first.all().len(), 1);
}

#[test]
fn systemd_hears_of_ready_reloading_and_stopping_and_its_watchdog_is_fed() {
    let hook = Hook::start();
    let home = Home::watching(&[], &hook);
    let socket = UnixDatagram::bind(home.path("notify")).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut command = home.command(&["run"]);
    command
        .env("NOTIFY_SOCKET", home.path("notify"))
        .env("WATCHDOG_USEC", "10000000");
    let daemon = Running::spawn(command);
    let hear = |wanted: &str| {
        let mut heard = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let n = socket
                .recv(&mut buffer)
                .unwrap_or_else(|_| panic!("no {wanted}: {heard:?}"));
            let message = String::from_utf8_lossy(&buffer[..n]).into_owned();
            if message.contains(wanted) {
                return message;
            }
            heard.push(message);
        }
    };
    hear("READY=1");
    hear("WATCHDOG=1");
    daemon.signal("HUP");
    assert!(hear("RELOADING=1").contains("MONOTONIC_USEC="));
    hear("READY=1");
    daemon.signal("TERM");
    hear("STOPPING=1");
}

#[test]
fn without_a_network_one_line_says_so() {
    let hook = Hook::start();
    let home = Home::new();
    // Three hosts of the loopback network on which nothing listens.
    let feeds: Vec<_> = (2..8)
        .map(|n| (format!("f{n}"), format!("http://127.0.0.{n}:9/feed")))
        .collect();
    let named: Vec<_> = feeds
        .iter()
        .map(|(id, url)| (id.as_str(), url.clone()))
        .collect();
    home.configure(&named, &hook, "");
    let daemon = home.start();
    let line = daemon.wait_for_log("no feed can be reached");
    assert!(line.contains("mentiond demo"), "{line}");
    wait_for("every feed's poll", || {
        let feeds = home.json(&["feeds", "--json"]);
        feeds.iter().all(|f| f["status"] == "connect").then_some(())
    });
    assert!(
        home.json(&["feeds", "--json"])
            .iter()
            .all(|f| f["failures"] == 0)
    );
    let warnings = daemon.log().iter().filter(|l| l.contains("WARN")).count();
    assert_eq!(warnings, 1, "{:#?}", daemon.log());
    assert!(daemon.stop().success());
}

#[test]
fn alerts_of_a_log_sink_go_to_standard_output_and_the_log_does_not() {
    let site = Site::start();
    site.publish("/a", rss(&[Item::new("1", "Putin \u{1b}[31mred")]));
    let home = Home::new();
    home.write_config(&format!(
        "database = \"m.db\"\n[[feed]]\nid = \"a\"\nurl = \"{}\"\nallow_private_addresses = true\n\
         [[sink]]\nid = \"out\"\ntype = \"log\"\nformat = \"json\"\n{TOPICS}",
        site.url("/a")
    ));
    let daemon = home.start();
    let printed = wait_for("the alert", || {
        let printed = daemon.printed();
        (!printed.is_empty()).then_some(printed)
    });
    let alert: serde_json::Value = serde_json::from_str(&printed[0]).unwrap();
    assert_eq!(alert["data"]["topic"]["id"], "putin");
    assert_eq!(printed.len(), 1);
    assert!(
        !printed[0].contains("\\u001b"),
        "no escape sequences: {}",
        printed[0]
    );
    assert!(daemon.stop().success());
}

#[test]
fn a_log_sink_that_nobody_reads_is_paused_and_told_everything_later() {
    let site = Site::start();
    let items: Vec<Item> = (0..30)
        .map(|n| Item::new(&n.to_string(), &format!("Putin {n}")))
        .collect();
    site.publish("/feed", rss(&items));
    let home = Home::new();
    let wire = feed("wire", &site.url("/feed"), "");
    home.write_config(&format!(
        "database = \"m.db\"\n{wire}[[sink]]\nid = \"log\"\ntype = \"log\"\n{TOPICS}"
    ));
    let daemon = Running::unheard(home.command(&["run"]));
    daemon.wait_for_log("sink paused until");
    let told = daemon
        .log()
        .iter()
        .filter(|line| line.contains("nobody reads standard output any more"))
        .count();
    assert!((5..=6).contains(&told), "{told}");
    assert!(daemon.stop().success());
    home.ok(&["alerts", "resume", "log"]);
    let daemon = home.start();
    wait_for("thirty alerts", || {
        (daemon
            .printed()
            .iter()
            .filter(|line| line.contains("Putin "))
            .count()
            >= 30)
            .then_some(())
    });
}

#[test]
fn a_reload_warns_of_what_takes_a_restart_as_long_as_it_differs_from_what_is_in_use() {
    let hook = Hook::start();
    let home = Home::watching(&[], &hook);
    let text = std::fs::read_to_string(home.config()).unwrap();
    let daemon = home.start();
    daemon.wait_for_log("ready");
    let reload = |database: &str, times| {
        home.write_config(&text.replace("\"m.db\"", database));
        daemon.signal("HUP");
        wait_for("the reload", || {
            let done = |line: &&String| line.contains("configuration reloaded");
            (daemon.log().iter().filter(done).count() == times).then_some(())
        });
        let warned = |line: &&String| line.contains("that takes a restart");
        daemon.log().iter().filter(warned).count()
    };
    assert_eq!(reload("\"other.db\"", 1), 1);
    assert_eq!(reload("\"other.db\"", 2), 2, "it still is not in use");
    assert_eq!(reload("\"m.db\"", 3), 2, "this is the one in use");
}
