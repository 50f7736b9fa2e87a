//! `/metrics` in the text format of Prometheus.
//!
//! Counters count since the start and never fall, as their readers expect; all else is as it is at the time
//! of the request. A request costs no walk over the history ([`Figures`]). Where the database can't be read,
//! its figures are missing and those of the process are there: they say what is wrong. Labels are bounded:
//! topics and sinks that are not configured (any more) share one value, and those that are have a sample
//! before anything happens.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use tracing::debug;

use self::text::{MEDIA, Text};
use super::app::{App, Vitals};
use super::health::reasons;
use crate::model::Timestamp;
use crate::notify::End;
use crate::store::Figures;

/// The label of what is not configured.
const OTHER: &str = "(not configured)";
/// How long the database's figures are waited for, within what a scrape may take.
const FIGURES_TIMEOUT: Duration = Duration::from_secs(5);
/// Where a delivery can stand that is not over.
const STANDINGS: [&str; 4] = ["held", "waiting", "dead", "mentions"];
/// The states of `WebSub` subscriptions.
const SUBSCRIPTIONS: [&str; 8] = [
    "wanted",
    "requested",
    "active",
    "denied",
    "failed",
    "lost",
    "leaving",
    "gone",
];

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "state", responses(
    (status = 200, description = "Prometheus text format 0.0.4", body = String, content_type = "text/plain")))]
pub(super) async fn show(State(app): State<App>) -> Response {
    let (figures, reasons) = tokio::join!(figures(&app), reasons(&app));
    let config = app.daemon.config();
    let (topics, sinks) = (&config.topics, &config.sinks);
    let text = render(&Seen {
        vitals: &app.daemon.vitals(),
        figures: figures.as_ref(),
        topics: topics.iter().map(|topic| topic.id.as_str()).collect(),
        sinks: sinks.iter().map(|sink| sink.id.as_str()).collect(),
        is_ready: reasons.is_empty(),
        streams: app.open_streams(),
        started: app.started,
        memory: memory(),
        now: Timestamp::now(),
    });
    ([(CONTENT_TYPE, MEDIA)], text).into_response()
}

/// The database's figures, if it can be read.
async fn figures(app: &App) -> Option<Figures> {
    match timeout(FIGURES_TIMEOUT, app.store.figures()).await {
        Ok(Ok(figures)) => Some(figures),
        Ok(Err(error)) => {
            debug!("metrics go without the database's figures: {error}");
            None
        }
        Err(_) => {
            debug!("metrics go without the database's figures: they took too long");
            None
        }
    }
}

/// What there is to tell.
struct Seen<'s> {
    vitals: &'s Vitals,
    /// What the database says, where it can be read.
    figures: Option<&'s Figures>,
    /// The topics that are configured.
    topics: BTreeSet<&'s str>,
    /// The sinks that are configured.
    sinks: BTreeSet<&'s str>,
    is_ready: bool,
    streams: usize,
    started: Timestamp,
    /// Bytes of memory in use, where the system says.
    memory: Option<u64>,
    now: Timestamp,
}

fn label<'l>(known: &BTreeSet<&str>, name: &'l str) -> &'l str {
    if known.contains(name) { name } else { OTHER }
}

fn render(seen: &Seen<'_>) -> String {
    let mut text = Text::default();
    process(&mut text, seen);
    polls(&mut text, seen);
    news(&mut text, seen);
    attempts(&mut text, seen);
    if let Some(figures) = seen.figures {
        mentions(&mut text, seen, figures);
        deliveries(&mut text, seen, figures);
        push(&mut text, figures);
        database(&mut text, figures);
    }
    text.0
}

