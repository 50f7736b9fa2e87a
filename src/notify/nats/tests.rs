//! What failures mean, and what of them is shown. What a server does is in `tests/nats.rs`.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use super::fault::{Fault, Unreached};
use super::*;
use crate::config::{NatsServer, Private};
use crate::model::Secret;
use crate::notify::circuit::Health;

pub(super) fn config() -> NatsConfig {
    NatsConfig {
        servers: vec![server("nats.example.org", false)],
        login: NatsLogin::Token(Secret::new("hush-hush".to_owned())),
        subject: "mentiond".to_owned(),
        stream: None,
        create_stream: false,
        mentions: false,
        extra_roots: None,
        allow_private: Private::Refused,
    }
}

fn server(host: &str, tls: bool) -> NatsServer {
    NatsServer {
        host: url::Host::parse(host).unwrap(),
        port: 4222,
        tls,
    }
}

fn secrets() -> Vec<String> {
    secrets_of(&config().login)
}

/// Every fault, as people read it, with what it says of the server.
fn told(config: &NatsConfig) -> String {
    let second = Duration::from_secs(1);
    let subject = || "mentiond.alert.sco.ru".to_owned();
    let refused = |code, said: &str| Fault::Refused(code, said.to_owned());
    let unreached = |why| Fault::Unreached(vec![(server("nats.example.org", false), why)]);
    let faults = [
        unreached(Unreached::Private([10, 0, 0, 1].into())),
        unreached(Unreached::Connect(
            "Connection refused (os error 111)".to_owned(),
        )),
        unreached(Unreached::Tls(
            "invalid peer certificate: UnknownIssuer".to_owned(),
        )),
        unreached(Unreached::Login),
        Fault::Unreached(vec![
            (server("a.example", true), Unreached::Login),
            (
                server("b.example", false),
                Unreached::Connect("no answer in time".to_owned()),
            ),
        ]),
        Fault::Silent(second),
        Fault::Lost,
        Fault::Late(second),
        Fault::NoStream(subject()),
        Fault::Forbidden(subject(), "Permissions Violation with hush-hush".to_owned()),
        Fault::TooLarge("Payload size limit of 9 exceeded by message size of 10".to_owned()),
        refused(10054, "message size exceeds maximum allowed"),
        refused(10060, "expected stream does not match"),
        refused(10058, "stream name already in use"),
        refused(10065, "subjects overlap with an existing stream"),
        refused(10039, "JetStream not enabled for account"),
        refused(10077, "maximum messages exceeded"),
        refused(10109, "invalid operation on sealed stream"),
        refused(10001, "hush-hush \u{1b}[31m is not for us"),
        Fault::Odd("expected value at line 1 column 1".to_owned()),
    ];
    let lines = faults.into_iter().map(|fault| {
        let failure = fault.into_failure(config, &secrets());
        let whole = format!("{failure:?}");
        assert!(!whole.contains("hush-hush"), "{whole}");
        let health = match failure.health {
            Health::Up => "up  ",
            Health::Down => "down",
            other => panic!("{other:?}"),
        };
        format!("{health} {}", failure.error)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_failure_says_what_failed_and_what_to_do() {
    insta::assert_snapshot!(told(&config()), @r#"
    down nats://nats.example.org:4222: its name leads to 10.0.0.1 only, which is not public; set the sink's `allow_private` if it is meant
    down nats://nats.example.org:4222: can't connect: Connection refused (os error 111)
    down nats://nats.example.org:4222: no encrypted connection: invalid peer certificate: UnknownIssuer
    down nats://nats.example.org:4222: it refused the login; correct the sink's `token`, `user` and `password`, or `credentials`
    down tls://a.example:4222: it refused the login; correct the sink's `token`, `user` and `password`, or `credentials`; nats://b.example:4222: can't connect: no answer in time
    down no connection within 1s
    down the connection broke off before the message was acknowledged
    down no acknowledgement within 1s: make sure that a stream takes mentiond.> and acknowledges, and that nothing else answers there
    down no stream takes mentiond.alert.sco.ru; make a stream that takes mentiond.>, or name one as `stream` and set `create_stream`
    up   the login may not publish to mentiond.alert.sco.ru; let it publish to mentiond.>
    up   the message is too large: Payload size limit of 9 exceeded by message size of 10
    up   JetStream refused it: message size exceeds maximum allowed
    down JetStream refused it: expected stream does not match; another stream than the sink's `stream` takes the subject: name that one
    down JetStream refused it: stream name already in use; the stream exists and is set up otherwise: let it take mentiond.>
    down JetStream refused it: subjects overlap with an existing stream; another stream takes a part of mentiond.>: name it as the sink's `stream`, or give the sink another `subject`
    down JetStream refused it: JetStream not enabled for account; start the server with JetStream (-js), and enable it for the account
    down JetStream refused it: maximum messages exceeded; give the stream more room, or let it discard what is old
    down JetStream refused it: invalid operation on sealed stream; a sealed stream takes nothing any more
    down JetStream refused it: [secret] [31m is not for us
    down the answer is no acknowledgement: expected value at line 1 column 1; make sure that nothing but JetStream answers to mentiond.>
    "#);
    let named = NatsConfig {
        stream: Some("NEWS".to_owned()),
        ..config()
    };
    let told = told(&named);
    let line = told.lines().find(|line| line.contains("no stream takes"));
    insta::assert_snapshot!(line.unwrap_or_default(), @r#"down no stream takes mentiond.alert.sco.ru; make the stream NEWS that takes mentiond.>, or set `create_stream`"#);
}

#[test]
fn what_the_client_says_is_sorted_by_its_kind_and_its_innermost_cause() {
    use async_nats::jetstream::context::{PublishError, PublishErrorKind};
    use async_nats::{ConnectError, ConnectErrorKind};

    let second = Duration::from_secs(1);
    let published = |kind| {
        let error = PublishError::new(kind);
        Fault::of_publish("a.b", second, &error)
    };
    assert_eq!(
        published(PublishErrorKind::StreamNotFound),
        Fault::NoStream("a.b".to_owned())
    );
    assert_eq!(published(PublishErrorKind::TimedOut), Fault::Late(second));
    assert_eq!(published(PublishErrorKind::BrokenPipe), Fault::Lost);
    let answer =
        r#"{"code": 400, "err_code": 10060, "description": "expected stream does not match"}"#;
    let answer: async_nats::jetstream::Error = serde_json::from_str(answer).unwrap();
    let error = PublishError::with_source(PublishErrorKind::Other, answer);
    assert!(error.source().is_some());
    let fault = Fault::of_publish("a.b", second, &error);
    assert!(matches!(fault, Fault::Refused(10060, _)), "{fault:?}");

    let connected = |kind, source: io::Error| {
        let error = ConnectError::with_source(kind, source);
        Unreached::of(&error)
    };
    let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, "refused");
    let tls = || {
        let error = rustls::Error::HandshakeNotComplete;
        io::Error::new(io::ErrorKind::InvalidData, error)
    };
    assert_eq!(
        connected(ConnectErrorKind::Io, refused()),
        Unreached::Connect("refused".to_owned())
    );
    assert!(matches!(
        connected(ConnectErrorKind::Io, tls()),
        Unreached::Tls(_)
    ));
    assert_eq!(
        connected(ConnectErrorKind::AuthorizationViolation, refused()),
        Unreached::Login
    );
}

#[test]
fn a_connection_ends_with_what_it_did_not_answer() {
    let subject = || "a.b".to_owned();
    assert!(!Fault::NoStream(subject()).ends_connection());
    assert!(!Fault::Refused(10077, String::new()).ends_connection());
    assert!(Fault::Late(Duration::ZERO).ends_connection());
    assert!(Fault::Lost.ends_connection());
    // Else what the server said of one message would be taken for its word on the next.
    assert!(Fault::Forbidden(subject(), String::new()).ends_connection());
}

#[test]
fn of_credentials_the_jwt_and_the_seed_are_secret() {
    let text = "-----BEGIN NATS USER JWT-----\neyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5In0\n------END NATS USER JWT------\n\n************************* IMPORTANT *************************\nSUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4\n";
    let secrets = secrets_of(&NatsLogin::Credentials(Secret::new(text.to_owned())));
    assert!(secrets.iter().any(|secret| secret.starts_with("SUAI")));
    assert!(secrets.iter().any(|secret| secret.starts_with("eyJ0")));
    assert!(!are_credentials("token"));
}
