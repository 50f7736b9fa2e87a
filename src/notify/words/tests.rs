//! All phrases, and what no phrase may be.

use jiff::civil::{Date, date, datetime};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{Language, Name};

/// What stands in the holes of phrases.
struct Holes {
    names: Vec<Name>,
    count: u64,
    usually: u64,
    score: u8,
    day: Date,
    minute: i8,
    ahead: i32,
}

/// Every phrase of a language.
fn phrases(words: Language, holes: &Holes) -> Vec<(&'static str, String)> {
    let Holes { names, count, .. } = holes;
    let nobody = Name::of("");
    let name = names.first().unwrap_or(&nobody);
    let day = words.day(holes.day);
    let at = holes.day.at(23, holes.minute, 59, 0);
    vec![
        ("code", words.code().into()),
        ("day", day.clone()),
        ("time", words.time(at, None, holes.ahead)),
        ("without_title", words.without_title().into()),
        ("without_link", words.without_link().into()),
        ("score", words.score(holes.score)),
        ("more_feeds", words.more_feeds(*count)),
        ("edited", words.edited().into()),
        ("update", words.update().into()),
        ("also_mentions", words.also_mentions(names)),
        ("now_in_feeds", words.now_in_feeds(*count)),
        ("feed", words.feed(name)),
        ("feed_failing", words.feed_failing(name)),
        ("feed_gone", words.feed_gone(name)),
        ("since", words.since(&day)),
        ("failed_polls", words.failed_polls(*count)),
        ("alerts", words.alerts(*count)),
        ("and_more", words.and_more(*count)),
        ("digest_of", words.digest_of(&day)),
        ("held_quiet", words.held_quiet().into()),
        ("too_many", words.too_many().into()),
        ("spike", words.spike(name, *count, holes.usually)),
    ]
}

