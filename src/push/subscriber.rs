//! The loop's body: which hubs to ask now, and what came of it. All I/O of push is here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

use super::callback::{Callbacks, Intent, Recipient};
use super::keys::{Keys, fingerprint};
use super::lease::{Event, State, Subscription};
use super::request::{HubError, HubRequest, send};
use super::{Target, record};
use crate::fetch::Fetcher;
use crate::model::{Secret, Timestamp};
use crate::store::{FeedRow, Store, StoreError, SubscriptionRow};

/// Proof that push works is recorded this often; a poll or push is not worth a write of its own.
const RECORD_PROOF: Duration = Duration::from_hours(1);

/// Why a step of push failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PushError {
    /// The public address can't be the beginning of a callback.
    #[error(
        "`{0}` can't be reached by hubs: `public_url` must be an http or https URL without \
         credentials, query and fragment"
    )]
    PublicUrl(String),
    /// The hub did not accept the request. That is recorded; another attempt follows by policy.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A configured feed that may be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Its number.
    pub feed: FeedRow,
    /// Its configured URL.
    pub url: Url,
    /// The owner's leave for private addresses. It is about the host of `url`, so it reaches a hub
    /// on that host and no other.
    pub allow_private_addresses: bool,
}

/// Something that is due; see [`Subscriber::perform`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action {
    feed: FeedRow,
    generation: i64,
}

impl Action {
    /// The feed that it is for.
    #[must_use]
    pub const fn feed(&self) -> FeedRow {
        self.feed
    }
}

/// All subscriptions of one mentiond. Clones share them.
#[derive(Debug, Clone)]
pub struct Subscriber {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    keys: Keys,
    /// Without a slash at its end.
    public_url: String,
    /// Held from reading a subscription to recording its change, so that no change is lost between
    /// the loop and the door; readers need [`Inner::table`] only, and never wait for the disk.
    order: tokio::sync::Mutex<()>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    feeds: HashMap<FeedRow, Followed>,
    held: BTreeMap<Action, Held>,
    /// By the fingerprint of the token: a look-up's time tells nothing of a token.
    tokens: HashMap<[u8; 16], Action>,
}

#[derive(Debug, Clone)]
struct Held {
    target: Target,
    now: Subscription,
    error: Option<String>,
    /// Whether the hub may be at a private address.
    private: bool,
}

impl PartialOrd for Action {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Action {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.feed, self.generation).cmp(&(other.feed, other.generation))
    }
}

