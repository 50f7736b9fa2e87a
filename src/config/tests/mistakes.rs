//! What is told of wrong configurations.

use proptest::prelude::*;

use super::*;

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let text = r#"databse = "x.db"
shutdown_timeout = 20
[log]
level = "inof"
format = "xml"
[schedule]
intervall = "30m"
min_interval = "2h"
jitter = 0.9
[fetch]
concurrency = 0
max_body = "8 XB"
connect_timeout = "0s"
contact = "me"
max_redirects = "five"
[[feed]]
url = "ftp://example.org/feed"
[[feed]]
url = "https://user:pass@example.org/feed"
country = "China"
language = "Chinese"
[[feed]]
name = "nameless"
[[feed]]
url = "https://ä.example/ü"
id = "Bad Id"
interval = "1m"
[[topic]]
id = "sco"
any = []
[[topic]]
id = "sco"
any = ["a*", "--", { text = "SCO", ambiguous = true, kase = "exact" }]
[[sink]]
id = "out"
type = "log"
url = "https://example.org/"
topics = ["ssco"]
[[sink]]
id = "out"
type = "carrier-pigeon"
"#;
    insta::assert_snapshot!(complaints(text), @r##"
    m.toml:1:1: unknown key `databse` in the main file; did you mean `database`?
    m.toml:2:20: `shutdown_timeout` has no unit; write "20s" for seconds or "20m" for minutes
    m.toml:4:9: `inof` is not a log level; did you mean `info`?
    m.toml:5:10: `format` must be "human" or "json", not `xml`
    m.toml:7:1: unknown key `intervall` in [schedule]; did you mean `interval`?
    m.toml:9:10: `jitter` must be a number from 0 to 0.5
    m.toml:11:15: `concurrency` must be a whole number from 1 to 1024
    m.toml:12:12: `max_body` has the unknown unit `XB`; the units are B, kB, MB, GB, KiB, MiB and GiB
    m.toml:13:19: `connect_timeout` is zero; write a time above zero
    m.toml:14:11: `contact` is neither a web nor a mail address; publishers see it in the User-Agent; write it like https://example.org/bot or news@example.org
    m.toml:15:17: `max_redirects` must be a whole number, not a string
    m.toml:17:7: `url` has an unsupported scheme; only http and https can be used
    m.toml:19:7: `url` holds a user name or password; credentials do not belong in a URL, where logs and errors would show them; a feed has `basic_auth` for them
    m.toml:20:11: `China` is not a country code; write the two letters of ISO 3166-1, such as "CN" or "KZ"
    m.toml:21:12: `Chinese` is not a language code; write a code such as "en", "ru" or "zh-Hans"
    m.toml:22:1: `url` is missing in [[feed]]
    m.toml:26:6: `Bad Id` is not an id: use 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit
    m.toml:27:12: `interval` is shorter than `min_interval` in [schedule], 2h; change it, or change `min_interval`
    m.toml:30:7: `any` has no term; add a term, or leave the list out
    m.toml:32:6: the topic id `sco` is given twice, first at m.toml:29:6; give one of the two topics another `id`
    m.toml:33:7: `SCO` is ambiguous and the topic has no `near`; list the words that make it count in `near`
    m.toml:33:8: `a*`: a single letter and `*` would match nearly every text: write more of the word
    m.toml:33:14: `--`: the term is empty: write a word or phrase, or remove it
    m.toml:33:54: unknown key `kase` in a term; did you mean `case`?
    m.toml:37:1: `url` does not belong in [[sink]]; it is for sinks of type "webhook" or "nats"
    m.toml:38:11: there is no topic `ssco`; did you mean `sco`?
    m.toml:40:6: the sink id `out` is given twice, first at m.toml:35:6; give one of the two sinks another `id`
    m.toml:41:8: `type` must be "log", "webhook", "email", "command", "feed" or "nats", not `carrier-pigeon`
    "##);
}

