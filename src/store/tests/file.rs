//! The file: locks, versions, damage, and the plans of hot queries.

use super::*;

#[tokio::test]
async fn one_database_has_one_daemon_and_many_visitors() {
    let base = file_base().await;
    let path = base.folder.path().join("db");
    match Store::open(&path) {
        Err(StoreError::Locked { holder, .. }) => {
            assert_eq!(holder, Some(std::process::id().to_string()));
        }
        other => panic!("{other:?}"),
    }
    let beside = Store::open_beside(&path).unwrap();
    assert!(!beside.resume_sink("a".into()).await.unwrap());
    beside.close();
    let reader = Store::open_read_only(&path).unwrap();
    assert_eq!(reader.feed_states().await.unwrap().len(), 2);
    let refused = reader.resume_sink("a".into()).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)));
    drop(reader);
    base.store.close();
    Store::open(&path).unwrap();
}

/// Addresses of feeds may hold credentials, and whoever can open the lock file can hold it.
#[tokio::test]
async fn what_is_made_is_its_owners_alone_and_what_is_there_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let base = file_base().await;
    let mode = |name: &str| {
        let file = std::fs::metadata(base.folder.path().join(name)).unwrap();
        file.permissions().mode() & 0o777
    };
    for name in ["db", "db-wal", "db-shm", "db.lock"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    base.store.close();
    let path = base.folder.path().join("db");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    Store::open(&path).unwrap().close();
    assert_eq!(mode("db"), 0o640);
}

#[test]
fn a_database_that_is_not_there_is_not_made_by_a_visitor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    assert!(matches!(
        Store::open_read_only(&path),
        Err(StoreError::Missing(_))
    ));
    assert!(matches!(
        Store::open_beside(&path),
        Err(StoreError::Missing(_))
    ));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_later_database_or_none_at_all_is_refused_and_left_alone() {
    let base = file_base().await;
    let path = base.folder.path().join("db");
    base.file().pragma_update(None, "user_version", 99).unwrap();
    base.store.close();
    let before = std::fs::read(&path).unwrap();
    for opened in [
        Store::open(&path),
        Store::open_beside(&path),
        Store::open_read_only(&path),
    ] {
        assert!(matches!(opened, Err(StoreError::Newer { found: 99, .. })));
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(&path, "this is no database, it is a text of some length").unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::NotOurs(_))));
}

#[tokio::test]
async fn the_hot_queries_use_their_indexes() {
    let base = file_base().await;
    let conn = base.file();
    let plan = |sql: &str| {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement
            .query_map([], |row| row.get::<_, String>(3))
            .unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    };
    for sql in [
        "SELECT d.id, a.detail, s.key, f.name FROM delivery d JOIN alert a ON a.id = d.alert_id
           LEFT JOIN story s ON s.id = a.story_id LEFT JOIN feed f ON f.id = a.feed_id
           WHERE d.state = 'waiting' AND d.sink = 'a' AND d.next_attempt_ms <= 1
           ORDER BY d.next_attempt_ms, d.id LIMIT 64",
        "SELECT min(next_attempt_ms) FROM delivery WHERE state = 'waiting' AND sink = 'a'",
        "SELECT text_hash FROM seen WHERE feed_id = 1 AND key = x'00'",
        "SELECT count(*) FROM delivery WHERE state = 'waiting'",
        &super::super::silences::ACTIVE.replace("?1", "1"),
    ] {
        let plan = plan(sql);
        assert!(!plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        let scans = plan
            .lines()
            .filter(|l| l.starts_with("SCAN") && !l.contains("INDEX"));
        assert_eq!(scans.count(), 0, "{sql}\n{plan}");
    }
    let last = plan(&activity::LAST.replace("?1", "'sco'"));
    assert!(last.contains("COVERING INDEX mention_topic"), "{last}");
}

#[test]
fn a_database_of_an_earlier_version_is_not_read_before_it_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    drop(Store::open(&path).unwrap());
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", 2).unwrap();
    drop(conn);
    let error = Store::open_read_only(&path).unwrap_err();
    assert!(matches!(error, StoreError::Older { found: 2, .. }));
    assert!(error.to_string().contains("mentiond poll"), "{error}");
}

#[tokio::test]
async fn a_database_that_was_small_when_it_was_closed_is_read_by_its_indexes() {
    let base = file_base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let path = base.folder.path().join("db");
    let plan = || {
        let conn = rusqlite::Connection::open(&path).unwrap();
        let sql = "EXPLAIN QUERY PLAN SELECT snippet FROM mention WHERE entry_id = 1";
        conn.query_row(sql, [], |row| row.get::<_, String>(3))
            .unwrap()
    };
    base.file().execute_batch("ANALYZE").unwrap();
    assert!(plan().starts_with("SCAN"), "{}", plan());
    drop(Store::open_beside(&path).unwrap());
    assert!(plan().starts_with("SEARCH"), "{}", plan());
    base.store.close();
    assert!(plan().starts_with("SEARCH"), "{}", plan());
}
