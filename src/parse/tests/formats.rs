//! Every format and encoding gives its fields.

use super::*;

#[test]
fn atom_gives_all_its_fields() {
    let document = read(ATOM);
    assert_eq!(document.format, FeedFormat::Atom);
    assert_eq!(document.language.as_deref(), Some("en"));
    assert_eq!(document.notes, Vec::<String>::new());
    let entry = &document.entries[0];
    assert_eq!(entry.guid.as_deref(), Some("tag:a,1"));
    assert_eq!(entry.title, "Erdoğan");
    assert_eq!(entry.link.as_deref(), Some("https://a.example/x/story"));
    assert_eq!(entry.language.as_deref(), Some("ru"));
    assert_eq!(entry.author.as_deref(), Some("A. Writer"));
    assert_eq!(
        (entry.summary.as_str(), entry.content.as_str()),
        ("Short & sweet", "One Two")
    );
    assert_eq!(
        entry.published,
        Timestamp::parse_rfc3339("2024-07-04T09:30:00Z")
    );
    assert_eq!(
        entry.updated,
        Timestamp::parse_rfc3339("2024-07-04T10:30:00Z")
    );
    assert_eq!(entry.date_note, None);
}

#[test]
fn rss_gives_all_its_fields() {
    let document = read(&rss(
        "<language>ru-RU</language><ttl>60</ttl><item><title><![CDATA[A <b>bold</b> claim]]></title><link>/story?a=1&amp;b=2</link>\
         <guid isPermaLink='false'>id 7</guid><description>&lt;p&gt;Sum&amp;nbsp;mary&lt;/p&gt;</description>\
         <content:encoded><![CDATA[<p>Full <script>x</script>text</p>]]></content:encoded>\
         <dc:creator>Someone</dc:creator><pubDate>Thu, 04 Jul 2024 09:30:00 GMT</pubDate></item>",
    ));
    assert_eq!(
        (document.format, document.title.as_str()),
        (FeedFormat::Rss, "T")
    );
    assert_eq!(document.hints.ttl, Some(Duration::from_hours(1)));
    let entry = &document.entries[0];
    assert_eq!(entry.title, "A bold claim");
    assert_eq!(
        entry.link.as_deref(),
        Some("https://news.example/story?a=1&b=2")
    );
    assert_eq!(entry.guid.as_deref(), Some("id 7"));
    assert_eq!(
        (entry.summary.as_str(), entry.content.as_str()),
        ("Sum mary", "Full text")
    );
    assert_eq!(entry.author.as_deref(), Some("Someone"));
    assert_eq!((entry.published.is_some(), entry.updated), (true, None));
}

#[test]
fn rdf_gives_its_entries() {
    let document = read(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/'>\
         <channel><title>C</title></channel><item><title>One</title><link>https://a.example/1</link><dc:date>2024-07-04</dc:date>\
         <dc:language>ja</dc:language></item></rdf:RDF>",
    );
    assert_eq!(
        (document.format, titles(&document)),
        (FeedFormat::Rdf, vec!["One"])
    );
    assert_eq!(document.entries[0].language.as_deref(), Some("ja"));
    assert!(document.entries[0].published.is_some());
}

#[test]
fn json_feeds_are_read_with_patience() {
    let document = read(
        r#"{"version":"https://jsonfeed.org/version/1.1","language":"en","items":[
        {"id":7,"url":"/a","title":"One","content_html":"<p>T<b>wo</b></p>","summary":null,"date_published":"2024-07-04T09:30:00Z","authors":[{"name":"X"}]},
        {"external_url":"https://b.example/","content_text":"a <b>","tags":5}, 3]}"#,
    );
    assert_eq!(document.format, FeedFormat::Json);
    let [one, two] = document.entries.as_slice() else {
        panic!()
    };
    assert_eq!(
        (one.guid.as_deref(), one.link.as_deref()),
        (Some("7"), Some("https://news.example/a"))
    );
    assert_eq!(
        (one.content.as_str(), one.author.as_deref(), one.date_note),
        ("Two", Some("X"), None)
    );
    assert_eq!(
        (two.content.as_str(), two.link.as_deref()),
        ("a <b>", Some("https://b.example/"))
    );
    assert_eq!(two.date_note, Some(DateNote::Missing));
}

