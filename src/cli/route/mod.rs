//! `mentiond alerts route`: which sinks would get an alert, and why.

mod show;

use std::process::ExitCode;

use clap::{ArgGroup, Args, ValueEnum};

use self::show::{Line, RouteLine, SinkLine, about, refused_because};
use super::output::count;
use super::{CliError, Context, names, runtime};
use crate::config::{Config, SinkConfig};
use crate::model::{AlertFacts, Feed, Field, StoryKey, Timestamp, Topic};
use crate::notify::route::{accepts, decide};
use crate::silence::covers;
use crate::store::{EntryName, SilenceRow, Store, StoreError, StoredEntry, StoryName};

/// Say which sinks would get an alert, by the configuration and the silences as they are now.
#[derive(Debug, Args)]
#[command(after_help = "\
At least one of --topic, --entry and --source is needed. Without --topic and --entry the alert is that the feed of \
--source is in trouble.

Examples:
  mentiond alerts route --explain --topic sco --language ru --score 40
  mentiond alerts route --explain --entry 1742")]
#[command(group(
    ArgGroup::new("about")
        .args(["topic", "entry", "source"])
        .required(true)
        .multiple(true)
))]
pub struct RouteArgs {
    /// Show each route: taken, or the first condition that does not hold.
    #[arg(long)]
    explain: bool,
    /// The topics that were recorded for this entry, as `mentions --json` tells it.
    #[arg(long, value_name = "ENTRY", conflicts_with_all = ["source", "language", "field", "title"])]
    entry: Option<i64>,
    /// The topic; of an entry only this one.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// The feed, whose country and language hold where nothing else is said.
    #[arg(long, value_name = "FEED")]
    source: Option<String>,
    /// The entry's language.
    #[arg(long, value_name = "LANG")]
    language: Option<String>,
    /// The field of the best hit.
    #[arg(long, value_enum, requires = "topic")]
    field: Option<HitField>,
    /// The mention's score; of an entry in the place of the recorded one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    score: Option<u8>,
    /// The entry's title, for silences that ask for its words.
    #[arg(long, value_name = "TEXT", requires = "topic")]
    title: Option<String>,
    /// Print one JSON object a line and alert.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HitField {
    Title,
    Summary,
    Content,
    Author,
}

pub fn run(context: &Context, args: &RouteArgs, config: &Config) -> Result<ExitCode, CliError> {
    names::check_topic(config, args.topic.as_deref())?;
    names::check_language(args.language.as_deref())?;
    let source = args.source.as_deref();
    let feed = source.map(|id| names::feed(config, id)).transpose()?;
    let store = match Store::open_read_only(&config.database) {
        // Then there are no silences, and for a made-up alert no entry is needed.
        Err(StoreError::Missing(_)) if args.entry.is_none() => None,
        opened => Some(opened?),
    };
    let runtime = runtime()?;
    let now = Timestamp::now();
    let silences = match &store {
        Some(store) => runtime.block_on(store.silences(false, now))?,
        None => Vec::new(),
    };
    let world = World {
        config,
        silences: &silences,
        now,
    };
    if let (Some(id), Some(store)) = (args.entry, &store) {
        let entry = runtime.block_on(store.entries(EntryName::Id(id)))?.pop();
        let entry = entry.ok_or_else(|| {
            CliError::Usage(format!(
                "no entry has the number {id}, or it was removed when its time was over \
                 (`retention.entries`)"
            ))
        })?;
        let key = runtime.block_on(store.story_of(StoryName::Entry(id)))?;
        return world.entry(context, args, &entry, key);
    }
    let field = args.field.map(|field| match field {
        HitField::Title => Field::Title,
        HitField::Summary => Field::Summary,
        HitField::Content => Field::Content,
        HitField::Author => Field::Author,
    });
    let topic = args.topic.as_deref().and_then(|id| world.topic(id));
    let alert = AlertFacts {
        field,
        score: args.score.filter(|_| topic.is_some()),
        title: args.title.as_deref(),
        ..facts(topic, feed, args.language.as_deref())
    };
    world.show(context, args, None, topic, &alert)?;
    Ok(ExitCode::SUCCESS)
}

/// What the configuration says of an alert of a topic in a feed.
fn facts<'a>(
    topic: Option<&'a Topic>,
    feed: Option<&'a Feed>,
    language: Option<&'a str>,
) -> AlertFacts<'a> {
    AlertFacts {
        topic: topic.map(|topic| topic.id.as_str()),
        tags: topic.map_or(&[], |topic| &topic.tags),
        feed: feed.map_or("", |feed| feed.id.as_str()),
        country: feed.and_then(|feed| feed.country.as_deref()),
        language: language.or(feed.and_then(|feed| feed.language.as_deref())),
        ..AlertFacts::default()
    }
}

/// By what it is decided.
struct World<'w> {
    config: &'w Config,
    silences: &'w [SilenceRow],
    now: Timestamp,
}

