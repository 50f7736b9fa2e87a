//! Mails as they leave us, also of titles that want more than to be read.

use lettre::message::Mailbox;
use mail_parser::{HeaderValue, MessageParser};
use proptest::prelude::*;

use super::*;
use crate::config::{Private, Tls};
use crate::model::{MentionAlert, StorySource, Timestamp};
use crate::notify::payload::tests::{digest, grown, mention, trouble};
use crate::store::StoredDetail;

fn config() -> EmailConfig {
    let mailbox = |name: Option<&str>, address: &str| {
        Mailbox::new(name.map(str::to_owned), address.parse().unwrap())
    };
    EmailConfig {
        host: url::Host::parse("smtp.example.org").unwrap(),
        port: 587,
        tls: Tls::StartTls,
        login: Some((
            "me".to_owned(),
            crate::model::Secret::new("hush".to_owned()),
        )),
        from: mailbox(Some("Новости"), "alerts@example.org"),
        to: vec![
            mailbox(None, "a@example.org"),
            mailbox(Some("B, \"C\""), "b@example.net"),
        ],
        reply_to: Some(mailbox(None, "desk@example.org")),
        unsubscribe: None,
        allow_private: Private::Refused,
    }
}

fn source_of(alert: &StoredAlert, config: &EmailConfig) -> String {
    let sink = SinkId::new("desk").unwrap();
    String::from_utf8(
        Draft::of(alert, &sink, &Voice::default())
            .source(&sink, config)
            .unwrap(),
    )
    .unwrap()
}

/// The mention with these changes.
fn changed(change: impl FnOnce(&mut MentionAlert, &mut Vec<StorySource>)) -> StoredAlert {
    let mut alert = mention();
    if let StoredDetail::Mention {
        detail, sources, ..
    } = &mut alert.detail
    {
        change(detail, sources);
    }
    alert
}

/// Subject, plain text and HTML as a reader's program sees them.
fn read(source: &str) -> (String, String, String) {
    let mail = MessageParser::default().parse(source.as_bytes()).unwrap();
    let part = |part: Option<std::borrow::Cow<'_, str>>| part.unwrap().replace("\r\n", "\n");
    assert_eq!(
        (mail.text_body.len(), mail.html_body.len(), mail.parts.len()),
        (1, 1, 3)
    );
    (
        mail.subject().unwrap().to_owned(),
        part(mail.body_text(0)),
        part(mail.body_html(0)),
    )
}

