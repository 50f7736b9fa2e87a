//! Push from end to end: a hub, a feed that names it, and a daemon behind a forwarding door.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::hub::{Hub, Manner};
use crate::press::{Answer, Press};
use crate::support::{Home, Hook, Item, Running, feed, rss, runtime, wait_for};

/// Ten days, so that no lease ends or is renewed in a test.
const LEASE: u64 = 864_000;
const OFTEN: &str = "[schedule]\ninterval = \"150ms\"\nmin_interval = \"1ms\"\njitter = 0.0\n";

/// The public address, as a reverse proxy would have it: what comes in goes to the daemon, wherever
/// it listens.
struct Door {
    url: String,
    inside: Arc<Mutex<Option<SocketAddr>>>,
}

impl Door {
    fn start() -> Self {
        let listener = runtime()
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let inside: Arc<Mutex<Option<SocketAddr>>> = Arc::default();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let to = inside.clone();
        runtime().spawn(async move {
            while let Ok((mut outer, _)) = listener.accept().await {
                let to = to.clone();
                tokio::spawn(async move {
                    let address = loop {
                        if let Some(address) = *to.lock().unwrap() {
                            break address;
                        }
                        // The daemon's log line has not been read yet.
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    };
                    if let Ok(mut inner) = TcpStream::connect(address).await {
                        let _ = copy_bidirectional(&mut outer, &mut inner).await;
                    }
                });
            }
        });
        Self { url, inside }
    }

    /// Leads to this daemon from now on.
    fn lead_to(&self, daemon: &Running) {
        let line = daemon.wait_for_log("listening on ");
        let rest = line.split("listening on ").nth(1).unwrap();
        let address = rest.split(' ').next().unwrap().parse().unwrap();
        *self.inside.lock().unwrap() = Some(address);
    }
}

/// Everything around a daemon that is pushed.
struct Newsroom {
    press: Press,
    document: Arc<Mutex<String>>,
    hub: Hub,
    door: Door,
    hook: Hook,
    home: Home,
    sections: String,
}

/// A document that names its hub.
fn naming(hub: &str, topic: &str, items: &[Item]) -> String {
    rss(items)
        .replace("<rss ", "<rss xmlns:atom=\"http://www.w3.org/2005/Atom\" ")
        .replace(
            "<title>Test feed</title>",
            &format!(
                "<title>Test feed</title><atom:link rel=\"hub\" href=\"{hub}\"/>\
                 <atom:link rel=\"self\" href=\"{topic}\"/>"
            ),
        )
}

impl Newsroom {
    fn open(manner: Manner) -> Self {
        let hub = runtime().block_on(Hub::start(manner));
        let document: Arc<Mutex<String>> = Arc::default();
        let served = document.clone();
        let press = Press::start(move |asked, _| match &*asked.path {
            "/feed" => Answer::ok(served.lock().unwrap().clone()),
            _ => Answer::ok(rss(&[])),
        });
        let door = Door::start();
        let port = hub.url.trim_end_matches('/').rsplit(':').next().unwrap();
        let sections = format!(
            "[fetch]\nports = [{port}]\n\
             [web]\nlisten = \"127.0.0.1:0\"\npublic_url = \"{}\"\n",
            door.url
        );
        let room = Self {
            press,
            document,
            hub,
            door,
            hook: Hook::start(),
            home: Home::new(),
            sections,
        };
        room.publish(&[Item::new("0", "Nothing yet")]);
        room.arrange(OFTEN);
        room
    }

    fn arrange(&self, schedule: &str) {
        let feeds = [feed("wire", &self.topic(), "")];
        let sections = format!("{schedule}{}", self.sections);
        self.home.arrange(&self.hook, &sections, &feeds);
    }

    fn topic(&self) -> String {
        self.press.url("/feed")
    }

    fn document(&self, items: &[Item]) -> String {
        naming(&self.hub.url, &self.topic(), items)
    }

    /// What polls get from now on.
    fn publish(&self, items: &[Item]) {
        *self.document.lock().unwrap() = self.document(items);
    }

    fn start(&self) -> Running {
        let mut command = self.home.command(&["run"]);
        command.env("MENTIOND_LOG_LEVEL", "trace");
        let daemon = Running::spawn(command);
        self.door.lead_to(&daemon);
        daemon
    }

    /// Starts the daemon and waits until the hub has verified its subscription.
    fn start_subscribed(&self) -> Running {
        let daemon = self.start();
        wait_for("the lease", || (self.state() == "active").then_some(()));
        daemon
    }

    /// The state of the last subscription.
    fn state(&self) -> String {
        let sql = "SELECT state FROM subscription ORDER BY generation DESC LIMIT 1";
        let row = self.home.database().query_row(sql, [], |row| row.get(0));
        row.unwrap_or_default()
    }

    /// Pushes a document; returns the status.
    fn push(&self, items: &[Item]) -> u16 {
        let body = self.document(items);
        let signature = self.hub.sign("sha256", body.as_bytes());
        runtime().block_on(self.hub.deliver(body.as_bytes(), Some(signature)))
    }

