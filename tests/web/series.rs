//! A topic over time, and counts of all that was read.

use serde_json::{Value, json};

use crate::client::{OPEN, Served};

fn sum(points: &Value, what: &str) -> u64 {
    let points = points.as_array().unwrap().iter();
    points.map(|point| point[what].as_u64().unwrap()).sum()
}

#[test]
fn a_topic_is_told_with_what_its_mentions_are_made_of() {
    let (served, _site, _hook) = Served::with_news(9, OPEN);
    let topic = served.api.json("/api/v1/topics/putin");
    assert_eq!(topic["name"], "Vladimir Putin");
    assert_eq!(
        (&topic["mentions"], &topic["entries"]),
        (&json!(3), &json!(9))
    );
    // The quarter-hour that goes on is not among them.
    let lately = topic["lately"]["mentions"].as_u64().unwrap();
    assert!(lately == 0 || lately == 3, "{topic}");
    assert_eq!(topic["feeds"][0]["value"], "wire");
    assert_eq!(
        topic["languages"],
        json!([{ "value": "en", "name": null, "mentions": 3 }])
    );
    assert_eq!(topic["fields"][0]["value"], "title");
    assert_eq!(
        (&topic["spikes"], &topic["together"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(topic["by"], "day");
    assert_eq!(sum(&topic["points"], "mentions"), 3);
    let hours = served
        .api
        .json("/api/v1/topics/putin?since=1d&zone=Asia/Kolkata&limit=1");
    assert_eq!(
        (&hours["by"], &hours["time_zone"]),
        (&json!("hour"), &json!("Asia/Kolkata"))
    );
    // Until the end of the quarter-hour the answer stays the same.
    let tag = served
        .api
        .get("/api/v1/topics/sco")
        .header("etag")
        .unwrap()
        .to_owned();
    let again = served
        .api
        .with(&format!("If-None-Match: {tag}"))
        .get("/api/v1/topics/sco");
    let is_later = again.header("etag") != Some(&tag);
    assert!(again.status == 304 || is_later, "{again:?}");
}

#[test]
fn points_follow_each_other_and_hold_all_mentions_once() {
    let (served, _site, _hook) = Served::with_news(9, OPEN);
    for (unit, least) in [("hour", 24 * 30), ("day", 30), ("week", 5), ("month", 1)] {
        for zone in ["UTC", "America/St_Johns"] {
            let path = format!("/api/v1/topics/sco/series?unit={unit}&zone={zone}");
            let series = served.api.json(&path);
            assert_eq!(
                (&series["unit"], &series["zone"]),
                (&json!(unit), &json!(zone))
            );
            assert_eq!(
                (&series["by"], &series["values"]),
                (&Value::Null, &json!([]))
            );
            let points = series["points"].as_array().unwrap();
            assert!(points.len() >= least, "{unit}: {}", points.len());
            for pair in points.windows(2) {
                assert_eq!(pair[0]["end"], pair[1]["start"]);
            }
            assert_eq!(sum(&series["points"], "mentions"), 3, "{unit} {zone}");
            let all = served
                .api
                .json(&format!("/api/v1/series?unit={unit}&zone={zone}"));
            assert_eq!(all["points"].as_array().unwrap().len(), points.len());
            assert_eq!(sum(&all["points"], "entries"), 9);
            let told = points.iter().find(|point| point["mentions"] == 3);
            if let Some(share) = told.map(|point| point["per_thousand"].as_f64().unwrap()) {
                assert!((share - 1000.0 / 3.0).abs() < 0.01, "{share}");
            }
        }
    }
}

#[test]
fn mentions_are_broken_down_over_time() {
    let (served, _site, _hook) = Served::with_news(9, OPEN);
    for (by, value) in [
        ("feed", "wire"),
        ("language", "en"),
        ("country", ""),
        ("tag", ""),
        ("field", "title"),
    ] {
        let path = format!("/api/v1/topics/sco/series?by={by}&unit=day");
        let series = served.api.json(&path);
        assert_eq!((&series["by"], &series["points"]), (&json!(by), &json!([])));
        let values = series["values"].as_array().unwrap();
        assert_eq!(values.len(), 1, "{series}");
        assert_eq!(
            (&values[0]["value"], &values[0]["mentions"]),
            (&json!(value), &json!(3))
        );
        assert_eq!(sum(&values[0]["points"], "mentions"), 3);
        let points = values[0]["points"].as_array().unwrap().len();
        let csv = served.api.with("Accept: text/csv").get(&path);
        let lines: Vec<&str> = csv.body.lines().collect();
        assert_eq!(lines[0], "value,name,start,end,mentions");
        assert_eq!(lines.len(), 1 + points);
    }
}

#[test]
fn counts_come_as_csv() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let csv = served
        .api
        .get("/api/v1/topics/sco/series?format=csv&unit=day&since=2d");
    assert!(csv.header("content-type").unwrap().starts_with("text/csv"));
    let attached = csv.header("content-disposition").unwrap();
    assert_eq!(attached, "attachment; filename=\"series.csv\"");
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!(lines[0], "start,end,mentions,stories,per_thousand");
    assert!(lines.len() >= 3 && lines.len() <= 4, "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("T00:00:00Z,1,1,333.3")),
        "{lines:?}"
    );
    let csv = served
        .api
        .get("/api/v1/series?format=csv&unit=day&since=2d")
        .body;
    assert!(
        csv.starts_with("start,end,entries,stories\r\n") && csv.contains("Z,3,3\r\n"),
        "{csv}"
    );
}

#[test]
fn what_can_not_be_counted_is_refused_by_its_parameter() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    for (query, parameter) in [
        ("by=feed&unit=hour", json!("unit")),
        ("by=feed&unit=day&zone=Asia/Almaty", json!("zone")),
        ("zone=Mars/Olympus", json!("zone")),
        ("unit=year", json!("unit")),
        ("by=author", json!("by")),
        ("limit=101", json!("limit")),
        ("unit=hour&since=2000-01-01", json!("since")),
        ("unit=day&by=feed&since=2020-01-01&limit=100", Value::Null),
        ("form=csv", json!("form")),
    ] {
        let answer = served
            .api
            .get(&format!("/api/v1/topics/sco/series?{query}"));
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
        assert_eq!(answer.json()["parameter"], parameter, "{query}: {answer:?}");
    }
    assert_eq!(served.api.get("/api/v1/topics/scoo").status, 404);
    assert_eq!(served.api.get("/api/v1/topics/scoo/series").status, 404);
    let nothing = served
        .api
        .json("/api/v1/topics/sco/series?since=1d&until=2d");
    assert_eq!(nothing["points"], json!([]));
    let nothing = served
        .api
        .json("/api/v1/topics/sco/series?unit=day&by=feed&since=1d&until=2d");
    assert_eq!(nothing["values"], json!([]));
}
