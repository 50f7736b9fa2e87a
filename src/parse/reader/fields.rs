//! Each field by its vocabulary and name: what it means for the entry or the feed around it.

use std::borrow::Cow;

use super::super::feed::{absolute, language};
use super::super::xml::{Tag, Token, Tokens};
use super::draft::{self, Kind};
use super::element::{self, Inside, attribute, resolved};
use super::head::MAX_HUBS;
use super::links::{self, Role};
use super::space::Space;
use super::{Place, Reader, whole};

/// Ranks are raised by this inside elements that nobody knows.
const ASTRAY: u8 = 32;

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title(u8),
    Summary(u8, Kind),
    Content(u8),
    /// Markup that stands for itself, such as `xhtml:body`.
    Markup,
    Link,
    OrigLink,
    Guid(u8),
    Published(u8),
    Updated(u8),
    Author,
    OtherAuthor,
    Language,
    Ttl,
    Period,
    Frequency,
    SkipHours,
    SkipDays,
    /// Has fields of its own that are not the entry's.
    Apart,
}

/// The field that a name means, if any.
fn field_of(space: Space, local: &str) -> Option<Field> {
    use Field as F;
    let name = local.to_ascii_lowercase();
    let name = name.as_str();
    let core = match name {
        "title" => F::Title(0),
        "description" => F::Summary(0, Kind::Html),
        "summary" | "abstract" => F::Summary(0, Kind::Either),
        "subtitle" | "tagline" => F::Summary(3, Kind::Either),
        "content" => F::Content(0),
        "fullitem" | "encoded" => F::Content(1),
        "body" => F::Markup,
        "link" => F::Link,
        "guid" | "id" => F::Guid(0),
        "pubdate" | "published" | "issued" => F::Published(0),
        "date" => F::Published(2),
        "created" => F::Published(4),
        "updated" | "modified" | "lastmod" | "lastbuilddate" => F::Updated(0),
        "author" | "creator" => F::Author,
        "managingeditor" | "webmaster" | "contributor" | "source" | "image" | "textinput"
        | "cloud" | "logo" | "icon" | "rights" | "copyright" | "generator" | "comments"
        | "category" | "enclosure" | "docs" | "rating" | "info" | "url" => F::Apart,
        "language" => F::Language,
        "ttl" => F::Ttl,
        "skiphours" => F::SkipHours,
        "skipdays" => F::SkipDays,
        _ => return extension(space, name),
    };
    match space {
        Space::Core => Some(core),
        Space::Atom => match core {
            F::Title(_) => Some(F::Title(1)),
            F::Summary(r, kind) => Some(F::Summary(r + 1, kind)),
            F::Content(r) => Some(F::Content(r + 2)),
            F::Guid(_) => Some(F::Guid(2)),
            F::Published(r) => Some(F::Published(r + 1)),
            F::Updated(r) => Some(F::Updated(r + 1)),
            other => Some(other),
        },
        _ => extension(space, name),
    }
}

/// Fields of other vocabularies.
fn extension(space: Space, name: &str) -> Option<Field> {
    use Field as F;
    Some(match (space, name) {
        (Space::Dc, "title") => F::Title(2),
        (Space::Dc, "description" | "abstract") => F::Summary(2, Kind::Html),
        (Space::Dc, "identifier") => F::Guid(4),
        (Space::Dc, "date" | "issued") => F::Published(3),
        (Space::Dc, "created" | "available") => F::Published(5),
        (Space::Dc, "modified") => F::Updated(2),
        (Space::Dc, "creator" | "author") => F::Author,
        (Space::Dc, "language") => F::Language,
        (Space::Content, "encoded") => F::Content(0),
        (Space::Itunes, "title") => F::Title(3),
        (Space::Itunes, "summary" | "description") => F::Summary(4, Kind::Either),
        (Space::Itunes, "subtitle") => F::Summary(5, Kind::Either),
        (Space::Itunes, "author") => F::OtherAuthor,
        (Space::Media, "title") => F::Title(4),
        (Space::Media, "description") => F::Summary(6, Kind::Either),
        (Space::Media, "text") => F::Summary(7, Kind::Either),
        (Space::Xhtml, "body" | "div" | "p") => F::Markup,
        (Space::Prism, "publicationdate") => F::Published(6),
        (Space::Sy, "updateperiod") => F::Period,
        (Space::Sy, "updatefrequency") => F::Frequency,
        (Space::Feedburner, "origlink") => F::OrigLink,
        _ => return None,
    })
}

