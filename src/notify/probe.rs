//! One request for people to look at: what would be sent, and what comes of sending it once.
//!
//! Nothing is recorded and nothing retried. What is shown holds no secret: of the URL its server
//! alone, of headers no token and no signature, of the answer nothing that repeats them.

use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::Value;
use url::Url;

use super::email::{self, mail::Draft};
use super::format::template::TemplateError;
use super::format::text::{fit, tame, units};
use super::format::{self, Format, Header};
use super::nats::{Message, Stored};
use super::sink;
use super::webhook::{Answer, Failure, Target, beginning};
use super::{NotifyError, Voice, log};
use crate::config::{LogFormat, SinkConfig, SinkKind};
use crate::model::Timestamp;
use crate::store::StoredAlert;

/// How much of the answer's body is shown.
const SHOWN: usize = 2000;
/// How much of each of its headers.
const HEADER: usize = 200;
/// Bytes of the body that are read for it.
const READ: usize = 64 << 10;
/// Stands for what is secret.
const SECRET: &str = "[secret]";

/// A request as people may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// POST or PUT; PUB of a message.
    pub method: String,
    /// The server, and of the path what is no secret; of a message its subject.
    pub url: String,
    /// Names and values, without secrets.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// A mail as people may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownMail {
    /// All of it, with CR LF.
    pub source: String,
    /// Its plain text.
    pub text: String,
    /// Its HTML.
    pub html: String,
}

/// What came of sending a request or a mail once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The server.
    pub url: String,
    /// The headers of the signature that were sent, by name.
    pub signature: Vec<String>,
    /// From the request to the answer's end, or to its failure.
    pub took: Duration,
    /// The answer's status, if one came.
    pub status: Option<u16>,
    /// The answer's headers, shortened.
    pub headers: Vec<(String, String)>,
    /// The answer's body, shortened.
    pub body: String,
    /// Whether it counts as received.
    pub received: bool,
    /// What went wrong.
    pub error: Option<String>,
    /// The wait that the receiver asks for.
    pub retry_after: Option<Duration>,
}

/// Where a sink's alerts go, without secrets. A URL that was not read is one.
#[must_use]
pub fn place(kind: &SinkKind) -> String {
    match kind {
        SinkKind::Log { .. } => "standard output".to_owned(),
        SinkKind::Feed(_) => "/feeds/ of the daemon's listener".to_owned(),
        SinkKind::Command(command) => command.program.display().to_string(),
        SinkKind::Webhook { url, format, .. } => match Url::parse(url.expose()) {
            Ok(url) => shown(&url, format),
            Err(_) => SECRET.to_owned(),
        },
        SinkKind::Email(config) => format!("{}:{}", config.host, config.port),
        SinkKind::Nats(config) => {
            let servers: Vec<String> = config.servers.iter().map(ToString::to_string).collect();
            format!("{}, {}.>", servers.join(", "), config.subject)
        }
    }
}

fn shown(url: &Url, format: &Format) -> String {
    let server = url.origin().ascii_serialization();
    match format {
        Format::Telegram { .. } => format!("{server}/bot{SECRET}/sendMessage"),
        // Its secret is the token alone.
        Format::Matrix { room, .. } => format!("{server}, room {}", tame(room)),
        _ if url.path() == "/" && url.query().is_none() => format!("{server}/"),
        _ => format!("{server}/{SECRET}"),
    }
}

