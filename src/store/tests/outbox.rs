//! Deliveries: how they end, wait, and are listed.

use super::*;

#[tokio::test]
async fn a_failed_delivery_waits_then_dies_and_can_be_revived_under_its_id() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let id = base.due("a", NOW).await[0].alert.id.clone();
    let later = Outcome::Retry {
        at: NOW + DAY,
        error: "no answer".into(),
        response: Some("busy".into()),
    };
    base.settle_all("a", later, NOW).await;
    assert!(base.due("a", NOW).await.is_empty());
    assert_eq!(base.due("a", NOW + DAY).await[0].attempts, 1);
    let dead = Outcome::Dead {
        error: "no answer".into(),
        response: Some("busy".into()),
    };
    base.settle_all("a", dead, NOW + DAY).await;
    assert!(base.due("a", NOW + DAY * 9).await.is_empty());
    assert_eq!(base.store.outbox_counts().await.unwrap().dead, 1);

    let store = &base.store;
    let retry = async |alert: Option<&str>, to: Option<&str>| {
        let (alert, to) = (alert.map(str::to_owned), to.map(str::to_owned));
        store.retry_dead(alert, to, NOW + DAY * 2).await.unwrap()
    };
    assert_eq!(retry(Some("al_other"), None).await, 0);
    assert_eq!(retry(None, Some("b")).await, 0);
    assert_eq!(retry(Some(&id), Some("a")).await, 1);
    assert_eq!(retry(None, None).await, 0, "it is not dead any more");
    let due = base.due("a", NOW + DAY * 2).await;
    assert_eq!(
        (due[0].alert.id.as_str(), due[0].attempts),
        (id.as_str(), 0)
    );
}

#[tokio::test]
async fn a_delivery_that_has_ended_stays_ended() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let due = base.due("a", NOW).await[0].id;
    base.store
        .settle(vec![(due, Outcome::Delivered)], NOW)
        .await
        .unwrap();
    let late = Outcome::Retry {
        at: NOW,
        error: String::new(),
        response: None,
    };
    base.store.settle(vec![(due, late)], NOW).await.unwrap();
    assert!(base.due("a", NOW).await.is_empty());
}

#[tokio::test]
async fn an_alert_that_cannot_be_read_does_not_stand_in_front_of_the_others() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco", "xi"])])
        .await;
    base.sql()
        .execute("UPDATE alert SET detail = '{}' WHERE topic = 'sco'", [])
        .unwrap();
    assert_eq!(base.due("a", NOW).await.len(), 1);
    assert_eq!(base.store.outbox_counts().await.unwrap().dead, 1);
    assert_eq!(base.due("a", NOW).await.len(), 1);
}

#[tokio::test]
async fn a_delivery_that_waits_for_a_wrong_clocks_time_can_be_hastened() {
    let base = base().await;
    base.commit(0, NOW + DAY * 3000, vec![entry(1, 1, 1, &["sco"])])
        .await;
    base.commit(0, NOW, vec![entry(2, 2, 2, &["sco"])]).await;
    assert_eq!(base.due("a", NOW).await.len(), 1);
    let hastened = base.store.hasten(sink("a"), NOW + DAY, NOW).await.unwrap();
    assert_eq!(hastened, 1);
    assert_eq!(base.due("a", NOW).await.len(), 2);
    assert_eq!(
        base.due("b", NOW).await.len(),
        1,
        "each sink by its own policy"
    );
}

#[tokio::test]
async fn a_stopped_sink_keeps_its_deliveries_until_it_is_resumed_or_leads_elsewhere() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let store = &base.store;
    let stop = async || store.stop_sink(sink("a"), "410".into(), NOW).await.unwrap();
    stop().await;
    assert!(base.due("a", NOW).await.is_empty());
    let outbox = store.due(sink("a"), NOW - DAY, 9, false).await.unwrap();
    assert_eq!(outbox.next, None);
    assert_eq!(base.due("b", NOW).await.len(), 1, "the other sink goes on");
    let stopped = store.stopped_sinks().await.unwrap();
    assert_eq!(stopped, [("a".to_owned(), "410".to_owned())]);

    let same = store
        .register_sinks(vec![(sink("a"), [1; 16])])
        .await
        .unwrap();
    assert_eq!(
        same,
        [(sink("a"), "410".to_owned())],
        "a restart does not lift it"
    );
    assert!(store.resume_sink("a".into()).await.unwrap());
    assert!(!store.resume_sink("a".into()).await.unwrap());
    assert_eq!(base.due("a", NOW).await.len(), 1);

    stop().await;
    let other = store
        .register_sinks(vec![(sink("a"), [3; 16])])
        .await
        .unwrap();
    assert!(other.is_empty());
    assert_eq!(base.due("a", NOW).await.len(), 1);
}

