//! The chart of a topic over time: bars that lead to a closer look, and the same as rows of a table.
//!
//! Bars are an SVG that is stretched to the page's width, so it holds no text; the words at the axis of time are
//! another one, which is not, and stand below their bars. Each bar tells its numbers, and a spike is told in words too. Pure.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde::Serialize;
use url::form_urlencoded::Serializer;

use super::words::escape;
use crate::model::Timestamp;
use crate::view::TopicView;
use crate::view::trends::{By, TrendPoint};

/// The chart's height, and what each of its bars takes of its width.
const HEIGHT: f64 = 160.0;
const STEP: usize = 10;
/// Bars that can be reached one by one with the keyboard, at most.
const MOST_STOPS: usize = 62;
/// Words at the axis of time at most.
const LABELS: usize = 5;

/// A chart, ready for its template.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    /// The bars, as HTML.
    svg: String,
    /// The value of the chart's top, and of its middle if that is a whole number.
    top: u64,
    middle: Option<u64>,
    /// The words at the axis of time, as HTML.
    axis: String,
    /// The same as a table.
    rows: Vec<Row>,
    /// What a bar spans.
    by: &'static str,
    /// Whether bars lead to a closer look: there is none at an hour.
    leads: bool,
}

/// A bar as a row.
#[derive(Debug, Serialize)]
struct Row {
    label: String,
    /// Where a closer look is.
    link: Option<String>,
    mentions: u64,
    stories: u64,
    per_thousand: Option<f64>,
    spike: bool,
}

impl Chart {
    /// The chart of what is known of a topic.
    pub(super) fn of(view: &TopicView, zone: &TimeZone) -> Self {
        let greatest = view.points.iter().map(|point| point.mentions).max();
        let top = round_up(greatest.unwrap_or(0));
        let rows: Vec<Row> = view
            .points
            .iter()
            .map(|point| row(view, point, zone))
            .collect();
        Self {
            svg: svg(&rows, top, view.by),
            top,
            middle: top.is_multiple_of(2).then_some(top / 2),
            axis: axis(&view.points, view.by, zone),
            rows,
            by: view.by.name(),
            leads: view.by != By::Hour,
        }
    }
}

fn row(view: &TopicView, point: &TrendPoint, zone: &TimeZone) -> Row {
    let is_in = |start: Timestamp, end: Option<Timestamp>| {
        start < point.end && end.is_none_or(|end| end > point.start)
    };
    let spike = view.spikes.iter().any(|spike| {
        // One that goes on goes on until now, and bars do not end before they begin.
        is_in(spike.start, spike.end) && point.mentions > 0
    });
    Row {
        label: name(point.start, view.by, zone),
        link: (view.by != By::Hour).then(|| closer(view, point)),
        mentions: point.mentions,
        stories: point.stories,
        per_thousand: point.per_thousand,
        spike,
    }
}

/// The query of what lies in a point, one unit finer.
fn closer(view: &TopicView, point: &TrendPoint) -> String {
    Serializer::new(String::new())
        .append_pair("by", view.by.finer().name())
        .append_pair("since", &point.start.to_string())
        .append_pair("until", &point.end.to_string())
        .append_pair("zone", &view.time_zone)
        .finish()
}

