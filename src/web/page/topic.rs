//! `/topics/{id}`: one topic over time, what its mentions are made of, and its stories.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use super::chart::Chart;
use super::mention::{StoryItem, stories};
use super::{Fault, Html, render};
use crate::model::Timestamp;
use crate::store::{MentionPlace, TopicStory};
use crate::view::topic::{Asked, Portion, SpikeView, TopicError, load};
use crate::view::trends::By;
use crate::view::{TopicView, instant};
use crate::web::access::Caller;
use crate::web::app::App;
use crate::web::cursor::Cursor;
use crate::web::params::{Moment, Params};
use crate::web::problem::Problem;
use crate::web::reply::{Name, Page};

/// Mentions of a page, which tell some fewer stories.
const LIMIT: usize = 40;
/// Bars of a chart at most.
const MOST_BARS: usize = 800;
/// Values of a list of bars.
const MOST_VALUES: usize = 12;
/// Spikes that are listed, the newest.
const MOST_SPIKES: usize = 10;
/// What is shown on each side of a spike.
const AROUND: Duration = Duration::from_hours(12);
/// What is shown unless it is said otherwise.
const USUAL: &str = "30d";
/// The spans that the page offers, by their names and words.
const RANGES: [(&str, &str); 5] = [
    ("24h", "24 hours"),
    ("7d", "7 days"),
    (USUAL, "30 days"),
    ("365d", "1 year"),
    ("all", "All"),
];

/// Which span, and how it is shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// A time of the past, or `all`.
    since: Option<String>,
    until: Option<Moment>,
    by: Option<By>,
    zone: Option<String>,
    cursor: Option<Cursor>,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    name: String,
    tags: Vec<String>,
    /// Whether the configuration has it.
    is_configured: bool,
    ranges: Vec<Range>,
    chart: Chart,
    units: [&'static str; 4],
    /// As they were asked for, for the form.
    since: String,
    until: Option<Timestamp>,
    zone: String,
    /// The span in words, where it is none of those offered.
    span: Option<(String, String)>,
    mentions: u64,
    count_of_stories: u64,
    entries: u64,
    per_thousand: Option<f64>,
    day: u64,
    usual: Option<f64>,
    lists: Vec<List>,
    /// Whether the lists count more than the bars: they are kept by UTC day.
    by_whole_days: bool,
    spikes: Vec<Spike>,
    more_spikes: usize,
    stories: Vec<StoryItem>,
    /// The query of the page behind.
    next: Option<String>,
    /// Whether this is the first page of stories.
    is_first: bool,
}

#[derive(Serialize)]
struct Spike {
    label: String,
    /// The query of a closer look.
    query: String,
    start: Timestamp,
    is_over: bool,
    count: u64,
    expected: f64,
    stories: Vec<TopicStory>,
}

#[derive(Serialize)]
struct Range {
    label: &'static str,
    query: String,
    is_here: bool,
}

/// A list of bars.
#[derive(Serialize)]
struct List {
    title: &'static str,
    note: Option<&'static str>,
    bars: Vec<Bar>,
}