#[test]
fn syntax_errors_do_not_hide_other_mistakes_nor_make_up_new_ones() {
    let text = "[log]\nlevel = \n[schedule]\njiter = 0.1\n[[feed]]\nurl = \"https://a.org/\n";
    insta::assert_snapshot!(complaints(text), @r##"
    m.toml:2:9: not valid TOML: string values must be quoted, expected literal string
    m.toml:4:1: unknown key `jiter` in [schedule]; did you mean `jitter`?
    m.toml:6:22: not valid TOML: invalid basic string, expected `"`
    "##);
}

#[test]
fn a_minimum_that_is_no_score_is_told_once() {
    let topic = |min: &str| format!("[[topic]]\nid = 'x'\nany = ['SCO']\nmin_score = {min}\n");
    for min in ["0", "101", "-1", "256"] {
        assert_eq!(
            complaints(&topic(min)),
            "m.toml:4:13: `min_score` must be a whole number from 1 to 100"
        );
    }
    assert_eq!(
        complaints(&topic("0.5")),
        "m.toml:4:13: `min_score` must be a whole number, not a number with a fraction"
    );
    assert_eq!(
        complaints("[[sink]]\nid = 'x'\ntype = 'log'\nmin_score = 'high'\n"),
        "m.toml:4:13: `min_score` must be a whole number, not a string"
    );
}

#[test]
fn routes_name_what_there_is() {
    let text = r#"
[[feed]]
url = "https://a.org/"
id = "wire"
[[topic]]
id = "sco"
any = ["ШОС"]
[[sink]]
id = "desk"
type = "log"
[[route]]
topics = ["scoo"]
tags = []
sources = ["wier"]
languages = ["Russian"]
countries = ["Russia"]
fields = ["headline", "titel"]
kinds = ["feeds"]
sinks = ["deks", "desk"]
contineu = true
[[route]]
min_score = 0
sinks = []
[[route]]
topics = ["sco"]
"#;
    insta::assert_snapshot!(complaints(text), @r#"
    m.toml:12:11: there is no topic `scoo`; did you mean `sco`?
    m.toml:13:8: `tags` is empty, so no alert would fit; leave the key out for all
    m.toml:14:12: there is no feed `wier`; did you mean `wire`?
    m.toml:15:14: `Russian` is not a language code; write a code such as "en", "ru" or "zh-Hans"
    m.toml:16:14: `Russia` is not a country code; write the two letters of ISO 3166-1, such as "CN" or "KZ"
    m.toml:17:11: an item of `fields` must be "title", "summary", "content" or "author", not `headline`
    m.toml:17:23: an item of `fields` must be "title", "summary", "content" or "author", not `titel`; did you mean `title`?
    m.toml:18:10: an item of `kinds` must be "mention", "feed" or "spike", not `feeds`; did you mean `feed`?
    m.toml:19:10: there is no sink `deks`; did you mean `desk`?
    m.toml:20:1: unknown key `contineu` in [[route]]; did you mean `continue`?
    m.toml:22:13: `min_score` must be a whole number from 1 to 100
    m.toml:23:9: `sinks` is empty; name a sink; `mentiond silence` keeps alerts from being told
    m.toml:24:1: `sinks` is missing in [[route]]
    "#);
}

#[test]
fn without_a_sink_routes_may_lead_to_the_log() {
    let rest = "[[feed]]\nurl = 'https://a.org/'\n[[topic]]\nid = 't'\nany = ['abc']\n";
    assert_eq!(
        complaints(&format!("{rest}[[route]]\nsinks = ['log']\n")),
        ""
    );
    assert_eq!(
        complaints("[[route]]\nsinks = ['lgo']\n"),
        "m.toml:2:10: there is no sink `lgo`; did you mean `log`?"
    );
}

#[test]
fn a_route_that_no_alert_comes_to_is_a_warning() {
    let rest = "[[feed]]\nurl = 'https://a.org/'\n[[topic]]\nid = 't'\nany = ['abc']\n";
    let routes = "[[route]]\nsinks = ['log']\n[[route]]\nsinks = ['log']\nmin_score = 5\n";
    assert_eq!(
        complaints(&format!("{rest}{routes}")),
        "m.toml:8:1: no alert comes to this route: that of m.toml:6:1 takes all; move it before that one, or say `continue = true` there"
    );
    let first = routes.replacen("'log']", "'log']\ncontinue = true", 1);
    assert_eq!(complaints(&format!("{rest}{first}")), "");
}

#[test]
fn columns_are_counted_in_characters() {
    assert_eq!(
        complaints("[[topic]]\nid = 'x'\nany = ['Шанхай', '上合组织', '*']\n"),
        "m.toml:3:26: `*`: the term has no letter or digit: write a word or phrase"
    );
}

#[test]
fn the_same_url_twice_is_polled_once_with_a_warning_that_names_both() {
    let text = "[[feed]]\nurl='https://a.org/'\nid='a'\n[[feed]]\nurl='https://a.org'\nid='b'\n[[topic]]\nid='t'\nany=['abc']\n";
    assert_eq!(
        complaints(text),
        "m.toml:5:5: the feed `b` is left out: `a` (at m.toml:3:4) has the same URL; remove one of them; a URL is polled for one feed only"
    );
}

#[test]
fn an_address_to_listen_on_that_nobody_would_find_is_a_warning() {
    assert_eq!(
        complaints(
            "[web]\nlisten = '127.0.0.1:80'\n[[feed]]\nurl='http://a/'\n[[topic]]\nid='x'\nany=['x']"
        ),
        "m.toml:2:10: `listen` has no effect without `enabled`, `public_url` or a sink of type \"feed\"; set `enabled = true` for the API"
    );
}

#[test]
fn the_limits_of_the_schedule_bind_feeds_and_defaults() {
    assert_eq!(
        complaints("[schedule]\ninterval = '1m'\n"),
        "m.toml:2:12: `interval` (1m) is shorter than `min_interval` (5m); raise `interval` or lower `min_interval`"
    );
    assert_eq!(
        complaints("[schedule]\nmax_interval = '10m'\ninterval = '30m'\n"),
        "m.toml:2:16: `max_interval` (10m) is shorter than `interval` (30m); raise `max_interval` or lower `interval`"
    );
    assert_eq!(
        complaints("[schedule]\nmin_interval = '2d'\n"),
        "m.toml:2:16: `min_interval` (48h) is longer than `max_interval` (24h); lower `min_interval` or raise `max_interval`"
    );
    assert_eq!(
        complaints("[[feed]]\nurl = 'https://a.org/'\ninterval = '2d'\n"),
        "m.toml:3:12: `interval` is longer than `max_interval` in [schedule], 24h; change it, or change `max_interval`"
    );
}

#[test]
fn wrong_types_are_named() {
    insta::assert_snapshot!(
        complaints("log = 3\nfeed = 'x'\ninclude = 'a'\n[topic]\nid = 'a'\n[fetch]\nper_host = 1.5\ncontact = ['a']\nidle_timeout = 3\nmax_body = 3\n[alerts]\nmax_alert_age = 1979-05-27\n"),
        @r##"
    m.toml:1:7: `log` must be a table, not an integer
    m.toml:2:8: `feed` must be a list, not a string
    m.toml:3:11: `include` must be a list, not a string; write ["a"]
    m.toml:4:1: `topic` must be a list of tables; write [[topic]] with double brackets
    m.toml:7:12: `per_host` must be a whole number, not a number with a fraction
    m.toml:8:11: `contact` must be a string, not a list
    m.toml:9:16: `idle_timeout` has no unit; write "3s" for seconds or "3m" for minutes
    m.toml:10:12: `max_body` has no unit; write "3 B" for bytes or "3 MiB" for mebibytes
    m.toml:12:17: `max_alert_age` must be a duration such as "30m", not a date
    "##
    );
}

#[test]
fn nothing_a_text_says_can_break_the_line_or_the_terminal() {
    let text = "\"a\\nERROR forged\\u001b[2J\" = 1\n";
    assert_eq!(
        complaints(text),
        "m.toml:1:1: unknown key `a\\nERROR forged\\u{1b}[2J` in the main file"
    );
}

#[test]
fn problems_are_bounded_in_number() {
    let text = "[[feed]]\nx = 1\n".repeat(3000);
    let error = try_load(&text).unwrap_err();
    assert_eq!(error.problems.len(), 1001);
    assert!(
        error.problems[1000].message.contains("5000 more"),
        "{}",
        error.problems[1000]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_mutation_of_a_configuration_makes_loading_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "\\PC{0,3}|[\\[\\]{}=\"'.,#\n*&0-9]{0,3}"), 1..12)
    ) {
        let mut text: Vec<char> = EVERYTHING.chars().collect();
        for (index, cut, insert) in edits {
            let at = index.index(text.len() + 1);
            let end = (at + cut).min(text.len());
            text.splice(at..end, insert.chars());
        }
        let text: String = text.into_iter().collect();
        let lines = text.lines().count() + 1;
        if let Err(error) = try_load(&text) {
            prop_assert!(!error.problems.is_empty());
            for problem in &error.problems {
                prop_assert!(problem.line <= lines, "{}", problem);
                prop_assert_eq!(problem.to_string().lines().count(), 1);
                prop_assert!(!problem.to_string().contains("MDEyMzQ1"), "{}", problem);
            }
        }
    }

    #[test]
    fn no_text_makes_loading_panic(text in "\\PC{0,80}|[a-z\\[\\]{}=\"'.,#\n ]{0,80}") {
        let _ = try_load(&text);
    }
}

