//! Receivers that fail in every way.

use crate::server::{Reply, bare};
use crate::support::{Home, Hook, Item, SECRET, Site, TOPICS, raw_server, rss, wait_for};

fn one_story() -> (Site, Vec<(&'static str, String)>) {
    let site = Site::start();
    site.publish("/feed", rss(&[Item::new("1", "Putin arrives")]));
    let feeds = vec![("wire", site.url("/feed"))];
    (site, feeds)
}

#[test]
fn a_failing_receiver_is_tried_again_with_the_same_id_until_it_takes_the_alert() {
    let (_site, feeds) = one_story();
    let hook = Hook::deciding(|n| (if n < 3 { 500 } else { 200 }, vec![]));
    let home = Home::watching(&feeds, &hook);
    let daemon = home.start();
    hook.wait(1);
    assert!(daemon.stop().success());
    let all = hook.all();
    assert_eq!(
        all.iter().map(|d| d.status).collect::<Vec<_>>(),
        [500, 500, 500, 200]
    );
    assert!(all.iter().all(|d| d.id == all[0].id));
    assert_eq!(home.json(&["alerts", "list", "--json"])[0]["attempts"], 4);
}

#[test]
fn a_receiver_that_says_410_stops_its_sink_loudly_and_loses_nothing() {
    let (site, feeds) = one_story();
    let hook = Hook::deciding(|n| (if n == 0 { 410 } else { 200 }, vec![]));
    let home = Home::watching(&feeds, &hook);
    let daemon = home.start();
    let line = daemon.wait_for_log("sink stopped");
    assert!(
        line.contains("ERROR") && line.contains("mentiond alerts resume hook"),
        "{line}"
    );
    site.publish(
        "/feed",
        rss(&[
            Item::new("1", "Putin arrives"),
            Item::new("2", "Putin leaves"),
        ]),
    );
    wait_for("the second alert", || {
        (home
            .json(&["alerts", "list", "--state", "waiting", "--json"])
            .len()
            == 2)
            .then_some(())
    });
    assert!(home.ok(&["alerts"]).contains("sink hook is stopped"));
    assert_eq!(hook.all().len(), 1, "nothing is sent to a stopped sink");
    assert!(daemon.stop().success());

    home.ok(&["alerts", "resume", "hook"]);
    home.ok(&["poll"]);
    assert_eq!(hook.accepted().len(), 2);
}

#[test]
fn retry_after_is_respected() {
    let (_site, feeds) = one_story();
    let hook = Hook::deciding(|_| (503, vec![("retry-after", "3600".to_owned())]));
    let home = Home::watching(&feeds, &hook);
    home.ok(&["poll"]);
    let alert = &home.json(&["alerts", "list", "--json"])[0];
    let next = alert["next_attempt"].as_str().unwrap();
    let next: jiff::Timestamp = next.parse().unwrap();
    assert!(
        next > jiff::Timestamp::now() + jiff::Span::new().minutes(55),
        "{next}"
    );
}

#[test]
fn a_retry_after_date_is_read_by_the_receivers_own_clock() {
    let (_site, feeds) = one_story();
    // Its clock is thirty years behind, and it asks for two hours.
    let receiver = raw_server(|_| {
        bare(
            "500 Internal Server Error",
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 10:49:37 GMT\r\n",
        )
    });
    let home = with_receiver(&feeds, &receiver.url("/"));
    home.ok(&["poll"]);
    let alert = &home.json(&["alerts", "list", "--sink", "bad", "--json"])[0];
    let next: jiff::Timestamp = alert["next_attempt"].as_str().unwrap().parse().unwrap();
    let wait = next.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((7000..=7200).contains(&wait), "{wait}");
}

#[test]
fn given_up_deliveries_are_kept_and_can_be_sent_again() {
    let (_site, feeds) = one_story();
    let hook = Hook::deciding(|n| (if n < 2 { 500 } else { 200 }, vec![]));
    let home = Home::watching(&feeds, &hook);
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&text.replace("timeout = \"2s\"", "timeout = \"2s\"\nmax_attempts = 2"));
    let daemon = home.start();
    let line = daemon.wait_for_log("kept as a dead letter");
    assert!(line.contains("500"), "{line}");
    let dead = home.json(&["alerts", "list", "--state", "dead", "--json"]);
    assert_eq!(dead.len(), 1);
    assert!(
        home.ok(&["alerts", "retry", "--all"])
            .contains("1 dead letter")
    );
    assert!(daemon.stop().success());
    home.ok(&["poll"]);
    let accepted = hook.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].id, dead[0]["id"]);
}

