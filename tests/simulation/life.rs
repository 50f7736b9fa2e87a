//! The lives of one daemon: each begins with a database as the last one left it, meets what comes, and is
//! stopped, killed, or loses its power.

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mentiond::config::{self, Config, Environment};
use mentiond::daemon::{self, Asked, Command, Engine, Live};
use mentiond::model::Timestamp;
use mentiond::notify::{Printer, Settled};
use mentiond::store::Store;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::disk::{End, Weather, disk};
use crate::publisher::{Item, Mood, TOPICS, Trace};
use crate::receiver;
use crate::town::{CONCURRENCY, FLOOR_MS, HOST_PAUSE_MS, MAX_MS, PER_HOST, Town};

/// How long the days of trouble last, in the world's own time.
const TROUBLE: Duration = Duration::from_hours(6);
/// How long all is well after them; longer than anything may be put off, but for what a clock that was set
/// back puts off for as long.
const PEACE: Duration = Duration::from_hours(3);
/// How far the clock is set at most, in milliseconds.
const MOST_SET_MS: u64 = 7_200_000;

/// What a seed decides once.
#[allow(clippy::struct_excessive_bools)] // dice that were cast
#[derive(Debug)]
struct Nature {
    /// Whether the machine's clock is set now and then.
    jumps: bool,
    /// Whether the disk fails now and then.
    bad_disk: bool,
    near_duplicates: bool,
    fixed_interval: bool,
    ends: bool,
}

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stop,
    Crash(End),
    /// The time is over.
    Over,
}

/// A world and its daemon.
pub struct Story {
    town: Arc<Town>,
    folder: tempfile::TempDir,
    nature: Nature,
    next_item: u32,
    /// The disk's troubles when the daemon was last given a configuration.
    troubles: Cell<u64>,
    /// Lines of the log sink.
    lines: Arc<Mutex<Vec<String>>>,
    began_ms: i64,
}

/// What a story came to.
#[derive(Debug)]
pub struct Summary {
    pub wrong: Vec<String>,
    pub lives: u32,
    pub requests: u64,
    pub pushes: u64,
    pub alerts: usize,
    pub operations: u64,
    pub troubles: u64,
}

impl Story {
    pub fn new(town: Arc<Town>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write_key(folder.path());
        let nature = {
            let rng = &mut town.state().rng;
            Nature {
                jumps: rng.u8(..5) == 0,
                bad_disk: rng.u8(..3) > 0,
                near_duplicates: rng.bool(),
                fixed_interval: rng.bool(),
                ends: rng.u8(..8) > 0,
            }
        };
        town.tell(|| format!("{nature:?}"));
        disk().bell = Some(Arc::clone(&town.over));
        let began_ms = town.state().time_ms();
        Self {
            town,
            folder,
            nature,
            next_item: 0,
            troubles: Cell::new(0),
            lines: Arc::default(),
            began_ms,
        }
    }

    /// Lives through all of it.
    pub fn live(mut self) -> Summary {
        let end = self.began_ms + i64::try_from(TROUBLE.as_millis()).expect("short");
        while self.goes_on() && self.town.state().time_ms() < end {
            self.life(Some(end));
        }
        self.heal();
        if self.goes_on() {
            self.life(None);
        }
        let town = &self.town;
        if self.goes_on() {
            crate::rules::at_the_end(town, &self.lines(), &self.folder.path().join("m.db"));
        }
        let state = town.state();
        let alerts = state.receivers[0].got.len();
        let disk = disk();
        Summary {
            wrong: state.wrong.clone(),
            lives: state.life,
            requests: state.requests,
            pushes: state.pushes,
            alerts,
            operations: disk.operations,
            troubles: disk.troubles,
        }
    }

    fn goes_on(&self) -> bool {
        self.town.state().wrong.is_empty()
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }

    /// All is well from now on.
    fn heal(&mut self) {
        disk().weather = Weather::default();
        disk().dies_in = None;
        let mut state = self.town.state();
        for publisher in &mut state.publishers {
            publisher.mood = Mood::Well;
        }
        for receiver in &mut state.receivers {
            receiver.mood = receiver::Mood::Well;
        }
        drop(state);
        self.town.tell(|| "all is well from now on".to_owned());
    }

    /// One life, until `end` at most; without it a last one in peace.
    fn life(&mut self, end: Option<i64>) {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let mut engine = None;
        let town = Arc::clone(&self.town);
        let fate = runtime.block_on(async {
            town.begin_life();
            // Of a life before.
            tokio::select! {
                biased;
                () = town.over.notified() => {}
                () = std::future::ready(()) => {}
            }
            let fate = self.run(end, &mut engine).await;
            town.stop_clock();
            fate
        });
        town.tell(|| format!("this life ends: {fate:?}"));
        self.bury(runtime, engine, fate);
    }

