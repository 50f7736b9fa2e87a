//! `/metrics` in the text format of Prometheus.
//!
//! Counters since the start come from the daemon's memory, all else from the database at the time of the
//! request. Labels are bounded: topics and sinks that are not configured (any more) share one value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::app::{App, Vitals};
use super::problem::Problem;
use crate::measure::Spread;
use crate::model::Timestamp;
use crate::store::Figures;

/// The media type of the format.
const MEDIA: &str = "text/plain; version=0.0.4; charset=utf-8";
/// The label of what is not configured.
const OTHER: &str = "(not configured)";

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "state", responses(
    (status = 200, description = "Prometheus text format 0.0.4", body = String, content_type = "text/plain")))]
pub(super) async fn show(State(app): State<App>) -> Result<Response, Problem> {
    let figures = app.store.figures().await?;
    let config = app.daemon.config();
    let known = Known {
        topics: config
            .topics
            .iter()
            .map(|topic| topic.id.as_str())
            .collect(),
        sinks: config.sinks.iter().map(|sink| sink.id.as_str()).collect(),
    };
    let streams = app.open_streams() as f64;
    let text = render(
        &app.daemon.vitals(),
        &figures,
        &known,
        streams,
        Timestamp::now(),
    );
    Ok(([(CONTENT_TYPE, MEDIA)], text).into_response())
}

/// The names that may be labels.
struct Known<'c> {
    topics: BTreeSet<&'c str>,
    sinks: BTreeSet<&'c str>,
}

fn label<'l>(known: &BTreeSet<&str>, name: &'l str) -> &'l str {
    if known.contains(name) { name } else { OTHER }
}

fn render(
    vitals: &Vitals,
    figures: &Figures,
    known: &Known<'_>,
    streams: f64,
    now: Timestamp,
) -> String {
    let mut text = Text::default();
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    text.begin("mentiond_build_info", "gauge", "The version that runs.");
    text.sample("mentiond_build_info", &version, 1.0);
    text.gauge(
        "mentiond_feeds",
        "Feeds that are polled.",
        vitals.feeds as f64,
    );
    text.gauge(
        "mentiond_feeds_due",
        "Feeds that are due and not yet being polled.",
        vitals.due as f64,
    );
    text.gauge(
        "mentiond_feeds_failing",
        "Feeds whose last poll failed.",
        vitals.failing as f64,
    );
    let polls = vitals
        .polls
        .iter()
        .map(|(name, n)| ((*name).to_owned(), *n as f64));
    text.by(
        "mentiond_polls_total",
        "counter",
        "Polls since the start.",
        "outcome",
        polls,
    );
    text.histogram(
        "mentiond_poll_duration_seconds",
        "How long polls took, from request to commit.",
        &vitals.poll_time,
    );
    text.gauge(
        "mentiond_schedule_lag_seconds",
        "By how much the feed that is due first is overdue.",
        vitals.overdue.as_secs_f64(),
    );
    text.gauge(
        "mentiond_heartbeat_age_seconds",
        "How long ago the main loop said that it is alive.",
        vitals.silent_for.as_secs_f64(),
    );
    text.one(
        "mentiond_new_entries_total",
        "counter",
        "New entries since the start.",
        vitals.entries as f64,
    );
    text.one(
        "mentiond_alerts_created_total",
        "counter",
        "Alerts that were made since the start.",
        vitals.alerts as f64,
    );
    text.one(
        "mentiond_entries_total",
        "counter",
        "Entries recorded since the database was made.",
        figures.entries as f64,
    );
    let mut mentions = BTreeMap::<String, f64>::new();
    for topic in &known.topics {
        mentions.insert((*topic).to_owned(), 0.0);
    }
    for (topic, n) in &figures.mentions {
        *mentions
            .entry(label(&known.topics, topic).to_owned())
            .or_default() += *n as f64;
    }
    text.by(
        "mentiond_mentions_total",
        "counter",
        "Mentions recorded since the database was made.",
        "topic",
        mentions,
    );
    let alerts = figures
        .alerts
        .iter()
        .map(|(kind, n)| (kind.clone(), *n as f64));
    text.by(
        "mentiond_alerts",
        "gauge",
        "Alerts that are kept.",
        "kind",
        alerts,
    );
    let mut deliveries = BTreeMap::<(&str, &str), f64>::new();
    for ((sink, state), n) in &figures.deliveries {
        let key = (label(&known.sinks, sink), state.as_str());
        *deliveries.entry(key).or_default() += *n as f64;
    }
    text.begin(
        "mentiond_deliveries",
        "gauge",
        "Deliveries that are kept, by where they stand.",
    );
    for ((sink, state), n) in deliveries {
        text.sample(
            "mentiond_deliveries",
            &[("sink", sink), ("state", state)],
            n,
        );
    }
    let mut oldest = BTreeMap::<String, f64>::new();
    for sink in &known.sinks {
        oldest.insert((*sink).to_owned(), 0.0);
    }
    for (sink, at) in &figures.oldest_waiting {
        let age = oldest
            .entry(label(&known.sinks, sink).to_owned())
            .or_default();
        *age = age.max(now.since(*at).as_secs_f64());
    }
    text.by(
        "mentiond_outbox_oldest_seconds",
        "gauge",
        "The age of the oldest delivery that waits.",
        "sink",
        oldest,
    );
    let attempts = vitals
        .attempts
        .iter()
        .map(|(name, n)| ((*name).to_owned(), *n as f64));
    text.by(
        "mentiond_delivery_attempts_total",
        "counter",
        "Attempts to deliver since the start.",
        "outcome",
        attempts,
    );
    text.histogram(
        "mentiond_delivery_duration_seconds",
        "How long attempts to deliver took.",
        &vitals.attempt_time,
    );
    text.gauge(
        "mentiond_streams",
        "Streams of events that are open.",
        streams,
    );
    text.gauge(
        "mentiond_database_bytes",
        "The size of the database file.",
        figures.bytes as f64,
    );
    text.0
}

