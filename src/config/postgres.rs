//! `database` where it is a PostgreSQL server's, and `[postgres]`: how that is reached and shared.

use std::time::Duration;

use url::Url;

use super::environment::{Environment, Use};
use super::reader::Table;
use super::request;
use super::secret::resolve;
use super::server_url::server_url;
use super::value::Value;
use crate::model::{Secret, ServerOptions};

/// What `[postgres]` says.
#[derive(Default)]
pub(super) struct Postgres {
    /// Whether there is such a section.
    is_given: bool,
    password: Option<Secret>,
    key: Option<Secret>,
    extra_roots: Option<Vec<u8>>,
    connections: Option<usize>,
    replica: Option<String>,
    worker: Option<String>,
    lease: Option<Duration>,
}

/// Characters of the key at least.
const SHORTEST_KEY: usize = 32;
/// The leases that can be set.
const LEASES: std::ops::RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_mins(10);

/// `[postgres]`.
pub(super) fn read(mut table: Table<'_>, environment: &Environment) -> Postgres {
    let secret = |value: Option<Value<'_>>| {
        value.and_then(|value| resolve(&value, environment, Use::Database))
    };
    let is_given = table.is_given();
    let password = secret(table.get("password"));
    let key = table.get("key").and_then(|value| {
        let key = resolve(&value, environment, Use::Database)?;
        let length = key.expose().chars().count();
        if length > 0 && length < SHORTEST_KEY {
            let help = "make one with: head -c 32 /dev/urandom | base64".to_owned();
            value.error(
                format!("`key` has {length} characters and takes {SHORTEST_KEY} or more"),
                Some(help),
            );
            return None;
        }
        Some(key)
    });
    let extra_roots = table
        .setting("extra_roots")
        .and_then(|value| request::extra_roots(&value));
    let connections = table
        .setting("connections")
        .and_then(|value| value.integer(2..=200));
    let replica = table.setting("replica").and_then(|value| url(&value));
    let worker = table.setting("worker").and_then(|value| {
        let name = value.line(100)?;
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(is_name) {
            let help = "write a short name such as \"news-1\"".to_owned();
            value.error("`worker` is not a name", Some(help));
            return None;
        }
        Some(name.to_owned())
    });
    let lease = table.setting("lease").and_then(|value| {
        let lease = value.duration()?;
        if !LEASES.contains(&lease) {
            value.error("`lease` must be from 5s to 10m", None);
            return None;
        }
        Some(lease)
    });
    table.finish();
    Postgres {
        is_given,
        password,
        key,
        extra_roots,
        connections,
        replica,
        worker,
        lease,
    }
}

impl Postgres {
    /// Whether the section says anything.
    pub(super) const fn is_given(&self) -> bool {
        self.is_given
    }

    /// How the server at this URL is reached.
    pub(super) fn at(self, url: String) -> ServerOptions {
        let usual = ServerOptions::new(url);
        ServerOptions {
            password: self.password,
            key: self.key,
            extra_roots: self.extra_roots,
            connections: self.connections.unwrap_or(usual.connections),
            replica: self.replica,
            worker: self.worker,
            lease: self.lease.unwrap_or(usual.lease),
            ..usual
        }
    }
}

/// A server's URL. A password may stand in a variable, and not in the file.
pub(super) fn url(value: &Value<'_>) -> Option<String> {
    let text = value.line(4096)?;
    let taken = match server_url(text) {
        Ok(taken) => taken,
        Err(bad) => {
            value.error(bad.message(&value.label()), bad.help);
            return None;
        }
    };
    let url = Url::parse(&taken).ok()?;
    let named = url.query_pairs().any(|(name, _)| name == "password");
    if (url.password().is_some() || named) && !value.is_variable() {
        let help =
            "leave it out, and write `password = { file = \"path\" }` into [postgres]".to_owned();
        value.error(
            format!(
                "the password of {} must not stand in the configuration",
                value.label()
            ),
            Some(help),
        );
        return None;
    }
    Some(taken)
}
