//! Writing feeds as an OPML 2.0 list that other feed readers take, and that this one reads back
//! to the same feeds.
//!
//! A feed stands under its first tag's folder; `category` holds all of its tags. What OPML has no
//! word for is said in attributes of a namespace of our own (OPML 2.0, "Extending OPML"):
//! `mentiond:id` where the id is not the one that the URL gives, and `mentiond:tags` where a tag
//! is not what a folder's name becomes. Secrets, intervals and request options are never written.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::fmt::rfc2822::DateTimePrinter;
use quick_xml::escape::escape;

use super::feeds::derived_id;
use super::opml::slug;
use crate::model::{Feed, Timestamp};

/// The namespace of the attributes that are ours.
const NAMESPACE: &str = "urn:mentiond:opml";

/// A feed to write, and the page that it belongs to, if that is known.
#[derive(Debug, Clone, Copy)]
pub struct Outlined<'a> {
    /// The feed.
    pub feed: &'a Feed,
    /// For `htmlUrl`.
    pub home: Option<&'a str>,
}

/// The list as a text; it ends with a line break.
#[must_use]
pub fn write_opml(title: &str, feeds: &[Outlined<'_>], now: Timestamp) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <opml version=\"2.0\" xmlns:mentiond=\"{NAMESPACE}\">\n  <head>\n    \
         <title>{}</title>\n    <dateCreated>{}</dateCreated>\n  </head>\n  <body>\n",
        value(title),
        rfc822(now)
    );
    let mut folders: BTreeMap<&str, Vec<&Outlined<'_>>> = BTreeMap::new();
    for outlined in feeds {
        let folder = outlined.feed.tags.first().map_or("", String::as_str);
        folders.entry(folder).or_default().push(outlined);
    }
    for (folder, feeds) in folders {
        if folder.is_empty() {
            for feed in feeds {
                outline(&mut out, "    ", feed);
            }
            continue;
        }
        out.push_str(&format_outline("    ", &[("text", folder)], ">\n"));
        for feed in feeds {
            outline(&mut out, "      ", feed);
        }
        out.push_str("    </outline>\n");
    }
    out.push_str("  </body>\n</opml>\n");
    out
}

fn outline(out: &mut String, indent: &str, outlined: &Outlined<'_>) {
    let feed = outlined.feed;
    let category = feed.tags.join(",");
    let given_id = derived_id(&feed.url, false).is_none_or(|id| id != feed.id);
    let odd_tags = feed.tags.iter().any(|tag| slug(tag) != *tag);
    // A list of texts always becomes JSON.
    let tags = serde_json::to_string(&feed.tags).unwrap_or_default();
    let attributes = [
        ("type", Some("rss")),
        ("text", Some(feed.name.as_str())),
        ("title", Some(feed.name.as_str())),
        ("xmlUrl", Some(feed.url.as_str())),
        ("htmlUrl", outlined.home),
        ("language", feed.language.as_deref()),
        (
            "category",
            Some(category.as_str()).filter(|all| !all.is_empty()),
        ),
        ("mentiond:id", given_id.then_some(feed.id.as_str())),
        ("mentiond:tags", odd_tags.then_some(tags.as_str())),
    ];
    let given: Vec<_> = attributes
        .iter()
        .filter_map(|(name, text)| Some((*name, (*text)?)))
        .collect();
    out.push_str(&format_outline(indent, &given, "/>\n"));
}

fn format_outline(indent: &str, attributes: &[(&str, &str)], end: &str) -> String {
    let mut line = format!("{indent}<outline");
    for (name, text) in attributes {
        // Writing to a String can't fail.
        let _ = write!(line, " {name}=\"{}\"", value(text));
    }
    line + end
}

/// A text as an attribute's value or an element's content: escaped, without what XML cannot hold.
fn value(text: &str) -> String {
    let legal: String = text
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    escape(legal.as_str()).into_owned()
}

