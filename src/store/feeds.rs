//! Feeds and their schedule: registering what is configured, reading where each stands.

use std::collections::HashMap;
use std::time::Duration;

use super::sql::{Connection, OptionalExtension, Row, params};

use super::commit::hex_list;
use super::registering::{AT_ONCE, register_all};
use super::{Store, StoreError};
use crate::model::{EntryKey, Feed, FeedId, TextHash, Timestamp, UpdateHints, Validators};

/// How far ahead of the clock a recorded time may lie and still be believed; beyond it, a wrong clock
/// wrote it.
pub(super) const CLOCK_SLACK: Duration = Duration::from_mins(1);

/// A feed's number in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedRow(pub(super) i64);

/// What the scheduler needs to know of a configured feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The feed.
    pub id: FeedId,
    /// Its number in the store.
    pub row: FeedRow,
    /// When it is to be polled; `None` for a feed that was never polled, whose URL is new, or whose last
    /// poll is a time to come, as the clock was wrong then.
    pub next_poll: Option<Timestamp>,
    /// When its URL was last polled, be it for another feed or before it left the configuration; a
    /// time to come means that the clock was wrong each time.
    pub last_poll: Option<Timestamp>,
    /// Whether its server said 410 Gone.
    pub gone: bool,
    /// Until when its server asked not to be asked.
    pub wait_until: Option<Timestamp>,
    /// Until when its last answer is fresh.
    pub fresh_until: Option<Timestamp>,
}

/// Where a feed stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeedState {
    /// The feed's id in the configuration.
    pub name: String,
    /// The URL as configured when it was last registered.
    pub url: String,
    /// The source's name.
    pub source: String,
    /// The document's own title.
    pub title: Option<String>,
    /// The document's format.
    pub format: Option<String>,
    /// The document's language.
    pub language: Option<String>,
    /// SHA-256 (first half) of the last document.
    pub body_hash: Option<Vec<u8>>,
    /// When a document was first read from this URL.
    pub first_ok: Option<Timestamp>,
    /// Entries recorded so far.
    pub entries: u64,
    /// When it is to be polled next; `None` when never.
    pub next_poll: Option<Timestamp>,
    /// When it was last polled.
    pub last_poll: Option<Timestamp>,
    /// When it last answered well (changed or not).
    pub last_ok: Option<Timestamp>,
    /// What the last poll came to: `new`, `ok`, `not modified`, `throttled`, `gone`, or the short
    /// name of an error.
    pub status: String,
    /// The last error in words, if the last poll failed.
    pub error: Option<String>,
    /// Failed polls in a row.
    pub failures: u32,
    /// When they began.
    pub failing_since: Option<Timestamp>,
    /// Whether an alert has told of them.
    pub trouble_told: bool,
    /// Until when the server asked for patience.
    pub wait_until: Option<Timestamp>,
    /// When the server said 410 Gone.
    pub gone: Option<Timestamp>,
    /// Where permanent redirects lead, and how many polls in a row said so.
    pub moved: Option<(String, u32)>,
    /// What the last document says of its publishing rhythm.
    pub hints: UpdateHints,
    /// How often the feed publishes, as the last document with new entries left it.
    pub rhythm: Option<Vec<u8>>,
    /// When a whole document was last read.
    pub document: Option<Timestamp>,
    /// What to send in a conditional request.
    pub validators: Option<Validators>,
}

impl Store {
    /// Makes a row for each feed that has none, takes over changed names and URLs, and tells where
    /// each stands. A changed URL starts anew: no validators, no failures, due at once, and its
    /// first document is judged as a first one. What was seen stays seen.
    ///
    /// # Errors
    /// What the database says.
    pub async fn register_feeds(
        &self,
        feeds: &[Feed],
        now: Timestamp,
    ) -> Result<Vec<Registered>, StoreError> {
        let feeds: Vec<_> = feeds
            .iter()
            .map(|f| (f.id.clone(), f.url.clone(), f.name.clone()))
            .collect();
        if self.is_shared() {
            let mut registered = Vec::with_capacity(feeds.len());
            for part in feeds.chunks(AT_ONCE) {
                let part = part.to_vec();
                let one = self.write(move |conn| register_all(conn, &part, now));
                registered.extend(one.await?);
            }
            return Ok(registered);
        }
        self.write(move |conn| {
            feeds
                .iter()
                .map(|(id, url, source)| register(conn, id.clone(), url.as_str(), source, now))
                .collect()
        })
        .await
    }

