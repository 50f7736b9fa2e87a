//! Messages in each language, at clocks that change.

use jiff::tz::TimeZone;

use super::super::super::payload::tests::{mention, trouble};
use super::super::super::words::Language;
use super::*;
use crate::model::{StorySource, Timestamp};
use crate::notify::log;

/// The last half hour of summer time in Berlin: half past two on the 27th of October.
const BEFORE: i64 = 1_729_989_000_000;
/// The same wall clock an hour later.
const AFTER: i64 = BEFORE + 3_600_000;

fn voices(zone: &str) -> [Voice; 4] {
    let time_zone = TimeZone::get(zone).unwrap();
    Language::ALL.map(|language| Voice {
        language,
        time_zone: time_zone.clone(),
    })
}

/// A story of that time in so many feeds, whose text was changed.
fn story(published: i64, feeds: usize) -> StoredAlert {
    let mut alert = mention();
    alert.created = Timestamp::from_millis(published + 60_000);
    if let StoredDetail::Mention {
        detail, sources, ..
    } = &mut alert.detail
    {
        detail.published_ms = Some(published);
        detail.revision = true;
        let source: StorySource = sources[0].clone();
        sources.resize(feeds, source);
    }
    alert
}

fn telegram(voice: &Voice, alert: &StoredAlert) -> String {
    let body = sent_in(voice, &chats()[3], alert).body;
    let body: Value = serde_json::from_str(&body).unwrap();
    body["text"].as_str().unwrap().replace('\u{200b}', "")
}

