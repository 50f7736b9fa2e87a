//! ntfy: publishing as JSON.
//!
//! The configured URL is the topic's, as ntfy shows it; JSON is published to the server's root with
//! the topic in it. Messages are plain text (no `markdown`); opening one opens the link. Limits:
//! message 4,096 bytes (a longer one becomes an attachment), title 1 KB.
//!
//! Source: <https://docs.ntfy.sh/publish/#publish-as-json>,
//! <https://docs.ntfy.sh/publish/#limitations>.

use serde_json::{Value, json};
use url::Url;

use super::message::{Line, Message};
use super::text::{defang, fit};

/// Of the title, in bytes.
const TITLE: usize = 1000;
/// Of the message, in bytes.
const MESSAGE: usize = 4096;
/// Of a line of a digest without its link, and of all its lines together, in bytes.
const LINE: usize = 400;
const LINES: usize = 2900;
/// Of its last line, in bytes.
const FOOTER: usize = 1000;

pub(super) fn body(message: &Message, topic: &str) -> Value {
    let footer = cut(&message.footer(), FOOTER);
    let mut text = String::new();
    if !message.quote.is_empty() {
        text = cut(&message.quote, MESSAGE - FOOTER - 1) + "\n";
    }
    let show = |line: &Line| match &line.link {
        Some(link) => format!("• {}\n{}\n", cut(&line.text, LINE), link.url),
        None => format!("• {}\n", cut(&line.text, LINE)),
    };
    let (lines, more) = message.listed(LINES, show, String::len);
    text.extend(lines);
    text.extend(more.map(|more| more + "\n"));
    text += &footer;
    let tag = if message.trouble {
        "warning"
    } else {
        "newspaper"
    };
    let mut body = json!({
        "topic": topic,
        "title": cut(&message.title, TITLE),
        "message": text,
        "tags": [tag],
    });
    if let Some(link) = &message.link {
        body["click"] = json!(link.url);
    }
    body
}

/// The server's root and the topic, of a topic's URL: its path must end with a topic's name.
#[must_use]
pub fn split(url: &Url) -> Option<(Url, String)> {
    let topic = url.path_segments()?.next_back()?.to_owned();
    let is_name = (1..=64).contains(&topic.len())
        && topic
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let mut root = url.clone();
    root.set_query(None);
    root.set_fragment(None);
    root.path_segments_mut().ok()?.pop().push("");
    is_name.then_some((root, topic))
}

fn cut(text: &str, limit: usize) -> String {
    defang(&fit(text, limit, |text| defang(text).len()))
}
