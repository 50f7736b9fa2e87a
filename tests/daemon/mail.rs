//! Alerts that go out by e-mail.

use std::path::Path;

use mail_parser::MessageParser;

use crate::post::{Post, Say, When};
use crate::support::{Home, Item, Running, Site, TOPICS, rss, wait_for};

const PASSWORD: &str = "hush-hush-password";
/// PLAIN's `\0me\0hush-hush-password`.
const PLAIN: &str = "AUTH PLAIN AG1lAGh1c2gtaHVzaC1wYXNzd29yZA==";

/// A home whose feed has one story about Putin and whose sink `mail` has these lines too.
fn home(post: &Post, lines: &str) -> (Site, Home) {
    let site = Site::start();
    site.publish("/feed", rss(&[Item::new("1", "Putin in Астана")]));
    let home = Home::new();
    std::fs::write(home.path("password"), PASSWORD).unwrap();
    home.write_config(&format!(
        "database = \"m.db\"\n[schedule]\ninterval = \"200ms\"\nmin_interval = \"200ms\"\n\
         [[feed]]\nid = \"wire\"\nurl = \"{}\"\nallow_private_addresses = true\n\
         [[sink]]\nid = \"mail\"\ntype = \"email\"\nserver = \"{}\"\n\
         from = \"mentiond <alerts@example.org>\"\nretry_initial = \"100ms\"\n\
         retry_max = \"200ms\"\n{lines}\n{TOPICS}",
        site.url("/feed"),
        post.address
    ));
    (site, home)
}

const ONE: &str = "to = [\"a@example.org\"]\ntls = \"none\"\n";
const TWO: &str = "to = [\"a@example.org\", \"b@example.org\"]\ntls = \"none\"\n";
const LOGIN: &str = "to = [\"a@example.org\"]\nuser = \"me\"\npassword = { file = \"password\" }\n";

/// Starts the daemon, which trusts the test's certificate authority.
fn start(home: &Home) -> Running {
    let mut command = home.command(&["run"]);
    command.env("SSL_CERT_FILE", authority());
    Running::spawn(command)
}

fn authority() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fetch/tls/ca.pem")
}

/// Waits until the alert is delivered, and returns it.
fn delivered(home: &Home) -> serde_json::Value {
    wait_for("the delivery", || {
        let mut alerts = home.json(&["alerts", "list", "--json"]);
        let alert = (!alerts.is_empty()).then(|| alerts.remove(0))?;
        (alert["state"] == "delivered").then_some(alert)
    })
}

#[test]
fn an_alert_becomes_one_mail() {
    let post = Post::start(|_, _| Say::Usual);
    let (site, home) = home(&post, ONE);
    let daemon = start(&home);
    wait_for("a mail", || (!post.letters().is_empty()).then_some(()));
    let alert = delivered(&home);
    let polls = site.requests("/feed");
    wait_for("further polls", || {
        (site.requests("/feed") > polls + 1).then_some(())
    });
    assert!(daemon.stop().success());
    let letters = post.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, ["a@example.org"]);
    let mail = MessageParser::default()
        .parse(letters[0].source.as_bytes())
        .unwrap();
    assert_eq!(mail.subject(), Some("Vladimir Putin: Putin in Астана"));
    let id = alert["id"].as_str().unwrap();
    assert_eq!(
        mail.message_id(),
        Some(format!("{id}@example.org").as_str())
    );
    let text = mail.body_text(0).unwrap();
    assert!(text.contains("https://news.example/1"), "{text}");
}

#[test]
fn several_alerts_share_a_connection() {
    let post = Post::start(|_, _| Say::Usual);
    let (site, home) = home(&post, &format!("{ONE}ordered = true"));
    let items: Vec<_> = (0..20)
        .map(|n| Item::new(&n.to_string(), &format!("Putin {n}")))
        .collect();
    site.publish("/feed", rss(&items));
    home.ok(&["poll"]);
    assert_eq!(post.letters().len(), 20);
    assert_eq!(post.count("CONNECT"), 1);
}

