//! Answers that are too large, too slow, cut off, or lead elsewhere.

use std::io::Write;
use std::time::Duration;

use flate2::{Compress, Compression, Crc, FlushCompress};

use super::Round;
use crate::server::{Reply, Server, bare, ok};
use crate::support::{Item, raw_server, rss};

/// What a process that reads a body of the usual limit, 8 MiB, may have in use at most; it stands far
/// below the gigabyte that it is sent.
const MODEST_MIB: u64 = 80;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The feed is refused for its size, and soon.
fn given_up_early(server: &Server) {
    let round = Round::of(server.url("/feed"));
    round
        .failed("body-too-large", "larger than 8388608 bytes")
        .within_mib(MODEST_MIB);
    assert!(
        server.sent() < 64 << 20,
        "{} bytes were taken",
        server.sent()
    );
}

#[test]
fn a_chunked_body_without_end_is_cut_off_at_the_limit() {
    let server = raw_server(|_| {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        Reply::Endless(CHUNKED.into(), chunk.into())
    });
    given_up_early(&server);
}

#[test]
fn a_gigabyte_is_refused_by_its_length_alone() {
    let server = raw_server(|_| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1 << 30);
        Reply::Endless(head.into(), vec![b'x'; 0x10000])
    });
    given_up_early(&server);
}

#[test]
fn a_length_that_lies_is_not_believed() {
    // Much less than there is: the rest is not part of the answer.
    let document = rss(&[Item::new("1", "Putin")]);
    let sent = document.clone();
    let server = raw_server(move |_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{sent}",
            sent.len()
        );
        Reply::Endless(head.into(), vec![b'x'; 0x10000])
    });
    let round = Round::of(server.url("/feed"));
    round.recorded(1).within_mib(MODEST_MIB);

    // Much more than there is: nothing is set aside for what never comes.
    let round = Round::of_answer(move |_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n";
        Reply::Bytes([head, &document].concat().into())
    });
    round.failed("body-truncated", "broke off after");

    // No number at all.
    for length in [
        "-1",
        "99999999999999999999999",
        "12, 13",
        "0x10",
        "1\r\nContent-Length: 2",
    ] {
        let round = Round::of_answer(move |_| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n<rss/>");
            Reply::Bytes(head.into())
        });
        round.failed("protocol", "no valid HTTP answer");
    }
}

/// A gigabyte of zeros, as gzip: one compressed megabyte, repeated.
fn bomb() -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut compress = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(1 << 16);
    compress
        .compress_vec(&zeros, &mut block, FlushCompress::Full)
        .unwrap();
    assert_eq!(compress.total_in(), 1 << 20);
    let mut checksum = Crc::new();
    checksum.update(&zeros);
    for _ in 0..10 {
        let half = std::mem::take(&mut checksum);
        checksum.combine(&half);
        checksum.combine(&half);
    }
    let mut gzip = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff".to_vec();
    for _ in 0..1024 {
        gzip.write_all(&block).unwrap();
    }
    gzip.write_all(b"\x03\0").unwrap();
    gzip.write_all(&checksum.sum().to_le_bytes()).unwrap();
    gzip.write_all(&(1_u32 << 30).to_le_bytes()).unwrap();
    gzip
}

#[test]
fn a_compressed_gigabyte_is_cut_off_at_the_limit() {
    let bomb = bomb();
    assert!(bomb.len() < 4 << 20, "{} bytes", bomb.len());
    let round = Round::of_answer(move |_| ok("Content-Encoding: gzip\r\n", &bomb));
    round
        .failed("body-too-large", "larger than 8388608 bytes")
        .within_mib(MODEST_MIB);
}

#[test]
fn a_body_of_one_byte_a_second_is_given_up_when_the_time_is_over() {
    let server = raw_server(|_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
        Reply::Drip(head.into(), Duration::from_secs(1))
    });
    let limit = "[fetch]\ntotal_timeout = \"2s\"\n";
    let round = Round::with(server.url("/feed"), limit, |config| config);
    round.failed("timeout", "the whole fetch took more than 2 s");
    assert!(round.took < Duration::from_secs(8), "{:?}", round.took);
}

