//! Streams to look into, servers with settings of their own, and a proxy that does what networks do.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::{self, stream};

use crate::support::{runtime, wait_for};

/// A stream of a test's own, that takes `NAME.>`.
pub struct Bus {
    pub name: String,
    context: jetstream::Context,
}

impl Bus {
    /// One whose name no other run has.
    pub fn of(url: &str, name: &str) -> Self {
        let name = format!("{name}-{}", std::process::id());
        Self::open(url, &name, ConnectOptions::new())
    }

    pub fn open(url: &str, name: &str, options: ConnectOptions) -> Self {
        let client = runtime().block_on(options.connect(url)).unwrap();
        Self {
            name: name.to_owned(),
            context: runtime().block_on(async { jetstream::new(client) }),
        }
    }

    pub fn make_stream(&self) {
        self.make_stream_of(">");
    }

    /// A stream that takes `NAME.` and this.
    pub fn make_stream_of(&self, subjects: &str) {
        let config = stream::Config {
            name: self.name.clone(),
            subjects: vec![format!("{}.{subjects}", self.name)],
            ..stream::Config::default()
        };
        runtime()
            .block_on(self.context.create_stream(config))
            .unwrap();
    }

    pub fn remove_stream(&self) {
        runtime()
            .block_on(self.context.delete_stream(&self.name))
            .unwrap();
    }

    pub fn stream_config(&self) -> stream::Config {
        runtime()
            .block_on(self.context.get_stream(&self.name))
            .unwrap()
            .cached_info()
            .config
            .clone()
    }

    /// What the stream has stored.
    pub fn messages(&self) -> Vec<StreamMessage> {
        runtime().block_on(async {
            let stream = self.context.get_stream(&self.name).await.unwrap();
            let mut messages = Vec::new();
            for sequence in 1..=stream.cached_info().state.last_sequence {
                messages.push(stream.get_raw_message(sequence).await.unwrap());
            }
            messages
        })
    }
}

/// A server of a test's own. Killed when dropped.
pub struct Server {
    program: String,
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Server {
    /// Starts one with these settings, and `JetStream`.
    pub fn start(program: &str, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("nats.conf"), settings).unwrap();
        std::fs::create_dir(folder.path().join("ports")).unwrap();
        let mut child = spawn(program, folder.path(), "-1");
        let file = folder
            .path()
            .join(format!("ports/nats-server_{}.ports", child.id()));
        let port = wait_for("the server's port", || {
            if let Some(status) = child.try_wait().unwrap() {
                let log = std::fs::read_to_string(folder.path().join("log"));
                panic!("{status}: {}", log.unwrap());
            }
            let text = std::fs::read_to_string(&file).ok()?;
            let ports: serde_json::Value = serde_json::from_str(&text).ok()?;
            let url = ports["nats"][0].as_str()?;
            url.rsplit_once(':')?.1.parse().ok()
        });
        Self {
            program: program.to_owned(),
            folder,
            port,
            child,
        }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again with what it has stored, at the same port.
    pub fn start_again(&mut self) {
        self.child = spawn(&self.program, self.folder.path(), &self.port.to_string());
        wait_for("the server", || {
            TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
    }
}

fn spawn(program: &str, folder: &Path, port: &str) -> Child {
    Command::new(program)
        .args(["-a", "127.0.0.1", "-p", port, "-js", "-sd"])
        .arg(folder.join("store"))
        .arg("-c")
        .arg(folder.join("nats.conf"))
        .arg("-l")
        .arg(folder.join("log"))
        .arg("--ports_file_dir")
        .arg(folder.join("ports"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a proxy does besides passing on.
#[derive(Clone, Copy)]
pub enum Trick {
    /// Hangs up in place of the first acknowledgement.
    CutFirstAcknowledgement,
    /// Passes nothing on to the client between its first message and its n-th.
    HoldUntil(usize),
}

#[derive(Default)]
struct Seen {
    published: AtomicUsize,
    acknowledged: AtomicUsize,
}

/// A proxy before a server.
pub struct Proxy {
    pub url: String,
    seen: Arc<Seen>,
}

impl Proxy {
    pub fn start(to: &str, trick: Trick) -> Self {
        let to = to.trim_start_matches("nats://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("nats://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let shared = seen.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&to) else {
                    continue;
                };
                let (seen, ends) = (shared.clone(), (client.try_clone(), server.try_clone()));
                let (Ok(from), Ok(into)) = ends else { continue };
                std::thread::spawn(move || upwards(from, into, &seen));
                let seen = shared.clone();
                std::thread::spawn(move || downwards(server, client, trick, &seen));
            }
        });
        Self { url, seen }
    }

    /// How many acknowledgements the server has given.
    pub fn acknowledgements(&self) -> usize {
        self.seen.acknowledged.load(Ordering::SeqCst)
    }
}

/// Occurrences of `part` that end in the last `fresh` bytes.
fn count(all: &[u8], fresh: usize, part: &[u8]) -> usize {
    let from = all.len().saturating_sub(fresh + part.len() - 1);
    let windows = all[from..].windows(part.len());
    windows.filter(|window| *window == part).count()
}

fn upwards(mut client: TcpStream, mut server: TcpStream, seen: &Seen) {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(n @ 1..) = client.read(&mut buffer) {
        all.extend_from_slice(&buffer[..n]);
        if server.write_all(&buffer[..n]).is_err() {
            break;
        }
        let published = count(&all, n, b"HPUB ");
        seen.published.fetch_add(published, Ordering::SeqCst);
    }
    let _ = server.shutdown(Shutdown::Both);
}

fn downwards(mut server: TcpStream, mut client: TcpStream, trick: Trick, seen: &Seen) {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(n @ 1..) = server.read(&mut buffer) {
        all.extend_from_slice(&buffer[..n]);
        let acknowledged = count(&all, n, b"\"seq\":");
        let before = seen.acknowledged.fetch_add(acknowledged, Ordering::SeqCst);
        match trick {
            Trick::CutFirstAcknowledgement if before == 0 && acknowledged > 0 => break,
            Trick::CutFirstAcknowledgement => {}
            Trick::HoldUntil(most) => {
                let waits = || (1..most).contains(&seen.published.load(Ordering::SeqCst));
                while waits() {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
        if client.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}
