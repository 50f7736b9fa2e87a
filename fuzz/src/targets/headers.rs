//! An answer's head: what it says of when to ask again, of where to ask and of what the answer is.
//!
//! An input is a head as it goes over the wire, its first line included: `HTTP/1.1 429 Too Many`.
//! The words behind the status are no words but choices, from which the owner's bounds and the
//! feed's past are made. After a last line `%%` it may have a `robots.txt`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::header::{
    AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use mentiond::fetch::{Hints, Links, MAX_HINT, Trail, Verdict, check_delta, language};
use mentiond::model::{Timestamp, UpdateHints, Validators};
use mentiond::schedule::policy::{MAX_RETRY_AFTER, not_before};
use mentiond::schedule::{Answer, Failure, Pace, Policy, next_poll};
use url::Url;

use super::damage::Choices;
use super::{envelope, oracle, same_twice};

/// The most redirects that are followed.
const REDIRECTS: u32 = 5;
/// The most headers that are read; a client gives up sooner.
const MOST: usize = 1_000;
/// What rounding may add to a wait.
const ROUNDING: Duration = Duration::from_millis(2);
const HOUR_MS: i64 = 3_600_000;

/// Runs the target.
pub fn run(data: &[u8]) {
    let (head, robots_txt) = envelope::split(data);
    let mut lines = head.split(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    let mut words = first.splitn(3, |b| *b == b' ');
    let status = words.nth(1).and_then(|word| std::str::from_utf8(word).ok());
    let status = status.and_then(|word| word.parse().ok()).unwrap_or(200);
    let choices = words.next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(header).take(MOST) {
        headers.append(name, value);
    }

    let url = Url::parse("https://news.example/feeds/rss?x=1").expect("a URL");
    let hints = hints(&headers);
    waits(status, hints, &mut Choices::new(choices));
    links(&headers, &url);
    validators(&headers, &url);
    delta(&headers);
    redirects(status, &headers, &url);
    robots(robots_txt, &url);
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let colon = line.iter().position(|b| *b == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((name, value))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the example of RFC 9110 §5.6.7.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(784_111_777)
}

/// Asserts that hints are bounded, are what the plainest heads say, and rest on five headers only.
fn hints(headers: &HeaderMap) -> Hints {
    let hints = same_twice(0, || Hints::read(headers, now()));
    assert!(hints.fresh_for.is_none_or(|fresh| fresh <= MAX_HINT));
    assert!(hints.retry_after.is_none_or(|wait| wait <= MAX_HINT));
    let mut few = HeaderMap::new();
    for name in [CACHE_CONTROL, EXPIRES, AGE, DATE, RETRY_AFTER] {
        for value in headers.get_all(&name) {
            few.append(&name, value.clone());
        }
    }
    assert_eq!(Hints::read(&few, now()), hints);
    if !few.contains_key(RETRY_AFTER) {
        assert_eq!(hints.retry_after, None);
    }
    if !few.contains_key(CACHE_CONTROL) && !few.contains_key(EXPIRES) {
        assert_eq!(hints.fresh_for, None);
    }
    let seconds = |text: Option<&str>| {
        let text = text.filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()));
        text.map(|digits| digits.parse().unwrap_or(u64::MAX))
            .map(|seconds| Duration::from_secs(seconds).min(MAX_HINT))
    };
    let only = |name: &HeaderName| {
        let mut all = few.get_all(name).iter();
        let first = all.next().filter(|_| all.next().is_none());
        first.and_then(|value| value.to_str().ok())
    };
    if let Some(wait) = seconds(only(&RETRY_AFTER)) {
        assert_eq!(hints.retry_after, Some(wait));
    }
    let max_age = only(&CACHE_CONTROL).and_then(|line| line.strip_prefix("max-age="));
    if let Some(fresh) = seconds(max_age)
        && !few.contains_key(AGE)
    {
        assert_eq!(hints.fresh_for, Some(fresh));
    }
    hints
}

