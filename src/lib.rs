//! mentiond watches news feeds and tells its owner, once and reliably, when a story mentions a
//! topic they track.
//!
//! Data flows one way: `config` → `schedule` → `fetch` → `parse` → `dedup` → `matching` → `store`
//! → `notify`. Pure modules (`schedule`, `article`, `language`, `dedup`, `matching`, `search`, `silence`, `pace`,
//! `fleet`, `trends`) take values and a clock and do no I/O; `daemon` wires them together and `cli` prints.

#![forbid(unsafe_code)]

pub mod article;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod dedup;
pub mod demo;
pub mod discover;
pub mod fetch;
pub mod fleet;
pub mod language;
pub mod matching;
pub mod measure;
pub mod model;
pub mod notify;
pub mod pace;
pub mod parse;
pub mod push;
pub mod schedule;
pub mod search;
pub mod silence;
pub mod store;
#[cfg(test)]
mod testing;
mod tls;
pub mod trends;
pub mod view;
pub mod web;
pub mod world;
