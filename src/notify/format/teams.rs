//! Microsoft Teams: a workflow's webhook ("When a Teams webhook request is received") gets a message
//! with one Adaptive Card 1.4.
//!
//! All texts are `TextRun`s of `RichTextBlock`s, in which there is no Markdown, so that a title can
//! hold no link; `{{`, which begins a date function, is broken. The link is a button labelled with
//! its host. Limit: a message of 28 KB; ours stays far below, whatever JSON escapes.
//!
//! Sources: <https://learn.microsoft.com/en-us/adaptive-cards/create/textfeatures>,
//! <https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook>,
//! <https://learn.microsoft.com/en-us/connectors/teams/>.

use serde_json::{Value, json};

use super::message::{Line, Message};
use super::text::{defang, fit};

/// Of the title, in bytes.
const TITLE: usize = 1000;
/// Of the quote, in bytes.
const QUOTE: usize = 4000;
/// Of a line of a digest without its link, and of all its lines together, in bytes.
const LINE: usize = 600;
const LINES: usize = 16_000;
/// Of the last line, in bytes.
const FOOTER: usize = 1000;

pub(super) fn body(message: &Message) -> Value {
    let mut blocks = vec![block(
        &message.title,
        TITLE,
        &json!({ "size": "large", "weight": "bolder" }),
    )];
    if !message.quote.is_empty() {
        blocks.push(block(&message.quote, QUOTE, &json!({})));
    }
    let show = |line: &Line| {
        let mut block = block(&line.text, LINE, &json!({}));
        if let Some(link) = &line.link {
            let open = json!({ "type": "Action.OpenUrl", "url": link.url });
            let host = format!(" {}", defang(&link.host));
            let run = json!({ "type": "TextRun", "text": host, "selectAction": open });
            if let Some(runs) = block["inlines"].as_array_mut() {
                runs.push(run);
            }
        }
        block
    };
    let (lines, more) = message.listed(LINES, show, |line| line.to_string().len());
    blocks.extend(lines);
    blocks.extend(more.map(|more| block(&more, LINE, &json!({ "isSubtle": true }))));
    blocks.push(block(
        &message.footer(),
        FOOTER,
        &json!({ "size": "small", "isSubtle": true }),
    ));
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    });
    if let Some(link) = &message.link {
        card["actions"] = json!([{
            "type": "Action.OpenUrl",
            "title": link.host,
            "url": link.url,
        }]);
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn block(text: &str, limit: usize, style: &Value) -> Value {
    let text = defang(&fit(text, limit, |text| defang(text).len()));
    let mut run = style.clone();
    run["type"] = json!("TextRun");
    run["text"] = json!(text);
    json!({ "type": "RichTextBlock", "inlines": [run] })
}
