//! News without asking: a WebSub subscriber (W3C Recommendation of 23 January 2018).
//!
//! A feed that names a hub is subscribed to there, and the hub then sends each change to a callback
//! of ours; polling goes on, only slower, because a hub's silence proves nothing. [`Subscriber`]
//! keeps one [`lease::Subscription`] for each feed and hub that was tried, says what is
//! [due](Subscriber::due) and performs it; [`callback::router`] is the door through which the hub
//! comes back, and puts what it brings into a bounded queue as [`callback::Pushed`].
//!
//! Pure are [`discovery`] (which hub and which topic, §4), [`lease`] (what follows from what), and
//! [`signature`] (§7.1); [`keys`] makes every callback and every secret from one key in a file, so
//! that the database holds none.
//!
//! # Promises
//! - Nothing is taken from a hub without a signature made with the secret that this hub was given.
//! - A hub that refuses, denies, falls silent or disappears costs a few requests and no news: the
//!   feed is polled at its normal speed again.
//! - A callback answers at once; a full queue makes the hub come back, and no sender can fill
//!   memory.
//!
//! # Never
//! - No callback token, secret or body in a log line, an error or `Debug`.
//! - No fetch of a feed and no entry: what is pushed is judged where a polled document is.

mod answers;
pub mod callback;
pub mod discovery;
pub mod keys;
pub mod lease;
mod ledger;
mod record;
pub mod request;
pub mod signature;
mod subscriber;

pub use discovery::Target;
pub use subscriber::{Action, Followed, PushError, Subscriber};