#[tokio::test]
async fn alerts_and_mentions_are_listed_newest_first_and_filtered() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.commit(1, NOW + DAY, vec![entry(2, 2, 2, &["xi"])])
        .await;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    let alerts = async |filter: AlertFilter| {
        let rows = base.store.alerts(filter).await.unwrap();
        rows.into_iter()
            .map(|row| (row.topic.unwrap(), row.sink.unwrap(), row.state.unwrap()))
            .collect::<Vec<_>>()
    };
    let row = |topic: &str, sink: &str, state: &str| (topic.into(), sink.into(), state.into());
    let all = AlertFilter {
        limit: 9,
        ..AlertFilter::default()
    };
    let listed = alerts(all.clone()).await;
    assert_eq!(listed.len(), 4);
    assert_eq!(listed[0].0, "xi");
    let delivered = AlertFilter {
        state: Some("delivered".into()),
        ..all.clone()
    };
    assert_eq!(alerts(delivered).await, [row("sco", "b", "delivered")]);
    let waiting = AlertFilter {
        sink: Some("a".into()),
        topic: Some("sco".into()),
        since: Some(NOW),
        ..all
    };
    assert_eq!(alerts(waiting).await, [row("sco", "a", "waiting")]);

    let mentions = MentionFilter {
        feed: Some("two".into()),
        limit: 9,
        ..MentionFilter::default()
    };
    let mentions = base.store.mentions(mentions).await.unwrap();
    assert_eq!(mentions.len(), 1);
    assert_eq!(
        (mentions[0].topic.as_str(), mentions[0].found),
        ("xi", NOW + DAY)
    );
}

#[tokio::test]
async fn in_order_a_delivery_that_is_to_be_tried_again_holds_those_behind_it() {
    let base = base().await;
    for n in 1..=3 {
        base.commit(0, NOW, vec![entry(n, n, n, &["sco"])]).await;
    }
    let look = async |at| base.store.due(sink("a"), at, 9, true).await.unwrap();
    let first = look(NOW).await;
    let ids: Vec<i64> = first.due.iter().map(|due| due.id).collect();
    assert!(ids.len() == 3 && ids.is_sorted(), "{ids:?}");
    let later = Outcome::Retry {
        at: NOW + DAY,
        error: String::new(),
        response: None,
    };
    base.store.settle(vec![(ids[0], later)], NOW).await.unwrap();
    let held = look(NOW).await;
    assert_eq!((held.due.len(), held.next), (0, Some(NOW + DAY)));
    let any = base.store.due(sink("a"), NOW, 9, false).await.unwrap();
    assert_eq!((any.due.len(), any.next), (2, Some(NOW + DAY)));
    let again: Vec<i64> = look(NOW + DAY).await.due.iter().map(|due| due.id).collect();
    assert_eq!(again, ids);
    let dead = Outcome::Dead {
        error: String::new(),
        response: None,
    };
    base.store
        .settle(vec![(ids[0], dead)], NOW + DAY)
        .await
        .unwrap();
    let rest: Vec<i64> = look(NOW).await.due.iter().map(|due| due.id).collect();
    assert_eq!(rest, ids[1..]);
}

#[tokio::test]
async fn what_is_dropped_is_not_sent_but_stays_on_record_and_can_be_sent_by_name() {
    let base = base().await;
    for n in 1..=3 {
        base.commit(0, NOW, vec![entry(n, n, n, &["sco"])]).await;
    }
    let ids: Vec<String> = base
        .due("a", NOW)
        .await
        .iter()
        .map(|due| due.alert.id.clone())
        .collect();
    let dead = Outcome::Dead {
        error: "no answer".into(),
        response: None,
    };
    base.settle_all("b", dead, NOW).await;
    let store = &base.store;
    let dropped = async |alerts: &[&String], to: Option<&str>| {
        let alerts = alerts.iter().map(ToString::to_string).collect();
        let to = to.map(str::to_owned);
        store
            .drop_deliveries(alerts, to, "a test".into(), NOW + DAY)
            .await
            .unwrap()
    };
    assert_eq!(dropped(&[&ids[0], &ids[1]], Some("a")).await, 2);
    assert_eq!(
        dropped(&[&ids[0]], Some("a")).await,
        0,
        "it is dropped already"
    );
    assert_eq!(dropped(&[], Some("b")).await, 3, "dead letters too");
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!((counts.waiting, counts.dead, counts.dropped), (1, 0, 5));
    let filter = AlertFilter {
        state: Some("dropped".into()),
        sink: Some("b".into()),
        limit: 9,
        ..AlertFilter::default()
    };
    let listed = store.alerts(filter).await.unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[0].settled, Some(NOW + DAY));
    assert_eq!(listed[0].drop_reason.as_deref(), Some("a test"));
    assert_eq!(
        listed[0].error.as_deref(),
        Some("no answer"),
        "why it was dead is kept"
    );
    assert_eq!(store.retry_dead(None, None, NOW).await.unwrap(), 0);
    assert_eq!(
        store
            .retry_dead(Some(ids[0].clone()), None, NOW)
            .await
            .unwrap(),
        2
    );
    assert_eq!(base.due("a", NOW).await.len(), 2);
}

#[tokio::test]
async fn a_pause_outlives_a_restart_and_ends_with_the_target_or_by_hand() {
    let base = base().await;
    let store = &base.store;
    let pause = PauseRecord {
        until: NOW + DAY,
        times: 2,
        reason: "no answer".into(),
    };
    let begin = async || {
        store
            .pause_sink(sink("a"), Some(pause.clone()))
            .await
            .unwrap();
    };
    begin().await;
    store
        .register_sinks(vec![(sink("a"), [1; 16])])
        .await
        .unwrap();
    assert_eq!(store.pause(sink("a")).await.unwrap(), Some(pause.clone()));
    assert_eq!(store.pause(sink("b")).await.unwrap(), None);
    assert_eq!(
        store.paused_sinks().await.unwrap(),
        [("a".into(), pause.clone())]
    );
    assert!(store.resume_sink("a".into()).await.unwrap());
    assert_eq!(store.pause(sink("a")).await.unwrap(), None);
    begin().await;
    store
        .register_sinks(vec![(sink("a"), [7; 16])])
        .await
        .unwrap();
    assert_eq!(store.pause(sink("a")).await.unwrap(), None);
}
