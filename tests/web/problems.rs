//! How requests fail: as problems of RFC 9457, whoever answers.

use serde_json::json;

use crate::client::{Answer, OPEN, Served};

fn check(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], "about:blank");
    assert!(problem["title"].is_string(), "{problem}");
}

#[test]
fn every_failure_is_a_problem_that_says_what_to_do() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let api = &served.api;
    check(&api.get("/nothing"), 404);
    check(&api.get("/api/v1/nothing"), 404);
    check(&api.get("/api/v1/alerts/al_0"), 404);
    let wrong_method = api.ask("PUT", "/api/v1/mentions", None);
    check(&wrong_method, 405);
    assert_eq!(wrong_method.header("allow"), Some("GET,HEAD"));
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("since=soon", "since"),
        ("cursor=x", "cursor"),
        ("cursor=1.al_0", "cursor"),
        ("language=1", "language"),
        ("topik=sco", "topik"),
        ("format=xml", "format"),
        ("topic=a&topic=b", "topic"),
    ] {
        let answer = api.get(&format!("/api/v1/mentions?{query}"));
        check(&answer, 400);
        assert_eq!(answer.json()["parameter"], parameter, "{answer:?}");
    }
    let state = api.get("/api/v1/alerts?state=lost");
    assert_eq!(state.json()["parameter"], "state");
}

#[test]
fn bodies_are_bounded_typed_and_checked() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let api = &served.api;
    let path = "/api/v1/silences";
    check(&api.ask("POST", path, Some("{}")), 415);
    let form = api.with("Content-Type: text/plain");
    check(&form.ask("POST", path, Some("{}")), 415);
    let json = api.with("Content-Type: application/json; charset=utf-8");
    check(&json.ask("POST", path, Some("{")), 400);
    check(&json.ask("POST", path, Some("[]")), 400);
    // In this order a list would make a silence.
    let list = json!([null, null, null, "rain", "1h", "x"]).to_string();
    check(&json.ask("POST", path, Some(&list)), 400);
    let wanted = json!({ "topic": "sco", "until": "1h", "comment": "x", "more": 1 });
    let answer = api.post(path, &wanted);
    check(&answer, 400);
    assert!(answer.body.contains("more"), "{answer:?}");
    let long = json!({ "topic": "sco", "until": "1h", "comment": "x".repeat(70_000) });
    check(&api.post(path, &long), 413);
    for (change, parameter) in [
        (json!({ "topic": "scoo" }), "topic"),
        (json!({ "source": "wir" }), "source"),
        (json!({ "pattern": "…" }), "pattern"),
        (json!({ "topic": "sco", "until": "2001-01-01" }), "until"),
        (json!({ "topic": "sco", "comment": " " }), "comment"),
        (json!({ "story": "al_0" }), "story"),
    ] {
        let mut wanted = json!({ "until": "1h", "comment": "x" });
        wanted
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = api.post(path, &wanted);
        check(&answer, 400);
        assert_eq!(answer.json()["parameter"], parameter, "{answer:?}");
    }
    check(
        &api.post(path, &json!({ "until": "1h", "comment": "x" })),
        400,
    );
}
