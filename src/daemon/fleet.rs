//! A worker's place among several: it says in time that it lives, takes up what falls to it, and gives back what
//! another should have.
//!
//! [`Beats`] talks to the database on a task of its own, so that nothing a poll waits for makes a worker look
//! dead; the main loop heeds what it has heard ([`Fleet::heed`]). Where the pulse ends first, the
//! loop lets go of everything before anybody else may take it ([`Fleet::let_go`]): polls under way are cut off.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info, warn};

use super::{Engine, Live, Scheduler};
use crate::fleet::{Fence, Kind, shard};
use crate::model::Database;
use crate::store::{Beat, Call, Heard, NewWorker, StoreError};

/// Beats in a lease.
const BEATS: u32 = 6;
/// The pause before giving back is tried again.
const AGAIN: Duration = Duration::from_secs(2);
/// At least so long between two beats, also when others call.
const LEAST: Duration = Duration::from_millis(100);

/// What one worker does for all: removing what is old, and looking for spikes.
pub(super) const PRUNING: &str = "prune";
/// See [`PRUNING`].
pub(super) const SPIKES: &str = "spikes";

/// What the beats have heard.
#[derive(Debug)]
enum News {
    /// What the database said, to a beat that began then.
    Heard(Heard, Instant),
    /// What others called out.
    Call(Call),
}

/// A worker's place.
#[derive(Debug)]
pub struct Fleet {
    engine: Arc<Engine>,
    worker: i64,
    news: mpsc::Receiver<News>,
    beating: JoinHandle<()>,
    /// All that is held, and what of it is to be given back once it is at rest.
    held: HashMap<(Kind, String), Fence>,
    giving: HashSet<(Kind, String)>,
    /// What was given back, by its last token: an answer from before that is out of date.
    given: HashMap<(Kind, String), i64>,
    /// What is to be given back in the database yet, each with whether a poll there is not recorded; and when
    /// that is tried again, if it failed.
    returning: Vec<(Fence, bool)>,
    again: Option<Instant>,
    /// The length of the lease.
    lease: Duration,
    /// What was heeded last; the beats extend the pulse by themselves while that is what they hear.
    heeded: Arc<Mutex<Vec<Fence>>>,
    alive: usize,
    reloads: Option<i64>,
    has_let_go: bool,
}

/// What the main loop has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// The sinks are others.
    pub sinks: bool,
    /// The feeds are others.
    pub feeds: bool,
    /// The configuration is to be read anew.
    pub reload: bool,
}

