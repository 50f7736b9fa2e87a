//! What a repair did, in sentences for the feed's owner.

/// What was done, each told once.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent marks, each one sentence"
)]
pub(super) struct Done {
    pub balanced: bool,
    pub ampersands: bool,
    pub names: bool,
    pub controls: bool,
    pub inline: bool,
    pub version: bool,
    pub namespace: bool,
    pub atom_03: bool,
    pub types: bool,
    pub bases: bool,
    pub channel: bool,
}

impl Done {
    /// One sentence for each thing that was done.
    pub fn sentences(&self) -> impl Iterator<Item = &'static str> {
        [
            (self.balanced, "closed or dropped tags that did not match"),
            (self.ampersands, "escaped bare `&` or `<`"),
            (self.names, "resolved HTML entities that XML does not know"),
            (self.controls, "dropped characters that XML does not allow"),
            (self.inline, "read markup inside text elements as text"),
            (self.version, "took an unknown RSS version as 2.0"),
            (self.namespace, "corrected the feed's namespace"),
            (self.atom_03, "read Atom 0.3 as Atom 1.0"),
            (self.types, "corrected unknown content types"),
            (self.bases, "ignored an unreadable xml:base"),
            (self.channel, "read entries that stand at a wrong place"),
        ]
        .into_iter()
        .filter_map(|(done, sentence)| done.then_some(sentence))
    }
}
