//! What a page says of itself: its title, language, canonical address, summary; and the text that
//! some pages carry only as structured data for search engines (JSON-LD `articleBody`).

use serde_json::Value;
use url::Url;

use super::tree::{attribute, attributes};
use crate::language::normalise;
use crate::parse::clean_html;
use crate::parse::markup::{Piece, Scanner, find_end_tag};

/// Bytes of one JSON-LD script; what is larger is not read.
const MAX_SCRIPT: usize = 1 << 20;
/// JSON-LD scripts of a page.
const MAX_SCRIPTS: usize = 20;
/// Objects inside each other.
const MAX_NESTING: usize = 6;

/// What the page's head says, clean, as far as it says it.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub title: Option<String>,
    pub language: Option<String>,
    pub canonical: Option<String>,
    pub description: Option<String>,
}

/// Reads the metadata of a page.
pub(super) fn read(markup: &str, base: Option<&Url>, structured: &Structured) -> Metadata {
    let mut found = Found::default();
    let mut scanner = Scanner::page(markup);
    while let Some(piece) = scanner.next() {
        let Piece::Start(name, raw) = piece else {
            continue;
        };
        if name.eq_ignore_ascii_case("meta") {
            found.meta(raw);
        } else if name.eq_ignore_ascii_case("link") {
            found.link(raw);
        } else if name.eq_ignore_ascii_case("html") {
            let lang = attribute(raw, "lang").or_else(|| attribute(raw, "xml:lang"));
            keep(&mut found.html_lang, lang);
        } else if name.eq_ignore_ascii_case("title") {
            keep(&mut found.title, Some(scanner.take_until_end("title")));
        } else if name.eq_ignore_ascii_case("h1") {
            keep(&mut found.heading, Some(scanner.take_until_end("h1")));
        }
    }
    found.metadata(base, structured)
}

#[derive(Default)]
struct Found {
    html_lang: Option<String>,
    og_locale: Option<String>,
    http_language: Option<String>,
    og_title: Option<String>,
    title: Option<String>,
    heading: Option<String>,
    site: Option<String>,
    og_description: Option<String>,
    description: Option<String>,
    canonical: Option<String>,
    og_url: Option<String>,
}

fn keep(place: &mut Option<String>, value: Option<&str>) {
    if place.is_none()
        && let Some(value) = value
    {
        let value = &value[..value.floor_char_boundary(16 << 10)];
        *place = Some(clean_html(value)).filter(|v| !v.is_empty());
    }
}

impl Found {
    fn meta(&mut self, raw: &str) {
        let (mut name, mut content) = ("", None);
        for (attribute, value) in attributes(raw) {
            match attribute.to_ascii_lowercase().as_str() {
                "name" | "property" | "http-equiv" | "itemprop" if name.is_empty() => name = value,
                "content" => content = Some(value),
                _ => {}
            }
        }
        let place = match name.to_ascii_lowercase().as_str() {
            "og:title" => &mut self.og_title,
            "og:site_name" => &mut self.site,
            "og:description" => &mut self.og_description,
            "description" => &mut self.description,
            "og:locale" => &mut self.og_locale,
            "og:url" => &mut self.og_url,
            "content-language" => &mut self.http_language,
            _ => return,
        };
        keep(place, content);
    }

    fn link(&mut self, raw: &str) {
        let is_canonical = attribute(raw, "rel").is_some_and(|rel| {
            rel.split_ascii_whitespace()
                .any(|r| r.eq_ignore_ascii_case("canonical"))
        });
        if is_canonical {
            keep(&mut self.canonical, attribute(raw, "href"));
        }
    }

