//! Which story an entry tells: that of its link, or that of a text like its own.
//!
//! A story that no link knows is looked for among the fingerprints of the window, inside the
//! transaction that records the entry. There is one writer, so of two polls that bring the same
//! text at the same time one finds the other. An entry always belongs to the story that was there
//! first; why is kept in `story_join`, and every later entry with either link belongs to it too.
//!
//! A look costs a bounded number of rows, however many entries share a band or a template.

use std::collections::HashMap;
use std::time::Duration;

use super::sql::{Connection, OptionalExtension, Statement, json, params};

use super::StoreError;
use crate::dedup::{FEWEST_AGREEING, Fingerprint, Passage, Verdict, compare};
use crate::model::{Entry, StoryKey, Timestamp};

/// Of the entries that share a band the newest so many are looked at.
const BAND_ROWS: usize = 64;
/// Fingerprints that are compared, those with most bands in common first.
const MOST_FINGERPRINTS: usize = 128;
/// Texts that are compared, those with the most agreeing fingerprints first.
const MOST_TEXTS: usize = 6;

/// What is known of an entry by which its story may be found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looks<'e> {
    pub(super) entry: &'e Entry,
    pub(super) fingerprint: &'e Fingerprint,
    /// When it was published, else first seen.
    pub(super) at: Timestamp,
    /// How far apart in time two copies may be.
    pub(super) window: Duration,
}

impl Looks<'_> {
    /// From when until when copies of it may be, in milliseconds.
    fn times(&self) -> (i64, i64) {
        let window = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX);
        let at = self.at.as_millis();
        (at.saturating_sub(window), at.saturating_add(window))
    }
}

/// A story's row and key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Story {
    pub(super) row: i64,
    pub(super) key: StoryKey,
}

/// Which story an entry tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) story: Story,
    /// Why it is not that of the entry's own key, where that was found now.
    pub(super) join: Option<Join>,
    /// Whether it was made now, and so is nobody else's.
    pub(super) is_alone: bool,
}

/// A story that was found to be another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Join {
    /// The row of its own key.
    own: i64,
    into: i64,
    /// The entry whose text is alike.
    like: i64,
    likeness: f64,
}

/// The story of a key, made if there is none and no entry within the window tells the same.
pub(super) fn story(
    conn: &Connection,
    key: StoryKey,
    looks: Option<Looks<'_>>,
    at: Timestamp,
) -> Result<Found, StoreError> {
    let known = conn
        .prepare_cached(
            "SELECT r.id, r.key FROM story s LEFT JOIN story_join j ON j.story_id = s.id
               JOIN story r ON r.id = coalesce(j.into_id, s.id)
             WHERE s.key = ?1",
        )?
        .query_row([key.0], |row| {
            let key = StoryKey(row.get(1)?);
            Ok(Story {
                row: row.get(0)?,
                key,
            })
        })
        .optional()?;
    if let Some(story) = known {
        return Ok(Found {
            story,
            join: None,
            is_alone: false,
        });
    }
    let row = conn
        .prepare_cached("INSERT INTO story (key, first_seen_ms) VALUES (?1, ?2) RETURNING id")?
        .query_row(params![key.0, at.as_millis()], |row| row.get(0))?;
    let own = Story { row, key };
    let (story, join) = match looks {
        Some(looks) => like(conn, looks, own, None)?,
        None => (own, None),
    };
    Ok(Found {
        story,
        join,
        is_alone: join.is_none(),
    })
}

/// The story of the most alike entry of another story than `own`, if any is alike enough.
fn like(
    conn: &Connection,
    looks: Looks<'_>,
    own: Story,
    but: Option<i64>,
) -> Result<(Story, Option<Join>), StoreError> {
    let mut passage = None;
    let mut text = conn.prepare_cached(
        "SELECT e.story_id, s.key, e.title, e.summary, e.content
         FROM entry e JOIN story s ON s.id = e.story_id WHERE e.id = ?1",
    )?;
    for (entry, at) in candidates(conn, looks, but)? {
        let read = text.query_row([entry], |row| {
            let found = Story {
                row: row.get(0)?,
                key: StoryKey(row.get(1)?),
            };
            let other = Entry {
                title: row.get(2)?,
                summary: row.get(3)?,
                content: row.get(4)?,
                ..Entry::default()
            };
            Ok((found, other))
        });
        // On a server it may have been removed since.
        let Some((found, other)) = read.optional()? else {
            continue;
        };
        if found.row == own.row {
            continue;
        }
        let passage = passage.get_or_insert_with(|| Passage::of(looks.entry));
        if let Verdict::Same(likeness) = compare(passage, &Passage::of(&other), apart(looks.at, at))
        {
            let join = Join {
                own: own.row,
                into: found.row,
                like: entry,
                likeness,
            };
            return Ok((found, Some(join)));
        }
    }
    Ok((own, None))
}

