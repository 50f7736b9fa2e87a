//! When a sink is told of an alert, and with which others: at once by itself, with those of its
//! group, or in a digest. Pure.
//!
//! [`Pace`] is what the owner wants of a sink. [`Pace::plan`] says of a new alert whether it goes out by
//! itself or is held back with others; what is held together is a *bundle* ([`Bundle`]), which is told
//! when its time has come, unless [`Pace::release`] puts it off. The store asks both in the transaction
//! that writes down the answer, so that a crash neither loses an alert nor tells it twice.
//!
//! Promises: nothing is dropped, and nothing is held without an end. Where the owner wants quiet or
//! fewer messages, alerts wait in one digest instead.

mod rate;
pub mod weekly;

use std::time::Duration;

use jiff::tz::TimeZone;

pub use rate::{Limit, Rate};
use weekly::{Hours, Moment};

use crate::model::Timestamp;

/// How a sink wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Which alerts are told together.
    pub mode: Mode,
    /// How many messages at most.
    pub limit: Option<Limit>,
    /// When nothing is told.
    pub quiet: Vec<Hours>,
    /// From which score on a mention does not wait for its group, a digest or the end of the quiet.
    pub urgent_score: Option<u8>,
    /// The time zone of `mode` and `quiet`.
    pub zone: TimeZone,
}

/// Which alerts are told together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// None.
    Immediate,
    /// Those that are alike in some way.
    Group {
        /// In which ways; in none means that all are one group.
        by: Vec<By>,
        /// How long the first alert of a group waits for others.
        wait: Duration,
        /// How long after a group was told further alerts of it wait.
        interval: Duration,
    },
    /// All, at these times.
    Digest {
        /// The times; not empty.
        at: Vec<Moment>,
    },
}

/// A way in which alerts are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The same topic.
    Topic,
    /// The same story.
    Story,
    /// The same feed.
    Source,
}

/// What is known of an alert that is to be planned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fresh<'a> {
    /// The topic's id; an alert about a feed has none.
    pub topic: Option<&'a str>,
    /// The story's number.
    pub story: Option<i64>,
    /// The feed's id.
    pub feed: &'a str,
    /// The mention's score.
    pub score: Option<u8>,
    /// When the alert came up for this sink.
    pub created: Timestamp,
}

/// Alerts that are told together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bundle {
    /// A group, by what its alerts have in common.
    Group(String),
    /// The next digest.
    Digest,
    /// What arises in quiet hours.
    Quiet,
    /// What is more than the limit allows.
    Overflow,
}

/// When an alert is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// At once, by itself.
    Alone,
    /// With its bundle, which is to be told at this time unless it is open already.
    With(Bundle, Timestamp),
}

/// Whether a bundle whose time has come is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// It is.
    Now,
    /// It goes into another bundle, which is to be told at this time unless it is open already.
    Into(Bundle, Timestamp),
}

/// What is known of a bundle before an alert is added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// When it is to be told, if it is open.
    pub open_until: Option<Timestamp>,
    /// When it was told last.
    pub told: Option<Timestamp>,
}

/// What the planner asks of the bundles' state.
pub trait Bundles {
    /// Why the state can't be known.
    type Error;

    /// What is known of a bundle.
    ///
    /// # Errors
    /// What keeps it from being known.
    fn known(&self, bundle: &Bundle) -> Result<Known, Self::Error>;
}

impl Pace {
    /// All alerts at once, each by itself.
    #[must_use]
    pub fn immediate() -> Self {
        Self {
            mode: Mode::Immediate,
            limit: None,
            quiet: Vec::new(),
            urgent_score: None,
            zone: TimeZone::UTC,
        }
    }

    /// Whether every alert goes out at once by itself, whenever it arises.
    #[must_use]
    pub fn is_immediate(&self) -> bool {
        self.mode == Mode::Immediate && self.limit.is_none() && self.quiet.is_empty()
    }

