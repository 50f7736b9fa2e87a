//! Bodies: decompression, and limits of size, memory and time.

use std::io::Write;
use std::time::Duration;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, Crc};
use mentiond::fetch::{Answer, FetchError, Phase};

use super::server::{Reply, Server, bare, ok};
use super::{body, get, settings};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn compressed_bodies_arrive_decompressed() {
    let text = b"<rss><channel><title>news</title></channel></rss>".as_slice();
    for (coding, bytes) in [
        ("gzip", gzip(text)),
        ("br", brotli(text)),
        ("zstd", zstd(text)),
    ] {
        let headers = format!("Content-Encoding: {coding}\r\nContent-Type: text/xml\r\n");
        let server = Server::start(move |_| ok(&headers, &bytes)).await;
        assert_eq!(
            body(get(settings(), &server.url("/")).await),
            text,
            "{coding}"
        );
    }
}

#[tokio::test]
async fn a_body_comes_with_its_type_and_hints() {
    let server = Server::start(|_| {
        ok(
            "Content-Type: text/xml; charset=koi8-r\r\nCache-Control: max-age=9\r\n",
            b"x",
        )
    })
    .await;
    let answer = get(settings(), &server.url("/")).await;
    let Ok(Answer::Body {
        content_type,
        hints,
        final_url,
        moved_to: None,
        ..
    }) = answer
    else {
        panic!("not a body: {answer:?}");
    };
    assert_eq!(content_type.as_deref(), Some("text/xml; charset=koi8-r"));
    assert_eq!(hints.fresh_for, Some(Duration::from_secs(9)));
    assert_eq!(final_url.as_str(), server.url("/"));
}

