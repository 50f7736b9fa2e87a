//! The headers of every answer: each route of API, pages, feeds of alerts and hubs' door, with and without
//! a credential, under a foreign name, from a foreign page, with a method or path that is not there.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use crate::client::{Answer, Api, Served, items, news};
use crate::support::{Hook, Site, rss};

/// All doors at once: the API and the pages behind a password, the hubs', a feed of alerts for everybody and
/// one behind a token.
const ALL: &str = "[web]\nenabled = true\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://mentiond.example/\"\n\
     token = { file = \"token\" }\nread_token = { file = \"read\" }\npassword_hash = { file = \"hash\" }\n\
     [[sink]]\nid = \"desk\"\ntype = \"feed\"\n\
     [[sink]]\nid = \"closed\"\ntype = \"feed\"\ntoken = { file = \"token\" }\n";

const FULL: &str = "Authorization: Bearer full-token-0123456789";

/// Files whose routes are not in the `OpenAPI` document.
const DOORS: [&str; 3] = [
    "src/web/page/mod.rs",
    "src/web/feeds.rs",
    "src/push/callback.rs",
];

/// The paths that the code of the other doors has.
fn routes() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut routes = BTreeSet::new();
    for door in DOORS {
        let text = std::fs::read_to_string(root.join(door)).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let before = routes.len();
        for part in code.split(".route(\"").skip(1) {
            routes.insert(part.split('"').next().unwrap().to_owned());
        }
        assert!(routes.len() > before, "{door} has no route");
    }
    routes
}

/// The answer has what keeps a browser from making more of it, and nothing that tells of us.
fn check(what: &str, answer: &Answer) {
    let one = |name: &str| -> Option<&str> {
        let lines = answer.head.lines().skip(1);
        let lines = lines.filter_map(|line| line.split_once(':'));
        let mut all = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        let first = all.next().map(|(_, value)| value.trim());
        assert_eq!(all.next(), None, "{what}: {name} twice");
        first
    };
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(one(name), Some(value), "{what}: {name}");
    }
    let policy = one("content-security-policy").unwrap_or_else(|| panic!("{what}: no policy"));
    let rules: Vec<&str> = policy.split(';').map(str::trim).collect();
    let mut wanted = vec!["default-src 'none'", "frame-ancestors 'none'"];
    let is_page = one("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    if is_page {
        wanted.extend([
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
        ]);
    } else {
        assert_eq!(rules.len(), wanted.len(), "{what}: {policy}");
    }
    for rule in wanted {
        assert!(rules.contains(&rule), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{what}: {policy}");

    let cache = one("cache-control").unwrap_or_else(|| panic!("{what}: no Cache-Control"));
    let may_be_kept = what.contains("/static/page.") || what.contains("/feeds/desk.");
    if !(may_be_kept && answer.status < 400) {
        let is_private = cache.contains("no-store") || cache.contains("private");
        assert!(is_private, "{what}: {cache}");
    }
    for name in [
        "server",
        "x-powered-by",
        "via",
        "access-control-allow-origin",
        "access-control-allow-credentials",
    ] {
        assert_eq!(one(name), None, "{what}: {name}");
    }
    let head = answer.head.to_lowercase();
    for telling in [env!("CARGO_PKG_VERSION"), "axum", "hyper", "rust"] {
        assert!(!head.contains(telling), "{what}: {head}");
    }
    if let Some(cookie) = one("set-cookie") {
        let mut parts = cookie.split("; ");
        let name = parts.next().unwrap();
        assert!(name.starts_with("__Host-mentiond="), "{what}: {cookie}");
        let flags: BTreeSet<&str> = parts.collect();
        for flag in ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"] {
            assert!(flags.contains(flag), "{what}: {cookie}");
        }
    }
}

/// Asks as nobody, as the owner, under a name that is not ours and from a page that is not.
fn ask(api: &Api, method: &str, path: &str, seen: &mut BTreeSet<u16>) {
    let named = |name: &str| api.with(&format!("Host: {name}"));
    let here = named("mentiond.example");
    let mut is_there = false;
    for (who, api) in [
        ("nobody", here.clone()),
        ("the owner", here.with(FULL)),
        ("a stranger's name", named("evil.example").with(FULL)),
        (
            "a stranger's page",
            here.with("Origin: https://evil.example")
                .with("Sec-Fetch-Site: cross-site"),
        ),
        ("a browser", here.with("Accept: text/html")),
    ] {
        let what = format!("{method} {path} as {who}");
        if path == "/api/v1/stream" && method == "GET" && who == "the owner" {
            let head = api.stream(path).head;
            let (status, body) = (200, String::new());
            check(&what, &Answer { status, head, body });
            continue;
        }
        let answer = api.ask(method, path, None);
        check(&what, &answer);
        seen.insert(answer.status);
        if who == "the owner" {
            is_there = answer.status != 404;
        }
        if who == "a stranger's name" && is_there && !path.starts_with("/websub/") {
            assert_eq!(answer.status, 421, "{what}");
        }
        if who != "the owner" {
            let told = answer.body.contains(env!("CARGO_PKG_VERSION"));
            assert!(!told, "{what} tells the version: {answer:?}");
        }
    }
}

