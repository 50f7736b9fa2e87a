//! Which tables are copied, in which order, and by which keys.
//!
//! The order satisfies every foreign key. The keys are the primary keys, by which a table is read in steps. A test
//! holds the list to both schemas: a table or column that is added to one and forgotten here makes it fail.

/// A table that is copied.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    /// The primary key.
    pub key: &'static [&'static str],
    /// All columns, the key's among them.
    pub columns: &'static [&'static str],
    /// Whether a server gives the numbers of its key by itself.
    pub gives_ids: bool,
}

impl Table {
    /// Where the columns of the key stand among all.
    pub fn key_places(&self) -> Vec<usize> {
        let place = |name: &&str| self.columns.iter().position(|column| column == name);
        self.key.iter().filter_map(place).collect()
    }
}

/// Texts of which the index of the history is made.
pub const ENTRY: &str = "entry";

/// Bands, which have the time of their fingerprint on a server.
pub const BAND: &str = "fingerprint_band";

/// Tables that are not copied, and why.
#[cfg(test)]
const LEFT: &[(&str, &str)] = &[
    ("search", "the index is made anew from the texts"),
    ("search_backlog", "the index that is made has everything"),
    ("mentiond", "the version of the tables, made with them"),
    (
        "worker",
        "those of the other database are not those of this one",
    ),
    ("lease", "nobody holds anything of a database that is new"),
];

/// Columns that only one of the two databases has, and that are not copied: whoever needs them makes them.
#[cfg(test)]
const LEFT_COLUMNS: &[(&str, &str)] = &[("feed", "shard"), ("page", "shard"), (BAND, "at_ms")];

/// Every table that is copied, each behind those that it refers to.
pub const TABLES: &[Table] = &[
    Table {
        name: "feed",
        key: &["id"],
        columns: &[
            "id",
            "name",
            "url",
            "source",
            "title",
            "format",
            "language",
            "body_hash",
            "document_ms",
            "ttl_ms",
            "first_ok_ms",
            "entries",
            "update_period_ms",
            "skip_hours",
            "skip_days",
            "rhythm",
        ],
        gives_ids: true,
    },
    Table {
        name: "schedule",
        key: &["feed_id"],
        columns: &[
            "feed_id",
            "next_poll_ms",
            "last_poll_ms",
            "last_ok_ms",
            "status",
            "error",
            "failures",
            "failing_since_ms",
            "trouble_told",
            "wait_until_ms",
            "gone_ms",
            "moved_url",
            "moved_polls",
            "validator_url",
            "etag",
            "last_modified",
            "fresh_until_ms",
        ],
        gives_ids: false,
    },
    Table {
        name: "seen",
        key: &["feed_id", "key"],
        columns: &["feed_id", "key", "text_hash", "served_ms"],
        gives_ids: false,
    },
    Table {
        name: "story",
        key: &["id"],
        columns: &["id", "key", "first_seen_ms"],
        gives_ids: true,
    },
    Table {
        name: "story_source",
        key: &["story_id", "feed_id"],
        columns: &["story_id", "feed_id", "link", "first_seen_ms"],
        gives_ids: false,
    },
    Table {
        name: ENTRY,
        key: &["id"],
        columns: &[
            "id",
            "feed_id",
            "key",
            "story_id",
            "guid",
            "link",
            "title",
            "summary",
            "content",
            "author",
            "language",
            "published_ms",
            "updated_ms",
            "date_note",
            "first_seen_ms",
            "revised_ms",
            "revisions",
            "language_basis",
            "text_from",
            "counted_ms",
        ],
        gives_ids: true,
    },
    Table {
        name: "mention",
        key: &["id"],
        columns: &[
            "id",
            "entry_id",
            "topic",
            "term",
            "field",
            "start_byte",
            "end_byte",
            "snippet",
            "snippet_start",
            "snippet_end",
            "hits",
            "revision",
            "created_ms",
            "score",
            "counted_ms",
            "counted_language",
            "counted_field",
            "counted_story",
        ],
        gives_ids: true,
    },
    Table {
        name: "silence",
        key: &["id"],
        columns: &[
            "id",
            "topic",
            "feed",
            "story_key",
            "pattern",
            "comment",
            "created_ms",
            "until_ms",
            "ended_ms",
        ],
        gives_ids: true,
    },
    Table {
        name: "alert",
        key: &["id"],
        columns: &[
            "id",
            "kind",
            "topic",
            "story_id",
            "feed_id",
            "created_ms",
            "detail",
            "score",
        ],
        gives_ids: false,
    },
    Table {
        name: "delivery",
        key: &["id"],
        columns: &[
            "id",
            "alert_id",
            "sink",
            "state",
            "attempts",
            "next_attempt_ms",
            "bundle",
            "digest_id",
            "error",
            "response",
            "drop_reason",
            "created_ms",
            "settled_ms",
            "silence_id",
        ],
        gives_ids: true,
    },
    Table {
        name: "sink",
        key: &["id"],
        columns: &[
            "id",
            "target",
            "stopped_ms",
            "reason",
            "paused_until_ms",
            "pauses",
            "pause_reason",
            "rate_full_ms",
        ],
        gives_ids: false,
    },
    Table {
        name: "bundle",
        key: &["sink", "key"],
        columns: &["sink", "key", "due_ms", "told_ms"],
        gives_ids: false,
    },
    Table {
        name: "left_url",
        key: &["url"],
        columns: &["url", "last_poll_ms"],
        gives_ids: false,
    },
    Table {
        name: "page",
        key: &["entry_id"],
        columns: &[
            "entry_id",
            "url",
            "state",
            "attempts",
            "next_attempt_ms",
            "error",
            "created_ms",
            "settled_ms",
        ],
        gives_ids: false,
    },
    Table {
        name: "subscription",
        key: &["feed_id", "generation"],
        columns: &[
            "feed_id",
            "generation",
            "hub",
            "topic",
            "callback_hash",
            "state",
            "lease_until_ms",
            "next_action_ms",
            "attempts",
            "heard_ms",
            "missed",
            "error",
        ],
        gives_ids: false,
    },
    Table {
        name: "fingerprint",
        key: &["entry_id"],
        columns: &["entry_id", "at_ms", "sketch"],
        gives_ids: false,
    },
    Table {
        name: BAND,
        key: &["band", "entry_id"],
        columns: &["band", "entry_id"],
        gives_ids: false,
    },
    Table {
        name: "story_join",
        key: &["story_id"],
        columns: &[
            "story_id",
            "into_id",
            "entry_id",
            "like_entry_id",
            "likeness",
            "created_ms",
        ],
        gives_ids: false,
    },
    Table {
        name: "mention_event",
        key: &["id"],
        columns: &["id", "topic", "language", "created_ms", "detail"],
        gives_ids: false,
    },
    Table {
        name: "mention_delivery",
        key: &["seq"],
        columns: &[
            "seq",
            "event_id",
            "sink",
            "state",
            "attempts",
            "next_attempt_ms",
            "error",
        ],
        gives_ids: true,
    },
    Table {
        name: "series",
        key: &["topic", "quarter"],
        columns: &["topic", "quarter", "mentions", "stories"],
        gives_ids: false,
    },
    Table {
        name: "series_day",
        key: &["topic", "dim", "day", "value"],
        columns: &["topic", "dim", "day", "value", "mentions"],
        gives_ids: false,
    },
    Table {
        name: "together",
        key: &["topic", "day", "other"],
        columns: &["topic", "other", "day", "entries"],
        gives_ids: false,
    },
];

#[cfg(test)]
mod tests;
