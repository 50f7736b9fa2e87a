//! Reading `[[feed]]` tables, and the checks that feeds from any source must pass.
//!
//! [`check_url`] says whether a URL may be polled, [`derived_id`] makes an id of it that stays the
//! same from run to run, and [`FeedList`] keeps feeds with their places so that ids are unique.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use url::{Host, Url};

use super::ScheduleConfig;
use super::environment::Environment;
use super::problem::{Report, quoted};
use super::reader::Table;
use super::request;
use super::settings::FULL_TEXT;
use super::source::Origin;
use super::units::show_duration;
use super::value::Value;
use crate::model::{Feed, FeedId, FullText, Interval};

/// The longest URL, in bytes.
const LONGEST_URL: usize = 2048;
/// The longest name of a feed, topic or tag list's word, in characters.
pub(super) const LONGEST_NAME: usize = 200;
/// The longest tag, in characters.
pub(super) const LONGEST_TAG: usize = 64;
const MOST_TAGS: usize = 64;

/// Why a URL can't be polled or posted to. No message shows the URL: it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UrlError {
    /// The URL standard's parser refuses it.
    #[error("is not a URL ({0}); write it in full, such as https://example.org/feed.xml")]
    Unreadable(url::ParseError),
    /// Another scheme than http and https.
    #[error("has an unsupported scheme; only http and https can be used")]
    Scheme,
    /// No host.
    #[error("has no host; write it in full, such as https://example.org/feed.xml")]
    NoHost,
    /// User name or password in front of the host.
    #[error(
        "holds a user name or password; credentials do not belong in a URL, where logs and errors would show them; a feed has `basic_auth` for them"
    )]
    Credentials,
    /// Too long.
    #[error("is longer than {LONGEST_URL} bytes; check that it is a URL")]
    TooLong,
}

/// Checks a URL that the daemon is to fetch or post to, and drops its fragment, which is never
/// sent. The bound holds for the URL as it is sent too, so that what is taken is taken again.
pub(super) fn check_url(text: &str) -> Result<Url, UrlError> {
    if text.len() > LONGEST_URL {
        return Err(UrlError::TooLong);
    }
    let mut url = Url::parse(text).map_err(UrlError::Unreadable)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlError::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Credentials);
    }
    if url.host().is_none() {
        return Err(UrlError::NoHost);
    }
    url.set_fragment(None);
    // Escapes can make three bytes and more of one.
    if url.as_str().len() > LONGEST_URL {
        return Err(UrlError::TooLong);
    }
    Ok(url)
}

