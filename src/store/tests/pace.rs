//! Alerts that are held back: each is told once, by itself or in one digest.

use super::*;
use crate::pace::{By, Limit, Mode, Pace};

const MINUTE: Duration = Duration::from_mins(1);

/// For the sink `a`, all in one group.
fn grouped(by: &[By]) -> Pace {
    Pace {
        mode: Mode::Group {
            by: by.to_vec(),
            wait: MINUTE,
            interval: MINUTE * 5,
        },
        ..Pace::immediate()
    }
}

/// An entry whose alerts are held back for the sink `a` and go at once to `b`.
fn held(key: u8, topics: &[&str]) -> EntryRecord {
    let mut entry = entry(key, key, key, topics);
    for mention in &mut entry.mentions {
        for route in &mut mention.alert.as_mut().unwrap().routes {
            route.held = route.sink.as_str() == "a";
        }
    }
    entry
}

impl Base {
    async fn pace(&self, pace: &Pace, at: Timestamp) -> Paced {
        let paced = self.store.pace(sink("a"), pace.clone(), at).await.unwrap();
        assert!(!paced.more);
        paced
    }

    /// How many deliveries to the sink `a` are in each state.
    fn states(&self) -> String {
        let sql = "SELECT coalesce(string_agg(state || ' ' || n, ', ' ORDER BY state), '')
            FROM (SELECT state, count(*) AS n FROM delivery WHERE sink = 'a' GROUP BY state) AS states";
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

#[tokio::test]
async fn a_held_alert_waits_for_its_bundle_and_other_sinks_do_not() {
    let base = base().await;
    base.commit(0, NOW, vec![held(1, &["sco"])]).await;
    assert_eq!(base.due("a", NOW + DAY).await, []);
    assert_eq!(base.due("b", NOW).await.len(), 1);
    let pace = grouped(&[By::Topic]);
    let paced = base.pace(&pace, NOW).await;
    assert_eq!(paced.next, Some(NOW + MINUTE));
    assert_eq!(base.states(), "held 1");
    let filter = AlertFilter {
        state: Some("held".to_owned()),
        limit: 9,
        ..AlertFilter::default()
    };
    let listed = base.store.alerts(filter).await.unwrap();
    assert_eq!(listed[0].bundle.as_deref(), Some("group topic=sco"));
    assert_eq!(listed[0].next_attempt, Some(NOW + MINUTE));
    // Alone in its group it goes out under its own id.
    base.pace(&pace, NOW + MINUTE).await;
    let due = base.due("a", NOW + MINUTE).await;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].alert.id, listed[0].id);
    assert!(matches!(due[0].alert.detail, StoredDetail::Mention { .. }));
}

#[tokio::test]
async fn several_become_one_digest_with_one_delivery() {
    let base = base().await;
    base.commit(0, NOW, vec![held(1, &["sco", "xi"]), held(2, &["sco"])])
        .await;
    let pace = grouped(&[]);
    base.pace(&pace, NOW).await;
    let at = NOW + MINUTE;
    base.pace(&pace, at).await;
    assert_eq!(base.states(), "gathered 3, waiting 1");
    let due = base.due("a", at).await;
    let StoredDetail::Digest(digest) = &due[0].alert.detail else {
        panic!("{:?}", due[0]);
    };
    assert_eq!(
        (digest.detail.alerts, digest.alerts.len(), digest.more()),
        (3, 3, 0)
    );
    let topics: Vec<_> = digest
        .topics
        .iter()
        .map(|t| (t.id.as_str(), t.alerts))
        .collect();
    assert_eq!(topics, [("sco", 2), ("xi", 1)]);
    let counts = base.store.outbox_counts().await.unwrap();
    assert_eq!((counts.gathered, counts.held, counts.waiting), (3, 0, 4));
    let filter = AlertFilter {
        digest: Some(due[0].alert.id.clone()),
        limit: 9,
        ..AlertFilter::default()
    };
    assert_eq!(base.store.alerts(filter).await.unwrap().len(), 3);
    // It is settled like any other; what is in it is not told again.
    base.settle_all("a", Outcome::Delivered, at).await;
    assert_eq!(base.states(), "delivered 1, gathered 3");
    assert_eq!(base.pace(&pace, at + DAY).await.next, None);
    assert_eq!(base.due("a", at + DAY).await, []);
}

