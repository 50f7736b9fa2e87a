//! The owner's wishes, read from files and checked as a whole.
//!
//! [`find`] says where the configuration file is, [`load`] reads it with all that it includes and
//! gives a [`Config`], or a [`ConfigError`] with every [`Problem`] of every file at once, each
//! with line, column and what to do. [`Environment`] stands for the process's variables, which may
//! override single settings.
//!
//! ```
//! use mentiond::config::{Environment, parse_topics};
//!
//! let text = "[[topic]]\nid = 'sco'\nany = ['上合组织', 'ШОС']\n";
//! let topics = parse_topics("pack.toml".as_ref(), text)?;
//! assert_eq!(topics[0].any.len(), 2);
//!
//! let error = parse_topics("pack.toml".as_ref(), "[[topics]]\n").unwrap_err();
//! assert!(error.to_string().starts_with("pack.toml:1:3: unknown key `topics`"));
//! # Ok::<(), mentiond::config::ConfigError>(())
//! ```
//!
//! This module reads files and nothing else: it writes nothing, opens no connection, and never
//! shows a secret's value. No input makes it panic, and files, lists and messages are bounded.

mod aliases;
mod delivery;
mod entities;
mod environment;
mod examples;
mod feed_list;
mod feeds;
mod headers;
mod include;
mod load;
mod opml;
mod opml_write;
mod pace;
mod person;
mod postgres;
mod problem;
mod reader;
mod request;
mod routes;
mod secret;
mod server_url;
mod settings;
mod sink_command;
mod sink_email;
mod sink_feed;
mod sink_format;
mod sink_nats;
mod sinks;
mod source;
mod template;
#[cfg(test)]
mod tests;
mod topics;
pub mod units;
mod value;
mod web;
mod written;
mod zone;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use url::Url;

pub use crate::model::Secret;
pub use delivery::{DeliveryConfig, Private};
pub use environment::{Environment, FindError, find};
pub use examples::Example;
pub use feed_list::{LONGEST_NAME, feed_id, feed_url, is_language, parse_opml};
pub use load::{load, load_text, parse_topics};
pub use opml_write::{Outlined, write_opml};
pub(crate) use problem::did_you_mean;
pub use problem::{ConfigError, Problem};
pub use server_url::{BadUrl, server_url};
pub use sink_command::CommandConfig;
pub use sink_email::{EmailConfig, Tls};
pub use sink_feed::FeedConfig;
pub use sink_nats::{NatsConfig, NatsLogin, NatsServer};

use crate::model::{Database, Feed, FeedId, Field, FullText, Interval, SinkId, Topic, TopicId};
use crate::notify::Voice;
use crate::notify::format::Format;
use crate::notify::words::Language;
use crate::pace::Pace;

/// Everything that can be configured, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The main file.
    pub path: PathBuf,
    /// Every file that was read: the main file, then the included ones in order.
    pub files: Vec<PathBuf>,
    /// Where the database is: a file, or a server.
    pub database: Database,
    /// What the daemon says of itself.
    pub log: LogConfig,
    /// How often feeds are polled.
    pub schedule: ScheduleConfig,
    /// How feeds are fetched.
    pub fetch: FetchConfig,
    /// How the pages that entries link to are read.
    pub articles: ArticleConfig,
    /// How the daemon itself can be reached.
    pub web: WebConfig,
    /// When entries tell one story.
    pub dedup: DedupConfig,
    /// What is worth an alert.
    pub alerts: AlertConfig,
    /// How long things are kept.
    pub retention: RetentionConfig,
    /// How long running work may take to end when the daemon stops.
    pub shutdown_timeout: Duration,
    /// The feeds; ids are unique.
    pub feeds: Vec<Feed>,
    /// The topics; ids are unique.
    pub topics: Arc<[Topic]>,
    /// Texts with what the topics are to make of them.
    pub examples: Vec<Example>,
    /// The sinks, at least one; ids are unique.
    pub sinks: Vec<SinkConfig>,
    /// Which alerts go to which sinks, in the order in which they are asked.
    pub routes: Vec<RouteConfig>,
    /// What the owner should know.
    pub warnings: Vec<Problem>,
}

/// How the pages that entries link to are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleConfig {
    /// When they are read, for feeds that do not say otherwise.
    pub full_text: FullText,
}

