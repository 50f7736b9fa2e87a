//! From a parsed document to what is to be recorded: pure.
//!
//! Gives each entry its key and standing, runs the matcher over those that are new or revised, and
//! decides which of their mentions are told. On a feed's first poll everything is recorded, but an
//! entry older than `max_age` is not told; one without a believable date counts as new.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::Live;
use super::finder::{Finder, Reading};
use crate::article;
use crate::dedup::{self, Fingerprint, Passage, Standing};
use crate::language;
use crate::model::{Document, Entry, EntryKey, Feed, TextHash, Timestamp};
use crate::search::EntryTokens;
use crate::store::{DocumentRecord, EntryRecord, MentionRecord, Telling};

/// What the judgement rests on besides the document.
#[derive(Debug)]
pub struct Judge<'a> {
    /// The configuration in force.
    pub live: &'a Live,
    /// The feed.
    pub feed: &'a Feed,
    /// What is known of the document besides itself.
    pub around: Around,
    /// The time of the poll, or when the entry was first seen.
    pub now: Timestamp,
}

/// What is known of a document besides itself.
#[derive(Debug, Default)]
pub struct Around {
    /// Whether it is the feed's first.
    pub first: bool,
    /// The language that the answer's head declared.
    pub header_language: Option<String>,
}

/// A document whose entries have their keys.
#[derive(Debug)]
pub struct Keyed {
    document: Document,
    keys: Vec<EntryKey>,
}

impl Keyed {
    /// Gives each entry its key.
    #[must_use]
    pub fn new(document: Document) -> Self {
        let keys = dedup::assign_keys(&document.entries)
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        Self { document, keys }
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The keys, in the document's order.
    #[must_use]
    pub fn keys(&self) -> &[EntryKey] {
        &self.keys
    }
}

impl Judge<'_> {
    /// Judges every entry of the document against what is `known` of the feed. Those to be recorded are
    /// in the order in which they were published, as far as they say so believably; also tells when.
    #[must_use]
    pub fn judge(
        &self,
        keyed: Keyed,
        known: &HashMap<EntryKey, TextHash>,
        body_hash: [u8; 16],
    ) -> (DocumentRecord, Vec<Timestamp>) {
        let Keyed { mut document, keys } = keyed;
        let entries = std::mem::take(&mut document.entries);
        let mut record = DocumentRecord::of(&document, body_hash);
        record.window = self.live.config.dedup.window;
        let mut once = HashSet::new();
        let mut arrivals = Vec::new();
        for (entry, key) in entries.into_iter().zip(keys) {
            if !once.insert(key) {
                continue;
            }
            record.served.push(key);
            let text_hash = dedup::text_hash(&entry);
            let revised = match dedup::standing(known.get(&key).copied(), text_hash) {
                Standing::Seen => continue,
                Standing::New => false,
                Standing::Revised => true,
            };
            if !revised {
                let dated = entry.published.or(entry.updated);
                arrivals.push(dated.unwrap_or(self.now));
            }
            record
                .entries
                .push(self.entry(&document, entry, key, text_hash, revised));
        }
        // Documents mostly begin with the newest; recorded and told is the oldest first.
        record.entries.reverse();
        record.entries.sort_by_key(|entry| entry.counted_at);
        (record, arrivals)
    }

    fn entry(
        &self,
        document: &Document,
        entry: Entry,
        key: EntryKey,
        text_hash: TextHash,
        revised: bool,
    ) -> EntryRecord {
        let text = [&*entry.title, &*entry.summary, &*entry.content].join("\n");
        let decided = language::decide(
            entry.language.as_deref(),
            document.language.as_deref(),
            self.around.header_language.as_deref(),
            self.feed.language.as_deref(),
            &text,
        );
        let (language, language_basis) = match decided {
            Some(decided) => (Some(decided.code), Some(decided.basis.as_str())),
            None => (None, None),
        };
        let story = dedup::story_key(&self.feed.id, &entry, key);
        let dated = entry.published.or(entry.updated);
        let tell = revised
            || !self.around.first
            || !too_old(dated, self.live.config.alerts.max_age, self.now);
        let mentions = self.mentions(&Reading {
            entry: &entry,
            key,
            story,
            language: language.as_deref(),
            revised,
            untold: (!tell).then_some(Telling::TooOld),
        });
        let own_text = format!("{}\n{}", entry.summary, entry.content);
        let page = entry
            .link
            .clone()
            .filter(|_| tell && article::wants(&own_text, self.feed.full_text));
        let counted_at = dated.filter(|at| *at <= self.now).unwrap_or(self.now);
        let fingerprint = self.fingerprint(&entry);
        let tokens = EntryTokens::of_entry(&entry);
        EntryRecord {
            entry,
            key,
            story,
            fingerprint,
            tokens,
            text_hash,
            language,
            language_basis,
            counted_at,
            mentions,
            page,
        }
    }

    /// What of an entry's text can be compared, if texts are to be.
    #[must_use]
    pub fn fingerprint(&self, entry: &Entry) -> Option<Fingerprint> {
        let wanted = self.live.config.dedup.near_duplicates;
        wanted
            .then(|| Fingerprint::of(&Passage::of(entry)))
            .flatten()
    }

    /// The topics found in an entry, with an alert for each if it is to be told.
    #[must_use]
    pub fn mentions(&self, reading: &Reading<'_>) -> Vec<MentionRecord> {
        let finder = Finder {
            matcher: &self.live.matcher,
            routes: &self.live.routes,
            feed: self.feed,
            first_seen: self.now,
        };
        finder.mentions(reading)
    }
}

/// Whether an entry of a feed's first document is too old to be told.
fn too_old(dated: Option<Timestamp>, max_age: Duration, now: Timestamp) -> bool {
    dated.is_some_and(|at| now.since(at) > max_age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_believable_old_date_makes_an_entry_too_old() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let (day, max) = (Duration::from_hours(24), Duration::from_hours(48));
        assert!(!too_old(None, max, now), "no date: counts as new");
        assert!(!too_old(Some(now - day), max, now));
        assert!(!too_old(Some(now + day), max, now));
        assert!(too_old(Some(now - day * 3), max, now));
    }
}
