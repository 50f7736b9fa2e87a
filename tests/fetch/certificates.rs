//! Certificates that the owner vouches for, and that they count for the owner's feed alone.
//!
//! `tls/` holds a certificate authority made for these tests and a certificate of it for 127.0.0.1,
//! both valid from 2020 to 2120.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use mentiond::fetch::{FetchError, Fetcher, Request};
use mentiond::model::RequestOptions;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use url::Url;

use super::server::{Server, bare};
use super::{body, inside, settings};

const CA: &[u8] = include_bytes!("tls/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("tls/server.pem");
const KEY: &[u8] = include_bytes!("tls/server.key");

/// Starts a server that answers every request with `news`, and returns its port.
fn serve() -> u16 {
    let provider = rustls::crypto::ring::default_provider();
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()];
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let session = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(session, stream.unwrap());
            // A client that does not trust the certificate hangs up, which is what is tested.
            if stream.read(&mut [0; 4096]).is_ok() {
                let answer =
                    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnews";
                let _ = stream.write_all(answer).and_then(|()| stream.flush());
            }
        }
    });
    port
}

fn trusting() -> RequestOptions {
    RequestOptions {
        extra_roots: Some(CA.to_vec()),
        ..RequestOptions::default()
    }
}

fn unchecked() -> RequestOptions {
    RequestOptions {
        insecure_tls: true,
        ..RequestOptions::default()
    }
}

#[tokio::test]
async fn a_certificate_is_trusted_by_further_roots_or_unchecked_and_not_otherwise() {
    let url = Url::parse(&format!("https://127.0.0.1:{}/", serve())).unwrap();
    // One fetcher for all: a connection that one feed may make serves no other.
    let fetcher = Fetcher::new(settings()).unwrap();
    let usual = RequestOptions::default();
    for options in [&trusting(), &unchecked(), &usual] {
        let request = Request {
            options,
            ..inside(&url)
        };
        let answer = fetcher.fetch(&request).await;
        if *options == usual {
            assert!(matches!(answer, Err(FetchError::Tls { .. })), "{answer:?}");
        } else {
            assert_eq!(body(answer), b"news");
        }
    }
}

#[tokio::test]
async fn trust_does_not_follow_a_redirect_to_another_origin() {
    let port = serve();
    let target = format!("Location: https://127.0.0.1:{port}/\r\n");
    let server = Server::start(move |_| bare("302 Found", &target)).await;
    let url = Url::parse(&server.url("/")).unwrap();
    let mut listed = settings();
    listed.ports = vec![port];
    let fetcher = Fetcher::new(listed).unwrap();
    for options in [trusting(), unchecked()] {
        let request = Request {
            options: &options,
            ..inside(&url)
        };
        let error = fetcher.fetch(&request).await.unwrap_err();
        assert_eq!(error.kind(), "tls", "{error}");
    }
}

#[tokio::test]
async fn a_file_without_certificates_is_told_as_such() {
    let url = Url::parse("https://127.0.0.1:9/").unwrap();
    let options = RequestOptions {
        extra_roots: Some(b"not a certificate".to_vec()),
        ..RequestOptions::default()
    };
    let request = Request {
        options: &options,
        ..inside(&url)
    };
    let fetcher = Fetcher::new(settings()).unwrap();
    let error = fetcher.fetch(&request).await.unwrap_err();
    assert_eq!(error.kind(), "options", "{error}");
}
