//! Russian, with its three plurals.

use jiff::civil::Date;

use super::{Words, listed, month};

pub(super) static WORDS: Words = Words {
    code: "ru",
    day,
    time: |at, zone| {
        let (hour, minute) = (at.hour(), at.minute());
        format!("{}, {hour:02}:{minute:02} {zone}", day(at.date()))
    },
    zones: &[
        ("Europe/Moscow", 3 * 3600, "мск"),
        ("Europe/Kirov", 3 * 3600, "мск"),
        ("Europe/Simferopol", 3 * 3600, "мск"),
    ],

    without_title: "(без заголовка)",
    without_link: "(без ссылки)",
    score: |score| format!("релевантность {score}"),
    // The prepositional case tells one from all others only.
    more_feeds: |n| format!("ещё в {n} {}", plural(n, "ленте", "лентах", "лентах")),
    edited: "текст изменён",

    update: "Дополнение",
    also_mentions: |names| {
        let what = if names.len() == 1 {
            "новое упоминание"
        } else {
            "новые упоминания"
        };
        let names = listed(names, ", ", " и ", " и ");
        format!("Дополнение: {what} — {names}")
    },
    now_in_feeds: |n| format!("уже в {n} {}", plural(n, "ленте", "лентах", "лентах")),

    feed: |id| format!("лента {id}"),
    feed_failing: |source| format!("Лента не читается: {source}"),
    feed_gone: |source| format!("Ленты больше нет: {source}"),
    since: |time| format!("с {time}"),
    failed_polls: |n| {
        let polls = plural(
            n,
            "неудачная попытка",
            "неудачные попытки",
            "неудачных попыток",
        );
        format!("{n} {polls}")
    },

    alerts: |n| {
        let alerts = plural(n, "оповещение", "оповещения", "оповещений");
        format!("{n} {alerts}")
    },
    and_more: |n| format!("и ещё {n}"),
    digest_of: |day| format!("Сводка за {day} года"),
    held_quiet: "Накоплено за тихие часы",
    too_many: "Слишком много сразу, собрано в одно сообщение",

    spike: |topic, n, usually| {
        let times = plural(n, "упоминание", "упоминания", "упоминаний");
        let usually = match usually {
            0 => "почти ни одного".to_owned(),
            usually => usually.to_string(),
        };
        format!("Всплеск: {topic} — {n} {times} за час, обычно {usually}")
    },
};

const MONTHS: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

fn day(day: Date) -> String {
    format!("{} {} {}", day.day(), month(day, &MONTHS), day.year())
}

/// 1, 21, 101 …; 2 to 4, 22 …; 0, 5 to 20, 25 …
fn plural(n: u64, one: &'static str, few: &'static str, many: &'static str) -> &'static str {
    match (n % 10, n % 100) {
        (_, 11..=14) => many,
        (1, _) => one,
        (2..=4, _) => few,
        _ => many,
    }
}
