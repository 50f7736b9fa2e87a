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

use super::message::Message;
use super::text::{defang, fit, units};

/// Of a header.
const HEADER: usize = 150;
/// Of any text object; ours are shorter than the 3,000 that are allowed.
const TEXT: usize = 2000;

pub(super) fn body(message: &Message) -> Value {
    let mut blocks = vec![json!({ "type": "header", "text": plain(&message.title, HEADER) })];
    if !message.quote.is_empty() {
        blocks.push(json!({ "type": "section", "text": plain(&message.quote, TEXT) }));
    }
    if let Some(link) = &message.link {
        let text = format!("<{}|{}>", escape(&link.url), escape(&link.host));
        blocks.push(json!({
            "type": "section",
            "text": { "type": "mrkdwn", "text": text, "verbatim": true },
        }));
    }
    blocks.push(json!({
        "type": "context",
        "elements": [plain(&message.footer(), TEXT)],
    }));
    // What notifications show in place of the blocks.
    let text = format!("{}: {}", message.about, message.title);
    json!({ "text": cut(&text, TEXT), "blocks": blocks })
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
