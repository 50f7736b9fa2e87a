//! Slack: an incoming webhook's message of blocks.
//!
//! Strangers' texts stand in `plain_text` objects, in which Slack reads no markup; the one `mrkdwn`
//! object holds the link alone, labelled with its host, and is `verbatim`, so that nothing in it is
//! linked by guess. `&`, `<` and `>` are escaped everywhere, which leaves no `<!channel>` or `<@…>`.
//! Limits: 50 blocks, header 150, section text 3,000, text object 1 to 3,000 characters; we count the
//! escaped text in UTF-16 units.
//!
//! Sources: <https://docs.slack.dev/messaging/formatting-message-text>,
//! <https://docs.slack.dev/reference/block-kit/blocks/header-block>,
//! <https://docs.slack.dev/reference/block-kit/blocks/section-block>,
//! <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>.

use serde_json::{Value, json};

use super::message::{Line, Message};
use super::text::{Link, defang, fit, units};

/// Of a header.
const HEADER: usize = 150;
/// Of any text object; ours are shorter than the 3,000 that are allowed.
const TEXT: usize = 2000;
/// Of a line of a digest; a field of a section may have 2,000 characters.
const LINE: usize = 300;
/// Lines of a digest, each a block of the 50 that are allowed.
const MOST_LINES: usize = 20;

pub(super) fn body(message: &Message) -> Value {
    let mut blocks = vec![json!({ "type": "header", "text": plain(&message.title, HEADER) })];
    if !message.quote.is_empty() {
        blocks.push(json!({ "type": "section", "text": plain(&message.quote, TEXT) }));
    }
    if let Some(link) = &message.link {
        blocks.push(json!({ "type": "section", "text": anchor(link) }));
    }
    let show = |line: &Line| {
        let mut fields = vec![plain(&line.text, LINE)];
        fields.extend(line.link.as_ref().map(anchor));
        json!({ "type": "section", "fields": fields })
    };
    let (lines, more) = message.listed(MOST_LINES, show, |_| 1);
    blocks.extend(lines);
    if let Some(more) = more {
        blocks.push(json!({ "type": "section", "text": plain(&more, TEXT) }));
    }
    blocks.push(json!({
        "type": "context",
        "elements": [plain(&message.footer(), TEXT)],
    }));
    // What notifications show in place of the blocks.
    let text = format!("{}: {}", message.about, message.title);
    json!({ "text": cut(&text, TEXT), "blocks": blocks })
}

fn anchor(link: &Link) -> Value {
    let text = format!("<{}|{}>", escape(&link.url), escape(&link.host));
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn plain(text: &str, limit: usize) -> Value {
    json!({ "type": "plain_text", "text": cut(text, limit), "emoji": false })
}

fn cut(text: &str, limit: usize) -> String {
    safe(&fit(text, limit, |text| units(&safe(text))))
}

fn safe(text: &str) -> String {
    escape(&defang(text))
}

/// Slack's three control characters; quotes stay.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
