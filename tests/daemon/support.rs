//! A home for one mentiond, a site that publishes feeds, a receiver of webhooks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use mentiond::model::Timestamp;
use mentiond::notify::sign::Key;
use serde_json::Value;

use crate::server::{self, Reply, Server, bare};

/// The signing secret of every test's receiver.
pub const SECRET: &str = "whsec_dGVzdCB0ZXN0IHRlc3QgdGVzdCB0ZXN0";

/// How long a test waits for something that should take milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The runtime on which all test servers run.
pub fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().unwrap())
}

/// Starts a raw server whose reply is made from the request's head.
pub fn raw_server(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
    runtime().block_on(Server::start(reply))
}

/// Waits until `found` returns something.
pub fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Says that a test can't be run here, past the harness, which keeps what passing tests print; and
/// counts it in the file that `GATE_SKIPPED` names.
pub fn skip(test: &str, reason: &str) {
    let line = format!("skipped: {test}: {reason}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(file) = std::env::var_os("GATE_SKIPPED") {
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(file);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .unwrap();
    }
}

/// One entry of a feed under test.
#[derive(Debug, Clone)]
pub struct Item {
    pub guid: String,
    pub link: String,
    pub title: String,
    pub summary: String,
    /// Minutes before now.
    pub age_min: i64,
}

impl Item {
    /// A fresh entry with a link of its own.
    pub fn new(guid: &str, title: &str) -> Self {
        Self {
            guid: guid.to_owned(),
            link: format!("https://news.example/{guid}"),
            title: title.to_owned(),
            summary: String::new(),
            age_min: 5,
        }
    }
}

/// An RSS document of these items.
pub fn rss(items: &[Item]) -> String {
    let now = jiff::Timestamp::now();
    let mut xml =
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Test feed</title>".to_owned();
    for item in items {
        let at = now - jiff::Span::new().minutes(item.age_min);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_string(&at)
            .unwrap();
        write!(
            xml,
            "<item><guid isPermaLink=\"false\">{}</guid><link>{}</link><title>{}</title>\
             <description>{}</description><pubDate>{date}</pubDate></item>",
            item.guid, item.link, item.title, item.summary
        )
        .unwrap();
    }
    xml + "</channel></rss>"
}

/// A site whose documents can be changed while it is polled. Answers with an `ETag` made from the
/// document, and with 304 to who has it.
pub struct Site {
    pub server: Server,
    pages: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Site {
    pub fn start() -> Self {
        let pages: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
        let shared = pages.clone();
        let server = raw_server(move |head| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let pages = shared.lock().unwrap();
            let Some(page) = pages.get(path) else {
                return bare("404 Not Found", "");
            };
            let etag = format!("\"{:x}\"", fnv(page));
            if server::header(head, "if-none-match") == Some(&etag) {
                return bare("304 Not Modified", &format!("ETag: {etag}\r\n"));
            }
            server::ok(&format!("ETag: {etag}\r\n"), page.as_bytes())
        });
        Self { server, pages }
    }

    pub fn publish(&self, path: &str, document: impl Into<String>) {
        self.pages
            .lock()
            .unwrap()
            .insert(path.to_owned(), document.into());
    }

    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// How many requests for `path` have come in.
    pub fn requests(&self, path: &str) -> usize {
        let wanted = format!("GET {path} ");
        self.server
            .requests()
            .iter()
            .filter(|r| r.starts_with(&wanted))
            .count()
    }
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One webhook request that came in.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: String,
    pub body: Value,
    pub status: u16,
}

impl Delivery {
    pub fn topic(&self) -> &str {
        self.body["data"]["topic"]["id"]
            .as_str()
            .unwrap_or_default()
    }

    pub fn title(&self) -> &str {
        self.body["data"]["story"]["title"]
            .as_str()
            .unwrap_or_default()
    }

    pub fn link(&self) -> &str {
        self.body["data"]["story"]["link"]
            .as_str()
            .unwrap_or_default()
    }
}

