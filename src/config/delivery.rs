//! How a sink's deliveries are made: the keys that all sinks with a receiver share, and those on
//! signatures and addresses.

use std::time::Duration;

use super::environment::{Environment, Use};
use super::reader::Table;
use super::secret;
use super::value::Value;
use crate::model::{Network, Secret};
use crate::notify::retry;

/// The keys that [`read`] reads.
pub(super) const KEYS: [&str; 9] = [
    "timeout",
    "concurrency",
    "max_attempts",
    "retry_initial",
    "retry_max",
    "ordered",
    "pause_after",
    "pause_initial",
    "pause_max",
];

/// How a sink's deliveries are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryConfig {
    /// The longest time for one attempt.
    pub timeout: Duration,
    /// The most attempts at a time.
    pub concurrency: usize,
    /// Whether deliveries go out strictly one after the other.
    pub ordered: bool,
    /// After how many attempts a delivery is given up.
    pub max_attempts: u32,
    /// The longest wait after the first failed attempt; later ones grow.
    pub retry_initial: Duration,
    /// The longest wait between two attempts.
    pub retry_max: Duration,
    /// After how many failures in a row the sink is paused.
    pub pause_after: u32,
    /// The first pause.
    pub pause_initial: Duration,
    /// The longest pause that follows from failures.
    pub pause_max: Duration,
}

/// Which private addresses a receiver's name may lead to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Private {
    /// None; an address that is written out in the URL is the owner's word and always allowed.
    #[default]
    Refused,
    /// Those of these networks.
    Within(Vec<Network>),
    /// All.
    Allowed,
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(15),
            concurrency: 4,
            ordered: false,
            max_attempts: retry::ATTEMPTS,
            retry_initial: retry::INITIAL,
            retry_max: retry::LONGEST,
            pause_after: 5,
            pause_initial: Duration::from_secs(30),
            pause_max: Duration::from_mins(10),
        }
    }
}

impl DeliveryConfig {
    /// For standard output: nothing is given up, as the next start may bring one that is read, or the disk room.
    #[must_use]
    pub fn log() -> Self {
        Self {
            concurrency: 1,
            max_attempts: u32::MAX,
            retry_initial: Duration::from_secs(5),
            retry_max: Duration::from_mins(5),
            pause_max: Duration::from_mins(5),
            ..Self::default()
        }
    }

    /// For a program: one at a time.
    #[must_use]
    pub fn command() -> Self {
        Self {
            concurrency: 1,
            ..Self::default()
        }
    }

    /// For a mail server: many take their time over a mail, and one that is given up while the server
    /// takes it is sent again; and they want few connections.
    #[must_use]
    pub fn email() -> Self {
        Self {
            timeout: Duration::from_mins(1),
            concurrency: 2,
            ..Self::default()
        }
    }

    /// For NATS: messages go out behind one another, and their acknowledgements are awaited meanwhile.
    #[must_use]
    pub fn nats() -> Self {
        Self {
            concurrency: 32,
            ..Self::default()
        }
    }
}

/// Reads the keys of [`KEYS`].
pub(super) fn read(table: &mut Table<'_>) -> DeliveryConfig {
    read_or(table, &DeliveryConfig::default())
}

/// Reads the keys of [`KEYS`]; `usual` holds for those that are not given.
pub(super) fn read_or(table: &mut Table<'_>, usual: &DeliveryConfig) -> DeliveryConfig {
    let mut duration = |key: &'static str, usual: Duration| {
        let value = table.get(key);
        value.and_then(|value| value.duration()).unwrap_or(usual)
    };
    let read = DeliveryConfig {
        timeout: duration("timeout", usual.timeout),
        retry_initial: duration("retry_initial", usual.retry_initial),
        retry_max: duration("retry_max", usual.retry_max),
        pause_initial: duration("pause_initial", usual.pause_initial),
        pause_max: duration("pause_max", usual.pause_max),
        ..usual.clone()
    };
    let concurrency = table
        .get("concurrency")
        .and_then(|value| value.integer(1..=64_usize));
    let max_attempts = table
        .get("max_attempts")
        .and_then(|value| value.integer(1..=100_u32));
    let ordered = table.get("ordered").and_then(|value| value.flag());
    let pause_after = table
        .get("pause_after")
        .and_then(|value| value.integer(1..=1000_u32));
    DeliveryConfig {
        concurrency: concurrency.unwrap_or(read.concurrency),
        ordered: ordered.unwrap_or(read.ordered),
        max_attempts: max_attempts.unwrap_or(read.max_attempts),
        pause_after: pause_after.unwrap_or(read.pause_after),
        ..read
    }
}

/// Reads `secret` and `previous_secret`.
pub(super) fn secrets(
    table: &mut Table<'_>,
    environment: &Environment,
) -> (Option<Secret>, Option<Secret>) {
    let signing = |value: &Value<'_>| {
        let secret = secret::resolve(value, environment, Use::Delivering)?;
        let unread = !environment.reads(Use::Delivering);
        (unread || secret::check_signing(value, &secret)).then_some(secret)
    };
    let current = table.get("secret");
    let previous = table.get("previous_secret");
    if let (None, Some(previous)) = (&current, &previous) {
        previous.error(
            "`previous_secret` stands without `secret`",
            Some("give the current secret as `secret`".to_owned()),
        );
    }
    (
        current.and_then(|value| signing(&value)),
        previous.and_then(|value| signing(&value)),
    )
}

/// Reads `allow_private`.
pub(super) fn allow_private(table: &mut Table<'_>) -> Private {
    let value = table.get("allow_private");
    value.and_then(|value| private(&value)).unwrap_or_default()
}

fn private(value: &Value<'_>) -> Option<Private> {
    if !value.is_list() {
        let all = value.flag()?;
        return Some(if all {
            Private::Allowed
        } else {
            Private::Refused
        });
    }
    let mut networks = Vec::new();
    for item in value.items()? {
        let text = item.line(50)?;
        match text.parse::<Network>() {
            Ok(network) => networks.push(network),
            Err(error) => item.error(
                format!("{} {error}", super::problem::quoted(text)),
                Some("write true for all, or networks such as [\"10.0.0.0/8\"]".to_owned()),
            ),
        }
    }
    Some(Private::Within(networks))
}
