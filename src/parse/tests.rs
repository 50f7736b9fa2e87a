//! Documents by hand, as publishers write them (`formats`) and break them (`faults`).

mod faults;
mod formats;

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
