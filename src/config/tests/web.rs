//! Who may reach the daemon, and what is said where that would be everybody.

use super::*;

/// The hash of `hunter22hunter22`, made at the least cost.
pub(super) const HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$BztdyfEefG5V18ZNlztPrfZaU5duVFKZiI6dJeWht0o";

const REST: &str = "[[feed]]\nurl='http://a/'\n[[topic]]\nid='x'\nany=['x']";

fn of(lines: &str) -> String {
    complaints(&format!("[web]\n{lines}\n{REST}"))
}

fn with(lines: &str, pairs: &[(&str, &str)]) -> String {
    let text = format!("[web]\n{lines}\n{REST}");
    match load_text(Path::new("m.toml"), text, &environment(pairs)) {
        Ok(config) => printed(&config.warnings),
        Err(error) => error.to_string(),
    }
}

const TOKEN: &str = "token = { env = 'READ_TOKEN' }";

#[test]
fn without_a_word_nothing_listens_and_the_address_is_loopback() {
    let web = try_load("").unwrap().web;
    assert!(!web.enabled && web.public_url.is_none() && !web.has_credential());
    assert_eq!(web.listen, "127.0.0.1:8470".parse().unwrap());
}

#[test]
fn an_api_of_this_machine_alone_needs_no_credential() {
    assert_eq!(of("enabled = true"), "");
    assert_eq!(of("enabled = true\nlisten = '[::1]:80'"), "");
}

#[test]
fn an_api_that_others_reach_needs_a_credential() {
    assert_eq!(
        of("enabled = true\nlisten = '0.0.0.0:80'"),
        "m.toml:3:10: the API on 0.0.0.0:80 would be open to whoever reaches that address; set `token` or `password_hash`; make a token with: head -c 32 /dev/urandom | base64"
    );
    assert_eq!(
        of("enabled = true\npublic_url = 'https://a.org/'"),
        "m.toml:3:14: the API would be open to the world behind `public_url`; set `token` or `password_hash`; make a token with: head -c 32 /dev/urandom | base64"
    );
    let password = "password_hash = { env = 'PASSWORD' }";
    for credential in [TOKEN, password] {
        let lines = format!(
            "enabled = true\nlisten = '0.0.0.0:80'\npublic_url = 'https://a.org/'\n{credential}"
        );
        assert_eq!(of(&lines), "");
    }
}

#[test]
fn callbacks_alone_may_be_on_any_address() {
    assert_eq!(
        of("listen = '0.0.0.0:80'\npublic_url = 'https://a.org/'"),
        ""
    );
    let off = "enabled = false\nlisten = '0.0.0.0:80'\npublic_url = 'https://a.org/'";
    assert_eq!(of(off), "");
}

#[test]
fn a_credential_for_nothing_is_a_warning() {
    assert_eq!(
        of(TOKEN),
        "m.toml:2:9: `token` has no effect without `enabled`; set `enabled = true` for the API"
    );
    assert_eq!(
        of("hosts = ['a.org']"),
        "m.toml:2:9: `hosts` has no effect without `enabled`; set `enabled = true` for the API"
    );
}

#[test]
fn weak_tokens_and_wrong_hashes_are_refused_and_not_shown() {
    let short = with(
        &format!("enabled = true\n{TOKEN}"),
        &[("READ_TOKEN", "hunter2")],
    );
    assert_eq!(
        short,
        "m.toml:3:9: `token` is not a token (its value is not shown); take 16 or more printable ASCII characters without spaces; make one with: head -c 32 /dev/urandom | base64"
    );
    let twice = format!("enabled = true\n{TOKEN}\nread_token = {{ env = 'READ_TOKEN' }}");
    assert_eq!(
        of(&twice),
        "m.toml:4:14: `read_token` is the same as `token`; make another one, or leave it out"
    );
    let wrong = [
        "hunter2",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$BztdyfEefG5V18ZNlztPrfZaU5duVFKZiI6dJeWht0o",
        "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$BztdyfEefG5V18ZNlztPrfZaU5duVFKZiI6dJeWht0o",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA",
    ];
    for hash in wrong {
        let said = with(
            "enabled = true\npassword_hash = { env = 'PASSWORD' }",
            &[("PASSWORD", hash)],
        );
        assert!(
            said.starts_with("m.toml:3:17: `password_hash` is not the Argon2id hash of a password"),
            "{hash}: {said}"
        );
        assert!(
            !said.contains("hunter2") && !said.contains("c29t"),
            "{said}"
        );
    }
}

#[test]
fn a_host_is_a_name_or_an_address_alone() {
    let lines = "enabled = true\nhosts = ['https://a.org', 'a.org:80', '[::1]', 'b.org']";
    assert_eq!(
        of(lines),
        "m.toml:3:10: `https://a.org` is not a host; write a name or an address without scheme, port and path\n\
         m.toml:3:27: `a.org:80` is not a host; write a name or an address without scheme, port and path"
    );
}

#[test]
fn callbacks_at_several_workers_need_a_key_that_is_long_enough() {
    let on_a_server = |key: &str| {
        let text = format!(
            "database = 'postgres://me@db.example/news'\n[postgres]\n{key}\n[web]\n\
             public_url = 'https://a.org/'\n{REST}"
        );
        let pairs = [
            ("SHORT", "short"),
            ("LONG", "0123456789abcdef0123456789abcdef"),
        ];
        match load_text(Path::new("m.toml"), text, &environment(&pairs)) {
            Ok(config) => printed(&config.warnings),
            Err(error) => error.to_string(),
        }
    };
    let lacks = "m.toml:5:14: `public_url` with a database on a server takes a key; write `key = { file = \"path\" }` into \
                 [postgres], the same for all workers";
    assert_eq!(on_a_server(""), lacks);
    assert!(
        on_a_server("key = { env = 'SHORT' }")
            .contains("m.toml:3:7: `key` has 5 characters and takes 32 or more; make one with: ")
    );
    assert_eq!(on_a_server("key = { env = 'LONG' }"), "");
}
