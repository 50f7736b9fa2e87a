//! What a publisher may expect, held against the log.

use std::time::Duration;

use crate::log::{HOST_PAUSE, Log, Request, Scale};
use crate::sites::Town;
use crate::{FLOOR_H, MAX_H, PER_HOST};

/// How much earlier than allowed a request may seem to come: its way to the server, the server's
/// own clock, whole milliseconds.
const SLACK: Duration = Duration::from_millis(25);

/// Everything in the log that breaks a rule.
pub fn violations(log: &Log, town: &Town, scale: Scale) -> Vec<String> {
    let mut found = Vec::new();
    for (name, rule) in [
        ("every request is plain", every_request_is_plain as Rule),
        ("known paths only", known_paths_only as Rule),
        (
            "validators come back byte for byte",
            validators_come_back_byte_for_byte as Rule,
        ),
        (
            "no url is asked within the floor",
            no_url_is_asked_within_the_floor as Rule,
        ),
        ("freshness is waited for", freshness_is_waited_for as Rule),
        (
            "retry after is waited for",
            retry_after_is_waited_for as Rule,
        ),
        ("gone is gone", gone_is_gone as Rule),
        (
            "moves are believed slowly and detours never",
            moves_are_believed_slowly_and_detours_never as Rule,
        ),
        (
            "failures are asked less and less",
            failures_are_asked_less_and_less as Rule,
        ),
        ("hosts are not crowded", hosts_are_not_crowded as Rule),
        (
            "the slow do not delay the others",
            the_slow_do_not_delay_the_others as Rule,
        ),
        (
            "deltas are asked for with a tag only",
            deltas_are_asked_for_with_a_tag_only as Rule,
        ),
        (
            "everything is asked at all",
            everything_is_asked_at_all as Rule,
        ),
    ] {
        let before = found.len();
        rule(log, town, scale, &mut found);
        let more = found.len() - before;
        println!("{name}: {more} violations");
    }
    found
}

type Rule = fn(&Log, &Town, Scale, &mut Found);
type Found = Vec<String>;

fn at(request: &Request, scale: Scale) -> String {
    format!(
        "{}{} at {:.2} h",
        request.site,
        request.path,
        scale.hour(request.at)
    )
}

fn text(bytes: Option<&[u8]>) -> String {
    bytes.map_or("none".to_owned(), |b| {
        String::from_utf8_lossy(b).into_owned()
    })
}

fn every_request_is_plain(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    for r in &log.requests {
        let mut check = |good: bool, what: &str| {
            if !good {
                found.push(format!("{}: {what}", at(r, scale)));
            }
        };
        let has = |name: &str, part: &str| text(r.header(name)).contains(part);
        check(r.head.starts_with(b"GET "), "not a GET");
        check(
            has("user-agent", "mentiond/"),
            "the User-Agent does not say who asks",
        );
        check(
            has("user-agent", "+https://example.org/bot"),
            "the User-Agent has no contact",
        );
        check(
            has("accept", "application/rss+xml"),
            "Accept does not ask for feeds",
        );
        check(
            has("accept", "application/atom+xml"),
            "Accept does not ask for feeds",
        );
        check(has("accept-encoding", "gzip"), "no compression is accepted");
        for header in ["cookie", "referer", "authorization", "origin", "from"] {
            check(r.header(header).is_none(), &format!("{header} is sent"));
        }
        let lines = r.head.split(|b| *b == b'\n');
        let hosts = lines.filter(|line| line.to_ascii_lowercase().starts_with(b"host:"));
        check(hosts.count() == 1, "not exactly one Host");
    }
}

fn known_paths_only(log: &Log, town: &Town, scale: Scale, found: &mut Found) {
    for r in &log.requests {
        let led = ["/new", "/today"].contains(&r.path.as_str());
        let configured = town.feeds().iter().any(|feed| feed.url.ends_with(&r.path));
        if !led && !configured {
            found.push(format!("{}: a made-up URL", at(r, scale)));
        }
    }
}

