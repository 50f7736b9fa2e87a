//! The history, for those who look through it again: entries page by page, and what was found in them
//! since, recorded batch by batch.
//!
//! A page is read beside the writer and a batch is one short transaction, so that a running daemon
//! never waits for long. Between the two an entry may have got another text; then what was found in
//! the old one is not recorded. What is recorded follows the rules of a poll: a topic is counted
//! once per entry and told once per story.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::alike::Story;
use super::feeds::time;
use super::mentions::{Place, record_mentions, tell};
use super::record::{Committed, MentionRecord};
use super::{FeedRow, Store, StoreError};
use crate::model::{Entry, Field, StoryKey, Timestamp, TopicId};

/// A page ends early once its texts are this long, in bytes, so that no page fills the memory.
const PAGE_BYTES: usize = 8 << 20;

/// Where an entry stands in the history, which is ordered by when entries were first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryPlace {
    first_seen: Timestamp,
    id: i64,
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
    revisions: i64,
    is_page: bool,
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

/// What was found in an entry of the history, ready to be recorded.
#[derive(Debug)]
pub struct RematchRecord {
    /// The entry.
    pub place: HistoryPlace,
    /// In which of its texts.
    pub version: TextVersion,
    /// The topics found in it, those that are recorded too.
    pub mentions: Vec<MentionRecord>,
    /// The topics whose recorded mentions are to be removed.
    pub gone: Vec<TopicId>,
}

/// What became of one topic in one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A mention was recorded.
    Added,
    /// The score of a mention was recorded.
    Scored,
    /// A mention was removed.
    Removed,
    /// An alert was created.
    Told,
    /// An alert that was there goes to further sinks.
    Raised,
}

/// What a batch changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RematchCommitted {
    /// The changes, topic by topic.
    pub changes: Vec<(TopicId, Change)>,
    /// Entries that have another text by now, or were removed.
    pub skipped: usize,
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
            while let Some(row) = rows.next()? {
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

    /// Records what was found in entries of the history, all of it or nothing.
    ///
    /// # Errors
    /// What the database says; then nothing was recorded.
    pub async fn commit_rematch(
        &self,
        records: Vec<RematchRecord>,
        at: Timestamp,
    ) -> Result<RematchCommitted, StoreError> {
        self.write(move |conn| {
            let mut committed = RematchCommitted::default();
            for record in &records {
                commit(conn, record, at, &mut committed)?;
            }
            Ok(committed)
        })
        .await
    }

    /// The alerts that [`Store::commit_rematch`] would create for these records, by topic and story; one
    /// may stand there more than once.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rematch_would_tell(
        &self,
        records: Vec<RematchRecord>,
    ) -> Result<Vec<(TopicId, StoryKey)>, StoreError> {
        self.read(move |conn| {
            let mut told = Vec::new();
            for record in &records {
                let Some(found) = present(conn, record)? else {
                    continue;
                };
                for mention in &record.mentions {
                    let enough = mention.score >= mention.min_score;
                    if mention.alert.is_some() && enough && !is_told(conn, &found, mention)? {
                        told.push((mention.topic.clone(), found.story.key));
                    }
                }
            }
            Ok(told)
        })
        .await
    }
}

/// The page query; one look in the index of ages for each page.
pub(super) const PAGE: &str = "
    SELECT e.id, e.first_seen_ms, f.name, f.source, f.url, e.guid, e.link, e.title, e.summary,
      e.content, e.author, e.language, e.published_ms, e.updated_ms, s.key, e.revisions,
      e.text_from = 'page'
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
        story: StoryKey(row.get(14)?),
        version,
        counted_at: counted_at(dated, place.first_seen),
        known: known(conn, place.id, version, &entry)?,
        entry,
    })
}

