//! The wiring: from a configured feed to a delivered alert, for years.
//!
//! [`Engine`] holds what every poll needs (store, fetcher, matcher); [`Live`] is the part of it that
//! a reload replaces. [`poll`] is one poll from fetch to commit; [`Scheduler`] keeps the due queue
//! and the polls under way; [`run`] is the service's main loop, which also stops and reloads;
//! [`round`] polls everything once for the command line; [`rematch`] runs topics over the history.
//!
//! Stopping is a protocol: no new polls, polls under way may end within the limit (each is one
//! transaction, so one that is cut off never happened), then deliveries under way, then the
//! database is closed. Reloading builds the new [`Live`] first and changes nothing if that fails.

mod connectivity;
mod document;
mod door;
mod failure;
mod finder;
mod fleet;
mod judge;
mod left_alone;
mod live;
mod page;
mod page_lines;
mod pauses;
mod poll;
mod push;
mod pushed;
mod rematch;
mod report;
mod round;
mod scheduler;
mod service;
mod spikes;
mod status;

pub use left_alone::{LeftAlone, Why};
pub use live::{Engine, Live, LiveError};
pub use poll::{PollError, Polled};
pub use push::PushStartError;
pub use rematch::{Rematch, RematchError, Rematched, TopicCounts, rematch};
pub use round::{RoundSummary, round};
pub use scheduler::{Ended, Scheduler, Then};
pub use service::{Asked, Command, DaemonError, Event, run};
pub use status::{Snapshot, Status};
