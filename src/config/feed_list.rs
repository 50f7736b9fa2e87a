//! Feed lists by themselves, for commands that add feeds to a configuration.
//!
//! What may be a feed's URL, id and language is decided where the configuration is read; the
//! functions here only open those rules to who writes it.

use std::path::Path;
use std::rc::Rc;

use url::Url;

use super::environment::Environment;
use super::feeds::{self, Defaults, FeedList};
use super::problem::{ConfigError, Problem, Report};
use super::source::Source;
use super::{ScheduleConfig, opml};
use crate::model::{Feed, FeedId, FullText};

/// The longest name of a feed, in characters.
pub const LONGEST_NAME: usize = feeds::LONGEST_NAME;

/// Reads an OPML list by itself: its feeds, and what is wrong with it or was left out, by line.
///
/// # Errors
/// [`ConfigError`] when the text is no well-formed OPML.
pub fn parse_opml(
    file_name: &Path,
    text: &str,
    schedule: &ScheduleConfig,
) -> Result<(Vec<Feed>, Vec<Problem>), ConfigError> {
    let report = Report::default();
    let source: Rc<Source> = Source::file(file_name, text.to_owned());
    let mut list = FeedList::default();
    let defaults = Defaults {
        schedule,
        full_text: FullText::Never,
        environment: &Environment::from_pairs([] as [(&str, &str); 0]),
    };
    opml::read(&source, &defaults, &report, &mut list);
    let warnings = report.finish(&[file_name.to_owned()])?;
    Ok((list.feeds, warnings))
}

/// Checks a URL as the configuration does, and drops its fragment.
///
/// # Errors
/// What is wrong, reading on from the URL's name; the URL itself is not shown.
pub fn feed_url(text: &str) -> Result<Url, String> {
    feeds::check_url(text).map_err(|error| error.to_string())
}

/// The id that a feed gets from its URL where `is_taken` leaves it one.
#[must_use]
pub fn feed_id(url: &Url, is_taken: impl Fn(&FeedId) -> bool) -> Option<FeedId> {
    [false, true]
        .into_iter()
        .filter_map(|hashed| feeds::derived_id(url, hashed))
        .find(|id| !is_taken(id))
}

/// Whether the configuration takes this as a language.
#[must_use]
pub fn is_language(text: &str) -> bool {
    feeds::is_language(text)
}