#[derive(Serialize)]
struct Bar {
    label: String,
    link: Option<String>,
    mentions: u64,
    /// Of the list's greatest, 0 to 100.
    width: u64,
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Name(id): Name,
    wanted: Result<Params<Wanted>, Problem>,
) -> Result<Html, Fault> {
    let Params(wanted) = wanted?;
    let now = Timestamp::now();
    let asked = asked(&id, &wanted, now)?;
    let config = app.daemon.config();
    let zone = asked.zone.clone();
    let until = asked.until;
    let (store, known) = (app.store.clone(), config.clone());
    let view = app
        .turns
        .wait(async move { load(&store, &known, asked, now).await })
        .await?;
    let view = view.map_err(fault)?;
    let view = view.ok_or_else(|| Problem::not_found("There is no such topic."))?;
    if view.points.len() > MOST_BARS {
        let detail = format!(
            "that would be {} bars: ask for a shorter span, or a longer unit",
            view.points.len()
        );
        return Err(Problem::parameter("by", detail).into());
    }
    let behind = wanted
        .cursor
        .clone()
        .map(MentionPlace::try_from)
        .transpose();
    let behind = behind.map_err(|error| Problem::parameter("cursor", error.to_string()))?;
    let span = (view.since, until);
    let (store, topic) = (app.store.clone(), id.clone());
    let mentions = async move {
        let rows = store.counted_mentions(topic, span, behind, LIMIT + 1);
        rows.await
    };
    let rows = app.turns.wait(mentions).await??;
    let page = Page::of(rows, LIMIT, |row| row.place().into());
    let title = view.name.clone();
    let is_configured = config.topics.iter().any(|topic| topic.id.as_str() == id);
    let next = page.next.map(|next| query(&wanted, Some(&next)));
    let items = stories(page.items.into_iter().map(|row| row.mention));
    let shown = shown(view, &wanted, &zone, is_configured, items, next);
    Ok(render::titled("topic", &title, "", caller, shown)?)
}

fn asked(id: &str, wanted: &Wanted, now: Timestamp) -> Result<Asked, Problem> {
    let since = match wanted.since.as_deref().unwrap_or(USUAL) {
        "all" => None,
        text => {
            let read = instant::ago(text, now);
            Some(read.map_err(|error| Problem::parameter("since", error.to_string()))?)
        }
    };
    let until = wanted.until.map_or(now, |until| until.0);
    if since.is_some_and(|since| since >= until) {
        return Err(Problem::parameter(
            "until",
            "that is before the span begins",
        ));
    }
    let zone = wanted.zone.as_deref().unwrap_or("UTC");
    let zone = TimeZone::get(zone).map_err(|_| {
        Problem::parameter(
            "zone",
            "give an IANA name of a time zone, such as Asia/Almaty",
        )
    })?;
    Ok(Asked {
        topic: id.to_owned(),
        since,
        until,
        by: wanted.by,
        zone,
        most: MOST_VALUES,
    })
}

fn fault(error: TopicError) -> Fault {
    match error {
        TopicError::Store(error) => error.into(),
        TopicError::Series(error) => Problem::parameter("by", error.to_string()).into(),
    }
}

fn shown(
    view: TopicView,
    wanted: &Wanted,
    zone: &TimeZone,
    is_configured: bool,
    stories: Vec<StoryItem>,
    next: Option<String>,
) -> Shown {
    let chart = Chart::of(&view, zone);
    let since = wanted.since.clone().unwrap_or_else(|| USUAL.to_owned());
    let is_offered = RANGES.iter().any(|(range, _)| *range == since) && wanted.until.is_none();
    let name = |at| super::chart::name(at, By::Hour, zone);
    let more_spikes = view.spikes.len().saturating_sub(MOST_SPIKES);
    Shown {
        ranges: ranges(wanted, &since),
        chart,
        units: [By::Hour, By::Day, By::Week, By::Month].map(By::name),
        span: (!is_offered).then(|| (name(view.since), name(view.until))),
        since,
        until: wanted.until.map(|until| until.0),
        zone: view.time_zone.clone(),
        lists: lists(&view),
        by_whole_days: view.by == By::Hour || view.time_zone != "UTC",
        mentions: view.mentions,
        count_of_stories: view.stories,
        entries: view.entries,
        per_thousand: view.per_thousand,
        day: view.lately.mentions,
        usual: view.lately.expected,
        spikes: spikes(view.spikes, zone, &view.time_zone),
        more_spikes,
        id: view.topic,
        name: view.name,
        tags: view.tags,
        is_configured,
        stories,
        next,
        is_first: wanted.cursor.is_none(),
    }
}

