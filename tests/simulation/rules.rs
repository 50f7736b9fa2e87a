//! What must hold when all has been well for long enough: nothing is lost, nothing was told twice, every
//! alert has come to every sink.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::Connection;

use crate::publisher::TOPICS;
use crate::town::Town;

/// Holds what arrived against what was published, and against the database.
pub fn at_the_end(town: &Town, lines: &[String], database: &Path) {
    let mut wrong = Vec::new();
    {
        let state = town.state();
        // What each feed still shows must have been told everywhere.
        for publisher in state.publishers.iter().filter(|p| !p.is_gone) {
            for item in publisher.shown() {
                for topic in &item.topics {
                    for receiver in &state.receivers {
                        let told = receiver.got.iter().any(|got| {
                            got.heard && got.topic == TOPICS[*topic].0 && got.link == item.link
                        });
                        if !told {
                            wrong.push(format!(
                                "{}: {} in {} of {} was never told",
                                receiver.id, TOPICS[*topic].0, item.link, publisher.id
                            ));
                        }
                    }
                }
            }
        }
        // And nothing but what somebody wrote.
        let written: BTreeSet<(&str, &str)> = state
            .publishers
            .iter()
            .flat_map(|publisher| &publisher.items)
            .flat_map(|item| {
                item.topics
                    .iter()
                    .map(|t| (TOPICS[*t].0, item.link.as_str()))
            })
            .collect();
        // All sinks have heard the same.
        let told: Vec<BTreeSet<&str>> = state
            .receivers
            .iter()
            .map(|receiver| receiver.got.iter().map(|got| got.id.as_str()).collect())
            .collect();
        for receiver in &state.receivers {
            for got in receiver
                .got
                .iter()
                .filter(|got| got.kind == "mention.created")
            {
                if !written.contains(&(got.topic.as_str(), got.link.as_str())) {
                    wrong.push(format!("{}: nobody wrote {got:?}", receiver.id));
                }
            }
        }
        if told[0] != told[1] {
            let odd: Vec<_> = told[0].symmetric_difference(&told[1]).collect();
            wrong.push(format!("one receiver alone has heard of {odd:?}"));
        }
        let logged: BTreeSet<String> = lines
            .iter()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|alert| Some(alert.pointer("/data/alert_id")?.as_str()?.to_owned()))
            .collect();
        if !logged
            .iter()
            .map(String::as_str)
            .eq(told[0].iter().copied())
        {
            wrong.push(format!(
                "the log has {} alerts, the receivers {}",
                logged.len(),
                told[0].len()
            ));
        }
    }
    match deliveries(database) {
        Ok(states) => {
            for ((sink, state), count) in states {
                if state != "delivered" {
                    wrong.push(format!("{count} deliveries to {sink} are {state}"));
                }
            }
        }
        Err(error) => wrong.push(format!("the database can't be read: {error}")),
    }
    for what in wrong {
        town.wrong(what);
    }
}

fn deliveries(database: &Path) -> rusqlite::Result<BTreeMap<(String, String), i64>> {
    let conn = Connection::open(database)?;
    let mut query = conn.prepare("SELECT sink, state, count(*) FROM delivery GROUP BY 1, 2")?;
    let rows = query.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    rows.collect()
}
