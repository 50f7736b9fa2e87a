//! Reading what a feed sink serves, and whether anybody but its readers could read it.

use super::environment::Use;
use super::reader::Table;
use super::sinks::Surroundings;
use super::value::Value;
use super::{WebConfig, secret};
use crate::model::Secret;

/// The keys that only feed sinks have.
pub(super) const KEYS: [&str; 1] = ["entries"];

/// The shortest token that is not soon guessed.
const SHORTEST_TOKEN: usize = 16;
/// Entries of a feed unless it says otherwise.
const ENTRIES: usize = 100;

/// A feed of alerts that the daemon serves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedConfig {
    /// The most entries, the newest of all.
    pub entries: usize,
    /// What its readers know and others don't; a part of its address.
    pub token: Option<Secret>,
}

/// The listener, as far as feeds care.
pub(super) struct Door<'w> {
    /// The section.
    pub(super) web: &'w WebConfig,
    /// Whether the owner has said that there is to be one.
    pub(super) is_wanted: bool,
}

/// Reads `entries` and `token`; `None` after a mistake in them was reported.
pub(super) fn read(table: &mut Table<'_>, around: &Surroundings<'_>) -> Option<FeedConfig> {
    let entries = table.get("entries");
    let entries = entries.map_or(Some(ENTRIES), |value| value.integer(1..=1000_usize));
    let token = table.get("token");
    let is_open = token.is_none();
    let token = match token {
        Some(value) => Some(self::token(&value, around)?),
        None => None,
    };
    let door = &around.door;
    if !door.is_wanted {
        let help = "set `listen = \"127.0.0.1:8470\"` in [web] of the main file";
        table.error(
            "a sink of type \"feed\" is served by the daemon's own listener, and there is none",
            Some(help.to_owned()),
        );
        return None;
    }
    if is_open && !door.web.listen.ip().is_loopback() {
        let help = "give it a `token`, or set `listen` in [web] to an address of this machine alone, such as \
                    \"127.0.0.1:8470\"";
        table.error(
            format!(
                "anyone who reaches {} could read this feed",
                door.web.listen
            ),
            Some(help.to_owned()),
        );
        return None;
    }
    if is_open && door.web.public_url.is_some() {
        let help = "give it a `token`, or let the proxy pass on /websub/ alone";
        table.warn(
            "anyone could read this feed through `public_url`, if its proxy passes on /feeds/",
            Some(help.to_owned()),
        );
    }
    Some(FeedConfig {
        entries: entries?,
        token,
    })
}

/// A token that can stand in a path.
fn token(value: &Value<'_>, around: &Surroundings<'_>) -> Option<Secret> {
    let secret = secret::resolve(value, around.environment, Use::Delivering)?;
    if !around.environment.reads(Use::Delivering) {
        return Some(secret);
    }
    let text = secret.expose();
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let complaint = if !text.bytes().all(fits) {
        "has characters other than letters, digits, `-`, `.`, `_` and `~`"
    } else if text.len() < SHORTEST_TOKEN {
        "is shorter than 16 characters"
    } else {
        return Some(secret);
    };
    value.error(
        format!("{} {complaint} (its value is not shown)", value.label()),
        Some("make one with: head -c 24 /dev/urandom | base64 | tr +/ -_".to_owned()),
    );
    None
}
