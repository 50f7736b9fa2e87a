//! A configured sink made ready for sending.

use std::io;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::command::Runner;
use super::email;
use super::observer::Observer;
use super::webhook::{Answer, Failure, Target};
use super::worker::Worker;
use super::{NotifyError, Printer, Settled, Voice, circuit, log, nats, retry, sign};
use crate::config::{
    DeliveryConfig, EmailConfig, LogFormat, NatsConfig, NatsLogin, Secret, SinkConfig, SinkKind,
};
use crate::fleet::Pulse;
use crate::model::Timestamp;
use crate::store::{Store, StoredAlert};
use crate::world;

/// The way to a sink.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // there are few sinks
pub(super) enum Channel {
    Log {
        format: LogFormat,
        voice: Voice,
        printer: Printer,
    },
    Webhook(Target),
    Email(email::Target),
    Command(Runner),
    Nats(nats::Target),
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
            Self::Email(target) => target.send(alert).await,
            Self::Nats(target) => target.send(alert).await,
            Self::Log {
                format,
                voice,
                printer,
            } => {
                let text = match format {
                    LogFormat::Human => log::human(alert, voice),
                    LogFormat::Json => log::json_line(alert),
                };
                let printer = printer.clone();
                match world::offload(move || printer.print(&text)).await {
                    Ok(Ok(())) => Answer::Received,
                    Ok(Err(error)) => Answer::Failed(Failure::unanswered(unwritten(&error))),
                    Err(panic) => Answer::Failed(Failure::unanswered(panic.to_string())),
                }
            }
        }
    }
}

/// Why standard output took nothing.
fn unwritten(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::BrokenPipe => {
            "nobody reads standard output any more: start mentiond again with one that is read"
                .to_owned()
        }
        _ => format!("can't write to standard output: {error}"),
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
            voice: sink.voice(),
            printer: printer.clone(),
        },
        SinkKind::Webhook { .. } => match target(sink)? {
            Some(target) => Channel::Webhook(target),
            None => unreachable!("a webhook has a target"),
        },
        SinkKind::Email(config) => Channel::Email(mail_target(sink, config)?),
        SinkKind::Nats(config) => Channel::Nats(nats_target(sink, config)?),
        SinkKind::Feed(_) => Channel::Feed,
        SinkKind::Command(_) => match Runner::of(sink) {
            Some(runner) => Channel::Command(runner),
            None => unreachable!("a command has a runner"),
        },
    };
    let observer = match &channel {
        Channel::Nats(target) => Some(observer(store, sink, target)),
        _ => None,
    };
    let delivery = &sink.delivery;
    Ok(Worker {
        store: store.clone(),
        sink: sink.id.clone(),
        channel,
        concurrency: delivery.concurrency,
        ordered: delivery.ordered,
        pace: sink.pace.clone(),
        policy: retries(delivery),
        circuit: pauses(delivery),
        settled: settled.clone(),
        fence: None,
        pulse: Pulse::default(),
        observer,
    })
}

/// The worker for the mentions that a sink gets, told or not. A sink that wants none any more still gets what
/// waits for it.
fn observer(store: &Store, sink: &SinkConfig, target: &nats::Target) -> Observer {
    Observer {
        store: store.clone(),
        sink: sink.id.clone(),
        target: target.clone(),
        lasts: sink.wants_mentions(),
        concurrency: sink.delivery.concurrency,
        ordered: sink.delivery.ordered,
        policy: retries(&sink.delivery),
        circuit: pauses(&sink.delivery),
        fence: None,
        pulse: Pulse::default(),
    }
}

fn retries(delivery: &DeliveryConfig) -> retry::Policy {
    retry::Policy {
        initial: delivery.retry_initial,
        max: delivery.retry_max,
        attempts: delivery.max_attempts,
    }
}

fn pauses(delivery: &DeliveryConfig) -> circuit::Policy {
    // Who retries sooner wants to know sooner.
    let max = delivery.pause_max.min(delivery.retry_max);
    circuit::Policy {
        after: delivery.pause_after,
        initial: delivery.pause_initial.min(max),
        max,
    }
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
    let target = Target::new(url, format.clone(), sink.voice(), keys, timeout, private);
    Ok(Some(target.map_err(|e| fault(e.to_string()))?))
}

/// The server of an e-mail sink.
pub(super) fn mail_target(
    sink: &SinkConfig,
    config: &EmailConfig,
) -> Result<email::Target, NotifyError> {
    let (id, timeout) = (sink.id.clone(), sink.delivery.timeout);
    let target = email::Target::new(id, config.clone(), sink.voice(), timeout);
    target.map_err(|detail| NotifyError::Sink {
        sink: sink.id.clone(),
        detail,
    })
}

/// The servers of a NATS sink.
pub(super) fn nats_target(
    sink: &SinkConfig,
    config: &NatsConfig,
) -> Result<nats::Target, NotifyError> {
    let target = nats::Target::new(config, sink.delivery.timeout);
    target.map_err(|detail| NotifyError::Sink {
        sink: sink.id.clone(),
        detail,
    })
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
        SinkKind::Email(config) => email_place(config),
        SinkKind::Command(command) => command.words().join("\0"),
        SinkKind::Feed(_) => "feed".to_owned(),
        SinkKind::Nats(config) => nats_place(config),
    };
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(text.as_bytes())[..16]);
    hash
}

/// The server, the login and everybody who writes and reads.
fn email_place(config: &EmailConfig) -> String {
    let (user, password) = match &config.login {
        Some((user, password)) => (user.as_str(), password.expose()),
        None => ("", ""),
    };
    let to: Vec<&str> = config.to.iter().map(|to| to.email.as_ref()).collect();
    format!(
        "email\n{}:{}\n{}\n{user}\n{password}\n{}\n{}",
        config.host,
        config.port,
        config.tls.name(),
        config.from.email,
        to.join("\n")
    )
}

/// The servers, the login, the subjects and the stream.
fn nats_place(config: &NatsConfig) -> String {
    let servers: Vec<String> = config.servers.iter().map(ToString::to_string).collect();
    let (user, secret) = match &config.login {
        NatsLogin::Nobody => ("", ""),
        NatsLogin::Token(secret) | NatsLogin::Credentials(secret) => ("", secret.expose()),
        NatsLogin::Password(user, secret) => (user.as_str(), secret.expose()),
    };
    format!(
        "nats\n{}\n{user}\n{secret}\n{}\n{}",
        servers.join(" "),
        config.subject,
        config.stream.as_deref().unwrap_or_default()
    )
}
