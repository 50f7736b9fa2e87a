//! Reading when a sink is told of alerts, and with which others.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::reader::Table;
use super::units::parse_duration;
use super::value::Value;
use crate::pace::weekly::WeeklyError;
use crate::pace::{By, Limit, Mode, Pace};

#[derive(Clone, Copy, PartialEq)]
enum Name {
    Immediate,
    Group,
    Digest,
}

const MODES: [(&str, Name); 3] = [
    ("immediate", Name::Immediate),
    ("group", Name::Group),
    ("digest", Name::Digest),
];

const WAYS: [(&str, By); 3] = [
    ("topic", By::Topic),
    ("story", By::Story),
    ("source", By::Source),
];

const GROUP_WAIT: Duration = Duration::from_secs(30);
const GROUP_INTERVAL: Duration = Duration::from_mins(5);
/// The longest wait of a group and the longest span of a rate limit.
const LONGEST: Duration = Duration::from_hours(24 * 7);

/// Reads `mode` with the keys that belong to it, `rate_limit`, `quiet_hours` and `urgent_score`.
pub(super) fn read(table: &mut Table<'_>, zone: TimeZone) -> Pace {
    let mode = table.get("mode").and_then(|value| value.choice(&MODES));
    let name = mode.unwrap_or(Name::Immediate);
    if name != Name::Group {
        let keys = ["group_by", "group_wait", "group_interval"];
        table.refuse(&keys, "it is for mode \"group\"");
    }
    if name != Name::Digest {
        table.refuse(&["digest_at"], "it is for mode \"digest\"");
    }
    let mode = match name {
        Name::Immediate => Mode::Immediate,
        Name::Group => group(table),
        Name::Digest => {
            let times = table.required("digest_at").map(|value| {
                let example = "write times such as \"08:00\" or \"mon-fri 17:30\"";
                weekly(&value, example)
            });
            Mode::Digest {
                at: times.unwrap_or_default(),
            }
        }
    };
    let limit = table.get("rate_limit").and_then(|value| limit(&value));
    let quiet = table.get("quiet_hours").map(|value| {
        let example = "write spans such as \"22:00-07:00\" or \"sat-sun 00:00-24:00\"";
        weekly(&value, example)
    });
    let urgent = table.get("urgent_score");
    let pace = Pace {
        mode,
        limit,
        quiet: quiet.unwrap_or_default(),
        urgent_score: urgent.as_ref().and_then(Value::score),
        zone,
    };
    let never_waits = pace.mode == Mode::Immediate && pace.quiet.is_empty();
    if let Some(value) = urgent.filter(|_| never_waits) {
        value.warn(
            "`urgent_score` changes nothing: no alert to this sink waits for others",
            Some("give a `mode` or `quiet_hours`, or leave it out".to_owned()),
        );
    }
    pace
}

fn group(table: &mut Table<'_>) -> Mode {
    let by = table.get("group_by").and_then(|value| {
        let ways = value.items()?;
        let ways = ways.iter().map(|item| item.choice(&WAYS));
        ways.collect::<Option<Vec<By>>>()
    });
    let mut duration = |key: &'static str, usual: Duration| {
        let read = table.get(key).and_then(|value| {
            let read = value.pause()?;
            if read > LONGEST {
                let help = "seven days are the most".to_owned();
                value.error(format!("{} is too long", value.label()), Some(help));
                return None;
            }
            Some(read)
        });
        read.unwrap_or(usual)
    };
    Mode::Group {
        by: by.unwrap_or_else(|| vec![By::Topic]),
        wait: duration("group_wait", GROUP_WAIT),
        interval: duration("group_interval", GROUP_INTERVAL),
    }
}

/// Times of the week, at least one.
fn weekly<T: std::str::FromStr<Err = WeeklyError>>(value: &Value<'_>, example: &str) -> Vec<T> {
    let Some(items) = value.items() else {
        return Vec::new();
    };
    if items.is_empty() {
        value.error(
            format!("{} is empty", value.label()),
            Some(example.to_owned()),
        );
    }
    let read = |item: &Value<'_>| {
        let text = item.line(100)?;
        let read = text.parse();
        let told = |error| {
            item.error(
                format!("{} {error}", item.label()),
                Some(example.to_owned()),
            );
        };
        read.map_err(told).ok()
    };
    items.iter().filter_map(read).collect()
}

/// A number of messages and a span, such as `20/1h`.
fn limit(value: &Value<'_>) -> Option<Limit> {
    let text = value.line(50)?;
    let parts = text.split_once('/').and_then(|(messages, per)| {
        let messages: u32 = messages.trim().parse().ok()?;
        let per = parse_duration(per.trim()).ok()?;
        let fits = (1..=100_000).contains(&messages) && !per.is_zero() && per <= LONGEST;
        fits.then_some(Limit { messages, per })
    });
    if parts.is_none() {
        value.error(
            format!(
                "{} is not a number of messages and a span of at most seven days",
                value.label()
            ),
            Some("write it as \"20/1h\"".to_owned()),
        );
    }
    parts
}
