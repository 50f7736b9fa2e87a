//! A feed that names a WebSub hub, the hub, a receiver of webhooks, and two workers behind one `public_url`. The
//! test is the balancer: it says which worker a hub's request reaches.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use fastrand::Rng;
use mentiond::fetch::plain_client;
use tokio::sync::watch;
use url::Url;

use crate::hub::{Hub, Manner};
use crate::journal::Journal;
use crate::postgres::Database;
use crate::receiver::{Alert, Receiver};
use crate::runtime;
use crate::stories::{Kind, Story, document, topics};
use crate::worker::{Worker, by_user_agent};

/// Long enough for a loaded machine, for a lease to end, and for what a dead worker held to be taken up. It is
/// shorter than the time after which a worker looks for what is overdue by itself.
const PATIENCE: Duration = Duration::from_secs(40);
/// The lease of a worker.
const LEASE: Duration = Duration::from_secs(5);
/// How often the feed is polled while it is not pushed.
pub const INTERVAL: Duration = Duration::from_millis(400);
/// What a hub grants, in seconds: ten days, so that nothing is renewed by itself.
pub const GRANTED: u64 = 864_000;

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

/// Where the feed is.
pub struct Site {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    page: Mutex<Page>,
    is_open: watch::Sender<bool>,
}

#[derive(Default)]
struct Page {
    entries: Vec<String>,
    /// What is said of its hub and its own address.
    links: String,
    /// Who has asked, in that order.
    visits: Vec<u8>,
    waiting: usize,
}

impl Site {
    fn start() -> Self {
        let listener = runtime()
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}/feed", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            page: Mutex::default(),
            is_open: watch::channel(true).0,
        });
        let app = Router::new()
            .route("/feed", get(serve))
            .with_state(inner.clone());
        runtime().spawn(async move { axum::serve(listener, app).await });
        Self { url, inner }
    }

    /// What a subscription of this number is for; it is the feed's own address as the feed gives it.
    pub fn topic(&self, number: usize) -> String {
        format!("{}?topic={number}", self.url)
    }

    /// From now on the feed names this hub, and this as its own address.
    pub fn name_hub(&self, hub: &Hub, topic: usize) {
        self.inner.page.lock().unwrap().links = format!(
            "<atom:link rel=\"hub\" href=\"{}\"/><atom:link rel=\"self\" href=\"{}\"/>",
            hub.url,
            self.topic(topic)
        );
    }

    /// What a poll sees from now on.
    pub fn publish(&self, story: &Story) {
        self.inner.page.lock().unwrap().entries.push(story.entry(0));
    }

    /// A document of one story, as a hub pushes it.
    pub fn document(&self, story: &Story) -> String {
        self.inner.page.lock().unwrap().document(&[story.entry(0)])
    }

    /// Answers nobody until [`Self::answer`], and waits until somebody waits.
    pub fn hold(&self) {
        self.inner.is_open.send_replace(false);
        wait_for("a poll", || {
            (self.inner.page.lock().unwrap().waiting > 0).then_some(())
        });
    }

    /// Answers those who wait.
    pub fn answer(&self) {
        self.inner.is_open.send_replace(true);
    }

    /// Who asked last.
    pub fn last(&self) -> Option<u8> {
        self.inner.page.lock().unwrap().visits.last().copied()
    }

    /// Waits until a poll that began after now has been recorded.
    pub fn await_poll(&self) {
        let polls = || self.inner.page.lock().unwrap().visits.len();
        // The second of them begins after the first was recorded.
        let enough = polls() + 2;
        wait_for("two polls", || (polls() >= enough).then_some(()));
    }
}

impl Page {
    fn document(&self, entries: &[String]) -> String {
        document(entries)
            .replace("<rss ", "<rss xmlns:atom=\"http://www.w3.org/2005/Atom\" ")
            .replace("</title><item>", &format!("</title>{}<item>", self.links))
            .replace(
                "</title></channel>",
                &format!("</title>{}</channel>", self.links),
            )
    }
}

