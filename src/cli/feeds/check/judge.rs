//! What one answer says of a feed, and what its owner should do. Pure.

use std::time::Duration;

use serde::Serialize;

use crate::cli::output::printable;
use crate::discover::{Probe, ProbeError, Summary};
use crate::model::{Feed, FeedFormat, FeedId, Timestamp};

/// A feed without anything newer counts as stale.
const STALE: Duration = Duration::from_hours(24 * 365);

/// What was found out about a feed: one line of `feeds check --json` (docs/cli.md).
#[derive(Debug, Serialize)]
pub struct Checked {
    pub feed: FeedId,
    pub url: String,
    pub status: &'static str,
    pub error: Option<String>,
    pub redirect: Option<Redirect>,
    pub final_url: Option<String>,
    pub moved_to: Option<String>,
    pub content_type: Option<String>,
    pub format: Option<FeedFormat>,
    pub version: Option<String>,
    pub title: Option<String>,
    pub language: Option<String>,
    pub charset: Option<&'static str>,
    pub charset_basis: Option<&'static str>,
    pub repairs: Vec<String>,
    pub entries: Option<usize>,
    pub newest: Option<Timestamp>,
    pub hubs: Vec<String>,
    #[serde(rename = "self")]
    pub self_url: Option<String>,
    pub home: Option<String>,
    pub has_validators: Option<bool>,
    pub size: Option<usize>,
    pub took_ms: u64,
    pub problems: Vec<Problem>,
}

/// How the answer was come by, when not at the URL itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Redirect {
    /// By permanent redirects alone (301, 308).
    Permanent,
    /// By at least one that is not.
    Temporary,
}

impl Redirect {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Temporary => "temporary",
        }
    }
}

/// Something that the owner should know, with advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A short stable name.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}

/// Makes advice of what a feed answered.
pub fn judge(feed: &Feed, probe: &Probe, now: Timestamp) -> Checked {
    let document = probe.document.as_ref().ok();
    let summary = document.map(Summary::of);
    let redirect = probe.final_url.as_ref().and_then(|last| {
        if probe.moved_to.as_ref() == Some(last) {
            Some(Redirect::Permanent)
        } else {
            (*last != feed.url).then_some(Redirect::Temporary)
        }
    });
    let error = probe.document.as_ref().err();
    Checked {
        feed: feed.id.clone(),
        url: feed.url.to_string(),
        status: error.map_or("ok", ProbeError::kind),
        error: error.map(in_words),
        redirect,
        final_url: probe.final_url.as_ref().map(ToString::to_string),
        moved_to: probe.moved_to.as_ref().map(ToString::to_string),
        content_type: probe.content_type.clone(),
        format: document.map(|d| d.format),
        version: document.and_then(|d| d.version.clone()),
        title: document.map(|d| d.title.clone()),
        language: document.and_then(|d| d.language.clone()),
        charset: document.map(|d| d.charset),
        charset_basis: document.map(|d| d.charset_basis),
        repairs: document.map(|d| d.notes.clone()).unwrap_or_default(),
        entries: document.map(|d| d.entries.len()),
        newest: summary.as_ref().and_then(|s| s.newest),
        hubs: document.map(|d| d.hubs.clone()).unwrap_or_default(),
        self_url: document.and_then(|d| d.self_url.clone()),
        home: document.and_then(|d| d.home.clone()),
        has_validators: probe.final_url.is_some().then_some(probe.has_validators),
        size: probe.final_url.is_some().then_some(probe.size),
        took_ms: u64::try_from(probe.took.as_millis()).unwrap_or(u64::MAX),
        problems: problems(probe, summary.as_ref(), now),
    }
}

fn in_words(error: &ProbeError) -> String {
    printable(&error.to_string())
}

fn problems(probe: &Probe, summary: Option<&Summary>, now: Timestamp) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut tell = |kind, text| found.push(Problem { kind, text });
    if let Some(to) = &probe.moved_to {
        tell(
            "moved",
            format!("it has moved permanently: change its URL to {to}"),
        );
    }
    match &probe.document {
        Err(error) => tell(error.kind(), in_words(error)),
        Ok(document) => {
            if let Some(text) = content_type(probe.content_type.as_deref(), document.format) {
                tell("content-type", text);
            }
            for note in &document.notes {
                tell(
                    "repaired",
                    format!("its document is read with repairs ({note}): tell the publisher"),
                );
            }
        }
    }
    let Some(summary) = summary else {
        return found;
    };
    if !probe.has_validators {
        tell(
            "no-validators",
            "it has neither ETag nor Last-Modified: every poll costs a full download; give it a \
             longer `interval`, or tell the publisher"
                .to_owned(),
        );
    }
    match summary.newest {
        _ if summary.entries == 0 => tell(
            "no-entries",
            "it has no entries: look at its page to see whether it has been given up".to_owned(),
        ),
        None => tell(
            "no-dates",
            "none of its entries has a date that can be believed: ages are not known".to_owned(),
        ),
        Some(newest) if now.since(newest) > STALE => tell(
            "stale",
            format!(
                "its newest entry is from {}: it may have been given up; look for another feed",
                newest.to_string().chars().take(10).collect::<String>()
            ),
        ),
        Some(_) => {}
    }
    found
}