impl<'a> Reader<'a> {
    /// Reads a field with all that is in it; false when the element is none.
    pub(super) fn field(&mut self, tag: &Tag<'a>, space: Space) -> bool {
        let Some(field) = field_of(space, tag.local()) else {
            return false;
        };
        if self.stack.is_empty() {
            return false;
        }
        let own = matches!(space, Space::Core | Space::Atom);
        let astray = own && self.stack.last().is_some_and(|f| f.place == Place::Wrapper);
        let lift = if astray { ASTRAY } else { 0 };
        let inside = {
            let scope = &self.scope;
            element::take(
                &mut self.tokens,
                tag,
                &mut self.patience,
                &mut self.odd,
                |inner| {
                    let (space, _) = scope.of(inner.name);
                    super::is_entry(inner.local()) && matches!(space, Space::Core | Space::Atom)
                        || (space != Space::Xhtml && field_of(space, inner.local()).is_some())
                },
            )
        };
        self.broken_off |= !whole(&inside);
        if field == Field::Apart {
            return true;
        }
        if self.draft.is_some() {
            self.of_entry(field, lift, tag, space, &inside);
        } else {
            self.of_feed(field, lift, tag, space, &inside);
        }
        true
    }

    fn of_entry(
        &mut self,
        field: Field,
        lift: u8,
        tag: &Tag<'a>,
        space: Space,
        inside: &Inside<'a>,
    ) {
        let is_text = matches!(
            field,
            Field::Title(_) | Field::Summary(..) | Field::Content(_)
        );
        let (kind, value) = if is_text {
            self.construct(field, tag, inside)
        } else if field == Field::Markup {
            (Kind::Html, Cow::Borrowed(inside.raw))
        } else {
            (Kind::Either, inside.text())
        };
        if matches!(field, Field::Link | Field::OrigLink) {
            self.link(field, lift, tag, space, &value);
            if let Some(draft) = &mut self.draft {
                draft.fields += usize::from(whole(inside));
            }
            return;
        }
        let Some(draft) = &mut self.draft else { return };
        draft.fields += usize::from(whole(inside));
        if is_text {
            let tongue = attribute(tag, "xml:lang");
            draft.language.offer(2, || language(tongue));
        }
        match field {
            Field::Title(rank) => draft
                .title
                .offer(rank + lift, || draft::title(&value, kind)),
            Field::Summary(rank, _) => draft.summary(rank + lift, &value, kind),
            Field::Content(rank) => draft.content(rank + lift, &value, kind),
            Field::Markup => draft.content(4 + lift, &value, kind),
            Field::Guid(rank) => {
                let id = value.trim();
                draft
                    .guid
                    .offer(rank + lift, || (!id.is_empty()).then(|| id.to_owned()));
                let permanent =
                    attribute(tag, "isPermaLink").is_none_or(|p| p.eq_ignore_ascii_case("true"));
                // Atom's id is none by design, but often the only address there is
                if permanent && draft.permalink.is_none() {
                    draft.permalink = absolute(id, None);
                }
            }
            Field::Published(rank) => draft.published(rank + lift, &value),
            Field::Updated(rank) => draft.updated(rank + lift, &value),
            Field::Author => {
                for name in people(inside, &value) {
                    draft.author(&name);
                }
            }
            Field::OtherAuthor if !draft.has_author() => draft.author(&draft::person(&value)),
            Field::Language => draft.language.offer(0, || language(Some(&value))),
            _ => {}
        }
    }

    fn of_feed(
        &mut self,
        field: Field,
        lift: u8,
        tag: &Tag<'a>,
        space: Space,
        inside: &Inside<'a>,
    ) {
        let value = inside.text();
        match field {
            Field::Title(rank) => {
                let (kind, value) = self.construct(field, tag, inside);
                let head = &mut self.head;
                head.title.offer(rank + lift, || draft::title(&value, kind));
            }
            Field::Link => self.link(field, lift, tag, space, &value),
            Field::Language => self.head.language.offer(0, || language(Some(&value))),
            Field::Ttl => self.head.ttl(&value),
            Field::Period => self.head.period(&value),
            Field::Frequency => self.head.frequency(&value),
            Field::SkipHours => self.head.skip_hours(inside),
            Field::SkipDays => self.head.skip_days(inside),
            _ => {}
        }
    }

    /// How a text is written, and its value at that level.
    fn construct(
        &mut self,
        field: Field,
        tag: &Tag<'a>,
        inside: &Inside<'a>,
    ) -> (Kind, Cow<'a, str>) {
        let usual = match field {
            Field::Summary(_, kind) => kind,
            Field::Content(_) => Kind::Html,
            _ => Kind::Either,
        };
        let given = attribute(tag, "type").unwrap_or("").to_ascii_lowercase();
        let mode = attribute(tag, "mode").unwrap_or("");
        if attribute(tag, "src").is_some() && inside.raw.trim().is_empty() {
            return (Kind::Nothing, Cow::Borrowed(""));
        }
        let given = given.split(';').next().unwrap_or("").trim().to_owned();
        let markup = mode.eq_ignore_ascii_case("xml")
            || given == "xhtml"
            || given.ends_with("+xml")
            || given.ends_with("/xml");
        if mode.eq_ignore_ascii_case("base64") {
            return (Kind::Base64, inside.text());
        }
        if markup && (inside.markup || !inside.raw.contains("&lt;")) {
            return (Kind::Html, Cow::Borrowed(inside.raw));
        }
        if given.starts_with("multipart/") {
            // Atom 0.3 wraps several contents in one
            return (Kind::Html, Cow::Borrowed(inside.raw));
        }
        self.odd.inline |= inside.markup;
        let atom = self.format == crate::model::FeedFormat::Atom;
        let kind = match given.as_str() {
            "" if atom && mode.is_empty() => Kind::Either,
            "" => usual,
            "text" | "text/plain" | "plain" => Kind::Either,
            "html" | "text/html" | "xhtml" => Kind::Html,
            _ if given.starts_with("text/") => Kind::Either,
            _ if given.contains("html") || given.contains("xml") => {
                self.odd.types |= !given.contains('/');
                Kind::Html
            }
            _ if given.contains('/') && matches!(field, Field::Content(_)) => Kind::Base64,
            _ => {
                self.odd.types = true;
                usual
            }
        };
        (kind, inside.text())
    }