async fn serve(State(inner): State<Arc<Inner>>, asking: HeaderMap) -> impl IntoResponse {
    let agent = asking.get("user-agent").and_then(|v| v.to_str().ok());
    {
        let mut page = inner.page.lock().unwrap();
        page.visits.extend(agent.and_then(by_user_agent));
        page.waiting += 1;
    }
    let mut is_open = inner.is_open.subscribe();
    // The sender lives as long as `inner`.
    let _ = is_open.wait_for(|is_open| *is_open).await;
    let mut page = inner.page.lock().unwrap();
    page.waiting -= 1;
    let body = page.document(&page.entries);
    ([("content-type", "application/rss+xml")], body)
}

/// See the head of this file.
pub struct Newsroom {
    pub journal: Journal,
    pub site: Site,
    pub hub: Hub,
    pub receiver: Receiver,
    pub workers: [Worker; 2],
    pub database: Database,
    client: reqwest::Client,
    rng: Rng,
    /// What must be told.
    expected: Vec<Alert>,
    stories: usize,
}

impl Newsroom {
    /// Two workers at work, of which the first polls the feed. No hub is named yet.
    pub fn open(name: &str) -> Self {
        let database = Database::on_the_tests_server(name);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join("fleet")
            .join(name);
        // There may be logs of an earlier run.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let journal = Journal::default();
        let site = Site::start();
        let hub = runtime().block_on(Hub::start(Manner::Accept));
        let receiver = Receiver::start(journal.clone());
        std::fs::write(
            folder.join("hubs.key"),
            "the same for all workers, and long enough\n",
        )
        .unwrap();
        let config = configuration(&site, &hub, &receiver);
        std::fs::write(folder.join("mentiond.toml"), config).unwrap();
        let workers = [1, 2].map(|n| Worker::new(n, &folder, database.url(database.port)));
        let mut room = Self {
            journal,
            site,
            hub,
            receiver,
            workers,
            database,
            client: plain_client("a hub").unwrap(),
            rng: Rng::new(),
            expected: Vec::new(),
            stories: 0,
        };
        room.workers[0].start();
        wait_for("w1 to ask for the feed", || room.site.last());
        room.workers[1].start();
        wait_for("w2 to see both", || {
            room.workers[1]
                .said("workers at work workers=2")
                .then_some(())
        });
        assert_eq!(room.site.last(), Some(1));
        room
    }

    /// Has the feed name its hub, and waits until that is asked; returns the form.
    pub fn ask_hub(&self, topic: usize) -> HashMap<String, String> {
        self.site.name_hub(&self.hub, topic);
        self.wait_for_form("subscribe", topic)
    }

    /// Waits until the hub has got such a form.
    pub fn wait_for_form(&self, mode: &str, topic: usize) -> HashMap<String, String> {
        let topic = self.site.topic(topic);
        wait_for("the hub's being asked", || {
            let mut forms = self.hub.requests().into_iter();
            forms.find(|form| form["hub.mode"] == mode && form["hub.topic"] == topic)
        })
    }

    /// Which worker has asked the hub last.
    pub fn asker(&self) -> Option<u8> {
        let head = self.hub.head();
        by_user_agent(head.get("user-agent")?.to_str().ok()?)
    }

    /// A callback as a worker is reached by it.
    fn at(&self, place: usize, callback: &str) -> Url {
        let worker = &self.workers[place];
        let line = wait_for("a listener", || worker.line("listening on "));
        let rest = line.split("listening on ").nth(1).unwrap();
        let address = rest.split(' ').next().unwrap();
        let (_, token) = callback.rsplit_once('/').unwrap();
        format!("http://{address}/websub/{token}").parse().unwrap()
    }

    /// What a hub asks or tells by GET, of this worker: returns the status.
    pub fn get(&self, place: usize, callback: &str, fields: &[(&str, &str)]) -> u16 {
        let mut url = self.at(place, callback);
        url.query_pairs_mut().extend_pairs(fields);
        let (status, body) = runtime().block_on(async {
            let answer = self.client.get(url).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        });
        let challenge = fields.iter().find(|(name, _)| *name == "hub.challenge");
        if status == 200 {
            assert_eq!(body, challenge.map(|(_, value)| *value).unwrap_or_default());
        }
        status
    }

    /// The hub verifies what that form asks for, at this worker.
    pub fn verify(&self, place: usize, form: &HashMap<String, String>) -> u16 {
        let granted = GRANTED.to_string();
        let fields = [
            ("hub.mode", &*form["hub.mode"]),
            ("hub.topic", &*form["hub.topic"]),
            ("hub.challenge", "a challenge"),
            ("hub.lease_seconds", &*granted),
        ];
        self.get(place, &form["hub.callback"], &fields)
    }

