//! One poll, one transaction.
//!
//! [`Store::commit_poll`] records all that follows from a poll: schedule, entries, mentions,
//! counts, alerts and the outbox. Uniqueness is held by the tables: an entry is new once per feed
//! and key, an alert exists once per topic and story, a delivery once per alert and sink. Which story
//! an entry tells is decided here too ([`super::alike`]), after all that was committed before
//! ([`super::turns`] sees to that where several commit at once). A poll
//! that found nothing new writes its schedule row and nothing else.

use std::fmt::Write as _;
use std::time::Duration;

use super::sql::{Connection, OptionalExtension, params};

use super::alike::{self, Found, Looks};
use super::feeds::leave_url;
use super::mentions::{Place, Subject, insert_alert, record_mentions};
use super::pages::want_page;
use super::record::{Committed, DocumentRecord, EntryRecord, PollRecord, PushRecord};
use super::standing::update_schedule;
use super::tally::Tally;
use super::turns::Turns;
use super::{FeedRow, Store, StoreError, indexed, series};
use crate::fleet::Fence;
use crate::model::{EntryKey, Timestamp};

/// How often at most a key is marked as still being served. It keeps unchanged entries of a
/// changed document from costing a write each.
const SERVED_STEP: Duration = Duration::from_hours(24);
/// Of a document's new entries so many are compared with other texts: a first poll may bring
/// thousands, and the writer is everybody's.
const MOST_COMPARED: usize = 500;

impl Store {
    /// Records a poll, all of it or nothing.
    ///
    /// # Errors
    /// What the database says; then nothing was recorded and the poll counts as not made.
    pub async fn commit_poll(&self, record: PollRecord) -> Result<Committed, StoreError> {
        self.commit_held_poll(record, None).await
    }

    /// The same by a worker that must still hold the feed's host.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if it does not, else what the database says; then nothing was recorded.
    pub async fn commit_held_poll(
        &self,
        record: PollRecord,
        fence: Option<Fence>,
    ) -> Result<Committed, StoreError> {
        self.write_held(fence, move |conn| commit(conn, &record))
            .await
    }

    /// Records what a hub pushed, all of it or nothing. Content for a URL that has been replaced
    /// counts as not pushed.
    ///
    /// # Errors
    /// What the database says; then nothing was recorded.
    pub async fn commit_push(&self, record: PushRecord) -> Result<Committed, StoreError> {
        self.write(move |conn| {
            let (mut committed, mut tally) = (Committed::default(), Tally::default());
            if !is_current(conn, record.feed, &record.url)? {
                return Ok(committed);
            }
            let source = Source {
                feed: record.feed,
                at: record.at,
            };
            let document = &record.document;
            record_entries(conn, source, document, &mut committed, &mut tally)?;
            // What a hub sends is no answer of the feed's own server: neither its hash nor its
            // time, nor that it is the first, says anything about the next one.
            conn.prepare_cached(
                "UPDATE feed SET entries = entries + ?2, rhythm = coalesce(?3, rhythm)
                 WHERE id = ?1",
            )?
            .execute(params![
                record.feed.0,
                committed.new_entries,
                document.rhythm
            ])?;
            tally.write(conn)?;
            Ok(committed)
        })
        .await
    }
}

/// Where entries come from, and when.
#[derive(Debug, Clone, Copy)]
struct Source {
    feed: FeedRow,
    at: Timestamp,
}

impl Source {
    /// Whether an entry is new enough for its text to be compared: what is older than the window can't be
    /// joined by what is new.
    fn compares(self, entry: &EntryRecord, window: Duration) -> bool {
        entry.counted_at >= self.at - window
    }
}

/// Whether the feed still has this URL.
fn is_current(conn: &Connection, feed: FeedRow, url: &str) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM feed WHERE id = ?1 AND url = ?2")?
        .exists(params![feed.0, url])?)
}

