//! A disk in memory that can be full, fail, and lose what was not synced.
//!
//! It keeps of each file what the system shows and what a power cut would leave: the content of the
//! last sync, and the changes since, of which each 512 bytes may or may not have come to the platter.
//! [`super::vfs`] puts it under SQLite.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use tokio::sync::Notify;

/// What a power cut keeps or loses as one.
const SECTOR: usize = 512;
/// The locks of a write-ahead log's shared memory.
const SLOTS: usize = 8;

/// The one disk of the process.
static DISK: Mutex<Option<Disk>> = Mutex::new(None);

/// Puts in an empty disk.
pub fn insert(seed: u64) {
    *DISK.lock().unwrap_or_else(PoisonError::into_inner) = Some(Disk::new(seed));
}

/// The disk, for whoever needs it now.
pub fn disk() -> Held {
    Held(DISK.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The disk, held.
pub struct Held(MutexGuard<'static, Option<Disk>>);

impl std::ops::Deref for Held {
    type Target = Disk;
    fn deref(&self) -> &Disk {
        self.0.as_ref().expect("a disk was put in")
    }
}

impl std::ops::DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Disk {
        self.0.as_mut().expect("a disk was put in")
    }
}

/// What went wrong, as the system would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Io,
    Full,
    Busy,
}

/// What goes wrong now, and how often (shares of all operations).
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// No file can grow.
    pub full: bool,
    pub read_errors: f64,
    pub write_errors: f64,
    pub sync_errors: f64,
    pub busy: f64,
}

/// How a life of the machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The program is killed; the system lives on and loses nothing.
    Kill,
    /// The power is cut: what was not synced may be lost, in any order.
    PowerCut,
}

#[derive(Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Size(usize),
}

/// A file's content.
#[derive(Debug, Default)]
struct Node {
    name: Option<String>,
    bytes: Vec<u8>,
    /// What a power cut leaves at least; `None` for a file that was never synced.
    durable: Option<Vec<u8>>,
    /// What was done since, in order.
    changes: Vec<Change>,
    locks: BTreeMap<u64, i32>,
    /// Regions of shared memory. Boxed, so that they stay where they are.
    regions: Vec<Box<[u64]>>,
    exclusive: [Option<u64>; SLOTS],
    shared: [BTreeSet<u64>; SLOTS],
}

/// See the head of this file.
#[derive(Debug)]
pub struct Disk {
    nodes: Vec<Node>,
    names: BTreeMap<String, usize>,
    /// Open files and their nodes.
    open: BTreeMap<u64, usize>,
    /// Files that were deleted, which a power cut may bring back.
    deleted: Vec<(String, Vec<u8>)>,
    next: u64,
    rng: Rng,
    pub weather: Weather,
    /// After so many further operations the machine is dead.
    pub dies_in: Option<u64>,
    dead: bool,
    /// Rung when the machine dies in the middle of an operation.
    pub bell: Option<Arc<Notify>>,
    /// Whether somebody looks who is not of this world: nothing is counted or fails.
    pub aside: bool,
    /// All operations so far, and the troubles among them.
    pub operations: u64,
    pub troubles: u64,
}

impl Disk {
    fn new(seed: u64) -> Self {
        Self {
            nodes: Vec::new(),
            names: BTreeMap::new(),
            open: BTreeMap::new(),
            deleted: Vec::new(),
            next: 1,
            rng: Rng::with_seed(seed),
            weather: Weather::default(),
            dies_in: None,
            dead: false,
            bell: None,
            aside: false,
            operations: 0,
            troubles: 0,
        }
    }

    /// Whether nothing reaches the platter any more.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// From now on nothing reaches the platter.
    pub fn die(&mut self) {
        self.dead = true;
    }

    /// Whether a program has files open.
    pub fn is_in_use(&self) -> bool {
        !self.open.is_empty()
    }

    /// The machine starts again and shows what has remained.
    pub fn start_again(&mut self, end: End) {
        if end == End::PowerCut {
            self.cut_power();
        }
        for node in &mut self.nodes {
            node.regions.clear();
            node.locks.clear();
        }
        self.open.clear();
        self.dead = false;
        self.dies_in = None;
        self.weather = Weather::default();
    }

