//! The address guard: which IP addresses a stranger's URL may lead to.
//!
//! [`is_public`] is the rule. It is applied in two places, because HTTP clients connect by two
//! ways: [`check_literal`] for a host that is written as an address (no name is resolved then),
//! and [`PublicOnly`], the resolver of the guarded client. As the resolver hands out only
//! addresses that it has checked, there is no second look-up whose answer could differ (DNS
//! rebinding).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::FetchError;

/// Whether an address is reachable on the public Internet.
///
/// Refused is what the IANA special-purpose address registries (RFC 6890 and its updates) do not
/// list as globally reachable, multicast and everything reserved. IPv4 addresses embedded in IPv6
/// (mapped, NAT64, 6to4) are judged by the inner address, since that is where a packet ends up.
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
    match addr.segments() {
        // IPv4-mapped, RFC 4291 §2.5.5.2, and NAT64, RFC 6052 §2.1
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            inner(high, low)
        }
        [0x2002, high, low, ..] => inner(high, low), // 6to4, RFC 3056
        // Teredo, ORCHID, benchmarking and other protocol assignments; documentation
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is assigned from 2000::/3 only; unique local, link-local, site-local,
        // discard-only, SRv6 SIDs, multicast and all that is unassigned lie outside.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

/// Refuses a URL whose host is written as a non-public address.
///
/// `url` has normalised such hosts (`0x7f.1`, `2130706433`, `[::ffff:127.0.0.1]`) by then.
pub(super) fn check_literal(url: &Url) -> Result<(), FetchError> {
    let address = match url.host() {
        Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
        Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if is_public(address) {
        Ok(())
    } else {
        Err(FetchError::AddressRefused {
            host: url.host_str().unwrap_or_default().to_owned(),
            address,
        })
    }
}

/// A name whose addresses are all non-public, with one of them.
#[derive(Debug, thiserror::Error)]
#[error("{host} resolves to {address} only, which is not public")]
pub(super) struct Refused {
    /// The name that was resolved.
    pub host: String,
    /// The first of its addresses.
    pub address: IpAddr,
}

/// The system's resolver, of whose answers only public addresses are used.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str();
            // Port 0 is replaced by the URL's port; see `reqwest::dns::Resolve`.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            Ok(Box::new(keep_public(host, found)?.into_iter()) as Addrs)
        })
    }
}

fn keep_public(
    host: &str,
    mut found: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(first) = found.first().map(SocketAddr::ip) else {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
    };
    found.retain(|addr| is_public(addr.ip()));
    if found.is_empty() {
        return Err(Refused {
            host: host.to_owned(),
            address: first,
        }
        .into());
    }
    Ok(found)
}

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
    fn of_mixed_addresses_only_the_public_ones_are_used() {
        let mixed = ["10.0.0.1:0", "1.1.1.1:0", "[::1]:0"].map(|a| a.parse().expect("an address"));
        let kept = keep_public("mixed.example", mixed.to_vec()).expect("one is left");
        assert_eq!(kept, ["1.1.1.1:0".parse().expect("an address")]);
    }

    #[test]
    fn a_name_with_private_addresses_only_is_refused_by_name() {
        let found = vec!["10.0.0.1:0".parse().expect("an address")];
        let error = keep_public("inside.example", found).expect_err("none is left");
        let refused = error.downcast_ref::<Refused>().expect("refused");
        assert_eq!(refused.host, "inside.example");
        assert_eq!(refused.address, IpAddr::from([10, 0, 0, 1]));
    }
}
