//! Documents that are no feed, broken feeds, or feeds made to hurt.

use std::fmt::Write;

use super::{Round, poll};
use crate::support::{Item, Site, rss};

/// What a process that reads a document within the usual limit, 8 MiB, may have in use at most.
const LIMIT_MIB: u64 = 120;

#[test]
fn a_page_in_place_of_a_feed_is_named_as_such() {
    let page = "<!DOCTYPE html><html><head><title>Domain \u{1b}[31mfor sale</title></head>\
        <body><p>Putin</p></body></html>";
    let round = Round::of_document(page);
    round.failed("not-a-feed", "no feed here, but an HTML page (“Domain");
    assert_eq!(round.told(), [""; 0]);
}

#[test]
fn an_empty_body_is_named_as_such() {
    Round::of_document("").failed("empty", "the body is empty");
    Round::of_document("\u{feff} \r\n\t\n").failed("empty", "the body is empty");
}

#[test]
fn bytes_of_another_kind_are_no_feed() {
    Round::of_document(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()).failed("not-a-feed", "no feed");
    Round::of_document(vec![0xff; 1 << 20]).failed("not-a-feed", "no feed");
    Round::of_document("{\"error\": \"no such feed\"}").failed("not-a-feed", "no feed");
}

#[test]
fn the_complete_entries_of_a_document_that_was_cut_are_kept() {
    let whole = rss(&[
        Item::new("1", "Putin first"),
        Item::new("2", "Putin second"),
        Item::new("3", "Putin third"),
    ]);
    let cut = whole.find("Putin third").unwrap() + 5;
    let round = Round::of_document(&whole[..cut]);
    round
        .recorded(2)
        .noted("the document is cut short; read 2 complete entries");
    assert_eq!(round.told(), ["Putin first", "Putin second"]);

    let begun = whole.find("Putin first").unwrap();
    let round = Round::of_document(&whole[..begun]);
    round.failed("malformed", "ends before its first entry does");
}

#[test]
fn entities_that_grow_without_bound_are_not_expanded() {
    let mut laughs = "<!ENTITY e0 \"Putin\">".to_owned();
    for n in 1..12 {
        let ten = format!("&e{};", n - 1).repeat(10);
        write!(laughs, "<!ENTITY e{n} \"{ten}\">").unwrap();
    }
    let quadratic = format!("<!ENTITY e11 \"{}\">", "a".repeat(100_000));
    for (definitions, times) in [(laughs, 1), (quadratic, 100_000)] {
        let bomb = "&e11;".repeat(times);
        let document = format!(
            "<?xml version=\"1.0\"?><!DOCTYPE rss [{definitions}]><rss version=\"2.0\"><channel>\
             <title>{bomb}</title><item><guid>1</guid><title>Putin {bomb}</title>\
             <description>{bomb}</description></item></channel></rss>"
        );
        let round = Round::of_document(document);
        round.recorded(1).within_mib(LIMIT_MIB);
        assert_eq!(round.told().len(), 1);
    }
    // An entity of another place is not fetched either.
    let outside = "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
        <rss version=\"2.0\"><channel><item><guid>1</guid><title>Putin &x;</title></item></channel></rss>";
    let round = Round::of_document(outside);
    round.recorded(1);
    assert!(!round.told()[0].contains("root:"), "{:?}", round.told());
}

#[test]
fn a_hundred_thousand_nested_elements_break_nothing() {
    let (open, close) = ("<b>".repeat(100_000), "</b>".repeat(100_000));
    let item = |place: &str| {
        let deep = format!("{open}deep{close}");
        let escaped = deep.replace('<', "&lt;");
        let (title, text, channel) = match place {
            "title" => (format!("Putin {deep}"), String::new(), String::new()),
            "text" => ("Putin".to_owned(), escaped, String::new()),
            "cut" => ("Putin".to_owned(), String::new(), open.clone()),
            _ => ("Putin".to_owned(), String::new(), deep),
        };
        format!(
            "<rss version=\"2.0\"><channel><item><guid>1</guid><title>{title}</title>\
             <description>{text}</description></item>{channel}</channel></rss>"
        )
    };
    for place in ["title", "text", "channel", "cut"] {
        let round = Round::of_document(item(place));
        round.within_mib(LIMIT_MIB);
        round.recorded(1);
        assert_eq!(round.told().len(), 1, "{place}");
    }
    let html = format!("<html><body>{open}Putin{close}</body></html>");
    Round::of_document(html).failed("not-a-feed", "an HTML page");
    let json = format!("{{\"version\":{}", "[".repeat(100_000));
    let round = Round::of_document(json);
    assert_ne!(round.line["error"], serde_json::Value::Null);
}

