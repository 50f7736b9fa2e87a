//! What a reader had to forgive, in sentences for the feed's owner.

use super::super::entities;

/// What was odd, each told once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent marks, each one sentence"
)]
pub(super) struct Odd {
    /// Tags that have no partner.
    pub balanced: bool,
    /// `&` or `<` that begin nothing.
    pub ampersands: bool,
    /// References to names of HTML.
    pub names: bool,
    /// Characters that XML does not allow.
    pub controls: bool,
    /// Tags inside an element that should hold a text.
    pub inline: bool,
    /// A version of RSS that is none.
    pub version: bool,
    /// A namespace that is none of the format's.
    pub namespace: bool,
    /// Prefixes without a namespace.
    pub prefixes: bool,
    /// Content types that are none.
    pub types: bool,
    /// Bases that are no URL.
    pub bases: bool,
    /// Entries outside their channel.
    pub channel: bool,
}

impl Odd {
    /// One sentence for each thing.
    pub fn sentences(&self) -> impl Iterator<Item = &'static str> {
        [
            (self.balanced, "forgave tags that did not match"),
            (self.ampersands, "read bare `&` or `<` as text"),
            (self.names, "resolved HTML entities that XML does not know"),
            (self.controls, "dropped characters that XML does not allow"),
            (self.inline, "read markup inside text elements as text"),
            (self.version, "took an unknown RSS version as 2.0"),
            (self.namespace, "read the feed in spite of its namespace"),
            (
                self.prefixes,
                "took undeclared prefixes in their usual meaning",
            ),
            (self.types, "corrected unknown content types"),
            (self.bases, "ignored an unreadable xml:base"),
            (self.channel, "read entries that stand at a wrong place"),
        ]
        .into_iter()
        .filter_map(|(is_odd, sentence)| is_odd.then_some(sentence))
    }

    /// Looks at the references of a text.
    pub fn references(&mut self, text: &str) {
        for (at, _) in text.match_indices('&') {
            let rest = &text[at..];
            let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
            if known.iter().any(|k| rest.starts_with(k)) {
                continue;
            }
            match entities::resolve(rest) {
                Some(found) if rest.starts_with("&#") => {
                    self.ampersands |= rest.as_bytes().get(found.len - 1) != Some(&b';');
                }
                Some(_) => self.names = true,
                None => self.ampersands = true,
            }
        }
    }
}
