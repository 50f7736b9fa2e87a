//! The words around a story, in the language of those who read there.
//!
//! A [`Language`] is its table of words: one file here for each, all of the same shape, so that a phrase
//! which one language lacks does not compile. What varies stands in for a hole of its own type: a number,
//! a day, or a [`Name`], which no stranger can break. Plurals are each language's own affair. A story is
//! never translated, and nothing here knows alerts, receivers or markup.
//!
//! A further language is a file beside `en.rs` and an entry in [`Language::ALL`]; the compiler asks for each
//! phrase, and the tests beside this file hold it to the rest. All of these are written from left to
//! right. One that is not would also need names of the other direction isolated, which [`Name`] does
//! only for those written from right to left.

mod en;
mod id;
mod name;
mod ru;
#[cfg(test)]
mod tests;
mod zh;

use jiff::civil::{Date, DateTime};

pub use name::Name;

/// A language in which alerts are put into words.
#[derive(Clone, Copy)]
pub struct Language(&'static Words);

/// All words of a language. Phrases that can stand alone begin with a capital letter.
struct Words {
    code: &'static str,

    // Days and times.
    day: fn(Date) -> String,
    time: fn(DateTime, &str) -> String,
    /// Names that all its readers know for the time of a zone, with the zone's IANA name and the offset
    /// in seconds that is meant.
    zones: &'static [(&'static str, i32, &'static str)],

    // A story.
    without_title: &'static str,
    without_link: &'static str,
    score: fn(u8) -> String,
    more_feeds: fn(u64) -> String,
    edited: &'static str,

    // A story that was told before.
    update: &'static str,
    also_mentions: fn(&[Name]) -> String,
    now_in_feeds: fn(u64) -> String,

    // A feed in trouble.
    feed: fn(&Name) -> String,
    feed_failing: fn(&Name) -> String,
    feed_gone: fn(&Name) -> String,
    since: fn(&str) -> String,
    failed_polls: fn(u64) -> String,

    // Many alerts in one message.
    alerts: fn(u64) -> String,
    and_more: fn(u64) -> String,
    digest_of: fn(&str) -> String,
    held_quiet: &'static str,
    too_many: &'static str,

    // A topic that is suddenly everywhere.
    spike: fn(&Name, u64, u64) -> String,
}

impl Language {
    /// The language of a sink that names none.
    pub const ENGLISH: Self = Self(&en::WORDS);

    /// All of them, the default first.
    pub const ALL: [Self; 4] = [
        Self::ENGLISH,
        Self(&id::WORDS),
        Self(&ru::WORDS),
        Self(&zh::WORDS),
    ];

    /// Its code, as the configuration names it.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// A day.
    #[must_use]
    pub fn day(self, day: Date) -> String {
        (self.0.day)(day)
    }

    /// A day and a time of day in a zone, which is given by its IANA name, if it has one, and by what it is
    /// ahead of UTC, in seconds.
    #[must_use]
    pub fn time(self, at: DateTime, zone: Option<&str>, ahead: i32) -> String {
        let of = |known: &&(&str, i32, &str)| Some(known.0) == zone && known.1 == ahead;
        match self.0.zones.iter().find(of) {
            Some((_, _, name)) => (self.0.time)(at, name),
            None => (self.0.time)(at, &offset(ahead)),
        }
    }

    /// In place of a title.
    #[must_use]
    pub fn without_title(self) -> &'static str {
        self.0.without_title
    }

    /// In place of a link.
    #[must_use]
    pub fn without_link(self) -> &'static str {
        self.0.without_link
    }

    /// How strongly the story is about its topic.
    #[must_use]
    pub fn score(self, score: u8) -> String {
        (self.0.score)(score)
    }

    /// How many feeds carry the story besides the one that is named.
    #[must_use]
    pub fn more_feeds(self, feeds: u64) -> String {
        (self.0.more_feeds)(feeds)
    }

    /// The story is one whose text was changed.
    #[must_use]
    pub fn edited(self) -> &'static str {
        self.0.edited
    }

    /// Before a story that was told before and has grown.
    #[must_use]
    pub fn update(self) -> &'static str {
        self.0.update
    }

    /// A story that was told before mentions these too now. Without any, it is just an update.
    #[must_use]
    pub fn also_mentions(self, names: &[Name]) -> String {
        if names.is_empty() {
            return self.update().to_owned();
        }
        (self.0.also_mentions)(names)
    }

    /// How many feeds carry the story by now.
    #[must_use]
    pub fn now_in_feeds(self, feeds: u64) -> String {
        (self.0.now_in_feeds)(feeds)
    }

    /// A feed by its id.
    #[must_use]
    pub fn feed(self, id: &Name) -> String {
        (self.0.feed)(id)
    }

    /// A feed could not be read for a while.
    #[must_use]
    pub fn feed_failing(self, source: &Name) -> String {
        (self.0.feed_failing)(source)
    }

    /// A feed is gone for good.
    #[must_use]
    pub fn feed_gone(self, source: &Name) -> String {
        (self.0.feed_gone)(source)
    }

    /// Since a day or time, which is in this language.
    #[must_use]
    pub(super) fn since(self, time: &str) -> String {
        (self.0.since)(time)
    }

    /// How often in a row a feed could not be read.
    #[must_use]
    pub fn failed_polls(self, polls: u64) -> String {
        (self.0.failed_polls)(polls)
    }

    /// The head of many alerts in one message.
    #[must_use]
    pub fn alerts(self, alerts: u64) -> String {
        (self.0.alerts)(alerts)
    }

    /// How many alerts there are besides those that a message names.
    #[must_use]
    pub fn and_more(self, alerts: u64) -> String {
        (self.0.and_more)(alerts)
    }

    /// The alerts of a day, which is in this language.
    #[must_use]
    pub(super) fn digest_of(self, day: &str) -> String {
        (self.0.digest_of)(day)
    }

    /// Why alerts come late and together: these were hours of which the reader wants to hear nothing.
    #[must_use]
    pub fn held_quiet(self) -> &'static str {
        self.0.held_quiet
    }

    /// Why alerts come together: there were too many for a message each.
    #[must_use]
    pub fn too_many(self) -> &'static str {
        self.0.too_many
    }

    /// A topic was mentioned so often within an hour, and usually is so often.
    #[must_use]
    pub fn spike(self, topic: &Name, times: u64, usually: u64) -> String {
        (self.0.spike)(topic, times, usually)
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::ENGLISH
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl Eq for Language {}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Language").field(&self.code()).finish()
    }
}

/// A zone by what it is ahead of UTC: `UTC`, `UTC+5`, `UTC-3:30`. The same in all languages.
fn offset(seconds: i32) -> String {
    let (sign, ahead) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    match (ahead / 3600, ahead / 60 % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

/// The name of a day's month.
fn month(day: Date, names: &[&'static str; 12]) -> &'static str {
    let before = usize::try_from(day.month() - 1).unwrap_or_default();
    names.get(before).copied().unwrap_or_default()
}

/// Names one after the other: `between` them, but before the last of two `and`, before the last of more
/// `last`.
fn listed(names: &[Name], between: &str, and: &str, last: &str) -> String {
    let names: Vec<_> = names.iter().map(Name::as_str).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, two] => [one, and, two].concat(),
        [most @ .., end] => [&most.join(between), last, end].concat(),
    }
}
