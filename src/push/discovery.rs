//! Which hub to ask for which topic (§4). Pure: what an answer's head and document name goes in,
//! the hubs worth asking come out.

use url::Url;

/// How many of a feed's hubs are tried, in order. One is enough, the others are for when it fails.
pub const MAX_HUBS: usize = 3;

/// Longer `Link` values than this are not read; a head has other limits, this one is ours.
const MAX_LINK: usize = 16 * 1024;

/// A hub and the topic to ask it for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where subscriptions are asked for.
    pub hub: Url,
    /// What is subscribed to: the feed's own address as the publisher gives it.
    pub topic: Url,
}

/// The hubs and the address that `Link` headers name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// `rel="hub"`, in order, as written.
    pub hubs: Vec<String>,
    /// The first `rel="self"`, as written.
    pub self_url: Option<String>,
}

/// The first of [`targets`].
#[must_use]
pub fn target(
    link_hubs: &[String],
    link_self: Option<&str>,
    doc_hubs: &[String],
    doc_self: Option<&str>,
    feed_url: &Url,
) -> Option<Target> {
    targets(link_hubs, link_self, doc_hubs, doc_self, feed_url)
        .into_iter()
        .next()
}

/// The hubs to try, best first, at most [`MAX_HUBS`], each with the feed's topic.
///
/// Headers win over the document (§4), for each relation by itself: many servers send one of the
/// two only. Hubs come in the publisher's order, those over HTTPS before those without; what is
/// not an http or https URL is left out. The topic is the self link. A feed that names a hub and
/// no usable self link is known to its hub, if at all, by the URL that it is served at: `feed_url`,
/// the last one of its redirects, against which relative references count too.
#[must_use]
pub fn targets(
    link_hubs: &[String],
    link_self: Option<&str>,
    doc_hubs: &[String],
    doc_self: Option<&str>,
    feed_url: &Url,
) -> Vec<Target> {
    let read = |text: &str| usable(text, feed_url);
    let mut hubs: Vec<Url> = link_hubs.iter().filter_map(|hub| read(hub)).collect();
    if hubs.is_empty() {
        hubs = doc_hubs.iter().filter_map(|hub| read(hub)).collect();
    }
    let topic = link_self
        .and_then(read)
        .or_else(|| doc_self.and_then(read))
        .or_else(|| read(feed_url.as_str()));
    let Some(topic) = topic else {
        return Vec::new();
    };
    hubs.sort_by_key(|hub| hub.scheme() != "https");
    let mut targets: Vec<Target> = Vec::new();
    for hub in hubs {
        if targets.len() < MAX_HUBS && targets.iter().all(|known| known.hub != hub) {
            let topic = topic.clone();
            targets.push(Target { hub, topic });
        }
    }
    targets
}

/// An absolute http or https URL without fragment and credentials, which no hub has a use for.
fn usable(text: &str, base: &Url) -> Option<Url> {
    let mut url = base.join(text.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.as_str().len() > 2048 {
        return None;
    }
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url)
}

/// Reads the values of an answer's `Link` headers (RFC 8288 §3). What is malformed ends the reading
/// of its value and harms no other; links with an `anchor` are about something else and left out.
pub fn links<'a>(values: impl IntoIterator<Item = &'a str>) -> Links {
    let mut links = Links::default();
    for value in values {
        let mut rest = value.get(..MAX_LINK).unwrap_or(value);
        while let Some((target, rels, after)) = next_link(rest) {
            rest = after;
            for rel in rels.split_ascii_whitespace() {
                if rel.eq_ignore_ascii_case("hub") && links.hubs.len() < 16 {
                    links.hubs.push(target.to_owned());
                } else if rel.eq_ignore_ascii_case("self") && links.self_url.is_none() {
                    links.self_url = Some(target.to_owned());
                }
            }
        }
    }
    links
}

/// One `<target>; name=value; …` and what follows it.
fn next_link(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let (target, mut rest) = text.strip_prefix('<')?.split_once('>')?;
    let mut rels = None;
    let mut anchored = false;
    loop {
        rest = rest.trim_start();
        let Some(after) = rest.strip_prefix(';') else {
            break;
        };
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let name = after[..end].trim();
        let (value, after) = match after[end..].strip_prefix('=') {
            Some(after) => parameter_value(after.trim_start())?,
            None => ("", &after[end..]),
        };
        // Only the first `rel` counts (RFC 8288 §3.3).
        if name.eq_ignore_ascii_case("rel") && rels.is_none() {
            rels = Some(value);
        }
        anchored |= name.eq_ignore_ascii_case("anchor");
        rest = after;
    }
    let rels = if anchored { "" } else { rels.unwrap_or("") };
    Some((target.trim(), rels, rest))
}

