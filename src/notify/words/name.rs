//! What of strangers and owners may stand in a phrase.

use std::fmt;

use super::super::format::text::{isolated, tame};

/// A name within a phrase: one line, nothing hidden, and nothing that turns what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// A name for a chat, which shows it in its own direction of writing.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(isolated(tame(text)))
    }

    /// A name for a terminal or a file, without marks of direction, which few of those understand.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self(tame(text))
    }

    /// The name, safe to be put beside other texts.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
