//! When a feed is polled: the policy, and the queue of what is due.
//!
//! [`policy::next_poll`] decides, from the answer of a poll and nothing else, when the next one
//! is. [`Queue`] keeps all feeds in order of that time and hands out those that are due, few at a
//! time in all, per host and per registered domain ([`Place`]). All of it is pure: it takes the
//! clock and the dice as values and never does I/O, so that ten thousand feeds over a year can be
//! tried in a test without sleeping.

mod domain;
pub mod policy;
mod queue;
mod rhythm;

pub use domain::{Place, registered_domain};
pub use policy::{Answer, Failure, Pace, Policy, next_poll};
pub use queue::{Limits, Queue};
pub use rhythm::Rhythm;