    /// Sends content to a worker, to be waited for.
    pub fn deliver(
        &self,
        place: usize,
        callback: &str,
        body: &str,
        signature: Option<String>,
    ) -> impl Future<Output = u16> + use<> {
        let mut request = self
            .client
            .post(self.at(place, callback))
            .header("content-type", "application/rss+xml")
            .body(body.to_owned());
        if let Some(signature) = signature {
            request = request.header("x-hub-signature", signature);
        }
        async move { request.send().await.unwrap().status().as_u16() }
    }

    /// Pushes a story to a worker, signed as it must be.
    pub fn push(&self, place: usize, callback: &str, story: &Story) -> u16 {
        let body = self.site.document(story);
        let signature = self.hub.sign("sha256", body.as_bytes());
        runtime().block_on(self.deliver(place, callback, &body, Some(signature)))
    }

    /// A story that is to be told once for each of its topics.
    pub fn story(&mut self) -> Story {
        let story = self.forgery();
        let alerts = story.topics.iter();
        let alerts = alerts.map(|topic| (topic.clone(), story.mark.clone()));
        self.expected.extend(alerts);
        story
    }

    /// A story that must not be told.
    pub fn forgery(&mut self) -> Story {
        self.stories += 1;
        Story::new(self.stories, Kind::Own, &mut self.rng)
    }

    /// Waits until all that was to be told has been.
    pub fn wait_for_alerts(&self) {
        wait_for("the alerts", || {
            let taken = self.receiver.taken();
            let mut expected = self.expected.iter();
            expected.all(|alert| taken.contains(alert)).then_some(())
        });
    }

    /// Rows of the database, each as its columns with `|` between them.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        self.database.rows(sql)
    }

    /// Waits until the newest subscription is in this state.
    pub fn wait_for_state(&self, state: &str) {
        let sql = "SELECT state FROM subscription ORDER BY generation DESC LIMIT 1";
        wait_for(state, || (self.rows(sql) == [state]).then_some(()));
    }

    /// Stops the workers in order, which read all that was pushed before, and holds what was told and recorded to
    /// what was to be: once each, and nothing else.
    pub fn close(mut self) {
        for worker in &mut self.workers {
            if worker.is_started() {
                worker.signal(rustix::process::Signal::TERM);
                let status = wait_for("a stop", || worker.ended());
                assert!(status.success(), "w{}: {status}", worker.number);
            }
        }
        assert!(self.journal.kinds().is_empty(), "{}", self.journal.text());
        let mut expected = self.expected.clone();
        expected.sort();
        let taken: Vec<Alert> = self.receiver.taken().into_iter().collect();
        assert_eq!(taken, expected);
        let told = self.rows("SELECT count(*) FROM alert WHERE kind = 'mention.created'");
        assert_eq!(told, [expected.len().to_string()]);
    }
}

fn configuration(site: &Site, hub: &Hub, receiver: &Receiver) -> String {
    let level = std::env::var("FLEET_LOG").unwrap_or_else(|_| "info".to_owned());
    let port = hub.url.parse::<Url>().unwrap().port().unwrap();
    format!(
        "shutdown_timeout = \"5s\"\n\
         [log]\nlevel = \"{level}\"\n\
         [postgres]\nlease = \"{}ms\"\nkey = {{ file = \"hubs.key\" }}\n\
         [schedule]\ninterval = \"{}ms\"\nmin_interval = \"100ms\"\nmax_interval = \"10s\"\njitter = 0.0\n\
         [fetch]\nports = [{port}]\nhost_pause = \"0s\"\n\
         [web]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://reader.example\"\n\
         [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\n\
         retry_initial = \"100ms\"\nretry_max = \"500ms\"\nmax_attempts = 100\n\
         pause_initial = \"100ms\"\npause_max = \"500ms\"\nfeed_alerts = false\nspike_alerts = false\n\
         {}[[feed]]\nid = \"wire\"\nurl = \"{}\"\nlanguage = \"en\"\nallow_private_addresses = true\n",
        LEASE.as_millis(),
        INTERVAL.as_millis(),
        receiver.url,
        topics(),
        site.url,
    )
}