fn commit(conn: &Connection, record: &PollRecord) -> Result<Committed, StoreError> {
    let (mut committed, mut tally) = (Committed::default(), Tally::default());
    if !is_current(conn, record.feed, &record.url)? {
        leave_url(conn, &record.url, record.at)?;
        return Ok(committed);
    }
    update_schedule(conn, record)?;
    if let Some(document) = &record.document {
        record_document(conn, record, document, &mut committed, &mut tally)?;
    }
    if let Some(alert) = &record.trouble {
        let about = Subject {
            id: &alert.id,
            topic: None,
            story: None,
            feed: Some(record.feed),
        };
        let made = insert_alert(conn, alert, &about, record.at)?;
        committed.alerts += usize::from(made);
        conn.execute(
            "UPDATE schedule SET trouble_told = 1 WHERE feed_id = ?1",
            [record.feed.0],
        )?;
    }
    tally.write(conn)?;
    Ok(committed)
}

fn record_document(
    conn: &Connection,
    record: &PollRecord,
    document: &DocumentRecord,
    committed: &mut Committed,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let source = Source {
        feed: record.feed,
        at: record.at,
    };
    record_entries(conn, source, document, committed, tally)?;
    let at = record.at.as_millis();
    conn.prepare_cached(
        "UPDATE feed SET title = ?2, format = ?3, language = ?4, body_hash = ?5,
           document_ms = CASE WHEN ?13 THEN document_ms ELSE ?6 END,
           first_ok_ms = coalesce(first_ok_ms, ?6), entries = entries + ?7, ttl_ms = ?8,
           update_period_ms = ?9, skip_hours = ?10, skip_days = ?11, rhythm = coalesce(?12, rhythm) WHERE id = ?1",
    )?
    .execute(params![
        record.feed.0,
        document.title,
        document.format,
        document.language,
        document.body_hash,
        at,
        committed.new_entries,
        document.hints.ttl.map(millis),
        document.hints.update_period.map(millis),
        document.hints.skip_hours,
        document.hints.skip_days,
        document.rhythm,
        document.partial
    ])?;
    Ok(())
}

fn record_entries(
    conn: &Connection,
    source: Source,
    document: &DocumentRecord,
    committed: &mut Committed,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let window = document.window;
    if conn.is_postgres() {
        let is_compared = |entry: &EntryRecord| source.compares(entry, window);
        Turns::of_document(source.feed, document, is_compared).take(conn)?;
    }
    for (n, entry) in document.entries.iter().enumerate() {
        let window = (n < MOST_COMPARED).then_some(window);
        record_entry(conn, source, entry, window, committed, tally)?;
    }
    if conn.is_postgres() {
        let (at, stale) = (source.at.as_millis(), (source.at - SERVED_STEP).as_millis());
        let keys = hex_list(document.served.iter());
        let each = conn.each("?2");
        conn.prepare_cached(&format!(
            "UPDATE seen SET served_ms = ?3 WHERE feed_id = ?1 AND served_ms < ?4
               AND key IN (SELECT decode(k.value, 'hex') FROM {each} k)"
        ))?
        .execute(params![source.feed.0, keys, at, stale])?;
        return Ok(());
    }
    let mut served = conn.prepare_cached(
        "UPDATE seen SET served_ms = ?3 WHERE feed_id = ?1 AND key = ?2 AND served_ms < ?4",
    )?;
    let (at, stale) = (source.at.as_millis(), (source.at - SERVED_STEP).as_millis());
    for key in &document.served {
        served.execute(params![source.feed.0, key.0, at, stale])?;
    }
    Ok(())
}