fn svg(rows: &[Row], top: u64, by: By) -> String {
    let width = rows.len() * STEP;
    let mut svg = format!(
        "<svg class=\"bars\" viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"group\" \
         aria-label=\"Mentions by {}, {} bars\">",
        by.name(),
        rows.len()
    );
    // Writing to a string does not fail.
    let _ = write!(
        svg,
        "<rect class=\"line\" width=\"{width}\" height=\"1\"/>\
         <rect class=\"line\" y=\"{}\" width=\"{width}\" height=\"1\"/>",
        HEIGHT / 2.0
    );
    // The table has the same links; with the keyboard empty bars are passed over, and all where there are many.
    let is_stop = |row: &Row| row.mentions > 0 && rows.len() <= MOST_STOPS;
    for (n, row) in rows.iter().enumerate() {
        let height = match row.mentions {
            0 => 1.0,
            mentions => (mentions as f64 / top as f64 * HEIGHT).max(2.5),
        };
        let class = match (row.mentions, row.spike) {
            (0, _) => "none",
            (_, true) => "bar spike",
            (_, false) => "bar",
        };
        let (x, wide) = (n * STEP, STEP - 2);
        let told = escape(&told(row));
        let _ = match &row.link {
            Some(link) => write!(
                svg,
                "<a href=\"?{}\"{} aria-label=\"{told}\">",
                escape(link),
                if is_stop(row) { "" } else { " tabindex=\"-1\"" },
            ),
            None => write!(svg, "<g role=\"img\" aria-label=\"{told}\">"),
        };
        let _ = write!(
            svg,
            "<title>{told}</title><rect class=\"hit\" x=\"{x}\" width=\"{STEP}\" height=\"{HEIGHT}\"/>\
             <rect class=\"{class}\" x=\"{}\" y=\"{:.1}\" width=\"{wide}\" height=\"{height:.1}\"/>",
            x + 1,
            HEIGHT - height,
        );
        if row.spike {
            let _ = write!(
                svg,
                "<rect class=\"mark\" x=\"{x}\" y=\"{:.1}\" width=\"{STEP}\" height=\"4\"/>",
                (HEIGHT - height - 8.0).max(0.0)
            );
        }
        svg += if row.link.is_some() { "</a>" } else { "</g>" };
    }
    svg + "</svg>"
}

fn told(row: &Row) -> String {
    let plural = |n: u64, one: &str, more: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {more}"),
    };
    let mut told = format!(
        "{}: {}",
        row.label,
        plural(row.mentions, "mention", "mentions")
    );
    if row.mentions > 0 {
        told += ", ";
        told += &plural(row.stories, "story", "stories");
    }
    if row.spike {
        told += ", spike";
    }
    told
}

