//! Fingerprints in days. A file has none, so these tests look at a server only (`STORE_ON=postgres`).

use super::alike::{AGENCY, telling};
use super::fleet::shared;
use super::*;
use crate::store::postgres::partitions::{BAND, Day, FINGERPRINT, days, make, wanted};
use crate::store::postgres::schema::MIGRATIONS;

const HOUR: Duration = Duration::from_hours(1);

impl Base {
    /// Where rows of a table are: the partitions that have some, and how many.
    fn places(&self, table: &str) -> Vec<String> {
        let conn = self.sql();
        let sql = format!(
            "SELECT CAST(CAST(tableoid AS regclass) AS text) || ': ' || count(*) FROM {table}
             GROUP BY tableoid ORDER BY 1"
        );
        let mut places = conn.prepare(&sql).unwrap();
        let places = places.query_map([], |row| row.get(0)).unwrap();
        places.map(Result::unwrap).collect()
    }

    fn days(&self) -> [Vec<Day>; 2] {
        [FINGERPRINT, BAND].map(|table| days(&self.sql(), table).unwrap())
    }

    /// Somebody who reads the fingerprints and does not end.
    fn in_the_way(&self) -> Connection {
        let conn = self.sql();
        conn.execute_batch("BEGIN; LOCK TABLE fingerprint IN ACCESS SHARE MODE")
            .unwrap();
        conn
    }
}

/// Two tables of one day.
fn both(date: &str, fingerprints: usize) -> [Vec<String>; 2] {
    [
        vec![format!("fingerprint_{date}: {fingerprints}")],
        vec![format!("fingerprint_band_{date}: {}", fingerprints * 20)],
    ]
}

fn day_of(at: Timestamp) -> Day {
    Day::of(at.as_millis())
}

#[tokio::test]
async fn the_rows_of_an_older_database_come_to_their_days() {
    let Some(options) = server() else { return };
    let raw = Server::raw(&options).unwrap();
    let conn = raw.session().unwrap();
    for sql in &MIGRATIONS[..2] {
        conn.execute_batch(sql).unwrap();
    }
    conn.execute_batch(
        "UPDATE mentiond SET version = 2;
         INSERT INTO feed (name, url, source) VALUES ('old', 'u', 's');
         INSERT INTO schedule (feed_id) VALUES (1);
         INSERT INTO story (key, first_seen_ms) VALUES ('x', 1);
         INSERT INTO entry (feed_id, key, story_id, title, summary, content, first_seen_ms)
           SELECT 1, CAST(CAST(n AS text) AS bytea), 1, '', '', '', 1 FROM generate_series(1, 5) n;
         INSERT INTO fingerprint VALUES (1, 1720000000000, '\\x01'), (2, 1720051199999, '\\x02'),
           (3, 1720051200000, '\\x03'), (4, -5, '\\x04');
         INSERT INTO fingerprint_band VALUES (7, 1), (7, 2), (8, 2), (-9, 3), (7, 4);",
    )
    .unwrap();
    drop(conn);
    raw.close();
    let store = Store::open(Database::Server(Box::new(options))).unwrap();
    let base = furnished(store, tempfile::tempdir().unwrap()).await;
    assert_eq!(
        base.places("fingerprint"),
        [
            "fingerprint_20240703: 2",
            "fingerprint_20240704: 1",
            "fingerprint_other: 1"
        ]
    );
    assert_eq!(
        base.places("fingerprint_band"),
        [
            "fingerprint_band_20240703: 3",
            "fingerprint_band_20240704: 1",
            "fingerprint_band_other: 1"
        ]
    );
    let apart = "fingerprint_band b JOIN fingerprint f ON f.entry_id = b.entry_id AND f.at_ms = b.at_ms
        WHERE (b.band, b.entry_id, get_byte(f.sketch, 0)) IN ((7, 1, 1), (7, 2, 2), (8, 2, 2), (-9, 3, 3), (7, 4, 4))";
    assert_eq!(base.count(apart), 5);
    assert_eq!(base.store.orphans().await.unwrap(), []);
    let pruned = base.store.prune(KEEP, NOW + DAY * 4).await.unwrap();
    assert_eq!(pruned.fingerprints, 3);
}

