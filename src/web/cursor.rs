//! Places in lists that grow at their head, as texts that go round through a client.
//!
//! A [`Cursor`] names the last item of a page by its time and its id; the next page is what stands behind
//! it. What comes in at the head meanwhile moves nothing, so no item is given twice and none is left out. Of a
//! search it is the place that the store gave, with the order in which it is one.
//! Clients are to take it as it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema, openapi};

use crate::model::Timestamp;
use crate::store::{AlertPlace, MentionPlace, SearchOrder};

/// The longest id that a cursor may name.
const LONGEST_ID: usize = 80;

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    at: Timestamp,
    id: String,
}

/// Why a text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the `next` of the page before, as it is")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.as_millis(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (at, id) = text.split_once('.').ok_or(CursorError)?;
        let is_id = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(is_id) {
            return Err(CursorError);
        }
        Ok(Self {
            at: Timestamp::from_millis(at.parse().map_err(|_| CursorError)?),
            id: id.to_owned(),
        })
    }
}

impl From<MentionPlace> for Cursor {
    fn from(place: MentionPlace) -> Self {
        Self {
            at: place.found,
            id: place.id.to_string(),
        }
    }
}

impl TryFrom<Cursor> for MentionPlace {
    type Error = CursorError;

    fn try_from(cursor: Cursor) -> Result<Self, CursorError> {
        Ok(Self {
            found: cursor.at,
            id: cursor.id.parse().map_err(|_| CursorError)?,
        })
    }
}

impl From<AlertPlace> for Cursor {
    fn from(place: AlertPlace) -> Self {
        Self {
            at: place.created,
            id: place.id,
        }
    }
}

impl From<Cursor> for AlertPlace {
    fn from(cursor: Cursor) -> Self {
        Self {
            created: cursor.at,
            id: cursor.id,
        }
    }
}

/// The name of an order, which stands where lists have an id.
const fn order_name(order: SearchOrder) -> &'static str {
    match order {
        SearchOrder::Date => "date",
        SearchOrder::Relevance => "relevance",
    }
}

impl Cursor {
    /// A place in what a search finds.
    #[must_use]
    pub fn of_search(order: SearchOrder, after: i64) -> Self {
        Self {
            at: Timestamp::from_millis(after),
            id: order_name(order).to_owned(),
        }
    }

    /// The place in what a search in this order finds.
    ///
    /// # Errors
    /// [`CursorError`] when it is a place in something else.
    pub fn in_search(&self, order: SearchOrder) -> Result<i64, CursorError> {
        let is_its = self.id == order_name(order);
        is_its.then(|| self.at.as_millis()).ok_or(CursorError)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Cursor {
    fn schema() -> openapi::RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A place in the list; take it as it is"))
            .into()
    }
}

impl ToSchema for Cursor {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went(at in any::<i64>(), id in "[a-zA-Z0-9_-]{1,80}") {
            let cursor = Cursor { at: Timestamp::from_millis(at), id };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn places_of_mentions_and_alerts_come_back(at in any::<i64>(), id in any::<i64>(), name in "al_[0-9a-f]{32}") {
            let found = Timestamp::from_millis(at);
            let place = MentionPlace { found, id };
            let text = Cursor::from(place).to_string();
            prop_assert_eq!(text.parse().and_then(|c: Cursor| c.try_into()), Ok(place));
            let place = AlertPlace { created: found, id: name };
            let text = Cursor::from(place.clone()).to_string();
            prop_assert_eq!(text.parse().map(|c: Cursor| AlertPlace::from(c)), Ok(place));
            for (order, other) in [(SearchOrder::Date, SearchOrder::Relevance), (SearchOrder::Relevance, SearchOrder::Date)] {
                let cursor: Cursor = Cursor::of_search(order, id).to_string().parse().unwrap();
                prop_assert_eq!(cursor.in_search(order), Ok(id));
                prop_assert_eq!(cursor.in_search(other), Err(CursorError));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,120}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                let again: Cursor = cursor.to_string().parse().unwrap();
                prop_assert_eq!(again, cursor);
            }
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "",
            ".",
            "1",
            "1.",
            ".a",
            "x.1",
            "1.a b",
            "1.a.b",
            "99999999999999999999.1",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError), "{text}");
        }
        let alert: Cursor = "1.al_0".parse().unwrap();
        assert!(MentionPlace::try_from(alert).is_err());
    }
}
