//! WebSub subscriptions: which hub was asked for which feed, and where that stands.

use super::sql::{OptionalExtension, Row, params};

use super::feeds::time;
use super::{FeedRow, Store, StoreError};
use crate::model::Timestamp;

/// One subscription as it is kept. It holds no secret: callback and secret are made from a key
/// that is kept elsewhere, and from `feed` and `generation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// The feed.
    pub feed: FeedRow,
    /// Tells a feed's subscriptions apart; never used again for the same feed.
    pub generation: i64,
    /// Where it was asked for.
    pub hub: String,
    /// What was asked for.
    pub topic: String,
    /// A hash of the callback's address, to notice that the key or the public address has changed.
    pub callback_hash: [u8; 16],
    /// `wanted`, `requested`, `active`, `denied`, `failed`, `lost`, `leaving` or `gone`.
    pub state: String,
    /// The end of the lease, while active.
    pub lease_until: Option<Timestamp>,
    /// When something is to be done about it.
    pub next_action: Option<Timestamp>,
    /// Requests since the hub last verified.
    pub attempts: u32,
    /// The last proof that push works.
    pub heard: Option<Timestamp>,
    /// Whether push has failed to bring something since it last brought anything.
    pub missed: bool,
    /// What went wrong last, in words.
    pub error: Option<String>,
}

/// The columns that [`subscription`] reads.
const SELECT: &str = "SELECT feed_id, generation, hub, topic, callback_hash, state, lease_until_ms,
      next_action_ms, attempts, heard_ms, missed, error
    FROM subscription";

impl FeedRow {
    /// The number itself.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// A row that no store has given out.
    #[cfg(test)]
    pub(crate) const fn from_number(number: i64) -> Self {
        Self(number)
    }
}

impl Store {
    /// Every subscription, by feed, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn subscriptions(&self) -> Result<Vec<SubscriptionRow>, StoreError> {
        self.read(|conn| {
            let mut statement =
                conn.prepare_cached(&format!("{SELECT} ORDER BY feed_id, generation"))?;
            let rows = statement.query_map([], subscription)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// One of them, if it is there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn one_subscription(
        &self,
        feed: FeedRow,
        generation: i64,
    ) -> Result<Option<SubscriptionRow>, StoreError> {
        self.read_briefly(move |conn| {
            Ok(conn
                .prepare_cached(&format!("{SELECT} WHERE feed_id = ?1 AND generation = ?2"))?
                .query_row([feed.0, generation], subscription)
                .optional()?)
        })
        .await
    }

    /// The one whose callback's address has this hash, if it is there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn subscription_of_callback(
        &self,
        callback_hash: [u8; 16],
    ) -> Result<Option<SubscriptionRow>, StoreError> {
        self.read_briefly(move |conn| {
            Ok(conn
                .prepare_cached(&format!("{SELECT} WHERE callback_hash = ?1"))?
                .query_row(params![callback_hash], subscription)
                .optional()?)
        })
        .await
    }

    /// Records what became of a subscription that was `before`, unless it is another by now, of which nothing is
    /// recorded then: another worker was quicker. Says whether it was recorded.
    ///
    /// # Errors
    /// What the database says.
    pub async fn step_subscription(
        &self,
        before: SubscriptionRow,
        after: SubscriptionRow,
    ) -> Result<bool, StoreError> {
        let millis = |time: Option<Timestamp>| time.map(Timestamp::as_millis);
        self.write(move |conn| {
            let changed = conn
                .prepare_cached(
                    "UPDATE subscription SET state = ?3, lease_until_ms = ?4, next_action_ms = ?5,
                       attempts = ?6, heard_ms = ?7, missed = ?8, error = ?9
                     WHERE feed_id = ?1 AND generation = ?2 AND state = ?10
                       AND lease_until_ms IS NOT DISTINCT FROM ?11
                       AND next_action_ms IS NOT DISTINCT FROM ?12 AND attempts = ?13
                       AND heard_ms IS NOT DISTINCT FROM ?14 AND missed = ?15
                       AND error IS NOT DISTINCT FROM ?16",
                )?
                .execute(params![
                    before.feed.0,
                    before.generation,
                    after.state,
                    millis(after.lease_until),
                    millis(after.next_action),
                    after.attempts,
                    millis(after.heard),
                    after.missed,
                    after.error,
                    before.state,
                    millis(before.lease_until),
                    millis(before.next_action),
                    before.attempts,
                    millis(before.heard),
                    before.missed,
                    before.error,
                ])?;
            Ok(changed > 0)
        })
        .await
    }

