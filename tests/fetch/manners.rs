//! What publishers complain about in feed readers, and that this one does none of it: judged by
//! what a server that records every byte gets to see.

use mentiond::fetch::{Answer, Fetcher, Kind, Request, Validators, user_agent};
use url::Url;

use super::server::{Server, bare, header, ok};
use super::{get, get_if_changed, inside, settings};

/// Tags and dates as servers really write them, with every fault there is.
const ODD: [(&[u8], &[u8]); 6] = [
    (b"\"plain\"", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    (b"W/\"weak\"", b"Sat, 1 Jan 2028 9:5:00 +0300"),
    (b"unquoted", b"1994-11-06T08:49:37Z"),
    (b"\"a \\\" b\"-gzip", b"yesterday"),
    (b"w/\"lower\"\"", b"0"),
    (b"\"caf\xe9 \xd0\xb6\"", b"6 ao\xfbt 1994"),
];

/// The value of a header in a request's head, byte for byte.
fn raw<'a>(request: &'a [u8], name: &str) -> Option<&'a [u8]> {
    request.split(|&b| b == b'\n').find_map(|line| {
        let at = line.iter().position(|&b| b == b':')?;
        let (found, value) = line.split_at(at);
        let ours = found.eq_ignore_ascii_case(name.as_bytes());
        ours.then(|| value[1..].trim_ascii())
    })
}

/// The names of all headers of a request, in lower case and sorted.
fn names(request: &str) -> Vec<String> {
    let lines = request
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'));
    let mut names: Vec<String> = lines.map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn both_validators_go_back_byte_for_byte() {
    for (etag, date) in ODD {
        let server = Server::start(move |request| {
            if header(request, "if-none-match").is_some() {
                return bare("304 Not Modified", "");
            }
            let head = [
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nETag: ".as_slice(),
                etag,
                b"\r\nLast-Modified: ",
                date,
                b"\r\n\r\nx",
            ];
            super::server::Reply::Bytes(head.concat())
        })
        .await;
        let shown = String::from_utf8_lossy(etag).into_owned();
        let Ok(Answer::Body { validators, .. }) = get(settings(), &server.url("/")).await else {
            panic!("not a body: {shown}");
        };
        let second = get_if_changed(settings(), &server.url("/"), validators.as_ref()).await;
        assert!(matches!(second, Ok(Answer::NotModified { .. })), "{shown}");
        let request = &server.raw_requests()[1];
        assert_eq!(raw(request, "if-none-match"), Some(etag), "{shown}");
        assert_eq!(raw(request, "if-modified-since"), Some(date), "{shown}");
    }
}

#[tokio::test]
async fn no_validator_is_invented() {
    let server = Server::start(|_| {
        ok(
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: max-age=0\r\n",
            b"x",
        )
    })
    .await;
    let Ok(Answer::Body { validators, .. }) = get(settings(), &server.url("/")).await else {
        panic!("not a body");
    };
    assert_eq!(validators, None);
    for (etag, date) in [(Some("\"a\""), None), (None, Some("yesterday"))] {
        let validators = Validators {
            url: server.url("/"),
            etag: etag.map(Into::into),
            last_modified: date.map(Into::into),
        };
        server.forget();
        get_if_changed(settings(), &server.url("/"), Some(&validators))
            .await
            .unwrap();
        let request = &server.requests()[0];
        assert_eq!(header(request, "if-none-match"), etag);
        assert_eq!(header(request, "if-modified-since"), date);
    }
}

#[tokio::test]
async fn a_cookie_is_never_sent_back() {
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
    for _ in 0..2 {
        fetcher.fetch(&inside(&url)).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert_eq!(header(&request, "cookie"), None);
    }
}

#[tokio::test]
async fn no_referer_follows_a_redirect() {
    let server = Server::start(|request| {
        if request.starts_with("GET /1 ") {
            bare("301 Moved", "Location: /2\r\n")
        } else {
            ok("", b"x")
        }
    })
    .await;
    get(settings(), &server.url("/1")).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(header(&request, "referer"), None);
    }
}