    /// Puts off the first polls after a crash at `crashed`: a feed that was `due` by then may have been
    /// asked without that being recorded, so it counts as polled then and rests for `floor`. So does one whose
    /// last poll is a time to come, for which a wrong clock is to blame. `due` is later than `crashed` where the
    /// clock had been set back. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rest_after_crash(
        &self,
        due: Timestamp,
        crashed: Timestamp,
        floor: Duration,
    ) -> Result<usize, StoreError> {
        let wrong = (crashed + CLOCK_SLACK).as_millis();
        let due = due.as_millis();
        let (crashed, until) = (crashed.as_millis(), (crashed + floor).as_millis());
        let spread = i64::try_from(floor.as_millis() / 4)
            .unwrap_or(i64::MAX)
            .max(1);
        self.write(move |conn| {
            let dice = conn.either("abs(random() % ?3)", "CAST(floor(random() * ?3) AS BIGINT)");
            let sql = format!(
                "UPDATE schedule SET last_poll_ms = ?1, next_poll_ms = max(?2 + {dice},
                   CASE WHEN last_poll_ms > ?4 THEN 0 ELSE coalesce(next_poll_ms, 0) END)
                 WHERE gone_ms IS NULL
                   AND (next_poll_ms IS NULL OR next_poll_ms <= ?5 OR last_poll_ms > ?4)"
            );
            Ok(conn.execute(&sql, params![crashed, until, spread, wrong, due])?)
        })
        .await
    }

    /// Where a feed stands.
    ///
    /// # Errors
    /// What the database says.
    pub async fn feed_state(&self, feed: FeedRow) -> Result<FeedState, StoreError> {
        self.read_briefly(move |conn| {
            let sql = format!("{SELECT} WHERE f.id = ?1");
            Ok(conn.prepare_cached(&sql)?.query_row([feed.0], feed_state)?)
        })
        .await
    }

    /// Where every feed stands that was ever registered, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare(&format!("{SELECT} ORDER BY f.name"))?;
            let rows = statement.query_map([], feed_state)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The text hashes of those of `keys` that were seen in the feed before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn known(
        &self,
        feed: FeedRow,
        keys: Vec<EntryKey>,
    ) -> Result<HashMap<EntryKey, TextHash>, StoreError> {
        self.read_briefly(move |conn| {
            if conn.is_postgres() {
                let each = conn.each("?2");
                let mut statement = conn.prepare_cached(&format!(
                    "SELECT key, text_hash FROM seen WHERE feed_id = ?1
                       AND key IN (SELECT decode(k.value, 'hex') FROM {each} k)"
                ))?;
                let asked = params![feed.0, hex_list(keys.iter())];
                let rows = statement.query_map(asked, |row| {
                    Ok((EntryKey(row.get(0)?), TextHash(row.get(1)?)))
                })?;
                return Ok(rows.collect::<Result<_, _>>()?);
            }
            let mut statement =
                conn.prepare_cached("SELECT text_hash FROM seen WHERE feed_id = ?1 AND key = ?2")?;
            let mut known = HashMap::with_capacity(keys.len());
            for key in keys {
                let found: Option<[u8; 16]> = statement
                    .query_row(params![feed.0, key.0], |row| row.get(0))
                    .optional()?;
                if let Some(hash) = found {
                    known.insert(key, TextHash(hash));
                }
            }
            Ok(known)
        })
        .await
    }
}