    /// Ends what has run, and the machine's life with it.
    fn bury(&mut self, runtime: Runtime, engine: Option<Arc<Engine>>, fate: Fate) {
        let crash = match fate {
            Fate::Crash(end) => Some(end),
            Fate::Stop | Fate::Over => None,
        };
        if crash.is_some() {
            disk().die();
        }
        self.town.end_life(crash.is_some());
        drop(runtime);
        match engine.map(Arc::into_inner) {
            // A process that is killed closes nothing.
            Some(Some(engine)) if crash.is_some() => drop(engine),
            Some(Some(engine)) => engine.close(),
            Some(None) => self
                .town
                .wrong("somebody still holds the engine".to_owned()),
            None => {}
        }
        if disk().is_in_use() {
            self.town.wrong("the database is still open".to_owned());
            return;
        }
        // It may have died while the last was written.
        let died = disk().is_dead().then(|| self.end());
        if let Some(end) = crash.or(died) {
            disk().start_again(end);
        }
    }

    async fn run(&mut self, end: Option<i64>, place: &mut Option<Arc<Engine>>) -> Fate {
        let town = Arc::clone(&self.town);
        let bad = self.nature.bad_disk && end.is_some();
        if bad && town.state().rng.u8(..6) == 0 {
            disk().weather = self.weather();
        }
        let calm = disk().troubles;
        let (engine, settled) = loop {
            match self.open(end.is_none()) {
                Ok(engine) => break (engine, Arc::<Settled>::default()),
                Err(_) if disk().is_dead() => return self.crash(),
                Err(error) => {
                    town.tell(|| format!("can't start: {error}"));
                    if disk().troubles == calm {
                        town.wrong(format!("can't start on a sound disk: {error}"));
                        return Fate::Over;
                    }
                    sleep(Duration::from_secs(10)).await;
                    disk().weather = Weather::default();
                }
            }
        };
        *place = Some(Arc::clone(&engine));
        if disk().troubles == calm {
            self.show();
            let crashed = engine.store.crashed();
            town.tell(|| format!("the life before crashed at {crashed:?}"));
            let old = town.state().life > 1;
            check(&town, &engine.store, old).await;
        }
        let (commands, received) = mpsc::channel(4);
        let lines = Arc::clone(&self.lines);
        let printer = Printer::new(move |line| {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(line.to_owned());
            Ok(())
        });
        let mut running = std::pin::pin!(daemon::run(&engine, printer, settled, received, |_| {}));
        let fate = tokio::select! {
            biased;
            () = town.over.notified() => {
                if disk().is_dead() {
                    return self.crash();
                }
                return Fate::Over;
            }
            ended = &mut running => {
                if disk().is_dead() {
                    return self.crash();
                }
                match ended {
                    Ok(()) => town.wrong("the daemon stopped by itself".to_owned()),
                    Err(error) if disk().troubles == calm => {
                        town.wrong(format!("the daemon gave up: {error}"));
                    }
                    Err(error) => {
                        town.tell(|| format!("the daemon gave up: {error}"));
                        disk().weather = Weather::default();
                        sleep(Duration::from_secs(10)).await;
                    }
                }
                return Fate::Stop;
            }
            fate = self.events(&commands, end) => fate,
        };
        if matches!(fate, Fate::Crash(_)) {
            return fate;
        }
        drop(commands.send(Command::Stop).await);
        let asked = tokio::time::Instant::now();
        tokio::select! {
            biased;
            () = town.over.notified() => {
                if disk().is_dead() { self.crash() } else { fate }
            }
            ended = running => {
                if let Err(error) = ended {
                    town.wrong(format!("the daemon ended with: {error}"));
                }
                if asked.elapsed() > Duration::from_secs(40) {
                    town.wrong(format!("it took {:?} to stop", asked.elapsed()));
                }
                fate
            }
        }
    }