/// OPML's dates are those of RFC 822.
fn rfc822(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .ok()
        .and_then(|at| DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::config::{ScheduleConfig, parse_opml};
    use crate::model::{FeedId, Interval};

    const SCHEDULE: ScheduleConfig = ScheduleConfig {
        interval: Interval::Auto,
        min_interval: Duration::from_mins(5),
        max_interval: Duration::from_hours(24),
        jitter: 0.1,
    };

    fn feed(id: &str, url: &str, name: &str, tags: &[&str]) -> Feed {
        Feed {
            name: name.to_owned(),
            tags: tags.iter().map(ToString::to_string).collect(),
            ..Feed::new(FeedId::new(id).unwrap(), url.parse().unwrap())
        }
    }

    fn written(feeds: &[Feed]) -> String {
        let list: Vec<_> = feeds
            .iter()
            .map(|feed| Outlined { feed, home: None })
            .collect();
        write_opml("Feeds", &list, Timestamp::from_millis(0))
    }

    fn read_back(text: &str) -> Vec<Feed> {
        let (feeds, problems) = parse_opml(Path::new("l.opml"), text, &SCHEDULE).unwrap();
        assert_eq!(problems, []);
        feeds
    }

    #[test]
    fn a_list_has_folders_categories_and_what_readers_want_to_know() {
        let tengri = Feed {
            language: Some("ru".to_owned()),
            ..feed(
                "tengri",
                "https://a.kz/rss?a=1&b=2",
                "Tengri \"News\" <ru>",
                &["asia", "press"],
            )
        };
        let plain = feed("b.org", "https://b.org/", "B", &[]);
        let list = [
            Outlined {
                feed: &tengri,
                home: Some("https://a.kz/"),
            },
            Outlined {
                feed: &plain,
                home: None,
            },
        ];
        let text = write_opml("R & D", &list, Timestamp::from_millis(1_720_085_400_000));
        insta::assert_snapshot!(text, @r#"
<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0" xmlns:mentiond="urn:mentiond:opml">
  <head>
    <title>R &amp; D</title>
    <dateCreated>Thu, 04 Jul 2024 09:30:00 GMT</dateCreated>
  </head>
  <body>
    <outline type="rss" text="B" title="B" xmlUrl="https://b.org/"/>
    <outline text="asia">
      <outline type="rss" text="Tengri &quot;News&quot; &lt;ru&gt;" title="Tengri &quot;News&quot; &lt;ru&gt;" xmlUrl="https://a.kz/rss?a=1&amp;b=2" htmlUrl="https://a.kz/" language="ru" category="asia,press" mentiond:id="tengri"/>
    </outline>
  </body>
</opml>
"#);
    }

    #[test]
    fn odd_tags_and_given_ids_come_back() {
        let feeds = [feed(
            "mine",
            "https://a.org/",
            "A",
            &["My Tag", "a/b, \"c\""],
        )];
        assert_eq!(read_back(&written(&feeds)), feeds);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_the_same(
            rows in prop::collection::vec((
                "[a-z0-9][a-z0-9._-]{0,20}",
                "[a-z]{1,8}\\.(org|kz)/[a-z&?=%/]{0,12}",
                "[^\\p{C}\\s]([^\\p{C}]{0,20}[^\\p{C}\\s])?",
                prop::option::of("[a-z]{2,3}(-[A-Z]{2})?"),
                prop::collection::btree_set("[^\\p{C}\\s]([^\\p{C}]{0,9}[^\\p{C}\\s])?", 0..4),
            ), 0..12)
        ) {
            let mut feeds: Vec<Feed> = Vec::new();
            for (id, url, name, language, tags) in rows {
                let url: url::Url = format!("https://{url}").parse().unwrap();
                if feeds.iter().any(|f| f.url == url || f.id.as_str() == id) {
                    continue;
                }
                feeds.push(Feed {
                    name,
                    language,
                    tags: tags.into_iter().collect(),
                    ..Feed::new(FeedId::new(&id).unwrap(), url)
                });
            }
            let mut back = read_back(&written(&feeds));
            back.sort_by(|a, b| a.id.cmp(&b.id));
            feeds.sort_by(|a, b| a.id.cmp(&b.id));
            prop_assert_eq!(back, feeds);
        }
    }
}
