//! The promises of the configuration as a whole.

mod aliases;
mod commands;
mod delivery;
mod email;
mod feeds_of_alerts;
mod files;
mod mistakes;
mod names;
mod nats;
mod opml;
mod pace;
mod queries;
mod secrets;
mod sinks;
mod variables;
mod web;

use std::path::Path;
use std::time::Duration;

use super::load::{known, load_text};
use super::*;
use crate::model::{Auth, Case};

/// A configuration that uses every key.
pub(super) const EVERYTHING: &str = r#"
include = []
database = "here.db"
shutdown_timeout = "5s"

[log]
level = "info,mentiond::fetch=debug"
format = "json"

[schedule]
interval = "1h"
min_interval = "10m"
max_interval = "12h"
jitter = 0.25

[fetch]
contact = "https://example.org/bot"
concurrency = 8
per_host = 1
per_domain = 3
host_pause = "0s"
ports = [8443, 8080, 8443]
proxy = "http://127.0.0.1:3128"
connect_timeout = "1s"
header_timeout = "2s"
idle_timeout = "3s"
total_timeout = "4s"
max_body = "1 MiB"
max_redirects = 0

[articles]
full_text = "when_short"

[web]
enabled = true
listen = "[::1]:9000"
public_url = "https://mentiond.example.org/in/"
token = { env = "HOOK_SECRET" }
read_token = { env = "READ_TOKEN" }
password_hash = { env = "PASSWORD" }
hosts = ["Watch.example.org", "10.0.0.7"]

[dedup]
near_duplicates = false
window = "36h"

[alerts]
max_alert_age = "1d"
feed_failing_after = "6h"

[retention]
entries = "10d"
seen = "20d"
deliveries = "1d"

[[feed]]
url = "https://example.org/feed.xml"
id = "example"
name = "Example"
language = "zh-Hans"
country = "cn"
tags = ["asia", "asia", "press"]
interval = "20m"
allow_private_addresses = true
full_text = "always"
push = false
user_agent = "Example/1.0"
timeout = "9s"
headers = { X-Edition = "asia", X-Key = { env = "HOOK_SECRET" } }
basic_auth = { user = "me", password = { env = "HOOK_SECRET" } }
cookies = "consent=yes"
proxy = { env = "PROXY" }
insecure_tls = false

[[feed]]
url = "https://example.org/other.xml"
interval = "auto"
bearer_token = { env = "HOOK_SECRET" }

[[topic]]
id = "sco"
name = "Shanghai Cooperation Organisation"
tags = ["organisation"]
any = ["上合组织", { text = "SCO", case = "exact", ambiguous = true, languages = ["en", "pt"] }]
all = ["summit", ["Astana", "Bishkek"]]
none = ["SCO Group"]
except = ["SCO Unix"]
near = ["Шанхай*"]
within = 7

[[topic]]
id = "energy"
query = "SCO gas"
threshold = 2
min_score = 40

[[names]]
topic = "sco"
language = "ru"
full = ["Шанхайская организация сотрудничества"]
alone = [{ text = "Шанхайка", surname = true, case = "capital" }]
ambiguous = ["ШОС"]
near = ["саммит*"]
except = ["ШОС-6"]

[[example]]
text = "The SCO met in Shanghai's Astana."
title = "SCO summit"
author = "A"
language = "en"
source = "Wire"
tags = ["asia"]
match = ["sco"]
no_match = ["energy"]

[[example]]
text = "oil"
topic = "sco"
match = false

[[topic]]
id = "orban"
[topic.person]
names = ["Viktor Orbán", "Орбан Виктор"]
family_first = false
patronymic = "Викторович"
surname = "distinctive"
titles = ["prime minister", "kormányfő"]
context = ["Fidesz"]
not = ["Anita Orbán"]

[[sink]]
id = "out"
type = "log"
format = "json"
topics = ["sco"]

[[sink]]
id = "hook"
type = "webhook"
url = "https://example.org/hook"
secret = { env = "HOOK_SECRET" }
timeout = "3s"
concurrency = 2
max_attempts = 3
tags = ["organisation"]
min_score = 60
feed_alerts = false

[[sink]]
id = "chat"
type = "webhook"
format = "telegram"
chat_id = "@example"
token = { env = "HOOK_SECRET" }

