//! What a webhook sends and where.

use super::*;
use crate::notify::format::Format;

fn webhook(lines: &str) -> String {
    format!("[[sink]]\nid = 'h'\ntype = 'webhook'\n{lines}\n")
}

fn loaded(lines: &str) -> (String, Format) {
    let config = try_load(&webhook(lines)).unwrap();
    match config.sinks.into_iter().next().unwrap().kind {
        SinkKind::Webhook { url, format, .. } => (url.expose().to_owned(), format),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_time_zone_is_an_iana_name() {
    let url = "url = 'https://a.example/'";
    let sink = |zone: &str| webhook(&format!("{url}\ntime_zone = '{zone}'"));
    let config = try_load(&sink("Asia/Jakarta")).unwrap();
    let name = config.sinks[0].time_zone.iana_name();
    assert_eq!(name, Some("Asia/Jakarta"));
    let told = complaints(&sink("Asia/Jakata"));
    assert!(
        told.contains("there is no time zone `Asia/Jakata`"),
        "{told}"
    );
    assert!(told.contains("Asia/Jakarta"), "{told}");
}

#[test]
fn a_language_is_one_that_alerts_can_be_put_into() {
    let url = "url = 'https://a.example/'";
    let sink = |lines: &str| webhook(&format!("{url}\n{lines}"));
    let voice = |lines: &str| try_load(&sink(lines)).unwrap().sinks[0].voice();
    let usual = voice("");
    assert_eq!(usual.language.code(), "en");
    assert_eq!(usual.time_zone.iana_name(), Some("UTC"));
    let own = voice("language = 'zh'\ntime_zone = 'Asia/Shanghai'");
    assert_eq!(own.language.code(), "zh");
    assert_eq!(own.time_zone.iana_name(), Some("Asia/Shanghai"));
    insta::assert_snapshot!(complaints(&sink("language = 'zh-TW'")), @r#"m.toml:5:12: `language` must be "en", "id", "ru" or "zh", not `zh-TW`"#);
}

#[test]
fn formats_are_read_with_what_they_need() {
    assert_eq!(loaded("url = 'https://a.example/'").1, Format::Standard);
    assert_eq!(
        loaded("url = 'https://a.example/'\nformat = 'slack'").1,
        Format::Slack
    );
    let telegram = "format = 'telegram'\nchat_id = '-100123'\ntoken = { env = 'HOOK_SECRET' }";
    let (url, format) = loaded(telegram);
    assert_eq!(url, "https://api.telegram.org");
    let token = Secret::new(SIGNING.to_owned());
    let chat_id = "-100123".to_owned();
    assert_eq!(format, Format::Telegram { chat_id, token });
    let own = format!("{telegram}\nurl = 'http://127.0.0.1:8081'");
    assert_eq!(loaded(&own).0, "http://127.0.0.1:8081/");
    let ntfy = "url = 'https://ntfy.sh/my-topic'\nformat = 'ntfy'";
    assert_eq!(loaded(ntfy).1, Format::Ntfy { token: None });
}

#[test]
fn each_mistake_is_told_once_with_what_to_write() {
    let url = "url = 'https://a.example/x'\n";
    let of = |lines: &str| complaints(&webhook(lines));
    let all = [
        of(&format!("{url}format = 'slak'")),
        of(&format!("{url}format = 'json'")),
        of("format = 'discord'"),
        of(&format!(
            "{url}format = 'slack'\ntoken = {{ env = 'HOOK_SECRET' }}"
        )),
        of(&format!("{url}chat_id = '1'")),
        of(&format!("{url}format = 'ntfy'\nroom = '!a'")),
        of("url = 'https://ntfy.sh/'\nformat = 'ntfy'"),
        of("format = 'telegram'\ntoken = { env = 'HOOK_SECRET' }"),
        of("format = 'telegram'\nchat_id = 123\ntoken = { env = 'HOOK_SECRET' }"),
        of("format = 'telegram'\nchat_id = 'me'\ntoken = { env = 'HOOK_SECRET' }"),
        of("format = 'telegram'\nchat_id = '1'"),
        of("format = 'telegram'\nchat_id = '1'\ntoken = '123:hush'"),
        of("format = 'telegram'\nchat_id = '1'\ntoken = { env = 'PROXY' }"),
        of(&format!(
            "{url}format = 'matrix'\nroom = '#a:b'\ntoken = {{ env = 'HOOK_SECRET' }}"
        )),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    m.toml:5:10: `format` must be "standard", "cloudevents", "slack", "discord", "teams", "telegram", "ntfy", "matrix", "mattermost" or "template", not `slak`; did you mean `slack`?
    m.toml:5:10: `format` must be "standard", "cloudevents", "slack", "discord", "teams", "telegram", "ntfy", "matrix", "mattermost" or "template", not `json`
    m.toml:1:1: `url` is missing in [[sink]]
    m.toml:6:1: `token` does not belong in [[sink]]; it is for the formats "telegram", "ntfy" and "matrix"
    m.toml:5:1: `chat_id` does not belong in [[sink]]; it is for format "telegram"
    m.toml:6:1: `room` does not belong in [[sink]]; it is for format "matrix"
    m.toml:4:7: `url` does not end with an ntfy topic; write the topic's address, such as "https://ntfy.sh/my-topic"
    m.toml:1:1: `chat_id` is missing in [[sink]]
    m.toml:5:11: `chat_id` must be a string; write the chat's number in quotes, such as "-1001234567890", or "@channel"
    m.toml:5:11: `chat_id` is not a Telegram chat; write the chat's number in quotes, such as "-1001234567890", or "@channel"
    m.toml:1:1: `token` is missing in [[sink]]
    m.toml:6:9: `token` must not stand in the configuration; write { file = "path" }, { env = "NAME" } or { credential = "name" } in its place
    m.toml:6:9: `token` is not a token (its value is not shown); put the token alone there, without `bot` or `Bearer` before it
    m.toml:6:8: `room` is not the id of a Matrix room; write the id, such as "!abc:example.org"; an alias (#…) does not do
    "#);
}

#[test]
fn a_token_is_never_shown() {
    for bad in ["hunter2/x", "Bearer hunter2", "hunter2\u{e4}"] {
        let text = webhook("format = 'telegram'\nchat_id = '1'\ntoken = { env = 'TOKEN' }");
        let loaded = load_text(Path::new("m.toml"), text, &environment(&[("TOKEN", bad)]));
        let error = loaded.unwrap_err();
        let shown = format!("{error}{error:?}");
        assert!(shown.contains("is not a token"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_template_is_compiled_and_tried_where_it_stands() {
    let url = "url = 'https://a.example/x'\nformat = 'template'\n";
    let (_, format) = loaded(&format!(
        "{url}template = '<p>{{{{ message.title }}}}</p>'\ncontent_type = 'text/html'\n\
         method = 'PUT'\nheaders = {{ X-A = 'b', Authorization = {{ env = 'HOOK_SECRET' }} }}"
    ));
    let Format::Template(templated) = &format else {
        panic!("{format:?}");
    };
    assert_eq!(templated.template.content_type(), "text/html");
    assert!(templated.put && templated.headers[1].written);
    assert_eq!(templated.headers[0].value.expose(), SIGNING);
    assert!(!format!("{format:?}").contains("whsec_"));

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("alert.j2"),
        "{\n\"t\": {{ message.titel }}\n}",
    )
    .unwrap();
    let main = folder.path().join("m.toml");
    let in_file = |lines: &str| {
        let text = webhook(&format!("{url}{lines}"));
        let loaded = load_text(&main, text, &environment(&[]));
        let told = loaded.unwrap_err().to_string();
        told.replace(&format!("{}/", folder.path().display()), "")
    };
    let of = |lines: &str| complaints(&webhook(&format!("{url}{lines}")));
    let all = [
        in_file("template_file = 'alert.j2'"),
        in_file("template_file = 'other.j2'"),
        of("template = '''\n{\"a\":\n  {{ data.stroy.title }}}'''"),
        of("template = '{{ data.topic.name }}'"),
        of("template = '{{ data.topic.name }}'\nfeed_alerts = false"),
        of("template = '1'\ntemplate_file = 'alert.j2'"),
        of("method = 'PUT'"),
        of("template = '1'\nmethod = 'GET'"),
        of("template = '1'\ncontent_type = 'json'"),
        of("template = '1'\nheaders = { Host = 'a', Webhook-Id = 'b', Content-Type = 'c' }"),
        of("template = '1'\ntoken = { env = 'HOOK_SECRET' }"),
        complaints(&webhook(
            "url = 'https://a.example/x'\ntemplate = '1'\nheaders = {}",
        )),
    ];
    let all = all.map(|told| {
        let lines = told.lines().filter(|line| !line.contains("there are no "));
        lines.collect::<Vec<_>>().join("\n")
    });
    insta::assert_snapshot!(all.join("\n"), @r#"
    alert.j2:2:9: line 2 of the template: no alert has `message.titel`; did you mean `title`?
    m.toml:6:17: the template's file other.j2 does not exist; check the path, or leave it out
    m.toml:8:6: line 2 of the template: no alert has `data.stroy.title`; did you mean `story`?
    m.toml:6:16: line 1 of the template: `data.topic.name` is not there (tried on a feed that keeps failing); write {% if type == "mention.created" %} around what only mentions have, or ask with `is defined`

    m.toml:7:17: `template` and `template_file` exclude each other; remove one of them
    m.toml:1:1: `template` or `template_file` is missing in [[sink]]
    m.toml:7:10: `method` must be "POST" or "PUT", not `GET`; did you mean `PUT`?
    m.toml:7:16: `content_type` is not a media type; write one such as "application/json" or "text/plain; charset=utf-8"
    m.toml:7:20: the header Host can't be set for a webhook; it follows from the URL
    m.toml:7:38: the header Webhook-Id can't be set for a webhook; the daemon sends it
    m.toml:7:58: the header Content-Type can't be set for a webhook; use `content_type`
    m.toml:7:1: `token` does not belong in [[sink]]; it is for the formats "telegram", "ntfy" and "matrix"; put what a request must carry into `headers`
    m.toml:5:1: `template` does not belong in [[sink]]; it is for format "template"
    m.toml:6:1: `headers` does not belong in [[sink]]; it is for format "template"
    "#);
}
