//! Health, readiness and metrics.

use serde_json::{Value, json};

use crate::client::{OPEN, Served};
use crate::support::wait_for;

#[test]
fn a_daemon_that_works_is_healthy_and_ready() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    for path in ["/healthz", "/readyz"] {
        let answer = served.api.get(path);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json(), json!({ "status": "ok", "reasons": [] }));
    }
    assert!(served.daemon.stop().success());
}

#[test]
fn a_daemon_whose_database_is_held_by_somebody_is_not_ready() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let conn = served.home.database();
    conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = served.api.get("/readyz");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(
        answer.json(),
        json!({ "status": "failing", "reasons": ["database"] })
    );
    assert_eq!(served.api.get("/healthz").status, 200);
    conn.execute_batch("COMMIT").unwrap();
    wait_for("the database", || {
        (served.api.get("/readyz").status == 200).then_some(())
    });
}

#[test]
fn metrics_count_what_happened() {
    let (served, _site, _hook) = Served::with_news(6, OPEN);
    let text = |name: &str| -> String {
        let text = served.api.get("/metrics").body;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}"))
            .to_owned()
    };
    let value = |name: &str| -> f64 { text(name).parse().unwrap() };
    assert_eq!(text("mentiond_feeds"), "1");
    assert_eq!(text("mentiond_mentions_total{topic=\"sco\"}"), "2");
    assert_eq!(text("mentiond_entries_total"), "6");
    assert_eq!(text("mentiond_alerts_created_total"), "4");
    assert_eq!(text("mentiond_polls_total{outcome=\"ok\"}"), "1");
    assert!(value("mentiond_poll_duration_seconds_count") >= 1.0);
    assert!(value("mentiond_database_bytes") > 4096.0);
    assert!(value("mentiond_heartbeat_age_seconds") < 60.0);
    wait_for("the deliveries to be recorded", || {
        let waiting = "mentiond_deliveries{sink=\"hook\",state=\"waiting\"}";
        served
            .api
            .get("/metrics")
            .body
            .contains(&format!("{waiting} 0\n"))
            .then_some(())
    });
    assert_eq!(
        text("mentiond_delivery_attempts_total{sink=\"hook\",outcome=\"delivered\"}"),
        "4"
    );
    assert_eq!(text("mentiond_ready"), "1");
    assert_eq!(text("mentiond_sink_stopped{sink=\"hook\"}"), "0");
    assert_eq!(text("mentiond_database_rows{table=\"entry\"}"), "6");
    assert!(
        value("mentiond_last_entry_timestamp_seconds") > value("process_start_time_seconds") - 60.0
    );
    assert_eq!(text("mentiond_delivery_duration_seconds_count"), "4");
    assert_eq!(text("mentiond_outbox_oldest_seconds{sink=\"hook\"}"), "0");
    let media = served.api.get("/metrics");
    assert_eq!(
        media.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
}

#[test]
fn metrics_are_there_when_the_database_cannot_be_read() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let conn = served.home.database();
    conn.execute_batch("ALTER TABLE page RENAME TO page_away")
        .unwrap();
    let answer = served.api.get("/metrics");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("\nmentiond_ready "), "{answer:?}");
    assert!(!answer.body.contains("mentiond_deliveries{"), "{answer:?}");
}

#[test]
fn log_lines_do_not_name_the_spans_that_they_stand_in() {
    let log = "[log]\nformat = \"json\"\nlevel = \"debug\"\n";
    let (served, _site, _hook) = Served::with_news(3, &format!("{OPEN}{log}"));
    assert_eq!(served.api.get("/api/v1/feeds").status, 200);
    let lines = served.daemon.log();
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.iter().any(|line| line["feed"] == "wire"), "{lines:?}");
    for line in lines {
        assert!(
            line["message"].is_string() && line["level"].is_string(),
            "{line}"
        );
        assert_eq!(
            (line.get("span"), line.get("spans")),
            (None, None),
            "{line}"
        );
    }
}
