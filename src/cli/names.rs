//! Names that people give on the command line: found in the configuration, or told apart from
//! those that are near.

use super::CliError;
use super::output::printable;
use crate::config::{Config, SinkConfig, did_you_mean, is_language};
use crate::model::{Feed, FeedId};
use crate::store::Store;

/// The ids of the feeds with these names, in this order.
///
/// # Errors
/// [`CliError::Usage`] for the first name that no feed has.
pub fn feeds(config: &Config, names: &[String]) -> Result<Vec<FeedId>, CliError> {
    names
        .iter()
        .map(|name| feed(config, name).map(|feed| feed.id.clone()))
        .collect()
}

/// The feed with this id.
///
/// # Errors
/// [`CliError::Usage`] when there is none.
pub fn feed<'c>(config: &'c Config, name: &str) -> Result<&'c Feed, CliError> {
    let found = config.feeds.iter().find(|feed| feed.id.as_str() == name);
    found.ok_or_else(|| {
        let known = config.feeds.iter().map(|feed| feed.id.as_str());
        unknown(
            "feed",
            name,
            known,
            "`mentiond feeds` lists those there are",
        )
    })
}

/// Nothing when the name is a configured feed's or not given.
pub fn check_feed(config: &Config, name: Option<&str>) -> Result<(), CliError> {
    name.map_or(Ok(()), |name| feed(config, name).map(|_| ()))
}

/// Nothing when the name is a configured topic's or not given.
pub fn check_topic(config: &Config, name: Option<&str>) -> Result<(), CliError> {
    let known = || config.topics.iter().map(|topic| topic.id.as_str());
    match name {
        Some(name) if !known().any(|id| id == name) => {
            let help = "the ids of topics stand in the configuration";
            Err(unknown("topic", name, known(), help))
        }
        _ => Ok(()),
    }
}

/// As [`check_topic`], but a topic that has left the configuration will do if it was ever counted.
pub async fn check_past_topic(
    config: &Config,
    store: &Store,
    name: Option<&str>,
) -> Result<(), CliError> {
    let checked = check_topic(config, name);
    // Under no name at all is what was counted of every entry.
    let Some(name) = name.filter(|name| checked.is_err() && !name.is_empty()) else {
        return checked;
    };
    match store.first_counted(Some(name.to_owned())).await? {
        Some(_) => Ok(()),
        None => checked,
    }
}

/// As [`check_feed`], but a feed that has left the configuration will do if it was ever asked.
pub async fn check_past_feed(
    config: &Config,
    store: &Store,
    name: Option<&str>,
) -> Result<(), CliError> {
    let checked = check_feed(config, name);
    let Some(name) = name.filter(|_| checked.is_err()) else {
        return checked;
    };
    let states = store.feed_states().await?;
    if states.iter().any(|state| state.name == name) {
        return Ok(());
    }
    checked
}

/// Nothing when this is a language code or not given.
pub fn check_language(code: Option<&str>) -> Result<(), CliError> {
    match code {
        Some(code) if !is_language(code) => Err(CliError::Usage(format!(
            "`{}` is not a language code; write one such as en, ru or zh-Hans",
            printable(code)
        ))),
        _ => Ok(()),
    }
}

/// The sink with this id.
///
/// # Errors
/// [`CliError::Usage`] when there is none.
pub fn sink<'c>(config: &'c Config, name: &str) -> Result<&'c SinkConfig, CliError> {
    check_sink(config, Some(name))?;
    let found = config.sinks.iter().find(|sink| sink.id.as_str() == name);
    found.ok_or_else(|| CliError::Usage(format!("no sink has the id `{}`", printable(name))))
}

/// Nothing when the name is a configured sink's or not given.
pub fn check_sink(config: &Config, name: Option<&str>) -> Result<(), CliError> {
    let known = || config.sinks.iter().map(|sink| sink.id.as_str());
    match name {
        Some(name) if !known().any(|id| id == name) => {
            let help = "the ids of sinks stand in the configuration";
            Err(unknown("sink", name, known(), help))
        }
        _ => Ok(()),
    }
}

/// Nothing when some feed has the tag.
pub fn check_tag(config: &Config, tag: Option<&str>) -> Result<(), CliError> {
    let known = || config.feeds.iter().flat_map(|feed| &feed.tags);
    match tag {
        Some(tag) if !known().any(|other| other == tag) => {
            let known = known().map(String::as_str);
            Err(CliError::Usage(format!(
                "no feed has the tag `{}`; {}",
                printable(tag),
                did_you_mean(tag, known)
                    .unwrap_or_else(|| "tags stand with the feeds in the configuration".to_owned())
            )))
        }
        _ => Ok(()),
    }
}

fn unknown<'c>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'c str>,
    help: &str,
) -> CliError {
    let near = did_you_mean(name, known);
    CliError::Usage(format!(
        "no {what} has the id `{}`; {}{help}",
        printable(name),
        near.map(|near| format!("{near} ")).unwrap_or_default()
    ))
}
