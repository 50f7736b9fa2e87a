//! Putting a configuration together from its files and the environment.

use std::path::Path;
use std::rc::Rc;

use super::aliases;
use super::environment::Environment;
use super::examples::{self, ExampleList};
use super::feeds::{self, Defaults, FeedList};
use super::include::{self, Included, Kind};
use super::problem::{ConfigError, Problem, Report, did_you_mean};
use super::reader::{self, Table};
use super::routes::{self, Known};
use super::sinks::{self, SinkList, Surroundings};
use super::source::{MAX_FILE, Origin, Source, read_text};
use super::topics::{self, TopicList};
use super::{Config, LogFormat, SinkConfig, SinkKind, opml, postgres, settings, sink_feed, web};
use crate::model::{Database, SinkId, Topic};

/// Keys of the main file that no other file may have.
const MAIN_ONLY: [&str; 12] = [
    "include",
    "database",
    "shutdown_timeout",
    "log",
    "schedule",
    "fetch",
    "articles",
    "web",
    "dedup",
    "alerts",
    "retention",
    "postgres",
];

/// Variables named `MENTIOND_…` that override no setting.
const OTHER_VARIABLES: [&str; 2] = ["MENTIOND_CONFIG", "MENTIOND_CORPUS"];

/// Loads the configuration file and all that it includes.
///
/// # Errors
/// [`ConfigError`] with every problem of every file when there is at least one error. Warnings do
/// not keep the configuration from being used: they are in [`Config::warnings`].
pub fn load(path: &Path, environment: &Environment) -> Result<Config, ConfigError> {
    match read_text(path, MAX_FILE) {
        Ok(text) => load_text(path, text, environment),
        Err(error) => Err(ConfigError {
            problems: vec![Problem {
                file: path.to_owned(),
                line: 0,
                column: 0,
                message: format!("the configuration file {error}"),
                help: None,
                excerpt: None,
            }],
        }),
    }
}

/// The same for a main file that has this text and would stand at `path`, whether it does or not:
/// what it includes is looked for from there.
///
/// # Errors
/// As [`load`].
pub fn load_text(
    path: &Path,
    text: String,
    environment: &Environment,
) -> Result<Config, ConfigError> {
    let report = Report::default();
    let main = Source::file(path, text);
    let config = assemble(&main, environment, &report);
    let warnings = report.finish(&config.files)?;
    Ok(Config { warnings, ..config })
}

/// Reads everything, with defaults for what is missing or wrong; what was wrong is in the report.
fn assemble(main: &Rc<Source>, environment: &Environment, report: &Report) -> Config {
    let tree = reader::parse(main, report);
    let path = main.file.as_path();
    let mut root = Table::root(report, main, &tree, "the main file", Some(environment));

    let section = root.section("postgres", "[postgres]");
    let postgres = postgres::read(section, environment);
    let database = settings::database(&mut root, environment, postgres);
    let shutdown_timeout = settings::shutdown_timeout(&mut root);
    let log = settings::log(root.section("log", "[log]"));
    let schedule = settings::schedule(root.section("schedule", "[schedule]"));
    let fetch = settings::fetch(root.section("fetch", "[fetch]"), environment);
    let articles = settings::articles(root.section("articles", "[articles]"));
    let lacks_key = match &database {
        Some(Database::Server(server)) => server.key.is_none(),
        _ => false,
    };
    let (web, listen_at) = web::read(root.section("web", "[web]"), environment, lacks_key);
    let dedup = settings::dedup(root.section("dedup", "[dedup]"));
    let alerts = settings::alerts(root.section("alerts", "[alerts]"));
    let retention = settings::retention(root.section("retention", "[retention]"));
    check_variables(report, environment);

    let included: Vec<Included> = root
        .get("include")
        .map(|list| include::expand(&list, path))
        .unwrap_or_default();
    let mut files = vec![path.to_owned()];
    files.extend(included.iter().map(|file| file.path.clone()));
    let sources: Vec<(Kind, Rc<Source>)> = included
        .iter()
        .filter_map(|file| Some((file.kind, open(file, report)?)))
        .collect();
    let of_kind = |kind| {
        let chosen = sources.iter().filter(move |(found, _)| *found == kind);
        chosen.map(|(_, source)| source)
    };
    let trees: Vec<_> = of_kind(Kind::Toml)
        .map(|source| (source, reader::parse(source, report)))
        .collect();

    let mut roots = vec![root];
    for (source, tree) in &trees {
        let mut table = Table::root(report, source, tree, "an included file", None);
        informational(&mut table);
        table.refuse(&MAIN_ONLY, "move it to the main file");
        roots.push(table);
    }
    let defaults = Defaults {
        schedule: &schedule,
        full_text: articles.full_text,
        environment,
    };
    let mut feeds = FeedList::default();
    let mut topics = TopicList::default();
    let mut names = Vec::new();
    let mut examples = ExampleList::default();
    for root in &mut roots {
        for table in root.tables("feed", "[[feed]]") {
            feeds::read(table, &defaults, report, &mut feeds);
        }
        for table in root.tables("topic", "[[topic]]") {
            topics::read(table, report, &mut topics);
        }
        for table in root.tables("names", "[[names]]") {
            aliases::read(table, &mut names);
        }
        for table in root.tables("example", "[[example]]") {
            examples::read(table, report, &mut examples);
        }
    }
    // After the TOML files: what they say of a feed is more than a list from elsewhere does.
    for source in of_kind(Kind::Opml) {
        opml::read(source, &defaults, report, &mut feeds);
    }
    let mut sinks = SinkList::default();
    let incomplete = sources.len() < included.len()
        || main.is_broken()
        || trees.iter().any(|(source, _)| source.is_broken());
    if !incomplete {
        examples::check_topics(&examples, &topics, report);
    }
    aliases::apply(names, report, &mut topics, incomplete);
    let around = Surroundings {
        report,
        environment,
        topics: &topics,
        topics_may_be_missing: incomplete,
        door: sink_feed::Door {
            web: &web,
            is_wanted: listen_at.is_some() || web.enabled || web.public_url.is_some(),
        },
    };
    for root in &mut roots {
        for table in root.tables("sink", "[[sink]]") {
            sinks::read(table, &around, &mut sinks);
        }
    }
    let mut sink_ids: Vec<SinkId> = sinks.ids.into_keys().collect();
    let mut sinks = sinks.sinks;
    if sinks.is_empty() {
        sinks.extend(default_sink());
        sink_ids.extend(sinks.iter().map(|sink| sink.id.clone()));
    }
    let known = Known {
        feeds: &feeds,
        sinks: &sink_ids,
    };
    let mut routes = Vec::new();
    for mut root in roots {
        for table in root.tables("route", "[[route]]") {
            routes::read(table, &around, &known, &mut routes);
        }
        root.finish();
    }
    let is_feed = |sink: &SinkConfig| matches!(sink.kind, SinkKind::Feed(_));
    if let Some(at) = &listen_at
        && web.public_url.is_none()
        && !web.enabled
        && !incomplete
        && !sinks.iter().any(is_feed)
    {
        web::warn_of_no_listener(at, report);
    }
    warn_of_idleness(main, report, &feeds, &topics);

    Config {
        path: path.to_owned(),
        files,
        // A missing place has been reported as an error.
        database: database.unwrap_or_default(),
        log,
        schedule,
        fetch,
        articles,
        web,
        dedup,
        alerts,
        retention,
        shutdown_timeout,
        feeds: feeds.feeds,
        topics: topics.topics.into(),
        examples: examples.examples,
        sinks,
        routes,
        warnings: Vec::new(),
    }
}

