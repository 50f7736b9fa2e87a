//! Reading `[web]`: whether the daemon can be reached, where, and by whom.
//!
//! The API is served where `enabled` says so, the callbacks of hubs where `public_url` is set; either
//! starts the listener. Without a credential the API is for this machine alone: on another address, or
//! behind the reverse proxy that `public_url` speaks of, it takes one.

use std::net::SocketAddr;

use argon2::Algorithm;
use argon2::password_hash::phc::PasswordHash;

use super::WebConfig;
use super::environment::{Environment, Use};
use super::feeds::check_url;
use super::problem::{Report, quoted};
use super::reader::Table;
use super::secret;
use super::source::Origin;
use super::value::Value;
use crate::model::Secret;

/// The most entries of `hosts`.
const MOST_HOSTS: usize = 64;
/// The shortest token, in bytes.
const SHORTEST_TOKEN: usize = 16;
/// What to do about an API that anybody could use.
const ADVICE: &str =
    "set `token` or `password_hash`; make a token with: head -c 32 /dev/urandom | base64";

/// `[web]`.
/// The section, and where `listen` stands in it if it does. `lacks_key` is whether the database is one of
/// several workers that have no key for the addresses of callbacks.
pub(super) fn read(
    mut table: Table<'_>,
    environment: &Environment,
    lacks_key: bool,
) -> (WebConfig, Option<Origin>) {
    let enabled_value = table.setting("enabled");
    let (listen_value, public_value) = (table.setting("listen"), table.setting("public_url"));
    let credentials = [
        table.get("token"),
        table.get("read_token"),
        table.get("password_hash"),
    ];
    let hosts_value = table.get("hosts");

    let enabled = enabled_value.as_ref().and_then(Value::flag);
    let is_enabled = enabled == Some(true);
    let idle = credentials.iter().chain([&hosts_value]).flatten();
    for value in idle.filter(|_| enabled_value.is_none()) {
        let message = format!("{} has no effect without `enabled`", value.label());
        value.warn(message, Some("set `enabled = true` for the API".to_owned()));
    }
    let listen = listen_value
        .as_ref()
        .and_then(address)
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8470)));
    let has_credential = credentials.iter().any(Option::is_some);
    if is_enabled && !has_credential {
        let fault = if listen.ip().is_loopback() {
            let message = "the API would be open to the world behind `public_url`".to_owned();
            public_value.as_ref().map(|value| (value, message))
        } else {
            let message =
                format!("the API on {listen} would be open to whoever reaches that address");
            listen_value.as_ref().map(|value| (value, message))
        };
        if let Some((value, message)) = fault {
            value.error(message, Some(ADVICE.to_owned()));
        }
    }
    let public_url = public_value.and_then(|value| {
        let url = check_url(value.text("a URL in quotes")?)
            .map_err(|error| value.error(format!("{} {error}", value.label()), None))
            .ok()?;
        if url.query().is_some() {
            value.error("`public_url` can't have a query", None);
            return None;
        }
        if lacks_key {
            let help =
                "write `key = { file = \"path\" }` into [postgres], the same for all workers";
            value.error(
                "`public_url` with a database on a server takes a key",
                Some(help.to_owned()),
            );
            return None;
        }
        Some(url)
    });
    let [token_value, read_value, password_value] = credentials;
    let token = token_value.and_then(|value| token(&value, environment));
    let read_token = read_value.and_then(|value| {
        let read = self::token(&value, environment)?;
        if token.as_ref() == Some(&read) && !read.expose().is_empty() {
            let help = "make another one, or leave it out".to_owned();
            value.error("`read_token` is the same as `token`", Some(help));
            return None;
        }
        Some(read)
    });
    let password_hash = password_value.and_then(|value| password_hash(&value, environment));
    let hosts = hosts_value.map(|value| hosts(&value)).unwrap_or_default();
    table.finish();
    let listen_at = listen_value.as_ref().map(|value| value.origin.clone());
    let web = WebConfig {
        enabled: is_enabled,
        listen,
        public_url,
        token,
        read_token,
        password_hash,
        hosts,
    };
    (web, listen_at)
}

/// Says that nobody would listen where the owner has said to.
pub(super) fn warn_of_no_listener(at: &Origin, report: &Report) {
    report.warn(
        at,
        "`listen` has no effect without `enabled`, `public_url` or a sink of type \"feed\"",
        Some("set `enabled = true` for the API".to_owned()),
    );
}

fn address(value: &Value<'_>) -> Option<SocketAddr> {
    let text = value.line(100)?;
    let address = text.parse().ok();
    if address.is_none() {
        let help = "write an address and a port, such as \"127.0.0.1:8470\"".to_owned();
        value.error(format!("{} is not an address", quoted(text)), Some(help));
    }
    address
}

/// A bearer token: a reference to a secret of 16 or more printable ASCII characters without spaces.
fn token(value: &Value<'_>, environment: &Environment) -> Option<Secret> {
    let secret = secret::resolve(value, environment, Use::Delivering)?;
    if !environment.reads(Use::Delivering) {
        return Some(secret);
    }
    let text = secret.expose();
    if text.len() < SHORTEST_TOKEN || !text.bytes().all(|b| b.is_ascii_graphic()) {
        let message = format!("{} is not a token (its value is not shown)", value.label());
        let help = "take 16 or more printable ASCII characters without spaces; make one with: head -c 32 /dev/urandom | base64";
        value.error(message, Some(help.to_owned()));
        return None;
    }
    Some(secret)
}

/// A reference to the Argon2id hash of a password, as a PHC string.
fn password_hash(value: &Value<'_>, environment: &Environment) -> Option<Secret> {
    let secret = secret::resolve(value, environment, Use::Delivering)?;
    if !environment.reads(Use::Delivering) {
        return Some(secret);
    }
    let is_hash = PasswordHash::new(secret.expose()).is_ok_and(|hash| {
        hash.algorithm == Algorithm::Argon2id.ident()
            && hash.salt.is_some()
            && hash.hash.is_some()
            && argon2::Params::try_from(&hash)
                .is_ok_and(|cost| cost.m_cost() <= 1 << 20 && cost.t_cost() <= 64)
    });
    if !is_hash {
        let help = "it begins with $argon2id$; make one with: argon2 \"$(head -c 16 /dev/urandom | base64)\" -id -e";
        value.error(
            "`password_hash` is not the Argon2id hash of a password (its value is not shown)",
            Some(help.to_owned()),
        );
        return None;
    }
    Some(secret)
}

/// Names by which the daemon may be called, in lower case.
fn hosts(value: &Value<'_>) -> Vec<String> {
    let items = value.items().unwrap_or_default();
    if items.len() > MOST_HOSTS {
        value.error(format!("at most {MOST_HOSTS} hosts are allowed"), None);
        return Vec::new();
    }
    let names = items.iter().filter_map(|item| {
        let text = item.line(253)?;
        let Ok(host) = url::Host::parse(text) else {
            let help = "write a name or an address without scheme, port and path".to_owned();
            item.error(format!("{} is not a host", quoted(text)), Some(help));
            return None;
        };
        Some(host.to_string())
    });
    names.collect()
}
