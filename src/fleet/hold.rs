//! What of the work is this worker's.
//!
//! A worker alone, as with a database in a file, holds everything for ever. One of several holds pieces, each by
//! a fence that the store asks for, and only while its pulse lives: what is begun is asked here first.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use url::Url;

use super::{Fence, Kind, Pulse, shard};

/// A piece of work is not this worker's, or may be another's by now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("another worker holds {0}")]
pub struct Lost(pub String);

/// What this worker holds.
#[derive(Debug, Default)]
pub struct Hold {
    pulse: Pulse,
    /// `None` for a worker alone.
    pieces: Option<RwLock<HashMap<(Kind, String), Fence>>>,
}

impl Hold {
    /// The hold of one of several workers, which has nothing yet.
    #[must_use]
    pub fn shared() -> Self {
        Self {
            pulse: Pulse::ended(),
            pieces: Some(RwLock::default()),
        }
    }

    /// Whether others may hold the rest.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.pieces.is_some()
    }

    /// The worker's pulse.
    #[must_use]
    pub const fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    fn read(&self) -> Option<RwLockReadGuard<'_, HashMap<(Kind, String), Fence>>> {
        let pieces = self.pieces.as_ref()?;
        Some(pieces.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on exactly these are held.
    pub fn set(&self, held: impl IntoIterator<Item = Fence>) {
        if let Some(pieces) = &self.pieces {
            let held = held.into_iter();
            *pieces.write().unwrap_or_else(PoisonError::into_inner) = held
                .map(|fence| ((fence.kind, fence.name.clone()), fence))
                .collect();
        }
    }

    /// The fence of a piece that may be worked on now; `None` for a worker alone, which needs none.
    ///
    /// # Errors
    /// [`Lost`] if it is not this worker's, or may be another's by now.
    pub fn of(&self, kind: Kind, name: &str) -> Result<Option<Fence>, Lost> {
        let Some(pieces) = self.read() else {
            return Ok(None);
        };
        let fence = pieces.get(&(kind, name.to_owned()));
        match fence.filter(|_| self.pulse.is_alive()) {
            Some(fence) => Ok(Some(fence.clone())),
            None => Err(Lost(format!("{} {name}", kind.as_str()))),
        }
    }

    /// The same of the host of a URL.
    ///
    /// # Errors
    /// As for [`Hold::of`].
    pub fn of_host(&self, url: &Url) -> Result<Option<Fence>, Lost> {
        if self.pieces.is_none() {
            return Ok(None);
        }
        self.of(Kind::Hosts, &shard(url).to_string())
    }

    /// Whether the host of a URL is this worker's.
    #[must_use]
    pub fn has_host(&self, url: &Url) -> bool {
        self.has(Kind::Hosts, || shard(url).to_string())
    }

    /// Whether a sink is this worker's.
    #[must_use]
    pub fn has_sink(&self, sink: &str) -> bool {
        self.has(Kind::Sink, || sink.to_owned())
    }

    /// Whether a task is this worker's.
    #[must_use]
    pub fn has_task(&self, task: &str) -> bool {
        self.has(Kind::Task, || task.to_owned())
    }

    fn has(&self, kind: Kind, name: impl FnOnce() -> String) -> bool {
        self.read()
            .is_none_or(|pieces| pieces.contains_key(&(kind, name())))
    }

    /// The shards that are held; `None` for all.
    #[must_use]
    pub fn shards(&self) -> Option<Vec<i64>> {
        let pieces = self.read()?;
        let hosts = pieces.keys().filter(|(kind, _)| *kind == Kind::Hosts);
        Some(hosts.filter_map(|(_, name)| name.parse().ok()).collect())
    }

    /// How many shards and sinks are held; `None` for a worker alone.
    #[must_use]
    pub fn counts(&self) -> Option<(usize, usize)> {
        let pieces = self.read()?;
        let of = |wanted| pieces.keys().filter(|(kind, _)| *kind == wanted).count();
        Some((of(Kind::Hosts), of(Kind::Sink)))
    }
}
