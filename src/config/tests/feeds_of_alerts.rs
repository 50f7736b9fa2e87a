//! Sinks that are feeds, and the listener that serves them.

use super::*;

fn feed(web: &str, lines: &str) -> String {
    format!("[web]\n{web}\n[[sink]]\nid = 'f'\ntype = 'feed'\n{lines}\n")
}

fn told(text: &str) -> String {
    let lines = complaints(text);
    let lines = lines.lines().filter(|line| !line.contains("there are no "));
    lines.collect::<Vec<_>>().join("\n")
}

const HERE: &str = "listen = '127.0.0.1:8470'";
const OUTSIDE: &str = "listen = '0.0.0.0:8470'\npublic_url = 'https://m.example/'";
const TOKEN: &str = "token = { env = 'FEED_TOKEN' }";

#[test]
fn a_feed_has_entries_and_perhaps_a_token() {
    let read = |text: &str| match try_load(text).unwrap().sinks.remove(0).kind {
        SinkKind::Feed(feed) => feed,
        other => panic!("{other:?}"),
    };
    let plain = read(&feed(HERE, ""));
    assert_eq!((plain.entries, plain.token), (100, None));
    let closed = read(&feed(OUTSIDE, &format!("{TOKEN}\nentries = 7")));
    assert_eq!(closed.entries, 7);
    assert_eq!(closed.token.unwrap().expose(), "feed-token-of-the-tests");
    assert_eq!(told(&feed("listen = '[::1]:1'", "")), "");
}

#[test]
fn who_could_read_it_is_told() {
    let short = [("SHORT", "hush-hush"), ("ODD", "hush hush hush hush/")];
    let secret = |name: &str| {
        let text = feed(HERE, &format!("token = {{ env = '{name}' }}"));
        let loaded = load_text(Path::new("m.toml"), text, &environment(&short));
        let error = loaded.unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
        error
    };
    let all = [
        told(&feed("", "")),
        told(&feed("", TOKEN)),
        told(&feed("listen = '0.0.0.0:8470'", "")),
        told(&feed(OUTSIDE, "")),
        told(&feed(
            &format!("{HERE}\npublic_url = 'https://m.example/'"),
            "",
        )),
        told(&feed(HERE, "entries = 1001")),
        told(&feed(HERE, "token = 'hush'")),
        told(&feed(
            HERE,
            "url = 'https://a.example'\nordered = true\nformat = 'json'",
        )),
        told("[[sink]]\nid = 'l'\ntype = 'log'\nentries = 4"),
        secret("SHORT"),
        secret("ODD"),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    m.toml:3:1: a sink of type "feed" is served by the daemon's own listener, and there is none; set `listen = "127.0.0.1:8470"` in [web] of the main file
    m.toml:3:1: a sink of type "feed" is served by the daemon's own listener, and there is none; set `listen = "127.0.0.1:8470"` in [web] of the main file
    m.toml:3:1: anyone who reaches 0.0.0.0:8470 could read this feed; give it a `token`, or set `listen` in [web] to an address of this machine alone, such as "127.0.0.1:8470"
    m.toml:4:1: anyone who reaches 0.0.0.0:8470 could read this feed; give it a `token`, or set `listen` in [web] to an address of this machine alone, such as "127.0.0.1:8470"
    m.toml:4:1: anyone could read this feed through `public_url`, if its proxy passes on /feeds/; give it a `token`, or let the proxy pass on /websub/ alone
    m.toml:6:11: `entries` must be a whole number from 1 to 1000
    m.toml:6:9: `token` must not stand in the configuration; write { file = "path" }, { env = "NAME" } or { credential = "name" } in its place
    m.toml:6:1: `url` does not belong in [[sink]]; it is for sinks of type "webhook" or "nats"
    m.toml:7:1: `ordered` does not belong in [[sink]]; it is for sinks of type "webhook", "email", "command" or "nats"
    m.toml:8:1: `format` does not belong in [[sink]]; it is for sinks of type "log", "webhook" or "command"
    m.toml:4:1: `entries` does not belong in [[sink]]; it is for sinks of type "feed"
    m.toml:6:9: `token` is shorter than 16 characters (its value is not shown); make one with: head -c 24 /dev/urandom | base64 | tr +/ -_
    m.toml:6:9: `token` has characters other than letters, digits, `-`, `.`, `_` and `~` (its value is not shown); make one with: head -c 24 /dev/urandom | base64 | tr +/ -_
    "#);
}