[[sink]]
id = "room"
type = "webhook"
format = "matrix"
url = "https://matrix.example.org"
room = "!room:example.org"
token = { env = "HOOK_SECRET" }

[[sink]]
id = "mail"
type = "email"
server = "smtp.example.org"
tls = "starttls"
user = "me"
password = { env = "HOOK_SECRET" }
from = "mentiond <alerts@example.org>"
to = ["me@example.org"]
reply_to = "desk@example.org"
unsubscribe = "https://example.org/unsubscribe"

[[sink]]
id = "own"
type = "webhook"
format = "template"
url = "https://example.org/own"
template = '{"text": {{ message.title }}}'
content_type = "application/json"
method = "PUT"
headers = { X-Edition = "asia", Authorization = { env = "HOOK_SECRET" } }

[[sink]]
id = "program"
type = "command"
command = ["/bin/sh", "-c", "cat"]

[[sink]]
id = "reader"
type = "feed"
entries = 50
token = { env = "FEED_TOKEN" }

[[sink]]
id = "bus"
type = "nats"
url = ["nats://127.0.0.1:4222"]
token = { env = "HOOK_SECRET" }
subject = "news.mentiond"
stream = "NEWS"
create_stream = true

[[route]]
kinds = ["mention"]
topics = ["sco"]
tags = ["organisation"]
languages = ["pt"]
sources = ["example"]
countries = ["kz", "KZ"]
fields = ["title", "author"]
min_score = 70
sinks = ["hook"]
continue = true

[[route]]
sinks = ["out", "hook"]
"#;

/// A signing secret: the base64 of 32 bytes.
pub(super) const SIGNING: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

pub(super) fn environment(pairs: &[(&str, &str)]) -> Environment {
    let always = [
        ("HOME", "/home/me"),
        ("HOOK_SECRET", SIGNING),
        ("FEED_TOKEN", "feed-token-of-the-tests"),
        ("PROXY", "socks5h://u:p@127.0.0.1:9050"),
        ("READ_TOKEN", "0123456789abcdef"),
        ("PASSWORD", web::HASH),
    ];
    Environment::from_pairs(always.iter().chain(pairs).copied())
}

/// Loads a text as if it stood in a folder that does not exist.
pub(super) fn try_load(text: &str) -> Result<Config, ConfigError> {
    load_text(
        Path::new("/nonexistent/m.toml"),
        text.to_owned(),
        &environment(&[]),
    )
}

/// Everything that is wrong with a text, or its warnings, as printed.
pub(super) fn complaints(text: &str) -> String {
    let printed = match try_load(text) {
        Ok(config) => printed(&config.warnings),
        Err(error) => error.to_string(),
    };
    printed.replace("/nonexistent/", "")
}

