//! Reading the owner's templates: compiled and tried out, with mistakes told at their line.

use super::problem::Report;
use super::reader::Table;
use super::source::{Origin, Source, read_text};
use super::value::Value;
use crate::notify::format::template::{Template, TemplateError};

/// The keys that [`read`] reads.
pub(super) const KEYS: [&str; 3] = ["template", "template_file", "content_type"];

/// The largest template's file, in bytes.
const LARGEST: u64 = 256 << 10;
/// What a template makes where nothing else is said.
const JSON: &str = "application/json";

/// Reads `template` or `template_file`, and `content_type`.
pub(super) fn read(table: &mut Table<'_>, report: &Report) -> Option<Template> {
    let content_type = match table.get("content_type") {
        Some(value) => content_type(&value),
        None => Some(JSON.to_owned()),
    };
    let (inline, file) = (table.get("template"), table.get("template_file"));
    let feed_alerts = table.get("feed_alerts").and_then(|value| value.flag());
    let spikes = table.get("spike_alerts").and_then(|value| value.flag());
    // What holds alerts back makes digests of them.
    let gathers = table.get("mode").and_then(|value| value.line(20));
    let digests = gathers.is_some_and(|mode| mode != "immediate")
        || table.get("rate_limit").is_some()
        || table.get("quiet_hours").is_some();
    let make = |text: &str, place: &dyn Fn(usize) -> Origin| {
        let made = Template::new(text, content_type.as_deref()?);
        let tried = made.and_then(|template| {
            template.try_out(feed_alerts.unwrap_or(true), spikes.unwrap_or(true), digests)?;
            Ok(template)
        });
        tried
            .map_err(|error| tell(&error, report, text, place))
            .ok()
    };
    match (inline, file) {
        (Some(value), None) => {
            let (text, place) = value.placed_text("a template")?;
            make(text, &place)
        }
        (None, Some(value)) => {
            let path = value.origin.folder().join(value.line(4096)?);
            match read_text(&path, LARGEST) {
                Ok(text) => {
                    let source = Source::file(&path, text);
                    make(&source.text, &|at| Origin::at(&source, at))
                }
                Err(error) => {
                    let message = format!("the template's file {} {error}", path.display());
                    value.error(message, None);
                    None
                }
            }
        }
        (Some(_), Some(value)) => {
            value.error(
                "`template` and `template_file` exclude each other",
                Some("remove one of them".to_owned()),
            );
            None
        }
        (None, None) => {
            table.missing("template", "or `template_file`");
            None
        }
    }
}

/// Reports what is wrong with a template, where it stands.
fn tell(error: &TemplateError, report: &Report, text: &str, place: &dyn Fn(usize) -> Origin) {
    let at = match (&error.range, error.line) {
        (Some(range), _) => range.start,
        (None, Some(line)) => {
            let before = text.split_inclusive('\n').take(line.saturating_sub(1));
            before.map(str::len).sum()
        }
        (None, None) => 0,
    };
    let message = match error.line {
        Some(line) => format!("line {line} of the template: {}", error.what),
        None => format!("the template: {}", error.what),
    };
    report.error(&place(at), message, error.advice.clone());
}

fn content_type(value: &Value<'_>) -> Option<String> {
    let text = value.line(200)?;
    let is_type = text.split_once('/').is_some_and(|(kind, rest)| {
        !kind.is_empty() && rest.starts_with(|c: char| c.is_ascii_alphanumeric())
    });
    if is_type && text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Some(text.to_owned());
    }
    value.error(
        "`content_type` is not a media type",
        Some("write one such as \"application/json\" or \"text/plain; charset=utf-8\"".to_owned()),
    );
    None
}
