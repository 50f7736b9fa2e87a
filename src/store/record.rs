//! What a poll leaves behind, ready to be committed: plain data between the daemon and the store.

use std::time::Duration;

use serde::Serialize;

use super::{FeedRow, Telling};
use crate::dedup::Fingerprint;
use crate::model::{
    AlertKind, Document, Entry, EntryKey, MentionAlert, Route, SinkId, StoryKey, TextHash,
    Timestamp, TopicId, UpdateHints, Validators,
};
use crate::search::EntryTokens;

/// What a poll came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollStatus {
    /// A document was read.
    Ok,
    /// The server said 304, or served the same bytes as last time.
    NotModified,
    /// The server asked for patience.
    Throttled {
        /// In words.
        error: String,
    },
    /// The server said 410.
    Gone,
    /// It failed.
    Failed {
        /// The error's stable short name.
        kind: &'static str,
        /// In words, with advice.
        error: String,
        /// Whether it counts against the feed (not when nothing at all can be reached).
        counts: bool,
    },
}

impl PollStatus {
    /// Its name, as metrics and traces have it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotModified => "not_modified",
            Self::Throttled { .. } => "throttled",
            Self::Gone => "gone",
            Self::Failed { .. } => "failed",
        }
    }
}

/// What becomes of a feed's stored validators.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Renewal {
    /// They stay.
    #[default]
    Keep,
    /// These take their place.
    Replace(Validators),
    /// There are none any more: the next request is unconditional.
    Drop,
}

/// Everything that one poll leaves behind.
#[derive(Debug)]
pub struct PollRecord {
    /// The feed.
    pub feed: FeedRow,
    /// The configured URL when the poll began. When it has changed since, the poll counts as not
    /// made: what the old address said must not be held against the new one.
    pub url: String,
    /// When the poll ended.
    pub at: Timestamp,
    /// When the next one is due; `None` when there is to be none.
    pub next_poll: Option<Timestamp>,
    /// Until when the server asked for patience, if it did.
    pub wait_until: Option<Timestamp>,
    /// Until when the answer is fresh: its publisher says that asking again is pointless.
    pub fresh_until: Option<Timestamp>,
    /// What it came to.
    pub status: PollStatus,
    /// What to ask with the next time.
    pub validators: Renewal,
    /// Where permanent redirects led, if they did.
    pub moved_to: Option<String>,
    /// The document, if there was a new one.
    pub document: Option<DocumentRecord>,
    /// An alert about the feed itself, to be told once per spell of trouble.
    pub trouble: Option<AlertRecord>,
}

/// Everything that pushed content leaves behind; nothing of the schedule.
#[derive(Debug)]
pub struct PushRecord {
    /// The feed.
    pub feed: FeedRow,
    /// The configured URL when it came; see [`PollRecord::url`].
    pub url: String,
    /// When it was read.
    pub at: Timestamp,
    /// What it held.
    pub document: DocumentRecord,
}

/// A document and those of its entries that are new or revised.
#[derive(Debug)]
pub struct DocumentRecord {
    /// The document's own title.
    pub title: String,
    /// Its format's short name.
    pub format: &'static str,
    /// The language it declares.
    pub language: Option<String>,
    /// What it says of its publishing rhythm.
    pub hints: UpdateHints,
    /// How often the feed publishes, if this document changes what is known of it.
    pub rhythm: Option<Vec<u8>>,
    /// Whether it holds the new entries only (RFC 3229).
    pub partial: bool,
    /// SHA-256 of its bytes, first half.
    pub body_hash: [u8; 16],
    /// How far apart in time entries with like texts may be to tell one story.
    pub window: Duration,
    /// Every key the document holds, new or not.
    pub served: Vec<EntryKey>,
    /// New and revised entries.
    pub entries: Vec<EntryRecord>,
}

impl DocumentRecord {
    /// The head of the record, without entries.
    #[must_use]
    pub fn of(document: &Document, body_hash: [u8; 16]) -> Self {
        Self {
            title: document.title.clone(),
            format: document.format.as_str(),
            language: document.language.clone(),
            hints: document.hints,
            rhythm: None,
            partial: false,
            body_hash,
            window: Duration::ZERO,
            served: Vec::new(),
            entries: Vec::new(),
        }
    }
}

