//! What stands on a page and is not its article: menus, teasers, advertisements, notices.
//!
//! A name in a teaser is no mention of the story, and teasers stand in the middle of a text, where
//! a readability score can't see them. So they are taken out before the score, by three rules:
//!
//! 1. elements that say by their name, role, class or id that they are something else, unless they
//!    hold most of the page's text ([`drop_elements`]);
//! 2. lines that are nothing but a link: a headline that leads elsewhere ([`is_unwanted`]);
//! 3. lines that begin with a teaser's usual words, in the languages of [`MARKERS`], and either end
//!    there, go on after a colon or lead to a link; lines of copyright, cookies, subscription.
//!
//! Links inside a sentence stay: they are the names we look for.

mod phrases;

use super::lines::Line;
use super::tree::{Kind, Node, attribute, drop_subtree};
use phrases::{MARKERS, NAMES, NOTICES};

/// Characters of a teaser line; what is longer is a paragraph.
const MAX_TEASER: usize = 300;

/// Whether an element is by its kind or role no text of an article.
fn is_aside(name: &str, raw: &str) -> bool {
    matches!(
        name,
        "nav"
            | "footer"
            | "aside"
            | "form"
            | "button"
            | "select"
            | "textarea"
            | "dialog"
            | "menu"
            | "search"
            | "head"
            | "video"
            | "label"
    ) || attribute(raw, "role").is_some_and(|role| {
        [
            "navigation",
            "complementary",
            "dialog",
            "alertdialog",
            "contentinfo",
            "search",
            "menu",
        ]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(role))
    })
}

/// Whether a class or id says that the element is no text of an article.
fn is_named_aside(raw: &str) -> bool {
    ["class", "id"]
        .into_iter()
        .filter_map(|name| attribute(raw, name))
        .any(|value| {
            value.split_ascii_whitespace().take(20).any(|class| {
                // `no-sidebar` and `has-related` tell of something else than the element itself
                let mut words = words(class);
                let first = words.clone().next().unwrap_or_default();
                !matches!(first.as_str(), "no" | "has" | "with" | "without" | "is")
                // page builders wrap every paragraph in something`-widget`
                && (first == "widget" || words.any(|word| NAMES.contains(&word.as_str())))
            })
        })
}

/// The words of a class name: `articleRelatedPosts` and `article__related-posts` have three.
fn words(class: &str) -> impl Iterator<Item = String> + Clone + '_ {
    let mut rest = class.get(..class.len().min(100)).unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let mut lower = false;
        let end = rest
            .char_indices()
            .find(|(_, c)| {
                let ends = !c.is_alphanumeric() || (lower && c.is_ascii_uppercase());
                lower = c.is_ascii_lowercase();
                ends
            })
            .map_or(rest.len(), |(i, _)| i);
        let word = &rest[..end];
        rest = &rest[end..];
        (!word.is_empty()).then(|| word.to_lowercase())
    })
}

