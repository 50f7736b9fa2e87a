//! What templates promise.

use proptest::prelude::*;

use super::super::super::payload::tests::{mention, trouble};
use super::*;
use crate::store::StoredDetail;

fn made(source: &str, content_type: &str) -> Result<String, TemplateError> {
    let template = Template::new(source, content_type)?;
    let alert = mention();
    template.render(&alert, &Message::of(&alert, &Voice::default()))
}

fn wrong(source: &str) -> String {
    let template = Template::new(source, "application/json");
    let error = template
        .and_then(|template| template.try_out(true, false, false))
        .unwrap_err();
    format!("{error}; {}", error.advice.as_deref().unwrap_or_default())
}

#[test]
fn values_are_escaped_as_the_content_type_wants() {
    let source = "{{ message.quote }}";
    let json = made(&format!("[{source}]"), "application/json; charset=utf-8").unwrap();
    assert_eq!(json, r#"["…по приглашению »Токаева« в Астану…"]"#);
    let source = "{{ '<b> & \"' }}";
    assert_eq!(made(source, "text/plain").unwrap(), "<b> & \"");
    let html = made(source, "text/html; charset=utf-8").unwrap();
    assert_eq!(html, "&lt;b&gt; &amp; &quot;");
    let json = made(source, "application/vnd.api+json").unwrap();
    assert_eq!(json, r#""<b> & \"""#);
}

#[test]
fn the_whole_payload_is_at_hand() {
    let source =
        r#"{"payload": {{ data }}, "id": {{ alert_id }}, "at": {{ timestamp }}, "is": {{ type }}}"#;
    let body: serde_json::Value =
        serde_json::from_str(&made(source, "application/json").unwrap()).unwrap();
    let alert = mention();
    let payload: serde_json::Value = serde_json::from_str(&Payload::of(&alert).to_json()).unwrap();
    assert_eq!(body["payload"], payload["data"]);
    assert_eq!(
        (&body["at"], &body["is"]),
        (&payload["timestamp"], &payload["type"])
    );
    assert_eq!(body["id"], alert.id.as_str());
    let source = "{% for feed in data.feeds %}{{ feed.source }} {% endfor %}{{ data.match.text | urlencode }}";
    assert_eq!(
        made(source, "text/plain").unwrap(),
        "Вестник %D0%A2%D0%BE%D0%BA%D0%B0%D0%B5%D0%B2%D0%B0"
    );
    let numbered = "{% set all = data.feeds %}{% for feed in all %}{{ loop.index }}{{ feed.feed }}{% endfor %}{{ range(2) | join }}";
    assert_eq!(made(numbered, "text/plain").unwrap(), "1vestnik01");
    let calling = "{{ '@all' | defang == '@all' }}";
    assert_eq!(made(calling, "text/plain").unwrap(), "False");
}

#[test]
fn mistakes_are_told_with_their_line_and_what_to_write() {
    let all = [
        "{\n\"a\": {{ message.titel }}}",
        "{\n\"a\":\n{{ data.topic.name }}}",
        "{% if type == 'x' %}{{ mesage.title }}{% endif %}1",
        "{% if type %}1",
        "{\"a\": {{ message.title }",
        "{{ message.title | shout }}",
        "{\"a\": \"{{ message.title }}\"}",
        "{{ message.link | length }}",
        "{% include 'x' %}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}1",
        "{{ 'x' * 2000000 }}",
    ]
    .map(wrong);
    insta::assert_snapshot!(all.join("\n"), @r#"
        the template fails in line 2: no alert has `message.titel`; did you mean `title`?
        the template fails in line 3: `data.topic.name` is not there (tried on a feed that keeps failing); write {% if type == "mention.created" %} around what only mentions have, or ask with `is defined`
        the template fails in line 1: no alert has `mesage.title`; did you mean `message`?
        the template fails in line 1: unexpected end of input, expected end of block; write {{ name }} for a value, {% if … %} … {% endif %} for a condition; there is no include, import or macro
        the template fails in line 1: unexpected `}`, expected end of variable block; write {{ name }} for a value, {% if … %} … {% endif %} for a condition; there is no include, import or macro
        the template fails in line 1: filter shout is unknown (tried on a mention); see the list in docs/alerting.md, section "Templates"
        the template fails: its result is not JSON (expected `,` or `}` at line 1 column 9 of the result) (tried on a mention); write values without quotes around them, such as {"text": {{ message.title }}}: they come as JSON; or set `content_type` to what the result is
        the template fails in line 1: cannot calculate length of value of type none (tried on a mention without score, title, link, language, time, tags and feeds); 
        the template fails in line 1: unknown statement include; write {{ name }} for a value, {% if … %} … {% endif %} for a condition; there is no include, import or macro
        the template fails in line 1: it does too much: a rendering may take some 500,000 steps (tried on a mention); 
        the template fails: its result is larger than 1024 KiB (tried on a mention); 
        "#);
}

#[test]
fn alerts_about_feeds_count_only_where_they_go() {
    let template = Template::new("{{ data.topic.name }}", "application/json").unwrap();
    assert_eq!(template.try_out(false, false, false), Ok(()));
    let error = template.try_out(true, false, false).unwrap_err();
    assert!(error.what.contains("a feed that keeps failing"), "{error}");
    let alert = trouble();
    let error = template
        .render(&alert, &Message::of(&alert, &Voice::default()))
        .unwrap_err();
    assert_eq!(error.line, Some(1));
}

proptest! {
    #[test]
    fn no_text_of_a_feed_gets_out_of_its_place(title in "\\PC{0,20}|[\"\\\\{}%<>&'\n\r\u{2028}]{0,20}") {
        let mut alert = mention();
        if let StoredDetail::Mention { detail, .. } = &mut alert.detail {
            detail.title.clone_from(&title);
        }
        let message = Message::of(&alert, &Voice::default());
        let json = Template::new("{\"t\": {{ data.story.title }}}", "application/json").unwrap();
        let body: serde_json::Value =
            serde_json::from_str(&json.render(&alert, &message).unwrap()).unwrap();
        prop_assert_eq!(body, serde_json::json!({ "t": title }));
        let html = Template::new("<p>{{ data.story.title }}</p>", "text/html").unwrap();
        let body = html.render(&alert, &message).unwrap();
        prop_assert_eq!(body.matches('<').count(), 2);
    }

    #[test]
    fn no_template_panics(source in "([{]{2}|[}]{2}|\\{%|%\\}|if |for x in |endif|endfor|set y = |data|message|type|\\.|\\||tojson|[a-z ='\"(\\[\\])*0-9]){0,25}") {
        if let Ok(template) = Template::new(&source, "text/plain") {
            let _ = template.try_out(true, false, false);
        }
    }
}