/// How the daemon itself can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebConfig {
    /// Whether the API is served.
    pub enabled: bool,
    /// The address on which the daemon's own listener waits.
    pub listen: SocketAddr,
    /// Where the rest of the world finds that listener; without it there is no push.
    pub public_url: Option<Url>,
    /// The bearer token that may do everything.
    pub token: Option<Secret>,
    /// The bearer token that may only read.
    pub read_token: Option<Secret>,
    /// The Argon2id hash, as a PHC string, of the password that may do everything.
    pub password_hash: Option<Secret>,
    /// Further names by which the daemon may be called, in lower case.
    pub hosts: Vec<String>,
}

impl WebConfig {
    /// Whether somebody has to say who they are.
    #[must_use]
    pub fn has_credential(&self) -> bool {
        [&self.token, &self.read_token, &self.password_hash]
            .into_iter()
            .any(Option::is_some)
    }
}

/// What the daemon says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// A filter in the syntax of `tracing_subscriber::EnvFilter`, such as `info`.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a line of output looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

/// How often feeds are polled.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleConfig {
    /// The time between two polls of a feed that does not say otherwise.
    pub interval: Interval,
    /// The floor: no feed is polled more often.
    pub min_interval: Duration,
    /// The ceiling of a server's hints and of back-off.
    pub max_interval: Duration,
    /// By which part of itself an interval varies, 0 to 0.5.
    pub jitter: f64,
}

/// How feeds are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchConfig {
    /// A URL or mail address for the User-Agent; printable ASCII without parentheses.
    pub contact: Option<String>,
    /// The most fetches at a time.
    pub concurrency: usize,
    /// The most fetches at a time from one host.
    pub per_host: usize,
    /// The most fetches at a time from all hosts of one registered domain.
    pub per_domain: usize,
    /// The least time between the beginnings of two fetches from one host.
    pub host_pause: Duration,
    /// Ports that redirects and pages may lead to, besides 80 and 443.
    pub ports: Vec<u16>,
    /// The proxy for all fetches, as a URL.
    pub proxy: Option<Secret>,
    /// The longest time to connect.
    pub connect_timeout: Duration,
    /// The longest time from request to the answer's header.
    pub header_timeout: Duration,
    /// The longest time without a byte of the body.
    pub idle_timeout: Duration,
    /// The longest time for everything, redirects included.
    pub total_timeout: Duration,
    /// The largest body after decompression, in bytes.
    pub max_body: u64,
    /// The most redirects that are followed.
    pub max_redirects: u32,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            contact: None,
            concurrency: 32,
            per_host: 2,
            per_domain: 4,
            host_pause: Duration::from_millis(500),
            ports: Vec::new(),
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_mins(1),
            max_body: 8 << 20,
            max_redirects: 5,
        }
    }
}

/// When entries with different links tell one story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DedupConfig {
    /// Whether entries with like texts do (`near_duplicates`).
    pub near_duplicates: bool,
    /// How far apart in time they may be.
    pub window: Duration,
}

/// What is worth an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertConfig {
    /// Entries of a feed's first document that were published longer ago than this make no alert
    /// (`max_alert_age`).
    pub max_age: Duration,
    /// How long a feed may fail before that is worth an alert.
    pub feed_failing_after: Duration,
}

/// How long things are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionConfig {
    /// Texts of entries and of their mentions.
    pub entries: Duration,
    /// What makes an entry "seen".
    pub seen: Duration,
    /// Deliveries that have been made.
    pub deliveries: Duration,
}

/// One place where alerts go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkConfig {
    /// Stable id.
    pub id: SinkId,
    /// What kind of place, with what only that kind has.
    pub kind: SinkKind,
    /// How deliveries are made: attempts, order, pauses.
    pub delivery: DeliveryConfig,
    /// The topics whose alerts go there; `None` means all.
    pub topics: Option<Vec<TopicId>>,
    /// The tags of topics whose alerts go there; `None` means all.
    pub tags: Option<Vec<String>>,
    /// From which score on mentions go there.
    pub min_score: u8,
    /// Whether alerts about feeds in trouble go there too.
    pub feed_alerts: bool,
    /// Whether it is told there when a topic is mentioned far more than usual.
    pub spike_alerts: bool,
    /// The language of the words around a story there.
    pub language: Language,
    /// The time zone of whoever reads there.
    pub time_zone: TimeZone,
    /// When alerts are told, and with which others.
    pub pace: Pace,
    /// The numbers of feeds at which a story that was told there is told again; rising.
    pub updates_at: Vec<u32>,
}