/// What is wrong with a feed's Content-Type, if something is.
fn content_type(given: Option<&str>, format: FeedFormat) -> Option<String> {
    let Some(given) = given else {
        return Some(
            "it is served without a Content-Type: other readers may refuse it; tell the publisher"
                .to_owned(),
        );
    };
    let kind = given.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    let fits = match format {
        FeedFormat::Json => kind.contains("json"),
        _ => kind.contains("xml"),
    };
    (!fits).then(|| {
        format!(
            "it is served as `{kind}`, which is not its format's type: other readers may refuse \
             it; tell the publisher"
        )
    })
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::model::{Document, Entry, UpdateHints};
    use crate::parse::{PageLinks, ParseError};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn feed() -> Feed {
        let url = "https://a.example/feed".parse().unwrap();
        Feed::new(FeedId::new("a").unwrap(), url)
    }

    fn document(entries: &[Option<Timestamp>]) -> Document {
        Document {
            format: FeedFormat::Rss,
            title: "A".to_owned(),
            language: None,
            charset: "UTF-8",
            version: Some("2.0".to_owned()),
            charset_basis: "declaration",
            hints: UpdateHints::default(),
            hubs: Vec::new(),
            self_url: None,
            home: None,
            notes: Vec::new(),
            entries: entries
                .iter()
                .map(|published| Entry {
                    published: *published,
                    ..Entry::default()
                })
                .collect(),
        }
    }

    /// An answer that leaves nothing to be wished for.
    fn good() -> Probe {
        Probe {
            took: Duration::from_millis(12),
            size: 345,
            content_type: Some("application/rss+xml; charset=utf-8".to_owned()),
            final_url: Some(feed().url),
            moved_to: None,
            has_validators: true,
            document: Ok(document(&[Some(NOW - Duration::from_hours(1))])),
            links: PageLinks::default(),
            channel: None,
        }
    }

    fn kinds(probe: &Probe) -> Vec<&'static str> {
        let checked = judge(&feed(), probe, NOW);
        checked
            .problems
            .iter()
            .map(|problem| problem.kind)
            .collect()
    }

    #[test]
    fn a_good_feed_has_no_problems() {
        assert_eq!(kinds(&good()), Vec::<&str>::new());
        let checked = judge(&feed(), &good(), NOW);
        assert_eq!((checked.status, checked.redirect), ("ok", None));
    }

    #[test]
    fn each_problem_is_told_by_itself() {
        let with = |change: &dyn Fn(&mut Probe)| {
            let mut probe = good();
            change(&mut probe);
            kinds(&probe)
        };
        assert_eq!(with(&|p| p.has_validators = false), ["no-validators"]);
        assert_eq!(with(&|p| p.content_type = None), ["content-type"]);
        assert_eq!(
            with(&|p| p.content_type = Some("text/html".to_owned())),
            ["content-type"]
        );
        assert_eq!(with(&|p| p.document = Ok(document(&[]))), ["no-entries"]);
        assert_eq!(with(&|p| p.document = Ok(document(&[None]))), ["no-dates"]);
        let old = Some(NOW - Duration::from_hours(24 * 366));
        assert_eq!(
            with(&|p| p.document = Ok(document(&[old, None]))),
            ["stale"]
        );
        let mut mended = document(&[Some(NOW)]);
        mended.notes.push("closed an element".to_owned());
        assert_eq!(with(&|p| p.document = Ok(mended.clone())), ["repaired"]);
    }

    #[test]
    fn redirects_are_told_apart_and_only_permanent_ones_are_a_problem() {
        let elsewhere = Url::parse("https://b.example/rss").unwrap();
        let mut probe = good();
        probe.final_url = Some(elsewhere.clone());
        assert_eq!(kinds(&probe), Vec::<&str>::new());
        let redirect = |probe: &Probe| judge(&feed(), probe, NOW).redirect;
        assert_eq!(redirect(&probe), Some(Redirect::Temporary));
        probe.moved_to = Some(elsewhere);
        assert_eq!(kinds(&probe), ["moved"]);
        assert_eq!(redirect(&probe), Some(Redirect::Permanent));
        let text = judge(&feed(), &probe, NOW).problems[0].text.clone();
        assert!(
            text.ends_with("change its URL to https://b.example/rss"),
            "{text}"
        );
    }

    #[test]
    fn a_page_instead_of_a_feed_is_an_error_that_names_its_feeds() {
        let mut probe = good();
        probe.document = Err(ProbeError::Parse {
            error: ParseError::NotAFeed {
                looks_like: "an HTML page",
                title: None,
            },
            text: "a page; the page names this feed: https://a.example/rss".to_owned(),
        });
        assert_eq!(kinds(&probe), ["not-a-feed"]);
        let error = judge(&feed(), &probe, NOW).error.unwrap();
        assert!(
            error.ends_with("the page names this feed: https://a.example/rss"),
            "{error}"
        );
    }
}
