//! Query parameters: read into a struct, each mistake told with the parameter's name.
//!
//! A struct with `Deserialize` (and `deny_unknown_fields`) and utoipa's `IntoParams` is both what a handler
//! gets and what the document says. [`Params`] is the extractor; [`Moment`], [`Limit`], [`Few`], [`Score`],
//! [`Zone`] and [`LanguageCode`] are types of parameters that many have. A parameter with an empty value counts as not given.

mod types;

use std::borrow::Cow;
use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor,
};
use serde::{Deserializer, forward_to_deserialize_any};
use url::form_urlencoded;

pub use self::types::{Few, LanguageCode, Limit, Moment, Score, Zone};
use super::problem::Problem;
use crate::config::did_you_mean;

/// Parameters that are read at most.
const MOST: usize = 50;

/// The query parameters of a request.
#[derive(Debug, Clone, Copy)]
pub struct Params<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads the parameters of a query.
///
/// # Errors
/// A [`Problem`] that names the parameter.
pub fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .filter(|(_, value)| !value.is_empty())
        .take(MOST + 1)
        .collect();
    if pairs.len() > MOST {
        let detail = format!("at most {MOST} parameters are allowed");
        return Err(Problem::new(axum::http::StatusCode::BAD_REQUEST, detail));
    }
    for (n, (name, _)) in pairs.iter().enumerate() {
        if pairs[..n].iter().any(|(earlier, _)| earlier == name) {
            return Err(Problem::parameter(name, "it is given twice; give it once"));
        }
    }
    let pairs = Pairs {
        rest: pairs.iter(),
        value: None,
    };
    T::deserialize(MapAccessDeserializer::new(pairs)).map_err(|fault| match fault.name {
        Some(name) => Problem::parameter(&name, fault.reason),
        None => Problem::new(axum::http::StatusCode::BAD_REQUEST, fault.reason),
    })
}

/// A name and its value.
type Pair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// The parameters that are not yet read.
struct Pairs<'q> {
    rest: std::slice::Iter<'q, Pair<'q>>,
    value: Option<&'q Pair<'q>>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.value = self.rest.next();
        let Some((name, _)) = self.value else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Fault> = name.as_ref().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    /// Whatever is wrong with a value, its parameter is named.
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((name, text)) = self.value.take() else {
            return Err(Fault::custom("a value without a name"));
        };
        seed.deserialize(Text(text)).map_err(|fault| Fault {
            name: Some(name.clone().into_owned()),
            ..fault
        })
    }
}

/// What is wrong, and with which parameter.
#[derive(Debug)]
struct Fault {
    name: Option<String>,
    reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self {
            name: None,
            reason: reason.to_string(),
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known = || format!("the parameters are {}", expected.join(", "));
        let advice = did_you_mean(field, expected.iter().copied()).unwrap_or_else(known);
        Self {
            name: Some(field.to_owned()),
            reason: format!("there is no such parameter; {advice}"),
        }
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("write {}", expected.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            name: Some(field.to_owned()),
            reason: "it is missing".to_owned(),
        }
    }
}

/// A parameter's text, read as what its field is.
struct Text<'q>(&'q str);

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Fault::custom("write true or false")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let variant: StrDeserializer<'_, Fault> = self.0.into_deserializer();
        visitor.visit_enum(variant)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Timestamp;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        topic: Option<String>,
        min_score: Option<Score>,
        since: Option<Moment>,
        language: Option<LanguageCode>,
        all: Option<bool>,
        state: Option<State>,
        #[serde(default)]
        limit: Limit,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum State {
        Dead,
        Waiting,
    }

    fn problem(query: &str) -> Value {
        serde_json::to_value(read::<Wanted>(query).unwrap_err()).unwrap()
    }

    #[test]
    fn parameters_of_all_types_are_read() {
        let query = "topic=a%20b+%D1%88&min_score=7&since=2024-07-04&language=zh-Hans&all=true&state=dead&limit=500";
        let wanted: Wanted = read(query).unwrap();
        assert_eq!(wanted.topic.as_deref(), Some("a b ш"));
        assert_eq!(wanted.min_score, Some(Score(7)));
        let midnight = Timestamp::from_millis(1_720_051_200_000);
        assert_eq!(wanted.since, Some(Moment(midnight)));
        assert_eq!(wanted.language.unwrap().0, "zh-Hans");
        assert_eq!(wanted.all, Some(true));
        assert_eq!(
            (wanted.state, wanted.limit),
            (Some(State::Dead), Limit(500))
        );
        let empty: Wanted = read("topic=&limit=").unwrap();
        assert_eq!((empty.topic, empty.limit), (None, Limit(50)));
    }

    #[test]
    fn each_mistake_names_its_parameter_and_says_what_to_write() {
        for (query, name, detail) in [
            ("limit=0", "limit", "write a whole number from 1 to 500"),
            ("limit=many", "limit", "write a whole number from 1 to 500"),
            (
                "min_score=101",
                "min_score",
                "write a whole number from 1 to 100",
            ),
            ("all=yes", "all", "write true or false"),
            ("state=lost", "state", "write dead, waiting"),
            (
                "language=English!",
                "language",
                "write a code such as en, ru or zh-Hans",
            ),
            (
                "topic=a&topic=b",
                "topic",
                "it is given twice; give it once",
            ),
            (
                "topik=a",
                "topik",
                "there is no such parameter; did you mean `topic`?",
            ),
        ] {
            let said = problem(query);
            assert_eq!(said["parameter"], json!(name), "{query}: {said}");
            assert_eq!(said["detail"], json!(detail), "{query}");
        }
        assert_eq!(problem("since=soon")["parameter"], "since");
    }

    proptest! {
        #[test]
        fn no_query_panics_and_every_fault_is_a_400(query in ".{0,200}") {
            if let Err(problem) = read::<Wanted>(&query) {
                prop_assert_eq!(problem.status(), 400);
            }
        }

        #[test]
        fn what_a_form_writes_is_read_back(topic in ".{1,40}", limit in 1_usize..=500) {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("topic", &topic)
                .append_pair("limit", &limit.to_string())
                .finish();
            let wanted: Wanted = read(&query).unwrap();
            prop_assert_eq!(wanted.topic, Some(topic));
            prop_assert_eq!(wanted.limit, Limit(limit));
        }
    }
}
