//! Sinks that speak to chats, and the commands that show what they get.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;

use crate::support::{Home, Item, SECRET, Site, TOPICS, rss, runtime, wait_for};

pub(crate) const TOKEN: &str = "123456:hush-hush-token";

#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

type Answer = (u16, &'static str);

struct Shared {
    got: Mutex<Vec<Got>>,
    answers: Vec<Answer>,
}

/// A receiver that gives these answers in turn, the last one again and again.
pub(crate) struct Chat {
    pub url: String,
    shared: Arc<Shared>,
}

impl Chat {
    pub fn answering(answers: &[Answer]) -> Self {
        let shared = Arc::new(Shared {
            got: Mutex::default(),
            answers: answers.to_vec(),
        });
        let app = Router::new().fallback(take).with_state(shared.clone());
        let listener = runtime()
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime().spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    pub fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let mut got = shared.got.lock().unwrap();
    let turn = got.len().min(shared.answers.len() - 1);
    let (status, answer) = shared.answers[turn];
    got.push(Got {
        method: method.to_string(),
        path: uri.path().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
        text: String::from_utf8_lossy(&body).into_owned(),
    });
    (StatusCode::from_u16(status).unwrap(), answer)
}

/// A home whose feed has one story and whose sink `chat` has these lines.
pub(crate) fn home(lines: &str) -> (Site, Home) {
    let site = Site::start();
    site.publish("/feed", rss(&[Item::new("1", "Putin <b>&amp; @all</b>")]));
    let home = Home::new();
    std::fs::write(home.path("token"), TOKEN).unwrap();
    home.write_config(&format!(
        "database = \"m.db\"\n[schedule]\ninterval = \"200ms\"\nmin_interval = \"200ms\"\n\
         [[feed]]\nid = \"wire\"\nurl = \"{}\"\nallow_private_addresses = true\n\
         [[sink]]\nid = \"chat\"\ntype = \"webhook\"\nretry_initial = \"100ms\"\n\
         retry_max = \"200ms\"\n{lines}\n{TOPICS}",
        site.url("/feed")
    ));
    (site, home)
}

fn telegram(chat: &Chat) -> String {
    format!(
        "format = \"telegram\"\nchat_id = \"-100\"\ntoken = {{ file = \"token\" }}\nurl = \"{}\"",
        chat.url
    )
}

#[test]
fn a_chat_gets_the_alert_in_its_own_form_and_no_secret_is_kept_or_told() {
    let limit = r#"{"ok":false,"description":"Too Many Requests at /bot123456:hush-hush-token/sendMessage","parameters":{"retry_after":1}}"#;
    let chat = Chat::answering(&[(429, limit), (200, r#"{"ok":true}"#)]);
    let (_site, home) = home(&telegram(&chat));
    let daemon = home.start();
    let line = daemon.wait_for_log("delivery failed");
    assert!(
        line.contains("Too Many Requests at /bot[secret]/sendMessage"),
        "{line}"
    );
    wait_for("the delivery", || {
        let alerts = home.json(&["alerts", "list", "--json"]);
        (alerts.first()?["state"] == "delivered").then_some(())
    });
    let log = daemon.log().join("\n");
    assert!(daemon.stop().success());
    let got = chat.got();
    assert_eq!(got.len(), 2);
    assert_eq!(got[1].path, format!("/bot{TOKEN}/sendMessage"));
    assert_eq!(got[1].body["chat_id"], -100);
    let text = got[1].body["text"].as_str().unwrap();
    assert!(text.starts_with("<b>Putin "), "{text}");
    assert!(!text.contains("@all"), "{text}");
    assert!(!got[1].headers.contains_key("webhook-id"));
    let kept = format!("{log}{:?}", home.dump(&[]));
    assert!(!kept.contains("hush"), "{kept}");
}

#[test]
fn a_page_with_200_is_no_delivery() {
    let chat = Chat::answering(&[(200, "<html>log in</html>"), (200, r#"{"event_id":"$1"}"#)]);
    let (_site, home) = home(&format!(
        "format = \"matrix\"\nroom = \"!room:example.org\"\ntoken = {{ file = \"token\" }}\nurl = \"{}\"",
        chat.url
    ));
    home.ok(&["poll"]);
    let alert = home.json(&["alerts", "list", "--json"]).remove(0);
    assert_eq!(alert["state"], "waiting");
    wait_for("the delivery", || {
        home.ok(&["poll"]);
        let alerts = home.json(&["alerts", "list", "--json"]);
        (alerts[0]["state"] == "delivered").then_some(())
    });
    let (first, last) = (&chat.got()[0], &chat.got()[1]);
    assert_eq!(first.method, "PUT");
    assert_eq!(first.path, last.path, "the same transaction");
    let id = alert["id"].as_str().unwrap();
    assert!(
        first.path.ends_with(&format!("/send/m.room.message/{id}")),
        "{}",
        first.path
    );
    assert_eq!(first.headers["authorization"], format!("Bearer {TOKEN}"));
}

#[test]
fn a_test_alert_tells_how_the_receiver_answers() {
    let chat = Chat::answering(&[
        (200, r#"{"ok":true}"#),
        (
            403,
            r#"{"ok":false,"description":"Forbidden: bot was kicked"}"#,
        ),
    ]);
    let voice = "language = \"ru\"\ntime_zone = \"Europe/Moscow\"";
    let (_site, home) = home(&format!("{}\n{voice}", telegram(&chat)));
    let shown = home.ok(&["sinks", "render", "chat"]);
    assert!(shown.contains(" мск · релевантность 50"), "{shown}");
    let out = home.ok(&["sinks", "test", "chat"]);
    assert!(out.contains("answer     200 after "), "{out}");
    assert!(out.contains("signature  none\n"), "{out}");
    assert!(out.contains("content-length: 11"), "{out}");
    assert!(
        out.ends_with("received\n") && !out.contains("hush"),
        "{out}"
    );
    let text = chat.got()[0].body["text"].as_str().unwrap().to_owned();
    assert!(text.contains("Test alert from mentiond"), "{text}");
    assert!(text.contains(" мск · релевантность 50"), "{text}");

    let refused = home.run(&["sinks", "test", "chat", "--json"]);
    assert_eq!(refused.status.code(), Some(1));
    let line: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(
        (&line["status"], &line["received"]),
        (&403.into(), &false.into())
    );
    let error = line["error"].as_str().unwrap();
    assert!(error.contains("bot was kicked"), "{error}");
    assert!(!home.path("m.db").exists(), "a test is not recorded");
}

#[test]
fn a_signed_test_alert_says_so_and_a_dead_receiver_is_told() {
    let chat = Chat::answering(&[(204, "")]);
    let lines = format!(
        "secret = {{ file = \"secret\" }}\nurl = \"{}/hook/quite-secret\"",
        chat.url
    );
    let (_site, home) = home(&lines);
    let out = home.ok(&["sinks", "test", "chat"]);
    let sent = "signature  webhook-id, webhook-timestamp, webhook-signature\n";
    assert!(out.contains(sent), "{out}");
    assert!(
        !out.contains("quite-secret") && !out.contains(SECRET),
        "{out}"
    );
    assert_eq!(chat.got()[0].body["data"]["topic"]["id"], "test");

    let (_site, home) = self::home("url = \"http://127.0.0.1:9/quite-secret\"");
    let dead = home.run(&["sinks", "test", "chat"]);
    assert_eq!(dead.status.code(), Some(1));
    let out = String::from_utf8(dead.stdout).unwrap();
    assert!(out.contains("not received: can't connect"), "{out}");
    assert!(!out.contains("quite-secret"), "{out}");
}

#[test]
fn sinks_are_listed_and_rendered_without_secrets() {
    let chat = Chat::answering(&[(500, "broken"), (200, "ok")]);
    let (_site, home) = home(&format!(
        "format = \"slack\"\nurl = \"{}/services/T0/hush\"",
        chat.url
    ));
    let place = format!("{}/[secret]", chat.url);
    let sinks = home.json(&["sinks", "--json"]);
    assert_eq!(sinks[0]["where"], place);
    assert_eq!(
        (&sinks[0]["format"], &sinks[0]["state"]),
        (&"slack".into(), &"idle".into())
    );

    home.ok(&["poll"]);
    let sinks = home.json(&["sinks", "list", "--json"]);
    assert_eq!(
        (&sinks[0]["state"], &sinks[0]["waiting"]),
        (&"failing".into(), &1.into())
    );
    let error = sinks[0]["error"].as_str().unwrap();
    assert!(
        error.contains("500") && error.contains("(broken)"),
        "{error}"
    );

    let id = home.json(&["alerts", "--json"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = home
        .json(&["sinks", "render", "chat", "--alert", &id, "--json"])
        .remove(0);
    assert_eq!(
        (&shown["method"], &shown["url"]),
        (&"POST".into(), &place.into())
    );
    assert_eq!(shown["body"], chat.got()[0].body, "as it was sent");
    let example = home.ok(&["sinks", "render", "chat"]);
    assert!(
        example.contains("content-type: application/json\n"),
        "{example}"
    );
    assert!(example.contains("Test alert from mentiond"), "{example}");
    let all = format!("{sinks:?}{shown}{example}{}", home.ok(&["sinks"]));
    assert!(!all.contains("hush"), "{all}");

    for args in [
        &["render", "chta"][..],
        &["test", "chta"],
        &["render", "chat", "--alert", "al_0"],
    ] {
        let ended = home.run(&[&["sinks"], args].concat());
        assert_eq!(ended.status.code(), Some(2), "{args:?}");
    }
    assert_eq!(chat.got().len(), 1, "rendering sends nothing");
}
