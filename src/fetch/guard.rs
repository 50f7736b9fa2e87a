//! The address guard: which IP addresses a stranger's URL may lead to.
//!
//! [`is_public`] is the rule. It is applied in two places, because HTTP clients connect by two
//! ways: [`check_literal`] for a host that is written as an address (no name is resolved then),
//! and the resolver of the guarded client. [`check_port`] is the rule for ports.
//!
//! Behind a proxy only the first of the two is left: the proxy resolves the name and connects, so
//! that a proxy which can reach inside addresses must have a guard of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::FetchError;

/// Whether an address is reachable on the public Internet, as a web server would be.
///
/// Refused is what the IANA special-purpose address registries (RFC 6890 and its updates) do not
/// list as globally reachable, multicast and everything reserved. IPv4 addresses embedded in IPv6
/// (mapped, NAT64 by its well-known prefix, 6to4, ISATAP) are judged by the inner address, since
/// that is where a packet ends up. A NAT64 prefix of a network's own choosing can't be known here.
///
/// Refused too are some blocks that the registries call globally reachable, as no publisher's
/// server can stand there: the anycast addresses of nearby services (`192.0.0.9`, `192.0.0.10`,
/// `2001:1::1` to `2001:1::3`), which mean a box in one's own network, and the rest of
/// `2001::/23`, which holds identifiers that are not routed, tunnels and name servers (AMT, AS112,
/// `ORCHIDv2`, drone identities).
#[must_use]
pub fn is_public(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(addr: Ipv4Addr) -> bool {
    !matches!(
        addr.octets(),
        [0 | 10 | 127 | 224..=255, ..]          // this network, private, loopback, multicast, reserved
            | [100, 64..=127, ..]               // carrier-grade NAT, RFC 6598
            | [169, 254, ..]                    // link-local, cloud metadata
            | [172, 16..=31, ..]                // private
            | [192, 0, 0 | 2, _]                // protocol assignments, documentation
            | [192, 88, 99, _]                  // 6to4 relays, deprecated by RFC 7526
            | [192, 168, ..]                    // private
            | [198, 18 | 19, ..]                // benchmarking, RFC 2544
            | [198, 51, 100, _]                 // documentation
            | [203, 0, 113, _] // documentation
    )
}

fn is_public_v6(addr: Ipv6Addr) -> bool {
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    let segments = addr.segments();
    // The interface identifier of ISATAP, RFC 5214 §6.1: the prefix may be anyone's, but the packet
    // is tunnelled to the IPv4 address.
    if let [.., 0 | 0x200, 0x5efe, high, low] = segments
        && !inner(high, low)
    {
        return false;
    }
    match segments {
        // IPv4-mapped, RFC 4291 §2.5.5.2, and NAT64, RFC 6052 §2.1
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            inner(high, low)
        }
        [0x2002, high, low, ..] => inner(high, low), // 6to4, RFC 3056
        // Teredo, ORCHID, benchmarking and other protocol assignments; documentation
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is assigned from 2000::/3 only; IPv4-compatible, unique local, link-local,
        // site-local, discard-only, SRv6 SIDs, multicast and all that is unassigned lie outside.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

/// Refuses a URL that names a port which no web server is expected at: 80, 443 and those of
/// `ports` are. The port that the owner wrote is fine at the owner's own host.
///
/// Without it a stranger's redirect could make this program knock at mail servers, databases and
/// whatever else answers by TCP.
pub(super) fn check_port(url: &Url, own: Option<&Url>, ports: &[u16]) -> Result<(), FetchError> {
    let Some(port) = url.port_or_known_default() else {
        return Ok(());
    };
    let owners = own
        .is_some_and(|own| own.host() == url.host() && own.port_or_known_default() == Some(port));
    if matches!(port, 80 | 443) || owners || ports.contains(&port) {
        return Ok(());
    }
    Err(FetchError::PortRefused {
        host: url.host_str().unwrap_or_default().to_owned(),
        port,
    })
}

/// Refuses a URL whose host is written as a non-public address.
///
/// `url` has normalised such hosts (`0x7f.1`, `2130706433`, `[::ffff:127.0.0.1]`) by then.
pub(super) fn check_literal(url: &Url) -> Result<(), FetchError> {
    let address = match url.host() {
        Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
        Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
        // By definition this machine (RFC 6761 §6.3), whoever resolves it.
        Some(Host::Domain(name)) if is_localhost(name) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if is_public(address) {
        Ok(())
    } else {
        Err(FetchError::AddressRefused {
            host: url.host_str().unwrap_or_default().to_owned(),
            address,
            own: false,
        })
    }
}

/// Whether a name means this machine.
pub(super) fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
#[path = "guard/registries.rs"]
mod registries;

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().expect("an address"))
    }

    #[test]
    fn special_v4_blocks_are_refused_from_first_to_last_address() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "255.255.255.255"),
        ] {
            assert!(!public(first), "{first}");
            assert!(!public(last), "{last}");
        }
    }

    #[test]
    fn the_neighbours_of_special_v4_blocks_are_public() {
        for addr in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
        ] {
            assert!(public(addr), "{addr}");
        }
    }

    #[test]
    fn special_v6_blocks_are_refused() {
        for addr in [
            "::",
            "::1",
            "::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff:ffff::",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff:ffff::",
            "4000::",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "1fff::1",
        ] {
            assert!(!public(addr), "{addr}");
        }
    }

    #[test]
    fn global_unicast_v6_is_public() {
        for addr in [
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450::1",
            "3fff:1000::1",
            "2001:db9::",
        ] {
            assert!(public(addr), "{addr}");
        }
    }

    #[test]
    fn embedded_v4_addresses_are_judged_by_the_inner_address() {
        for prefix in ["::ffff:", "64:ff9b::"] {
            assert!(!public(&format!("{prefix}127.0.0.1")), "{prefix}");
            assert!(!public(&format!("{prefix}169.254.169.254")), "{prefix}");
            assert!(public(&format!("{prefix}1.1.1.1")), "{prefix}");
        }
        assert!(!public("2002:7f00:1::"));
        assert!(!public("2002:c0a8:101::1"));
        assert!(public("2002:101:101::1"));
    }

    #[test]
    fn every_spelling_of_a_private_address_is_seen_through() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "127.0.0.1.",
            "[::1]",
            "[::ffff:7f00:1]",
            "[::ffff:127.0.0.1]",
            "0",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "１２７.０.０.１",
        ] {
            let url = Url::parse(&format!("http://{host}/")).expect("a URL");
            assert!(
                matches!(check_literal(&url), Err(FetchError::AddressRefused { .. })),
                "{host}"
            );
        }
        let open = Url::parse("http://1.1.1.1/").expect("a URL");
        assert_eq!(check_literal(&open), Ok(()));
    }

    #[test]
    fn only_the_ports_of_the_web_and_the_owners_are_knocked_at() {
        let own = Url::parse("http://home.example:8080/feed").expect("a URL");
        let port = |text: &str, own: Option<&Url>| {
            check_port(&Url::parse(text).expect("a URL"), own, &[8443])
        };
        for fine in [
            "http://a.example/",
            "https://a.example/",
            "http://a.example:443/",
            "https://a.example:8443/",
            "http://home.example:8080/other",
        ] {
            assert_eq!(port(fine, Some(&own)), Ok(()), "{fine}");
        }
        for (refused, owner) in [
            ("http://a.example:22/", Some(&own)),
            ("http://a.example:8080/", Some(&own)),
            ("http://home.example:6379/", Some(&own)),
            ("http://home.example:8080/", None),
        ] {
            let error = port(refused, owner).expect_err(refused);
            assert_eq!(error.kind(), "port-refused", "{refused}");
            assert!(error.is_ours());
        }
    }
}
