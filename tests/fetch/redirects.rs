//! Redirects, and the address guard along them.

use std::time::Duration;

use mentiond::fetch::{Answer, Fetcher, Request};
use url::Url;

use super::server::{Reply, Server, bare, header, ok};
use super::{body, get, settings};

fn to(status: &str, location: &str) -> Reply {
    bare(status, &format!("Location: {location}\r\n"))
}

/// `/1` to `/4` redirect to the next with these statuses; what comes after is a body.
async fn chain(statuses: &'static [&'static str]) -> Server {
    Server::start(|request| {
        let step: usize = request[5..6].parse().unwrap();
        match statuses.get(step - 1) {
            Some(status) => to(status, &format!("/{}", step + 1)),
            None => ok("", b"end"),
        }
    })
    .await
}

async fn moved_to(server: &Server) -> Option<String> {
    match get(settings(), &server.url("/1")).await {
        Ok(Answer::Body {
            bytes, moved_to, ..
        }) if bytes == b"end" => moved_to.map(Into::into),
        other => panic!("not the body at the end: {other:?}"),
    }
}

#[tokio::test]
async fn permanent_redirects_tell_the_new_address() {
    let server = chain(&["301 Moved", "308 Moved"]).await;
    assert_eq!(moved_to(&server).await, Some(server.url("/3")));
}

#[tokio::test]
async fn a_temporary_redirect_moves_nothing() {
    for status in ["302 Found", "303 See Other", "307 Temporary"] {
        let server = chain(Box::leak(Box::new([status, "301 Moved"]))).await;
        assert_eq!(moved_to(&server).await, None, "{status}");
    }
}

#[tokio::test]
async fn a_move_ends_where_the_first_temporary_redirect_begins() {
    let server = chain(&["301 Moved", "302 Found", "301 Moved"]).await;
    assert_eq!(moved_to(&server).await, Some(server.url("/2")));
}

