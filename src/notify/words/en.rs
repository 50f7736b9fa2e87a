//! English.

use jiff::civil::Date;

use super::{Words, listed, month};

pub(super) static WORDS: Words = Words {
    code: "en",
    day,
    time: |at, zone| {
        let (hour, minute) = (at.hour(), at.minute());
        format!("{}, {hour:02}:{minute:02} {zone}", day(at.date()))
    },
    // Abbreviations are not used: IST, CST and BST mean several zones each.
    zones: &[],

    without_title: "(without a title)",
    without_link: "(no link)",
    score: |score| format!("score {score}"),
    more_feeds: |n| format!("in {n} more {}", plural(n, "feed", "feeds")),
    edited: "edited",

    update: "Update",
    also_mentions: |names| {
        let names = listed(names, ", ", " and ", " and ");
        format!("Update: also mentions {names}")
    },
    now_in_feeds: |n| format!("now in {n} {}", plural(n, "feed", "feeds")),

    feed: |id| format!("feed {id}"),
    feed_failing: |source| format!("Feed keeps failing: {source}"),
    feed_gone: |source| format!("Feed is gone: {source}"),
    since: |time| format!("since {time}"),
    failed_polls: |n| format!("{n} failed {}", plural(n, "poll", "polls")),

    alerts: |n| format!("{n} {}", plural(n, "alert", "alerts")),
    and_more: |n| format!("and {n} more"),
    digest_of: |day| format!("Digest of {day}"),
    held_quiet: "Held back during quiet hours",
    too_many: "Too many at once, so gathered here",

    spike: |topic, n, usually| {
        let times = plural(n, "time", "times");
        let usually = match usually {
            0 => "hardly ever".to_owned(),
            usually => usually.to_string(),
        };
        format!("Spike: {topic} mentioned {n} {times} in an hour, usually {usually}")
    },
};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn day(day: Date) -> String {
    format!("{} {} {}", day.day(), month(day, &MONTHS), day.year())
}

fn plural(n: u64, one: &'static str, other: &'static str) -> &'static str {
    if n == 1 { one } else { other }
}