/// A new or revised entry.
#[derive(Debug)]
pub struct EntryRecord {
    /// The entry.
    pub entry: Entry,
    /// Its key within the feed.
    pub key: EntryKey,
    /// The story it tells, unless its text says another.
    pub story: StoryKey,
    /// What of its text can be compared; `None` keeps it from joining, and being joined by, others.
    pub fingerprint: Option<Fingerprint>,
    /// What the index of the history holds of it.
    pub tokens: EntryTokens,
    /// The fingerprint of its text.
    pub text_hash: TextHash,
    /// Its language as far as known.
    pub language: Option<String>,
    /// What says so: `entry`, `detected`, `document`, `header` or `configured`.
    pub language_basis: Option<&'static str>,
    /// The time under which its mentions are counted.
    pub counted_at: Timestamp,
    /// The topics found in it.
    pub mentions: Vec<MentionRecord>,
    /// The page that is to be read for its text, if it is.
    pub page: Option<String>,
}

/// A topic found in an entry.
#[derive(Debug)]
pub struct MentionRecord {
    /// The topic.
    pub topic: TopicId,
    /// The best hit's term.
    pub term: String,
    /// The best hit's field.
    pub field: &'static str,
    /// The best hit's range in the field's text, in bytes.
    pub range: (usize, usize),
    /// The text around it.
    pub snippet: String,
    /// The hit's range in the snippet, in bytes.
    pub snippet_range: (usize, usize),
    /// How many hits there are.
    pub hits: usize,
    /// How strongly the entry is about the topic, 1 to 100.
    pub score: u8,
    /// From which score on the topic is told.
    pub min_score: u8,
    /// The alert, unless the entry is too old to be told.
    pub alert: Option<AlertRecord>,
    /// What the sinks get that want every mention; `None` where there are none that want this one.
    pub event: Option<Box<MentionEvent>>,
}

/// What sinks that want every mention are told of one, as it was when it was found.
#[derive(Debug, Clone)]
pub struct MentionEvent {
    /// The mention's own id.
    pub id: String,
    /// The fingerprint of the text in which it was found.
    pub text: TextHash,
    /// What is told of it, whatever becomes of the entry's text.
    pub detail: MentionAlert,
    /// Why there is no alert, where the record has none.
    pub untold: Telling,
    /// The sinks.
    pub sinks: Vec<SinkId>,
}

/// An alert and where it goes.
#[derive(Debug, Clone)]
pub struct AlertRecord {
    /// Stable id; that of a mention follows its story if the entry joins another one.
    pub id: String,
    /// The kind's name.
    pub kind: &'static str,
    /// The mention's score; none for alerts about feeds.
    pub score: Option<u8>,
    /// Everything a payload needs, as JSON.
    pub detail: String,
    /// The sinks that get it, as far as the score is enough for them.
    pub routes: Vec<Route>,
}

impl AlertRecord {
    /// An alert with its detail, which the store hands out again as what it was.
    #[must_use]
    pub fn new(id: String, kind: AlertKind, detail: &impl Serialize, routes: Vec<Route>) -> Self {
        Self {
            id,
            kind: kind.as_str(),
            score: None,
            detail: serde_json::to_string(detail)
                .unwrap_or_else(|error| unreachable!("plain data serializes: {error}")),
            routes,
        }
    }
}

/// What a committed poll brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    /// Entries never seen before in the feed.
    pub new_entries: usize,
    /// Entries whose text changed.
    pub revised: usize,
    /// Stories that turned out to be others, told under another link.
    pub joined: usize,
    /// Mentions recorded.
    pub mentions: usize,
    /// Alerts created.
    pub alerts: usize,
    /// Alerts that were there and go to further sinks now.
    pub raised: usize,
    /// Updates on stories that were told and that more feeds carry now.
    pub grown: usize,
    /// Pages that are to be read now, be it again.
    pub pages: usize,
    /// Mentions that go to sinks which want every mention.
    pub observed: usize,
}

impl Committed {
    /// Whether there are new deliveries.
    #[must_use]
    pub fn delivers(&self) -> bool {
        self.alerts + self.raised + self.grown + self.observed > 0
    }
}
