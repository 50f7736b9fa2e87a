//! What receivers get, each in the form that its maker documents.
//!
//! [`outgoing`] makes the request of an alert, [`verdict`] reads the answer. Both are pure. Texts of
//! strangers come into a message through [`text`] only; what an alert tells is put into words once, in
//! [`message`], in the language and zone of the sink; each receiver has a file, which names its source and limits,
//! and [`template`] makes what the owner writes. A new format is a file here, an arm in [`outgoing`] and one in
//! [`verdict`].

mod cloudevents;
mod discord;
mod example;
mod matrix;
mod mattermost;
pub mod message;
pub mod ntfy;
mod slack;
mod teams;
pub mod telegram;
pub mod template;
#[cfg(test)]
mod tests;
pub mod text;
mod verdict;

use std::borrow::Cow;

use reqwest::Method;
use url::Url;

pub use example::{example, examples};
pub use verdict::{reads_body, verdict};

use super::payload::Payload;
use super::voice::Voice;
use crate::model::Secret;
use crate::store::StoredAlert;
use message::Message;
use template::{Template, TemplateError};

/// The media type of an event.
pub const CLOUD_EVENT: &str = "application/cloudevents+json";

/// The forms in which a webhook sink can tell an alert, with what each needs besides a URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Format {
    /// Standard Webhooks: our own payload.
    #[default]
    Standard,
    /// `CloudEvents` 1.0, structured mode.
    CloudEvents,
    /// A Slack incoming webhook.
    Slack,
    /// A Discord webhook.
    Discord,
    /// A webhook of a Microsoft Teams workflow.
    Teams,
    /// Telegram's Bot API; the URL is the server's.
    Telegram {
        /// The chat's number, or `@name` of a public channel.
        chat_id: String,
        /// The bot's token.
        token: Secret,
    },
    /// An ntfy topic; the URL is the topic's.
    Ntfy {
        /// An access token, for topics that need one.
        token: Option<Secret>,
    },
    /// A Matrix room; the URL is the homeserver's.
    Matrix {
        /// The room's id.
        room: String,
        /// The access token.
        token: Secret,
    },
    /// A Mattermost incoming webhook.
    Mattermost,
    /// Whatever the owner's template makes.
    Template(Templated),
}

/// A request that the owner composes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templated {
    /// What makes the body.
    pub template: Template,
    /// PUT in place of POST.
    pub put: bool,
    /// Further header fields.
    pub headers: Vec<Header>,
}

/// A header field that the owner adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name in lower case.
    pub name: String,
    /// Its value.
    pub value: Secret,
    /// Whether the value stands in the configuration, so that it may be shown.
    pub written: bool,
}

impl Format {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::CloudEvents => "cloudevents",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Teams => "teams",
            Self::Telegram { .. } => "telegram",
            Self::Ntfy { .. } => "ntfy",
            Self::Matrix { .. } => "matrix",
            Self::Mattermost => "mattermost",
            Self::Template(_) => "template",
        }
    }

    /// Whether requests carry `webhook-id` and `webhook-timestamp` also without a signing secret: a
    /// program that gets them can drop what it has seen; a chat has no use for them.
    #[must_use]
    pub fn is_for_programs(&self) -> bool {
        matches!(self, Self::Standard | Self::CloudEvents | Self::Template(_))
    }

    /// The secrets that a request carries besides the URL.
    #[must_use]
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Telegram { token, .. } | Self::Matrix { token, .. } => vec![token],
            Self::Ntfy { token } => token.iter().collect(),
            Self::Template(templated) => {
                let secret = templated.headers.iter().filter(|header| !header.written);
                secret.map(|header| &header.value).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What, besides the URL, makes the place where alerts go another place.
    #[must_use]
    pub fn place(&self) -> String {
        let secrets: Vec<&str> = self.secrets().into_iter().map(Secret::expose).collect();
        let secrets = secrets.join("\n");
        match self {
            Self::Telegram { chat_id: place, .. } | Self::Matrix { room: place, .. } => {
                format!("{place}\n{secrets}")
            }
            _ => secrets,
        }
    }
}

/// A request, not yet signed.
#[derive(Clone)]
pub struct Outgoing {
    /// POST; PUT for Matrix and for templates that ask for it.
    pub method: Method,
    /// Where to; may hold a secret.
    pub url: Url,
    /// The body's type.
    pub content_type: Cow<'static, str>,
    /// The body.
    pub body: String,
    /// The token of `Authorization: Bearer`.
    pub bearer: Option<Secret>,
    /// The owner's own header fields.
    pub headers: Vec<Header>,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("url", &"[secret]")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// The event that tells an alert, as a JSON object.
#[must_use]
pub fn cloud_event(alert: &StoredAlert) -> String {
    cloudevents::body(alert).to_string()
}

/// The request that tells an alert to the receiver at `url`, to people in `voice`.
///
/// # Errors
/// That the owner's template makes nothing of this alert. Other formats never fail.
pub fn outgoing(
    format: &Format,
    url: &Url,
    alert: &StoredAlert,
    voice: &Voice,
) -> Result<Outgoing, TemplateError> {
    let message = || Message::of(alert, voice);
    let mut outgoing = Outgoing {
        method: Method::POST,
        url: url.clone(),
        content_type: "application/json".into(),
        body: String::new(),
        bearer: None,
        headers: Vec::new(),
    };
    let body = match format {
        Format::Standard => {
            outgoing.body = Payload::of(alert).to_json();
            return Ok(outgoing);
        }
        Format::Template(templated) => {
            let template = &templated.template;
            outgoing.body = template.render(alert, &message())?;
            outgoing.content_type = template.content_type().to_owned().into();
            if templated.put {
                outgoing.method = Method::PUT;
            }
            outgoing.headers.clone_from(&templated.headers);
            return Ok(outgoing);
        }
        Format::CloudEvents => {
            outgoing.content_type = CLOUD_EVENT.into();
            cloudevents::body(alert)
        }
        Format::Slack => slack::body(&message()),
        Format::Discord => discord::body(&message()),
        Format::Teams => teams::body(&message()),
        Format::Telegram { chat_id, token } => {
            outgoing.url = telegram::url(url, token.expose());
            telegram::body(&message(), chat_id)
        }
        Format::Ntfy { token } => {
            outgoing.bearer.clone_from(token);
            let (root, topic) = ntfy::split(url).unwrap_or_else(|| (url.clone(), String::new()));
            outgoing.url = root;
            ntfy::body(&message(), &topic)
        }
        Format::Matrix { room, token } => {
            outgoing.method = Method::PUT;
            outgoing.url = matrix::url(url, room, &alert.id);
            outgoing.bearer = Some(token.clone());
            matrix::body(&message())
        }
        Format::Mattermost => mattermost::body(&message()),
    };
    outgoing.body = body.to_string();
    Ok(outgoing)
}
