//! Whose server a feed is on: its host, and the registered domain that the host belongs to.
//!
//! [`Place`] is what politeness is counted by. It is read from a URL, so that one host can never
//! be counted under two domains. Nothing is looked up on the network.

use std::net::Ipv4Addr;

use psl::Psl as _;
use url::{Position, Url};

/// The place that a poll bothers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place<'a> {
    host: &'a str,
    domain: &'a str,
}

impl<'a> Place<'a> {
    /// The place of a URL.
    #[must_use]
    pub fn of(url: &'a Url) -> Self {
        Self {
            host: &url[Position::BeforeHost..Position::AfterPort],
            domain: registered_domain(url.host_str().unwrap_or_default()),
        }
    }

    /// The host's name or address, with its port when that is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// The registered domain, as of [`registered_domain`].
    #[must_use]
    pub fn domain(&self) -> &'a str {
        self.domain
    }
}

/// The name that somebody registered and under which `host` stands: one label below its public
/// suffix (<https://publicsuffix.org/list/>, private section included, so that two blogs of one
/// blog host are two domains).
///
/// `host` is as a URL has it, in lower case and Punycode, without port. An address, a public
/// suffix itself and a name under no known suffix (`localhost`, an intranet's) stand for
/// themselves; a trailing dot is dropped.
#[must_use]
pub fn registered_domain(host: &str) -> &str {
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok() {
        return name;
    }
    let known = psl::List
        .domain(name.as_bytes())
        .filter(|domain| domain.suffix().is_known())
        .map(|domain| domain.as_bytes().len());
    known
        .and_then(|length| name.get(name.len().checked_sub(length)?..))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_belongs_to_the_label_below_its_public_suffix() {
        for (host, domain) in [
            ("feeds.example.com", "example.com"),
            ("example.com", "example.com"),
            ("a.b.bbc.co.uk", "bbc.co.uk"),
            ("rss.news.com.cn.", "news.com.cn"),
            ("www.xn--d1abbgf6aiiy.xn--p1ai", "xn--d1abbgf6aiiy.xn--p1ai"),
        ] {
            assert_eq!(registered_domain(host), domain, "{host}");
        }
    }

    #[test]
    fn blogs_of_one_blog_host_are_domains_of_their_own() {
        assert_eq!(registered_domain("one.github.io"), "one.github.io");
        assert_eq!(registered_domain("a.two.github.io"), "two.github.io");
    }

    #[test]
    fn addresses_suffixes_and_unknown_names_stand_for_themselves() {
        for host in [
            "192.0.2.7",
            "[2001:db8::1]",
            "localhost",
            "feeds.intranet.corp",
            "github.io",
            "com",
            "",
        ] {
            assert_eq!(registered_domain(host), host);
        }
    }

    #[test]
    fn the_port_makes_another_host_but_no_other_domain() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let (plain, other) = (
            url("https://u:p@a.example.org/f"),
            url("https://a.example.org:8443/f"),
        );
        assert_eq!(Place::of(&plain).host(), "a.example.org");
        assert_eq!(Place::of(&other).host(), "a.example.org:8443");
        assert_eq!(Place::of(&plain).domain(), Place::of(&other).domain());
        let v6 = url("http://[::1]:8080/feed");
        assert_eq!(Place::of(&v6).host(), "[::1]:8080");
        assert_eq!(Place::of(&v6).domain(), "[::1]");
    }

    proptest! {
        #[test]
        fn any_text_has_a_domain_that_ends_it(host in ".{0,80}") {
            let domain = registered_domain(&host);
            prop_assert!(host.strip_suffix('.').unwrap_or(&host).ends_with(domain));
        }
    }
}
