//! Documents that feed-rs loses, by hand.

use proptest::prelude::*;

use super::*;

fn reading(text: &str) -> Reading {
    let base = Url::parse("https://news.example/feed").unwrap();
    let now = Timestamp::parse_rfc3339("2024-07-05T00:00:00Z").unwrap();
    read(text, Some(&base), now)
}

fn one(item: &str) -> Entry {
    let text = format!("<rss version='2.0'><channel><title>T</title>{item}</channel></rss>");
    let mut found = reading(&text);
    assert_eq!(found.entries.len(), 1, "{item}");
    found.entries.remove(0)
}

#[test]
fn the_name_of_an_element_counts_in_any_case_and_under_any_prefix() {
    for text in [
        "<RSS><CHANNEL><ITEM><TITLE>x</TITLE><LINK>/1</LINK></ITEM></CHANNEL></RSS>",
        "<rss xmlns='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel><item><title>x</title><link>/1</link></item></channel></rss>",
        "<rss:rss xmlns:rss='urn:x'><rss:channel><rss:item><rss:title>x</rss:title><rss:link>/1</rss:link></rss:item></rss:channel></rss:rss>",
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>x</a:title><a:link href='/1'/></a:entry></a:feed>",
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title mode='base64'>eA==</title><link rel='alternate' href='/1'/></entry></feed>",
        "<channel href='/'><item href='/1' lastmod='2024-07-04'><title>x</title></item></channel>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'><channel/><item><title>x</title><link>/1</link></item></rdf:RDF>",
        "<rss><channel><item><title>x<link>/1</item></channel></rss>",
        "<rss><channel><item><title>x</title><link/>http://news.example/1</item></channel></rss>",
        "<channel><title>c</title><item><title>x</title><link>/1</link></item></channel>",
        "<rss><channel><item><dc:title>x</dc:title><link href='/1'/></item></channel></rss>",
    ] {
        let found = reading(text);
        let entry = found.entries.first().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(entry.title, "x", "{text}");
        assert!(
            entry
                .link
                .as_deref()
                .is_some_and(|l| l.ends_with("news.example/1")),
            "{text}: {:?}",
            entry.link
        );
    }
}

#[test]
fn other_vocabularies_fill_what_the_feeds_own_leaves_empty() {
    let entry = one(
        "<item><media:group><media:title>m</media:title><media:description>d</media:description></media:group>\
         <itunes:author>A</itunes:author><dc:date>2024-07-04</dc:date></item>",
    );
    assert_eq!(
        (
            entry.title.as_str(),
            entry.summary.as_str(),
            entry.author.as_deref()
        ),
        ("m", "d", Some("A"))
    );
    assert!(entry.published.is_some());
    let entry = one(
        "<item><itunes:title>i</itunes:title><title>t</title><itunes:summary>s</itunes:summary><description>d</description></item>",
    );
    assert_eq!((entry.title.as_str(), entry.summary.as_str()), ("t", "d"));
}

#[test]
fn what_belongs_to_an_image_source_or_text_input_is_not_the_entrys() {
    let found = reading(
        "<rss version='2.0'><channel><image><title>i</title><link>/i</link></image><textInput><title>n</title></textInput>\
         <title>T</title><link>/home</link><item><source url='/s'>S</source><title>x</title></item></channel></rss>",
    );
    assert_eq!(
        (
            found.title.as_str(),
            found.home.as_deref(),
            found.entries[0].title.as_str()
        ),
        ("T", Some("https://news.example/home"), "x")
    );
    let found = reading(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><entry><source><title>s</title><id>s</id></source><id>e</id><title>x</title></entry></feed>",
    );
    assert_eq!(
        (
            found.entries[0].title.as_str(),
            found.entries[0].guid.as_deref()
        ),
        ("x", Some("e"))
    );
}

#[test]
fn the_head_tells_its_rhythm_hubs_and_addresses() {
    let found = reading(
        "<rss version='2.0'><channel><link>/home</link><atom:link rel='self' href='/own'/><atom:link rel='hub' href='https://hub.example/'/>\
         <ttl>30</ttl><skipHours><hour>24</hour><hour>7</hour></skipHours><skipDays><day>SUNDAY</day></skipDays>\
         <sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency></channel></rss>",
    );
    assert_eq!(found.version.as_deref(), Some("2.0"));
    assert_eq!(found.hubs, ["https://hub.example/"]);
    assert_eq!(found.self_url.as_deref(), Some("https://news.example/own"));
    assert_eq!(
        (found.hints.skip_hours, found.hints.skip_days),
        (1 | 1 << 7, 1 << 6)
    );
    let hours = |d: Option<std::time::Duration>| d.map(|d| d.as_secs());
    assert_eq!(
        (hours(found.hints.ttl), hours(found.hints.update_period)),
        (Some(1800), Some(6 * 3600))
    );
}