/// Text of the format.
#[derive(Default)]
struct Text(String);

impl Text {
    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String can't fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (n, (label, text)) in labels.iter().enumerate() {
            let mark = if n == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{mark}{label}=\"{}\"", escaped(text));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.begin(name, kind, help);
        self.sample(name, &[], value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.one(name, "gauge", help, value);
    }

    fn by(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (String, f64)>,
    ) {
        self.begin(name, kind, help);
        for (text, value) in values {
            self.sample(name, &[(label, &text)], value);
        }
    }

    fn histogram(&mut self, name: &str, help: &str, spread: &Spread) {
        self.begin(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        for (end, n) in &spread.at_most {
            self.sample(&bucket, &[("le", &end.to_string())], *n as f64);
        }
        self.sample(&bucket, &[("le", "+Inf")], spread.count as f64);
        self.sample(&format!("{name}_sum"), &[], spread.sum);
        self.sample(&format!("{name}_count"), &[], spread.count as f64);
    }
}

/// A label's value with what would end it escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Histogram;
    use std::time::Duration;

    fn rendered() -> String {
        let poll_time = Histogram::default();
        poll_time.observe(Duration::from_millis(7));
        let vitals = Vitals {
            feeds: 3,
            polls: vec![("ok", 2), ("failed", 1)],
            poll_time: poll_time.spread(),
            ..Vitals::default()
        };
        let waiting = ("hook".to_owned(), "waiting".to_owned());
        let figures = Figures {
            mentions: [("sco".into(), 4), ("left".into(), 5), ("gone".into(), 6)].into(),
            deliveries: [(waiting, 1)].into(),
            oldest_waiting: [("hook".into(), Timestamp::from_millis(1_000))].into(),
            ..Figures::default()
        };
        let known = Known {
            topics: ["sco", "putin"].into(),
            sinks: ["hook", "log"].into(),
        };
        render(
            &vitals,
            &figures,
            &known,
            0.0,
            Timestamp::from_millis(3_500),
        )
    }

    #[test]
    fn figures_have_their_labels_and_those_are_bounded() {
        let text = rendered();
        for line in [
            "mentiond_feeds 3",
            "mentiond_polls_total{outcome=\"ok\"} 2",
            "mentiond_mentions_total{topic=\"sco\"} 4",
            "mentiond_mentions_total{topic=\"putin\"} 0",
            "mentiond_mentions_total{topic=\"(not configured)\"} 11",
            "mentiond_deliveries{sink=\"hook\",state=\"waiting\"} 1",
            "mentiond_outbox_oldest_seconds{sink=\"hook\"} 2.5",
            "mentiond_outbox_oldest_seconds{sink=\"log\"} 0",
            "mentiond_poll_duration_seconds_bucket{le=\"0.005\"} 0",
            "mentiond_poll_duration_seconds_bucket{le=\"0.01\"} 1",
            "mentiond_poll_duration_seconds_bucket{le=\"+Inf\"} 1",
            "mentiond_poll_duration_seconds_sum 0.007",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }

    #[test]
    fn every_figure_is_typed_once_before_its_samples() {
        let text = rendered();
        let mut typed = BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                assert!(typed.insert(rest.split(' ').next().unwrap()), "{line}");
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
        assert!(typed.iter().all(|name| name.starts_with("mentiond_")));
    }

    #[test]
    fn what_would_end_a_label_is_escaped() {
        let mut text = Text::default();
        text.sample("a", &[("b", "x\"\\\n")], 1.0);
        assert_eq!(text.0, "a{b=\"x\\\"\\\\\\n\"} 1\n");
    }
}
