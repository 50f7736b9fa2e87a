//! The outbox: what waits to be delivered, and the list of what was.

use super::sql::{Connection, Row, params};
use serde::Serialize;

use super::feeds::time;
use super::query::Query;
use super::sinks::stopped;
use super::stored::{StoredAlert, decode, is_unreadable, read_alert};
use super::{Outcome, Store, StoreError};
use crate::model::{SinkId, Timestamp};

/// A delivery whose time has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// The delivery's number.
    pub id: i64,
    /// Attempts made so far.
    pub attempts: u32,
    /// When the delivery was created.
    pub created: Timestamp,
    /// What is to be delivered.
    pub alert: StoredAlert,
}

/// What a look at a sink's outbox finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outbox {
    /// The deliveries that are due, in the order in which they are to be made.
    pub due: Vec<Due>,
    /// When the first of those is due that are not yet.
    pub next: Option<Timestamp>,
}

/// How many deliveries stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OutboxCounts {
    /// Held back, to be told later or with others.
    pub held: u64,
    /// Not yet delivered.
    pub waiting: u64,
    /// In a digest, which has a delivery of its own (as far as they are still kept).
    pub gathered: u64,
    /// Delivered (as far as they are still kept).
    pub delivered: u64,
    /// Given up.
    pub dead: u64,
    /// Dropped by hand (as far as they are still kept).
    pub dropped: u64,
    /// Held back for good by a silence (as far as they are still kept).
    pub silenced: u64,
}

/// Which alerts to list.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    /// Only alerts of this topic.
    pub topic: Option<String>,
    /// Only alerts with a delivery in this state (`held`, `waiting`, `delivered`, `gathered`, `dead`,
    /// `dropped`, `silenced`).
    pub state: Option<String>,
    /// Only alerts with a delivery to this sink.
    pub sink: Option<String>,
    /// Only alerts in this digest.
    pub digest: Option<String>,
    /// Only alerts created at or after this time.
    pub since: Option<Timestamp>,
    /// At most this many, newest first.
    pub limit: usize,
}

/// An alert and one of its deliveries, for listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertRow {
    /// The alert's id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// The topic, for mentions.
    pub topic: Option<String>,
    /// The feed in which it arose.
    pub feed: Option<String>,
    /// The entry that mentions the topic, by which `explain` knows it; the one of that feed, if it has
    /// not been removed.
    pub entry: Option<i64>,
    /// The story's title, or the feed's error.
    pub title: String,
    /// The story's link, or the feed's URL.
    pub link: Option<String>,
    /// How strongly the story is about the topic, 1 to 100, where that is known.
    pub score: Option<u8>,
    /// When it was created.
    pub created: Timestamp,
    /// The sink; `None` when no sink takes such alerts.
    pub sink: Option<String>,
    /// `held`, `waiting`, `delivered`, `gathered`, `dead`, `dropped` or `silenced`.
    pub state: Option<String>,
    /// Attempts made.
    pub attempts: u32,
    /// When the next attempt is due, or a held alert is told.
    pub next_attempt: Option<Timestamp>,
    /// With what it is told, for alerts that were held back.
    pub bundle: Option<String>,
    /// The digest that it is in.
    pub digest: Option<String>,
    /// When the delivery ended.
    pub settled: Option<Timestamp>,
    /// The number of the silence that holds it back.
    pub silence: Option<i64>,
    /// What went wrong last.
    pub error: Option<String>,
    /// What the receiver said then, cleaned and cut.
    pub response: Option<String>,
    /// Why it was dropped.
    pub drop_reason: Option<String>,
}

const ANY_ORDER: &str = "
    SELECT d.id, d.attempts, d.created_ms, a.id, a.kind, a.topic, a.created_ms,
      a.detail, s.key, f.name, a.story_id, a.score, d.next_attempt_ms
    FROM delivery d JOIN alert a ON a.id = d.alert_id
      LEFT JOIN story s ON s.id = a.story_id LEFT JOIN feed f ON f.id = a.feed_id
    WHERE d.state = 'waiting' AND d.sink = ?1 AND d.next_attempt_ms <= ?2
    ORDER BY d.next_attempt_ms, d.id LIMIT ?3";

/// Those that are not due too: they hold up what stands behind them.
const IN_ORDER: &str = "
    SELECT d.id, d.attempts, d.created_ms, a.id, a.kind, a.topic, a.created_ms,
      a.detail, s.key, f.name, a.story_id, a.score, d.next_attempt_ms
    FROM delivery d INDEXED BY delivery_order JOIN alert a ON a.id = d.alert_id
      LEFT JOIN story s ON s.id = a.story_id LEFT JOIN feed f ON f.id = a.feed_id
    WHERE d.state = 'waiting' AND d.sink = ?1 AND CAST(?2 AS BIGINT) IS NOT NULL
    ORDER BY d.id LIMIT ?3";