#[test]
fn bases_and_languages_hold_at_every_level() {
    let found = reading(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en' xml:base='http://a.example/x/'>\
         <entry xml:base='y/' xml:lang='tg'><title>1</title><link href='z' xml:base='w/'/></entry>\
         <entry><title xml:lang='uz'>2</title><link href='z'/></entry><entry><title>3</title></entry></feed>",
    );
    assert_eq!(found.language.as_deref(), Some("en"));
    let got: Vec<_> = found
        .entries
        .iter()
        .map(|e| (e.link.as_deref(), e.language.as_deref()))
        .collect();
    assert_eq!(
        got,
        [
            (Some("http://a.example/x/y/w/z"), Some("tg")),
            (Some("http://a.example/x/z"), Some("uz")),
            (None, None)
        ]
    );
}

#[test]
fn a_section_inside_a_section_or_without_end_loses_no_entry() {
    assert_eq!(
        one("<item><title><![CDATA[a <![CDATA[b]]> c]]></title></item>").title,
        "a b c"
    );
    assert_eq!(one("<item><title><![CDATA[a</title></item>").title, "a");
}

#[test]
fn the_feeds_link_wins_over_the_original_one() {
    let both = "<item><link>/p</link><feedburner:origLink>/o</feedburner:origLink></item>";
    assert_eq!(one(both).link.as_deref(), Some("https://news.example/p"));
    let alone = "<item><feedburner:origLink>/o</feedburner:origLink></item>";
    assert_eq!(one(alone).link.as_deref(), Some("https://news.example/o"));
}

#[test]
fn several_contents_are_all_read() {
    let found = reading(
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><summary>s</summary><content>one</content>\
         <content type='text/html' mode='escaped'>&lt;p>two&lt;/p></content><content>two</content></entry>\
         <entry><content type='multipart/alternative'><content>three</content><content mode='xml'><p>four</p></content></content></entry></feed>",
    );
    let contents: Vec<_> = found.entries.iter().map(|e| e.content.as_str()).collect();
    assert_eq!(contents, ["one two two", "three four"]);
}

#[test]
fn an_id_that_is_an_address_is_the_link_of_an_entry_without_one() {
    let found = reading(
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>http://a.example/1</id></entry>\
         <entry><id>urn:x:1</id></entry><entry><id>http://a.example/1</id><link href='/2'/></entry></feed>",
    );
    let links: Vec<_> = found.entries.iter().map(|e| e.link.as_deref()).collect();
    let expected = [
        Some("http://a.example/1"),
        None,
        Some("https://news.example/2"),
    ];
    assert_eq!(links, expected);
}

#[test]
fn an_address_escaped_once_too_often_is_mended() {
    for link in ["<![CDATA[/x?a=1&amp;b=2]]>", "/x?a=1&amp;amp;b=2"] {
        let entry = one(&format!("<item><link>{link}</link></item>"));
        assert_eq!(
            entry.link.as_deref(),
            Some("https://news.example/x?a=1&b=2")
        );
    }
}

#[derive(Debug, Clone, Copy)]
enum Damage {
    None,
    Unclosed,
    Controls,
    Upper,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_feed_comes_back_with_its_fields_whole_or_damaged(
        fields in prop::collection::vec(("[a-zа-я]{1,12}( [a-z]{1,8})?", "[a-z0-9]{1,9}", "[a-zא-ת]{1,20}"), 1..8),
        atom in any::<bool>(),
        damage in prop::sample::select(vec![Damage::None, Damage::Unclosed, Damage::Controls, Damage::Upper]),
    ) {
        let mut text = String::from(if atom { "<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title>" } else { "<rss version='2.0'><channel><title>F</title>" });
        for (title, id, summary) in &fields {
            let entry = if atom {
                format!("<entry><id>{id}</id><title>{title}</title><summary>{summary}</summary><link href='/{id}'/></entry>")
            } else {
                format!("<item><guid isPermaLink='false'>{id}</guid><title>{title}</title><description>{summary}</description><link>/{id}</link></item>")
            };
            text.push_str(&entry);
        }
        text += if atom { "</feed>" } else { "</channel></rss>" };
        match damage {
            Damage::None => {}
            Damage::Unclosed => text = text.replacen("</title><summary>", "<summary>", 9).replacen("</title><description>", "<description>", 9),
            Damage::Controls => text = text.replace("</title>", "\u{1}\u{b}</title>"),
            Damage::Upper => text = text.replace("title>", "TITLE>"),
        }
        let found = reading(&text);
        prop_assert_eq!(found.title, "F");
        let got: Vec<_> = found.entries.iter().map(|e| (e.title.clone(), e.guid.clone().unwrap(), e.summary.clone())).collect();
        prop_assert_eq!(got, fields.clone());
        for (entry, (_, id, _)) in found.entries.iter().zip(&fields) {
            let wanted = format!("https://news.example/{id}");
            prop_assert_eq!(entry.link.as_deref(), Some(wanted.as_str()));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = reading(&text);
        let _ = reading(&format!("<rss><channel><item>{text}"));
    }
}
