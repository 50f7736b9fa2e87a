//! What feeds say, where people read it: no text steers a terminal or forges a line.

use std::fmt::Write;
use std::process::Stdio;

use crate::server::Reply;
use crate::support::{Home, Hook, Item, Running, Site, TOPICS, raw_server, rss, wait_for};

/// Escapes, line ends, a bell, a C1 introducer, a direction override, and a line to forge.
const NASTY: &str = "Putin \u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\r\n\
    2024-07-04T00:00:00Z ERROR forged\u{85}forged\u{2028}forged";

/// The same with control characters as XML can hold them.
fn by_reference(text: &str) -> String {
    text.chars().fold(String::new(), |mut xml, c| {
        if c.is_ascii_graphic() || c == ' ' {
            xml.push(c);
        } else {
            write!(xml, "&#{};", u32::from(c)).unwrap();
        }
        xml
    })
}

fn assert_harmless(what: &str, text: &str) {
    let steers = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}')
    };
    assert_eq!(text.chars().find(steers), None, "{what}: {text:?}");
    for line in text.lines() {
        let line = line.trim_start();
        assert!(
            !line.starts_with("2024-07-04T00:00:00Z ERROR") && !line.starts_with("forged"),
            "{what}: {text}"
        );
    }
}

/// One feed for each way to say it.
fn feeds() -> Vec<(&'static str, String)> {
    let raw = format!("<![CDATA[{NASTY}]]>");
    let twice = by_reference(NASTY).replace('&', "&amp;");
    let json = serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": NASTY, "language": NASTY,
        "items": [{"id": NASTY, "title": NASTY, "url": format!("https://news.example/json/{NASTY}"),
            "content_text": NASTY, "authors": [{"name": NASTY}], "language": NASTY}],
    });
    let item = |id: &str, title: &str| Item {
        link: format!("https://news.example/{id}/{title}"),
        summary: title.to_owned(),
        ..Item::new(title, title)
    };
    vec![
        (
            "cdata",
            rss(&[item("cdata", &raw)]).replace("Test feed", &raw),
        ),
        ("reference", rss(&[item("reference", &by_reference(NASTY))])),
        ("twice", rss(&[item("twice", &twice)])),
        (
            "bytes",
            rss(&[item("bytes", NASTY)]).replace("Test feed", NASTY),
        ),
        ("json", json.to_string()),
        (
            "page",
            format!("<!DOCTYPE html><html><head><title>{NASTY}</title></head></html>"),
        ),
        ("broken", format!("<rss><channel><item><{NASTY}")),
    ]
}

fn watching(format: &str) -> (Home, Site, Vec<&'static str>) {
    let (home, site) = (Home::new(), Site::start());
    let mut text = format!(
        "database = \"m.db\"\n[dedup]\nnear_duplicates = false\n[log]\nlevel = \"debug\"\nformat = \"{format}\"\n\
         [[sink]]\nid = \"out\"\ntype = \"log\"\nformat = \"{format}\"\n{TOPICS}"
    );
    let mut names = Vec::new();
    for (id, document) in feeds() {
        site.publish(&format!("/{id}"), document);
        let url = site.url(&format!("/{id}"));
        write!(
            text,
            "[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\nallow_private_addresses = true\n"
        )
        .unwrap();
        names.push(id);
    }
    home.write_config(&text);
    (home, site, names)
}