type Decide = dyn Fn(usize) -> (u16, Vec<(&'static str, String)>) + Send + Sync;

struct HookState {
    key: Key,
    decide: Box<Decide>,
    deliveries: Mutex<Vec<Delivery>>,
}

/// A webhook receiver that verifies signatures; what does not fit is answered 401.
pub struct Hook {
    url: String,
    state: Arc<HookState>,
}

impl Hook {
    /// A receiver that takes everything.
    pub fn start() -> Self {
        Self::deciding(|_| (204, vec![]))
    }

    /// A receiver that answers the n-th request (from 0) as told.
    pub fn deciding(
        decide: impl Fn(usize) -> (u16, Vec<(&'static str, String)>) + Send + Sync + 'static,
    ) -> Self {
        let state = Arc::new(HookState {
            key: Key::parse(SECRET).unwrap(),
            decide: Box::new(decide),
            deliveries: Mutex::default(),
        });
        let app = Router::new()
            .route("/hook", post(receive))
            .with_state(state.clone());
        let listener = runtime()
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        runtime().spawn(async move { axum::serve(listener, app).await });
        Self { url, state }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything that came in, in order.
    pub fn all(&self) -> Vec<Delivery> {
        self.state.deliveries.lock().unwrap().clone()
    }

    /// What was answered 2xx.
    pub fn accepted(&self) -> Vec<Delivery> {
        self.all().into_iter().filter(|d| d.status < 300).collect()
    }

    /// Waits until `n` deliveries were accepted.
    pub fn wait(&self, n: usize) -> Vec<Delivery> {
        wait_for(&format!("{n} deliveries"), || {
            let accepted = self.accepted();
            (accepted.len() >= n).then_some(accepted)
        })
    }
}

async fn receive(
    State(state): State<Arc<HookState>>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let text = |name| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    };
    let (id, time, signature) = (
        text("webhook-id"),
        text("webhook-timestamp"),
        text("webhook-signature"),
    );
    let fits = state
        .key
        .verify(id, time, signature, &body, Timestamp::now())
        .is_ok();
    let mut deliveries = state.deliveries.lock().unwrap();
    let (status, extra) = if fits {
        (state.decide)(deliveries.len())
    } else {
        (401, vec![])
    };
    let body = serde_json::from_slice(&body).unwrap_or_default();
    deliveries.push(Delivery {
        id: id.to_owned(),
        body,
        status,
    });
    let mut answer = HeaderMap::new();
    for (name, value) in extra {
        answer.insert(name, value.parse().unwrap());
    }
    (StatusCode::from_u16(status).unwrap(), answer)
}

/// The topics of most tests.
pub const TOPICS: &str = r#"
[[topic]]
id = "putin"
name = "Vladimir Putin"
tags = ["leader"]
any = ["Putin", "Путин*"]

[[topic]]
id = "sco"
name = "Shanghai Cooperation Organisation"
any = [{ text = "SCO", case = "exact" }, "上合组织"]
"#;

/// A `[[feed]]` table with further lines.
pub fn feed(id: &str, url: &str, more: &str) -> String {
    format!(
        "[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\nlanguage = \"en\"\nallow_private_addresses = true\n{more}\n"
    )
}

/// A folder with a configuration and a database.
pub struct Home {
    pub folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(home.path("secret"), SECRET).unwrap();
        home
    }

    /// A home whose feeds are these (id, URL), told to `hook`, polled often.
    pub fn watching(feeds: &[(&str, String)], hook: &Hook) -> Self {
        let home = Self::new();
        home.configure(feeds, hook, "");
        home
    }

    /// Writes the configuration; `more` comes before the feeds.
    pub fn configure(&self, feeds: &[(&str, String)], hook: &Hook, more: &str) {
        let mut text = format!(
            "database = \"m.db\"\nshutdown_timeout = \"5s\"\n{more}\n\
             [schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n\
             [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\n\
             secret = {{ file = \"secret\" }}\nretry_initial = \"100ms\"\nretry_max = \"500ms\"\ntimeout = \"2s\"\n",
            hook.url()
        );
        for (id, url) in feeds {
            write!(
                text,
                "[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\nlanguage = \"en\"\nallow_private_addresses = true\n"
            )
            .unwrap();
        }
        self.write_config(&(text + TOPICS));
    }

    /// Writes a configuration told to `hook`, of these sections and feeds.
    pub fn arrange(&self, hook: &Hook, sections: &str, feeds: &[String]) {
        self.write_config(&format!(
            "database = \"m.db\"\nshutdown_timeout = \"5s\"\n{sections}\n\
             [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\n\
             secret = {{ file = \"secret\" }}\nretry_initial = \"100ms\"\n{}{TOPICS}",
            hook.url(),
            feeds.concat()
        ));
    }

    pub fn write_config(&self, text: &str) {
        std::fs::write(self.config(), text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("mentiond.toml")
    }

    /// The command, not yet run, without the environment of this process.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mentiond"));
        command
            .args(["--config", self.config().to_str().unwrap()])
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            // Hundreds of feeds of one host are what many tests are made of.
            .env("MENTIOND_FETCH_HOST_PAUSE", "0s")
            .env("MENTIOND_FETCH_PER_DOMAIN", "256")
            .stdin(Stdio::null());
        command
    }

    /// Runs the command to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs the command, which must succeed, and returns what it printed.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that prints JSON lines.
    pub fn json(&self, args: &[&str]) -> Vec<Value> {
        self.ok(args)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Starts the daemon.
    pub fn start(&self) -> Running {
        Running::spawn(self.command(&["run"]))
    }

    /// A connection to the database, beside whoever uses it.
    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path("m.db")).unwrap()
    }

    /// The text of every table but `except`, for comparing.
    pub fn dump(&self, except: &[&str]) -> BTreeMap<String, Vec<String>> {
        let conn = self.database();
        let tables: Vec<String> = conn
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            )
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let rows = |table: &String| {
            let mut statement = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            statement
                .query_map([], |row| {
                    let cells = (0..columns).map(|n| row.get::<_, rusqlite::types::Value>(n));
                    Ok(format!("{:?}", cells.collect::<Result<Vec<_>, _>>()?))
                })
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap()
        };
        tables
            .into_iter()
            .filter(|table| !except.contains(&table.as_str()))
            .map(|table| {
                let rows = rows(&table);
                (table, rows)
            })
            .collect()
    }
}

/// A daemon under test. Killed when dropped.
pub struct Running {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Running {
    pub fn spawn(command: Command) -> Self {
        let (mut running, stdout) = Self::begin(command);
        running.printed = collect(stdout);
        running
    }

    /// A daemon whose standard output nobody reads.
    pub fn unheard(command: Command) -> Self {
        Self::begin(command).0
    }

    fn begin(mut command: Command) -> (Self, ChildStdout) {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = collect(child.stderr.take().unwrap());
        let stdout = child.stdout.take().unwrap();
        let printed = Arc::default();
        let running = Self {
            child,
            log,
            printed,
        };
        (running, stdout)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// SIGKILL, and waits until it is dead.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; returns how it exited.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        wait_for("the daemon's end", || self.child.try_wait().unwrap())
    }

    /// Log lines so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// What was printed to standard output so far.
    pub fn printed(&self) -> Vec<String> {
        self.printed.lock().unwrap().clone()
    }

    /// Waits for a log line that contains `part`, and returns it.
    pub fn wait_for_log(&self, part: &str) -> String {
        let began = Instant::now();
        loop {
            if let Some(line) = self.log().into_iter().find(|line| line.contains(part)) {
                return line;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "no log line with {part:?}:\n{}",
                self.log().join("\n")
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Shown by the test harness with the failed test.
            println!("the daemon's log:\n{}", self.log().join("\n"));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(stream: impl std::io::Read + Send + 'static) -> Arc<Mutex<Vec<String>>> {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let shared = lines.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            shared.lock().unwrap().push(line);
        }
    });
    lines
}
