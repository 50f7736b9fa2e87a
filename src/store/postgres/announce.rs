//! What workers call out to each other, so that nobody waits until it looks by itself.
//!
//! A server that can't do this (CockroachDB has no LISTEN) is asked again now and then; work is found by looking
//! all the same, only later. What is called is not recorded and may be missed.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::poll_fn;
use tokio::sync::mpsc;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Config, Socket};
use tracing::debug;

use crate::store::Call;

/// The pause before the connection is made anew, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Calls are gathered for so long: each is a statement of its own.
pub(super) const GATHER: Duration = Duration::from_millis(20);

/// The channel of this schema of the database, as SQL.
pub(super) const CHANNEL: &str = "'mentiond_' || current_schema()";

/// What is to be called out.
#[derive(Debug, Default)]
pub(super) struct Calls(Mutex<BTreeSet<Call>>);

impl Calls {
    /// Adds one; says whether it is the first, whose caller sees to all.
    pub(super) fn add(&self, call: Call) -> bool {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = calls.is_empty();
        calls.insert(call);
        is_first
    }

    /// Takes all.
    pub(super) fn take(&self) -> BTreeSet<Call> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Hears what others call, for as long as somebody takes it.
pub(super) async fn listen<T>(config: Config, tls: T, heard: mpsc::Sender<Call>)
where
    T: MakeTlsConnect<Socket> + Clone,
    T::Stream: Send + 'static,
{
    let mut pause = FIRST_PAUSE;
    while !heard.is_closed() {
        match hear(&config, tls.clone(), &heard, &mut pause).await {
            Ok(()) => debug!("the server has ended the connection that listens"),
            Err(error) => debug!("calls of other workers can't be heard now: {error}"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn hear<T>(
    config: &Config,
    tls: T,
    heard: &mpsc::Sender<Call>,
    pause: &mut Duration,
) -> Result<(), tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, mut connection) = config.connect(tls).await?;
    let mut messages = pin!(poll_fn(move |context| connection.poll_message(context)));
    let asking = async {
        let channel = client
            .query_one(&format!("SELECT {CHANNEL}"), &[])
            .await?
            .get::<_, String>(0);
        client
            .batch_execute(&format!("LISTEN \"{}\"", channel.replace('"', "\"\"")))
            .await
    };
    let mut asking = pin!(asking);
    let mut is_asking = true;
    loop {
        tokio::select! {
            asked = &mut asking, if is_asking => {
                asked?;
                is_asking = false;
                *pause = FIRST_PAUSE;
                // What was called before is not heard: everybody looks.
                for call in Call::ALL {
                    if heard.send(call).await.is_err() {
                        return Ok(());
                    }
                }
            }
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(note))) => {
                    let call = Call::ALL.into_iter().find(|call| call.as_str() == note.payload());
                    if let Some(call) = call
                        && heard.send(call).await.is_err()
                    {
                        return Ok(());
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
            () = heard.closed() => return Ok(()),
        }
    }
}
