//! Documents of which only what is new is sent (RFC 3229 with the `feed` manipulation).

use mentiond::fetch::{Answer, FetchError, Fetcher, Request, Validators};
use url::Url;

use super::server::{Server, bare, header, ok};
use super::{inside, settings};

async fn ask(server: &Server, etag: Option<&str>, deltas: bool) -> Result<Answer, FetchError> {
    let url = Url::parse(&server.url("/")).unwrap();
    let held = Validators {
        url: server.url("/"),
        etag: etag.map(Into::into),
        last_modified: Some(b"yesterday".to_vec()),
    };
    let request = Request {
        validators: Some(&held),
        deltas,
        ..inside(&url)
    };
    Fetcher::new(settings()).unwrap().fetch(&request).await
}

#[tokio::test]
async fn a_part_is_asked_for_only_with_a_tag_and_on_demand() {
    let server = Server::start(|_| ok("", b"x")).await;
    for (etag, deltas, want) in [
        (Some("\"a\""), true, Some("feed")),
        (None, true, None),
        (Some("\"a\""), false, None),
    ] {
        server.forget();
        ask(&server, etag, deltas).await.unwrap();
        assert_eq!(header(&server.requests()[0], "a-im"), want);
    }
}

#[tokio::test]
async fn a_part_is_told_from_a_whole_and_brings_the_new_tag() {
    let server = Server::start(|request| {
        assert_eq!(header(request, "if-none-match"), Some("\"a\""));
        bare("226 IM Used", "IM: feed\r\nETag: \"b\"\r\n")
    })
    .await;
    let answer = ask(&server, Some("\"a\""), true).await;
    let Ok(Answer::Body {
        delta: true,
        validators: Some(validators),
        ..
    }) = answer
    else {
        panic!("not a part: {answer:?}");
    };
    assert_eq!(validators.etag.as_deref(), Some(b"\"b\"".as_slice()));

    let server = Server::start(|_| ok("ETag: \"b\"\r\n", b"whole")).await;
    let answer = ask(&server, Some("\"a\""), true).await;
    assert!(
        matches!(answer, Ok(Answer::Body { delta: false, .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_part_that_was_not_asked_for_is_a_failure_that_drops_the_validators() {
    for (etag, deltas, lines) in [
        (Some("\"a\""), false, "IM: feed\r\n"),
        (None, true, "IM: feed\r\n"),
        (Some("\"a\""), true, "IM: vcdiff\r\n"),
        (Some("\"a\""), true, "IM: feed, gzip\r\n"),
        (Some("\"a\""), true, ""),
        (Some("\"a\""), true, "IM: feed\r\nDelta-Base: \"z\"\r\n"),
    ] {
        let server = Server::start(move |_| bare("226 IM Used", lines)).await;
        let error = ask(&server, etag, deltas).await.unwrap_err();
        assert_eq!(error.kind(), "bad-delta", "{lines}");
        assert!(error.drops_validators());
    }
}