    /// Tells what the database knows of the feeds. Done whether anybody listens or not: the order of all hash
    /// maps hangs on how many there were before.
    fn show(&self) {
        disk().aside = true;
        let rows = rusqlite::Connection::open(self.folder.path().join("m.db")).and_then(|conn| {
            let mut query = conn.prepare(
                "SELECT printf('%s %s: polled %s, next %s, tag %s, gone %s', name, url, last_poll_ms,
                   next_poll_ms, CAST(etag AS TEXT), gone_ms)
                 FROM feed JOIN schedule ON feed_id = feed.id",
            )?;
            let rows = query.query_map([], |row| row.get::<_, String>(0))?;
            rows.collect::<Result<Vec<_>, _>>()
        });
        disk().aside = false;
        for row in rows.unwrap_or_else(|error| vec![error.to_string()]) {
            self.town.tell(|| row);
        }
    }

    fn crash(&self) -> Fate {
        Fate::Crash(self.end())
    }

    fn end(&self) -> End {
        let kill = self.town.state().rng.bool();
        if kill { End::Kill } else { End::PowerCut }
    }

    fn open(&self, last: bool) -> Result<Arc<Engine>, String> {
        let config = self.configure(last);
        let live = Live::new(config).map_err(|error| error.to_string())?;
        let store = Store::open(&live.config.database).map_err(|error| error.to_string())?;
        Ok(Engine::new(store, live))
    }

    /// A configuration with some of the feeds; with all of them in the last life.
    fn configure(&self, all: bool) -> Config {
        let state = &mut *self.town.state();
        let mut text = format!(
            "database = \"m.db\"\nshutdown_timeout = \"20s\"\n\
             [schedule]\nmin_interval = \"{FLOOR_MS}ms\"\nmax_interval = \"{MAX_MS}ms\"\n\
             [fetch]\nconcurrency = {CONCURRENCY}\nper_host = {PER_HOST}\n\
             per_domain = {PER_HOST}\nhost_pause = \"{HOST_PAUSE_MS}ms\"\n\
             [dedup]\nnear_duplicates = {}\n\
             [alerts]\nmax_alert_age = \"9999d\"\nfeed_failing_after = \"2h\"\n\
             [web]\npublic_url = \"http://mentiond.example/\"\nlisten = \"127.0.0.1:0\"\n\
             [[sink]]\nid = \"log\"\ntype = \"log\"\nformat = \"json\"\n",
            self.nature.near_duplicates
        );
        for receiver in &state.receivers {
            write!(
                text,
                "[[sink]]\nid = \"{0}\"\ntype = \"webhook\"\nurl = \"http://{0}.example/\"\n\
                 concurrency = {1}\nordered = {2}\nmax_attempts = 100\nretry_max = \"10m\"\n",
                receiver.id,
                receiver.most,
                receiver.most == 1,
            )
            .expect("text");
        }
        for (id, term) in TOPICS {
            write!(text, "[[topic]]\nid = \"{id}\"\nany = [\"{term}\"]\n").expect("text");
        }
        // The last reload may have been refused, and then it is not known by what ids feeds are watched.
        let troubles = disk().troubles;
        if self.troubles.replace(troubles) != troubles {
            state.traces.values_mut().for_each(Trace::doubt);
        }
        for publisher in &mut state.publishers {
            let rename = !all && state.rng.u8(..12) == 0;
            let leave_out = !all && state.rng.u8(..8) == 0;
            let id = if rename {
                format!("{}-b", publisher.id)
            } else {
                publisher.id.clone()
            };
            let id = (!leave_out).then_some(id);
            // One that is renamed, or comes back, is known by its address alone.
            if publisher.configured != id {
                let path = format!("/{}", publisher.id);
                let traces = state.traces.range_mut(path.clone()..format!("{path}0"));
                traces.for_each(|(_, trace)| trace.doubt());
            }
            publisher.configured.clone_from(&id);
            let Some(id) = id else {
                continue;
            };
            let url = publisher.url();
            write!(text, "[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\n").expect("text");
            if self.nature.fixed_interval {
                text.push_str("interval = \"20m\"\n");
            }
        }
        let path = self.folder.path().join("mentiond.toml");
        std::fs::write(&path, text).expect("the folder can be written");
        let loaded = config::load(Path::new(&path), &Environment::default());
        loaded.unwrap_or_else(|error| panic!("{error}"))
    }

    fn weather(&self) -> Weather {
        let rng = &mut self.town.state().rng;
        let mut some = |most: f64| if rng.bool() { rng.f64() * most } else { 0.0 };
        let (read_errors, write_errors) = (some(0.02), some(0.1));
        let (sync_errors, busy) = (some(0.3), some(0.1));
        Weather {
            full: rng.u8(..3) == 0,
            read_errors,
            write_errors,
            sync_errors,
            busy,
        }
    }

    /// What comes over the daemon, until a life ends.
    async fn events(&mut self, commands: &mpsc::Sender<Command>, end: Option<i64>) -> Fate {
        let town = Arc::clone(&self.town);
        let Some(end) = end else {
            let set_back = Duration::from_millis(town.state().set_back_ms);
            sleep(PEACE + set_back).await;
            return Fate::Over;
        };
        loop {
            let (wait, what) = {
                let state = &mut *town.state();
                // Seldom and in clusters.
                let most = if state.rng.bool() { 600_000 } else { 5_000 };
                (state.rng.u64(..most), state.rng.u8(..100))
            };
            sleep(Duration::from_millis(wait)).await;
            if town.state().time_ms() >= end {
                return Fate::Over;
            }
            match what {
                0..40 => self.publish(),
                40..46 => {
                    let state = &mut *town.state();
                    let feed = state.rng.usize(..state.publishers.len());
                    state.publishers[feed].edit(&mut state.rng);
                }
                46..62 => {
                    let state = &mut *town.state();
                    let feed = state.rng.usize(..state.publishers.len());
                    let publisher = &mut state.publishers[feed];
                    publisher.mood = Mood::random(&mut state.rng);
                    publisher.is_gone |= state.rng.u8(..60) == 0;
                }
                62..70 => {
                    let state = &mut *town.state();
                    let number = state.rng.usize(..state.receivers.len());
                    state.receivers[number].mood = receiver::Mood::random(&mut state.rng);
                }
                70..78 => {
                    let (feed, forged) = {
                        let state = &mut *town.state();
                        let feed = state.rng.usize(..state.publishers.len());
                        (feed, state.rng.u8(..4) == 0)
                    };
                    tokio::spawn(Arc::clone(&town).push(feed, forged));
                }
                78..84 if self.nature.bad_disk => {
                    let bad = town.state().rng.u8(..3) == 0;
                    let weather = if bad {
                        self.weather()
                    } else {
                        Weather::default()
                    };
                    town.tell(|| format!("{weather:?}"));
                    disk().weather = weather;
                }
                84..88 => {
                    let config = self.configure(false);
                    town.tell(|| format!("reload with {} feeds", config.feeds.len()));
                    drop(
                        commands
                            .send(Command::Reload(Box::new(config), Asked::Here))
                            .await,
                    );
                }
                88..90 if self.nature.jumps => {
                    let set = {
                        let state = &mut *town.state();
                        let by = i64::try_from(state.rng.u64(..MOST_SET_MS)).expect("hours");
                        let by = if state.rng.bool() { by } else { -by };
                        let by = by / [1, 60, 3600][state.rng.usize(..3)];
                        state.jump(by);
                        by
                    };
                    town.tell(|| format!("the clock is set by {set} ms"));
                }
                90..92 if self.nature.ends => return Fate::Crash(End::Kill),
                92..94 if self.nature.ends => return Fate::Crash(End::PowerCut),
                94..97 if self.nature.ends => {
                    let operations = town.state().rng.u64(1..2000);
                    disk().dies_in = Some(operations);
                }
                97.. if self.nature.ends => return Fate::Stop,
                _ => {}
            }
        }
    }

    /// Somebody publishes something, perhaps what another has published before.
    fn publish(&mut self) {
        let state = &mut *self.town.state();
        let now = state.clock_ms();
        let feed = state.rng.usize(..state.publishers.len());
        for _ in 0..=state.rng.usize(..3) {
            let other = state.rng.usize(..state.publishers.len());
            let copied = state.publishers[other].items.last().cloned();
            let again = copied.filter(|_| other != feed && state.rng.u8(..5) == 0);
            let item = again.unwrap_or_else(|| {
                self.next_item += 1;
                Item::new(self.next_item, &mut state.rng, now)
            });
            let publisher = &mut state.publishers[feed];
            if !publisher.items.iter().any(|known| known.guid == item.guid) {
                publisher.publish(item);
            }
        }
    }
}

