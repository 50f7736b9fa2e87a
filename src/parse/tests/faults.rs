//! Broken, wrong and hostile documents.

use super::*;

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
fn deep_nesting_costs_no_entry_as_xml_or_as_markup() {
    let deep = format!(
        "<item><title>x</title><foo>{}{}</foo></item><item><title>y</title></item>",
        "<a>".repeat(100_000),
        "</a>".repeat(100_000)
    );
    let document = read(&rss(&deep));
    assert_eq!(titles(&document), ["x", "y"]);
    let markup = format!(
        "<item><description><![CDATA[{}deep]]></description></item>",
        "<div>".repeat(100_000)
    );
    assert_eq!(read(&rss(&markup)).entries[0].summary, "deep");
}

#[test]
fn a_body_compressed_in_secret_is_read() {
    use std::io::Write as _;
    let text = rss("<item><title>x</title></item>");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(text.as_bytes()).unwrap();
    for body in [gzip.finish().unwrap(), zlib.finish().unwrap()] {
        let document = try_bytes(&body).unwrap();
        assert_eq!(titles(&document), ["x"]);
        assert!(document.notes[0].contains("compressed"));
    }
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; (32 << 20) + 1]).unwrap();
    assert!(matches!(
        try_bytes(&bomb.finish().unwrap()),
        Err(ParseError::TooComplex { .. })
    ));
}

#[test]
fn entries_that_can_not_be_had_are_an_error() {
    for broken in [
        "<rss version='2.0'><x:item><title>a</title></x:item></rss>",
        "<rss version='2.0'><channel><x:item><title>a</title></x:item></channel></rss>",
        "<rss version='2.0'/>",
        "<feed xmlns='urn:other'><thing/></feed>",
        "<rss version='2.0'><channel><title>T</title><item><ti",
    ] {
        assert!(try_bytes(broken.as_bytes()).is_err(), "{broken}");
    }
}

#[test]
fn a_long_document_type_is_no_reason_to_see_no_feed() {
    let long = format!("<!DOCTYPE rss [{}]>", "<!ENTITY a 'b'>".repeat(30_000));
    let document = read(&format!("{long}{}", rss("<item><title>x</title></item>")));
    assert_eq!(titles(&document), ["x"]);
}

#[test]
fn json_with_small_faults_keeps_its_entries() {
    for (json, count) in [
        (
            r#"{"version":"https://jsonfeed.org/version/1.1","title":5,"hubs":[{"type":"WebSub","url":"https://hub.example/"}],"items":[{"id":"1","title":"a",},]}"#,
            1,
        ),
        (
            "\u{FEFF}{\"items\":[{\"title\":\"a\nb\",\"url\":[],\"authors\":3}]}",
            1,
        ),
        (r#"{"items":[{"title":"a"},{"title":"b"},{"tit"#, 2),
    ] {
        assert_eq!(read(json).entries.len(), count, "{json}");
    }
    assert!(try_bytes(br#"{"items":[{"tit"#).is_err());
}

#[test]
fn versions_and_notes_hold_no_terminal_sequences() {
    let sequence = "\u{1b}[2J\u{202e}";
    let xml = rss("<item><title>x</title></item>")
        .replace("2.0", sequence)
        .replace(
            "<rss",
            &format!("<?xml version='1.0' encoding='{sequence}'?><rss"),
        );
    let json = r#"{"version":"https://jsonfeed.org/version/\u001b[2J\u202e","items":[{"id":1}]}"#;
    for document in [read(&xml), read(json)] {
        assert_eq!(document.version.as_deref(), Some("[2J"));
        let notes = document.notes.concat();
        assert!(!notes.contains(['\u{1b}', '\u{202e}']), "{notes:?}");
    }
    let long = format!(
        r#"{{"version":"https://jsonfeed.org/version/{:0999}","items":[]}}"#,
        1
    );
    assert_eq!(read(&long).version.map(|v| v.len()), Some(MAX_VERSION));
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
    let started = crate::testing::processor_time();
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
        "<item><title>x<link>y<description>z",
        "<title><title>",
        "<title><![CDATA[",
        "<author><name>",
        "<![CDATA[",
        "<a b=\"",
        "<a xml:base='b/'>",
        "<item><link href='x' xml:base='y/'/>",
        "<!ENTITY a '&a;'>",
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
    let took = crate::testing::since(started);
    assert!(took.as_secs() < 120, "{took:?}");
}
