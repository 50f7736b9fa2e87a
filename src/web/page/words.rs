//! Times, links and charts as pages show them. Pure.

use std::fmt::Write as _;

use url::Url;

use crate::model::Timestamp;
use crate::trends::series::Point;
use crate::trends::spark::heights;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// A chart's height, and what each of its bars takes of its width.
const HEIGHT: u32 = 24;
const STEP: usize = 8;

/// An instant as HTML: how far it is from now, and exactly where the reader asks for it.
pub(super) fn time(at: Timestamp, now: Timestamp) -> String {
    let (seconds, is_past) = if at <= now {
        (now.since(at).as_secs(), true)
    } else {
        (at.since(now).as_secs(), false)
    };
    let exact = at.to_string();
    let exact = exact.split('.').next().unwrap_or_default();
    let minute: String = exact.trim_end_matches('Z').chars().take(16).collect();
    let minute = minute.replace('T', " ");
    // What is past has passed in full; what is to come is rounded, so that 8 h are not 7 a moment later.
    let round = |unit: u64| if is_past { 0 } else { unit / 2 };
    let span = match seconds {
        0..MINUTE => None,
        MINUTE..HOUR => Some(((seconds + round(MINUTE)) / MINUTE, "min")),
        HOUR..DAY => Some(((seconds + round(HOUR)) / HOUR, "h")),
        _ => Some(((seconds + round(DAY)) / DAY, "d")),
    };
    let words = match (span, is_past) {
        (None, true) => "just now".to_owned(),
        (None, false) => "in a moment".to_owned(),
        (Some((n, unit)), true) => format!("{n} {unit} ago"),
        (Some((n, unit)), false) => format!("in {n} {unit}"),
    };
    format!("<time datetime=\"{at}\" title=\"{minute} UTC\">{words}</time>")
}

/// The link, if a browser may follow it.
pub(super) fn web_link(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// A text as HTML, with `<mark>` around the hits, which are given in order by their bytes. What is no stretch
/// of the text is not marked.
pub(super) fn marked(text: &str, hits: &[(usize, usize)]) -> String {
    let mut html = String::with_capacity(text.len() + 16 * hits.len());
    let mut at = 0;
    for (start, end) in hits {
        let (Some(before), Some(hit)) = (text.get(at..*start), text.get(*start..*end)) else {
            continue;
        };
        html += &escape(before);
        html += "<mark>";
        html += &escape(hit);
        html += "</mark>";
        at = *end;
    }
    html + &escape(text.get(at..).unwrap_or_default())
}

/// A text as it is written in HTML, attributes in double quotes included.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#x27;",
            c => html.push(c),
        }
    }
    html
}

/// A number that is no count, with as many digits as say something.
pub(super) fn decimal(value: f64) -> String {
    if value >= 9.95 {
        format!("{value:.0}")
    } else if value >= 0.095 || value <= 0.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A count, in groups of three digits.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Days as bars, as HTML. Numbers are told to those who can't see it.
pub(super) fn chart(points: &[Point]) -> String {
    let values: Vec<f64> = points.iter().map(|point| point.mentions as f64).collect();
    let told: Vec<String> = points.iter().map(|p| p.mentions.to_string()).collect();
    let width = points.len() * STEP;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {width} {}\" width=\"{width}\" height=\"{}\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"Mentions a day, {} days: {}\">",
        HEIGHT + 1,
        HEIGHT + 1,
        points.len(),
        told.join(" ")
    );
    for (n, (point, height)) in points.iter().zip(heights(&values, HEIGHT)).enumerate() {
        // A day without mentions is a line.
        let (class, height) = match height {
            0 => ("none", 1),
            height => ("bar", height.max(2)),
        };
        let day: String = point.start.to_string().chars().take(10).collect();
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"><title>{day}: {}</title></rect>",
            n * STEP,
            HEIGHT + 1 - height,
            STEP - 2,
            point.mentions
        );
    }
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_720_085_400_000);

    #[test]
    fn times_are_told_from_now() {
        let words = |at| {
            let html = time(at, NOW);
            let (_, rest) = html.split_once('>').unwrap();
            rest.trim_end_matches("</time>").to_owned()
        };
        assert_eq!(words(NOW), "just now");
        assert_eq!(words(NOW - Duration::from_secs(90)), "1 min ago");
        assert_eq!(words(NOW + Duration::from_hours(5)), "in 5 h");
        assert_eq!(words(NOW + Duration::from_secs(8 * 3600 - 1)), "in 8 h");
        assert_eq!(words(NOW - Duration::from_secs(8 * 3600 - 1)), "7 h ago");
        assert_eq!(words(NOW - Duration::from_hours(50)), "2 d ago");
        let exact = time(NOW, NOW);
        assert!(exact.contains("title=\"2024-07-04 09:30 UTC\""), "{exact}");
    }

    #[test]
    fn only_links_of_the_web_are_links() {
        assert_eq!(
            web_link("https://a.example/x?y=1").as_deref(),
            Some("https://a.example/x?y=1")
        );
        for link in [
            "javascript:alert(1)",
            " data:text/html,x",
            "/relative",
            "file:///etc/passwd",
            "",
        ] {
            assert_eq!(web_link(link), None, "{link}");
        }
    }

    #[test]
    fn hits_are_marked_and_all_else_is_escaped() {
        assert_eq!(
            marked("a <b> 习近平 & \"c\"", &[(2, 5), (6, 15)]),
            "a <mark>&lt;b&gt;</mark> <mark>习近平</mark> &amp; &quot;c&quot;"
        );
        // Not at the border of a character, behind the end, and before the last.
        assert_eq!(marked("ü<", &[(1, 2), (2, 9)]), "ü&lt;");
        assert_eq!(marked("abc", &[(1, 2), (0, 1)]), "a<mark>b</mark>c");
    }

    #[test]
    fn numbers_have_the_digits_that_say_something() {
        assert_eq!(
            [0.0, 0.04, 4.06, 9.96, 250.4].map(decimal),
            ["0.0", "0.04", "4.1", "10", "250"]
        );
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn a_chart_has_a_bar_for_each_day_and_tells_its_numbers() {
        let day = |n: u32, mentions| Point {
            start: NOW + Duration::from_hours(24) * n,
            end: NOW + Duration::from_hours(24) * (n + 1),
            mentions,
            stories: 0,
        };
        let svg = chart(&[day(0, 0), day(1, 4)]);
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(
            svg.contains("2 days: 0 4\"") && svg.contains("2024-07-05: 4"),
            "{svg}"
        );
    }
}
