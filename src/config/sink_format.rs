//! Reading what a webhook sink sends and where: `format`, `url` and the keys that only some formats
//! have.

use super::environment::{Environment, Use};
use super::feeds::check_url;
use super::reader::Table;
use super::sinks::Surroundings;
use super::value::Value;
use super::{headers, secret, template};
use crate::model::Secret;
use crate::notify::format::{Format, Header, Templated, ntfy, telegram};

#[derive(Clone, Copy, PartialEq)]
enum Name {
    Standard,
    CloudEvents,
    Slack,
    Discord,
    Teams,
    Telegram,
    Ntfy,
    Matrix,
    Mattermost,
    Template,
}

const NAMES: [(&str, Name); 10] = [
    ("standard", Name::Standard),
    ("cloudevents", Name::CloudEvents),
    ("slack", Name::Slack),
    ("discord", Name::Discord),
    ("teams", Name::Teams),
    ("telegram", Name::Telegram),
    ("ntfy", Name::Ntfy),
    ("matrix", Name::Matrix),
    ("mattermost", Name::Mattermost),
    ("template", Name::Template),
];

/// The keys that only webhooks of some formats have.
pub(super) const OWN_KEYS: [&str; 4] = ["chat_id", "room", "method", "headers"];

/// The keys that only some formats have.
const KEYS: [&str; 8] = [
    "chat_id",
    "room",
    "token",
    "template",
    "template_file",
    "content_type",
    "method",
    "headers",
];

/// Header fields that the daemon sets, and what to do instead.
const OURS: [(&str, &str); 4] = [
    ("content-type", "use `content_type`"),
    ("webhook-id", "the daemon sends it"),
    ("webhook-timestamp", "the daemon sends it"),
    ("webhook-signature", "the daemon makes it from `secret`"),
];

/// The longest id of a chat or room; Matrix allows 255 bytes.
const LONGEST_ID: usize = 255;

/// The URL and the format of a webhook; `None` after a mistake in it was reported.
pub(super) fn read(
    table: &mut Table<'_>,
    around: &Surroundings<'_>,
) -> (Option<Secret>, Option<Format>) {
    let environment = around.environment;
    let value = table.get("format");
    let name = match &value {
        Some(value) => value.choice(&NAMES),
        None => Some(Name::Standard),
    };
    let url = match (name, table.get("url")) {
        // Its server is known, unless it is one's own.
        (Some(Name::Telegram), None) => Some(Secret::new(telegram::SERVER.to_owned())),
        (_, None) => {
            table.missing("url", "");
            None
        }
        (_, Some(value)) => address(&value, environment, name == Some(Name::Ntfy)),
    };
    let Some(name) = name else {
        // Without a format there is no saying which keys belong.
        for key in KEYS {
            table.get(key);
        }
        return (url, None);
    };
    if name != Name::Telegram {
        table.refuse(&["chat_id"], "it is for format \"telegram\"");
    }
    if name != Name::Matrix {
        table.refuse(&["room"], "it is for format \"matrix\"");
    }
    if name == Name::Template {
        let help = "it is for the formats \"telegram\", \"ntfy\" and \"matrix\"; put what a request must \
                    carry into `headers`";
        table.refuse(&["token"], help);
        return (url, templated(table, around).map(Format::Template));
    }
    table.refuse(&template::KEYS, "it is for format \"template\"");
    table.refuse(&["method", "headers"], "it is for format \"template\"");
    let format = match name {
        Name::Telegram => {
            let chat = table.required("chat_id").and_then(|value| chat(&value));
            let token = table
                .required("token")
                .and_then(|value| token(&value, environment));
            chat.zip(token)
                .map(|(chat_id, token)| Format::Telegram { chat_id, token })
        }
        Name::Matrix => {
            let room = table.required("room").and_then(|value| room(&value));
            let token = table
                .required("token")
                .and_then(|value| token(&value, environment));
            room.zip(token)
                .map(|(room, token)| Format::Matrix { room, token })
        }
        Name::Ntfy => match table.get("token") {
            None => Some(Format::Ntfy { token: None }),
            Some(value) => {
                token(&value, environment).map(|token| Format::Ntfy { token: Some(token) })
            }
        },
        other => {
            let help = "it is for the formats \"telegram\", \"ntfy\" and \"matrix\"";
            table.refuse(&["token"], help);
            Some(match other {
                Name::CloudEvents => Format::CloudEvents,
                Name::Slack => Format::Slack,
                Name::Discord => Format::Discord,
                Name::Teams => Format::Teams,
                Name::Mattermost => Format::Mattermost,
                _ => Format::Standard,
            })
        }
    };
    (url, format)
}