/// The least of 1, 2, 4, 5, 10, 20, 40, 50, 100 … that is not below the value.
fn round_up(value: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 4, 5] {
            let top = power.saturating_mul(step);
            if top >= value || top == u64::MAX {
                return top;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// Some of the points' names, each below its point: as HTML.
fn axis(points: &[TrendPoint], by: By, zone: &TimeZone) -> String {
    let step = points.len().div_ceil(LABELS).max(1);
    let part = |of: f64| of * 100.0 / points.len() as f64;
    let mut svg = "<svg class=\"axis\" aria-hidden=\"true\">".to_owned();
    for (n, point) in points.iter().enumerate().step_by(step) {
        let (left, middle, right) = (part(n as f64), part(n as f64 + 0.5), part(n as f64 + 1.0));
        // A name must not be cut off at the edges.
        let (x, anchor) = match middle {
            ..8.0 => (left, "start"),
            92.0.. => (right, "end"),
            _ => (middle, "middle"),
        };
        let name = escape(&short(point.start, by, zone));
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<text x=\"{x:.2}%\" y=\"75%\" text-anchor=\"{anchor}\">{name}</text>"
        );
    }
    svg + "</svg>"
}

/// A point by its name.
pub(super) fn name(start: Timestamp, by: By, zone: &TimeZone) -> String {
    format(
        start,
        zone,
        match by {
            By::Hour => "%Y-%m-%d %H:%M",
            By::Day => "%a %Y-%m-%d",
            By::Week => "Week %V, from %Y-%m-%d",
            By::Month => "%B %Y",
        },
    )
}

fn short(start: Timestamp, by: By, zone: &TimeZone) -> String {
    format(
        start,
        zone,
        match by {
            By::Hour => "%b %-d, %H:%M",
            By::Day => "%b %-d",
            By::Week => "%b %-d, %Y",
            By::Month => "%b %Y",
        },
    )
}

fn format(at: Timestamp, zone: &TimeZone, how: &str) -> String {
    match jiff::Timestamp::from_millisecond(at.as_millis()) {
        Ok(instant) => zone.to_datetime(instant).strftime(how).to_string(),
        Err(_) => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::view::topic::{LatelyView, SpikeView};

    const DAY: Duration = Duration::from_hours(24);
    /// Monday, 2024-07-01.
    const START: Timestamp = Timestamp::from_millis(1_719_792_000_000);

    fn view(counts: &[u64], spikes: Vec<SpikeView>) -> TopicView {
        let points = counts.iter().enumerate().map(|(n, mentions)| {
            let start = START + DAY * u32::try_from(n).unwrap();
            TrendPoint {
                start,
                end: start + DAY,
                mentions: *mentions,
                stories: mentions / 2,
                per_thousand: None,
            }
        });
        TopicView {
            topic: "sco".into(),
            name: "SCO".into(),
            tags: Vec::new(),
            since: START,
            until: START + DAY * 5,
            by: By::Day,
            time_zone: "Asia/Almaty".into(),
            points: points.collect(),
            mentions: 0,
            stories: 0,
            entries: 0,
            per_thousand: None,
            lately: LatelyView {
                since: START,
                mentions: 0,
                expected: None,
            },
            feeds: Vec::new(),
            countries: Vec::new(),
            feed_tags: Vec::new(),
            languages: Vec::new(),
            fields: Vec::new(),
            together: Vec::new(),
            spikes,
        }
    }

    #[test]
    fn each_bar_leads_closer_and_tells_its_numbers() {
        let spike = SpikeView {
            start: START + DAY * 2 + Duration::from_hours(3),
            noticed: START + DAY * 2 + Duration::from_hours(4),
            peak: START + DAY * 2 + Duration::from_hours(3),
            end: Some(START + DAY * 2 + Duration::from_hours(9)),
            count: 20,
            expected: 0.5,
            p_value: 1e-9,
            stories: Vec::new(),
        };
        let chart = Chart::of(&view(&[1, 0, 31], vec![spike]), &TimeZone::UTC);
        assert_eq!(chart.svg.matches("<a ").count(), 3);
        let link = "<a href=\"?by=hour&amp;since=2024-07-03T00%3A00%3A00Z&amp;until=2024-07-04T00%3A00%3A00Z\
                    &amp;zone=Asia%2FAlmaty\" aria-label=\"Wed 2024-07-03: 31 mentions, 15 stories, spike\"";
        assert!(chart.svg.contains(link), "{}", chart.svg);
        assert!(chart.svg.contains("Mon 2024-07-01: 1 mention, 0 stories"));
        assert_eq!(chart.svg.matches("class=\"mark\"").count(), 1);
        assert_eq!(chart.svg.matches("tabindex=\"-1\"").count(), 1);
        assert_eq!((chart.top, chart.middle), (40, Some(20)));
        let middle = "<text x=\"50.00%\" y=\"75%\" text-anchor=\"middle\">Jul 2</text>";
        assert!(chart.axis.contains(middle), "{}", chart.axis);
        let spikes: Vec<bool> = chart.rows.iter().map(|row| row.spike).collect();
        assert_eq!(spikes, [false, false, true]);
    }

    #[test]
    fn a_closer_look_ends_with_the_hour() {
        let mut view = view(&[1], Vec::new());
        let units = [
            (By::Month, "by=week&"),
            (By::Week, "by=day&"),
            (By::Day, "by=hour&"),
        ];
        for (by, query) in units {
            view.by = by;
            assert!(closer(&view, &view.points[0]).starts_with(query));
        }
        view.by = By::Hour;
        let chart = Chart::of(&view, &TimeZone::UTC);
        assert!(!chart.leads && !chart.svg.contains("<a "), "{}", chart.svg);
    }

    #[test]
    fn a_chart_has_few_words_and_a_round_top() {
        let named = |counts: &[u64]| {
            let axis = Chart::of(&view(counts, Vec::new()), &TimeZone::UTC).axis;
            let texts = axis.split("<text ").skip(1);
            let names = texts.filter_map(|text| text.split(['>', '<']).nth(1));
            names.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            named(&[3; 31]),
            ["Jul 1", "Jul 8", "Jul 15", "Jul 22", "Jul 29"]
        );
        assert_eq!(named(&[3; 8]), ["Jul 1", "Jul 3", "Jul 5", "Jul 7"]);
        assert_eq!(named(&[7]), ["Jul 1"]);
        assert!(named(&[]).is_empty());
        let tops = [0, 1, 3, 5, 7, 11, 390, 999, u64::MAX].map(round_up);
        assert_eq!(tops[..8], [1, 1, 4, 5, 10, 20, 400, 1000]);
        assert_eq!(tops[8], u64::MAX);
    }

    #[test]
    fn points_are_named_by_the_clock_of_the_zone() {
        let zone = TimeZone::get("Asia/Almaty").unwrap();
        assert_eq!(name(START, By::Hour, &zone), "2024-07-01 05:00");
        assert_eq!(name(START, By::Week, &zone), "Week 27, from 2024-07-01");
        assert_eq!(name(START, By::Month, &zone), "July 2024");
    }
}
