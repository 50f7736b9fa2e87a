//! Reading what an e-mail sink needs: the server and the way to it, who logs in, from whom and to whom.
//!
//! Everything is checked here, so that a mail can always be put together: addresses are ASCII (a domain
//! with other letters is kept in its ASCII form), names are one line. Nothing is asked of any server.

use lettre::Address;
use lettre::message::Mailbox;
use url::Host;

use super::delivery::{self, Private};
use super::environment::{Environment, Use};
use super::problem::quoted;
use super::reader::Table;
use super::secret;
use super::value::Value;
use crate::model::Secret;

/// The keys that only e-mail sinks have.
pub(super) const KEYS: [&str; 6] = ["server", "tls", "from", "to", "reply_to", "unsubscribe"];

/// The keys of a login by name.
pub(super) const LOGIN_KEYS: [&str; 2] = ["user", "password"];

/// The choices of `tls`.
const TLS: [(&str, Tls); 3] = [
    ("starttls", Tls::StartTls),
    ("tls", Tls::Implicit),
    ("none", Tls::None),
];

/// The most recipients of a mail. RFC 5321 has servers take a hundred.
const MOST_RECIPIENTS: usize = 100;
/// The longest address with its name, in characters.
const LONGEST_ADDRESS: usize = 400;

/// An e-mail sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailConfig {
    /// The server's name or address.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// How the way to it is encrypted.
    pub tls: Tls,
    /// The name and password to log in with.
    pub login: Option<(String, Secret)>,
    /// Who the mails are from. ASCII but for the name, like all addresses here.
    pub from: Mailbox,
    /// Who gets them; at least one, none twice.
    pub to: Vec<Mailbox>,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<Mailbox>,
    /// Where people can ask to get no more: a mailto or https URL in ASCII.
    pub unsubscribe: Option<String>,
    /// The private addresses that the server's name may lead to.
    pub allow_private: Private,
}

/// How the way to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// From STARTTLS on, which the server must offer.
    #[default]
    StartTls,
    /// From the first byte.
    Implicit,
    /// Not at all.
    None,
}

impl Tls {
    /// The usual port, and the name in the configuration.
    const fn usual(self) -> (u16, &'static str) {
        match self {
            Self::StartTls => (587, "starttls"),
            Self::Implicit => (465, "tls"),
            Self::None => (25, "none"),
        }
    }

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.usual().1
    }
}

/// Reads the keys of an e-mail sink; `None` after a mistake was reported.
pub(super) fn read(table: &mut Table<'_>, environment: &Environment) -> Option<EmailConfig> {
    let tls_value = table.get("tls");
    let tls = match &tls_value {
        Some(value) => value.choice(&TLS),
        None => Some(Tls::default()),
    };
    let server = table.required("server").and_then(|value| server(&value));
    let login = login(table, environment);
    let from = table.required("from").and_then(|value| mailbox(&value));
    let to = table.required("to").and_then(|value| recipients(&value));
    let read = |value: Option<Value<'_>>| match value {
        Some(value) => mailbox(&value).map(Some),
        None => Some(None),
    };
    let reply_to = read(table.get("reply_to"));
    let unsubscribe = match table.get("unsubscribe") {
        Some(value) => unsubscribe(&value).map(Some),
        None => Some(None),
    };
    let allow_private = delivery::allow_private(table);
    if let (Some(value), Some(Tls::None), Some((host, _))) = (&tls_value, tls, &server)
        && !is_here(host)
    {
        if matches!(login, Some(Some(_))) {
            value.error(
                "`tls` is \"none\", so the password would travel to another machine in the clear",
                Some("write \"starttls\" or \"tls\"".to_owned()),
            );
        } else {
            let message = "`tls` is \"none\", so all on the way to the server can read the mails";
            value.warn(message, None);
        }
    }
    let (tls, (host, port)) = (tls?, server?);
    Some(EmailConfig {
        host,
        port: port.unwrap_or(tls.usual().0),
        tls,
        login: login?,
        from: from?,
        to: to?,
        reply_to: reply_to?,
        unsubscribe: unsubscribe?,
        allow_private,
    })
}