fn validators_come_back_byte_for_byte(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    for requests in log.by_url().values() {
        // What the server gave last, and what it gave before a crash that may have lost it.
        let mut held: Option<&Request> = None;
        let mut earlier: Vec<&Request> = Vec::new();
        for r in requests {
            for (sent, given) in [
                ("if-none-match", "etag"),
                ("if-modified-since", "last-modified"),
            ] {
                let sent_value = r.header(sent);
                let expected = held.and_then(|h| h.answered(given));
                if sent_value == expected {
                    continue;
                }
                let lost = held.is_some_and(|h| log.crashed_between(h.at, r.at));
                let old = earlier.iter().any(|e| e.answered(given) == sent_value);
                if lost && (sent_value.is_none() || old) {
                    continue;
                }
                found.push(format!(
                    "{}: {sent} is {}, not {}",
                    at(r, scale),
                    text(sent_value),
                    text(expected)
                ));
            }
            if matches!(r.status, 200..=299) {
                earlier.extend(held);
                held = Some(r);
            }
        }
    }
}

fn pairs<'a>(requests: &'a [&'a Request]) -> impl Iterator<Item = (&'a Request, &'a Request)> {
    requests.windows(2).map(|pair| (pair[0], pair[1]))
}

fn no_url_is_asked_within_the_floor(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    for requests in log.by_url().values() {
        for (a, b) in pairs(requests) {
            if b.at + SLACK < a.at + scale.of(FLOOR_H) {
                let after = scale.hour(b.at.saturating_sub(a.at));
                found.push(format!("{}: again after {after:.3} h", at(b, scale)));
            }
        }
    }
}

fn seconds(value: Option<&[u8]>) -> Option<Duration> {
    std::str::from_utf8(value?)
        .ok()?
        .parse()
        .ok()
        .map(Duration::from_secs)
}

fn freshness_is_waited_for(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    for requests in log.by_url().values() {
        for (a, b) in pairs(requests) {
            let fresh = match a.site {
                "fresh" => Duration::from_secs(scale.seconds(3.0)),
                // The dates have whole seconds.
                "expires" => Duration::from_secs(scale.seconds(2.0)),
                "ttl" => Duration::from_secs(scale.of(3.0).as_secs() / 60 * 60),
                _ => continue,
            };
            let fresh = fresh.min(scale.of(MAX_H));
            if b.at + SLACK < a.at + fresh && !log.crashed_between(a.at, b.at) {
                found.push(format!("{}: while the last answer was fresh", at(b, scale)));
            }
        }
    }
}

fn retry_after_is_waited_for(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    for requests in log.by_url().values() {
        for (a, b) in pairs(requests) {
            let asked = match (a.site, a.status) {
                ("busy", 429) => seconds(a.answered("retry-after")).unwrap(),
                // One second of it is lost in the date.
                ("down", 503) => Duration::from_secs(scale.seconds(3.0)),
                _ => continue,
            };
            if b.at + SLACK < a.at + asked && !log.crashed_between(a.at, b.at) {
                found.push(format!("{}: before Retry-After", at(b, scale)));
            }
        }
    }
}

fn gone_is_gone(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    for requests in log.by_url().values() {
        for (a, b) in pairs(requests) {
            let by_hand = log
                .marks
                .iter()
                .any(|(_, mark)| *mark > a.at && *mark <= b.at);
            if a.status == 410 && !(by_hand && log.crashed_between(a.at, b.at)) {
                found.push(format!("{}: after 410", at(b, scale)));
            }
        }
    }
}

fn moves_are_believed_slowly_and_detours_never(
    log: &Log,
    _: &Town,
    scale: Scale,
    found: &mut Found,
) {
    let count = |site: &str, path: &str| {
        let of = |r: &&Request| r.site == site && r.path == path;
        log.requests.iter().filter(of).count()
    };
    let (old, new) = (count("moved", "/old"), count("moved", "/new"));
    // A crash may lose one of the answers that count.
    if !(3..=4).contains(&old) || new <= old {
        found.push(format!(
            "moved: the old address was asked {old} times, the new one {new} times"
        ));
    }
    let (feed, today) = (count("detour", "/feed"), count("detour", "/today"));
    if feed != today {
        found.push(format!(
            "detour: {feed} requests, but {today} for where it led"
        ));
    }
    let _ = scale;
}