pub(super) fn register(
    conn: &Connection,
    id: FeedId,
    url: &str,
    source: &str,
    now: Timestamp,
) -> Result<Registered, StoreError> {
    let known: Option<(i64, String, String)> = conn
        .prepare_cached("SELECT id, url, source FROM feed WHERE name = ?1")?
        .query_row([id.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let row = match known {
        None => {
            let row: i64 = conn
                .prepare_cached(
                    "INSERT INTO feed (name, url, source) VALUES (?1, ?2, ?3) RETURNING id",
                )?
                .query_row(params![id.as_str(), url, source], |row| row.get(0))?;
            conn.prepare_cached("INSERT INTO schedule (feed_id) VALUES (?1)")?
                .execute([row])?;
            row
        }
        Some((row, old_url, old_source)) => {
            if old_url != url {
                let polled = conn.query_row(
                    "SELECT last_poll_ms FROM schedule WHERE feed_id = ?1",
                    [row],
                    |row| time(row, 0),
                )?;
                if let Some(at) = polled {
                    leave_url(conn, &old_url, at)?;
                }
                conn.execute(
                    "UPDATE feed SET url = ?2, body_hash = NULL, first_ok_ms = NULL, ttl_ms = NULL,
                       update_period_ms = NULL, skip_hours = 0, skip_days = 0 WHERE id = ?1",
                    params![row, url],
                )?;
                conn.execute(
                    "UPDATE schedule SET next_poll_ms = NULL, last_poll_ms = NULL, status = 'new',
                       error = NULL, failures = 0, failing_since_ms = NULL, trouble_told = 0,
                       wait_until_ms = NULL, fresh_until_ms = NULL, gone_ms = NULL, moved_url = NULL,
                       moved_polls = 0, validator_url = NULL, etag = NULL, last_modified = NULL
                     WHERE feed_id = ?1",
                    [row],
                )?;
                // What hubs push is the old URL's; the new one's document names its own.
                conn.execute(
                    "UPDATE subscription SET state = 'leaving', next_action_ms = 0, attempts = 0
                     WHERE feed_id = ?1 AND state IN ('wanted', 'requested', 'active', 'failed')",
                    [row],
                )?;
            }
            if old_source != source {
                conn.execute(
                    "UPDATE feed SET source = ?2 WHERE id = ?1",
                    params![row, source],
                )?;
            }
            row
        }
    };
    let (next_poll, gone, wait_until, last_poll, fresh_until) = conn
        .prepare_cached(
            "SELECT CASE WHEN last_poll_ms > ?3 THEN NULL ELSE next_poll_ms END,
               gone_ms IS NOT NULL, wait_until_ms,
               (SELECT coalesce(max(CASE WHEN at <= ?3 THEN at END), max(at)) FROM (
                  SELECT s.last_poll_ms AS at FROM feed f JOIN schedule s ON s.feed_id = f.id
                    WHERE f.url = ?2
                  UNION ALL SELECT last_poll_ms FROM left_url WHERE url = ?2) AS polls),
               fresh_until_ms
             FROM schedule WHERE feed_id = ?1",
        )?
        .query_row(params![row, url, (now + CLOCK_SLACK).as_millis()], |r| {
            Ok((
                time(r, 0)?,
                r.get(1)?,
                time(r, 2)?,
                time(r, 3)?,
                time(r, 4)?,
            ))
        })?;
    Ok(Registered {
        id,
        row: FeedRow(row),
        next_poll,
        last_poll,
        gone,
        wait_until,
        fresh_until,
    })
}

/// Remembers when a URL that no feed has any more was last polled.
pub(super) fn leave_url(conn: &Connection, url: &str, at: Timestamp) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO left_url (url, last_poll_ms) VALUES (?1, ?2)
         ON CONFLICT (url) DO UPDATE SET
           last_poll_ms = max(left_url.last_poll_ms, excluded.last_poll_ms)",
    )?
    .execute(params![url, at.as_millis()])?;
    Ok(())
}

const SELECT: &str = "SELECT f.name, f.url, f.source, f.title, f.format, f.language, f.body_hash,
    f.first_ok_ms, f.entries, s.next_poll_ms, s.last_poll_ms, s.last_ok_ms, s.status, s.error,
    s.failures, s.failing_since_ms, s.trouble_told, s.wait_until_ms, s.gone_ms, s.moved_url,
    s.moved_polls, s.validator_url, s.etag, s.last_modified, f.ttl_ms, f.update_period_ms,
    f.skip_hours, f.skip_days, f.rhythm, f.document_ms
  FROM feed f JOIN schedule s ON s.feed_id = f.id";

fn feed_state(row: &Row<'_>) -> super::sql::Result<FeedState> {
    let moved_url: Option<String> = row.get(19)?;
    let moved_polls = row.get(20)?;
    let validator_url: Option<String> = row.get(21)?;
    let (etag, last_modified) = (row.get(22)?, row.get(23)?);
    Ok(FeedState {
        name: row.get(0)?,
        url: row.get(1)?,
        source: row.get(2)?,
        title: row.get(3)?,
        format: row.get(4)?,
        language: row.get(5)?,
        body_hash: row.get(6)?,
        first_ok: time(row, 7)?,
        entries: row.get::<_, i64>(8)?.unsigned_abs(),
        next_poll: time(row, 9)?,
        last_poll: time(row, 10)?,
        last_ok: time(row, 11)?,
        status: row.get(12)?,
        error: row.get(13)?,
        failures: row.get(14)?,
        failing_since: time(row, 15)?,
        trouble_told: row.get(16)?,
        wait_until: time(row, 17)?,
        gone: time(row, 18)?,
        moved: moved_url.map(|url| (url, moved_polls)),
        hints: UpdateHints {
            ttl: row.get::<_, Option<u64>>(24)?.map(Duration::from_millis),
            update_period: row.get::<_, Option<u64>>(25)?.map(Duration::from_millis),
            skip_hours: row.get(26)?,
            skip_days: row.get(27)?,
        },
        rhythm: row.get(28)?,
        document: time(row, 29)?,
        validators: validator_url.map(|url| Validators {
            url,
            etag,
            last_modified,
        }),
    })
}

/// Reads a nullable column of milliseconds.
pub(super) fn time(row: &Row<'_>, column: usize) -> super::sql::Result<Option<Timestamp>> {
    Ok(row
        .get::<_, Option<i64>>(column)?
        .map(Timestamp::from_millis))
}
