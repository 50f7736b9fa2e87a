//! Telling: the outbox's deliveries, each to its sink, at least once and by a stable id.
//!
//! [`Notifier`] runs one worker per sink, so that a slow or dead receiver delays nobody else. A
//! worker takes what is due from the store, sends it ([`webhook`], [`email`], [`nats`], [`command`], [`log`]), and settles it in the
//! store: delivered, to be tried again by [`retry`]'s policy, or a dead letter. A delivery is
//! settled only after its answer arrived; a crash in between repeats the request with the same
//! `webhook-id`, which is how a receiver can drop it. A receiver in trouble is left alone for a while
//! ([`circuit`]), and what it said is kept ([`echo`]).
//!
//! What a payload looks like is in [`payload`], what chats and other receivers get in [`format`], what readers of
//! feeds get in [`feed`], in which [`words`] and [`voice`], how a request is signed in [`sign`], and who gets which
//! alert in [`route`]. What sinks get that want every mention is in `observed`, and goes by a worker of its own,
//! `observer`.

pub mod circuit;
pub mod command;
pub mod echo;
pub mod email;
pub mod feed;
pub mod format;
pub mod log;
pub mod nats;
mod notifier;
mod observed;
mod observer;
pub mod payload;
pub mod probe;
mod recorder;
pub mod retry;
pub mod route;
mod settled;
pub mod sign;
mod sink;
pub mod voice;
pub mod webhook;
pub mod words;
mod worker;

pub use log::Printer;
pub use notifier::{Notifier, NotifyError};
pub use settled::{End, Settled};
pub use voice::Voice;
