//! Reading a time zone by its IANA name.

use jiff::tz::{self, TimeZone};

use super::problem::{did_you_mean, quoted};
use super::value::Value;

/// A time zone such as `"Asia/Jakarta"`: the system's own data if it has any, else those inside.
pub(super) fn read(value: &Value<'_>) -> Option<TimeZone> {
    let text = value.text("the name of a time zone in quotes, such as \"Asia/Jakarta\"")?;
    if let Ok(zone) = TimeZone::get(text) {
        return Some(zone);
    }
    let names: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
    let meant = did_you_mean(text, names.iter().map(String::as_str));
    value.error(
        format!("there is no time zone {}", quoted(text)),
        meant.or_else(|| Some("write an IANA name, such as \"Asia/Jakarta\" or \"UTC\"".into())),
    );
    None
}
