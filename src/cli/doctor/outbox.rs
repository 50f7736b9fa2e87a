//! Whether what is to be told gets out: sinks that are gone, dead letters, what waits for long.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::names::listed;
use super::{Finding, Patient};
use crate::cli::output::relative;
use crate::model::Timestamp;
use crate::store::StoreError;

/// A delivery that waits for longer is worth a word.
const LONG: Duration = Duration::from_hours(1);

/// The outbox: one finding, or one for each thing that is wrong.
pub(super) async fn deliveries(patient: &Patient<'_>) -> Result<Vec<Finding>, StoreError> {
    let figures = patient.store.figures().await?;
    let sinks = patient.config.sinks.iter();
    let sinks: BTreeSet<&str> = sinks.map(|sink| sink.id.as_str()).collect();
    let mut findings = Vec::new();
    let of = |state: &str| -> BTreeMap<&str, u64> {
        let all = figures.deliveries.iter();
        all.filter(|((_, of), n)| *of == state && **n > 0)
            .map(|((sink, _), n)| (sink.as_str(), *n))
            .collect()
    };
    let (waiting, held, dead) = (of("waiting"), of("held"), of("dead"));
    let mentions = of("mentions");
    let open = waiting.keys().chain(held.keys()).chain(mentions.keys());
    let lost: BTreeSet<&str> = open.copied().filter(|sink| !sinks.contains(sink)).collect();
    for sink in &lost {
        let n: u64 = [&waiting, &held, &mentions]
            .iter()
            .filter_map(|counts| counts.get(sink))
            .sum();
        findings.push(Finding::warning(
            "deliveries",
            format!("waiting for sink {sink}, which is not configured: {n}"),
            format!("configure it again, or `mentiond alerts drop --sink {sink}`"),
        ));
    }
    if !dead.is_empty() {
        let sinks: Vec<String> = dead.keys().map(ToString::to_string).collect();
        findings.push(Finding::warning(
            "deliveries",
            format!(
                "dead letters of {}: {}",
                listed(&sinks),
                dead.values().sum::<u64>()
            ),
            "`mentiond alerts --state dead` says why; then `mentiond alerts retry` or `drop`",
        ));
    }
    findings.extend(late(patient, &figures.oldest_waiting, &lost));
    for (sink, reason) in patient.store.stopped_sinks().await? {
        findings.push(Finding::warning(
            "deliveries",
            format!("sink {sink} is stopped: {reason}"),
            format!("`mentiond alerts resume {sink}`"),
        ));
    }
    if findings.is_empty() {
        let sum = |counts: &BTreeMap<&str, u64>| counts.values().sum::<u64>();
        let more = match sum(&mentions) {
            0 => String::new(),
            n => format!(", {n} mentions waiting"),
        };
        let (waiting, held) = (sum(&waiting), sum(&held));
        let text = format!("{waiting} waiting, {held} held, 0 dead{more}");
        findings.push(Finding::ok("deliveries", text));
    }
    Ok(findings)
}

/// Sinks that are there and for which something waits for long.
fn late(
    patient: &Patient<'_>,
    oldest: &BTreeMap<String, Timestamp>,
    lost: &BTreeSet<&str>,
) -> Vec<Finding> {
    let late = oldest
        .iter()
        .filter(|(sink, at)| !lost.contains(sink.as_str()) && patient.now.since(**at) > LONG);
    late.map(|(sink, at)| {
        Finding::warning(
            "deliveries",
            format!(
                "the oldest that waits for sink {sink} was made {}",
                relative(*at, patient.now)
            ),
            format!("`mentiond sinks` says how it is doing; `mentiond sinks test {sink}` tries it; is the daemon running?"),
        )
    })
    .collect()
}
