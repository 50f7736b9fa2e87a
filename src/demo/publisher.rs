//! A local server with the demo's feeds: validators, 304s, a foreign charset, broken XML, and one
//! feed that publishes while it is watched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::get;
use jiff::fmt::rfc2822;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A bundled feed.
#[derive(Debug, Clone, Copy)]
pub struct Bundled {
    /// The name of its file, and its path on the server.
    pub file: &'static str,
    /// The invented source's name.
    pub source: &'static str,
    text: &'static str,
}

impl Bundled {
    /// The feed's id.
    pub fn id(&self) -> &'static str {
        self.file.split('.').next().unwrap_or(self.file)
    }
}

macro_rules! bundled {
    ($($file:literal $source:literal),* $(,)?) => {
        /// The feeds.
        pub const FEEDS: &[Bundled] = &[$(Bundled {
            file: $file,
            source: $source,
            text: include_str!(concat!("feeds/", $file)),
        }),*];
    };
}
bundled![
    "id-siaran.rss" "Siaran Selat",
    "ru-vestnik.rss" "Вестник Сельваны",
    "zh-chenbao.atom" "塞港晨报",
    "ar-sahifa.rss" "صحيفة المرفأ",
    "tr-gazete.rss" "Yelken Gazete",
    "kk-habar.json" "Айлақ хабары",
    "fa-khabar.rss" "خبر بندرگاه",
    "hi-samachar.rss" "बंदरगाह समाचार",
    "en-wire.atom" "Harbour Wire",
    "en-mirror.rss" "Pier Mirror",
    "fr-broken.rss" "Le Courrier du Môle",
    "en-live.json" "Summit Desk live",
];

/// The feed that publishes while it is watched, one entry at a time.
const LIVE: &str = "en-live.json";
const LIVE_STEP: Duration = Duration::from_millis(700);

/// The running server.
#[derive(Debug)]
pub struct Publisher {
    address: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    documents: BTreeMap<&'static str, String>,
    state: Mutex<Changing>,
}

#[derive(Debug)]
struct Changing {
    began: Instant,
    /// How many live entries are out, and how many a poll has seen.
    published: usize,
    read: usize,
    live_entries: usize,
    answers: BTreeMap<String, (usize, usize)>,
}

impl Publisher {
    /// Starts serving on a free loopback port.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let now = jiff::Timestamp::now();
        let documents: BTreeMap<_, _> = FEEDS
            .iter()
            .map(|feed| (feed.file, fill_in(feed.text, now, &address)))
            .collect();
        let live_entries = live_items(&documents[LIVE]).map_or(0, |items| items.len());
        let state = Mutex::new(Changing {
            began: Instant::now(),
            published: 1,
            read: 0,
            live_entries,
            answers: BTreeMap::new(),
        });
        let shared = Arc::new(Shared { documents, state });
        let app = Router::new()
            .route("/{file}", get(serve))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self {
            address,
            shared,
            server,
        })
    }

    /// The server's address, without a slash at its end.
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Publishes live entries whose time has come; returns how many are out.
    pub fn advance(&self) -> usize {
        let mut state = self.shared.lock();
        let steps = state.began.elapsed().as_millis() / LIVE_STEP.as_millis();
        let out = usize::try_from(steps)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        state.published = out.min(state.live_entries);
        state.published
    }

    /// Whether every live entry was published and read, and every feed has answered with 304.
    pub fn is_read_out(&self) -> bool {
        let state = self.shared.lock();
        let quiet = FEEDS
            .iter()
            .all(|feed| state.answers.get(feed.file).is_some_and(|a| a.1 > 0));
        quiet && state.read == state.live_entries
    }

    /// How often each feed was answered with a document, and how often with 304.
    pub fn answers(&self) -> BTreeMap<String, (usize, usize)> {
        self.shared.lock().answers.clone()
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Changing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(document) = shared.documents.get(file.as_str()) else {
        return answer(StatusCode::NOT_FOUND, &[], Vec::new());
    };
    let published = shared.lock().published;
    let bytes = match file.as_str() {
        LIVE => first_items(document, published).into_bytes(),
        "ru-vestnik.rss" => encoding_rs::WINDOWS_1251.encode(document).0.into_owned(),
        _ => document.clone().into_bytes(),
    };
    let hex: String = Sha256::digest(&bytes)[..8]
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let etag = format!("\"{hex}\"");
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|v| v.as_bytes() == etag.as_bytes());
    let mut state = shared.lock();
    let answers = state.answers.entry(file.clone()).or_default();
    if known {
        answers.1 += 1;
        return answer(
            StatusCode::NOT_MODIFIED,
            &[(header::ETAG, &etag)],
            Vec::new(),
        );
    }
    answers.0 += 1;
    if file == LIVE {
        state.read = published;
    }
    let extension = file.rsplit('.').next().unwrap_or_default();
    let content_type = match extension {
        "json" => "application/feed+json",
        "atom" => "application/atom+xml",
        _ => "application/rss+xml",
    };
    answer(
        StatusCode::OK,
        &[(header::ETAG, &etag), (header::CONTENT_TYPE, content_type)],
        bytes,
    )
}

