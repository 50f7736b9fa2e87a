//! `mentiond feeds`: the list, and lists from and for other readers.

use super::Ended;
use super::feeds::{home, own};

#[test]
fn exported_feeds_come_back_the_same() {
    let home = home();
    std::fs::create_dir(home.path("feeds")).unwrap();
    std::fs::write(
        home.path("feeds/all.toml"),
        "[[feed]]\nid = \"kp\"\nurl = \"https://kp.example/rss?a=1&b=2\"\nname = \"Правда & \\\"K\\\"\"\nlanguage = \"ru\"\ntags = [\"asia\", \"My Press\"]\n\n\
         [[feed]]\nurl = \"https://b.example/feed\"\ntags = [\"asia\"]\n\n[[feed]]\nurl = \"https://c.example/feed\"\n",
    )
    .unwrap();
    let list = home.path("list.opml");
    let list = list.to_str().unwrap();
    let told = Ended::of(home.run(&["feeds", "export", "-o", list])).code(0);
    assert!(
        told.error.starts_with("3 feeds written to"),
        "{}",
        told.error
    );
    assert_eq!(
        home.ok(&["feeds", "export", "--tag", "asia"])
            .matches("xmlUrl")
            .count(),
        2
    );
    let bad = Ended::of(home.run(&["feeds", "export", "--tag", "asai"])).code(2);
    assert!(bad.error.contains("did you mean `asia`?"), "{}", bad.error);

    let again = crate::feeds::home();
    let dry = again.ok(&["feeds", "import", "--dry-run", list]);
    assert!(dry.contains("would be: 3 feeds added"), "{dry}");
    assert_eq!(own(&again), "");
    let told = again.ok(&["feeds", "import", list]);
    insta::assert_snapshot!(told.replace(again.folder.path().to_str().unwrap(), "HOME"), @r#"
added    c.example-feed as `c.example-feed`
added    Правда & "K" as `kp`
added    b.example-feed as `b.example-feed`
3 feeds added to HOME/feeds/own.toml, 0 known, 0 refused
"#);
    insta::assert_snapshot!(own(&again), @r#"
# Feeds added by `mentiond feeds add` and `mentiond feeds import`.

[[feed]]
id = "c.example-feed"
url = "https://c.example/feed"

[[feed]]
id = "kp"
url = "https://kp.example/rss?a=1&b=2"
name = 'Правда & "K"'
language = "ru"
tags = ["asia", "My Press"]

[[feed]]
id = "b.example-feed"
url = "https://b.example/feed"
tags = ["asia"]
"#);
    let told = again.ok(&["feeds", "import", list]);
    assert!(
        told.contains("0 feeds added") && told.contains("3 known, 0 refused"),
        "{told}"
    );
    let (first, second) = (
        home.ok(&["feeds", "export"]),
        again.ok(&["feeds", "export"]),
    );
    let outlines = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.contains("<outline"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(outlines(&first), outlines(&second));
}

#[test]
fn what_a_list_holds_that_cannot_be_used_is_told_and_the_rest_is_added() {
    let home = home();
    std::fs::write(
        home.path("list.opml"),
        "<opml version='1.0'><body>\n<outline text='World News'>\n<outline text='Good' xmlUrl='https://a.example/rss'/>\n\
         <outline text='Bad' xmlUrl='ftp://a.example/rss'/>\n<outline text='Twice' xmlUrl='https://a.example/rss'/>\n\
         </outline></body></opml>",
    )
    .unwrap();
    let list = home.path("list.opml");
    let told = home.ok(&["feeds", "import", list.to_str().unwrap()]);
    insta::assert_snapshot!(told.replace(home.folder.path().to_str().unwrap(), "HOME"), @r#"
added    Good as `a.example-rss`
refused  HOME/list.opml:4:1: `Bad` is left out: its xmlUrl has an unsupported scheme; only http and https can be used
refused  HOME/list.opml:5:1: `Twice` is left out: the feed `a.example-rss` at HOME/list.opml:3:1 has the same URL
1 feed added to HOME/feeds/own.toml, 0 known, 2 refused
"#);
    assert!(
        own(&home).contains("tags = [\"world-news\"]"),
        "{}",
        own(&home)
    );
    for (name, text) in [("no.opml", "<html></html>"), ("cut.opml", "<opml><body>")] {
        std::fs::write(home.path(name), text).unwrap();
        let path = home.path(name);
        Ended::of(home.run(&["feeds", "import", path.to_str().unwrap()])).code(1);
    }
    Ended::of(home.run(&["feeds", "import", "/nowhere.opml"])).code(1);
}

/// Imports the public lists in the folder that `MENTIOND_CORPUS` names, if it does.
#[test]
fn lists_of_other_readers_are_imported_whole() {
    let Some(corpus) = std::env::var_os("MENTIOND_CORPUS") else {
        eprintln!("skipped: set MENTIOND_CORPUS to a folder with opml/*.opml to run this");
        return;
    };
    let home = home();
    let mut total = 0;
    for entry in std::fs::read_dir(std::path::Path::new(&corpus).join("opml")).unwrap() {
        let path = entry.unwrap().path();
        let told = home.ok(&["feeds", "import", path.to_str().unwrap()]);
        let outlines = std::fs::read_to_string(&path)
            .unwrap()
            .matches("xmlUrl=")
            .count();
        let lines = ["added ", "known ", "refused "]
            .map(|word| told.lines().filter(|line| line.starts_with(word)).count());
        assert_eq!(
            lines.iter().sum::<usize>(),
            outlines,
            "{}\n{told}",
            path.display()
        );
        total += lines[0];
    }
    assert_eq!(home.json(&["feeds", "--json"]).len(), total);
    assert!(total > 100, "{total}");
}

#[test]
fn the_list_takes_names_and_corrects_them() {
    let home = home();
    std::fs::create_dir(home.path("feeds")).unwrap();
    let text = "[[feed]]\nid = \"wire\"\nurl = \"https://a.example/\"\n[[feed]]\nid = \"other\"\nurl = \"https://b.example/\"\n";
    std::fs::write(home.path("feeds/x.toml"), text).unwrap();
    assert_eq!(home.json(&["feeds", "--json"]).len(), 2);
    assert_eq!(
        home.json(&["feeds", "list", "--json", "wire"])[0]["feed"],
        "wire"
    );
    assert_eq!(home.json(&["feeds", "wire", "--json"]).len(), 1);
    let bad = Ended::of(home.run(&["feeds", "list", "wier"])).code(2);
    assert!(
        bad.error
            .contains("no feed has the id `wier`; did you mean `wire`?"),
        "{}",
        bad.error
    );
    Ended::of(home.run(&["feeds", "remove", "wier"])).code(2);
}
