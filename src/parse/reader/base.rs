//! Bases for relative links, as `xml:base` nests them: resolved when a link asks and then kept.

use url::Url;

use super::super::MAX_BASE;

/// One declared base.
#[derive(Debug)]
struct Declared<'a> {
    depth: usize,
    text: &'a str,
    resolved: Option<Url>,
}

/// The bases in force.
#[derive(Debug)]
pub(super) struct Bases<'a> {
    document: Option<Url>,
    declared: Vec<Declared<'a>>,
    /// A base was no URL and is ignored.
    pub ignored: bool,
}

impl<'a> Bases<'a> {
    /// Begins with the document's address.
    pub fn new(document: Option<&Url>) -> Self {
        Self {
            document: document.cloned(),
            declared: Vec::new(),
            ignored: false,
        }
    }

    /// Uses the feed's page as base of all where nothing better is known.
    pub fn fall_back(&mut self, home: &str) {
        if self.document.is_none() && home.len() <= MAX_BASE {
            self.document = Url::parse(home).ok();
        }
    }

    /// A base that an element at `depth` declares.
    pub fn declare(&mut self, depth: usize, text: &'a str) {
        self.declared.push(Declared {
            depth,
            text,
            resolved: None,
        });
    }

    /// Forgets the bases of elements at `depth` and deeper.
    pub fn leave(&mut self, depth: usize) {
        while self.declared.last().is_some_and(|d| d.depth >= depth) {
            self.declared.pop();
        }
    }

    /// The base for a link, on an element that may declare one of its own.
    pub fn current(&mut self, own: Option<&str>) -> Option<Url> {
        let from = self
            .declared
            .iter()
            .rposition(|d| d.resolved.is_some())
            .map_or(0, |i| i + 1);
        for i in from..self.declared.len() {
            let outer = match i.checked_sub(1) {
                Some(before) => self.declared[before].resolved.clone(),
                None => self.document.clone(),
            };
            let (url, ignored) = join(outer, self.declared[i].text);
            self.ignored |= ignored;
            self.declared[i].resolved = url;
        }
        let inherited = match self.declared.last() {
            Some(last) => last.resolved.clone(),
            None => self.document.clone(),
        };
        match own {
            Some(text) => {
                let (url, ignored) = join(inherited, text);
                self.ignored |= ignored;
                url
            }
            None => inherited,
        }
    }
}

/// The inner base, or the outer one where the inner can't be read.
fn join(outer: Option<Url>, text: &str) -> (Option<Url>, bool) {
    let text = super::element::resolved(text.trim());
    if text.is_empty() {
        return (outer, false);
    }
    let joined = match &outer {
        _ if text.len() > MAX_BASE => None,
        Some(outer) => outer.join(&text).ok(),
        None => Url::parse(&text).ok(),
    }
    .filter(|url| url.as_str().len() <= MAX_BASE);
    match joined {
        Some(url) => (Some(url), false),
        None => (outer, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_that_grows_too_long_is_ignored() {
        let part = format!("{}/", "b".repeat(1_500));
        let mut bases = Bases::new(None);
        let home = format!("https://a.example/{part}");
        bases.fall_back(&format!("{home}{part}"));
        assert_eq!(bases.current(None), None);
        bases.declare(1, &home);
        bases.declare(2, &part);
        assert_eq!(bases.current(None).map(String::from), Some(home.clone()));
        assert!(bases.ignored);
    }

    #[test]
    fn bases_nest_and_end_with_their_elements() {
        let document = Url::parse("https://a.example/feed").unwrap();
        let mut bases = Bases::new(Some(&document));
        let now = |b: &mut Bases<'_>, own| b.current(own).unwrap().to_string();
        bases.declare(1, "/x/");
        bases.declare(2, "y/");
        assert_eq!(now(&mut bases, Some("z/")), "https://a.example/x/y/z/");
        bases.leave(2);
        assert_eq!(now(&mut bases, None), "https://a.example/x/");
        bases.declare(2, "http://[");
        assert_eq!(now(&mut bases, None), "https://a.example/x/");
        assert!(bases.ignored);
        bases.leave(1);
        assert_eq!(now(&mut bases, None), "https://a.example/feed");
    }
}
