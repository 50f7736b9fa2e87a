//! Where the sinks of the configuration stand.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::{Config, SinkConfig, SinkKind};
use crate::model::Timestamp;
use crate::notify::probe;
use crate::store::SinkState;

/// A sink and how it is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Sink)]
pub struct SinkView {
    /// The sink's id.
    pub sink: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is sent, or how a line looks.
    pub format: String,
    /// Where it leads, without secrets.
    #[serde(rename = "where")]
    pub place: String,
    /// Whether its requests are signed.
    pub signed: bool,
    /// `ok`, `idle` (nothing went there yet), `failing`, `paused` or `stopped`.
    pub state: String,
    /// Why it is stopped.
    pub stopped: Option<String>,
    /// Until when it is paused.
    pub paused_until: Option<Timestamp>,
    /// Alerts that are held back.
    pub held: u64,
    /// Deliveries that wait.
    pub waiting: u64,
    /// Mentions that wait, for sinks that want every mention.
    pub mentions: u64,
    /// Deliveries that were made, as far as they are still kept.
    pub delivered: u64,
    /// Alerts that are in a digest.
    pub gathered: u64,
    /// Dead letters.
    pub dead: u64,
    /// Deliveries that were dropped by hand.
    pub dropped: u64,
    /// Deliveries that a silence holds back.
    pub silenced: u64,
    /// When the last delivery was made.
    pub last_delivered: Option<Timestamp>,
    /// When the next alert that is held back is told.
    pub held_until: Option<Timestamp>,
    /// When the next attempt is due.
    pub next_attempt: Option<Timestamp>,
    /// What went wrong last with a delivery that waits or is dead.
    pub error: Option<String>,
}

impl SinkView {
    /// The sinks of the configuration in its order.
    #[must_use]
    pub fn list(config: &Config, states: &BTreeMap<String, SinkState>) -> Vec<Self> {
        let none = SinkState::default();
        let views = config.sinks.iter().map(|sink| {
            let state = states.get(sink.id.as_str()).unwrap_or(&none);
            Self::of(sink, state)
        });
        views.collect()
    }

    fn of(sink: &SinkConfig, state: &SinkState) -> Self {
        let (kind, format) = names(&sink.kind);
        Self {
            sink: sink.id.to_string(),
            kind: kind.to_owned(),
            format: format.to_owned(),
            place: probe::place(&sink.kind),
            signed: matches!(&sink.kind, SinkKind::Webhook { secret, .. } if secret.is_some()),
            state: word(state).to_owned(),
            stopped: state.stopped.clone(),
            paused_until: state.paused_until,
            held: state.held,
            waiting: state.waiting,
            mentions: state.mentions,
            delivered: state.delivered,
            gathered: state.gathered,
            dead: state.dead,
            dropped: state.dropped,
            silenced: state.silenced,
            last_delivered: state.last_delivered,
            held_until: state.held_until,
            next_attempt: state.next_attempt.filter(|_| state.stopped.is_none()),
            error: state.error.clone(),
        }
    }
}

/// The sink's type and format, as the configuration names them.
#[must_use]
pub fn names(kind: &SinkKind) -> (&'static str, &'static str) {
    match kind {
        SinkKind::Log { format } => ("log", format.name()),
        SinkKind::Webhook { format, .. } => ("webhook", format.name()),
        SinkKind::Email(_) => ("email", "mail"),
        SinkKind::Feed(_) => ("feed", "atom, json"),
        SinkKind::Command(command) => ("command", command.format()),
        SinkKind::Nats(_) => ("nats", "cloudevents"),
    }
}

/// How the sink is doing.
fn word(state: &SinkState) -> &'static str {
    match state {
        SinkState {
            stopped: Some(_), ..
        } => "stopped",
        SinkState {
            paused_until: Some(_),
            ..
        } => "paused",
        SinkState {
            waiting: 1..,
            error: Some(_),
            ..
        } => "failing",
        SinkState {
            held: 0,
            waiting: 0,
            delivered: 0,
            gathered: 0,
            dead: 0,
            dropped: 0,
            silenced: 0,
            ..
        } => "idle",
        _ => "ok",
    }
}
