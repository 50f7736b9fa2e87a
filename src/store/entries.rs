//! One entry as it is kept, with the mentions that were recorded in it.

use super::sql::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::feeds::time;
use super::{Store, StoreError};
use crate::dedup::canonical_link;
use crate::model::{Entry, Timestamp};

/// Entries that share a link are read up to this number.
const MOST: usize = 20;

/// Which entry is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryName {
    /// The one with this number.
    Id(i64),
    /// Those with this link.
    Link(String),
}

impl EntryName {
    /// A number is an id, all else a link.
    #[must_use]
    pub fn read(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Link(text.to_owned()), Self::Id)
    }
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEntry {
    /// Its number.
    pub id: i64,
    /// The feed's id in the configuration.
    pub feed: String,
    /// The source's name.
    pub source: String,
    /// Its texts, as they were last read.
    pub entry: Entry,
    /// Its language, as it was decided.
    pub language: Option<String>,
    /// `feed`, or `page` when its content is from its page.
    pub text_from: String,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When its text last changed.
    pub revised: Option<Timestamp>,
    /// How often it did; earlier texts are not kept.
    pub revisions: u32,
    /// What was recorded, by topic.
    pub mentions: Vec<RecordedMention>,
}

/// A mention as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordedMention {
    /// The topic.
    pub topic: String,
    /// When it was found.
    pub found: Timestamp,
    /// The term of its best hit.
    pub term: String,
    /// The field that it stands in.
    pub field: String,
    /// First byte of the hit in that field's text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// How many hits there were.
    pub hits: u32,
    /// The entry's revision in which they were.
    pub revision: u32,
    /// How strongly the entry is about the topic, 1 to 100, where that is known.
    pub score: Option<u8>,
}

impl Store {
    /// The entries that are meant, the latest first; none when there is none, or none any more. A link
    /// that no entry has is compared without what only says how a reader came to it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn entries(&self, name: EntryName) -> Result<Vec<StoredEntry>, StoreError> {
        self.read(move |conn| {
            let ids = match name {
                EntryName::Id(id) => vec![id],
                EntryName::Link(link) => with_link(conn, &link)?,
            };
            let mut entries = Vec::new();
            for id in ids {
                entries.extend(entry(conn, id)?);
            }
            Ok(entries)
        })
        .await
    }
}

fn with_link(conn: &Connection, link: &str) -> Result<Vec<i64>, StoreError> {
    let mut same =
        conn.prepare_cached("SELECT id FROM entry WHERE link = ?1 ORDER BY id DESC LIMIT ?2")?;
    let ids = same.query_map(params![link, MOST], |row| row.get(0))?;
    let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
    let Some(wanted) = canonical_link(link).filter(|_| ids.is_empty()) else {
        return Ok(ids);
    };
    let mut all =
        conn.prepare_cached("SELECT id, link FROM entry WHERE link IS NOT NULL ORDER BY id DESC")?;
    let mut rows = all.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = &rows.next()? {
        let link: String = row.get(1)?;
        if ids.len() < MOST && canonical_link(&link).as_ref() == Some(&wanted) {
            ids.push(row.get(0)?);
        }
    }
    Ok(ids)
}

fn entry(conn: &Connection, id: i64) -> Result<Option<StoredEntry>, StoreError> {
    let found = conn
        .prepare_cached(
            "SELECT e.id, f.name, f.source, e.guid, e.link, e.title, e.summary, e.content, e.author,
               e.language, e.published_ms, e.updated_ms, e.text_from, e.first_seen_ms, e.revised_ms,
               e.revisions
             FROM entry e JOIN feed f ON f.id = e.feed_id WHERE e.id = ?1",
        )?
        .query_row([id], entry_row)
        .optional()?;
    let Some(mut found) = found else {
        return Ok(None);
    };
    let mut mentions = conn.prepare_cached(
        "SELECT topic, created_ms, term, field, start_byte, end_byte, hits, revision, score
         FROM mention WHERE entry_id = ?1 ORDER BY topic",
    )?;
    let mentions = mentions.query_map([id], |row| {
        Ok(RecordedMention {
            topic: row.get(0)?,
            found: Timestamp::from_millis(row.get(1)?),
            term: row.get(2)?,
            field: row.get(3)?,
            start: row.get(4)?,
            end: row.get(5)?,
            hits: row.get(6)?,
            revision: row.get(7)?,
            score: row.get(8)?,
        })
    })?;
    found.mentions = mentions.collect::<Result<_, _>>()?;
    Ok(Some(found))
}

fn entry_row(row: &Row<'_>) -> super::sql::Result<StoredEntry> {
    Ok(StoredEntry {
        id: row.get(0)?,
        feed: row.get(1)?,
        source: row.get(2)?,
        entry: Entry {
            guid: row.get(3)?,
            link: row.get(4)?,
            title: row.get(5)?,
            summary: row.get(6)?,
            content: row.get(7)?,
            author: row.get(8)?,
            published: time(row, 10)?,
            updated: time(row, 11)?,
            ..Entry::default()
        },
        language: row.get(9)?,
        text_from: row.get(12)?,
        first_seen: Timestamp::from_millis(row.get(13)?),
        revised: time(row, 14)?,
        revisions: row.get(15)?,
        mentions: Vec::new(),
    })
}
