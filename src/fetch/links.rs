//! What an answer's head says of the document's place in the world: its `Link`s and its language.
//! Pure.

use reqwest::header::{CONTENT_LANGUAGE, HeaderMap, HeaderValue, LINK};
use url::Url;

/// How many hubs are taken: a publisher has one or two.
const MAX_HUBS: usize = 4;

/// How many links of an answer are looked at.
const MAX_LINKS: usize = 100;

/// The longest URL of a link, in bytes.
const MAX_TARGET: usize = 2048;

/// The links of a feed that WebSub needs (RFC 8288; W3C WebSub §4). They are a stranger's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// `rel="hub"`, in the order given; at most four.
    pub hubs: Vec<Url>,
    /// The first `rel="self"`: the topic to subscribe to.
    pub self_url: Option<Url>,
}

impl Links {
    /// Reads the `Link` fields of an answer that came from `base`. What can't be read, isn't HTTP
    /// or is about another resource (`anchor`) is left out.
    #[must_use]
    pub fn read(headers: &HeaderMap, base: &Url) -> Self {
        let mut links = Self::default();
        let values = headers.get_all(LINK).iter().map(HeaderValue::as_bytes);
        for link in values.flat_map(Values::new).take(MAX_LINKS) {
            let Some(target) = link.target(base) else {
                continue;
            };
            // A link has one meaning for each word of `rel`.
            if link.is("hub") && links.hubs.len() < MAX_HUBS && !links.hubs.contains(&target) {
                links.hubs.push(target.clone());
            }
            if link.is("self") && links.self_url.is_none() {
                links.self_url = Some(target);
            }
        }
        links
    }
}

/// The language of the body (RFC 9110 §8.5), if it names exactly one.
#[must_use]
pub fn language(headers: &HeaderMap) -> Option<String> {
    let mut fields = headers.get_all(CONTENT_LANGUAGE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return None;
    };
    let tag = field.to_str().ok()?.trim();
    // The longest tags that are of use (RFC 5646 §4.4.1); `*` and lists fall out here too.
    let formed = (2..=35).contains(&tag.len())
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    formed.then(|| tag.to_owned())
}

/// One link-value.
struct Link<'a> {
    target: &'a [u8],
    /// Its first `rel`; later ones don't count (RFC 8288 §3.3).
    rel: Option<Vec<u8>>,
    anchored: bool,
}

impl Link<'_> {
    fn target(&self, base: &Url) -> Option<Url> {
        if self.anchored || self.target.len() > MAX_TARGET {
            return None;
        }
        let mut url = base.join(std::str::from_utf8(self.target).ok()?).ok()?;
        url.set_fragment(None);
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
        usable.then_some(url)
    }

    fn is(&self, relation: &str) -> bool {
        self.rel.as_deref().is_some_and(|rel| {
            rel.split(u8::is_ascii_whitespace)
                .any(|word| word.eq_ignore_ascii_case(relation.as_bytes()))
        })
    }
}

