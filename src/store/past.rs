//! Entries of the history, page by page, for those who look through it again.
//!
//! A page is read beside the writer, and is bounded in entries and in bytes. An entry comes with the
//! topics that are recorded for it, and with whether the text is kept in which each was found.

use super::sql::{Connection, Row, params};

use super::feeds::time;
use super::{Store, StoreError};
use crate::model::{Entry, EntryKey, Field, StoryKey, Timestamp};

/// A page ends early once its texts are this long, in bytes, so that no page fills the memory.
const PAGE_BYTES: usize = 8 << 20;

/// Where an entry stands in the history, which is ordered by when entries were first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryPlace {
    first_seen: Timestamp,
    pub(super) id: i64,
}

impl HistoryPlace {
    /// Before every entry first seen at or after this time.
    #[must_use]
    pub fn before(first_seen: Timestamp) -> Self {
        let id = 0;
        Self { first_seen, id }
    }
}

/// Which text of an entry is meant: revisions and the reading of its page make it another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextVersion {
    pub(super) revisions: i64,
    pub(super) is_page: bool,
}

impl TextVersion {
    /// Whether the content is that of the entry's page; the feed's own is not kept then.
    #[must_use]
    pub fn is_page(self) -> bool {
        self.is_page
    }
}

/// An entry of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// Where it stands.
    pub place: HistoryPlace,
    /// The feed's id in the configuration, as it was.
    pub feed: String,
    /// The source's name.
    pub source: String,
    /// The feed's URL.
    pub url: String,
    /// The texts that are kept, and what else is known of it.
    pub entry: Entry,
    /// Its language, as far as known.
    pub language: Option<String>,
    /// Its key within its feed.
    pub key: EntryKey,
    /// The story it tells.
    pub story: StoryKey,
    /// Which of its texts this is.
    pub version: TextVersion,
    /// When it was published, else first seen.
    pub counted_at: Timestamp,
    /// The topics that are recorded for it.
    pub known: Vec<KnownMention>,
}

impl HistoryEntry {
    /// When it was first seen.
    #[must_use]
    pub fn first_seen(&self) -> Timestamp {
        self.place.first_seen
    }
}

/// A topic that is recorded for an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMention {
    /// The topic.
    pub topic: String,
    /// Whether its score is known.
    pub has_score: bool,
    /// Whether it was found in the text that is kept. If not, nobody can say whether it was right.
    pub fits: bool,
}

impl Store {
    /// How many entries were first seen from `since` until `until`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn history_size(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT count(*) FROM entry WHERE first_seen_ms BETWEEN ?1 AND ?2";
            let span = params![since.as_millis(), until.as_millis()];
            Ok(conn.query_row(sql, span, |row| row.get(0))?)
        })
        .await
    }

    /// Entries first seen until `until`, in the order of the history, behind `after`; at most `limit`
    /// and fewer where texts are long. None when there are no more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn history_page(
        &self,
        after: HistoryPlace,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(PAGE)?;
            let mut rows = statement.query(params![
                after.first_seen.as_millis(),
                after.id,
                until.as_millis(),
                limit
            ])?;
            let (mut page, mut bytes) = (Vec::new(), 0);
            while let Some(row) = &rows.next()? {
                let entry = history_entry(conn, row)?;
                let fields = entry.entry.fields();
                bytes += fields.iter().map(|(_, text)| text.len()).sum::<usize>();
                page.push(entry);
                if bytes > PAGE_BYTES {
                    break;
                }
            }
            Ok(page)
        })
        .await
    }
}

/// The page query; one look in the index of ages for each page.
pub(super) const PAGE: &str = "
    SELECT e.id, e.first_seen_ms, f.name, f.source, f.url, e.guid, e.link, e.title, e.summary,
      e.content, e.author, e.language, e.published_ms, e.updated_ms, s.key, e.revisions,
      e.text_from = 'page', e.key
    FROM entry e JOIN feed f ON f.id = e.feed_id JOIN story s ON s.id = e.story_id
    WHERE (e.first_seen_ms, e.id) > (?1, ?2) AND e.first_seen_ms <= ?3
    ORDER BY e.first_seen_ms, e.id LIMIT ?4";

fn history_entry(conn: &Connection, row: &Row<'_>) -> Result<HistoryEntry, StoreError> {
    let place = HistoryPlace {
        first_seen: Timestamp::from_millis(row.get(1)?),
        id: row.get(0)?,
    };
    let version = TextVersion {
        revisions: row.get(15)?,
        is_page: row.get(16)?,
    };
    let entry = Entry {
        guid: row.get(5)?,
        link: row.get(6)?,
        title: row.get(7)?,
        summary: row.get(8)?,
        content: row.get(9)?,
        author: row.get(10)?,
        published: time(row, 12)?,
        updated: time(row, 13)?,
        ..Entry::default()
    };
    let dated = entry.published.or(entry.updated);
    Ok(HistoryEntry {
        place,
        feed: row.get(2)?,
        source: row.get(3)?,
        url: row.get(4)?,
        language: row.get(11)?,
        key: EntryKey(row.get(17)?),
        story: StoryKey(row.get(14)?),
        version,
        counted_at: counted_at(dated, place.first_seen),
        known: known(conn, place.id, version, &entry)?,
        entry,
    })
}

/// The time under which an entry's mentions are counted, as a poll has it.
pub(super) fn counted_at(dated: Option<Timestamp>, first_seen: Timestamp) -> Timestamp {
    dated.filter(|at| *at <= first_seen).unwrap_or(first_seen)
}

fn known(
    conn: &Connection,
    id: i64,
    version: TextVersion,
    entry: &Entry,
) -> Result<Vec<KnownMention>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT topic, score IS NOT NULL, revision, field, start_byte, end_byte, snippet,
           snippet_start, snippet_end FROM mention WHERE entry_id = ?1",
    )?;
    let rows = statement.query_map([id], |row| {
        let field: String = row.get(3)?;
        let fields = [Field::Title, Field::Summary, Field::Content, Field::Author];
        let field = fields.into_iter().find(|f| f.as_str() == field);
        let snippet: String = row.get(6)?;
        let (start, end): (usize, usize) = (row.get(4)?, row.get(5)?);
        let (cut_start, cut_end): (usize, usize) = (row.get(7)?, row.get(8)?);
        let now = field.and_then(|field| entry.text(field).get(start..end));
        let then = snippet.get(cut_start..cut_end);
        Ok(KnownMention {
            topic: row.get(0)?,
            has_score: row.get(1)?,
            fits: row.get::<_, i64>(2)? == version.revisions && now.is_some() && now == then,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