fn answer(
    status: StatusCode,
    headers: &[(header::HeaderName, &str)],
    body: Vec<u8>,
) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn live_items(document: &str) -> Option<Vec<serde_json::Value>> {
    let feed: serde_json::Value = serde_json::from_str(document).ok()?;
    feed.get("items")?.as_array().cloned()
}

/// The live feed with its first `n` items, newest first.
fn first_items(document: &str, n: usize) -> String {
    let Ok(mut feed) = serde_json::from_str::<serde_json::Value>(document) else {
        return document.to_owned();
    };
    if let Some(items) = feed
        .get_mut("items")
        .and_then(serde_json::Value::as_array_mut)
    {
        items.truncate(n);
        items.reverse();
    }
    feed.to_string()
}

/// Replaces `{{base}}` by the server's address, and `{{rfc822:-45m}}` and `{{rfc3339:-45m}}` by the
/// time so many minutes before `now`.
fn fill_in(text: &str, now: jiff::Timestamp, base: &str) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, token, after)) = rest.split_once("{{").and_then(|(before, more)| {
        let (token, after) = more.split_once("}}")?;
        Some((before, token, after))
    }) {
        filled.push_str(before);
        let minutes = |t: &str| t.strip_suffix('m').and_then(|t| t.parse::<i64>().ok());
        let at = |minutes: i64| {
            now.checked_add(jiff::Span::new().minutes(minutes))
                .unwrap_or(now)
        };
        match token.split_once(':') {
            None if token == "base" => filled.push_str(base),
            Some(("rfc822", m)) => {
                let time = at(minutes(m).unwrap_or(0));
                let printer = rfc2822::DateTimePrinter::new();
                filled.push_str(&printer.timestamp_to_string(&time).unwrap_or_default());
            }
            Some(("rfc3339", m)) => {
                filled.push_str(&at(minutes(m).unwrap_or(0)).to_string());
            }
            _ => filled.push_str(token),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::parse;

    fn filled(file: &str) -> Vec<u8> {
        let text = FEEDS.iter().find(|feed| feed.file == file).unwrap().text;
        fill_in(text, jiff::Timestamp::now(), "http://127.0.0.1:1").into_bytes()
    }

    #[test]
    fn every_bundled_feed_is_read_with_sound_dates() {
        for Bundled { file, .. } in FEEDS {
            let mut bytes = filled(file);
            if *file == "ru-vestnik.rss" {
                let text = String::from_utf8(bytes).unwrap();
                let (encoded, _, lossy) = encoding_rs::WINDOWS_1251.encode(&text);
                assert!(!lossy, "{file} has characters that windows-1251 lacks");
                bytes = encoded.into_owned();
            }
            let input = parse::Input {
                bytes: &bytes,
                content_type: None,
                base: None,
                now: Timestamp::now(),
            };
            let document = parse::parse(&input).unwrap_or_else(|e| panic!("{file}: {e}"));
            assert!(document.entries.len() >= 4, "{file}");
            for entry in &document.entries {
                assert!(
                    entry.published.or(entry.updated).is_some(),
                    "{file}: {}",
                    entry.title
                );
            }
        }
    }

    #[test]
    fn the_live_feed_grows_newest_first() {
        let text = String::from_utf8(filled(LIVE)).unwrap();
        let two: serde_json::Value = serde_json::from_str(&first_items(&text, 2)).unwrap();
        let all = live_items(&text).unwrap();
        assert_eq!(two["items"].as_array().unwrap().len(), 2);
        assert_eq!(two["items"][0], all[1]);
        assert_eq!(all.len(), 8);
    }
}
