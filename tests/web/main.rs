//! The API of the real binary, asked over the loopback interface.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(
    dead_code,
    reason = "shared with the tests of `fetch`, which use more of it"
)]
#[path = "../fetch/server.rs"]
mod server;
#[allow(
    dead_code,
    reason = "shared with the tests of the daemon, which use more of it"
)]
#[path = "../daemon/support.rs"]
mod support;

mod client;

mod access;
mod alerts;
mod headers;
mod health;
mod history;
mod mention_feeds;
mod monitoring;
mod openapi;
mod page;
mod problems;
mod search;
mod series;
mod stream;
mod topic_page;
