//! Whose turn it is, where several commit at once.
//!
//! A file has one writer, so a commit sees all that was committed before it. On a server commits go on side by
//! side; those that could decide about the same thing take turns: two that bring one story, or texts that
//! share a band, and so might be alike; a poll and a push of one feed; two that
//! plan for one sink. Turns are advisory locks of the transaction, taken all at once and in order, so that
//! nobody waits for each other. Where there are none (as on CockroachDB, which lets a commit fail that has
//! seen too little) it costs nothing to ask for them.

use sha2::{Digest, Sha256};

use super::sql::{Connection, json, params};
use super::{DocumentRecord, EntryRecord, FeedRow, StoreError};
use crate::dedup::Fingerprint;
use crate::model::StoryKey;

/// A commit that needs more turns than this waits until it is alone: the server has room for some thousands.
const MOST: usize = 256;

/// Taken together with others by who needs a few turns, and alone by who needs many.
const ANY: i64 = 0x6d6e_7464_616e_7900;

/// The turns that a commit needs.
#[derive(Debug, Default)]
pub(super) struct Turns(Vec<i64>);

impl Turns {
    fn need(&mut self, what: u8, name: &[u8]) {
        let hash = Sha256::new().chain_update([what]).chain_update(name);
        let hash: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        self.0.push(i64::from_be_bytes(first));
    }

    /// What a feed's document brings, of which these entries are compared with others.
    pub(super) fn of_document(
        feed: FeedRow,
        document: &DocumentRecord,
        is_compared: impl Fn(&EntryRecord) -> bool,
    ) -> Self {
        let mut turns = Self::default();
        turns.feed(feed);
        for entry in &document.entries {
            turns.story(entry.story);
            turns.text(entry.fingerprint.as_ref().filter(|_| is_compared(entry)));
        }
        turns
    }

    /// One that records entries of this feed.
    pub(super) fn feed(&mut self, feed: FeedRow) {
        self.need(b'f', &feed.0.to_be_bytes());
    }

    /// What tells a story that was found to be another one than its link says: that was not known before.
    pub(super) fn of_story(story: StoryKey) -> Self {
        let mut turns = Self::default();
        turns.story(story);
        turns
    }

    /// One that tells this story.
    pub(super) fn story(&mut self, story: StoryKey) {
        self.need(b's', &story.0);
    }

    /// One that is compared with others.
    pub(super) fn text(&mut self, fingerprint: Option<&Fingerprint>) {
        for band in fingerprint.into_iter().flat_map(Fingerprint::bands) {
            self.need(b'b', &band.to_be_bytes());
        }
    }

    /// One that looks when this topic was told.
    pub(super) fn topic(&mut self, topic: &str) {
        self.need(b't', topic.as_bytes());
    }

    /// One that plans what a sink is told.
    pub(super) fn sink(&mut self, sink: &str) {
        self.need(b'k', sink.as_bytes());
    }

    /// Waits for them, on a server; they end with the transaction.
    pub(super) fn take(self, conn: &Connection) -> Result<(), StoreError> {
        if !conn.is_postgres() || self.0.is_empty() {
            return Ok(());
        }
        if self.0.len() > MOST {
            conn.prepare_cached("SELECT pg_advisory_xact_lock(?1)")?
                .exists([ANY])?;
            return Ok(());
        }
        let turns = json(&self.0);
        let each = conn.each("?2");
        conn.prepare_cached(&format!(
            "SELECT pg_advisory_xact_lock_shared(?1) UNION ALL SELECT pg_advisory_xact_lock(turn) FROM
               (SELECT DISTINCT CAST(t.value AS BIGINT) AS turn FROM {each} t ORDER BY 1) AS turns"
        ))?
        .exists(params![ANY, turns])?;
        Ok(())
    }
}