/// Asserts the bounds of the next poll, whatever the answer, the owner and the document say.
fn waits(status: u16, hints: Hints, choices: &mut Choices<'_>) {
    let mut span = |longest: usize| {
        // seconds to a year, small ones as often as large ones
        let number = choices.below(longest);
        Duration::from_secs(1 << (number % 25)) + Duration::from_secs((number / 25) as u64)
    };
    let (one, other, interval, ttl, period) =
        (span(4096), span(4096), span(4096), span(4096), span(4096));
    let policy = Policy {
        min_interval: one.min(other),
        max_interval: one.max(other),
        jitter: [0.1, 0.0, 0.5, 0.25][choices.below(4)],
    };
    let pace = match choices.below(2) {
        0 => Pace::Learned(interval),
        _ => Pace::Fixed(interval),
    };
    let kinds = choices.byte();
    let document = UpdateHints {
        ttl: (kinds & 1 > 0).then_some(ttl),
        update_period: (kinds & 2 > 0).then_some(period),
        skip_hours: if kinds & 4 > 0 {
            u32::from_le_bytes([choices.byte(), choices.byte(), choices.byte(), 0])
        } else {
            0
        },
        skip_days: if kinds & 8 > 0 { choices.byte() } else { 0 },
    };
    let failures = u32::from(choices.byte()) << (choices.byte() % 25);
    let random = f64::from(choices.byte()) / 256.0;
    let now = match kinds & 0x30 {
        0x10 => Timestamp::from_millis(i64::MAX - 1_000),
        0x20 => Timestamp::from_millis(-1),
        _ => {
            let later = Duration::from_secs(choices.below(1 << 20) as u64);
            Timestamp::from_millis(784_111_777_000) + later
        }
    };
    let served = Answer::Served {
        fresh_for: hints.fresh_for,
    };
    let answer = match status {
        200..=299 | 304 => served,
        429 | 503 => Answer::Throttled {
            retry_after: hints.retry_after,
            failures,
        },
        0 => Answer::Offline,
        _ => Answer::Failed {
            class: Failure::of_status(status),
            retry_after: hints.retry_after,
            failures,
        },
    };
    let next = |answer, document: &_| next_poll(&policy, pace, answer, document, now, random);
    let at = next(answer, &document);

    // from below: the owner's floor, what the server and the document ask for
    assert!(at >= now + policy.min_interval, "{policy:?} {answer:?}");
    let asked = answer.patience().unwrap_or_default();
    let believed = hints.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    if matches!(answer, Answer::Throttled { .. } | Answer::Failed { .. }) {
        assert_eq!(asked, believed);
    }
    assert!(at >= now + asked, "{answer:?} is asked again too early");
    if !matches!(answer, Answer::Offline) {
        let wished = document.ttl.unwrap_or_default().min(policy.max_interval);
        assert!(at >= now + wished, "{document:?} is asked again too early");
    }
    if let Answer::Served {
        fresh_for: Some(fresh),
    } = answer
    {
        assert!(at >= now + fresh.min(policy.max_interval), "{answer:?}");
    }

    // from above: the documented caps, and no more than the jitter beyond them
    let longest = match answer {
        Answer::Offline => policy.min_interval,
        _ => interval.max(policy.max_interval).max(asked),
    };
    let longest = longest.mul_f64(1.0 + policy.jitter) + ROUNDING;
    let latest = (now + longest).max(now + policy.max_interval);
    assert!(at <= latest, "{policy:?} {pace:?} {answer:?} {document:?}");

    spared(&document, at, now + policy.max_interval);

    // without hours to be spared no failure hastens a poll, and more failures never do
    let plain = UpdateHints {
        skip_hours: 0,
        skip_days: 0,
        ..document
    };
    if let Answer::Failed { class, .. } = answer {
        let failed = |failures| {
            let failed = Answer::Failed {
                class,
                retry_after: None,
                failures,
            };
            next(failed, &plain)
        };
        let well = next(Answer::Served { fresh_for: None }, &plain);
        assert!(failed(failures) >= well, "a failure hastens the next poll");
        assert!(failed(failures.saturating_add(1)) >= failed(failures));
        assert!(next(answer, &plain) >= failed(failures));
    }
    let earlier = not_before(Some(now), policy.min_interval, at, now);
    assert_eq!(earlier, at, "the floor holds already");
}

/// Asserts that a poll falls into an hour to be spared only if there is no other soon enough.
fn spared(document: &UpdateHints, at: Timestamp, latest: Timestamp) {
    let spared = |hour: i64| {
        let (hour_of_day, day) = (hour.rem_euclid(24), (hour.div_euclid(24) + 3).rem_euclid(7));
        (document.skip_hours >> hour_of_day) & 1 > 0 || (document.skip_days >> day) & 1 > 0
    };
    let everything =
        document.skip_hours & 0xff_ffff == 0xff_ffff || document.skip_days & 0x7f == 0x7f;
    let hour = at.as_millis().div_euclid(HOUR_MS);
    if everything || !spared(hour) || latest.as_millis() == i64::MAX {
        return;
    }
    let other = (hour + 1..=hour + 168)
        .take_while(|hour| hour.saturating_mul(HOUR_MS) <= latest.as_millis())
        .find(|hour| !spared(*hour));
    assert_eq!(other, None, "{document:?} at {at}");
}

