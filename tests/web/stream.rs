//! Events: every new mention once, also for a client that was away.

use crate::client::{OPEN, Served, items, news};
use crate::support::{Item, rss, wait_for};

fn late(n: usize) -> Item {
    Item::new(
        &format!("late{n}"),
        &format!("Putin came late, chapter {n}"),
    )
}

#[test]
fn new_mentions_come_as_events_and_a_client_that_was_away_misses_none() {
    let (served, site, hook) = Served::with_news(3, OPEN);
    let mut stream = served.api.stream("/api/v1/stream");
    assert!(stream.head.contains("text/event-stream") && stream.head.starts_with("HTTP/1.0 200"));
    let mut more = news(3);
    more.push(late(1));
    site.publish("/wire", rss(&more));
    let event = stream.next().unwrap();
    assert_eq!(event.data["title"], "Putin came late, chapter 1");
    assert!(
        event.id.ends_with(&format!(".{}", event.data["id"])),
        "{event:?}"
    );
    drop(stream);

    // Two more while nobody listens, one of them behind a crash.
    more.push(late(2));
    site.publish("/wire", rss(&more));
    hook.wait(4);
    let home = served.home;
    served.daemon.kill();
    let served = Served::run(home);
    more.push(late(3));
    site.publish("/wire", rss(&more));
    hook.wait(5);
    let resumed = served.api.with(&format!("Last-Event-ID: {}", event.id));
    let mut stream = resumed.stream("/api/v1/stream");
    let titles: Vec<_> = (0..2)
        .map(|_| stream.next().unwrap().data["title"].clone())
        .collect();
    assert_eq!(
        titles,
        ["Putin came late, chapter 2", "Putin came late, chapter 3"]
    );
}

#[test]
fn a_stream_gives_what_it_is_asked_for_from_where_it_is_asked() {
    let (served, site, _hook) = Served::with_news(9, OPEN);
    let sco = items(&served.api.json("/api/v1/mentions?topic=sco")).len();
    let mut stream = served.api.stream("/api/v1/stream?topic=sco&after=0");
    let mut ids = Vec::new();
    for _ in 0..sco {
        let event = stream.next().unwrap();
        assert_eq!(event.data["topic"], "sco");
        ids.push(event.data["id"].as_i64().unwrap());
    }
    assert!(ids.is_sorted());
    let mut more = news(9);
    more.push(late(1));
    more.push(Item::new("new", "The SCO meets once more"));
    site.publish("/wire", rss(&more));
    let event = stream.next().unwrap();
    assert_eq!(event.data["title"], "The SCO meets once more");
    for path in [
        "/api/v1/stream?after=x",
        "/api/v1/stream?after=-1",
        "/api/v1/stream?min_score=0",
    ] {
        assert_eq!(served.api.get(path).status, 400, "{path}");
    }
}

/// What another process records wakes nobody here.
#[test]
fn a_stream_looks_by_itself_at_what_others_record() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let mut stream = served.api.stream("/api/v1/stream");
    let conn = served.home.database();
    conn.execute_batch(
        "INSERT INTO mention (entry_id, topic, term, field, start_byte, end_byte, snippet, snippet_start,
           snippet_end, hits, revision, created_ms, score)
         SELECT entry_id, 'other', term, field, start_byte, end_byte, snippet, snippet_start, snippet_end,
           hits, revision, created_ms, score FROM mention LIMIT 1",
    )
    .unwrap();
    assert_eq!(stream.next().unwrap().data["topic"], "other");
}

/// The newest mention may be removed, and its number given again.
#[test]
fn a_number_that_is_given_again_is_told_again() {
    let (served, site, _hook) = Served::with_news(3, OPEN);
    let mut stream = served.api.stream("/api/v1/stream");
    let mut more = news(3);
    more.push(late(1));
    site.publish("/wire", rss(&more));
    let event = stream.next().unwrap();
    drop(stream);
    let id = event.data["id"].as_i64().unwrap();
    let removed = served
        .home
        .database()
        .execute("DELETE FROM mention WHERE id = ?1", [id]);
    assert_eq!(removed.unwrap(), 1);
    more.push(late(2));
    site.publish("/wire", rss(&more));
    let mut stream = served
        .api
        .with(&format!("Last-Event-ID: {}", event.id))
        .stream("/api/v1/stream");
    let next = stream.next().unwrap();
    assert_eq!(next.data["title"], "Putin came late, chapter 2");
    assert_eq!(next.data["id"], id);
}

#[test]
fn there_are_so_many_streams_at_a_time_and_their_places_come_back() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let streams: Vec<_> = (0..32)
        .map(|_| served.api.stream("/api/v1/stream"))
        .collect();
    assert!(streams.iter().all(|stream| stream.head.contains(" 200 ")));
    let refused = served.api.get("/api/v1/stream");
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    drop(streams);
    wait_for("a place", || {
        let stream = served.api.stream("/api/v1/stream");
        stream.head.contains(" 200 ").then_some(())
    });
}

#[test]
fn a_daemon_stops_at_once_and_closes_its_database_while_streams_are_open() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let mut streams: Vec<_> = (0..3)
        .map(|_| served.api.stream("/api/v1/stream"))
        .collect();
    let Served { home, daemon, .. } = served;
    assert!(daemon.stop().success());
    assert!(streams.iter_mut().all(|stream| stream.next().is_none()));
    let again = Served::run(home);
    let log = again.daemon.log().join("\n");
    assert!(!log.contains("without closing the database"), "{log}");
}