#[test]
fn a_head_of_one_byte_a_second_is_given_up_when_its_time_is_over() {
    let server = raw_server(|_| {
        let head = "HTTP/1.1 200 OK\r\nX-Patience: ";
        Reply::Drip(head.into(), Duration::from_secs(1))
    });
    let limit = "[fetch]\nheader_timeout = \"1s\"\n";
    let round = Round::with(server.url("/feed"), limit, |config| config);
    round.failed("timeout", "waiting for the answer took more than 1 s");
}

#[test]
fn a_head_without_end_is_given_up() {
    let server = raw_server(|_| {
        let line = format!("X-Padding: {}\r\n", "x".repeat(0x1000));
        Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), line.into())
    });
    let round = Round::of(server.url("/feed"));
    round
        .failed("protocol", "no valid HTTP answer")
        .within_mib(MODEST_MIB);
}

#[test]
fn redirects_that_go_round_or_never_end_are_given_up() {
    let server = raw_server(|head| {
        let round = head.starts_with("GET /feed ");
        let target = if round { "/other" } else { "/feed" };
        bare("302 Found", &format!("Location: {target}\r\n"))
    });
    let round = Round::of(server.url("/feed"));
    round.failed("redirect-loop", "redirects lead back to");
    assert_eq!(server.requests().len(), 2);

    let server = raw_server(|head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        bare("301 Moved Permanently", &format!("Location: {path}x\r\n"))
    });
    let round = Round::of(server.url("/feed"));
    round.failed("too-many-redirects", "gave up after 5 redirects");
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn leave_for_a_private_feed_does_not_lead_to_another_private_host() {
    for target in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/latest/meta-data/",
        "http://0xa9fea9fe/latest/meta-data/",
        "http://localhost:PORT/secret",
        "http://127.0.0.2:PORT/secret",
        "http://[::1]:PORT/secret",
    ] {
        let server = raw_server(move |head| {
            let host = crate::server::header(head, "host").unwrap_or_default();
            let port = host.rsplit(':').next().unwrap_or_default();
            let target = target.replace("PORT", port);
            bare("302 Found", &format!("Location: {target}\r\n"))
        });
        let round = Round::of(server.url("/feed"));
        round.failed("address-refused", "which is not a public address");
        assert_eq!(server.requests().len(), 1, "{target} was asked");
    }
    for target in ["file:///etc/passwd", "gopher://127.0.0.1/", "data:,x"] {
        let round =
            Round::of_answer(move |_| bare("302 Found", &format!("Location: {target}\r\n")));
        round.failed("unsupported-scheme", "use an http or https URL");
    }
}

#[test]
fn a_private_address_is_refused_without_leave() {
    for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"] {
        let server = raw_server(|_| ok("", b"<rss/>"));
        let url = format!("http://{host}:{}/feed", server.port);
        let round = Round::with(url, "", |config| {
            config.replacen("allow_private_addresses = true", "", 1)
        });
        round.failed(
            "address-refused",
            "set `allow_private_addresses = true` for it",
        );
        assert!(server.requests().is_empty(), "{host} was asked");
    }
}

#[test]
fn a_connection_that_closes_in_the_middle_of_the_body_is_no_document() {
    let document = rss(&[Item::new("1", "Putin"), Item::new("2", "SCO")]);
    let half = document[..document.len() / 2].to_owned();
    let whole = document.len();
    let sent = half.clone();
    let round = Round::of_answer(move |_| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {whole}\r\n\r\n");
        Reply::Bytes([head, sent.clone()].concat().into())
    });
    round.failed("body-truncated", "broke off after");
    assert_eq!(round.told(), [""; 0]);

    let round = Round::of_answer(move |_| {
        let chunk = format!("{CHUNKED}{:x}\r\n{half}\r\n", half.len());
        Reply::Bytes(chunk.into())
    });
    round.failed("body-truncated", "broke off after");
}

#[test]
fn a_peer_that_does_not_speak_http_is_no_more_than_a_failed_feed() {
    for answer in [
        &b""[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        &[0; 1000],
        b"\r\n\r\n\r\n",
    ] {
        let round = Round::of_answer(move |_| Reply::Bytes(answer.to_vec()));
        round.failed("protocol", "no valid HTTP answer");
    }
}