#[test]
fn every_answer_keeps_browsers_from_making_more_of_it() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/wire", rss(&news(3)));
    let served = Served::start(&site, &hook, ALL);
    hook.wait(2);
    let api = &served.api;
    let owner = api.with(FULL);
    let mut seen = BTreeSet::new();

    let document = owner.json("/api/v1/openapi.json");
    let alert = items(&owner.json("/api/v1/alerts"))[0].clone();
    let of = |key: &str| alert[key].as_str().unwrap().to_owned();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{id}", &of("id"))
            .replace("{key}", &of("story"))
            .replace("{topic}", "sco");
        for method in item.as_object().unwrap().keys() {
            ask(api, &method.to_uppercase(), &path, &mut seen);
            asked += 1;
        }
        // What is not there to be done, and the head alone.
        ask(api, "PATCH", &path, &mut seen);
        if path != "/api/v1/stream" {
            check(&path, &owner.ask("HEAD", &path, None));
        }
    }
    assert!(asked >= 20, "{asked}");

    let front = owner.get("/").body;
    let files: Vec<&str> = front.split("/static/").skip(1).collect();
    let files: Vec<&str> = files.iter().map(|f| f.split('"').next().unwrap()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for route in routes() {
        let paths = match &*route {
            "/static/{name}" => files.iter().map(|f| format!("/static/{f}")).collect(),
            "/feeds/{file}" => vec!["/feeds/desk.atom".to_owned(), "/feeds/desk.json".to_owned()],
            "/feeds/{sink}/{file}" => vec!["/feeds/closed/full-token-0123456789.atom".to_owned()],
            "/stories/{key}" => vec![format!("/stories/{}", of("story"))],
            "/topics/{id}" => vec!["/topics/sco".to_owned()],
            "/websub/{token}" => vec![format!("/websub/{}", "x".repeat(43))],
            whole => {
                assert!(!whole.contains('{'), "say what {whole} stands for");
                vec![whole.to_owned()]
            }
        };
        for path in paths {
            let there = owner.get(&path).status;
            let wanted = if path.starts_with("/websub/") {
                404
            } else {
                200
            };
            assert_eq!(there, wanted, "{path}");
            for method in ["GET", "HEAD", "POST", "DELETE"] {
                ask(api, method, &path, &mut seen);
            }
        }
    }
    for path in [
        "/nothing",
        "/api/v1/nothing",
        "/feeds/none.atom",
        "/feeds/closed/wrong.atom",
        "/static/none.css",
        "/topics/none",
        "/stories/none",
        "/search?q=-putin",
        "/api/v1/mentions?limit=x",
        "/api/v1/mentions?format=csv",
        "/api/v1/search?q=%22",
        "/websub/short",
        "//evil.example/",
        "/..%2f..%2fetc/passwd",
        "/%00",
    ] {
        ask(api, "GET", path, &mut seen);
    }
    kept_and_logged_in(api, &owner, files[0], &mut seen);
    let all = [200, 204, 304, 400, 401, 403, 404, 405, 421];
    let missing: Vec<_> = all.iter().filter(|status| !seen.contains(status)).collect();
    assert!(missing.is_empty(), "never answered {missing:?}: {seen:?}");
}

/// Answers to whoever has the document already, and to who logs in and out.
fn kept_and_logged_in(api: &Api, owner: &Api, file: &str, seen: &mut BTreeSet<u16>) {
    for path in [
        &format!("/static/{file}"),
        "/feeds/desk.atom",
        "/api/v1/mentions",
    ] {
        let tag = owner.get(path).header("etag").unwrap().to_owned();
        let again = owner.with(&format!("If-None-Match: {tag}")).get(path);
        assert_eq!(again.status, 304, "{path}");
        check(path, &again);
        seen.insert(again.status);
    }
    let path = "/api/v1/session";
    let here = api.with("Host: mentiond.example");
    for (password, status) in [("wrong", 401), ("correct horse", 200)] {
        let answer = here.post(path, &json!({ "password": password }));
        assert_eq!(answer.status, status);
        check("logging in", &answer);
        assert_eq!(answer.header("set-cookie").is_some(), status == 200);
    }
    let answer = here.ask("DELETE", path, None);
    assert!(answer.header("set-cookie").is_some());
    check("logging out", &answer);
    seen.insert(answer.status);
    // Until too many have been tried.
    let mut last = here.post(path, &json!({ "password": "wrong" }));
    for _ in 0..9 {
        last = here.post(path, &json!({ "password": "wrong" }));
    }
    assert_eq!(last.status, 429);
    check("logging in again and again", &last);
}

/// A page that points a name of its own at this machine is of one origin with it, by its own account.
#[test]
fn feeds_of_alerts_are_answered_under_our_names_only() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/wire", rss(&news(3)));
    let served = Served::start(&site, &hook, ALL);
    hook.wait(2);
    let api = &served.api;
    let token = "/feeds/closed/full-token-0123456789.json";
    for path in ["/feeds/desk.atom", "/feeds/desk.json", token] {
        for name in ["mentiond.example", "localhost:8470", "127.0.0.1"] {
            let answer = api.with(&format!("Host: {name}")).get(path);
            assert_eq!(answer.status, 200, "{path} as {name}");
        }
        for name in ["evil.example", "localhost.evil.example:8470", ""] {
            let answer = api.with(&format!("Host: {name}")).get(path);
            assert_eq!(answer.status, 421, "{path} as {name}");
            assert!(!answer.body.contains("Putin"), "{answer:?}");
        }
    }
}