/// Whether a host is this machine.
pub(super) fn is_here(host: &Host) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// `user` and `password`: both, or the inner `None` for neither.
#[expect(
    clippy::option_option,
    reason = "a mistake is not the same as no login"
)]
pub(super) fn login(
    table: &mut Table<'_>,
    environment: &Environment,
) -> Option<Option<(String, Secret)>> {
    let (user, password) = (table.get("user"), table.get("password"));
    let (user, password) = match (user, password) {
        (None, None) => return Some(None),
        (Some(user), Some(password)) => (user, password),
        (Some(user), None) => {
            let help = "give the password as a reference to a secret, or take `user` away";
            user.error("`user` stands without `password`", Some(help.to_owned()));
            return None;
        }
        (None, Some(password)) => {
            secret::resolve(&password, environment, Use::Delivering);
            let help = "give the name to log in with as `user`".to_owned();
            password.error("`password` stands without `user`", Some(help));
            return None;
        }
    };
    let name = user.line(LONGEST_ADDRESS).map(str::to_owned);
    let password = secret::resolve(&password, environment, Use::Delivering);
    Some(Some((name?, password?)))
}

/// A server with or without its port: `smtp.example.org`, `smtp.example.org:587`, `[2001:db8::1]:25`.
fn server(value: &Value<'_>) -> Option<(Host, Option<u16>)> {
    let text = value.line(LONGEST_ADDRESS)?;
    let server = host_and_port(text);
    if server.is_none() {
        value.error(
            format!("{} is not a mail server: {}", value.label(), quoted(text)),
            Some(
                "write its name, such as \"smtp.example.org\", or \"smtp.example.org:587\""
                    .to_owned(),
            ),
        );
    }
    server
}

/// A host with or without its port.
pub(super) fn host_and_port(text: &str) -> Option<(Host, Option<u16>)> {
    let end = if text.starts_with('[') {
        text.find(']').map_or(text.len(), |end| end + 1)
    } else {
        text.find(':').unwrap_or(text.len())
    };
    let (host, port) = text.split_at(end);
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port > 0).map(Some),
        None => port.is_empty().then_some(None),
    };
    Host::parse(host).ok().zip(port)
}

/// The recipients, each once.
fn recipients(value: &Value<'_>) -> Option<Vec<Mailbox>> {
    let items = value.items()?;
    if items.is_empty() || items.len() > MOST_RECIPIENTS {
        let help = format!("give 1 to {MOST_RECIPIENTS} addresses");
        let message = format!("{} has {} addresses", value.label(), items.len());
        value.error(message, Some(help));
        return None;
    }
    let (wanted, mut to) = (items.len(), Vec::<Mailbox>::new());
    for item in items {
        let Some(mailbox) = mailbox(&item) else {
            continue;
        };
        if to.iter().any(|known| known.email == mailbox.email) {
            item.error(
                format!("{} is given twice", quoted(mailbox.email.as_ref())),
                None,
            );
        } else {
            to.push(mailbox);
        }
    }
    (to.len() == wanted).then_some(to)
}

/// `user@host`, or `Name <user@host>`.
fn mailbox(value: &Value<'_>) -> Option<Mailbox> {
    let text = value.line(LONGEST_ADDRESS)?;
    let (name, address) = match text
        .strip_suffix('>')
        .and_then(|text| text.rsplit_once('<'))
    {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", text),
    };
    let name = (!name.is_empty()).then(|| name.to_owned());
    if let Some(address) = self::address(address) {
        return Some(Mailbox::new(name, address));
    }
    value.error(
        format!("{} is not a mail address: {}", value.label(), quoted(text)),
        Some("write \"name@example.org\" or \"Name <name@example.org>\"".to_owned()),
    );
    None
}

/// An address in ASCII whose domain is a name.
fn address(text: &str) -> Option<Address> {
    let (user, domain) = text.trim().rsplit_once('@')?;
    let plain = user
        .bytes()
        .all(|b| b.is_ascii_graphic() && !b"\"<>\\".contains(&b));
    match Host::parse(domain) {
        Ok(Host::Domain(domain)) if plain => Address::new(user, domain).ok(),
        _ => None,
    }
}

/// A mailto or https URL.
fn unsubscribe(value: &Value<'_>) -> Option<String> {
    let text = value.line(1000)?;
    let url = url::Url::parse(text).ok().filter(|url| match url.scheme() {
        "mailto" => address(url.path()).is_some(),
        "https" => url.host_str().is_some_and(|host| !host.is_empty()),
        _ => false,
    });
    let safe = |url: &url::Url| {
        url.as_str()
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"<>,".contains(&b))
    };
    if let Some(url) = url.filter(safe) {
        return Some(url.into());
    }
    value.error(
        format!("{} is not a mailto or https URL", value.label()),
        Some(
            "write \"mailto:admin@example.org\" or \"https://example.org/unsubscribe\"".to_owned(),
        ),
    );
    None
}