/// The request that would tell an alert, of a NATS sink the message; secrets that were not read stand as
/// `[secret]`. `None` for a sink that sends none.
///
/// # Errors
/// That the owner's template makes nothing of the alert.
pub fn render(
    kind: &SinkKind,
    alert: &StoredAlert,
    voice: &Voice,
) -> Result<Option<Shown>, TemplateError> {
    if let SinkKind::Nats(config) = kind {
        let message = Message::of(alert, config);
        let headers = message.headers.into_iter();
        return Ok(Some(Shown {
            method: "PUB".to_owned(),
            url: message.subject,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            body: message.payload,
        }));
    }
    let SinkKind::Webhook {
        url,
        format,
        secret,
        ..
    } = kind
    else {
        return Ok(None);
    };
    let known = Url::parse(url.expose()).ok();
    let stand_in = || Url::parse("https://secret.invalid/secret").ok();
    let Some(url) = known.clone().or_else(stand_in) else {
        return Ok(None);
    };
    let mut outgoing = format::outgoing(format, &url, alert, voice)?;
    let place = match format {
        // Who knows a topic's name can read it.
        Format::Ntfy { .. } => {
            let mut body: Value = serde_json::from_str(&outgoing.body).unwrap_or_default();
            body["topic"] = SECRET.into();
            outgoing.body = body.to_string();
            place(kind)
        }
        Format::Matrix { .. } if known.is_some() => outgoing.url.to_string(),
        _ => place(kind),
    };
    let mut headers = vec![("content-type", outgoing.content_type.into_owned())];
    for Header {
        name,
        value,
        written,
    } in &outgoing.headers
    {
        let value = if *written { value.expose() } else { SECRET };
        headers.push((name, value.to_owned()));
    }
    if outgoing.bearer.is_some() {
        headers.push(("authorization", format!("Bearer {SECRET}")));
    }
    if secret.is_some() || format.is_for_programs() {
        headers.push(("webhook-id", alert.id.clone()));
        headers.push(("webhook-timestamp", "(seconds since 1970)".to_owned()));
    }
    if secret.is_some() {
        headers.push(("webhook-signature", "v1,(base64)".to_owned()));
    }
    Ok(Some(Shown {
        method: outgoing.method.to_string(),
        url: place,
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        body: outgoing.body,
    }))
}

/// The source of the mail that would tell an alert, with its two texts; `None` for a sink that sends
/// none.
///
/// # Errors
/// In words why it can't be put together.
pub fn mail(sink: &SinkConfig, alert: &StoredAlert) -> Result<Option<ShownMail>, NotifyError> {
    let SinkKind::Email(config) = &sink.kind else {
        return Ok(None);
    };
    let draft = Draft::of(alert, &sink.id, &sink.voice());
    match draft.source(&sink.id, config) {
        Ok(source) => Ok(Some(ShownMail {
            // It is ASCII.
            source: String::from_utf8_lossy(&source).into_owned(),
            text: draft.text(),
            html: draft.html(),
        })),
        Err(detail) => Err(NotifyError::Sink {
            sink: sink.id.clone(),
            detail,
        }),
    }
}

/// What a log sink would print.
#[must_use]
pub fn printed(format: LogFormat, alert: &StoredAlert, voice: &Voice) -> String {
    match format {
        LogFormat::Human => log::human(alert, voice),
        LogFormat::Json => log::json_line(alert),
    }
}

/// Sends an alert to a webhook, e-mail or NATS sink, once. `None` for a sink that is none of them.
///
/// # Errors
/// In words what is wrong with the sink.
pub async fn send(
    sink: &SinkConfig,
    alert: &StoredAlert,
    now: Timestamp,
) -> Result<Option<Probe>, NotifyError> {
    let mut probe = Probe {
        url: place(&sink.kind),
        signature: Vec::new(),
        took: Duration::ZERO,
        status: None,
        headers: Vec::new(),
        body: String::new(),
        received: false,
        error: None,
        retry_after: None,
    };
    if let SinkKind::Email(config) = &sink.kind {
        let target = sink::mail_target(sink, config)?;
        let began = Instant::now();
        let attempt = target.attempt(alert).await;
        probe.took = began.elapsed();
        take_mail(&mut probe, attempt);
        return Ok(Some(probe));
    }
    if let SinkKind::Nats(config) = &sink.kind {
        let target = sink::nats_target(sink, config)?;
        let began = Instant::now();
        let attempt = target.attempt(alert).await;
        probe.took = began.elapsed();
        take_message(&mut probe, attempt);
        return Ok(Some(probe));
    }
    let Some(target) = sink::target(sink)? else {
        return Ok(None);
    };
    let request = target.request(alert, now);
    let request = request.map_err(|error| NotifyError::Sink {
        sink: sink.id.clone(),
        detail: error.to_string(),
    })?;
    let (client, request) = request.build_split();
    let began = Instant::now();
    let answer = match request {
        Ok(request) => {
            let names = request.headers().keys();
            let names = names.filter(|name| name.as_str().starts_with("webhook-"));
            probe.signature = names.map(ToString::to_string).collect();
            match client.execute(request).await {
                Ok(response) => read(&target, response, &mut probe).await,
                Err(error) => failed(target.explain(&error)),
            }
        }
        Err(error) => failed(target.explain(&error)),
    };
    probe.took = began.elapsed();
    take(&mut probe, answer);
    Ok(Some(probe))
}

