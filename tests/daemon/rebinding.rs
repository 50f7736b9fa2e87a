//! Names that lead outside when they are first asked for and inside the next time, told by a real name
//! server to the real binary: no connection reaches an inside address.
//!
//! The test runs itself again in a network and mount namespace of its own, where public addresses are
//! the loopback interface's and `/etc/resolv.conf` names the test's own name server. Where no namespace
//! can be made, it says so aloud.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::rebinding::names::{Lead, Names};
use crate::server::header;
use crate::support::{Home, Item, SECRET, TOPICS, rss, skip, wait_for};

mod names;

/// Set for the run inside the namespace.
const INSIDE: &str = "MENTIOND_TEST_NAMESPACE";
const TEST: &str = "rebinding::names_that_are_rebound_by_real_dns_lead_nowhere_inside";
/// Printed when the namespace is as it should be.
const READY: &str = "the namespace stands";

/// Prepares the namespace and runs the arguments in it.
const SETUP: &str = r#"
set -e
ip link set lo up
for address in 93.184.216.34/32 10.0.0.7/32 169.254.169.254/32; do
    ip address add "$address" dev lo
done
ip address add 2606:4700::1111/128 dev lo nodad
mount --bind "$HOME/resolv.conf" /etc/resolv.conf
if [ -e /etc/nsswitch.conf ]; then mount --bind "$HOME/nsswitch.conf" /etc/nsswitch.conf; fi
echo "$READY"
exec "$@"
"#;

const OUTSIDE: [&str; 2] = ["93.184.216.34:80", "[2606:4700::1111]:80"];
const TRAPS: [&str; 4] = [
    "127.0.0.1:80",
    "[::1]:80",
    "10.0.0.7:80",
    "169.254.169.254:80",
];

const fn lead(name: &'static str, answers: &'static [&'static [&'static str]]) -> Lead {
    Lead {
        name,
        alias: None,
        answers,
    }
}

/// Names that lead outside at the first look-up and inside at the next.
const REBOUND: [&str; 8] = [
    "loopback.example",
    "private.example",
    "metadata.example",
    "unspecified.example",
    "six.example",
    "mapped.example",
    "translated.example",
    "alias.example",
];

const ZONE: &[Lead] = &[
    lead("loopback.example", &[&["93.184.216.34"], &["127.0.0.1"]]),
    lead("private.example", &[&["93.184.216.34"], &["10.0.0.7"]]),
    lead(
        "metadata.example",
        &[&["93.184.216.34"], &["169.254.169.254"]],
    ),
    lead("unspecified.example", &[&["93.184.216.34"], &["0.0.0.0"]]),
    lead("six.example", &[&["2606:4700::1111"], &["::1"]]),
    lead(
        "mapped.example",
        &[&["93.184.216.34"], &["::ffff:127.0.0.1"]],
    ),
    lead(
        "translated.example",
        &[&["93.184.216.34"], &["64:ff9b::7f00:1", "::ffff:10.0.0.7"]],
    ),
    Lead {
        name: "alias.example",
        alias: Some("target.example"),
        answers: &[&["93.184.216.34"], &["127.0.0.1", "::1"]],
    },
    // What is inside is left out, whatever comes first.
    lead(
        "mixed.example",
        &[&[
            "127.0.0.1",
            "10.0.0.7",
            "93.184.216.34",
            "::1",
            "::ffff:127.0.0.1",
        ]],
    ),
    // Within one fetch: the redirect's second connection is told otherwise than the first.
    lead("again.example", &[&["93.184.216.34"], &["127.0.0.1"]]),
    lead("news.example", &[&["93.184.216.34"]]),
    lead("inside.example", &[&["127.0.0.1"]]),
    // The first answer gets robots.txt, the second would get the page.
    lead("page.example", &[&["93.184.216.34"], &["10.0.0.7"]]),
    lead("receiver.example", &[&["93.184.216.34"], &["127.0.0.1"]]),
];

