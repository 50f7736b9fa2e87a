//! Vocabularies: which one an element's name belongs to, by its namespace or, where that is missing
//! or unknown, by the prefix that everybody gives it.

use super::super::xml::Tag;

/// A vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// The feed's own: RSS in an RSS document, Atom in an Atom document, and whatever has no prefix.
    Core,
    /// Atom, inside another format.
    Atom,
    /// Dublin Core, elements and terms.
    Dc,
    /// `content:encoded`.
    Content,
    /// iTunes podcasts, also under Google's names.
    Itunes,
    /// Media RSS.
    Media,
    /// The syndication module.
    Sy,
    /// `FeedBurner`.
    Feedburner,
    /// RDF itself.
    Rdf,
    /// PRISM, of scientific publishers.
    Prism,
    /// XHTML and its kin.
    Xhtml,
    /// Any other.
    Other,
}

/// How many declarations are kept at once. Real feeds have up to about thirty.
const MAX_DECLARED: usize = 64;

/// The declarations in force.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    declared: Vec<(&'a str, Space)>,
    /// The prefix of the root, which stands for the feed's own vocabulary.
    root_prefix: &'a str,
}

impl<'a> Scope<'a> {
    /// How many declarations are in force.
    pub fn len(&self) -> usize {
        self.declared.len()
    }

    /// Forgets the declarations after the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.declared.truncate(len);
    }

    /// Takes the declarations of a tag. On a root, what it makes the default (or gives the root's
    /// own prefix) is the feed's vocabulary, whatever its URI says.
    pub fn declare(&mut self, tag: &Tag<'a>, is_root: bool) {
        if is_root {
            self.root_prefix = prefix(tag.name);
        }
        if !tag.attributes.contains("xmlns") {
            return;
        }
        for (name, uri) in tag.each() {
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) if rest.starts_with(':') => &rest[1..],
                _ => continue,
            };
            if self.declared.len() >= MAX_DECLARED {
                return;
            }
            let space = match by_uri(uri) {
                _ if is_root && prefix.is_empty() => Space::Core,
                Space::Other => by_prefix(prefix).unwrap_or(Space::Other),
                known => known,
            };
            self.declared.push((prefix, space));
        }
    }

    /// The vocabulary of a qualified name, and whether its prefix is declared.
    pub fn of(&self, name: &str) -> (Space, bool) {
        let prefix = prefix(name);
        let found = self.declared.iter().rev().find(|(p, _)| *p == prefix);
        let space = match found {
            _ if !prefix.is_empty() && prefix == self.root_prefix => {
                // `rdf:RDF` names no feed vocabulary, `atom:feed` and `rss:rss` do
                let rdf = prefix.eq_ignore_ascii_case("rdf");
                if rdf { Space::Rdf } else { Space::Core }
            }
            Some((_, space)) => *space,
            None => by_prefix(prefix).unwrap_or(Space::Other),
        };
        (space, found.is_some() || matches!(prefix, "" | "xml"))
    }
}

fn prefix(name: &str) -> &str {
    name.rsplit_once(':').map_or("", |(prefix, _)| prefix)
}

/// Whether a namespace is one of Atom's.
pub(super) fn is_atom(uri: &str) -> bool {
    by_uri(uri) == Space::Atom
}

