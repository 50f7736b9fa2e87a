//! What hostile feeds can do to a message in each receiver's form: nothing.

mod shown;
mod voices;

use proptest::prelude::*;
use serde_json::Value;

use super::super::payload::tests::{digest, mention, spike};
use super::text::{Link, units};
use super::*;
use crate::store::StoredDetail;

fn chats() -> Vec<Format> {
    let token = || Secret::new("123:hush".into());
    vec![
        Format::Slack,
        Format::Discord,
        Format::Teams,
        Format::Telegram {
            chat_id: "-100123".into(),
            token: token(),
        },
        Format::Ntfy { token: None },
        Format::Matrix {
            room: "!r:example.org".into(),
            token: token(),
        },
        Format::Mattermost,
    ]
}

fn sent(format: &Format, alert: &StoredAlert) -> Outgoing {
    sent_in(&Voice::default(), format, alert)
}

fn sent_in(voice: &Voice, format: &Format, alert: &StoredAlert) -> Outgoing {
    let url = "https://receiver.example/base/topic".parse().unwrap();
    outgoing(format, &url, alert, voice).unwrap()
}

fn json(format: &Format, alert: &StoredAlert) -> Value {
    serde_json::from_str(&sent(format, alert).body).unwrap()
}

/// The alert of a story whose feed wrote all of this.
fn hostile(title: &str, rest: &str, link: Option<&str>) -> StoredAlert {
    let mut alert = mention();
    if let StoredDetail::Mention {
        detail, sources, ..
    } = &mut alert.detail
    {
        detail.title = title.into();
        detail.snippet = rest.into();
        (detail.snippet_start, detail.snippet_end) = (0, rest.len());
        detail.source = rest.into();
        detail.topic_name = rest.into();
        detail.link = link.map(str::to_owned);
        sources[0].source = rest.into();
    }
    alert
}

/// A digest of more such stories than any receiver shows.
fn hostile_digest(title: &str, rest: &str, link: Option<&str>) -> StoredAlert {
    let mut alert = digest();
    if let StoredDetail::Digest(digest) = &mut alert.detail {
        digest.alerts = vec![hostile(title, rest, link); 100];
        digest.detail.alerts = 214;
        digest.topics[0].name = rest.into();
    }
    alert
}

/// A spike behind which such stories stand.
fn hostile_spike(title: &str, link: Option<&str>) -> StoredAlert {
    let mut alert = spike();
    if let StoredDetail::Spike { detail, .. } = &mut alert.detail {
        detail.topic_name = title.into();
        detail.stories[0].title = title.into();
        detail.stories[0].source = title.into();
        detail.stories[0].link = link.map(str::to_owned);
        detail.stories = vec![detail.stories[0].clone(); 10];
    }
    alert
}

/// Every string in the body, but for fixed addresses of the form itself.
fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| *key != "$schema")
            .for_each(|(_, item)| strings(item, into)),
        _ => {}
    }
}

/// The texts of strangers as the receiver's markup gives them back, and whether anything in them
/// means something there.
fn check(format: &Format, alert: &StoredAlert, link: Option<&Link>) {
    check_in(&Voice::default(), format, alert, link);
}

fn check_in(voice: &Voice, format: &Format, alert: &StoredAlert, link: Option<&Link>) {
    let body = sent_in(voice, format, alert).body;
    let json: Value = serde_json::from_str(&body).unwrap();
    let mut all = Vec::new();
    strings(&json, &mut all);
    let url = link.map_or("", |link| &link.url);
    for text in &all {
        let own = text.replace(&text::html(url), "").replace(url, "");
        let own = if url.is_empty() { text } else { &own };
        assert!(
            !own.contains("://"),
            "{format:?} links another place: {text}"
        );
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}');
        let steers = |c: char| turns(c) || c.is_control() && c != '\n';
        assert!(!text.contains(steers), "{format:?} steers: {text:?}");
        for line in text.lines().flat_map(|line| line.split("<br>")) {
            assert!(
                isolates_end(line),
                "{format:?} turns what follows: {line:?}"
            );
        }
        let mut after = text.chars().skip_while(|c| *c != '@').skip(1);
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let named = *format != Format::Mattermost && link.is_none();
        if named {
            assert!(
                !after.next().is_some_and(is_name),
                "{format:?} mentions: {text}"
            );
        }
    }
    within_limits(format, &json, &body);
    no_markup(format, &json, link);
}

