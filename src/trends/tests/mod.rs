mod baseline;
mod series;
mod spike;

use jiff::tz::TimeZone;

use super::Count;
use crate::model::Timestamp;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// So many mentions, each a story of its own.
fn count(quarter: i64, mentions: u32) -> Count {
    Count {
        quarter,
        mentions,
        stories: mentions,
    }
}
