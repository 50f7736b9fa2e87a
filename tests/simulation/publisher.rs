//! One feed as its publisher serves it: what it publishes, how well it serves, and what it may expect of
//! who asks.

use std::fmt::Write as _;
use std::time::Duration;

use fastrand::Rng;
use reqwest::header::HeaderMap;

/// Entries that a document shows; older ones have left it.
const SHOWN: usize = 12;

/// Words without a meaning, of which titles are made.
const SYLLABLES: [&str; 12] = [
    "ka", "ro", "mi", "ten", "lu", "sa", "vor", "ne", "pil", "ga", "zu", "hem",
];

/// What is tracked: the topic's id and what it looks for.
pub const TOPICS: [(&str, &str); 3] = [("sco", "SCO"), ("putin", "Putin"), ("xi", "习近平")];

/// What a publisher wrote.
#[derive(Debug, Clone)]
pub struct Item {
    pub guid: String,
    pub link: String,
    /// The words of its title; the topics in it stand in front.
    pub words: String,
    /// Numbers of the topics in its title.
    pub topics: Vec<usize>,
    pub published_ms: i64,
}

impl Item {
    pub fn new(number: u32, rng: &mut Rng, now_ms: i64) -> Self {
        let mut words = String::new();
        for _ in 0..6 {
            for _ in 0..rng.usize(2..4) {
                words.push_str(SYLLABLES[rng.usize(..SYLLABLES.len())]);
            }
            words.push(' ');
        }
        Self {
            guid: format!("item-{number}"),
            link: format!("https://news.example/story/{number}"),
            words: format!("{words}{number}"),
            topics: (0..TOPICS.len()).filter(|_| rng.u8(..3) == 0).collect(),
            published_ms: now_ms,
        }
    }

    pub fn title(&self) -> String {
        let mut title = String::new();
        for topic in &self.topics {
            write!(title, "{} ", TOPICS[*topic].1).expect("text");
        }
        title + &self.words
    }
}

/// How a publisher serves.
#[derive(Debug, Clone, PartialEq)]
pub enum Mood {
    Well,
    /// Without validators.
    Bare,
    /// Says how long its answer is fresh, in seconds.
    Fresh(u64),
    Status(u16),
    /// Asks for patience, in seconds.
    Patience(u16, u64),
    /// Never answers.
    Silent,
    /// Breaks off in the middle of the body.
    Broken,
    /// Serves what is no feed.
    Nonsense,
    /// Says that nothing has changed when nobody asked for that.
    Lying,
    /// Sends the reader elsewhere with this status.
    Elsewhere(u16),
    /// Takes so many seconds for each answer.
    Slow(u64),
}

impl Mood {
    pub fn random(rng: &mut Rng) -> Self {
        match rng.u8(..20) {
            0 | 1 => Self::Bare,
            2 | 3 => Self::Fresh(rng.u64(60..3600)),
            4 => Self::Status([400, 403, 404, 500, 502, 504][rng.usize(..6)]),
            5 => Self::Patience([429, 503][rng.usize(..2)], rng.u64(1..5000)),
            6 => Self::Silent,
            7 => Self::Broken,
            8 => Self::Nonsense,
            9 => Self::Lying,
            10 | 11 => Self::Elsewhere([301, 302, 307, 308][rng.usize(..4)]),
            12 => Self::Slow(rng.u64(1..40)),
            _ => Self::Well,
        }
    }
}

/// The tag of an answer, which may have none.
pub type Tag = Option<String>;

/// What came before at one address, as its server remembers it.
#[derive(Debug, Default)]
pub struct Trace {
    /// When it was last asked, in milliseconds of the world's own time.
    pub asked_ms: Option<i64>,
    /// By what id it was watched then.
    pub asked_as: Option<String>,
    /// All tags that it gave.
    pub given: Vec<String>,
    /// The tag that the next request must have, if it is certain what the daemon knows.
    pub certain: Option<Tag>,
    /// Until when it asked to be left alone, if that is certain to be known.
    pub patience_ms: Option<i64>,
    /// Until when its last answer is fresh, likewise.
    pub fresh_ms: Option<i64>,
    /// Whether it was gone, likewise.
    pub gone: bool,
}

impl Trace {
    /// Nothing is certain any more: the daemon may not have recorded what it was told.
    pub fn doubt(&mut self) {
        self.certain = None;
        self.patience_ms = None;
        self.fresh_ms = None;
        self.gone = false;
    }
}

