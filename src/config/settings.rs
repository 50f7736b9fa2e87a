//! Reading the settings of the main file: everything but feeds, topics and sinks.
//!
//! Each section has one function that knows its keys, their ranges and their defaults. Every
//! scalar may be overridden by its environment variable.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::environment::Environment;
use super::feeds::check_url;
use super::postgres::{self, Postgres};
use super::problem::{did_you_mean, quoted};
use super::reader::Table;
use super::request;
use super::sinks::FORMATS;
use super::units::show_duration;
use super::value::Value;
use super::{
    AlertConfig, ArticleConfig, DedupConfig, FetchConfig, LogConfig, RetentionConfig,
    ScheduleConfig,
};
use crate::model::{Database, FullText, Interval};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The choices of `full_text`.
pub(super) const FULL_TEXT: [(&str, FullText); 3] = [
    ("never", FullText::Never),
    ("when_short", FullText::WhenShort),
    ("always", FullText::Always),
];

/// The most entries of `ports`.
const MOST_PORTS: usize = 64;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// A duration's setting or its default.
fn duration(table: &mut Table<'_>, key: &'static str, default: Duration) -> Duration {
    table
        .setting(key)
        .and_then(|value| value.duration())
        .unwrap_or(default)
}

/// `database`, else where the environment says.
///
/// A path in the file starts from the file's folder, one in the variable from the working folder.
pub(super) fn database(
    table: &mut Table<'_>,
    environment: &Environment,
    postgres: Postgres,
) -> Option<Database> {
    if let Some(value) = table.setting("database") {
        let text = value.line(4096)?;
        if text.contains("://") {
            let url = postgres::url(&value)?;
            return Some(Database::Server(Box::new(postgres.at(url))));
        }
        if postgres.is_given() {
            let message = "[postgres] says nothing for a database in a file";
            value.warn(message, None);
        }
        if text.starts_with("~/") {
            let help = "write the path in full, or relative to this file".to_owned();
            value.error("`~` is not expanded in `database`", Some(help));
            return None;
        }
        let folder = if value.is_variable() {
            Path::new("")
        } else {
            value.origin.folder()
        };
        let path = folder.join(text);
        if path.is_dir() {
            let help = "name a file in it".to_owned();
            value.error("`database` is a folder", Some(help));
            return None;
        }
        return Some(Database::File(path));
    }
    let place = environment.default_database();
    if place.is_none() {
        table.error(
            "there is no place for the database: neither $STATE_DIRECTORY, $XDG_STATE_HOME nor $HOME is set",
            Some("set `database`".to_owned()),
        );
    }
    place.map(Database::File)
}

/// `shutdown_timeout`.
pub(super) fn shutdown_timeout(table: &mut Table<'_>) -> Duration {
    duration(table, "shutdown_timeout", Duration::from_secs(20))
}

/// `[log]`.
pub(super) fn log(mut table: Table<'_>) -> LogConfig {
    let level = table.setting("level").and_then(|value| level(&value));
    let format = table
        .setting("format")
        .and_then(|value| value.choice(&FORMATS));
    table.finish();
    LogConfig {
        level: level.unwrap_or_else(|| "info".to_owned()),
        format: format.unwrap_or_default(),
    }
}

fn level(value: &Value<'_>) -> Option<String> {
    let text = value.line(500)?;
    for part in text.split(',').map(str::trim) {
        // tracing reads a bare word that is no level as a module to trace, which no one means.
        let bare = !part.contains(['=', '[', ':']);
        if bare && !LEVELS.iter().any(|known| part.eq_ignore_ascii_case(known)) {
            value.error(
                format!("{} is not a log level", quoted(part)),
                did_you_mean(part, LEVELS)
                    .or_else(|| Some("write off, error, warn, info, debug or trace".to_owned())),
            );
            return None;
        }
    }
    if EnvFilter::builder().with_regex(false).parse(text).is_err() {
        let help = "write a level, or parts such as \"info,mentiond::fetch=debug\"".to_owned();
        value.error(format!("{} is not a log filter", quoted(text)), Some(help));
        return None;
    }
    Some(text.to_owned())
}

/// `[schedule]`.
pub(super) fn schedule(mut table: Table<'_>) -> ScheduleConfig {
    let interval_value = table.setting("interval");
    let min_value = table.setting("min_interval");
    let max_value = table.setting("max_interval");
    let read = |value: &Option<Value<'_>>, default| {
        let read = value.as_ref().and_then(Value::duration);
        read.unwrap_or(default)
    };
    let automatic =
        |value: &Value<'_>| value.is_text() && value.text("").is_some_and(|t| t == "auto");
    let fixed_value = interval_value.filter(|value| !automatic(value));
    let fixed = fixed_value.as_ref().and_then(Value::duration);
    let min_interval = read(&min_value, 5 * MINUTE);
    let max_interval = read(&max_value, DAY);
    let jitter = table
        .setting("jitter")
        .and_then(|value| value.fraction(&(0.0..=0.5)));

    // The complaint goes to a value that the owner wrote; a default is never at fault.
    let low = ("min_interval", min_interval, &min_value);
    let high = ("max_interval", max_interval, &max_value);
    let mut pairs = vec![(low, high)];
    if let Some(interval) = fixed {
        let own = ("interval", interval, &fixed_value);
        pairs.extend([(low, own), (own, high)]);
    }
    for ((low_key, low, low_value), (high_key, high, high_value)) in pairs {
        if low <= high {
            continue;
        }
        let (low_shown, high_shown) = (show_duration(low), show_duration(high));
        if let Some(value) = high_value {
            value.error(
                format!("`{high_key}` ({high_shown}) is shorter than `{low_key}` ({low_shown})"),
                Some(format!("raise `{high_key}` or lower `{low_key}`")),
            );
        } else if let Some(value) = low_value {
            value.error(
                format!("`{low_key}` ({low_shown}) is longer than `{high_key}` ({high_shown})"),
                Some(format!("lower `{low_key}` or raise `{high_key}`")),
            );
        }
    }
    table.finish();
    ScheduleConfig {
        interval: fixed.map_or(Interval::Auto, Interval::Fixed),
        min_interval,
        max_interval,
        jitter: jitter.unwrap_or(0.1),
    }
}

