//! The subscriptions in memory and in the store, changed in both or in neither.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;
use url::Url;

use super::keys::{Keys, fingerprint};
use super::lease::{State, Subscription};
use super::{Action, Followed, PushError, Target, record};
use crate::model::{Secret, Timestamp};
use crate::store::{Call, FeedRow, Store, StoreError, SubscriptionRow};

/// Proof that push works is recorded this often; a poll or push is not worth a write of its own.
const RECORD_PROOF: Duration = Duration::from_hours(1);

/// What [`super::Subscriber`] and the door share.
#[derive(Debug)]
pub(super) struct Ledger {
    store: Store,
    keys: Keys,
    /// Without a slash at its end.
    public_url: String,
    /// Held from reading a subscription to recording its change, so that no change is lost between
    /// the loop and the door; readers need `table` only, and never wait for the disk.
    order: tokio::sync::Mutex<()>,
    table: Mutex<Table>,
}

/// What is held in memory.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub feeds: HashMap<FeedRow, Followed>,
    pub held: BTreeMap<Action, Held>,
    /// By the fingerprint of the token: a look-up's time tells nothing of a token.
    tokens: HashMap<[u8; 16], Action>,
}

/// One subscription with what belongs to it.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub target: Target,
    pub now: Subscription,
    pub error: Option<String>,
    /// Whether the hub may be at a private address.
    pub private: bool,
    /// The last proof that the store knows of.
    recorded: Option<Timestamp>,
}

impl Held {
    /// A new one, to be asked for at once.
    pub const fn wanted(target: Target, private: bool, now: Timestamp) -> Self {
        Self {
            target,
            now: Subscription::wanted(now),
            error: None,
            private,
            recorded: None,
        }
    }
}

impl Table {
    /// The subscriptions of a feed, the oldest first.
    pub fn of_feed(&self, feed: FeedRow) -> impl Iterator<Item = (&Action, &Held)> {
        let bound = |generation| Action { feed, generation };
        self.held.range(bound(i64::MIN)..=bound(i64::MAX))
    }
}

impl Ledger {
    /// See [`super::Subscriber::open`].
    pub async fn open(store: Store, keys: Keys, public_url: &Url) -> Result<Self, PushError> {
        let bare = public_url.query().is_none()
            && public_url.fragment().is_none()
            && public_url.username().is_empty()
            && public_url.password().is_none();
        if !bare || !matches!(public_url.scheme(), "http" | "https") {
            let mut shown = public_url.clone();
            let _ = shown.set_password(None);
            shown.set_query(None);
            return Err(PushError::PublicUrl(shown.to_string()));
        }
        let ledger = Self {
            store,
            keys,
            public_url: public_url.as_str().trim_end_matches('/').to_owned(),
            order: tokio::sync::Mutex::default(),
            table: Mutex::default(),
        };
        let now = Timestamp::now();
        let mut of_others = 0;
        for row in ledger.store.subscriptions().await? {
            let (feed, generation) = (row.feed, row.generation);
            // Under another key or address it may be that of a worker which uses it.
            let in_use = row.state == "active" && row.lease_until.is_some_and(|end| end > now);
            if ledger.take(row) {
                continue;
            }
            if ledger.is_shared() && in_use {
                of_others += 1;
                continue;
            }
            let store = &ledger.store;
            store.forget_subscription(feed, generation).await?;
        }
        if of_others > 0 {
            warn!(
                subscriptions = of_others,
                "subscriptions were made with another `public_url` or another `key` of `[postgres]`, and are left to lapse: \
                 all workers need the same"
            );
        }
        Ok(ledger)
    }

    /// Whether other workers change subscriptions too.
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// Takes over what the store has, where other workers change it too.
    pub async fn refresh(&self) -> Result<(), PushError> {
        if !self.is_shared() {
            return Ok(());
        }
        let _order = self.order.lock().await;
        let rows = self.store.subscriptions().await?;
        let there: BTreeSet<Action> = rows.iter().map(key_of).collect();
        for row in rows {
            self.take(row);
        }
        let gone: Vec<Action> = {
            let table = self.table();
            let keys = table.held.keys().filter(|key| !there.contains(key));
            keys.copied().collect()
        };
        for key in gone {
            self.drop_one(key);
        }
        Ok(())
    }

    /// Whose the token is by what the store has now, where other workers change it too: one of them may have
    /// asked a hub that is at this one's door before this one has heard of it.
    pub async fn look_up(&self, token: &str) -> Result<Option<(Action, Held)>, PushError> {
        if self.is_shared() {
            let _order = self.order.lock().await;
            let hash = fingerprint(&self.address(token));
            match self.store.subscription_of_callback(hash).await? {
                Some(row) => {
                    self.take(row);
                }
                None => {
                    if let Some((key, _)) = self.by_token(token) {
                        self.drop_one(key);
                    }
                }
            }
        }
        Ok(self.by_token(token))
    }

    /// Takes over a row of the store; says whether it is of any use.
    fn take(&self, row: SubscriptionRow) -> bool {
        let key = key_of(&row);
        let same_callback = self.callback_hash(key) == row.callback_hash;
        match record::read(&row) {
            Some((target, now)) if same_callback && now.state != State::Gone => {
                let private = {
                    let table = self.table();
                    let followed = table.feeds.get(&key.feed);
                    let known = table.held.get(&key).is_some_and(|held| held.private);
                    followed.map_or(known, |followed| followed.reaches(&target))
                };
                let held = Held {
                    target,
                    now,
                    error: row.error,
                    private,
                    recorded: now.heard,
                };
                self.put(key, held);
                true
            }
            _ => false,
        }
    }

