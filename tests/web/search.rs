//! Searching the history.

use serde_json::{Value, json};

use crate::client::{OPEN, Served, items, news};
use crate::support::{Hook, Item, Site, rss};

fn titles(found: &Value) -> Vec<&str> {
    let titles = items(found).iter().map(|row| row["title"].as_str());
    titles.map(Option::unwrap).collect()
}

#[test]
fn entries_are_found_whether_they_mention_topics_or_not() {
    let (served, _site, _hook) = Served::with_news(6, OPEN);
    let found = served.api.json("/api/v1/search?q=weather");
    assert_eq!(items(&found).len(), 2);
    assert_eq!(
        (&found["next"], &found["incomplete"]),
        (&Value::Null, &json!(false))
    );
    let hit = &items(&found)[0];
    assert_eq!(
        (&hit["topics"], &hit["title_hits"]),
        (&json!([]), &json!([[0, 7]]))
    );
    assert_eq!(
        (&hit["feed"], &hit["language"]),
        (&json!("wire"), &json!("en"))
    );
    let found = served.api.json("/api/v1/search?q=topic%3Asco+summit");
    assert_eq!(items(&found).len(), 2);
    assert_eq!(items(&found)[0]["topics"], json!(["sco"]));
    let entry = &items(&found)[0]["entry"];
    let entry = served.api.json(&format!("/api/v1/entries/{entry}"));
    assert_eq!(entry["title"], items(&found)[0]["title"]);
    let nothing = served.api.json("/api/v1/search?q=nowhere");
    assert_eq!(
        nothing,
        json!({ "items": [], "next": null, "incomplete": false })
    );
}

#[test]
fn pages_give_each_entry_once_in_either_order() {
    let (served, _site, _hook) = Served::with_news(12, OPEN);
    for order in ["date", "relevance"] {
        let whole = served
            .api
            .json(&format!("/api/v1/search?q=putin+OR+sco&order={order}"));
        assert_eq!(items(&whole).len(), 8);
        let mut path = format!("/api/v1/search?q=putin+OR+sco&order={order}&limit=3");
        let mut seen: Vec<Value> = Vec::new();
        loop {
            let answer = served.api.get(&path);
            let page = answer.json();
            seen.extend(items(&page).iter().cloned());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = format!("/api/v1/search?q=putin+OR+sco&order={order}&limit=3&cursor={next}");
            assert_eq!(
                answer.header("link").unwrap(),
                format!("<{path}>; rel=\"next\"")
            );
        }
        assert_eq!(&seen, items(&whole), "{order}");
    }
}

#[test]
fn by_relevance_comes_first_what_fits_best() {
    let (site, hook) = (Site::start(), Hook::start());
    let mut old = Item::new("best", "Summit of summits");
    old.age_min = 30;
    site.publish("/wire", rss(&[old]));
    let served = Served::start(&site, &hook, OPEN);
    crate::support::wait_for("the old one", || {
        let found = served.api.json("/api/v1/search?q=summit");
        (items(&found).len() == 1).then_some(())
    });
    let mut late = Item::new("late", "Putin spoke at length of this and that");
    late.summary =
        "There was a summit too, among other things that were of more weight.".to_owned();
    let mut more = news(0);
    more.push(late);
    site.publish("/wire", rss(&more));
    hook.wait(1);
    let first = |order: &str| {
        let found = served
            .api
            .json(&format!("/api/v1/search?q=summit&order={order}"));
        titles(&found)[0].to_owned()
    };
    assert!(first("date").starts_with("Putin"));
    assert_eq!(first("relevance"), "Summit of summits");
}

#[test]
fn a_search_that_is_wrong_says_where() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let long = format!("q={}", "a".repeat(5_000));
    for (query, parameter, position) in [
        ("q=astana+OR+lang%3Aru", "q", json!(1)),
        ("q=%D1%88%D0%BE%D1%81+exact%3Asco", "q", json!(5)),
        ("q=-sco", "q", json!(5)),
        ("q=%00", "q", json!(2)),
        (&long, "q", json!(1)),
        ("", "q", Value::Null),
        ("q=sco&order=best", "order", Value::Null),
        ("q=sco&limit=501", "limit", Value::Null),
        ("q=sco&cursor=5.relevance", "cursor", Value::Null),
        ("q=sco&order=relevance&cursor=5.date", "cursor", Value::Null),
        ("q=sco&topic=sco", "topic", Value::Null),
    ] {
        let answer = served.api.get(&format!("/api/v1/search?{query}"));
        let problem = answer.json();
        assert_eq!(answer.status, 400, "{query}: {problem}");
        assert_eq!(problem["parameter"], parameter, "{query}: {problem}");
        assert_eq!(problem["position"], position, "{query}: {problem}");
    }
    let answer = served
        .api
        .json("/api/v1/search?q=sco&order=relevance&cursor=9223372036854775807.relevance");
    assert!(items(&answer).is_empty());
}