    /// Waits until a poll that began after now has been recorded.
    fn await_poll(&self) {
        let asked = self.press.asked("/feed").len();
        // The second of them begins after the first was recorded.
        self.press.wait("/feed", asked + 2);
    }

    /// The time from the last poll to the next one.
    fn interval(&self) -> Duration {
        let sql = "SELECT next_poll_ms - last_poll_ms FROM schedule";
        let ms: i64 = self
            .home
            .database()
            .query_row(sql, [], |row| row.get(0))
            .unwrap();
        Duration::from_millis(ms.try_into().unwrap())
    }

    fn titles(&self) -> Vec<String> {
        let all = self.hook.all();
        all.iter().map(|alert| alert.title().to_owned()).collect()
    }
}

#[test]
fn what_a_hub_pushes_is_told_at_once_and_not_again_when_a_poll_sees_it() {
    let room = Newsroom::open(Manner::VerifyFirst(LEASE));
    let daemon = room.start_subscribed();
    let request = room.hub.last();
    assert_eq!(request["hub.mode"], "subscribe");
    assert_eq!(request["hub.topic"], room.topic());
    let callback = &request["hub.callback"];
    assert!(
        callback.starts_with(&format!("{}/websub/", room.door.url)),
        "{callback}"
    );

    let news = [Item::new("1", "Putin, pushed")];
    assert_eq!(room.push(&news), 202);
    room.hook.wait(1);
    room.publish(&news);
    room.await_poll();
    assert_eq!(room.push(&news), 202);
    room.await_poll();
    assert!(daemon.stop().success());
    assert_eq!(room.titles(), ["Putin, pushed"]);
    assert_eq!(room.hub.requests().len(), 1);
}

#[test]
fn content_with_a_wrong_signature_or_none_is_acknowledged_and_told_to_nobody() {
    let room = Newsroom::open(Manner::VerifyFirst(LEASE));
    let daemon = room.start_subscribed();
    let forged = room.document(&[Item::new("9", "Putin, forged")]);
    let other = room.hub.sign("sha256", b"something else");
    for signature in [None, Some(other)] {
        let delivered = room.hub.deliver(forged.as_bytes(), signature);
        assert_eq!(runtime().block_on(delivered), 202);
    }
    // What comes later has gone the same way.
    assert_eq!(room.push(&[Item::new("1", "Putin, pushed")]), 202);
    room.hook.wait(1);
    assert!(daemon.stop().success());
    assert_eq!(room.titles(), ["Putin, pushed"]);
    assert_eq!(room.home.json(&["mentions", "--json"]).len(), 1);
}

#[test]
fn while_push_is_alive_a_feed_is_polled_less_often() {
    let slowly = "[schedule]\ninterval = \"1s\"\nmin_interval = \"1ms\"\njitter = 0.0\n";
    let normal = Duration::from_secs(1);
    let room = Newsroom::open(Manner::Accept);
    room.arrange(slowly);
    let daemon = room.start();
    wait_for("the hub's being asked", || {
        (!room.hub.requests().is_empty()).then_some(())
    });
    room.await_poll();
    assert_eq!(room.interval(), normal, "nothing is verified yet");

    assert_eq!(runtime().block_on(room.hub.verify(LEASE)), 200);
    assert_eq!(room.push(&[Item::new("1", "Putin, pushed")]), 202);
    room.hook.wait(1);
    room.publish(&[Item::new("1", "Putin, pushed")]);
    wait_for("the longer interval", || {
        (room.interval() == normal * 4).then_some(())
    });

    // A poll that finds what was not pushed ends the trust.
    room.publish(&[Item::new("2", "Putin, polled")]);
    room.hook.wait(2);
    wait_for("the normal interval", || {
        (room.interval() == normal).then_some(())
    });
    assert!(daemon.stop().success());
}

#[test]
fn a_lease_outlives_a_restart_and_a_kill() {
    let room = Newsroom::open(Manner::VerifyFirst(LEASE));
    let daemon = room.start_subscribed();
    assert!(daemon.stop().success());
    // What was delivered when a kill came is delivered again, under its id.
    let alerts = |n: usize| {
        let accepted = room.hook.accepted();
        let ids: HashSet<String> = accepted.into_iter().map(|d| d.id).collect();
        (ids.len() == n).then_some(())
    };
    for n in 0..4 {
        let daemon = room.start();
        assert_eq!(
            room.push(&[Item::new(&format!("p{n}"), &format!("Putin {n}"))]),
            202
        );
        wait_for("what was pushed", || alerts(2 * n + 1));
        // The document that a poll reads names the hub again.
        room.publish(&[Item::new(&format!("q{n}"), &format!("Putin, polled {n}"))]);
        wait_for("what was polled", || alerts(2 * n + 2));
        if n % 2 == 0 {
            daemon.kill();
        } else {
            assert!(daemon.stop().success());
            // What an instance that ended well leaves of its lock: no sign of life.
            let lock = std::fs::metadata(room.home.path("m.db.lock")).unwrap();
            assert_eq!(
                lock.len(),
                0,
                "push keeps no stop from closing the database"
            );
        }
    }
    assert_eq!(room.hub.requests().len(), 1, "{:?}", room.hub.requests());
    assert_eq!(alerts(8), Some(()));
}