    /// Any element called `link`: Atom's with attributes, RSS's with text.
    fn link(&mut self, field: Field, lift: u8, tag: &Tag<'a>, space: Space, value: &str) {
        let own_base = attribute(tag, "xml:base");
        if field == Field::OrigLink {
            // as feedparser does: the link that the feed gives is the link
            return self.story(5, value, own_base);
        }
        let address = attribute(tag, "href")
            .or_else(|| attribute(tag, "rdf:resource"))
            .or_else(|| attribute(tag, "url"))
            .filter(|a| !a.is_empty());
        let Some(address) = address else {
            self.link_follows = tag.empty && space == Space::Core;
            if attribute(tag, "rel").is_none_or(|r| r.eq_ignore_ascii_case("alternate")) {
                // escaped in a section, or twice
                let value = value.replace("&amp;", "&");
                let value = value.as_str();
                self.story(u8::from(space == Space::Atom) + lift, value, own_base);
            }
            return;
        };
        let address = resolved(address);
        for role in links::roles(tag, space).take(4) {
            match role {
                Role::Story(rank) => self.story(rank + lift, &address, own_base),
                Role::Own if self.draft.is_none() && self.head.self_url.is_none() => {
                    let base = self.bases.current(own_base);
                    self.head.self_url = absolute(&address, base.as_ref());
                }
                Role::Hub if self.draft.is_none() && self.head.hubs.len() < MAX_HUBS => {
                    let base = self.bases.current(own_base);
                    let hub = absolute(&address, base.as_ref());
                    let hubs = &mut self.head.hubs;
                    hubs.extend(hub.filter(|h| !hubs.contains(h)));
                }
                _ => {}
            }
        }
    }

    /// The address in an attribute of an entry or channel itself.
    pub(super) fn link_attribute(&mut self, tag: &Tag<'a>, name: &str, rank: u8) {
        if let Some(address) = attribute(tag, name) {
            let own_base = Self::own_base(tag);
            self.story(rank, &resolved(address), own_base);
        }
    }

    /// A link to the story, or outside of entries to the feed's page, if it is the best so far.
    fn story(&mut self, rank: u8, address: &str, own_base: Option<&str>) {
        let best = match &self.draft {
            Some(draft) => draft.link.rank(),
            None => self.head.home.rank(),
        };
        if rank >= best {
            return;
        }
        let base = self.bases.current(own_base);
        let link = absolute(address, base.as_ref());
        match &mut self.draft {
            Some(draft) => draft.link.offer(rank, || link),
            None => {
                if let Some(link) = &link {
                    self.bases.fall_back(link);
                }
                self.head.home.offer(rank, || link);
            }
        }
    }

    /// Text between elements: only the address behind `<link/>` means anything.
    pub(super) fn loose(&mut self, text: &'a str) {
        if std::mem::take(&mut self.link_follows) && text.trim_start().starts_with("http") {
            self.story(1, &resolved(text.trim()), None);
        }
    }
}

/// The names of Atom's persons, or RSS's line about one.
fn people(inside: &Inside<'_>, value: &str) -> Vec<String> {
    if !inside.markup {
        return vec![draft::person(value).into_owned()];
    }
    let (mut names, mut emails, mut loose) = (Vec::new(), Vec::new(), String::new());
    let mut current = String::new();
    for token in Tokens::new(inside.raw) {
        match token {
            Token::Start(tag) => current = tag.local().to_ascii_lowercase(),
            Token::End(_) => current.clear(),
            Token::Text(text) | Token::Cdata(text) if !text.trim().is_empty() => {
                let text = resolved(text.trim()).into_owned();
                match current.as_str() {
                    "name" if names.len() < 20 => names.push(text),
                    "email" if emails.len() < 20 => emails.push(text),
                    "uri" | "url" | "homepage" | "name" | "email" => {}
                    _ if loose.len() < 500 => loose.push_str(&text),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    if !names.is_empty() {
        names
    } else if !emails.is_empty() {
        emails
    } else {
        vec![loose]
    }
}
