//! What a feed says of itself: its title, page, hubs, and how often it wants to be asked.

use std::time::Duration;

use super::draft::Best;
use super::element::Inside;
use crate::model::UpdateHints;

/// Hubs that are kept; feeds name one to three.
pub(super) const MAX_HUBS: usize = 10;

/// The head of a feed while its fields come in.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub title: Best<String>,
    pub language: Best<String>,
    pub home: Best<String>,
    pub self_url: Option<String>,
    pub hubs: Vec<String>,
    pub version: Option<String>,
    ttl: Option<Duration>,
    period: Option<Duration>,
    frequency: Option<u32>,
    skip_hours: u32,
    skip_days: u8,
}

impl Head {
    /// `ttl`: minutes (RSS 2.0).
    pub fn ttl(&mut self, text: &str) {
        let minutes = text.trim().parse::<u32>().ok().filter(|m| *m > 0);
        self.ttl = self
            .ttl
            .or(minutes.map(|m| Duration::from_secs(u64::from(m) * 60)));
    }

    /// `sy:updatePeriod` (RSS 1.0 syndication module).
    pub fn period(&mut self, text: &str) {
        let hours = match text.trim().to_ascii_lowercase().as_str() {
            "hourly" => 1,
            "daily" => 24,
            "weekly" => 7 * 24,
            "monthly" => 30 * 24,
            "yearly" => 365 * 24,
            _ => return,
        };
        self.period = Some(Duration::from_hours(hours));
    }

    /// `sy:updateFrequency`: how often within the period.
    pub fn frequency(&mut self, text: &str) {
        self.frequency = text.trim().parse().ok().filter(|n| *n > 0);
    }

    /// `skipHours`: hours of UTC; 24 is another name of 0.
    pub fn skip_hours(&mut self, inside: &Inside<'_>) {
        for hour in inside.words().filter_map(|w| w.parse::<u32>().ok()) {
            if hour <= 24 {
                self.skip_hours |= 1 << (hour % 24);
            }
        }
    }

    /// `skipDays`: English names.
    pub fn skip_days(&mut self, inside: &Inside<'_>) {
        for word in inside.words() {
            let day = UpdateHints::DAYS.iter().position(|day| {
                word.eq_ignore_ascii_case(day) || word.eq_ignore_ascii_case(&day[..3])
            });
            if let Some(day) = day {
                self.skip_days |= 1 << day;
            }
        }
    }

    /// What all that comes to. A frequency without a period counts within a day, the module's
    /// default.
    pub fn hints(&self) -> UpdateHints {
        let period = self
            .period
            .or(self.frequency.map(|_| Duration::from_hours(24)));
        UpdateHints {
            ttl: self.ttl,
            update_period: period.map(|p| p / self.frequency.unwrap_or(1)),
            skip_hours: self.skip_hours,
            skip_days: self.skip_days,
        }
    }
}