/// Whether each isolate ends before the next begins, and on its line.
fn isolates_end(line: &str) -> bool {
    let mut is_open = false;
    let well = line.chars().all(|c| match c {
        text::ISOLATE => !std::mem::replace(&mut is_open, true),
        text::END => std::mem::replace(&mut is_open, false),
        _ => true,
    });
    well && !is_open
}

fn within_limits(format: &Format, json: &Value, body: &str) {
    let length = |value: &Value| units(value.as_str().unwrap_or_default());
    match format {
        Format::Slack => {
            let blocks = json["blocks"].as_array().unwrap();
            assert!(blocks.len() <= 50);
            assert!((1..=150).contains(&length(&blocks[0]["text"]["text"])));
            for block in &blocks[1..] {
                let mut parts = vec![&block["text"], &block["elements"][0]];
                parts.extend(block["fields"].as_array().into_iter().flatten());
                let texts: Vec<_> = parts
                    .iter()
                    .filter_map(|part| part["text"].as_str())
                    .collect();
                assert!((1..=10).contains(&texts.len()));
                let most = if texts.len() > 1 { 2000 } else { 3000 };
                assert!(texts.iter().all(|text| (1..=most).contains(&units(text))));
            }
        }
        Format::Discord => {
            let embed = &json["embeds"][0];
            let parts = [
                (&embed["title"], 256),
                (&embed["description"], 4096),
                (&embed["author"]["name"], 256),
                (&embed["footer"]["text"], 2048),
            ];
            for (part, limit) in parts {
                assert!(length(part) <= limit, "{part}");
            }
            assert!(parts.iter().map(|(part, _)| length(part)).sum::<usize>() <= 6000);
            assert_eq!(json["allowed_mentions"]["parse"], serde_json::json!([]));
        }
        Format::Telegram { .. } => assert!(length(&json["text"]) <= 4096 + 4 * 4096),
        Format::Ntfy { .. } => {
            assert!(json["message"].as_str().unwrap().len() <= 4096);
            assert!(json["title"].as_str().unwrap().len() <= 1024);
        }
        Format::Teams => assert!(body.len() <= 28_000, "{}", body.len()),
        Format::Matrix { .. } => assert!(body.len() <= 60_000, "{}", body.len()),
        _ => assert!(length(&json["text"]) <= 16_383),
    }
}

fn no_markup(format: &Format, json: &Value, link: Option<&Link>) {
    let anchor = |link: &Link| format!("<a href=\"{}\">{}</a>", text::html(&link.url), link.host);
    let plain_html = |text: &str, tags: &[&str]| {
        let mut text = link.map_or(text.to_owned(), |link| text.replace(&anchor(link), ""));
        for tag in tags {
            text = text.replace(tag, "");
        }
        assert!(!text.contains(['<', '>', '"']), "{text}");
        let unfinished = text.split('&').skip(1).any(|s| {
            !["amp;", "lt;", "gt;", "quot;"]
                .iter()
                .any(|e| s.starts_with(e))
        });
        assert!(!unfinished, "{text}");
        text
    };
    match format {
        Format::Slack => {
            let mut all = Vec::new();
            strings(json, &mut all);
            let ours = link.map(|l| format!("<{}|{}>", l.url.replace('&', "&amp;"), l.host));
            for text in all {
                assert!(
                    Some(&text) == ours.as_ref() || !text.contains(['<', '>']),
                    "{text}"
                );
            }
        }
        Format::Telegram { .. } => {
            let text = plain_html(json["text"].as_str().unwrap(), &["<b>", "</b>"]);
            let parsed = ["&amp;", "&lt;", "&gt;", "&quot;"]
                .iter()
                .fold(text, |text, entity| text.replace(entity, "x"));
            let text = json["text"].as_str().unwrap();
            let hosts = link.map_or(0, |l| units(&l.host) * text.matches(&anchor(l)).count());
            assert!(units(&parsed) + hosts <= 4096);
        }
        Format::Matrix { .. } => {
            let tags = ["<strong>", "</strong>", "<br>"];
            plain_html(json["formatted_body"].as_str().unwrap(), &tags);
            assert_eq!(json["m.mentions"], serde_json::json!({}));
        }
        Format::Discord => {
            unescaped(
                json["embeds"][0]["title"].as_str().unwrap(),
                r"*_~`|>#-+[]()<:@",
            );
        }
        Format::Mattermost => {
            let text = json["text"].as_str().unwrap();
            let title = text.lines().next().unwrap();
            let inner = title.strip_prefix("**").and_then(|t| t.strip_suffix("**"));
            unescaped(inner.unwrap(), "`*_{}[]()#+-.!>~|");
            for (at, _) in text.match_indices('@') {
                let next = text[at + 1..].chars().next();
                assert!(!next.is_some_and(char::is_alphanumeric), "{text}");
            }
        }
        _ => {}
    }
}