#[test]
fn a_guid_of_a_mebibyte_is_a_guid() {
    let (site, guid) = (Site::start(), "g".repeat(1 << 20));
    let mut item = Item::new(&guid, "Putin");
    item.link = "https://news.example/".into();
    site.publish("/feed", rss(&[item.clone()]));
    let round = Round::of(site.url("/feed"));
    round.recorded(1).within_mib(LIMIT_MIB);
    assert_eq!(round.told(), ["Putin"]);

    let mut other = Item::new(&(guid + "x"), "Putin again");
    other.link = "https://news.example/".into();
    site.publish("/feed", rss(&[other, item]));
    let (lines, _, _) = poll(&round.home);
    assert_eq!(lines["hostile"]["new"], 1, "{}", lines["hostile"]);
    assert_eq!(round.told(), ["Putin", "Putin again"]);
}

#[test]
fn a_date_beyond_all_time_is_noted_and_not_used() {
    for date in [
        "Thu, 01 Jan 292277026596 00:00:00 GMT",
        "292277026596-12-04T15:30:07Z",
        "+292277026596-12-04T15:30:07Z",
        "Mon, 01 Jan -0001 00:00:00 GMT",
        "9223372036854775807",
    ] {
        let document = format!(
            "<rss version=\"2.0\"><channel><item><guid>1</guid><title>Putin</title>\
             <pubDate>{date}</pubDate></item></channel></rss>"
        );
        let round = Round::of_document(document);
        round.recorded(1);
        let note = round.column("date_note").unwrap();
        assert!(note == "wild" || note == "unreadable", "{date}: {note}");
        assert_eq!(round.column("CAST(published_ms AS TEXT)"), None, "{date}");
        assert_eq!(round.told(), ["Putin"]);
        if date.contains("Jan 292277026596") {
            assert_eq!(note, "wild");
        }
    }
}

#[test]
fn invalid_utf_8_costs_the_bad_bytes_only() {
    let mut document = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel>\
        <item><guid>1</guid><title>Putin \xff\xc3\x28\xed\xa0\x80 "
        .to_vec();
    document.extend_from_slice("Путин ёлка</title></item></channel></rss>".as_bytes());
    let round = Round::of_document(document);
    round.recorded(1);
    let told = round.told();
    assert!(told[0].starts_with("Putin"), "{told:?}");
    assert!(told[0].ends_with("Путин ёлка"), "{told:?}");
}

#[test]
fn entries_that_share_one_guid_are_told_apart() {
    let site = Site::start();
    let items: Vec<_> = (0..20)
        .map(|n| Item {
            link: format!("https://news.example/{n}"),
            ..Item::new("same", &format!("Putin {n:02}"))
        })
        .collect();
    site.publish("/feed", rss(&items));
    let round = Round::of(site.url("/feed"));
    round.recorded(20);
    assert_eq!(round.told().len(), 20);
    // In another order they are still the same.
    site.publish(
        "/feed",
        rss(&items.iter().rev().cloned().collect::<Vec<_>>()),
    );
    let (lines, _, _) = poll(&round.home);
    assert_eq!(lines["hostile"]["new"], 0, "{}", lines["hostile"]);
    assert_eq!(round.told().len(), 20);
}

#[test]
fn of_fifty_thousand_entries_the_first_ten_thousand_are_kept() {
    let mut atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>f</id><title>Many</title>\
        <entry><id>first</id><title>Putin</title></entry>"
        .to_owned();
    for n in 1..50_000 {
        write!(atom, "<entry><id>{n}</id><title>Entry {n}</title></entry>").unwrap();
    }
    let round = Round::of_document(atom + "</feed>");
    round
        .recorded(10_000)
        .noted("50000 entries; kept the first 10000")
        .within_mib(LIMIT_MIB);
    assert_eq!(round.told(), ["Putin"]);
}

#[test]
fn a_json_feed_of_tiny_entries_is_bounded_like_any_other() {
    let items: Vec<_> = (0..200_000)
        .map(|n| format!("{{\"id\":\"{n}\",\"title\":\"Entry\"}}"))
        .collect();
    let document = format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Many\",\"items\":[{}]}}",
        items.join(",")
    );
    assert!(document.len() > 5 << 20);
    let round = Round::of_document(document);
    round
        .recorded(10_000)
        .noted("200000 entries; kept the first 10000")
        .within_mib(300);
}

#[test]
fn a_text_that_is_nothing_but_mentions_is_one_mention() {
    let mut item = Item::new("1", "Putin");
    item.summary = "Putin SCO ".repeat(700_000);
    let round = Round::of_document(rss(&[item]));
    round.recorded(1).within_mib(LIMIT_MIB);
    assert_eq!(round.line["mentions"], 2, "{}", round.line);
    assert_eq!(round.told().len(), 2);
    let mentions = round.home.ok(&["mentions", "--json", "--feed", "hostile"]);
    assert!(mentions.len() < 5000, "{} bytes", mentions.len());
}