#[tokio::test]
async fn answers_without_content_are_empty_bodies() {
    for status in ["204 No Content", "205 Reset Content", "200 OK"] {
        let server = Server::start(move |_| bare(status, "Content-Encoding: gzip\r\n")).await;
        assert_eq!(
            body(get(settings(), &server.url("/")).await),
            b"",
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_gzip_bomb_is_given_up_at_the_limit() {
    let bomb = gzip_of_zeros(1024);
    assert!((bomb.len() as u64) < 2 * MIB);
    let server = Server::start(move |_| ok("Content-Encoding: gzip\r\n", &bomb)).await;
    let error = get(settings(), &server.url("/")).await.unwrap_err();
    assert_eq!(error, too_large(&server, MIB));
    assert_memory_below(128 * MIB);
}

#[tokio::test]
async fn the_gzip_bomb_is_what_it_claims_to_be() {
    let mut roomy = settings();
    roomy.max_body = 3 * MIB;
    let server = Server::start(|_| ok("Content-Encoding: gzip\r\n", &gzip_of_zeros(3))).await;
    let bytes = body(get(roomy, &server.url("/")).await);
    assert_eq!(bytes.len() as u64, 3 * MIB);
    assert!(bytes.iter().all(|&byte| byte == 0));
}

#[tokio::test]
async fn an_endless_body_is_given_up_at_the_limit() {
    let chunk = [b"10000\r\n".as_slice(), &vec![b'a'; 0x1_0000], b"\r\n"].concat();
    for (head, part) in [
        ("HTTP/1.1 200 OK\r\n\r\n", vec![b'a'; 0x1_0000]),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            chunk,
        ),
    ] {
        let server = Server::start(move |_| Reply::Endless(head.into(), part.clone())).await;
        let error = get(settings(), &server.url("/")).await.unwrap_err();
        assert_eq!(error, too_large(&server, MIB));
        // What was taken beyond the limit lies in the sockets' buffers.
        assert!(server.sent() < 64 * MIB, "{}", server.sent());
    }
    assert_memory_below(128 * MIB);
}

#[tokio::test]
async fn compressed_bytes_that_yield_nothing_end_with_the_time() {
    // A gzip header whose file name never ends.
    let head = [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".as_slice(),
        &[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 255],
    ]
    .concat();
    let server = Server::start(move |_| Reply::Endless(head.clone(), vec![b'a'; 0x1_0000])).await;
    let mut hasty = settings();
    hasty.total_timeout = Duration::from_millis(300);
    let error = get(hasty, &server.url("/")).await.unwrap_err();
    assert_eq!(timed_out_in(&error), Some(Phase::Total), "{error}");
    assert_memory_below(128 * MIB);
}

#[tokio::test]
async fn a_body_announced_too_large_is_not_read() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n";
    let server = Server::start(move |_| Reply::Hang(head.into())).await;
    let error = get(settings(), &server.url("/")).await.unwrap_err();
    assert_eq!(error, too_large(&server, MIB));
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let mut small = settings();
    small.max_body = 10;
    let server = Server::start(|request| {
        ok(
            "",
            if request.starts_with("GET /10 ") {
                b"0123456789"
            } else {
                b"0123456789a"
            },
        )
    })
    .await;
    assert_eq!(
        body(get(small.clone(), &server.url("/10")).await),
        b"0123456789"
    );
    let error = get(small, &server.url("/11")).await.unwrap_err();
    assert_eq!(error.kind(), "body-too-large");
}

#[tokio::test]
async fn a_dripping_body_ends_with_the_total_time() {
    let mut hasty = settings();
    hasty.total_timeout = Duration::from_millis(300);
    let error = drip(hasty, Duration::from_millis(20)).await;
    assert_eq!(timed_out_in(&error), Some(Phase::Total), "{error}");
}

#[tokio::test]
async fn a_body_that_stalls_ends_with_the_idle_time() {
    let mut hasty = settings();
    hasty.idle_timeout = Duration::from_millis(100);
    let error = drip(hasty, Duration::from_secs(30)).await;
    assert_eq!(timed_out_in(&error), Some(Phase::Body), "{error}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_body() {
    let half = {
        let whole = gzip(&vec![b'a'; 10_000]);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            whole.len()
        );
        [head.as_bytes(), &whole[..whole.len() / 2]].concat()
    };
    for reply in [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc".to_vec(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".to_vec(),
        half,
    ] {
        let shown = String::from_utf8_lossy(&reply).into_owned();
        let server = Server::start(move |_| Reply::Bytes(reply.clone())).await;
        let error = get(settings(), &server.url("/")).await.unwrap_err();
        assert_eq!(error.kind(), "body-truncated", "{shown:?}: {error}");
    }
}

#[tokio::test]
async fn a_broken_or_unknown_coding_is_told_from_a_broken_connection() {
    let short = gzip(b"a short text")[..20].to_vec();
    for (coding, bytes) in [
        ("gzip", b"not gzip at all".to_vec()),
        ("gzip", short),
        ("br", vec![0xff; 40]),
        ("zstd", b"not zstd at all".to_vec()),
        ("deflate", b"x".to_vec()),
        ("gzip, gzip", b"x".to_vec()),
    ] {
        let headers = format!("Content-Encoding: {coding}\r\n");
        let server = Server::start(move |_| ok(&headers, &bytes)).await;
        let error = get(settings(), &server.url("/")).await.unwrap_err();
        assert_eq!(error.kind(), "decode", "{coding}: {error}");
    }
}

#[tokio::test]
async fn bytes_left_over_after_the_compressed_body_are_a_coding_failure() {
    let whole = gzip(b"a short text");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
        whole.len()
    );
    let reply = [head.as_bytes(), &whole, b"\r\n1\r\nx\r\n0\r\n\r\n"].concat();
    let server = Server::start(move |_| Reply::Bytes(reply.clone())).await;
    let error = get(settings(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.kind(), "decode", "{error}");
}

#[tokio::test]
async fn codings_that_are_stacked_or_spelled_otherwise_are_undone() {
    let text = b"<rss><channel><title>news</title></channel></rss>".as_slice();
    let raw = {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let wrapped = {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    for (coding, bytes) in [
        ("x-gzip", gzip(text)),
        ("GZIP", gzip(text)),
        ("gzip, gzip", gzip(&gzip(text))),
        ("deflate", raw),
        ("deflate", wrapped),
        ("utf-8, gzip", gzip(text)),
    ] {
        let headers = format!("Content-Encoding: {coding}\r\n");
        let server = Server::start(move |_| ok(&headers, &bytes)).await;
        let answer = get(settings(), &server.url("/")).await;
        assert_eq!(body(answer), text, "{coding}");
    }
}

#[tokio::test]
async fn a_bomb_in_a_stacked_coding_is_given_up_at_the_limit() {
    let bomb = gzip(&gzip_of_zeros(64));
    let server = Server::start(move |_| ok("Content-Encoding: gzip, gzip\r\n", &bomb)).await;
    let error = get(settings(), &server.url("/")).await.unwrap_err();
    assert_eq!(error, too_large(&server, MIB));
}

#[tokio::test]
async fn compressed_bytes_without_a_word_of_it_arrive_as_they_are() {
    let bytes = gzip(b"news");
    let sent = bytes.clone();
    let server = Server::start(move |_| ok("Content-Type: text/xml\r\n", &sent)).await;
    assert_eq!(body(get(settings(), &server.url("/")).await), bytes);
}

#[tokio::test]
async fn a_body_comes_with_its_links_and_language() {
    let server = Server::start(|request| {
        if request.starts_with("GET /feed ") {
            bare("302 Found", "Location: /dir/feed\r\nLink: </not>; rel=hub\r\n")
        } else {
            ok(
                "Link: <hub>; rel=\"hub\", <feed>; rel=self\r\nLink: <https://b.example/>; rel=hub\r\n\
                 Content-Language: ar\r\n",
                b"x",
            )
        }
    })
    .await;
    let answer = get(settings(), &server.url("/feed")).await;
    let Ok(Answer::Body {
        links,
        language,
        delta: false,
        ..
    }) = answer
    else {
        panic!("not a body: {answer:?}");
    };
    let hubs: Vec<&str> = links.hubs.iter().map(url::Url::as_str).collect();
    assert_eq!(hubs, [&server.url("/dir/hub"), "https://b.example/"]);
    let topic = links.self_url.map(String::from);
    assert_eq!(topic, Some(server.url("/dir/feed")));
    assert_eq!(language.as_deref(), Some("ar"));
}

#[tokio::test]
async fn a_coding_that_is_none_does_no_harm() {
    let server = Server::start(|_| ok("Content-Encoding: utf-8\r\n", b"plain")).await;
    assert_eq!(body(get(settings(), &server.url("/")).await), b"plain");
}

async fn drip(settings: mentiond::fetch::Settings, interval: Duration) -> FetchError {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    let server = Server::start(move |_| Reply::Drip(head.into(), interval)).await;
    get(settings, &server.url("/")).await.unwrap_err()
}

fn timed_out_in(error: &FetchError) -> Option<Phase> {
    match error {
        FetchError::Timeout { phase, .. } => Some(*phase),
        _ => None,
    }
}

fn too_large(server: &Server, limit: u64) -> FetchError {
    FetchError::BodyTooLarge {
        place: server.url("/"),
        limit,
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A valid gzip of so many MiB of zeros, made without compressing them all: after a flush the
/// encoder's output for one more MiB of zeros is always the same, for it refers back to zeros.
fn gzip_of_zeros(mebibytes: usize) -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let mut compress = || {
        encoder.write_all(&zeros).unwrap();
        encoder.flush().unwrap();
        std::mem::take(encoder.get_mut())
    };
    let (first, further) = (compress(), compress());
    let mut crc = Crc::new();
    for _ in 0..mebibytes.min(8) {
        crc.update(&zeros);
    }
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend_from_slice(&first);
    for _ in 1..mebibytes {
        out.extend_from_slice(&further);
    }
    out.extend_from_slice(&[3, 0]); // the last block, empty
    // The sum of the larger bombs is wrong; nobody is to get that far.
    out.extend_from_slice(&crc.sum().to_le_bytes());
    out.extend_from_slice(&u32::try_from(mebibytes << 20).unwrap().to_le_bytes());
    out
}

/// One uncompressed meta-block and the empty last one (RFC 7932 §9.2).
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let head = u32::try_from(bytes.len() - 1).unwrap() << 4 | 1 << 20;
    [&head.to_le_bytes()[..3], bytes, &[3]].concat()
}

/// One frame of one raw block (RFC 8878 §3.1.1).
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let len = u8::try_from(bytes.len()).unwrap();
    let block = u32::from(len) << 3 | 1;
    [
        &[0x28, 0xb5, 0x2f, 0xfd, 0x20, len][..],
        &block.to_le_bytes()[..3],
        bytes,
    ]
    .concat()
}

/// Checks the most memory this process, with all tests in it, has ever held.
fn assert_memory_below(limit: u64) {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return; // not Linux; the sizes above are checked all the same
    };
    let peak = status.lines().find_map(|line| {
        let kib = line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?;
        kib.parse::<u64>().ok()
    });
    if let Some(peak) = peak {
        assert!(peak * 1024 < limit, "{peak} KiB");
    }
}
