//! One item of a feed, and the identities that dedup gives it.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{FeedFormat, Timestamp, UpdateHints};

/// A parsed feed document: what the feed says of itself, and its entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The family of format.
    pub format: FeedFormat,
    /// The feed's own title, clean text; empty when it has none.
    pub title: String,
    /// The language the document declares (BCP 47 as written).
    pub language: Option<String>,
    /// The character encoding it was read in, by its WHATWG name (`UTF-8`, `windows-1251`).
    pub charset: &'static str,
    /// The format's version as the document has it (`2.0`, `0.3`, `1.1`), if it says.
    pub version: Option<String>,
    /// How the charset was decided: `byte order mark`, `Content-Type`, `declaration`, `content`.
    pub charset_basis: &'static str,
    /// What the document says of its publishing rhythm.
    pub hints: UpdateHints,
    /// The WebSub hubs that it names (`rel="hub"`), absolute, in the document's order.
    pub hubs: Vec<String>,
    /// Its own address as it gives it (`rel="self"`), absolute.
    pub self_url: Option<String>,
    /// The page that the feed belongs to, absolute.
    pub home: Option<String>,
    /// What had to be mended or was left out, one short sentence each.
    pub notes: Vec<String>,
    /// The entries in the document's order.
    pub entries: Vec<Entry>,
}

/// One item of a feed, as clean text.
///
/// `title`, `summary` and `content` hold no markup, no control characters and no entities;
/// mentions are byte ranges into exactly these strings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entry {
    /// The publisher's own id (RSS `guid`, Atom `id`, JSON Feed `id`), as written.
    pub guid: Option<String>,
    /// The absolute link to the story, if there is one.
    pub link: Option<String>,
    /// Title as clean text; empty when missing.
    pub title: String,
    /// Summary as clean text; empty when missing.
    pub summary: String,
    /// Full content as clean text; empty when missing or equal to the summary.
    pub content: String,
    /// Author as clean text.
    pub author: Option<String>,
    /// The entry's own language where it declares one (BCP 47 as written).
    pub language: Option<String>,
    /// When it was published, if the document says so believably. An Atom entry that has only
    /// `updated` has none (RFC 4287 §4.2.9 makes it optional), as feedparser has it.
    pub published: Option<Timestamp>,
    /// When it was last changed, if the document says so believably.
    pub updated: Option<Timestamp>,
    /// What was wrong with its dates, if anything.
    pub date_note: Option<DateNote>,
}

impl Entry {
    /// The text of a field.
    #[must_use]
    pub fn text(&self, field: Field) -> &str {
        match field {
            Field::Title => &self.title,
            Field::Summary => &self.summary,
            Field::Content => &self.content,
            Field::Author => self.author.as_deref().unwrap_or_default(),
            Field::Text => "",
        }
    }

    /// The fields that every topic is searched in, in order of weight.
    #[must_use]
    pub fn fields(&self) -> [(Field, &str); 3] {
        [Field::Title, Field::Summary, Field::Content].map(|f| (f, self.text(f)))
    }
}

/// What was wrong with an entry's dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DateNote {
    /// The entry has no date at all.
    Missing,
    /// A date was there and could not be read.
    Unreadable,
    /// A date was read and is not believable (before 1990, or over a day in the future).
    Wild,
}

impl DateNote {
    /// The note's short name, as stored and printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Wild => "wild",
        }
    }
}

/// Which text of an entry (or of something given to `mentiond match`) is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// An entry's or page's title.
    Title,
    /// An entry's summary.
    Summary,
    /// An entry's or page's content.
    Content,
    /// A plain text that has no fields.
    Text,
    /// An entry's author; only a query that says `author:` looks there.
    Author,
}

impl Field {
    /// The field's short name, as stored and printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Summary => "summary",
            Self::Content => "content",
            Self::Text => "text",
            Self::Author => "author",
        }
    }
}

macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

hash_type!(
    /// What makes an entry "seen" within its feed: the first 128 bits of a SHA-256.
    EntryKey
);
hash_type!(
    /// What makes entries of different feeds the same story.
    StoryKey
);

/// As programs that read our JSON see it: 32 hexadecimal digits.
impl utoipa::PartialSchema for StoryKey {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[0-9a-f]{32}$"))
            .into()
    }
}

impl utoipa::ToSchema for StoryKey {}

impl StoryKey {
    /// Reads the 32 hexadecimal digits as which a key is shown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16)
            .ok()
            .map(|number| Self(number.to_be_bytes()))
    }
}

hash_type!(
    /// A fingerprint of an entry's title and texts: another value means a revision.
    TextHash
);

/// What an entry's key was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyBasis {
    /// The publisher's own id.
    Guid,
    /// The canonical link.
    Link,
    /// Title and texts, for want of anything better.
    Content,
}
