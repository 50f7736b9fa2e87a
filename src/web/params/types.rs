//! Types of parameters: each reads itself from its text, says what to write when it can't, and tells its
//! schema.

use jiff::tz::TimeZone;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema, openapi};

use crate::config::is_language;
use crate::model::Timestamp;
use crate::view::instant;

/// A time of the past: an instant, a date, or how long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let read = instant::ago(&text, Timestamp::now());
        read.map(Self).map_err(D::Error::custom)
    }
}

impl PartialSchema for Moment {
    fn schema() -> openapi::RefOr<Schema> {
        let description = "An RFC 3339 instant, a date (which begins at midnight UTC), or how long ago, such as `24h` or `7d`";
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
            .examples(["2026-07-04T09:30:00Z", "2026-07-04", "24h"])
            .into()
    }
}

impl ToSchema for Moment {}

/// How many items a page holds: 1 to 500, and 50 unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub usize);

impl Limit {
    /// The most.
    pub const MOST: usize = 500;
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let fault = || D::Error::custom(format!("write a whole number from 1 to {}", Self::MOST));
        let number = String::deserialize(from)?.parse().map_err(|_| fault())?;
        if (1..=Self::MOST).contains(&number) {
            Ok(Self(number))
        } else {
            Err(fault())
        }
    }
}

impl PartialSchema for Limit {
    fn schema() -> openapi::RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(Self::MOST))
            .default(Some(50.into()))
            .into()
    }
}

impl ToSchema for Limit {}

/// How many values of a breakdown there are: 1 to 100, and 20 unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Few(pub usize);

impl Default for Few {
    fn default() -> Self {
        Self(20)
    }
}

impl<'de> Deserialize<'de> for Few {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = String::deserialize(from)?.parse().ok();
        number
            .filter(|n| (1..=100).contains(n))
            .map(Self)
            .ok_or_else(|| D::Error::custom("write a whole number from 1 to 100"))
    }
}

/// A time zone, by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(pub TimeZone);

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let is_utc = ["UTC", "Etc/UTC"]
            .iter()
            .any(|utc| name.eq_ignore_ascii_case(utc));
        if is_utc {
            return Ok(Self(TimeZone::UTC));
        }
        let unknown = "there is no such time zone; write an IANA name, such as Asia/Jakarta";
        let zone = TimeZone::get(&name).map_err(|_| D::Error::custom(unknown))?;
        Ok(Self(zone))
    }
}

/// A mention's score, 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score(pub u8);

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = String::deserialize(from)?.parse().ok();
        number
            .filter(|n| (1..=100).contains(n))
            .map(Self)
            .ok_or_else(|| D::Error::custom("write a whole number from 1 to 100"))
    }
}

impl PartialSchema for Score {
    fn schema() -> openapi::RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(100))
            .into()
    }
}

impl ToSchema for Score {}

/// A language code such as `en`, `ru` or `zh-Hans`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageCode(pub String);

impl<'de> Deserialize<'de> for LanguageCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = String::deserialize(from)?;
        if is_language(&code) {
            Ok(Self(code))
        } else {
            Err(D::Error::custom("write a code such as en, ru or zh-Hans"))
        }
    }
}

impl PartialSchema for LanguageCode {
    fn schema() -> openapi::RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .examples(["en", "zh-Hans"])
            .into()
    }
}

impl ToSchema for LanguageCode {}
