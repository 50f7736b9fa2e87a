//! Secrets come from where they are kept and are never shown.

use super::*;

fn sink(secret: &str) -> String {
    format!(
        "[[sink]]\nid = 'h'\ntype = 'webhook'\nurl = 'https://example.org/'\nsecret = {secret}\n"
    )
}

fn load_in(folder: &Path, text: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load_text(&folder.join("m.toml"), text.to_owned(), &environment(pairs))
}

fn secret_of(config: &Config) -> &str {
    match &config.sinks[0].kind {
        SinkKind::Webhook {
            secret: Some(secret),
            ..
        } => secret.expose(),
        _ => panic!("no secret"),
    }
}

#[test]
fn files_variables_and_credentials_are_read_without_the_last_line_break() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), format!("{SIGNING}\r\n")).unwrap();
    let directory = folder.path().to_str().unwrap();
    for reference in [
        "{ file = 'key' }",
        "{ env = 'KEY' }",
        "{ credential = 'key' }",
    ] {
        let pairs = [("KEY", SIGNING), ("CREDENTIALS_DIRECTORY", directory)];
        let config = load_in(folder.path(), &sink(reference), &pairs).unwrap();
        assert_eq!(secret_of(&config), SIGNING, "{reference}");
    }
}

#[test]
fn a_url_may_be_a_secret() {
    let text = "[[sink]]\nid = 'h'\ntype = 'webhook'\nurl = { env = 'URL' }\n";
    let good = [("URL", "https://example.org/token/")];
    assert!(load_in(Path::new("/nonexistent"), text, &good).is_ok());
    for bad in ["hunter2:9", "https://u:hunter2@example.org/", "hunter2"] {
        let error = load_in(Path::new("/nonexistent"), text, &[("URL", bad)]).unwrap_err();
        let shown = format!("{error}{error:?}");
        assert!(shown.contains("4:7: `url` "), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_secret_in_the_clear_is_an_error_that_says_what_to_write() {
    assert_eq!(
        complaints(&sink("'whsec_hunter2'")),
        "m.toml:5:10: `secret` must not stand in the configuration; write { file = \"path\" }, { env = \"NAME\" } or { credential = \"name\" } in its place"
    );
}

#[test]
fn unusable_secrets_are_refused_without_being_shown() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
    write("empty", b"\n");
    write("long", &vec![b'a'; 70_000]);
    write("binary", b"hunter2\xff");
    write("lines", b"hunter2\nhunter2\n");
    for (reference, expected) in [
        ("{ file = 'none' }", "does not exist"),
        ("{ file = 'empty' }", "is empty"),
        ("{ file = 'long' }", "is larger than 64 KiB"),
        ("{ file = 'binary' }", "is not valid UTF-8"),
        ("{ file = 'lines' }", "more than one line"),
        ("{ file = '.' }", "is not a regular file"),
        ("{ env = 'UNSET' }", "variable UNSET is not set"),
        ("{ env = 'SHORT' }", "is not a webhook signing secret"),
        ("{ env = 'WORD' }", "is not a webhook signing secret"),
        ("{ env = 'whsec_hunter2' }", "is not the name of a variable"),
        ("{ env = 'hunter2+/=' }", "is not the name of a variable"),
        ("{ credential = 'c' }", "$CREDENTIALS_DIRECTORY is not set"),
        ("{ credential = '../c' }", "no path"),
        ("{ env = 'A', file = 'b' }", "exactly one place"),
        ("{}", "exactly one place"),
        ("{ enw = 'A' }", "did you mean `env`?"),
        ("3", "must be a reference"),
    ] {
        let pairs = [("SHORT", "whsec_aHVudGVyMg=="), ("WORD", "hunter2")];
        let error = load_in(folder.path(), &sink(reference), &pairs).unwrap_err();
        let shown = format!("{error}{error:?}");
        assert!(shown.contains(expected), "{reference}: {shown}");
        assert!(!shown.contains("hunter2"), "{reference}: {shown}");
        assert!(!shown.contains("aHVudGVyMg"), "{reference}: {shown}");
    }
}

#[test]
fn a_loaded_configuration_prints_without_its_secrets() {
    let config = try_load(EVERYTHING).unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("[secret]"));
    assert!(!shown.contains("whsec_"), "{shown}");
    assert!(!shown.contains("example.org/hook"), "{shown}");
    assert_eq!(Secret::new("x".to_owned()).to_string(), "[secret]");
}