impl Subscriber {
    /// Takes up what the store holds. Subscriptions whose callback was another, because the key or
    /// `public_url` has changed, are forgotten: nothing can come through them any more.
    ///
    /// # Errors
    /// [`PushError::PublicUrl`], or what the database says.
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
        let subscriber = Self {
            inner: Arc::new(Inner {
                store,
                keys,
                public_url: public_url.as_str().trim_end_matches('/').to_owned(),
                order: tokio::sync::Mutex::default(),
                table: Mutex::default(),
            }),
        };
        for row in subscriber.inner.store.subscriptions().await? {
            let key = Action {
                feed: row.feed,
                generation: row.generation,
            };
            let same_callback = subscriber.callback_hash(key) == row.callback_hash;
            match record::read(&row) {
                Some((target, now)) if same_callback && now.state != State::Gone => {
                    let held = Held {
                        target,
                        now,
                        error: row.error,
                        private: false,
                    };
                    subscriber.put(key, held);
                }
                _ => {
                    let store = &subscriber.inner.store;
                    store.forget_subscription(row.feed, row.generation).await?;
                }
            }
        }
        Ok(subscriber)
    }

    /// Takes over the configuration: these feeds may be pushed, and no other. Subscriptions of
    /// others are ended.
    ///
    /// # Errors
    /// What the database says; to call it again is safe.
    pub async fn follow(&self, feeds: Vec<Followed>, now: Timestamp) -> Result<(), PushError> {
        let unfollowed: Vec<Action> = {
            let mut table = self.table();
            table.feeds = feeds.into_iter().map(|f| (f.feed, f)).collect();
            let Table { feeds, held, .. } = &mut *table;
            for (key, held) in held.iter_mut() {
                if let Some(followed) = feeds.get(&key.feed) {
                    held.private = reaches(followed, &held.target);
                }
            }
            let keys = held.keys().copied();
            keys.filter(|key| !feeds.contains_key(&key.feed)).collect()
        };
        for key in unfollowed {
            self.apply(key, Event::Unwanted, now).await?;
        }
        Ok(())
    }

    /// Takes over what a feed's document and its answer's head have just named, best first; see
    /// [`super::discovery::targets`]. To be called for every document that was read, also one that
    /// names none, and never for an answer without one (304).
    ///
    /// A subscription whose hub and topic are still named stays; another is ended. A hub that
    /// denied or was lost is passed over for the next.
    ///
    /// # Errors
    /// What the database says; to call it again is safe.
    pub async fn heard(
        &self,
        feed: FeedRow,
        targets: &[Target],
        now: Timestamp,
    ) -> Result<(), PushError> {
        let (outdated, fresh) = {
            let table = self.table();
            let Some(followed) = table.feeds.get(&feed) else {
                return Ok(());
            };
            let of_feed = || table.held.iter().filter(|(key, _)| key.feed == feed);
            let outdated: Vec<Action> = of_feed()
                .filter(|(_, held)| !targets.contains(&held.target))
                .map(|(key, _)| *key)
                .collect();
            let known: HashSet<(&str, &str)> = of_feed()
                .filter(|(_, held)| held.now.state != State::Leaving)
                .map(|(_, held)| (held.target.hub.as_str(), held.target.topic.as_str()))
                .collect();
            let settled =
                of_feed().any(|(_, held)| held.now.is_wanted() && targets.contains(&held.target));
            let fresh = targets
                .iter()
                .find(|t| !settled && !known.contains(&(t.hub.as_str(), t.topic.as_str())))
                .map(|target| Held {
                    target: target.clone(),
                    now: Subscription::wanted(now),
                    error: None,
                    private: reaches(followed, target),
                });
            (outdated, fresh)
        };
        for key in outdated {
            self.apply(key, Event::Unwanted, now).await?;
        }
        if let Some(held) = fresh {
            let _order = self.inner.order.lock().await;
            let wanted = |(key, held): (&Action, &Held)| key.feed == feed && held.now.is_wanted();
            if self.table().held.iter().any(wanted) {
                return Ok(());
            }
            let last = self
                .table()
                .held
                .keys()
                .filter(|k| k.feed == feed)
                .map(|k| k.generation)
                .max();
            // By the clock, so that a generation which was forgotten does not come back.
            let generation = now
                .as_millis()
                .max(last.map_or(0, |last| last.saturating_add(1)));
            let key = Action { feed, generation };
            self.record(key, &held).await?;
            self.put(key, held);
        }
        Ok(())
    }

    /// What is due, for [`Subscriber::perform`].
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<Action> {
        let table = self.table();
        let due = |held: &Held| held.now.next.is_some_and(|next| next <= now);
        let due = table.held.iter().filter(|(_, held)| due(held));
        due.map(|(key, _)| *key).collect()
    }

    /// When something is due next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let table = self.table();
        table.held.values().filter_map(|held| held.now.next).min()
    }

    /// Does what is due: lets what is overdue take its course, and asks the hub. The request is
    /// recorded before it is sent, so performing an action twice sends it once.
    ///
    /// # Errors
    /// [`PushError::Hub`] when the hub does not accept it, for the log; or what the database says.
    pub async fn perform(
        &self,
        fetcher: &Fetcher,
        action: Action,
        now: Timestamp,
    ) -> Result<(), PushError> {
        let begun = Instant::now();
        let mut ask = None;
        let held = self
            .change(action, |held| {
                held.now = held.now.step(Event::Clock, now, fastrand::f64());
                ask = held.now.due(now);
                if ask.is_some() {
                    held.now = held.now.step(Event::Sent, now, fastrand::f64());
                }
            })
            .await?;
        let (Some(held), Some(ask)) = (held, ask) else {
            return Ok(());
        };
        let request = HubRequest {
            target: &held.target,
            ask,
            callback: self.callback(action),
            secret: self.inner.keys.secret(action.feed, action.generation),
            allow_private_addresses: held.private,
        };
        let Err(error) = send(fetcher, &request).await else {
            return Ok(());
        };
        let later = now + begun.elapsed();
        let retry_after = error.retry_after();
        self.change(action, |held| {
            held.now = held
                .now
                .step(Event::Refused { retry_after }, later, fastrand::f64());
            // A hub that has verified meanwhile did not mean it.
            if held.now.attempts > 0 {
                held.error = Some(error.to_string());
            }
        })
        .await?;
        tracing::debug!(feed = action.feed.number(), ?ask, "{error}");
        Err(error.into())
    }

    /// Whether push can be relied on for the feed; see [`super::lease::poll_interval`].
    #[must_use]
    pub fn is_alive(&self, feed: FeedRow, now: Timestamp) -> bool {
        let table = self.table();
        let mut of_feed = table.held.iter().filter(|(key, _)| key.feed == feed);
        of_feed.any(|(_, held)| held.now.is_alive(now))
    }

    /// Takes note that pushed content was read and recorded.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pushed(&self, feed: FeedRow, now: Timestamp) -> Result<(), PushError> {
        self.proof(feed, Event::Pushed, now).await
    }

    /// Takes note of a poll that went well, and whether it found new entries, which push then has
    /// missed. To be called for 304 too.
    ///
    /// # Errors
    /// What the database says.
    pub async fn polled(
        &self,
        feed: FeedRow,
        found_new: bool,
        now: Timestamp,
    ) -> Result<(), PushError> {
        let event = if found_new {
            Event::PollMissed
        } else {
            Event::PollAgreed
        };
        self.proof(feed, event, now).await
    }

    async fn proof(&self, feed: FeedRow, event: Event, now: Timestamp) -> Result<(), PushError> {
        let active = {
            let table = self.table();
            let of_feed = table.held.iter().filter(|(key, _)| key.feed == feed);
            let active = of_feed.filter(|(_, h)| matches!(h.now.state, State::Active { .. }));
            active.map(|(key, _)| *key).next()
        };
        match active {
            Some(key) => self.apply(key, event, now).await.map(drop),
            None => Ok(()),
        }
    }

    async fn apply(
        &self,
        key: Action,
        event: Event,
        now: Timestamp,
    ) -> Result<Option<Held>, PushError> {
        let random = fastrand::f64();
        self.change(key, |held| held.now = held.now.step(event, now, random))
            .await
    }

    /// Changes a subscription in the store, then here. `None` when there is none (any more).
    async fn change(
        &self,
        key: Action,
        change: impl FnOnce(&mut Held),
    ) -> Result<Option<Held>, PushError> {
        let _order = self.inner.order.lock().await;
        let Some(before) = self.table().held.get(&key).cloned() else {
            return Ok(None);
        };
        let mut held = before.clone();
        change(&mut held);
        if held.now.state == State::Gone {
            let store = &self.inner.store;
            store.forget_subscription(key.feed, key.generation).await?;
            let token = self.inner.keys.token(key.feed, key.generation);
            let mut table = self.table();
            table.held.remove(&key);
            table.tokens.remove(&fingerprint(token.expose()));
            return Ok(Some(held));
        }
        if worth_recording(&before, &held) {
            self.record(key, &held).await?;
        }
        if let Some(place) = self.table().held.get_mut(&key) {
            // `follow` may have changed the leave meanwhile.
            held.private = place.private;
            *place = held.clone();
        }
        Ok(Some(held))
    }

    async fn record(&self, key: Action, held: &Held) -> Result<(), StoreError> {
        let lease_until = match held.now.state {
            State::Active { until } => Some(until),
            _ => None,
        };
        let row = SubscriptionRow {
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
        };
        self.inner.store.save_subscription(row).await
    }

    fn put(&self, key: Action, held: Held) {
        let token = self.inner.keys.token(key.feed, key.generation);
        let mut table = self.table();
        table.tokens.insert(fingerprint(token.expose()), key);
        table.held.insert(key, held);
    }

    fn callback(&self, key: Action) -> Secret {
        let token = self.inner.keys.token(key.feed, key.generation);
        Secret::new(format!(
            "{}/websub/{}",
            self.inner.public_url,
            token.expose()
        ))
    }

    fn callback_hash(&self, key: Action) -> [u8; 16] {
        fingerprint(self.callback(key).expose())
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that holds it can panic halfway through a change.
        self.inner
            .table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn by_token(&self, token: &str) -> Option<(Action, Held)> {
        let table = self.table();
        let key = *table.tokens.get(&fingerprint(token))?;
        Some((key, table.held.get(&key)?.clone()))
    }
}

