//! How deliveries are made: what a sink may say of it, and what holds without.

use super::*;
use crate::config::{DeliveryConfig, Private};

const SINK: &str = "[[sink]]\nid = 'h'\ntype = 'webhook'\nurl = 'https://example.org/'\n";

fn delivery(keys: &str) -> DeliveryConfig {
    let config = try_load(&format!("{SINK}{keys}")).unwrap();
    match &config.sinks[0].kind {
        SinkKind::Webhook { delivery, .. } => delivery.clone(),
        SinkKind::Log { .. } => panic!("a webhook"),
    }
}

#[test]
fn what_is_not_said_is_the_default() {
    assert_eq!(delivery(""), DeliveryConfig::default());
    let SinkKind::Webhook {
        retry_initial,
        retry_max,
        max_attempts,
        ..
    } = try_load(SINK).unwrap().sinks[0].kind.clone()
    else {
        panic!("a webhook");
    };
    assert_eq!(retry_initial, Duration::from_secs(5));
    assert_eq!(retry_max, Duration::from_hours(24));
    assert_eq!(max_attempts, 13);
}

#[test]
fn order_pauses_the_previous_secret_and_networks_are_read() {
    let read = delivery(
        "secret = { env = 'HOOK_SECRET' }\nprevious_secret = { env = 'HOOK_SECRET' }\nordered = true\n\
         pause_after = 9\npause_initial = '1m'\npause_max = '1h'\nallow_private = ['10.0.0.0/8', 'fd00::1']\n",
    );
    assert_eq!(read.previous_secret.as_ref().unwrap().expose(), SIGNING);
    assert!(read.ordered);
    assert_eq!(read.pause_after, 9);
    let pauses = (read.pause_initial, read.pause_max);
    assert_eq!(pauses, (Duration::from_mins(1), Duration::from_hours(1)));
    let Private::Within(networks) = &read.allow_private else {
        panic!("{:?}", read.allow_private);
    };
    let shown: Vec<String> = networks.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.0.0.0/8", "fd00::1/128"]);
    assert_eq!(
        delivery("allow_private = true").allow_private,
        Private::Allowed
    );
    assert_eq!(
        delivery("allow_private = false").allow_private,
        Private::Refused
    );
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
