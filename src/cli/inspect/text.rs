//! A document as people read it.

use super::json::{Entry, entries, skipped_days, skipped_hours};
use crate::cli::output::{count, printable};
use crate::cli::{CliError, Context};
use crate::config::units::show_duration;
use crate::model::{Document, KeyBasis, UpdateHints};

/// How much of a text is shown, in characters.
const SHOWN: usize = 160;

pub fn print(
    context: &Context,
    source: &str,
    result: &Result<Document, String>,
) -> Result<(), CliError> {
    let out = &context.out;
    let document = match result {
        Ok(document) => document,
        Err(error) => return out.line(format!("{source}: {}", printable(error))),
    };
    out.line(format!(
        "{source}: {} | {} | {}{} | {}",
        out.strong(if document.title.is_empty() {
            "(no title)"
        } else {
            &document.title
        }),
        match &document.version {
            Some(version) => format!("{} {}", document.format.as_str(), printable(version)),
            None => document.format.as_str().to_owned(),
        },
        document.charset,
        document
            .language
            .as_deref()
            .map(|language| format!(" | {}", printable(language)))
            .unwrap_or_default(),
        count(document.entries.len(), "entry")
    ))?;
    for line in about(document) {
        out.line(format!("  {}", printable(&line)))?;
    }
    for entry in entries(document) {
        for line in lines(&entry) {
            out.line(format!("  {line}"))?;
        }
    }
    Ok(())
}

/// What the document says of itself, and what had to be done to it.
fn about(document: &Document) -> Vec<String> {
    let mut lines = vec![format!(
        "charset {} by {}",
        document.charset, document.charset_basis
    )];
    lines.extend(document.home.iter().map(|url| format!("home {url}")));
    lines.extend(document.self_url.iter().map(|url| format!("self {url}")));
    lines.extend(document.hubs.iter().map(|url| format!("hub {url}")));
    let said = rhythm(&document.hints);
    if !said.is_empty() {
        lines.push(format!("asks for {}", said.join(", ")));
    }
    lines.extend(document.notes.iter().map(|note| format!("note: {note}")));
    lines
}

fn rhythm(hints: &UpdateHints) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(ttl) = hints.ttl {
        said.push(format!("{} between two polls (ttl)", show_duration(ttl)));
    }
    if let Some(period) = hints.update_period {
        said.push(format!(
            "a poll every {} (updatePeriod)",
            show_duration(period)
        ));
    }
    let hours = skipped_hours(hints);
    if !hours.is_empty() {
        let hours: Vec<_> = hours.iter().map(ToString::to_string).collect();
        said.push(format!("none in the hours {} UTC", hours.join(" ")));
    }
    let days = skipped_days(hints);
    if !days.is_empty() {
        said.push(format!("none on {}", days.join(" ")));
    }
    said
}

fn lines(entry: &Entry<'_>) -> Vec<String> {
    let dated = entry.published.or(entry.updated);
    let date = dated.map_or_else(
        || format!("({} date)", entry.date_note.unwrap_or("no")),
        |at| at.to_string(),
    );
    let title = match entry.title {
        "" => "(no title)",
        title => title,
    };
    let mut lines = vec![format!("{date}  {}", printable(title))];
    lines.extend(entry.link.map(|link| format!("    {}", printable(link))));
    let text = match entry.summary {
        "" => entry.content,
        summary => summary,
    };
    if !text.is_empty() {
        let short: String = text.chars().take(SHOWN).collect();
        let more = if short.len() < text.len() { "…" } else { "" };
        lines.push(format!("    {}{more}", printable(&short)));
    }
    let mut facts = Vec::new();
    if let (Some(published), Some(updated)) = (entry.published, entry.updated)
        && published != updated
    {
        facts.push(format!("updated {updated}"));
    }
    facts.extend(
        entry
            .author
            .map(|author| format!("by {}", printable(author))),
    );
    facts.extend(
        entry
            .language
            .map(|language| format!("language {}", printable(language))),
    );
    if !facts.is_empty() {
        lines.push(format!("    {}", facts.join(" | ")));
    }
    lines.push(format!("    key {} by {}", entry.key, basis(entry)));
    lines
}

/// What the key was made of.
fn basis(entry: &Entry<'_>) -> String {
    match (entry.key_basis, entry.guid) {
        (KeyBasis::Guid, Some(guid)) => {
            let short: String = guid.trim().chars().take(SHOWN).collect();
            format!("GUID {}", printable(&short))
        }
        (KeyBasis::Guid, None) => "GUID".to_owned(),
        (KeyBasis::Link, Some(_)) => "link, for its GUID is not its own".to_owned(),
        (KeyBasis::Link, None) => "link".to_owned(),
        (KeyBasis::Content, _) => "text".to_owned(),
    }
}