fn links(headers: &HeaderMap, url: &Url) {
    let links = same_twice(0, || Links::read(headers, url));
    assert!(links.hubs.len() <= 4);
    for (index, hub) in links.hubs.iter().enumerate() {
        assert!(!links.hubs[..index].contains(hub), "a hub twice: {hub}");
    }
    for link in links.hubs.iter().chain(&links.self_url) {
        oracle::link("a link", link.as_str());
        assert_eq!(link.fragment(), None);
    }
    if let Some(tag) = language(headers) {
        oracle::language("the language", &tag);
    }
}

/// Asserts that validators go back byte for byte, to the URL that gave them, and that only an
/// answer about the same version renews them.
fn validators(headers: &HeaderMap, url: &Url) {
    let Some(held) = Validators::read(url, headers) else {
        let bare = |name| headers.get(name).is_none_or(HeaderValue::is_empty);
        assert!(bare(ETAG) && bare(LAST_MODIFIED));
        return;
    };
    let sent = held.conditions(url);
    for (given, back) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
        let given = headers.get(given).filter(|value| !value.is_empty());
        assert_eq!(given, sent.get(&back), "{back} is not what was given");
    }
    let other = url.join("other").expect("a URL");
    assert!(held.conditions(&other).is_empty());
    assert_eq!(held.renewed(headers).as_ref(), Some(&held));
    let mut changed = headers.clone();
    changed.insert(ETAG, HeaderValue::from_static("\"another version of it\""));
    if held.etag.is_some() && headers.get(ETAG) != changed.get(ETAG) {
        let weak = held.etag.as_deref() == Some(b"W/\"another version of it\"");
        assert!(weak || held.renewed(&changed).is_none(), "{held:?}");
    }
}

/// Asserts that a part is taken only if it is the one that was asked for.
fn delta(headers: &HeaderMap) {
    assert!(check_delta(headers, None).is_err());
    let sent = HeaderValue::from_static("\"held\"");
    match check_delta(headers, Some(&sent)) {
        Ok(()) => {
            let strong = |tag: &HeaderValue| {
                let tag = tag.as_bytes();
                tag.strip_prefix(b"W/").unwrap_or(tag) == sent.as_bytes()
            };
            assert!(headers.get("delta-base").is_none_or(strong));
            let words = headers.get_all("im").iter().flat_map(|line| {
                let words = line.as_bytes().split(|b| *b == b',');
                words.filter(|word| !word.trim_ascii().is_empty())
            });
            let applied: Vec<_> = words.collect();
            let known = |word: &&[u8]| word.to_ascii_lowercase().starts_with(b"feed");
            let known = applied.iter().filter(|word| known(&word.trim_ascii()));
            assert_eq!(known.count(), 1, "{headers:?}");
        }
        Err(reason) => oracle::printable("a reason", &reason, false),
    }
}

/// Follows each `Location` in turn and asserts that the trail stays one of plain HTTP, meets no
/// URL twice and ends.
fn redirects(status: u16, headers: &HeaderMap, url: &Url) {
    let mut trail = Trail::begin(url, REDIRECTS).expect("an HTTP URL");
    let mut visited = vec![url.clone()];
    let mut permanent = true;
    for location in headers.get_all(LOCATION) {
        let mut one = HeaderMap::new();
        one.insert(LOCATION, location.clone());
        let before = (trail.current().clone(), trail.is_permanent());
        match trail.follow(status, &one) {
            Ok(()) => {
                assert!(matches!(status, 301 | 302 | 303 | 307 | 308), "{status}");
                let at = trail.current();
                assert!(matches!(at.scheme(), "http" | "https") && at.has_host());
                assert!(at.username().is_empty() && at.password().is_none(), "{at}");
                assert!(at.fragment().is_none(), "{at}");
                assert!(!visited.contains(at), "{at} is met twice");
                visited.push(at.clone());
                assert!(visited.len() <= REDIRECTS as usize + 1);
                permanent &= matches!(status, 301 | 308);
                assert_eq!(trail.is_permanent(), permanent);
            }
            Err(error) => {
                assert_eq!(before, (trail.current().clone(), trail.is_permanent()));
                let message = error.to_string();
                oracle::printable("an error", &message, false);
                oracle::bytes("an error", &message, 1_500);
            }
        }
    }
    let moved = permanent && visited.len() > 1;
    let last = visited.pop();
    let (end, moved_to) = trail.end();
    assert_eq!(Some(&end), last.as_ref());
    assert_eq!(moved_to, last.filter(|_| moved));
}

fn robots(text: &[u8], url: &Url) {
    let verdict = same_twice(text.len(), || Verdict::read(text, url));
    let delay = verdict.crawl_delay.unwrap_or_default();
    assert!(delay <= Duration::from_mins(1), "{delay:?}");
    if text.is_empty() {
        assert!(verdict.allowed && verdict.crawl_delay.is_none());
    }
}