/// The first eight hexadecimal digits of the URL's SHA-256.
fn short_hash(url: &Url) -> String {
    let digest = Sha256::digest(url.as_str().as_bytes());
    let [a, b, c, d, ..] = <[u8; 32]>::from(digest);
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// An id made of the URL's host and path, at most 64 characters long.
///
/// Where host and path do not say all (a query, a port, characters that an id can't have, or more
/// than fits), a hash of the whole URL ends the id. `always_hashed` ends it so in any case.
pub(super) fn derived_id(url: &Url, always_hashed: bool) -> Option<FeedId> {
    let mut slug = String::new();
    let mut lossy = always_hashed || url.query().is_some() || url.port().is_some();
    lossy |= !matches!(url.host(), Some(Host::Domain(_) | Host::Ipv4(_)));
    let host = url.host_str().unwrap_or_default();
    for c in host.chars().chain(url.path().chars()) {
        let kept = c.to_ascii_lowercase();
        if kept.is_ascii_lowercase() || kept.is_ascii_digit() || matches!(kept, '.' | '-' | '_') {
            lossy |= kept != c;
            slug.push(kept);
        } else {
            lossy |= c != '/';
            if !slug.ends_with('-') {
                slug.push('-');
            }
        }
    }
    let slug = slug
        .trim_start_matches(|c: char| !c.is_ascii_alphanumeric())
        .trim_end_matches(['-', '.']);
    let id = if !lossy && (1..=64).contains(&slug.len()) {
        slug.to_owned()
    } else {
        let cut = slug.get(..slug.len().min(55)).unwrap_or_default();
        let stem = match cut.trim_end_matches(['-', '.']) {
            "" => "feed",
            stem => stem,
        };
        format!("{stem}-{}", short_hash(url))
    };
    FeedId::new(&id).ok()
}

/// A language tag: a word of two or three letters, then words of letters and digits (a loose
/// reading of BCP 47, RFC 5646 §2.1).
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    text.len() <= 35
        && (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

/// The feeds read so far, with where they stand.
#[derive(Debug, Default)]
pub(super) struct FeedList {
    /// The feeds.
    pub(super) feeds: Vec<Feed>,
    ids: BTreeMap<FeedId, Origin>,
    urls: BTreeMap<Url, (FeedId, Origin)>,
}

impl FeedList {
    /// The feed that has this URL already, and where it stands.
    pub(super) fn with_url(&self, url: &Url) -> Option<&(FeedId, Origin)> {
        self.urls.get(url)
    }

    /// Where the feed with this id stands.
    pub(super) fn with_id(&self, id: &FeedId) -> Option<&Origin> {
        self.ids.get(id)
    }

    /// The ids of all feeds.
    pub(super) fn ids(&self) -> impl Iterator<Item = &FeedId> {
        self.ids.keys()
    }

    /// Takes a feed in.
    pub(super) fn add(&mut self, feed: Feed, origin: &Origin) {
        self.ids
            .entry(feed.id.clone())
            .or_insert_with(|| origin.clone());
        self.urls
            .entry(feed.url.clone())
            .or_insert_with(|| (feed.id.clone(), origin.clone()));
        self.feeds.push(feed);
    }
}

/// What a feed takes where it says nothing itself, and where secrets are.
#[derive(Clone, Copy)]
pub(super) struct Defaults<'a> {
    /// `[schedule]`.
    pub(super) schedule: &'a ScheduleConfig,
    /// `full_text` of `[articles]`.
    pub(super) full_text: FullText,
    /// For secrets.
    pub(super) environment: &'a Environment,
}

/// Reads one `[[feed]]` into the list.
pub(super) fn read(
    mut table: Table<'_>,
    defaults: &Defaults<'_>,
    report: &Report,
    list: &mut FeedList,
) {
    let url_value = table.required("url");
    let url = url_value.as_ref().and_then(|value| {
        let text = value.text("a URL in quotes")?;
        check_url(text)
            .map_err(|error| value.error(format!("{} {error}", value.label()), None))
            .ok()
    });
    let id_value = table.get("id");
    let given_id = id_value.as_ref().map(read_id);
    let name = table.get("name").and_then(|value| value.line(LONGEST_NAME));
    let language = table
        .get("language")
        .and_then(|value| read_language(&value));
    let country = table.get("country").and_then(|value| read_country(&value));
    let tags = table.get("tags").map(|value| read_tags(&value));
    let interval = table
        .get("interval")
        .and_then(|value| read_interval(&value, defaults.schedule));
    let allow = table
        .get("allow_private_addresses")
        .and_then(|value| value.flag());
    let full_text = table
        .get("full_text")
        .and_then(|value| value.choice(&FULL_TEXT));
    let push = table.get("push").and_then(|value| value.flag());
    let request = request::read(&mut table, defaults.environment);
    let origin = table.origin().clone();
    table.finish();

    let Some(url) = url else { return };
    let id = match given_id {
        Some(given) => given,
        None => derived_id(&url, false).or_else(|| {
            let help = "give the feed an `id`".to_owned();
            report.error(&origin, "no id can be made of the feed's URL", Some(help));
            None
        }),
    };
    let Some(id) = id else { return };
    let place = id_value
        .as_ref()
        .or(url_value.as_ref())
        .map_or(&origin, |value| &value.origin);
    if let Some(first) = list.with_id(&id) {
        report.error(
            place,
            format!("the feed id `{id}` is given twice, first at {first}"),
            Some("give one of the two feeds another `id`".to_owned()),
        );
        return;
    }
    if let (Some((other, first)), Some(value)) = (list.with_url(&url), url_value.as_ref()) {
        value.warn(
            format!("the feed `{id}` is left out: `{other}` (at {first}) has the same URL"),
            Some("remove one of them; a URL is polled for one feed only".to_owned()),
        );
        return;
    }
    let feed = Feed {
        name: name.unwrap_or_else(|| id.as_str()).to_owned(),
        language,
        country,
        tags: tags.unwrap_or_default(),
        interval: interval.unwrap_or(defaults.schedule.interval),
        allow_private_addresses: allow.unwrap_or(false),
        full_text: full_text.unwrap_or(defaults.full_text),
        push: push.unwrap_or(true),
        request: Arc::new(request),
        ..Feed::new(id, url)
    };
    list.add(feed, place);
}

fn read_id(value: &Value<'_>) -> Option<FeedId> {
    FeedId::new(value.text("an id in quotes")?)
        .map_err(|error| value.error(error.to_string(), None))
        .ok()
}

/// Reads a language code.
pub(super) fn read_language(value: &Value<'_>) -> Option<String> {
    let text = value.line(LONGEST_NAME)?;
    if is_language(text) {
        return Some(text.to_owned());
    }
    let help = "write a code such as \"en\", \"ru\" or \"zh-Hans\"".to_owned();
    value.error(
        format!("{} is not a language code", quoted(text)),
        Some(help),
    );
    None
}

/// Reads a country's two letters.
pub(super) fn read_country(value: &Value<'_>) -> Option<String> {
    let text = value.line(LONGEST_NAME)?;
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Some(text.to_ascii_uppercase());
    }
    let help = "write the two letters of ISO 3166-1, such as \"CN\" or \"KZ\"".to_owned();
    value.error(
        format!("{} is not a country code", quoted(text)),
        Some(help),
    );
    None
}

