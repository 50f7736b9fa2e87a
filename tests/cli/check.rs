//! `mentiond check`, and what every command says of a configuration that is not there.

use super::{Ended, run};
use crate::support::Home;

const MISTAKES: &str = r#"databse = "m.db"
shutdown_timeout = 20
[log]
level = "inof"
format = "xml"
[schedule]
intervall = "30m"
jitter = 0.9
[fetch]
concurrency = 0
max_body = "8 XB"
max_redirects = "five"
[[feed]]
url = "ftp://example.org/feed"
[[feed]]
url = "https://user:secret@example.org/feed"
[[topic]]
id = "sco"
any = []
[[topic]]
id = "sco"
any = [{ text = "SCO", ambiguous = true, kase = "exact" }]
[[sink]]
id = "out"
type = "carrier-pigeon"
"#;

/// Where each of them stands: line, column, and a part of what is said.
const PLACES: [(usize, usize, &str); 15] = [
    (1, 1, "did you mean `database`?"),
    (2, 20, "has no unit"),
    (4, 9, "did you mean `info`?"),
    (5, 10, "must be \"human\" or \"json\""),
    (7, 1, "did you mean `interval`?"),
    (8, 10, "from 0 to 0.5"),
    (10, 15, "from 1 to 1024"),
    (11, 12, "the units are"),
    (12, 17, "must be a whole number"),
    (14, 7, "only http and https"),
    (16, 7, "holds a user name or password"),
    (19, 7, "has no term"),
    (21, 6, "is given twice"),
    (22, 42, "did you mean `case`?"),
    (25, 8, "must be \"log\", \"webhook\""),
];

#[test]
fn every_mistake_is_printed_with_its_file_line_and_column() {
    let home = Home::new();
    home.write_config(MISTAKES);
    let file = home.config();
    let file = file.to_str().unwrap();
    for command in ["check", "poll", "run", "match"] {
        let ended = Ended::of(home.run(&[command])).code(2);
        assert_eq!(ended.out, "", "{command}");
        for (line, column, part) in PLACES {
            let place = format!("{file}:{line}:{column}: ");
            let told = ended
                .error
                .lines()
                .any(|l| l.starts_with(&place) && l.contains(part));
            assert!(told, "{command}: {place}{part}\n{}", ended.error);
        }
        assert!(!ended.error.contains("secret@"), "{}", ended.error);
        let last = ended.error.lines().last().unwrap();
        assert!(last.ends_with("problems in the configuration"), "{last}");
    }
}

#[test]
fn the_shipped_configuration_is_good_and_spans_the_world() {
    let ended = run(&["check"]).code(0);
    assert_eq!(ended.error, "");
    let line = ended.out.lines().find(|l| l.starts_with("feeds ")).unwrap();
    let numbers: Vec<usize> = line
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|n| n.parse().ok())
        .collect();
    let [feeds, countries, languages] = numbers[..] else {
        panic!("{line}");
    };
    assert!(feeds >= 60, "{line}");
    assert!(countries >= 25, "{line}");
    assert!(languages >= 15, "{line}");
    assert_eq!(ended.out.lines().last(), Some("ok"));
}

#[test]
fn without_a_configuration_it_says_where_it_looked_and_what_to_do() {
    let home = Home::new();
    for command in [
        "check", "poll", "run", "match", "feeds", "mentions", "alerts",
    ] {
        let mut nowhere = super::mentiond(&[command]);
        nowhere
            .current_dir(home.folder.path())
            .env("HOME", home.folder.path());
        let ended = Ended::of(nowhere.output().unwrap()).code(2);
        for part in [
            "no configuration file found",
            "config/mentiond.toml",
            ".config/mentiond/mentiond.toml",
            "/etc/mentiond/mentiond.toml",
            "--config",
            "$MENTIOND_CONFIG",
        ] {
            assert!(ended.error.contains(part), "{command}: {}", ended.error);
        }
        let named = Ended::of(home.run(&[command])).code(2);
        assert!(
            named.error.contains("does not exist; check the path"),
            "{}",
            named.error
        );
        assert!(named.error.contains("mentiond.toml"), "{}", named.error);
    }
}

#[test]
fn a_configuration_that_is_no_text_is_an_error_like_any_other() {
    let home = Home::new();
    for bytes in [
        &b"\0\x01\x02\xff\xfe"[..],
        b"\xff\xfe[\0l\0o\0g\0]\0",
        &b"[".repeat(100_000),
    ] {
        std::fs::write(home.config(), bytes).unwrap();
        let ended = Ended::of(home.run(&["check"])).code(2);
        assert!(ended.error.contains("problem"), "{}", ended.error);
        assert!(ended.error.lines().count() < 30, "{}", ended.error);
    }
    std::fs::remove_file(home.config()).unwrap();
    std::fs::create_dir(home.config()).unwrap();
    Ended::of(home.run(&["check"])).code(2);
}

#[test]
fn one_country_and_one_language_are_one() {
    let home = Home::new();
    home.write_config(
        "database = \"m.db\"\n[[feed]]\nid = \"wire\"\nurl = \"https://wire.example/rss\"\ncountry = \"KZ\"\n\
         language = \"kk\"\n",
    );
    let told = home.ok(&["check"]);
    let says = "\nfeeds          1 (1 country, 1 language)\n";
    assert!(told.contains(says), "{told}");
}
