//! Discord: a webhook's message of one embed.
//!
//! `allowed_mentions` allows none, and mentions in embeds reach nobody anyway. Markdown in title and
//! description is escaped; author and footer are plain text. The title is the link, unless it looks
//! like an address itself: then the link stands below, in full. Limits: title 256, description 4,096,
//! author 256, footer 2,048, all together 6,000 characters; ours are below, counted after escaping.
//!
//! Sources: <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>,
//! <https://discord.com/developers/docs/resources/message#allowed-mentions-object>,
//! <https://discord.com/developers/docs/resources/webhook#execute-webhook>.

use serde_json::{Value, json};

use super::message::{Line, Message};
use super::text::{backslashed, defang, fit, looks_like_link, units};

/// Of the title, and of the author's name.
const TITLE: usize = 256;
/// Of the quote in the description; the link has room beside it.
const QUOTE: usize = 2000;
/// Of a line of a digest without its link, and of all its lines together.
const LINE: usize = 300;
const LINES: usize = 3900;
/// Of the footer.
const FOOTER: usize = 1000;
/// What Discord's Markdown reads.
const MARKUP: &str = r"\*_~`|>#-+[]()<:@";

pub(super) fn body(message: &Message) -> Value {
    let mut description = markdown(&message.quote, QUOTE);
    let mut embed = json!({
        "title": markdown(&message.title, TITLE),
        "author": { "name": plain(&message.about, TITLE) },
        "footer": { "text": plain(&message.context, FOOTER) },
        "timestamp": message.created.to_string(),
    });
    if let Some(link) = &message.link {
        if looks_like_link(&message.title) {
            if !description.is_empty() {
                description.push('\n');
            }
            description.push_str(&link.url);
        } else {
            embed["url"] = json!(link.url);
        }
    }
    let show = |line: &Line| match &line.link {
        Some(link) => format!("• {}\n{}\n", markdown(&line.text, LINE), link.url),
        None => format!("• {}\n", markdown(&line.text, LINE)),
    };
    let (lines, more) = message.listed(LINES, show, |line| units(line));
    description.extend(lines);
    description.extend(more);
    if !description.is_empty() {
        embed["description"] = json!(description);
    }
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

fn markdown(text: &str, limit: usize) -> String {
    let safe = |text: &str| backslashed(&defang(text), MARKUP);
    safe(&fit(text, limit, |text| units(&safe(text))))
}

fn plain(text: &str, limit: usize) -> String {
    defang(&fit(text, limit, |text| units(&defang(text))))
}
