//! What people and programs are shown, and how they write what they want: one way for the command line
//! and the API.
//!
//! [`FeedView`], [`FoundView`] and [`SinkView`] are what `--json` prints and the API answers; [`csv`] is what
//! spreadsheets read; [`instant`] reads times as people write them; [`silences`] checks a silence before it is
//! added; [`topic`] is what is known of one topic over a span, and [`series`] its counts alone. These two ask the
//! store; all others are pure.

pub mod csv;
pub mod feeds;
pub mod found;
pub mod instant;
pub mod series;
pub mod silences;
pub mod sinks;
pub mod topic;
pub mod trends;

pub use feeds::FeedView;
pub use found::FoundView;
pub use sinks::SinkView;
pub use topic::TopicView;

/// The text without control characters, line separators and bidirectional overrides, so that no
/// input can steer a terminal or make a line read as another one.
#[must_use]
pub fn printable(text: &str) -> String {
    let steers =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| if steers(c) { ' ' } else { c })
        .collect()
}
