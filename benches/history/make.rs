//! The database that is measured: entries over three years, as polls would have committed them.
//!
//! Texts are made up ([`Maker`]); what topics an entry mentions is decided by dice, so that how many there are is
//! known. Three entries in ten tell a story that another feed had. Fingerprints are left out: a database keeps those
//! of the last days only.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use mentiond::model::{
    AlertKind, Entry, EntryKey, Feed, FeedId, MentionAlert, Route, SinkId, StoryKey, TextHash,
    Timestamp, TopicId, UpdateHints,
};
use mentiond::search::EntryTokens;
use mentiond::store::{
    AlertRecord, DocumentRecord, EntryRecord, FeedRow, MentionRecord, PollRecord, PollStatus,
    Renewal, Store,
};

use crate::texts::{Maker, Text};

/// Feeds that the entries are from.
pub const FEEDS: usize = 300;
/// Topics that are looked for.
pub const TOPICS: usize = 30;
/// Over how long they are spread.
pub const SPAN: Duration = Duration::from_hours(24 * 3 * 365);
/// Entries of a poll, and polls that are committed together.
const A_POLL: usize = 10;
const TOGETHER: usize = 64;
/// One mention in so many makes an alert.
const ALERTS: u8 = 10;
/// Deliveries are there of alerts that are younger.
const DELIVERIES: Duration = Duration::from_hours(24 * 30);
const COUNTRIES: [&str; 12] = [
    "CN", "RU", "IN", "ID", "KZ", "UZ", "IR", "PK", "TR", "DE", "GB", "US",
];
const LANGUAGES: [&str; 8] = ["zh", "ru", "hi", "id", "fa", "tr", "de", "en"];

/// The id of a topic.
pub fn topic(n: usize) -> String {
    format!("topic-{n:02}")
}

/// Where a feed is configured to be; nothing listens there, and nothing is due while it is measured.
pub fn url(n: usize) -> String {
    format!("http://127.0.0.1:9/feed-{n}.xml")
}

/// The configuration beside the database.
pub fn configuration() -> String {
    use std::fmt::Write as _;
    let mut text = "database = \"mentiond.db\"\n[web]\nenabled = true\nlisten = \"127.0.0.1:0\"\n\
        [retention]\nentries = \"3650d\"\nseen = \"3650d\"\n[[sink]]\nid = \"log\"\ntype = \"log\"\n"
        .to_owned();
    for n in 0..TOPICS {
        let id = topic(n);
        write!(
            text,
            "[[topic]]\nid = \"{id}\"\nname = \"Topic {n}\"\nany = [\"neverfound{n}\"]\n"
        )
        .unwrap();
    }
    for n in 0..FEEDS {
        let country = COUNTRIES[n % COUNTRIES.len()];
        let language = LANGUAGES[n % LANGUAGES.len()];
        let url = url(n);
        write!(
            text,
            "[[feed]]\nid = \"feed-{n}\"\nurl = \"{url}\"\nname = \"Source {n}\"\ncountry = \"{country}\"\n\
             language = \"{language}\"\ntags = [\"tag-{}\"]\nallow_private_addresses = true\n",
            n % 5
        )
        .unwrap();
    }
    text
}

/// Fills a new database with `entries` entries that end now; says how far it is.
pub fn fill(runtime: &tokio::runtime::Runtime, path: &Path, entries: usize) {
    let maker = Maker::read();
    let store = Store::open(path).unwrap();
    let feeds = (0..FEEDS).map(|n| {
        let id = FeedId::new(&format!("feed-{n}")).unwrap();
        let mut feed = Feed::new(id, url(n).parse().unwrap());
        feed.name = format!("Source {n}");
        feed
    });
    let feeds =
        runtime.block_on(store.register_feeds(&feeds.collect::<Vec<_>>(), Timestamp::now()));
    let rows: Vec<FeedRow> = feeds.unwrap().iter().map(|feed| feed.row).collect();
    let made = Made {
        maker: &maker,
        rows: &rows,
        entries,
        now: Timestamp::now(),
    };
    println!("made up in {} languages", maker.languages());
    let began = Instant::now();
    let batch = A_POLL * TOGETHER;
    for first in (0..entries).step_by(batch) {
        let polls: Vec<_> = (first..entries.min(first + batch))
            .step_by(A_POLL)
            .map(|first| made.poll(first..entries.min(first + A_POLL)))
            .collect();
        let commits = polls.into_iter().map(|poll| store.commit_poll(poll));
        for committed in runtime.block_on(futures_util::future::join_all(commits)) {
            committed.unwrap();
        }
        if (first / batch).is_multiple_of(100) {
            eprintln!(
                "{first} entries after {:.0} s",
                began.elapsed().as_secs_f64()
            );
        }
    }
    store.close();
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.execute_batch(
        "UPDATE delivery SET state = 'delivered', settled_ms = created_ms, attempts = 1;
         PRAGMA wal_checkpoint(TRUNCATE)",
    )
    .unwrap();
}

struct Made<'a> {
    maker: &'a Maker,
    rows: &'a [FeedRow],
    entries: usize,
    now: Timestamp,
}

