//! `robots.txt`: asked for once, kept for a day, and believed.

use std::time::Duration;

use mentiond::fetch::{Fetcher, Robots, Verdict};
use mentiond::model::Timestamp;
use url::Url;

use super::server::{Reply, Server, bare, header, ok};
use super::{inside, settings};

const DAY: Duration = Duration::from_hours(24);
const YES: Verdict = Verdict {
    allowed: true,
    crawl_delay: None,
};
const NO: Verdict = Verdict {
    allowed: false,
    crawl_delay: None,
};

fn start() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

async fn allowed(robots: &Robots, server: &Server, path: &str, now: Timestamp) -> Verdict {
    let fetcher = Fetcher::new(settings()).unwrap();
    let url = Url::parse(&server.url(path)).unwrap();
    robots.allowed(&fetcher, &inside(&url), now).await
}

#[tokio::test]
async fn the_rules_of_a_site_are_fetched_once_and_obeyed() {
    let server = Server::start(|request| {
        assert!(
            request.starts_with("GET /robots.txt HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(header(request, "accept").unwrap().starts_with("text/plain"));
        ok(
            "",
            b"User-agent: mentiond\nDisallow: /private\nCrawl-delay: 7\n",
        )
    })
    .await;
    let robots = Robots::new();
    let clone = robots.clone();
    let paused = |allowed| Verdict {
        allowed,
        crawl_delay: Some(Duration::from_secs(7)),
    };
    assert_eq!(
        allowed(&robots, &server, "/story?a=1#b", start()).await,
        paused(true)
    );
    assert_eq!(
        allowed(&clone, &server, "/private/x", start()).await,
        paused(false)
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn many_who_ask_at_once_cause_one_request() {
    let server = Server::start(|_| ok("", b"User-agent: *\nDisallow: /p\n")).await;
    let robots = Robots::new();
    let fetcher = Fetcher::new(settings()).unwrap();
    let url = Url::parse(&server.url("/p")).unwrap();
    let request = inside(&url);
    let all = (0..20).map(|_| robots.allowed(&fetcher, &request, start()));
    let verdicts = futures_util::future::join_all(all).await;
    assert!(verdicts.into_iter().all(|verdict| verdict == NO));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_copy_is_used_for_a_day_at_most_and_for_an_hour_at_least() {
    for (line, lifetime) in [
        ("", DAY),
        ("Cache-Control: max-age=7200\r\n", Duration::from_hours(2)),
        ("Cache-Control: max-age=864000\r\n", DAY),
        ("Cache-Control: max-age=1\r\n", Duration::from_hours(1)),
    ] {
        let server = Server::start(move |_| ok(line, b"")).await;
        let robots = Robots::new();
        let just = Duration::from_millis(1);
        for (now, requests) in [
            (start(), 1),
            (start() + lifetime - just, 1),
            (start() + lifetime, 2),
        ] {
            assert_eq!(allowed(&robots, &server, "/", now).await, YES);
            assert_eq!(server.requests().len(), requests, "{line}");
        }
    }
}

#[tokio::test]
async fn a_site_without_rules_allows_everything() {
    for status in ["404 Not Found", "403 Forbidden", "401 No", "410 Gone"] {
        let server = Server::start(move |_| bare(status, "")).await;
        assert_eq!(
            allowed(&Robots::new(), &server, "/", start()).await,
            YES,
            "{status}"
        );
    }
    let server = Server::start(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        bare("302 Found", &format!("Location: {path}x\r\n"))
    })
    .await;
    assert_eq!(allowed(&Robots::new(), &server, "/", start()).await, YES);
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a_site_that_fails_allows_nothing_until_it_is_asked_again() {
    for (status, wait) in [
        ("500 Oops\r\nX: y", Duration::from_mins(15)),
        ("429 Slow\r\nRetry-After: 3600", Duration::from_hours(1)),
        ("503 Busy\r\nRetry-After: 9999999", DAY),
    ] {
        let server = Server::start(move |_| bare(status, "")).await;
        let robots = Robots::new();
        let just = Duration::from_millis(1);
        for (now, requests) in [
            (start(), 1),
            (start() + wait - just, 1),
            (start() + wait, 2),
        ] {
            assert_eq!(allowed(&robots, &server, "/", now).await, NO, "{status}");
            assert_eq!(server.requests().len(), requests, "{status}");
        }
    }
    let server = Server::start(|_| Reply::Bytes(Vec::new())).await;
    assert_eq!(allowed(&Robots::new(), &server, "/", start()).await, NO);
}

#[tokio::test]
async fn an_old_copy_serves_while_the_site_fails() {
    let turns = std::sync::atomic::AtomicUsize::new(0);
    let server =
        Server::start(
            move |_| match turns.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => ok("", b"User-agent: *\nDisallow: /p\n"),
                _ => bare("500 Oops", ""),
            },
        )
        .await;
    let robots = Robots::new();
    for now in [start(), start() + DAY] {
        assert_eq!(allowed(&robots, &server, "/q", now).await, YES);
        assert_eq!(allowed(&robots, &server, "/p", now).await, NO);
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn of_an_endless_file_the_first_half_megabyte_counts() {
    let server = Server::start(|_| {
        let head = "HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /p\n";
        Reply::Endless(head.into(), b"Disallow: /q\n".repeat(1000))
    })
    .await;
    let robots = Robots::new();
    assert_eq!(allowed(&robots, &server, "/p", start()).await, NO);
    assert_eq!(allowed(&robots, &server, "/x", start()).await, YES);
    assert!(server.sent() < 64 << 20, "{}", server.sent());
}

#[tokio::test]
async fn redirects_of_the_file_are_followed_and_its_rules_are_of_the_first_site() {
    let server = Server::start(|request| match &request[4..9] {
        "/robo" => bare("301 Moved", "Location: /1\r\n"),
        "/5 HT" => ok("", b"User-agent: *\nDisallow: /p\n"),
        step => {
            let next: u8 = step[1..2].parse::<u8>().unwrap() + 1;
            bare("302 Found", &format!("Location: /{next}\r\n"))
        }
    })
    .await;
    let robots = Robots::new();
    assert_eq!(allowed(&robots, &server, "/p", start()).await, NO);
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a_site_inside_is_not_asked_without_leave() {
    let server = Server::start(|_| ok("", b"")).await;
    let robots = Robots::new();
    let fetcher = Fetcher::new(settings()).unwrap();
    let url = Url::parse(&server.url("/")).unwrap();
    let page = mentiond::fetch::Request::page(&url);
    assert_eq!(robots.allowed(&fetcher, &page, start()).await, NO);
    assert!(server.requests().is_empty());
    assert_eq!(robots.allowed(&fetcher, &inside(&url), start()).await, YES);
}
