//! Reading feeds from OPML lists (OPML 1.0 and 2.0), as other feed readers export them.
//!
//! Each `outline` with an `xmlUrl` is a feed; the folders around it and its `category` become
//! tags. A list is a stranger's work: a feed in it that can't be used is left out with a warning,
//! and only a list that is no well-formed XML is an error. Entities other than XML's own five are
//! left as they stand and definitions of entities are never read, so nothing can expand.

use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use url::Url;

use super::entities::unescape;
use super::feeds::{
    Defaults, FeedList, LONGEST_NAME, LONGEST_TAG, check_url, derived_id, is_language,
};
use super::problem::{Report, quoted};
use super::source::{Origin, Source};
use crate::model::{Feed, FeedId};

/// How deep folders may be nested.
const DEEPEST: usize = 64;
/// The most attributes of an outline that are read.
const MOST_ATTRIBUTES: usize = 64;
/// The most tags that one feed gets.
const MOST_TAGS: usize = 64;

/// Reads a list's feeds into `list`, after those that are there: they win over the same URL here.
pub(super) fn read(
    source: &Rc<Source>,
    defaults: &Defaults<'_>,
    report: &Report,
    list: &mut FeedList,
) {
    let mut reader = Reader::from_str(&source.text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    // The elements open around the current one; folders carry their name.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut is_opml = false;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let origin = Origin::at(source, at);
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                report.error(
                    &Origin::at(source, at),
                    format!("not well-formed XML: {error}"),
                    Some("export or download the list again".to_owned()),
                );
                return;
            }
        };
        let (element, is_empty) = match event {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let name = element.local_name();
        if !is_opml {
            if !name.as_ref().eq_ignore_ascii_case("opml") {
                report.error(
                    &origin,
                    format!(
                        "not an OPML list: it begins with <{}>",
                        shown(name.as_ref())
                    ),
                    Some("an OPML list begins with <opml>".to_owned()),
                );
                return;
            }
            is_opml = true;
        }
        if open.len() >= DEEPEST {
            let help = format!("at most {DEEPEST} levels are read");
            report.error(&origin, "elements are nested too deeply", Some(help));
            return;
        }
        let mut folder = None;
        if name.as_ref().eq_ignore_ascii_case("outline") {
            let outline = Outline::read(&element, &origin, report);
            outline.add(&open, &origin, defaults, report, list);
            folder = Some(outline.label().to_owned()).filter(|label| !label.is_empty());
        }
        if !is_empty {
            open.push(folder);
        }
    }
    if !is_opml {
        let help = "an OPML list begins with <opml>".to_owned();
        report.error(
            &Origin::whole(source),
            "not an OPML list: it has no element",
            Some(help),
        );
    } else if !open.is_empty() {
        report.error(
            &Origin::at(source, source.text.len()),
            "the list ends in the middle",
            Some("export or download it again".to_owned()),
        );
    }
}

fn shown(name: &str) -> String {
    name.chars().take(40).collect()
}

/// What an outline says.
#[derive(Default)]
struct Outline {
    xml_url: Option<String>,
    title: String,
    text: String,
    category: String,
    language: String,
    /// The id and the tags that this program wrote, where OPML has no word for them.
    own_id: Option<FeedId>,
    own_tags: Option<Vec<String>>,
}

