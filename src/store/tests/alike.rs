//! Entries with like texts tell one story.

use super::*;
use crate::dedup::{Fingerprint, Passage, mention_alert_id};

const HOUR: Duration = Duration::from_hours(1);
pub(super) const AGENCY: &str = "Leaders of the Shanghai Cooperation Organisation signed the Astana declaration on \
    Thursday, calling for a fairer world order and closer work on security, energy and trade among \
    its members. The chair of the meeting said that 25 documents had been adopted.";

/// An entry with this text, published at this time.
pub(super) fn telling(key: u8, text: &str, at: Timestamp, topics: &[&str]) -> EntryRecord {
    let mut record = entry(key, key, key, topics);
    record.entry.title = "Leaders sign declaration".to_owned();
    record.entry.content = text.to_owned();
    record.fingerprint = Fingerprint::of(&Passage::of(&record.entry));
    record.counted_at = at;
    record
}

#[tokio::test]
async fn a_like_text_joins_the_story_that_was_there_first_and_says_why() {
    let base = base().await;
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &["sco"])])
        .await;
    let copy = format!("{AGENCY} Follow us for more.");
    let made = base
        .commit(
            1,
            NOW + HOUR,
            vec![telling(2, &copy, NOW + HOUR, &["sco", "xi"])],
        )
        .await;
    let expected = Committed {
        joined: 1,
        ..committed(1, 0, 2, 1)
    };
    assert_eq!(
        made, expected,
        "only the topic that the first did not mention is told"
    );
    let xi = mention_alert_id(&TopicId::new("xi").unwrap(), StoryKey([1; 16]));
    let due = base.due("a", NOW + HOUR).await;
    let alert = due.iter().find(|due| due.alert.id == xi);
    let alert = alert.expect("under the id of the story that was there first");
    let StoredDetail::Mention { sources, .. } = &alert.alert.detail else {
        panic!("not a mention");
    };
    assert_eq!(sources.len(), 2);

    let rows = base.store.mentions(MentionFilter {
        limit: 9,
        ..Default::default()
    });
    let rows = rows.await.unwrap();
    let alike = rows.iter().find_map(|row| row.alike.clone()).unwrap();
    assert_eq!(alike.feed.as_deref(), Some("one"));
    assert_eq!(alike.title.as_deref(), Some("Leaders sign declaration"));
    assert!((0.9..=1.0).contains(&alike.likeness));
    assert!(
        rows.iter()
            .filter(|row| row.feed == "one")
            .all(|row| row.alike.is_none())
    );
}

#[tokio::test]
async fn whoever_shows_either_link_later_tells_the_same_story() {
    let base = base().await;
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &["sco"])])
        .await;
    base.commit(1, NOW, vec![telling(2, AGENCY, NOW, &["sco"])])
        .await;
    // The link of the second, with another text.
    let teaser = entry(3, 2, 3, &["sco"]);
    assert_eq!(
        base.commit(0, NOW + DAY * 9, vec![teaser]).await,
        committed(1, 0, 1, 0)
    );
    // The second is edited beyond recognition: its link still says what it is.
    let mut edited = telling(2, "Something else altogether.", NOW, &["sco", "xi"]);
    edited.text_hash = TextHash([99; 16]);
    let made = base.commit(1, NOW + HOUR, vec![edited]).await;
    assert_eq!((made.joined, made.alerts), (0, 1));
    assert_eq!(base.count("entry WHERE story_id = 1"), 3);
}

#[tokio::test]
async fn two_copies_in_one_document_are_one_story() {
    let base = base().await;
    let copies = vec![
        telling(1, AGENCY, NOW, &["sco"]),
        telling(2, AGENCY, NOW, &["sco"]),
        telling(3, AGENCY, NOW, &["sco"]),
    ];
    let made = base.commit(0, NOW, copies).await;
    assert_eq!((made.joined, made.alerts), (2, 1));
    assert_eq!(base.count("story_join WHERE into_id = 1"), 2);
}

#[tokio::test]
async fn other_facts_and_other_weeks_are_other_stories() {
    let base = base().await;
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &["sco"])])
        .await;
    let next = AGENCY.replace("25 documents", "12 documents");
    let late = NOW + DAY * 3 + HOUR;
    let others = [
        telling(2, &next, NOW, &["sco"]),
        telling(3, AGENCY, late, &["sco"]),
        EntryRecord {
            fingerprint: None,
            ..telling(4, AGENCY, NOW, &["sco"])
        },
    ];
    for other in others {
        let made = base.commit(1, late, vec![other]).await;
        assert_eq!((made.joined, made.alerts), (0, 1));
    }
}

#[tokio::test]
async fn many_polls_at_once_with_one_text_make_one_alert() {
    let base = base().await;
    let polls = (1..=40_u8).map(|key| {
        let record = telling(key, AGENCY, NOW, &["sco"]);
        let (store, row) = (base.store.clone(), base.row(usize::from(key % 2)));
        tokio::spawn(async move { store.commit_poll(document(row, NOW, vec![record])).await })
    });
    let polls: Vec<_> = polls.collect();
    let mut alerts = 0;
    for poll in polls {
        alerts += poll.await.unwrap().unwrap().alerts;
    }
    assert_eq!(
        (alerts, base.count("alert"), base.count("story_join")),
        (1, 1, 39)
    );
}