#[tokio::test]
async fn what_is_over_the_limit_is_gathered_and_the_limit_outlives_a_restart() {
    let base = base().await;
    let pace = Pace {
        limit: Some(Limit {
            messages: 2,
            per: MINUTE * 2,
        }),
        ..Pace::immediate()
    };
    base.commit(0, NOW, (1..=5).map(|n| held(n, &["sco"])).collect())
        .await;
    assert_eq!(base.pace(&pace, NOW).await.next, Some(NOW + MINUTE));
    assert_eq!(base.states(), "held 3, waiting 2");
    base.store.begin_pace(sink("a"), false, NOW).await.unwrap();
    assert_eq!(base.pace(&pace, NOW).await.next, Some(NOW + MINUTE));
    assert_eq!(base.states(), "held 3, waiting 2");
    base.pace(&pace, NOW + MINUTE).await;
    assert_eq!(base.states(), "gathered 3, waiting 3");
}

#[tokio::test]
async fn another_pace_plans_what_is_held_anew_and_none_lets_it_go() {
    let base = base().await;
    base.commit(0, NOW, vec![held(1, &["sco"]), held(2, &["sco"])])
        .await;
    base.pace(&grouped(&[By::Topic]), NOW).await;
    base.store.begin_pace(sink("a"), false, NOW).await.unwrap();
    let digest = Pace {
        mode: Mode::Digest {
            at: vec!["12:00".parse().unwrap()],
        },
        ..Pace::immediate()
    };
    let noon = Timestamp::parse_rfc3339("2024-07-03T12:00:00Z").unwrap();
    assert_eq!(base.pace(&digest, NOW).await.next, Some(noon));
    base.store.begin_pace(sink("a"), true, NOW).await.unwrap();
    assert_eq!(base.states(), "waiting 2");
    assert_eq!(base.due("a", NOW).await.len(), 2);
}

#[tokio::test]
async fn what_was_dropped_or_silenced_is_in_no_digest() {
    let base = base().await;
    let two = held(1, &["sco", "xi"]);
    let id = two.mentions[0].alert.as_ref().unwrap().id.clone();
    base.commit(0, NOW, vec![two]).await;
    let pace = grouped(&[]);
    base.pace(&pace, NOW).await;
    let dropped = base
        .store
        .drop_deliveries(vec![id], Some("a".into()), "why".into(), NOW)
        .await;
    assert_eq!(dropped.unwrap(), 1);
    base.pace(&pace, NOW + MINUTE).await;
    assert_eq!(base.states(), "dropped 1, waiting 1");
    let topic = |alert: &StoredAlert| match &alert.detail {
        StoredDetail::Mention { topic, .. } => topic.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(topic(&base.due("a", NOW + MINUTE).await[0].alert), "xi");
}

#[tokio::test]
async fn a_digest_keeps_its_alerts_until_it_is_delivered() {
    let base = base().await;
    base.commit(0, NOW, vec![held(1, &["sco"]), held(2, &["sco"])])
        .await;
    let pace = grouped(&[]);
    base.pace(&pace, NOW).await;
    base.pace(&pace, NOW + MINUTE).await;
    let later = NOW + KEEP.deliveries + DAY;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    let pruned = base.store.prune(KEEP, later).await.unwrap();
    assert_eq!(pruned.deliveries, 2, "those to b");
    let dead = Outcome::Dead {
        error: "no".into(),
        response: None,
    };
    base.settle_all("a", dead, later).await;
    assert_eq!(
        base.store
            .prune(KEEP, later + KEEP.deliveries + DAY)
            .await
            .unwrap()
            .deliveries,
        0
    );
    base.store.retry_dead(None, None, later).await.unwrap();
    base.settle_all("a", Outcome::Delivered, later).await;
    let end = later + KEEP.deliveries + DAY;
    assert_eq!(base.store.prune(KEEP, end).await.unwrap().deliveries, 3);
    let much_later = NOW + KEEP.seen * 3;
    let pruned = base.store.prune(KEEP, much_later).await.unwrap();
    assert_eq!(
        pruned.alerts, 1,
        "the digest; the others belong to entries that are served"
    );
    assert_eq!(base.count("bundle"), 0);
}

#[tokio::test]
async fn a_flood_is_planned_in_steps_and_told_with_a_bounded_number_of_alerts() {
    let base = base().await;
    let names: Vec<String> = (0..600).map(|n| format!("t{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    base.commit(0, NOW, vec![held(1, &names)]).await;
    let pace = grouped(&[]);
    let store = &base.store;
    assert!(store.pace(sink("a"), pace.clone(), NOW).await.unwrap().more);
    base.pace(&pace, NOW).await;
    base.pace(&pace, NOW + MINUTE).await;
    assert_eq!(base.states(), "gathered 600, waiting 1");
    let due = base.due("a", NOW + MINUTE).await;
    let StoredDetail::Digest(digest) = &due[0].alert.detail else {
        panic!("{:?}", due[0]);
    };
    assert_eq!(
        (digest.alerts.len(), digest.more(), digest.topics.len()),
        (MOST_TOLD, 500, 20)
    );
}
