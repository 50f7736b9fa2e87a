//! Sinks that don't get what waits for them, and why, in words for people.

use std::collections::BTreeMap;

use super::output::{count, printable, relative};
use crate::config::Config;
use crate::model::Timestamp;
use crate::notify::{End, Settled};
use crate::store::{PauseRecord, SinkState, Store, StoreError};

/// The sinks that are stopped or paused, by their ids.
pub struct Troubled {
    /// Why they are stopped.
    stopped: BTreeMap<String, String>,
    paused: BTreeMap<String, PauseRecord>,
}

impl Troubled {
    /// Reads which there are.
    pub async fn read(store: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            stopped: store.stopped_sinks().await?.into_iter().collect(),
            paused: store.paused_sinks().await?.into_iter().collect(),
        })
    }

    /// A line for each.
    pub fn lines(&self, now: Timestamp) -> Vec<String> {
        let stopped = self.stopped.iter().map(|(sink, reason)| {
            let reason = printable(reason);
            format!("sink {sink} is stopped: {reason}; `mentiond alerts resume {sink}`")
        });
        let paused = self.paused.iter().map(|(sink, pause)| {
            let reason = printable(&pause.reason);
            format!(
                "sink {sink} is paused, {}: {reason}",
                next(pause.until, now)
            )
        });
        stopped.chain(paused).collect()
    }

    /// How a delivery waits that has been attempted so often and is due then.
    pub fn waiting(
        &self,
        sink: &str,
        attempts: u32,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> String {
        if let Some(reason) = self.stopped.get(sink) {
            return format!("waiting, the sink is stopped: {}", printable(reason));
        }
        let attempts = count(attempts as usize, "attempt");
        if let Some(pause) = self.paused.get(sink) {
            let at = due.map_or(pause.until, |due| due.max(pause.until));
            let next = next(at, now);
            return format!("waiting, {attempts}, the sink is paused ({next})");
        }
        let next = due.map(|at| relative(at, now)).unwrap_or_default();
        format!("waiting, {attempts}, next {next}")
    }

    /// A line for each sink of the configuration for which something waits that a round could not
    /// deliver, or has become a dead letter in it.
    pub fn not_delivered(
        &self,
        config: &Config,
        states: &BTreeMap<String, SinkState>,
        settled: &Settled,
        now: Timestamp,
    ) -> Vec<String> {
        let attempts = settled.attempts();
        let lines = config.sinks.iter().filter_map(|sink| {
            let state = states.get(sink.id.as_str())?;
            let is_own = |(id, end, _): &&(_, End, u64)| *id == sink.id && *end == End::Dead;
            let dead = attempts.iter().find(is_own).map_or(0, |(.., n)| *n);
            let why = self.why(sink.id.as_str(), state, dead, now)?;
            Some(format!("not delivered: {}: {why}", sink.id))
        });
        let mut lines: Vec<String> = lines.collect();
        if let Some(last) = lines.last_mut() {
            last.push_str("; `mentiond sinks` shows all");
        }
        lines
    }

    fn why(&self, sink: &str, state: &SinkState, dead: u64, now: Timestamp) -> Option<String> {
        let error = state.error.as_deref().map(printable);
        if state.waiting > 0 {
            if let Some(reason) = self.stopped.get(sink) {
                let reason = printable(reason);
                return Some(format!(
                    "stopped: {reason}; `mentiond alerts resume {sink}` lets it go on"
                ));
            }
            if let Some(pause) = self.paused.get(sink) {
                let reason = printable(&pause.reason);
                return Some(format!("paused, {}: {reason}", next(pause.until, now)));
            }
            if let (Some(error), Some(at)) = (&error, state.next_attempt) {
                let (waiting, next) = (state.waiting, next(at, now));
                return Some(format!("{waiting} waiting, {next}: {error}"));
            }
        }
        (dead > 0).then(|| format!("{dead} given up: {}", error.unwrap_or_default()))
    }
}

/// When the next attempt is made; a time that is over is that of the next run.
fn next(at: Timestamp, now: Timestamp) -> String {
    if at > now {
        format!("next attempt {}", relative(at, now))
    } else {
        "next attempt due".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn troubled() -> (Troubled, Timestamp) {
        let now = Timestamp::from_millis(1_000_000_000);
        let pause = PauseRecord {
            until: now + Duration::from_secs(10),
            times: 1,
            reason: "the receiver answered 500".to_owned(),
        };
        let troubled = Troubled {
            stopped: [("gone".to_owned(), "it answered 410".to_owned())].into(),
            paused: [("bad".to_owned(), pause)].into(),
        };
        (troubled, now)
    }

    #[test]
    fn what_waits_says_for_what() {
        let (troubled, now) = troubled();
        let before = Some(now - Duration::from_mins(4));
        let after = Some(now + Duration::from_mins(4));
        let told = |sink, due| troubled.waiting(sink, 2, due, now);
        assert_eq!(told("ok", after), "waiting, 2 attempts, next in 4m");
        assert_eq!(
            told("bad", before),
            "waiting, 2 attempts, the sink is paused (next attempt in 10s)"
        );
        assert_eq!(
            told("bad", after),
            "waiting, 2 attempts, the sink is paused (next attempt in 4m)"
        );
        assert_eq!(
            told("gone", before),
            "waiting, the sink is stopped: it answered 410"
        );
    }

    #[test]
    fn sinks_say_why_they_get_nothing_while_something_waits_for_them() {
        let (troubled, now) = troubled();
        let mut state = SinkState {
            waiting: 3,
            error: Some("no route".to_owned()),
            next_attempt: Some(now - Duration::from_secs(3)),
            ..SinkState::default()
        };
        let why = |sink, state: &SinkState, dead| troubled.why(sink, state, dead, now);
        let told = |sink, state: &SinkState| why(sink, state, 0).unwrap_or_default();
        assert_eq!(
            told("gone", &state),
            "stopped: it answered 410; `mentiond alerts resume gone` lets it go on"
        );
        assert_eq!(
            told("bad", &state),
            "paused, next attempt in 10s: the receiver answered 500"
        );
        assert_eq!(
            told("other", &state),
            "3 waiting, next attempt due: no route"
        );
        state.waiting = 0;
        assert_eq!(why("bad", &state, 0), None);
        assert_eq!(
            why("bad", &state, 1).as_deref(),
            Some("1 given up: no route")
        );
    }

    #[test]
    fn a_pause_that_is_over_is_no_time_to_come() {
        let (troubled, now) = troubled();
        let lines = troubled.lines(now + Duration::from_mins(1));
        assert_eq!(
            lines,
            [
                "sink gone is stopped: it answered 410; `mentiond alerts resume gone`",
                "sink bad is paused, next attempt due: the receiver answered 500"
            ]
        );
    }
}