/// Entries within the window that are worth comparing, with their times; the likeliest first.
fn candidates(
    conn: &Connection,
    looks: Looks<'_>,
    but: Option<i64>,
) -> Result<Vec<(i64, Timestamp)>, StoreError> {
    let shared = if conn.is_postgres() {
        sharing_at_once(conn, looks)?
    } else {
        sharing(conn, looks)?
    };
    let mut shared: Vec<_> = shared
        .into_iter()
        .filter(|(id, _)| Some(*id) != but)
        .collect();
    shared.sort_unstable_by_key(|(entry, bands)| (std::cmp::Reverse(*bands), *entry));
    shared.truncate(MOST_FINGERPRINTS);
    let ids: Vec<i64> = shared.into_iter().map(|(entry, _)| entry).collect();
    let mut alike = Vec::new();
    for (entry, found, at) in fingerprints(conn, looks, &ids)? {
        let agreement = looks.fingerprint.agreement(&found);
        if agreement >= FEWEST_AGREEING && apart(looks.at, at) <= looks.window {
            alike.push((agreement, entry, at));
        }
    }
    alike.sort_unstable_by_key(|(agreement, entry, _)| (std::cmp::Reverse(*agreement), *entry));
    alike.truncate(MOST_TEXTS);
    Ok(alike
        .into_iter()
        .map(|(_, entry, at)| (entry, at))
        .collect())
}

/// Entries that share bands with a text, and how many; band by band.
fn sharing(conn: &Connection, looks: Looks<'_>) -> Result<HashMap<i64, usize>, StoreError> {
    let mut shared: HashMap<i64, usize> = HashMap::new();
    let mut band_rows = conn.prepare_cached(
        "SELECT entry_id FROM fingerprint_band WHERE band = ?1 ORDER BY entry_id DESC LIMIT ?2",
    )?;
    for band in looks.fingerprint.bands() {
        let rows = band_rows.query_map(params![band.cast_signed(), BAND_ROWS], |row| row.get(0))?;
        for entry in rows {
            *shared.entry(entry?).or_default() += 1;
        }
    }
    Ok(shared)
}

/// The same with one look, where each is a way to the server and back, and only into the days of the window.
fn sharing_at_once(conn: &Connection, looks: Looks<'_>) -> Result<HashMap<i64, usize>, StoreError> {
    let each = conn.each("?1");
    let (from, to) = looks.times();
    let mut rows = conn.prepare_cached(&format!(
        "SELECT s.entry_id, count(*) FROM {each} b CROSS JOIN LATERAL
           (SELECT entry_id FROM fingerprint_band WHERE band = CAST(b.value AS BIGINT)
              AND at_ms >= ?3 AND at_ms <= ?4
            ORDER BY entry_id DESC LIMIT ?2) s
         GROUP BY s.entry_id"
    ))?;
    let bands = bands(looks.fingerprint);
    let rows = rows.query_map(params![bands, BAND_ROWS, from, to], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The bands of a fingerprint as a JSON list.
fn bands(fingerprint: &Fingerprint) -> String {
    let bands = fingerprint.bands().map(u32::cast_signed);
    json(&bands)
}

/// The fingerprints of these entries, in their order; on a server only those of the window.
fn fingerprints(
    conn: &Connection,
    looks: Looks<'_>,
    ids: &[i64],
) -> Result<Vec<(i64, Fingerprint, Timestamp)>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    if !conn.is_postgres() {
        let sql = "SELECT sketch, at_ms FROM fingerprint WHERE entry_id = ?1";
        let mut fingerprint = conn.prepare_cached(sql)?;
        for entry in ids {
            if let Some((fingerprint, at)) = read(&mut fingerprint, *entry)? {
                found.push((*entry, fingerprint, at));
            }
        }
        return Ok(found);
    }
    let list = json(&ids);
    let each = conn.each("?1");
    let (from, to) = looks.times();
    let mut rows = conn.prepare_cached(&format!(
        "SELECT f.entry_id, f.sketch, f.at_ms FROM {each} i
           JOIN fingerprint f ON f.entry_id = CAST(i.value AS BIGINT) AND f.at_ms >= ?2 AND f.at_ms <= ?3
         ORDER BY i.key"
    ))?;
    let mut rows = rows.query(params![list, from, to])?;
    while let Some(row) = &rows.next()? {
        let sketch: Vec<u8> = row.get(1)?;
        if let Some(fingerprint) = Fingerprint::from_bytes(&sketch) {
            found.push((
                row.get(0)?,
                fingerprint,
                Timestamp::from_millis(row.get(2)?),
            ));
        }
    }
    Ok(found)
}

fn read(
    statement: &mut Statement<'_>,
    entry: i64,
) -> Result<Option<(Fingerprint, Timestamp)>, StoreError> {
    let row: Option<(Vec<u8>, i64)> = statement
        .query_row([entry], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.and_then(|(sketch, at)| {
        Some((
            Fingerprint::from_bytes(&sketch)?,
            Timestamp::from_millis(at),
        ))
    }))
}

fn apart(a: Timestamp, b: Timestamp) -> Duration {
    Duration::from_millis(a.as_millis().abs_diff(b.as_millis()))
}

/// Writes down that a story is another one, and what said so.
pub(super) fn record_join(
    conn: &Connection,
    join: &Join,
    entry: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO story_join (story_id, into_id, entry_id, like_entry_id, likeness, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        join.own,
        join.into,
        entry,
        join.like,
        join.likeness,
        at.as_millis()
    ])?;
    Ok(())
}