#[test]
fn a_message_in_each_language_across_the_end_of_summer_time() {
    let texts = voices("Europe/Berlin").map(|voice| {
        let (before, after) = (story(BEFORE, 6), story(AFTER, 2));
        let code = voice.language.code();
        let (before, after) = (telegram(&voice, &before), telegram(&voice, &after));
        let feed = telegram(&voice, &trouble());
        format!("{code}\n{before}\n{after}\n{feed}")
    });
    insta::assert_snapshot!(texts.join("\n\n"), @r#"
    en
    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Kassym-Jomart Tokayev · Вестник · ru · 27 Oct 2024, 02:30 UTC+2 · score 27 · in 5 more feeds · edited
    <a href="https://vestnik.example/astana">vestnik.example</a>
    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Kassym-Jomart Tokayev · Вестник · ru · 27 Oct 2024, 02:30 UTC+1 · score 27 · in 1 more feed · edited
    <a href="https://vestnik.example/astana">vestnik.example</a>
    <b>Feed keeps failing: Вестник</b>
    the server answered 404
    feed vestnik · since 3 Jul 2024, 11:30 UTC+2 · 9 failed polls

    id
    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Kassym-Jomart Tokayev · Вестник · ru · 27 Oktober 2024, 02.30 UTC+2 · skor 27 · juga di 5 feed lain · telah disunting
    <a href="https://vestnik.example/astana">vestnik.example</a>
    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Kassym-Jomart Tokayev · Вестник · ru · 27 Oktober 2024, 02.30 UTC+1 · skor 27 · juga di 1 feed lain · telah disunting
    <a href="https://vestnik.example/astana">vestnik.example</a>
    <b>Feed terus gagal dibaca: Вестник</b>
    the server answered 404
    feed vestnik · sejak 3 Juli 2024, 11.30 UTC+2 · 9 kali gagal

    ru
    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Kassym-Jomart Tokayev · Вестник · ru · 27 октября 2024, 02:30 UTC+2 · релевантность 27 · ещё в 5 лентах · текст изменён
    <a href="https://vestnik.example/astana">vestnik.example</a>
    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Kassym-Jomart Tokayev · Вестник · ru · 27 октября 2024, 02:30 UTC+1 · релевантность 27 · ещё в 1 ленте · текст изменён
    <a href="https://vestnik.example/astana">vestnik.example</a>
    <b>Лента не читается: Вестник</b>
    the server answered 404
    лента vestnik · с 3 июля 2024, 11:30 UTC+2 · 9 неудачных попыток

    zh
    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Kassym-Jomart Tokayev · Вестник · ru · 2024年10月27日 02:30（UTC+2） · 相关度27 · 另有5个订阅源报道 · 内容有修改
    <a href="https://vestnik.example/astana">vestnik.example</a>
    <b>Лидеры прибыли в Астану</b>
    …по приглашению »Токаева« в Астану…
    Kassym-Jomart Tokayev · Вестник · ru · 2024年10月27日 02:30（UTC+1） · 相关度27 · 另有1个订阅源报道 · 内容有修改
    <a href="https://vestnik.example/astana">vestnik.example</a>
    <b>订阅源持续出错：Вестник</b>
    the server answered 404
    订阅源 vestnik · 自2024年7月3日 11:30（UTC+2）起 · 连续失败9次
    "#);
}

#[test]
fn readers_at_home_read_the_name_of_their_time() {
    let homes = [
        "Asia/Almaty",
        "Asia/Jakarta",
        "Europe/Moscow",
        "Asia/Shanghai",
    ];
    let mut lines = Vec::new();
    for (home, at) in homes.into_iter().zip(0..) {
        let voice = &voices(home)[at];
        lines.push(format!(
            "{home}: {}",
            voice.since(Timestamp::from_millis(BEFORE))
        ));
        lines.push(voice.digest_of(Timestamp::from_millis(BEFORE)));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    Asia/Almaty: since 27 Oct 2024, 05:30 UTC+5
    Digest of 27 Oct 2024
    Asia/Jakarta: sejak 27 Oktober 2024, 07.30 WIB
    Rangkuman 27 Oktober 2024
    Europe/Moscow: с 27 октября 2024, 03:30 мск
    Сводка за 27 октября 2024 года
    Asia/Shanghai: 自2024年10月27日 08:30（北京时间）起
    2024年10月27日汇总
    ");
}

#[test]
fn the_document_shows_what_each_language_says() {
    let document = include_str!("../../../../docs/alerting.md");
    let mut alert = story(mention().created.as_millis(), 3);
    if let StoredDetail::Mention { detail, .. } = &mut alert.detail {
        detail.topic_name = "Vladimir Putin".into();
        detail.source = "Example".into();
    }
    let homes = ["UTC", "Asia/Jakarta", "Europe/Moscow", "Asia/Shanghai"];
    for (home, at) in homes.into_iter().zip(0..) {
        let voice = &voices(home)[at];
        let text = telegram(voice, &alert);
        let (footer, words) = (text.lines().nth(2).unwrap(), voice.language);
        let row = format!(
            "| `\"{}\"` | {footer} | {} |",
            words.code(),
            words.alerts(12)
        );
        assert!(document.contains(&row), "{row}");
    }
}

#[test]
fn a_moment_outside_the_calendar_is_its_number() {
    let far = Timestamp::from_millis(i64::MAX);
    for voice in voices("Europe/Berlin") {
        assert_eq!(voice.time(far), far.to_string());
        assert_eq!(voice.day(far), far.to_string());
        assert_eq!(voice.stamp(far), far.to_string());
    }
}

#[test]
fn a_line_of_the_log_in_each_language() {
    let mut untitled = story(BEFORE, 3);
    if let StoredDetail::Mention { detail, .. } = &mut untitled.detail {
        detail.link = None;
    }
    let lines = voices("Asia/Almaty")
        .map(|voice| log::human(&untitled, &voice) + &log::human(&trouble(), &voice));
    insta::assert_snapshot!(lines.concat(), @"
    2024-10-27T05:31:00+05:00 [tokayev] Лидеры прибыли в Астану (edited) | Вестник (ru) · in 2 more feeds | (no link)
        …по приглашению »Токаева« в Астану…
    2024-07-04T14:30:00+05:00 [feed] Feed keeps failing: Вестник (vestnik) | since 3 Jul 2024, 14:30 UTC+5 · 9 failed polls | the server answered 404
    2024-10-27T05:31:00+05:00 [tokayev] Лидеры прибыли в Астану (telah disunting) | Вестник (ru) · juga di 2 feed lain | (tanpa tautan)
        …по приглашению »Токаева« в Астану…
    2024-07-04T14:30:00+05:00 [feed] Feed terus gagal dibaca: Вестник (vestnik) | sejak 3 Juli 2024, 14.30 UTC+5 · 9 kali gagal | the server answered 404
    2024-10-27T05:31:00+05:00 [tokayev] Лидеры прибыли в Астану (текст изменён) | Вестник (ru) · ещё в 2 лентах | (без ссылки)
        …по приглашению »Токаева« в Астану…
    2024-07-04T14:30:00+05:00 [feed] Лента не читается: Вестник (vestnik) | с 3 июля 2024, 14:30 UTC+5 · 9 неудачных попыток | the server answered 404
    2024-10-27T05:31:00+05:00 [tokayev] Лидеры прибыли в Астану (内容有修改) | Вестник (ru) · 另有2个订阅源报道 | （无链接）
        …по приглашению »Токаева« в Астану…
    2024-07-04T14:30:00+05:00 [feed] 订阅源持续出错：Вестник (vestnik) | 自2024年7月3日 14:30（UTC+5）起 · 连续失败9次 | the server answered 404
    ");
}

#[test]
fn programs_get_english_and_utc_whatever_the_voice() {
    let standard = [Format::Standard, Format::CloudEvents];
    for voice in voices("Asia/Almaty") {
        for format in &standard {
            for alert in [story(BEFORE, 3), trouble()] {
                let own = sent_in(&voice, format, &alert).body;
                assert_eq!(own, sent(format, &alert).body);
            }
        }
    }
}

/// `[` and `]` stand for the beginning and the end of an isolate.
#[test]
fn what_is_written_from_right_to_left_turns_nothing_beside_it() {
    let mut alert = story(BEFORE, 2);
    if let StoredDetail::Mention { detail, .. } = &mut alert.detail {
        let (before, hit, after) = ("»دیروز« به دعوت ", "پزشکیان", " 5 نفر «آمدند»");
        detail.topic_name = "مسعود پزشکیان".into();
        detail.source = "تسنیم".into();
        detail.language = None;
        detail.title = "سفر به آستانه".into();
        detail.snippet = [before, hit, after].concat();
        detail.snippet_start = before.len();
        detail.snippet_end = before.len() + hit.len();
    }
    let marked = |text: String| {
        let text = text.replace(text::ISOLATE, "[");
        text.replace(text::END, "]")
    };
    let mut failing = trouble();
    if let StoredDetail::Feed { detail, .. } = &mut failing.detail {
        detail.source = "تسنیم".into();
    }
    let shown = [&alert, &failing].map(|alert| marked(telegram(&Voice::default(), alert)));
    insta::assert_snapshot!(shown.join("\n"), @r#"
    <b>سفر به آستانه</b>
    »دیروز« به دعوت »[پزشکیان]« 5 نفر «آمدند»
    [مسعود پزشکیان] · [تسنیم] · 27 Oct 2024, 00:30 UTC · score 27 · in 1 more feed · edited
    <a href="https://vestnik.example/astana">vestnik.example</a>
    <b>Feed keeps failing: [تسنیم]</b>
    the server answered 404
    feed vestnik · since 3 Jul 2024, 09:30 UTC · 9 failed polls
    "#);
    let log = [&alert, &failing].map(|alert| log::human(alert, &Voice::default()));
    assert!(!log.concat().contains([text::ISOLATE, text::END]));
}

#[test]
fn no_voice_lets_a_hostile_title_out_of_its_place() {
    for voice in voices("Pacific/Chatham") {
        for title in titles() {
            for format in chats() {
                check_in(&voice, &format, &hostile(&title, &title, None), None);
            }
        }
    }
}
