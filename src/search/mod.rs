//! Searching the history: what of a text is indexed, what a search asks, and where its hits stand.
//!
//! [`tokens`] and [`EntryTokens`] make of a text what the store's index holds; [`query`] reads what a
//! person typed, and [`Query`] says it in the index's words and shows its hits in the original text. All
//! differences that the matcher forgives by default are forgiven here too, by the same folding:
//! `Erdogan` finds `Erdoğan`, `習近平` finds `习近平`.
//!
//! Pure: no I/O, and time is a value. Nothing a person types can reach SQLite as an operator.
//!
//! ```
//! use mentiond::model::Timestamp;
//! use mentiond::search::{query, tokens};
//! # fn main() -> Result<(), mentiond::search::QueryError> {
//! assert_eq!(tokens("Erdoğan 習近平"), "erdogan 习近 近平 平");
//! let asked = query("Erdogan -習近平", Timestamp::from_millis(0))?;
//! assert_eq!(asked.expression().as_deref(), Some(r#"(("erdogan") NOT ("习近 近平"))"#));
//! # Ok(())
//! # }
//! ```

mod hits;
mod lex;
mod query;
mod server;
#[cfg(test)]
mod tests;
mod tokens;
mod tree;

pub use crate::matching::QueryError;
pub use hits::Marked;
pub use query::{MAX_SEARCH_BYTES, MAX_SEARCH_WORDS, query, time};
pub use tokens::{EntryTokens, MAX_INDEXED_BYTES, tokens};
pub use tree::{Condition, Query, Test};