/// The key of what hubs are given, which would be another in each run.
fn write_key(folder: &Path) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).mode(0o600);
    let file = file.open(folder.join("m.db.key"));
    let written = file.and_then(|mut file| file.write_all(&[7; 32]));
    written.expect("the folder can be written");
}

/// Whether the database is as it should be, before the daemon goes on with it.
pub async fn check(town: &Town, store: &Store, old: bool) {
    if !old {
        return;
    }
    let troubles = disk().troubles;
    let mut found = Vec::new();
    match store.check_file(true).await {
        Ok(complaints) => found.extend(complaints),
        Err(error) => found.push(error.to_string()),
    }
    match store.orphans().await {
        Ok(orphans) => found.extend(orphans.iter().map(|o| format!("{}: {}", o.rows, o.what))),
        Err(error) => found.push(error.to_string()),
    }
    match store.check_series(Timestamp::from_millis(0)).await {
        Ok(check) => found.extend(check.wrong.iter().map(|wrong| format!("{wrong:?}"))),
        Err(error) => found.push(error.to_string()),
    }
    match store.check_index().await {
        Ok(check) if check.missing + check.gone > 0 => found.push(format!("{check:?}")),
        Ok(_) => {}
        Err(error) => found.push(error.to_string()),
    }
    // Whatever breaks while it is being looked at says nothing about the file.
    if disk().is_dead() || disk().troubles != troubles {
        return;
    }
    for what in found {
        town.wrong(format!("the database: {what}"));
    }
}
