//! Which link leads to the story, and which to the feed's page, itself and its hubs.

use super::super::xml::Tag;
use super::element::attribute;
use super::space::Space;

/// Relations that never lead to a story.
const APART: [&str; 27] = [
    "self",
    "enclosure",
    "edit",
    "edit-media",
    "replies",
    "hub",
    "license",
    "next",
    "prev",
    "previous",
    "first",
    "last",
    "current",
    "prev-archive",
    "next-archive",
    "search",
    "service",
    "collection",
    "image",
    "thumbnail",
    "icon",
    "stylesheet",
    "author",
    "contact",
    "payment",
    "comments",
    "alternate stylesheet",
];

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// To the story or page; lower ranks are better.
    Story(u8),
    /// To the feed itself.
    Own,
    /// To a WebSub hub.
    Hub,
    /// To something else.
    Apart,
}

/// The roles of a link with an address in an attribute; it may have several (`rel="self hub"`).
pub(super) fn roles(tag: &Tag<'_>, space: Space) -> impl Iterator<Item = Role> {
    let rel = attribute(tag, "rel").unwrap_or("").to_ascii_lowercase();
    let html = attribute(tag, "type").is_none_or(|t| t.is_empty() || t.contains("html"));
    // inside RSS, Atom's links come after RSS's own
    let after = u8::from(space == Space::Atom);
    let names: Vec<String> = match rel.as_str() {
        "" => vec!["alternate".into()],
        "alternate stylesheet" => vec![rel],
        _ => rel.split_ascii_whitespace().map(str::to_owned).collect(),
    };
    names.into_iter().map(move |name| {
        // registered relations may be written as addresses (RFC 4287 §4.2.7.2)
        let name = name
            .rsplit_once("/relation/")
            .map_or(name.as_str(), |(_, n)| n);
        match name {
            "alternate" if html => Role::Story(after),
            "alternate" => Role::Story(2 + after),
            "self" => Role::Own,
            "hub" => Role::Hub,
            _ if APART.contains(&name) || name.contains('#') => Role::Apart,
            _ => Role::Story(4 + after),
        }
    })
}
