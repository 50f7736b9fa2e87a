//! `mentiond prune`.

use mentiond::store::Store;

use super::Ended;
use crate::support::{Home, Hook, Item, Site, rss};

/// A history of one entry that left its feed 100 days ago, and one that is there.
fn home() -> (Site, Hook, Home) {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let home = Home::new();
    home.configure(
        &[("wire", site.url("/feed"))],
        &hook,
        "[retention]\nentries = \"90d\"",
    );
    home.ok(&["poll"]);
    let long_ago = 100 * 86_400_000_i64;
    home.database()
        .execute_batch(&format!(
            "UPDATE entry SET first_seen_ms = first_seen_ms - {long_ago};
             UPDATE seen SET served_ms = served_ms - {long_ago};
             UPDATE delivery SET settled_ms = settled_ms - {long_ago};"
        ))
        .unwrap();
    (site, hook, home)
}

#[test]
fn a_server_is_not_asked_for_what_only_a_file_can_do() {
    let home = Home::new();
    // Nobody listens there, so that to have asked it would be another error.
    home.write_config("database = \"postgres://mentiond@127.0.0.1:1/news\"\n");
    let ended = Ended::of(home.run(&["prune", "--vacuum"])).code(2);
    assert!(
        ended.error.contains("--vacuum is for a database in a file"),
        "{}",
        ended.error
    );
    assert!(
        ended.error.contains("nothing was removed"),
        "{}",
        ended.error
    );
    assert_eq!(ended.out, "");
}

#[test]
fn what_is_old_is_told_and_then_removed() {
    let (_site, _hook, home) = home();
    let before = home.dump(&[]);
    let dry = home.ok(&["prune", "--dry-run"]);
    assert_eq!(home.dump(&[]), before);
    let line = |table: &str| {
        let line = dry.lines().find(|line| line.starts_with(table));
        line.unwrap_or_else(|| panic!("{table}: {dry}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(dry.starts_with("table     to remove  oldest\n"), "{dry}");
    assert_eq!(line("entry"), "entry 1 100d ago");
    assert_eq!(line("delivery"), "delivery 1 100d ago");
    let json = home.json(&["prune", "--json"]);
    assert_eq!(json.len(), 8);
    assert_eq!(
        (&json[1]["table"], &json[1]["rows"]),
        (&"entry".into(), &1.into())
    );
    assert_eq!(json[1]["dry_run"], false);
    assert_eq!(
        home.ok(&["prune", "--dry-run"]),
        "nothing is older than it is to be kept\n"
    );
    assert!(home.ok(&["mentions", "--json"]).is_empty());
}

#[test]
fn it_may_run_beside_the_daemon_but_not_vacuum() {
    let (_site, _hook, home) = home();
    let store = Store::open(&home.path("m.db")).unwrap();
    let ended = Ended::of(home.run(&["prune", "--vacuum"])).code(1);
    assert!(ended.error.contains("another mentiond"), "{}", ended.error);
    let told = home.ok(&["prune", "--dry-run"]);
    assert!(told.contains("entry"), "nothing was removed: {told}");
    home.ok(&["prune"]);
    assert!(home.ok(&["mentions", "--json"]).is_empty());
    store.close();
    let ended = Ended::of(home.run(&["prune", "--vacuum"])).code(0);
    assert!(ended.out.contains("\nthe file had "), "{}", ended.out);
    home.ok(&["poll"]);
}

#[test]
fn without_a_database_none_is_made() {
    let home = Home::new();
    home.write_config("database = \"m.db\"\n");
    for args in [
        &["prune"][..],
        &["prune", "--dry-run"],
        &["prune", "--vacuum"],
    ] {
        let ended = Ended::of(home.run(args)).code(1);
        assert!(
            ended.error.contains("there is no database"),
            "{}",
            ended.error
        );
    }
    assert!(!home.path("m.db").exists());
}
