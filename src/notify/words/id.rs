//! Indonesian, which has no plurals beside a number and writes a time with a dot.

use jiff::civil::Date;

use super::{Words, listed, month};

pub(super) static WORDS: Words = Words {
    code: "id",
    day,
    time: |at, zone| {
        let (hour, minute) = (at.hour(), at.minute());
        format!("{}, {hour:02}.{minute:02} {zone}", day(at.date()))
    },
    zones: &[
        ("Asia/Jakarta", 7 * 3600, "WIB"),
        ("Asia/Pontianak", 7 * 3600, "WIB"),
        ("Asia/Makassar", 8 * 3600, "WITA"),
        ("Asia/Jayapura", 9 * 3600, "WIT"),
    ],

    without_title: "(tanpa judul)",
    without_link: "(tanpa tautan)",
    score: |score| format!("skor {score}"),
    more_feeds: |n| format!("juga di {n} feed lain"),
    edited: "telah disunting",

    update: "Perkembangan",
    also_mentions: |names| {
        let names = listed(names, ", ", " dan ", ", dan ");
        format!("Perkembangan: juga menyebut {names}")
    },
    now_in_feeds: |n| format!("kini di {n} feed"),

    feed: |id| format!("feed {id}"),
    feed_failing: |source| format!("Feed terus gagal dibaca: {source}"),
    feed_gone: |source| format!("Feed sudah tidak ada: {source}"),
    since: |time| format!("sejak {time}"),
    failed_polls: |n| format!("{n} kali gagal"),

    alerts: |n| format!("{n} notifikasi"),
    and_more: |n| format!("dan {n} lainnya"),
    digest_of: |day| format!("Rangkuman {day}"),
    held_quiet: "Ditahan selama jam tenang",
    too_many: "Terlalu banyak sekaligus, digabung di sini",

    spike: |topic, n, usually| {
        let usually = match usually {
            0 => "hampir tidak pernah".to_owned(),
            usually => format!("{usually} kali"),
        };
        format!("Lonjakan: {topic} disebut {n} kali dalam satu jam, biasanya {usually}")
    },
};

const MONTHS: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];

fn day(day: Date) -> String {
    format!("{} {} {}", day.day(), month(day, &MONTHS), day.year())
}