/// The process, under the names that all programs give them, and whether it works.
fn process(text: &mut Text, seen: &Seen<'_>) {
    text.gauge(
        "process_start_time_seconds",
        "When the daemon began to answer, in seconds since the epoch.",
        seconds(seen.started),
    );
    if let Some(memory) = seen.memory {
        text.gauge(
            "process_resident_memory_bytes",
            "Memory in use.",
            memory as f64,
        );
    }
    text.by(
        ("mentiond_build_info", "gauge", "The version that runs."),
        "version",
        [(env!("CARGO_PKG_VERSION"), 1.0)],
    );
    text.gauge(
        "mentiond_ready",
        "Whether the daemon can do its work, as /readyz says: 1 or 0.",
        f64::from(seen.is_ready),
    );
    text.gauge(
        "mentiond_heartbeat_age_seconds",
        "How long ago the main loop said that it is alive.",
        seen.vitals.silent_for.as_secs_f64(),
    );
    if let Some(share) = seen.vitals.share {
        text.gauge(
            "mentiond_worker_shards",
            "Shards of hosts that this worker holds, of 1024.",
            share.shards as f64,
        );
        text.gauge(
            "mentiond_worker_sinks",
            "Sinks that this worker serves.",
            share.sinks as f64,
        );
        text.gauge(
            "mentiond_worker_leased",
            "Whether this worker's lease runs: 1 or 0.",
            f64::from(share.is_leased),
        );
    }
    text.gauge(
        "mentiond_streams",
        "Streams of events that are open.",
        seen.streams as f64,
    );
}

fn polls(text: &mut Text, seen: &Seen<'_>) {
    let vitals = seen.vitals;
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
    text.gauge(
        "mentiond_schedule_lag_seconds",
        "By how much the feed that is due first is overdue.",
        vitals.overdue.as_secs_f64(),
    );
    text.by(
        ("mentiond_polls_total", "counter", "Polls since the start."),
        "outcome",
        vitals.polls.iter().map(|(name, n)| (*name, *n as f64)),
    );
    text.histogram(
        "mentiond_poll_duration_seconds",
        "How long polls took, from request to commit.",
        &vitals.poll_time,
    );
}

fn news(text: &mut Text, seen: &Seen<'_>) {
    let vitals = seen.vitals;
    text.counter(
        "mentiond_entries_total",
        "New entries since the start.",
        vitals.entries as f64,
    );
    text.counter(
        "mentiond_alerts_created_total",
        "Alerts that the daemon made since the start.",
        vitals.alerts as f64,
    );
    text.gauge(
        "mentiond_spike_watch_timestamp_seconds",
        "When the daemon last looked for topics that are mentioned far more than usual, in seconds since \
         the epoch; 0 before it did.",
        vitals.looked_for_spikes.map_or(0.0, seconds),
    );
}

/// Nothing yet, for each sink that is configured.
fn of_each<'s>(seen: &Seen<'s>, states: &[&'static str]) -> BTreeMap<(&'s str, &'s str), f64> {
    let sinks = seen.sinks.iter();
    sinks
        .flat_map(|sink| states.iter().map(|state| ((*sink, *state), 0.0)))
        .collect()
}

fn attempts(text: &mut Text, seen: &Seen<'_>) {
    let vitals = seen.vitals;
    let mut attempts = of_each(seen, &End::ALL.map(End::as_str));
    for (sink, end, n) in &vitals.attempts {
        let key = (label(&seen.sinks, sink.as_str()), end.as_str());
        *attempts.entry(key).or_default() += *n as f64;
    }
    text.by_two(
        (
            "mentiond_delivery_attempts_total",
            "counter",
            "Attempts to deliver since the start.",
        ),
        ["sink", "outcome"],
        attempts,
    );
    text.histogram(
        "mentiond_delivery_duration_seconds",
        "How long attempts to deliver took.",
        &vitals.attempt_time,
    );
}

fn mentions(text: &mut Text, seen: &Seen<'_>, figures: &Figures) {
    text.gauge(
        "mentiond_pages_waiting",
        "Pages behind entries that wait to be read.",
        figures.pages_waiting as f64,
    );
    text.gauge(
        "mentiond_last_entry_timestamp_seconds",
        "When the newest entry was first seen, in seconds since the epoch; 0 without one.",
        figures.last_entry.map_or(0.0, seconds),
    );
    let mut mentions: BTreeMap<_, _> = seen.topics.iter().map(|topic| (*topic, 0.0)).collect();
    for (topic, n) in &figures.mentions {
        *mentions.entry(label(&seen.topics, topic)).or_default() += *n as f64;
    }
    text.by(
        (
            "mentiond_mentions_total",
            "counter",
            "Mentions recorded since the start, by whichever process.",
        ),
        "topic",
        mentions,
    );
}

