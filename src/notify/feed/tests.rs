use crate::notify::voice::Voice;
use proptest::prelude::*;
use serde_json::Value;
use url::Url;

use super::super::payload::tests::{mention, trouble};
use super::*;
use crate::parse::{self, Input};

fn document(alerts: &[StoredAlert]) -> Document {
    let sink = SinkId::new("desk").unwrap();
    Document::of(
        &sink,
        "http://127.0.0.1:8470/feeds/desk".to_owned(),
        alerts,
        &Voice::default(),
    )
}

fn titled(title: &str) -> StoredAlert {
    let mut alert = mention();
    if let StoredDetail::Mention { detail, .. } = &mut alert.detail {
        detail.title = title.to_owned();
    }
    alert
}

fn read(text: &str, content_type: &str) -> crate::model::Document {
    parse::parse(&Input {
        bytes: text.as_bytes(),
        content_type: Some(content_type),
        base: None,
        now: Timestamp::from_millis(1_720_090_000_000),
    })
    .unwrap()
}

#[test]
fn an_alert_reads_like_this_in_atom() {
    let xml = atom::write(&document(&[mention(), trouble()]));
    insta::assert_snapshot!(xml, @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <feed xmlns="http://www.w3.org/2005/Atom">
    <id>urn:uuid:596a2c77-8428-3da9-7077-826c056cfede</id>
    <title>mentiond: desk</title>
    <updated>2024-07-04T09:30:00Z</updated>
    <author><name>mentiond</name></author>
    <generator>mentiond</generator>
    <link rel="self" type="application/atom+xml" href="http://127.0.0.1:8470/feeds/desk.atom"/>
    <entry xml:lang="ru">
    <id>urn:uuid:00000000-0000-0000-0000-000000000000</id>
    <title>Лидеры прибыли в Астану</title>
    <published>2024-07-04T09:30:00Z</published>
    <updated>2024-07-04T09:30:00Z</updated>
    <author><name>Вестник</name></author>
    <link rel="alternate" type="text/html" href="https://vestnik.example/astana"/>
    <category term="Kassym-Jomart Tokayev"/>
    <category term="leader"/>
    <content type="html">&lt;p&gt;…по приглашению &lt;strong&gt;Токаева&lt;/strong&gt; в Астану…&lt;/p&gt;&lt;p&gt;Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27&lt;/p&gt;</content>
    </entry>
    <entry>
    <id>urn:uuid:11111111-1111-1111-1111-111111111111</id>
    <title>Feed keeps failing: Вестник</title>
    <published>2024-07-04T09:30:00Z</published>
    <updated>2024-07-04T09:30:00Z</updated>
    <author><name>mentiond</name></author>
    <category term="feed vestnik"/>
    <content type="html">&lt;p&gt;the server answered 404&lt;/p&gt;&lt;p&gt;since 3 Jul 2024, 09:30 UTC · 9 failed polls&lt;/p&gt;</content>
    </entry>
    </feed>
    "#);
}

#[test]
fn a_json_feed_has_what_its_specification_asks_for() {
    let text = json::write(&document(&[mention(), trouble()]));
    let feed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed["title"], "mentiond: desk");
    assert!(Url::parse(feed["feed_url"].as_str().unwrap()).is_ok());
    let known = [
        "id",
        "url",
        "title",
        "content_html",
        "date_published",
        "authors",
        "tags",
        "language",
    ];
    let items = feed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for item in items {
        let item = item.as_object().unwrap();
        assert!(
            item.keys().all(|key| known.contains(&key.as_str())),
            "{item:?}"
        );
        assert!(item.values().all(|value| !value.is_null()), "{item:?}");
        assert!(!item["id"].as_str().unwrap().is_empty());
        assert!(!item["content_html"].as_str().unwrap().is_empty());
        let at = item["date_published"].as_str().unwrap();
        assert!(Timestamp::parse_rfc3339(at).is_some(), "{at}");
        for author in item["authors"].as_array().unwrap() {
            assert!(!author["name"].as_str().unwrap().is_empty());
        }
        let mut tags = item["tags"].as_array().unwrap().iter();
        assert!(tags.all(Value::is_string));
    }
    assert_eq!(items[0]["language"], "ru");
    assert_eq!(
        items[0]["tags"],
        serde_json::json!(["Kassym-Jomart Tokayev", "leader"])
    );
    assert_eq!(items[0]["url"], "https://vestnik.example/astana");
    assert!(
        items[1].get("url").is_none(),
        "a feed in trouble has no link"
    );
}

#[test]
fn what_we_write_our_own_reader_reads_again() {
    let alerts = [mention(), trouble()];
    let written = document(&alerts);
    for (text, kind) in [
        (atom::write(&written), atom::TYPE),
        (json::write(&written), json::TYPE),
    ] {
        let again = read(&text, kind);
        assert_eq!(again.title, "mentiond: desk");
        assert_eq!(again.entries.len(), 2);
        for (entry, written) in again.entries.iter().zip(&written.entries) {
            assert_eq!(entry.title, written.title);
            assert_eq!(entry.link, written.link);
            assert_eq!(entry.language, written.language);
            assert_eq!(entry.author.as_deref(), Some(written.source.as_str()));
            assert_eq!(entry.published, Some(written.created));
            assert_eq!(entry.guid.as_deref(), Some(written.id.as_str()));
        }
        let first = &again.entries[0];
        assert!(
            format!("{first:?}").contains("…по приглашению Токаева в Астану…"),
            "{first:?}"
        );
    }
}

#[test]
fn ids_stay_and_differ() {
    assert_eq!(
        urn("al_0123456789abcdef0123456789abcdef"),
        "urn:uuid:01234567-89ab-cdef-0123-456789abcdef"
    );
    assert_eq!(urn("al_1").len(), "urn:uuid:".len() + 36);
    assert_ne!(urn("al_1"), urn("al_2"));
    let empty = document(&[]);
    assert_eq!(empty.updated(), Timestamp::from_millis(0));
    assert_eq!(read(&atom::write(&empty), atom::TYPE).entries.len(), 0);
}

proptest! {
    #[test]
    fn no_hostile_title_gets_out_of_its_place(
        title in "(<|>|&|]]>|<!\\[CDATA\\[|</title>|</entry>|<script>|&#0;|&lt;|\"|'|\u{0}|\u{b}|\u{202e}|\u{fffe}|\u{ffff}|[a-zж ]){1,12}",
    ) {
        let alert = titled(&title);
        let written = document(&[alert.clone(), mention()]);
        let xml = atom::write(&written);
        let mut reader = quick_xml::Reader::from_str(&xml);
        let mut names = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(start) => {
                    names.push(String::from_utf8(start.name().as_ref().as_bytes().to_vec()).unwrap());
                }
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        prop_assert_eq!(names.iter().filter(|name| *name == "entry").count(), 2);
        prop_assert!(!names.iter().any(|name| name == "script"));
        let again = read(&xml, atom::TYPE);
        prop_assert_eq!(again.entries.len(), 2);
        // Our reader forgives publishers who escape twice, and so undoes a reference too many.
        if !written.entries[0].title.contains('&') {
            prop_assert_eq!(&again.entries[0].title, &written.entries[0].title);
        }
        let text = json::write(&written);
        let again: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&again["items"][0]["title"], &written.entries[0].title);
        let content = again["items"][0]["content_html"].as_str().unwrap();
        prop_assert!(content.matches('<').count() == 6, "{}", content);
    }
}
