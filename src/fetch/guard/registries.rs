//! Every row of the IANA special-purpose address registries against the rule, as of 2025.
//!
//! <https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::is_public;

/// What the registry's column "Globally Reachable" says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reachable {
    /// "True", and so it is here.
    Yes,
    /// "True", and refused all the same; [`is_public`] says why.
    YesButRefused,
    /// "False", or "N/A" for what is deprecated.
    No,
    /// Holds an IPv4 address that decides.
    ByInner,
}
use Reachable::{ByInner, No, Yes, YesButRefused};

const ROWS: [(&str, Reachable); 53] = [
    ("0.0.0.0/8", No),
    ("0.0.0.0/32", No),
    ("10.0.0.0/8", No),
    ("100.64.0.0/10", No),
    ("127.0.0.0/8", No),
    ("169.254.0.0/16", No),
    ("172.16.0.0/12", No),
    ("192.0.0.0/24", No),
    ("192.0.0.0/29", No),
    ("192.0.0.8/32", No),
    ("192.0.0.9/32", YesButRefused),
    ("192.0.0.10/32", YesButRefused),
    ("192.0.0.170/32", No),
    ("192.0.0.171/32", No),
    ("192.0.2.0/24", No),
    ("192.31.196.0/24", Yes),
    ("192.52.193.0/24", Yes),
    ("192.88.99.0/24", No),
    ("192.88.99.2/32", No),
    ("192.168.0.0/16", No),
    ("192.175.48.0/24", Yes),
    ("198.18.0.0/15", No),
    ("198.51.100.0/24", No),
    ("203.0.113.0/24", No),
    ("240.0.0.0/4", No),
    ("255.255.255.255/32", No),
    ("::1/128", No),
    ("::/128", No),
    // "False": the form must not be seen on the wire. Systems connect to the inner address.
    ("::ffff:0:0/96", ByInner),
    ("64:ff9b::/96", ByInner),
    ("64:ff9b:1::/48", No),
    ("100::/64", No),
    ("100:0:0:1::/64", No),
    ("2001::/23", No),
    ("2001::/32", No),
    ("2001:1::1/128", YesButRefused),
    ("2001:1::2/128", YesButRefused),
    ("2001:1::3/128", YesButRefused),
    ("2001:2::/48", No),
    ("2001:3::/32", YesButRefused),
    ("2001:4:112::/48", YesButRefused),
    ("2001:10::/28", No),
    ("2001:20::/28", YesButRefused),
    ("2001:30::/28", YesButRefused),
    ("2001:db8::/32", No),
    ("2002::/16", ByInner),
    ("2620:4f:8000::/48", Yes),
    ("3fff::/20", No),
    ("5f00::/16", No),
    ("fc00::/7", No),
    ("fe80::/10", No),
    // Not in the registries, but in those of multicast.
    ("224.0.0.0/4", No),
    ("ff00::/8", No),
];

/// The first and the last address of a block.
fn ends(block: &str) -> [IpAddr; 2] {
    let (first, length) = block.split_once('/').expect("a block");
    let length: u32 = length.parse().expect("a length");
    match first.parse().expect("an address") {
        IpAddr::V4(v4) => {
            let host = u32::MAX.checked_shr(length).unwrap_or(0);
            assert_eq!(v4.to_bits() & host, 0, "{block}");
            [v4, Ipv4Addr::from_bits(v4.to_bits() | host)].map(IpAddr::V4)
        }
        IpAddr::V6(v6) => {
            let host = u128::MAX.checked_shr(length).unwrap_or(0);
            assert_eq!(v6.to_bits() & host, 0, "{block}");
            [v6, Ipv6Addr::from_bits(v6.to_bits() | host)].map(IpAddr::V6)
        }
    }
}

#[test]
fn every_row_of_the_registries_is_judged_as_it_says() {
    for (block, reachable) in ROWS {
        let want = match reachable {
            Yes => true,
            No | YesButRefused => false,
            ByInner => continue,
        };
        for addr in ends(block) {
            assert_eq!(is_public(addr), want, "{addr} of {block}");
        }
    }
}

#[test]
fn rows_that_hold_an_ipv4_address_are_judged_as_its_row_is() {
    let wraps: [fn(u32) -> u128; 5] = [
        |inner| 0xffff_0000_0000 | u128::from(inner),
        |inner| 0x64_ff9b << 96 | u128::from(inner),
        |inner| 0x2002 << 112 | u128::from(inner) << 80,
        // ISATAP under a prefix that is anyone's.
        |inner| 0x2a00_1450 << 96 | 0x5efe << 32 | u128::from(inner),
        |inner| 0x2a00_1450 << 96 | 0x0200_5efe << 32 | u128::from(inner),
    ];
    let public = ["1.1.1.1/32", "8.8.8.0/24", "223.255.255.0/24"].map(|block| (block, Yes));
    for (block, reachable) in ROWS.into_iter().chain(public) {
        for addr in ends(block) {
            let IpAddr::V4(inner) = addr else { continue };
            for wrap in wraps {
                let outer = Ipv6Addr::from_bits(wrap(inner.to_bits()));
                assert_eq!(
                    is_public(outer.into()),
                    reachable == Yes,
                    "{outer} of {block}"
                );
            }
        }
    }
}

#[test]
fn an_ipv4_compatible_address_is_refused_whatever_it_holds() {
    for addr in ["::1.1.1.1", "::127.0.0.1", "::2"] {
        assert!(!is_public(addr.parse().expect("an address")), "{addr}");
    }
}
