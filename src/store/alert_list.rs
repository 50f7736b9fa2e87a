//! Alerts as a list of pages, each alert with all its deliveries.

use super::sql::{Connection, Row};
use serde::Serialize;
use utoipa::ToSchema;

use super::feeds::time;
use super::query::Query;
use super::stored::decode;
use super::{Store, StoreError};
use crate::model::{StoryKey, Timestamp};

/// Which alerts to list. What is said of deliveries must hold for one and the same delivery.
#[derive(Debug, Clone, Default)]
pub struct AlertQuery {
    /// Only the alert with this id.
    pub id: Option<String>,
    /// Only alerts of this kind.
    pub kind: Option<String>,
    /// Only alerts of this topic.
    pub topic: Option<String>,
    /// Only alerts about this story.
    pub story: Option<StoryKey>,
    /// Only alerts with a delivery in this state.
    pub state: Option<String>,
    /// Only alerts with a delivery to this sink.
    pub sink: Option<String>,
    /// Only alerts in this digest.
    pub digest: Option<String>,
    /// Only alerts created at or after this time.
    pub since: Option<Timestamp>,
    /// Only alerts created before this time.
    pub until: Option<Timestamp>,
    /// Only alerts behind this place, in the order of the list.
    pub behind: Option<AlertPlace>,
    /// At most this many, newest first.
    pub limit: usize,
}

/// An alert's place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertPlace {
    /// When it was created.
    pub created: Timestamp,
    /// Its id.
    pub id: String,
}

/// An alert of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct ListedAlert {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// When it was created.
    pub created: Timestamp,
    /// The topic, for mentions.
    pub topic: Option<String>,
    /// The feed in which it arose.
    pub feed: Option<String>,
    /// The story that it is about.
    pub story: Option<StoryKey>,
    /// The entry that mentions the topic, if it has not been removed.
    pub entry: Option<i64>,
    /// The story's title, or the feed's error.
    pub title: String,
    /// The story's language, where it is known.
    pub language: Option<String>,
    /// The story's link, or the feed's URL.
    pub link: Option<String>,
    /// How strongly the story is about the topic, 1 to 100, where that is known.
    pub score: Option<u8>,
    /// Where it went; empty when no sink takes such alerts, or deliveries were removed.
    pub deliveries: Vec<DeliveryRow>,
}

/// A delivery of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryRow {
    /// The sink.
    pub sink: String,
    /// `held`, `waiting`, `delivered`, `gathered`, `dead`, `dropped` or `silenced`.
    pub state: String,
    /// Attempts made.
    pub attempts: u32,
    /// When the next attempt is due, or a held alert is told; only of one that waits or is held.
    pub next_attempt: Option<Timestamp>,
    /// With what it is told, for alerts that were held back.
    pub bundle: Option<String>,
    /// The digest that it is in.
    pub digest: Option<String>,
    /// When it ended.
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

impl Store {
    /// Alerts with their deliveries, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_alerts(&self, query: AlertQuery) -> Result<Vec<ListedAlert>, StoreError> {
        self.read(move |conn| {
            let mut alerts = select(conn, query)?;
            let mut statement = conn.prepare_cached(
                "SELECT sink, state, attempts, next_attempt_ms, bundle, digest_id, settled_ms,
                   silence_id, error, response, drop_reason
                 FROM delivery WHERE alert_id = ?1 ORDER BY id",
            )?;
            for alert in &mut alerts {
                let rows = statement.query_map([&alert.id], delivery)?;
                alert.deliveries = rows.collect::<Result<_, _>>()?;
            }
            Ok(alerts)
        })
        .await
    }
}

fn select(conn: &Connection, query: AlertQuery) -> Result<Vec<ListedAlert>, StoreError> {
    let mut select = "SELECT a.id, a.kind, a.topic, f.name, a.detail, a.created_ms, s.key, a.score,
           (SELECT e.id FROM entry e JOIN mention m ON m.entry_id = e.id
            WHERE e.story_id = a.story_id AND m.topic = a.topic
            ORDER BY e.feed_id <> a.feed_id, e.id LIMIT 1)
         FROM alert a LEFT JOIN feed f ON f.id = a.feed_id LEFT JOIN story s ON s.id = a.story_id
         WHERE true"
        .to_owned();
    let of_delivery = query.state.is_some() || query.sink.is_some() || query.digest.is_some();
    if of_delivery {
        // Most deliveries are delivered; the others are found by their index.
        let is_rare = query
            .state
            .as_deref()
            .is_some_and(|state| state != "delivered");
        select.push_str(if is_rare {
            " AND a.id IN (SELECT d.alert_id FROM delivery d WHERE d.state = ?1"
        } else {
            " AND EXISTS (SELECT 1 FROM delivery d WHERE d.alert_id = a.id
                AND (CAST(?1 AS TEXT) IS NULL OR d.state = ?1)"
        });
        select.push_str(" AND (CAST(?2 AS TEXT) IS NULL OR d.sink = ?2) AND (CAST(?3 AS TEXT) IS NULL OR d.digest_id = ?3))");
    }
    let mut composed = Query::new(&select);
    if of_delivery {
        for value in [query.state, query.sink, query.digest] {
            composed = composed.bind(value);
        }
    }
    let behind = query.behind;
    let (at, id) = behind
        .map(|place| (place.created.as_millis(), place.id))
        .unzip();
    // One bound: of two SQLite might begin at the one that leaves all pages before to be passed over.
    let until = query.until.map(Timestamp::as_millis);
    let end = [until, at.map(|at| at.saturating_add(1))]
        .into_iter()
        .flatten()
        .min();
    composed
        .and("a.id = @", query.id)
        .and("a.kind = @", query.kind)
        .and("a.topic = @", query.topic)
        .and(
            "a.story_id = (SELECT id FROM story WHERE key = @)",
            query.story.map(|key| key.0.to_vec()),
        )
        .and("a.created_ms >= @", query.since.map(Timestamp::as_millis))
        .and("a.created_ms < @", end)
        .and_both(
            "(a.created_ms < @ OR a.id > @)",
            at.zip(id)
                .map(|(at, id)| (super::sql::Value::from(at), id.into())),
        )
        .run(conn, "a.created_ms DESC, a.id", query.limit, alert)
}

fn alert(row: &Row<'_>) -> super::sql::Result<ListedAlert> {
    let detail: serde_json::Value = decode(4, &row.get::<_, String>(4)?)?;
    let text = |key: &str| detail[key].as_str().map(str::to_owned);
    Ok(ListedAlert {
        id: row.get(0)?,
        kind: row.get(1)?,
        topic: row.get(2)?,
        feed: row.get(3)?,
        title: text("title").or_else(|| text("error")).unwrap_or_default(),
        language: text("language"),
        link: text("link").or_else(|| text("url")),
        created: Timestamp::from_millis(row.get(5)?),
        story: row.get::<_, Option<[u8; 16]>>(6)?.map(StoryKey),
        score: row.get(7)?,
        entry: row.get(8)?,
        deliveries: Vec::new(),
    })
}

fn delivery(row: &Row<'_>) -> super::sql::Result<DeliveryRow> {
    let state: String = row.get(1)?;
    let is_open = matches!(state.as_str(), "waiting" | "held");
    Ok(DeliveryRow {
        sink: row.get(0)?,
        state,
        attempts: row.get(2)?,
        next_attempt: time(row, 3)?.filter(|_| is_open),
        bundle: row.get(4)?,
        digest: row.get(5)?,
        settled: time(row, 6)?,
        silence: row.get(7)?,
        error: row.get(8)?,
        response: row.get(9)?,
        drop_reason: row.get(10)?,
    })
}