    fn metadata(self, base: Option<&Url>, structured: &Structured) -> Metadata {
        let language = [
            self.html_lang,
            self.og_locale,
            self.http_language,
            structured.language.clone(),
        ]
        .into_iter()
        .flatten()
        .find_map(|tag| normalise(&tag));
        let canonical = [self.canonical, self.og_url]
            .into_iter()
            .flatten()
            .find_map(|link| web_url(&link, base));
        let title = self
            .og_title
            .or_else(|| structured.headline.clone())
            .or(self.heading)
            .or(self.title)
            .map(|title| without_site(&title, self.site.as_deref()).to_owned());
        Metadata {
            title,
            language,
            canonical,
            description: self.og_description.or(self.description),
        }
    }
}

/// A link as an absolute http(s) URL.
fn web_url(link: &str, base: Option<&Url>) -> Option<String> {
    let url = match base {
        Some(base) => base.join(link).ok()?,
        None => Url::parse(link).ok()?,
    };
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.into())
}

/// A title without the site's name behind it.
fn without_site<'a>(title: &'a str, site: Option<&str>) -> &'a str {
    let is_separator =
        |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | '|' | '•' | '·' | ':' | '_');
    site.filter(|site| !site.is_empty())
        .and_then(|site| title.strip_suffix(site))
        .filter(|rest| rest.ends_with(is_separator))
        .map(|rest| rest.trim_end_matches(is_separator))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(title)
}

/// What the page's JSON-LD says of its article.
#[derive(Debug, Default)]
pub(super) struct Structured {
    pub headline: Option<String>,
    pub language: Option<String>,
    /// `articleBody`, as written: plain text or markup, lines kept.
    pub body: Option<String>,
}

/// Reads the JSON-LD scripts of a page; those that are no JSON count as absent.
pub(super) fn structured(markup: &str) -> Structured {
    let mut found = Structured::default();
    let mut rest = markup;
    let mut scripts = 0;
    while let Some(at) = rest.find("ld+json") {
        rest = &rest[at..];
        scripts += 1;
        let Some(open) = rest.find('>').filter(|_| scripts <= MAX_SCRIPTS) else {
            break;
        };
        rest = &rest[open + 1..];
        let Some(end) = find_end_tag(rest, 0, "script") else {
            break;
        };
        let script = &rest[..end];
        rest = &rest[end..];
        if script.len() <= MAX_SCRIPT
            && let Some(value) = json(script)
        {
            found.see(&value, 0);
        }
    }
    found
}

/// JSON as publishers write it: in a comment, with raw line breaks in its strings.
fn json(script: &str) -> Option<Value> {
    let script = script.trim().trim_start_matches("//").trim();
    let script = script.strip_prefix("<![CDATA[").unwrap_or(script);
    let script = script.strip_prefix("<!--").unwrap_or(script);
    let script = script.strip_suffix("-->").unwrap_or(script).trim_end();
    let script = script
        .strip_suffix("]]>")
        .unwrap_or(script)
        .trim_end()
        .trim_end_matches("//");
    serde_json::from_str(script)
        .ok()
        .or_else(|| serde_json::from_str(&script.replace(['\n', '\r', '\t'], " ")).ok())
}