impl Store {
    /// The deliveries to `sink` that are due, at most `limit`: the longest due first or, `in_order`,
    /// in the order of their alerts and none behind one that is not due. None while the sink is
    /// stopped. One whose alert can't be read becomes a dead letter, so that it does not stand in
    /// front of the others.
    ///
    /// # Errors
    /// What the database says.
    pub async fn due(
        &self,
        sink: SinkId,
        now: Timestamp,
        limit: usize,
        in_order: bool,
    ) -> Result<Outbox, StoreError> {
        let read = self.read(move |conn| {
            if stopped(conn, sink.as_str())?.is_some() {
                return Ok((Outbox::default(), Vec::new()));
            }
            let mut statement = conn.prepare_cached(if in_order { IN_ORDER } else { ANY_ORDER })?;
            let mut rows = statement.query(params![sink.as_str(), now.as_millis(), limit])?;
            let (mut outbox, mut unreadable) = (Outbox::default(), Vec::new());
            while let Some(row) = &rows.next()? {
                let at = Timestamp::from_millis(row.get(12)?);
                if at > now {
                    outbox.next = Some(at);
                    break;
                }
                match read_due(conn, row, sink.as_str()) {
                    Ok(delivery) => outbox.due.push(delivery),
                    Err(error) if is_unreadable(&error) => {
                        unreadable.push((row.get(0)?, error.to_string()));
                    }
                    Err(error) => return Err(error),
                }
            }
            if !in_order {
                let mut statement = conn.prepare_cached(
                    "SELECT min(next_attempt_ms) FROM delivery
                     WHERE state = 'waiting' AND sink = ?1 AND next_attempt_ms > ?2",
                )?;
                let next = params![sink.as_str(), now.as_millis()];
                outbox.next = statement.query_row(next, |row| time(row, 0))?;
            }
            Ok((outbox, unreadable))
        });
        let (outbox, unreadable) = read.await?;
        for (id, error) in unreadable {
            let error = format!("the stored alert can't be read: {error}");
            let response = None;
            self.settle(vec![(id, Outcome::Dead { error, response })], now)
                .await?;
        }
        Ok(outbox)
    }

    /// How many deliveries stand where.
    ///
    /// # Errors
    /// What the database says.
    pub async fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        self.read(|conn| {
            let mut counts = OutboxCounts::default();
            let mut statement =
                conn.prepare_cached("SELECT state, count(*) FROM delivery GROUP BY state")?;
            let mut rows = statement.query([])?;
            while let Some(row) = &rows.next()? {
                let n = row.get::<_, i64>(1)?.unsigned_abs();
                match row.get::<_, String>(0)?.as_str() {
                    "held" => counts.held = n,
                    "waiting" => counts.waiting = n,
                    "gathered" => counts.gathered = n,
                    "delivered" => counts.delivered = n,
                    "dropped" => counts.dropped = n,
                    "silenced" => counts.silenced = n,
                    _ => counts.dead = n,
                }
            }
            Ok(counts)
        })
        .await
    }

    /// How many deliveries wait or are held back.
    ///
    /// # Errors
    /// What the database says.
    pub async fn waiting(&self) -> Result<u64, StoreError> {
        self.read(|conn| {
            let sql = "SELECT count(*) FROM delivery WHERE state IN ('waiting', 'held')";
            Ok(conn
                .prepare_cached(sql)?
                .query_row([], |r| r.get::<_, i64>(0))?
                .unsigned_abs())
        })
        .await
    }

    /// How many deliveries wait for each sink or are held back for it, those of mentions included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn waiting_by_sink(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare(
                "SELECT sink, count(*) FROM
                   (SELECT sink FROM delivery WHERE state IN ('waiting', 'held')
                    UNION ALL SELECT sink FROM mention_delivery WHERE state = 'waiting') AS open
                 GROUP BY sink",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Alerts with their deliveries, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn alerts(&self, filter: AlertFilter) -> Result<Vec<AlertRow>, StoreError> {
        self.read(move |conn| {
            Query::new(
                "SELECT a.id, a.kind, a.topic, f.name, a.detail, a.created_ms, d.sink, d.state,
                   coalesce(d.attempts, 0), d.next_attempt_ms, d.settled_ms, d.error,
                   (SELECT e.id FROM entry e JOIN mention m ON m.entry_id = e.id
                    WHERE e.story_id = a.story_id AND m.topic = a.topic
                    ORDER BY e.feed_id <> a.feed_id, e.id LIMIT 1), a.score,
                   d.response, d.drop_reason, d.silence_id, d.bundle, d.digest_id
                 FROM alert a LEFT JOIN delivery d ON d.alert_id = a.id
                   LEFT JOIN feed f ON f.id = a.feed_id WHERE true",
            )
            .and("a.topic = @", filter.topic)
            .and("d.state = @", filter.state)
            .and("d.sink = @", filter.sink)
            .and("d.digest_id = @", filter.digest)
            .and("a.created_ms >= @", filter.since.map(Timestamp::as_millis))
            .run(conn, "a.created_ms DESC, a.id", filter.limit, alert_row)
        })
        .await
    }
}

fn read_due(conn: &Connection, row: &Row<'_>, sink: &str) -> Result<Due, StoreError> {
    Ok(Due {
        id: row.get(0)?,
        attempts: row.get(1)?,
        created: Timestamp::from_millis(row.get(2)?),
        alert: read_alert(conn, row, Some(sink))?,
    })
}

fn alert_row(row: &Row<'_>) -> super::sql::Result<AlertRow> {
    let detail: serde_json::Value = decode(4, &row.get::<_, String>(4)?)?;
    let text = |key: &str| detail[key].as_str().map(str::to_owned);
    Ok(AlertRow {
        id: row.get(0)?,
        kind: row.get(1)?,
        topic: row.get(2)?,
        feed: row.get(3)?,
        title: text("title").or_else(|| text("error")).unwrap_or_default(),
        link: text("link").or_else(|| text("url")),
        created: Timestamp::from_millis(row.get(5)?),
        sink: row.get(6)?,
        state: row.get(7)?,
        attempts: row.get(8)?,
        next_attempt: time(row, 9)?,
        settled: time(row, 10)?,
        error: row.get(11)?,
        entry: row.get(12)?,
        score: row.get(13)?,
        response: row.get(14)?,
        drop_reason: row.get(15)?,
        silence: row.get(16)?,
        bundle: row.get(17)?,
        digest: row.get(18)?,
    })
}
