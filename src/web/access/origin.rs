//! Whether a browser's request comes from a page of ours. Pure.
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site` and, for all that may change something,
//! in `Origin`. Programs that are no browsers send neither, and no page can make them ask.

use url::Url;

use super::host::host;

/// What a request's header says of where it comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Source<'a> {
    /// `Sec-Fetch-Site`.
    pub site: Option<&'a str>,
    /// `Sec-Fetch-Mode`.
    pub mode: Option<&'a str>,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// The authority that was asked: `Host`.
    pub host: &'a str,
}

/// Whether it may change something: it comes from a page of ours, or from no page.
#[must_use]
pub fn may_change(source: &Source<'_>, public_url: Option<&Url>) -> bool {
    let site = source
        .site
        .is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = source
        .origin
        .is_none_or(|origin| is_ours(origin, source.host, public_url));
    site && origin
}

/// Whether it may read: it comes from a page of ours, from no page, or somebody followed a link.
#[must_use]
pub fn may_read(source: &Source<'_>) -> bool {
    let ours = source
        .site
        .is_none_or(|site| matches!(site, "same-origin" | "none"));
    ours || source.mode == Some("navigate")
}

/// An origin is ours when it has the host and port that were asked, or is the public URL's.
fn is_ours(origin: &str, asked: &str, public_url: Option<&Url>) -> bool {
    let Ok(url) = Url::parse(origin) else {
        return false;
    };
    if !matches!(url.scheme(), "http" | "https") {
        return false;
    }
    if public_url.is_some_and(|public| public.origin() == url.origin()) {
        return true;
    }
    let port = asked
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse::<u16>().ok());
    let asked_port = port.or_else(|| url.scheme().eq("https").then_some(443).or(Some(80)));
    url.host().map(|host| host.to_owned()) == host(asked)
        && url.port_or_known_default() == asked_port
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source<'a>(site: &'a str, origin: &'a str, host: &'a str) -> Source<'a> {
        let given = |text: &'a str| Some(text).filter(|t| !t.is_empty());
        Source {
            site: given(site),
            mode: None,
            origin: given(origin),
            host,
        }
    }

    #[test]
    fn pages_of_ours_and_programs_may_change() {
        for (site, origin, host) in [
            ("", "", "localhost:8470"),
            ("same-origin", "http://localhost:8470", "localhost:8470"),
            ("", "http://127.0.0.1:8470", "127.0.0.1:8470"),
            ("none", "", "localhost:8470"),
            ("", "http://[::1]:8470", "[::1]:8470"),
            ("", "http://localhost", "localhost"),
            ("", "https://news.example", "news.example"),
        ] {
            assert!(
                may_change(&source(site, origin, host), None),
                "{site} {origin}"
            );
        }
    }

    #[test]
    fn other_pages_may_not() {
        for (site, origin) in [
            ("cross-site", ""),
            ("same-site", ""),
            ("cross-site", "http://localhost:8470"),
            ("", "null"),
            ("", "http://evil.example"),
            ("", "http://localhost:3000"),
            ("", "https://localhost"),
            ("", "http://localhost:8470.evil.example"),
            ("same-origin", "http://evil.example"),
            ("", "file://"),
        ] {
            let source = source(site, origin, "localhost:8470");
            assert!(!may_change(&source, None), "{site} {origin}");
        }
    }

    #[test]
    fn behind_a_proxy_that_speaks_https_the_public_origin_is_ours() {
        let public = "https://news.example/x/".parse().unwrap();
        let from = source("", "https://news.example", "127.0.0.1:8470");
        assert!(may_change(&from, Some(&public)));
        let from = source("", "https://other.example", "127.0.0.1:8470");
        assert!(!may_change(&from, Some(&public)));
    }

    #[test]
    fn a_link_may_be_followed_from_anywhere_but_no_page_may_take_data_in() {
        let cross = source("cross-site", "", "localhost");
        assert!(!may_read(&cross));
        let followed = Source {
            mode: Some("navigate"),
            ..cross
        };
        assert!(may_read(&followed));
        assert!(may_read(&source("", "", "localhost")));
        assert!(may_read(&source("same-origin", "", "localhost")));
    }
}
