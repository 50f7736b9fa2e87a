//! Handing mails over: connections that are kept for a while, and one mail's transaction.
//!
//! A server may refuse some of a mail's recipients and take it for the others. Then it is sent to those,
//! and the answer says who is left.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use tokio::time::{Instant, sleep, timeout};

use super::connect::Way;
use super::fault::{Fault, Reply, Step};

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(10);
/// The most mails on one connection; servers end long ones without asking.
const MOST_MAILS: u32 = 50;
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What came of a mail that at least one recipient gets.
#[derive(Debug)]
pub(super) struct Taken {
    /// The server's answer to the mail.
    pub(super) reply: Reply,
    /// Whose mail it did not take, by their place in the list, and what it said.
    pub(super) refused: Vec<(usize, Reply)>,
}

/// A sink's connections.
#[derive(Clone)]
pub(super) struct Server {
    way: Way,
    login: Option<Credentials>,
    idle: Arc<Mutex<Idle>>,
}

#[derive(Default)]
struct Idle {
    kept: Vec<Kept>,
    /// Whether somebody looks after them.
    swept: bool,
}

/// A connection that is logged in.
struct Kept {
    connection: AsyncSmtpConnection,
    mails: u32,
    since: Instant,
}

impl Server {
    pub(super) fn new(way: Way, login: Option<Credentials>) -> Self {
        Self {
            way,
            login,
            idle: Arc::default(),
        }
    }

    /// Hands a mail over to these recipients.
    pub(super) async fn send(
        &self,
        from: &Address,
        to: &[Address],
        source: &[u8],
    ) -> Result<Taken, Fault> {
        let mut kept = self.connection().await?;
        match transact(&mut kept.connection, from, to, source).await {
            Ok(outcome) => {
                kept.mails += 1;
                self.keep(kept);
                outcome
            }
            Err(fault) => {
                tokio::spawn(leave(kept.connection));
                Err(fault)
            }
        }
    }

    async fn connection(&self) -> Result<Kept, Fault> {
        loop {
            let kept = lock(&self.idle).kept.pop();
            let Some(mut kept) = kept else {
                break;
            };
            if kept.since.elapsed() < IDLE && kept.connection.test_connected().await {
                return Ok(kept);
            }
            tokio::spawn(leave(kept.connection));
        }
        let mut connection = self.way.connect().await?;
        if let Some(login) = &self.login {
            let answer = connection.auth(DEFAULT_MECHANISMS, login).await;
            answer.map_err(|error| Fault::of(Step::Login, &error))?;
        }
        Ok(Kept {
            connection,
            mails: 0,
            since: Instant::now(),
        })
    }

    fn keep(&self, mut kept: Kept) {
        if kept.mails >= MOST_MAILS || kept.connection.has_broken() {
            tokio::spawn(leave(kept.connection));
            return;
        }
        kept.since = Instant::now();
        let mut idle = lock(&self.idle);
        idle.kept.push(kept);
        if !std::mem::replace(&mut idle.swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self.idle)));
        }
    }
}

fn lock(idle: &Mutex<Idle>) -> std::sync::MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says farewell to connections that nobody has used for a while, until none is left.
async fn sweep(idle: Weak<Mutex<Idle>>) {
    loop {
        sleep(IDLE).await;
        let Some(idle) = idle.upgrade() else {
            return;
        };
        let (old, goes_on) = {
            let mut idle = lock(&idle);
            let old: Vec<Kept> = idle
                .kept
                .extract_if(.., |kept| kept.since.elapsed() >= IDLE)
                .collect();
            idle.swept = !idle.kept.is_empty();
            (old, idle.swept)
        };
        for kept in old {
            leave(kept.connection).await;
        }
        if !goes_on {
            return;
        }
    }
}

/// Says QUIT and hangs up.
async fn leave(mut connection: AsyncSmtpConnection) {
    let _ = timeout(FAREWELL, connection.abort()).await;
}

/// One mail. The outer error costs the connection; the inner one is a mail that nobody gets, on a
/// connection that is fit for the next.
async fn transact(
    connection: &mut AsyncSmtpConnection,
    from: &Address,
    to: &[Address],
    source: &[u8],
) -> Result<Result<Taken, Fault>, Fault> {
    let sender = Mail::new(Some(from.clone()), Vec::new());
    let answer = connection.command(sender).await;
    answer.map_err(|error| Fault::of(Step::Sender, &error))?;
    let mut refused = Vec::new();
    for (place, address) in to.iter().enumerate() {
        let recipient = Rcpt::new(address.clone(), Vec::new());
        let Err(error) = connection.command(recipient).await else {
            continue;
        };
        match Fault::of(Step::Recipients, &error) {
            // The server hangs up.
            Fault::Refused(step, reply) if reply.code == 421 => {
                return Err(Fault::Refused(step, reply));
            }
            Fault::Refused(_, reply) => refused.push((place, reply)),
            fault => return Err(fault),
        }
    }
    if refused.len() == to.len() {
        let reset = connection.command(Rset).await;
        reset.map_err(|error| Fault::of(Step::Recipients, &error))?;
        // Who may be taken later decides whether it is for now or for good.
        let later = refused.iter().position(|(_, reply)| !reply.is_final());
        let (_, reply) = refused.swap_remove(later.unwrap_or(0));
        return Ok(Err(Fault::Refused(Step::Recipients, reply)));
    }
    let answer = connection.command(Data).await;
    let answer = answer.map_err(|error| Fault::of(Step::Mail, &error))?;
    if !answer.has_code(354) {
        return Err(Fault::Protocol("an answer to DATA that is none".to_owned()));
    }
    let answer = connection.message(source).await;
    let answer = answer.map_err(|error| Fault::of(Step::Mail, &error))?;
    let reply = Reply::of(&answer);
    if !(200..300).contains(&reply.code) {
        return Err(Fault::Protocol(
            "an answer to the mail that is none".to_owned(),
        ));
    }
    Ok(Ok(Taken { reply, refused }))
}
