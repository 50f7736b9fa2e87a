//! Answers and silences that mean failure, each told from the others.

use std::time::Duration;

use mentiond::fetch::{Answer, FetchError, MAX_HINT, Phase};

use super::server::{Reply, Server, bare, ok};
use super::{body, get, inside, settings};

#[tokio::test]
async fn gone_is_gone_unless_a_temporary_redirect_led_there() {
    let server = Server::start(|request| match &request[4..10] {
        "/moved" => bare("301 Moved", "Location: /gone\r\n"),
        "/today" => bare("302 Found", "Location: /gone\r\n"),
        _ => bare("410 Gone", ""),
    })
    .await;
    assert_eq!(
        get(settings(), &server.url("/gone")).await,
        Ok(Answer::Gone)
    );
    assert_eq!(
        get(settings(), &server.url("/moved")).await,
        Ok(Answer::Gone)
    );
    let error = get(settings(), &server.url("/today")).await.unwrap_err();
    assert!(
        matches!(error, FetchError::Status { status: 410, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn throttling_says_how_long() {
    for (status, line, number, wait) in [
        (
            "429 Too Many Requests",
            "Retry-After: 120\r\n",
            429,
            Some(Duration::from_mins(2)),
        ),
        (
            "503 Unavailable",
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n",
            503,
            Some(Duration::from_secs(30)),
        ),
        (
            "503 Unavailable",
            "Retry-After: 99999999999999999999\r\n",
            503,
            Some(MAX_HINT),
        ),
        ("429 Slow Down", "", 429, None),
    ] {
        let server = Server::start(move |_| bare(status, line)).await;
        let want = Answer::Throttled {
            status: number,
            retry_after: wait,
        };
        assert_eq!(
            get(settings(), &server.url("/")).await,
            Ok(want),
            "{status} {line}"
        );
    }
}

#[tokio::test]
async fn other_statuses_are_failures_that_keep_the_wish_to_wait() {
    for code in [
        400_u16, 401, 403, 404, 408, 418, 451, 500, 502, 504, 599, 700,
    ] {
        let server =
            Server::start(move |_| bare(&format!("{code} No"), "Retry-After: 7\r\n")).await;
        let error = get(settings(), &server.url("/")).await.unwrap_err();
        assert!(
            matches!(error, FetchError::Status { status, .. } if status == code),
            "{error}"
        );
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_left_in_time() {
    let mut hasty = settings();
    hasty.header_timeout = Duration::from_millis(100);
    let server = Server::start(|_| Reply::Hang(b"HTTP/1.1 200 OK\r\nX-".to_vec())).await;
    let error = get(hasty, &server.url("/")).await.unwrap_err();
    assert_eq!(
        error,
        FetchError::Timeout {
            place: server.url("/"),
            phase: Phase::Header,
            after: Duration::from_millis(100),
        }
    );
}

#[tokio::test]
async fn a_handshake_that_hangs_is_left_in_time() {
    let mut hasty = settings();
    hasty.connect_timeout = Duration::from_millis(100);
    // The listener's queue accepts the connection; nobody ever answers on it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let error = get(hasty, &url).await.unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Timeout {
                phase: Phase::Connect,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_refused_connection_is_told_as_such() {
    // Bound, so that nobody else gets the port, and not listening.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let error = get(settings(), &format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), "connect", "{error}");
}

#[tokio::test]
async fn plain_text_where_tls_was_expected_is_a_tls_failure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 64];
        tokio::io::AsyncReadExt::read(&mut stream, &mut hello)
            .await
            .unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        // Kept open until the client has had enough of it.
        tokio::io::AsyncReadExt::read(&mut stream, &mut hello)
            .await
            .unwrap_or_default();
    });
    let error = get(settings(), &url).await.unwrap_err();
    assert_eq!(error.kind(), "tls", "{error}");
}

#[tokio::test]
async fn a_name_without_address_is_a_dns_failure() {
    // A label of 64 letters is too long for any resolver to ask the network about.
    let host = format!("{}.invalid", "a".repeat(64));
    let error = get(settings(), &format!("http://{host}/"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), "dns", "{error}");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_told_as_such() {
    for reply in ["", "SSH-2.0-OpenSSH_9.6\r\n\r\n"] {
        let server = Server::start(move |_| Reply::Bytes(reply.into())).await;
        let error = get(settings(), &server.url("/")).await.unwrap_err();
        assert_eq!(error.kind(), "protocol", "{reply:?}: {error}");
    }
}

#[tokio::test]
async fn ill_written_header_lines_do_not_cost_the_answer() {
    for line in [
        "Cache-Control : max-age=9",
        "bad line",
        "X-Folded: a\r\n b",
        "b\u{e4}d: x",
    ] {
        let server = Server::start(move |_| ok(&format!("{line}\r\n"), b"news")).await;
        assert_eq!(
            body(get(settings(), &server.url("/")).await),
            b"news",
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_head_without_end_is_given_up() {
    let server =
        Server::start(|_| Reply::Endless(b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'a'; 0x1_0000]))
            .await;
    let error = get(settings(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.kind(), "protocol", "{error}");
    assert!(server.sent() < 64 << 20, "{}", server.sent());
}

#[tokio::test]
async fn a_url_that_is_not_one_of_http_is_refused() {
    for url in [
        "file:///etc/passwd",
        "ftp://example.org/feed",
        "data:text/xml,x",
    ] {
        let error = get(settings(), url).await.unwrap_err();
        assert_eq!(error.kind(), "unsupported-scheme", "{url}");
    }
}

#[tokio::test]
async fn one_fetcher_serves_again_after_a_failure() {
    let server = Server::start(|request| {
        if request.starts_with("GET /bad ") {
            Reply::Bytes(b"rubbish\r\n\r\n".to_vec())
        } else {
            ok("", b"fine")
        }
    })
    .await;
    let fetcher = mentiond::fetch::Fetcher::new(settings()).unwrap();
    let [bad, good] = ["/bad", "/good"].map(|path| url::Url::parse(&server.url(path)).unwrap());
    assert!(fetcher.fetch(&inside(&bad)).await.is_err());
    assert_eq!(body(fetcher.fetch(&inside(&good)).await), b"fine");
}