pub(super) fn printed(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

#[test]
fn an_empty_file_gives_the_documented_defaults() {
    let config = try_load("").unwrap();
    let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
    assert_eq!(
        config.database,
        Path::new("/home/me/.local/state/mentiond/mentiond.db").into()
    );
    assert_eq!(config.shutdown_timeout, Duration::from_secs(20));
    assert_eq!(config.log.level, "info");
    assert_eq!(config.log.format, LogFormat::Human);
    assert_eq!(
        config.schedule,
        ScheduleConfig {
            interval: Interval::Auto,
            min_interval: 5 * minute,
            max_interval: 24 * hour,
            jitter: 0.1,
        }
    );
    assert_eq!(
        config.fetch,
        FetchConfig {
            contact: None,
            concurrency: 32,
            per_host: 2,
            per_domain: 4,
            host_pause: Duration::from_millis(500),
            ports: vec![],
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(20),
            total_timeout: minute,
            max_body: 8 << 20,
            max_redirects: 5,
        }
    );
    assert!(config.dedup.near_duplicates);
    assert_eq!(config.dedup.window, 72 * hour);
    assert_eq!(config.alerts.max_age, 48 * hour);
    assert_eq!(config.alerts.feed_failing_after, 24 * hour);
    assert_eq!(config.retention.entries, 365 * 24 * hour);
    assert_eq!(config.retention.seen, 730 * 24 * hour);
    assert_eq!(config.retention.deliveries, 30 * 24 * hour);
    assert_eq!(config.sinks.len(), 1);
    assert_eq!(config.sinks[0].id.as_str(), "log");
    assert_eq!(
        config.sinks[0].kind,
        SinkKind::Log {
            format: LogFormat::Human
        }
    );
}

#[test]
fn a_configuration_without_feeds_and_topics_is_usable_with_a_warning() {
    assert_eq!(
        complaints(""),
        "m.toml: there are no feeds, so nothing is polled; add a [[feed]] or include a file with feeds\n\
         m.toml: there are no topics, so nothing is mentioned; add a [[topic]] or include a file with topics"
    );
}

#[test]
fn every_key_is_read() {
    let config = try_load(EVERYTHING).unwrap();
    assert_eq!(printed(&config.warnings), "");
    assert_eq!(config.database, Path::new("/nonexistent/here.db").into());
    assert_eq!(config.fetch.max_redirects, 0);
    assert_eq!(config.fetch.max_body, 1 << 20);
    assert_eq!(config.fetch.per_domain, 3);
    assert!(!config.dedup.near_duplicates);
    assert_eq!(config.dedup.window, Duration::from_hours(36));
    assert_eq!(config.fetch.host_pause, Duration::ZERO);
    assert_eq!(config.fetch.ports, [8080, 8443]);
    let proxy = config.fetch.proxy.as_ref().map(Secret::expose);
    assert_eq!(proxy, Some("http://127.0.0.1:3128"));
    assert_eq!(config.web.listen, "[::1]:9000".parse().unwrap());
    let public = config.web.public_url.as_ref().map(Url::as_str);
    assert_eq!(public, Some("https://mentiond.example.org/in/"));
    let exposed = |secret: &Option<Secret>| secret.as_ref().map(|s| s.expose().to_owned());
    assert!(config.web.enabled);
    assert_eq!(exposed(&config.web.token).as_deref(), Some(SIGNING));
    assert_eq!(
        exposed(&config.web.read_token).as_deref(),
        Some("0123456789abcdef")
    );
    assert_eq!(
        exposed(&config.web.password_hash).as_deref(),
        Some(web::HASH)
    );
    assert_eq!(config.web.hosts, ["watch.example.org", "10.0.0.7"]);

    let feed = &config.feeds[0];
    assert_eq!(feed.id.as_str(), "example");
    assert_eq!(feed.country.as_deref(), Some("CN"));
    assert_eq!(feed.tags, ["asia", "press"]);
    assert_eq!(feed.interval, Interval::Fixed(Duration::from_mins(20)));
    assert!(feed.allow_private_addresses);
    assert_eq!(feed.full_text, FullText::Always);
    assert!(!feed.push);
    let request = &feed.request;
    let headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    assert_eq!(headers, [("x-edition", "asia"), ("x-key", SIGNING)]);
    let Some(Auth::Basic { user, password }) = &request.auth else {
        panic!("basic authentication");
    };
    assert_eq!((user.as_str(), password.expose()), ("me", SIGNING));
    let text = |secret: &Option<Secret>| secret.as_ref().unwrap().expose().to_owned();
    assert_eq!(text(&request.cookies), "consent=yes");
    assert_eq!(text(&request.proxy), "socks5h://u:p@127.0.0.1:9050");
    assert_eq!(request.user_agent.as_deref(), Some("Example/1.0"));
    assert_eq!(request.timeout, Some(Duration::from_secs(9)));
    assert!(!format!("{request:?}").contains("whsec_"));

    let other = &config.feeds[1];
    assert_eq!(other.interval, Interval::Auto);
    assert_eq!(other.full_text, FullText::WhenShort);
    assert!(other.push);
    assert!(matches!(other.request.auth, Some(Auth::Bearer(_))));

    let topic = &config.topics[0];
    let written: Vec<_> = topic.any.iter().map(|term| &*term.text).collect();
    let of_names = ["Шанхайская организация сотрудничества", "Шанхайка", "ШОС"];
    assert_eq!(written[..2], ["上合组织", "SCO"]);
    assert_eq!(written[2..], of_names);
    assert!(topic.any[3].surname);
    assert_eq!(topic.any[0].case, Case::Fold);
    assert_eq!(topic.any[1].case, Case::Exact);
    assert!(topic.any[1].ambiguous);
    assert_eq!(topic.any[1].languages, ["en", "pt"]);
    assert!(topic.any[0].languages.is_empty());
    assert_eq!(topic.all.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(topic.within, 7);
    assert_eq!((topic.min_score, config.topics[1].min_score), (1, 40));

    assert_eq!(config.sinks.len(), 9);
    assert_eq!(config.sinks[0].topics.as_ref().unwrap()[0].as_str(), "sco");
    assert_eq!(config.sinks[0].tags, None);
    let SinkKind::Webhook { url, secret, .. } = &config.sinks[1].kind else {
        panic!("the second sink is a webhook");
    };
    assert_eq!(url.expose(), "https://example.org/hook");
    assert_eq!(secret.as_ref().unwrap().expose(), SIGNING);
    assert!(!config.sinks[1].feed_alerts);
    let route = &config.routes[0];
    assert_eq!(route.kinds, Some(vec![RouteKind::Mention]));
    assert_eq!(route.topics.as_ref().unwrap()[0].as_str(), "sco");
    assert_eq!(route.languages, Some(vec!["pt".to_owned()]));
    assert_eq!(route.sources.as_ref().unwrap()[0].as_str(), "example");
    assert_eq!(route.countries, Some(vec!["KZ".to_owned()]));
    assert_eq!(route.fields, Some(vec![Field::Title, Field::Author]));
    assert_eq!((route.min_score, route.goes_on), (Some(70), true));
    assert!(config.routes[1].takes_all() && !route.takes_all());
    assert!(config.routes[1].place.starts_with("/nonexistent/m.toml:"));
    assert_eq!(
        (config.sinks[0].min_score, config.sinks[1].min_score),
        (1, 60)
    );
}

#[test]
fn feeds_take_what_they_do_not_say_from_the_schedule_and_the_url() {
    let config = try_load("[[feed]]\nurl = 'http://tass.ru/rss/v2.xml'\n").unwrap();
    let feed = &config.feeds[0];
    assert_eq!(feed.id.as_str(), "tass.ru-rss-v2.xml");
    assert_eq!(feed.name, "tass.ru-rss-v2.xml");
    assert_eq!(feed.interval, config.schedule.interval);
    assert!(!feed.allow_private_addresses);
}

#[test]
fn a_topic_pack_is_read_by_itself() {
    let pack = "title = 'Pack'\nchecked = 2025-05-01\n[[topic]]\nid = 'a'\nany = ['abc']\n";
    let topics = parse_topics(Path::new("pack"), pack).unwrap();
    assert_eq!(topics[0].name, "a");
    assert_eq!(topics[0].within, 12);
    let error = parse_topics(Path::new("pack"), "[[feed]]\nurl = 'x'\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "pack:1:3: `feed` does not belong in a topic pack; a topic pack holds topics only"
    );
}

/// Every key that the readers ask for stands in the document, so that neither can drift from the
/// other.
#[test]
fn the_document_explains_every_key_and_every_variable() {
    let document = include_str!("../../../docs/configuration.md");
    let (keys, variables) = known(EVERYTHING, &environment(&[]));
    assert!(keys.len() > 60, "{}", keys.len());
    for (table, key) in keys {
        let quoted = format!("`{key}`");
        assert!(
            document.contains(&quoted),
            "{quoted} of {table} is not explained"
        );
    }
    assert!(variables.len() > 20, "{}", variables.len());
    for variable in variables {
        assert!(
            document.contains(&format!("`{variable}`")),
            "{variable} is not explained"
        );
    }
}

/// The document's own example must load.
#[test]
fn the_documents_examples_are_valid() {
    let document = include_str!("../../../docs/configuration.md");
    let mut blocks = 0;
    for block in document.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        blocks += 1;
        let Err(error) = try_load(text) else { continue };
        // What the examples refer to does not exist here; all else must be right.
        let missing = ["the secret's", "CREDENTIALS_DIRECTORY", "the included file"];
        for line in error.to_string().lines() {
            let is_expected = missing.iter().any(|part| line.contains(part));
            assert!(is_expected, "{line}\nin\n{text}");
        }
    }
    assert_eq!(blocks, 12);
}