#[test]
fn what_a_feed_cannot_ask_with_is_told_one_by_one() {
    let feed = |lines: &str| {
        complaints(&format!(
            "[[feed]]\nurl='http://a/'\n{lines}\n[[topic]]\nid='x'\nany=['x']"
        ))
    };
    assert_eq!(
        feed("headers = { Host = 'b', 'If-None-Match' = 'x', 'a b' = 'c', Cookie = 'd' }"),
        "m.toml:3:20: the header Host can't be set for a feed; it follows from the URL\n\
         m.toml:3:43: the header If-None-Match can't be set for a feed; the daemon sends what the server gave\n\
         m.toml:3:56: `a b` is not the name of a header field\n\
         m.toml:3:70: the header Cookie can't be set for a feed; use `cookies`"
    );
    assert_eq!(
        feed("basic_auth = { user = 'a:b', password = 'clear' }"),
        "m.toml:3:23: a user name can't hold a colon (RFC 7617 §2)\n\
         m.toml:3:41: `password` must not stand in the configuration; write { file = \"path\" }, { env = \"NAME\" } or { credential = \"name\" } in its place"
    );
    assert_eq!(
        feed(
            "basic_auth = { user = 'a', password = { env = 'HOOK_SECRET' } }\nbearer_token = { env = 'HOOK_SECRET' }"
        ),
        "m.toml:4:16: `basic_auth` and `bearer_token` exclude each other; remove one of them"
    );
    assert_eq!(
        feed("proxy = 'http://me:secret@127.0.0.1:3128'"),
        "m.toml:3:9: `proxy` holds credentials; write { file = \"path\" }, { env = \"NAME\" } or { credential = \"name\" }"
    );
    assert_eq!(
        feed("proxy = 'environment'"),
        "m.toml:3:9: `proxy` is \"environment\", but neither https_proxy nor all_proxy nor http_proxy is set; set it, like http://127.0.0.1:3128, or remove `proxy`"
    );
    assert_eq!(
        feed("proxy = 'ftp://127.0.0.1'"),
        "m.toml:3:9: `proxy` is not the URL of a proxy; write it like http://127.0.0.1:3128 or socks5h://127.0.0.1:9050"
    );
    assert_eq!(
        feed("extra_roots = 'none.pem'"),
        "m.toml:3:15: the file of certificates none.pem does not exist; check the path, or leave it out"
    );
    assert_eq!(
        feed("insecure_tls = true"),
        "m.toml:3:16: `insecure_tls` is on: anyone on the way can forge this feed and read what is sent for it; trust its certificate with `extra_roots` instead"
    );
    assert_eq!(
        feed("full_text = 'sometimes'"),
        "m.toml:3:13: `full_text` must be \"never\", \"when_short\" or \"always\", not `sometimes`"
    );
}

#[test]
fn a_listener_without_an_address_is_refused() {
    assert_eq!(
        complaints(
            "[web]\nlisten = 'localhost'\npublic_url = 'https://a.org/?x'\n[[feed]]\nurl='http://a/'\n[[topic]]\nid='x'\nany=['x']"
        ),
        "m.toml:2:10: `localhost` is not an address; write an address and a port, such as \"127.0.0.1:8470\"\n\
         m.toml:3:14: `public_url` can't have a query"
    );
}
