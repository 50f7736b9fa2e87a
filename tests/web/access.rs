//! Who may do what.

use serde_json::json;

use crate::client::{Answer, OPEN, Served};

const LOCKED: &str = "[web]\nenabled = true\nlisten = \"127.0.0.1:0\"\n\
     token = { file = \"token\" }\nread_token = { file = \"read\" }\npassword_hash = { file = \"hash\" }\n";

const FULL: &str = "Authorization: Bearer full-token-0123456789";
const READ: &str = "Authorization: Bearer read-token-0123456789";
const PASSWORD: &str = "correct horse";

fn silence() -> serde_json::Value {
    json!({ "topic": "sco", "until": "1h", "comment": "test" })
}

#[test]
fn tokens_open_what_they_are_for() {
    let (served, _site, _hook) = Served::with_news(3, LOCKED);
    let api = &served.api;
    for path in [
        "/api/v1/topics",
        "/metrics",
        "/api/v1/openapi.json",
        "/api/v1/stream",
    ] {
        let denied = api.get(path);
        assert_eq!(denied.status, 401, "{path}");
        assert_eq!(
            denied.header("www-authenticate"),
            Some("Bearer realm=\"mentiond\"")
        );
        let wrong = api.with("Authorization: Bearer full-token-0123456780");
        assert_eq!(wrong.get(path).status, 401, "{path}");
    }
    assert_eq!(api.with(READ).get("/metrics").status, 200);
    assert_eq!(api.with(READ).get("/api/v1/topics").status, 200);
    assert_eq!(
        api.with(READ).post("/api/v1/silences", &silence()).status,
        403
    );
    assert_eq!(
        api.with(FULL).post("/api/v1/silences", &silence()).status,
        201
    );
    assert_eq!(api.post("/api/v1/silences", &silence()).status, 401);
    let session = |api: &crate::client::Api| api.json("/api/v1/session");
    assert_eq!(
        session(&api.with(FULL)),
        json!({ "role": "full", "until": null })
    );
    assert_eq!(
        session(&api.with(READ)),
        json!({ "role": "read", "until": null })
    );
    assert_eq!(api.get("/api/v1/session").status, 401);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(api.get(path).status, 200, "{path}");
    }
    let log = served.daemon.log().join("\n");
    assert!(!log.contains("token-0123"), "{log}");
}

fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict;"), "{cookie}");
    format!("Cookie: {}", cookie.split(';').next().unwrap())
}

#[test]
fn the_password_gives_a_session_that_ends_at_logout() {
    let (served, _site, _hook) = Served::with_news(3, LOCKED);
    let api = &served.api;
    let path = "/api/v1/session";
    let wrong = api.post(path, &json!({ "password": "incorrect horse" }));
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    let foreign = api.with("Origin: http://evil.example");
    assert_eq!(
        foreign.post(path, &json!({ "password": PASSWORD })).status,
        403
    );
    let answer = api.post(path, &json!({ "password": PASSWORD }));
    assert_eq!(
        (answer.status, &answer.json()["role"]),
        (200, &json!("full"))
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookie = cookie(&answer);
    let known = api.with(&cookie);
    assert_eq!(known.get("/api/v1/topics").status, 200);
    assert!(known.json(path)["until"].is_string());
    assert_eq!(known.post("/api/v1/silences", &silence()).status, 403);
    let own = known
        .with("X-Mentiond: 1")
        .with(&format!("Origin: http://{}", api.address));
    assert_eq!(own.post("/api/v1/silences", &silence()).status, 201);
    assert_eq!(
        known
            .with("Origin: http://evil.example")
            .ask("DELETE", path, None)
            .status,
        403
    );
    assert_eq!(known.ask("DELETE", path, None).status, 204);
    assert_eq!(known.get("/api/v1/topics").status, 401);
    let log = served.daemon.log().join("\n");
    assert!(!log.contains("horse"), "{log}");
}

#[test]
fn who_tries_too_often_has_to_wait() {
    let (served, _site, _hook) = Served::with_news(3, LOCKED);
    let try_in = || {
        served
            .api
            .post("/api/v1/session", &json!({ "password": "x" }))
    };
    for _ in 0..5 {
        assert_eq!(try_in().status, 401);
    }
    let refused = try_in();
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(served.api.with(FULL).get("/api/v1/topics").status, 200);
}

#[test]
fn without_a_credential_this_machine_may_and_web_pages_may_not() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let api = &served.api;
    let port = api.address.port();
    assert_eq!(api.post("/api/v1/silences", &silence()).status, 201);
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "",
        "localhost.evil.example",
    ] {
        let called = api.with(&format!("Host: {host}"));
        for path in ["/api/v1/topics", "/healthz", "/api/v1/session"] {
            assert_eq!(called.get(path).status, 421, "{host} {path}");
        }
    }
    let local = api.with(&format!("Host: localhost:{port}"));
    assert_eq!(local.get("/api/v1/topics").status, 200);
    for header in [
        "Origin: http://evil.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ] {
        let page = local.with(header);
        assert_eq!(
            page.post("/api/v1/silences", &silence()).status,
            403,
            "{header}"
        );
    }
    let taken_in = local
        .with("Sec-Fetch-Site: cross-site")
        .with("Sec-Fetch-Mode: no-cors");
    assert_eq!(taken_in.get("/api/v1/mentions").status, 403);
    let own = local
        .with(&format!("Origin: http://localhost:{port}"))
        .with("Sec-Fetch-Site: same-origin");
    assert_eq!(own.post("/api/v1/silences", &silence()).status, 201);
    assert_eq!(
        local
            .post("/api/v1/session", &json!({ "password": "x" }))
            .status,
        404
    );
}

#[test]
fn where_only_hubs_are_let_in_there_is_no_api() {
    use crate::client::{Api, OFTEN};
    use crate::support::{Home, Hook};
    let (home, hook) = (Home::new(), Hook::start());
    let web = "[web]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://mentiond.example/\"\n";
    home.arrange(&hook, &format!("{OFTEN}{web}"), &[]);
    let daemon = home.start();
    let line = daemon.wait_for_log("for hubs");
    let address = line
        .split("listening on ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    let api = Api {
        address: address.parse().unwrap(),
        headers: vec!["Host: mentiond.example".to_owned()],
    };
    for path in [
        "/api/v1/topics",
        "/metrics",
        "/healthz",
        "/api/v1/session",
        "/",
        "/alerts",
    ] {
        assert_eq!(api.get(path).status, 404, "{path}");
    }
    assert_eq!(api.get("/websub/x").status, 404);
    assert!(
        !daemon
            .log()
            .iter()
            .any(|line| line.contains("the API below"))
    );
}
