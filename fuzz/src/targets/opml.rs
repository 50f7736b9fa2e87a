//! An OPML list to feeds, and the feeds to a list again.

use std::path::Path;
use std::time::Duration;

use mentiond::config::{ConfigError, Outlined, Problem, ScheduleConfig, parse_opml, write_opml};
use mentiond::model::{Feed, Interval, Timestamp};

use super::{oracle, same_twice};

const SCHEDULE: ScheduleConfig = ScheduleConfig {
    interval: Interval::Auto,
    min_interval: Duration::from_mins(5),
    max_interval: Duration::from_hours(24),
    jitter: 0.1,
};

/// Runs the target.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match same_twice(data.len(), || read(&text)) {
        Ok((feeds, problems)) => {
            // the shortest outline with a feed takes more
            assert!(feeds.len() <= text.len() / 15);
            for problem in problems {
                oracle::printable("a warning", &problem.to_string(), false);
                oracle::bytes("a warning", &problem.to_string(), 4_000);
            }
            kept(&feeds);
        }
        Err(error) => {
            assert!(!error.problems.is_empty());
            oracle::printable("an error", &error.to_string(), true);
        }
    }
}

fn read(text: &str) -> Result<(Vec<Feed>, Vec<Problem>), ConfigError> {
    parse_opml(Path::new("list.opml"), text, &SCHEDULE)
}

/// Asserts that a list written from feeds has them all.
fn kept(feeds: &[Feed]) {
    let outlined: Vec<_> = feeds
        .iter()
        .map(|feed| Outlined { feed, home: None })
        .collect();
    let written = write_opml("Feeds", &outlined, Timestamp::from_millis(0));
    let (again, problems) = read(&written).expect("what was written can be read");
    assert_eq!(again.len(), feeds.len(), "{problems:?}\n{written}");
    // a list is written folder by folder
    let urls = |feeds: &[Feed]| {
        let mut urls: Vec<_> = feeds.iter().map(|feed| feed.url.clone()).collect();
        urls.sort();
        urls
    };
    assert_eq!(urls(feeds), urls(&again));
}