#[tokio::test]
async fn days_are_made_ahead_by_who_opens_and_by_each_pruning() {
    let Some(base) = shared().await else { return };
    let [there, of_bands] = base.days();
    assert_eq!(there, of_bands);
    let tomorrow = Timestamp::now() + DAY;
    for day in wanted(Timestamp::now()).filter(|day| *day <= day_of(tomorrow)) {
        assert!(there.contains(&day), "{day:?} of {there:?}");
    }
    assert_eq!(base.store.prune(KEEP, NOW).await.unwrap().fingerprints, 0);
    for day in wanted(NOW) {
        assert!(base.days().iter().all(|days| days.contains(&day)));
    }
    // As if nothing had pruned for long.
    base.sql()
        .execute_batch(&format!("DROP TABLE {}", there[3].of_table(BAND)))
        .unwrap();
    let Backend::Server(server) = &base.store.inner.backend else {
        panic!("it is on a server");
    };
    let again = postgres::partitions::make_days(&server.session().unwrap());
    again.unwrap();
    assert!(base.days()[1].contains(&there[3]));
}

#[tokio::test]
async fn rows_move_when_their_day_is_made_and_are_found_before_and_after() {
    let Some(base) = shared().await else { return };
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &["sco"])])
        .await;
    assert_eq!(base.places("fingerprint"), ["fingerprint_other: 1"]);
    assert_eq!(
        base.places("fingerprint_band"),
        ["fingerprint_band_other: 20"]
    );
    let made = base
        .commit(1, NOW, vec![telling(2, AGENCY, NOW + HOUR, &["sco"])])
        .await;
    assert_eq!(made.joined, 1);
    base.store.prune(KEEP, NOW).await.unwrap();
    let there = ["fingerprint", "fingerprint_band"].map(|table| base.places(table));
    assert_eq!(there, both("20240703", 2));
    let made = base
        .commit(1, NOW, vec![telling(3, AGENCY, NOW + HOUR * 2, &["sco"])])
        .await;
    assert_eq!((made.joined, made.alerts), (1, 0));
    // An edit takes the former away from wherever it is.
    let mut edited = telling(1, "Nothing is known any more", NOW + DAY, &[]);
    edited.text_hash = TextHash([99; 16]);
    base.commit(0, NOW + DAY, vec![edited]).await;
    let there = ["fingerprint", "fingerprint_band"].map(|table| base.places(table));
    assert_eq!(there, both("20240703", 2));
    assert_eq!(base.store.orphans().await.unwrap(), []);
}

