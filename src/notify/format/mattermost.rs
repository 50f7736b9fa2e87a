//! Mattermost: an incoming webhook's text in Markdown.
//!
//! Markup is escaped with backslashes. Mattermost links every `@name` by itself and has no escape for
//! it, so an unseen break stands behind each `@`. The link stands in full. Limit: 16,383 characters a
//! post (a longer text is split into several); ours stays far below.
//!
//! Source: <https://developers.mattermost.com/integrate/webhooks/incoming/>.

use serde_json::{Value, json};

use super::message::{Line, Message};
use super::text::{backslashed, defang, fit, units};

/// Of title and last line.
const LINE: usize = 1000;
/// Of all lines of a digest together.
const LINES: usize = 9000;
/// Of the quote.
const QUOTE: usize = 4000;
/// What Markdown reads and a backslash can escape.
const MARKUP: &str = r"\`*_{}[]()#+-.!>~|";

pub(super) fn body(message: &Message) -> Value {
    let mut lines = vec![format!("**{}**", cut(&message.title, LINE))];
    if !message.quote.is_empty() {
        lines.push(format!("> {}", cut(&message.quote, QUOTE)));
        lines.push(String::new());
    }
    let show = |line: &Line| match &line.link {
        Some(link) => format!("* {} <{}>", cut(&line.text, LINE), link.url),
        None => format!("* {}", cut(&line.text, LINE)),
    };
    let (listed, more) = message.listed(LINES, show, |line| units(line) + 1);
    lines.extend(listed);
    if let Some(more) = more {
        lines.extend([String::new(), cut(&more, LINE)]);
    }
    lines.push(cut(&message.footer(), LINE));
    if let Some(link) = &message.link {
        lines.push(format!("<{}>", link.url));
    }
    json!({ "text": lines.join("\n") })
}

fn cut(text: &str, limit: usize) -> String {
    let safe = |text: &str| backslashed(&defang(text), MARKUP);
    safe(&fit(text, limit, |text| units(&safe(text))))
}