    /// Records a subscription, new or changed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn save_subscription(&self, row: SubscriptionRow) -> Result<(), StoreError> {
        let millis = |time: Option<Timestamp>| time.map(Timestamp::as_millis);
        self.write(move |conn| {
            conn.prepare_cached(
                "INSERT INTO subscription (feed_id, generation, hub, topic,
                   callback_hash, state, lease_until_ms, next_action_ms, attempts, heard_ms, missed,
                   error)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                 ON CONFLICT (feed_id, generation) DO UPDATE SET hub = excluded.hub,
                   topic = excluded.topic, callback_hash = excluded.callback_hash,
                   state = excluded.state, lease_until_ms = excluded.lease_until_ms,
                   next_action_ms = excluded.next_action_ms, attempts = excluded.attempts,
                   heard_ms = excluded.heard_ms, missed = excluded.missed, error = excluded.error",
            )?
            .execute(params![
                row.feed.0,
                row.generation,
                row.hub,
                row.topic,
                row.callback_hash,
                row.state,
                millis(row.lease_until),
                millis(row.next_action),
                row.attempts,
                millis(row.heard),
                row.missed,
                row.error,
            ])?;
            Ok(())
        })
        .await
    }

    /// Forgets a subscription that is over. One that was never recorded does no harm.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_subscription(
        &self,
        feed: FeedRow,
        generation: i64,
    ) -> Result<(), StoreError> {
        self.write(move |conn| {
            conn.prepare_cached("DELETE FROM subscription WHERE feed_id = ?1 AND generation = ?2")?
                .execute([feed.0, generation])?;
            Ok(())
        })
        .await
    }
}

fn subscription(row: &Row<'_>) -> super::sql::Result<SubscriptionRow> {
    Ok(SubscriptionRow {
        feed: FeedRow(row.get(0)?),
        generation: row.get(1)?,
        hub: row.get(2)?,
        topic: row.get(3)?,
        callback_hash: row.get(4)?,
        state: row.get(5)?,
        lease_until: time(row, 6)?,
        next_action: time(row, 7)?,
        attempts: row.get(8)?,
        heard: time(row, 9)?,
        missed: row.get(10)?,
        error: row.get(11)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Feed, FeedId};

    async fn store() -> (tempfile::TempDir, Store, FeedRow) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db")).unwrap();
        let url = "https://one.example/rss".parse().unwrap();
        let feed = Feed::new(FeedId::new("one").unwrap(), url);
        let row = store
            .register_feeds(&[feed], Timestamp::now())
            .await
            .unwrap()[0]
            .row;
        (folder, store, row)
    }

    fn row(feed: FeedRow, generation: i64) -> SubscriptionRow {
        SubscriptionRow {
            feed,
            generation,
            hub: "https://hub.example/".into(),
            topic: "https://one.example/rss".into(),
            callback_hash: [7; 16],
            state: "active".into(),
            lease_until: Some(Timestamp::from_millis(3)),
            next_action: Some(Timestamp::from_millis(2)),
            attempts: 1,
            heard: None,
            missed: true,
            error: Some("it said no".into()),
        }
    }

    #[tokio::test]
    async fn a_subscription_is_kept_changed_and_forgotten_whole() {
        let (_folder, store, feed) = store().await;
        let (first, second) = (row(feed, 1), row(feed, 2));
        store.save_subscription(second.clone()).await.unwrap();
        store.save_subscription(first.clone()).await.unwrap();
        assert_eq!(
            store.subscriptions().await.unwrap(),
            [first.clone(), second]
        );
        let changed = SubscriptionRow {
            state: "gone".into(),
            lease_until: None,
            heard: Some(Timestamp::from_millis(9)),
            missed: false,
            error: None,
            ..first
        };
        store.save_subscription(changed.clone()).await.unwrap();
        store.forget_subscription(feed, 2).await.unwrap();
        store.forget_subscription(feed, 2).await.unwrap();
        assert_eq!(store.subscriptions().await.unwrap(), [changed]);
    }

    #[tokio::test]
    async fn a_step_is_recorded_from_where_it_began_only() {
        let (_folder, store, feed) = store().await;
        let first = row(feed, 1);
        store.save_subscription(first.clone()).await.unwrap();
        let heard = SubscriptionRow {
            heard: Some(Timestamp::from_millis(9)),
            ..first.clone()
        };
        let denied = SubscriptionRow {
            state: "denied".into(),
            lease_until: None,
            next_action: None,
            error: None,
            ..first.clone()
        };
        let step = async |before: &SubscriptionRow, after: &SubscriptionRow| {
            let (before, after) = (before.clone(), after.clone());
            store.step_subscription(before, after).await.unwrap()
        };
        let kept = async || store.subscriptions().await.unwrap().pop().unwrap();
        assert!(step(&first, &denied).await);
        assert!(!step(&first, &heard).await, "it was denied meanwhile");
        assert_eq!(kept().await, denied);
        assert!(step(&denied, &heard).await);
        assert!(step(&heard, &first).await);
        let other = row(feed, 2);
        assert!(!step(&other, &denied).await, "it is not there");
        assert_eq!(kept().await, first);
        let found = store.subscription_of_callback([7; 16]).await.unwrap();
        assert_eq!(found, Some(first));
        assert_eq!(store.subscription_of_callback([8; 16]).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_state_that_nobody_knows_and_a_feed_that_is_not_there_are_refused() {
        let (_folder, store, feed) = store().await;
        let state = "dreaming".into();
        let strange = SubscriptionRow {
            state,
            ..row(feed, 1)
        };
        assert!(store.save_subscription(strange).await.is_err());
        let orphan = row(FeedRow(feed.0 + 1), 1);
        assert!(store.save_subscription(orphan).await.is_err());
        assert!(store.subscriptions().await.unwrap().is_empty());
    }
}
