//! Keys: fixed-size hashes that stand for what an entry, a story, a text or an alert is.
//!
//! Every hash is SHA-256 over a tag that says what is hashed and length-prefixed parts, so that no
//! two kinds and no two lists of parts share an encoding. Keys are stored: the encodings here must
//! never change.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::link::{canonical_link, is_front_page};
use crate::model::{
    AlertKind, Entry, EntryKey, FeedId, KeyBasis, StoryKey, TextHash, Timestamp, TopicId,
};

fn hash(tag: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in std::iter::once(tag.as_bytes()).chain(parts.iter().copied()) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut first = [0; 16];
    for (to, from) in first.iter_mut().zip(hasher.finalize()) {
        *to = from;
    }
    first
}

/// The canonical link, when it is a story's identity and not a site's front page.
fn story_link(entry: &Entry) -> Option<String> {
    canonical_link(entry.link.as_deref()?).filter(|link| !is_front_page(link))
}

fn guid(entry: &Entry) -> Option<&str> {
    entry
        .guid
        .as_deref()
        .map(str::trim)
        .filter(|g| !g.is_empty())
}

/// The fingerprint of an entry's title, summary and content.
///
/// White space at their ends and the kind and width of white space within make no difference;
/// everything else does.
#[must_use]
pub fn text_hash(entry: &Entry) -> TextHash {
    let fields = entry.fields().map(|(_, text)| collapse(text));
    TextHash(hash("text", &fields.each_ref().map(String::as_bytes)))
}

fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// What `assign_keys` needs of an entry, each made once.
struct Identity<'e> {
    guid: Option<&'e str>,
    link: Option<String>,
    text: TextHash,
}

/// The keys of all entries of one document, in their order, each with what it was made from.
///
/// The key is made from the GUID (without white space around it), else the canonical link unless
/// that is a site's front page, else title and texts. Some feeds repeat an id: where entries of the
/// document share a GUID but not the link, those fall back to their links; where they share GUID
/// and link, or have only a common link, and their texts differ, those fall back to their texts.
/// Only entries that say the same get the same key.
///
/// A GUID is the feed's own: keys have a meaning only within one feed.
#[must_use]
pub fn assign_keys(entries: &[Entry]) -> Vec<(EntryKey, KeyBasis)> {
    let identities: Vec<Identity<'_>> = entries
        .iter()
        .map(|entry| Identity {
            guid: guid(entry),
            link: story_link(entry),
            text: text_hash(entry),
        })
        .collect();
    let clashing_guids =
        clashes(identities.iter().filter_map(|identity| {
            Some((identity.guid?, (identity.link.as_deref(), identity.text)))
        }));
    let by_guid = |identity: &Identity<'_>| {
        identity
            .guid
            .is_some_and(|guid| !clashing_guids.get(guid).copied().unwrap_or(false))
    };
    let clashing_links = clashes(
        identities
            .iter()
            .filter(|identity| !by_guid(identity))
            .filter_map(|identity| Some((identity.link.as_deref()?, identity.text))),
    );
    identities
        .iter()
        .map(|identity| match (identity.guid, identity.link.as_deref()) {
            (Some(guid), _) if by_guid(identity) => (
                EntryKey(hash("entry-guid", &[guid.as_bytes()])),
                KeyBasis::Guid,
            ),
            (_, Some(link)) if !clashing_links.get(link).copied().unwrap_or(false) => (
                EntryKey(hash("entry-link", &[link.as_bytes()])),
                KeyBasis::Link,
            ),
            _ => (
                EntryKey(hash("entry-text", &[&identity.text.0])),
                KeyBasis::Content,
            ),
        })
        .collect()
}

/// For each name, whether it stands for more than one thing.
fn clashes<'n, T: PartialEq + Copy>(
    named: impl Iterator<Item = (&'n str, T)>,
) -> HashMap<&'n str, bool> {
    let mut first: HashMap<&str, T> = HashMap::new();
    let mut clashing = HashMap::new();
    for (name, thing) in named {
        let known = *first.entry(name).or_insert(thing);
        *clashing.entry(name).or_insert(false) |= known != thing;
    }
    clashing
}

