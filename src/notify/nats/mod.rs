//! The NATS sink: one message for an alert, or a mention, in a stream of `JetStream`.
//!
//! [`message`] says what is published where; it is pure. [`connect`] finds and encrypts the way to a
//! server, [`fault`] says what a failure means.
//!
//! A message counts as received when the stream has acknowledged that it is stored, and not before. Its
//! `Nats-Msg-Id` is its id in every attempt, so that a stream which has it already stores it no second
//! time within its duplicate window. Attempts share one connection and do not wait for each other. A
//! connection on which something went wrong is given up, and the next attempt makes another; nothing is
//! kept for later on it, because what waits is in the outbox. No error shows a login.

mod connect;
mod fault;
mod message;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::jetstream::stream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

pub use self::message::Message;

use self::connect::{Link, Way};
use self::fault::Fault;
use super::webhook::Answer;
use crate::config::{NatsConfig, NatsLogin};
use crate::store::{StoredAlert, StoredMention};

/// How long a stream that is made here remembers the ids of messages. Longer than the waits between the
/// first attempts at a delivery.
const DUPLICATES: Duration = Duration::from_hours(24);

/// Whether this is the text of a file of credentials.
#[must_use]
pub fn are_credentials(text: &str) -> bool {
    ConnectOptions::with_credentials(text).is_ok()
}

/// Where a NATS sink leads.
#[derive(Clone)]
pub struct Target {
    config: Arc<NatsConfig>,
    way: Way,
    timeout: Duration,
    /// What must not be shown, the longest first.
    secrets: Arc<[String]>,
    link: Arc<Mutex<Option<Arc<Link>>>>,
}

/// That a message is stored, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The stream.
    pub stream: String,
    /// The message's number in it.
    pub sequence: u64,
    /// Whether it was there already.
    pub duplicate: bool,
}

impl Target {
    /// Prepares a target; connects to nothing.
    ///
    /// # Errors
    /// In words, when certificates are needed and there are none.
    pub fn new(config: &NatsConfig, timeout: Duration) -> Result<Self, String> {
        Ok(Self {
            way: Way::new(config)?,
            timeout,
            secrets: secrets_of(&config.login).into(),
            config: Arc::new(config.clone()),
            link: Arc::default(),
        })
    }

    /// Sends an alert once.
    pub async fn send(&self, alert: &StoredAlert) -> Answer {
        match self.attempt(alert).await {
            Ok(_) => Answer::Received,
            Err(answer) => answer,
        }
    }

    /// Sends a mention once.
    pub async fn send_mention(&self, mention: &StoredMention) -> Answer {
        let message = Message::of_mention(mention, &self.config);
        match self.hand_over(&message).await {
            Ok(_) => Answer::Received,
            Err(fault) => Answer::Failed(fault.into_failure(&self.config, &self.secrets)),
        }
    }

    /// Sends an alert once, and tells where it is stored.
    ///
    /// # Errors
    /// What the failure means for the delivery.
    pub async fn attempt(&self, alert: &StoredAlert) -> Result<Stored, Answer> {
        let message = Message::of(alert, &self.config);
        let stored = self.hand_over(&message).await;
        stored.map_err(|fault| Answer::Failed(fault.into_failure(&self.config, &self.secrets)))
    }

    async fn hand_over(&self, message: &Message) -> Result<Stored, Fault> {
        let deadline = Instant::now() + self.timeout;
        let link = timeout_at(deadline, self.link()).await;
        let link = link.map_err(|_| Fault::Silent(self.timeout))??;
        let stored = timeout_at(deadline, self.store(&link, message)).await;
        let stored = stored.unwrap_or(Err(Fault::Late(self.timeout)));
        if stored.as_ref().is_err_and(Fault::ends_connection) {
            self.give_up(&link).await;
        }
        stored
    }

    /// Publishes on a connection; makes the stream first if none takes the message and the owner wants that.
    async fn store(&self, link: &Link, message: &Message) -> Result<Stored, Fault> {
        match (link.publish(message).await, &self.config.stream) {
            (Err(Fault::NoStream(_)), Some(name)) if self.config.create_stream => {
                link.create(stream::Config {
                    name: name.clone(),
                    subjects: vec![message::everything(&self.config.subject)],
                    description: Some("Alerts of mentiond".to_owned()),
                    duplicate_window: DUPLICATES,
                    ..stream::Config::default()
                })
                .await?;
                link.publish(message).await
            }
            (stored, _) => stored,
        }
    }

    /// The connection; whoever comes while it is being made waits for it.
    async fn link(&self) -> Result<Arc<Link>, Fault> {
        let mut current = self.link.lock().await;
        if let Some(link) = current.as_ref().filter(|link| link.is_up()) {
            return Ok(link.clone());
        }
        // The old one ends with the last attempt that uses it.
        *current = None;
        let link = Arc::new(self.way.connect(self.timeout).await?);
        *current = Some(link.clone());
        Ok(link)
    }

    /// Has the next attempt make another connection.
    async fn give_up(&self, link: &Arc<Link>) {
        let mut current = self.link.lock().await;
        if current
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, link))
        {
            *current = None;
        }
    }
}

/// What of a login must not be shown, the longest first.
fn secrets_of(login: &NatsLogin) -> Vec<String> {
    let mut secrets: Vec<String> = match login {
        NatsLogin::Nobody => Vec::new(),
        NatsLogin::Token(secret) | NatsLogin::Password(_, secret) => {
            vec![secret.expose().to_owned()]
        }
        // The JWT and the seed stand on lines of their own.
        NatsLogin::Credentials(secret) => {
            let lines = secret.expose().lines().map(str::trim);
            let secret = lines.filter(|line| line.len() > 20 && !line.contains(' '));
            secret.map(str::to_owned).collect()
        }
    };
    secrets.retain(|secret| !secret.is_empty());
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
