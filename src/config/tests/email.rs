//! What an e-mail sink needs.

use super::*;

const USUAL: &str = "server = 'smtp.example.org'\nfrom = 'mentiond <alerts@example.org>'\nto = ['me@example.org']\n";

fn sink(lines: &str) -> String {
    format!("[[sink]]\nid = 'm'\ntype = 'email'\n{lines}\n")
}

fn loaded(lines: &str) -> (SinkConfig, EmailConfig, String) {
    let config = try_load(&sink(lines)).unwrap();
    let warnings = printed(&config.warnings);
    let sink = config.sinks.into_iter().next().unwrap();
    match sink.kind.clone() {
        SinkKind::Email(email) => (sink, email, warnings),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_written_is_as_mail_servers_have_it() {
    let (sink, email, _) = loaded(USUAL);
    assert_eq!(sink.delivery, DeliveryConfig::email());
    assert_eq!((email.port, email.tls), (587, Tls::StartTls));
    assert_eq!(email.host.to_string(), "smtp.example.org");
    assert_eq!(email.from.to_string(), "mentiond <alerts@example.org>");
    assert_eq!(email.login, None);
    assert_eq!(loaded(&format!("{USUAL}tls = 'tls'")).1.port, 465);
    assert_eq!(
        loaded(&format!("{USUAL}timeout = '9s'"))
            .0
            .delivery
            .timeout
            .as_secs(),
        9
    );
}

#[test]
fn every_key_of_a_mail_is_read() {
    let (_, email, _) = loaded(
        "server = '[2001:db8::1]:2525'\ntls = 'tls'\nuser = 'me'\npassword = { env = 'HOOK_SECRET' }\n\
         from = '\"Новости, heute\" <alerts@почта.example>'\nto = ['a+b@example.org', 'B <b@EXAMPLE.net>']\n\
         reply_to = 'desk@example.org'\nunsubscribe = 'mailto:admin@example.org?subject=stop'\n\
         allow_private = ['10.0.0.0/8']",
    );
    assert_eq!(
        (email.host.to_string().as_str(), email.port),
        ("[2001:db8::1]", 2525)
    );
    let (user, password) = email.login.unwrap();
    assert_eq!((user.as_str(), password.expose()), ("me", SIGNING));
    assert_eq!(email.from.name.as_deref(), Some("Новости, heute"));
    assert_eq!(email.from.email.to_string(), "alerts@xn--80a1acny.example");
    let to: Vec<_> = email.to.iter().map(|to| to.email.to_string()).collect();
    assert_eq!(to, ["a+b@example.org", "b@example.net"]);
    assert_eq!(
        email.unsubscribe.as_deref(),
        Some("mailto:admin@example.org?subject=stop")
    );
    assert!(matches!(email.allow_private, Private::Within(_)));
}

#[test]
fn without_encryption_no_password_leaves_the_machine() {
    let none = |server: &str, more: &str| {
        format!(
            "server = '{server}'\ntls = 'none'\nfrom = 'a@example.org'\nto = ['b@example.org']\n{more}"
        )
    };
    let login = "user = 'me'\npassword = { env = 'HOOK_SECRET' }";
    for here in ["127.0.0.1:1025", "localhost", "[::1]:25"] {
        assert!(!loaded(&none(here, login)).2.contains("tls"));
    }
    assert_eq!(loaded(&none("localhost", "")).1.port, 25);
    assert!(
        loaded(&none("mail.example.org", ""))
            .2
            .contains("can read the mails")
    );
    let told = complaints(&sink(&none("mail.example.org", login)));
    assert!(
        told.contains("the password would travel to another machine in the clear"),
        "{told}"
    );
}

#[test]
fn each_mistake_in_a_mail_sink_is_told_once_with_what_to_write() {
    let of = |lines: &str| complaints(&sink(lines));
    let and = |lines: &str| of(&format!("{USUAL}{lines}"));
    let with = |key: &str, value: &str| {
        let lines = USUAL.lines().map(|line| match line.split_once(" = ") {
            Some((name, _)) if name == key => format!("{key} = {value}\n"),
            _ => format!("{line}\n"),
        });
        of(&lines.collect::<String>())
    };
    let all = [
        of(""),
        with("server", "'smtp://example.org'"),
        with("server", "'example.org:smtp'"),
        with("server", "'2001:db8::1'"),
        with("server", "'example.org:0'"),
        with("from", "'alerts'"),
        with("from", "'a@[127.0.0.1]'"),
        with("from", "'имя@example.org'"),
        with("from", "'a@example.org junk'"),
        with("from", "\"a@example.org\\nBcc: b@example.org\""),
        with("to", "[]"),
        with("to", "'me@example.org'"),
        with("to", "['me@example.org', 'ME <me@example.org>']"),
        and("tls = 'ssl'"),
        and("user = 'me'"),
        and("password = { env = 'HOOK_SECRET' }"),
        and("user = 'me'\npassword = 'hunter2'"),
        and("unsubscribe = 'http://example.org/'"),
        and("unsubscribe = 'mailto:nobody'"),
        and("url = 'https://example.org/'"),
        and("format = 'html'"),
        complaints(
            "[[sink]]\nid = 'm'\ntype = 'log'\nserver = 'a.example'\nallow_private = true\n",
        ),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    m.toml:1:1: `server` is missing in [[sink]]
    m.toml:1:1: `from` is missing in [[sink]]
    m.toml:1:1: `to` is missing in [[sink]]
    m.toml:4:10: `server` is not a mail server: `smtp://example.org`; write its name, such as "smtp.example.org", or "smtp.example.org:587"
    m.toml:4:10: `server` is not a mail server: `example.org:smtp`; write its name, such as "smtp.example.org", or "smtp.example.org:587"
    m.toml:4:10: `server` is not a mail server: `2001:db8::1`; write its name, such as "smtp.example.org", or "smtp.example.org:587"
    m.toml:4:10: `server` is not a mail server: `example.org:0`; write its name, such as "smtp.example.org", or "smtp.example.org:587"
    m.toml:5:8: `from` is not a mail address: `alerts`; write "name@example.org" or "Name <name@example.org>"
    m.toml:5:8: `from` is not a mail address: `a@[127.0.0.1]`; write "name@example.org" or "Name <name@example.org>"
    m.toml:5:8: `from` is not a mail address: `имя@example.org`; write "name@example.org" or "Name <name@example.org>"
    m.toml:5:8: `from` is not a mail address: `a@example.org junk`; write "name@example.org" or "Name <name@example.org>"
    m.toml:5:8: `from` has a line break or control character; write it on one line
    m.toml:6:6: `to` has 0 addresses; give 1 to 100 addresses
    m.toml:6:6: `to` must be a list, not a string
    m.toml:6:25: `me@example.org` is given twice
    m.toml:7:7: `tls` must be "starttls", "tls" or "none", not `ssl`; did you mean `tls`?
    m.toml:7:8: `user` stands without `password`; give the password as a reference to a secret, or take `user` away
    m.toml:7:12: `password` stands without `user`; give the name to log in with as `user`
    m.toml:8:12: `password` must not stand in the configuration; write { file = "path" }, { env = "NAME" } or { credential = "name" } in its place
    m.toml:7:15: `unsubscribe` is not a mailto or https URL; write "mailto:admin@example.org" or "https://example.org/unsubscribe"
    m.toml:7:15: `unsubscribe` is not a mailto or https URL; write "mailto:admin@example.org" or "https://example.org/unsubscribe"
    m.toml:7:1: `url` does not belong in [[sink]]; it is for sinks of type "webhook" or "nats"
    m.toml:7:1: `format` does not belong in [[sink]]; it is for sinks of type "log", "webhook" or "command"
    m.toml:4:1: `server` does not belong in [[sink]]; it is for sinks of type "email"
    m.toml:5:1: `allow_private` does not belong in [[sink]]; it is for sinks of type "webhook", "email" or "nats"
    "#);
}