#[test]
fn names_that_are_rebound_by_real_dns_lead_nowhere_inside() {
    if std::env::var_os(INSIDE).is_some() {
        return within();
    }
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put(
        "resolv.conf",
        "nameserver 127.0.0.1\nsearch .\noptions attempts:1\n",
    );
    put("nsswitch.conf", "hosts: dns\n");
    let run = |leave: &[&str]| -> std::io::Result<Output> {
        Command::new("unshare")
            .args(leave)
            .args(["--net", "--mount", "sh", "-c", SETUP, "sh"])
            .arg(std::env::current_exe()?)
            .args(["--exact", TEST, "--nocapture"])
            .env(INSIDE, "1")
            .env("READY", READY)
            .env("HOME", folder.path())
            .output()
    };
    let mut reason = String::new();
    for leave in [&[][..], &["--user", "--map-root-user"]] {
        match run(leave) {
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                let complained = String::from_utf8_lossy(&output.stderr).into_owned();
                if said.contains(READY) {
                    assert!(output.status.success(), "{said}\n{complained}");
                    assert!(said.contains("1 passed"), "{said}");
                    return;
                }
                reason = complained.trim().replace('\n', "; ");
            }
            Err(error) => reason = error.to_string(),
        }
    }
    skip(
        TEST,
        &format!(
            "no namespace with its own network and files can be made here ({reason}); \
             it takes root or user namespaces, and the programs unshare and ip"
        ),
    );
}

/// A web server at these addresses, which keeps what it was asked for by which host.
struct Web {
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    fn listen(addresses: &[&str]) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        for address in addresses {
            let listener = TcpListener::bind(address).unwrap();
            let asked = asked.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let asked = asked.clone();
                    // Counted before anything is read: a connection alone is one too many.
                    let place = {
                        let mut asked = asked.lock().unwrap();
                        asked.push(String::new());
                        asked.len() - 1
                    };
                    std::thread::spawn(move || {
                        let _ = serve(stream.unwrap(), |line| {
                            line.clone_into(&mut asked.lock().unwrap()[place]);
                        });
                    });
                }
            });
        }
        Self { asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn times(&self, line: &str) -> usize {
        self.asked().iter().filter(|asked| *asked == line).count()
    }
}