    fn cut_power(&mut self) {
        for (name, bytes) in std::mem::take(&mut self.deleted) {
            if !self.names.contains_key(&name) && self.rng.bool() {
                let node = Node {
                    name: Some(name.clone()),
                    bytes: bytes.clone(),
                    durable: Some(bytes),
                    ..Node::default()
                };
                self.names.insert(name, self.nodes.len());
                self.nodes.push(node);
            }
        }
        // How much of what was under way arrives: nothing, all of it, or any part.
        let share = match self.rng.u8(..4) {
            0 => 0.0,
            1 => 1.0,
            _ => self.rng.f64(),
        };
        let rng = &mut self.rng;
        let mut arrives = || rng.f64() < share;
        for node in &mut self.nodes {
            let Some(name) = node.name.clone() else {
                continue;
            };
            let changes = std::mem::take(&mut node.changes);
            if node.durable.is_none() && !arrives() {
                // The file itself had not come to the platter.
                self.names.remove(&name);
                node.name = None;
                continue;
            }
            let mut bytes = node.durable.take().unwrap_or_default();
            for change in changes {
                match change {
                    Change::Size(size) => {
                        if arrives() {
                            bytes.resize(size, 0);
                        }
                    }
                    Change::Write { at, bytes: written } => {
                        let mut from = 0;
                        while from < written.len() {
                            let to = ((at + from) / SECTOR + 1) * SECTOR - at;
                            let to = to.min(written.len());
                            if arrives() {
                                put(&mut bytes, at + from, &written[from..to]);
                            }
                            from = to;
                        }
                    }
                }
            }
            node.bytes.clone_from(&bytes);
            node.durable = Some(bytes);
        }
    }

