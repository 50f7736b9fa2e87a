//! Includes, and what keeps a file from being read.

use super::*;

/// A folder with files, and the configuration `m.toml` in it loaded.
fn load_files(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Result<Config, ConfigError>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let loaded = load(&folder.path().join("m.toml"), &environment(&[]));
    (folder, loaded)
}

fn told(files: &[(&str, &[u8])]) -> String {
    let (folder, loaded) = load_files(files);
    let text = match loaded {
        Ok(config) => printed(&config.warnings),
        Err(error) => error.to_string(),
    };
    text.replace(&format!("{}/", folder.path().display()), "")
}

const FEED: &[u8] = b"title = 'Feeds'\nchecked = '2025-05-01'\n[[feed]]\nurl = 'https://a.org/'\n";
const TOPIC: &[u8] = b"[[topic]]\nid = 't'\nany = ['abc']\n";

#[test]
fn included_files_are_read_once_in_the_order_of_names() {
    let (folder, loaded) = load_files(&[
        (
            "m.toml",
            b"include = ['feeds/*.toml', 'feeds/b.toml', 't.toml', '*.toml']",
        ),
        ("feeds/b.toml", b"[[feed]]\nurl = 'https://b.org/'"),
        ("feeds/a.toml", FEED),
        ("feeds/.hidden.toml", b"x"),
        ("t.toml", TOPIC),
    ]);
    let config = loaded.unwrap();
    let files: Vec<_> = config
        .files
        .iter()
        .map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(files, ["m.toml", "feeds/a.toml", "feeds/b.toml", "t.toml"]);
    let ids: Vec<_> = config.feeds.iter().map(|feed| feed.id.as_str()).collect();
    assert_eq!(ids, ["a.org", "b.org"]);
    assert_eq!(printed(&config.warnings), "");
}

#[test]
fn a_folder_is_no_database() {
    assert_eq!(
        told(&[("m.toml", b"database = 'd'\n"), ("d/x", b"")]),
        "m.toml:1:12: `database` is a folder; name a file in it"
    );
}

#[test]
fn a_file_named_outright_must_exist_and_a_pattern_without_match_is_a_warning() {
    assert_eq!(
        told(&[("m.toml", b"include = ['f.toml']")]),
        "m.toml:1:12: the included file f.toml does not exist; check the path, or leave it out"
    );
    assert_eq!(
        told(&[
            (
                "m.toml",
                b"include = ['a.toml', 't.toml', 'x*.toml', 'none/*.opml']"
            ),
            ("a.toml", FEED),
            ("t.toml", TOPIC),
        ]),
        "m.toml:1:32: `x*.toml` matches no file; check the path; it starts from the folder of this file\n\
         m.toml:1:43: `none/*.opml` matches no file; check the path; it starts from the folder of this file"
    );
}

#[test]
fn included_files_hold_feeds_topics_and_sinks_only() {
    assert_eq!(
        told(&[
            ("m.toml", b"include = ['a.toml']"),
            (
                "a.toml",
                b"include = ['m.toml']\nfoo = 1\n[log]\nlevel = 'x'\n"
            ),
        ]),
        "a.toml:1:1: `include` does not belong in an included file; move it to the main file\n\
         a.toml:2:1: unknown key `foo` in an included file\n\
         a.toml:3:2: `log` does not belong in an included file; move it to the main file"
    );
}

#[test]
fn ids_are_unique_across_files_and_sinks_know_all_topics() {
    assert_eq!(
        told(&[
            ("m.toml", b"include = ['a.toml', 'b.toml']\n[[sink]]\nid='s'\ntype='log'\ntopics=['t','tt']\n"),
            ("a.toml", b"[[feed]]\nurl='https://a.org/'\nid='x'\n[[topic]]\nid='t'\nany=['abc']\n"),
            ("b.toml", b"[[feed]]\nurl='https://b.org/'\nid='x'\n"),
        ]),
        "m.toml:5:13: there is no topic `tt`; did you mean `t`?\n\
         b.toml:3:4: the feed id `x` is given twice, first at a.toml:3:4; give one of the two feeds another `id`"
    );
}

#[test]
fn patterns_with_stars_in_folders_and_other_kinds_of_files_are_refused() {
    assert_eq!(
        told(&[("m.toml", b"include = ['*/a.toml', 'a.txt', '..', '']")]),
        "m.toml:1:12: `*/a.toml` can't be followed; `*` may stand in the last part of a path only\n\
         m.toml:1:24: `a.txt` is neither a .toml nor a .opml file; rename it after what it is\n\
         m.toml:1:33: `..` names no file\n\
         m.toml:1:39: an item of `include` is empty"
    );
}

#[test]
fn a_main_file_that_cannot_be_read_is_explained() {
    assert_eq!(
        told(&[]),
        "m.toml: the configuration file does not exist; check the path, or leave it out"
    );
    assert_eq!(
        told(&[("m.toml", b"a = '\xff'")]),
        "m.toml: the configuration file is not valid UTF-8 (byte 5); save it as UTF-8"
    );
    let large = vec![b' '; (16 << 20) + 1];
    assert_eq!(
        told(&[("m.toml", &large)]),
        "m.toml: the configuration file is larger than 16 MiB; split it or check that it is the right file"
    );
}

#[test]
fn what_toml_says_of_a_feed_wins_over_an_opml_list() {
    let opml =
        "<opml version='2.0'><body><outline text='A' xmlUrl='https://a.org/'/></body></opml>";
    assert_eq!(
        told(&[
            ("m.toml", b"include = ['l.opml', 'a.toml', 't.toml']"),
            ("l.opml", opml.as_bytes()),
            ("a.toml", FEED),
            ("t.toml", TOPIC),
        ]),
        "l.opml:1:27: `A` is left out: the feed `a.org` at a.toml:4:7 has the same URL"
    );
}