    /// When a new alert is told. Takes a message from the `rate` if that is at once.
    ///
    /// # Errors
    /// What `bundles` says.
    pub fn plan<B: Bundles>(
        &self,
        alert: &Fresh<'_>,
        bundles: &B,
        rate: &mut Rate,
        now: Timestamp,
    ) -> Result<Plan, B::Error> {
        let is_urgent = |least| alert.score.is_some_and(|score| least <= score);
        if self.urgent_score.is_some_and(is_urgent) {
            return self.within_limit(bundles, rate, now);
        }
        if let Some(end) = weekly::quiet_until(&self.quiet, &self.zone, now) {
            return Ok(Plan::With(Bundle::Quiet, end));
        }
        match &self.mode {
            Mode::Immediate => self.within_limit(bundles, rate, now),
            Mode::Group { by, wait, interval } => {
                let bundle = Bundle::Group(group(by, alert));
                let known = bundles.known(&bundle)?;
                // A clock that went back must not hold a group for years.
                let told = known.told.filter(|told| *told <= now);
                let next = told.map(|told| told + *interval);
                let first = alert.created.min(now) + *wait;
                let at = next.map_or(first, |next| next.max(first));
                Ok(Plan::With(bundle, at))
            }
            Mode::Digest { at } => {
                let next = weekly::next(at, &self.zone, alert.created.min(now));
                Ok(Plan::With(Bundle::Digest, next.unwrap_or(now)))
            }
        }
    }

    /// Whether a bundle whose time has come is told. Takes a message from the `rate` if it is.
    #[must_use]
    pub fn release(&self, bundle: &Bundle, rate: &mut Rate, now: Timestamp) -> Release {
        // What is over the limit may be urgent.
        let quiet = match bundle {
            Bundle::Overflow => None,
            _ => weekly::quiet_until(&self.quiet, &self.zone, now),
        };
        if let Some(end) = quiet {
            return Release::Into(Bundle::Quiet, end);
        }
        match rate.take(self.limit, now) {
            Ok(()) => Release::Now,
            Err(at) => Release::Into(Bundle::Overflow, at),
        }
    }

    /// At once if the limit allows it, and nothing is held back by it already.
    fn within_limit<B: Bundles>(
        &self,
        bundles: &B,
        rate: &mut Rate,
        now: Timestamp,
    ) -> Result<Plan, B::Error> {
        if self.limit.is_none() {
            return Ok(Plan::Alone);
        }
        if let Some(at) = bundles.known(&Bundle::Overflow)?.open_until {
            return Ok(Plan::With(Bundle::Overflow, at));
        }
        Ok(match rate.take(self.limit, now) {
            Ok(()) => Plan::Alone,
            Err(at) => Plan::With(Bundle::Overflow, at),
        })
    }
}

/// What an alert has in common with others of its group.
fn group(by: &[By], alert: &Fresh<'_>) -> String {
    let parts = by.iter().map(|by| match by {
        By::Topic => format!("topic={}", alert.topic.unwrap_or_default()),
        By::Story => match alert.story {
            Some(story) => format!("story={story}"),
            // Feeds in trouble have no story; each is its own.
            None => format!("feed={}", alert.feed),
        },
        By::Source => format!("source={}", alert.feed),
    });
    parts.collect::<Vec<_>>().join(" ")
}

impl Bundle {
    /// The text under which it is kept.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Group(common) => format!("group {common}"),
            Self::Digest => "digest".to_owned(),
            Self::Quiet => "quiet".to_owned(),
            Self::Overflow => "overflow".to_owned(),
        }
    }

    /// The bundle that is kept under this text.
    #[must_use]
    pub fn of_key(key: &str) -> Self {
        match key {
            "quiet" => Self::Quiet,
            "overflow" => Self::Overflow,
            key => match key.strip_prefix("group ") {
                Some(common) => Self::Group(common.to_owned()),
                None => Self::Digest,
            },
        }
    }

    /// Why its alerts are told together, in one word.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Group(_) => Reason::Group,
            Self::Digest => Reason::Schedule,
            Self::Quiet => Reason::QuietHours,
            Self::Overflow => Reason::RateLimit,
        }
    }
}

/// Why alerts are told together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// They are one group.
    Group,
    /// It was the time for a digest.
    Schedule,
    /// They arose in quiet hours.
    QuietHours,
    /// They were more than the limit allows.
    RateLimit,
}

#[cfg(test)]
mod tests;