impl Made<'_> {
    /// When an entry came: evenly, but for the nights and Sundays in which less is published.
    fn at(&self, n: usize) -> Timestamp {
        let part = (n + 1) as f64 / self.entries as f64;
        let days = part * SPAN.as_secs_f64() / 86_400.0;
        let wave =
            |turns: f64, depth: f64| depth / turns * (turns * days * std::f64::consts::TAU).sin();
        let days = days + (wave(1.0, 0.8) + wave(1.0 / 7.0, 0.05)) / std::f64::consts::TAU;
        let ago = (SPAN.as_secs_f64() - days * 86_400.0).max(0.0);
        self.now - Duration::from_secs_f64(ago)
    }

    fn poll(&self, numbers: Range<usize>) -> PollRecord {
        let feed = numbers.start / A_POLL % FEEDS;
        let at = self.at(numbers.end - 1);
        let entries: Vec<_> = numbers.map(|n| self.entry(feed, n)).collect();
        PollRecord {
            feed: self.rows[feed],
            url: url(feed),
            at,
            next_poll: Some(self.now + Duration::from_hours(20)),
            wait_until: None,
            fresh_until: None,
            status: PollStatus::Ok,
            validators: Renewal::Keep,
            moved_to: None,
            document: Some(DocumentRecord {
                served: entries.iter().map(|entry| entry.key).collect(),
                entries,
                title: format!("Feed {feed}"),
                format: "rss",
                language: None,
                hints: UpdateHints::default(),
                rhythm: None,
                partial: false,
                body_hash: [0; 16],
                window: Duration::ZERO,
            }),
            trouble: None,
        }
    }

    fn entry(&self, feed: usize, n: usize) -> EntryRecord {
        let mut rng = fastrand::Rng::with_seed(!(n as u64));
        let at = self.at(n);
        let Text {
            title,
            summary,
            content,
        } = self.maker.text(n);
        let entry = Entry {
            link: Some(format!("https://news.example/{feed}/{n}")),
            title,
            summary,
            content,
            published: Some(at),
            ..Entry::default()
        };
        // A story that another feed had some entries ago.
        let told = if rng.u8(..10) < 3 {
            n.saturating_sub(A_POLL * rng.usize(1..60))
        } else {
            n
        };
        let count = rng.usize(1..=9);
        let mut topics: Vec<usize> = (0..TOPICS).collect();
        let mentions = (0..count).map(|_| {
            // The first topics are far more frequent than the last.
            let die = rng.f64();
            let picked = topics.remove((die * die * topics.len() as f64) as usize);
            self.mention(picked, &entry, at, &mut rng)
        });
        EntryRecord {
            mentions: mentions.collect(),
            tokens: EntryTokens::of_entry(&entry),
            entry,
            key: EntryKey(hash(n)),
            story: StoryKey(hash(told)),
            fingerprint: None,
            text_hash: TextHash(hash(n)),
            language: Some(LANGUAGES[feed % LANGUAGES.len()].to_owned()),
            language_basis: Some("configured"),
            counted_at: at,
            page: None,
        }
    }

    fn mention(
        &self,
        n: usize,
        entry: &Entry,
        at: Timestamp,
        rng: &mut fastrand::Rng,
    ) -> MentionRecord {
        let word = entry
            .title
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        let end = word.len();
        let score = rng.u8(20..=100);
        let alert = (rng.u8(..ALERTS) == 0).then(|| self.alert(n, entry, at, score));
        MentionRecord {
            topic: TopicId::new(&topic(n)).unwrap(),
            term: word,
            field: if rng.u8(..3) == 0 { "title" } else { "summary" },
            range: (0, end),
            snippet: entry.title.clone(),
            snippet_range: (0, end),
            hits: 1,
            score,
            min_score: 1,
            alert,
            event: None,
        }
    }

    fn alert(&self, n: usize, entry: &Entry, at: Timestamp, score: u8) -> AlertRecord {
        let detail = MentionAlert {
            topic_name: format!("Topic {n}"),
            topic_tags: Vec::new(),
            terms: vec!["term".to_owned()],
            matched: "term".to_owned(),
            field: "title".to_owned(),
            snippet: entry.title.clone(),
            snippet_start: 0,
            snippet_end: 0,
            title: entry.title.clone(),
            link: entry.link.clone(),
            language: None,
            published_ms: Some(at.as_millis()),
            first_seen_ms: at.as_millis(),
            feed: "feed-0".to_owned(),
            source: "Source 0".to_owned(),
            revision: false,
        };
        let route = Route {
            sink: SinkId::new("log").unwrap(),
            min_score: 1,
            held: false,
            updates_at: Vec::new(),
        };
        let is_recent = self.now - DELIVERIES < at;
        let routes = if is_recent { vec![route] } else { Vec::new() };
        let link = entry.link.as_deref().unwrap_or_default();
        let id = format!("msg_{}_{n}", link.rsplit('/').next().unwrap_or_default());
        AlertRecord {
            score: Some(score),
            ..AlertRecord::new(id, AlertKind::Mention, &detail, routes)
        }
    }
}

fn hash(n: usize) -> [u8; 16] {
    // Spread over the whole range, as real hashes are.
    let n = n as u128 + 1;
    (n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).to_be_bytes()
}