#[test]
fn a_server_that_says_later_gets_the_same_mail_again() {
    let post = Post::start(|line, n| match (line, n) {
        (".", 0) => Say::Line("451 4.7.1 Greylisted, come again"),
        _ => Say::Usual,
    });
    let (_site, home) = home(&post, ONE);
    let daemon = start(&home);
    let line = daemon.wait_for_log("delivery failed");
    assert!(
        line.contains("the server refused the mail: 451 4.7.1 Greylisted"),
        "{line}"
    );
    assert_eq!(delivered(&home)["attempts"], 2);
    assert!(daemon.stop().success());
    assert_eq!((post.count("."), post.letters().len()), (2, 1));
}

#[test]
fn a_server_that_drops_connections_is_paused() {
    let post = Post::start(|line, n| match line {
        "DATA" if n < 3 => Say::HangUp,
        _ => Say::Usual,
    });
    let lines = format!("{ONE}pause_after = 2\npause_initial = \"100ms\"");
    let (_site, home) = home(&post, &lines);
    let daemon = start(&home);
    let line = daemon.wait_for_log("sink paused");
    assert!(line.contains("the exchange broke off"), "{line}");
    daemon.wait_for_log("sink goes on");
    delivered(&home);
    assert!(daemon.stop().success());
    assert_eq!(post.letters().len(), 1);
}

#[test]
fn a_server_that_falls_silent_is_given_up_after_the_time_limit() {
    let post = Post::start(|line, n| match (line, n) {
        (".", 0) => Say::Nothing,
        _ => Say::Usual,
    });
    let (_site, home) = home(&post, &format!("{ONE}timeout = \"300ms\""));
    let daemon = start(&home);
    let line = daemon.wait_for_log("delivery failed");
    assert!(line.contains("no answer within 300ms"), "{line}");
    delivered(&home);
    assert!(daemon.stop().success());
    assert_eq!(post.letters().len(), 1);
}

#[test]
fn a_refused_recipient_takes_nothing_from_the_others() {
    let post = Post::start(|line, _| match line {
        "RCPT TO:<a@example.org>" => Say::Line("550 5.1.1 no such user"),
        _ => Say::Usual,
    });
    let (_site, home) = home(&post, TWO);
    let daemon = start(&home);
    let line = daemon.wait_for_log("the server refused a@example.org");
    assert!(line.contains("550 5.1.1 no such user"), "{line}");
    assert_eq!(delivered(&home)["attempts"], 1);
    assert!(daemon.stop().success());
    assert_eq!(post.letters()[0].to, ["b@example.org"]);
}

#[test]
fn a_recipient_who_must_wait_gets_the_mail_later_and_alone() {
    let post = Post::start(|line, n| match (line, n) {
        ("RCPT TO:<a@example.org>", 0) => Say::Line("450 4.2.1 mailbox busy"),
        _ => Say::Usual,
    });
    let (_site, home) = home(&post, TWO);
    let daemon = start(&home);
    let line = daemon.wait_for_log("delivery failed");
    assert!(
        line.contains("a@example.org must wait: 450 4.2.1 mailbox busy"),
        "{line}"
    );
    delivered(&home);
    assert!(daemon.stop().success());
    let to: Vec<_> = post.letters().into_iter().map(|letter| letter.to).collect();
    assert_eq!(to, [["b@example.org"], ["a@example.org"]]);
}

#[test]
fn the_password_goes_over_tls_only_and_is_told_to_nobody() {
    let post = Post::encrypting(When::Asked, |line, n| match (line, n) {
        (PLAIN, 0) => {
            Say::Line("535 5.7.8 no: AG1lAGh1c2gtaHVzaC1wYXNzd29yZA== hush-hush-password")
        }
        _ => Say::Usual,
    });
    let (_site, home) = home(&post, LOGIN);
    let daemon = start(&home);
    let line = daemon.wait_for_log("delivery failed");
    assert!(
        line.contains("the server refused the login: 535 5.7.8 no: [secret] [secret]"),
        "{line}"
    );
    delivered(&home);
    let log = daemon.log().join("\n");
    assert!(daemon.stop().success());
    let lines = post.lines();
    let place = |wanted: &str| lines.iter().position(|line| line == wanted).unwrap();
    assert!(place("STARTTLS") < place(PLAIN));
    let kept = format!("{log}{:?}", home.dump(&[]));
    assert!(!kept.contains("hush") && !kept.contains("AG1lAG"), "{kept}");
}