impl Structured {
    fn see(&mut self, value: &Value, depth: usize) {
        match value {
            _ if depth > MAX_NESTING => {}
            Value::Array(items) => items
                .iter()
                .take(100)
                .for_each(|item| self.see(item, depth + 1)),
            Value::Object(object) => {
                let text = |key: &str| {
                    object
                        .get(key)
                        .and_then(Value::as_str)
                        .filter(|t| !t.trim().is_empty())
                };
                if object.get("@type").is_some_and(is_article) {
                    let longer = |new: &str, old: &Option<String>| {
                        old.as_ref().is_none_or(|old| old.len() < new.len())
                    };
                    if let Some(body) = text("articleBody").filter(|body| longer(body, &self.body))
                    {
                        self.body = Some(body.to_owned());
                    }
                    if self.headline.is_none() {
                        self.headline = text("headline").map(clean_html);
                    }
                    if self.language.is_none() {
                        self.language = text("inLanguage").map(str::to_owned);
                    }
                }
                for key in ["@graph", "mainEntity", "mainEntityOfPage"] {
                    if let Some(inside) = object.get(key) {
                        self.see(inside, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_article(kind: &Value) -> bool {
    let known = |name: &str| {
        let name = name.rsplit(['/', ':']).next().unwrap_or(name);
        name.ends_with("Article") || matches!(name, "BlogPosting" | "LiveBlogPosting" | "Report")
    };
    match kind {
        Value::String(name) => known(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(known),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(markup: &str) -> Metadata {
        let base = Url::parse("https://news.example/2024/a?x=1").unwrap();
        read(markup, Some(&base), &structured(markup))
    }

    #[test]
    fn the_title_loses_its_site_and_prefers_what_is_meant_for_sharing() {
        let found = of(
            "<title>T - Site</title><meta property=og:site_name content=Site><h1>Heading</h1>\
             <meta property='og:title' content='Talks &amp; tea | Site'>",
        );
        assert_eq!(found.title.as_deref(), Some("Talks & tea"));
        assert_eq!(
            of("<title>T &lt; U</title><h1>The <b>heading</b></h1>")
                .title
                .as_deref(),
            Some("The heading")
        );
        assert_eq!(of("<title>T</title>").title.as_deref(), Some("T"));
        assert_eq!(of("<p>x").title, None);
    }

    #[test]
    fn the_language_comes_from_the_first_tag_that_makes_sense() {
        assert_eq!(of("<html lang=id-ID>").language.as_deref(), Some("id-ID"));
        assert_eq!(
            of("<html lang='{{lang}}'><meta property='og:locale' content='id_ID'>")
                .language
                .as_deref(),
            Some("id-ID")
        );
        assert_eq!(of("<html lang=''>").language, None);
    }

    #[test]
    fn the_canonical_address_is_absolute_and_of_the_web() {
        assert_eq!(
            of("<link rel='Canonical' href='/b?c&amp;d'>")
                .canonical
                .as_deref(),
            Some("https://news.example/b?c&d")
        );
        assert_eq!(
            of("<link rel=canonical href='javascript:x'><meta property='og:url' content='https://a.example/'>").canonical.as_deref(),
            Some("https://a.example/")
        );
    }

    #[test]
    fn structured_data_is_found_however_it_is_wrapped() {
        for script in [
            r#"{"@type":"NewsArticle","headline":"H","articleBody":"B b","inLanguage":"id"}"#,
            r#"[{"@type":"WebSite"},{"@type":["Report","NewsArticle"],"headline":"H","articleBody":"B b"}]"#,
            r#"{"@graph":[{"@type":"http://schema.org/NewsArticle","headline":"H","articleBody":"B b"}]}"#,
            "//<![CDATA[\n{\"@type\":\"NewsArticle\",\"headline\":\"H\",\"articleBody\":\"B\nb\"}\n//]]>",
        ] {
            let found = structured(&format!(
                "<script type='application/ld+json'>{script}</script>"
            ));
            assert_eq!(found.headline.as_deref(), Some("H"), "{script}");
            assert_eq!(found.body.as_deref(), Some("B b"), "{script}");
        }
    }

    #[test]
    fn structured_data_that_is_broken_or_of_something_else_counts_as_absent() {
        for script in [
            "{",
            "",
            "{\"@type\":\"Product\",\"articleBody\":\"x\"}",
            "{\"@type\":\"NewsArticle\",\"articleBody\":7}",
        ] {
            let found = structured(&format!(
                "<script type='application/ld+json'>{script}</script>"
            ));
            assert_eq!((found.headline, found.body), (None, None), "{script}");
        }
        let deep = format!("<script type=application/ld+json>{}", "[".repeat(500_000));
        assert_eq!(structured(&deep).body, None);
        assert_eq!(structured(&format!("{deep}</script>")).body, None);
    }
}
