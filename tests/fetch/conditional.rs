//! Conditional requests, and what else is sent and not sent.

use std::time::Duration;

use mentiond::fetch::{Answer, Fetcher, Request, Validators};
use url::Url;

use super::server::{Server, bare, header, ok};
use super::{get, get_if_changed, settings};

const ETAG: &str = "W/\"caf\\\"e-1\"";
const DATE: &str = "Sat, 1 Jan 2028 9:5:00 +0300";

fn held(url: &str) -> Validators {
    Validators {
        url: url.to_owned(),
        etag: Some(ETAG.into()),
        last_modified: Some(DATE.into()),
    }
}

#[tokio::test]
async fn validators_come_back_byte_for_byte() {
    let server = Server::start(|request| match header(request, "if-none-match") {
        None => ok(&format!("ETag: {ETAG}\r\nLast-Modified: {DATE}\r\n"), b"x"),
        Some(_) => bare("304 Not Modified", &format!("ETag: {ETAG}\r\nAge: 1\r\n")),
    })
    .await;
    let url = server.url("/feed");

    let Ok(Answer::Body { validators, .. }) = get(settings(), &url).await else {
        panic!("not a body");
    };
    assert_eq!(validators, Some(held(&url)));

    let second = get_if_changed(settings(), &url, validators.as_ref()).await;
    assert!(
        matches!(&second, Ok(Answer::NotModified { validators: Some(v), .. }) if *v == held(&url)),
        "{second:?}"
    );
    let request = &server.requests()[1];
    assert_eq!(header(request, "if-none-match"), Some(ETAG));
    assert_eq!(header(request, "if-modified-since"), Some(DATE));
}

#[tokio::test]
async fn bytes_outside_ascii_survive_in_an_etag() {
    let server = Server::start(|_| ok("ETag: \"\u{e9}\"\r\n", b"")).await;
    let answer = get(settings(), &server.url("/")).await;
    let Ok(Answer::Body {
        validators: Some(validators),
        ..
    }) = answer
    else {
        panic!("no validators: {answer:?}");
    };
    assert_eq!(validators.etag.as_deref(), Some("\"\u{e9}\"".as_bytes()));
    get_if_changed(settings(), &server.url("/"), Some(&validators))
        .await
        .unwrap();
    assert_eq!(
        header(&server.requests()[1], "if-none-match"),
        Some("\"\u{e9}\"")
    );
}

#[tokio::test]
async fn validators_are_sent_only_to_the_url_that_gave_them() {
    let server = Server::start(|request| {
        if request.starts_with("GET /old ") {
            bare("301 Moved Permanently", "Location: /new\r\n")
        } else if header(request, "if-none-match").is_some() {
            bare("304 Not Modified", "Cache-Control: max-age=60\r\n")
        } else {
            ok(&format!("ETag: {ETAG}\r\n"), b"x")
        }
    })
    .await;
    let (old, new) = (server.url("/old"), server.url("/new"));

    let Ok(Answer::Body {
        validators: Some(validators),
        ..
    }) = get(settings(), &old).await
    else {
        panic!("not a body with validators");
    };
    assert_eq!(validators.url, new);

    let second = get_if_changed(settings(), &old, Some(&validators)).await;
    let Ok(Answer::NotModified {
        hints,
        validators: None,
        moved_to: Some(moved_to),
    }) = second
    else {
        panic!("not a 304: {second:?}");
    };
    assert_eq!(hints.fresh_for, Some(Duration::from_mins(1)));
    assert_eq!(moved_to.as_str(), new);
    let conditional: Vec<bool> = server
        .requests()
        .iter()
        .map(|request| header(request, "if-none-match").is_some())
        .collect();
    assert_eq!(conditional, [false, false, false, true]);
}

#[tokio::test]
async fn validators_of_another_url_are_kept_back() {
    let server = Server::start(|_| ok("", b"x")).await;
    let validators = held(&server.url("/other"));
    get_if_changed(settings(), &server.url("/feed"), Some(&validators))
        .await
        .unwrap();
    let request = &server.requests()[0];
    assert_eq!(header(request, "if-none-match"), None);
    assert_eq!(header(request, "if-modified-since"), None);
}

#[tokio::test]
async fn a_304_nobody_asked_for_is_a_failure() {
    let server = Server::start(|_| bare("304 Not Modified", "")).await;
    let error = get(settings(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.kind(), "unexpected-304");
}

#[tokio::test]
async fn no_cookie_and_no_referer_is_sent() {
    let server = Server::start(|request| {
        if request.starts_with("GET /1 ") {
            bare(
                "302 Found",
                "Set-Cookie: track=me; Path=/\r\nLocation: /2\r\n",
            )
        } else {
            ok("Set-Cookie: track=me; Path=/\r\n", b"x")
        }
    })
    .await;
    let fetcher = Fetcher::new(settings()).unwrap();
    let url = Url::parse(&server.url("/1")).unwrap();
    let request = Request {
        url: &url,
        validators: None,
        allow_private_addresses: true,
    };
    for _ in 0..2 {
        fetcher.fetch(&request).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert_eq!(header(&request, "cookie"), None);
        assert_eq!(header(&request, "referer"), None);
    }
}

#[tokio::test]
async fn the_request_says_who_asks_and_what_for() {
    let server = Server::start(|_| ok("", b"x")).await;
    get(settings(), &server.url("/feed?page=1#top"))
        .await
        .unwrap();
    let request = &server.requests()[0];
    assert!(
        request.starts_with("GET /feed?page=1 HTTP/1.1\r\n"),
        "{request}"
    );
    let agent = header(request, "user-agent").unwrap();
    assert!(agent.starts_with("mentiond/"), "{agent}");
    let accept = header(request, "accept").unwrap();
    assert!(
        accept.starts_with("application/atom+xml, application/rss+xml, "),
        "{accept}"
    );
    let codings = header(request, "accept-encoding").unwrap();
    for coding in ["gzip", "br", "zstd"] {
        assert!(codings.contains(coding), "{codings}");
    }
    assert_eq!(header(request, "authorization"), None);
}