fn take(probe: &mut Probe, answer: Answer) {
    match answer {
        Answer::Received => probe.received = true,
        Answer::Gone => probe.error = Some("the receiver answered 410 Gone".to_owned()),
        Answer::Failed(failure) => {
            (probe.error, probe.retry_after) = (Some(failure.error), failure.retry_after);
        }
    }
}

/// What a mail server said: the code as status, its text as body, refused recipients as headers.
fn take_mail(probe: &mut Probe, attempt: email::Attempt) {
    if let Some((code, text)) = attempt.reply {
        (probe.status, probe.body) = (Some(code), fit(&tame(&text), SHOWN, units));
    }
    let refused = attempt.refused.into_iter();
    probe.headers = refused
        .map(|(to, code, text)| (to, fit(&format!("{code} {text}"), HEADER, units)))
        .collect();
    take(probe, attempt.answer);
}

/// Where a message is stored.
fn take_message(probe: &mut Probe, attempt: Result<Stored, Answer>) {
    match attempt {
        Ok(stored) => {
            let Stored {
                stream,
                sequence,
                duplicate,
            } = stored;
            let stream = fit(&tame(&stream), HEADER, units);
            let again = if duplicate { ", there already" } else { "" };
            probe.body = format!("stored in {stream} as message {sequence}{again}");
            probe.received = true;
        }
        Err(answer) => take(probe, answer),
    }
}

fn failed(error: String) -> Answer {
    Answer::Failed(Failure::unanswered(error))
}

async fn read(target: &Target, response: reqwest::Response, probe: &mut Probe) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    probe.status = Some(status.as_u16());
    probe.headers = readable(target, &headers);
    let body = match beginning(response, READ).await {
        Ok(body) => body,
        Err(error) => return failed(target.explain(&error)),
    };
    let text = target.without_secrets(&String::from_utf8_lossy(&body));
    probe.body = fit(&tame(&text), SHOWN, units);
    target.judge(status, &headers, &body)
}

fn readable(target: &Target, headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| **name != AUTHORIZATION && *name != "set-cookie")
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let text = target.without_secrets(&tame(&text));
            (name.to_string(), fit(&text, HEADER, units))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::payload::tests::mention;
    use super::*;
    use crate::config::Secret;

    fn webhook(url: &str, format: Format) -> SinkKind {
        SinkKind::Webhook {
            url: Secret::new(url.to_owned()),
            format,
            secret: None,
            previous_secret: None,
            allow_private: crate::config::Private::Refused,
        }
    }

    #[test]
    fn what_is_shown_holds_neither_paths_nor_topics_nor_tokens() {
        let token = || Secret::new("hush".to_owned());
        let chat_id = "1".to_owned();
        let room = "!room:a.example".to_owned();
        let ntfy = Format::Ntfy {
            token: Some(token()),
        };
        for (url, format, place) in [
            (
                "https://a.example/hush",
                Format::Slack,
                "https://a.example/[secret]",
            ),
            (
                "https://a.example/?hush",
                Format::Standard,
                "https://a.example/[secret]",
            ),
            ("https://a.example/hush", ntfy, "https://a.example/[secret]"),
            ("", Format::Discord, "[secret]"),
            (
                "https://a.example",
                Format::Telegram {
                    chat_id,
                    token: token(),
                },
                "https://a.example/bot[secret]/sendMessage",
            ),
            (
                "https://a.example",
                Format::Matrix {
                    room,
                    token: token(),
                },
                "https://a.example/_matrix/client/v3/rooms/!room:a.example/send/m.room.message/al_00000000000000000000000000000000",
            ),
        ] {
            let shown = render(&webhook(url, format), &mention(), &Voice::default())
                .unwrap()
                .unwrap();
            assert_eq!(shown.url, place);
            assert!(!format!("{shown:?}").contains("hush"), "{shown:?}");
        }
    }
}
