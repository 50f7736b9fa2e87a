//! Requests through a proxy: it gets the name, and the guard judges what is left to judge.

use std::sync::{Arc, Mutex};

use mentiond::fetch::{Fetcher, Request};
use mentiond::model::{RequestOptions, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::server::{Server, header, ok};
use super::{body, settings};

fn through(proxy: String) -> RequestOptions {
    RequestOptions {
        proxy: Some(Secret::new(proxy)),
        ..RequestOptions::default()
    }
}

#[tokio::test]
async fn a_proxy_for_all_or_for_one_feed_gets_the_request_with_the_name() {
    let proxy = Server::start(|_| ok("", b"from the proxy")).await;
    let address = format!("http://me:p%40ss@127.0.0.1:{}", proxy.port);
    // A name that no resolver knows.
    let url = Url::parse("http://feed.invalid/feed").unwrap();
    let mut for_all = settings();
    for_all.proxy = Some(Secret::new(address.clone()));
    let own = through(address);
    let usual = RequestOptions::default();
    for (settings, options) in [(for_all, &usual), (settings(), &own)] {
        proxy.forget();
        let request = Request {
            options,
            ..Request::feed(&url)
        };
        let answer = Fetcher::new(settings).unwrap().fetch(&request).await;
        assert_eq!(body(answer), b"from the proxy");
        let asked = &proxy.requests()[0];
        assert!(
            asked.starts_with("GET http://feed.invalid/feed HTTP/1.1\r\n"),
            "{asked}"
        );
        // base64 of `me:p@ss`
        assert_eq!(
            header(asked, "proxy-authorization"),
            Some("Basic bWU6cEBzcw==")
        );
        assert_eq!(header(asked, "authorization"), None);
    }
}

#[tokio::test]
async fn addresses_written_out_and_ports_are_judged_before_the_proxy_hears_of_them() {
    let proxy = Server::start(|_| ok("", b"from the proxy")).await;
    let options = through(format!("http://127.0.0.1:{}", proxy.port));
    let fetcher = Fetcher::new(settings()).unwrap();
    for (url, kind) in [
        ("http://127.0.0.1/", "address-refused"),
        ("http://[::ffff:10.0.0.1]/", "address-refused"),
        ("http://localhost/", "address-refused"),
        ("http://feed.invalid:25/", "port-refused"),
    ] {
        let url = Url::parse(url).unwrap();
        let request = Request {
            options: &options,
            ..Request::page(&url)
        };
        let error = fetcher.fetch(&request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{url}");
    }
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn a_socks_proxy_resolves_the_name_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked: Arc<Mutex<Vec<u8>>> = Arc::default();
    let record = asked.clone();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // RFC 1928 §3: version, the methods offered; none needed.
        let mut offer = [0; 2];
        stream.read_exact(&mut offer).await.unwrap();
        let mut methods = vec![0; offer[1].into()];
        stream.read_exact(&mut methods).await.unwrap();
        stream.write_all(&[5, 0]).await.unwrap();
        // §4: version, connect, reserved, type and length of the name; the name and the port.
        let mut request = [0; 5];
        stream.read_exact(&mut request).await.unwrap();
        let mut name = vec![0; usize::from(request[4]) + 2];
        stream.read_exact(&mut name).await.unwrap();
        record
            .lock()
            .unwrap()
            .extend([request.as_slice(), &name].concat());
        stream
            .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            .await
            .unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await.unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnews";
        stream.write_all(answer).await.unwrap();
    });
    let options = through(format!("socks5://127.0.0.1:{port}"));
    let url = Url::parse("http://feed.invalid/feed").unwrap();
    let request = Request {
        options: &options,
        ..Request::feed(&url)
    };
    let answer = Fetcher::new(settings()).unwrap().fetch(&request).await;
    assert_eq!(body(answer), b"news");
    let want = [
        b"\x05\x01\x00\x03\x0c".as_slice(),
        b"feed.invalid",
        &[0, 80],
    ]
    .concat();
    assert_eq!(*asked.lock().unwrap(), want);
}

#[tokio::test]
async fn a_proxy_that_is_down_is_told_without_its_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for scheme in ["http", "socks5"] {
        let options = through(format!("{scheme}://me:hush@127.0.0.1:{port}"));
        let url = Url::parse("http://feed.invalid/feed").unwrap();
        let request = Request {
            options: &options,
            ..Request::feed(&url)
        };
        let fetcher = Fetcher::new(settings()).unwrap();
        let error = fetcher.fetch(&request).await.unwrap_err();
        assert_eq!(error.kind(), "connect", "{error}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    }
}
