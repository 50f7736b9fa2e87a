//! What the feeds under test tell: stories whose titles hold a mark, by which an alert's story is known.
//!
//! Words are made by chance, so that no two stories are alike but those that are meant to be.

use fastrand::Rng;

/// The topics of the tests, which are names that nothing else has.
const TOPICS: [&str; 12] = [
    "Ankora",
    "Belmira",
    "Cordovia",
    "Drevnik",
    "Estolan",
    "Farosha",
    "Gorbinsk",
    "Halmatov",
    "Irkanda",
    "Jelmovka",
    "Kostrava",
    "Lumgarten",
];

/// `[[topic]]` tables for them.
pub fn topics() -> String {
    let table = |name| format!("[[topic]]\nid = \"{}\"\nany = [\"{name}\"]\n", id(name));
    TOPICS.into_iter().map(table).collect()
}

fn id(name: &str) -> String {
    name.to_lowercase()
}

/// What every mark begins with.
const MARK: &str = "Zq";

/// How the entries of a story are known to belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It stands in one feed.
    Own,
    /// Several feeds link to one page.
    Shared,
    /// Several feeds have nearly the same text, each on a page of its own.
    Alike,
}

/// A story before it stands in a feed.
#[derive(Debug, Clone)]
pub struct Story {
    pub kind: Kind,
    pub mark: String,
    pub topics: Vec<String>,
    title: String,
    text: String,
}

impl Story {
    /// The story of this number.
    pub fn new(number: usize, kind: Kind, rng: &mut Rng) -> Self {
        let mark = format!("{MARK}{number}");
        let names = rng.choose_multiple(TOPICS, 2);
        let names = &names[..rng.usize(1..3)];
        let topics = names.iter().map(|name| id(name)).collect();
        let names = names.join(" and ");
        let title = format!("{names} {} {mark}", words(4, rng));
        let text = match kind {
            Kind::Own | Kind::Shared => String::new(),
            Kind::Alike => format!("{names} {}", words(45, rng)),
        };
        Self {
            kind,
            mark,
            topics,
            title,
            text,
        }
    }

    /// The entry by which this feed tells it.
    pub fn entry(&self, feed: usize) -> String {
        let link = match self.kind {
            Kind::Own | Kind::Alike => format!("https://news.example/{feed}/{}", self.mark),
            Kind::Shared => format!("https://agency.example/{}?utm_source=feed{feed}", self.mark),
        };
        let text = match self.kind {
            Kind::Own | Kind::Shared => String::new(),
            Kind::Alike => format!("{}. From the desk of {}", self.text, feed_name(feed)),
        };
        entry(&format!("{}-{feed}", self.mark), &link, &self.title, &text)
    }
}

/// An entry without a topic.
pub fn noise(number: usize, feed: usize, rng: &mut Rng) -> String {
    let link = format!("https://news.example/{feed}/noise/{number}");
    entry(&format!("noise-{number}"), &link, &words(6, rng), "")
}

fn entry(guid: &str, link: &str, title: &str, text: &str) -> String {
    format!(
        "<item><guid isPermaLink=\"false\">{guid}</guid><link>{link}</link><title>{title}</title>\
         <description>{text}</description></item>"
    )
}

/// A document of these entries, the newest first.
pub fn document(entries: &[String]) -> String {
    let mut xml =
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>A feed</title>".to_owned();
    xml.extend(entries.iter().rev().map(String::as_str));
    xml + "</channel></rss>"
}

/// The mark in an alert's title.
pub fn mark(title: &str) -> Option<&str> {
    title.split(' ').find(|word| word.starts_with(MARK))
}

fn feed_name(feed: usize) -> String {
    words(2, &mut Rng::with_seed(feed as u64))
}

fn words(count: usize, rng: &mut Rng) -> String {
    let words: Vec<String> = (0..count).map(|_| word(rng)).collect();
    words.join(" ")
}

fn word(rng: &mut Rng) -> String {
    let mut word = String::new();
    for _ in 0..rng.usize(3..5) {
        word.push(char::from(*rng.choice(b"bdfgklmnprstvz").unwrap()));
        word.push(char::from(*rng.choice(b"aeiou").unwrap()));
    }
    word
}
