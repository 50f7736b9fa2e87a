//! Pages wait with their entries, are settled once, and their mentions are told like a poll's.

use super::*;

const HOUR: Duration = Duration::from_hours(1);

fn wanting(key: u8, story: u8, text: u8, topics: &[&str]) -> EntryRecord {
    EntryRecord {
        page: Some(format!("https://example.org/{key}")),
        ..entry(key, story, text, topics)
    }
}

fn read(page: PageId, topics: &[&str], story: u8) -> PageRecord {
    let story = StoryKey([story; 16]);
    PageRecord {
        page,
        revision: 0,
        at: NOW + HOUR,
        outcome: PageOutcome::Read {
            fingerprint: None,
            window: Duration::ZERO,
            text: "the whole text".into(),
            tokens: Box::new(EntryTokens::of("title", "", "the whole text")),
            language: Some(("ru".into(), "detected")),
            mentions: topics.iter().map(|t| mention(t, story)).collect(),
        },
    }
}

impl Base {
    async fn waiting(&self) -> Vec<WaitingPage> {
        self.store.waiting_pages(None, 100, 100).await.unwrap()
    }
}

#[tokio::test]
async fn what_a_page_adds_is_told_and_what_the_feed_said_is_not_told_again() {
    let base = base().await;
    let record = base.commit(0, NOW, vec![wanting(1, 1, 1, &["sco"])]).await;
    let expected = Committed {
        pages: 1,
        ..committed(1, 0, 1, 1)
    };
    assert_eq!(record, expected);
    let waiting = base.waiting().await;
    assert_eq!(
        (waiting[0].feed.as_str(), waiting[0].url.as_str()),
        ("one", "https://example.org/1")
    );
    let page = waiting[0].id;
    let both = read(page, &["sco", "putin"], 1);
    let added = base.store.commit_page(both).await.unwrap();
    assert_eq!(added, committed(0, 0, 1, 1));
    assert!(base.waiting().await.is_empty());
    assert_eq!(
        base.count("entry WHERE content = 'the whole text' AND text_from = 'page' AND language = 'ru' AND language_basis = 'detected'"),
        1
    );
    assert_eq!(base.count("series WHERE mentions = 1 AND topic <> ''"), 2);
    let again = read(page, &["xi"], 1);
    let again = base.store.commit_page(again).await.unwrap();
    assert_eq!(again, committed(0, 0, 0, 0), "it no longer waits");
    assert_eq!(base.count("mention"), 2);
}

#[tokio::test]
async fn a_page_that_fails_waits_until_it_is_given_up() {
    let base = base().await;
    base.commit(0, NOW, vec![wanting(1, 1, 1, &[])]).await;
    let page = base.waiting().await[0].id;
    let attempt = |outcome| PageRecord {
        page,
        revision: 0,
        at: NOW,
        outcome,
    };
    let again = PageOutcome::Retry {
        at: NOW + HOUR,
        error: "503".into(),
    };
    base.store.commit_page(attempt(again)).await.unwrap();
    let waiting = base.waiting().await;
    assert_eq!(waiting[0].next_attempt, NOW + HOUR);
    let job = base.store.page_job(page).await.unwrap().unwrap();
    assert_eq!((job.attempts, job.known_text), (1, None));
    let failed = PageOutcome::Failed {
        error: "404".into(),
    };
    base.store.commit_page(attempt(failed)).await.unwrap();
    assert_eq!(base.store.page_job(page).await.unwrap(), None);
    base.commit(0, NOW, vec![wanting(2, 2, 1, &[])]).await;
    let extras = base.store.extras().await.unwrap();
    let expected = Extras {
        pages_waiting: 1,
        pages_failed: 1,
        page_error: Some("404".into()),
        ..Extras::default()
    };
    assert_eq!(extras.get("one"), Some(&expected));
    assert_eq!(extras.len(), 1);
    assert_eq!(base.count("entry WHERE text_from = 'feed'"), 2);
}

#[tokio::test]
async fn a_storys_page_is_read_once_for_all_feeds_but_again_after_a_revision() {
    let base = base().await;
    base.commit(0, NOW, vec![wanting(1, 7, 1, &[])]).await;
    let first = base.waiting().await[0].id;
    base.store.commit_page(read(first, &[], 7)).await.unwrap();
    base.commit(1, NOW, vec![wanting(2, 7, 1, &[])]).await;
    let second = base.waiting().await[0].id;
    let job = base.store.page_job(second).await.unwrap().unwrap();
    assert_eq!(job.known_text.as_deref(), Some("the whole text"));
    base.commit(1, NOW, vec![wanting(2, 7, 2, &[])]).await;
    let job = base.store.page_job(second).await.unwrap().unwrap();
    assert_eq!(
        job.known_text, None,
        "a revised entry's page may have changed"
    );
}

#[tokio::test]
async fn a_page_that_was_read_for_an_older_revision_goes_on_waiting() {
    let base = base().await;
    base.commit(0, NOW, vec![wanting(1, 1, 1, &["sco"])]).await;
    let page = base.waiting().await[0].id;
    // The entry is revised while its page is on its way.
    base.commit(0, NOW + HOUR, vec![wanting(1, 1, 2, &["sco"])])
        .await;
    let late = read(page, &["sco", "putin"], 1);
    let late = base.store.commit_page(late).await.unwrap();
    let still_waits = Committed {
        pages: 1,
        ..Committed::default()
    };
    assert_eq!(late, still_waits);
    assert_eq!(base.count("entry WHERE text_from = 'feed'"), 1);
    let job = base.store.page_job(page).await.unwrap().unwrap();
    assert_eq!((job.revision, job.attempts), (1, 0));
    let again = PageRecord {
        revision: job.revision,
        ..read(page, &["putin"], 1)
    };
    let again = base.store.commit_page(again).await.unwrap();
    assert_eq!(again, committed(0, 0, 1, 1));
}

#[tokio::test]
async fn waiting_pages_are_listed_in_order_and_part_by_part() {
    let base = base().await;
    for key in 1..=5 {
        let at = NOW + Duration::from_secs(u64::from(key));
        base.commit(0, at, vec![wanting(key, key, 1, &[])]).await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let part = base.store.waiting_pages(after, 100, 2).await.unwrap();
        let Some(last) = part.last() else { break };
        after = Some((last.next_attempt, last.id));
        seen.extend(part.into_iter().map(|page| page.url));
    }
    let expected: Vec<_> = (1..=5)
        .map(|n| format!("https://example.org/{n}"))
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn of_each_feed_only_the_first_pages_are_listed() {
    let base = base().await;
    let many = (1..=5).map(|key| wanting(key, key, 1, &[])).collect();
    base.commit(0, NOW, many).await;
    base.commit(1, NOW + HOUR, vec![wanting(9, 9, 1, &[])])
        .await;
    let listed = base.store.waiting_pages(None, 2, 3).await.unwrap();
    let feeds: Vec<_> = listed.iter().map(|page| page.feed.as_str()).collect();
    assert_eq!(feeds, ["one", "one", "two"]);
}

#[tokio::test]
async fn pages_go_with_their_entries() {
    let base = base().await;
    base.commit(0, NOW, vec![wanting(1, 1, 1, &["sco"])]).await;
    base.commit(0, NOW + HOUR * 48, vec![entry(2, 2, 1, &[])])
        .await;
    let keep = Keep {
        entries: HOUR * 24,
        seen: HOUR * 24,
        deliveries: HOUR,
        fingerprints: HOUR,
    };
    let pruned = base.store.prune(keep, NOW + HOUR * 50).await.unwrap();
    assert_eq!((pruned.entries, base.count("page")), (1, 0));
}
