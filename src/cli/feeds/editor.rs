//! Adding `[[feed]]` tables to a TOML text, and taking them out, with everything else left as it
//! stands. Pure: a text in, a text out.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

use crate::model::{Feed, FeedId};

/// What a file that this program makes begins with.
const HEADER: &str = "# Feeds added by `mentiond feeds add` and `mentiond feeds import`.\n\n";

/// Why a text can't be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is no TOML.
    #[error("it can't be read as TOML ({0})")]
    Syntax(String),
    /// `feed` is there and is no list of tables.
    #[error("its `feed` is not a list of tables; write feeds as [[feed]]")]
    NotAList,
    /// The feed is not in it.
    #[error("it has no [[feed]] with the id or URL of `{0}`")]
    NoSuchFeed(FeedId),
}

/// What is written of a feed.
#[derive(Debug, Clone)]
pub struct NewFeed {
    /// The feed: id, URL, name, language, tags and leave count.
    pub feed: Feed,
    /// `interval`, as the owner wrote it.
    pub interval: Option<String>,
}

impl NewFeed {
    /// The keys in the order in which people read them.
    fn keys(&self) -> Vec<(&'static str, Value)> {
        let feed = &self.feed;
        let mut keys: Vec<(&'static str, Value)> = vec![
            ("id", feed.id.as_str().into()),
            ("url", feed.url.as_str().into()),
        ];
        if feed.name != feed.id.as_str() {
            keys.push(("name", feed.name.as_str().into()));
        }
        if let Some(language) = &feed.language {
            keys.push(("language", language.as_str().into()));
        }
        if !feed.tags.is_empty() {
            let tags: Array = feed.tags.iter().map(String::as_str).collect();
            keys.push(("tags", tags.into()));
        }
        if let Some(interval) = &self.interval {
            keys.push(("interval", interval.as_str().into()));
        }
        if feed.allow_private_addresses {
            keys.push(("allow_private_addresses", true.into()));
        }
        keys
    }
}

/// The text with these feeds after those that are there; `None` stands for a file to be made.
///
/// # Errors
/// [`EditError::Syntax`] and [`EditError::NotAList`].
pub fn add(text: Option<&str>, feeds: &[NewFeed]) -> Result<String, EditError> {
    let mut document = parse(text.unwrap_or_default())?;
    // In a text of nothing but comments those are its head, and stay above what is added.
    let mut head = None;
    if document.is_empty() {
        let comments = document.trailing().as_str().unwrap_or_default().to_owned();
        let comments = match comments.trim() {
            "" if text.is_none() => HEADER.to_owned(),
            "" => String::new(),
            _ => format!("{}\n\n", comments.trim_end()),
        };
        document.set_trailing("");
        head = Some(comments);
    }
    let list = document
        .entry("feed")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    match list {
        Item::ArrayOfTables(tables) => {
            for new in feeds {
                let mut table = Table::new();
                for (key, text) in new.keys() {
                    table.insert(key, value(text));
                }
                if let Some(head) = head.take() {
                    table.decor_mut().set_prefix(head);
                }
                tables.push(table);
            }
        }
        Item::Value(Value::Array(array)) => {
            array.extend(feeds.iter().map(|new| InlineTable::from_iter(new.keys())));
        }
        _ => return Err(EditError::NotAList),
    }
    Ok(document.to_string())
}

/// The text without the feed: the one with its id, or without an id and with its URL.
///
/// Comments right above it go with it; those that an empty line sets apart stay.
///
/// # Errors
/// Any [`EditError`].
pub fn remove(text: &str, feed: &Feed) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let missing = || EditError::NoSuchFeed(feed.id.clone());
    let list = document.get_mut("feed").ok_or_else(missing)?;
    let mut kept = None;
    match list {
        Item::ArrayOfTables(tables) => {
            let at = tables
                .iter()
                .position(|table| is_it(feed, |key| table.get(key).and_then(Item::as_str)));
            let at = at.ok_or_else(missing)?;
            let removed = tables.remove(at);
            let prefix = removed.decor().prefix().and_then(|prefix| prefix.as_str());
            let above = prefix.unwrap_or_default();
            let above = above.rfind("\n\n").map_or("", |end| &above[..=end]);
            if above.trim().is_empty() {
                // Only the first table of a text stands without an empty line above it.
            } else if let Some(next) = tables.get_mut(at) {
                let own = next.decor().prefix().and_then(|prefix| prefix.as_str());
                let joined = format!("{above}{}", own.unwrap_or("\n"));
                next.decor_mut().set_prefix(joined);
            } else {
                kept = Some(above.to_owned());
            }
        }
        Item::Value(Value::Array(array)) => {
            let at = array.iter().position(|item| {
                let table = item.as_inline_table();
                is_it(feed, |key| table?.get(key)?.as_str())
            });
            array.remove(at.ok_or_else(missing)?);
        }
        _ => return Err(EditError::NotAList),
    }
    if let Some(above) = kept {
        let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing(format!("{above}{trailing}"));
    }
    let text = document.to_string();
    let trimmed = text.trim_start_matches('\n');
    Ok(trimmed.to_owned())
}

