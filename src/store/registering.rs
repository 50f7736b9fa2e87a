//! Registering many feeds with a few looks, where each look is a way to a server and back.
//!
//! What is new is written and what is known is read for all at once; a feed whose address or name has changed takes
//! the way of [`super::feeds::register`] by itself.

use std::collections::HashMap;

use serde::Serialize;
use url::Url;

use super::feeds::{CLOCK_SLACK, register, time};
use super::sql::{Connection, json, params};
use super::{FeedRow, Registered, StoreError};
use crate::fleet::shard;
use crate::model::{FeedId, Timestamp};

/// Feeds of one transaction at most.
pub(super) const AT_ONCE: usize = 2000;

/// A feed as the server is told of it.
#[derive(Serialize)]
struct Told<'f> {
    name: &'f str,
    url: &'f str,
    source: &'f str,
    shard: i64,
}

/// Registers feeds, each with its URL and its source's name, in their order.
pub(super) fn register_all(
    conn: &Connection,
    feeds: &[(FeedId, Url, String)],
    now: Timestamp,
) -> Result<Vec<Registered>, StoreError> {
    let told: Vec<Told<'_>> = feeds
        .iter()
        .map(|(id, url, source)| Told {
            name: id.as_str(),
            url: url.as_str(),
            source,
            shard: shard(url),
        })
        .collect();
    let list = json(&told);
    let each = conn.each("?1");
    conn.prepare_cached(&format!(
        "INSERT INTO feed (name, url, source, shard)
         SELECT t ->> 'name', t ->> 'url', t ->> 'source', CAST(t ->> 'shard' AS BIGINT)
         FROM (SELECT CAST(e.value AS json) AS t FROM {each} e) AS told
         WHERE NOT EXISTS (SELECT 1 FROM feed f WHERE f.name = t ->> 'name')
         ON CONFLICT DO NOTHING"
    ))?
    .execute([&list])?;
    let names = json(&told.iter().map(|feed| feed.name).collect::<Vec<_>>());
    conn.prepare_cached(&format!(
        "INSERT INTO schedule (feed_id)
         SELECT f.id FROM feed f JOIN {each} e ON e.value = f.name
         WHERE NOT EXISTS (SELECT 1 FROM schedule s WHERE s.feed_id = f.id)
         ON CONFLICT DO NOTHING"
    ))?
    .execute([&names])?;
    mind_changes(conn, &told, &names, now)?;
    let mut found = standings(conn, &names, now)?;
    let missing = |id: &FeedId| StoreError::Conflict(format!("feed {id} was removed meanwhile"));
    feeds
        .iter()
        .map(|(id, ..)| found.remove(id.as_str()).ok_or_else(|| missing(id)))
        .collect()
}

/// Takes over what is another by now: names, addresses, and with those the shards.
fn mind_changes(
    conn: &Connection,
    told: &[Told<'_>],
    names: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let each = conn.each("?1");
    let mut known = conn.prepare_cached(&format!(
        "SELECT f.name, f.url, f.source, f.shard FROM feed f JOIN {each} e ON e.value = f.name"
    ))?;
    let rows = known.query_map([names], |row| {
        let known: (String, String, Option<i64>) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok((row.get::<_, String>(0)?, known))
    })?;
    let known: HashMap<_, _> = rows.collect::<Result<_, _>>()?;
    for feed in told {
        let Some((url, source, shard)) = known.get(feed.name) else {
            continue;
        };
        if (url != feed.url || source != feed.source)
            && let Ok(id) = FeedId::new(feed.name)
        {
            register(conn, id, feed.url, feed.source, now)?;
        }
        if *shard != Some(feed.shard) {
            conn.execute(
                "UPDATE feed SET shard = ?2 WHERE name = ?1",
                params![feed.name, feed.shard],
            )?;
        }
    }
    Ok(())
}

/// Where each of the feeds stands; as [`register`] says of one.
fn standings(
    conn: &Connection,
    names: &str,
    now: Timestamp,
) -> Result<HashMap<String, Registered>, StoreError> {
    let each = conn.each("?1");
    let mut all = conn.prepare_cached(&format!(
        "SELECT f.name, f.id, CASE WHEN s.last_poll_ms > ?2 THEN NULL ELSE s.next_poll_ms END,
           s.gone_ms IS NOT NULL, s.wait_until_ms,
           (SELECT coalesce(max(CASE WHEN at <= ?2 THEN at END), max(at)) FROM (
              SELECT os.last_poll_ms AS at FROM feed o JOIN schedule os ON os.feed_id = o.id
                WHERE o.url = f.url
              UNION ALL SELECT last_poll_ms FROM left_url WHERE url = f.url) AS polls),
           s.fresh_until_ms
         FROM feed f JOIN {each} e ON e.value = f.name JOIN schedule s ON s.feed_id = f.id"
    ))?;
    let rows = all.query_map(params![names, (now + CLOCK_SLACK).as_millis()], |row| {
        let name: String = row.get(0)?;
        Ok((
            name,
            (
                row.get::<_, i64>(1)?,
                time(row, 2)?,
                row.get(3)?,
                time(row, 4)?,
                time(row, 5)?,
                time(row, 6)?,
            ),
        ))
    })?;
    let mut standings = HashMap::new();
    for row in rows {
        let (name, (id, next_poll, gone, wait_until, last_poll, fresh_until)) = row?;
        let Ok(feed) = FeedId::new(&name) else {
            continue;
        };
        let standing = Registered {
            id: feed,
            row: FeedRow(id),
            next_poll,
            last_poll,
            gone,
            wait_until,
            fresh_until,
        };
        standings.insert(name, standing);
    }
    Ok(standings)
}
