//! `/stories/{key}`: who carries a story, why it was found, and what was told of it.

use std::collections::HashMap;

use axum::Extension;
use axum::extract::State;
use serde::Serialize;

use super::item::{Item, Troubled, name, troubled};
use super::mention::snippet;
use super::{Fault, Html, render};
use crate::config::Config;
use crate::model::{StoryKey, StorySource, Timestamp};
use crate::store::{AlertQuery, Alike, MentionFilter, MentionRow, StoryEntry};
use crate::web::access::Caller;
use crate::web::app::App;
use crate::web::params::Limit;
use crate::web::problem::Problem;
use crate::web::reply::Name;

/// Alerts of a story that are shown.
const MOST_ALERTS: usize = 100;

#[derive(Serialize)]
struct Story {
    key: StoryKey,
    first_seen: Timestamp,
    sources: Vec<StorySource>,
    entries: Vec<Entry>,
    /// Whether there may be more mentions than were read.
    is_cut: bool,
    alerts: Vec<Item>,
    /// Sinks whose deliveries wait for the sink.
    troubled: Troubled,
}

/// An entry that tells the story.
#[derive(Serialize)]
struct Entry {
    id: i64,
    title: String,
    link: Option<String>,
    language: Option<String>,
    source: String,
    published: Option<Timestamp>,
    first_seen: Timestamp,
    /// Why it belongs to the story, if its text and not its link says so.
    alike: Option<Alike>,
    /// How much of the shorter text the longer one has, in percent.
    likeness: Option<u8>,
    mentions: Vec<Mention>,
}

/// A topic that an entry mentions, and why.
#[derive(Serialize)]
struct Mention {
    topic: String,
    topic_name: String,
    term: String,
    field: String,
    hits: u32,
    score: Option<u8>,
    found: Timestamp,
    /// The text around the best hit, as HTML.
    snippet: String,
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Name(key): Name,
) -> Result<Html, Fault> {
    let unknown = || Problem::not_found("There is no such story, or it is no longer kept.");
    let key = StoryKey::parse(&key).ok_or_else(unknown)?;
    let story = app.store.story(key).await?.ok_or_else(unknown)?;
    let filter = MentionFilter {
        story: Some(story.key),
        limit: Limit::MOST,
        ..MentionFilter::default()
    };
    let query = AlertQuery {
        story: Some(story.key),
        limit: MOST_ALERTS,
        ..AlertQuery::default()
    };
    let (mentions, alerts) =
        tokio::try_join!(app.store.mentions(filter), app.store.list_alerts(query))?;
    let config = app.daemon.config();
    let titles = story.entries.iter().map(|entry| entry.title.clone());
    let title = titles.into_iter().find(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| "Story".to_owned());
    let shown = Story {
        key: story.key,
        first_seen: story.first_seen,
        is_cut: mentions.len() >= Limit::MOST,
        entries: entries(story.entries, mentions, &story.sources, &config),
        sources: story.sources,
        alerts: Item::list(alerts, &config),
        troubled: troubled(&app.store).await?,
    };
    Ok(render::titled("story", &title, "", caller, shown)?)
}

/// The entries, each with its mentions.
fn entries(
    entries: Vec<StoryEntry>,
    mentions: Vec<MentionRow>,
    sources: &[StorySource],
    config: &Config,
) -> Vec<Entry> {
    let mut by_entry: HashMap<i64, Vec<MentionRow>> = HashMap::new();
    for mention in mentions {
        by_entry.entry(mention.entry).or_default().push(mention);
    }
    let source = |feed: &str| {
        let named = sources.iter().find(|source| source.feed == feed);
        named.map_or(feed, |source| &source.source).to_owned()
    };
    let entries = entries.into_iter().map(|entry| {
        let mut mentions = by_entry.remove(&entry.id).unwrap_or_default();
        mentions.sort_by_key(|mention| std::cmp::Reverse(mention.score));
        let alike = mentions.iter().find_map(|mention| mention.alike.clone());
        Entry {
            source: source(&entry.feed),
            id: entry.id,
            title: entry.title,
            link: entry.link,
            language: entry.language,
            published: entry.published,
            first_seen: entry.first_seen,
            likeness: alike.as_ref().map(|alike| percent(alike.likeness)),
            alike,
            mentions: mentions
                .into_iter()
                .map(|row| mention(row, config))
                .collect(),
        }
    });
    entries.collect()
}

fn mention(row: MentionRow, config: &Config) -> Mention {
    Mention {
        topic_name: name(config, &row.topic),
        snippet: snippet(&row),
        topic: row.topic,
        term: row.term,
        field: row.field,
        hits: row.hits,
        score: row.score,
        found: row.found,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within 0 to 100"
)]
fn percent(share: f64) -> u8 {
    (share * 100.0).clamp(0.0, 100.0) as u8
}