impl World<'_> {
    fn topic(&self, id: &str) -> Option<&Topic> {
        let mut topics = self.config.topics.iter();
        topics.find(|topic| topic.id.as_str() == id)
    }

    /// The alerts of the topics that were recorded for an entry.
    fn entry(
        &self,
        context: &Context,
        args: &RouteArgs,
        entry: &StoredEntry,
        story: Option<StoryKey>,
    ) -> Result<ExitCode, CliError> {
        let wanted = args.topic.as_deref();
        let mentions = entry.mentions.iter();
        let mentions: Vec<_> = mentions
            .filter(|mention| wanted.is_none_or(|topic| mention.topic == topic))
            .filter_map(|mention| Some((mention, self.topic(&mention.topic)?)))
            .collect();
        if mentions.is_empty() {
            let what = wanted.map_or_else(
                || "no topic that is configured".to_owned(),
                |topic| format!("no mention of the topic `{topic}`"),
            );
            return Err(CliError::Usage(format!(
                "{what} is recorded for the entry {}; `mentiond explain {}` says why",
                entry.id, entry.id
            )));
        }
        let feeds = self.config.feeds.iter();
        let feed = feeds
            .into_iter()
            .find(|feed| feed.id.as_str() == entry.feed);
        for (mention, topic) in mentions {
            let fields = [Field::Title, Field::Summary, Field::Content, Field::Author];
            let title = Some(entry.entry.title.as_str()).filter(|title| !title.is_empty());
            let alert = AlertFacts {
                feed: &entry.feed,
                language: entry.language.as_deref(),
                field: fields
                    .into_iter()
                    .find(|field| field.as_str() == mention.field),
                score: args.score.or(mention.score),
                story,
                title,
                ..facts(Some(topic), feed, None)
            };
            self.show(context, args, Some(entry.id), Some(topic), &alert)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn show(
        &self,
        context: &Context,
        args: &RouteArgs,
        entry: Option<i64>,
        topic: Option<&Topic>,
        alert: &AlertFacts<'_>,
    ) -> Result<(), CliError> {
        let line = self.line(entry, topic, alert);
        let out = &context.out;
        if args.json {
            return out.json(&line);
        }
        out.line(about(&line))?;
        if args.explain {
            for route in &line.routes {
                out.line(route.shown())?;
            }
            if !line.taken {
                let why = if line.routes.is_empty() {
                    "there are no routes"
                } else {
                    "no route takes it"
                };
                out.line(format!("  {why}: it may go to every sink"))?;
            }
            for sink in line.sinks.iter().filter(|sink| !sink.gets_it) {
                let because = sink.because.as_deref().unwrap_or_default();
                out.line(format!("  sink {} does not want it: {because}", sink.sink))?;
            }
        }
        if let Some(why) = &line.not_told {
            return out.line(format!("  not told: {why}"));
        }
        if let Some(id) = line.silence {
            out.line(format!(
                "  silenced by silence {id}, so it is only recorded"
            ))?;
        }
        let to: Vec<&str> = line
            .sinks
            .iter()
            .filter(|s| s.gets_it)
            .map(|s| s.sink)
            .collect();
        if to.is_empty() {
            return out.line("  no sink gets it");
        }
        out.line(format!("  {}: {}", count(to.len(), "sink"), to.join(", ")))
    }

    fn line<'a>(
        &'a self,
        entry: Option<i64>,
        topic: Option<&Topic>,
        alert: &AlertFacts<'a>,
    ) -> Line<'a> {
        let routes = &self.config.routes;
        let decision = decide(routes, alert);
        let lines = routes.iter().zip(&decision.verdicts).enumerate();
        let named = |sink: &&SinkConfig| {
            let named = decision.sinks.as_ref();
            named.is_none_or(|named| named.contains(&&sink.id))
        };
        let sinks = self.config.sinks.iter().filter(named).map(|sink| {
            let refused = accepts(sink, alert).err();
            SinkLine {
                sink: sink.id.as_str(),
                gets_it: refused.is_none(),
                because: refused.map(|refusal| refused_because(refusal, sink)),
            }
        });
        let silence = self.silences.iter().rev();
        let silence = silence
            .filter(|row| covers(&row.silence(), alert, self.now))
            .map(|row| row.id);
        let too_weak = topic
            .map(|topic| topic.min_score)
            .filter(|least| alert.score.is_some_and(|score| score < *least))
            .map(|least| format!("the topic's `min_score` is {least}"));
        Line {
            entry,
            topic: alert.topic,
            source: Some(alert.feed).filter(|feed| !feed.is_empty()),
            country: alert.country,
            language: alert.language,
            field: alert.field.map(Field::as_str),
            score: alert.score,
            routes: lines
                .map(|(n, (route, verdict))| RouteLine::of(n + 1, route, *verdict, alert))
                .collect(),
            taken: decision.sinks.is_some(),
            sinks: sinks.collect(),
            silence: silence.min(),
            not_told: too_weak,
        }
    }
}
