//! The e-mail sink: one mail for an alert, handed to the owner's server over SMTP.
//!
//! [`mail`] puts the mail together, [`body`] its two texts; both are pure. [`connect`] finds and encrypts
//! the way to the server, [`session`] hands the mail over, [`fault`] says what a failure means. No error
//! shows the password.
//!
//! A mail counts as received when the server has taken it (250) for somebody and nobody is left for
//! later. Who is refused for good (5xx) while others get it is told in the log and not asked again; who is
//! refused for now (4xx) gets it with the next attempt, alone. Who has it already is remembered in memory
//! only: after a restart in between they get it once more, under the same `Message-ID`.

pub mod body;
mod connect;
mod fault;
pub mod mail;
mod session;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::transport::smtp::authentication::Credentials;
use tokio::time::timeout;
use tracing::warn;

use self::connect::Way;
use self::fault::{Fault, Reply};
use self::mail::Draft;
use self::session::{Server, Taken};
use super::circuit::Health;
use super::webhook::{Answer, Failure};
use super::{Voice, echo};
use crate::config::EmailConfig;
use crate::model::SinkId;
use crate::store::StoredAlert;

/// How many alerts are remembered that some recipients have and others have not.
const MOST_SPLIT: usize = 1000;

/// Where an e-mail sink leads.
#[derive(Clone)]
pub struct Target {
    sink: SinkId,
    config: EmailConfig,
    voice: Voice,
    server: Server,
    timeout: Duration,
    /// What must not be shown, the longest first.
    secrets: Vec<String>,
    split: Arc<Mutex<VecDeque<Split>>>,
}

/// Who needs an alert no more, by their places among the recipients.
#[derive(Debug)]
struct Split {
    alert: String,
    done: BTreeSet<usize>,
}

/// What came of an attempt.
#[derive(Debug)]
pub struct Attempt {
    /// What it means for the delivery.
    pub answer: Answer,
    /// The code and text of the server's last answer if there is one, the text cleaned.
    pub reply: Option<(u16, String)>,
    /// Whom the server refused while it took the mail for others: address, code and text.
    pub refused: Vec<(String, u16, String)>,
}

impl Target {
    /// Prepares a target.
    ///
    /// # Errors
    /// In words, when this machine has no CA certificates.
    pub fn new(
        sink: SinkId,
        config: EmailConfig,
        voice: Voice,
        timeout: Duration,
    ) -> Result<Self, String> {
        let way = Way::new(&config).map_err(|error| error.to_string())?;
        let mut secrets = Vec::new();
        let login = config.login.as_ref().map(|(user, password)| {
            let password = password.expose();
            // As PLAIN and LOGIN send it.
            secrets.push(STANDARD.encode(format!("\0{user}\0{password}")));
            secrets.push(STANDARD.encode(password));
            secrets.push(password.to_owned());
            Credentials::new(user.clone(), password.to_owned())
        });
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Ok(Self {
            server: Server::new(way, login),
            sink,
            config,
            voice,
            timeout,
            secrets,
            split: Arc::default(),
        })
    }

    /// Sends an alert once.
    pub async fn send(&self, alert: &StoredAlert) -> Answer {
        self.attempt(alert).await.answer
    }

    /// Sends an alert once, and tells what the server said.
    pub async fn attempt(&self, alert: &StoredAlert) -> Attempt {
        match self.hand_over(alert).await {
            Ok(taken) => taken,
            Err(fault) => Attempt {
                reply: match &fault {
                    Fault::Refused(_, reply) => Some((reply.code, self.clean(reply))),
                    _ => None,
                },
                answer: Answer::Failed(fault.into_failure(&self.secrets)),
                refused: Vec::new(),
            },
        }
    }

    async fn hand_over(&self, alert: &StoredAlert) -> Result<Attempt, Fault> {
        let draft = Draft::of(alert, &self.sink, &self.voice);
        let source = draft.source(&self.sink, &self.config);
        let source = source.map_err(Fault::Draft)?;
        let done = self.done(&alert.id);
        let all = self.config.to.iter().enumerate();
        let (places, to): (Vec<usize>, Vec<Address>) = all
            .filter(|(place, _)| !done.contains(place))
            .map(|(place, to)| (place, to.email.clone()))
            .unzip();
        let sent = self.server.send(&self.config.from.email, &to, &source);
        match timeout(self.timeout, sent).await {
            Ok(Ok(taken)) => Ok(self.took(alert, done, &places, taken)),
            // The others have it, so that nobody will get it any more.
            Ok(Err(Fault::Refused(fault::Step::Recipients, reply)))
                if !done.is_empty() && reply.is_final() =>
            {
                let refused = (0..places.len()).map(|n| (n, reply.clone())).collect();
                Ok(self.took(alert, done, &places, Taken { reply, refused }))
            }
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(Fault::Late(self.timeout)),
        }
    }

    /// Takes in that the server took the mail for some or all.
    fn took(
        &self,
        alert: &StoredAlert,
        mut done: BTreeSet<usize>,
        places: &[usize],
        taken: Taken,
    ) -> Attempt {
        let address = |place: usize| self.config.to[place].email.to_string();
        let mut later = None;
        let mut refused = Vec::new();
        done.extend(places);
        for (n, reply) in taken.refused {
            let place = places[n];
            let text = self.clean(&reply);
            if reply.is_final() {
                let (sink, to) = (self.sink.as_str(), address(place));
                warn!(
                    sink,
                    alert = alert.id,
                    "the server refused {to}, others got the mail: {} {text}",
                    reply.code
                );
            } else {
                done.remove(&place);
                later.get_or_insert_with(|| {
                    format!("{} must wait: {} {text}", address(place), reply.code)
                });
            }
            refused.push((address(place), reply.code, text));
        }
        self.remember(&alert.id, later.is_some().then_some(done));
        let answer = match later {
            None => Answer::Received,
            Some(error) => Answer::Failed(Failure {
                error: error.trim_end().to_owned(),
                retry_after: None,
                response: None,
                health: Health::Up,
            }),
        };
        Attempt {
            answer,
            reply: Some((taken.reply.code, self.clean(&taken.reply))),
            refused,
        }
    }

    fn clean(&self, reply: &Reply) -> String {
        echo::clean(reply.text.as_bytes(), false, &self.secrets).unwrap_or_default()
    }

    /// Who needs the alert no more.
    fn done(&self, alert: &str) -> BTreeSet<usize> {
        let split = self.split.lock().unwrap_or_else(PoisonError::into_inner);
        let known = split.iter().find(|split| split.alert == alert);
        known.map(|split| split.done.clone()).unwrap_or_default()
    }

    /// Remembers who needs the alert no more, while somebody does.
    fn remember(&self, alert: &str, done: Option<BTreeSet<usize>>) {
        let mut split = self.split.lock().unwrap_or_else(PoisonError::into_inner);
        split.retain(|split| split.alert != alert);
        if let Some(done) = done {
            if split.len() >= MOST_SPLIT {
                split.pop_front();
            }
            split.push_back(Split {
                alert: alert.to_owned(),
                done,
            });
        }
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("sink", &self.sink)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