#[tokio::test]
async fn the_path_and_query_arrive_as_written_and_nothing_is_added() {
    let server = Server::start(|_| ok("", b"x")).await;
    for path in [
        "/",
        "/feed",
        "/feed?",
        "/feed?b=2&a=1&a=1&c",
        "/%7Euser/%D0%B6%2f?q=%20+%26",
        "//double//slashes/",
    ] {
        server.forget();
        get(settings(), &server.url(path)).await.unwrap();
        let line = format!("GET {path} HTTP/1.1\r\n");
        assert!(server.requests()[0].starts_with(&line), "{path}");
    }
}

#[tokio::test]
async fn the_fragment_stays_here() {
    let server = Server::start(|request| {
        if request.starts_with("GET /1 ") {
            bare("302 Found", "Location: /2#there\r\n")
        } else {
            ok("", b"x")
        }
    })
    .await;
    get(settings(), &server.url("/1#here")).await.unwrap();
    let requests = server.requests();
    assert!(
        requests[0].starts_with("GET /1 HTTP/1.1\r\n"),
        "{}",
        requests[0]
    );
    assert!(
        requests[1].starts_with("GET /2 HTTP/1.1\r\n"),
        "{}",
        requests[1]
    );
}

#[tokio::test]
async fn the_host_is_named_with_its_port() {
    let server = Server::start(|_| ok("", b"x")).await;
    for host in ["127.0.0.1", "localhost"] {
        server.forget();
        let url = format!("http://{host}:{}/", server.port);
        get(settings(), &url).await.unwrap();
        let want = format!("{host}:{}", server.port);
        assert_eq!(header(&server.requests()[0], "host"), Some(want.as_str()));
    }
}

#[tokio::test]
async fn the_program_says_who_it_is_and_where_to_complain() {
    let server = Server::start(|_| ok("", b"x")).await;
    let mut known = settings();
    known.user_agent = user_agent(Some("https://example.org/bot"));
    get(known, &server.url("/")).await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let want = format!("mentiond/{version} (+https://example.org/bot)");
    assert_eq!(
        header(&server.requests()[0], "user-agent"),
        Some(want.as_str())
    );
}

#[tokio::test]
async fn what_is_wanted_is_said_by_kind() {
    let server = Server::start(|_| ok("", b"x")).await;
    let fetcher = Fetcher::new(settings()).unwrap();
    let url = Url::parse(&server.url("/")).unwrap();
    for (kind, first) in [
        (
            Kind::Feed,
            "application/atom+xml, application/rss+xml, application/feed+json, ",
        ),
        (Kind::Page, "text/html, application/xhtml+xml, "),
        (Kind::Robots, "text/plain, "),
    ] {
        server.forget();
        let request = Request {
            kind,
            ..inside(&url)
        };
        fetcher.fetch(&request).await.unwrap();
        let accept = header(&server.requests()[0], "accept").unwrap().to_owned();
        assert!(accept.starts_with(first), "{accept}");
        assert!(accept.ends_with("*/*;q=0.5"), "{accept}");
    }
}

#[tokio::test]
async fn compression_is_welcome() {
    let server = Server::start(|_| ok("", b"x")).await;
    get(settings(), &server.url("/")).await.unwrap();
    let codings = header(&server.requests()[0], "accept-encoding")
        .unwrap()
        .to_owned();
    for coding in ["gzip", "br", "zstd"] {
        assert!(
            codings.split(',').any(|word| word.trim() == coding),
            "{codings}"
        );
    }
}

#[tokio::test]
async fn one_fetch_is_one_get_and_nothing_besides() {
    let server = Server::start(|_| ok("Content-Type: text/xml\r\n", b"<rss/>")).await;
    let fetcher = Fetcher::new(settings()).unwrap();
    let url = Url::parse(&server.url("/feed")).unwrap();
    for fetches in 1..=3 {
        fetcher.fetch(&inside(&url)).await.unwrap();
        assert_eq!(server.requests().len(), fetches);
    }
    for request in server.requests() {
        assert!(request.starts_with("GET /feed HTTP/1.1\r\n"), "{request}");
        assert_eq!(
            names(&request),
            ["accept", "accept-encoding", "host", "user-agent"]
        );
    }
}

#[tokio::test]
async fn a_failure_is_not_asked_for_again_at_once() {
    for status in ["404 No", "429 No", "500 No", "503 No"] {
        let server = Server::start(move |_| bare(status, "")).await;
        let _ = get(settings(), &server.url("/")).await;
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}
