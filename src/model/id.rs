//! The names that the owner gives to feeds, topics and sinks.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not an id: use 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit"
)]
pub struct IdError {
    /// The text that was given, cut to 80 characters.
    pub text: String,
}

fn check(text: &str) -> Result<Arc<str>, IdError> {
    let legal =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    let begins_well = text
        .as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric);
    if text.len() <= 64 && begins_well && text.bytes().all(legal) {
        Ok(text.into())
    } else {
        Err(IdError {
            text: text.chars().take(80).collect(),
        })
    }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text and makes it an id.
            ///
            /// # Errors
            /// [`IdError`] when the text has other characters than an id may have.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

id_type!(
    /// A feed's id: the key of its state in the store, stable when its URL changes.
    FeedId
);
id_type!(
    /// A topic's id, such as `sco` or `xi-jinping`.
    TopicId
);
id_type!(
    /// A sink's id, such as `newsroom`.
    SinkId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_lower_case_words() {
        for good in ["sco", "xi-jinping", "bbc.uk_world", "7sur7"] {
            assert!(FeedId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-x", "SCO", "a b", "ж", &"a".repeat(65)] {
            assert!(TopicId::new(bad).is_err(), "{bad}");
        }
    }
}
