//! How alerts are put into words at one sink: in which language, and in which time zone.
//!
//! Words are in [`words`](super::words); here a moment becomes a day and a time of day where its reader
//! is. Pure: the rules of zones come with the zone. Never used for programs, which get UTC.

use jiff::tz::TimeZone;

use super::words::Language;
use crate::model::Timestamp;

/// The language and the time zone of those who read there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The language of the words around a story.
    pub language: Language,
    /// Where the clock is that times are read from.
    pub time_zone: TimeZone,
}

/// English and UTC.
impl Default for Voice {
    fn default() -> Self {
        Self {
            language: Language::default(),
            time_zone: TimeZone::UTC,
        }
    }
}

impl Voice {
    /// Day, time and zone, such as "4 Jul 2024, 14:30 UTC+5". A moment outside the calendar is its
    /// number.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        let Ok(moment) = jiff::Timestamp::from_millisecond(at.as_millis()) else {
            return at.to_string();
        };
        let ahead = self.time_zone.to_offset(moment);
        let (local, zone) = (ahead.to_datetime(moment), self.time_zone.iana_name());
        self.language.time(local, zone, ahead.seconds())
    }

    /// The day alone.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> String {
        match jiff::Timestamp::from_millisecond(at.as_millis()) {
            Ok(moment) => self.language.day(self.time_zone.to_datetime(moment).date()),
            Err(_) => at.to_string(),
        }
    }

    /// Since a time.
    #[must_use]
    pub fn since(&self, at: Timestamp) -> String {
        self.language.since(&self.time(at))
    }

    /// The head of the alerts of a day.
    #[must_use]
    pub fn digest_of(&self, at: Timestamp) -> String {
        self.language.digest_of(&self.day(at))
    }

    /// RFC 3339 with the zone's offset, for the beginning of a log's line: `Z` where that is none.
    #[must_use]
    pub fn stamp(&self, at: Timestamp) -> String {
        match jiff::Timestamp::from_millisecond(at.as_millis()) {
            Ok(moment) => match self.time_zone.to_offset(moment) {
                ahead if ahead.is_zero() => at.to_string(),
                ahead => moment.display_with_offset(ahead).to_string(),
            },
            Err(_) => at.to_string(),
        }
    }
}