impl Callbacks for Subscriber {
    async fn confirm(&self, token: &str, intent: Intent, now: Timestamp) -> bool {
        let Some((key, held)) = self.by_token(token) else {
            return false;
        };
        let (topic, event, error) = match intent {
            Intent::Subscribe { topic, lease } if held.now.awaits_subscription() => {
                (topic, Event::Verified { lease }, None)
            }
            Intent::Unsubscribe { topic } if held.now.state == State::Leaving => {
                (topic, Event::Left, None)
            }
            Intent::Denied { topic, reason } => {
                let reason = reason.filter(|reason| !reason.is_empty());
                let why = reason
                    .map(|reason| format!(" ({reason})"))
                    .unwrap_or_default();
                let error = format!("the WebSub hub denies it{why}: the feed is polled instead");
                (topic, Event::Denied, Some(error))
            }
            Intent::Subscribe { .. } | Intent::Unsubscribe { .. } => return false,
        };
        if !is_topic(&held.target.topic, &topic) {
            return false;
        }
        let random = fastrand::f64();
        let changed = self
            .change(key, |held| {
                held.now = held.now.step(event, now, random);
                held.error = error;
            })
            .await;
        match changed {
            Ok(changed) => changed.is_some(),
            // The hub takes it for a refusal; the subscription is asked for again by policy.
            Err(error) => {
                tracing::warn!(
                    feed = key.feed.number(),
                    "a hub's word can't be recorded: {error}"
                );
                false
            }
        }
    }

    fn recipient(&self, token: &str) -> Recipient {
        match self.by_token(token) {
            None => Recipient::Unknown,
            Some((key, held)) if held.now.awaits_subscription() => {
                let secret = self.inner.keys.secret(key.feed, key.generation);
                Recipient::Feed(key.feed, secret)
            }
            Some(_) => Recipient::Over,
        }
    }
}

/// Whether the owner's leave for private addresses reaches the hub.
fn reaches(followed: &Followed, target: &Target) -> bool {
    followed.allow_private_addresses && followed.url.host() == target.hub.host()
}

/// Whether a hub names the topic that it was asked for; it may spell the same URL differently.
fn is_topic(topic: &Url, named: &str) -> bool {
    topic.as_str() == named || Url::parse(named).is_ok_and(|named| named == *topic)
}

/// Whether anything has changed but the time of the last proof, or that by much.
fn worth_recording(before: &Held, after: &Held) -> bool {
    let aside = |held: &Held| Subscription {
        heard: None,
        ..held.now
    };
    let moved = match (before.now.heard, after.now.heard) {
        (Some(before), Some(after)) => after.since(before) >= RECORD_PROOF,
        (before, after) => before != after,
    };
    moved || aside(before) != aside(after) || before.error != after.error
}
