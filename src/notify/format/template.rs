//! Bodies that the owner's own template makes, in the language of Jinja.
//!
//! A template sees the standard payload (`type`, `timestamp`, `data`), the alert's id (`alert_id`) and the
//! words that chats get (`message`). What it inserts is escaped as its content type wants: into JSON each
//! value comes as JSON, into HTML and XML without markup.
//!
//! # Promises
//! - A name that does not exist is an error, never an empty text.
//! - No template, whatever texts it is given, works without end or makes a body above [`LONGEST`] bytes.
//! - A body that is to be JSON is JSON.
//!
//! # Never
//! - It reads no file, includes no other template and sees no secret.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;
use serde::de::IgnoredAny;

use super::example::examples;
use super::message::{Line, Message};
use super::text::{defang, fit, tame, units};
use crate::config::did_you_mean;
use crate::notify::payload::Payload;
use crate::notify::voice::Voice;
use crate::store::{StoredAlert, StoredDetail};

/// The largest body, in bytes.
pub const LONGEST: usize = 1 << 20;
/// What a rendering may cost: about so many steps, or 64 times as many bytes.
const FUEL: u64 = 500_000;
/// How deep loops and conditions may be nested.
const DEPTH: usize = 100;
/// Characters of an error that are kept.
const WORDS: usize = 300;
/// The name under which the environment knows the one template.
const NAME: &str = "template";

/// A compiled template.
#[derive(Clone)]
pub struct Template {
    source: Arc<str>,
    content_type: String,
    kind: Kind,
    environment: Arc<Environment<'static>>,
}

/// What kind of text a content type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Markup,
    Plain,
}

/// Why a template makes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template {}: {what}", match .line {
    Some(line) => format!("fails in line {line}"),
    None => "fails".to_owned(),
})]
pub struct TemplateError {
    /// The line of the template, from 1, where it is known.
    pub line: Option<usize>,
    /// The bytes of the template that are at fault, where they are known.
    pub range: Option<Range<usize>>,
    /// What is wrong, in words.
    pub what: String,
    /// What to do about it.
    pub advice: Option<String>,
}

/// What a template sees.
#[derive(Serialize)]
struct Context<'a> {
    #[serde(flatten)]
    payload: Payload<'a>,
    alert_id: &'a str,
    message: Words<'a>,
}

#[derive(Serialize)]
struct Words<'a> {
    title: &'a str,
    about: &'a str,
    quote: &'a str,
    context: &'a str,
    link: Option<&'a str>,
    host: Option<&'a str>,
    lines: Vec<LineWords<'a>>,
    more: u64,
}

/// An alert of a digest.
#[derive(Serialize)]
struct LineWords<'a> {
    text: &'a str,
    link: Option<&'a str>,
}

impl<'a> LineWords<'a> {
    fn of(line: &'a Line) -> Self {
        Self {
            text: &line.text,
            link: line.link.as_ref().map(|link| link.url.as_str()),
        }
    }
}

impl<'a> Context<'a> {
    fn of(alert: &'a StoredAlert, message: &'a Message) -> Self {
        let link = message.link.as_ref();
        Self {
            payload: Payload::of(alert),
            alert_id: &alert.id,
            message: Words {
                title: &message.title,
                about: &message.about,
                quote: &message.quote,
                context: &message.context,
                link: link.map(|link| link.url.as_str()),
                host: link.map(|link| link.host.as_str()),
                lines: message.lines.iter().map(LineWords::of).collect(),
                more: message.more,
            },
        }
    }
}

