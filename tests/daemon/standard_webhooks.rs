//! Our requests against the official libraries of Standard Webhooks for Python and JavaScript.
//!
//! `tests/interop/standard_webhooks.sh` installs both and runs this. By itself it uses the interpreter
//! that `MENTIOND_STANDARD_WEBHOOKS_PYTHON` names and the folder of packages that
//! `MENTIOND_STANDARD_WEBHOOKS_NODE` names; for what is not set it says so and passes.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::storm::{Manner, Receiver, Request};
use crate::support::{Home, Item, SECRET, Site, TOPICS, rss, wait_for};

const NEXT: &str = "whsec_bmV4dCBuZXh0IG5leHQgbmV4dCBuZXh0IG5leHQ=";
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop");

/// Requests of the real binary, signed by two secrets.
fn captured() -> Vec<Request> {
    let site = Site::start();
    let titles = [
        "Putin arrives",
        "Визит: Путин «и» 上合组织",
        "SCO & \\ \"quotes\" 🙂",
    ];
    let items = titles.iter().enumerate();
    let items: Vec<Item> = items
        .map(|(n, title)| Item::new(&n.to_string(), &title.replace('&', "&amp;")))
        .collect();
    site.publish("/feed", rss(&items));
    let receiver = Receiver::start(Manner::Healthy);
    let home = Home::new();
    std::fs::write(home.path("next"), NEXT).unwrap();
    home.write_config(&format!(
        "database = \"m.db\"\n[[feed]]\nid = \"wire\"\nurl = \"{}\"\nallow_private_addresses = true\n\
         [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\n\
         secret = {{ file = \"next\" }}\nprevious_secret = {{ file = \"secret\" }}\n{TOPICS}",
        site.url("/feed"),
        receiver.url
    ));
    home.ok(&["poll"]);
    wait_for("the alerts", || {
        (receiver.count() >= 4).then(|| receiver.all())
    })
}

/// Has a program verify the requests under both secrets, and refuse them once they are changed.
fn verify(mut program: Command) {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let requests = captured();
    let mut input = child.stdin.take().unwrap();
    for request in &requests {
        for (secret, body, fits) in [
            (SECRET, request.body.clone(), true),
            (NEXT, request.body.clone(), true),
            (NEXT, request.body.replace("arrives", "leaves") + " ", false),
        ] {
            let case = serde_json::json!({
                "secret": secret, "headers": request.headers, "body": body, "fits": fits
            });
            writeln!(input, "{case}").unwrap();
        }
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.trim(), format!("{} cases", 3 * requests.len()));
}

fn given(name: &str) -> Option<String> {
    let value = std::env::var(name).unwrap_or_default();
    if value.is_empty() {
        println!("skipped: {name} is not set; tests/interop/standard_webhooks.sh sets it");
        return None;
    }
    Some(value)
}

#[test]
fn the_official_python_library_verifies_what_we_send() {
    let Some(python) = given("MENTIOND_STANDARD_WEBHOOKS_PYTHON") else {
        return;
    };
    let mut program = Command::new(python);
    program.arg(format!("{SCRIPTS}/standard_webhooks.py"));
    verify(program);
}

#[test]
fn the_official_javascript_library_verifies_what_we_send() {
    let Some(packages) = given("MENTIOND_STANDARD_WEBHOOKS_NODE") else {
        return;
    };
    let mut program = Command::new("node");
    program
        .arg(format!("{SCRIPTS}/standard_webhooks.mjs"))
        .arg(packages);
    verify(program);
}
