//! What `mentiond::push` promises, tried against hubs on the loopback interface.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "push/hub.rs"]
mod hub;
#[path = "push/support.rs"]
mod support;

#[path = "push/delivery.rs"]
mod delivery;
#[path = "push/forms.rs"]
mod forms;
#[path = "push/interop.rs"]
mod interop;
#[path = "push/subscribing.rs"]
mod subscribing;
