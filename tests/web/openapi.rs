//! The `OpenAPI` document says what the API does.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{OPEN, Served, items};

/// Every value of the key anywhere in the document.
fn all<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if name == key {
                    found.push(value);
                }
                all(value, key, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| all(value, key, found)),
        _ => {}
    }
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((path.clone(), method.to_uppercase(), operation));
        }
    }
    found
}

#[test]
fn the_document_is_whole() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let document = served.api.json("/api/v1/openapi.json");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut references = Vec::new();
    all(&document, "$ref", &mut references);
    assert!(references.len() > 30);
    for reference in references {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let operations = operations(&document);
    assert!(operations.len() >= 20, "{}", operations.len());
    let mut ids = std::collections::HashSet::new();
    for (path, method, operation) in &operations {
        let name = format!("{method} {path}");
        assert!(
            ids.insert(operation["operationId"].clone()),
            "{name}: not unique"
        );
        let told = operation["summary"]
            .as_str()
            .or(operation["description"].as_str());
        assert!(!told.unwrap_or_default().is_empty(), "{name} says nothing");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: {parameter}");
        }
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{name}"
        );
        assert!(responses.contains_key("421"), "{name}");
        let may_lack = path.contains('{') || name == "POST /api/v1/session";
        assert_eq!(responses.contains_key("404"), may_lack, "{name}");
        let open = operation["security"] == json!([]);
        let is_open = ["/api/v1/session", "/healthz", "/readyz"].contains(&path.as_str());
        assert_eq!(open, is_open, "{name}");
    }
    for schema in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .values()
    {
        jsonschema::meta::validate(&json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema] })).unwrap();
    }
}

/// Each operation of the document is there.
#[test]
fn the_document_has_no_route_that_is_not_there() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let document = served.api.json("/api/v1/openapi.json");
    for (path, method, _) in operations(&document) {
        if path == "/api/v1/stream" {
            assert!(served.api.stream(&path).head.contains(" 200 "));
            continue;
        }
        let named = path
            .replace("{id}", "1")
            .replace("{key}", "1")
            .replace("{topic}", "x");
        let answer = served.api.ask(&method, &named, None);
        assert_ne!(answer.status, 405, "{method} {path}");
        if answer.status == 404 {
            assert!(
                answer.json()["detail"].is_string(),
                "{method} {path}: {answer:?}"
            );
        }
    }
}

/// The page for people names each of them.
#[test]
fn the_page_names_every_route() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let document = served.api.json("/api/v1/openapi.json");
    let page = include_str!("../../docs/api.md");
    for (path, method, _) in operations(&document) {
        let row = page.lines().find(|line| {
            line.starts_with('|') && line.contains(&format!("{path}`")) && line.contains(&method)
        });
        let is_itself = path == "/api/v1/openapi.json";
        assert!(row.is_some() || is_itself, "{method} {path} is not named");
    }
}

/// Doors that are not the API's, and what their paths begin with. No path of the API is among them.
const OTHER_DOORS: [(&str, &[&str]); 2] = [
    ("src/web/feeds.rs", &["/feeds/"]),
    (
        "src/web/page/mod.rs",
        &[
            "/",
            "/topics/{id}",
            "/stories/{key}",
            "/search",
            "/alerts",
            "/silences",
            "/feeds",
            "/static/{name}",
        ],
    ),
];

/// Routes are added by `routes!`, which puts them into the document, and in no other way; but for doors that are
/// not the API's, which have no other routes than theirs.
#[test]
fn the_router_has_no_route_that_is_not_in_the_document() {
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web")];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        // Feeds of alerts are no part of the API.
        if path.ends_with("src/web/feeds.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        read += 1;
        let door = OTHER_DOORS.iter().find(|(file, _)| path.ends_with(file));
        if let Some((_, prefixes)) = door {
            for part in code.split(".route(\"").skip(1) {
                let route = part.split('"').next().unwrap();
                let is_theirs = prefixes.iter().any(|prefix| {
                    route == *prefix || prefix.len() > 1 && route.starts_with(prefix)
                });
                assert!(is_theirs, "{} has {route}", path.display());
            }
            assert_eq!(
                code.matches(".route(").count(),
                code.matches(".route(\"").count()
            );
            continue;
        }
        for way in [".route(", ".route_service(", ".nest(", ".nest_service("] {
            assert!(!code.contains(way), "{} has {way}", path.display());
        }
    }
    assert!(read > 15);
}

