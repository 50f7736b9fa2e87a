//! A running daemon for measurements: started, awaited, asked of the kernel, stopped.

// Each bench uses a part of this.
#![allow(dead_code)]

use std::fs::File;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// In which Linux tells processor time, on all machines of today.
const USER_HZ: f64 = 100.0;

/// What the kernel says of a process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample {
    pub rss_kib: u64,
    pub peak_kib: u64,
    pub threads: u64,
    pub fds: u64,
    /// Seconds of processor time since its start.
    pub cpu: f64,
}

/// The release binary, running; `MENTIOND_BENCH_BINARY` names another one.
pub struct Daemon {
    child: Child,
    folder: PathBuf,
    /// From the start of the process until it said that it is ready.
    pub ready: Duration,
}

impl Daemon {
    /// Starts it on the folder's `mentiond.toml`, and waits until it says that it is ready as it says so to
    /// systemd. Its log goes to the folder's `log`.
    pub fn start(folder: &Path) -> Self {
        let address = folder.join("notify");
        let _ = std::fs::remove_file(&address);
        let socket = UnixDatagram::bind(&address).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(1)))
            .unwrap();
        let log = File::create(folder.join("log")).unwrap();
        let began = Instant::now();
        let other = std::env::var_os("MENTIOND_BENCH_BINARY");
        let binary = other.unwrap_or_else(|| env!("CARGO_BIN_EXE_mentiond").into());
        let mut child = Command::new(binary)
            .arg("--config")
            .arg(folder.join("mentiond.toml"))
            .arg("run")
            .env("NOTIFY_SOCKET", &address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut message = [0; 4096];
        loop {
            if let Ok(length) = socket.recv(&mut message)
                && String::from_utf8_lossy(&message[..length]).contains("READY=1")
            {
                break;
            }
            if let Some(ended) = child.try_wait().unwrap() {
                let log = std::fs::read_to_string(folder.join("log")).unwrap();
                panic!("the daemon ended ({ended}):\n{log}");
            }
        }
        let ready = began.elapsed();
        // What it tells from now on goes nowhere, and is not waited for.
        drop(socket);
        Self {
            child,
            folder: folder.to_owned(),
            ready,
        }
    }

    pub fn sample(&self) -> Sample {
        let proc = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = std::fs::read_to_string(proc.join("status")).unwrap_or_default();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let stat = std::fs::read_to_string(proc.join("stat")).unwrap_or_default();
        // Behind the name, which may hold anything: the third field on. utime and stime are the 14th and 15th.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: f64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        Sample {
            rss_kib: number("VmRSS:").unwrap_or(0),
            peak_kib: number("VmHWM:").unwrap_or(0),
            threads: number("Threads:").unwrap_or(0),
            fds: std::fs::read_dir(proc.join("fd")).map_or(0, |fds| fds.count() as u64),
            cpu: ticks / USER_HZ,
        }
    }

    /// The lines of its log that hold a word.
    pub fn logged(&self, word: &str) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines = log.lines().filter(|line| line.contains(word));
        lines.map(str::to_owned).collect()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "the daemon ended with {ended}");
    }
}

impl Drop for Daemon {
    /// A measurement that breaks off leaves no daemon behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value that so many in a hundred do not exceed.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    match sorted.len() {
        0 => Duration::ZERO,
        n => sorted[(n * percent).div_ceil(100).clamp(1, n) - 1],
    }
}

/// The number behind `--name`, or the usual one.
pub fn option(name: &str, usual: usize) -> usize {
    let mut words = std::env::args().skip_while(|word| word != name);
    words.nth(1).map_or(usual, |word| {
        word.parse()
            .unwrap_or_else(|_| panic!("{name} takes a number"))
    })
}
