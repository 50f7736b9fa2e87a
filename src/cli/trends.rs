//! `mentiond trends`: how often topics are mentioned over time.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::mentions::{check_span, since, until};
use super::output::{complain, printable};
use super::{CliError, Context, names, runtime};
use crate::config::Config;
use crate::model::{Timestamp, Topic};
use crate::store::{Days, Dimension, Share, Store, StoreError};
use crate::trends::Count;
use crate::trends::series::Unit;
use crate::trends::spark;
use crate::view::trends::{TrendPoint, points};

/// Days of the overview before today.
const DAYS: u64 = 14;
/// Values of a breakdown.
const MOST_VALUES: usize = 10;

/// Show how often topics are mentioned: all of them in a line each, or one in detail.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond trends
  mentiond trends sco --by week --since 180d --time-zone Asia/Almaty")]
pub struct TrendsArgs {
    /// The topic; without one, all are listed.
    #[arg(value_name = "TOPIC")]
    topic: Option<String>,
    /// What a line of the table of a topic spans; without it, a day.
    #[arg(long, value_enum)]
    by: Option<By>,
    /// From when on (`48h`, `30d`, a date or instant) a topic is shown; without it, 14 days.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Until when; the last line is whole.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// The time zone of hours, days, weeks and months, by its IANA name.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
    /// Print one JSON object a line and topic, or a line and point.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Hour,
    Day,
    Week,
    Month,
}

/// A topic in the overview.
#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    name: &'a str,
    /// Mentions of each day, today last.
    days: Vec<u64>,
    /// Mentions today so far.
    today: u64,
    /// The median of the days before.
    usual: f64,
    /// Mentions and stories in all these days.
    mentions: u64,
    stories: u64,
}

pub fn run(context: &Context, args: &TrendsArgs) -> Result<ExitCode, CliError> {
    let zone = TimeZone::get(&args.time_zone).map_err(|_| {
        let zone = printable(&args.time_zone);
        CliError::Usage(format!(
            "there is no time zone `{zone}`; give an IANA name, such as Asia/Jakarta"
        ))
    })?;
    let now = Timestamp::now();
    let span = span(args, now)?;
    let config = context.load_without_secrets()?;
    let store = Store::open_read_only(&config.database)?;
    match &args.topic {
        None => overview(context, args, &config, &store, &zone, now),
        Some(topic) => {
            runtime()?.block_on(names::check_past_topic(&config, &store, Some(topic)))?;
            one(context, args, topic, &store, &zone, span)
        }
    }
}

/// From when until when the topic is shown.
fn span(args: &TrendsArgs, now: Timestamp) -> Result<(Timestamp, Timestamp), CliError> {
    let is_overview = args.topic.is_none();
    if is_overview && (args.by.is_some() || args.since.is_some() || args.until.is_some()) {
        let text = "--by, --since and --until go with a topic: name it before them; without one, all are \
                    listed with their last 14 days and today";
        return Err(CliError::Usage(text.to_owned()));
    }
    let to = until(args.until.as_deref())?.unwrap_or(now).min(now);
    let from = since(args.since.as_deref())?;
    let from = from.unwrap_or(to - Duration::from_hours(24 * DAYS));
    check_span(Some(from), Some(to))?;
    Ok((from, to))
}