/// The schema of an answer, with what it refers to.
fn schema(document: &Value, path: &str, method: &str, status: &str, media: &str) -> Value {
    let content = &document["paths"][path][method]["responses"][status]["content"][media];
    let mut schema = content["schema"].clone();
    assert!(schema.is_object(), "{path} {method} {status} {media}");
    schema["components"] = document["components"].clone();
    schema
}

fn fits(document: &Value, path: &str, method: &str, status: &str, answer: &Value) {
    let media = if status.starts_with('2') {
        "application/json"
    } else {
        "application/problem+json"
    };
    let schema = schema(document, path, method, status, media);
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let faults: Vec<_> = validator
        .iter_errors(answer)
        .map(|fault| format!("{fault} at {}", fault.instance_path()))
        .collect();
    assert!(
        faults.is_empty(),
        "{method} {path}: {faults:#?} in {answer:#}"
    );
}

#[test]
fn real_answers_fit_their_schemas() {
    let (served, _site, _hook) = Served::with_news(6, OPEN);
    let api = &served.api;
    let document = api.json("/api/v1/openapi.json");
    let alert = items(&api.json("/api/v1/alerts"))[0].clone();
    let silence = api.post(
        "/api/v1/silences",
        &json!({ "topic": "sco", "until": "1h", "comment": "x" }),
    );
    fits(
        &document,
        "/api/v1/silences",
        "post",
        "201",
        &silence.json(),
    );
    let (id, story, entry) = (
        alert["id"].as_str().unwrap(),
        alert["story"].as_str().unwrap(),
        &alert["entry"],
    );
    for (path, asked) in [
        ("/api/v1/topics", "/api/v1/topics".to_owned()),
        ("/api/v1/feeds", "/api/v1/feeds".to_owned()),
        ("/api/v1/mentions", "/api/v1/mentions?limit=2".to_owned()),
        (
            "/api/v1/topics/{topic}",
            "/api/v1/topics/putin?since=1d".to_owned(),
        ),
        (
            "/api/v1/topics/{topic}/series",
            "/api/v1/topics/putin/series".to_owned(),
        ),
        (
            "/api/v1/topics/{topic}/series",
            "/api/v1/topics/putin/series?by=feed&unit=week".to_owned(),
        ),
        ("/api/v1/series", "/api/v1/series?unit=month".to_owned()),
        (
            "/api/v1/search",
            "/api/v1/search?q=putin&limit=1".to_owned(),
        ),
        ("/api/v1/alerts", "/api/v1/alerts?limit=2".to_owned()),
        ("/api/v1/alerts/{id}", format!("/api/v1/alerts/{id}")),
        ("/api/v1/sinks", "/api/v1/sinks".to_owned()),
        ("/api/v1/silences", "/api/v1/silences".to_owned()),
        ("/api/v1/stories/{key}", format!("/api/v1/stories/{story}")),
        ("/api/v1/entries/{id}", format!("/api/v1/entries/{entry}")),
        ("/api/v1/session", "/api/v1/session".to_owned()),
        ("/healthz", "/healthz".to_owned()),
        ("/readyz", "/readyz".to_owned()),
    ] {
        let answer = api.json(&asked);
        fits(&document, path, "get", "200", &answer);
    }
    let retried = api.ask("POST", &format!("/api/v1/alerts/{id}/retry"), None);
    fits(
        &document,
        "/api/v1/alerts/{id}/retry",
        "post",
        "200",
        &retried.json(),
    );
    let ended = api.ask(
        "DELETE",
        &format!("/api/v1/silences/{}", silence.json()["id"]),
        None,
    );
    fits(
        &document,
        "/api/v1/silences/{id}",
        "delete",
        "200",
        &ended.json(),
    );
    let wrong = api.get("/api/v1/mentions?limit=x");
    fits(&document, "/api/v1/mentions", "get", "400", &wrong.json());
    let wrong = api.get("/api/v1/search?q=-putin");
    fits(&document, "/api/v1/search", "get", "400", &wrong.json());
    let lost = api.get("/api/v1/entries/99999");
    fits(
        &document,
        "/api/v1/entries/{id}",
        "get",
        "404",
        &lost.json(),
    );
    // A schema that anything fits would say nothing.
    let topics = schema(
        &document,
        "/api/v1/topics",
        "get",
        "200",
        "application/json",
    );
    assert!(!jsonschema::is_valid(
        &topics,
        &json!({ "items": [{ "topic": 1 }] })
    ));
}
