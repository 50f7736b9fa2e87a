//! The limits of every fetch, and the name it goes by.

use std::time::Duration;

use crate::model::Secret;

/// Every limit of a fetch, and the name it goes by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `User-Agent`; see [`user_agent`].
    pub user_agent: String,
    /// For resolving the name, connecting and the TLS handshake, at each hop.
    pub connect_timeout: Duration,
    /// From the beginning of a hop, connecting included, to the end of the answer's head.
    pub header_timeout: Duration,
    /// Between two parts of the body.
    pub idle_timeout: Duration,
    /// For the whole fetch, redirects and body included.
    pub total_timeout: Duration,
    /// The largest body, in bytes after decompression.
    pub max_body: u64,
    /// How many redirects are followed.
    pub max_redirects: u32,
    /// Idle connections that are kept to a host: as many as are open to it at a time, or the rest would be
    /// closed and opened again between the polls of its feeds.
    pub idle_per_host: usize,
    /// The proxy for everything that names none of its own; see [`super::check_proxy`].
    pub proxy: Option<Secret>,
    /// The ports that a URL may name besides 80, 443 and the one in the owner's own URL.
    pub ports: Vec<u16>,
}

/// The `User-Agent` that says who is asking and, with `contact` (a URL or address), where to
/// complain: `mentiond/0.1.0 (+https://example.org/bot)`.
///
/// Characters that a header comment cannot hold are left out of `contact`.
#[must_use]
pub fn user_agent(contact: Option<&str>) -> String {
    let name = concat!("mentiond/", env!("CARGO_PKG_VERSION"));
    let contact: String = contact
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_graphic() && !matches!(c, '(' | ')' | '\\'))
        .collect();
    if contact.is_empty() {
        name.to_owned()
    } else {
        format!("{name} (+{contact})")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    /// Limits that nothing on the loopback interface comes near.
    pub fn roomy() -> Settings {
        Settings {
            user_agent: user_agent(None),
            connect_timeout: Duration::from_secs(20),
            header_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_mins(1),
            max_body: 1 << 20,
            max_redirects: 5,
            idle_per_host: 2,
            proxy: None,
            ports: Vec::new(),
        }
    }

    #[test]
    fn the_user_agent_names_program_version_and_contact() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(user_agent(None), format!("mentiond/{version}"));
        assert_eq!(
            user_agent(Some("https://example.org/bot")),
            format!("mentiond/{version} (+https://example.org/bot)")
        );
    }

    #[test]
    fn a_contact_cannot_break_the_header() {
        let agent = user_agent(Some("a)\r\nCookie: \u{436}(b"));
        assert!(agent.ends_with(" (+aCookie:b)"), "{agent}");
        assert!(HeaderValue::from_str(&agent).is_ok());
    }
}
