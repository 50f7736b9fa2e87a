//! What strangers may send and what a machine may do: none of it stops the daemon or harms a
//! healthy feed beside it, and each is told in one clear line.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::{Reply, ok};
use crate::support::{Home, Hook, Item, Site, raw_server, rss};

mod answers;
mod databases;
mod documents;
mod full_disk;
mod printing;

/// How long a round with a hostile feed may take, however it is built and whatever else the machine
/// does. The release build needs a small part of it.
const ROUND: Duration = Duration::from_mins(1);

/// A round of `mentiond poll` over one hostile feed and a healthy one beside it, of which the healthy
/// one is known to have been recorded and told.
struct Round {
    home: Home,
    hook: Hook,
    /// What `poll --json` says of the hostile feed.
    line: Value,
    /// Everything on standard error.
    error: String,
    /// The most memory the process had in use.
    peak_mib: u64,
    took: Duration,
}

impl Round {
    /// Polls `url` with the usual limits.
    fn of(url: String) -> Self {
        Self::with(url, "", |config| config)
    }

    /// Polls a feed that is this document.
    fn of_document(document: impl Into<Vec<u8>>) -> Self {
        let document = document.into();
        let server = raw_server(move |_| ok("", &document));
        Self::of(server.url("/feed"))
    }

    /// Polls a feed that is this answer.
    fn of_answer(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::of(raw_server(answer).url("/feed"))
    }

    /// Polls `url`; `more` is put before the configuration's sections, `change` has the last word.
    fn with(url: String, more: &str, change: impl FnOnce(String) -> String) -> Self {
        let (site, hook) = (Site::start(), Hook::start());
        site.publish(
            "/healthy",
            rss(&[Item::new("healthy", "Putin in good health")]),
        );
        let home = Home::new();
        let feeds = [("hostile", url), ("healthy", site.url("/healthy"))];
        home.configure(&feeds, &hook, more);
        let config = std::fs::read_to_string(home.config()).unwrap();
        home.write_config(&change(config));

        let began = Instant::now();
        let (mut lines, error, peak_mib) = poll(&home);
        let took = began.elapsed();
        println!("{took:?}, at most {peak_mib} MiB: {}", lines["hostile"]);
        let healthy = &lines["healthy"];
        assert_eq!(healthy["status"], "ok", "{healthy}");
        assert_eq!(
            (&healthy["new"], &healthy["alerts"]),
            (&1.into(), &1.into())
        );
        let told = |d: &crate::support::Delivery| d.title() == "Putin in good health";
        assert_eq!(hook.accepted().iter().filter(|d| told(d)).count(), 1);
        assert!(took < ROUND, "{took:?}");
        Self {
            line: lines.remove("hostile").unwrap(),
            home,
            hook,
            error,
            peak_mib,
            took,
        }
    }

    /// The feed failed, with this kind, and this is in the message.
    fn failed(&self, kind: &str, message: &str) -> &Self {
        assert_eq!(self.line["status"], kind, "{}", self.line);
        let error = self.line["error"].as_str().unwrap();
        assert!(error.contains(message), "{error}");
        assert!(
            !error.contains('\n') && error.len() < 700,
            "one line: {error}"
        );
        let shown = self.home.json(&["feeds", "--failing", "--json"]);
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0]["error"], error);
        self
    }

    /// The feed was read and recorded, with so many new entries.
    fn recorded(&self, new: usize) -> &Self {
        assert_eq!(self.line["status"], "ok", "{}", self.line);
        assert_eq!(self.line["new"], new, "{}", self.line);
        self
    }

    /// This was said of how the document was read.
    fn noted(&self, part: &str) -> &Self {
        let notes = self.line["notes"].to_string();
        assert!(notes.contains(part), "{notes}");
        self
    }

    /// The process never had more than this in use.
    fn within_mib(&self, limit: u64) -> &Self {
        assert!(self.peak_mib < limit, "{} MiB", self.peak_mib);
        self
    }

    /// The titles of what was told of the hostile feed.
    fn told(&self) -> Vec<String> {
        let titles = self.hook.accepted().into_iter();
        let mut titles: Vec<_> = titles
            .map(|d| d.title().to_owned())
            .filter(|title| title != "Putin in good health")
            .collect();
        titles.sort();
        titles
    }

    /// One value of the hostile feed's only entry.
    fn column(&self, name: &str) -> Option<String> {
        let sql = format!(
            "SELECT {name} FROM entry JOIN feed ON feed.id = entry.feed_id WHERE feed.name = 'hostile'"
        );
        let conn = self.home.database();
        conn.query_row(&sql, [], |row| row.get(0)).unwrap()
    }
}

/// Runs `poll --json`, which must end well, and returns its lines by feed, standard error and the
/// process's peak memory in MiB. A process that does not end is killed.
fn poll(home: &Home) -> (BTreeMap<String, Value>, String, u64) {
    let mut command = home.command(&["poll", "--json"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let process = child.id();
    let watch = std::thread::spawn(move || {
        let (began, mut peak) = (Instant::now(), 0);
        // The entry vanishes when the process ends, before it is waited for.
        while let Some(kib) = peak_kib(process) {
            peak = kib;
            if began.elapsed() > ROUND {
                let _ = Command::new("kill")
                    .args(["-KILL", &process.to_string()])
                    .status();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        peak / 1024
    });
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{}: {error}", output.status);
    let peak_mib = watch.join().unwrap();
    assert!(peak_mib > 1, "its memory was not seen");
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        (line["feed"].as_str().unwrap().to_owned(), line)
    });
    (lines.collect(), error, peak_mib)
}

/// The most memory that a process has had in use.
fn peak_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}