/// A home whose one sink leads to `url`; the sink `log` prints what it gets.
fn with_receiver(feeds: &[(&str, String)], url: &str) -> Home {
    let home = Home::new();
    home.write_config(&format!(
        "database = \"m.db\"\n[schedule]\ninterval = \"200ms\"\nmin_interval = \"200ms\"\n\
         [[feed]]\nid = \"{}\"\nurl = \"{}\"\nallow_private_addresses = true\n\
         [[sink]]\nid = \"bad\"\ntype = \"webhook\"\nurl = \"{url}\"\nsecret = {{ file = \"secret\" }}\n\
         retry_initial = \"100ms\"\ntimeout = \"300ms\"\npause_after = 1000\n\
         [[sink]]\nid = \"out\"\ntype = \"log\"\nformat = \"json\"\n{TOPICS}",
        feeds[0].0, feeds[0].1
    ));
    home
}

/// The receiver fails again and again, the other sink gets its alert, and the error says why.
fn stays_waiting(reply: impl Fn(&str) -> Reply + Send + Sync + 'static, why: &str) {
    let (_site, feeds) = one_story();
    let receiver = raw_server(reply);
    let home = with_receiver(&feeds, &receiver.url("/private/path?token=hush"));
    let daemon = home.start();
    wait_for("the other sink's alert", || {
        (!daemon.printed().is_empty()).then_some(())
    });
    wait_for("a second attempt", || {
        (receiver.requests().len() >= 2).then_some(())
    });
    let error = wait_for("a recorded failure", || {
        let waiting = home.json(&["alerts", "list", "--sink", "bad", "--json"]);
        assert_eq!(waiting[0]["state"], "waiting");
        waiting[0]["error"].as_str().map(str::to_owned)
    });
    assert!(error.contains(why), "{error}");
    assert!(daemon.stop().success());
    let told = error + &daemon_log(&home);
    assert!(!told.contains("hush") && !told.contains(SECRET), "{told}");
}

/// What a fresh start logs.
fn daemon_log(home: &Home) -> String {
    let daemon = home.start();
    daemon.wait_for_log("delivery failed");
    daemon.log().join("\n")
}

#[test]
fn a_receiver_that_never_answers_is_given_up_after_the_time_limit() {
    stays_waiting(|_| Reply::Hang(Vec::new()), "no answer within 300ms");
}

#[test]
fn a_receiver_that_closes_in_the_middle_of_its_answer_did_not_get_it() {
    stays_waiting(|_| Reply::Bytes(b"HTTP/1.1 20".to_vec()), "broke off");
}

#[test]
fn a_receiver_that_redirects_is_not_followed() {
    stays_waiting(
        |_| bare("302 Found", "Location: http://127.0.0.1:9/elsewhere\r\n"),
        "webhooks are not redirected",
    );
}

#[test]
fn a_receiver_that_is_not_there_disturbs_nobody() {
    let (_site, feeds) = one_story();
    let home = with_receiver(&feeds, "http://127.0.0.1:9/private?token=hush");
    let daemon = home.start();
    wait_for("the other sink's alert", || {
        (!daemon.printed().is_empty()).then_some(())
    });
    let line = daemon.wait_for_log("delivery failed");
    assert!(
        line.contains("can't connect") && !line.contains("hush"),
        "{line}"
    );
    assert!(daemon.stop().success());
}

/// A home told to `hook`, whose sink has further keys.
fn with_keys(feeds: &[(&str, String)], hook: &Hook, keys: &str) -> Home {
    let home = Home::watching(feeds, hook);
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&text.replace("timeout = \"2s\"", &format!("timeout = \"2s\"\n{keys}")));
    home
}