#[test]
fn a_server_may_speak_tls_from_the_first_byte() {
    let post = Post::encrypting(When::AtOnce, |_, _| Say::Usual);
    let (_site, home) = home(&post, &format!("{LOGIN}tls = \"tls\""));
    let daemon = start(&home);
    wait_for("a mail", || (!post.letters().is_empty()).then_some(()));
    delivered(&home);
    assert!(daemon.stop().success());
    assert_eq!((post.count("STARTTLS"), post.count(PLAIN)), (0, 1));
}

#[test]
fn a_server_that_nobody_vouches_for_gets_no_mail() {
    let post = Post::encrypting(When::Asked, |_, _| Say::Usual);
    let (_site, home) = home(&post, LOGIN);
    let daemon = home.start();
    let line = daemon.wait_for_log("delivery failed");
    assert!(
        line.contains("no encrypted connection: invalid peer certificate"),
        "{line}"
    );
    assert!(daemon.stop().success());
    assert_eq!(post.count(PLAIN), 0);
}

#[test]
fn what_comes_in_the_clear_behind_starttls_is_believed_by_nobody() {
    let post = Post::encrypting(When::Asked, |line, _| match line {
        "STARTTLS" => Say::Line("220 go ahead\r\n250 AUTH PLAIN"),
        _ => Say::Usual,
    });
    let (_site, home) = home(&post, LOGIN);
    let daemon = start(&home);
    let line = daemon.wait_for_log("delivery failed");
    assert!(
        line.contains("in the clear behind the answer to STARTTLS"),
        "{line}"
    );
    assert!(daemon.stop().success());
    assert_eq!(post.count(PLAIN), 0);
}

#[test]
fn a_server_without_starttls_gets_no_mail() {
    let post = Post::start(|_, _| Say::Usual);
    let (_site, home) = home(&post, LOGIN);
    let daemon = start(&home);
    let line = daemon.wait_for_log("delivery failed");
    assert!(
        line.contains("the server does not offer STARTTLS"),
        "{line}"
    );
    assert!(daemon.stop().success());
    assert!(!post.lines().iter().any(|line| line.starts_with("MAIL")));
}

#[test]
fn a_mail_can_be_looked_at_and_tried_out() {
    let post = Post::start(|line, n| match (line, n) {
        ("MAIL FROM:<alerts@example.org>", 1) => Say::Line("553 5.7.1 not you"),
        _ => Say::Usual,
    });
    let (_site, home) = home(&post, ONE);
    let list = home.json(&["sinks", "--json"]).remove(0);
    assert_eq!(
        (&list["type"], &list["where"]),
        (&"email".into(), &post.address.as_str().into())
    );
    assert!(
        home.ok(&["check"])
            .contains("sink           mail (email to 1 recipient)")
    );

    let source = home.ok(&["sinks", "render", "mail"]);
    assert_eq!(post.count("CONNECT"), 0);
    let mail = MessageParser::default().parse(source.as_bytes()).unwrap();
    assert_eq!(mail.subject(), Some("Test: Test alert from mentiond"));
    let shown = home.json(&["sinks", "render", "mail", "--json"]).remove(0);
    assert!(shown["html"].as_str().unwrap().contains("<mark"), "{shown}");

    let told = home.ok(&["sinks", "test", "mail"]);
    assert!(
        told.contains("answer     250 after") && told.ends_with("  2.0.0 queued\nreceived\n"),
        "{told}"
    );
    assert_eq!(post.letters().len(), 1);
    let output = home.run(&["sinks", "test", "mail", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["status"], 553);
    assert_eq!(
        told["error"],
        "the server refused the sender: 553 5.7.1 not you"
    );
}