#[test]
fn every_phrase_in_every_language() {
    let holes = Holes {
        names: vec![Name::of("Xi Jinping"), Name::of("Токаев")],
        count: 12,
        usually: 3,
        score: 27,
        day: date(2024, 7, 4),
        minute: 5,
        ahead: 5 * 3600,
    };
    let of = |words| {
        let lines = phrases(words, &holes).into_iter();
        let lines = lines.map(|(name, text)| format!("{name:14} {text}\n"));
        lines.collect::<String>()
    };
    insta::assert_snapshot!(Language::ALL.map(of).join("\n"), @"
    code           en
    day            4 Jul 2024
    time           4 Jul 2024, 23:05 UTC+5
    without_title  (without a title)
    without_link   (no link)
    score          score 27
    more_feeds     in 12 more feeds
    edited         edited
    update         Update
    also_mentions  Update: also mentions Xi Jinping and Токаев
    now_in_feeds   now in 12 feeds
    feed           feed Xi Jinping
    feed_failing   Feed keeps failing: Xi Jinping
    feed_gone      Feed is gone: Xi Jinping
    since          since 4 Jul 2024
    failed_polls   12 failed polls
    alerts         12 alerts
    and_more       and 12 more
    digest_of      Digest of 4 Jul 2024
    held_quiet     Held back during quiet hours
    too_many       Too many at once, so gathered here
    spike          Spike: Xi Jinping mentioned 12 times in an hour, usually 3

    code           id
    day            4 Juli 2024
    time           4 Juli 2024, 23.05 UTC+5
    without_title  (tanpa judul)
    without_link   (tanpa tautan)
    score          skor 27
    more_feeds     juga di 12 feed lain
    edited         telah disunting
    update         Perkembangan
    also_mentions  Perkembangan: juga menyebut Xi Jinping dan Токаев
    now_in_feeds   kini di 12 feed
    feed           feed Xi Jinping
    feed_failing   Feed terus gagal dibaca: Xi Jinping
    feed_gone      Feed sudah tidak ada: Xi Jinping
    since          sejak 4 Juli 2024
    failed_polls   12 kali gagal
    alerts         12 notifikasi
    and_more       dan 12 lainnya
    digest_of      Rangkuman 4 Juli 2024
    held_quiet     Ditahan selama jam tenang
    too_many       Terlalu banyak sekaligus, digabung di sini
    spike          Lonjakan: Xi Jinping disebut 12 kali dalam satu jam, biasanya 3 kali

    code           ru
    day            4 июля 2024
    time           4 июля 2024, 23:05 UTC+5
    without_title  (без заголовка)
    without_link   (без ссылки)
    score          релевантность 27
    more_feeds     ещё в 12 лентах
    edited         текст изменён
    update         Дополнение
    also_mentions  Дополнение: новые упоминания — Xi Jinping и Токаев
    now_in_feeds   уже в 12 лентах
    feed           лента Xi Jinping
    feed_failing   Лента не читается: Xi Jinping
    feed_gone      Ленты больше нет: Xi Jinping
    since          с 4 июля 2024
    failed_polls   12 неудачных попыток
    alerts         12 оповещений
    and_more       и ещё 12
    digest_of      Сводка за 4 июля 2024 года
    held_quiet     Накоплено за тихие часы
    too_many       Слишком много сразу, собрано в одно сообщение
    spike          Всплеск: Xi Jinping — 12 упоминаний за час, обычно 3

    code           zh
    day            2024年7月4日
    time           2024年7月4日 23:05（UTC+5）
    without_title  （无标题）
    without_link   （无链接）
    score          相关度27
    more_feeds     另有12个订阅源报道
    edited         内容有修改
    update         更新
    also_mentions  更新：还提到Xi Jinping和Токаев
    now_in_feeds   现有12个订阅源报道
    feed           订阅源 Xi Jinping
    feed_failing   订阅源持续出错：Xi Jinping
    feed_gone      订阅源已失效：Xi Jinping
    since          自2024年7月4日起
    failed_polls   连续失败12次
    alerts         12条提醒
    and_more       另有12条
    digest_of      2024年7月4日汇总
    held_quiet     免打扰时段暂缓推送
    too_many       短时间内提醒过多，已合并
    spike          骤增：Xi Jinping，一小时内被提及12次，平时约3次
    ");
}

#[test]
fn plurals_follow_the_number() {
    let lines = [1, 2, 5, 11, 12, 21, 22, 111, 1001].map(|n| {
        Language::ALL
            .map(|words| {
                let counted = [words.alerts(n), words.more_feeds(n), words.failed_polls(n)];
                counted.join(", ")
            })
            .join(" | ")
    });
    insta::assert_snapshot!(lines.join("\n"), @"
    1 alert, in 1 more feed, 1 failed poll | 1 notifikasi, juga di 1 feed lain, 1 kali gagal | 1 оповещение, ещё в 1 ленте, 1 неудачная попытка | 1条提醒, 另有1个订阅源报道, 连续失败1次
    2 alerts, in 2 more feeds, 2 failed polls | 2 notifikasi, juga di 2 feed lain, 2 kali gagal | 2 оповещения, ещё в 2 лентах, 2 неудачные попытки | 2条提醒, 另有2个订阅源报道, 连续失败2次
    5 alerts, in 5 more feeds, 5 failed polls | 5 notifikasi, juga di 5 feed lain, 5 kali gagal | 5 оповещений, ещё в 5 лентах, 5 неудачных попыток | 5条提醒, 另有5个订阅源报道, 连续失败5次
    11 alerts, in 11 more feeds, 11 failed polls | 11 notifikasi, juga di 11 feed lain, 11 kali gagal | 11 оповещений, ещё в 11 лентах, 11 неудачных попыток | 11条提醒, 另有11个订阅源报道, 连续失败11次
    12 alerts, in 12 more feeds, 12 failed polls | 12 notifikasi, juga di 12 feed lain, 12 kali gagal | 12 оповещений, ещё в 12 лентах, 12 неудачных попыток | 12条提醒, 另有12个订阅源报道, 连续失败12次
    21 alerts, in 21 more feeds, 21 failed polls | 21 notifikasi, juga di 21 feed lain, 21 kali gagal | 21 оповещение, ещё в 21 ленте, 21 неудачная попытка | 21条提醒, 另有21个订阅源报道, 连续失败21次
    22 alerts, in 22 more feeds, 22 failed polls | 22 notifikasi, juga di 22 feed lain, 22 kali gagal | 22 оповещения, ещё в 22 лентах, 22 неудачные попытки | 22条提醒, 另有22个订阅源报道, 连续失败22次
    111 alerts, in 111 more feeds, 111 failed polls | 111 notifikasi, juga di 111 feed lain, 111 kali gagal | 111 оповещений, ещё в 111 лентах, 111 неудачных попыток | 111条提醒, 另有111个订阅源报道, 连续失败111次
    1001 alerts, in 1001 more feeds, 1001 failed polls | 1001 notifikasi, juga di 1001 feed lain, 1001 kali gagal | 1001 оповещение, ещё в 1001 ленте, 1001 неудачная попытка | 1001条提醒, 另有1001个订阅源报道, 连续失败1001次
    ");
}

#[test]
fn names_are_listed_and_a_rare_topic_is_said_to_be_rare() {
    let names: Vec<_> = ["A", "B", "C"].map(Name::of).into();
    let lines = Language::ALL.map(|words| {
        let also = (0..=3).map(|n| words.also_mentions(&names[..n]));
        let mut also: Vec<_> = also.collect();
        also.push(words.spike(&names[0], 1, 0));
        also.join(" | ")
    });
    insta::assert_snapshot!(lines.join("\n"), @"
    Update | Update: also mentions A | Update: also mentions A and B | Update: also mentions A, B and C | Spike: A mentioned 1 time in an hour, usually hardly ever
    Perkembangan | Perkembangan: juga menyebut A | Perkembangan: juga menyebut A dan B | Perkembangan: juga menyebut A, B, dan C | Lonjakan: A disebut 1 kali dalam satu jam, biasanya hampir tidak pernah
    Дополнение | Дополнение: новое упоминание — A | Дополнение: новые упоминания — A и B | Дополнение: новые упоминания — A, B и C | Всплеск: A — 1 упоминание за час, обычно почти ни одного
    更新 | 更新：还提到A | 更新：还提到A和B | 更新：还提到A、B和C | 骤增：A，一小时内被提及1次，平时几乎没有
    ");
}

#[test]
fn every_month_has_its_name() {
    for words in Language::ALL {
        let mut days: Vec<_> = (1..=12).map(|m| words.day(date(2024, m, 9))).collect();
        assert!(days.iter().all(|day| day.contains("2024")), "{days:?}");
        let months: Vec<_> = days.iter().map(|day| day.replace("2024", "")).collect();
        let has_letters = |text: &String| text.chars().any(char::is_alphabetic);
        assert!(months.iter().all(has_letters), "{days:?}");
        days.sort();
        days.dedup();
        assert_eq!(days.len(), 12);
    }
}

#[test]
fn known_names_of_zones_are_of_zones_with_that_offset() {
    let at = jiff::Timestamp::from_millisecond(1_720_085_400_000).unwrap();
    for words in Language::ALL {
        for (zone, ahead, _) in words.0.zones {
            let found = TimeZone::get(zone).unwrap();
            assert_eq!(found.to_offset(at).seconds(), *ahead, "{zone}");
        }
    }
}

#[test]
fn a_zone_is_named_only_while_its_clock_is_the_one_that_is_meant() {
    let at = datetime(1988, 7, 4, 12, 30, 0, 0);
    let zh = Language::ALL[3];
    let in_shanghai = |ahead| zh.time(at, Some("Asia/Shanghai"), ahead);
    assert_eq!(in_shanghai(8 * 3600), "1988年7月4日 12:30（北京时间）");
    assert_eq!(in_shanghai(9 * 3600), "1988年7月4日 12:30（UTC+9）");
    let of = |ahead| super::offset(ahead);
    assert_eq!(of(0), "UTC");
    assert_eq!(of(20_700), "UTC+5:45");
    assert_eq!(of(-12_600), "UTC-3:30");
    assert_eq!(of(-1_800), "UTC-0:30");
}

#[test]
fn no_two_languages_have_one_code() {
    let mut codes = Language::ALL.map(Language::code);
    assert_eq!(codes[0], Language::default().code());
    codes.sort_unstable();
    assert!(codes.windows(2).all(|two| two[0] != two[1]));
}

proptest! {
    #[test]
    fn no_phrase_is_empty_or_breaks_its_line(
        names in prop::collection::vec(any::<String>(), 0..4),
        is_plain in any::<bool>(),
        count in prop_oneof![0..130_u64, any::<u64>()],
        usually in any::<u64>(),
        score in any::<u8>(),
        (year, month, day) in (-9999..=9999_i16, 1..=12_i8, 1..=28_i8),
        minute in 0..60_i8,
        ahead in -93_599..=93_599_i32,
    ) {
        let name = |text: &String| if is_plain { Name::plain(text) } else { Name::of(text) };
        let holes = Holes {
            names: names.iter().map(name).collect(),
            count,
            usually,
            score,
            day: date(year, month, day),
            minute,
            ahead,
        };
        for words in Language::ALL {
            for (name, text) in phrases(words, &holes) {
                prop_assert!(!text.trim().is_empty(), "{:?} {}", words, name);
                let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
                prop_assert!(!text.contains(breaks), "{:?} {}: {:?}", words, name, text);
            }
        }
    }
}