fn stories(count: usize) -> (Site, Vec<(&'static str, String)>) {
    let site = Site::start();
    let item = |n| Item::new(&format!("{n}"), &format!("Putin {n}"));
    let items: Vec<Item> = (0..count).map(item).collect();
    site.publish("/feed", rss(&items));
    let feeds = vec![("wire", site.url("/feed"))];
    (site, feeds)
}

#[test]
fn in_order_nothing_overtakes_a_delivery_that_is_tried_again() {
    let (_site, feeds) = stories(12);
    // Every third request fails, so that most alerts meet a failure.
    let hook = Hook::deciding(|n| (if n % 3 == 0 { 500 } else { 204 }, vec![]));
    let home = with_keys(&feeds, &hook, "ordered = true\nconcurrency = 8");
    let daemon = home.start();
    hook.wait(12);
    assert!(daemon.stop().success());
    let conn = home.database();
    let mut statement = conn
        .prepare("SELECT alert_id FROM delivery ORDER BY id")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    let order: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
    let mut asked: Vec<String> = hook.all().into_iter().map(|d| d.id).collect();
    asked.dedup();
    assert_eq!(asked, order, "repeats come at once, nothing between");
}

#[test]
fn a_receiver_in_trouble_is_left_alone_and_what_waits_for_it_loses_no_attempts() {
    let (_site, feeds) = stories(40);
    let hook = Hook::deciding(|n| (if n < 8 { 503 } else { 204 }, vec![]));
    let home = with_keys(&feeds, &hook, "pause_after = 3\npause_initial = \"400ms\"");
    let daemon = home.start();
    let line = daemon.wait_for_log("sink paused");
    assert!(line.contains("503"), "{line}");
    daemon.wait_for_log("sink goes on");
    hook.wait(40);
    assert!(daemon.stop().success());
    let told = home.ok(&["alerts"]);
    assert!(!told.contains("paused"), "the pause is over: {told}");
    let alerts = home.json(&["alerts", "list", "--json", "--limit", "99"]);
    let attempts: u64 = alerts.iter().map(|a| a["attempts"].as_u64().unwrap()).sum();
    assert_eq!(attempts, hook.all().len() as u64, "only requests count");
    assert_eq!(attempts, 48);
}

#[test]
fn a_round_names_the_sinks_that_do_not_get_what_waits_for_them() {
    let (_site, feeds) = stories(6);
    let hook = Hook::deciding(|_| (503, vec![("retry-after", "3600".to_owned())]));
    let home = with_keys(&feeds, &hook, "concurrency = 1");
    let why = |told: &str, begin: &str| {
        let line = told.lines().find(|line| line.starts_with(begin));
        let line = line.unwrap_or_else(|| panic!("{told}"));
        let end = "; `mentiond sinks` shows all";
        assert!(
            line.contains(": the receiver answered 50") && line.ends_with(end),
            "{line}"
        );
    };
    let paused = "not delivered: hook: paused, next attempt in 1h: ";
    why(&home.ok(&["poll"]), paused);
    let asked = hook.all().len();
    let again = home.ok(&["poll"]);
    assert!(
        again.contains("0 delivered, 0 failed, 6 waiting"),
        "{again}"
    );
    why(&again, paused);
    assert_eq!(hook.all().len(), asked);
    let alerts = home.ok(&["alerts"]);
    let waits = "hook: waiting, 1 attempt, the sink is paused (next attempt in 1h)";
    assert!(alerts.contains(waits), "{alerts}");
    let hook = Hook::deciding(|_| (500, vec![]));
    // Before it is paused, and when it is given up.
    for (keys, begin) in [
        (
            "pause_after = 99",
            "not delivered: hook: 6 waiting, next attempt ",
        ),
        (
            "pause_after = 99\nmax_attempts = 1",
            "not delivered: hook: 6 given up",
        ),
    ] {
        let home = with_keys(&feeds, &hook, keys);
        why(&home.ok(&["poll"]), begin);
    }
}

#[test]
fn a_stop_is_told_once_however_many_requests_are_under_way() {
    let (_site, feeds) = stories(6);
    let hook = Hook::deciding(|_| (410, vec![]));
    let home = with_keys(&feeds, &hook, "concurrency = 4");
    let output = home.run(&["poll"]);
    let (told, log) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(hook.all().len(), 4);
    assert_eq!(log.matches("sink stopped").count(), 1, "{log}");
    let why = "not delivered: hook: stopped: the receiver answered 410 Gone; \
               `mentiond alerts resume hook` lets it go on; `mentiond sinks` shows all\n";
    assert!(told.contains(why), "{told}");
    let alerts = home.ok(&["alerts"]);
    let waits = "hook: waiting, the sink is stopped: the receiver answered 410 Gone |";
    assert_eq!(alerts.matches(waits).count(), 6, "{alerts}");
}

#[test]
fn a_pause_outlives_a_restart_and_can_be_ended_by_hand() {
    let (_site, feeds) = stories(20);
    let hook = Hook::deciding(|n| {
        if n == 0 {
            (429, vec![("retry-after", "3600".to_owned())])
        } else {
            (204, vec![])
        }
    });
    let home = with_keys(&feeds, &hook, "concurrency = 1");
    let daemon = home.start();
    daemon.wait_for_log("sink paused");
    assert!(daemon.stop().success());
    home.ok(&["poll"]);
    assert_eq!(hook.all().len(), 1, "it asked for an hour");
    let told = home.ok(&["alerts"]);
    assert!(told.contains("sink hook is paused"), "{told}");
    home.ok(&["alerts", "resume", "hook"]);
    home.ok(&["poll"]);
    assert_eq!(
        hook.all().len(),
        20,
        "all but the one that was told to wait"
    );
}

#[test]
fn what_a_receiver_says_is_kept_without_the_urls_secrets() {
    let (_site, feeds) = one_story();
    let receiver = raw_server(|head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let said = format!("<p>\r\n\x1b[31mno hook at {path}</p>{}", "x".repeat(9000));
        let length = said.len();
        let head =
            format!("HTTP/1.1 422 No\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        Reply::Bytes((head + &said).into_bytes())
    });
    let home = with_receiver(&feeds, &receiver.url("/services/kR3vXw91LmQz?token=hush"));
    home.ok(&["poll"]);
    let alerts = home.json(&["alerts", "list", "--sink", "bad", "--json"]);
    let kept = alerts[0]["response"].as_str().unwrap();
    assert!(
        kept.starts_with("<p> [31mno hook at [secret]</p>xxx"),
        "{kept}"
    );
    assert_eq!(kept.len(), 1024);
}

#[test]
fn an_answer_without_end_is_read_no_further_than_its_beginning() {
    for status in ["200 OK", "500 No"] {
        let (_site, feeds) = one_story();
        let head = format!("HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        let receiver =
            raw_server(move |_| Reply::Endless(head.clone().into(), chunk.clone().into()));
        let home = with_receiver(&feeds, &receiver.url("/hook"));
        home.ok(&["poll"]);
        let alert = home
            .json(&["alerts", "list", "--sink", "bad", "--json"])
            .remove(0);
        let state = if status.starts_with('2') {
            "delivered"
        } else {
            "waiting"
        };
        assert_eq!(alert["state"], state, "{alert}");
        // What the kernel's buffers hold, and no more.
        assert!(receiver.sent() < 32 << 20, "{}", receiver.sent());
    }
}

#[test]
fn what_is_dropped_is_recorded_and_not_sent() {
    let (_site, feeds) = stories(3);
    let hook = Hook::deciding(|n| (if n < 3 { 500 } else { 204 }, vec![]));
    let home = Home::watching(&feeds, &hook);
    home.ok(&["poll"]);
    let waiting = home.json(&["alerts", "list", "--state", "waiting", "--json"]);
    assert_eq!(waiting.len(), 3);
    let id = waiting[0]["id"].as_str().unwrap();
    let reason = "the newsroom has it";
    let told = home.ok(&["alerts", "drop", "--id", id, "--reason", reason]);
    assert_eq!(told, "1 delivery dropped\n");
    assert!(
        home.ok(&["alerts", "drop", "--all"])
            .contains("2 deliveries")
    );
    assert!(home.ok(&["alerts", "retry", id]).contains("1 dead letter"));
    let daemon = home.start();
    hook.wait(1);
    assert!(daemon.stop().success());
    assert_eq!(hook.accepted().len(), 1, "what was dropped stays dropped");
    assert_eq!(hook.accepted()[0].id, id);
    let dropped = home.json(&["alerts", "list", "--state", "dropped", "--json"]);
    assert_eq!(dropped.len(), 2);
    assert_eq!(dropped[0]["drop_reason"], "dropped by hand");
    assert!(dropped[0]["settled"].is_string());
    assert!(
        !home.run(&["alerts", "drop"]).status.success(),
        "it must be said which"
    );
}

#[test]
fn while_a_secret_is_replaced_receivers_with_either_one_accept_what_comes() {
    const NEXT: &str = "whsec_bmV4dCBuZXh0IG5leHQgbmV4dCBuZXh0IG5leHQ=";
    let (_site, feeds) = stories(2);
    // It still has the old secret, and answers 401 to what that one does not fit.
    let hook = Hook::start();
    let home = with_keys(&feeds, &hook, "previous_secret = { file = \"old\" }");
    std::fs::write(home.path("secret"), NEXT).unwrap();
    std::fs::write(home.path("old"), SECRET).unwrap();
    home.ok(&["poll"]);
    assert_eq!(hook.accepted().len(), 2);
}