    fn drop_one(&self, key: Action) {
        let token = self.keys.token(key.feed, key.generation);
        let mut table = self.table();
        table.held.remove(&key);
        table.tokens.remove(&fingerprint(token.expose()));
    }

    /// Adds a subscription, unless the feed has one that is wanted.
    pub async fn add(&self, feed: FeedRow, held: Held, now: Timestamp) -> Result<(), PushError> {
        let _order = self.order.lock().await;
        let newest = {
            let table = self.table();
            if table.of_feed(feed).any(|(_, held)| held.now.is_wanted()) {
                return Ok(());
            }
            table.of_feed(feed).map(|(key, _)| key.generation).max()
        };
        // By the clock, so that a generation which was forgotten does not come back.
        let next = newest.map_or(0, |newest| newest.saturating_add(1));
        let generation = now.as_millis().max(next);
        let key = Action { feed, generation };
        self.record(None, self.row(key, &held)).await?;
        self.put(key, held);
        Ok(())
    }

    /// Changes a subscription in the store, then here; `change` is called again when another worker has changed it
    /// meanwhile. `None` when there is none (any more).
    pub async fn change(
        &self,
        key: Action,
        mut change: impl FnMut(&mut Held),
    ) -> Result<Option<Held>, PushError> {
        let _order = self.order.lock().await;
        let mut tried: Option<(SubscriptionRow, Held)> = None;
        loop {
            let mut stored = None;
            if self.is_shared() {
                // Another worker may have changed it since.
                let store = &self.store;
                stored = store.one_subscription(key.feed, key.generation).await?;
                match stored.clone() {
                    Some(row) => {
                        self.take(row);
                    }
                    None => self.drop_one(key),
                }
            }
            let Some(before) = self.table().held.get(&key).cloned() else {
                return Ok(None);
            };
            // It was recorded, and the answer to that was lost.
            if let Some((row, held)) = tried.take()
                && stored.as_ref() == Some(&row)
            {
                return Ok(Some(held));
            }
            let mut held = before.clone();
            change(&mut held);
            if held.now.state == State::Gone {
                let store = &self.store;
                store.forget_subscription(key.feed, key.generation).await?;
                store.call(Call::Subscriptions);
                self.drop_one(key);
                return Ok(Some(held));
            }
            if worth_recording(&before, &held) {
                let row = self.row(key, &held);
                held.recorded = held.now.heard;
                if !self.record(stored, row.clone()).await? {
                    tried = Some((row, held));
                    continue;
                }
            }
            if let Some(place) = self.table().held.get_mut(&key) {
                // `follow` may have changed the leave meanwhile.
                held.private = place.private;
                *place = held.clone();
            }
            return Ok(Some(held));
        }
    }

    /// Records a row, where another is known only in its place, and calls that out. Says whether it was recorded.
    async fn record(
        &self,
        before: Option<SubscriptionRow>,
        row: SubscriptionRow,
    ) -> Result<bool, StoreError> {
        let store = &self.store;
        match before {
            Some(before) => {
                if !store.step_subscription(before, row).await? {
                    return Ok(false);
                }
            }
            None => store.save_subscription(row).await?,
        }
        store.call(Call::Subscriptions);
        Ok(true)
    }

    fn row(&self, key: Action, held: &Held) -> SubscriptionRow {
        let lease_until = match held.now.state {
            State::Active { until } => Some(until),
            _ => None,
        };
        SubscriptionRow {
            feed: key.feed,
            generation: key.generation,
            hub: held.target.hub.to_string(),
            topic: held.target.topic.to_string(),
            callback_hash: self.callback_hash(key),
            state: record::name(held.now.state).to_owned(),
            lease_until,
            next_action: held.now.next,
            attempts: held.now.attempts,
            heard: held.now.heard,
            missed: held.now.missed,
            error: held.error.clone(),
        }
    }

    fn put(&self, key: Action, held: Held) {
        let token = self.keys.token(key.feed, key.generation);
        let mut table = self.table();
        table.tokens.insert(fingerprint(token.expose()), key);
        table.held.insert(key, held);
    }

    /// What the hub of a subscription signs with.
    pub fn secret(&self, key: Action) -> Secret {
        self.keys.secret(key.feed, key.generation)
    }

    /// Our address for the subscription's hub.
    pub fn callback(&self, key: Action) -> Secret {
        let token = self.keys.token(key.feed, key.generation);
        Secret::new(self.address(token.expose()))
    }

    fn address(&self, token: &str) -> String {
        format!("{}/websub/{token}", self.public_url)
    }

    fn callback_hash(&self, key: Action) -> [u8; 16] {
        fingerprint(self.callback(key).expose())
    }

    /// What is held; not to be kept over an `await`.
    pub fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that holds it can panic halfway through a change.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose the token is.
    pub fn by_token(&self, token: &str) -> Option<(Action, Held)> {
        let table = self.table();
        let key = *table.tokens.get(&fingerprint(token))?;
        Some((key, table.held.get(&key)?.clone()))
    }
}

fn key_of(row: &SubscriptionRow) -> Action {
    Action {
        feed: row.feed,
        generation: row.generation,
    }
}

/// Whether anything has changed but the time of the last proof, or that by much.
fn worth_recording(before: &Held, after: &Held) -> bool {
    let aside = |held: &Held| Subscription {
        heard: None,
        ..held.now
    };
    let moved = match (before.recorded, after.now.heard) {
        (Some(before), Some(after)) => after.since(before) >= RECORD_PROOF,
        (before, after) => before != after,
    };
    moved || aside(before) != aside(after) || before.error != after.error
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
