//! Tells whether an entry is known: its key within its feed, its story across feeds, its text.
//!
//! [`assign_keys`] gives each entry of a document the [`EntryKey`](crate::model::EntryKey) by which
//! it is known in its feed, [`story_key`] the [`StoryKey`](crate::model::StoryKey) under which other
//! feeds may tell the same, [`text_hash`] the fingerprint whose change makes a revision.
//! A [`Fingerprint`] finds entries whose texts may be nearly the same, and [`compare`] tells of two of
//! them whether they are, or which fact separates them ([`Reason`]).
//! [`standing`] decides what an entry is, given what the store knows of its key. The alert ids
//! ([`mention_alert_id`], [`feed_alert_id`]) and those of mentions ([`mention_id`]) are made here too, so that
//! the same fact has the same id whenever it is found.
//!
//! ```
//! use mentiond::dedup::{Standing, assign_keys, canonical_link, standing, text_hash};
//! use mentiond::model::{Entry, KeyBasis};
//! let entry = Entry { guid: Some("1".into()), title: "News".into(), ..Entry::default() };
//! assert_eq!(assign_keys(&[entry.clone()])[0].1, KeyBasis::Guid);
//! assert_eq!(standing(None, text_hash(&entry)), Standing::New);
//! assert_eq!(
//!     canonical_link("http://example.com/a?utm_source=rss#top").as_deref(),
//!     Some("https://example.com/a"),
//! );
//! ```
//!
//! ```
//! use std::time::Duration;
//! use mentiond::dedup::{Passage, Reason, Verdict, compare};
//! let report = |papers: u8| {
//!     let text = format!(
//!         "Leaders of the Shanghai Cooperation Organisation met in Astana on Thursday and signed \
//!          {papers} papers, among them a strategy for energy and a programme against drugs."
//!     );
//!     Passage::new("Leaders meet", &text)
//! };
//! let hour = Duration::from_hours(1);
//! assert_eq!(compare(&report(25), &report(25), hour), Verdict::Same(1.0));
//! assert_eq!(compare(&report(25), &report(24), hour), Verdict::Apart(Reason::Numbers));
//! ```
//!
//! Pure: no I/O, no clock, no state; equal input gives equal keys on every machine and in every
//! version. Nothing here fails or panics.

mod align;
mod calendar;
mod facts;
mod fingerprint;
mod key;
mod likeness;
mod link;
mod tokens;
mod words;

use crate::model::TextHash;

pub use fingerprint::{BANDS, FEWEST_AGREEING, Fingerprint, ROWS, ROWS_A_BAND};
pub use key::{
    assign_keys, digest_id, feed_alert_id, grown_alert_id, mention_alert_id, mention_id,
    revised_mention_id, spike_alert_id, story_key, text_hash,
};
pub use likeness::{
    LEAST_LIKENESS, Passage, Reason, SHORT, SHORT_APART, Verdict, compare, compare_at,
};
pub use link::{MAX_LINK_BYTES, canonical_link};
pub use words::{has_words, is_wordless};

/// What an entry is to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its key is not known.
    New,
    /// Its key is known, its text has changed.
    Revised,
    /// Key and text are known.
    Seen,
}

/// An entry's standing, from the text hash known for its key and the one it has now.
#[must_use]
pub fn standing(known: Option<TextHash>, now: TextHash) -> Standing {
    match known {
        None => Standing::New,
        Some(known) if known == now => Standing::Seen,
        Some(_) => Standing::Revised,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_follows_key_and_text() {
        let (a, b) = (TextHash([1; 16]), TextHash([2; 16]));
        assert_eq!(standing(None, a), Standing::New);
        assert_eq!(standing(Some(a), a), Standing::Seen);
        assert_eq!(standing(Some(a), b), Standing::Revised);
    }
}