/// The time under which an entry's mentions are counted, as a poll has it.
fn counted_at(dated: Option<Timestamp>, first_seen: Timestamp) -> Timestamp {
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

/// An entry as it is when a batch is recorded.
struct Present {
    entry: i64,
    feed: FeedRow,
    story: Story,
    first_seen: Timestamp,
    dated: Option<Timestamp>,
    revised: Option<Timestamp>,
}

/// The entry, if it still has the text in which something was found.
fn present(conn: &Connection, record: &RematchRecord) -> Result<Option<Present>, StoreError> {
    let id = record.place.id;
    let found = conn
        .prepare_cached(
            "SELECT e.feed_id, e.story_id, s.key, e.first_seen_ms, e.published_ms, e.updated_ms,
               e.revised_ms, e.revisions, e.text_from = 'page'
             FROM entry e JOIN story s ON s.id = e.story_id WHERE e.id = ?1",
        )?
        .query_row([id], |row| {
            let version = TextVersion {
                revisions: row.get(7)?,
                is_page: row.get(8)?,
            };
            let present = Present {
                entry: id,
                feed: FeedRow(row.get(0)?),
                story: Story {
                    row: row.get(1)?,
                    key: StoryKey(row.get(2)?),
                },
                first_seen: Timestamp::from_millis(row.get(3)?),
                dated: time(row, 4)?.or(time(row, 5)?),
                revised: time(row, 6)?,
            };
            Ok((present, version))
        })
        .optional()?;
    Ok(found
        .filter(|(_, version)| *version == record.version)
        .map(|(present, _)| present))
}

fn commit(
    conn: &Connection,
    record: &RematchRecord,
    at: Timestamp,
    committed: &mut RematchCommitted,
) -> Result<(), StoreError> {
    let Some(present) = present(conn, record)? else {
        committed.skipped += 1;
        return Ok(());
    };
    let place = Place {
        feed: present.feed,
        entry: present.entry,
        story: present.story,
        revision: record.version.revisions,
        counted_at: counted_at(present.dated, present.first_seen),
        at,
    };
    let mut change = |topic: &TopicId, change| committed.changes.push((topic.clone(), change));
    for mention in &record.mentions {
        let is_news = mention.alert.is_some() && !is_told(conn, &present, mention)?;
        let known = conn
            .prepare_cached("SELECT score FROM mention WHERE entry_id = ?1 AND topic = ?2")?
            .query_row(params![present.entry, mention.topic.as_str()], |row| {
                row.get::<_, Option<u8>>(0)
            })
            .optional()?;
        let mut made = Committed::default();
        match known {
            None => {
                record_mentions(conn, &place, std::slice::from_ref(mention), &mut made)?;
                change(&mention.topic, Change::Added);
            }
            Some(score) => {
                if score.is_none() {
                    let sql = "UPDATE mention SET score = ?3 WHERE entry_id = ?1 AND topic = ?2";
                    let row = params![present.entry, mention.topic.as_str(), mention.score];
                    conn.prepare_cached(sql)?.execute(row)?;
                    change(&mention.topic, Change::Scored);
                }
                tell(conn, &place, mention, is_news, &mut made)?;
            }
        }
        if made.alerts > 0 {
            change(&mention.topic, Change::Told);
        }
        if made.raised > 0 {
            change(&mention.topic, Change::Raised);
        }
    }
    for topic in &record.gone {
        if remove(conn, &present, topic)? {
            change(topic, Change::Removed);
        }
    }
    Ok(())
}

/// Whether the entry's story was told for the topic, or the entry itself under another link, which an
/// edit took from it since: then the feed carries its story only since the edit, and has no entry of the
/// story that was told any more.
fn is_told(
    conn: &Connection,
    present: &Present,
    mention: &MentionRecord,
) -> Result<bool, StoreError> {
    let topic = mention.topic.as_str();
    let told = conn
        .prepare_cached(
            "SELECT 1 FROM alert
             WHERE kind = 'mention.created' AND topic = ?1 AND story_id = ?2",
        )?
        .exists(params![topic, present.story.row])?;
    let Some(revised) = present.revised.filter(|_| !told) else {
        return Ok(told);
    };
    // `+topic` keeps SQLite from reading all alerts of a topic: those of a short time are fewer.
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM mention m JOIN alert a ON a.created_ms BETWEEN m.created_ms AND ?4
               JOIN story_source s ON s.story_id = ?5 AND s.feed_id = ?3
                 AND s.first_seen_ms > m.created_ms
             WHERE m.entry_id = ?1 AND m.topic = ?2 AND +a.topic = ?2 AND +a.feed_id = ?3
               AND NOT EXISTS (SELECT 1 FROM entry e
                 WHERE e.story_id = a.story_id AND e.feed_id = ?3)",
        )?
        .exists(params![
            present.entry,
            topic,
            present.feed.0,
            revised.as_millis(),
            present.story.row
        ])?)
}

/// Removes a recorded mention and takes it out of the counts; what was told stays told.
fn remove(conn: &Connection, present: &Present, topic: &TopicId) -> Result<bool, StoreError> {
    let topic = topic.as_str();
    let created: Option<i64> = conn
        .prepare_cached(
            "DELETE FROM mention WHERE entry_id = ?1 AND topic = ?2 RETURNING created_ms",
        )?
        .query_row(params![present.entry, topic], |row| row.get(0))
        .optional()?;
    let Some(created) = created.map(Timestamp::from_millis) else {
        return Ok(false);
    };
    // Under which hour it was counted follows from dates that an edit may have changed.
    let mut count = conn.prepare_cached(
        "UPDATE mention_count SET mentions = mentions - 1
         WHERE topic = ?1 AND hour = ?2 AND feed_id = ?3",
    )?;
    let dated = present.dated.filter(|at| *at <= created);
    let times = [dated, Some(present.first_seen), Some(created)];
    for at in times.into_iter().flatten() {
        let hour = at.as_millis().div_euclid(3_600_000);
        if count.execute(params![topic, hour, present.feed.0])? > 0 {
            conn.prepare_cached(
                "DELETE FROM mention_count
                 WHERE topic = ?1 AND hour = ?2 AND feed_id = ?3 AND mentions < 1",
            )?
            .execute(params![topic, hour, present.feed.0])?;
            break;
        }
    }
    Ok(true)
}
