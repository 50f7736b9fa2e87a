//! The loop's body: which hubs to ask now, and what came of it.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::time::Instant;
use url::Url;

use super::Target;
use super::keys::Keys;
use super::lease::{Event, State};
use super::ledger::{Held, Ledger, Table};
use super::request::{HubError, HubRequest, send};
use crate::fetch::Fetcher;
use crate::model::Timestamp;
use crate::store::{FeedRow, Store, StoreError};

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

impl Followed {
    /// Whether the owner's leave for private addresses reaches the hub.
    pub(super) fn reaches(&self, target: &Target) -> bool {
        self.allow_private_addresses && self.url.host() == target.hub.host()
    }
}

/// Something that is due; see [`Subscriber::perform`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Action {
    pub(super) feed: FeedRow,
    pub(super) generation: i64,
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
    pub(super) ledger: Arc<Ledger>,
}

impl Subscriber {
    /// Takes up what the store holds. Subscriptions whose callback was another, because the key or
    /// `public_url` has changed, are forgotten: nothing can come through them any more.
    ///
    /// # Errors
    /// [`PushError::PublicUrl`], or what the database says.
    pub async fn open(store: Store, keys: Keys, public_url: &Url) -> Result<Self, PushError> {
        let ledger = Arc::new(Ledger::open(store, keys, public_url).await?);
        Ok(Self { ledger })
    }

    /// Takes over what other workers have changed, where there are some.
    ///
    /// # Errors
    /// What the database says.
    pub async fn refresh(&self) -> Result<(), PushError> {
        self.ledger.refresh().await
    }

    /// Takes over the configuration: these feeds may be pushed, and no other. Subscriptions of
    /// others are ended, and those of a feed whose URL is another now: what their hubs push is not
    /// the feed's any more.
    ///
    /// # Errors
    /// What the database says; to call it again is safe.
    pub async fn follow(&self, feeds: Vec<Followed>, now: Timestamp) -> Result<(), PushError> {
        // Whose the feeds are counts even so.
        let refreshed = self.ledger.refresh().await;
        let is_shared = self.ledger.is_shared();
        let unfollowed: Vec<Action> = {
            let mut table = self.ledger.table();
            let feeds = feeds.into_iter().map(|f| (f.feed, f)).collect();
            let before = std::mem::replace(&mut table.feeds, feeds);
            let Table { feeds, held, .. } = &mut *table;
            for (key, held) in held.iter_mut() {
                if let Some(followed) = feeds.get(&key.feed) {
                    held.private = followed.reaches(&held.target);
                }
            }
            let keys = held.keys().copied();
            let stays = |key: &Action| {
                let url = feeds.get(&key.feed).map(|followed| &followed.url);
                let old = before.get(&key.feed).map(|followed| &followed.url);
                // One that is followed nowhere any more lapses with its lease.
                let elsewhere = is_shared && url.is_none();
                elsewhere || url.is_some() && (old.is_none() || old == url)
            };
            keys.filter(|key| !stays(key)).collect()
        };
        for key in unfollowed {
            self.apply(key, Event::Unwanted, now).await?;
        }
        refreshed
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
            let table = self.ledger.table();
            let Some(followed) = table.feeds.get(&feed) else {
                return Ok(());
            };
            let of_feed = || table.of_feed(feed);
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
                .map(|target| Held::wanted(target.clone(), followed.reaches(target), now));
            (outdated, fresh)
        };
        for key in outdated {
            self.apply(key, Event::Unwanted, now).await?;
        }
        if let Some(held) = fresh {
            self.ledger.add(feed, held, now).await?;
        }
        Ok(())
    }

    /// What is due, for [`Subscriber::perform`].
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<Action> {
        let table = self.ledger.table();
        let due = table.held.iter().filter(|(_, h)| h.now.is_reached(now));
        due.map(|(key, _)| *key)
            .filter(|key| self.is_ours(&table, *key))
            .collect()
    }

    /// When something is due next. Clocks get set: look at [`Subscriber::due`] now and then anyway.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let table = self.ledger.table();
        let ours = table
            .held
            .iter()
            .filter(|(key, _)| self.is_ours(&table, **key));
        ours.filter_map(|(_, held)| held.now.next).min()
    }

    /// Whether this worker asks the hub: of several, the one that polls the feed does.
    fn is_ours(&self, table: &Table, key: Action) -> bool {
        !self.ledger.is_shared() || table.feeds.contains_key(&key.feed)
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
            .ledger
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
            callback: self.ledger.callback(action),
            secret: self.ledger.secret(action),
            allow_private_addresses: held.private,
        };
        let Err(error) = send(fetcher, &request).await else {
            return Ok(());
        };
        let later = now + begun.elapsed();
        let retry_after = error.retry_after();
        self.ledger
            .change(action, |held| {
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
        let table = self.ledger.table();
        table.of_feed(feed).any(|(_, held)| held.now.is_alive(now))
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
            let table = self.ledger.table();
            let active = |held: &Held| matches!(held.now.state, State::Active { .. });
            let mut of_feed = table.of_feed(feed);
            of_feed.find(|(_, held)| active(held)).map(|(key, _)| *key)
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
        self.ledger
            .change(key, |held| held.now = held.now.step(event, now, random))
            .await
    }
}
