//! What a NATS sink needs.

use super::*;

fn sink(lines: &str) -> String {
    format!("[[sink]]\nid = 'n'\ntype = 'nats'\n{lines}\n")
}

fn loaded(lines: &str) -> (SinkConfig, NatsConfig, String) {
    let config = try_load(&sink(lines)).unwrap();
    let warnings = printed(&config.warnings);
    let warnings = warnings.lines().filter(|line| line.contains("m.toml:"));
    let warnings: Vec<_> = warnings.filter(|line| !line.contains("m.toml: ")).collect();
    let warnings = warnings.join("\n");
    let sink = config.sinks.into_iter().next().unwrap();
    match sink.kind.clone() {
        SinkKind::Nats(nats) => (sink, nats, warnings),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_url_is_enough() {
    let (sink, nats, warnings) = loaded("url = 'nats://nats.example.org'");
    assert_eq!(sink.delivery, DeliveryConfig::nats());
    assert_eq!(nats.servers.len(), 1);
    assert_eq!(nats.servers[0].to_string(), "nats://nats.example.org:4222");
    assert_eq!(nats.login, NatsLogin::Nobody);
    assert_eq!((nats.subject.as_str(), nats.stream), ("mentiond", None));
    assert!(!nats.create_stream && !nats.mentions && !sink.wants_mentions());
    assert_eq!(warnings, "");
}

#[test]
fn every_key_of_a_nats_sink_is_read() {
    let (sink, nats, warnings) = loaded(
        "url = ['tls://a.example/', 'tls://[2001:db8::1]:4223']\nuser = 'me'\npassword = { env = 'HOOK_SECRET' }\n\
         subject = 'news.mentiond'\nstream = 'NEWS'\ncreate_stream = true\nmentions = true\n\
         allow_private = true",
    );
    let servers: Vec<_> = nats.servers.iter().map(ToString::to_string).collect();
    assert_eq!(
        servers,
        ["tls://a.example:4222", "tls://[2001:db8::1]:4223"]
    );
    assert!(matches!(nats.login, NatsLogin::Password(user, _) if user == "me"));
    assert_eq!(nats.subject, "news.mentiond");
    assert_eq!(
        (nats.stream.as_deref(), nats.create_stream),
        (Some("NEWS"), true)
    );
    assert_eq!(nats.allow_private, Private::Allowed);
    assert!(nats.mentions && sink.wants_mentions());
    assert_eq!(warnings, "");
    let (_, token, warnings) = loaded("url = 'nats://a.example'\ntoken = { env = 'HOOK_SECRET' }");
    assert!(matches!(token.login, NatsLogin::Token(_)));
    assert_eq!(
        warnings.replace("/nonexistent/", ""),
        "m.toml:4:7: nats://a.example:4222 may be a server without encryption, which the login would reach in the \
         clear; write tls:// in place of nats:// if it speaks TLS"
    );
    let (_, here, warnings) = loaded("url = 'nats://localhost'\ntoken = { env = 'HOOK_SECRET' }");
    assert!(matches!(here.login, NatsLogin::Token(_)));
    assert_eq!(warnings, "");
}

/// In the form in which `nsc` writes them; all of it is invented.
const CREDENTIALS: &str = "-----BEGIN NATS USER JWT-----
eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5In0.invented.invented
------END NATS USER JWT------

************************* IMPORTANT *************************
-----BEGIN USER NKEY SEED-----
SEED
------END USER NKEY SEED------
";
/// The seed of the bytes 0 to 31.
const SEED: &str = "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y";

#[test]
fn credentials_are_several_lines_and_told_to_nobody() {
    let text = sink("url = 'nats://localhost'\ncredentials = { env = 'CREDENTIALS' }");
    let with = |credentials: &str| {
        let environment = environment(&[("CREDENTIALS", credentials)]);
        load_text(Path::new("/nonexistent/m.toml"), text.clone(), &environment)
    };
    let good = CREDENTIALS.replace(
        "
SEED
",
        &format!(
            "
{SEED}
"
        ),
    );
    let config = with(&good).unwrap();
    let SinkKind::Nats(nats) = &config.sinks[0].kind else {
        panic!("{:?}", config.sinks[0].kind);
    };
    assert!(matches!(nats.login, NatsLogin::Credentials(_)));
    assert!(!format!("{config:?}").contains(SEED));
    for bad in ["hunter2", CREDENTIALS] {
        let error = with(bad).unwrap_err().to_string();
        assert!(
            error.contains(":5:15: `credentials` are not those of a NATS user"),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn each_mistake_in_a_nats_sink_is_told_once_with_what_to_write() {
    let of = |lines: &str| complaints(&sink(lines));
    let and = |lines: &str| of(&format!("url = 'nats://localhost'\n{lines}"));
    let token = "token = { env = 'HOOK_SECRET' }";
    let all = [
        of(""),
        of("url = 'nats.example.org:4222'"),
        of("url = 'http://nats.example.org'"),
        of("url = 'nats://me:hunter2@nats.example.org'"),
        of("url = 'nats://nats.example.org/news'"),
        of("url = 'nats://nats.example.org:0'"),
        of("url = []"),
        of("url = ['nats://a.example', 'ws://b.example']"),
        and("subject = 'news.>'"),
        and("subject = 'news.'"),
        and("subject = 'два слова'"),
        and("stream = 'a.b'"),
        and("create_stream = true"),
        and("create_stream = 'yes'\nstream = 'A'"),
        and("mentions = 'all'"),
        and("token = 'hunter2'"),
        and(&format!(
            "{token}\nuser = 'me'\npassword = {{ env = 'HOOK_SECRET' }}"
        )),
        and("user = 'me'"),
        and("extra_roots = 'ca.pem'"),
        and("format = 'cloudevents'"),
        and("secret = { env = 'HOOK_SECRET' }"),
        complaints("[[sink]]\nid = 'm'\ntype = 'log'\nstream = 'A'\nurl = 'nats://a.example'\n"),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    m.toml:1:1: `url` is missing in [[sink]]
    m.toml:4:7: `url` is not a NATS server: `nats.example.org:4222`; write "nats://nats.example.org:4222", or tls:// in place of nats://
    m.toml:4:7: `url` is not a NATS server: `http://nats.example.org`; write "nats://nats.example.org:4222", or tls:// in place of nats://
    m.toml:4:7: `url` holds a login; give it as `user` and `password`, or `token`
    m.toml:4:7: `url` is not a NATS server: `nats://nats.example.org/news`; write "nats://nats.example.org:4222", or tls:// in place of nats://
    m.toml:4:7: `url` is not a NATS server: `nats://nats.example.org:0`; write "nats://nats.example.org:4222", or tls:// in place of nats://
    m.toml:4:7: `url` has 0 servers; give 1 to 16 servers of one cluster
    m.toml:4:28: an item of `url` is not a NATS server: `ws://b.example`; write "nats://nats.example.org:4222", or tls:// in place of nats://
    m.toml:5:11: `subject` is not the beginning of subjects: `news.>`; write words of letters, digits, `-` and `_` with dots between them, such as "news.mentiond"
    m.toml:5:11: `subject` is not the beginning of subjects: `news.`; write words of letters, digits, `-` and `_` with dots between them, such as "news.mentiond"
    m.toml:5:11: `subject` is not the beginning of subjects: `два слова`; write words of letters, digits, `-` and `_` with dots between them, such as "news.mentiond"
    m.toml:5:10: `stream` is not a stream's name: `a.b`; write letters, digits, `-` and `_`, such as "MENTIOND"
    m.toml:5:17: `create_stream` stands without `stream`; name the stream, such as stream = "MENTIOND"
    m.toml:5:17: `create_stream` must be true or false, not a string
    m.toml:5:12: `mentions` must be true or false, not a string
    m.toml:5:9: `token` must not stand in the configuration; write { file = "path" }, { env = "NAME" } or { credential = "name" } in its place
    m.toml:5:9: a second way to log in; keep one of `token`, `user` with `password`, and `credentials`
    m.toml:5:8: `user` stands without `password`; give the password as a reference to a secret, or take `user` away
    m.toml:5:15: the file of certificates ca.pem does not exist; check the path, or leave it out
    m.toml:5:1: `format` does not belong in [[sink]]; it is for sinks of type "log", "webhook" or "command"
    m.toml:5:1: `secret` does not belong in [[sink]]; it is for sinks of type "webhook"
    m.toml:4:1: `stream` does not belong in [[sink]]; it is for sinks of type "nats"
    m.toml:5:1: `url` does not belong in [[sink]]; it is for sinks of type "webhook" or "nats"
    "#);
}