#[tokio::test]
async fn redirects_in_a_circle_are_given_up() {
    let server = Server::start(|request| {
        let there = if request.starts_with("GET /a ") {
            "/b"
        } else {
            "/a"
        };
        to("302 Found", there)
    })
    .await;
    let error = get(settings(), &server.url("/a")).await.unwrap_err();
    assert_eq!(error.kind(), "redirect-loop");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn no_more_redirects_are_followed_than_allowed() {
    let mut few = settings();
    few.max_redirects = 2;
    let server = chain(&["302 Found", "302 Found"]).await;
    assert_eq!(body(get(few.clone(), &server.url("/1")).await), b"end");
    let server = chain(&["302 Found", "302 Found", "302 Found"]).await;
    let error = get(few, &server.url("/1")).await.unwrap_err();
    assert_eq!(error.kind(), "too-many-redirects");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_redirect_without_location_is_refused() {
    for status in ["302 Found", "300 Multiple Choices"] {
        let server = Server::start(move |_| bare(status, "")).await;
        let error = get(settings(), &server.url("/")).await.unwrap_err();
        assert_eq!(error.kind(), "bad-redirect", "{status}");
    }
}

#[tokio::test]
async fn a_redirect_to_a_file_is_refused() {
    let server = Server::start(|_| to("301 Moved", "file:///etc/passwd")).await;
    let error = get(settings(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.kind(), "unsupported-scheme");
}

#[tokio::test]
async fn a_redirect_inside_is_refused_even_from_a_host_that_may_be_inside() {
    for target in [
        "http://169.254.169.254/latest/",
        "http://[::1]/",
        "http://localhost/",
    ] {
        let server = Server::start(move |_| to("302 Found", target)).await;
        let error = get(settings(), &server.url("/")).await.unwrap_err();
        assert_eq!(error.kind(), "address-refused", "{target}: {error}");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed() {
    let server = Server::start(|_| ok("", b"inside")).await;
    let fetcher = Fetcher::new(settings()).unwrap();
    // An address, another spelling of it, and a name that the resolver finds it for.
    for host in ["127.0.0.1", "0x7f000001", "localhost"] {
        let url = Url::parse(&format!("http://{host}:{}/", server.port)).unwrap();
        let mut request = Request::feed(&url);
        let error = fetcher.fetch(&request).await.unwrap_err();
        assert_eq!(error.kind(), "address-refused", "{host}: {error}");
        assert!(server.requests().is_empty(), "{host}");

        request.allow_private_addresses = true;
        assert_eq!(body(fetcher.fetch(&request).await), b"inside", "{host}");
        // The connection that was allowed is not there for those that are not.
        request.allow_private_addresses = false;
        let error = fetcher.fetch(&request).await.unwrap_err();
        assert_eq!(error.kind(), "address-refused", "{host}: {error}");
        assert_eq!(server.requests().len(), 1, "{host}");
        server.forget();
    }
}

#[tokio::test]
async fn credentials_go_to_their_own_origin_only() {
    let other = Server::start(|_| ok("", b"end")).await;
    let away = other.url("/3");
    let server = Server::start(move |request| {
        if request.starts_with("GET /1 ") {
            to("301 Moved", "/2")
        } else {
            to("301 Moved", &away)
        }
    })
    .await;
    let url = server.url("/1").replace("://", "://me:p%40ss@");
    let mut two_ports = settings();
    two_ports.ports = vec![other.port];
    let answer = get(two_ports, &url).await;
    let Ok(Answer::Body {
        final_url,
        moved_to,
        ..
    }) = answer
    else {
        panic!("not a body: {answer:?}");
    };
    // base64 of `me:p@ss`
    for request in server.requests() {
        assert_eq!(
            header(&request, "authorization"),
            Some("Basic bWU6cEBzcw==")
        );
    }
    assert_eq!(header(&other.requests()[0], "authorization"), None);
    assert_eq!(final_url.as_str(), other.url("/3"));
    assert_eq!(moved_to, Some(final_url));
}

#[tokio::test]
async fn errors_show_neither_credentials_nor_query() {
    let server = Server::start(|_| bare("403 Forbidden", "")).await;
    let url = server
        .url("/feed?token=secret")
        .replace("://", "://me:secret@");
    let error = get(settings(), &url).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} answered with status 403: it refuses to serve this client; ask the publisher or look for another URL",
            server.url("/feed")
        )
    );
    assert!(!format!("{error:?}").contains("secret"));
}

#[tokio::test]
async fn a_redirect_to_a_port_of_another_service_is_refused() {
    let other = Server::start(|_| ok("", b"inside")).await;
    let away = other.url("/");
    let server = Server::start(move |_| to("302 Found", &away)).await;
    let error = get(settings(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.kind(), "port-refused");
    assert_eq!(
        error.to_string(),
        format!(
            "refused to connect to port {} of 127.0.0.1: if a feed is served there, write the port \
             in the feed's own URL or list it in `ports`",
            other.port
        )
    );
    assert!(other.requests().is_empty());

    let mut listed = settings();
    listed.ports = vec![other.port];
    assert_eq!(body(get(listed, &server.url("/")).await), b"inside");
}

#[tokio::test]
async fn a_redirect_that_asks_to_wait_is_followed_no_earlier() {
    let reply = |wait: &'static str| {
        move |request: &str| {
            if request.starts_with("GET /1 ") {
                bare(
                    "302 Found",
                    &format!("Location: /2\r\nRetry-After: {wait}\r\n"),
                )
            } else {
                ok("", b"end")
            }
        }
    };
    let server = Server::start(reply("0")).await;
    assert_eq!(body(get(settings(), &server.url("/1")).await), b"end");

    let server = Server::start(reply("1")).await;
    let began = std::time::Instant::now();
    assert_eq!(body(get(settings(), &server.url("/1")).await), b"end");
    assert!(began.elapsed() >= Duration::from_secs(1));

    let server = Server::start(reply("120")).await;
    let want = Answer::Throttled {
        status: 302,
        retry_after: Some(Duration::from_mins(2)),
    };
    assert_eq!(get(settings(), &server.url("/1")).await, Ok(want));
    assert_eq!(server.requests().len(), 1);
}