#[test]
fn a_mail_is_the_same_bytes_each_time() {
    let source = source_of(&mention(), &config());
    assert_eq!(source, source_of(&mention(), &config()));
    let head = source
        .split("\r\n\r\n")
        .next()
        .unwrap()
        .replace("\r\n", "\n");
    insta::assert_snapshot!(head, @r#"
    From: =?utf-8?b?0J3QvtCy0L7RgdGC0Lg=?= <alerts@example.org>
    Subject: Kassym-Jomart Tokayev: =?utf-8?b?0JvQuNC00LXRgNGLINC/0YDQuNCx?=
     =?utf-8?b?0YvQu9C4INCyINCQ0YHRgtCw0L3Rgw==?=
    Date: Thu, 04 Jul 2024 09:30:00 +0000
    Message-ID: <al_00000000000000000000000000000000@example.org>
    In-Reply-To: <story-07070707070707070707070707070707@example.org>
    References: <story-07070707070707070707070707070707@example.org>
    Auto-Submitted: auto-generated
    List-Id: <desk.mentiond.example.org>
    X-Mentiond-Alert: al_00000000000000000000000000000000
    To: a@example.org, =?utf-8?b?QiwgIkMi?= <b@example.net>
    Reply-To: desk@example.org
    MIME-Version: 1.0
    Content-Type: multipart/alternative;
     boundary="=_al_00000000000000000000000000000000"
    "#);
    let (_, text, html) = read(&source);
    insta::assert_snapshot!(text, @r#"
    Лидеры прибыли в Астану

    …по приглашению »Токаева« в Астану…

    Kassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27

    https://vestnik.example/astana
    "#);
    insta::assert_snapshot!(html, @r#"
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <meta name="supported-color-schemes" content="light dark">
    </head>
    <body style="margin:0;padding:16px">
    <div style="max-width:640px;margin:0 auto;font-family:system-ui,sans-serif;line-height:1.5">
    <p dir="auto" style="margin:0 0 12px;font-size:14px;opacity:0.75">Kassym-Jomart Tokayev</p>
    <h1 dir="auto" lang="ru" style="margin:0 0 12px;font-size:20px;line-height:1.3">Лидеры прибыли в Астану</h1>
    <p dir="auto" lang="ru" style="margin:0 0 12px;font-size:16px">…по приглашению <mark style="background:#ffe066;color:#000">Токаева</mark> в Астану…</p>
    <p dir="auto" style="margin:0 0 12px;font-size:14px;opacity:0.75">Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27</p>
    <p dir="auto" style="margin:0 0 12px"><a href="https://vestnik.example/astana">vestnik.example</a></p>
    </div>
    </body>
    </html>
    "#);
}

#[test]
fn a_feed_in_trouble_is_told_too() {
    let (subject, text, _) = read(&source_of(&trouble(), &config()));
    insta::assert_snapshot!(format!("{subject}\n---\n{text}"), @r#"
    Feed keeps failing: Вестник
    ---
    Feed keeps failing: Вестник

    the server answered 404

    feed vestnik · since 3 Jul 2024, 09:30 UTC · 9 failed polls
    "#);
}

#[test]
fn several_sources_are_listed_with_their_links() {
    let alert = changed(|_, sources| {
        let mut other = sources[0].clone();
        other.source = "Wire <b>".to_owned();
        other.link = Some("javascript:alert(1)".to_owned());
        sources.push(other);
    });
    let (_, text, html) = read(&source_of(&alert, &config()));
    assert!(
        text.contains("- Вестник: https://vestnik.example/astana\n- Wire <b>"),
        "{text}"
    );
    assert!(
        html.contains("<li><bdi>Wire &lt;b&gt;</bdi></li>"),
        "{html}"
    );
    assert!(!html.contains("javascript"), "{html}");
}

#[test]
fn mails_of_one_story_stand_in_one_thread_and_repeats_have_one_id() {
    let source = source_of(&mention(), &config());
    let mail = MessageParser::default().parse(source.as_bytes()).unwrap();
    let story = "story-07070707070707070707070707070707@example.org";
    assert_eq!(
        mail.message_id(),
        Some("al_00000000000000000000000000000000@example.org")
    );
    assert_eq!(mail.in_reply_to().as_text(), Some(story));
    assert_eq!(mail.references().as_text(), Some(story));
    assert!(!source.contains("List-Unsubscribe"));
    let told = EmailConfig {
        unsubscribe: Some("mailto:admin@example.org".to_owned()),
        ..config()
    };
    let source = source_of(&mention(), &told);
    assert!(
        source.contains("\r\nList-Unsubscribe: <mailto:admin@example.org>\r\n"),
        "{source}"
    );
}

#[test]
fn a_digest_is_one_mail_with_all_that_it_tells() {
    let source = source_of(&digest(), &config());
    assert!(
        source.contains("\r\nReferences: <digest-desk@example.org>\r\n"),
        "{source}"
    );
    let (subject, text, html) = read(&source);
    insta::assert_snapshot!(format!("{subject}\n---\n{text}"), @r#"
    3 alerts · Kassym-Jomart Tokayev (2)
    ---
    3 alerts

    Kassym-Jomart Tokayev (2) · Too many at once, so gathered here · 4 Jul 2024, 08:30 UTC – 4 Jul 2024, 09:30 UTC

    * * *

    Лидеры прибыли в Астану

    …по приглашению »Токаева« в Астану…

    Kassym-Jomart Tokayev · Вестник · ru · 4 Jul 2024, 09:29 UTC · score 27

    https://vestnik.example/astana

    * * *

    Feed keeps failing: Вестник

    the server answered 404

    feed vestnik · since 3 Jul 2024, 09:30 UTC · 9 failed polls

    * * *

    and 1 more
    "#);
    assert_eq!(
        (html.matches("<h1").count(), html.matches("<hr").count()),
        (3, 3)
    );
}

#[test]
fn a_mail_speaks_its_readers_language() {
    let language = crate::notify::words::Language::ALL[2];
    let voice = Voice {
        language,
        ..Voice::default()
    };
    let (alert, sink) = (grown(), SinkId::new("desk").unwrap());
    let draft = Draft::of(&alert, &sink, &voice);
    insta::assert_snapshot!(format!("{}\n---\n{}", draft.subject, draft.text()), @r#"
    Дополнение: уже в 7 лентах · Kassym-Jomart Tokayev: Лидеры прибыли в Астану
    ---
    Лидеры прибыли в Астану

    …по приглашению »Токаева« в Астану…

    Дополнение: уже в 7 лентах · Kassym-Jomart Tokayev · Вестник · ru · 4 июля 2024, 09:29 UTC · релевантность 27

    https://vestnik.example/astana

    - Вестник: https://vestnik.example/astana
    - Вестник: https://vestnik.example/astana
    - Вестник: https://vestnik.example/astana
    - Вестник: https://vestnik.example/astana
    - Вестник: https://vestnik.example/astana
    - Вестник: https://vestnik.example/astana
    - Вестник: https://vestnik.example/astana
    "#);
    assert!(draft.html().contains("<html lang=\"ru\">"));
}

#[test]
fn hostile_titles_stay_titles() {
    for (title, subject) in [
        (
            "A\r\nBcc: all@evil.example\r\n\r\nbody",
            "A Bcc: all@evil.example body",
        ),
        ("pay\u{202e}lap \u{2067}x\u{0}\u{7f}", "paylap x"),
        (
            "<script>alert(1)</script> @all",
            "<script>alert(1)</script> @all",
        ),
        (
            "=?utf-8?q?=0D=0ABcc:_x?= \"q\"",
            "=\u{200b}?utf-8?q?=0D=0ABcc:_x?= \"q\"",
        ),
        (
            "وصل توكاييف إلى أستانا",
            "\u{2068}وصل توكاييف إلى أستانا\u{2069}",
        ),
        (".\r\nQUIT\r\n.", ". QUIT ."),
    ] {
        let alert = changed(|detail, _| title.clone_into(&mut detail.title));
        let source = source_of(&alert, &config());
        let (read_subject, text, html) = read(&source);
        assert_eq!(read_subject, format!("Kassym-Jomart Tokayev: {subject}"));
        assert!(
            !html.contains("<script") && !html.contains("@all"),
            "{html}"
        );
        assert!(text.lines().count() <= 8, "{text}");
        let mail = MessageParser::default().parse(source.as_bytes()).unwrap();
        assert!(mail.bcc().is_none());
        assert!(matches!(
            mail.header("Auto-Submitted"),
            Some(HeaderValue::Text(_))
        ));
    }
}

#[test]
fn a_title_like_a_book_is_cut_between_characters() {
    let family = "👩\u{200d}👧\u{200d}👦";
    let alert = changed(|detail, _| detail.title = family.repeat(10_000));
    let source = source_of(&alert, &config());
    let (subject, text, _) = read(&source);
    let cut = subject
        .strip_prefix("Kassym-Jomart Tokayev: ")
        .unwrap()
        .strip_suffix('…')
        .unwrap();
    assert_eq!(cut.replace(family, ""), "");
    assert!(subject.chars().map(char::len_utf16).sum::<usize>() <= 180);
    assert!(
        text.len() < 4000 && source.len() < 16_000,
        "{}",
        source.len()
    );
}

#[test]
fn the_hit_is_marked_wherever_it_is_cut() {
    let snippet = |before: &str, hit: &str, after: &str| {
        let alert = changed(|detail, _| {
            detail.snippet = format!("{before}{hit}{after}");
            detail.snippet_start = before.len();
            detail.snippet_end = before.len() + hit.len();
        });
        read(&source_of(&alert, &config())).2
    };
    let html = snippet("by »A« & \u{f8f0}", "<Tokayev>", "\u{f8f1} said");
    assert!(
        html.contains(
            "by »A« &amp; <mark style=\"background:#ffe066;color:#000\">&lt;Tokayev&gt;</mark> said"
        ),
        "{html}"
    );
    for (before, hit) in [
        ("x ".repeat(5000), "y".to_owned()),
        (String::new(), "y".repeat(9000)),
    ] {
        let html = snippet(&before, &hit, "z");
        assert_eq!(
            html.matches("<mark").count(),
            html.matches("</mark>").count()
        );
        assert!(!html.contains('\u{f8f0}') && !html.contains('\u{f8f1}'));
    }
}

proptest! {
    #[test]
    fn every_mail_can_be_read_again(
        title in any::<String>(), snippet in any::<String>(), name in any::<String>(),
        source in any::<String>(), link in any::<String>(), language in any::<String>(),
        at in any::<i64>(),
    ) {
        let mut alert = changed(|detail, sources| {
            detail.title = title.clone();
            detail.snippet_end = snippet.len();
            detail.snippet_start = 0;
            detail.snippet = snippet.clone();
            detail.topic_name = name;
            detail.source = source.clone();
            detail.language = Some(language);
            detail.link = Some(format!("https://a.example/{link}"));
            let mut other = sources[0].clone();
            other.source = source;
            sources.push(other);
        });
        alert.created = Timestamp::from_millis(at);
        let source = source_of(&alert, &config());
        prop_assert!(source.is_ascii());
        let lines: Vec<&str> = source.split("\r\n").collect();
        prop_assert!(lines.iter().all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
        let (head, _) = source.split_once("\r\n\r\n").unwrap();
        let names = head.split("\r\n").filter(|line| !line.starts_with(' '));
        let names: Vec<_> = names.map(|line| line.split_once(": ").unwrap().0).collect();
        prop_assert_eq!(names, [
            "From", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
            "List-Id", "X-Mentiond-Alert", "To", "Reply-To", "MIME-Version", "Content-Type",
        ]);
        let (subject, _, html) = read(&source);
        prop_assert!(!subject.contains(char::is_control));
        for tag in ["<script", "<img", "<style", "onerror=\"", "src="] {
            prop_assert!(!html.contains(tag), "{}", html);
        }
        prop_assert_eq!(html.matches("<a ").count(), html.matches("<a href=\"https://").count());
    }
}