/// The link-values of one field line, by the algorithm of RFC 8288 §B.2 and as forgiving.
struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    /// Takes bytes while `fits`.
    fn take(&mut self, fits: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&b| !fits(b));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Takes `byte` if it is next.
    fn eat(&mut self, byte: u8) -> bool {
        let next = self.rest.strip_prefix(&[byte]);
        self.rest = next.unwrap_or(self.rest);
        next.is_some()
    }

    fn blanks(&mut self) {
        self.take(|b| matches!(b, b' ' | b'\t'));
    }

    /// The rest of a quoted string, whose opening quote is taken already.
    fn quoted(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        loop {
            text.extend_from_slice(self.take(|b| !matches!(b, b'"' | b'\\')));
            if !self.eat(b'\\') {
                self.eat(b'"');
                return text;
            }
            if let Some((&escaped, rest)) = self.rest.split_first() {
                text.push(escaped);
                self.rest = rest;
            }
        }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Link<'a>;

    fn next(&mut self) -> Option<Link<'a>> {
        self.take(|b| matches!(b, b' ' | b'\t' | b','));
        if !self.eat(b'<') {
            // Not a link, and where the next begins is anyone's guess.
            return None;
        }
        let target = self.take(|b| b != b'>').trim_ascii();
        if !self.eat(b'>') {
            return None;
        }
        let mut link = Link {
            target,
            rel: None,
            anchored: false,
        };
        loop {
            self.blanks();
            if !self.eat(b';') {
                break;
            }
            self.blanks();
            let name = self.take(|b| !matches!(b, b' ' | b'\t' | b'=' | b';' | b','));
            self.blanks();
            let value = if self.eat(b'=') {
                self.blanks();
                if self.eat(b'"') {
                    self.quoted()
                } else {
                    self.take(|b| !matches!(b, b';' | b','))
                        .trim_ascii()
                        .to_vec()
                }
            } else {
                Vec::new()
            };
            if name.eq_ignore_ascii_case(b"rel") && link.rel.is_none() {
                link.rel = Some(value);
            } else if name.eq_ignore_ascii_case(b"anchor") {
                link.anchored = true;
            }
        }
        // Rubbish between here and the next comma belongs to no link.
        self.take(|b| b != b',');
        Some(link)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> (Vec<String>, Option<String>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(
                LINK,
                HeaderValue::from_bytes(line.as_bytes()).expect("a value"),
            );
        }
        let base = Url::parse("https://example.org/news/feed?x=1").expect("a URL");
        let found = Links::read(&headers, &base);
        let hubs = found.hubs.into_iter().map(String::from).collect();
        (hubs, found.self_url.map(String::from))
    }

    #[test]
    fn hubs_and_the_topic_are_found_over_several_values_and_lines() {
        let (hubs, topic) = read(&[
            "<https://hub.example/>; rel=\"hub\", </feed>; rel=self; type=\"a/b\"",
            "<https://other.example/?a=1,2;3>; title=\"a, b; \\\"rel=hub\\\"\"; rel=\"x HUB\"",
            "<https://css.example/>; rel=stylesheet",
        ]);
        assert_eq!(
            hubs,
            ["https://hub.example/", "https://other.example/?a=1,2;3"]
        );
        assert_eq!(topic.as_deref(), Some("https://example.org/feed"));
    }

    #[test]
    fn targets_are_resolved_against_where_the_answer_came_from() {
        let (hubs, topic) = read(&["<hub#top>; rel=\"hub self\""]);
        assert_eq!(hubs, ["https://example.org/news/hub"]);
        assert_eq!(topic.as_deref(), Some("https://example.org/news/hub"));
        let (_, topic) = read(&["<>;rel=self"]);
        assert_eq!(topic.as_deref(), Some("https://example.org/news/feed?x=1"));
    }

    #[test]
    fn only_the_first_rel_counts() {
        let (hubs, _) = read(&["<https://a.example/>; rel=x; rel=hub"]);
        assert_eq!(hubs, [""; 0]);
    }

    #[test]
    fn links_of_other_resources_and_other_schemes_are_left_out() {
        let (hubs, topic) = read(&[
            "<https://a.example/>; rel=hub; anchor=\"#part\"",
            "<javascript:alert(1)>; rel=hub, <mailto:a@b>; rel=self",
            "<http://[bad/>; rel=hub",
        ]);
        assert_eq!((hubs.len(), topic), (0, None));
    }

    #[test]
    fn no_more_than_a_handful_of_hubs_is_taken_and_none_twice() {
        let many: Vec<String> = (0..50)
            .map(|n| format!("<https://h{}.example/>; rel=hub", n / 2))
            .collect();
        let (hubs, _) = read(&[&many.join(",")]);
        assert_eq!(hubs.len(), MAX_HUBS);
        assert_eq!(hubs[3], "https://h3.example/");
    }

    #[test]
    fn ill_written_links_do_no_harm() {
        for line in [
            "",
            "<",
            "<a",
            "a; rel=hub",
            "<a>; rel=\"hub",
            ",,<a>;;rel = hub ;x=,",
        ] {
            read(&[line]);
        }
        let (hubs, _) = read(&[",, <a> ;; rel = hub ; x= , <b> rubbish ;rel=hub, <c>;rel=hub"]);
        assert_eq!(
            hubs,
            ["https://example.org/news/a", "https://example.org/news/c"]
        );
    }

    #[test]
    fn one_language_is_told_and_several_are_not() {
        let told = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CONTENT_LANGUAGE, HeaderValue::from_static(line));
            }
            language(&headers)
        };
        assert_eq!(told(&[" zh-Hant-TW "]).as_deref(), Some("zh-Hant-TW"));
        for none in [
            &[][..],
            &["en, fr"],
            &["en", "fr"],
            &["*"],
            &[""],
            &["x"],
            &["e\u{7f}n"],
        ] {
            if none.iter().all(|line| HeaderValue::from_str(line).is_ok()) {
                assert_eq!(told(none), None, "{none:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_to_its_end(line in "[<>;,=\"\\\\ a-z:/#]{0,200}") {
            let (hubs, _) = read(&[&line]);
            prop_assert!(hubs.len() <= MAX_HUBS);
        }
    }
}