/// An answer, before it is on its way.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// How long the server thinks; `None` for ever.
    pub after: Option<Duration>,
    /// After how many bytes the connection breaks.
    pub breaks: Option<usize>,
}

impl Answer {
    pub fn of(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            after: Some(Duration::ZERO),
            breaks: None,
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A feed.
#[derive(Debug)]
pub struct Publisher {
    pub id: String,
    pub host: String,
    pub items: Vec<Item>,
    pub mood: Mood,
    /// Counts its documents.
    version: u32,
    pub is_gone: bool,
    /// Whether its document names the hub.
    pub has_hub: bool,
    /// By what id it is watched now.
    pub configured: Option<String>,
}

impl Publisher {
    pub fn new(number: usize, hosts: usize, rng: &mut Rng) -> Self {
        Self {
            id: format!("feed{number}"),
            host: format!("site{}.example", number % hosts),
            items: Vec::new(),
            mood: Mood::Well,
            version: 0,
            is_gone: false,
            has_hub: rng.u8(..3) == 0,
            configured: None,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}/{}", self.host, self.id)
    }

    pub fn publish(&mut self, item: Item) {
        self.items.push(item);
        self.version += 1;
    }

    /// Rewrites an entry that is still shown; it then mentions a topic more.
    pub fn edit(&mut self, rng: &mut Rng) {
        let shown = self.items.len().min(SHOWN);
        if shown == 0 {
            return;
        }
        let at = self.items.len() - 1 - rng.usize(..shown);
        let item = &mut self.items[at];
        let topic = rng.usize(..TOPICS.len());
        if !item.topics.contains(&topic) {
            item.topics.push(topic);
        }
        item.words.push_str(" bis");
        self.version += 1;
    }

    /// What its document shows.
    pub fn shown(&self) -> &[Item] {
        &self.items[self.items.len().saturating_sub(SHOWN)..]
    }

    /// Its document.
    pub fn document(&self) -> Vec<u8> {
        let mut xml = format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\
             <channel><title>{}</title><link>http://{}/</link><description>{}</description>",
            self.id, self.host, self.version
        );
        if self.has_hub {
            write!(
                xml,
                "<atom:link rel=\"hub\" href=\"http://hub.example/\"/>\
                 <atom:link rel=\"self\" href=\"{}\"/>",
                self.url()
            )
            .expect("text");
        }
        for item in self.shown().iter().rev() {
            let published = jiff::Timestamp::from_millisecond(item.published_ms).expect("a time");
            write!(
                xml,
                "<item><guid isPermaLink=\"false\">{}</guid><link>{}</link><title>{}</title>\
                 <pubDate>{}</pubDate></item>",
                item.guid,
                item.link,
                item.title(),
                published.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            )
            .expect("text");
        }
        xml.push_str("</channel></rss>");
        xml.into_bytes()
    }

    /// Answers at one of its paths.
    pub fn answer(&mut self, path: &str, headers: &HeaderMap, rng: &mut Rng) -> Answer {
        if self.is_gone {
            return Answer::of(410);
        }
        let tag = format!("\"{}-{}\"", self.id, self.version);
        let asked = headers.get("if-none-match").and_then(|v| v.to_str().ok());
        let unchanged = asked == Some(&*tag);
        let full = || Answer {
            body: self.document(),
            ..Answer::of(200)
        };
        let served = || {
            let answer = if unchanged { Answer::of(304) } else { full() };
            answer.with("etag", tag.clone())
        };
        match self.mood.clone() {
            Mood::Bare => full(),
            Mood::Fresh(seconds) => served().with("cache-control", format!("max-age={seconds}")),
            Mood::Status(status) => Answer::of(status),
            Mood::Patience(status, seconds) => {
                Answer::of(status).with("retry-after", seconds.to_string())
            }
            Mood::Silent => Answer {
                after: None,
                ..Answer::of(200)
            },
            Mood::Broken => {
                let answer = full().with("etag", tag.clone());
                let breaks = Some(rng.usize(..answer.body.len()));
                Answer { breaks, ..answer }
            }
            Mood::Nonsense => Answer {
                body: b"<html><body>Come back later</body></html>".to_vec(),
                ..Answer::of(200)
            },
            Mood::Lying => Answer::of(304),
            Mood::Elsewhere(status) if !path.ends_with("/moved") => {
                Answer::of(status).with("location", format!("/{}/moved", self.id))
            }
            Mood::Well | Mood::Elsewhere(_) => served(),
            Mood::Slow(seconds) => Answer {
                after: Some(Duration::from_secs(seconds)),
                ..served()
            },
        }
    }
}
