//! Matrix: an `m.room.message` put into a room under the alert's id as transaction id, so that a
//! repeated attempt makes no second message.
//!
//! `body` is plain text, `formatted_body` the same in HTML; `m.mentions` is empty, which turns the
//! older rules off that look for names and `@room` in the body. Limit: an event of 65,536 bytes; ours
//! stays far below.
//!
//! Sources: <https://spec.matrix.org/v1.11/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid>,
//! <https://spec.matrix.org/v1.11/client-server-api/#mroommessage-msgtypes>,
//! <https://spec.matrix.org/v1.11/client-server-api/#user-and-room-mentions>.

use serde_json::{Value, json};
use url::Url;

use super::message::{Line, Message};
use super::text::{Link, defang, fit, html};

/// Of title and last line, in bytes.
const LINE: usize = 2000;
/// Of the quote, in bytes.
const QUOTE: usize = 4000;
/// Of all lines of a digest together, in both forms, in bytes.
const LINES: usize = 24_000;

pub(super) fn body(message: &Message) -> Value {
    let title = cut(&message.title, LINE);
    let footer = cut(&message.footer(), LINE);
    let mut plain = vec![title.clone()];
    let mut rich = vec![format!("<strong>{}</strong>", html(&title))];
    if !message.quote.is_empty() {
        let quote = cut(&message.quote, QUOTE);
        rich.push(html(&quote));
        plain.push(quote);
    }
    let show = |line: &Line| {
        let text = cut(&line.text, LINE);
        let Some(link) = &line.link else {
            return (format!("• {}", html(&text)), format!("• {text}"));
        };
        (
            format!("• {} {}", html(&text), anchor(link)),
            format!("• {text}\n{}", link.url),
        )
    };
    let (lines, more) = message.listed(LINES, show, |(rich, plain)| rich.len() + plain.len());
    for (rich_line, plain_line) in lines {
        rich.push(rich_line);
        plain.push(plain_line);
    }
    if let Some(more) = more {
        rich.push(html(&more));
        plain.push(more);
    }
    rich.push(html(&footer));
    plain.push(footer);
    if let Some(link) = &message.link {
        plain.push(link.url.clone());
        rich.push(anchor(link));
    }
    json!({
        "msgtype": "m.text",
        "body": plain.join("\n"),
        "format": "org.matrix.custom.html",
        "formatted_body": rich.join("<br>"),
        "m.mentions": {},
    })
}

/// `SERVER/_matrix/client/v3/rooms/{room}/send/m.room.message/{txnId}`.
pub(super) fn url(server: &Url, room: &str, transaction: &str) -> Url {
    let mut url = server.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend([
            "_matrix",
            "client",
            "v3",
            "rooms",
            room,
            "send",
            "m.room.message",
            transaction,
        ]);
    }
    url
}

fn anchor(link: &Link) -> String {
    let (url, host) = (html(&link.url), html(&link.host));
    format!("<a href=\"{url}\">{host}</a>")
}

fn cut(text: &str, limit: usize) -> String {
    defang(&fit(text, limit, |text| html(&defang(text)).len()))
}
