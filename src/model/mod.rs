//! The words of the daemon as plain data: feeds, entries, topics, mentions, alerts.
//!
//! Every other module speaks in these types; this one imports none of ours and does no I/O.
//! The types that meet most often are [`Feed`] (what is polled), [`Entry`] (one item of it),
//! [`Topic`] (what is looked for), [`Mention`] (a topic found in an entry) and [`MentionAlert`]
//! (a mention worth telling).

mod alert;
mod database;
mod entry;
mod feed;
mod id;
mod network;
mod query;
mod secret;
mod time;
mod topic;

pub use alert::{
    AlertFacts, AlertKind, FeedTrouble, MentionAlert, Route, SpikeAlert, SpikeStory, StorySource,
};
pub use database::{Database, ServerOptions};
pub use entry::{DateNote, Document, Entry, EntryKey, Field, KeyBasis, StoryKey, TextHash};
pub use feed::{
    Auth, Feed, FeedFormat, FullText, Interval, RequestOptions, UpdateHints, Validators,
};
pub use id::{FeedId, IdError, SinkId, TopicId};
pub use network::{Network, NetworkError};
pub use query::{Fact, FactKind, Link, Node, Query, Regex, Scope, Unit};
pub use secret::Secret;
pub use time::Timestamp;
pub use topic::{Case, Hit, Keep, Mention, Term, Topic, is_in_language};