fn read(
    store: &Store,
    topic: Option<&str>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Count>, CliError> {
    // The first point begins before `from`, and the last one ends after `to`.
    let month = Duration::from_hours(24 * 32);
    let (from, to) = (from - month, to + month);
    let topic = topic.map(str::to_owned);
    Ok(runtime()?.block_on(store.series(topic, from, to))?)
}

fn overview(
    context: &Context,
    args: &TrendsArgs,
    config: &Config,
    store: &Store,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<ExitCode, CliError> {
    let from = now - Duration::from_hours(24 * DAYS);
    let all = read(store, None, from, now)?;
    let mut lines = Vec::new();
    for topic in config.topics.iter() {
        let own = read(store, Some(topic.id.as_str()), from, now)?;
        let days = points(&own, &all, Unit::Day, zone, from, now).map_err(usage)?;
        lines.push(line(topic, &days));
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.mentions));
    if args.json {
        lines.iter().try_for_each(|line| context.out.json(line))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = lines.iter().map(row).collect();
    let header = [
        "topic", "name", "14 days", "today", "usual", "mentions", "stories",
    ];
    context.out.table(&header, &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn line<'a>(topic: &'a Topic, points: &[TrendPoint]) -> Line<'a> {
    let days: Vec<u64> = points.iter().map(|point| point.mentions).collect();
    let mut before = days
        .get(..days.len().saturating_sub(1))
        .unwrap_or_default()
        .to_vec();
    before.sort_unstable();
    let middle = before.len() / 2;
    let usual = match before.len() {
        0 => 0.0,
        n if n % 2 == 1 => before[middle] as f64,
        _ => (before[middle - 1] + before[middle]) as f64 / 2.0,
    };
    Line {
        topic: topic.id.as_str(),
        name: &topic.name,
        today: days.last().copied().unwrap_or(0),
        usual,
        mentions: days.iter().sum(),
        stories: points.iter().map(|point| point.stories).sum(),
        days,
    }
}

fn row(line: &Line<'_>) -> Vec<String> {
    let days: Vec<f64> = line.days.iter().map(|n| *n as f64).collect();
    vec![
        line.topic.to_owned(),
        printable(line.name),
        spark::line(&days),
        line.today.to_string(),
        line.usual.to_string(),
        line.mentions.to_string(),
        line.stories.to_string(),
    ]
}

fn one(
    context: &Context,
    args: &TrendsArgs,
    topic: &str,
    store: &Store,
    zone: &TimeZone,
    (from, to): (Timestamp, Timestamp),
) -> Result<ExitCode, CliError> {
    let unit = match args.by.unwrap_or(By::Day) {
        By::Hour => Unit::Hour,
        By::Day => Unit::Day,
        By::Week => Unit::Week,
        By::Month => Unit::Month,
    };
    let (all, own) = (
        read(store, None, from, to)?,
        read(store, Some(topic), from, to)?,
    );
    let found = points(&own, &all, unit, zone, from, to).map_err(usage)?;
    let out = &context.out;
    if args.json {
        found.iter().try_for_each(|point| out.json(point))?;
        return Ok(ExitCode::SUCCESS);
    }
    let heights: Vec<f64> = found.iter().map(|point| point.mentions as f64).collect();
    let heights = spark::heights(&heights, 30);
    let rows = found.iter().zip(heights).map(|(point, height)| {
        let local = jiff::Timestamp::from_millisecond(point.start.as_millis());
        let local = local.map(|at| zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string());
        let share = point.per_thousand.map(|share| format!("{share:.1}"));
        vec![
            local.unwrap_or_else(|_| point.start.to_string()),
            point.mentions.to_string(),
            point.stories.to_string(),
            share.unwrap_or_else(|| "-".to_owned()),
            "█".repeat(height as usize),
        ]
    });
    let header = ["from", "mentions", "stories", "per 1,000", ""];
    out.table(&header, &rows.collect::<Vec<_>>())?;
    let to = to - Duration::from_millis(1);
    let days = Days { from, to };
    for (what, shares) in breakdowns(store, topic, days)? {
        let shares = shares.iter().map(|share| {
            let value = if share.value.is_empty() {
                "?"
            } else {
                &share.value
            };
            format!("{} {}", printable(value), share.mentions)
        });
        let shares: Vec<_> = shares.collect();
        if !shares.is_empty() {
            out.line(format!("{what:10} {}", shares.join(", ")))?;
        }
    }
    if found.iter().all(|point| point.mentions == 0) {
        complain("no mentions in this time");
    }
    Ok(ExitCode::SUCCESS)
}

/// By what the mentions of these days are broken down, and how.
fn breakdowns(
    store: &Store,
    topic: &str,
    days: Days,
) -> Result<Vec<(&'static str, Vec<Share>)>, CliError> {
    let of = async {
        let by = |by| store.breakdown(topic.to_owned(), by, days, MOST_VALUES);
        Ok::<_, StoreError>(vec![
            ("feeds", by(Dimension::Feed).await?),
            ("languages", by(Dimension::Language).await?),
            ("fields", by(Dimension::Field).await?),
            (
                "with",
                store.together(topic.to_owned(), days, MOST_VALUES).await?,
            ),
        ])
    };
    Ok(runtime()?.block_on(of)?)
}

fn usage(error: impl std::fmt::Display) -> CliError {
    CliError::Usage(error.to_string())
}
