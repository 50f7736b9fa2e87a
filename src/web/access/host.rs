//! Under which names the daemon may be called. Pure.
//!
//! A web page can point a name of its own at this machine (DNS rebinding) and would then be of the same
//! origin as the daemon. Its requests carry that name in `Host`, so only names that are ours are answered.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

/// The names by which the daemon may be called.
#[derive(Debug, Clone)]
pub struct Hosts {
    listen: IpAddr,
    names: Vec<Host>,
}

impl Hosts {
    /// Loopback names, the address that is listened on, the host of the public URL, and further ones.
    #[must_use]
    pub fn new(listen: SocketAddr, public_url: Option<&Url>, further: &[String]) -> Self {
        let public = public_url.and_then(Url::host).map(|host| host.to_owned());
        let further = further.iter().filter_map(|name| Host::parse(name).ok());
        Self {
            listen: listen.ip(),
            names: public.into_iter().chain(further).collect(),
        }
    }

    /// Whether a request with this `Host` (or authority) may be answered.
    #[must_use]
    pub fn allow(&self, authority: &str) -> bool {
        let Some(host) = host(authority) else {
            return false;
        };
        let address = match &host {
            Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(*ip)),
            Host::Domain(name) if name == "localhost" || name.ends_with(".localhost") => {
                return true;
            }
            Host::Domain(_) => None,
        };
        // No name leads to an address that is written out, so none was turned.
        let is_ours = address.is_some_and(|ip| {
            ip.is_loopback() || ip == self.listen || self.listen.is_unspecified()
        });
        is_ours || self.names.contains(&host)
    }
}

/// The host of `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`.
pub(super) fn host(authority: &str) -> Option<Host> {
    let name = match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => authority,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    Host::parse(name).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts(listen: &str) -> Hosts {
        let public = "https://news.example.org/x".parse().unwrap();
        Hosts::new(
            listen.parse().unwrap(),
            Some(&public),
            &["watch.lan".to_owned(), "10.1.2.3".to_owned()],
        )
    }

    #[test]
    fn our_names_are_allowed_with_and_without_a_port() {
        let hosts = hosts("192.168.1.5:8470");
        for name in [
            "localhost",
            "localhost:8470",
            "LOCALHOST",
            "a.localhost",
            "127.0.0.1:8470",
            "127.9.9.9",
            "[::1]:8470",
            "[::1]",
            "192.168.1.5:8470",
            "192.168.1.5",
            "news.example.org",
            "NEWS.example.org.:443",
            "watch.lan:1",
            "10.1.2.3",
        ] {
            assert!(hosts.allow(name), "{name}");
        }
    }

    #[test]
    fn other_names_are_not() {
        let hosts = hosts("192.168.1.5:8470");
        for name in [
            "",
            "evil.example",
            "evil.example:8470",
            "localhost.evil.example",
            "notlocalhost",
            "192.168.1.6",
            "[fe80::1]",
            "127.0.0.1.evil.example",
            "news.example.org.evil.example",
            "a b",
            "localhost/..",
            "localhost@evil.example",
            "news.example.org:80:80",
        ] {
            assert!(!hosts.allow(name), "{name}");
        }
    }

    #[test]
    fn where_any_address_is_listened_on_any_address_is_ours_but_no_name() {
        let hosts = hosts("0.0.0.0:8470");
        assert!(hosts.allow("172.16.0.9:8470") && hosts.allow("[fe80::1]:8470"));
        assert!(!hosts.allow("evil.example:8470"));
    }

    proptest! {
        #[test]
        fn no_authority_panics(authority in ".{0,80}") {
            let _ = hosts("127.0.0.1:1").allow(&authority);
        }
    }
}
