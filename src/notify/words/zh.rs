//! Simplified Chinese, which has no plurals and its own punctuation.

use jiff::civil::Date;

use super::{Words, listed};

pub(super) static WORDS: Words = Words {
    code: "zh",
    day,
    time: |at, zone| {
        let (hour, minute) = (at.hour(), at.minute());
        format!("{} {hour:02}:{minute:02}（{zone}）", day(at.date()))
    },
    zones: &[("Asia/Shanghai", 8 * 3600, "北京时间")],

    without_title: "（无标题）",
    without_link: "（无链接）",
    score: |score| format!("相关度{score}"),
    more_feeds: |n| format!("另有{n}个订阅源报道"),
    edited: "内容有修改",

    update: "更新",
    also_mentions: |names| {
        let names = listed(names, "、", "和", "和");
        format!("更新：还提到{names}")
    },
    now_in_feeds: |n| format!("现有{n}个订阅源报道"),

    feed: |id| format!("订阅源 {id}"),
    feed_failing: |source| format!("订阅源持续出错：{source}"),
    feed_gone: |source| format!("订阅源已失效：{source}"),
    since: |time| format!("自{time}起"),
    failed_polls: |n| format!("连续失败{n}次"),

    alerts: |n| format!("{n}条提醒"),
    and_more: |n| format!("另有{n}条"),
    digest_of: |day| format!("{day}汇总"),
    held_quiet: "免打扰时段暂缓推送",
    too_many: "短时间内提醒过多，已合并",

    spike: |topic, n, usually| {
        let usually = match usually {
            0 => "几乎没有".to_owned(),
            usually => format!("约{usually}次"),
        };
        format!("骤增：{topic}，一小时内被提及{n}次，平时{usually}")
    },
};

fn day(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}