/// What makes entries of different feeds one story: the canonical link, or, when there is none or
/// only a site's front page, the entry itself within its feed.
#[must_use]
pub fn story_key(feed: &FeedId, entry: &Entry, key: EntryKey) -> StoryKey {
    StoryKey(match story_link(entry) {
        Some(link) => hash("story-link", &[link.as_bytes()]),
        None => hash("story-entry", &[feed.as_str().as_bytes(), &key.0]),
    })
}

/// The id of the alert that a story mentions a topic.
#[must_use]
pub fn mention_alert_id(topic: &TopicId, story: StoryKey) -> String {
    alert_id(AlertKind::Mention, &[topic.as_str().as_bytes(), &story.0])
}

/// The id of the alert that a feed is in trouble since an instant.
#[must_use]
pub fn feed_alert_id(kind: AlertKind, feed: &FeedId, since: Timestamp) -> String {
    let since = since.as_millis().to_be_bytes();
    alert_id(kind, &[feed.as_str().as_bytes(), &since])
}

/// The id of the alert that a story is carried by so many feeds, of which a sink was told by `alert`.
#[must_use]
pub fn grown_alert_id(alert: &str, sink: &str, feeds: u32) -> String {
    let parts = [alert.as_bytes(), sink.as_bytes(), &feeds.to_be_bytes()];
    alert_id(AlertKind::Grown, &parts)
}

/// The id of the alert that a topic is mentioned far more than usual since an instant.
#[must_use]
pub fn spike_alert_id(topic: &TopicId, start: Timestamp) -> String {
    let start = start.as_millis().to_be_bytes();
    alert_id(AlertKind::Spike, &[topic.as_str().as_bytes(), &start])
}

/// The id of a digest for a sink that is made at an instant of alerts of which this is the first.
#[must_use]
pub fn digest_id(sink: &str, first: &str, at: Timestamp) -> String {
    let at = at.as_millis().to_be_bytes();
    alert_id(AlertKind::Digest, &[sink.as_bytes(), first.as_bytes(), &at])
}

/// The stable id of a topic's mention in an entry of a feed.
#[must_use]
pub fn mention_id(feed: &FeedId, entry: EntryKey, topic: &TopicId) -> String {
    let parts = [
        feed.as_str().as_bytes(),
        &entry.0,
        topic.as_str().as_bytes(),
    ];
    format!("mn_{}", StoryKey(hash("mention", &parts)))
}

/// The stable id of what became of the mention with this id by an edit: the same text with the same
/// score is the same.
#[must_use]
pub fn revised_mention_id(mention: &str, text: TextHash, score: u8) -> String {
    let parts = [mention.as_bytes(), &text.0, &[score]];
    format!("mn_{}", StoryKey(hash("mention-revised", &parts)))
}