impl Fleet {
    /// Comes to the fleet; `None` where a worker is alone.
    ///
    /// # Errors
    /// What the database says.
    pub async fn join(engine: &Arc<Engine>, live: &Live) -> Result<Option<Self>, StoreError> {
        let Database::Server(server) = &live.config.database else {
            return Ok(None);
        };
        let lease = server.lease;
        let new = NewWorker {
            name: server.worker.clone().unwrap_or_else(machine),
            process: std::process::id(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            configuration: fingerprint(live),
        };
        engine.store.shard_pages().await?;
        let worker = engine.store.join_fleet(new.clone(), lease).await?;
        info!(
            worker = new.name,
            number = worker,
            "joined the workers of this database"
        );
        let (tell, news) = mpsc::channel(16);
        let heeded = Arc::<Mutex<Vec<Fence>>>::default();
        let beats = Beats {
            engine: engine.clone(),
            new,
            worker,
            lease,
            heeded: heeded.clone(),
            tell,
            known: None,
        };
        let beating = tokio::spawn(beats.run());
        Ok(Some(Self {
            engine: engine.clone(),
            worker,
            news,
            beating,
            held: HashMap::new(),
            giving: HashSet::new(),
            given: HashMap::new(),
            returning: Vec::new(),
            again: None,
            lease,
            heeded,
            alive: 0,
            reloads: None,
            has_let_go: false,
        }))
    }

    /// Waits for what is to be heeded, or for the pulse to end. Cancel safe.
    pub async fn news(&mut self) -> Option<Told> {
        let end = self.engine.hold.pulse().end();
        let ends = !self.has_let_go && !self.held.is_empty();
        tokio::select! {
            news = self.news.recv() => news.map(Told),
            () = sleep_until(end.unwrap_or_else(Instant::now)), if ends && end.is_some() => None,
        }
    }

    /// Takes up and lets go what the database says, and begins to give back what is asked for.
    pub async fn heed(&mut self, told: Told, scheduler: &mut Scheduler) -> Changes {
        // Of several answers only the last is true.
        let mut answer = None;
        let mut news = Some(told.0);
        while let Some(one) = news {
            match one {
                News::Heard(heard, began) => answer = Some((heard, began)),
                News::Call(Call::Deliveries) => self.engine.wake_notifier(),
                News::Call(Call::Pages) => scheduler.more_pages(),
                News::Call(Call::Subscriptions) => self.refresh_push(),
                // The beats have heard it too.
                News::Call(Call::Leases | Call::Reload) => {}
            }
            news = self.news.try_recv().ok();
        }
        let Some((mut heard, began)) = answer else {
            return Changes::default();
        };
        let all = heard.held.clone();
        let given = &self.given;
        heard.held.retain(|fence| {
            let key = (fence.kind, fence.name.clone());
            given.get(&key).is_none_or(|token| *token < fence.token)
        });
        let mut changes = Changes {
            reload: self.reloads.is_some_and(|known| known < heard.reloads),
            ..Changes::default()
        };
        self.reloads = Some(heard.reloads);
        if self.alive != heard.alive {
            info!(workers = heard.alive, "workers at work");
            self.alive = heard.alive;
        }
        if let Some(fence) = heard.held.first() {
            self.worker = fence.worker;
        }
        let held: HashMap<_, _> = heard
            .held
            .into_iter()
            .map(|fence| ((fence.kind, fence.name.clone()), fence))
            .collect();
        let lost: Vec<_> = self
            .held
            .iter()
            .filter(|(key, fence)| held.get(key) != Some(fence))
            .map(|(key, _)| key.clone())
            .collect();
        let gained: Vec<_> = held
            .iter()
            .filter(|(key, fence)| self.held.get(key) != Some(fence))
            .map(|(key, _)| key.clone())
            .collect();
        let of_kind = |keys: &[(Kind, String)], kind| -> HashSet<i64> {
            let of_kind = keys.iter().filter(|(of, _)| *of == kind);
            of_kind.filter_map(|(_, name)| name.parse().ok()).collect()
        };
        let is_sink = |(kind, _): &(Kind, String)| *kind == Kind::Sink;
        changes.sinks = lost.iter().chain(&gained).any(is_sink);
        changes.feeds = lost
            .iter()
            .chain(&gained)
            .any(|(kind, _)| *kind == Kind::Hosts);
        self.giving
            .retain(|key| held.contains_key(key) && !lost.contains(key));
        self.held = held;
        self.has_let_go = false;
        let gone = of_kind(&lost, Kind::Hosts);
        if !gone.is_empty() {
            scheduler.leave_shards(&gone);
        }
        let with_feeds = if heard.give.is_empty() {
            HashSet::new()
        } else {
            shards_with_feeds(&self.engine.live())
        };
        for (kind, has_feeds, many) in heard.give {
            let of_group = |(of, name): &(Kind, String)| {
                *of == kind && (kind != Kind::Hosts || with_feeds.contains(name) == has_feeds)
            };
            changes.sinks |= self.give(of_group, many, scheduler);
        }
        self.hold();
        let mut shards = of_kind(&gained, Kind::Hosts);
        shards.retain(|shard| !self.giving.contains(&(Kind::Hosts, shard.to_string())));
        if !shards.is_empty() {
            let live = self.engine.live();
            if let Err(error) = scheduler.take_shards(&live, &shards).await {
                warn!("feeds that have become this worker's can't be taken up yet: {error}");
                // They count as not held, so that they are taken up with the next beat.
                self.held.retain(|(kind, name), _| {
                    *kind != Kind::Hosts || !name.parse().is_ok_and(|n| shards.contains(&n))
                });
                self.hold();
                return changes;
            }
        }
        // From here on what is held is what the database says.
        *self.heeded.lock().unwrap_or_else(PoisonError::into_inner) = all;
        self.engine.hold.pulse().extend(began, self.lease);
        if !gained.is_empty() || !lost.is_empty() {
            let (hosts, sinks) = self.engine.hold.counts().unwrap_or_default();
            debug!(shards = hosts, sinks, "holds");
        }
        changes
    }

    /// Takes over what other workers know of subscriptions, beside everything else.
    fn refresh_push(&self) {
        if let Some(push) = self.engine.push().cloned() {
            tokio::spawn(async move {
                if let Err(error) = push.refresh().await {
                    debug!("subscriptions can't be read now: {error}");
                }
            });
        }
    }

    /// Begins to give back so many of a group; those that are being given back count. Says whether there are sinks
    /// among them.
    fn give(
        &mut self,
        of_group: impl Fn(&(Kind, String)) -> bool,
        many: usize,
        scheduler: &mut Scheduler,
    ) -> bool {
        let already = self.giving.iter().filter(|key| of_group(key)).count();
        let could = self.held.keys();
        let mut could: Vec<_> = could
            .filter(|key| of_group(key) && !self.giving.contains(*key))
            .cloned()
            .collect();
        could.sort_unstable();
        could.truncate(many.saturating_sub(already));
        let hosts = could.iter().filter(|(kind, _)| *kind == Kind::Hosts);
        let shards: HashSet<i64> = hosts.filter_map(|(_, name)| name.parse().ok()).collect();
        if !shards.is_empty() {
            scheduler.rest_shards(&shards);
        }
        let any_sink = could.iter().any(|(kind, _)| *kind == Kind::Sink);
        self.giving.extend(could);
        any_sink
    }

    /// What may be worked on, from now on.
    fn hold(&self) {
        let held = self
            .held
            .iter()
            .filter(|(key, _)| !self.giving.contains(*key));
        // A poll that is under way may still be recorded.
        let hosts = self.held.iter().filter(|(key, _)| key.0 == Kind::Hosts);
        self.engine
            .hold
            .set(held.chain(hosts).map(|(_, fence)| fence.clone()));
    }

    /// Gives back what is at rest; sinks are when `sinks_rest`.
    ///
    /// # Errors
    /// What the database says; then it is given back later.
    pub async fn give_back(
        &mut self,
        scheduler: &Scheduler,
        sinks_rest: bool,
    ) -> Result<(), StoreError> {
        let is_at_rest = |(kind, name): &&(Kind, String)| match kind {
            Kind::Hosts => !name.parse().is_ok_and(|shard| scheduler.is_busy(shard)),
            Kind::Sink => sinks_rest,
            Kind::Task => true,
        };
        let ready: Vec<_> = self.giving.iter().filter(is_at_rest).cloned().collect();
        let is_early = self.again.is_some_and(|again| Instant::now() < again);
        if ready.is_empty() && (self.returning.is_empty() || is_early) {
            return Ok(());
        }
        let owes = |fence: &Fence| {
            let shard = fence.name.parse().ok();
            fence.kind == Kind::Hosts && shard.is_some_and(|shard| scheduler.owes(shard))
        };
        let fences = ready.iter().filter_map(|key| self.held.get(key)).cloned();
        let fences: Vec<_> = fences.map(|fence| (owes(&fence), fence)).collect();
        self.returning
            .extend(fences.into_iter().map(|(owes, fence)| (fence, owes)));
        // Nothing that is heard of them from now on counts, whatever becomes of this.
        for key in &ready {
            self.giving.remove(key);
            if let Some(fence) = self.held.remove(key) {
                self.given.insert(key.clone(), fence.token);
            }
        }
        self.hold();
        self.again = Some(Instant::now() + AGAIN);
        self.engine.store.give_back(self.returning.clone()).await?;
        self.returning.clear();
        self.again = None;
        self.engine.store.call(Call::Leases);
        Ok(())
    }

    /// Waits for the first beat, for a round that does all the work there is. Says how many others are alive: if
    /// there are any, it is theirs.
    pub async fn all_or_nothing(&mut self) -> usize {
        let others = loop {
            match self.news.recv().await {
                Some(News::Heard(heard, began)) => {
                    self.engine.hold.pulse().extend(began, self.lease);
                    self.heeded
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clone_from(&heard.held);
                    let held = heard.held.into_iter();
                    self.held = held.map(|f| ((f.kind, f.name.clone()), f)).collect();
                    break heard.alive.saturating_sub(1);
                }
                Some(News::Call(_)) => {}
                None => break 0,
            }
        };
        self.hold();
        // The beats go on, and what they hear is of no use.
        let mut rest = std::mem::replace(&mut self.news, mpsc::channel(1).1);
        tokio::spawn(async move { while rest.recv().await.is_some() {} });
        others
    }

    /// The pulse has ended: nothing is this worker's until the database says so again.
    pub async fn let_go(&mut self, scheduler: &mut Scheduler) {
        warn!(
            "the database was not reached for the length of a lease: other workers may do this one's work now; it \
             goes on when the database says what is its"
        );
        self.held.clear();
        self.giving.clear();
        self.has_let_go = true;
        self.heeded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.hold();
        scheduler.let_go().await;
    }

    /// What is being given back stays at rest, whatever a reload has put into the queue.
    pub fn rest(&self, scheduler: &mut Scheduler) {
        let hosts = self.giving.iter().filter(|(kind, _)| *kind == Kind::Hosts);
        scheduler.rest_shards(&hosts.filter_map(|(_, name)| name.parse().ok()).collect());
    }

    /// The configuration that workers were asked to read is in force here.
    pub fn reloaded(&mut self, reloads: i64) {
        self.reloads = Some(reloads);
    }

    /// Leaves; all that is held is free at once. Where a feed was asked without that being recorded, all rest.
    pub async fn leave(self) {
        self.beating.abort();
        if let Err(error) = self.engine.store.leave_fleet(self.worker).await {
            warn!("other workers take this one's work over when its lease ends: {error}");
        }
        self.engine.store.call(Call::Leases);
        // What was called goes out.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Something to be heeded.
#[derive(Debug)]
pub struct Told(News);

/// What follows from a configuration.
struct Known {
    live: Arc<Live>,
    wanted: Vec<(Kind, String)>,
    configuration: String,
}

/// Says in time that the worker lives, and tells what it hears.
struct Beats {
    engine: Arc<Engine>,
    new: NewWorker,
    worker: i64,
    lease: Duration,
    heeded: Arc<Mutex<Vec<Fence>>>,
    tell: mpsc::Sender<News>,
    /// What follows from the configuration in force, which is much for many feeds.
    known: Option<Known>,
}

impl Beats {
    async fn run(mut self) {
        let mut calls = self.engine.store.calls();
        let mut last: Option<Instant> = None;
        loop {
            let began = Instant::now();
            match self.beat().await {
                Ok(Some(heard)) => {
                    if last.is_some_and(|last| last.elapsed() >= self.lease) {
                        info!("the database is reached again");
                    }
                    // Who has been away for long itself may not know who is dead.
                    let knows = last.is_some_and(|last| last.elapsed() < self.lease);
                    last = Some(began);
                    if self.is_heeded(&heard) {
                        self.engine.hold.pulse().extend(began, self.lease);
                    }
                    if self.tell.send(News::Heard(heard, began)).await.is_err() {
                        return;
                    }
                    if knows {
                        self.bury_the_dead().await;
                    }
                }
                Ok(None) => {
                    warn!(
                        "this worker was taken for dead: it holds nothing any more and joins anew"
                    );
                    let joined = self.engine.store.join_fleet(self.new.clone(), self.lease);
                    match joined.await {
                        Ok(number) => {
                            self.worker = number;
                            continue;
                        }
                        Err(error) => warn!("can't join: {error}"),
                    }
                }
                Err(error) => {
                    debug!("can't say that this worker lives: {error}");
                }
            }
            if !self.rest(&mut calls, began).await {
                return;
            }
        }
    }

    async fn bury_the_dead(&self) {
        match self.engine.store.bury_the_dead().await {
            Ok(dead) => {
                for worker in dead {
                    warn!(
                        worker,
                        "a worker said nothing for the length of its lease: its work goes to the others"
                    );
                }
            }
            Err(error) => debug!("what dead workers held can't be taken now: {error}"),
        }
    }

    async fn beat(&mut self) -> Result<Option<Heard>, StoreError> {
        let live = self.engine.live();
        let known = self.known.take();
        let known = known.filter(|known| Arc::ptr_eq(&known.live, &live));
        let known = self.known.insert(known.unwrap_or_else(|| Known {
            wanted: wanted(&live),
            configuration: fingerprint(&live),
            live: live.clone(),
        }));
        let (wanted, configuration) = (known.wanted.clone(), known.configuration.clone());
        let beat = Beat {
            worker: self.worker,
            lease: self.lease,
            floor: live.policy.min_interval,
            wanted,
            configuration,
        };
        drop(live);
        self.engine.store.beat(beat).await
    }

    /// Whether the loop knows already of all that is heard.
    fn is_heeded(&self, heard: &Heard) -> bool {
        let heeded = self.heeded.lock().unwrap_or_else(PoisonError::into_inner);
        *heeded == heard.held
    }

    /// Waits for the next beat, and passes on what others call meanwhile. `false` when nobody hears it any more.
    async fn rest(&self, calls: &mut mpsc::Receiver<Call>, began: Instant) -> bool {
        let next = began + self.lease / BEATS;
        loop {
            tokio::select! {
                () = sleep_until(next) => return true,
                call = calls.recv() => match call {
                    Some(Call::Leases | Call::Reload) => {
                        sleep_until(began + LEAST).await;
                        return true;
                    }
                    Some(call) => {
                        if self.tell.send(News::Call(call)).await.is_err() {
                            return false;
                        }
                    }
                    None => {
                        sleep_until(next).await;
                        return true;
                    }
                },
            }
        }
    }
}

/// The shards on which a configuration has feeds.
fn shards_with_feeds(live: &Live) -> HashSet<String> {
    let feeds = live.config.feeds.iter();
    let shards: HashSet<i64> = feeds.map(|feed| shard(&feed.url)).collect();
    shards.iter().map(i64::to_string).collect()
}

/// The sinks and tasks that a worker with this configuration could do, and the shards where it has feeds.
fn wanted(live: &Live) -> Vec<(Kind, String)> {
    let sinks = live.config.sinks.iter();
    let sinks = sinks.map(|sink| (Kind::Sink, sink.id.to_string()));
    let tasks = [PRUNING, SPIKES].map(|task| (Kind::Task, task.to_owned()));
    let hosts = shards_with_feeds(live);
    let hosts = hosts.into_iter().map(|name| (Kind::Hosts, name));
    sinks.chain(tasks).chain(hosts).collect()
}

/// What stands for a configuration: workers with the same one watch the same for the same sinks.
fn fingerprint(live: &Live) -> String {
    let config = &live.config;
    let mut hash = Sha256::new();
    let feeds: BTreeSet<_> = config
        .feeds
        .iter()
        .map(|feed| (&feed.id, &feed.url))
        .collect();
    for (id, url) in feeds {
        hash.update(id.as_str());
        hash.update(url.as_str());
    }
    hash.update(format!("{:?}", config.topics));
    for sink in &config.sinks {
        hash.update(sink.id.as_str());
    }
    if let Database::Server(server) = &config.database
        && let Some(key) = &server.key
    {
        // A hash of it, with much else, of which four bytes are shown.
        hash.update(Sha256::digest(key.expose()));
    }
    let hash: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, ..] = hash;
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// The machine's name.
fn machine() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    if name.is_empty() {
        "worker".to_owned()
    } else {
        name.into_owned()
    }
}
