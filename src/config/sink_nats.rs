//! Reading what a NATS sink needs: the servers and the way to them, who logs in, and where in the
//! subjects its messages stand.
//!
//! A login never stands in a URL, so that one can be shown. Nothing is asked of any server.

use url::Host;

use super::delivery::{self, Private};
use super::environment::{Environment, Use};
use super::problem::quoted;
use super::reader::Table;
use super::value::Value;
use super::{request, secret, sink_email};
use crate::model::Secret;
use crate::notify::nats;

/// The keys that only NATS sinks have.
pub(super) const KEYS: [&str; 6] = [
    "credentials",
    "subject",
    "stream",
    "create_stream",
    "mentions",
    "extra_roots",
];

/// NATS's own port.
const PORT: u16 = 4222;
/// The prefix of subjects unless the sink says otherwise.
const SUBJECT: &str = "mentiond";
/// The most servers of a sink.
const MOST_SERVERS: usize = 16;
/// The longest prefix and stream name, in characters. NATS asks for names below 256.
const LONGEST_NAME: usize = 100;
/// The longest URL, in characters.
const LONGEST_URL: usize = 400;

/// A sink that publishes into a stream of NATS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsConfig {
    /// The servers of one cluster, asked in their order; at least one.
    pub servers: Vec<NatsServer>,
    /// Who logs in.
    pub login: NatsLogin,
    /// What all its subjects begin with: words of letters, digits, `-` and `_` with dots between them.
    pub subject: String,
    /// The stream that must take the messages; `None`: whichever takes them.
    pub stream: Option<String>,
    /// Whether the stream is made when none takes the messages.
    pub create_stream: bool,
    /// Whether it gets every mention too, told or not.
    pub mentions: bool,
    /// Certificates in PEM form that are trusted besides the system's.
    pub extra_roots: Option<Vec<u8>>,
    /// The private addresses that a server's name may lead to.
    pub allow_private: Private,
}

/// A NATS server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsServer {
    /// Its name or address.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// Whether a connection that is not encrypted is refused. Without this it is the server that says
    /// whether there is encryption.
    pub tls: bool,
}

impl std::fmt::Display for NatsServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.tls { "tls" } else { "nats" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// How a NATS sink logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NatsLogin {
    /// Not at all.
    Nobody,
    /// By a token.
    Token(Secret),
    /// By a name and a password.
    Password(String, Secret),
    /// By a file of credentials: a user's JWT and its key.
    Credentials(Secret),
}

/// Reads the keys of a NATS sink; `None` after a mistake was reported.
pub(super) fn read(table: &mut Table<'_>, environment: &Environment) -> Option<NatsConfig> {
    let url = table.required("url");
    let servers = url.as_ref().and_then(servers);
    let login = login(table, environment);
    let subject = match table.get("subject") {
        Some(value) => subject(&value),
        None => Some(SUBJECT.to_owned()),
    };
    let (name, create) = (table.get("stream"), table.get("create_stream"));
    let stream = match &name {
        Some(value) => stream(value).map(Some),
        None => Some(None),
    };
    let create_stream = match &create {
        Some(value) => value.flag(),
        None => Some(false),
    };
    if let (Some(value), None, Some(true)) = (&create, &name, create_stream) {
        value.error(
            "`create_stream` stands without `stream`",
            Some("name the stream, such as stream = \"MENTIOND\"".to_owned()),
        );
        return None;
    }
    let mentions = match table.get("mentions") {
        Some(value) => value.flag(),
        None => Some(false),
    };
    let extra_roots = match table.get("extra_roots") {
        Some(value) => request::extra_roots(&value).map(Some),
        None => Some(None),
    };
    let allow_private = delivery::allow_private(table);
    let (servers, login) = (servers?, login?);
    let open = servers
        .iter()
        .find(|server| !server.tls && !sink_email::is_here(&server.host));
    if let (Some(value), Some(open)) = (&url, open)
        && login != NatsLogin::Nobody
    {
        let message = format!(
            "{open} may be a server without encryption, which the login would reach in the clear"
        );
        let help = "write tls:// in place of nats:// if it speaks TLS";
        value.warn(message, Some(help.to_owned()));
    }
    Some(NatsConfig {
        servers,
        login,
        subject: subject?,
        stream: stream?,
        create_stream: create_stream?,
        mentions: mentions?,
        extra_roots: extra_roots?,
        allow_private,
    })
}

