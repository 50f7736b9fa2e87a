//! What a server that is reached, and one that is lost, become.

use std::future::{Ready, ready};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_postgres::Config;
use tokio_postgres::tls::{NoTls, NoTlsStream, TlsConnect};

use super::*;

/// What becomes of a connection that is made by this URL to a server that answers so and then hangs up.
async fn met<T: TlsConnect<DuplexStream>>(url: &str, tls: T, answer: &[u8]) -> StoreError {
    let (ours, mut server) = tokio::io::duplex(4096);
    let config: Config = url.parse().unwrap();
    let serve = async {
        let mut asked = [0; 8];
        server.read_exact(&mut asked).await.unwrap();
        server.write_all(answer).await.unwrap();
        drop(server);
    };
    let (met, ()) = tokio::join!(config.connect_raw(ours, tls), serve);
    match met {
        Ok(_) => panic!("connected"),
        Err(error) => error.into(),
    }
}

/// TLS that trusts nobody.
struct Distrusting(rustls::CertificateError);

impl<S> TlsConnect<S> for Distrusting {
    type Stream = NoTlsStream;
    type Error = std::io::Error;
    type Future = Ready<Result<NoTlsStream, std::io::Error>>;

    fn connect(self, _: S) -> Self::Future {
        let error = rustls::Error::InvalidCertificate(self.0);
        ready(Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            error,
        )))
    }
}

/// What asks for a password in clear text, and for one of MD5.
const CLEAR: &[u8] = b"R\0\0\0\x08\0\0\0\x03";
const MD5: &[u8] = b"R\0\0\0\x0c\0\0\0\x05salt";

#[tokio::test]
async fn a_server_that_was_reached_is_not_said_to_be_out_of_reach() {
    use rustls::CertificateError::{Expired, UnknownIssuer};

    let plain = "postgres://me@db.example/news?sslmode=disable";
    let strict = "postgres://me@db.example/news?sslmode=require";
    let met = [
        met(plain, NoTls, CLEAR).await,
        met(plain, NoTls, MD5).await,
        met(strict, NoTls, b"N").await,
        met(strict, Distrusting(UnknownIssuer), b"S").await,
        met(strict, Distrusting(Expired), b"S").await,
    ];
    assert!(
        met.iter()
            .all(|error| matches!(error, StoreError::Unusable(_))),
        "{met:?}"
    );
    let told: Vec<String> = met.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    the database server was reached, but it asks for a password: set `password` in [postgres]
    the database server was reached, but it asks for a password: set `password` in [postgres]
    the database server was reached, but it has no TLS, on which `sslmode=require` insists: set it up there, or write ?sslmode=disable into the URL on a network that you trust
    the database server was reached, but its certificate is not trusted: name its issuer in `extra_roots` of [postgres], or write ?sslmode=disable into the URL on a network that you trust (invalid peer certificate: UnknownIssuer)
    the database server was reached, but its certificate is not valid: have it replaced there, or write ?sslmode=disable into the URL on a network that you trust (invalid peer certificate: Expired)
    "#);
}

#[tokio::test]
async fn a_server_that_is_lost_on_the_way_is_tried_again() {
    let plain = "postgres://me@db.example/news?sslmode=disable";
    let strict = "postgres://me@db.example/news?sslmode=require";
    for met in [
        met(plain, NoTls, b"").await,
        met(plain, NoTls, b"R\0\0").await,
        met(strict, NoTls, b"").await,
    ] {
        assert!(matches!(met, StoreError::Unreachable(_)), "{met:?}");
    }
}

#[test]
fn advice_is_of_the_kind_of_database() {
    let newer = |path: &str| StoreError::Newer {
        path: path.into(),
        found: 9,
        known: 3,
    };
    let told = [
        newer("/srv/m.db"),
        newer("postgres://me@db.example/news"),
        StoreError::Missing("/srv/m.db".into()),
        StoreError::Missing("postgres://me@db.example/news".into()),
    ]
    .map(|error| error.to_string());
    insta::assert_snapshot!(told.join("\n"), @r#"
    the database /srv/m.db has schema version 9, this mentiond knows 3: it was written by a newer mentiond; run that one, or point `database` at another file
    the database postgres://me@db.example/news has schema version 9, this mentiond knows 3: it was written by a newer mentiond; run that one, or name another database of a server in `database`
    there is no database at /srv/m.db yet: `mentiond run` or `mentiond poll` makes it
    there are no tables of mentiond at postgres://me@db.example/news yet: `mentiond run` or `mentiond poll` makes them
    "#);
}