fn deliveries(text: &mut Text, seen: &Seen<'_>, figures: &Figures) {
    let mut kept = of_each(seen, &STANDINGS);
    for ((sink, state), n) in &figures.deliveries {
        *kept.entry((label(&seen.sinks, sink), state)).or_default() += *n as f64;
    }
    text.by_two(
        (
            "mentiond_deliveries",
            "gauge",
            "Deliveries that are held back, wait or are dead letters, and mentions that wait.",
        ),
        ["sink", "state"],
        kept,
    );
    let mut oldest: BTreeMap<_, _> = seen.sinks.iter().map(|sink| (*sink, 0.0)).collect();
    for (sink, at) in &figures.oldest_waiting {
        let age = oldest.entry(label(&seen.sinks, sink)).or_default();
        *age = seen.now.since(*at).as_secs_f64().max(*age);
    }
    text.by(
        (
            "mentiond_outbox_oldest_seconds",
            "gauge",
            "The age of the oldest delivery that waits.",
        ),
        "sink",
        oldest,
    );
    let standing = |sink: &str| figures.sinks.get(sink).copied().unwrap_or_default();
    let sinks = || seen.sinks.iter().copied();
    text.by(
        (
            "mentiond_sink_stopped",
            "gauge",
            "Whether a sink is stopped until somebody resumes it: 1 or 0.",
        ),
        "sink",
        sinks().map(|sink| (sink, f64::from(standing(sink).stopped))),
    );
    text.by(
        (
            "mentiond_sink_paused",
            "gauge",
            "Whether a sink is paused until its receiver recovers: 1 or 0.",
        ),
        "sink",
        sinks().map(|sink| (sink, f64::from(standing(sink).paused))),
    );
}

fn push(text: &mut Text, figures: &Figures) {
    let count = |state| figures.subscriptions.get(state).copied().unwrap_or(0) as f64;
    text.by(
        (
            "mentiond_websub_subscriptions",
            "gauge",
            "Subscriptions at WebSub hubs.",
        ),
        "state",
        SUBSCRIPTIONS.map(|state| (state, count(state))),
    );
    let name = "mentiond_websub_lease_end_timestamp_seconds";
    let help = "When the lease of an active subscription ends first, in seconds since the epoch.";
    text.begin(name, "gauge", help);
    if let Some(end) = figures.lease_until {
        text.sample(name, &[], seconds(end));
    }
}

fn database(text: &mut Text, figures: &Figures) {
    let (sizes, rows) = (figures.sizes, &figures.rows);
    text.gauge(
        "mentiond_database_bytes",
        "The size of the database file.",
        sizes.file as f64,
    );
    text.gauge(
        "mentiond_database_free_bytes",
        "What of the database file is free for new rows.",
        sizes.free as f64,
    );
    text.gauge(
        "mentiond_database_wal_bytes",
        "The size of the database's write-ahead log.",
        sizes.wal as f64,
    );
    if let Some(available) = sizes.disk_available {
        text.gauge(
            "mentiond_disk_available_bytes",
            "What the database's disk has left for the daemon.",
            available as f64,
        );
    }
    text.by(
        (
            "mentiond_database_rows",
            "gauge",
            "Rows of tables, at most, as the numbers of the first and the last say.",
        ),
        "table",
        rows.iter().map(|(table, n)| (*table, *n as f64)),
    );
}

/// Seconds since the epoch.
fn seconds(at: Timestamp) -> f64 {
    at.as_millis() as f64 / 1000.0
}

/// Bytes of memory that the process has in use, as Linux says.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests;
