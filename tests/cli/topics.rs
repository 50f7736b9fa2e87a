//! `mentiond topics`, and topics with a query as the other commands meet them.

use super::{Ended, run};
use crate::support::{Home, Hook, Item, Site, feed, rss};

const QUERY: &str = r#"
[[topic]]
id = "summit"
query = '''(exact:SCO OR ШОС^2) NEAR/3 summit*
  NOT lang:uk'''

[[topic]]
id = "byline"
query = "author:doe OR (gas source:wire* tag:energy)"

[[example]]
text = "The SCO will hold a summit"
match = ["summit"]
no_match = ["byline"]

[[example]]
text = "Gas"
source = "Wire One"
tags = ["energy"]
topic = "byline"
match = true
"#;

fn home(topics: &str) -> Home {
    let home = Home::new();
    home.write_config(topics);
    home
}

#[test]
fn the_examples_of_the_shipped_packs_are_as_they_should_be() {
    let ended = run(&["topics", "test"]).code(0);
    assert!(
        ended.out.ends_with("examples, as they should be\n"),
        "{}",
        ended.out
    );
    let lines = run(&["topics", "test", "--json"]).code(0).json();
    assert!(lines.len() >= 12);
    assert!(lines.iter().all(|line| line["ok"] == true));
}

#[test]
fn an_example_that_is_not_as_it_should_be_is_told_with_its_place() {
    let good = home(QUERY);
    assert_eq!(
        good.ok(&["topics", "test"]),
        "2 examples, as they should be\n"
    );

    let bad = home(&format!(
        "{QUERY}\n[[example]]\ntext = 'sco summit; J. Doe on gas'\nauthor = 'Doe'\nmatch = ['summit']\nno_match = ['byline']\n"
    ));
    let ended = Ended::of(bad.run(&["topics", "test"])).code(1);
    assert!(
        ended
            .out
            .contains("    summit is not found\n    byline is found\n"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.ends_with("3 examples, 1 not as they should be\n"),
        "{}",
        ended.out
    );
    let lines = Ended::of(bad.run(&["topics", "test", "--json"]))
        .code(1)
        .json();
    assert_eq!(
        (&lines[2]["missing"][0], &lines[2]["unwanted"][0]),
        (&"summit".into(), &"byline".into())
    );
    assert!(lines[2]["line"].as_u64() > Some(1));
}

#[test]
fn doubtful_terms_are_told() {
    let good = home(QUERY);
    let ended = Ended::of(good.run(&["topics", "lint"])).code(0);
    assert_eq!(ended.out, "2 topics: nothing to mend\n");
    assert!(
        ended.error.contains("there is no database yet"),
        "{}",
        ended.error
    );

    let bad = home(
        "[[topic]]\nid = 'p'\nany = ['Putin', 'Putin*', 'xi', 'Vladimir Putin*']\n[[topic]]\nid = 'q'\nquery = 'title:(body:gas oil)'\n",
    );
    let ended = Ended::of(bad.run(&["topics", "lint"])).code(1);
    assert_eq!(
        ended.out.lines().next(),
        Some("p: `Putin` finds nothing that `Putin*` does not find: remove it")
    );
    assert!(
        ended.out.ends_with("2 topics: 3 terms to mend\n"),
        "{}",
        ended.out
    );
    let lines = Ended::of(bad.run(&["topics", "lint", "--json", "--notes", "p"]))
        .code(1)
        .json();
    let kinds: Vec<_> = lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["covered", "longer", "short"]);
    Ended::of(bad.run(&["topics", "lint", "nobody"])).code(2);
}

#[test]
fn a_term_that_stands_in_too_many_entries_is_told() {
    let (site, hook) = (Site::start(), Hook::start());
    let items: Vec<Item> = (0..120)
        .map(|n| {
            let title = if n % 3 == 0 { "Putin" } else { "News" };
            Item::new(&n.to_string(), &format!("{title} {n}"))
        })
        .collect();
    site.publish("/few", rss(&items[..50]));
    site.publish("/feed", rss(&items));
    let few = Home::watching(&[("wire", site.url("/few"))], &hook);
    few.ok(&["poll"]);
    let ended = Ended::of(few.run(&["topics", "lint"])).code(0);
    assert!(
        ended.error.contains("the history has 50 entries"),
        "{}",
        ended.error
    );

    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    let ended = Ended::of(home.run(&["topics", "lint"])).code(1);
    let told = "putin: `Putin` stands in 33 % of the 120 latest entries: narrow it\n";
    assert!(ended.out.starts_with(told), "{}", ended.out);
    let lines = Ended::of(home.run(&["topics", "lint", "--json"]))
        .code(1)
        .json();
    assert_eq!(
        (&lines[0]["kind"], &lines[0]["share"]),
        (&"frequent".into(), &0.333.into())
    );
}

#[test]
fn a_query_is_asked_with_what_the_options_say_of_the_text() {
    let home = home(QUERY);
    let count = |args: &[&str]| home.json(&[&["match", "--json"], args].concat()).len();
    assert_eq!(count(&["--text", "ШОС: summits"]), 2);
    assert_eq!(count(&["--text", "ШОС: summits", "--language", "uk"]), 0);
    assert_eq!(count(&["--text", "gas"]), 0);
    assert_eq!(
        count(&["--text", "gas", "--source", "Wire One", "--tag", "energy"]),
        1
    );
    let hits = home.json(&["match", "--json", "--text", "gas", "--author", "J. Doe"]);
    assert_eq!(
        (&hits[0]["field"], &hits[0]["text"]),
        (&"author".into(), &"Doe".into())
    );
    assert!(
        home.ok(&["match", "--text", "gas", "--author", "J. Doe"])
            .contains("J. »Doe«")
    );
}

#[test]
fn a_mistake_in_a_query_is_shown_below_its_place() {
    let home = home("[[topic]]\nid = 'a'\nquery = 'SCO AND ('\n");
    let ended = Ended::of(home.run(&["check"])).code(2);
    let shown = "`query`: expected a term, found end of query\n    SCO AND (\n             ^\n";
    assert!(ended.error.contains(shown), "{}", ended.error);
}

#[test]
fn a_poll_asks_queries_with_feed_author_and_language() {
    let (site, hook) = (Site::start(), Hook::start());
    let document = "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
        <channel><title>T</title><language>en</language><item><guid>1</guid><title>Gas talks</title>\
        <description>Gas. The SCO met in Astana.</description><dc:creator>Jane Doe</dc:creator></item>\
        </channel></rss>";
    for path in ["/a", "/b"] {
        site.publish(path, document);
    }
    let topics = "[[topic]]\nid = 'known'\nquery = 'gas source:wire* tag:press lang:en author:doe'\n\
        [[topic]]\nid = 'sentence'\nquery = 'SENTENCE(SCO Astana)'\n\
        [[topic]]\nid = 'apart'\nquery = 'SENTENCE(gas Astana)'\n";
    let feeds = [
        feed("wire-a", &site.url("/a"), "tags = ['press']"),
        feed("wire-b", &site.url("/b"), ""),
    ];
    let home = Home::new();
    home.arrange(&hook, topics, &feeds);
    home.ok(&["poll"]);
    let found = |topic: &str| home.json(&["mentions", "--json", "--topic", topic]);
    let known = found("known");
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(
        (&known[0]["feed"], &known[0]["field"]),
        (&"wire-a".into(), &"title".into())
    );
    assert_eq!((found("sentence").len(), found("apart").len()), (2, 0));
}
