use std::fmt::Write as _;
use std::time::Duration;

use encoding_rs::{Encoding, GB18030, SHIFT_JIS, WINDOWS_1251};
use proptest::prelude::*;

use super::*;
use crate::model::{DateNote, FeedFormat};

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2024-07-05T00:00:00Z").unwrap()
}

fn try_bytes(bytes: &[u8]) -> Result<Document, ParseError> {
    let base = Url::parse("https://news.example/feeds/world.xml").unwrap();
    parse(&Input {
        bytes,
        content_type: None,
        base: Some(&base),
        now: now(),
    })
}

fn read(text: &str) -> Document {
    try_bytes(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn rss(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>T</title>{items}</channel></rss>"
    )
}

fn titles(document: &Document) -> Vec<&str> {
    document.entries.iter().map(|e| e.title.as_str()).collect()
}

const ATOM: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="https://a.example/x/">
 <title type="html">The &amp;lt;b&amp;gt; feed</title>
 <entry xml:lang="ru">
  <id>tag:a,1</id>
  <title type="html">Er&lt;b&gt;do&lt;/b&gt;ğan</title>
  <link rel="self" href="https://a.example/self"/>
  <link rel="alternate" type="application/pdf" href="p.pdf"/>
  <link rel="alternate" type="text/html" href="story"/>
  <published>2024-07-04T09:30:00Z</published>
  <updated>2024-07-04T10:30:00Z</updated>
  <author><name>A. Writer</name></author>
  <summary>Short &amp; sweet</summary>
  <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>T<i>w</i>o</p></div></content>
 </entry>
</feed>"#;

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
    assert_eq!(document.ttl, Some(Duration::from_secs(3600)));
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
fn an_entity_bomb_neither_expands_nor_costs() {
    let mut bomb = String::from("<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY lol0 'lol'>");
    for i in 1..30 {
        write!(
            bomb,
            "<!ENTITY lol{i} '{}'>",
            format!("&lol{};", i - 1).repeat(10)
        )
        .unwrap();
    }
    bomb.push_str("]><rss version='2.0'><channel><item><title>x&lol29;y</title><description>&nbsp;&file;</description></item></channel></rss>");
    let document = read(&bomb);
    assert_eq!(titles(&document), ["x&lol29;y"]);
}

#[test]
fn a_title_can_not_act_on_a_terminal() {
    let document = read(&rss(
        "<item><title>\u{1b}]0;owned\u{7}\u{202E}a&#27;b&#x9b;c</title></item>",
    ));
    assert_eq!(titles(&document), ["]0;ownedabc"]);
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

#[test]
fn a_document_cut_short_keeps_its_complete_entries() {
    let whole = rss(
        "<item><title>a</title></item><item><title>b</title></item><item><title>c</title></item>",
    );
    let cut = whole.find("c</title>").unwrap();
    let document = read(&whole[..cut]);
    assert_eq!(titles(&document), ["a", "b"]);
    assert!(
        document.notes[0].contains("cut short; read 2 complete entries"),
        "{:?}",
        document.notes
    );
    let early = &whole[..whole.find("<title>a").unwrap()];
    assert!(matches!(
        try_bytes(early.as_bytes()),
        Err(ParseError::Malformed { .. })
    ));
}

#[test]
fn broken_documents_are_mended_with_a_note() {
    for (broken, title, note) in [
        (rss("<item><title>R&D & more &eacute;</title><link>https://a.example/?a=1&b</link>"), "R&D & more é", ""),
        (rss("<item><title>x &eacute; & <b>y</b> z</title></item>"), "x é & y z", "markup"),
        (rss("<item><title>x</title><description>a<br>b</description></item>"), "x", "markup"),
        (rss("<item><title>x</title></wrong></item>"), "x", "did not match"),
        (rss("<item><title>x</title><item><title>y</title></item>"), "x", "did not match"),
        (rss("<item><title>x</title></item>").replace("2.0", "2.0.1"), "x", "version"),
        (rss("<item><title>x</title></item>").replace(" version=\"2.0\"", ""), "x", "version"),
        (rss("<item><title>x</title></item>").replace("<rss", "<rss xmlns='http://backend.userland.com/rss2'"), "x", "namespace"),
        (rss("</channel><item><title>x</title></item>").replace("</channel></rss>", "</rss>"), "x", "wrong place"),
        (format!("Warning: x in y.php\n<br />\n{}", rss("<item><title>x</title></item>")), "x", "before the feed"),
        (rss("<item><title>x</title><itunes:duration>99999999999999999999:00:00</itunes:duration></item>")
            .replace("<rss", "<rss xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"), "x", ""),
        (ATOM.replace("<title type=\"html\">Er", "<title type=\"HTML4\">Er"), "Erdoğan", "types"),
        (ATOM.replace("https://a.example/x/\"", "http://[/\""), "Erdoğan", "xml:base"),
    ] {
        let document = read(&broken);
        assert_eq!(document.entries.first().map(|e| e.title.as_str()), Some(title), "{broken}\n{:?}", document.notes);
        assert!(note.is_empty() || document.notes.iter().any(|n| n.contains(note)), "{broken}\n{:?}", document.notes);
    }
}

#[test]
fn atom_0_3_is_read() {
    let document = read(
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><title>F</title><tagline>t</tagline><entry><title mode='escaped' type='text/html'>A &lt;b&gt;b&lt;/b&gt;</title>\
         <link rel='alternate' href='https://a.example/1'/><issued>2024-07-04T09:30:00Z</issued><modified>2024-07-04T10:30:00Z</modified></entry></feed>",
    );
    let entry = &document.entries[0];
    assert_eq!(
        (
            entry.title.as_str(),
            entry.published.is_some(),
            entry.updated.is_some()
        ),
        ("A b", true, true)
    );
}

#[test]
fn what_is_no_feed_is_named() {
    for (body, expected) in [
        (
            &b"<!DOCTYPE html><html><head><title>Not  found</title></head><body>x"[..],
            "an HTML page",
        ),
        (b"{\"error\":\"no\"}", "JSON that is not a JSON Feed"),
        (b"[1,2]", "JSON that is not a JSON Feed"),
        (b"hello there", "plain text"),
        (b"<?xml version='1.0'?><urlset/>", "a sitemap"),
        (
            b"<opml><body><outline/></body></opml>",
            "an OPML list of feeds",
        ),
        (b"\x1f\x8b\x08\x00abc", "a binary file (gzip)"),
        (b"\x00\x01\x02\x03\xff\xfe\x00\x00\x9c", "a binary file"),
    ] {
        match try_bytes(body) {
            Err(ParseError::NotAFeed { looks_like, title }) => {
                assert_eq!(looks_like, expected);
                assert_eq!(
                    title.as_deref(),
                    (expected == "an HTML page").then_some("Not found")
                );
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
    for empty in [&b""[..], b" \n\t", b"\xef\xbb\xbf \n"] {
        assert_eq!(try_bytes(empty), Err(ParseError::Empty));
    }
}

#[test]
fn an_empty_feed_is_a_feed() {
    assert_eq!(read(&rss("")).entries.len(), 0);
    assert_eq!(
        read("<feed xmlns='http://www.w3.org/2005/Atom'/>").format,
        FeedFormat::Atom
    );
}

#[test]
fn bounds_hold_for_large_documents() {
    let items = "<item><title>x</title></item>".repeat(10_050);
    let document = read(&rss(&items));
    assert_eq!(document.entries.len(), 10_000);
    assert!(
        document.notes[0].contains("10050 entries"),
        "{:?}",
        document.notes
    );
    let long = "слово ".repeat(300_000);
    let document = read(&rss(&format!(
        "<item><title>{long}</title><description>{long}</description><content:encoded>{long}x</content:encoded></item>"
    )));
    let entry = &document.entries[0];
    assert_eq!(entry.title.chars().count(), 2_000);
    assert!(entry.summary.len() <= 64 << 10 && entry.content.len() <= 1 << 20);
    assert!(entry.summary.len() > 60 << 10 && entry.content.len() > 1_000_000);
}

#[test]
fn deep_nesting_is_refused_as_xml_and_harmless_as_markup() {
    let deep = format!("<item><foo>{}</foo></item>", "<div>".repeat(100_000));
    assert!(matches!(
        try_bytes(rss(&deep).as_bytes()),
        Err(ParseError::TooComplex { .. })
    ));
    let markup = format!(
        "<item><description><![CDATA[{}deep]]></description></item>",
        "<div>".repeat(100_000)
    );
    assert_eq!(read(&rss(&markup)).entries[0].summary, "deep");
}

#[test]
fn errors_advise_in_one_line() {
    for error in [
        ParseError::Empty,
        ParseError::NotAFeed {
            looks_like: "an HTML page",
            title: Some("Hi".into()),
        },
        ParseError::Malformed {
            detail: "x".into(),
            line: Some(3),
        },
        ParseError::TooComplex {
            what: "levels",
            limit: 3,
        },
        ParseError::Panicked { detail: "x".into() },
    ] {
        let text = error.to_string();
        assert!(text.contains(':') && !text.contains('\n'), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_mutation_of_a_document_panics_or_leaves_controls(
        which in 0_usize..5,
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..5, any::<u8>()), 1..12),
    ) {
        let mut bytes = match which {
            0 => ATOM.into(),
            1 => rss("<item><title>a &amp; b</title><guid isPermaLink='false'>1</guid><description><![CDATA[<p>x</p>]]></description><pubDate>Thu, 04 Jul 2024 09:30:00 GMT</pubDate></item>"),
            2 => "<rdf:RDF xmlns:rdf='r' xmlns='http://purl.org/rss/1.0/'><channel><title>C</title></channel><item rdf:about='x'><title>One</title><link>https://a.example/1</link></item></rdf:RDF>".into(),
            3 => r#"{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"a","content_html":"<p>b"}]}"#.to_owned(),
            _ => "<?xml version='1.0' encoding='windows-1251'?><!DOCTYPE rss [<!ENTITY a 'b'>]><rss version='0.93'><channel><item><title>&a;&eacute;<b>x</title></item></channel></rss>".into(),
        }
        .into_bytes();
        for (index, kind, byte) in edits {
            if bytes.is_empty() { break; }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                3 => bytes.truncate(at.max(bytes.len() / 2)),
                _ => bytes[at] = b"<>&\"'/![]-;:?="[usize::from(byte) % 14],
            }
        }
        match try_bytes(&bytes) {
            Ok(document) => for entry in &document.entries {
                for (_, text) in entry.fields() {
                    prop_assert!(!text.chars().any(char::is_control));
                }
            },
            Err(error) => prop_assert!(!matches!(error, ParseError::Panicked { .. }), "{error}"),
        }
        let _ = page(&bytes, None);
    }
}

#[test]
fn hostile_documents_cost_no_more_than_their_length() {
    let started = std::time::Instant::now();
    for unit in [
        "<a/>",
        "<a>",
        "</a>",
        "<item>",
        "<item/>",
        "<title>",
        "<item><title>",
        "&amp;",
        "&",
        "<![CDATA[x]]>",
        "<!-- -->",
        "<a b='c'/>",
        "<a xmlns:b='c'>x</a>",
        "<",
        "<title><item>",
        "<item><title>x",
        "<description><b>",
        "<!DOCTYPE [",
        "<?x?>",
        "<item><guid isPermaLink='false'>x</guid></item>",
        "<a xml:base='/b/'/>",
        "</channel><channel>",
    ] {
        for end in ["", "</channel></rss>"] {
            let text = format!(
                "<rss version='2.0'><channel>{}{end}",
                unit.repeat((1 << 18) / unit.len())
            );
            let _ = try_bytes(text.as_bytes());
        }
    }
    let many: String = (0..100_000).fold(String::new(), |mut s, i| {
        let _ = write!(s, " a{i}=''");
        s
    });
    let _ = try_bytes(format!("<rss version='2.0'><channel><x{many}/></channel></rss>").as_bytes());
    let _ = try_bytes(
        format!("<rss{many}><channel><item><title>x</b></title></channel></rss>").as_bytes(),
    );
    let _ = try_bytes(format!("{{\"items\":[{}]}}", "0,".repeat(500_000)).as_bytes());
    let _ = try_bytes(format!("{{\"items\":{}", "[".repeat(1 << 20)).as_bytes());
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
}
