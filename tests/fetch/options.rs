//! What the owner of a feed has sent along, and that it reaches nobody else.

use std::time::Duration;

use mentiond::fetch::{Answer, FetchError, Fetcher, Phase, Request};
use mentiond::model::{Auth, RequestOptions, Secret};
use url::Url;

use super::server::{Reply, Server, bare, header, ok};
use super::{inside, settings};

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn loud() -> RequestOptions {
    RequestOptions {
        headers: vec![("X-Api-Key".to_owned(), secret("hush-key"))],
        auth: Some(Auth::Basic {
            user: "Aladdin".to_owned(),
            password: secret("open sesame"),
        }),
        cookies: Some(secret("consent=hush-yes; edition=asia")),
        user_agent: Some("reader/1".to_owned()),
        ..RequestOptions::default()
    }
}

async fn ask(server: &Server, options: &RequestOptions) -> Result<Answer, FetchError> {
    let url = Url::parse(&server.url("/1")).unwrap();
    let request = Request {
        options,
        ..inside(&url)
    };
    Fetcher::new(settings()).unwrap().fetch(&request).await
}

#[tokio::test]
async fn headers_credentials_and_cookies_are_sent_to_the_feeds_origin_and_no_other() {
    let other = Server::start(|_| ok("", b"end")).await;
    let away = other.url("/3");
    let server = Server::start(move |request| {
        if request.starts_with("GET /1 ") {
            bare("302 Found", "Location: /2\r\n")
        } else {
            bare("302 Found", &format!("Location: {away}\r\n"))
        }
    })
    .await;
    let mut two_ports = settings();
    two_ports.ports = vec![other.port];
    let url = Url::parse(&server.url("/1")).unwrap();
    let options = loud();
    let request = Request {
        options: &options,
        ..inside(&url)
    };
    let fetcher = Fetcher::new(two_ports).unwrap();
    fetcher.fetch(&request).await.unwrap();

    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        for (name, value) in [
            ("x-api-key", "hush-key"),
            ("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("cookie", "consent=hush-yes; edition=asia"),
            ("user-agent", "reader/1"),
        ] {
            assert_eq!(header(&request, name), Some(value));
        }
    }
    let away = &other.requests()[0];
    for name in ["x-api-key", "authorization", "cookie"] {
        assert_eq!(header(away, name), None, "{name}");
    }
    assert_ne!(header(away, "user-agent"), Some("reader/1"));
}

#[tokio::test]
async fn options_do_not_move_with_the_feed_to_another_origin() {
    let server = Server::start(|_| ok("", b"end")).await;
    let moved = Url::parse(&server.url("/")).unwrap();
    let own = Url::parse(&format!("http://me:hush@127.0.0.1:{}/", server.port - 1)).unwrap();
    let mut listed = settings();
    listed.ports = vec![server.port];
    let options = loud();
    let request = Request {
        own: Some(&own),
        options: &options,
        ..inside(&moved)
    };
    Fetcher::new(listed).unwrap().fetch(&request).await.unwrap();
    let request = &server.requests()[0];
    for name in ["x-api-key", "authorization", "cookie"] {
        assert_eq!(header(request, name), None, "{name}");
    }
}

#[tokio::test]
async fn a_bearer_token_goes_before_credentials_in_the_url() {
    let server = Server::start(|_| ok("", b"end")).await;
    let url = Url::parse(&server.url("/").replace("://", "://me:x@")).unwrap();
    let options = RequestOptions {
        auth: Some(Auth::Bearer(secret("token-1"))),
        ..RequestOptions::default()
    };
    let request = Request {
        options: &options,
        ..inside(&url)
    };
    let fetcher = Fetcher::new(settings()).unwrap();
    fetcher.fetch(&request).await.unwrap();
    let sent = server.requests()[0].clone();
    let lines: Vec<&str> = sent
        .lines()
        .filter(|line| line.to_ascii_lowercase().starts_with("authorization:"))
        .collect();
    assert_eq!(lines, ["authorization: Bearer token-1"]);
}

#[tokio::test]
async fn a_header_that_is_not_the_owners_to_set_is_refused_before_anything_is_sent() {
    let server = Server::start(|_| ok("", b"end")).await;
    for name in [
        "Host",
        "content-length",
        "If-None-Match",
        "Connection",
        "a b",
    ] {
        let options = RequestOptions {
            headers: vec![(name.to_owned(), secret("hush"))],
            ..RequestOptions::default()
        };
        let error = ask(&server, &options).await.unwrap_err();
        assert_eq!(error.kind(), "options", "{name}");
        assert!(error.is_ours());
        assert!(!format!("{error} {error:?}").contains("hush"));
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn no_error_and_no_debug_output_shows_a_secret() {
    let server = Server::start(|_| bare("403 Forbidden", "")).await;
    let options = loud();
    let error = ask(&server, &options).await.unwrap_err();
    let url = Url::parse(&server.url("/?key=hush-query").replace("://", "://me:hush@")).unwrap();
    let mut proxied = settings();
    proxied.proxy = Some(secret("http://me:hush-proxy@127.0.0.1:9/"));
    let fetcher = Fetcher::new(proxied).unwrap();
    let request = Request {
        options: &options,
        ..Request::feed(&url)
    };
    let shown = format!("{error} {error:?} {fetcher:?} {request:?}");
    for word in ["hush", "sesame"] {
        assert!(!shown.contains(word), "{shown}");
    }
}

#[tokio::test]
async fn a_time_of_its_own_replaces_the_general_limits() {
    let mut hasty = settings();
    hasty.header_timeout = Duration::from_millis(50);
    let server = Server::start(|_| Reply::Hang(Vec::new())).await;
    let url = Url::parse(&server.url("/")).unwrap();
    let options = RequestOptions {
        timeout: Some(Duration::from_millis(300)),
        ..RequestOptions::default()
    };
    let request = Request {
        options: &options,
        ..inside(&url)
    };
    let error = Fetcher::new(hasty)
        .unwrap()
        .fetch(&request)
        .await
        .unwrap_err();
    let FetchError::Timeout { phase, after, .. } = error else {
        panic!("{error}");
    };
    // Header and total time end together; either may be noticed first.
    assert!(matches!(phase, Phase::Header | Phase::Total), "{phase}");
    assert_eq!(after, Duration::from_millis(300));
}