#[tokio::test]
async fn an_edit_takes_the_place_of_the_former_fingerprint() {
    let base = base().await;
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &[])])
        .await;
    let mut edited = telling(1, "Nothing is known any more", NOW, &[]);
    edited.text_hash = TextHash([99; 16]);
    base.commit(0, NOW, vec![edited]).await;
    assert_eq!(base.count("fingerprint_band"), 0, "it says too little now");
    let made = base
        .commit(1, NOW, vec![telling(2, AGENCY, NOW, &[])])
        .await;
    assert_eq!(made.joined, 0);
    assert_eq!(base.count("fingerprint_band"), 20);
}

#[tokio::test]
async fn fingerprints_go_after_the_window_and_joined_stories_with_the_one_they_joined() {
    let base = base().await;
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &[])])
        .await;
    base.commit(1, NOW, vec![telling(2, AGENCY, NOW, &[])])
        .await;
    for feed in [0, 1] {
        base.commit(feed, NOW + DAY * 2, vec![]).await;
    }
    let pruned = base.store.prune(KEEP, NOW + DAY * 4).await.unwrap();
    assert_eq!((pruned.fingerprints, pruned.entries), (2, 0));
    assert_eq!(base.count("fingerprint_band"), 0);
    assert_eq!(
        base.store
            .prune(KEEP, NOW + DAY * 91)
            .await
            .unwrap()
            .entries,
        2
    );
    assert_eq!(base.count("story"), 2);
    base.store.prune(KEEP, NOW + DAY * 366).await.unwrap();
    base.store.prune(KEEP, NOW + DAY * 366).await.unwrap();
    assert_eq!((base.count("story"), base.count("story_join")), (0, 0));
}

/// The first page that waits, read as this text.
async fn read_page(base: &Base, text: &str, topics: &[&str], own: u8) -> Committed {
    let page = base.store.waiting_pages(None, 9, 9).await.unwrap()[0].id;
    let fingerprint = Fingerprint::of(&Passage::new("", text)).map(Box::new);
    let outcome = PageOutcome::Read {
        text: text.to_owned(),
        language: None,
        fingerprint,
        window: DAY * 3,
        tokens: Box::default(),
        mentions: topics
            .iter()
            .map(|t| mention(t, StoryKey([own; 16])))
            .collect(),
    };
    let record = PageRecord {
        page,
        revision: 0,
        at: NOW + HOUR,
        outcome,
    };
    base.store.commit_page(record).await.unwrap()
}

#[tokio::test]
async fn a_page_that_turns_out_to_be_a_like_text_is_told_with_the_story_that_was_there_first() {
    let base = base().await;
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &["sco"])])
        .await;
    let mut teaser = telling(2, "Read the report.", NOW, &[]);
    teaser.page = Some("https://example.org/2".to_owned());
    base.commit(1, NOW, vec![teaser]).await;
    assert_eq!(
        read_page(&base, AGENCY, &["sco"], 2).await,
        committed(0, 0, 1, 0)
    );
    assert_eq!(base.count("entry WHERE story_id = 1"), 2);
    assert_eq!(base.count("story_source WHERE story_id = 1"), 2);
    // Its link keeps meaning that story.
    let later = base
        .commit(0, NOW + DAY * 9, vec![entry(3, 2, 3, &["sco"])])
        .await;
    assert_eq!(later, committed(1, 0, 1, 0));
}

#[tokio::test]
async fn a_page_does_not_move_a_story_of_which_something_was_told() {
    let base = base().await;
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &["sco"])])
        .await;
    let mut teaser = telling(2, "Read the report.", NOW, &["xi"]);
    teaser.page = Some("https://example.org/2".to_owned());
    base.commit(1, NOW, vec![teaser]).await;
    assert_eq!(
        read_page(&base, AGENCY, &["xi", "sco"], 2).await,
        committed(0, 0, 1, 1)
    );
    assert_eq!(base.count("story_join"), 0);
}

/// However commits meet: a file takes them one by one, a server side by side.
#[tokio::test]
async fn of_commits_that_meet_in_a_story_by_different_links_one_is_its_first() {
    let base = base().await;
    base.commit(0, NOW, vec![telling(1, AGENCY, NOW, &[])])
        .await;
    let joined = base.commit(1, NOW, vec![telling(2, AGENCY, NOW, &[])]);
    assert_eq!(joined.await.joined, 1);
    for n in 10..30 {
        let topic = format!("topic-{n}");
        let by_either_link = [(0, 1, n + 100), (1, 2, n + 200)];
        let [a, b] = by_either_link.map(|(feed, link, own)| {
            let news = [
                entry(n, link, n, &[&topic, "sco"]),
                entry(own, own, n, &["sco"]),
            ];
            base.commit(feed, NOW, news.into())
        });
        let (a, b) = tokio::join!(a, b);
        assert_eq!(a.alerts + b.alerts, if n == 10 { 4 } else { 3 }, "{topic}");
    }
    let twice = "(SELECT m.topic, e.story_id FROM mention m JOIN entry e ON e.id = m.entry_id
        GROUP BY m.topic, e.story_id HAVING sum(m.counted_story) <> 1) AS twice";
    assert_eq!(base.count(twice), 0);
    let check = base.store.check_series(NOW - DAY * 9).await.unwrap();
    assert_eq!((check.wrong, check.compared > 40), (vec![], true));
}
