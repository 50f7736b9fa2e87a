//! Dates as real feeds write them.

use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2024-07-05T00:00:00Z").unwrap()
}

fn reads(text: &str, instant: &str) {
    let expected = Timestamp::parse_rfc3339(instant).unwrap();
    assert_eq!(read(text, now()), Reading::Instant(expected), "{text}");
}

#[test]
fn iso_dates_in_all_their_forms() {
    for text in [
        "2024-07-04T09:30:00Z",
        "2024-07-04t09:30:00.000z",
        "2024-07-04 09:30",
        "2024-7-4T9:30:00+00:00",
        "2024-07-04T11:30:00+0200",
        "2024-07-04T11:30:00 +02",
        "20240704T093000Z",
        "2024/07/04 09:30:00",
        "2024-07-04T17:30:00+08:00",
        "2024-07-04T05:30:00-04:00",
        "1720085400",
        "1720085400000",
        "2024-07-04T09:30:00",
        "2024-07-04 12:30:00 MSK",
    ] {
        reads(text, "2024-07-04T09:30:00Z");
    }
    for text in [
        "2024-07-04",
        "2024-186",
        "2024186",
        "2024-W27-4",
        "2024W274",
        "24-07-04",
        "240704",
        "04.07.2024",
    ] {
        reads(text, "2024-07-04T00:00:00Z");
    }
    reads("2024-07", "2024-07-01T00:00:00Z");
    reads("2024", "2024-01-01T00:00:00Z");
    reads("2020-W53-5", "2021-01-01T00:00:00Z");
    reads("2024-07-03T24:00:00Z", "2024-07-04T00:00:00Z");
    reads("2024-07-04T09:30:00.1234567Z", "2024-07-04T09:30:00.123Z");
}

#[test]
fn mail_dates_with_their_common_faults() {
    for text in [
        "Thu, 04 Jul 2024 09:30:00 GMT",
        "Fri, 4 July 2024 09:30:00 +0000",
        "4 Jul 24 9:30 UT",
        "Thu, 04 Jul 2024 05:30:00 EDT",
        "Thu, 04 Jul 2024 04:30:00 EST",
        "Thu, 04 Jul 2024 12:30:00 MSK",
        "Thu, 04 Jul 2024 18:30:00 JST",
        "Thu, 04 Jul 2024 15:00:00 IST",
        "Thu, 04 Jul 2024 17:30:00 GMT+8",
        "Thu, 04 Jul 2024 17:30:00 UTC+08:00",
        "Thursday, 04-Jul-24 09:30:00 GMT",
        "Thu Jul  4 09:30:00 2024",
        "Jul 4, 2024 9:30 AM",
        "Thu, 04 Jul 2024 09:30:00 XYZ",
        "jeu., 04 Jul 2024 09:30:00 GMT",
        "Thu, 04 Jul 2024 11:30:00 +0200 (CEST)",
        "Thu,04 Jul 2024 09:30:00 Z",
        "Thu, 04 Jul 2024 09:30:00GMT",
        "Thu, 4th Jul 2024 09:30:00 -0000",
    ] {
        reads(text, "2024-07-04T09:30:00Z");
    }
    reads("04 Jul 2024", "2024-07-04T00:00:00Z");
    reads("Sat, 31 Dec 99 23:59:60 GMT", "2000-01-01T00:00:00Z");
}

#[test]
fn dates_in_other_languages_and_scripts() {
    for text in [
        "mar., 04 juil. 2024 09:30:00 GMT",
        "Чт, 04 июля 2024 12:30:00 +0300",
        "Πεμ, 04 Ιούλ 2024 12:30:00 EEST",
        "2024-július-04T9:30-00:00",
        "2024년 07월 04일  18:30:00",
        "2024-07-04 오후 06:30:00",
        "2024年7月4日 09:30",
        "2024年7月4日 上午9时30分",
        "Kam, 04 Juli 2024 16:30:00 WIB",
        "۴ Jul ۲۰۲۴ ۰۹:۳۰ +0000",
        "٤ يوليو ٢٠٢٤ ٠٩:٣٠",
        "Thu, 2024/07/04 05:30:00 EDT",
        "Do, 04. Juli 2024 11:30:00 CEST",
        "Thu, 04 Jul 2024 11:30:00 + 0200",
        "Sen, 04 Jul 2024 09:30:00 GMT",
    ] {
        reads(text, "2024-07-04T09:30:00Z");
    }
}

#[test]
fn unbelievable_dates_are_wild() {
    for text in [
        "1970-01-01T00:00:00Z",
        "1989-12-31T23:59:59Z",
        "2024-07-07T00:00:00Z",
        "292277026596-12-04T15:30:07Z",
        "-0001-11-30T00:00:00+00:00",
        "Thu, 04 Jul 292277026596 09:30:00 GMT",
        "0001-01-01",
    ] {
        assert_eq!(read(text, now()), Reading::Wild, "{text}");
    }
}

#[test]
fn impossible_dates_are_unreadable() {
    for text in [
        "",
        "yesterday",
        "2023-02-29",
        "2024-13-01",
        "31 Jun 2024",
        "2024-07-04T25:00:00Z",
        "Jul 2024",
        "2024-W60-1",
        "2024-400",
        "12:30",
        "04/07/2024",
        "2024-07-04T09:30:00+99:00",
        "9999999999999999999-01-01",
    ] {
        assert_eq!(read(text, now()), Reading::Unreadable, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "(?s)([0-9]{1,13}|[-+:/.,TZ ()]|Jul|GMT|PM|[^x]){0,16}") {
        let _ = read(&text, now());
        let _ = read(&text, Timestamp::from_millis(i64::MAX));
    }
}