impl Outline {
    fn read(element: &BytesStart<'_>, origin: &Origin, report: &Report) -> Self {
        let mut outline = Self::default();
        let mut is_mended = false;
        for attribute in element.attributes().take(MOST_ATTRIBUTES) {
            // Mostly a quotation mark that is not escaped; the other attributes still count.
            let Ok(attribute) = attribute else {
                is_mended = true;
                continue;
            };
            let value = unescape(&attribute.value);
            let value = one_line(&value);
            match attribute.key.as_ref().to_ascii_lowercase().as_str() {
                "xmlurl" => outline.xml_url = Some(value),
                "title" => outline.title = value,
                "text" => outline.text = value,
                "category" => outline.category = value,
                "language" => outline.language = value,
                "mentiond:id" => outline.own_id = FeedId::new(&value).ok(),
                "mentiond:tags" => outline.own_tags = serde_json::from_str(&value).ok(),
                _ => {}
            }
        }
        if is_mended {
            let message = format!(
                "the attributes of {} can be read in part only",
                quoted(outline.label())
            );
            let help = "escape quotation marks in them as &quot;".to_owned();
            report.warn(origin, message, Some(help));
        }
        outline
    }

    /// The name people read.
    fn label(&self) -> &str {
        if self.title.is_empty() {
            &self.text
        } else {
            &self.title
        }
    }

    fn add(
        &self,
        folders: &[Option<String>],
        origin: &Origin,
        defaults: &Defaults<'_>,
        report: &Report,
        list: &mut FeedList,
    ) {
        let Some(text) = self.xml_url.as_deref().filter(|url| !url.is_empty()) else {
            return;
        };
        let label = quoted(self.label());
        let url = match check_url(text) {
            Ok(url) => url,
            Err(error) => {
                report.warn(
                    origin,
                    format!("{label} is left out: its xmlUrl {error}"),
                    None,
                );
                return;
            }
        };
        if let Some((other, first)) = list.with_url(&url) {
            let message =
                format!("{label} is left out: the feed `{other}` at {first} has the same URL");
            report.warn(origin, message, None);
            return;
        }
        let own = self.own_id.clone().filter(|id| list.with_id(id).is_none());
        let Some(id) = own.or_else(|| free_id(&url, list)) else {
            let message = format!("{label} is left out: no id can be made of its URL");
            report.warn(
                origin,
                message,
                Some("give it an `id` in a [[feed]]".to_owned()),
            );
            return;
        };
        let language = (!self.language.is_empty()).then_some(self.language.as_str());
        let (good, bad): (Option<&str>, Option<&str>) = match language {
            Some(text) if is_language(text) => (Some(text), None),
            other => (None, other),
        };
        if let Some(text) = bad {
            let message = format!("{} is not a language code and is ignored", quoted(text));
            report.warn(origin, message, None);
        }
        let name: String = match self.label() {
            "" => id.to_string(),
            label => label.chars().take(LONGEST_NAME).collect(),
        };
        let feed = Feed {
            name,
            language: good.map(str::to_owned),
            tags: self.tags(folders),
            interval: defaults.schedule.interval,
            full_text: defaults.full_text,
            ..Feed::new(id, url)
        };
        list.add(feed, origin);
    }

    /// The folders' names and the categories (`/News/Asia,/Politics`) as tags.
    fn tags(&self, folders: &[Option<String>]) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        if let Some(own) = &self.own_tags {
            for tag in own.iter().map(|tag| one_line(tag)) {
                if (1..=LONGEST_TAG).contains(&tag.chars().count())
                    && !tags.contains(&tag)
                    && tags.len() < MOST_TAGS
                {
                    tags.push(tag);
                }
            }
            return tags;
        }
        let names = folders.iter().flatten().map(String::as_str);
        for name in names.chain(self.category.split([',', '/'])) {
            let tag = slug(name);
            if !tag.is_empty() && !tags.contains(&tag) && tags.len() < MOST_TAGS {
                tags.push(tag);
            }
        }
        tags
    }
}

/// An id that no feed has yet.
fn free_id(url: &Url, list: &FeedList) -> Option<FeedId> {
    [false, true]
        .into_iter()
        .filter_map(|hashed| derived_id(url, hashed))
        .find(|id| list.with_id(id).is_none())
}

/// Letters and digits of any script in lower case, with dashes between words; at most 64
/// characters.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase).take(64) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The text with control characters as spaces and no space at its ends.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ").trim().to_owned()
}
