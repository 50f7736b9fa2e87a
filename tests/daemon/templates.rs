//! Webhooks whose bodies the owner's templates make.

use crate::formats::{Chat, TOKEN, home};
use crate::support::wait_for;

const LINES: &str = r#"
format = "template"
template_file = "alert.j2"
content_type = "text/html; charset=utf-8"
method = "PUT"
headers = { Authorization = { file = "token" }, X-Team = "desk" }
"#;

#[test]
fn a_template_makes_the_body_the_method_and_the_headers() {
    let chat = Chat::answering(&[(204, "")]);
    let (_site, home) = home(&format!("url = \"{}/in\"{LINES}", chat.url));
    std::fs::write(
        home.path("alert.j2"),
        "<h1>{{ message.title }}</h1>\n<p>{{ data.topic.name }}, {{ data.story.link }}</p>\n",
    )
    .unwrap();
    let refused = home.run(&["check"]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("alert.j2:2:7: line 2 of the template: `data.topic.name` is not there"),
        "{told}"
    );
    assert!(
        told.contains("tried on a feed that keeps failing"),
        "{told}"
    );

    let only_mentions = format!(
        "url = \"{}/in\"{LINES}feed_alerts = false\nspike_alerts = false",
        chat.url
    );
    let (_site, other) = self::home(&only_mentions);
    std::fs::copy(home.path("alert.j2"), other.path("alert.j2")).unwrap();
    let home = other;
    home.ok(&["check"]);
    let shown = home.ok(&["sinks", "render", "chat"]);
    assert!(shown.starts_with("PUT "), "{shown}");
    assert!(shown.contains("authorization: [secret]\n"), "{shown}");
    assert!(shown.contains("x-team: desk\n"), "{shown}");
    assert!(
        shown.contains("<h1>Test alert from mentiond</h1>"),
        "{shown}"
    );
    let shown = home.json(&["sinks", "render", "chat", "--json"]);
    assert!(shown[0]["body"].as_str().unwrap().starts_with("<h1>"));

    home.ok(&["poll"]);
    let got = chat.got().remove(0);
    assert_eq!((got.method.as_str(), got.path.as_str()), ("PUT", "/in"));
    assert_eq!(got.headers["authorization"], TOKEN);
    assert_eq!(got.headers["x-team"], "desk");
    assert_eq!(got.headers["content-type"], "text/html; charset=utf-8");
    let alerts = home.json(&["alerts", "--json"]);
    assert_eq!(alerts[0]["state"], "delivered");
    assert_eq!(got.headers["webhook-id"], alerts[0]["id"].as_str().unwrap());
    let title = got.text.lines().next().unwrap();
    assert_eq!(title, "<h1>Putin &amp; @all</h1>");
    assert!(
        got.text.contains("<p>Vladimir Putin, https:"),
        "{}",
        got.text
    );
}

#[test]
fn a_template_that_fails_on_an_alert_is_a_failed_attempt_and_nothing_is_sent() {
    let chat = Chat::answering(&[(204, "")]);
    // True of the examples, not of the story.
    let lines = "format = \"template\"\nmax_attempts = 2\npause_after = 1\n\
                 template = '{{ message.title if message.title is startingwith(\"Test\") \
                 or message.title is startingwith(\"(\") or type != \"mention.created\" else message.link.x.y }}'";
    let (_site, home) = home(&format!("url = \"{}/in\"\n{lines}", chat.url));
    home.ok(&["check"]);
    let daemon = home.start();
    daemon.wait_for_log("delivery failed");
    let alert = wait_for("the dead letter", || {
        let alerts = home.json(&["alerts", "--json"]);
        alerts.into_iter().find(|alert| alert["state"] == "dead")
    });
    let error = alert["error"].as_str().unwrap();
    assert!(error.contains("the template fails in line 1"), "{error}");
    assert!(chat.got().is_empty());
    let log = daemon.log().join("\n");
    assert!(!log.contains("paused"), "{log}");
    assert!(daemon.stop().success());
}