fn is_it<'t>(feed: &Feed, get: impl Fn(&'static str) -> Option<&'t str>) -> bool {
    match get("id") {
        Some(id) => id == feed.id.as_str(),
        None => get("url")
            .and_then(|url| crate::config::feed_url(url).ok())
            .is_some_and(|url| url == feed.url),
    }
}

fn parse(text: &str) -> Result<DocumentMut, EditError> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| EditError::Syntax(error.message().to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feed(id: &str) -> NewFeed {
        let url = format!("https://{id}.example/feed").parse().unwrap();
        NewFeed {
            feed: Feed::new(FeedId::new(id).unwrap(), url),
            interval: None,
        }
    }

    #[test]
    fn a_new_file_says_what_it_is() {
        let mut new = feed("kp");
        new.feed.name = "Комсомольская \"правда\"".to_owned();
        new.feed.language = Some("ru".to_owned());
        new.feed.tags = vec!["asia".to_owned(), "press".to_owned()];
        new.feed.allow_private_addresses = true;
        new.interval = Some("20m".to_owned());
        insta::assert_snapshot!(add(None, &[new, feed("b")]).unwrap(), @r#"
# Feeds added by `mentiond feeds add` and `mentiond feeds import`.

[[feed]]
id = "kp"
url = "https://kp.example/feed"
name = 'Комсомольская "правда"'
language = "ru"
tags = ["asia", "press"]
interval = "20m"
allow_private_addresses = true

[[feed]]
id = "b"
url = "https://b.example/feed"
"#);
    }

    const COMMENTED: &str = "# Mine.\n\n# The wire\n[[feed]] # first\nid   = \"wire\"\nurl = 'https://w.example/feed'  # why\n\n[[feed]]\nurl = \"https://b.example/feed\"\n\n[[topic]]\nid = \"t\"\nany = [\n  \"x\", # odd\n]\n\n# The end.\n";

    #[test]
    fn a_feed_is_added_after_the_others_and_nothing_else_changes() {
        let text = add(Some(COMMENTED), &[feed("c")]).unwrap();
        let added = "\n[[feed]]\nid = \"c\"\nurl = \"https://c.example/feed\"\n";
        assert!(text.contains(added), "{text}");
        assert_eq!(text.replacen(added, "", 1), COMMENTED);
        assert!(text.find("id = \"c\"") < text.find("[[topic]]"), "{text}");
    }

    #[test]
    fn a_text_without_feeds_keeps_its_comments_on_top() {
        let text = add(Some("# Notes.\n"), &[feed("c")]).unwrap();
        assert!(
            text.starts_with("# Notes.\n\n[[feed]]\nid = \"c\"\n"),
            "{text}"
        );
        let text = add(Some("title = \"x\"\n"), &[feed("c")]).unwrap();
        assert!(
            text.starts_with("title = \"x\"\n\n[[feed]]\nid = \"c\"\n"),
            "{text}"
        );
        let text = add(
            Some("feed = [{ url = \"https://a.example/\" }]\n"),
            &[feed("c")],
        )
        .unwrap();
        assert_eq!(
            text,
            "feed = [{ url = \"https://a.example/\" }, { id = \"c\", url = \"https://c.example/feed\" }]\n"
        );
    }

    #[test]
    fn a_removed_feed_takes_its_own_comment_along_and_no_other() {
        let first = remove(COMMENTED, &feed("wire").feed).unwrap();
        assert!(
            first.starts_with("# Mine.\n\n[[feed]]\nurl = \"https://b.example/feed\"\n"),
            "{first}"
        );
        assert!(
            !first.contains("The wire") && first.ends_with("# The end.\n"),
            "{first}"
        );
        let second = remove(COMMENTED, &feed("b").feed).unwrap();
        assert!(
            second.contains("# The wire\n[[feed]] # first\n"),
            "{second}"
        );
        let none = remove(&first, &feed("b").feed).unwrap();
        assert!(
            none.contains("# Mine.") && !none.contains("[[feed]]"),
            "{none}"
        );
    }

    #[test]
    fn what_cannot_be_changed_is_told() {
        assert!(matches!(
            add(Some("= x"), &[feed("c")]),
            Err(EditError::Syntax(_))
        ));
        assert_eq!(
            add(Some("feed = 1"), &[feed("c")]),
            Err(EditError::NotAList)
        );
        let missing = remove(COMMENTED, &feed("nowhere").feed).unwrap_err();
        assert!(matches!(missing, EditError::NoSuchFeed(_)));
    }

    proptest! {
        #[test]
        fn what_was_added_can_be_removed_again(
            name in "\\PC{1,20}", ids in prop::collection::btree_set("[a-z]{1,6}", 1..5)
        ) {
            let mut feeds: Vec<NewFeed> = ids.iter().map(|id| feed(&format!("{id}-new"))).collect();
            feeds[0].feed.name = name;
            let mut text = add(Some(COMMENTED), &feeds).unwrap();
            let parsed: DocumentMut = text.parse().unwrap();
            prop_assert_eq!(parsed["feed"].as_array_of_tables().unwrap().len(), 2 + feeds.len());
            for new in &feeds {
                text = remove(&text, &new.feed).unwrap();
            }
            prop_assert_eq!(text, COMMENTED);
        }
    }
}
