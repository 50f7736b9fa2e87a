//! The release binary over the database: how long its answers take, and what it holds.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running daemon.
pub struct Daemon {
    child: Child,
    address: String,
    /// From the start of the process until it served.
    pub start: Duration,
}

impl Daemon {
    /// Starts it and waits until it serves.
    pub fn start(config: &Path) -> Self {
        let began = Instant::now();
        let mut child = mentiond(config)
            .arg("run")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("serving pages on http://")?;
            rest.split_once('/').map(|(address, _)| address.to_owned())
        });
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address: address.unwrap(),
            start: began.elapsed(),
        }
    }

    /// Asks once: the status, the length of the body, and the time from the request until the last byte.
    pub fn ask(&self, path: &str) -> (u16, usize, Duration) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        );
        let began = Instant::now();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let took = began.elapsed();
        let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
        (status, answer.len(), took)
    }

    /// The most memory it has held so far, in MiB.
    pub fn peak(&self) -> f64 {
        peak(self.child.id()).unwrap_or(0.0)
    }

    /// Ends it.
    pub fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Runs a command whose output is only counted: bytes, lines, time, and the most memory it held in MiB
/// after a tenth of its output and at its end.
pub fn stream(config: &Path, arguments: &[&str], expected: u64) -> (u64, u64, Duration, [f64; 2]) {
    let began = Instant::now();
    let mut child = mentiond(config)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let (mut bytes, mut lines, mut early, mut late) = (0, 0, 0.0, 0.0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = out.read(&mut buffer).unwrap();
        if read == 0 {
            break;
        }
        bytes += read as u64;
        lines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64;
        late = peak(child.id()).unwrap_or(late);
        if lines < expected / 10 {
            early = late;
        }
    }
    assert!(child.wait().unwrap().success(), "{arguments:?} failed");
    (bytes, lines, began.elapsed(), [early, late])
}

fn mentiond(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mentiond"));
    command.arg("--config").arg(config);
    command
}

/// The kernel's high-water mark of a process's resident memory, in MiB.
fn peak(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let mark = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = mark.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024.0)
}
