//! Values of a JSON Feed that may come in several shapes, and the skipping of all others.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::MAX_HUBS;

/// A string, or a number as one; anything else counts as missing.
#[derive(Debug, Default)]
pub(super) struct Lenient {
    pub text: Option<String>,
    pub was_string: bool,
}

/// Names of people: of an object, of a string, or of a list of either.
#[derive(Debug, Default)]
pub(super) struct Names(pub Vec<String>);

/// Addresses of hubs.
#[derive(Debug, Default)]
pub(super) struct Hubs(pub Vec<String>);

/// Visits scalars and skips what else may come.
macro_rules! skips {
    ($($kind:ident)*) => { $(skips!(@ $kind);)* };
    (@ seq) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (@ map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (@ scalar) => {
        skips!(@ number);
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ number) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ other) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ expects) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON value")
        }
    };
}

macro_rules! any_value {
    ($type:ty, $visitor:ident) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($visitor)
            }
        }
    };
}

pub(super) use {any_value, skips};

struct LenientVisitor;
any_value!(Lenient, LenientVisitor);

impl<'de> Visitor<'de> for LenientVisitor {
    type Value = Lenient;
    skips!(expects other seq map);

    fn visit_str<E>(self, text: &str) -> Result<Lenient, E> {
        let text = Some(text).filter(|t| !t.trim().is_empty());
        Ok(Lenient {
            text: text.map(str::to_owned),
            was_string: true,
        })
    }
    fn visit_i64<E>(self, number: i64) -> Result<Lenient, E> {
        Ok(number_text(number.to_string()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Lenient, E> {
        Ok(number_text(number.to_string()))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Lenient, E> {
        Ok(number_text(number.to_string()))
    }
}

fn number_text(text: String) -> Lenient {
    Lenient {
        text: Some(text),
        was_string: false,
    }
}

struct NamesVisitor;
any_value!(Names, NamesVisitor);

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;
    skips!(expects other number);

    fn visit_str<E>(self, name: &str) -> Result<Names, E> {
        Ok(Names(vec![name.to_owned()]))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Names, A::Error> {
        let mut all = Vec::new();
        while let Some(Names(names)) = seq.next_element::<Names>()? {
            if all.len() < 20 {
                all.extend(names);
            }
        }
        Ok(Names(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
        let mut name = None;
        while let Some(key) = map.next_key::<Lenient>()? {
            if key.text.as_deref() == Some("name") {
                name = map.next_value::<Lenient>()?.text;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Names(name.into_iter().collect()))
    }
}

struct HubsVisitor;
any_value!(Hubs, HubsVisitor);

impl<'de> Visitor<'de> for HubsVisitor {
    type Value = Hubs;
    skips!(expects other number);

    fn visit_str<E>(self, url: &str) -> Result<Hubs, E> {
        Ok(Hubs(vec![url.to_owned()]))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Hubs, A::Error> {
        let mut all = Vec::new();
        while let Some(Hubs(urls)) = seq.next_element::<Hubs>()? {
            if all.len() < MAX_HUBS {
                all.extend(urls);
            }
        }
        Ok(Hubs(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hubs, A::Error> {
        let mut url = None;
        while let Some(key) = map.next_key::<Lenient>()? {
            if key.text.as_deref() == Some("url") {
                url = map.next_value::<Lenient>()?.text;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Hubs(url.into_iter().collect()))
    }
}
