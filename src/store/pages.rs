//! The pages behind entries: which are to be read, and what was read.
//!
//! A wish for a page is written with its entry, in the poll's own transaction, and stays until the
//! page was read or given up, so that a crash loses none. What is found in a page is committed
//! with its text, like a poll.

use std::time::Duration;

use super::sql::{Connection, OptionalExtension, params};

use super::alike::{self, Looks, Story};
use super::feeds::time;
use super::mentions::{Place, record_mentions};
use super::record::{Committed, MentionRecord};
use super::tally::Tally;
use super::turns::Turns;
use super::{FeedRow, Store, StoreError, indexed};
use crate::dedup::Fingerprint;
use crate::fleet::Fence;
use crate::model::{Entry, EntryKey, StoryKey, Timestamp};
use crate::search::EntryTokens;

/// The page of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageId(pub(super) i64);

#[cfg(test)]
impl PageId {
    pub(crate) fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    pub(crate) fn to_raw(self) -> i64 {
        self.0
    }
}

/// A page that waits to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingPage {
    /// Which.
    pub id: PageId,
    /// The id of the entry's feed in the configuration.
    pub feed: String,
    /// Where it is.
    pub url: String,
    /// When it may be asked for.
    pub next_attempt: Timestamp,
}

/// All that reading a page needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct PageJob {
    /// Where it is.
    pub url: String,
    /// Attempts made so far.
    pub attempts: u32,
    /// How often the entry had been revised; to be handed back with what comes of the page.
    pub revision: i64,
    /// The entry, with the feed's own texts.
    pub entry: Entry,
    /// The entry's key within its feed.
    pub key: EntryKey,
    /// The story it tells.
    pub story: StoryKey,
    /// The entry's language as far as known.
    pub language: Option<String>,
    /// When the entry was first seen.
    pub first_seen: Timestamp,
    /// The text of the story's page, if another entry of it was read before.
    pub known_text: Option<String>,
}

/// What an attempt to read a page came to.
#[derive(Debug)]
pub enum PageOutcome {
    /// It was read.
    Read {
        /// Its text, which takes the place of the entry's content.
        text: String,
        /// The entry's language and what says so, if the page knows better.
        language: Option<(String, &'static str)>,
        /// What of this text can be compared.
        fingerprint: Option<Box<Fingerprint>>,
        /// How far apart in time entries with like texts may be to tell one story.
        window: Duration,
        /// What the index of the history holds of the entry with this text.
        tokens: Box<EntryTokens>,
        /// The topics found in the entry with this text.
        mentions: Vec<MentionRecord>,
    },
    /// It is to be tried again.
    Retry {
        /// When.
        at: Timestamp,
        /// Why, in words.
        error: String,
    },
    /// It is given up; the entry keeps the feed's own text.
    Failed {
        /// Why, in words.
        error: String,
    },
}

/// An attempt to read a page, ready to be committed.
#[derive(Debug)]
pub struct PageRecord {
    /// The page.
    pub page: PageId,
    /// The revision of the entry for which it was read.
    pub revision: i64,
    /// When the attempt ended.
    pub at: Timestamp,
    /// What it came to.
    pub outcome: PageOutcome,
}

impl Store {
    /// Pages that wait, earliest first, at most `limit`, after `after` in that order; of each feed
    /// its `per_feed` earliest only, so that none crowds out the others.
    ///
    /// # Errors
    /// What the database says.
    pub async fn waiting_pages(
        &self,
        after: Option<(Timestamp, PageId)>,
        per_feed: usize,
        limit: usize,
    ) -> Result<Vec<WaitingPage>, StoreError> {
        self.waiting_pages_in(None, after, per_feed, limit).await
    }

