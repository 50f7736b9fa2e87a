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
use super::message::Message;
use super::text::{defang, fit, tame, units};
use crate::config::did_you_mean;
use crate::notify::payload::Payload;
use crate::store::StoredAlert;

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

    /// Tries it on an example of each kind of alert; those about feeds only if they are wanted.
    ///
    /// # Errors
    /// [`TemplateError`], which says on which kind of alert it fails.
    pub fn try_out(&self, feed_alerts: bool) -> Result<(), TemplateError> {
        for example in examples() {
            if !feed_alerts && !example.is_mention {
                continue;
            }
            let message = Message::of(&example.alert);
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
                let message = Message::of(&example.alert);
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
mod tests {
    use proptest::prelude::*;

    use super::super::super::payload::tests::{mention, trouble};
    use super::*;
    use crate::store::StoredDetail;

    fn made(source: &str, content_type: &str) -> Result<String, TemplateError> {
        let template = Template::new(source, content_type)?;
        let alert = mention();
        template.render(&alert, &Message::of(&alert))
    }

    fn wrong(source: &str) -> String {
        let template = Template::new(source, "application/json");
        let error = template
            .and_then(|template| template.try_out(true))
            .unwrap_err();
        format!("{error}; {}", error.advice.as_deref().unwrap_or_default())
    }

    #[test]
    fn values_are_escaped_as_the_content_type_wants() {
        let source = "{{ message.quote }}";
        let json = made(&format!("[{source}]"), "application/json; charset=utf-8").unwrap();
        assert_eq!(json, r#"["…по приглашению »Токаева« в Астану…"]"#);
        let source = "{{ '<b> & \"' }}";
        assert_eq!(made(source, "text/plain").unwrap(), "<b> & \"");
        let html = made(source, "text/html; charset=utf-8").unwrap();
        assert_eq!(html, "&lt;b&gt; &amp; &quot;");
        let json = made(source, "application/vnd.api+json").unwrap();
        assert_eq!(json, r#""<b> & \"""#);
    }

    #[test]
    fn the_whole_payload_is_at_hand() {
        let source = r#"{"payload": {{ data }}, "id": {{ alert_id }}, "at": {{ timestamp }}, "is": {{ type }}}"#;
        let body: serde_json::Value =
            serde_json::from_str(&made(source, "application/json").unwrap()).unwrap();
        let alert = mention();
        let payload: serde_json::Value =
            serde_json::from_str(&Payload::of(&alert).to_json()).unwrap();
        assert_eq!(body["payload"], payload["data"]);
        assert_eq!(
            (&body["at"], &body["is"]),
            (&payload["timestamp"], &payload["type"])
        );
        assert_eq!(body["id"], alert.id.as_str());
        let source = "{% for feed in data.feeds %}{{ feed.source }} {% endfor %}{{ data.match.text | urlencode }}";
        assert_eq!(
            made(source, "text/plain").unwrap(),
            "Вестник %D0%A2%D0%BE%D0%BA%D0%B0%D0%B5%D0%B2%D0%B0"
        );
        let calling = "{{ '@all' | defang == '@all' }}";
        assert_eq!(made(calling, "text/plain").unwrap(), "False");
    }

    #[test]
    fn mistakes_are_told_with_their_line_and_what_to_write() {
        let all = [
            "{\n\"a\": {{ message.titel }}}",
            "{\n\"a\":\n{{ data.topic.name }}}",
            "{% if type == 'x' %}{{ mesage.title }}{% endif %}1",
            "{% if type %}1",
            "{\"a\": {{ message.title }",
            "{{ message.title | shout }}",
            "{\"a\": \"{{ message.title }}\"}",
            "{{ message.link | length }}",
            "{% include 'x' %}",
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}1",
            "{{ 'x' * 2000000 }}",
        ]
        .map(wrong);
        insta::assert_snapshot!(all.join("\n"), @r#"
        the template fails in line 2: no alert has `message.titel`; did you mean `title`?
        the template fails in line 3: `data.topic.name` is not there (tried on a feed that keeps failing); write {% if type == "mention.created" %} around what only mentions have, or ask with `is defined`
        the template fails in line 1: no alert has `mesage.title`; did you mean `message`?
        the template fails in line 1: unexpected end of input, expected end of block; write {{ name }} for a value, {% if … %} … {% endif %} for a condition; there is no include, import or macro
        the template fails in line 1: unexpected `}`, expected end of variable block; write {{ name }} for a value, {% if … %} … {% endif %} for a condition; there is no include, import or macro
        the template fails in line 1: filter shout is unknown (tried on a mention); see the list in docs/alerting.md, section "Templates"
        the template fails: its result is not JSON (expected `,` or `}` at line 1 column 9 of the result) (tried on a mention); write values without quotes around them, such as {"text": {{ message.title }}}: they come as JSON; or set `content_type` to what the result is
        the template fails in line 1: cannot calculate length of value of type none (tried on a mention without score, title, link, language, time, tags and feeds); 
        the template fails in line 1: unknown statement include; write {{ name }} for a value, {% if … %} … {% endif %} for a condition; there is no include, import or macro
        the template fails in line 1: it does too much: a rendering may take some 500,000 steps (tried on a mention); 
        the template fails: its result is larger than 1024 KiB (tried on a mention); 
        "#);
    }

    #[test]
    fn alerts_about_feeds_count_only_where_they_go() {
        let template = Template::new("{{ data.topic.name }}", "application/json").unwrap();
        assert_eq!(template.try_out(false), Ok(()));
        let error = template.try_out(true).unwrap_err();
        assert!(error.what.contains("a feed that keeps failing"), "{error}");
        let alert = trouble();
        let error = template.render(&alert, &Message::of(&alert)).unwrap_err();
        assert_eq!(error.line, Some(1));
    }

    proptest! {
        #[test]
        fn no_text_of_a_feed_gets_out_of_its_place(title in "\\PC{0,20}|[\"\\\\{}%<>&'\n\r\u{2028}]{0,20}") {
            let mut alert = mention();
            if let StoredDetail::Mention { detail, .. } = &mut alert.detail {
                detail.title.clone_from(&title);
            }
            let message = Message::of(&alert);
            let json = Template::new("{\"t\": {{ data.story.title }}}", "application/json").unwrap();
            let body: serde_json::Value =
                serde_json::from_str(&json.render(&alert, &message).unwrap()).unwrap();
            prop_assert_eq!(body, serde_json::json!({ "t": title }));
            let html = Template::new("<p>{{ data.story.title }}</p>", "text/html").unwrap();
            let body = html.render(&alert, &message).unwrap();
            prop_assert_eq!(body.matches('<').count(), 2);
        }

        #[test]
        fn no_template_panics(source in "([{]{2}|[}]{2}|\\{%|%\\}|if |for x in |endif|endfor|set y = |data|message|type|\\.|\\||tojson|[a-z ='\"(\\[\\])*0-9]){0,25}") {
            if let Ok(template) = Template::new(&source, "text/plain") {
                let _ = template.try_out(true);
            }
        }
    }
}
