//! `mentiond alerts`, as far as no server is asked.

use super::Ended;
use crate::support::{Home, Hook, Item, Site, rss};

#[test]
fn an_unknown_alert_is_an_error_and_one_without_dead_letters_is_none() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    let alerts = home.json(&["alerts", "--json"]);
    let id = alerts[0]["id"].as_str().unwrap();
    let before = home.dump(&[]);
    for args in [
        &["alerts", "retry", "nope"][..],
        &["alerts", "retry", "nope", "--sink", "hook"],
        &["alerts", "drop", "--id", "nope"],
        &["alerts", "drop", "--id", id, "--id", "nope"],
    ] {
        let ended = Ended::of(home.run(args)).code(1);
        assert_eq!(ended.out, "", "{args:?}");
        let says = "there is no alert with the id `nope`; `mentiond alerts` lists";
        assert!(ended.error.contains(says), "{}", ended.error);
    }
    for args in [
        &["retry", "--sink", "hok"][..],
        &["drop", "--sink", "hok"],
        &["resume", "hok"],
    ] {
        let ended = Ended::of(home.run(&[&["alerts"], args].concat())).code(2);
        assert!(ended.error.contains("did you mean"), "{}", ended.error);
    }
    let resumed = Ended::of(home.run(&["alerts", "resume", "hook"])).code(2);
    let says = "the sink `hook` is neither stopped nor paused";
    assert!(resumed.error.contains(says), "{}", resumed.error);
    let digest = Ended::of(home.run(&["alerts", "--digest", "nope"])).code(1);
    let says = "there is no alert with the id `nope`";
    assert!(digest.error.contains(says), "{}", digest.error);
    let none = Ended::of(home.run(&["alerts", "--state", "dead"])).code(0);
    assert_eq!((none.out.lines().count(), &*none.error), (1, "no alerts\n"));
    let told = home.ok(&["alerts", "retry", id]);
    assert_eq!(told, "no dead letters: nothing to retry\n");
    let told = home.ok(&["alerts", "drop", "--id", id]);
    assert_eq!(told, "0 deliveries dropped\n");
    assert_eq!(home.dump(&[]), before);
}
