//! What the root says: the family of format and its version, and bases that elements declare.

use super::super::MAX_VERSION;
use super::super::text;
use super::super::xml::Tag;
use super::element::attribute;
use super::{Reader, space};
use crate::model::FeedFormat;

impl<'a> Reader<'a> {
    pub(super) fn open_root(&mut self, tag: &Tag<'a>) {
        self.root = tag.local();
        let own = tag
            .each()
            .find(|(n, _)| {
                *n == "xmlns"
                    || n.strip_prefix("xmlns:").is_some_and(|p| {
                        tag.name.starts_with(p) && tag.name[p.len()..].starts_with(':')
                    })
            })
            .map_or("", |(_, uri)| uri);
        let given = attribute(tag, "version").filter(|v| !v.is_empty() && v.len() <= MAX_VERSION);
        let lower = self.root.to_ascii_lowercase();
        let implied = match lower.as_str() {
            "rdf" => {
                self.format = FeedFormat::Rdf;
                let has = |part: &str| tag.attributes.contains(part);
                self.odd.namespace = !has("http://purl.org/rss/1.0/");
                if has("simple/0.9/") {
                    Some("0.90")
                } else if has("purl.org/net/rss1.1") {
                    Some("1.1")
                } else {
                    Some("1.0")
                }
            }
            "feed" | "entry" => {
                self.format = FeedFormat::Atom;
                self.atom = own.is_empty() || space::is_atom(own);
                self.odd.namespace = !self.atom || own.is_empty();
                if own.starts_with("http://purl.org/atom/ns#") || given == Some("0.3") {
                    Some("0.3")
                } else {
                    Some("1.0")
                }
            }
            "channel" if own.contains("purl.org/net/rss1.1") => Some("1.1"),
            "channel" => {
                self.odd.version = true;
                ["href", "lastmod", "base", "self"]
                    .iter()
                    .any(|a| attribute(tag, a).is_some())
                    .then_some("cdf")
            }
            _ => {
                self.odd.version = !given.is_some_and(|v| ["2.0", "0.91", "0.92"].contains(&v));
                self.odd.namespace = !own.is_empty();
                None
            }
        };
        self.head.version = given.or(implied).map(|v| text::plain(v, MAX_VERSION));
    }

    pub(super) fn own_base(tag: &Tag<'a>) -> Option<&'a str> {
        attribute(tag, "xml:base").or_else(|| {
            // CDF has a base of its own
            tag.local()
                .eq_ignore_ascii_case("channel")
                .then(|| attribute(tag, "base"))
                .flatten()
        })
    }
}
