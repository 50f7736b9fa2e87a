//! Conditional requests: whose validators go where, and what a 304 says.

use std::time::Duration;

use mentiond::fetch::{Answer, Validators};

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
async fn validators_are_sent_only_to_the_url_that_gave_them() {
    let server = Server::start(|request| {
        if request.starts_with("GET /old ") {
            bare("301 Moved Permanently", "Location: /new\r\n")
        } else if header(request, "if-none-match").is_some() {
            bare(
                "304 Not Modified",
                "Cache-Control: max-age=60\r\nLink: </hub>; rel=hub\r\n",
            )
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
        links,
    }) = second
    else {
        panic!("not a 304: {second:?}");
    };
    assert_eq!(hints.fresh_for, Some(Duration::from_mins(1)));
    assert_eq!(moved_to.as_str(), new);
    assert_eq!(links.hubs[0].as_str(), server.url("/hub"));
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
