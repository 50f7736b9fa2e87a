//! The record of all requests, and the scale of the day.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// The least time between two requests to one host that the daemon is told to keep.
pub const HOST_PAUSE: Duration = Duration::from_millis(15);

/// How long an hour of the day lasts.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    hour: Duration,
}

impl Scale {
    pub fn new(hour: Duration) -> Self {
        Self { hour }
    }

    /// So many hours of the day.
    pub fn of(self, hours: f64) -> Duration {
        self.hour.mul_f64(hours)
    }

    /// So many hours as a number of whole seconds, for a header; what it says is then exact.
    pub fn seconds(self, hours: f64) -> u64 {
        (self.of(hours) + Duration::from_millis(500))
            .as_secs()
            .max(1)
    }

    /// The hour of the day that a time is.
    pub fn hour(self, since: Duration) -> f64 {
        since.as_secs_f64() / self.hour.as_secs_f64()
    }
}

/// One request and what it was answered.
#[derive(Debug, Clone)]
pub struct Request {
    /// Since the day began.
    pub at: Duration,
    /// When the answer was sent.
    pub ended: Duration,
    pub site: &'static str,
    pub path: String,
    /// The request's head, byte for byte.
    pub head: Vec<u8>,
    pub status: u16,
    /// The answer's head, byte for byte.
    pub answer: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        header(&self.head, name)
    }

    pub fn answered(&self, name: &str) -> Option<&[u8]> {
        header(&self.answer, name)
    }
}

/// The value of a header in a head.
pub fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    head.split(|b| *b == b'\n').find_map(|line| {
        let colon = line.iter().position(|b| *b == b':')?;
        let (found, value) = line.split_at(colon);
        found
            .eq_ignore_ascii_case(name.as_bytes())
            .then(|| value[1..].trim_ascii())
    })
}

/// Everything that happened.
#[derive(Debug, Clone)]
pub struct Log {
    pub requests: Vec<Request>,
    /// What was done to the daemon, and when.
    pub marks: Vec<(&'static str, Duration)>,
}

impl Log {
    /// The requests by site and path, each in order.
    pub fn by_url(&self) -> BTreeMap<(&'static str, &str), Vec<&Request>> {
        let mut urls: BTreeMap<_, Vec<&Request>> = BTreeMap::new();
        for request in &self.requests {
            let key = (request.site, request.path.as_str());
            urls.entry(key).or_default().push(request);
        }
        urls
    }

    /// Whether the daemon was killed between two times.
    pub fn crashed_between(&self, from: Duration, to: Duration) -> bool {
        let slack = Duration::from_millis(500);
        self.marks
            .iter()
            .any(|(what, at)| *what == "crash" && *at + slack >= from && *at <= to)
    }

    /// A table for people.
    pub fn summary(&self, scale: Scale) -> String {
        let mut text = format!("{} requests\n", self.requests.len());
        for ((site, path), requests) in self.by_url() {
            let hours: Vec<String> = requests
                .iter()
                .take(14)
                .map(|r| format!("{:.2}:{}", scale.hour(r.at), r.status))
                .collect();
            let count = requests.len();
            if !path.starts_with("/many/") || path.ends_with("/0") {
                writeln!(text, "{site}{path}: {count} requests: {}", hours.join(" ")).unwrap();
            }
        }
        text
    }
}

/// A clock that began with the day.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn now(self) -> Duration {
        self.0.elapsed()
    }
}
