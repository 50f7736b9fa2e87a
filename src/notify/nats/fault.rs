//! What goes wrong with a message, and what that says of the server. Pure.
//!
//! What is wrong with one message (too large, a subject that this login may not publish to) is about that
//! message: the server is up, and the message's attempts run out. All else holds for every message: no
//! connection, no TLS, a refused login, no stream, a full one, no acknowledgement. So the sink is paused, and
//! what waits meanwhile loses no attempts.

use std::net::IpAddr;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::{ConnectError, ConnectErrorKind};

use super::message::everything;
use crate::config::{NatsConfig, NatsServer};
use crate::fetch::AddressError;
use crate::notify::circuit::Health;
use crate::notify::echo;
use crate::notify::format::text::{fit, tame, units};
use crate::notify::webhook::Failure;

/// How much of what a server says stands in an error.
const SHOWN: usize = 200;

/// Why a message is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// No server could be used: what each was, and why.
    Unreached(Vec<(NatsServer, Unreached)>),
    /// No connection within this time.
    Silent(Duration),
    /// The connection broke off before the acknowledgement.
    Lost,
    /// No acknowledgement within this time.
    Late(Duration),
    /// No stream takes this subject.
    NoStream(String),
    /// The login may not publish there: the subject, and what the server said.
    Forbidden(String, String),
    /// The server takes no message of this size.
    TooLarge(String),
    /// `JetStream` says no: its code for the error, and its words.
    Refused(u64, String),
    /// An answer that is no acknowledgement.
    Odd(String),
}

/// Why a server could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreached {
    /// Its name leads to this address, which is not allowed.
    Private(IpAddr),
    /// Its name leads nowhere, nobody listens there, or what answers is no NATS server.
    Connect(String),
    /// No encrypted connection.
    Tls(String),
    /// It refused the login.
    Login,
}

impl Unreached {
    /// What the client says of a connection that it could not make.
    pub(super) fn of(error: &ConnectError) -> Self {
        let why = innermost(error);
        match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                Self::Login
            }
            ConnectErrorKind::Tls => Self::Tls(why),
            ConnectErrorKind::TimedOut => Self::Connect("no answer in time".to_owned()),
            _ if is_tls(error) => Self::Tls(why),
            _ => Self::Connect(why),
        }
    }

    fn in_words(&self, short: &impl Fn(&str) -> String) -> String {
        match self {
            Self::Private(address) => format!(
                "its name leads to {address} only, which is not public; \
                 set the sink's `allow_private` if it is meant"
            ),
            Self::Connect(why) => format!("can't connect: {}", short(why)),
            Self::Tls(why) => format!("no encrypted connection: {}", short(why)),
            Self::Login => "it refused the login; correct the sink's `token`, `user` and \
                            `password`, or `credentials`"
                .to_owned(),
        }
    }
}

impl From<AddressError> for Unreached {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Refused(address) => Self::Private(address),
            AddressError::Unknown(why) => Self::Connect(why),
        }
    }
}

impl Fault {
    /// What the client says of a message under this subject.
    pub(super) fn of_publish(subject: &str, limit: Duration, error: &PublishError) -> Self {
        match error.kind() {
            PublishErrorKind::StreamNotFound => Self::NoStream(subject.to_owned()),
            PublishErrorKind::TimedOut => Self::Late(limit),
            PublishErrorKind::BrokenPipe => Self::Lost,
            PublishErrorKind::MaxPayloadExceeded => Self::TooLarge(innermost(error)),
            _ => Self::of_answer(error),
        }
    }

    /// What the client says of a stream that it could not make.
    pub(super) fn of_create(limit: Duration, error: &CreateStreamError) -> Self {
        match error.kind() {
            CreateStreamErrorKind::JetStream(said) => Self::refused(&said),
            CreateStreamErrorKind::TimedOut => Self::Late(limit),
            CreateStreamErrorKind::JetStreamUnavailable => Self::Refused(
                ErrorCode::JETSTREAM_NOT_ENABLED.0,
                "JetStream not enabled".to_owned(),
            ),
            _ => Self::of_answer(error),
        }
    }

    fn of_answer(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(deeper) = cause {
            if let Some(said) = deeper.downcast_ref::<async_nats::jetstream::Error>() {
                return Self::refused(said);
            }
            cause = deeper.source();
        }
        Self::Odd(innermost(error))
    }

    fn refused(said: &async_nats::jetstream::Error) -> Self {
        Self::Refused(said.error_code().0, said.to_string())
    }

