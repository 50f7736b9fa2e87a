//! What deciding an entry's language costs: `cargo bench --bench language`.
//!
//! Prints microseconds an entry for short and long texts of six languages, with claims that agree,
//! with none and with a wrong one, and for the short news of `tests/fixtures/languages.tsv`.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use mentiond::language::{decide, detect};

const NEWS: &str = include_str!("../tests/fixtures/languages.tsv");

/// A title and a summary by language, about 200 characters where the script has letters.
const ENTRIES: &[(&str, &str)] = &[
    (
        "en",
        "Leaders gather in Astana for regional security talks\nThe heads of state of ten countries have arrived in Kazakhstan, where they will discuss trade, energy and the fight against terrorism over two days.",
    ),
    (
        "ru",
        "Лидеры стран собрались в Астане на переговоры по безопасности\nГлавы десяти государств прибыли в Казахстан, где в течение двух дней обсудят торговлю, энергетику и борьбу с терроризмом в регионе.",
    ),
    (
        "zh",
        "多国领导人齐聚阿斯塔纳出席地区安全会议\n十个国家的元首已抵达哈萨克斯坦，他们将在两天的时间里就贸易、能源以及打击恐怖主义等问题进行讨论，并签署多项合作文件。",
    ),
    (
        "tr",
        "Liderler bölgesel güvenlik görüşmeleri için Astana'da bir araya geldi\nOn ülkenin devlet başkanları, ticaret, enerji ve terörle mücadele konularını iki gün boyunca görüşmek üzere Kazakistan'a ulaştı.",
    ),
    (
        "ar",
        "قادة الدول يجتمعون في أستانا لإجراء محادثات حول الأمن الإقليمي\nوصل رؤساء عشر دول إلى كازاخستان حيث سيناقشون على مدى يومين التجارة والطاقة ومكافحة الإرهاب في المنطقة.",
    ),
    (
        "id",
        "Para pemimpin berkumpul di Astana untuk pembicaraan keamanan kawasan\nKepala negara dari sepuluh negara telah tiba di Kazakhstan, dan mereka akan membahas perdagangan, energi serta terorisme selama dua hari.",
    ),
];

fn main() {
    println!(
        "{:<10}{:>7}{:>12}{:>12}{:>12}   µs an entry",
        "text", "chars", "agreeing", "no claim", "wrong"
    );
    for (language, entry) in ENTRIES {
        row(language, entry);
    }
    for (language, entry) in ENTRIES {
        let long: String = format!("{entry}\n").repeat(12).chars().take(1024).collect();
        row(&format!("{language} 1 KB"), &long);
    }
    let news: Vec<&str> = NEWS
        .lines()
        .map(|l| l.split_once('\t').unwrap().1)
        .collect();
    let all = micros(|| {
        for text in &news {
            let _ = black_box(detect(text));
        }
    });
    let each = all / news.len() as f64;
    println!("short news, all 46 languages, no claim: {each:.2}");
}

fn row(name: &str, text: &str) {
    let language = name.split(' ').next();
    let wrong = Some(if language == Some("en") {
        "de"
    } else {
        "en-us"
    });
    println!(
        "{name:<10}{:>7}{:>12.2}{:>12.2}{:>12.2}",
        text.chars().count(),
        micros(|| drop(black_box(decide(
            None,
            language,
            None,
            language,
            black_box(text)
        )))),
        micros(|| drop(black_box(decide(None, None, None, None, black_box(text))))),
        micros(|| drop(black_box(decide(None, wrong, None, wrong, black_box(text))))),
    );
}

/// The least time of one call in microseconds, of five rounds of at least 20 ms.
fn micros(call: impl Fn()) -> f64 {
    let round = || {
        let (start, mut calls) = (Instant::now(), 0_u32);
        while start.elapsed() < Duration::from_millis(20) {
            call();
            calls += 1;
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    };
    (0..5).map(|_| round()).fold(f64::MAX, f64::min)
}