/// Records the fingerprint of an entry that has none, or of which the former was [forgotten](forget).
pub(super) fn remember(
    conn: &Connection,
    entry: i64,
    fingerprint: Option<&Fingerprint>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(fingerprint) = fingerprint else {
        return Ok(());
    };
    conn.prepare_cached("INSERT INTO fingerprint (entry_id, at_ms, sketch) VALUES (?1, ?2, ?3)")?
        .execute(params![entry, at.as_millis(), fingerprint.to_bytes()])?;
    if conn.is_postgres() {
        let each = conn.each("?1");
        conn.prepare_cached(&format!(
            "INSERT INTO fingerprint_band (band, entry_id, at_ms)
             SELECT DISTINCT CAST(b.value AS BIGINT), CAST(?2 AS BIGINT), CAST(?3 AS BIGINT) FROM {each} b
             ON CONFLICT DO NOTHING"
        ))?
        .execute(params![bands(fingerprint), entry, at.as_millis()])?;
        return Ok(());
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO fingerprint_band (band, entry_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?;
    for band in fingerprint.bands() {
        insert.execute(params![band.cast_signed(), entry])?;
    }
    Ok(())
}

/// Removes an entry's fingerprint; says whether there was one.
pub(super) fn forget(conn: &Connection, entry: i64) -> Result<bool, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT sketch, at_ms FROM fingerprint WHERE entry_id = ?1")?;
    // An entry has one: whoever records it has its row, and forgets the former first.
    let Some((fingerprint, at)) = read(&mut statement, entry)? else {
        return Ok(false);
    };
    let at = at.as_millis();
    if conn.is_postgres() {
        let each = conn.each("?1");
        conn.prepare_cached(&format!(
            "DELETE FROM fingerprint_band WHERE entry_id = ?2 AND at_ms = ?3
               AND band IN (SELECT CAST(b.value AS BIGINT) FROM {each} b)"
        ))?
        .execute(params![bands(&fingerprint), entry, at])?;
    } else {
        let mut delete =
            conn.prepare_cached("DELETE FROM fingerprint_band WHERE band = ?1 AND entry_id = ?2")?;
        for band in fingerprint.bands() {
            delete.execute(params![band.cast_signed(), entry])?;
        }
    }
    conn.prepare_cached("DELETE FROM fingerprint WHERE entry_id = ?1 AND at_ms = ?2")?
        .execute(params![entry, at])?;
    Ok(true)
}

/// After an entry's text became another: lets it join the story of a text like it, if its own is
/// still nobody else's and nothing was told of it. Gives the story it belongs to then.
pub(super) fn rejoin(
    conn: &Connection,
    entry: i64,
    own: Story,
    looks: Looks<'_>,
    at: Timestamp,
) -> Result<Story, StoreError> {
    let taken = conn
        .prepare_cached(
            "SELECT 1 FROM entry WHERE story_id = ?1 AND id <> ?2
             UNION ALL SELECT 1 FROM alert WHERE story_id = ?1
             UNION ALL SELECT 1 FROM story_join WHERE into_id = ?1",
        )?
        .exists(params![own.row, entry])?;
    if taken {
        return Ok(own);
    }
    let (story, Some(join)) = like(conn, looks, own, Some(entry))? else {
        return Ok(own);
    };
    conn.prepare_cached("UPDATE entry SET story_id = ?2 WHERE id = ?1")?
        .execute(params![entry, story.row])?;
    conn.prepare_cached(
        "INSERT INTO story_source (story_id, feed_id, link, first_seen_ms)
         SELECT ?2, feed_id, link, first_seen_ms FROM story_source WHERE story_id = ?1
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![own.row, story.row])?;
    conn.prepare_cached("DELETE FROM story_source WHERE story_id = ?1")?
        .execute([own.row])?;
    record_join(conn, &join, entry, at)?;
    Ok(story)
}