#[tokio::test]
async fn a_day_is_dropped_once_all_of_it_is_old_and_what_is_in_none_goes_by_itself() {
    let Some(base) = shared().await else { return };
    base.store.prune(KEEP, NOW).await.unwrap();
    let old = NOW - DAY * 9;
    let entries = vec![
        telling(1, AGENCY, NOW, &[]),
        telling(2, AGENCY, NOW + HOUR, &[]),
        telling(3, AGENCY, NOW + DAY, &[]),
        EntryRecord {
            counted_at: old,
            ..telling(4, AGENCY, NOW, &[])
        },
    ];
    base.commit(0, old, entries).await;
    assert!(
        base.places("fingerprint")
            .contains(&"fingerprint_other: 1".to_owned())
    );
    let fingerprints = async |at: Timestamp| {
        let foretold = base.store.prunable(KEEP, at).await.unwrap();
        let went = base.store.prune(KEEP, at).await.unwrap().fingerprints;
        assert_eq!(
            (foretold[0].table, foretold[0].rows),
            ("fingerprint", went as u64)
        );
        went
    };
    assert_eq!(fingerprints(NOW).await, 1);
    assert_eq!(base.count("fingerprint_band"), 60);
    // The first is older than the window, its day is not.
    let at = NOW + DAY * 3 + Duration::from_mins(1);
    assert_eq!(fingerprints(at).await, 0);
    assert_eq!(base.count("fingerprint"), 3);
    let late = telling(5, AGENCY, at, &["sco"]);
    let made = base.commit(1, at, vec![late]).await;
    assert_eq!(made.joined, 1, "to those that are within the window");
    assert_eq!(
        base.count("story_join WHERE entry_id = 5 AND like_entry_id = 1"),
        0
    );
    let at = NOW + DAY * 4;
    assert_eq!(fingerprints(at).await, 2);
    let first = day_of(NOW + DAY);
    assert!(base.days().iter().all(|days| days[0] == first));
    assert_eq!(
        (base.count("fingerprint"), base.count("fingerprint_band")),
        (2, 40)
    );
    assert_eq!(base.store.orphans().await.unwrap(), []);
    assert_eq!(fingerprints(NOW + DAY * 9).await, 2);
}

#[tokio::test]
async fn who_is_in_the_way_is_waited_for_shortly_and_the_next_pruning_does_it() {
    let Some(base) = shared().await else { return };
    base.store.prune(KEEP, NOW).await.unwrap();
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &[])])
        .await;
    let before = base.days();
    let reader = base.in_the_way();
    let at = NOW + DAY * 4;
    let meanwhile = base.commit(1, NOW, vec![telling(2, AGENCY, NOW, &[])]);
    let (pruned, made) = tokio::join!(base.store.prune(KEEP, at), meanwhile);
    assert_eq!((pruned.unwrap().fingerprints, made.joined), (0, 1));
    assert_eq!(base.count("fingerprint"), 2);
    assert_eq!(
        base.store.orphans().await.unwrap(),
        [],
        "bands may be gone, never the fingerprint of some"
    );
    assert_eq!(base.days()[0], before[0]);
    reader.execute_batch("ROLLBACK").unwrap();
    assert_eq!(base.store.prune(KEEP, at).await.unwrap().fingerprints, 2);
    let last = wanted(at).last().unwrap();
    assert!(base.days().iter().all(|days| days.contains(&last)));
}

#[tokio::test]
async fn several_who_make_and_drop_days_at_once_do_each_once_beside_polls() {
    let Some(base) = shared().await else { return };
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &[])])
        .await;
    for (key, at) in [(2, NOW), (3, NOW + DAY * 4)] {
        let prune = || base.store.prune(KEEP, at);
        let text = format!("{AGENCY} Seen at {at}.");
        let poll = base.commit(1, at, vec![telling(key, &text, at, &[])]);
        let (a, b, c, _) = tokio::join!(prune(), prune(), prune(), poll);
        for pruned in [a, b, c] {
            pruned.unwrap();
        }
        let [fingerprints, bands] = base.days();
        assert_eq!(fingerprints, bands);
        assert!(wanted(at).all(|day| day < day_of(at - DAY * 3) || bands.contains(&day)));
        assert_eq!(base.store.orphans().await.unwrap(), []);
    }
    assert_eq!(base.places("fingerprint"), ["fingerprint_20240707: 1"]);
}

#[tokio::test]
async fn bands_have_no_day_before_their_fingerprints() {
    let Some(base) = shared().await else { return };
    let conn = base.sql();
    let day = day_of(NOW);
    let made = |table| {
        conn.execute_batch("BEGIN").unwrap();
        let made = make(&conn, table, day).unwrap();
        conn.execute_batch("COMMIT").unwrap();
        made
    };
    assert_eq!(
        [BAND, FINGERPRINT, BAND, BAND].map(made),
        [false, true, true, true]
    );
}