/// One URL, or a list of them.
fn servers(value: &Value<'_>) -> Option<Vec<NatsServer>> {
    if !value.is_list() {
        return Some(vec![server(value)?]);
    }
    let items = value.items()?;
    if items.is_empty() || items.len() > MOST_SERVERS {
        let help = format!("give 1 to {MOST_SERVERS} servers of one cluster");
        let message = format!("{} has {} servers", value.label(), items.len());
        value.error(message, Some(help));
        return None;
    }
    let servers: Vec<_> = items.iter().filter_map(server).collect();
    (servers.len() == items.len()).then_some(servers)
}

/// `nats://host`, `tls://host` or either with a port.
fn server(value: &Value<'_>) -> Option<NatsServer> {
    let text = value.line(LONGEST_URL)?;
    if text.contains('@') {
        // Not shown: a password may stand before it.
        value.error(
            format!("{} holds a login", value.label()),
            Some("give it as `user` and `password`, or `token`".to_owned()),
        );
        return None;
    }
    let parts = match text.split_once("://") {
        Some(("nats", rest)) => Some((false, rest)),
        Some(("tls", rest)) => Some((true, rest)),
        _ => None,
    };
    let read = parts.and_then(|(tls, rest)| {
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = sink_email::host_and_port(rest)?;
        let port = port.unwrap_or(PORT);
        Some(NatsServer { host, port, tls })
    });
    if read.is_none() {
        value.error(
            format!("{} is not a NATS server: {}", value.label(), quoted(text)),
            Some(
                "write \"nats://nats.example.org:4222\", or tls:// in place of nats://".to_owned(),
            ),
        );
    }
    read
}

/// `token`, `user` with `password`, or `credentials`: one of them at most.
fn login(table: &mut Table<'_>, environment: &Environment) -> Option<NatsLogin> {
    let (token, credentials) = (table.get("token"), table.get("credentials"));
    let password = sink_email::login(table, environment)?;
    if let Some(second) = match (&token, &credentials, &password) {
        (Some(_), Some(second), _)
        | (None, Some(second), Some(_))
        | (Some(second), None, Some(_)) => Some(second),
        _ => None,
    } {
        second.error(
            "a second way to log in",
            Some("keep one of `token`, `user` with `password`, and `credentials`".to_owned()),
        );
        return None;
    }
    if let Some(value) = token {
        let token = secret::resolve(&value, environment, Use::Delivering)?;
        return Some(NatsLogin::Token(token));
    }
    if let Some(value) = credentials {
        let credentials = secret::resolve_lines(&value, environment, Use::Delivering)?;
        let unread = !environment.reads(Use::Delivering);
        if !unread && !nats::are_credentials(credentials.expose()) {
            value.error(
                "`credentials` are not those of a NATS user (they are not shown)",
                Some(
                    "give the whole .creds file that nsc or your provider made, with its JWT and its seed"
                        .to_owned(),
                ),
            );
            return None;
        }
        return Some(NatsLogin::Credentials(credentials));
    }
    Some(match password {
        Some((user, password)) => NatsLogin::Password(user, password),
        None => NatsLogin::Nobody,
    })
}

/// What all subjects begin with.
fn subject(value: &Value<'_>) -> Option<String> {
    let text = value.line(LONGEST_NAME)?;
    let good = text.split('.').all(is_word);
    if !good {
        value.error(
            format!(
                "{} is not the beginning of subjects: {}",
                value.label(),
                quoted(text)
            ),
            Some(
                "write words of letters, digits, `-` and `_` with dots between them, such as \"news.mentiond\""
                    .to_owned(),
            ),
        );
    }
    good.then(|| text.to_owned())
}

/// A stream's name.
fn stream(value: &Value<'_>) -> Option<String> {
    let text = value.line(LONGEST_NAME)?;
    let good = is_word(text);
    if !good {
        value.error(
            format!("{} is not a stream's name: {}", value.label(), quoted(text)),
            Some("write letters, digits, `-` and `_`, such as \"MENTIOND\"".to_owned()),
        );
    }
    good.then(|| text.to_owned())
}

fn is_word(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !text.is_empty() && text.bytes().all(fits)
}
