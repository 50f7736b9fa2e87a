//! A fleet: its workers, its database, the lines between them, the feeds and the receiver.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::Signal;

use crate::account::{HOST_PAUSE, PER_HOST};
use crate::journal::Journal;
use crate::postgres::Database;
use crate::press::Press;
use crate::proxy::{Line, Proxy};
use crate::receiver::Receiver;
use crate::setting;
use crate::stories::topics;
use crate::worker::Worker;

/// How large a fleet is, and how quick.
pub struct Shape {
    pub workers: u8,
    pub feeds: usize,
    /// How many of them are on the first host, and on each of the others.
    pub big: usize,
    pub per_host: usize,
    pub interval: Duration,
    pub lease: Duration,
}

impl Shape {
    /// Few feeds, which are asked often, on hosts enough for each worker to get some.
    pub fn small() -> Self {
        Self {
            workers: 3,
            feeds: 40,
            big: 6,
            per_host: 2,
            interval: Duration::from_secs(4),
            lease: Duration::from_secs(5),
        }
    }

    /// No feed is asked twice within it.
    pub fn floor(&self) -> Duration {
        self.interval * 2 / 3
    }
}

/// See the head of this file.
pub struct Fleet {
    pub shape: Shape,
    pub journal: Journal,
    pub rng: Rng,
    pub press: Press,
    pub receiver: Receiver,
    pub workers: Vec<Worker>,
    pub lines: Vec<Proxy>,
    pub database: Database,
    /// Workers that ended by themselves are started again by then.
    ended: Vec<(usize, Instant)>,
    /// How often one ended by itself at its start, when there was no database.
    pub false_starts: usize,
}

impl Fleet {
    /// A fleet of which no worker runs yet; `name` is that of its test.
    pub fn new(name: &str, shape: Shape, database: Database) -> Self {
        let seed = setting("FLEET_SEED").unwrap_or_else(|| fastrand::u64(..));
        let journal = Journal::default();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join("fleet")
            .join(name);
        // There may be logs of an earlier run.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        journal.note(format!("FLEET_SEED={seed}, logs in {}", folder.display()));
        let mut rng = Rng::with_seed(seed);
        let press = Press::start(
            journal.clone(),
            rng.fork(),
            shape.floor(),
            shape.feeds,
            shape.per_host,
            shape.big,
        );
        let receiver = Receiver::start(journal.clone());
        let config = configuration(&shape, &press, &receiver);
        std::fs::write(folder.join("mentiond.toml"), config).unwrap();
        let lines: Vec<_> = (0..shape.workers)
            .map(|_| Proxy::start(database.port))
            .collect();
        let workers = (1..=shape.workers)
            .zip(&lines)
            .map(|(n, line)| Worker::new(n, &folder, database.url(line.port)))
            .collect();
        Self {
            shape,
            journal,
            rng,
            press,
            receiver,
            workers,
            lines,
            database,
            ended: Vec::new(),
            false_starts: 0,
        }
    }

    /// Starts all workers.
    pub fn start(&mut self) {
        for place in 0..self.workers.len() {
            self.start_worker(place);
        }
    }

    pub fn start_worker(&mut self, place: usize) {
        self.journal.note(format!("w{} is started", place + 1));
        self.workers[place].start();
    }

    pub fn kill(&mut self, place: usize) {
        self.journal.note(format!("w{} is killed", place + 1));
        self.ended.retain(|(ended, _)| *ended != place);
        self.workers[place].kill();
    }

    /// Cuts the line of a worker in the middle of a transaction.
    pub fn cut(&mut self, place: usize, line: Line) {
        self.lines[place].set_in_a_transaction(line);
        self.wait("a transaction", self.patience(), |fleet| {
            fleet.lines[place].is(line).then_some(())
        });
        self.journal.note(format!(
            "the line of w{} is {line:?}, in a transaction",
            place + 1
        ));
    }

    pub fn heal(&self, place: usize) {
        self.journal
            .note(format!("the line of w{} is whole", place + 1));
        self.lines[place].set(Line::Whole);
    }

    /// What a supervisor does: a worker that ended by itself is started again a second later. That one ends for
    /// lack of a database when it is started is no fault.
    pub fn supervise(&mut self) {
        for place in 0..self.workers.len() {
            let worker = &mut self.workers[place];
            if let Some(status) = worker.ended() {
                let text = format!("end: w{} ended by itself ({status})", place + 1);
                if worker.said("ready") {
                    self.journal.wrong(format!("{text} after it was ready"));
                } else {
                    self.false_starts += 1;
                    self.journal.note(text);
                }
                self.ended
                    .push((place, Instant::now() + Duration::from_secs(1)));
            }
        }
        let now = Instant::now();
        let (again, later) = self.ended.drain(..).partition(|(_, at)| *at <= now);
        self.ended = later;
        for (place, _) in again {
            self.start_worker(place);
        }
    }

