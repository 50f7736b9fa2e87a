//! What a mail says, as plain text and as HTML: a list of messages, mostly of one. Pure.
//!
//! The words are those of [`Message`]. Texts of strangers are tamed, defanged and cut before they are
//! escaped, each stands in an element of its own whose direction follows its letters, and an address
//! comes in as a [`Link`] only. The HTML loads nothing, runs nothing, says nothing to anybody when it is
//! read, and sets no colours but a mark's, so that it is readable on light and dark grounds.

use std::fmt::Write as _;

use crate::model::{MentionAlert, StorySource};
use crate::notify::Voice;
use crate::notify::format::message::Message;
use crate::notify::format::text::{Link, defang, fit, html as escaped, isolated, tame, units};
use crate::store::{StoredAlert, StoredDetail};

/// Of a title, in UTF-16 units.
const TITLE: usize = 500;
/// Of a quote.
const QUOTE: usize = 4000;
/// Of a title and of a quote in a digest, which holds up to a hundred of each.
const BRIEF_TITLE: usize = 300;
const BRIEF_QUOTE: usize = 500;
/// Of other lines.
const LINE: usize = 1000;
/// Of a source's name.
const NAME: usize = 100;
/// The most sources that are listed; the context says how many there are.
const MOST_SOURCES: usize = 20;
/// Of a subject.
const SUBJECT: usize = 180;
/// Of what stands before the title in it.
const SUBJECT_TOPIC: usize = 90;

/// Stand for the ends of a hit until all else is escaped: private characters, which are taken out of the
/// text before.
const HIT: (char, char) = ('\u{f8f0}', '\u{f8f1}');

/// Separates messages in plain text.
const BETWEEN: &str = "\n\n* * *\n\n";

/// A message of a mail.
#[derive(Debug)]
pub struct Item {
    message: Message,
    /// The quote with the hit between the characters of [`HIT`]; for HTML.
    quote: String,
    /// The language of title and quote.
    language: Option<String>,
    /// The sources that carry the story, where there are several.
    sources: Vec<(String, Option<Link>)>,
    /// Whether it stands among others, and so is cut shorter.
    brief: bool,
}

impl Item {
    /// The message of an alert.
    #[must_use]
    pub fn of(alert: &StoredAlert, voice: &Voice) -> Self {
        let mut message = Message::of(alert, voice);
        let (quote, language, sources) = match &alert.detail {
            // Its stories stand where those of a story's sources do.
            StoredDetail::Spike { .. } => {
                // The title names the topic.
                message.about.clear();
                let lines = std::mem::take(&mut message.lines).into_iter();
                let lines = lines.map(|line| (safe(&line.text, BRIEF_TITLE), line.link));
                (String::new(), None, lines.collect())
            }
            StoredDetail::Mention {
                detail, sources, ..
            } if !message.quote.is_empty() => (marked(detail), language(detail), listed(sources)),
            StoredDetail::Mention {
                detail, sources, ..
            } => (String::new(), language(detail), listed(sources)),
            _ => (message.quote.clone(), None, Vec::new()),
        };
        Self {
            message,
            quote,
            language,
            sources,
            brief: false,
        }
    }

    /// The message of an alert that stands among many.
    #[must_use]
    pub fn among_others(alert: &StoredAlert, voice: &Voice) -> Self {
        Self {
            sources: Vec::new(),
            brief: true,
            ..Self::of(alert, voice)
        }
    }

    /// The subject of a mail that tells this, or of which it is the head: one line, cut.
    #[must_use]
    pub fn subject(&self) -> String {
        let Message {
            title,
            about,
            lines,
            ..
        } = &self.message;
        if self.message.trouble || about.is_empty() {
            return unencoded(&fit(title, SUBJECT, units));
        }
        if !lines.is_empty() {
            return unencoded(&fit(&format!("{title} · {about}"), SUBJECT, units));
        }
        let about = fit(about, SUBJECT_TOPIC, units);
        let title = isolated(title.clone());
        unencoded(&fit(&format!("{about}: {title}"), SUBJECT, units))
    }

    /// How long title and quote may be.
    fn limits(&self) -> (usize, usize) {
        if self.brief {
            (BRIEF_TITLE, BRIEF_QUOTE)
        } else {
            (TITLE, QUOTE)
        }
    }

    fn text(&self) -> String {
        let message = &self.message;
        let (title, quote) = self.limits();
        let mut lines = vec![safe(&message.title, title)];
        let mut paragraph = |text: String| {
            if !text.is_empty() {
                lines.push(String::new());
                lines.push(text);
            }
        };
        paragraph(safe(&message.quote, quote));
        paragraph(safe(&message.footer(), LINE));
        paragraph(
            message
                .link
                .as_ref()
                .map(|link| link.url.clone())
                .unwrap_or_default(),
        );
        let sources = self.sources.iter().map(|(name, link)| match link {
            Some(link) => format!("- {}: {}", isolated(name.clone()), link.url),
            None => format!("- {name}"),
        });
        paragraph(sources.collect::<Vec<_>>().join("\n"));
        lines.join("\n")
    }