/// Answers one request, after telling it as `METHOD host path`.
fn serve(stream: TcpStream, tell: impl FnOnce(&str)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = header(&head, "content-length").and_then(|text| text.parse().ok());
    reader.read_exact(&mut vec![0; length.unwrap_or(0)])?;
    let host = header(&head, "host").unwrap_or_default();
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    tell(&format!("{method} {host} {path}"));
    let (status, headers, body) = match path {
        "/feed" => (
            "200 OK",
            String::new(),
            rss(&[Item::new(host, &format!("Putin at {host}"))]),
        ),
        "/live" => ("200 OK", String::new(), live()),
        "/again" => ("302 Found", "Location: /feed\r\n".to_owned(), String::new()),
        "/inside" => (
            "302 Found",
            "Location: http://inside.example/feed\r\n".to_owned(),
            String::new(),
        ),
        "/hook" => ("204 No Content", String::new(), String::new()),
        _ => ("404 Not Found", String::new(), String::new()),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    reader.get_mut().write_all(answer.as_bytes())
}

/// A feed whose hub is inside, and whose entries' pages come to be.
fn live() -> String {
    let item = |n: usize| Item {
        link: format!("http://page.example/story/{n}"),
        ..Item::new(&n.to_string(), &format!("Putin speaks for the {n}th time"))
    };
    rss(&[item(1), item(2), item(3)])
        .replace("<rss ", "<rss xmlns:atom=\"http://www.w3.org/2005/Atom\" ")
        .replace(
            "<title>Test feed</title>",
            "<title>Test feed</title><atom:link rel=\"hub\" href=\"http://inside.example/hub\"/>\
             <atom:link rel=\"self\" href=\"http://news.example/live\"/>",
        )
}

/// A round of `mentiond poll`: what it says of each feed.
fn poll(home: &Home) -> BTreeMap<String, Value> {
    let lines = home.json(&["poll", "--json"]).into_iter();
    lines
        .map(|line| (line["feed"].as_str().unwrap().to_owned(), line))
        .collect()
}

/// What is tested, where public addresses are this machine's.
fn within() {
    let resolver = std::fs::read_to_string("/etc/resolv.conf").unwrap();
    assert!(resolver.starts_with("nameserver 127.0.0.1\n"), "{resolver}");
    let names = Names::serve(UdpSocket::bind("127.0.0.1:53").unwrap(), ZONE);
    let (outside, inside) = (Web::listen(&OUTSIDE), Web::listen(&TRAPS));

    feeds(&names, &outside);
    others(&outside);
    assert_eq!(inside.asked(), [""; 0], "somebody was led inside");

    // With the owner's leave the same name leads there: the traps are real.
    let home = Home::new();
    home.write_config(
        "database = \"m.db\"\n[[feed]]\nid = \"own\"\nurl = \"http://inside.example/feed\"\n\
         allow_private_addresses = true\n",
    );
    assert_eq!(poll(&home)["own"]["status"], "ok");
    assert_eq!(inside.asked(), ["GET inside.example /feed"]);
}

/// Feeds whose names are rebound between two polls, or between two hops of one.
fn feeds(names: &Names, outside: &Web) {
    let home = Home::new();
    let mut config =
        "database = \"m.db\"\n[schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n"
            .to_owned();
    let steady = [
        ("mixed", "http://mixed.example/feed"),
        ("again", "http://again.example/again"),
        ("redirect", "http://news.example/inside"),
    ];
    let rebound = REBOUND.map(|name| (name, format!("http://{name}/feed")));
    let all = steady.map(|(id, url)| (id, url.to_owned()));
    for (id, url) in all.iter().chain(&rebound) {
        let id = id.trim_end_matches(".example");
        writeln!(config, "[[feed]]\nid = \"{id}\"\nurl = \"{url}\"").unwrap();
    }
    home.write_config(&config);
    let refused = |line: &Value| {
        assert_eq!(line["status"], "address-refused", "{line}");
    };

    let first = poll(&home);
    for name in REBOUND {
        let line = &first[name.trim_end_matches(".example")];
        assert_eq!(line["status"], "ok", "{line}");
        // The name was looked up once: the connection went to the address that was checked.
        assert_eq!(names.asked(name), 1, "{name}");
        assert_eq!(outside.times(&format!("GET {name} /feed")), 1, "{name}");
    }
    assert_eq!(first["mixed"]["status"], "ok", "{}", first["mixed"]);
    refused(&first["again"]);
    refused(&first["redirect"]);
    assert_eq!(outside.times("GET again.example /again"), 1);

    let second = poll(&home);
    for name in REBOUND {
        refused(&second[name.trim_end_matches(".example")]);
        assert_eq!(names.asked(name), 2, "{name}");
        assert_eq!(outside.times(&format!("GET {name} /feed")), 1, "{name}");
    }
}

/// Pages, webhook receivers and hubs, whose names are rebound under a running daemon.
fn others(outside: &Web) {
    let home = Home::new();
    std::fs::write(home.path("secret"), SECRET).unwrap();
    home.write_config(&format!(
        "database = \"m.db\"\nshutdown_timeout = \"5s\"\n\
         [schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n\
         [articles]\nfull_text = \"always\"\n\
         [web]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://mentiond.example/\"\n\
         [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"http://receiver.example/hook\"\n\
         secret = {{ file = \"secret\" }}\nretry_initial = \"50ms\"\nretry_max = \"100ms\"\n\
         [[feed]]\nid = \"news\"\nurl = \"http://news.example/live\"\n{TOPICS}"
    ));
    let daemon = home.start();
    for (what, sql) in [
        ("the hub", "SELECT error FROM subscription"),
        ("the page", "SELECT error FROM page"),
        (
            "the receiver",
            "SELECT error FROM delivery WHERE attempts > 2",
        ),
    ] {
        wait_for(&format!("{what} to be refused"), || {
            let database = home.database();
            let mut rows = database.prepare(sql).ok()?;
            let errors = rows.query_map([], |row| row.get::<_, Option<String>>(0));
            let mut errors = errors.ok()?.flatten().flatten();
            errors.find(|error| error.contains("not public") || error.contains("not a public"))
        });
    }
    assert!(daemon.stop().success());
    // Only the first connection of each went out, to the address that was true then.
    assert_eq!(outside.times("GET page.example /robots.txt"), 1);
    assert_eq!(outside.times("POST receiver.example /hook"), 1);
    let all = outside.asked();
    assert!(!all.iter().any(|line| line.contains("/story/")), "{all:?}");
}