fn record_entry(
    conn: &Connection,
    source: Source,
    item: &EntryRecord,
    window: Option<Duration>,
    committed: &mut Committed,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let (feed, at) = (source.feed.0, source.at.as_millis());
    let old: Option<[u8; 16]> = conn
        .prepare_cached("SELECT text_hash FROM seen WHERE feed_id = ?1 AND key = ?2")?
        .query_row(params![feed, item.key.0], |row| row.get(0))
        .optional()?;
    match old {
        Some(hash) if hash == item.text_hash.0 => return Ok(()),
        Some(_) => committed.revised += 1,
        None => committed.new_entries += 1,
    }
    conn.prepare_cached(
        "INSERT INTO seen (feed_id, key, text_hash, served_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (feed_id, key) DO UPDATE SET text_hash = excluded.text_hash, served_ms = excluded.served_ms",
    )?
    .execute(params![feed, item.key.0, item.text_hash.0, at])?;

    let entry = &item.entry;
    let window = window.filter(|window| source.compares(item, *window));
    let looks = item
        .fingerprint
        .as_ref()
        .zip(window)
        .map(|(fingerprint, window)| Looks {
            entry,
            fingerprint,
            at: item.counted_at,
            window,
        });
    let Found {
        story,
        join,
        is_alone,
    } = alike::story(conn, item.story, looks, source.at)?;
    if story.key != item.story {
        Turns::of_story(story.key).take(conn)?;
    }
    conn.prepare_cached(
        "INSERT INTO story_source (story_id, feed_id, link, first_seen_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![story.row, feed, entry.link, at])?;
    let (entry_row, revision): (i64, i64) = conn
        .prepare_cached(
            "INSERT INTO entry (feed_id, key, story_id, guid, link, title, summary, content, author,
               language, published_ms, updated_ms, date_note, first_seen_ms, language_basis,
               counted_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT (feed_id, key) DO UPDATE SET story_id = excluded.story_id,
               link = excluded.link, title = excluded.title, summary = excluded.summary,
               content = excluded.content, author = excluded.author, language = excluded.language,
               language_basis = excluded.language_basis, text_from = 'feed',
               published_ms = excluded.published_ms, updated_ms = excluded.updated_ms,
               date_note = excluded.date_note, revised_ms = excluded.first_seen_ms,
               counted_ms = coalesce(excluded.counted_ms, entry.counted_ms),
               revisions = entry.revisions + 1
             RETURNING id, revisions",
        )?
        .query_row(
            params![
                feed,
                item.key.0,
                story.row,
                entry.guid.as_deref().map(|g| cut(g, MAX_GUID)),
                entry.link,
                entry.title,
                entry.summary,
                entry.content,
                entry.author,
                item.language,
                entry.published.map(Timestamp::as_millis),
                entry.updated.map(Timestamp::as_millis),
                entry.date_note.map(crate::model::DateNote::as_str),
                at,
                item.language_basis,
                old.is_none().then_some(item.counted_at.as_millis())
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
    indexed::put(conn, entry_row, &item.tokens)?;
    let fingerprint = looks.map(|looks| looks.fingerprint);
    if revision > 0 {
        alike::forget(conn, entry_row)?;
    }
    alike::remember(conn, entry_row, fingerprint, item.counted_at)?;
    if let Some(join) = &join {
        alike::record_join(conn, join, entry_row, source.at)?;
        committed.joined += 1;
    }
    let place = Place {
        feed: source.feed,
        entry: entry_row,
        story,
        revision,
        counted_at: item.counted_at,
        at: source.at,
        language: item.language.clone(),
        is_new: revision == 0,
        is_alone,
    };
    if old.is_none() {
        series::count_entry(conn, &place, tally)?;
    }
    record_mentions(conn, &place, &item.mentions, committed, tally)?;
    if let Some(url) = &item.page {
        want_page(conn, entry_row, url, source.at)?;
        committed.pages += 1;
    }
    Ok(())
}

/// Keys as a JSON list, for one look at all of them.
pub(super) fn hex_list<'k>(keys: impl Iterator<Item = &'k EntryKey>) -> String {
    let mut list = String::from("[");
    for key in keys {
        if list.len() > 1 {
            list.push(',');
        }
        list.push('"');
        for byte in key.0 {
            // Writing to a String can't fail.
            let _ = write!(list, "{byte:02x}");
        }
        list.push('"');
    }
    list.push(']');
    list
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// GUIDs are kept for people; keys are made from the whole of them.
const MAX_GUID: usize = 1024;

fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}
