//! Telegram: the Bot API's `sendMessage`, in HTML.
//!
//! The four characters of HTML are escaped; names, tags, commands and addresses in strangers' texts
//! are broken, since Telegram would link them by itself. Link previews are off. Limit: 4,096
//! characters after the entities are parsed; our parts stay below, counted in UTF-16 units. The bot's
//! token is a part of the URL, which is why nobody prints that.
//!
//! Source: <https://core.telegram.org/bots/api#sendmessage>,
//! <https://core.telegram.org/bots/api#html-style>.

use serde_json::{Value, json};
use url::Url;

use super::message::{Line, Message};
use super::text::{Link, defang, fit, html, units};

/// Where the Bot API is, unless an own server is configured.
pub const SERVER: &str = "https://api.telegram.org";

/// Of the title.
const TITLE: usize = 1000;
/// Of the quote.
const QUOTE: usize = 1500;
/// Of a line of a digest, and of all its lines together.
const LINE: usize = 300;
const LINES: usize = 2000;
/// Of the last line.
const FOOTER: usize = 1000;

pub(super) fn body(message: &Message, chat_id: &str) -> Value {
    let mut text = format!("<b>{}</b>", cut(&message.title, TITLE));
    if !message.quote.is_empty() {
        text.push('\n');
        text.push_str(&cut(&message.quote, QUOTE));
    }
    // What is measured is what is left when the entities are parsed; markup makes it no shorter.
    let show = |line: &Line| {
        let link = line.link.as_ref();
        let size = units(&line.text).min(LINE) + link.map_or(0, |link| units(&link.host)) + 4;
        let link = link.map_or_else(String::new, |link| format!(" {}", anchor(link)));
        (format!("\n• {}{link}", cut(&line.text, LINE)), size)
    };
    let (lines, more) = message.listed(LINES, show, |(_, size)| *size);
    text.extend(lines.into_iter().map(|(line, _)| line));
    if let Some(more) = more {
        text.extend(["\n", &html(&more)]);
    }
    text.push('\n');
    text.push_str(&cut(&message.footer(), FOOTER));
    if let Some(link) = &message.link {
        text.extend(["\n", &anchor(link)]);
    }
    // A number is a chat's id, `@name` a public channel.
    let chat = chat_id
        .parse::<i64>()
        .map_or_else(|_| json!(chat_id), |id| json!(id));
    json!({
        "chat_id": chat,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": { "is_disabled": true },
    })
}

/// `SERVER/bot<token>/sendMessage`.
pub(super) fn url(server: &Url, token: &str) -> Url {
    let mut url = server.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty()
            .push(&format!("bot{token}"))
            .push("sendMessage");
    }
    url
}

fn anchor(link: &Link) -> String {
    let (url, host) = (html(&link.url), html(&link.host));
    ["<a href=\"", &url, "\">", &host, "</a>"].concat()
}

fn cut(text: &str, limit: usize) -> String {
    html(&defang(&fit(text, limit, |text| units(&defang(text)))))
}
