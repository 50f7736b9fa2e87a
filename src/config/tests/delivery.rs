//! How deliveries are made: what a sink may say of it, and what holds without.

use super::*;
use crate::config::{DeliveryConfig, Private, SinkConfig};

const SINK: &str = "[[sink]]\nid = 'h'\ntype = 'webhook'\nurl = 'https://example.org/'\n";

fn sink(keys: &str) -> SinkConfig {
    let config = try_load(&format!("{SINK}{keys}")).unwrap();
    config.sinks[0].clone()
}

fn private(keys: &str) -> Private {
    match sink(keys).kind {
        SinkKind::Webhook { allow_private, .. } => allow_private,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_said_is_the_default() {
    let delivery = sink("").delivery;
    assert_eq!(delivery, DeliveryConfig::default());
    assert_eq!(delivery.retry_initial, Duration::from_secs(5));
    assert_eq!(delivery.retry_max, Duration::from_hours(24));
    assert_eq!(delivery.max_attempts, 13);
}

#[test]
fn order_pauses_the_previous_secret_and_networks_are_read() {
    let keys = "secret = { env = 'HOOK_SECRET' }\nprevious_secret = { env = 'HOOK_SECRET' }\nordered = true\n\
         pause_after = 9\npause_initial = '1m'\npause_max = '1h'\nallow_private = ['10.0.0.0/8', 'fd00::1']\n";
    let SinkKind::Webhook {
        previous_secret: Some(previous),
        ..
    } = sink(keys).kind
    else {
        panic!("no previous secret");
    };
    assert_eq!(previous.expose(), SIGNING);
    let read = sink(keys).delivery;
    assert!(read.ordered);
    assert_eq!(read.pause_after, 9);
    let pauses = (read.pause_initial, read.pause_max);
    assert_eq!(pauses, (Duration::from_mins(1), Duration::from_hours(1)));
    let Private::Within(networks) = private(keys) else {
        panic!("no networks");
    };
    let shown: Vec<String> = networks.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.0.0.0/8", "fd00::1/128"]);
    assert_eq!(private("allow_private = true"), Private::Allowed);
    assert_eq!(private("allow_private = false"), Private::Refused);
}

#[test]
fn mistakes_are_told_where_they_stand() {
    let told = |keys: &str| complaints(&format!("{SINK}{keys}"));
    for (keys, expected) in [
        (
            "previous_secret = { env = 'HOOK_SECRET' }",
            "stands without `secret`",
        ),
        (
            "secret = { env = 'HOOK_SECRET' }\nprevious_secret = 'x'",
            "must not stand in the configuration",
        ),
        ("pause_after = 0", "`pause_after`"),
        ("ordered = 'yes'", "`ordered`"),
        (
            "allow_private = ['10.0.0.0/40']",
            "`10.0.0.0/40` is not an address or a network",
        ),
        ("allow_private = 1", "`allow_private`"),
    ] {
        let complaint = told(keys);
        assert!(complaint.contains(expected), "{keys}: {complaint}");
    }
    let log = complaints("[[sink]]\nid = 'l'\ntype = 'log'\nordered = true\n");
    assert!(
        log.contains("`ordered` does not belong in [[sink]]"),
        "{log}"
    );
}