#[test]
fn neither_log_nor_alerts_nor_any_listing_prints_what_a_feed_smuggles_in() {
    for format in ["human", "json"] {
        let (home, _site, names) = watching(format);
        let daemon = home.start();
        wait_for("every feed's poll", || {
            let feeds = home.json(&["feeds", "--json"]);
            let polled = |f: &serde_json::Value| f["last_poll"].is_string();
            (feeds.len() == names.len() && feeds.iter().all(polled)).then_some(())
        });
        let printed = wait_for("the alerts", || {
            let printed = daemon.printed();
            (printed.iter().filter(|l| l.contains("utin")).count() >= 5).then_some(printed)
        });
        let log = daemon.log();
        assert!(daemon.stop().success());
        assert_harmless("log", &log.join("\n"));
        assert_harmless("log sink", &printed.join("\n"));
        for escape in ["\\u001b", "\\u009b", "\\u0007", "\\n", "\\r"] {
            assert!(!printed.join("\n").contains(escape), "{printed:#?}");
        }
        for args in [
            &["mentions"][..],
            &["mentions", "--json"],
            &["alerts"],
            &["alerts", "list", "--json"],
            &["feeds"],
            &["feeds", "--json"],
        ] {
            let text = home.ok(args);
            assert_harmless(&args.join(" "), &text);
            assert!(!text.contains("\\u001b"), "{args:?}: {text}");
        }
    }
}

#[test]
fn inspect_and_match_print_nothing_that_steers_the_terminal() {
    let home = Home::new();
    home.write_config(&format!("database = \"m.db\"\n{TOPICS}"));
    for (id, document) in feeds() {
        let file = home.path(id);
        std::fs::write(&file, &document).unwrap();
        for command in ["inspect", "match"] {
            let output = home.run(&[command, file.to_str().unwrap()]);
            let text = String::from_utf8(output.stdout).unwrap();
            assert_harmless(&format!("{command} {id}"), &text);
            assert_harmless(id, &String::from_utf8(output.stderr).unwrap());
        }
    }
}

#[test]
fn what_a_server_says_in_its_head_is_not_printed_raw() {
    let heads = [
        "302 Found\u{1b}[31m\r\nLocation: http://news.example:99999/\u{1b}[31m",
        "302 Found\r\nLocation: /\u{9b}31m%1b[31m%0aforged",
        "200 OK\r\nContent-Encoding: \u{9b}31mgzip",
        "200 OK\r\nContent-Type: text/html; charset=\u{9b}31m",
        "404 \u{9b}31mNot Found",
    ];
    for head in heads {
        let server = raw_server(move |_| {
            Reply::Bytes(format!("HTTP/1.1 {head}\r\nContent-Length: 2\r\n\r\nhi").into())
        });
        let round = super::Round::of(server.url("/feed"));
        assert_harmless(head, round.line["error"].as_str().unwrap());
        assert_harmless(head, &round.error);
    }
}

#[test]
fn a_daemon_whose_log_nobody_reads_any_more_goes_on() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin one")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    let mut child = home
        .command(&["run"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        hook.wait(1);
        site.publish("/feed", rss(&[Item::new("2", "Putin two")]));
        hook.wait(2);
    }));
    let alive = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    let _ = child.wait();
    assert!(alive, "it has ended");
    assert!(told.is_ok());
}

#[test]
fn a_log_sink_whose_reader_has_gone_loses_no_alert() {
    let site = Site::start();
    site.publish("/a", rss(&[Item::new("1", "Putin one")]));
    let home = Home::new();
    home.write_config(&format!(
        "database = \"m.db\"\n[[feed]]\nid = \"a\"\nurl = \"{}\"\nallow_private_addresses = true\n\
         [[sink]]\nid = \"out\"\ntype = \"log\"\nformat = \"json\"\n{TOPICS}",
        site.url("/a")
    ));
    let mut child = home
        .command(&["run"])
        .stderr(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    wait_for("a failed delivery", || {
        if home.run(&["alerts"]).status.code() != Some(0) {
            return None;
        }
        let waiting = home.json(&["alerts", "list", "--state", "waiting", "--json"]);
        waiting.iter().any(|d| d["error"].is_string()).then_some(())
    });
    assert!(child.try_wait().unwrap().is_none(), "it has ended");
    child.kill().unwrap();
    child.wait().unwrap();
    // Whoever reads again gets it: the log sink tries again within seconds.
    let daemon = Running::spawn(home.command(&["run"]));
    let printed = wait_for("the alert", || {
        let printed = daemon.printed();
        (!printed.is_empty()).then_some(printed)
    });
    assert!(printed[0].contains("Putin one"), "{printed:?}");
    assert!(daemon.stop().success());
}
