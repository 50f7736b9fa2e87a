//! A configured sink made ready for sending.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::command::Runner;
use super::webhook::{Answer, Failure, Target};
use super::worker::Worker;
use super::{NotifyError, Printer, Settled, circuit, log, retry, sign};
use crate::config::{LogFormat, Secret, SinkConfig, SinkKind};
use crate::model::Timestamp;
use crate::store::{Store, StoredAlert};

/// The way to a sink.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // there are few sinks
pub(super) enum Channel {
    Log {
        format: LogFormat,
        printer: Printer,
    },
    Webhook(Target),
    Command(Runner),
    /// Readers come for it by themselves.
    Feed,
}

impl Channel {
    /// Sends an alert once.
    pub(super) async fn send(&self, alert: &StoredAlert) -> Answer {
        match self {
            Self::Webhook(target) => target.send(alert, Timestamp::now()).await,
            Self::Command(runner) => runner.send(alert).await,
            Self::Feed => Answer::Received,
            Self::Log { format, printer } => {
                let text = match format {
                    LogFormat::Human => log::human(alert),
                    LogFormat::Json => log::json_line(alert),
                };
                let printer = printer.clone();
                match spawn_blocking(move || printer.print(&text)).await {
                    Ok(Ok(())) => Answer::Received,
                    Ok(Err(error)) => {
                        Answer::Failed(Failure::unanswered(format!("can't write: {error}")))
                    }
                    Err(panic) => Answer::Failed(Failure::unanswered(panic.to_string())),
                }
            }
        }
    }
}

/// The worker of a sink, not yet running.
pub(super) fn worker(
    store: &Store,
    sink: &SinkConfig,
    printer: &Printer,
    settled: &Arc<Settled>,
) -> Result<Worker, NotifyError> {
    let channel = match &sink.kind {
        SinkKind::Log { format } => Channel::Log {
            format: *format,
            printer: printer.clone(),
        },
        SinkKind::Webhook { .. } => match target(sink)? {
            Some(target) => Channel::Webhook(target),
            None => unreachable!("a webhook has a target"),
        },
        SinkKind::Feed(_) => Channel::Feed,
        SinkKind::Command(_) => match Runner::of(sink) {
            Some(runner) => Channel::Command(runner),
            None => unreachable!("a command has a runner"),
        },
    };
    let delivery = &sink.delivery;
    // Who retries sooner wants to know sooner.
    let max = delivery.pause_max.min(delivery.retry_max);
    Ok(Worker {
        store: store.clone(),
        sink: sink.id.clone(),
        channel,
        concurrency: delivery.concurrency,
        ordered: delivery.ordered,
        policy: retry::Policy {
            initial: delivery.retry_initial,
            max: delivery.retry_max,
            attempts: delivery.max_attempts,
        },
        circuit: circuit::Policy {
            after: delivery.pause_after,
            initial: delivery.pause_initial.min(max),
            max,
        },
        settled: settled.clone(),
    })
}

/// The receiver of a webhook sink; `None` for a sink of another type.
pub(super) fn target(sink: &SinkConfig) -> Result<Option<Target>, NotifyError> {
    let fault = |detail: String| NotifyError::Sink {
        sink: sink.id.clone(),
        detail,
    };
    let SinkKind::Webhook {
        url,
        format,
        secret,
        previous_secret,
        allow_private,
    } = &sink.kind
    else {
        return Ok(None);
    };
    let key = |secret: &Secret| {
        sign::Key::parse(secret.expose()).map_err(|error| fault(error.to_string()))
    };
    let previous = previous_secret.as_ref().map(key).transpose()?;
    let current = secret.as_ref().map(key).transpose()?;
    let keys = current.map(|current| sign::Keys::new(current, previous));
    let url = url
        .expose()
        .parse()
        .map_err(|_| fault("its URL is not valid".into()))?;
    let (timeout, private) = (sink.delivery.timeout, allow_private.clone());
    let target = Target::new(url, format.clone(), keys, timeout, private);
    Ok(Some(target.map_err(|e| fault(e.to_string()))?))
}

/// What makes a sink another sink: its stop is lifted when this changes. A hash, because a
/// webhook's URL may be a secret.
pub(super) fn target_hash(kind: &SinkKind) -> [u8; 16] {
    let text = match kind {
        SinkKind::Log { .. } => "log".to_owned(),
        SinkKind::Webhook { url, format, .. } => match format.place() {
            place if place.is_empty() => url.expose().to_owned(),
            place => format!("{}\n{place}", url.expose()),
        },
        SinkKind::Command(command) => command.words().join("\0"),
        SinkKind::Feed(_) => "feed".to_owned(),
    };
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(text.as_bytes())[..16]);
    hash
}