impl SinkConfig {
    /// A sink that gets all alerts, with the defaults of its kind.
    #[must_use]
    pub fn new(id: SinkId, kind: SinkKind) -> Self {
        let delivery = match kind {
            SinkKind::Log { .. } | SinkKind::Feed(_) => DeliveryConfig::log(),
            SinkKind::Webhook { .. } => DeliveryConfig::default(),
            SinkKind::Email(_) => DeliveryConfig::email(),
            SinkKind::Command(_) => DeliveryConfig::command(),
            SinkKind::Nats(_) => DeliveryConfig::nats(),
        };
        Self {
            id,
            kind,
            delivery,
            topics: None,
            tags: None,
            min_score: 1,
            feed_alerts: true,
            spike_alerts: true,
            language: Language::default(),
            time_zone: TimeZone::UTC,
            pace: Pace::immediate(),
            updates_at: Vec::new(),
        }
    }

    /// Whether it gets every mention, told or not.
    #[must_use]
    pub fn wants_mentions(&self) -> bool {
        matches!(&self.kind, SinkKind::Nats(config) if config.mentions)
    }

    /// How alerts are put into words there.
    #[must_use]
    pub fn voice(&self) -> Voice {
        Voice {
            language: self.language,
            time_zone: self.time_zone.clone(),
        }
    }
}

/// The kinds of sinks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // there are few sinks
pub enum SinkKind {
    /// Standard output.
    Log {
        /// How a line looks.
        format: LogFormat,
    },
    /// An HTTP request for each alert.
    Webhook {
        /// Where to; a checked http or https URL, which may itself be secret.
        url: Secret,
        /// What is sent.
        format: Format,
        /// The signing secret: base64 of 24 to 64 bytes, after an optional `whsec_`.
        secret: Option<Secret>,
        /// The signing secret before the current one, while receivers may still hold it.
        previous_secret: Option<Secret>,
        /// The private addresses that the receiver's name may lead to.
        allow_private: Private,
    },
    /// A mail for each alert.
    Email(EmailConfig),
    /// A program that is run for each alert.
    Command(CommandConfig),
    /// A feed that the daemon serves.
    Feed(FeedConfig),
    /// A message in a stream of NATS for each alert.
    Nats(NatsConfig),
}

/// Which alerts go to which sinks. All conditions that are given must hold; each is a list of
/// alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteConfig {
    /// What the alert is about.
    pub kinds: Option<Vec<RouteKind>>,
    /// Its topic.
    pub topics: Option<Vec<TopicId>>,
    /// A tag of its topic.
    pub tags: Option<Vec<String>>,
    /// The language of its entry or feed; `pt` includes `pt-BR`.
    pub languages: Option<Vec<String>>,
    /// The feed in which it arose, or that it is about.
    pub sources: Option<Vec<FeedId>>,
    /// The country of that feed, as two capital letters.
    pub countries: Option<Vec<String>>,
    /// The field of the best hit.
    pub fields: Option<Vec<Field>>,
    /// The least score.
    pub min_score: Option<u8>,
    /// Where it goes.
    pub sinks: Vec<SinkId>,
    /// Whether further routes are asked when this one has taken an alert (`continue`).
    pub goes_on: bool,
    /// Where it stands: file, line and column.
    pub place: String,
}

impl RouteConfig {
    /// A route without conditions.
    #[must_use]
    pub fn to(sinks: Vec<SinkId>) -> Self {
        Self {
            kinds: None,
            topics: None,
            tags: None,
            languages: None,
            sources: None,
            countries: None,
            fields: None,
            min_score: None,
            sinks,
            goes_on: false,
            place: String::new(),
        }
    }

    /// Whether no alert comes to the routes behind it.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        let plain = Self {
            place: self.place.clone(),
            ..Self::to(self.sinks.clone())
        };
        *self == plain
    }
}

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteKind {
    /// A story that mentions a topic.
    Mention,
    /// A feed in trouble.
    Feed,
    /// A topic that is mentioned far more than usual.
    Spike,
}