/// What the owner composes: the template, the method and further header fields.
fn templated(table: &mut Table<'_>, around: &Surroundings<'_>) -> Option<Templated> {
    let method = table.get("method");
    let put = method.and_then(|value| value.choice(&[("POST", false), ("PUT", true)]));
    let headers = table.get("headers").map(|value| {
        let use_ = Use::Delivering;
        headers::read(&value, around.environment, use_, "a webhook", &OURS)
    });
    let header = |(name, value, written)| Header {
        name,
        value,
        written,
    };
    Some(Templated {
        template: template::read(table, around.report)?,
        put: put.unwrap_or(false),
        headers: headers.into_iter().flatten().map(header).collect(),
    })
}

/// A webhook's URL: written out, or a reference where the URL itself is the secret.
fn address(value: &Value<'_>, environment: &Environment, is_topic: bool) -> Option<Secret> {
    let secret = if value.is_text() {
        Secret::new(value.text("a URL in quotes")?.to_owned())
    } else {
        let secret = secret::resolve(value, environment, Use::Delivering)?;
        if !environment.reads(Use::Delivering) {
            return Some(secret);
        }
        secret
    };
    match check_url(secret.expose().trim()) {
        Ok(url) if is_topic && ntfy::split(&url).is_none() => {
            value.error(
                format!("{} does not end with an ntfy topic", value.label()),
                Some("write the topic's address, such as \"https://ntfy.sh/my-topic\"".to_owned()),
            );
            None
        }
        Ok(url) => Some(Secret::new(url.into())),
        Err(error) => {
            value.error(format!("{} {error}", value.label()), None);
            None
        }
    }
}

/// A token: a reference to a secret of printable ASCII without what would end a path or a header.
fn token(value: &Value<'_>, environment: &Environment) -> Option<Secret> {
    let secret = secret::resolve(value, environment, Use::Delivering)?;
    let unread = !environment.reads(Use::Delivering);
    let is_token = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_graphic() && !br#"/\?#%""#.contains(&b))
    };
    if unread || is_token(secret.expose()) {
        return Some(secret);
    }
    value.error(
        format!("{} is not a token (its value is not shown)", value.label()),
        Some("put the token alone there, without `bot` or `Bearer` before it".to_owned()),
    );
    None
}

/// A Telegram chat: a number, or `@name` of a public channel.
fn chat(value: &Value<'_>) -> Option<String> {
    let help = || {
        Some(
            "write the chat's number in quotes, such as \"-1001234567890\", or \"@channel\""
                .to_owned(),
        )
    };
    if !value.is_text() {
        value.error(format!("{} must be a string", value.label()), help());
        return None;
    }
    let text = value.line(LONGEST_ID)?;
    let name = text.strip_prefix('@');
    let is_name = name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    if is_name || text.parse::<i64>().is_ok_and(|id| id != 0) {
        return Some(text.to_owned());
    }
    value.error(format!("{} is not a Telegram chat", value.label()), help());
    None
}

/// A Matrix room's id, `!id:server` or, in newer rooms, `!id`.
fn room(value: &Value<'_>) -> Option<String> {
    let text = value.line(LONGEST_ID)?;
    if text.len() > 1 && text.starts_with('!') && !text.contains(char::is_whitespace) {
        return Some(text.to_owned());
    }
    value.error(
        format!("{} is not the id of a Matrix room", value.label()),
        Some("write the id, such as \"!abc:example.org\"; an alias (#…) does not do".to_owned()),
    );
    None
}
