use std::time::Duration;

use super::super::app::WorkShare;
use super::*;
use crate::measure::Histogram;
use crate::model::SinkId;
use crate::store::{Sizes, Standing};

fn rendered() -> String {
    rendered_with(true)
}

fn rendered_with(database: bool) -> String {
    let poll_time = Histogram::default();
    poll_time.observe(Duration::from_millis(7));
    let id = |id| SinkId::new(id).unwrap();
    let vitals = Vitals {
        feeds: 3,
        share: Some(WorkShare {
            shards: 341,
            sinks: 1,
            is_leased: true,
        }),
        polls: vec![("ok", 2), ("failed", 1)],
        poll_time: poll_time.spread(),
        attempts: vec![
            (id("hook"), End::Delivered, 3),
            (id("old"), End::Dead, 1),
            (id("older"), End::Dead, 1),
        ],
        looked_for_spikes: Some(Timestamp::from_millis(2_500)),
        ..Vitals::default()
    };
    let stopped = Standing {
        stopped: true,
        paused: false,
    };
    let figures = Figures {
        mentions: [("sco".into(), 4), ("left".into(), 5), ("gone".into(), 6)].into(),
        deliveries: [(("hook".into(), "waiting"), 1)].into(),
        oldest_waiting: [("hook".into(), Timestamp::from_millis(1_000))].into(),
        sinks: [("hook".into(), stopped)].into(),
        subscriptions: [("active".into(), 2)].into(),
        rows: [("entry", 9)].into(),
        sizes: Sizes {
            wal: 4096,
            ..Sizes::default()
        },
        ..Figures::default()
    };
    render(&Seen {
        vitals: &vitals,
        figures: database.then_some(&figures),
        topics: ["sco", "putin"].into(),
        sinks: ["hook", "log"].into(),
        is_ready: true,
        streams: 0,
        started: Timestamp::from_millis(500),
        memory: Some(1024),
        now: Timestamp::from_millis(3_500),
    })
}

#[test]
fn figures_have_their_labels_and_those_are_bounded() {
    let text = rendered();
    for line in [
        "process_start_time_seconds 0.5",
        "mentiond_ready 1",
        "mentiond_feeds 3",
        "mentiond_polls_total{outcome=\"ok\"} 2",
        "mentiond_mentions_total{topic=\"sco\"} 4",
        "mentiond_mentions_total{topic=\"putin\"} 0",
        "mentiond_mentions_total{topic=\"(not configured)\"} 11",
        "mentiond_last_entry_timestamp_seconds 0",
        "mentiond_spike_watch_timestamp_seconds 2.5",
        "mentiond_deliveries{sink=\"hook\",state=\"waiting\"} 1",
        "mentiond_deliveries{sink=\"log\",state=\"dead\"} 0",
        "mentiond_outbox_oldest_seconds{sink=\"hook\"} 2.5",
        "mentiond_outbox_oldest_seconds{sink=\"log\"} 0",
        "mentiond_delivery_attempts_total{sink=\"hook\",outcome=\"delivered\"} 3",
        "mentiond_delivery_attempts_total{sink=\"log\",outcome=\"failed\"} 0",
        "mentiond_delivery_attempts_total{sink=\"(not configured)\",outcome=\"dead\"} 2",
        "mentiond_sink_stopped{sink=\"hook\"} 1",
        "mentiond_sink_stopped{sink=\"log\"} 0",
        "mentiond_sink_paused{sink=\"hook\"} 0",
        "mentiond_websub_subscriptions{state=\"active\"} 2",
        "mentiond_websub_subscriptions{state=\"lost\"} 0",
        "mentiond_database_rows{table=\"entry\"} 9",
        "mentiond_database_wal_bytes 4096",
        "mentiond_poll_duration_seconds_bucket{le=\"0.005\"} 0",
        "mentiond_poll_duration_seconds_bucket{le=\"0.01\"} 1",
        "mentiond_poll_duration_seconds_bucket{le=\"+Inf\"} 1",
        "mentiond_poll_duration_seconds_sum 0.007",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
}

#[test]
fn without_the_database_the_process_tells_what_it_knows() {
    let (whole, alone) = (rendered(), rendered_with(false));
    let names = |text: &str| -> BTreeSet<String> {
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        types
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
    };
    assert!(alone.lines().all(|line| whole.lines().any(|l| l == line)));
    let missing: Vec<_> = names(&whole).difference(&names(&alone)).cloned().collect();
    assert_eq!(
        missing,
        [
            "mentiond_database_bytes",
            "mentiond_database_free_bytes",
            "mentiond_database_rows",
            "mentiond_database_wal_bytes",
            "mentiond_deliveries",
            "mentiond_last_entry_timestamp_seconds",
            "mentiond_mentions_total",
            "mentiond_outbox_oldest_seconds",
            "mentiond_pages_waiting",
            "mentiond_sink_paused",
            "mentiond_sink_stopped",
            "mentiond_websub_lease_end_timestamp_seconds",
            "mentiond_websub_subscriptions",
        ]
    );
}

#[test]
fn every_figure_is_typed_once_before_its_samples() {
    let text = rendered();
    let mut typed = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(typed.insert(name), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end));
            assert!(
                typed.contains(name) || typed.contains(base.unwrap_or(name)),
                "{line}"
            );
        }
    }
    let ours = |name: &&str| name.starts_with("mentiond_") || name.starts_with("process_");
    assert!(typed.iter().all(ours));
}

#[test]
fn no_sample_comes_twice() {
    let text = rendered();
    let mut seen = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(seen.insert(series), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn linux_says_how_much_memory_is_in_use() {
    assert!(memory().unwrap() > 1 << 20);
}