fn failures_are_asked_less_and_less(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    for ((site, _), requests) in log.by_url() {
        let failing: Vec<&Request> = requests
            .iter()
            .copied()
            .take_while(|r| r.status >= 400)
            // Whoever polls by hand wants to know now, whatever failed before.
            .take_while(|r| {
                !log.marks
                    .iter()
                    .any(|(what, at)| *what == "by hand" && *at <= r.at)
            })
            .collect();
        let most = match site {
            // Doubling from half an hour at most: 0, 0.5, 1.5, 3.5, 7.5, 15.5 and some jitter.
            "missing" | "denied" => 7,
            "broken" => 6,
            _ => continue,
        };
        if failing.len() > most {
            found.push(format!(
                "{site}: asked {} times while it failed",
                failing.len()
            ));
        }
        let gaps: Vec<Duration> = pairs(&failing)
            .map(|(a, b)| b.at.saturating_sub(a.at))
            .collect();
        for pair in gaps.windows(2) {
            if pair[1] + SLACK < pair[0].mul_f64(0.8) {
                let (a, b) = (scale.hour(pair[0]), scale.hour(pair[1]));
                found.push(format!(
                    "{site}: after failing again it was asked sooner ({a:.2} h, then {b:.2} h)"
                ));
            }
        }
    }
}

fn hosts_are_not_crowded(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    let slow: Vec<&Request> = log.requests.iter().filter(|r| r.site == "slow").collect();
    for (n, r) in slow.iter().enumerate() {
        let open = slow[..n].iter().filter(|o| o.ended > r.at + SLACK).count();
        // Polls that a crash cut off are still open on the server's side.
        if open >= PER_HOST && !log.crashed_between(r.at.saturating_sub(scale.of(0.1)), r.at) {
            found.push(format!("{}: {open} others are open", at(r, scale)));
        }
        if n > 0 && r.at + SLACK < slow[n - 1].at + HOST_PAUSE {
            found.push(format!("{}: too soon after another", at(r, scale)));
        }
    }
}

fn the_slow_do_not_delay_the_others(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    let even: Vec<&Request> = log.requests.iter().filter(|r| r.site == "even").collect();
    for (a, b) in pairs(&even) {
        let marked = log
            .marks
            .iter()
            .any(|(_, mark)| *mark >= a.at && *mark <= b.at);
        // An hour and the jitter of a tenth; three seconds for a machine that is busy otherwise.
        let most = scale.of(1.1) + Duration::from_secs(3);
        if !marked && b.at > a.at + most {
            let late = scale.hour(b.at.saturating_sub(a.at));
            found.push(format!("{}: only after {late:.2} h", at(b, scale)));
        }
    }
}

fn deltas_are_asked_for_with_a_tag_only(log: &Log, _: &Town, scale: Scale, found: &mut Found) {
    for r in &log.requests {
        let (im, tag) = (r.header("a-im"), r.header("if-none-match"));
        if im.is_some() && (im != Some(b"feed") || tag.is_none()) {
            found.push(format!(
                "{}: A-IM is {} with {}",
                at(r, scale),
                text(im),
                text(tag)
            ));
        }
    }
    let deltas = log.requests.iter().filter(|r| r.status == 226).count();
    if deltas == 0 {
        found.push("delta: no delta was ever asked for".to_owned());
    }
}

/// A daemon that asks for nothing breaks no other rule.
fn everything_is_asked_at_all(log: &Log, town: &Town, _: Scale, found: &mut Found) {
    for feed in town.feeds() {
        let asked = log
            .requests
            .iter()
            .any(|r| feed.id == format!("{}{}", r.site, r.path.replace('/', "-")));
        if !asked {
            found.push(format!("{}: never asked", feed.id));
        }
    }
    let even = log.requests.iter().filter(|r| r.site == "even").count();
    if even < 15 {
        found.push(format!("even: asked {even} times in a day of hourly polls"));
    }
}