/// Every key and every variable that reading this text asks for.
#[cfg(test)]
pub(super) fn known(
    text: &str,
    environment: &Environment,
) -> (
    std::collections::BTreeSet<(&'static str, &'static str)>,
    std::collections::BTreeSet<String>,
) {
    let report = Report::default();
    let main = Source::file(Path::new("/nonexistent/m.toml"), text.to_owned());
    assemble(&main, environment, &report);
    (report.keys.into_inner(), report.variables.into_inner())
}

/// Reads a file of topics by itself, such as the pack inside the program.
///
/// # Errors
/// [`ConfigError`] with every problem of the text; warnings are dropped.
pub fn parse_topics(file_name: &Path, text: &str) -> Result<Vec<Topic>, ConfigError> {
    let report = Report::default();
    let source = Source::file(file_name, text.to_owned());
    let tree = reader::parse(&source, &report);
    let mut root = Table::root(&report, &source, &tree, "a topic pack", None);
    informational(&mut root);
    let mut list = TopicList::default();
    for table in root.tables("topic", "[[topic]]") {
        topics::read(table, &report, &mut list);
    }
    let mut examples = ExampleList::default();
    for table in root.tables("example", "[[example]]") {
        examples::read(table, &report, &mut examples);
    }
    if !source.is_broken() {
        examples::check_topics(&examples, &list, &report);
    }
    root.refuse(&MAIN_ONLY, "a topic pack holds topics only");
    root.refuse(&["feed", "sink", "route"], "a topic pack holds topics only");
    root.finish();
    drop(tree);
    report.finish(&[file_name.to_owned()])?;
    Ok(list.topics)
}

/// Reads the keys that say what a file is, for people.
fn informational(table: &mut Table<'_>) {
    if let Some(title) = table.get("title") {
        title.line(500);
    }
    if let Some(checked) = table.get("checked")
        && !checked.is_date()
    {
        checked.line(500);
    }
}

fn open(file: &Included, report: &Report) -> Option<Rc<Source>> {
    match read_text(&file.path, MAX_FILE) {
        Ok(text) => Some(Source::file(&file.path, text)),
        Err(error) => {
            let message = format!("the included file {} {error}", file.path.display());
            report.error(&file.origin, message, None);
            None
        }
    }
}

fn check_variables(report: &Report, environment: &Environment) {
    let known = report.variables.borrow().clone();
    for name in environment.unreadable("MENTIOND_") {
        let origin = Origin::whole(&Source::variable(name));
        let help = "set it to a text in UTF-8".to_owned();
        report.error(&origin, "is not valid UTF-8", Some(help));
    }
    for name in environment.names("MENTIOND_") {
        if !known.contains(name) && !OTHER_VARIABLES.contains(&name) {
            let origin = Origin::whole(&Source::variable(name));
            let candidates = known.iter().map(String::as_str).chain(OTHER_VARIABLES);
            report.warn(
                &origin,
                "overrides no setting",
                did_you_mean(name, candidates),
            );
        }
    }
}

fn warn_of_idleness(main: &Rc<Source>, report: &Report, feeds: &FeedList, topics: &TopicList) {
    let origin = Origin::whole(main);
    if feeds.feeds.is_empty() {
        let help = "add a [[feed]] or include a file with feeds".to_owned();
        report.warn(
            &origin,
            "there are no feeds, so nothing is polled",
            Some(help),
        );
    }
    if topics.topics.is_empty() {
        let help = "add a [[topic]] or include a file with topics".to_owned();
        report.warn(
            &origin,
            "there are no topics, so nothing is mentioned",
            Some(help),
        );
    }
}

/// Where no sink is configured, alerts go to the log.
fn default_sink() -> Option<SinkConfig> {
    let format = LogFormat::Human;
    let id = SinkId::new("log").ok()?;
    Some(SinkConfig::new(id, SinkKind::Log { format }))
}
