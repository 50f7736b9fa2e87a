//! A daemon that serves its API, and a plain client for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use serde_json::Value;

use crate::support::{Home, Hook, Item, Running, Site, feed, rss};

/// `[schedule]` for feeds that are polled often.
pub const OFTEN: &str = "[schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n";

/// An API that everybody on this machine may use.
pub const OPEN: &str = "[web]\nenabled = true\nlisten = \"127.0.0.1:0\"\n";

/// How long a read may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running daemon with its API.
pub struct Served {
    pub home: Home,
    pub daemon: Running,
    pub api: Api,
}

/// Where an API is, and what is sent with every request.
#[derive(Clone)]
pub struct Api {
    pub address: SocketAddr,
    pub headers: Vec<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        crate::server::header(&self.head, name)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Items about Putin and the SCO, and one about neither.
pub fn news(n: usize) -> Vec<Item> {
    let item = |n: usize| match n % 3 {
        0 => Item::new(
            &format!("p{n}"),
            &format!("Putin speaks again on matter {n}"),
        ),
        1 => Item::new(&format!("s{n}"), &format!("The SCO has summit number {n}")),
        _ => Item::new(
            &format!("x{n}"),
            &format!("Weather report {n}: rain, more rain"),
        ),
    };
    (0..n).map(item).collect()
}

impl Served {
    /// A daemon that watches one feed of these items, tells `hook`, and serves its API as `web` says.
    pub fn start(site: &Site, hook: &Hook, web: &str) -> Self {
        let home = Home::new();
        std::fs::write(home.path("token"), "full-token-0123456789").unwrap();
        std::fs::write(home.path("read"), "read-token-0123456789").unwrap();
        std::fs::write(home.path("hash"), password_hash()).unwrap();
        let feeds = [feed("wire", &site.url("/wire"), "")];
        home.arrange(hook, &format!("{OFTEN}{web}"), &feeds);
        Self::run(home)
    }

    /// A daemon with the news of `n` items, told and recorded.
    pub fn with_news(n: usize, web: &str) -> (Self, Site, Hook) {
        let (site, hook) = (Site::start(), Hook::start());
        site.publish("/wire", rss(&news(n)));
        let served = Self::start(&site, &hook, web);
        hook.wait(n - n / 3);
        (served, site, hook)
    }

    /// Starts the daemon of this home.
    pub fn run(home: Home) -> Self {
        let daemon = home.start();
        let line = daemon.wait_for_log("serving pages on http://");
        let rest = line.split("http://").nth(1).unwrap();
        let address = rest.split('/').next().unwrap().parse().unwrap();
        daemon.wait_for_log("ready");
        let api = Api {
            address,
            headers: Vec::new(),
        };
        Self { home, daemon, api }
    }
}

/// The Argon2id hash of `correct horse`, made at little cost.
fn password_hash() -> String {
    let cost = argon2::Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, cost);
    let hash: PasswordHash = argon2
        .hash_password_with_salt(b"correct horse", b"somesaltsomesalt")
        .unwrap();
    hash.to_string()
}

impl Api {
    /// The same API, with one more header in every request.
    pub fn with(&self, header: &str) -> Self {
        let mut api = self.clone();
        api.headers.push(header.to_owned());
        api
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None)
    }

    /// The JSON of an answer that must be 200.
    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let api = self.with("Content-Type: application/json");
        api.ask("POST", path, Some(&body.to_string()))
    }

    pub fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let mut stream = self.send(method, path, "1.1", body);
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    fn send(&self, method: &str, path: &str, version: &str, body: Option<&str>) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!("{method} {path} HTTP/{version}\r\nConnection: close\r\n");
        if !self.headers.iter().any(|h| h.starts_with("Host:")) {
            head = head + "Host: " + &self.address.to_string() + "\r\n";
        }
        for header in &self.headers {
            head = head + header + "\r\n";
        }
        if let Some(body) = body {
            head = head + "Content-Length: " + &body.len().to_string() + "\r\n";
        }
        // In one piece: an answer that comes before the body is read may close the connection.
        let request = format!("{head}\r\n{}", body.unwrap_or_default());
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// Opens a stream of events.
    pub fn stream(&self, path: &str) -> Events {
        // Without chunks, which this client can't read.
        let stream = self.send("GET", path, "1.0", None);
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        Events { head, lines }
    }
}

/// A stream of events.
pub struct Events {
    pub head: String,
    lines: BufReader<TcpStream>,
}

/// An event.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: String,
    pub data: Value,
}

impl Events {
    /// The next event; comments are passed over. `None` at the end.
    pub fn next(&mut self) -> Option<Event> {
        let (mut id, mut data) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            // A daemon that is killed may reset the connection.
            if self.lines.read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", value)) => value.clone_into(&mut id),
                Some(("data", value)) => value.clone_into(&mut data),
                _ if line == "\n" && !data.is_empty() => {
                    let data = serde_json::from_str(&data).unwrap();
                    return Some(Event { id, data });
                }
                _ => {}
            }
        }
    }
}

/// The list in an answer.
pub fn items(answer: &Value) -> &Vec<Value> {
    answer["items"].as_array().unwrap()
}