impl Template {
    /// Compiles a template whose result has this content type.
    ///
    /// # Errors
    /// [`TemplateError`]: its syntax is wrong, or it asks for a name that no alert has.
    pub fn new(source: &str, content_type: &str) -> Result<Self, TemplateError> {
        let kind = Kind::of(content_type);
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(DEPTH);
        // For the place of an error.
        environment.set_debug(true);
        environment.set_auto_escape_callback(move |_| match kind {
            Kind::Json => AutoEscape::Json,
            Kind::Markup => AutoEscape::Html,
            Kind::Plain => AutoEscape::None,
        });
        environment.add_filter("defang", |text: String| defang(&text));
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|error| told(&error, source))?;
        let template = Self {
            source: source.into(),
            content_type: content_type.to_owned(),
            kind,
            environment: Arc::new(environment),
        };
        template.check_names()?;
        Ok(template)
    }

    /// The type of what it makes.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Tries it on an example of each kind of alert; those about feeds, spikes and digests only if they are wanted.
    ///
    /// # Errors
    /// [`TemplateError`], which says on which kind of alert it fails.
    pub fn try_out(
        &self,
        feed_alerts: bool,
        spike_alerts: bool,
        digests: bool,
    ) -> Result<(), TemplateError> {
        for example in examples() {
            let is_wanted = match example.alert.detail {
                StoredDetail::Mention { .. } => true,
                StoredDetail::Spike { .. } => spike_alerts,
                StoredDetail::Feed { .. } => feed_alerts,
                StoredDetail::Digest(_) => digests,
            };
            if !is_wanted {
                continue;
            }
            let message = Message::of(&example.alert, &Voice::default());
            if let Err(error) = self.render(&example.alert, &message) {
                return Err(TemplateError {
                    what: format!("{} (tried on {})", error.what, example.name),
                    ..error
                });
            }
        }
        Ok(())
    }

    /// The body that tells an alert.
    ///
    /// # Errors
    /// [`TemplateError`]: a name is missing in this alert, the body would be too large, take too long or is
    /// not the JSON that it should be.
    pub fn render(&self, alert: &StoredAlert, message: &Message) -> Result<String, TemplateError> {
        let context = Value::from(Serde(Context::of(alert, message)));
        let mut body = Bounded::default();
        let template = self.environment.get_template(NAME);
        let made = template.and_then(|template| {
            let made = template.render_captured_to(context, &mut body);
            made.map(drop)
        });
        if body.is_full {
            return Err(TemplateError::plain(
                format!("its result is larger than {} KiB", LONGEST >> 10),
                None,
            ));
        }
        made.map_err(|error| told(&error, &self.source))?;
        let body = String::from_utf8(body.bytes)
            .map_err(|error| TemplateError::plain(error.to_string(), None))?;
        if self.kind == Kind::Json
            && let Err(error) = serde_json::from_str::<IgnoredAny>(&body)
        {
            let advice = "write values without quotes around them, such as {\"text\": {{ message.title }}}: \
                          they come as JSON; or set `content_type` to what the result is";
            return Err(TemplateError::plain(
                format!("its result is not JSON ({error} of the result)"),
                Some(advice.to_owned()),
            ));
        }
        Ok(body)
    }

    /// Finds names that no kind of alert has, also where no example leads.
    fn check_names(&self) -> Result<(), TemplateError> {
        let Ok(template) = self.environment.get_template(NAME) else {
            return Ok(());
        };
        let globals: Vec<&str> = self.environment.globals().map(|(name, _)| name).collect();
        let contexts: Vec<serde_json::Value> = examples()
            .iter()
            .filter_map(|example| {
                let message = Message::of(&example.alert, &Voice::default());
                serde_json::to_value(Context::of(&example.alert, &message)).ok()
            })
            .collect();
        let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        names.retain(|name| !globals.contains(&name.as_str()));
        names.sort_by_cached_key(|name| self.source.find(name.as_str()));
        for name in &names {
            let Err((missing, known)) = look_up(name, &contexts) else {
                continue;
            };
            let at = self.source.find(name.as_str());
            let advice = did_you_mean(missing, known.iter().map(String::as_str));
            return Err(TemplateError {
                line: at.map(|at| line_of(&self.source, at)),
                range: at.map(|at| at..at + name.len()),
                what: format!("no alert has `{}`", fit(&tame(name), WORDS, units)),
                advice: advice.or_else(|| Some(format!("known here: {}", known.join(", ")))),
            });
        }
        Ok(())
    }
}

/// Follows a name with dots through what alerts hold. If it leads nowhere in all of them: the part that is
/// missing, and what could stand in its place.
fn look_up<'n>(
    name: &'n str,
    contexts: &[serde_json::Value],
) -> Result<(), (&'n str, Vec<String>)> {
    let mut at: Vec<&serde_json::Value> = contexts.iter().collect();
    for part in name.split('.') {
        // What is not a table has methods or nothing: the examples show.
        if !at.iter().all(|value| value.is_object() || value.is_null()) {
            return Ok(());
        }
        let below: Vec<_> = at.iter().filter_map(|value| value.get(part)).collect();
        if below.is_empty() {
            let tables = at.iter().filter_map(|value| value.as_object());
            let mut known: Vec<String> = tables.flat_map(|table| table.keys().cloned()).collect();
            known.sort_unstable();
            known.dedup();
            return Err((part, known));
        }
        at = below;
    }
    Ok(())
}

impl Kind {
    fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        let subtype = essence.rsplit('/').next().unwrap_or_default();
        match subtype {
            "json" => Self::Json,
            "html" | "xml" => Self::Markup,
            _ if subtype.ends_with("+json") => Self::Json,
            _ if subtype.ends_with("+xml") => Self::Markup,
            _ => Self::Plain,
        }
    }
}

impl TemplateError {
    fn plain(what: String, advice: Option<String>) -> Self {
        Self {
            line: None,
            range: None,
            what,
            advice,
        }
    }
}

/// What the engine says, in our words where they help.
fn told(error: &minijinja::Error, source: &str) -> TemplateError {
    let range = error.range().filter(|range| range.end <= source.len());
    let range = range.map(|range| {
        // The engine points to the last part of a name with dots.
        let before = source.get(..range.start).unwrap_or_default();
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        before.trim_end_matches(is_name).len()..range.end
    });
    let part = range.clone().and_then(|range| source.get(range));
    let detail = error.detail().map_or_else(
        || error.kind().to_string(),
        |detail| fit(&tame(detail), WORDS, units),
    );
    let quoted = |part: &str| fit(&tame(part), 80, units);
    let (what, advice) = match error.kind() {
        ErrorKind::UndefinedError => (
            match part {
                Some(part) => format!("`{}` is not there", quoted(part)),
                None => detail,
            },
            Some(
                "write {% if type == \"mention.created\" %} around what only mentions have, or ask with `is defined`",
            ),
        ),
        ErrorKind::OutOfFuel => (
            "it does too much: a rendering may take some 500,000 steps".to_owned(),
            None,
        ),
        ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction => (
            detail,
            Some("see the list in docs/alerting.md, section \"Templates\""),
        ),
        ErrorKind::SyntaxError => (
            detail,
            Some(
                "write {{ name }} for a value, {% if … %} … {% endif %} for a condition; there is no include, import or macro",
            ),
        ),
        _ => (detail, None),
    };
    TemplateError {
        line: error.line(),
        range,
        what,
        advice: advice.map(str::to_owned),
    }
}

fn line_of(source: &str, at: usize) -> usize {
    source[..at].matches('\n').count() + 1
}

/// A body that takes no more than [`LONGEST`] bytes.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    is_full: bool,
}

impl io::Write for &mut Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + part.len() > LONGEST {
            self.is_full = true;
            return Err(io::Error::other("too large"));
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a template is made from is all that tells it from another.
impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.content_type == other.content_type
    }
}

impl Eq for Template {}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template")
            .field("source", &self.source)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