    /// Counts an operation; nothing can be done any more when the machine dies with it.
    fn step(&mut self, chance: f64, trouble: Trouble) -> Result<(), Trouble> {
        if self.aside {
            return Ok(());
        }
        self.operations += 1;
        if let Some(left) = &mut self.dies_in {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.dead = true;
                if let Some(bell) = &self.bell {
                    bell.notify_one();
                }
            }
        }
        if self.dead {
            return Err(Trouble::Io);
        }
        if chance > 0.0 && self.rng.f64() < chance {
            self.troubles += 1;
            return Err(trouble);
        }
        Ok(())
    }

    /// Opens or makes a file; without a name one that nobody else can open.
    pub fn open(&mut self, name: Option<&str>, create: bool) -> Result<u64, Trouble> {
        self.step(self.weather.read_errors, Trouble::Io)?;
        let known = name.and_then(|name| self.names.get(name).copied());
        let node = match known {
            Some(node) => node,
            None if create => {
                self.nodes.push(Node {
                    name: name.map(str::to_owned),
                    ..Node::default()
                });
                let node = self.nodes.len() - 1;
                if let Some(name) = name {
                    self.names.insert(name.to_owned(), node);
                    self.deleted.retain(|(deleted, _)| deleted != name);
                }
                node
            }
            None => return Err(Trouble::Io),
        };
        self.next += 1;
        self.open.insert(self.next, node);
        Ok(self.next)
    }

    /// Closes a file; this is the system's work and cannot fail.
    pub fn close(&mut self, file: u64) {
        self.unlock(file, 0);
        self.forget_memory(file, false);
        if let Some(node) = self.open.remove(&file)
            && self.nodes[node].name.is_none()
            && !self.open.values().any(|open| *open == node)
        {
            self.nodes[node] = Node::default();
        }
    }

    pub fn exists(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Removes a file; with `sync` for good.
    pub fn delete(&mut self, name: &str, sync: bool) -> Result<(), Trouble> {
        self.step(self.weather.write_errors, Trouble::Io)?;
        if let Some(node) = self.names.remove(name) {
            let node = &mut self.nodes[node];
            node.name = None;
            if let Some(durable) = node.durable.take().filter(|_| !sync) {
                self.deleted.push((name.to_owned(), durable));
            }
        }
        Ok(())
    }

    fn node(&mut self, file: u64) -> &mut Node {
        let node = self.open[&file];
        &mut self.nodes[node]
    }

    /// Fills `bytes` from the file; says how many there were.
    pub fn read(&mut self, file: u64, at: usize, bytes: &mut [u8]) -> Result<usize, Trouble> {
        self.step(self.weather.read_errors, Trouble::Io)?;
        let content = &self.node(file).bytes;
        let found = content.get(at..).unwrap_or_default();
        let length = found.len().min(bytes.len());
        bytes[..length].copy_from_slice(&found[..length]);
        bytes[length..].fill(0);
        Ok(length)
    }

    pub fn write(&mut self, file: u64, at: usize, bytes: &[u8]) -> Result<(), Trouble> {
        let grows = self.node(file).bytes.len() < at + bytes.len();
        if self.weather.full && grows {
            self.troubles += 1;
            self.step(0.0, Trouble::Io)?;
            return Err(Trouble::Full);
        }
        let written = self.step(self.weather.write_errors, Trouble::Io);
        // A write that fails may have come half way.
        let part = match written {
            Ok(()) => bytes,
            Err(_) if self.dead => return written,
            Err(_) => &bytes[..self.rng.usize(..=bytes.len())],
        };
        let node = self.node(file);
        put(&mut node.bytes, at, part);
        if node.name.is_some() {
            let bytes = part.to_vec();
            node.changes.push(Change::Write { at, bytes });
        }
        written
    }

    pub fn truncate(&mut self, file: u64, size: usize) -> Result<(), Trouble> {
        self.step(self.weather.write_errors, Trouble::Io)?;
        let node = self.node(file);
        node.bytes.resize(size, 0);
        node.changes.push(Change::Size(size));
        Ok(())
    }

    /// What is written now survives a power cut.
    pub fn sync(&mut self, file: u64) -> Result<(), Trouble> {
        self.step(self.weather.sync_errors, Trouble::Io)?;
        let node = self.node(file);
        let durable = node.durable.get_or_insert_default();
        for change in node.changes.drain(..) {
            match change {
                Change::Write { at, bytes } => put(durable, at, &bytes),
                Change::Size(size) => durable.resize(size, 0),
            }
        }
        Ok(())
    }

    pub fn size(&mut self, file: u64) -> usize {
        self.node(file).bytes.len()
    }

    /// SQLite's locks on a file: 1 shared, 2 reserved, 3 pending, 4 exclusive.
    pub fn lock(&mut self, file: u64, wanted: i32) -> Result<(), Trouble> {
        self.step(self.weather.busy, Trouble::Busy)?;
        let node = self.node(file);
        let own = node.locks.get(&file).copied().unwrap_or(0);
        if own >= wanted {
            return Ok(());
        }
        let others = node.locks.iter().filter(|(holder, _)| **holder != file);
        let highest = others.map(|(_, level)| *level).max().unwrap_or(0);
        let free = match wanted {
            1 => highest < 3,
            2 | 3 => highest < 2,
            _ => highest == 0,
        };
        if !free && wanted == 4 && own >= 2 {
            node.locks.insert(file, 3);
        }
        if !free {
            return Err(Trouble::Busy);
        }
        node.locks.insert(file, wanted);
        Ok(())
    }

    pub fn unlock(&mut self, file: u64, level: i32) {
        if !self.open.contains_key(&file) {
            return;
        }
        let locks = &mut self.node(file).locks;
        if level == 0 {
            locks.remove(&file);
        } else {
            locks.insert(file, level);
        }
    }

    pub fn is_reserved(&mut self, file: u64) -> bool {
        self.node(file).locks.values().any(|level| *level >= 2)
    }

    /// The address of a region of shared memory; null when there is none and none is to be made.
    pub fn memory(
        &mut self,
        file: u64,
        region: usize,
        size: usize,
        make: bool,
    ) -> Result<*mut u64, Trouble> {
        self.step(self.weather.read_errors, Trouble::Io)?;
        let regions = &mut self.node(file).regions;
        while make && regions.len() <= region {
            regions.push(vec![0; size.div_ceil(8)].into_boxed_slice());
        }
        let found = regions.get_mut(region);
        Ok(found.map_or(std::ptr::null_mut(), |region| region.as_mut_ptr()))
    }

    /// Takes locks of the shared memory, all or none.
    pub fn lock_memory(
        &mut self,
        file: u64,
        slots: std::ops::Range<usize>,
        exclusive: bool,
    ) -> Result<(), Trouble> {
        self.step(self.weather.busy, Trouble::Busy)?;
        let node = self.node(file);
        let free = slots.clone().all(|slot| {
            let others = node.shared[slot].iter().any(|holder| *holder != file);
            let owner = node.exclusive[slot].filter(|holder| *holder != file);
            owner.is_none() && !(exclusive && others)
        });
        if !free {
            return Err(Trouble::Busy);
        }
        for slot in slots {
            if exclusive {
                node.exclusive[slot] = Some(file);
            } else {
                node.shared[slot].insert(file);
            }
        }
        Ok(())
    }

    pub fn unlock_memory(&mut self, file: u64, slots: std::ops::Range<usize>, exclusive: bool) {
        let node = self.node(file);
        for slot in slots {
            if exclusive {
                node.exclusive[slot] = None;
            } else {
                node.shared[slot].remove(&file);
            }
        }
    }

    /// A file has no more to do with its shared memory, which goes with `delete`.
    pub fn forget_memory(&mut self, file: u64, delete: bool) {
        if !self.open.contains_key(&file) {
            return;
        }
        let node = self.node(file);
        for slot in 0..SLOTS {
            node.shared[slot].remove(&file);
            if node.exclusive[slot] == Some(file) {
                node.exclusive[slot] = None;
            }
        }
        if delete {
            node.regions.clear();
        }
    }

    /// Bytes of chance, the same in each run.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        if self.aside {
            bytes.fill(0);
        } else {
            self.rng.fill(bytes);
        }
    }
}

fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}