/// `[fetch]`.
pub(super) fn fetch(mut table: Table<'_>, environment: &Environment) -> FetchConfig {
    let default = FetchConfig::default();
    let contact = table.setting("contact").and_then(|value| contact(&value));
    let concurrency = table
        .setting("concurrency")
        .and_then(|value| value.integer(1..=1024_usize));
    let per_host = table
        .setting("per_host")
        .and_then(|value| value.integer(1..=64_usize));
    let per_domain = table
        .setting("per_domain")
        .and_then(|value| value.integer(1..=256_usize));
    let host_pause = table.setting("host_pause").and_then(|value| value.pause());
    let ports = table.get("ports").map(|value| ports(&value));
    let proxy = table
        .setting("proxy")
        .and_then(|value| request::proxy(&value, environment));
    let connect_timeout = duration(&mut table, "connect_timeout", default.connect_timeout);
    let header_timeout = duration(&mut table, "header_timeout", default.header_timeout);
    let idle_timeout = duration(&mut table, "idle_timeout", default.idle_timeout);
    let total_timeout = duration(&mut table, "total_timeout", default.total_timeout);
    let max_body = table
        .setting("max_body")
        .and_then(|value| value.size(&(1..=1 << 30)));
    let max_redirects = table
        .setting("max_redirects")
        .and_then(|value| value.integer(0..=20_u32));
    table.finish();
    FetchConfig {
        contact,
        concurrency: concurrency.unwrap_or(default.concurrency),
        per_host: per_host.unwrap_or(default.per_host),
        per_domain: per_domain.unwrap_or(default.per_domain),
        host_pause: host_pause.unwrap_or(default.host_pause),
        ports: ports.unwrap_or_default(),
        proxy,
        connect_timeout,
        header_timeout,
        idle_timeout,
        total_timeout,
        max_body: max_body.unwrap_or(default.max_body),
        max_redirects: max_redirects.unwrap_or(default.max_redirects),
    }
}

/// A list of port numbers, each kept once.
fn ports(value: &Value<'_>) -> Vec<u16> {
    let items = value.items().unwrap_or_default();
    if items.len() > MOST_PORTS {
        value.error(format!("at most {MOST_PORTS} ports are allowed"), None);
        return Vec::new();
    }
    let numbers = items.iter().filter_map(|item| item.integer(1..=u16::MAX));
    numbers.collect::<BTreeSet<u16>>().into_iter().collect()
}

/// `[articles]`.
pub(super) fn articles(mut table: Table<'_>) -> ArticleConfig {
    let full_text = table
        .setting("full_text")
        .and_then(|value| value.choice(&FULL_TEXT));
    table.finish();
    ArticleConfig {
        full_text: full_text.unwrap_or_default(),
    }
}

/// A URL or mail address that may stand in a comment of a User-Agent field (RFC 9110 §10.1.5).
fn contact(value: &Value<'_>) -> Option<String> {
    let text = value.line(200)?;
    let fits = text
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'(' | b')' | b'\\'));
    let is_mail = text
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !text.contains('/'));
    if fits && (is_mail || check_url(text).is_ok()) {
        return Some(text.to_owned());
    }
    let help = "publishers see it in the User-Agent; write it like https://example.org/bot or news@example.org";
    value.error(
        "`contact` is neither a web nor a mail address",
        Some(help.to_owned()),
    );
    None
}

/// `[dedup]`.
pub(super) fn dedup(mut table: Table<'_>) -> DedupConfig {
    let near_duplicates = table
        .setting("near_duplicates")
        .and_then(|value| value.flag());
    let window = duration(&mut table, "window", 3 * DAY);
    table.finish();
    DedupConfig {
        near_duplicates: near_duplicates.unwrap_or(true),
        window,
    }
}

/// `[alerts]`.
pub(super) fn alerts(mut table: Table<'_>) -> AlertConfig {
    let max_age = duration(&mut table, "max_alert_age", 48 * HOUR);
    let feed_failing_after = duration(&mut table, "feed_failing_after", DAY);
    table.finish();
    AlertConfig {
        max_age,
        feed_failing_after,
    }
}

/// `[retention]`.
pub(super) fn retention(mut table: Table<'_>) -> RetentionConfig {
    let entries = duration(&mut table, "entries", 365 * DAY);
    let seen = duration(&mut table, "seen", 730 * DAY);
    let deliveries = duration(&mut table, "deliveries", 30 * DAY);
    table.finish();
    RetentionConfig {
        entries,
        seen,
        deliveries,
    }
}
