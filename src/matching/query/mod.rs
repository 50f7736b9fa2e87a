//! The query language of topics: words, phrases, `AND`, `OR`, `NOT`, distances, sentences, scopes,
//! weights and regular expressions.
//!
//! [`parse_query`] reads a text into a [`Query`](crate::model::Query) and says at which character it
//! is wrong ([`QueryError`]); [`print_query`] writes one back. The matcher finds the leaves together
//! with the terms of all other topics; `spots` collects them and `evaluate` decides; `tree` tells
//! how. Language and
//! meaning are told to people in `docs/query.md`, whose examples are tests.
//!
//! Everything is bounded: the text, depth, parts and expressions of a query, the hits of a leaf in a
//! field, the sentences that are tried. Nothing here does I/O or panics.

mod error;
mod evaluate;
mod facts;
mod lex;
mod parse;
mod print;
mod regexes;
mod spots;
#[cfg(test)]
mod tests;
mod tree;
mod units;

pub use error::QueryError;
pub use facts::Facts;
pub use parse::{
    MAX_QUERY_BYTES, MAX_QUERY_DEPTH, MAX_QUERY_NODES, MAX_QUERY_REGEXES, parse_query,
};
pub use print::print_query;

pub(super) use evaluate::evaluate;
pub(super) use regexes::Regexes;
pub(super) use spots::{Leaves, Texts};
pub(super) use tree::{Reading, read};