/// The newest spikes, the newest first.
fn spikes(spikes: Vec<SpikeView>, zone: &TimeZone, name_of_zone: &str) -> Vec<Spike> {
    let newest = spikes.into_iter().rev().take(MOST_SPIKES);
    let spikes = newest.map(|spike| {
        let end = spike.end.unwrap_or(spike.noticed);
        let query = Serializer::new(String::new())
            .append_pair("by", By::Hour.name())
            .append_pair("since", &(spike.start - AROUND).to_string())
            .append_pair("until", &(end + AROUND).to_string())
            .append_pair("zone", name_of_zone)
            .finish();
        Spike {
            label: super::chart::name(spike.start, By::Hour, zone),
            query,
            start: spike.start,
            is_over: spike.end.is_some(),
            count: spike.count,
            expected: spike.expected,
            stories: spike.stories,
        }
    });
    spikes.collect()
}

fn ranges(wanted: &Wanted, since: &str) -> Vec<Range> {
    let range = |(name, label): (&str, &'static str)| {
        let mut query = Serializer::new(String::new());
        query.append_pair("since", name);
        if let Some(zone) = &wanted.zone {
            query.append_pair("zone", zone);
        }
        Range {
            label,
            query: query.finish(),
            is_here: name == since && wanted.until.is_none(),
        }
    };
    RANGES.into_iter().map(range).collect()
}

/// What was asked for, as a query, at another place in the list of stories.
fn query(wanted: &Wanted, cursor: Option<&Cursor>) -> String {
    let mut query = Serializer::new(String::new());
    let pairs = [
        ("since", wanted.since.clone()),
        ("until", wanted.until.map(|until| until.0.to_string())),
        ("by", wanted.by.map(|by| by.name().to_owned())),
        ("zone", wanted.zone.clone()),
        ("cursor", cursor.map(Cursor::to_string)),
    ];
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    query.finish()
}

fn lists(view: &TopicView) -> Vec<List> {
    let search = |more: String| {
        let text = format!("topic:{} {more}", view.topic);
        let query = Serializer::new(String::new())
            .append_pair("q", &text)
            .finish();
        Some(format!("/search?{query}"))
    };
    let code = |value: &str| match value {
        "" => "not known".to_owned(),
        value => value.to_owned(),
    };
    let named = |portion: &Portion| {
        let name = portion.name.clone();
        name.unwrap_or_else(|| code(&portion.value))
    };
    let list =
        |title, note, portions: &[Portion], link: &dyn Fn(&Portion) -> Option<String>| List {
            title,
            note,
            bars: bars(portions, named, link),
        };
    let lists = vec![
        list("Sources", None, &view.feeds, &|feed| {
            search(format!("feed:{}", feed.value))
        }),
        list("Languages", None, &view.languages, &|language| {
            let known = !language.value.is_empty();
            search(format!("lang:{}", language.value)).filter(|_| known)
        }),
        list(
            "Countries",
            Some("of the sources"),
            &view.countries,
            &|_| None,
        ),
        list("Tags", Some("of the feeds"), &view.feed_tags, &|_| None),
        list("Mentioned with", None, &view.together, &|topic| {
            Some(format!("/topics/{}", topic.value))
        }),
        list("Found in", None, &view.fields, &|_| None),
    ];
    // One bar that says nothing is known says nothing.
    let says = |list: &List| list.bars.iter().any(|bar| bar.label != "not known");
    lists.into_iter().filter(says).collect()
}

fn bars(
    portions: &[Portion],
    label: impl Fn(&Portion) -> String,
    link: &dyn Fn(&Portion) -> Option<String>,
) -> Vec<Bar> {
    let greatest = portions.iter().map(|portion| portion.mentions).max();
    let greatest = greatest.unwrap_or(0).max(1);
    let bars = portions.iter().map(|portion| Bar {
        label: label(portion),
        link: link(portion),
        mentions: portion.mentions,
        width: (portion.mentions.saturating_mul(100) / greatest).max(1),
    });
    bars.collect()
}