    /// The same of these shards of hosts only.
    ///
    /// # Errors
    /// What the database says.
    pub async fn waiting_pages_in(
        &self,
        shards: Option<Vec<i64>>,
        after: Option<(Timestamp, PageId)>,
        per_feed: usize,
        limit: usize,
    ) -> Result<Vec<WaitingPage>, StoreError> {
        self.read(move |conn| {
            let shards = shards.filter(|_| conn.is_postgres()).map(|shards| {
                let shards: Vec<String> = shards.iter().map(i64::to_string).collect();
                format!("AND p.shard IN ({})", shards.join(", "))
            });
            // A worker that holds no host reads no page.
            let shards = shards.map_or(String::new(), |one| one.replace("IN ()", "IS NULL"));
            let (ms, id) = after.map_or((i64::MIN, 0), |(at, page)| (at.as_millis(), page.0));
            let mut statement = conn.prepare_cached(&format!(
                "SELECT entry_id, name, url, next_attempt_ms FROM (
                   SELECT p.entry_id, f.name, p.url, p.next_attempt_ms, row_number() OVER
                     (PARTITION BY f.id ORDER BY p.next_attempt_ms, p.entry_id) AS place
                   FROM page p JOIN entry e ON e.id = p.entry_id JOIN feed f ON f.id = e.feed_id
                   WHERE p.state = 'waiting' AND (p.next_attempt_ms, p.entry_id) > (?1, ?2) {shards}) AS waiting
                 WHERE place <= ?3
                 ORDER BY next_attempt_ms, entry_id LIMIT ?4"
            ))?;
            let rows = statement.query_map(params![ms, id, per_feed, limit], |row| {
                Ok(WaitingPage {
                    id: PageId(row.get(0)?),
                    feed: row.get(1)?,
                    url: row.get(2)?,
                    next_attempt: Timestamp::from_millis(row.get(3)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// What reading a page needs to know; `None` when it no longer waits.
    ///
    /// # Errors
    /// What the database says.
    pub async fn page_job(&self, page: PageId) -> Result<Option<PageJob>, StoreError> {
        self.read(move |conn| {
            let job = conn
                .prepare_cached(
                    "SELECT p.url, p.attempts, e.guid, e.link, e.title, e.summary, e.content,
                       e.author, e.language, e.published_ms, e.updated_ms, s.key, e.first_seen_ms,
                       (SELECT o.content FROM entry o
                         WHERE o.story_id = e.story_id AND o.id <> e.id AND o.text_from = 'page'
                           AND e.revisions = 0 AND o.revisions = 0
                           AND (o.link IS NOT DISTINCT FROM e.link OR NOT EXISTS
                             (SELECT 1 FROM story_join j WHERE j.into_id = e.story_id))
                         LIMIT 1),
                       e.revisions, e.key
                     FROM page p JOIN entry e ON e.id = p.entry_id
                       JOIN story s ON s.id = e.story_id
                     WHERE p.entry_id = ?1 AND p.state = 'waiting'",
                )?
                .query_row([page.0], |row| {
                    Ok(PageJob {
                        url: row.get(0)?,
                        attempts: row.get(1)?,
                        entry: Entry {
                            guid: row.get(2)?,
                            link: row.get(3)?,
                            title: row.get(4)?,
                            summary: row.get(5)?,
                            content: row.get(6)?,
                            author: row.get(7)?,
                            published: time(row, 9)?,
                            updated: time(row, 10)?,
                            ..Entry::default()
                        },
                        language: row.get(8)?,
                        story: StoryKey(row.get(11)?),
                        first_seen: Timestamp::from_millis(row.get(12)?),
                        known_text: row.get(13)?,
                        revision: row.get(14)?,
                        key: EntryKey(row.get(15)?),
                    })
                })
                .optional()?;
            Ok(job)
        })
        .await
    }

    /// Records an attempt to read a page, all of it or nothing. One that no longer waits is left
    /// alone; one whose entry was revised meanwhile still waits, as [`Committed::pages`] says: its
    /// text, its link and the page itself may be others now.
    ///
    /// # Errors
    /// What the database says; then nothing was recorded and the page still waits.
    pub async fn commit_page(&self, record: PageRecord) -> Result<Committed, StoreError> {
        self.commit_held_page(record, None).await
    }

    /// The same by a worker that must still hold the page's host.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if it does not, else what the database says; then nothing was recorded.
    pub async fn commit_held_page(
        &self,
        record: PageRecord,
        fence: Option<Fence>,
    ) -> Result<Committed, StoreError> {
        self.write_held(fence, move |conn| commit(conn, &record))
            .await
    }
}

impl Store {
    /// Gives their shards to waiting pages that have none, as those that were copied from a file.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shard_pages(&self) -> Result<(), StoreError> {
        loop {
            let found = self.write(|conn| {
                let mut bare = conn.prepare_cached(
                    "SELECT entry_id, url FROM page WHERE state = 'waiting' AND shard IS NULL
                     ORDER BY entry_id LIMIT 500",
                )?;
                let rows = bare.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let bare: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
                let mut set =
                    conn.prepare_cached("UPDATE page SET shard = ?2 WHERE entry_id = ?1")?;
                for (entry, url) in &bare {
                    set.execute([*entry, shard_of(url)])?;
                }
                Ok(bare.len())
            });
            if found.await? == 0 {
                return Ok(());
            }
        }
    }
}

/// The shard of a page's host; an address that can't be read is anybody's.
fn shard_of(url: &str) -> i64 {
    url.parse().map_or(0, |url| crate::fleet::shard(&url))
}

/// Writes down that an entry's page is to be read, be it again.
pub(super) fn want_page(
    conn: &Connection,
    entry: i64,
    url: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    if conn.is_postgres() {
        conn.prepare_cached(
            "INSERT INTO page (entry_id, url, state, next_attempt_ms, created_ms, shard)
             VALUES (?1, ?2, 'waiting', ?3, ?3, ?4)
             ON CONFLICT (entry_id) DO UPDATE SET url = excluded.url, state = 'waiting', attempts = 0,
               next_attempt_ms = excluded.next_attempt_ms, error = NULL, settled_ms = NULL,
               shard = excluded.shard",
        )?
        .execute(params![entry, url, at.as_millis(), shard_of(url)])?;
        return Ok(());
    }
    conn.prepare_cached(
        "INSERT INTO page (entry_id, url, state, next_attempt_ms, created_ms)
         VALUES (?1, ?2, 'waiting', ?3, ?3)
         ON CONFLICT (entry_id) DO UPDATE SET url = excluded.url, state = 'waiting', attempts = 0,
           next_attempt_ms = excluded.next_attempt_ms, error = NULL, settled_ms = NULL",
    )?
    .execute(params![entry, url, at.as_millis()])?;
    Ok(())
}

/// Waits until nobody else records the entry, its story or a text like it.
fn take_turns(
    conn: &Connection,
    page: i64,
    fingerprint: Option<&Fingerprint>,
) -> Result<(), StoreError> {
    let place: Option<(i64, [u8; 16])> = conn
        .prepare_cached(
            "SELECT e.feed_id, s.key FROM entry e JOIN story s ON s.id = e.story_id WHERE e.id = ?1",
        )?
        .query_row([page], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let mut turns = Turns::default();
    if let Some((feed, story)) = place {
        turns.feed(FeedRow(feed));
        turns.story(StoryKey(story));
    }
    turns.text(fingerprint);
    turns.take(conn)
}

fn commit(conn: &Connection, record: &PageRecord) -> Result<Committed, StoreError> {
    let (mut committed, mut tally) = (Committed::default(), Tally::default());
    let (page, at) = (record.page.0, record.at.as_millis());
    if let PageOutcome::Read { fingerprint, .. } = &record.outcome
        && conn.is_postgres()
    {
        take_turns(conn, page, fingerprint.as_deref())?;
    }
    let revision: Option<i64> = conn
        .prepare_cached(
            "SELECT e.revisions FROM page p JOIN entry e ON e.id = p.entry_id
             WHERE p.entry_id = ?1 AND p.state = 'waiting'",
        )?
        .query_row([page], |row| row.get(0))
        .optional()?;
    if revision != Some(record.revision) {
        committed.pages = usize::from(revision.is_some());
        return Ok(committed);
    }
    let mut settle = conn.prepare_cached(
        "UPDATE page SET state = ?2, attempts = attempts + 1, next_attempt_ms = ?3, error = ?4,
           settled_ms = CASE ?2 WHEN 'waiting' THEN NULL ELSE CAST(?5 AS BIGINT) END WHERE entry_id = ?1",
    )?;
    match &record.outcome {
        PageOutcome::Retry { at: again, error } => {
            settle.execute(params![page, "waiting", again.as_millis(), error, at])?;
        }
        PageOutcome::Failed { error } => {
            settle.execute(params![page, "failed", at, error, at])?;
        }
        PageOutcome::Read {
            text,
            language,
            fingerprint,
            window,
            tokens,
            mentions,
        } => {
            settle.execute(params![page, "read", at, None::<&str>, at])?;
            let (code, basis) = match language {
                Some((code, basis)) => (Some(code), Some(basis)),
                None => (None, None),
            };
            let (mut place, entry) = conn
                .prepare_cached(
                    "UPDATE entry SET content = ?2, text_from = 'page',
                       language = coalesce(?3, language),
                       language_basis = coalesce(?4, language_basis)
                     WHERE id = ?1
                     RETURNING feed_id, story_id, revisions, published_ms, updated_ms,
                       first_seen_ms, title, summary, content,
                       (SELECT key FROM story s WHERE s.id = story_id), language",
                )?
                .query_row(params![page, text, code, basis], |row| {
                    let dated = time(row, 3)?.or(time(row, 4)?);
                    let seen = Timestamp::from_millis(row.get(5)?);
                    let story = Story {
                        row: row.get(1)?,
                        key: StoryKey(row.get(9)?),
                    };
                    let entry = Entry {
                        title: row.get(6)?,
                        summary: row.get(7)?,
                        content: row.get(8)?,
                        ..Entry::default()
                    };
                    let place = Place {
                        feed: FeedRow(row.get(0)?),
                        entry: page,
                        story,
                        revision: row.get(2)?,
                        counted_at: dated.filter(|at| *at <= record.at).unwrap_or(seen),
                        at: record.at,
                        language: row.get(10)?,
                        is_new: false,
                        is_alone: false,
                    };
                    Ok((place, entry))
                })?;
            let old = place.counted_at < record.at - *window;
            let fingerprint = fingerprint.as_deref().filter(|_| !old);
            if let Some(fingerprint) = fingerprint {
                let looks = Looks {
                    entry: &entry,
                    fingerprint,
                    at: place.counted_at,
                    window: *window,
                };
                let own = place.story;
                place.story = alike::rejoin(conn, page, own, looks, record.at)?;
                if place.story != own {
                    Turns::of_story(place.story.key).take(conn)?;
                }
            }
            alike::forget(conn, page)?;
            alike::remember(conn, page, fingerprint, place.counted_at)?;
            indexed::put(conn, page, tokens)?;
            record_mentions(conn, &place, mentions, &mut committed, &mut tally)?;
        }
    }
    tally.write(conn)?;
    Ok(committed)
}