/// Takes out the elements that are something else by kind, role, class or id. What holds half of
/// the page's text or more stays: then the name says nothing (`body class="sidebar"`).
pub(super) fn drop_elements(nodes: &mut [Node<'_>]) {
    let mut before = Vec::with_capacity(nodes.len() + 1);
    let (mut total, mut link_end) = (0, 0);
    before.push(0);
    for (at, node) in nodes.iter().enumerate() {
        if node.name() == "a" {
            link_end = link_end.max(node.end);
        }
        if let Kind::Text(text) = node.kind
            && at >= link_end
        {
            total += super::lines::visible(text);
        }
        before.push(total);
    }
    let mut at = 0;
    while at < nodes.len() {
        let node = &nodes[at];
        let (name, end) = (node.name(), node.end);
        let holds = before[end] - before[at];
        let drop = node.dropped
            || (!name.is_empty()
                && !matches!(name, "html" | "body" | "main" | "article")
                && (is_aside(name, node.raw()) || is_named_aside(node.raw()))
                && holds * 2 <= total);
        if drop {
            drop_subtree(nodes, at);
            at = end;
        } else {
            at += 1;
        }
    }
}

/// The rest of a line behind a teaser's usual words, if it begins with them.
fn behind_marker(text: &str) -> Option<&str> {
    let start = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let head: String = start.chars().take(40).collect();
    let head = head.to_lowercase();
    // the lower case of a Turkish `İ` is an `i` with a dot of its own
    let folded = head
        .replace('\u{307}', "")
        .replace(['\u{2019}', '\u{2BB}', '\u{2018}'], "'");
    let marker = MARKERS
        .iter()
        .filter(|m| folded.starts_with(**m))
        .max_by_key(|m| m.len())?;
    // lower case may have another length than the text (`İ`), so count characters
    let chars = marker.chars().count();
    let at = start
        .char_indices()
        .nth(chars)
        .map_or(start.len(), |(i, _)| i);
    let rest = &start[at..];
    let ends_word = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
    let unspaced = marker
        .chars()
        .next()
        .is_some_and(|c| ('\u{3000}'..='\u{9FFF}').contains(&c));
    (ends_word || unspaced).then(|| rest.trim_start())
}

/// Whether a line is a teaser, judged by its text alone.
pub(super) fn is_teaser_text(text: &str) -> bool {
    if text.chars().nth(MAX_TEASER).is_some() {
        return false;
    }
    behind_marker(text).is_some_and(|rest| {
        rest.chars().all(|c| !c.is_alphanumeric())
            || rest.starts_with([':', '：', '»', '>', '|', '→', '▸', '►'])
    })
}

/// Whether a line is a notice about the site and not the story.
pub(super) fn is_notice(text: &str) -> bool {
    if text.chars().nth(MAX_TEASER * 2).is_some() {
        return false;
    }
    let lower = text.to_lowercase();
    NOTICES.iter().any(|notice| lower.contains(notice))
}

/// Whether a line of a page is not part of the article's text.
pub(super) fn is_unwanted(line: &Line) -> bool {
    if line.text.chars().nth(MAX_TEASER).is_some() {
        return false;
    }
    // `Read more A headline`, with nothing but the headline linked
    let leads_away = || {
        behind_marker(&line.text).is_some_and(|rest| {
            line.link_chars > 0 && line.link_chars * 10 >= super::lines::visible(rest) * 7
        })
    };
    line.link_share() >= 0.9 || is_teaser_text(&line.text) || leads_away() || is_notice(&line.text)
}

#[cfg(test)]
mod tests {
    use super::super::lines::{lines, visible};
    use super::super::tree::build;
    use super::*;

    fn kept(markup: &str) -> Vec<String> {
        let mut nodes = build(markup);
        drop_elements(&mut nodes);
        let lines = lines(&nodes, 0..nodes.len());
        lines
            .into_iter()
            .filter(|l| !is_unwanted(l))
            .map(|l| l.text)
            .collect()
    }

    #[test]
    fn teasers_go_in_every_language_of_the_table() {
        for marker in MARKERS {
            for markup in [
                format!("<p>{marker}: a headline of Somebody</p>"),
                format!("<p><b>{marker}</b> <a href=/1>A headline of Somebody</a></p>"),
                format!("<h3>{marker}</h3>"),
                format!("<p>» {}: x</p>", marker.to_uppercase()),
            ] {
                // the upper case of a few letters has no way back (ß, final sigma, combined marks)
                let same = marker.to_uppercase().to_lowercase() == *marker;
                if same || !markup.contains('»') {
                    assert_eq!(kept(&markup), [""; 0], "{markup}");
                }
            }
        }
    }

    #[test]
    fn sentences_that_begin_like_teasers_stay() {
        for text in [
            "Related losses came to three million, the ministry said.",
            "Watching the border is the task of the guard.",
            "По теме войны высказался и Лавров.",
            "Baca juga buku ini, kata menteri kepada siswa.",
        ] {
            assert_eq!(kept(&format!("<p>{text}</p>")), [text]);
        }
        let long = format!("Read more: {}", "a sentence of a paragraph. ".repeat(20));
        assert_eq!(kept(&format!("<p>{long}</p>")).len(), 1);
    }

    #[test]
    fn links_in_sentences_stay_and_lines_of_links_go() {
        assert_eq!(
            kept(
                "<p>The minister <a href=/t/1>Ratna Wulandari</a> opened it.</p><p><a href=/2>A headline</a></p>"
            ),
            ["The minister Ratna Wulandari opened it."]
        );
    }

    #[test]
    fn elements_named_as_something_else_go_unless_they_hold_the_page() {
        let story =
            "<p>A long enough story about a bridge, a river and the people who cross it.</p>";
        for other in [
            "<div class='jp-relatedposts'>x</div>",
            "<div id=comments>x</div>",
            "<nav>x</nav>",
            "<div role=navigation>x</div>",
            "<section class='article__relatedPosts'>x</section>",
            "<div class='Cookie-Bar'>x</div>",
            "<amp-sidebar>x</amp-sidebar>",
        ] {
            assert_eq!(kept(&format!("{story}{other}")).len(), 1, "{other}");
        }
        assert_eq!(kept(&format!("<div class='widget'>{story}</div>")).len(), 1);
        assert_eq!(
            kept(&format!(
                "{story}<div class='has-sidebar no-comments'>x</div>"
            ))
            .len(),
            2
        );
    }

    #[test]
    fn words_of_class_names_are_told_apart() {
        let split = |class| words(class).collect::<Vec<_>>();
        assert_eq!(
            split("article__related-posts"),
            ["article", "related", "posts"]
        );
        assert_eq!(
            split("articleRelatedPosts"),
            ["article", "related", "posts"]
        );
        assert_eq!(split("--"), [""; 0]);
        assert_eq!(visible("a b"), 2);
    }
}