/// The vocabulary of a namespace, in any of the spellings in use.
fn by_uri(uri: &str) -> Space {
    let uri = uri.trim().to_ascii_lowercase();
    let bare = uri
        .trim_start_matches("http://")
        .trim_start_matches("https://")
        .trim_end_matches(['/', '#']);
    match bare {
        "www.w3.org/2005/atom"
        | "purl.org/atom/ns"
        | "example.com/newformat"
        | "example.com/necho"
        | "purl.org/echo"
        | "uri/of/echo/namespace"
        | "purl.org/pie" => Space::Atom,
        "purl.org/rss/1.0"
        | "my.netscape.com/rdf/simple/0.9"
        | "channel.netscape.com/rdf/simple/0.9"
        | "my.netscape.com/publish/formats/rss-0.91.dtd"
        | "purl.org/net/rss1.1"
        | "backend.userland.com/rss"
        | "backend.userland.com/rss2"
        | "blogs.law.harvard.edu/tech/rss"
        | "cyber.law.harvard.edu/rss/rss.html"
        | "www.rssboard.org/rss-specification" => Space::Core,
        "purl.org/rss/1.0/modules/content" => Space::Content,
        "purl.org/rss/1.0/modules/syndication" => Space::Sy,
        "www.w3.org/1999/02/22-rdf-syntax-ns" => Space::Rdf,
        "www.w3.org/1999/xhtml" | "www.w3.org/2000/svg" | "www.w3.org/1998/math/mathml" => {
            Space::Xhtml
        }
        _ if bare.starts_with("purl.org/dc/") => Space::Dc,
        _ if bare.starts_with("www.itunes.com/")
            || bare.starts_with("example.com/dtds/podcast")
            || bare.starts_with("www.google.com/schemas/play-podcasts") =>
        {
            Space::Itunes
        }
        _ if bare.starts_with("search.yahoo.com/mrss") || bare.contains("media-rss") => {
            Space::Media
        }
        _ if bare.starts_with("rssnamespace.org/feedburner") => Space::Feedburner,
        _ if bare.starts_with("prismstandard.org/namespaces") => Space::Prism,
        _ if bare.starts_with("backend.userland.com/rss") => Space::Core,
        _ => Space::Other,
    }
}

/// The vocabulary that a prefix usually means.
fn by_prefix(prefix: &str) -> Option<Space> {
    Some(match prefix.to_ascii_lowercase().as_str() {
        "" | "rss" | "rss1" | "rss2" | "rss10" | "rss11" | "rss090" => Space::Core,
        "atom" | "atom03" | "atom10" | "a10" | "atom1" => Space::Atom,
        "dc" | "dcterms" | "dct" | "dcterm" => Space::Dc,
        "content" => Space::Content,
        "itunes" | "googleplay" => Space::Itunes,
        "media" | "mrss" => Space::Media,
        "sy" | "syn" => Space::Sy,
        "feedburner" => Space::Feedburner,
        "rdf" => Space::Rdf,
        "prism" => Space::Prism,
        "xhtml" | "html" | "svg" => Space::Xhtml,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::xml::{Token, Tokens};
    use super::*;

    fn tag(text: &str) -> Tag<'_> {
        match Tokens::new(text).next() {
            Some(Token::Start(tag)) => tag,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_are_known_by_namespace_then_by_usual_prefix() {
        let mut scope = Scope::default();
        scope.declare(
            &tag("<rss xmlns='urn:odd' xmlns:x='http://purl.org/dc/elements/1.1/' xmlns:media='urn:new'>"),
            true,
        );
        assert_eq!(scope.of("title"), (Space::Core, true));
        assert_eq!(scope.of("x:creator"), (Space::Dc, true));
        assert_eq!(scope.of("media:title"), (Space::Media, true));
        assert_eq!(scope.of("itunes:title"), (Space::Itunes, false));
        assert_eq!(scope.of("shop:title"), (Space::Other, false));
        let outer = scope.len();
        scope.declare(&tag("<div xmlns='http://www.w3.org/1999/xhtml'>"), false);
        assert_eq!(scope.of("title").0, Space::Xhtml);
        scope.truncate(outer);
        assert_eq!(scope.of("title").0, Space::Core);
    }

    #[test]
    fn a_prefixed_root_names_the_feeds_own_vocabulary() {
        let mut scope = Scope::default();
        scope.declare(&tag("<n:feed xmlns:n='http://www.w3.org/2005/Atom'>"), true);
        assert_eq!(scope.of("n:entry").0, Space::Core);
    }
}