/// Nothing of `markup` stands without a backslash before it.
fn unescaped(text: &str, markup: &str) {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\\' {
            assert!(
                rest.next().is_some(),
                "the last backslash escapes nothing: {text}"
            );
        } else {
            assert!(!markup.contains(c), "{c} is bare in {text}");
        }
    }
}

/// What attackers, and careless editors, write.
fn titles() -> Vec<String> {
    [
        "<!channel> <!everyone> <@U123> <!subteam^S1|x>",
        "@everyone @here @all @channel @room <@&1> <@!2> <#3> </run:4>",
        "[Log in](https://evil.example) <https://evil.example|bank> ![x](http://evil.example)",
        "</b><a href=\"https://evil.example\">bank.example</a><script>alert(1)</script>",
        "*bold* _it_ ~no~ `code` ||spoiler|| # head > quote - list \\",
        "\u{202e}gnp.exe\u{2066}\u{200b}\u{feff} invisible",
        "one\r\ntwo\n\nthree\u{2028}four\u{0}\u{1b}[31m",
        "\"quoted\" 'single' &amp; & {{DATE(2020-01-01T00:00:00Z)}}",
        "👩\u{200d}👧 Қасым-Жомарт 习近平 شی جین\u{200c}پینگ /start #tag bank.example",
        "",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["\u{202e}<&*👩\u{200d}👧@x.y".repeat(700)])
    .collect()
}

#[test]
fn no_hostile_title_gets_out_of_its_place() {
    let text = "https://news.example/a_(b)?x=1&y=<2>|'\"";
    let link = Link::of(text).unwrap();
    for title in titles() {
        for format in chats() {
            check(&format, &hostile(&title, &title, Some(text)), Some(&link));
            check(
                &format,
                &hostile(&title, &title, Some("javascript:alert(1)")),
                None,
            );
            check(&format, &hostile_spike(&title, Some(text)), Some(&link));
            let digest = hostile_digest(&title, &title, Some(text));
            check(&format, &digest, Some(&link));
            check(&format, &hostile_digest(&title, &title, None), None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_text_gets_out_of_its_place(
        title in hostile_text(),
        rest in hostile_text(),
        path in "[ -~]{0,40}",
    ) {
        let text = format!("https://news.example/{path}");
        let link = Link::of(&text);
        for format in chats() {
            check(&format, &hostile(&title, &rest, Some(&text)), link.as_ref());
            check(&format, &hostile(&title, &rest, None), None);
            check(&format, &hostile_digest(&title, &rest, Some(&text)), link.as_ref());
        }
    }
}

#[test]
fn a_digest_says_how_many_alerts_it_does_not_show() {
    for format in chats() {
        let link = Some("https://news.example/a");
        let body = sent(&format, &hostile_digest("Leaders meet", "Wire", link)).body;
        let shown = body.matches("Leaders meet").count();
        let shown = if matches!(format, Format::Matrix { .. }) {
            shown / 2
        } else {
            shown
        };
        assert!(shown >= 5, "{format:?} shows {shown}");
        assert!(
            body.contains(&format!("and {} more", 214 - shown)),
            "{format:?}: {body}"
        );
        assert!(body.contains("214 alerts"), "{format:?}");
    }
}

fn hostile_text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        3 => any::<char>().prop_map(String::from),
        2 => "[ -~]",
        2 => prop::sample::select(titles()[..10].to_vec()),
    ];
    prop::collection::vec(parts, 0..40).prop_map(|parts| parts.concat())
}

#[test]
fn a_title_that_looks_like_an_address_is_not_the_link() {
    let link = Some("https://news.example/a");
    let of = |title| json(&Format::Discord, &hostile(title, "text", link))["embeds"][0].clone();
    assert_eq!(of("A visit")["url"], "https://news.example/a");
    let other = of("Go to bank.example now");
    assert_eq!(other["url"], Value::Null);
    assert_eq!(other["description"], "»text«\nhttps://news.example/a");
}
