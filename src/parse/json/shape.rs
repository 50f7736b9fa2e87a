//! The shape of a JSON Feed, visited while it is read: nothing of a document is kept but entries.

mod values;

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use url::Url;

use super::super::dates::{self, Reading};
use super::super::feed::{absolute, language};
use super::super::text;
use super::super::{
    MAX_AUTHOR_CHARS, MAX_BASE, MAX_CONTENT, MAX_ENTRIES, MAX_SUMMARY, MAX_TITLE_CHARS,
};
use crate::model::{DateNote, Entry, Timestamp};
use values::{Hubs, Lenient, Names, any_value, skips};

/// A feed while it is read.
#[derive(Debug)]
pub(super) struct Feed<'a> {
    base: Option<&'a Url>,
    now: Timestamp,
    pub title: Option<String>,
    pub version: Option<String>,
    pub language: Option<String>,
    pub home: Option<String>,
    pub own: Option<String>,
    pub hubs: Vec<String>,
    pub has_items: bool,
    pub entries: Vec<Entry>,
    /// Items that are objects.
    pub total: usize,
    /// Items that are not.
    pub strange: usize,
    /// Some item has what only stories have.
    pub storied: bool,
    /// Links that need the feed's page to be whole, by entry.
    late: Vec<(usize, String)>,
}

impl<'a> Feed<'a> {
    /// Nothing yet.
    pub fn new(base: Option<&'a Url>, now: Timestamp) -> Self {
        Self {
            base,
            now,
            title: None,
            version: None,
            language: None,
            home: None,
            own: None,
            hubs: Vec::new(),
            has_items: false,
            entries: Vec::new(),
            total: 0,
            strange: 0,
            storied: false,
            late: Vec::new(),
        }
    }

    /// Reads a document; what was complete before an error stays.
    pub fn read(&mut self, json: &str) -> Result<(), serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        deserializer.deserialize_any(FeedVisitor(self))
    }

    /// Resolves the links that had nothing to be relative to.
    pub fn resolve_late(&mut self, home: Option<&str>) {
        let home = home.filter(|home| home.len() <= MAX_BASE);
        let home = home.and_then(|home| Url::parse(home).ok());
        for (at, link) in self.late.drain(..) {
            if let Some(entry) = self.entries.get_mut(at) {
                entry.link = absolute(&link, home.as_ref());
            }
        }
    }

    fn item(&mut self, item: Item) {
        self.total += 1;
        if self.entries.len() >= MAX_ENTRIES {
            return;
        }
        let addresses = [item.url.text, item.external_url.text];
        self.storied |= item.title.was_string
            || item.content_html.was_string
            || item.content_text.was_string
            || addresses[0].is_some();
        let link = addresses
            .iter()
            .flatten()
            .find_map(|address| absolute(address, self.base));
        if link.is_none()
            && let Some(address) = addresses.into_iter().flatten().next()
        {
            self.late.push((self.entries.len(), address));
        }
        let summary = item.summary.text.unwrap_or_default();
        let summary = text::body(&summary, false, MAX_SUMMARY);
        let content = item
            .content_html
            .text
            .map(|html| text::body(&html, true, MAX_CONTENT))
            .filter(|content| !content.is_empty())
            .or_else(|| item.content_text.text.map(|t| text::plain(&t, MAX_CONTENT)))
            .filter(|content| *content != summary)
            .unwrap_or_default();
        let dates = [item.date_published.text, item.date_modified.text]
            .map(|date| date.map(|date| dates::read(&date, self.now)));
        let date_note = if dates == [None, None] {
            Some(DateNote::Missing)
        } else if dates.contains(&Some(Reading::Wild)) {
            Some(DateNote::Wild)
        } else {
            dates
                .contains(&Some(Reading::Unreadable))
                .then_some(DateNote::Unreadable)
        };
        let [published, updated] = dates.map(|date| match date {
            Some(Reading::Instant(instant)) => Some(instant),
            _ => None,
        });
        let names = if item.authors.0.is_empty() {
            item.author.0
        } else {
            item.authors.0
        };
        let mut author = text::either(&names.join(", "), MAX_AUTHOR_CHARS * 4);
        text::cut_chars(&mut author, MAX_AUTHOR_CHARS);
        let title = item.title.text.unwrap_or_default();
        self.entries.push(Entry {
            guid: item.id.text.map(|id| id.trim().to_owned()),
            link,
            title: text::title(&title, false, MAX_TITLE_CHARS),
            summary,
            content,
            author: (!author.is_empty()).then_some(author),
            language: language(item.language.text.as_deref()),
            published,
            updated,
            date_note,
        });
    }
}

#[derive(Debug, Default)]
struct Item {
    id: Lenient,
    url: Lenient,
    external_url: Lenient,
    title: Lenient,
    summary: Lenient,
    content_html: Lenient,
    content_text: Lenient,
    date_published: Lenient,
    date_modified: Lenient,
    language: Lenient,
    author: Names,
    authors: Names,
}

struct ItemVisitor;

/// An item; `None` for what is no object.
#[derive(Default)]
struct MaybeItem(Option<Item>);
any_value!(MaybeItem, ItemVisitor);

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = MaybeItem;
    skips!(expects other scalar seq);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MaybeItem, A::Error> {
        let mut item = Item::default();
        while let Some(key) = map.next_key::<Lenient>()? {
            let slot = match key.text.as_deref().unwrap_or("") {
                "id" => &mut item.id,
                "url" => &mut item.url,
                "external_url" => &mut item.external_url,
                "title" => &mut item.title,
                "summary" => &mut item.summary,
                "content_html" => &mut item.content_html,
                "content_text" => &mut item.content_text,
                "date_published" => &mut item.date_published,
                "date_modified" => &mut item.date_modified,
                "language" => &mut item.language,
                "author" => {
                    item.author = map.next_value()?;
                    continue;
                }
                "authors" => {
                    item.authors = map.next_value()?;
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *slot = map.next_value()?;
        }
        Ok(MaybeItem(Some(item)))
    }
}

struct ItemsSeed<'f, 'a>(&'f mut Feed<'a>);

impl<'de> DeserializeSeed<'de> for ItemsSeed<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemsSeed<'_, '_> {
    type Value = ();
    skips!(expects other scalar map);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.0.has_items = true;
        while let Some(MaybeItem(item)) = seq.next_element::<MaybeItem>()? {
            match item {
                Some(item) => self.0.item(item),
                None => self.0.strange += 1,
            }
        }
        Ok(())
    }
}

struct FeedVisitor<'f, 'a>(&'f mut Feed<'a>);

impl<'de> Visitor<'de> for FeedVisitor<'_, '_> {
    type Value = ();
    skips!(expects other scalar seq);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let feed = self.0;
        while let Some(key) = map.next_key::<Lenient>()? {
            let slot = match key.text.as_deref().unwrap_or("") {
                "title" => &mut feed.title,
                "version" => &mut feed.version,
                "language" => &mut feed.language,
                "home_page_url" => &mut feed.home,
                "feed_url" => &mut feed.own,
                "hubs" => {
                    feed.hubs = map.next_value::<Hubs>()?.0;
                    continue;
                }
                "items" => {
                    map.next_value_seed(ItemsSeed(feed))?;
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *slot = map.next_value::<Lenient>()?.text;
        }
        Ok(())
    }
}