/// A token or quoted string and what follows it. Escapes stay: no relation type has any.
fn parameter_value(text: &str) -> Option<(&str, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return Some((text[..end].trim(), &text[end..]));
    };
    let mut escaped = false;
    let end = quoted.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((&quoted[..end], &quoted[end + 1..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEED: &str = "https://news.example/feed.xml";

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&t| t.to_owned()).collect()
    }

    fn found(link: (&[&str], Option<&str>), doc: (&[&str], Option<&str>)) -> Vec<(String, String)> {
        let (link_hubs, doc_hubs) = (owned(link.0), owned(doc.0));
        targets(&link_hubs, link.1, &doc_hubs, doc.1, &FEED.parse().unwrap())
            .into_iter()
            .map(|t| (t.hub.to_string(), t.topic.to_string()))
            .collect()
    }

    #[test]
    fn headers_win_over_the_document() {
        let both = found(
            (&["https://a.example/"], Some("https://news.example/a")),
            (&["https://b.example/"], Some("https://news.example/b")),
        );
        assert_eq!(
            both,
            [("https://a.example/".into(), "https://news.example/a".into())]
        );
        let hub_only_in_document = found(
            (&[], Some("/a")),
            (&["https://b.example/"], Some("https://news.example/b")),
        );
        assert_eq!(hub_only_in_document[0].1, "https://news.example/a");
    }

    #[test]
    fn https_hubs_come_first_and_three_are_enough() {
        let hubs = found(
            (&[], None),
            (
                &[
                    "http://1.example/",
                    "https://2.example/",
                    "http://3.example/",
                    "https://2.example/#again",
                    "https://4.example/",
                ],
                Some(FEED),
            ),
        );
        let hubs: Vec<_> = hubs.iter().map(|(hub, _)| hub.as_str()).collect();
        assert_eq!(
            hubs,
            [
                "https://2.example/",
                "https://4.example/",
                "http://1.example/"
            ]
        );
    }

    #[test]
    fn hubs_that_are_not_http_are_refused_and_the_documents_serve_instead() {
        let hubs = found(
            (&["ftp://a.example/", "javascript:1", "http://[bad"], None),
            (&["https://b.example/"], None),
        );
        assert_eq!(hubs, [("https://b.example/".into(), FEED.into())]);
        assert!(found((&["mailto:me@a.example"], None), (&[], Some(FEED))).is_empty());
    }

    #[test]
    fn without_a_usable_self_link_the_topic_is_where_the_feed_is_served() {
        for own in [None, Some("urn:uuid:1"), Some("http://[bad")] {
            let hubs = found((&[], None), (&["https://b.example/"], own));
            assert_eq!(hubs[0].1, FEED, "{own:?}");
        }
    }

    #[test]
    fn link_headers_are_read_in_every_usual_form() {
        let read = links([
            r#"<https://hub.example/>; rel="hub", </feed>;title="a, \"b\"; c" ; rel=self"#,
            r#"<https://x.example/>; rel="alternate hub"; rel=self"#,
            r#"<https://y.example/>; anchor="/other"; rel=hub"#,
            "<https://z.example/>; REL=HUB",
            "broken <https://w.example/>; rel=hub",
        ]);
        assert_eq!(
            read.hubs,
            [
                "https://hub.example/",
                "https://x.example/",
                "https://z.example/"
            ]
        );
        assert_eq!(read.self_url.as_deref(), Some("/feed"));
    }

    proptest! {
        #[test]
        fn any_link_header_is_read_to_its_end(
            value in "[<>a-z/;=, \"\\\\ж]{0,80}",
            whole in ".{0,80}",
        ) {
            let read = links([value.as_str(), whole.as_str()]);
            for hub in &read.hubs {
                prop_assert!(value.contains(hub.as_str()) || whole.contains(hub.as_str()));
            }
        }

        #[test]
        fn whatever_is_named_targets_are_few_distinct_and_http(
            hubs in prop::collection::vec("(https?|ftp|)(://|:)[a-d.:@/\\[]{0,8}", 0..9),
            own in proptest::option::of("[a-z:/.]{0,12}"),
        ) {
            let targets = targets(&hubs, own.as_deref(), &[], None, &FEED.parse().unwrap());
            prop_assert!(targets.len() <= MAX_HUBS);
            for (n, target) in targets.iter().enumerate() {
                for url in [&target.hub, &target.topic] {
                    prop_assert!(matches!(url.scheme(), "http" | "https"), "{}", url);
                }
                prop_assert!(targets[..n].iter().all(|t| t.hub != target.hub));
            }
        }
    }
}
