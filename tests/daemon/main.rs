//! The real binary against real servers on the loopback interface and a real database file.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(
    dead_code,
    reason = "shared with the tests of `push`, which use more of it"
)]
#[path = "../push/hub.rs"]
mod hub;
mod post;
mod press;
#[allow(
    dead_code,
    reason = "shared with the tests of `fetch`, which use more of it"
)]
#[path = "../fetch/server.rs"]
mod server;
mod support;

mod commands;
mod corpus;
mod crash;
mod end_to_end;
mod feeds_of_alerts;
mod formats;
mod hostile;
mod mail;
mod options;
mod pace;
mod pages;
mod politeness;
mod push;
mod rebinding;
mod rematch;
mod routes;
mod scores;
mod search;
mod service;
mod silences;
mod spikes;
mod standard_webhooks;
mod stories;
mod storm;
mod templates;
mod trends;
mod webhooks;