#[test]
fn a_feed_that_leaves_the_configuration_is_unsubscribed() {
    let room = Newsroom::open(Manner::VerifyFirst(LEASE));
    let daemon = room.start_subscribed();
    let subscribed = room.hub.last();
    room.hub.set(Manner::Accept);
    let feeds = [feed("other", &room.press.url("/other"), "")];
    let sections = format!("{OFTEN}{}", room.sections);
    room.home.arrange(&room.hook, &sections, &feeds);
    daemon.signal("HUP");
    let left = wait_for("the hub's being told", || {
        (room.hub.requests().len() > 1).then(|| room.hub.last())
    });
    assert_eq!(left["hub.mode"], "unsubscribe");
    for field in ["hub.topic", "hub.callback"] {
        assert_eq!(left[field], subscribed[field]);
    }
    assert_eq!(runtime().block_on(room.hub.verify(LEASE)), 200);
    let late = room.push(&[Item::new("1", "Putin, too late")]);
    assert_eq!(late, 410, "content is no longer wanted");
    room.press.wait("/other", 2);
    assert!(daemon.stop().success());
    assert!(room.hook.all().is_empty());
}

#[test]
fn neither_the_log_nor_the_database_holds_the_callbacks_token_or_the_secret() {
    let room = Newsroom::open(Manner::VerifyFirst(LEASE));
    let daemon = room.start_subscribed();
    room.push(&[Item::new("1", "Putin, pushed")]);
    room.hook.wait(1);
    let request = room.hub.last();
    let token = request["hub.callback"]
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let secret = request["hub.secret"].clone();
    assert!(token.len() >= 22 && secret.len() >= 22, "{request:?}");
    let mut kept = String::new();
    for file in ["m.db", "m.db-wal"] {
        let bytes = std::fs::read(room.home.path(file)).unwrap_or_default();
        kept.push_str(&String::from_utf8_lossy(&bytes));
    }
    kept.push_str(&daemon.log().join("\n"));
    kept.push_str(&room.home.ok(&["feeds", "--json"]));
    assert!(kept.contains(&room.topic()), "it is the right database");
    for hidden in [&token, &secret] {
        assert!(!kept.contains(hidden.as_str()), "{:?}", {
            let at = kept.find(hidden.as_str()).unwrap();
            kept[at.saturating_sub(200)..at].to_owned()
        });
    }
    assert!(daemon.stop().success());
}

#[test]
fn without_a_public_url_nothing_listens_and_no_hub_is_asked() {
    let mut room = Newsroom::open(Manner::VerifyFirst(LEASE));
    room.sections = room.sections.split("public_url").next().unwrap().to_owned();
    room.arrange(OFTEN);
    let daemon = room.home.start();
    room.await_poll();
    assert_eq!(listening(&daemon), 0);
    assert!(daemon.stop().success());
    assert!(room.hub.requests().is_empty());
}

#[test]
fn with_a_public_url_one_socket_listens() {
    let room = Newsroom::open(Manner::Accept);
    let daemon = room.start();
    assert_eq!(listening(&daemon), 1);
    assert!(daemon.stop().success());
}

#[test]
fn a_feed_that_its_owner_wants_polled_only_is_not_pushed() {
    let room = Newsroom::open(Manner::VerifyFirst(LEASE));
    let feeds = [feed("wire", &room.topic(), "push = false")];
    let sections = format!("{OFTEN}{}", room.sections);
    room.home.arrange(&room.hook, &sections, &feeds);
    let daemon = room.start();
    room.await_poll();
    assert!(daemon.stop().success());
    assert!(room.hub.requests().is_empty());
}

#[test]
fn a_taken_port_is_one_error_at_the_start() {
    let mut room = Newsroom::open(Manner::Accept);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    room.sections = room.sections.replace("127.0.0.1:0", &address);
    room.arrange(OFTEN);
    let output = room.home.run(&["run"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    let errors: Vec<_> = told
        .lines()
        .filter(|line| line.contains("can't listen"))
        .collect();
    assert_eq!(errors.len(), 1, "{told}");
    assert!(
        errors[0].contains(&address) && errors[0].contains("[web]"),
        "{told}"
    );
    assert!(!told.contains("INFO ready"), "{told}");
    assert!(room.press.all().is_empty(), "nothing was polled");
}

/// How many sockets of this process listen for connections.
fn listening(daemon: &Running) -> usize {
    let process = format!("/proc/{}", daemon.id());
    let mut inodes = Vec::new();
    for table in ["tcp", "tcp6"] {
        let table = std::fs::read_to_string(format!("{process}/net/{table}")).unwrap_or_default();
        for line in table.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            // 0A is the state LISTEN, the tenth field the inode (proc(5)).
            if fields[3] == "0A" {
                inodes.push(format!("socket:[{}]", fields[9]));
            }
        }
    }
    let files = std::fs::read_dir(format!("{process}/fd")).unwrap();
    files
        .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
        .filter(|to| inodes.iter().any(|inode| to.as_os_str() == inode.as_str()))
        .count()
}