fn alert_id(kind: AlertKind, parts: &[&[u8]]) -> String {
    format!("al_{}", StoryKey(hash(kind.as_str(), parts)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(guid: &str, link: &str, title: &str) -> Entry {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Entry {
            guid: some(guid),
            link: some(link),
            title: title.to_owned(),
            ..Entry::default()
        }
    }

    fn bases(entries: &[Entry]) -> Vec<KeyBasis> {
        assign_keys(entries).into_iter().map(|(_, b)| b).collect()
    }

    const A: &str = "https://e.org/a";
    const B: &str = "https://e.org/b";

    #[test]
    fn guid_goes_before_link_before_text() {
        let entries = [
            entry(" 1 ", A, "x"),
            entry(" \n", A, "x"),
            entry("", "https://e.org/?utm_source=rss", "x"),
            entry("", "", "y"),
        ];
        let expected = [
            KeyBasis::Guid,
            KeyBasis::Link,
            KeyBasis::Content,
            KeyBasis::Content,
        ];
        assert_eq!(bases(&entries), expected);
        assert_eq!(
            assign_keys(&entries)[0],
            assign_keys(&[entry("1", B, "z")])[0]
        );
    }

    #[test]
    fn a_guid_shared_by_different_links_falls_back_to_the_links() {
        let entries = [entry("1", A, "x"), entry("1", B, "y"), entry("2", B, "y")];
        assert_eq!(
            bases(&entries),
            [KeyBasis::Link, KeyBasis::Link, KeyBasis::Guid]
        );
    }

    #[test]
    fn guid_and_link_shared_by_different_texts_fall_back_to_the_texts() {
        let entries = [entry("1", A, "x"), entry("1", A, "y"), entry("1", B, "z")];
        assert_eq!(
            bases(&entries),
            [KeyBasis::Content, KeyBasis::Content, KeyBasis::Link]
        );
        let keys = assign_keys(&entries);
        assert_ne!(keys[0].0, keys[1].0);
    }

    #[test]
    fn a_link_shared_by_different_texts_falls_back_to_the_texts() {
        let entries = [entry("", A, "x"), entry("", A, "y"), entry("", B, "z")];
        assert_eq!(
            bases(&entries),
            [KeyBasis::Content, KeyBasis::Content, KeyBasis::Link]
        );
    }

    #[test]
    fn repeated_entries_get_one_key() {
        let entries = [
            entry("1", A, "x y"),
            entry("1", "http://e.org/a?utm_source=r", "x  y"),
        ];
        let keys = assign_keys(&entries);
        assert_eq!(keys[0], keys[1]);
        assert_eq!(keys[0].1, KeyBasis::Guid);
    }

    #[test]
    fn a_story_is_its_link_wherever_it_stands_but_never_a_front_page() {
        let (f, g) = (FeedId::new("f").unwrap(), FeedId::new("g").unwrap());
        let (k, l) = (EntryKey([1; 16]), EntryKey([2; 16]));
        let at = |link: &str| entry("", link, "x");
        assert_eq!(
            story_key(&f, &at(A), k),
            story_key(&g, &at("http://e.org/a?fbclid=1"), l)
        );
        let home = at("https://e.org/");
        assert_ne!(story_key(&f, &home, k), story_key(&f, &home, l));
        assert_ne!(story_key(&f, &home, k), story_key(&g, &home, k));
        assert_eq!(story_key(&f, &home, k), story_key(&f, &at(""), k));
    }

    #[test]
    fn stored_encodings_have_not_changed() {
        let (feed, topic) = (FeedId::new("f").unwrap(), TopicId::new("t").unwrap());
        let shown = [
            assign_keys(&[entry("1", A, "x")])[0].0.to_string(),
            assign_keys(&[entry("", A, "x")])[0].0.to_string(),
            assign_keys(&[entry("", "", "x")])[0].0.to_string(),
            text_hash(&entry("", "", "x")).to_string(),
            story_key(&feed, &entry("", A, ""), EntryKey([0; 16])).to_string(),
            story_key(&feed, &entry("", "", ""), EntryKey([0; 16])).to_string(),
            mention_alert_id(&topic, StoryKey([0; 16])),
            feed_alert_id(AlertKind::FeedGone, &feed, Timestamp::from_millis(1)),
            mention_id(&feed, EntryKey([0; 16]), &topic),
            revised_mention_id("mn_0", TextHash([0; 16]), 50),
        ];
        insta::assert_snapshot!(shown.join("\n"), @r"
        efc75e121d6fc8aa177195974baf1bd1
        eeceeeb9e2817f6cdf0435a02e5df286
        68663f11e2228d181e9e1e128b0acf5a
        53a16b1f05698828c4e1901c2cbc7dea
        47e1d75c475dbcdc79eaa372adfda1a8
        b9f69f5bb21e696b13e17ed0634bb7a0
        al_52a1dd1f290ad9c1e44ae3c622e813f8
        al_753f2f3c7e340289965e96c8664eb7de
        mn_b04ddb60a410d70545ce88bb23790f13
        mn_1300631b93410df706d4c6500e8d74c9
        ");
    }

    #[test]
    fn alert_ids_differ_by_what_they_tell() {
        let feed = FeedId::new("f").unwrap();
        let id = |kind, at| feed_alert_id(kind, &feed, Timestamp::from_millis(at));
        assert_ne!(id(AlertKind::FeedGone, 1), id(AlertKind::FeedFailing, 1));
        assert_ne!(id(AlertKind::FeedGone, 1), id(AlertKind::FeedGone, 2));
        let id = id(AlertKind::FeedGone, 1);
        let digits = id.strip_prefix("al_").unwrap();
        assert!(digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    }

    #[test]
    fn a_mention_is_known_by_feed_entry_and_topic_and_its_edits_by_text_and_score() {
        let id = |feed: &str, key: u8, topic: &str| {
            let (feed, topic) = (FeedId::new(feed).unwrap(), TopicId::new(topic).unwrap());
            mention_id(&feed, EntryKey([key; 16]), &topic)
        };
        let ids = [
            id("f", 1, "t"),
            id("g", 1, "t"),
            id("f", 2, "t"),
            id("f", 1, "u"),
        ];
        let edits = [
            ("mn_a", 1, 50),
            ("mn_b", 1, 50),
            ("mn_a", 2, 50),
            ("mn_a", 1, 51),
        ]
        .map(|(id, text, score)| revised_mention_id(id, TextHash([text; 16]), score));
        let all: std::collections::BTreeSet<_> = ids.iter().chain(&edits).collect();
        assert_eq!(all.len(), 8);
        assert!(all.iter().all(|id| id.len() == 35 && id.starts_with("mn_")));
    }

    #[test]
    fn text_moved_between_fields_is_a_change() {
        let mut moved = entry("", "", "");
        moved.summary = "x".into();
        assert_ne!(text_hash(&entry("", "", "x")), text_hash(&moved));
    }

    fn any_entry() -> impl Strategy<Value = Entry> {
        let guid = prop::option::of("[ab ]{0,2}");
        let link = prop::option::of(prop::sample::select(vec![A, B, "https://e.org/", "x"]));
        (guid, link, "[xy]", "[xy ]{0,3}").prop_map(|(guid, link, title, summary)| Entry {
            guid,
            link: link.map(str::to_owned),
            title,
            summary,
            ..Entry::default()
        })
    }

    proptest! {
        #[test]
        fn keys_do_not_depend_on_other_fields(entries in prop::collection::vec(any_entry(), 0..6)) {
            let mut others = entries.clone();
            for entry in &mut others {
                entry.author = Some("someone".into());
                entry.language = Some("ru".into());
                entry.published = Some(Timestamp::from_millis(1));
                entry.updated = Some(Timestamp::from_millis(2));
                entry.summary = format!(" {}\n", entry.summary.replace(' ', "\t\u{A0}"));
            }
            prop_assert_eq!(assign_keys(&entries), assign_keys(&others));
        }

        #[test]
        fn entries_share_a_key_only_if_they_say_the_same(
            entries in prop::collection::vec(any_entry(), 0..6),
        ) {
            let keys = assign_keys(&entries);
            for (a, ka) in entries.iter().zip(&keys) {
                for (b, kb) in entries.iter().zip(&keys) {
                    if ka.0 == kb.0 {
                        prop_assert_eq!(text_hash(a), text_hash(b));
                    }
                    if a == b {
                        prop_assert_eq!(ka, kb);
                    }
                }
            }
        }

        #[test]
        fn the_order_of_entries_makes_no_difference(
            entries in prop::collection::vec(any_entry(), 0..6),
        ) {
            let mut keys = assign_keys(&entries);
            keys.reverse();
            let reversed: Vec<Entry> = entries.into_iter().rev().collect();
            prop_assert_eq!(keys, assign_keys(&reversed));
        }
    }
}