/// Reads a list of words, each kept once.
pub(super) fn read_tags(value: &Value<'_>) -> Vec<String> {
    let items = value.items().unwrap_or_default();
    if items.len() > MOST_TAGS {
        let help = format!("at most {MOST_TAGS} are allowed");
        value.error(format!("{} is too long a list", value.label()), Some(help));
        return Vec::new();
    }
    let mut tags: Vec<String> = Vec::new();
    for tag in items.iter().filter_map(|item| item.line(LONGEST_TAG)) {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

fn read_interval(value: &Value<'_>, schedule: &ScheduleConfig) -> Option<Interval> {
    if value.is_text() && value.text("a duration or \"auto\"")? == "auto" {
        return Some(Interval::Auto);
    }
    let interval = value.duration()?;
    let (least, most) = (schedule.min_interval, schedule.max_interval);
    let (complaint, limit, key) = if interval < least {
        ("shorter", least, "min_interval")
    } else if interval > most {
        ("longer", most, "max_interval")
    } else {
        return Some(Interval::Fixed(interval));
    };
    value.error(
        format!(
            "`interval` is {complaint} than `{key}` in [schedule], {}",
            show_duration(limit)
        ),
        Some(format!("change it, or change `{key}`")),
    );
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(url: &str) -> String {
        derived_id(&Url::parse(url).unwrap(), false)
            .unwrap()
            .to_string()
    }

    #[test]
    fn an_id_is_the_urls_host_and_path() {
        assert_eq!(id("https://www.kp.kg/rss/"), "www.kp.kg-rss");
        assert_eq!(id("http://tass.ru"), "tass.ru");
        assert_eq!(
            id("https://feeds.bbci.co.uk/news/world/rss.xml"),
            "feeds.bbci.co.uk-news-world-rss.xml"
        );
    }

    #[test]
    fn an_id_that_does_not_say_all_ends_with_a_hash() {
        let (a, b) = (id("https://a.org/?c=1"), id("https://a.org/?c=2"));
        assert_eq!(a.len(), "a.org-".len() + 8);
        assert_ne!(a, b);
        let long = "x/".repeat(100);
        let (a, b) = (
            id(&format!("https://a.org/{long}1")),
            id(&format!("https://a.org/{long}2")),
        );
        assert!(a.len() <= 64 && a != b, "{a} {b}");
        assert!(
            id("https://[::1]:80/Ж").starts_with("1-"),
            "{}",
            id("https://[::1]:80/Ж")
        );
    }

    #[test]
    fn only_plain_http_urls_with_a_host_are_taken() {
        assert!(check_url("https://a.org/x?y=1").is_ok());
        assert_eq!(
            check_url("https://a.org/#x").unwrap().as_str(),
            "https://a.org/"
        );
        assert!(matches!(check_url("a.org"), Err(UrlError::Unreadable(_))));
        assert!(matches!(check_url("http://"), Err(UrlError::Unreadable(_))));
        assert_eq!(check_url("file:///etc/passwd"), Err(UrlError::Scheme));
        assert_eq!(check_url("https://u:p@a.org/"), Err(UrlError::Credentials));
        assert_eq!(check_url("https://u@a.org/"), Err(UrlError::Credentials));
        let long = format!("https://a.org/{}", "x".repeat(LONGEST_URL));
        assert_eq!(check_url(&long), Err(UrlError::TooLong));
        let escaped = format!("https://a.org/{}", "ж".repeat(LONGEST_URL / 6));
        assert_eq!(check_url(&escaped), Err(UrlError::TooLong));
    }

    #[test]
    fn language_codes_are_two_or_three_letters_and_more_words() {
        for good in ["en", "RU", "zh-Hans", "zh-Hant-TW", "kaa", "pt-br"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "e", "english", "en_US", "en-", "12", "en-abcdefghi"] {
            assert!(!is_language(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_url_gets_the_same_legal_id_each_time(
            host in "[a-z0-9-]{1,70}\\.[a-z]{2,5}|[0-9.]{1,12}|[а-я]{1,9}\\.рф",
            path in "(/\\PC{0,12}){0,12}",
            query in "(\\?[a-z=&]{0,9})?",
        ) {
            if let Ok(url) = check_url(&format!("http://{host}{path}{query}")) {
                let id = derived_id(&url, false);
                prop_assert!(id.is_some());
                prop_assert_eq!(derived_id(&url, false), id);
            }
        }
    }
}