    /// Whether the next attempt is better made on another connection. One that `JetStream` has answered on is
    /// in order.
    pub(super) fn ends_connection(&self) -> bool {
        !matches!(
            self,
            Self::NoStream(_) | Self::TooLarge(_) | Self::Refused(..)
        )
    }

    /// What it means for the delivery; no secret is left in its words.
    pub(super) fn into_failure(self, config: &NatsConfig, secrets: &[String]) -> Failure {
        let clean = |text: &str| echo::clean(text.as_bytes(), false, secrets).unwrap_or_default();
        let short = |text: &str| fit(&tame(&clean(text)), SHOWN, units);
        let all = everything(&config.subject);
        let stream = match &config.stream {
            Some(stream) => format!("the stream {stream}"),
            None => "a stream".to_owned(),
        };
        let (error, health, response) = match self {
            Self::Unreached(servers) => {
                let told: Vec<String> = servers
                    .iter()
                    .map(|(server, why)| format!("{server}: {}", why.in_words(&short)))
                    .collect();
                (told.join("; "), Health::Down, None)
            }
            Self::Silent(limit) => (
                format!("no connection within {limit:?}"),
                Health::Down,
                None,
            ),
            Self::Lost => (
                "the connection broke off before the message was acknowledged".to_owned(),
                Health::Down,
                None,
            ),
            Self::Late(limit) => (
                format!(
                    "no acknowledgement within {limit:?}: make sure that {stream} takes {all} and \
                     acknowledges, and that nothing else answers there"
                ),
                Health::Down,
                None,
            ),
            Self::NoStream(subject) => {
                let help = match (&config.stream, config.create_stream) {
                    (_, true) => String::new(),
                    (Some(_), false) => {
                        format!("; make {stream} that takes {all}, or set `create_stream`")
                    }
                    (None, false) => format!(
                        "; make a stream that takes {all}, or name one as `stream` and set `create_stream`"
                    ),
                };
                let error = format!("no stream takes {subject}{help}");
                (error, Health::Down, None)
            }
            Self::Forbidden(subject, said) => (
                format!("the login may not publish to {subject}; let it publish to {all}"),
                Health::Up,
                Some(clean(&said)),
            ),
            Self::TooLarge(why) => (
                format!("the message is too large: {}", short(&why)),
                Health::Up,
                None,
            ),
            Self::Refused(code, said) => (
                format!("JetStream refused it: {}{}", short(&said), help(code, &all)),
                health(code),
                Some(clean(&said)),
            ),
            Self::Odd(why) => (
                format!(
                    "the answer is no acknowledgement: {}; make sure that nothing but JetStream \
                     answers to {all}",
                    short(&why)
                ),
                Health::Down,
                None,
            ),
        };
        Failure {
            error,
            retry_after: None,
            response: response.filter(|text| !text.is_empty()),
            health,
        }
    }
}

/// Whether an error of `JetStream` is about one message or about all.
fn health(code: u64) -> Health {
    match ErrorCode(code) {
        ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM | ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM => {
            Health::Up
        }
        _ => Health::Down,
    }
}

/// What to do about an error of `JetStream`.
fn help(code: u64, all: &str) -> String {
    match ErrorCode(code) {
        ErrorCode::STREAM_NOT_MATCH => {
            "; another stream than the sink's `stream` takes the subject: name that one".to_owned()
        }
        ErrorCode::STREAM_NAME_EXIST => {
            format!("; the stream exists and is set up otherwise: let it take {all}")
        }
        ErrorCode::STREAM_SUBJECT_OVERLAP => format!(
            "; another stream takes a part of {all}: name it as the sink's `stream`, or give the sink another `subject`"
        ),
        ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
            "; start the server with JetStream (-js), and enable it for the account".to_owned()
        }
        ErrorCode::STREAM_STORE_FAILED
        | ErrorCode::STREAM_MAX_STREAM_BYTES_EXCEEDED
        | ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
        | ErrorCode::INSUFFICIENT_RESOURCES
        | ErrorCode::MEMORY_RESOURCES_EXCEEDED
        | ErrorCode::STORAGE_RESOURCES_EXCEEDED => {
            "; give the stream more room, or let it discard what is old".to_owned()
        }
        ErrorCode::STREAM_SEALED => "; a sealed stream takes nothing any more".to_owned(),
        _ => String::new(),
    }
}

/// The innermost cause in words.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Whether rustls is among the causes, also inside of an I/O error.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(deeper) = cause {
        let inner = deeper
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        if deeper.is::<rustls::Error>()
            || inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
        {
            return true;
        }
        cause = deeper.source();
    }
    false
}