    fn html(&self) -> String {
        let message = &self.message;
        let lang = self.language.as_deref();
        let mut html = String::new();
        let mut element = |name: &str, style: &str, lang: Option<&str>, content: &str| {
            if content.is_empty() {
                return;
            }
            let _ = write!(html, "<{name} dir=\"auto\"");
            if let Some(lang) = lang {
                let _ = write!(html, " lang=\"{lang}\"");
            }
            // Writing to a String can't fail.
            let _ = writeln!(html, " style=\"{style}\">{content}</{name}>");
        };
        let (longest_title, longest_quote) = self.limits();
        let quiet = "margin:0 0 12px;font-size:14px;opacity:0.75";
        element("p", quiet, None, &escaped(&safe(&message.about, LINE)));
        let title = escaped(&safe(&message.title, longest_title));
        element(
            "h1",
            "margin:0 0 12px;font-size:20px;line-height:1.3",
            lang,
            &title,
        );
        let quote = shown(&escaped(&safe(&self.quote, longest_quote)));
        element("p", "margin:0 0 12px;font-size:16px", lang, &quote);
        element("p", quiet, None, &escaped(&safe(&message.context, LINE)));
        if let Some(link) = &message.link {
            element("p", "margin:0 0 12px", None, &anchor(link, &link.host));
        }
        let sources = self.sources.iter().map(|(name, link)| {
            let name = escaped(name);
            let whence = link
                .as_ref()
                .map(|link| format!(" – {}", anchor(link, &link.host)));
            format!("<li><bdi>{name}</bdi>{}</li>", whence.unwrap_or_default())
        });
        element(
            "ul",
            "margin:0;padding:0 20px",
            None,
            &sources.collect::<String>(),
        );
        html
    }
}

/// The mail's plain text; `end` comes behind all.
#[must_use]
pub fn text(items: &[Item], end: Option<&str>) -> String {
    let parts = items.iter().map(Item::text);
    let parts: Vec<_> = parts.chain(end.map(str::to_owned)).collect();
    parts.join(BETWEEN) + "\n"
}

/// The mail's HTML; `end` comes behind all.
#[must_use]
pub fn html(items: &[Item], end: Option<&str>) -> String {
    let end = end.map(|end| format!("<p style=\"margin:0\">{}</p>\n", escaped(end)));
    let parts = items.iter().map(Item::html);
    let parts: Vec<_> = parts.chain(end).collect();
    let language = items
        .first()
        .map_or("en", |item| item.message.language.code());
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n</head>\n\
         <body style=\"margin:0;padding:16px\">\n\
         <div style=\"max-width:640px;margin:0 auto;font-family:system-ui,sans-serif;line-height:1.5\">\n\
         {}</div>\n</body>\n</html>\n",
        parts.join("<hr style=\"margin:20px 0;opacity:0.3\">\n")
    )
}

/// A tamed text without addresses and names that a reader's program would make links of, cut.
fn safe(text: &str, limit: usize) -> String {
    defang(&fit(text, limit, units))
}

/// The text with an unseen break wherever an encoded word of RFC 2047 could begin: what such a word
/// says would be decoded by readers' programs, and has not been tamed.
fn unencoded(text: &str) -> String {
    text.replace("=?", "=\u{200b}?")
}

fn anchor(link: &Link, label: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(&link.url), escaped(label))
}

/// The quote with the ends of the hit as [`HIT`].
fn marked(detail: &MentionAlert) -> String {
    let text = &detail.snippet;
    let (start, end) = (detail.snippet_start, detail.snippet_end);
    let parts = (text.get(..start), text.get(start..end), text.get(end..));
    let plain = |text: &str| text.replace([HIT.0, HIT.1], "");
    let (Some(before), Some(hit), Some(after)) = parts else {
        return tame(&plain(text));
    };
    let (before, hit, after) = (plain(before), plain(hit), plain(after));
    tame(&format!("{before}{}{hit}{}{after}", HIT.0, HIT.1))
}

/// The escaped quote with the hit marked. Where the cut took its end it is closed.
fn shown(quote: &str) -> String {
    let end = if quote.contains(HIT.1) { "" } else { "</mark>" };
    if !quote.contains(HIT.0) {
        return quote.to_owned();
    }
    let mark = "<mark style=\"background:#ffe066;color:#000\">";
    quote.replace(HIT.0, mark).replace(HIT.1, "</mark>") + end
}

/// The language of a story's texts if it is written as one.
fn language(detail: &MentionAlert) -> Option<String> {
    let is_tag = |tag: &&str| {
        let plain = tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain && (2..=35).contains(&tag.len())
    };
    detail.language.as_deref().filter(is_tag).map(str::to_owned)
}

/// The sources, if there are several.
fn listed(sources: &[StorySource]) -> Vec<(String, Option<Link>)> {
    if sources.len() < 2 {
        return Vec::new();
    }
    let shown = sources.iter().take(MOST_SOURCES).map(|source| {
        let name = safe(&tame(&source.source), NAME);
        let name = if name.is_empty() {
            source.feed.clone()
        } else {
            name
        };
        (name, source.link.as_deref().and_then(Link::of))
    });
    shown.collect()
}