#[test]
fn every_encoding_gives_the_same_text() {
    let check = |encoding: &'static Encoding, label: &str, word: &str| {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"{label}\"?><rss version='2.0'><channel><item><title>{word}</title></item></channel></rss>"
        );
        let (bytes, _, lost) = encoding.encode(&text);
        assert!(!lost);
        assert_eq!(titles(&try_bytes(&bytes).unwrap()), [word], "{label}");
    };
    check(WINDOWS_1251, "windows-1251", "Шанхайская организация");
    check(GB18030, "GB18030", "上海合作组织");
    check(SHIFT_JIS, "Shift_JIS", "上海協力機構");
    let text = rss("<item><title>Шанхай</title></item>")
        .replace("\"1.0\"?", "\"1.0\" encoding=\"UTF-16\"?");
    for mark in ["", "\u{FEFF}"] {
        let bytes: Vec<u8> = format!("{mark}{text}")
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        let document = try_bytes(&bytes).unwrap();
        assert_eq!(
            (titles(&document), document.charset),
            (vec!["Шанхай"], "UTF-16BE")
        );
    }
}

#[test]
fn the_http_charset_beats_a_wrong_declaration() {
    let text = b"<?xml version='1.0' encoding='koi8-r'?><rss version='2.0'><channel><item><title>caf\xe9</title></item></channel></rss>";
    let document = parse(&Input {
        bytes: text,
        content_type: Some("application/rss+xml; charset=ISO-8859-1"),
        base: None,
        now: now(),
    })
    .unwrap();
    assert_eq!(
        (titles(&document), document.charset),
        (vec!["café"], "windows-1252")
    );
}

#[test]
fn a_title_can_not_act_on_a_terminal() {
    let document = read(&rss(
        "<item><title>\u{1b}]0;owned\u{7}\u{202E}a&#27;b&#x9b;c</title></item>",
    ));
    // a number of the C1 range is meant as windows-1252
    assert_eq!(titles(&document), ["]0;ownedab\u{203A}c"]);
}

#[test]
fn each_entry_says_what_is_wrong_with_its_own_dates() {
    let document = read(&rss("<item><title>a</title></item>\
         <item><title>b</title><pubDate>soon</pubDate></item>\
         <item><title>c</title><pubDate>Thu, 04 Jul 292277026596 09:30:00 GMT</pubDate></item>\
         <item><title>d</title><pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate></item>\
         <item><title>e</title><pubDate>Thu, 04 Jul 2024 09:30:00 GMT</pubDate></item>"));
    let notes: Vec<_> = document
        .entries
        .iter()
        .map(|e| (e.date_note, e.published.is_some()))
        .collect();
    assert_eq!(
        notes,
        [
            (Some(DateNote::Missing), false),
            (Some(DateNote::Unreadable), false),
            (Some(DateNote::Wild), false),
            (Some(DateNote::Wild), false),
            (None, true)
        ]
    );
}

#[test]
fn only_web_links_are_kept_and_a_permanent_guid_is_one() {
    let document = read(&rss(
        "<item><title>a</title><link>javascript:alert(1)</link></item>\
         <item><title>b</title><guid>https://a.example/b</guid></item>\
         <item><title>c</title><guid isPermaLink=\"false\">https://a.example/c</guid></item>\
         <item><title>d</title><link>file:///etc/passwd</link></item>\
         <item><title>e</title><link> \n https://a.example/e \n</link></item>",
    ));
    let links: Vec<_> = document.entries.iter().map(|e| e.link.as_deref()).collect();
    assert_eq!(
        links,
        [
            None,
            Some("https://a.example/b"),
            None,
            None,
            Some("https://a.example/e")
        ]
    );
}

#[test]
fn content_that_repeats_the_summary_is_left_out() {
    let document = read(&rss(
        "<item><description>same</description><content:encoded>&lt;p&gt;same&lt;/p&gt;</content:encoded></item>",
    ));
    assert_eq!(
        (
            document.entries[0].summary.as_str(),
            document.entries[0].content.as_str()
        ),
        ("same", "")
    );
}

#[test]
fn a_title_escaped_twice_is_read_once() {
    let document = read(&rss(
        "<item><title>&amp;quot;Yes&amp;quot; &amp;amp;#8211; no</title></item>",
    ));
    assert_eq!(titles(&document), ["\"Yes\" \u{2013} no"]);
}