    /// Looks after the workers for so long.
    pub fn pass(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.supervise();
            sleep(Duration::from_millis(20).min(until.saturating_duration_since(Instant::now())));
        }
    }

    /// Waits until `found` returns something, and looks after the workers meanwhile.
    pub fn wait<T>(
        &mut self,
        what: &str,
        patience: Duration,
        mut found: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        let began = Instant::now();
        loop {
            self.supervise();
            if let Some(value) = found(self) {
                return value;
            }
            if began.elapsed() > patience {
                self.tell();
                panic!("waited in vain for {what} ({patience:?})");
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// How long anything may take that each feed's next poll brings, also after a lease has ended.
    pub fn patience(&self) -> Duration {
        self.shape.lease * 2 + self.shape.interval * 8 + Duration::from_secs(20)
    }

    /// Waits until these workers have all been seen since then, and every feed was asked.
    pub fn wait_for_all_to_ask(&mut self, workers: &[u8], since: Instant) {
        let what = format!("requests of {workers:?} and for all feeds");
        self.wait(&what, self.patience(), |fleet| {
            let seen = |worker: &u8| fleet.press.seen(*worker).is_some_and(|at| at >= since);
            let last = fleet.press.last();
            let all = last
                .iter()
                .all(|last| last.is_some_and(|visit| visit.came >= since));
            (all && workers.iter().all(seen)).then_some(())
        });
    }

    /// Waits until all that are started can work.
    pub fn wait_until_ready(&mut self) {
        self.wait("the workers to be ready", self.patience(), |fleet| {
            let is_ready = |(place, worker): (usize, &Worker)| {
                let comes_again = fleet.ended.iter().any(|(ended, _)| *ended == place);
                !comes_again && (!worker.is_started() || worker.said("ready"))
            };
            fleet.workers.iter().enumerate().all(is_ready).then_some(())
        });
    }

    /// Lets everything arrive, stops the workers, and judges the whole.
    pub fn finish(mut self) {
        self.press.publish(0.0);
        self.receiver.be_moody(false);
        self.journal.note("no more news");
        let patience = self.patience() * 2;
        self.wait("every document to be recorded", patience, |fleet| {
            fleet.press.unrecorded().is_empty().then_some(())
        });
        self.journal.note("all documents are recorded");
        let expected = self.press.expected();
        let began = Instant::now();
        while began.elapsed() < patience && self.receiver.count() < expected.len() {
            self.supervise();
            sleep(Duration::from_millis(20));
        }
        self.wait_until_ready();
        for place in 0..self.workers.len() {
            if self.workers[place].is_started() {
                self.stop(place);
            }
        }
        let taken = self.receiver.taken();
        for (alert, kind) in &expected {
            if !taken.contains(alert) {
                self.journal
                    .wrong(format!("lost: {alert:?} ({kind:?}) was not told"));
            }
        }
        for alert in &taken {
            if !expected.contains_key(alert) {
                self.journal
                    .wrong(format!("invented: nobody wrote {alert:?}"));
            }
        }
        self.tell();
        let faults = self.journal.kinds();
        assert!(faults.is_empty(), "promises were broken: {faults:?}");
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(&mut self, place: usize) {
        self.journal
            .note(format!("w{} is asked to stop", place + 1));
        self.workers[place].signal(Signal::TERM);
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.workers[place].ended() {
                break status;
            }
            if began.elapsed() > Duration::from_secs(30) {
                self.tell();
                panic!("w{} does not stop", place + 1);
            }
            sleep(Duration::from_millis(5));
        };
        self.journal.note(format!(
            "w{} stopped after {:.3?} ({status})",
            place + 1,
            began.elapsed()
        ));
        if !status.success() {
            self.journal
                .wrong(format!("end: w{} stopped with {status}", place + 1));
        }
    }

    /// Prints the journal and figures.
    pub fn tell(&self) {
        let (requests, refused) = self.receiver.requests();
        println!(
            "{}{}\n{} alerts were taken, {} repeats, {requests} requests of which {refused} were refused; \
             {} starts without a database\nfaults: {:?}",
            self.journal.text(),
            self.press.summary(),
            self.receiver.taken().len(),
            self.receiver.repeats(),
            self.false_starts,
            self.journal.kinds(),
        );
    }
}

fn configuration(shape: &Shape, press: &Press, receiver: &Receiver) -> String {
    let level = std::env::var("FLEET_LOG").unwrap_or_else(|_| "info".to_owned());
    let (interval, floor) = (shape.interval.as_millis(), shape.floor().as_millis());
    format!(
        "shutdown_timeout = \"5s\"\n\
         [log]\nlevel = \"{level}\"\n\
         [postgres]\nlease = \"{}ms\"\n\
         [schedule]\ninterval = \"{interval}ms\"\nmin_interval = \"{floor}ms\"\nmax_interval = \"{}ms\"\n\
         [fetch]\nper_host = {PER_HOST}\nhost_pause = \"{}ms\"\n\
         [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\nconcurrency = 8\n\
         retry_initial = \"100ms\"\nretry_max = \"500ms\"\nmax_attempts = 100\n\
         pause_initial = \"100ms\"\npause_max = \"500ms\"\nfeed_alerts = false\nspike_alerts = false\n\
         {}{}",
        shape.lease.as_millis(),
        interval * 2,
        HOST_PAUSE.as_millis(),
        receiver.url,
        topics(),
        press.tables(),
    )
}
