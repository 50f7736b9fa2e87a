//! What becomes of feed lists from other readers.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::{environment, printed};
use crate::config::feeds::{Defaults, FeedList};
use crate::config::opml::read;
use crate::config::problem::Report;
use crate::config::source::Source;
use crate::config::{ConfigError, Problem, ScheduleConfig};
use crate::model::{Feed, FullText, Interval};

const SCHEDULE: ScheduleConfig = ScheduleConfig {
    interval: Interval::Fixed(Duration::from_mins(30)),
    min_interval: Duration::from_mins(5),
    max_interval: Duration::from_hours(24),
    jitter: 0.1,
};

fn try_read(text: &str) -> Result<(Vec<Feed>, Vec<Problem>), ConfigError> {
    let report = Report::default();
    let mut list = FeedList::default();
    let source = Source::file(Path::new("l.opml"), text.to_owned());
    let defaults = Defaults {
        schedule: &SCHEDULE,
        full_text: FullText::WhenShort,
        environment: &environment(&[]),
    };
    read(&source, &defaults, &report, &mut list);
    let warnings = report.finish(&["l.opml".into()])?;
    Ok((list.feeds, warnings))
}

fn feeds(text: &str) -> Vec<Feed> {
    try_read(text).unwrap().0
}

fn complaints(text: &str) -> String {
    let problems = match try_read(text) {
        Ok((_, warnings)) => warnings,
        Err(error) => error.problems,
    };
    printed(&problems)
}

#[test]
fn outlines_become_feeds_with_folders_and_categories_as_tags() {
    let found = feeds(
        "<?xml version='1.0'?>\n<opml version='2.0'><head><title>x</title></head><body>\n\
         <outline text='Central Asia'>\n<outline text='Казахстан'>\n\
         <outline type='rss' text='t' title='Tengri &amp; News' language='ru'\n \
         category='/News/World,/Пресса' xmlUrl='https://a.kz/rss?a=1&amp;b=2' htmlUrl='x'/>\n\
         </outline></outline>\n<outline text='B' XMLURL=\"https://b.org/\"></outline>\n\
         </body></opml>",
    );
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].name, "Tengri & News");
    assert_eq!(found[0].url.as_str(), "https://a.kz/rss?a=1&b=2");
    assert_eq!(found[0].language.as_deref(), Some("ru"));
    assert_eq!(
        found[0].tags,
        ["central-asia", "казахстан", "news", "world", "пресса"]
    );
    assert_eq!(found[0].interval, SCHEDULE.interval);
    assert_eq!(
        (found[1].name.as_str(), found[1].id.as_str()),
        ("B", "b.org")
    );
    assert!(found[1].tags.is_empty());
}

#[test]
fn feeds_that_cannot_be_used_are_left_out_with_a_warning() {
    let list = "<opml><body>\n<outline text='A' xmlUrl='https://a.org/'/>\n\
                <outline text='A2' xmlUrl='https://a.org/'/>\n\
                <outline text='F' xmlUrl='feed:x'/>\n\
                <outline text='P' xmlUrl='https://u:hunter2@a.org/'/>\n\
                <outline text='L' xmlUrl='https://l.org/' language='x_y'/>\n</body></opml>";
    assert_eq!(feeds(list).len(), 2);
    let told = complaints(list);
    assert_eq!(
        told,
        "l.opml:3:1: `A2` is left out: the feed `a.org` at l.opml:2:1 has the same URL\n\
         l.opml:4:1: `F` is left out: its xmlUrl has an unsupported scheme; only http and https can be used\n\
         l.opml:5:1: `P` is left out: its xmlUrl holds a user name or password; credentials do not belong in a URL, where logs and errors would show them; a feed has `basic_auth` for them\n\
         l.opml:6:1: `x_y` is not a language code and is ignored"
    );
}

#[test]
fn feeds_whose_ids_would_be_the_same_are_told_apart_by_a_hash() {
    let found =
        feeds("<opml><outline xmlUrl='https://a.org/x'/><outline xmlUrl='http://a.org/x'/></opml>");
    assert_eq!(found[0].id.as_str(), "a.org-x");
    assert!(
        found[1].id.as_str().starts_with("a.org-x-"),
        "{}",
        found[1].id
    );
}

#[test]
fn a_list_that_is_no_well_formed_opml_is_an_error_with_its_place() {
    assert!(complaints("").contains("has no element"));
    assert_eq!(
        complaints("\n<html></html>"),
        "l.opml:2:1: not an OPML list: it begins with <html>; an OPML list begins with <opml>"
    );
    assert!(
        complaints("<opml>\n<body>\n</opml>").starts_with("l.opml:3:"),
        "{}",
        complaints("<opml>\n<body>\n</opml>")
    );
    assert!(complaints("<opml><body>").contains("ends in the middle"));
    assert!(complaints("<opml><body").contains("not well-formed"));
    let deep = format!("<opml>{}", "<outline text='x'>".repeat(500));
    assert!(complaints(&deep).contains("nested too deeply"));
}

#[test]
fn bare_ampersands_are_taken_as_they_stand() {
    let found = feeds(
        "<opml>R & D<outline text='Q & A &nbsp;&#x416;' xmlUrl='https://a.org/?a=1&b=2'/></opml>",
    );
    assert_eq!(found[0].name, "Q & A &nbsp;Ж");
    assert_eq!(found[0].url.as_str(), "https://a.org/?a=1&b=2");
}

#[test]
fn a_quotation_mark_too_many_costs_no_feed() {
    let list = "<opml>\n<outline text=\"Moscow \"24\"\" xmlUrl=\"https://a.ru/\"/></opml>";
    assert_eq!(feeds(list)[0].url.as_str(), "https://a.ru/");
    assert_eq!(
        complaints(list),
        "l.opml:2:1: the attributes of `Moscow` can be read in part only; escape quotation marks in them as &quot;"
    );
}

#[test]
fn entity_definitions_are_not_expanded() {
    let found = feeds(
        "<!DOCTYPE opml [<!ENTITY a 'aaaa'><!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n\
         <opml><outline text='&a;&x;' xmlUrl='https://a.org/'/></opml>",
    );
    assert_eq!(found[0].name, "&a;&x;");
}

/// Reads the public lists in the folder that `MENTIOND_CORPUS` names, if it does.
#[test]
fn the_public_lists_of_the_corpus_load() {
    let Some(corpus) = std::env::var_os("MENTIOND_CORPUS") else {
        eprintln!("skipped: set MENTIOND_CORPUS to a folder with opml/*.opml to run this");
        return;
    };
    let mut lists = 0;
    for entry in std::fs::read_dir(Path::new(&corpus).join("opml")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (found, warnings) = try_read(&text).unwrap();
        let outlines = text.matches("xmlUrl=").count();
        let left_out = |problem: &&Problem| problem.message.contains("is left out");
        let missing = warnings.iter().filter(left_out).count();
        assert_eq!(found.len() + missing, outlines, "{}", path.display());
        assert!(!found.is_empty(), "{}", path.display());
        lists += 1;
    }
    assert!(lists > 0);
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(
        text in "\\PC{0,60}|(<opml>|<outline|</outline>|[<>/='\"&;!\\[\\]?a \n-]){0,40}"
    ) {
        let _ = try_read(&text);
        let _ = try_read(&format!("<opml><outline text='{text}' xmlUrl='http://a/{text}'/>"));
    }
}
