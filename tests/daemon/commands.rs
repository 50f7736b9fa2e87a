//! Sinks that run a program of the owner's.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Home, Item, Site, TOPICS, rss, wait_for};

/// A home whose sink `tell` runs this script by `/bin/sh`, with its folder as the argument.
fn home(script: &str, lines: &str) -> (Site, Home) {
    let site = Site::start();
    site.publish(
        "/feed",
        rss(&[Item::new("1", "Putin in $(touch pwned) `x`")]),
    );
    let home = Home::new();
    std::fs::write(home.path("tell.sh"), script).unwrap();
    let folder = home.folder.path().display();
    home.write_config(&format!(
        "database = \"m.db\"\nshutdown_timeout = \"1s\"\n[schedule]\ninterval = \"200ms\"\nmin_interval = \"200ms\"\n\
         [[feed]]\nid = \"wire\"\nurl = \"{}\"\nallow_private_addresses = true\n\
         [[sink]]\nid = \"tell\"\ntype = \"command\"\n\
         command = [\"/bin/sh\", \"{folder}/tell.sh\", \"{folder}\"]\n\
         retry_initial = \"1ms\"\nretry_max = \"1ms\"\n{lines}\n{TOPICS}",
        site.url("/feed")
    ));
    (site, home)
}

fn alert(home: &Home) -> Value {
    home.json(&["alerts", "list", "--json"]).remove(0)
}

#[test]
fn a_command_gets_the_alert_on_its_standard_input_and_no_shell_sees_it() {
    let script = "cat > \"$1/got\"; echo \"$MENTIOND_ALERT_ID $MENTIOND_KIND $MENTIOND_SINK ${HOOK-unset}\" > \"$1/env\"";
    let (_site, home) = home(script, "");
    let mut poll = home.command(&["poll"]);
    assert!(poll.env("HOOK", "secret").status().unwrap().success());
    let alert = alert(&home);
    assert_eq!(alert["state"], "delivered");
    let got = std::fs::read_to_string(home.path("got")).unwrap();
    assert!(got.ends_with("}\n"), "{got}");
    let got: Value = serde_json::from_str(&got).unwrap();
    assert_eq!(got["data"]["alert_id"], alert["id"]);
    assert_eq!(got["data"]["story"]["title"], "Putin in $(touch pwned) `x`");
    let environment = std::fs::read_to_string(home.path("env")).unwrap();
    let id = alert["id"].as_str().unwrap();
    assert_eq!(environment, format!("{id} mention.created tell unset\n"));
}

#[test]
fn a_command_that_fails_is_run_again_and_its_words_are_kept() {
    let script =
        "if mkdir \"$1/first\"; then echo ' no\u{1b}[31m room' >&2; exit 75; fi; cat > /dev/null";
    let (_site, home) = home(script, "");
    home.ok(&["poll"]);
    let failed = alert(&home);
    assert_eq!(
        (&failed["state"], &failed["attempts"]),
        (&"waiting".into(), &1.into())
    );
    assert_eq!(failed["response"], "no [31m room");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("status 75"), "{error}");
    home.ok(&["poll"]);
    let alert = alert(&home);
    assert_eq!(
        (&alert["state"], &alert["attempts"]),
        (&"delivered".into(), &2.into())
    );
}

#[test]
fn a_daemon_that_stops_leaves_no_command_running() {
    let script = "echo $$ > \"$1/pid.new\"; mv \"$1/pid.new\" \"$1/pid\"; sleep 3600 & wait";
    let (_site, home) = home(script, "timeout = \"1h\"");
    let daemon = home.start();
    let pid = wait_for("the command", || {
        std::fs::read_to_string(home.path("pid")).ok()
    });
    let process = PathBuf::from(format!("/proc/{}", pid.trim()));
    assert!(process.exists());
    assert!(daemon.stop().success());
    wait_for("the command's end", || (!process.exists()).then_some(()));
    assert_eq!(alert(&home)["state"], "waiting");
}

#[test]
fn a_command_is_checked_listed_rendered_and_tried() {
    let script = "read -r line; echo \"got $line\"; echo careful >&2; exit 3";
    let lines = "format = \"template\"\ntemplate = \"{{ message.about }}: {{ message.title }}\\n\\n\"\ncontent_type = \"text/plain\"";
    let (_site, home) = home(script, lines);
    let checked = home.ok(&["check"]);
    assert!(
        checked.contains("sink           tell (command /bin/sh)\n"),
        "{checked}"
    );
    let sinks = home.json(&["sinks", "--json"]);
    let listed = (&sinks[0]["type"], &sinks[0]["format"], &sinks[0]["where"]);
    assert_eq!(
        listed,
        (&"command".into(), &"template".into(), &"/bin/sh".into())
    );
    let shown = home.ok(&["sinks", "render", "tell"]);
    assert!(shown.starts_with("argument /bin/sh\nargument "), "{shown}");
    assert!(
        shown.contains("\nMENTIOND_KIND=mention.created\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\n\nTest: Test alert from mentiond\n"),
        "{shown}"
    );
    let shown = home.json(&["sinks", "render", "tell", "--json"]).remove(0);
    assert_eq!(shown["input"], "Test: Test alert from mentiond\n");
    assert_eq!(shown["environment"]["MENTIOND_SINK"], "tell");

    let tried = home.run(&["sinks", "test", "tell"]);
    assert_eq!(tried.status.code(), Some(1));
    let told = String::from_utf8(tried.stdout).unwrap();
    assert!(
        told.contains("output     got Test: Test alert from mentiond\n"),
        "{told}"
    );
    assert!(told.contains("errors     careful\n"), "{told}");
    assert!(
        told.ends_with("not received: the command exited with status 3\n"),
        "{told}"
    );
    let tried = home.run(&["sinks", "test", "tell", "--json"]);
    let line: Value = serde_json::from_slice(&tried.stdout).unwrap();
    assert_eq!(
        (&line["status"], &line["received"]),
        (&3.into(), &false.into())
    );
    assert!(!home.path("m.db").exists(), "a test is not recorded");
}
