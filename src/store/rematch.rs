//! What was found in stored entries since, recorded batch by batch.
//!
//! A batch is one short transaction, so that a running daemon never waits for long. Since it was read
//! an entry may have got another text; then what was found in the old one is not recorded. What is
//! recorded follows the rules of a poll: a topic is counted once per entry and told once per story.

use super::sql::{Connection, OptionalExtension, json, params};

use super::alike::Story;
use super::feeds::time;
use super::mentions::{Place, record_mentions, tell};
use super::past::{HistoryPlace, TextVersion, counted_at};
use super::record::{Committed, MentionRecord};
use super::tally::Tally;
use super::turns::Turns;
use super::{FeedRow, Store, StoreError, series};
use crate::model::{StoryKey, Timestamp, TopicId};

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
            let mut tally = Tally::default();
            if conn.is_postgres() {
                take_turns(conn, &records)?;
            }
            for record in &records {
                commit(conn, record, at, &mut committed, &mut tally)?;
            }
            tally.write(conn)?;
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

/// An entry as it is when a batch is recorded.
struct Present {
    entry: i64,
    feed: FeedRow,
    story: Story,
    first_seen: Timestamp,
    dated: Option<Timestamp>,
    revised: Option<Timestamp>,
    language: Option<String>,
}

/// The entry, if it still has the text in which something was found.
fn present(conn: &Connection, record: &RematchRecord) -> Result<Option<Present>, StoreError> {
    let id = record.place.id;
    let found = conn
        .prepare_cached(
            "SELECT e.feed_id, e.story_id, s.key, e.first_seen_ms, e.published_ms, e.updated_ms,
               e.revised_ms, e.revisions, e.text_from = 'page', e.language
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
                language: row.get(9)?,
            };
            Ok((present, version))
        })
        .optional()?;
    Ok(found
        .filter(|(_, version)| *version == record.version)
        .map(|(present, _)| present))
}

/// Waits until nobody else records these entries or their stories.
fn take_turns(conn: &Connection, records: &[RematchRecord]) -> Result<(), StoreError> {
    let ids: Vec<i64> = records.iter().map(|record| record.place.id).collect();
    let each = conn.each("?1");
    let mut places = conn.prepare_cached(&format!(
        "SELECT e.feed_id, s.key FROM entry e JOIN story s ON s.id = e.story_id
         WHERE e.id IN (SELECT CAST(i.value AS BIGINT) FROM {each} i)"
    ))?;
    let places = places.query_map([json(&ids)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut turns = Turns::default();
    for place in places {
        let (feed, story) = place?;
        turns.feed(FeedRow(feed));
        turns.story(StoryKey(story));
    }
    turns.take(conn)
}

fn commit(
    conn: &Connection,
    record: &RematchRecord,
    at: Timestamp,
    committed: &mut RematchCommitted,
    tally: &mut Tally,
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
        language: present.language.clone(),
        is_new: false,
        is_alone: false,
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
                record_mentions(
                    conn,
                    &place,
                    std::slice::from_ref(mention),
                    &mut made,
                    tally,
                )?;
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
        if remove(conn, &present, topic, tally)? {
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
fn remove(
    conn: &Connection,
    present: &Present,
    topic: &TopicId,
    tally: &mut Tally,
) -> Result<bool, StoreError> {
    let topic = topic.as_str();
    let known = "SELECT 1 FROM mention WHERE entry_id = ?1 AND topic = ?2";
    let row = params![present.entry, topic];
    if !conn.prepare_cached(known)?.exists(row)? {
        return Ok(false);
    }
    series::uncount(conn, present.entry, topic, tally)?;
    let sql = "DELETE FROM mention WHERE entry_id = ?1 AND topic = ?2";
    conn.prepare_cached(sql)?.execute(row)?;
    Ok(true)
}
