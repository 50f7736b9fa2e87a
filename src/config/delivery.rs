//! How a sink's deliveries are made: the keys that all sinks with a receiver on the network share.

use std::time::Duration;

use super::environment::Use;
use super::reader::Table;
use super::secret;
use super::sinks::Surroundings;
use super::value::Value;
use crate::model::{Network, Secret};

/// The keys read here.
pub(super) const KEYS: [&str; 6] = [
    "previous_secret",
    "ordered",
    "pause_after",
    "pause_initial",
    "pause_max",
    "allow_private",
];

/// How a sink's deliveries are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryConfig {
    /// The signing secret before the current one, while receivers may still hold it.
    pub previous_secret: Option<Secret>,
    /// Whether deliveries go out strictly one after the other.
    pub ordered: bool,
    /// After how many failures in a row the sink is paused.
    pub pause_after: u32,
    /// The first pause.
    pub pause_initial: Duration,
    /// The longest pause that follows from failures.
    pub pause_max: Duration,
    /// The private addresses that the receiver's name may lead to.
    pub allow_private: Private,
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
            previous_secret: None,
            ordered: false,
            pause_after: 5,
            pause_initial: Duration::from_secs(30),
            pause_max: Duration::from_mins(10),
            allow_private: Private::Refused,
        }
    }
}

/// Reads the keys; `signed` says whether there is a current secret.
pub(super) fn read(
    table: &mut Table<'_>,
    around: &Surroundings<'_>,
    signed: bool,
) -> DeliveryConfig {
    let usual = DeliveryConfig::default();
    let previous_secret = table.get("previous_secret").and_then(|value| {
        if !signed {
            value.error(
                "`previous_secret` stands without `secret`",
                Some("give the current secret as `secret`".to_owned()),
            );
        }
        let secret = secret::resolve(&value, around.environment, Use::Delivering)?;
        let unread = !around.environment.reads(Use::Delivering);
        (unread || secret::check_signing(&value, &secret)).then_some(secret)
    });
    let ordered = table.get("ordered").and_then(|value| value.flag());
    let pause_after = table
        .get("pause_after")
        .and_then(|value| value.integer(1..=1000_u32));
    let pause_initial = table
        .get("pause_initial")
        .and_then(|value| value.duration());
    let pause_max = table.get("pause_max").and_then(|value| value.duration());
    let allow_private = table.get("allow_private").and_then(|value| private(&value));
    DeliveryConfig {
        previous_secret,
        ordered: ordered.unwrap_or(usual.ordered),
        pause_after: pause_after.unwrap_or(usual.pause_after),
        pause_initial: pause_initial.unwrap_or(usual.pause_initial),
        pause_max: pause_max.unwrap_or(usual.pause_max),
        allow_private: allow_private.unwrap_or_default(),
    }
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
