//! When a sink is told of alerts.

use super::*;
use crate::pace::{By, Limit, Mode, Pace};

fn sink(lines: &str) -> String {
    format!("[[sink]]\nid = 'l'\ntype = 'log'\n{lines}\n")
}

fn pace(lines: &str) -> Pace {
    try_load(&sink(lines)).unwrap().sinks[0].pace.clone()
}

#[test]
fn without_a_word_alerts_go_out_at_once() {
    assert!(pace("").is_immediate());
    assert!(pace("mode = 'immediate'").is_immediate());
}

#[test]
fn groups_digests_limits_and_quiet_hours_are_read() {
    let usual = Mode::Group {
        by: vec![By::Topic],
        wait: Duration::from_secs(30),
        interval: Duration::from_mins(5),
    };
    assert_eq!(pace("mode = 'group'").mode, usual);
    let own = Mode::Group {
        by: vec![By::Story, By::Source],
        wait: Duration::ZERO,
        interval: Duration::from_hours(1),
    };
    let keys =
        "mode = 'group'\ngroup_by = ['story', 'source']\ngroup_wait = '0s'\ngroup_interval = '1h'";
    assert_eq!(pace(keys).mode, own);
    let read = pace(
        "mode = 'digest'\ndigest_at = ['08:00', 'mon-fri 17:30']\ntime_zone = 'Asia/Jakarta'\n\
         rate_limit = '20/1h'\nquiet_hours = ['22:00-07:00']\nurgent_score = 80",
    );
    let at = ["08:00", "mon-fri 17:30"].map(|text| text.parse().unwrap());
    assert_eq!(read.mode, Mode::Digest { at: at.to_vec() });
    let per = Duration::from_hours(1);
    assert_eq!(read.limit, Some(Limit { messages: 20, per }));
    assert_eq!(read.quiet, ["22:00-07:00".parse().unwrap()]);
    assert_eq!(read.urgent_score, Some(80));
    assert_eq!(read.zone.iana_name(), Some("Asia/Jakarta"));
}

#[test]
fn mistakes_are_told_with_what_to_write() {
    let told: Vec<String> = [
        "mode = 'daily'",
        "mode = 'digest'",
        "mode = 'digest'\ndigest_at = []",
        "mode = 'digest'\ndigest_at = ['8am']",
        "mode = 'digest'\ndigest_at = ['funday 08:00']",
        "mode = 'group'\ngroup_by = ['feed']",
        "mode = 'group'\ngroup_wait = '30d'",
        "group_wait = '1m'",
        "rate_limit = '20'",
        "rate_limit = '0/1h'",
        "quiet_hours = ['22:00']",
        "quiet_hours = ['07:00-07:00']",
        "urgent_score = 80",
    ]
    .iter()
    .map(|lines| complaints(&sink(lines)))
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    m.toml:4:8: `mode` must be "immediate", "group" or "digest", not `daily`
    m.toml:1:1: `digest_at` is missing in [[sink]]
    m.toml:5:13: `digest_at` is empty; write times such as "08:00" or "mon-fri 17:30"
    m.toml:5:14: an item of `digest_at` has no time such as 08:00 where one belongs; write times such as "08:00" or "mon-fri 17:30"
    m.toml:5:14: an item of `digest_at` has a day that is not one of mon, tue, wed, thu, fri, sat, sun; write times such as "08:00" or "mon-fri 17:30"
    m.toml:5:13: an item of `group_by` must be "topic", "story" or "source", not `feed`
    m.toml:5:14: `group_wait` is too long; seven days are the most
    m.toml:4:1: `group_wait` does not belong in [[sink]]; it is for mode "group"
    m.toml:4:14: `rate_limit` is not a number of messages and a span of at most seven days; write it as "20/1h"
    m.toml:4:14: `rate_limit` is not a number of messages and a span of at most seven days; write it as "20/1h"
    m.toml:4:16: an item of `quiet_hours` has no time such as 08:00 where one belongs; write spans such as "22:00-07:00" or "sat-sun 00:00-24:00"
    m.toml:4:16: an item of `quiet_hours` begins and ends at the same time; write spans such as "22:00-07:00" or "sat-sun 00:00-24:00"
    m.toml: there are no feeds, so nothing is polled; add a [[feed]] or include a file with feeds
    m.toml: there are no topics, so nothing is mentioned; add a [[topic]] or include a file with topics
    m.toml:4:16: `urgent_score` changes nothing: no alert to this sink waits for others; give a `mode` or `quiet_hours`, or leave it out
    "#);
}
